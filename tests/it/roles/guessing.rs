//! Whoever guesses is slowed and counted; whoever has a token is not.

use serde_json::Value;

use super::{ask, bearer, client, daemon, request, token};
use crate::support::Home;

/// Threat T11, fault F79: three hundred guesses over the wire.
#[tokio::test]
async fn guessing_is_answered_with_429_and_locks_out_nobody_behind_the_same_address() {
    const GUESSES: u16 = 300;
    let daemon = daemon(Home::new(), "").await;
    let (here, there) = (client(1), client(2));
    let status = async |client: &reqwest::Client, authorization: &str| {
        let request = request(client, &daemon, "GET", "/api/v1/status");
        ask(request, Some(authorization), &Value::Null).await
    };
    let mut waits: Vec<u64> = Vec::new();
    let mut refused = 0;
    for n in 0..GUESSES {
        let response = status(&here, &format!("Bearer pantau_{n:064x}")).await;
        match response.status().as_u16() {
            401 => refused += 1,
            429 => {
                let wait = response.headers().get("retry-after").unwrap();
                waits.push(wait.to_str().unwrap().parse().unwrap());
            }
            other => panic!("guess {n} was answered with {other}"),
        }
        if n % 100 == 50 {
            assert_eq!(status(&here, &bearer("citra")).await.status().as_u16(), 200);
        }
    }
    assert_eq!(refused, 10, "{waits:?}");
    assert!(
        waits.iter().all(|wait| (1..=900).contains(wait)),
        "{waits:?}"
    );
    assert!(waits.last() > waits.first(), "{waits:?}");
    assert_eq!(
        status(&there, &bearer("nobody")).await.status().as_u16(),
        401
    );

    let request = request(&there, &daemon, "GET", "/metrics");
    let page = ask(request, Some(&bearer("vera")), &Value::Null).await;
    let page = page.text().await.unwrap();
    let n_waits = waits.len();
    for (reason, count) in [("wrong_token", 11), ("too_many", n_waits), ("no_token", 0)] {
        let line = format!("pantau_http_refused_total{{reason=\"{reason}\"}} {count}\n");
        assert!(page.contains(&line), "{line} in {page}");
    }
    // The log says so, and not three hundred times.
    let log = daemon.log();
    let lines = log.matches("HTTP request refused").count();
    assert!((1..=30).contains(&lines), "{lines} lines in:\n{log}");
    assert!(
        !log.contains(&token("nobody")) && !log.contains("pantau_0"),
        "{log}"
    );
}
