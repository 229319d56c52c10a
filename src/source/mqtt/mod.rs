//! The MQTT broker as a source.
//!
//! - The session is persistent, so the broker keeps messages while we are away.
//! - A message is acknowledged only when its [`Ack`] comes
//!   back, that is after its reading is synced, and in order of receipt.
//! - Acknowledgements belong to their connection: after a reconnect the broker
//!   sends again what was not acknowledged, and older tokens are void.
//! - Every CONNACK is followed by a SUBSCRIBE, and the link counts as up only
//!   after a SUBACK that grants at least QoS 1.
//! - No message is too large for the connection: what a profile does not allow
//!   is refused and acknowledged further on, so it cannot come back for ever.
//!
//! Two tasks share the work: one does nothing but poll the client library, so
//! that pings and acknowledgements always flow; the other handles what it gets.

mod window;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rumqttc::{
    AsyncClient, Event, EventLoop, MqttOptions, Packet, Publish, QoS, SubscribeFilter,
    SubscribeReasonCode,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::window::Window;
use super::{Backoff, Frame, Input, Inputs, LinkChange, SourceId, Stamper};
use crate::ack::{Ack, Receipt};
use crate::clock::Clock;
use crate::error::Chain;
use crate::frame::{Framed, HEAD_BYTES};
use crate::reading::Delivery;

/// The largest message MQTT allows: 256 MiB less one byte. A lower limit in the
/// client would cut the connection, and a persistent session would bring the
/// same message back each time.
const MAX_PACKET: usize = 268_435_455;

/// Requests that may wait in the client library; larger than any window of
/// unacknowledged messages a broker is likely to allow.
const REQUEST_BOUND: usize = 16_384;

/// Events that may wait between the two tasks; when full, polling waits.
const EVENT_BOUND: usize = 1024;

/// Packet identifiers are 16 bits wide: no more messages can be outstanding.
const RECEIPT_BOUND: usize = 65_536;

/// Longest wait between attempts to connect.
const MOST_WAIT: Duration = Duration::from_secs(4);

/// A SUBACK that has not come by then will not come.
const SUBACK_WAIT: Duration = Duration::from_secs(10);

/// How often acknowledgements are tried again that found the client full.
const RETRY_ACKS: Duration = Duration::from_millis(20);

/// How to reach the broker.
#[derive(Clone, Debug)]
pub struct Mqtt {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Unique among all clients of the broker, and stable: the session hangs
    /// on it.
    pub client_id: String,
    /// User name and password.
    pub credentials: Option<(String, String)>,
    /// Longest silence before a ping.
    pub keep_alive: Duration,
    /// Filters to subscribe to, at QoS 1.
    pub filters: Vec<String>,
    /// The longest message any profile takes, in bytes.
    pub max_bytes: usize,
}

impl Mqtt {
    /// Options for a client of this broker.
    pub fn options(&self, client_id: &str) -> MqttOptions {
        let mut options = MqttOptions::new(client_id, &self.host, self.port);
        options
            .set_keep_alive(self.keep_alive)
            .set_clean_session(false)
            .set_manual_acks(true)
            .set_max_packet_size(MAX_PACKET, MAX_PACKET);
        if let Some((user, password)) = &self.credentials {
            options.set_credentials(user, password);
        }
        options
    }
}

/// Receives messages until told to stop.
pub async fn run(mqtt: Mqtt, clock: Clock, inputs: Inputs, stop: CancellationToken) {
    let (client, event_loop) = AsyncClient::new(mqtt.options(&mqtt.client_id), REQUEST_BOUND);
    let (events_tx, events) = mpsc::channel(EVENT_BOUND);
    let polling = tokio::spawn(poll(event_loop, events_tx, stop.clone()));
    let (receipts_tx, receipts) = mpsc::channel(RECEIPT_BOUND);
    let intake = Intake {
        mqtt,
        clock,
        stamper: Stamper::new(clock),
        inputs,
        client,
        receipts_tx,
        window: Window::new(),
        backlog: VecDeque::new(),
        said: None,
        suback_by: None,
    };
    intake.run(events, receipts, &stop).await;
    polling.abort();
}

/// What the library said, or why the connection is gone, with the way to say
/// that its window is void.
type Polled = Result<Event, (String, oneshot::Sender<()>)>;

/// Polls the client library and passes on what it says.
async fn poll(mut event_loop: EventLoop, events: mpsc::Sender<Polled>, stop: CancellationToken) {
    let mut backoff = Backoff::new(MOST_WAIT);
    loop {
        let polled = tokio::select! {
            () = stop.cancelled() => return,
            polled = event_loop.poll() => polled.map_err(|error| Chain(&error).to_string()),
        };
        if matches!(polled, Ok(Event::Incoming(Packet::ConnAck(_)))) {
            backoff.reset();
        }
        let error = match polled {
            Ok(event) => {
                if events.send(Ok(event)).await.is_err() {
                    return; // intake gone: shutting down
                }
                continue;
            }
            Err(error) => error,
        };
        // Acknowledgements that were asked for until the intake has heard of the
        // loss would go out on the next connection, perhaps for another message
        // of the same number: they are dropped here.
        let (void, voided) = oneshot::channel();
        if events.send(Err((error, void))).await.is_err() || voided.await.is_err() {
            return; // intake gone: shutting down
        }
        event_loop.clean();
        // The library would connect again at once.
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(backoff.wait()) => {}
        }
    }
}

/// How far the way to the broker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not at all.
    Down,
    /// It answers, but confirms no subscription.
    Connected,
    /// Readings can come in.
    Subscribed,
}

