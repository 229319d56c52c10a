//! A subscriber's web server that records what it is told and answers as it is
//! bid.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{PATIENCE, wait_for};

/// How it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// With this status.
    Status(u16),
    /// With 302 and this address.
    Redirect(String),
    /// With this status and this `Retry-After`.
    NotBefore(u16, &'static str),
    /// With 204, after this time.
    Slowly(Duration),
    /// Never.
    Nothing,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// When it was there whole.
    pub(crate) at: Instant,
    /// Its path.
    pub(crate) path: String,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, as it came.
    pub(crate) body: Vec<u8>,
    /// Its body, as JSON.
    pub(crate) document: Value,
}

impl Received {
    /// A header as text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The message's id.
    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    /// Whether the one signature is that of Standard Webhooks with this secret.
    pub(crate) fn is_signed_by(&self, secret: &[u8]) -> bool {
        let signed = format!("{}.{}.", self.id(), self.header("webhook-timestamp"));
        let mac = hmac_sha256(secret, &[signed.as_bytes(), &self.body].concat());
        self.header("webhook-signature") == format!("v1,{}", STANDARD.encode(mac))
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

/// A web server on a free port of the loopback, up to its drop.
#[derive(Debug)]
pub(crate) struct Webhook {
    address: SocketAddr,
    state: Arc<Mutex<Told>>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Told {
    answer: Answer,
    received: Vec<Received>,
}

impl Webhook {
    /// Starts it; it answers everything with `answer`.
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(Told {
            answer,
            received: Vec::new(),
        }));
        let router = Router::new()
            .fallback(receive)
            .with_state(Arc::clone(&state));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            state,
            serving,
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers differently from now on.
    pub(crate) fn answer(&self, answer: Answer) {
        self.state.lock().unwrap().answer = answer;
    }

    /// What came so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// The ids of all messages that came so far, in order.
    pub(crate) fn ids(&self) -> Vec<String> {
        let received = self.received();
        received.iter().map(|one| one.id().to_owned()).collect()
    }

    /// Waits until at least `count` requests came, and gives them all.
    pub(crate) async fn wait(&self, count: usize) -> Vec<Received> {
        wait_for("requests at the webhook", PATIENCE, async || {
            let received = self.received();
            if received.len() >= count {
                Ok(received)
            } else {
                Err(received)
            }
        })
        .await
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn receive(
    State(state): State<Arc<Mutex<Told>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = {
        let mut state = state.lock().unwrap();
        state.received.push(Received {
            at: Instant::now(),
            path: uri.path().to_owned(),
            headers,
            document: serde_json::from_slice(&body).unwrap_or(Value::Null),
            body: body.to_vec(),
        });
        state.answer.clone()
    };
    match answer {
        Answer::Status(code) => StatusCode::from_u16(code).unwrap().into_response(),
        Answer::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Answer::NotBefore(code, when) => {
            let status = StatusCode::from_u16(code).unwrap();
            (status, [(header::RETRY_AFTER, when)]).into_response()
        }
        Answer::Slowly(time) => {
            tokio::time::sleep(time).await;
            StatusCode::NO_CONTENT.into_response()
        }
        Answer::Nothing => std::future::pending().await,
    }
}
