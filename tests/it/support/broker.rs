//! An MQTT broker inside this process, and a client that publishes and listens.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firmware_mocks::mqtt::Broker;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use rumqttd::{Config, ConnectionSettings, RouterConfig, ServerSettings};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{PATIENCE, in_time, wait_for};

/// Largest message, in bytes.
const PACKET_MAX: usize = 1 << 20;

/// Starts a broker on a free port; it ends with the process.
pub(crate) fn broker() -> Broker {
    start_broker_at(free_address())
}

/// Starts a broker at an address that was looked up before.
pub(crate) fn start_broker_at(listen: SocketAddr) -> Broker {
    let server = ServerSettings {
        name: "test".to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 5000,
            max_payload_size: PACKET_MAX,
            max_inflight_count: 100,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = Config {
        router: RouterConfig {
            max_connections: 64,
            max_outgoing_packet_count: 200,
            max_segment_size: 1 << 20,
            max_segment_count: 10,
            ..RouterConfig::default()
        },
        v4: Some(HashMap::from([("test".to_owned(), server)])),
        ..Config::default()
    };
    let mut broker = rumqttd::Broker::new(config);
    std::thread::spawn(move || broker.start().unwrap());
    Broker {
        host: listen.ip().to_string(),
        port: listen.port(),
        login: None,
    }
}

/// An address of the loopback that was free a moment ago: the broker takes an
/// address, not a socket.
pub(crate) fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// A message that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// Its topic.
    pub(crate) topic: String,
    /// How it was delivered: 0 or 1.
    pub(crate) qos: u8,
    /// Whether the broker had kept it.
    pub(crate) retained: bool,
    /// Its payload, as JSON; a text that is none is a JSON string.
    pub(crate) document: Value,
}

/// A client of the broker, up to the end of its connection.
#[derive(Debug)]
pub(crate) struct Client {
    client: AsyncClient,
    heard: Arc<Mutex<Vec<Heard>>>,
    acknowledged: watch::Receiver<u64>,
    polling: JoinHandle<()>,
}

impl Client {
    /// Connects, trying again while nothing listens, and subscribes to `filters`
    /// at QoS 1.
    pub(crate) async fn connect(broker: &Broker, id: &str, filters: &[&str]) -> Self {
        let mut options = MqttOptions::new(id, &broker.host, broker.port);
        options.set_keep_alive(Duration::from_secs(30));
        options.set_max_packet_size(PACKET_MAX, PACKET_MAX);
        let (client, event_loop) = AsyncClient::new(options, 64);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (to_owner, acknowledged) = watch::channel(0);
        let polling = tokio::spawn(poll(event_loop, Arc::clone(&heard), to_owner));
        let mut connected = Self {
            client,
            heard,
            acknowledged,
            polling,
        };
        for filter in filters {
            let client = connected.client.clone();
            let subscribed = client.subscribe(*filter, QoS::AtLeastOnce);
            connected.confirmed("a subscription", subscribed).await;
        }
        connected
    }

    /// Publishes at QoS 1 and waits for the broker's acknowledgement.
    pub(crate) async fn publish(&mut self, topic: &str, payload: impl Into<Vec<u8>>) {
        let client = self.client.clone();
        let published = client.publish(topic, QoS::AtLeastOnce, false, payload);
        self.confirmed("a publication", published).await;
    }

    /// What came so far on topics that begin with `start`.
    pub(crate) fn heard(&self, start: &str) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap();
        let ours = heard.iter().filter(|heard| heard.topic.starts_with(start));
        ours.cloned().collect()
    }

    /// Waits for a message that `wanted` accepts, on a topic that begins with
    /// `start`.
    pub(crate) async fn wait(
        &self,
        what: &str,
        start: &str,
        wanted: impl Fn(&Heard) -> bool,
    ) -> Heard {
        wait_for(what, PATIENCE, async || {
            let heard = self.heard(start);
            heard
                .iter()
                .find(|heard| wanted(heard))
                .cloned()
                .ok_or(heard)
        })
        .await
    }

    /// Does `work` and waits for one more confirmation by the broker.
    async fn confirmed(
        &mut self,
        what: &str,
        work: impl Future<Output = Result<(), rumqttc::ClientError>>,
    ) {
        let before = *self.acknowledged.borrow_and_update();
        in_time(what, async {
            work.await.unwrap();
            self.acknowledged
                .wait_for(|now| *now > before)
                .await
                .unwrap();
        })
        .await;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

async fn poll(
    mut event_loop: EventLoop,
    heard: Arc<Mutex<Vec<Heard>>>,
    confirmed: watch::Sender<u64>,
) {
    let mut was_connected = false;
    loop {
        match event_loop.poll().await {
            Ok(Event::Incoming(Packet::ConnAck(_))) => was_connected = true,
            Ok(Event::Incoming(Packet::Publish(message))) => {
                let text = String::from_utf8_lossy(&message.payload).into_owned();
                heard.lock().unwrap().push(Heard {
                    topic: message.topic,
                    qos: message.qos as u8,
                    retained: message.retain,
                    document: serde_json::from_str(&text).unwrap_or(Value::String(text)),
                });
            }
            Ok(Event::Incoming(Packet::SubAck(_) | Packet::PubAck(_))) => {
                confirmed.send_modify(|count| *count += 1);
            }
            Ok(_) => {}
            Err(error) if was_connected => {
                panic!("the test's MQTT client lost its connection: {error}")
            }
            // The broker's thread may not listen yet.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
