//! A webhook's far end: what a receiver must refuse, and where none is spoken to.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pantau::activation::Event;
use pantau::clock::Clock;
use pantau::criteria::Class;
use pantau::deliver::{
    Allowed, Filter, Kind, Subscriber, SubscriberConfig, Target, Webhook as WebhookKind,
};
use sha2::{Digest, Sha256};

use crate::support::events::event_of;
use crate::support::{Answer, Received, Webhook, in_time};

/// How far a message's time may be from the receiver's, in seconds.
const TOLERANCE: i64 = 300;

fn event() -> Event {
    event_of("Pasar", 1)
}

fn target(url: String) -> Target {
    Target {
        url,
        host: "as written".to_owned(),
        timeout: Duration::from_secs(5),
        allowed: Allowed::default(),
    }
}

async fn tell(target: Target, secrets: &[&str]) -> Result<(), String> {
    let mut subscriber = Subscriber::new(
        SubscriberConfig {
            id: Arc::from("duty"),
            filter: Filter::from_class(Class::Normal),
            quiet: None,
            is_paced: false,
        },
        Kind::Webhook(Box::new(WebhookKind::new(target, secrets).unwrap())),
    );
    let clock = Clock::start();
    in_time("the webhook", subscriber.tell_once(&event(), &clock)).await
}

/// What a receiver got, as it looks at it.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    timestamp: String,
    signatures: String,
    body: Vec<u8>,
}

impl Message {
    fn of(received: &Received) -> Self {
        Self {
            id: received.id().to_owned(),
            timestamp: received.header("webhook-timestamp").to_owned(),
            signatures: received.header("webhook-signature").to_owned(),
            body: received.body.clone(),
        }
    }

    /// A receiver by the specification of Standard Webhooks, which knows one key
    /// and what time it is.
    fn is_good(&self, key: &[u8], now: i64) -> bool {
        let Ok(stamp) = self.timestamp.parse::<i64>() else {
            return false;
        };
        if (now - stamp).abs() > TOLERANCE {
            return false;
        }
        let signed = [
            format!("{}.{}.", self.id, self.timestamp).as_bytes(),
            &self.body,
        ]
        .concat();
        let expected = format!("v1,{}", STANDARD.encode(hmac_sha256(key, &signed)));
        self.signatures.split(' ').any(|one| one == expected)
    }
}

/// HMAC-SHA-256 as RFC 2104 has it, for keys of at most one block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| -> Vec<u8> {
        let padded = key.iter().copied().chain(std::iter::repeat(0));
        padded.take(64).map(|key| key ^ byte).collect()
    };
    let inner = Sha256::digest([&pad(0x36), message].concat());
    Sha256::digest([&pad(0x5c)[..], &inner[..]].concat()).to_vec()
}

async fn received(secrets: &[&str]) -> Message {
    let hook = Webhook::start(Answer::Status(204)).await;
    let mut target = target(hook.url());
    target.allowed = Allowed::new(vec!["127.0.0.1/32".parse().unwrap()]);
    tell(target, secrets).await.unwrap();
    Message::of(&hook.received()[0])
}

#[tokio::test]
async fn a_receiver_refuses_what_was_changed_is_old_or_is_not_for_it() {
    let message = received(&["of-this-endpoint"]).await;
    let key = b"of-this-endpoint".as_slice();
    let sent: i64 = message.timestamp.parse().unwrap();
    for (now, good) in [
        (sent, true),
        (sent + TOLERANCE, true),
        (sent - TOLERANCE, true),
        (sent + TOLERANCE + 1, false),
        (sent - TOLERANCE - 1, false),
        (sent + 86_400, false),
    ] {
        assert_eq!(message.is_good(key, now), good, "{}", now - sent);
    }
    for other in ["of-another-endpoint", "of-this-endpoinT", ""] {
        assert!(!message.is_good(other.as_bytes(), sent), "{other}");
    }
    for at in 0..message.body.len() {
        let mut changed = message.clone();
        changed.body[at] ^= 1;
        assert!(!changed.is_good(key, sent), "byte {at}");
    }
    let mut cut = message.clone();
    cut.body.pop();
    assert!(!cut.is_good(key, sent));
    let later = Message {
        timestamp: (sent + 1).to_string(),
        ..message.clone()
    };
    assert!(!later.is_good(key, sent), "an old message with a new time");
    let other = Message {
        id: format!("{}0", message.id),
        ..message.clone()
    };
    assert!(!other.is_good(key, sent), "an old message with a new id");
}

#[tokio::test]
async fn while_a_key_is_changed_receivers_with_either_take_a_message() {
    let message = received(&["the-old-one", "the-new-one"]).await;
    let sent: i64 = message.timestamp.parse().unwrap();
    for (key, good) in [
        ("the-old-one", true),
        ("the-new-one", true),
        ("the-one-before", false),
    ] {
        assert_eq!(message.is_good(key.as_bytes(), sent), good, "{key}");
    }
}

/// The addresses of this machine and its network, in the ways that they can be
/// written. `PORT` listens on the loopback of both families.
const INSIDE: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7F.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "127.0.0.0x1",
    "127.255.255.254",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "0",
    "0.0.0.0",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fd00::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "10.0.0.1",
    "0xa.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "3232235521",
    "169.254.169.254",
    "0xa9fea9fe",
    "100.64.0.1",
    "localhost",
    "LOCALHOST",
    "ip6-localhost",
];

#[tokio::test]
async fn nothing_inside_is_spoken_to_however_it_is_written() {
    assert!(INSIDE.len() >= 30);
    let four = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = four.local_addr().unwrap().port();
    // Not every machine has the other family.
    let six = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok();
    let connected = Arc::new(AtomicUsize::new(0));
    for listener in [Some(four), six].into_iter().flatten() {
        let connected = Arc::clone(&connected);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                connected.fetch_add(1, Ordering::SeqCst);
                drop(stream);
            }
        });
    }
    for host in INSIDE {
        let told = tell(target(format!("http://{host}:{port}/hook")), &[]).await;
        let error = told.expect_err(host);
        // A name that nobody knows here is as good as one that stands for inside.
        let is_refused = error.contains("inside") || host.contains("localhost");
        assert!(is_refused, "{host}: {error}");
        assert_eq!(connected.load(Ordering::SeqCst), 0, "{host}");
    }
    // The listener does hear: what is listed is spoken to.
    let mut listed = target(format!("http://127.0.0.1:{port}/hook"));
    listed.allowed = Allowed::new(vec!["127.0.0.1/32".parse().unwrap()]);
    tell(listed, &[])
        .await
        .expect_err("a listener that hangs up");
    assert!(connected.load(Ordering::SeqCst) > 0);
}