/// Turns what the library says into frames, and tokens into acknowledgements.
struct Intake {
    mqtt: Mqtt,
    clock: Clock,
    stamper: Stamper,
    inputs: Inputs,
    client: AsyncClient,
    receipts_tx: mpsc::Sender<Receipt>,
    window: Window,
    /// Frames the core has not taken yet; bounded by the broker's window for
    /// QoS 1, and by polling only while it is short.
    backlog: VecDeque<Frame>,
    /// What was said of the link last.
    said: Option<State>,
    suback_by: Option<tokio::time::Instant>,
}

impl Intake {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<Polled>,
        mut receipts: mpsc::Receiver<Receipt>,
        stop: &CancellationToken,
    ) {
        let mut retry = tokio::time::interval(RETRY_ACKS);
        retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let inputs = self.inputs.clone();
        loop {
            let room = self.backlog.len() < EVENT_BOUND;
            tokio::select! {
                () = stop.cancelled() => return,
                permit = inputs.reserve(), if !self.backlog.is_empty() => {
                    let Ok(permit) = permit else { return }; // core gone: shutting down
                    if let Some(frame) = self.backlog.pop_front() {
                        permit.send(Input::Frame(frame));
                    }
                }
                polled = events.recv(), if room => match polled {
                    Some(polled) => self.handle(polled).await,
                    None => return,
                },
                Some(receipt) = receipts.recv() => {
                    self.window.done(receipt);
                    while let Ok(receipt) = receipts.try_recv() {
                        self.window.done(receipt);
                    }
                    self.acknowledge();
                }
                _ = retry.tick(), if self.window.has_ready() || self.suback_by.is_some() => {
                    self.acknowledge();
                    self.check_suback().await;
                }
            }
        }
    }

    async fn handle(&mut self, polled: Polled) {
        match polled {
            Ok(Event::Incoming(Packet::ConnAck(ack))) => {
                self.window.new_connection();
                info!(session_present = ack.session_present, host = %self.mqtt.host, port = self.mqtt.port, "Broker connected.");
                self.subscribe();
            }
            Ok(Event::Incoming(Packet::SubAck(ack))) => {
                let granted = |code: &SubscribeReasonCode| {
                    matches!(
                        code,
                        SubscribeReasonCode::Success(QoS::AtLeastOnce | QoS::ExactlyOnce)
                    )
                };
                if ack.return_codes.iter().all(granted) {
                    self.suback_by = None;
                    self.tell(State::Subscribed, "subscribed".to_owned()).await;
                } else {
                    let detail = format!("the broker does not grant QoS 1: {:?}", ack.return_codes);
                    self.tell(State::Connected, detail).await;
                }
            }
            Ok(Event::Incoming(Packet::Publish(publish))) => self.take(publish),
            Ok(_) => {}
            Err((error, void)) => {
                self.window.new_connection();
                void.send(()).ok(); // a poller that is gone connects no more
                self.suback_by = None;
                self.tell(State::Down, error).await;
            }
        }
    }

    fn subscribe(&mut self) {
        let filters = self.mqtt.filters.iter().map(|filter| SubscribeFilter {
            path: filter.clone(),
            qos: QoS::AtLeastOnce,
        });
        if let Err(error) = self.client.try_subscribe_many(filters) {
            warn!(error = %Chain(&error), "Subscription could not be sent; trying again.");
        }
        self.suback_by = Some(tokio::time::Instant::now() + SUBACK_WAIT);
    }

    /// Asks again when the broker did not answer the subscription.
    async fn check_suback(&mut self) {
        if self
            .suback_by
            .is_some_and(|by| by <= tokio::time::Instant::now())
        {
            self.tell(
                State::Connected,
                "the broker does not answer the subscription".to_owned(),
            )
            .await;
            self.subscribe();
        }
    }

    fn take(&mut self, mut publish: Publish) {
        let framed = self.framed(std::mem::take(&mut publish.payload));
        let topic: Arc<str> = std::mem::take(&mut publish.topic).into();
        let guarded = publish.qos != QoS::AtMostOnce;
        let delivery = Delivery {
            retained: publish.retain,
            redelivered: publish.dup,
        };
        let ack = guarded.then(|| {
            let receipt = self.window.take(publish);
            Ack::new(receipt, self.receipts_tx.clone())
        });
        self.backlog.push_back(Frame {
            source: SourceId::Broker,
            received: self.stamper.stamp(),
            framed,
            topic: Some(topic),
            delivery,
            unguarded: !guarded,
            ack,
        });
    }

    /// The payload, or only its head where no profile would take it: while the
    /// disk is slow, many of them wait in memory.
    fn framed(&self, payload: Bytes) -> Framed {
        if payload.len() <= self.mqtt.max_bytes {
            return Framed::Frame(payload);
        }
        Framed::TooLong {
            dropped: payload.len(),
            head: Bytes::copy_from_slice(payload.get(..HEAD_BYTES).unwrap_or(&payload)),
        }
    }

    /// Acknowledges, in order of receipt, all that is safe.
    fn acknowledge(&mut self) {
        while let Some(publish) = self.window.next_ready() {
            if self.client.try_ack(publish).is_err() {
                return; // the client's queue is full; the retry tick comes back
            }
            self.window.acknowledged();
        }
    }

    async fn tell(&mut self, state: State, detail: String) {
        if self.said.replace(state) == Some(state) {
            return;
        }
        let up = state == State::Subscribed;
        if up {
            info!(filters = ?self.mqtt.filters, "Subscriptions confirmed.");
        } else {
            warn!(host = %self.mqtt.host, port = self.mqtt.port, reason = %detail, "Broker link down; trying again.");
        }
        let change = LinkChange {
            source: SourceId::Broker,
            received: self.clock.now(),
            up,
            is_reached: state != State::Down,
            detail,
        };
        self.inputs.send(Input::Link(change)).await.ok();
    }
}
