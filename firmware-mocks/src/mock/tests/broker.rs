//! A broker that does what the test says: MQTT 3.1.1, just enough of it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::mqtt::Broker;

pub(super) struct Scripted {
    listener: TcpListener,
}

pub(super) struct Client {
    stream: TcpStream,
    /// Topic and payload of the last will.
    pub(super) will: Option<(String, Vec<u8>)>,
}

#[derive(Debug)]
pub(super) struct Publish {
    pub(super) topic: String,
    pub(super) qos: u8,
    pub(super) retain: bool,
    packet_id: [u8; 2],
    pub(super) payload: Vec<u8>,
}

impl Scripted {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub(super) fn address(&self) -> Broker {
        Broker {
            host: "127.0.0.1".to_owned(),
            port: self.listener.local_addr().unwrap().port(),
            login: None,
        }
    }

    /// Waits for the next client and lets it in.
    pub(super) async fn accept(&mut self) -> Client {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut client = Client { stream, will: None };
        let (kind, body) = client.packet().await.expect("a CONNECT");
        assert_eq!(kind >> 4, 1, "not a CONNECT");
        // Protocol name (6), level (1), flags (1), keep-alive (2), client id.
        let has_will = body[7] & 0x04 != 0;
        let (_, rest) = text(&body[10..]);
        if has_will {
            let (topic, rest) = text(rest);
            let (payload, _) = text(rest);
            let topic = String::from_utf8(topic.to_vec()).unwrap();
            client.will = Some((topic, payload.to_vec()));
        }
        client.stream.write_all(&[0x20, 2, 0, 0]).await.unwrap();
        client
    }
}

impl Client {
    /// The next PUBLISH; pings are answered.
    pub(super) async fn publish(&mut self) -> Publish {
        loop {
            let (kind, body) = self.packet().await.expect("the client is gone");
            match kind >> 4 {
                3 => return publish(kind, &body),
                12 => self.stream.write_all(&[0xD0, 0]).await.unwrap(),
                other => panic!("packet type {other}"),
            }
        }
    }

    pub(super) async fn acknowledge(&mut self, publish: &Publish) {
        let [high, low] = publish.packet_id;
        self.stream.write_all(&[0x40, 2, high, low]).await.unwrap();
    }

    /// Reads to the end; true when the client said goodbye.
    pub(super) async fn ends_with_disconnect(&mut self) -> bool {
        while let Some((kind, _)) = self.packet().await {
            if kind >> 4 == 14 {
                return true;
            }
        }
        false
    }

    async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.stream.read_u8().await.ok()?;
        let mut len = 0_usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.stream.read_u8().await.ok()?;
            len |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body).await.ok()?;
        Some((kind, body))
    }
}

impl Publish {
    /// The station's own number of the message.
    pub(super) fn seq(&self) -> u64 {
        let reading: serde_json::Value = serde_json::from_slice(&self.payload).unwrap();
        reading["seq"].as_u64().unwrap()
    }
}

fn publish(kind: u8, body: &[u8]) -> Publish {
    let (topic, rest) = text(body);
    let qos = kind >> 1 & 3;
    let (packet_id, payload) = if qos == 0 {
        ([0, 0], rest)
    } else {
        ([rest[0], rest[1]], &rest[2..])
    };
    Publish {
        topic: String::from_utf8(topic.to_vec()).unwrap(),
        qos,
        retain: kind & 1 == 1,
        packet_id,
        payload: payload.to_vec(),
    }
}

/// A text with its length before it, and what follows.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let len = usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    bytes[2..].split_at(len)
}
