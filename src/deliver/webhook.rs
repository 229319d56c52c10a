//! A webhook: the event as JSON by HTTP POST, signed where a secret is set.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use sha2::Sha256;

use super::Attempt;
use crate::activation::Event;
use crate::clock::Clock;
use crate::error::Chain;

/// An HTTP address that wants events.
pub struct Webhook {
    url: String,
    client: Client,
    secret: Option<Vec<u8>>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({})", self.url)
    }
}

impl Webhook {
    /// A webhook whose answers may take `timeout`. With a secret every message
    /// carries `webhook-signature`, an HMAC-SHA-256 over id, time and body.
    ///
    /// # Errors
    ///
    /// When no TLS set-up is possible on this machine.
    pub fn new(
        url: String,
        secret: Option<Vec<u8>>,
        timeout: Duration,
    ) -> Result<Self, reqwest::Error> {
        // Two providers could be compiled in, so one is named; a second call
        // finds the first one in place.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let client = Client::builder()
            .timeout(timeout)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("pantau/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            url,
            client,
            secret,
        })
    }

    /// One attempt. Only a 2xx is acceptance; a redirect is a failure.
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
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", stamp);
        if let Some(secret) = &self.secret {
            request = request.header("webhook-signature", sign(secret, &event.id, stamp, &body));
        }
        match request.body(body).send().await {
            Ok(response) => verdict(&response),
            Err(error) => Attempt::Later {
                error: Chain(&error.without_url()).to_string(),
                after: None,
            },
        }
    }
}

fn verdict(response: &Response) -> Attempt {
    let status = response.status();
    if status.is_success() {
        return Attempt::Accepted;
    }
    let error = format!("answered {status}");
    let passing = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    if passing {
        let after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.trim().parse().ok())
            .map(Duration::from_secs);
        Attempt::Later { error, after }
    } else {
        Attempt::Refused { error }
    }
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
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            sign(
                &secret,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                br#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
