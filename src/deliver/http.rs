//! One HTTP POST to a subscriber, and what its answer means.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, StatusCode, redirect};

use super::Attempt;
use super::address::Allowed;
use crate::error::Chain;

/// Where requests go, and how long each may take.
#[derive(Clone, Debug)]
pub struct Target {
    /// The whole address. Not for logs.
    pub url: String,
    /// The server's name or address, without brackets.
    pub host: String,
    /// For the whole exchange.
    pub timeout: Duration,
    /// Inside addresses that may be spoken to.
    pub allowed: Allowed,
}

/// A client for one target.
pub(super) struct Poster {
    target: Target,
    /// The server, where an address stands instead of a name: as the client reads
    /// it, for it takes `0x7f.1` and `[::ffff:7f00:1]` for addresses, too.
    address: Option<IpAddr>,
    client: Client,
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Poster({})", self.target.host) // a path may hold a token
    }
}

impl Poster {
    /// A client that follows no redirect and takes no proxy from the environment.
    ///
    /// # Errors
    ///
    /// When no TLS set-up is possible on this machine.
    pub(super) fn new(target: Target) -> Result<Self, reqwest::Error> {
        // Two providers could be compiled in, so one is named; a second call
        // finds the first one in place.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let client = Client::builder()
            .timeout(target.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .dns_resolver(target.allowed.clone())
            .user_agent(concat!("pantau/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            address: address_of(&target.url),
            target,
            client,
        })
    }

    /// One attempt. Only a 2xx is acceptance; a redirect is a failure.
    pub(super) async fn send(&self, method: Method, headers: HeaderMap, body: Vec<u8>) -> Attempt {
        // An address instead of a name is never looked up, so it is looked at here.
        if let Some(address) = self.address
            && !self.target.allowed.allows(address)
        {
            return Attempt::Refused {
                error: format!("{address} is an inside address that `allow_inside` does not list"),
            };
        }
        let request = self
            .client
            .request(method, &self.target.url)
            .headers(headers)
            .body(body);
        match request.send().await {
            Ok(response) => verdict(&response),
            Err(error) => Attempt::Later {
                error: Chain(&error.without_url()).to_string(),
                after: None,
            },
        }
    }
}

/// The address that stands in the place of a name, however it is written.
fn address_of(url: &str) -> Option<IpAddr> {
    let url = reqwest::Url::parse(url).ok()?;
    let host = url.host_str()?;
    let plain = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    plain.parse().ok()
}

/// `Content-Type: application/json`.
pub(super) fn json_headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        reqwest::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers
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
    } else if status == StatusCode::GONE {
        Attempt::Gone { error }
    } else if status == StatusCode::PAYLOAD_TOO_LARGE {
        Attempt::TooLarge { error }
    } else {
        Attempt::Refused { error }
    }
}
