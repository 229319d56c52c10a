//! A webhook: the event as JSON by HTTP POST, signed where a secret is set, in
//! the form of Standard Webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use reqwest::header::HeaderValue;
use sha2::Sha256;

use super::Attempt;
use super::http::{Poster, Target, json_headers};
use crate::activation::Event;
use crate::clock::Clock;

/// What a secret begins with when the rest is base64, as Standard Webhooks has it.
const ENCODED: &str = "whsec_";

/// An HTTP address that wants events.
#[derive(Debug)]
pub struct Webhook {
    poster: Poster,
    keys: Keys,
}

/// The keys that sign: two while one is changed for the other.
struct Keys(Vec<Vec<u8>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl Webhook {
    /// A webhook. With secrets every message carries `webhook-signature`: for
    /// each of them an HMAC-SHA-256 over id, time and body.
    ///
    /// # Errors
    ///
    /// When no TLS set-up is possible on this machine.
    pub fn new(target: Target, secrets: &[&str]) -> Result<Self, reqwest::Error> {
        let keys = secrets.iter().map(|secret| key(secret)).collect();
        Ok(Self {
            poster: Poster::new(target)?,
            keys: Keys(keys),
        })
    }

    /// One attempt.
    pub(super) async fn post(&self, event: &Event, clock: &Clock) -> Attempt {
        let body = match serde_json::to_vec(event) {
            Ok(body) => body,
            Err(error) => {
                return Attempt::Refused {
                    error: error.to_string(),
                };
            }
        };
        let stamp = clock.wall().as_secs();
        let mut headers = json_headers();
        headers.insert("webhook-timestamp", HeaderValue::from(stamp));
        let signatures: Vec<String> = self
            .keys
            .0
            .iter()
            .map(|key| sign(key, &event.id, stamp, &body))
            .collect();
        let signatures = signatures.join(" ");
        let texts = [
            ("webhook-id", event.id.as_str()),
            ("webhook-signature", &signatures),
        ];
        for (name, text) in texts {
            if let Ok(value) = HeaderValue::from_str(text)
                && !text.is_empty()
            {
                headers.insert(name, value);
            }
        }
        self.poster.send(Method::POST, headers, body).await
    }
}

/// `whsec_<base64>` stands for the bytes; anything else for itself.
fn key(secret: &str) -> Vec<u8> {
    secret
        .strip_prefix(ENCODED)
        .and_then(|encoded| STANDARD.decode(encoded).ok())
        .unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// `v1,<base64>` over `id.time.body`, as Standard Webhooks has it.
fn sign(secret: &[u8], id: &str, stamp: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{stamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_signature_is_the_standard_one() {
        assert_eq!(
            sign(
                &key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                br#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_without_the_prefix_is_its_own_bytes() {
        assert_eq!(key("plain secret"), b"plain secret");
        assert_eq!(key("whsec_no base64!"), b"whsec_no base64!");
    }
}
