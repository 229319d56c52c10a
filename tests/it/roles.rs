//! Who may do what over HTTP: every path with every role, guessing, forged posts,
//! and where a token must never be seen.

mod forged;
mod guessing;
mod secrets;
mod table;

use std::net::{IpAddr, Ipv4Addr};

use pantau::access::TokenHash;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::support::{Daemon, Home};

/// Those with tokens: role, and when theirs ends.
const PEOPLE: &[(&str, &str, Option<&str>)] = &[
    ("vera", "viewer", None),
    ("oki", "operator", Some("2099-01-01")),
    ("sekar", "second", Some("2099-01-01")),
    ("citra", "chief", Some("2099-01-01")),
    ("edi", "chief", Some("2026-01-31")),
];

/// The token of one of them, or of nobody.
fn token(name: &str) -> String {
    let known = PEOPLE.iter().position(|(known, ..)| *known == name);
    format!("pantau_{:064x}", 0xabc0_0000 + known.unwrap_or(99))
}

/// `[http]` with a token for each of them.
fn http() -> String {
    let mut text = "\n[http]\nlisten = \"127.0.0.1:0\"\n".to_owned();
    for (name, role, expires) in PEOPLE {
        let hash = TokenHash::of(&token(name));
        text +=
            &format!("[[http.token]]\nname = \"{name}\"\nrole = \"{role}\"\nhash = \"{hash}\"\n");
        text.extend(expires.map(|expires| format!("expires = \"{expires}\"\n")));
    }
    text
}

/// A daemon that demands tokens.
async fn daemon(home: Home, config: &str) -> Daemon {
    Daemon::start_with(home, &format!("{config}{}", http())).await
}

/// A client with an address of its own, so that its mistakes are counted by
/// themselves.
fn client(n: u8) -> Client {
    Client::builder()
        .local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 7, n)))
        .build()
        .unwrap()
}

fn request(client: &Client, daemon: &Daemon, method: &str, path: &str) -> RequestBuilder {
    let method: Method = method.parse().unwrap();
    client.request(method, format!("http://{}{path}", daemon.address()))
}

/// As JSON, with `authorization` when there is one.
async fn ask(request: RequestBuilder, authorization: Option<&str>, body: &Value) -> Response {
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    let request = if body.is_null() {
        request
    } else {
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    request.send().await.unwrap()
}

fn bearer(name: &str) -> String {
    format!("Bearer {}", token(name))
}
