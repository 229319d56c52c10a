//! Activations and faults on MQTT topics: one message for each event, and the current
//! state of each activation retained.
//!
//! Accepted means that the broker confirmed that very packet; what the client
//! library has queued is not ours to count on, for it empties its queue when
//! the broker has forgotten us. So a connection is used until its first
//! failure and then thrown away whole: nothing of it can be taken for a
//! confirmation of something later.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rumqttc::{AsyncClient, Event as Polled, EventLoop, MqttOptions, Outgoing, Packet, QoS};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::desk::Letter;
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

/// States that are on their way to the broker at once: fewer than the client
/// library sends without a confirmation.
const STATES_AT_ONCE: usize = 64;

/// How long states wait that the broker did not take.
const RETRY_STATES: Duration = Duration::from_secs(5);

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
    /// Publish states whose events have to wait.
    States,
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
    /// The newest of the events that wait, by activation or fault, while their states are
    /// not published yet.
    unshown: BTreeMap<String, Arc<Event>>,
    show_at: Instant,
    /// The versions whose states this connection's broker confirmed.
    shown: HashMap<String, u32>,
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

/// What an event changes of the states.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Changed<'a> {
    Activation(&'a ActivationView),
    Fault(&'a FaultView),
}

impl<'a> Changed<'a> {
    /// Nothing when it tells of a clock that ran out. The daemon's own exercise
    /// leaves no trace.
    fn of(event: &'a Event) -> Option<Self> {
        if event.deadline.is_some() || event.drill {
            return None;
        }
        let fault = || event.fault.as_ref().map(Self::Fault);
        let activation = event.activation.as_ref().map(Self::Activation);
        activation.or_else(fault)
    }

    const fn id(self) -> &'a str {
        match self {
            Self::Activation(view) => view.id.as_str(),
            Self::Fault(view) => view.id.as_str(),
        }
    }

    const fn version(self) -> u32 {
        match self {
            Self::Activation(view) => view.version,
            Self::Fault(view) => view.version,
        }
    }

    fn is_closed(self) -> bool {
        let state = match self {
            Self::Activation(view) => &view.state,
            Self::Fault(view) => &view.state,
        };
        state == "CLOSED"
    }

    fn topic(self) -> String {
        let kind = match self {
            Self::Activation(_) => "activation",
            Self::Fault(_) => "fault",
        };
        format!("{kind}/{}", self.id())
    }

    fn kept(self) -> Retained {
        match self {
            Self::Activation(view) => Retained::Activation(Box::new(view.clone())),
            Self::Fault(view) => Retained::Fault(Box::new(view.clone())),
        }
    }
}

/// What is retained.
enum Retained {
    Activation(Box<ActivationView>),
    Fault(Box<FaultView>),
}

impl Retained {
    fn view(&self) -> Changed<'_> {
        match self {
            Self::Activation(view) => Changed::Activation(view),
            Self::Fault(view) => Changed::Fault(view),
        }
    }
}

