//! Activations on MQTT topics: one message for each event, and the current
//! state of each activation retained.
//!
//! Accepted means that the broker confirmed that very packet; what the client
//! library has queued is not ours to count on, for it empties its queue when
//! the broker has forgotten us. So a connection is used until its first
//! failure and then thrown away whole: nothing of it can be taken for a
//! confirmation of something later.

use std::collections::HashMap;
use std::time::Duration;

use rumqttc::{AsyncClient, Event as Polled, EventLoop, MqttOptions, Outgoing, Packet, QoS};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::Attempt;
use crate::activation::{ActivationView, Event};
use crate::clock::Clock;
use crate::error::Chain;

/// Longest wait for a connection, and for the broker's confirmation.
const CONFIRM_WITHIN: Duration = Duration::from_secs(10);

/// A retained state that nobody refreshed by then is not to be believed.
const STATE_EXPIRES: Duration = Duration::from_secs(24 * 3600);

/// How often the retained states of open activations are refreshed.
const REFRESH_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Requests that may wait in the client library.
const REQUEST_BOUND: usize = 256;

/// Happenings that may wait for the publisher; when full, polling waits.
const HAPPENING_BOUND: usize = 256;

/// Something to publish that nobody waits for: heartbeat, readings on request,
/// the journal's head.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Topic below the prefix.
    pub topic: String,
    /// Whether the broker keeps it for those who come later.
    pub retain: bool,
    /// The message.
    pub payload: Vec<u8>,
}

/// What the publisher does between events.
#[derive(Debug)]
pub(super) enum Chore {
    /// Publish this.
    Notice(Notice),
    /// Renew the retained states.
    Refresh,
}

/// Publishes activations below a prefix.
pub struct MqttPublisher {
    options: MqttOptions,
    prefix: String,
    notices: mpsc::Receiver<Notice>,
    connection: Option<Connection>,
    /// The retained state of each open activation, for refreshing.
    states: HashMap<String, ActivationView>,
    refresh_at: Instant,
}

impl std::fmt::Debug for MqttPublisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MqttPublisher({})", self.prefix)
    }
}

/// One connection, up to its first failure.
struct Connection {
    client: AsyncClient,
    happenings: mpsc::Receiver<Happening>,
    up: bool,
    polling: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

#[derive(Debug)]
enum Happening {
    Connected,
    Sent(u16),
    Confirmed(u16),
    Lost(String),
}

/// The retained state of an activation.
#[derive(Serialize)]
struct State<'a> {
    /// Not to be believed after this.
    expires_at: String,
    #[serde(flatten)]
    activation: &'a ActivationView,
}

impl MqttPublisher {
    /// A publisher with connections of its own, that keeps the states of the
    /// activations that are `open` fresh. Notices go out as they come, at QoS 0.
    pub fn new(
        mut options: MqttOptions,
        prefix: String,
        open: &[ActivationView],
        notices: mpsc::Receiver<Notice>,
    ) -> Self {
        let states = open.iter().map(|view| (view.id.clone(), view.clone()));
        // Nothing is to be kept for a publisher: what was not confirmed is
        // published again by us.
        options.set_clean_session(true).set_manual_acks(false);
        Self {
            options,
            prefix,
            notices,
            connection: None,
            states: states.collect(),
            refresh_at: Instant::now() + REFRESH_EVERY,
        }
    }

    /// Publishes the activation's state and the event; accepted when the broker
    /// confirmed both.
    pub(super) async fn publish(&mut self, event: &Event, clock: &Clock) -> Attempt {
        // A clock that ran out changes no activation's state.
        let changed = event.activation.as_ref();
        let changed = changed.filter(|_| event.deadline.is_none());
        let messages = match messages(event, changed, clock) {
            Ok(messages) => messages,
            Err(error) => {
                return Attempt::Refused {
                    error: error.to_string(),
                };
            }
        };
        for (topic, retain, payload) in messages {
            if let Err(error) = self.confirmed(&topic, retain, payload).await {
                self.connection = None;
                return Attempt::Later { error, after: None };
            }
        }
        match changed {
            Some(activation) if activation.state == "CLOSED" => {
                self.states.remove(&activation.id);
            }
            Some(activation) => {
                self.states
                    .insert(activation.id.clone(), activation.clone());
            }
            None => {}
        }
        Attempt::Accepted
    }

    /// Waits for something to do between events. Can be dropped at any time.
    pub(super) async fn next_chore(&mut self) -> Chore {
        tokio::select! {
            Some(notice) = self.notices.recv() => Chore::Notice(notice),
            () = tokio::time::sleep_until(self.refresh_at) => Chore::Refresh,
        }
    }

