//! A connection to a broker that publishes one acknowledged message at a time.
//!
//! With one message under way an acknowledgement can only be its own, so what was
//! acknowledged is known exactly, also across reconnects. A message whose
//! acknowledgement got lost is published again under its own number, as a station
//! does.

use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::firmware::Message;

/// Where the broker is and how to log in; plain TCP.
#[derive(Clone)]
pub struct Broker {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// User name and password.
    pub login: Option<(String, String)>,
}

/// What the broker or the network did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The broker accepted the connection.
    Up,
    /// The connection is gone, or could not be made; what was under way is unknown.
    Down(String),
    /// The message under way was acknowledged.
    Acknowledged,
}

/// A connection that comes back by itself. Dropping it cuts it without a word, so
/// that the broker speaks the last will.
#[derive(Debug)]
pub struct Connection {
    client: AsyncClient,
    signals: mpsc::Receiver<Signal>,
    resume: mpsc::Sender<()>,
    task: JoinHandle<()>,
}

/// Requests to the client that are under way. Full, a message has to wait for the
/// next signal or tick.
const REQUESTS: usize = 16;

/// Signals not yet looked at. Full, the connection waits.
const SIGNALS: usize = 16;

/// Pause before the next try to connect.
const BACK_OFF: Duration = Duration::from_millis(250);

/// How long a friendly goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Payloads may be larger than any broker takes: that is one of the tests.
const PACKET_MAX: usize = 256 << 20;

/// Prints no password.
impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let user = self.login.as_ref().map(|(user, _)| user);
        f.debug_struct("Broker")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &user)
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Starts to connect as `client_id`; must run inside a tokio runtime.
    pub fn start(broker: &Broker, client_id: &str, last_will: Option<Message>) -> Self {
        let mut options = MqttOptions::new(client_id, &broker.host, broker.port);
        options.set_keep_alive(Duration::from_secs(30));
        options.set_clean_session(true);
        options.set_max_packet_size(PACKET_MAX, PACKET_MAX);
        if let Some((user, password)) = &broker.login {
            options.set_credentials(user, password);
        }
        if let Some(will) = last_will {
            let qos = qos(&will);
            options.set_last_will(LastWill::new(will.topic, will.payload, qos, will.retain));
        }
        let (client, event_loop) = AsyncClient::new(options, REQUESTS);
        let (to_owner, signals) = mpsc::channel(SIGNALS);
        let (resume, resumed) = mpsc::channel(1);
        let task = tokio::spawn(drive(event_loop, to_owner, resumed));
        Self {
            client,
            signals,
            resume,
            task,
        }
    }

    /// Hands over a message; false when there is no room and it must be tried again.
    ///
    /// Call only after [`Signal::Up`], and with a QoS 1 message only when none is
    /// under way.
    pub fn publish(&self, message: &Message) -> bool {
        let qos = qos(message);
        let payload = message.payload.clone();
        self.client
            .try_publish(&message.topic, qos, message.retain, payload)
            .is_ok()
    }

    /// The next signal. Nothing is lost when the future is dropped.
    ///
    /// After [`Signal::Down`] everything handed over and not acknowledged is
    /// forgotten, and a new connection is tried.
    pub async fn next(&mut self) -> Signal {
        let Some(signal) = self.signals.recv().await else {
            // The task ends only with the connection; it must have panicked.
            return std::future::pending().await;
        };
        if matches!(signal, Signal::Down(_)) && self.resume.try_send(()).is_err() {
            // One permission is waiting already.
        }
        signal
    }

    /// Says goodbye, so that the broker does not speak the last will.
    pub async fn close(mut self) {
        if self.client.try_disconnect().is_err() {
            return;
        }
        let gone = async { while self.signals.recv().await.is_some() {} };
        if tokio::time::timeout(GOODBYE, gone).await.is_err() {
            // The broker does not listen; the drop cuts the connection.
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Polls the client and tells what happens, until the owner is gone or said goodbye.
async fn drive(
    mut event_loop: EventLoop,
    to_owner: mpsc::Sender<Signal>,
    mut resumed: mpsc::Receiver<()>,
) {
    loop {
        let signal = match event_loop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => Signal::Up,
            Ok(Event::Incoming(Packet::PubAck(_))) => Signal::Acknowledged,
            Ok(Event::Outgoing(Outgoing::Disconnect)) => return,
            Ok(_) => continue,
            Err(error) => Signal::Down(error.to_string()),
        };
        let is_down = matches!(signal, Signal::Down(_));
        if to_owner.send(signal).await.is_err() {
            return; // the owner is gone
        }
        if is_down {
            // Until the owner knows it may hand over messages for the old connection.
            // They are forgotten here, or an acknowledgement would be counted for the
            // wrong one.
            if resumed.recv().await.is_none() {
                return; // the owner is gone
            }
            event_loop.clean();
            event_loop.pending.clear();
            event_loop.state.events.clear();
            tokio::time::sleep(BACK_OFF).await;
        }
    }
}

const fn qos(message: &Message) -> QoS {
    if message.acknowledged {
        QoS::AtLeastOnce
    } else {
        QoS::AtMostOnce
    }
}