/// The retained state of an activation or a fault.
#[derive(Serialize)]
struct State<'a> {
    /// Not to be believed after this.
    expires_at: String,
    #[serde(flatten)]
    retained: Changed<'a>,
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
        let activations = standing.activations.iter().map(Changed::Activation);
        let faults = standing.faults.iter().map(Changed::Fault);
        let states = activations
            .chain(faults)
            .map(|view| (view.id().to_owned(), view.kept()));
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
            unshown: BTreeMap::new(),
            show_at: Instant::now(),
            shown: HashMap::new(),
        }
    }

    /// The state of an activation is no notification: it is published though its
    /// event has to wait.
    pub(super) fn show(&mut self, event: Arc<Event>) {
        let new = Changed::of(&event).map(|view| (view.id().to_owned(), view.version()));
        let Some((id, version)) = new else { return };
        let waiting = self.unshown.get(&id).and_then(|old| Changed::of(old));
        let is_known = waiting.is_some_and(|old| old.version() >= version)
            || self.shown.get(&id).is_some_and(|shown| *shown >= version);
        if !is_known {
            self.unshown.insert(id, event);
        }
    }

    /// Publishes the activations' states and the event; accepted when the broker
    /// confirmed all.
    pub(super) async fn publish(&mut self, letter: &Letter, clock: &Clock) -> Attempt {
        let told = match serde_json::to_vec(&*letter.event) {
            Ok(told) => told,
            Err(error) => {
                return Attempt::Refused {
                    error: error.to_string(),
                };
            }
        };
        for part in &letter.parts {
            self.show(Arc::clone(part));
        }
        let mut about: BTreeSet<&str> = BTreeSet::new();
        about.extend(letter.parts.iter().filter_map(|part| {
            let view = Changed::of(part)?;
            Some(view.id())
        }));
        while let Some(chunk) = self.unshown_of(&about) {
            if let Err(error) = self.show_now(&chunk, clock).await {
                return Attempt::Later { error, after: None };
            }
        }
        let told = ("event".to_owned(), false, told);
        if let Err(error) = self.confirmed(vec![told]).await {
            return Attempt::Later { error, after: None };
        }
        for view in letter.parts.iter().filter_map(|part| Changed::of(part)) {
            if view.is_closed() {
                self.shown.remove(view.id());
            }
        }
        Attempt::Accepted
    }

    /// Some of the states that have to be there before a letter about them.
    fn unshown_of(&self, about: &BTreeSet<&str>) -> Option<Vec<Arc<Event>>> {
        let chunk: Vec<Arc<Event>> = about
            .iter()
            .filter_map(|id| self.unshown.get(*id).cloned())
            .take(STATES_AT_ONCE)
            .collect();
        (!chunk.is_empty()).then_some(chunk)
    }

    /// Publishes states and waits for the broker's confirmation.
    async fn show_now(&mut self, events: &[Arc<Event>], clock: &Clock) -> Result<(), String> {
        let views = || events.iter().filter_map(|event| Changed::of(event));
        let messages = views()
            .map(|view| Ok((view.topic(), true, state(view, clock)?)))
            .collect::<Result<Vec<Message>, serde_json::Error>>()
            .map_err(|error| error.to_string())?;
        self.confirmed(messages).await?;
        for view in views() {
            self.unshown.remove(view.id());
            self.shown.insert(view.id().to_owned(), view.version());
            if view.is_closed() {
                self.states.remove(view.id());
            } else {
                self.states.insert(view.id().to_owned(), view.kept());
            }
        }
        Ok(())
    }

    /// Waits for something to do between events. Can be dropped at any time.
    pub(super) async fn next_chore(&mut self) -> Chore {
        let has_unshown = !self.unshown.is_empty();
        tokio::select! {
            () = tokio::time::sleep_until(self.show_at), if has_unshown => Chore::States,
            Some(notice) = self.notices.recv() => Chore::Notice(notice),
            () = tokio::time::sleep_until(self.refresh_at) => Chore::Refresh,
        }
    }

    /// Does it. Only a few states wait for the broker, and not for long.
    pub(super) async fn do_chore(&mut self, chore: Chore, clock: &Clock) {
        match chore {
            Chore::States => {
                let some: Vec<Arc<Event>> = self
                    .unshown
                    .values()
                    .take(STATES_AT_ONCE)
                    .cloned()
                    .collect();
                if self.show_now(&some, clock).await.is_err() {
                    self.show_at = Instant::now() + RETRY_STATES;
                }
            }
            // A notice is worth nothing later: one that cannot go now is dropped.
            Chore::Notice(notice) => self.send(&notice.topic, notice.retain, notice.payload),
            Chore::Refresh => {
                self.refresh_at = Instant::now() + REFRESH_EVERY;
                let states: Vec<_> = self
                    .states
                    .values()
                    .map(Retained::view)
                    .filter_map(|view| Some((view.topic(), state(view, clock).ok()?)))
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
            self.disconnect();
        }
    }

    /// Throws the connection away. The broker may be another one next time, so
    /// what it was shown counts no more.
    fn disconnect(&mut self) {
        self.connection = None;
        self.shown.clear();
    }

    /// The connection in use, or a new one.
    fn connection(&mut self) -> &mut Connection {
        let mut is_lost = false;
        if let Some(connection) = &mut self.connection {
            while let Ok(happening) = connection.happenings.try_recv() {
                match happening {
                    Happening::Connected => connection.up = true,
                    Happening::Lost(_) => is_lost = true,
                    Happening::Sent(_) | Happening::Confirmed(_) => {}
                }
            }
        }
        if is_lost {
            self.disconnect();
        }
        let options = &self.options;
        self.connection
            .get_or_insert_with(|| Connection::open(options.clone()))
    }

    /// Publishes messages and waits for the broker's confirmation of each.
    async fn confirmed(&mut self, messages: Vec<Message>) -> Result<(), String> {
        let prefix = self.prefix.clone();
        let connection = self.connection();
        let work = async {
            connection.ready().await?;
            let count = messages.len();
            for (topic, retain, payload) in messages {
                let topic = format!("{prefix}/{topic}");
                connection
                    .client
                    .try_publish(topic, QoS::AtLeastOnce, retain, payload)
                    .map_err(|error| Chain(&error).to_string())?;
            }
            connection.confirmations(count).await
        };
        let worked = timeout(CONFIRM_WITHIN, work)
            .await
            .unwrap_or_else(|_| Err("the broker did not confirm in time".to_owned()));
        if worked.is_err() {
            self.disconnect();
        }
        worked
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

    /// The confirmations of the `count` messages that were published last: nothing
    /// else at QoS 1 is under way, for any failure ends the connection.
    async fn confirmations(&mut self, count: usize) -> Result<(), String> {
        let mut sent = 0;
        let mut ours = BTreeSet::new();
        while sent < count || !ours.is_empty() {
            match self.happenings.recv().await {
                Some(Happening::Sent(packet)) => {
                    sent += 1;
                    ours.insert(packet);
                }
                Some(Happening::Confirmed(packet)) => {
                    ours.remove(&packet);
                }
                Some(Happening::Connected) => {}
                Some(Happening::Lost(error)) => return Err(error),
                None => return Err("connection closed".to_owned()),
            }
        }
        Ok(())
    }
}

/// Topic, whether it is retained, and message.
type Message = (String, bool, Vec<u8>);

fn state(retained: Changed<'_>, clock: &Clock) -> Result<Vec<u8>, serde_json::Error> {
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