    /// Does it, without waiting for the broker.
    pub(super) fn do_chore(&mut self, chore: Chore, clock: &Clock) {
        match chore {
            // A notice is worth nothing later: one that cannot go now is dropped.
            Chore::Notice(notice) => self.send(&notice.topic, notice.retain, notice.payload),
            Chore::Refresh => {
                self.refresh_at = Instant::now() + REFRESH_EVERY;
                let states: Vec<_> = self
                    .states
                    .iter()
                    .filter_map(|(id, activation)| {
                        Some((id.clone(), state(activation, clock).ok()?))
                    })
                    .collect();
                for (id, state) in states {
                    self.send(&format!("activation/{id}"), true, state);
                }
            }
        }
    }

    fn send(&mut self, topic: &str, retain: bool, payload: Vec<u8>) {
        let topic = format!("{}/{topic}", self.prefix);
        let connection = self.connection();
        if connection
            .client
            .try_publish(topic, QoS::AtMostOnce, retain, payload)
            .is_err()
        {
            self.connection = None;
        }
    }

    /// The connection in use, or a new one.
    fn connection(&mut self) -> &mut Connection {
        if let Some(connection) = &mut self.connection {
            while let Ok(happening) = connection.happenings.try_recv() {
                match happening {
                    Happening::Connected => connection.up = true,
                    Happening::Lost(_) => {
                        self.connection = None;
                        break;
                    }
                    Happening::Sent(_) | Happening::Confirmed(_) => {}
                }
            }
        }
        let options = &self.options;
        self.connection
            .get_or_insert_with(|| Connection::open(options.clone()))
    }

    /// Publishes one message and waits for the broker's confirmation of it.
    async fn confirmed(
        &mut self,
        topic: &str,
        retain: bool,
        payload: Vec<u8>,
    ) -> Result<(), String> {
        let topic = format!("{}/{topic}", self.prefix);
        let connection = self.connection();
        let work = async {
            connection.ready().await?;
            connection
                .client
                .try_publish(topic, QoS::AtLeastOnce, retain, payload)
                .map_err(|error| Chain(&error).to_string())?;
            connection.confirmation().await
        };
        timeout(CONFIRM_WITHIN, work)
            .await
            .unwrap_or_else(|_| Err("the broker did not confirm in time".to_owned()))
    }
}

impl Connection {
    fn open(options: MqttOptions) -> Self {
        let (client, event_loop) = AsyncClient::new(options, REQUEST_BOUND);
        let (tx, happenings) = mpsc::channel(HAPPENING_BOUND);
        Self {
            client,
            happenings,
            up: false,
            polling: tokio::spawn(poll(event_loop, tx)),
        }
    }

    async fn ready(&mut self) -> Result<(), String> {
        while !self.up {
            match self.happenings.recv().await {
                Some(Happening::Connected) => self.up = true,
                Some(Happening::Lost(error)) => return Err(error),
                Some(Happening::Sent(_) | Happening::Confirmed(_)) => {}
                None => return Err("connection closed".to_owned()),
            }
        }
        Ok(())
    }

    /// The confirmation of what was published last: nothing else at QoS 1 is
    /// under way, for any failure ends the connection.
    async fn confirmation(&mut self) -> Result<(), String> {
        let mut ours = None;
        loop {
            match self.happenings.recv().await {
                Some(Happening::Sent(packet)) => ours = Some(packet),
                Some(Happening::Confirmed(packet)) if ours == Some(packet) => return Ok(()),
                Some(Happening::Confirmed(_) | Happening::Connected) => {}
                Some(Happening::Lost(error)) => return Err(error),
                None => return Err("connection closed".to_owned()),
            }
        }
    }
}

/// Topic, whether it is retained, and message.
type Message = (String, bool, Vec<u8>);

fn messages(
    event: &Event,
    changed: Option<&ActivationView>,
    clock: &Clock,
) -> Result<Vec<Message>, serde_json::Error> {
    let mut messages = Vec::new();
    if let Some(activation) = changed {
        let topic = format!("activation/{}", activation.id);
        messages.push((topic, true, state(activation, clock)?));
    }
    messages.push(("event".to_owned(), false, serde_json::to_vec(event)?));
    Ok(messages)
}

fn state(activation: &ActivationView, clock: &Clock) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&State {
        expires_at: clock.wall().saturating_add(STATE_EXPIRES).to_string(),
        activation,
    })
}

/// Polls the client library up to the first failure.
async fn poll(mut event_loop: EventLoop, happenings: mpsc::Sender<Happening>) {
    loop {
        let happening = match event_loop.poll().await {
            Ok(Polled::Incoming(Packet::ConnAck(_))) => Happening::Connected,
            Ok(Polled::Incoming(Packet::PubAck(ack))) => Happening::Confirmed(ack.pkid),
            Ok(Polled::Outgoing(Outgoing::Publish(packet))) if packet != 0 => {
                Happening::Sent(packet)
            }
            Ok(_) => continue,
            Err(error) => Happening::Lost(Chain(&error).to_string()),
        };
        let lost = matches!(happening, Happening::Lost(_));
        if happenings.send(happening).await.is_err() || lost {
            return;
        }
    }
}
