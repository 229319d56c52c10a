//! Activations and faults on MQTT topics: one message for each event, and the
//! current state of each of them retained.
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

use super::{Attempt, Standing};
use crate::activation::{ActivationView, Event, FaultView};
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
    /// What is retained of all that is open, for refreshing.
    states: HashMap<String, Retained>,
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

/// What is retained.
#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Retained {
    Activation(Box<ActivationView>),
    Fault(Box<FaultView>),
}

impl Retained {
    /// What an event changes: nothing when it tells of a clock that ran out. The
    /// daemon's own exercise leaves no trace.
    fn of(event: &Event) -> Option<Self> {
        if event.deadline.is_some() || event.drill {
            return None;
        }
        let fault = || event.fault.clone().map(|view| Self::Fault(Box::new(view)));
        let activation = event.activation.clone();
        activation
            .map(|view| Self::Activation(Box::new(view)))
            .or_else(fault)
    }

    fn id(&self) -> &str {
        match self {
            Self::Activation(view) => &view.id,
            Self::Fault(view) => &view.id,
        }
    }

    fn is_closed(&self) -> bool {
        let state = match self {
            Self::Activation(view) => &view.state,
            Self::Fault(view) => &view.state,
        };
        state == "CLOSED"
    }

    fn topic(&self) -> String {
        let kind = match self {
            Self::Activation(_) => "activation",
            Self::Fault(_) => "fault",
        };
        format!("{kind}/{}", self.id())
    }
}

/// The retained state of an activation or a fault.
#[derive(Serialize)]
struct State<'a> {
    /// Not to be believed after this.
    expires_at: String,
    #[serde(flatten)]
    retained: &'a Retained,
}

impl MqttPublisher {
    /// A publisher with connections of its own, that keeps the states of what is
    /// open fresh. Notices go out as they come, at QoS 0.
    pub fn new(
        mut options: MqttOptions,
        prefix: String,
        standing: Standing<'_>,
        notices: mpsc::Receiver<Notice>,
    ) -> Self {
        let activations = standing.activations.iter().cloned();
        let activations = activations.map(|view| Retained::Activation(Box::new(view)));
        let faults = standing.faults.iter().cloned();
        let faults = faults.map(|view| Retained::Fault(Box::new(view)));
        let states = activations
            .chain(faults)
            .map(|state| (state.id().to_owned(), state));
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

    /// Publishes the state that changed and the event; accepted when the broker
    /// confirmed both.
    pub(super) async fn publish(&mut self, event: &Event, clock: &Clock) -> Attempt {
        let changed = Retained::of(event);
        let messages = match messages(event, changed.as_ref(), clock) {
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
            Some(changed) if changed.is_closed() => {
                self.states.remove(changed.id());
            }
            Some(changed) => {
                self.states.insert(changed.id().to_owned(), changed);
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
                    .values()
                    .filter_map(|retained| Some((retained.topic(), state(retained, clock).ok()?)))
                    .collect();
                for (topic, state) in states {
                    self.send(&topic, true, state);
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
    changed: Option<&Retained>,
    clock: &Clock,
) -> Result<Vec<Message>, serde_json::Error> {
    let mut messages = Vec::new();
    if let Some(changed) = changed {
        messages.push((changed.topic(), true, state(changed, clock)?));
    }
    messages.push(("event".to_owned(), false, serde_json::to_vec(event)?));
    Ok(messages)
}

fn state(retained: &Retained, clock: &Clock) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&State {
        expires_at: clock.wall().saturating_add(STATE_EXPIRES).to_string(),
        retained,
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
