//! How long an alarm takes, how soon the daemon is ready, and what it weighs.
//!
//! A bGeigie on a pseudo-terminal writes sentences at 180 µSv/h, each 10 km from
//! the one before, so that each opens an activation of its own. Measured is the
//! time from writing a sentence's last byte to the event's arrival at an MQTT
//! client, through the daemon's journal and a broker, as in the demo.
//!
//! `cargo bench --bench latency` prints one JSON line.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should stop"
)]
#![expect(clippy::print_stdout, reason = "the figures are its result")]

#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the tests, which use all of it"
)]
mod support;

use std::time::Duration;

use firmware_mocks::geo::Position;
use firmware_mocks::nmea;
use firmware_mocks::pty::Pty;
use support::process::status_kib;
use support::{Client, Daemon, Home, broker};
use tokio::time::Instant;

/// Crossings that count; a few more come first.
const CROSSINGS: usize = 300;
const WARM_UP: usize = 20;

/// Time between two sentences.
const EVERY: Duration = Duration::from_millis(25);

#[tokio::main]
async fn main() {
    let broker = broker();
    let client = Client::connect(&broker, "bench", &["pantau/v1/pantau/event"]).await;
    let pty = Pty::open().unwrap();
    let config = format!(
        "[broker]\nurl = \"mqtt://{}:{}\"\n[log]\nlevel = \"info\"\n[[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\n\
         [[instrument]]\nid = \"team\"\nprofile = \"safecast-bgeigie\"\nserial.port = \"{}\"\n",
        broker.host,
        broker.port,
        pty.path().display()
    );
    let started = Instant::now();
    let mut daemon = Daemon::start_in(Home::new(), &config).await;
    let ready = started.elapsed();
    daemon
        .wait("the open port", "/api/v1/instruments", |all| {
            all.pointer("/0/link/up")?.as_bool().filter(|up| *up)
        })
        .await;
    let pid = daemon.pid();
    let idle_kib = status_kib(pid, "VmRSS");

    let mut took = Vec::new();
    for n in 0..WARM_UP + CROSSINGS {
        let seen = client.heard("").len();
        let written = Instant::now();
        pty.write(sentence(n).as_bytes()).unwrap();
        while client.heard("").len() == seen {
            tokio::time::sleep(Duration::from_micros(50)).await;
        }
        if n >= WARM_UP {
            took.push(written.elapsed());
        }
        tokio::time::sleep_until(written + EVERY).await;
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    let ms = |duration: Duration| (duration.as_secs_f64() * 1e5).round() / 1e2;
    println!(
        "{}",
        serde_json::json!({
            "crossings": took.len(),
            "byte_to_event_p50_ms": ms(at(50)),
            "byte_to_event_p99_ms": ms(at(99)),
            "byte_to_event_max_ms": ms(at(100)),
            "ready_ms": ms(ready),
            "rss_idle_kib": idle_kib,
            "rss_peak_kib": status_kib(pid, "VmHWM"),
            "activations": client.heard("").len(),
        })
    );
    daemon.stop().await;
}

/// The n-th sentence: one more place along a line of longitude, and back.
fn sentence(n: usize) -> String {
    let step = f64::from(u32::try_from(n).unwrap());
    let at = Position {
        lat: -8.0 + 0.09 * (step % 150.0),
        lon: 100.0 + (step / 150.0).floor(),
    };
    let angle = |degrees: f64, digits: usize| {
        let whole = degrees.abs().trunc();
        format!("{whole:0digits$}{:07.4}", (degrees.abs() - whole) * 60.0)
    };
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
    let body = format!(
        "BNRDD,3001,{now},60000,5000,900000,A,{},{},{},E,55.00,A,9,90",
        angle(at.lat, 2),
        if at.lat < 0.0 { 'S' } else { 'N' },
        angle(at.lon, 3),
    );
    format!("${body}*{:02X}\r\n", nmea::checksum(body.as_bytes()))
}
