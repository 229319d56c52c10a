//! Threat T13: a page in a browser on this machine acts for whoever sits there.

use serde_json::{Value, json};

use super::{bearer, client, daemon, request};
use crate::support::{Daemon, Home};

/// What a request carries besides, and how it is answered.
async fn send(daemon: &Daemon, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let mut request = request(&client(1), daemon, method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({"version": 1, "by": "Sari", "note": "forged"});
    let request = if method == "POST" {
        request.body(body.to_string())
    } else {
        request
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

const ACK: &str = "/api/v1/activations/A-1/ack";
const JSON: (&str, &str) = ("content-type", "application/json");
const TEXT: (&str, &str) = ("content-type", "text/plain");

#[tokio::test]
async fn without_a_token_no_other_page_may_post() {
    let daemon = Daemon::start("").await;
    let own = format!("http://{}", daemon.address());
    let local = format!("localhost:{}", daemon.address().port());
    let cases: &[(&[(&str, &str)], u16)] = &[
        (&[JSON], 404),
        (&[("content-type", "application/json; charset=utf-8")], 404),
        (&[JSON, ("origin", &own)], 404),
        (&[JSON, ("sec-fetch-site", "same-origin")], 404),
        (&[JSON, ("host", &local)], 404),
        // What a form of another page sends.
        (&[TEXT, ("origin", "http://evil.example")], 403),
        (
            &[TEXT, ("origin", "null"), ("sec-fetch-site", "cross-site")],
            403,
        ),
        (&[JSON, ("origin", "http://127.0.0.1:1")], 403),
        (&[JSON, ("sec-fetch-site", "same-site")], 403),
        (
            &[JSON, ("origin", &own), ("sec-fetch-site", "cross-site")],
            403,
        ),
        // DNS rebinding: the page's own name leads here.
        (&[JSON, ("host", "evil.example")], 403),
        (
            &[
                JSON,
                ("host", "evil.example"),
                ("origin", "http://evil.example"),
            ],
            403,
        ),
        // An old browser that tells nothing can't send JSON by itself.
        (&[TEXT], 415),
        (
            &[("content-type", "application/x-www-form-urlencoded")],
            415,
        ),
        (&[], 415),
    ];
    for (headers, expected) in cases {
        let (status, answer) = send(&daemon, "POST", ACK, headers).await;
        assert_eq!(status, *expected, "{headers:?}: {answer}");
        if *expected != 404 {
            assert_eq!(answer["status"], *expected, "{headers:?}: {answer}");
        }
    }
    // Nor may it look.
    let evil = ("host", "evil.example");
    assert_eq!(send(&daemon, "GET", "/api/v1/status", &[evil]).await.0, 403);
    assert_eq!(send(&daemon, "GET", "/metrics", &[evil]).await.0, 403);
    assert_eq!(send(&daemon, "GET", "/healthz", &[evil]).await.0, 200);
    let (_, page) = send(&daemon, "GET", "/metrics", &[]).await;
    let page = page.as_str().unwrap();
    for line in ["{reason=\"origin\"} 9\n", "{reason=\"content_type\"} 3\n"] {
        assert!(page.contains(line), "{line} in {page}");
    }
}

/// A browser sends no token by itself, so there is nothing to forge; and a proxy
/// in front may have any name.
#[tokio::test]
async fn with_tokens_a_post_needs_one_whatever_page_it_comes_from() {
    let daemon = daemon(Home::new(), "").await;
    let foreign = [
        JSON,
        ("origin", "https://pantau.example.org"),
        ("host", "pantau.example.org"),
    ];
    assert_eq!(send(&daemon, "POST", ACK, &foreign).await.0, 401);
    let token = bearer("oki");
    let signed = [&foreign[..], &[("authorization", token.as_str())]].concat();
    assert_eq!(send(&daemon, "POST", ACK, &signed).await.0, 404);
    let text = [TEXT, ("authorization", token.as_str())];
    assert_eq!(send(&daemon, "POST", ACK, &text).await.0, 415);
}
