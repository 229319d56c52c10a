//! A GPS receiver beside an instrument that does not know where it is.

use firmware_mocks::families::{gpsd, mightyohm};
use firmware_mocks::mock::{Mock, MockHandle};
use firmware_mocks::scenario::{DEMO_SOURCE, Scenario};
use serde_json::Value;
use tokio::time::Instant;

use crate::support::{Daemon, Home, free_address};

/// A sentence with its checksum.
fn sentence(body: &str) -> String {
    let sum = body.bytes().fold(0, |sum: u8, byte| sum ^ byte);
    format!("${body}*{sum:02X}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_get_the_nearest_fix_and_never_a_void_one() {
    let home = Home::new();
    home.write(
        "track",
        &(sentence("GNGGA,030000,0621.4000,S,10640.2500,E,1,09,0.9,55.0,M,18.0,M,,")
            + &sentence("GNGGA,030001,0700.0000,S,10700.0000,E,0,00,,,M,,M,,")),
    );
    let line = "CPS, 1, CPM, 21, uSv/hr, 0.11, SLOW\r\n";
    home.write("counter", line.repeat(40));
    let config = "[[instrument]]\nid = \"receiver\"\nprofile = \"nmea-gps\"\n\
                  capture.file = \"track\"\n\
                  [[instrument]]\nid = \"team\"\nprofile = \"mightyohm\"\n\
                  capture = { file = \"counter\", lines_per_s = 20 }\n\
                  gps = { receiver = \"receiver\", max_age_secs = 60 }\n\
                  [[instrument]]\nid = \"alone\"\nprofile = \"mightyohm\"\n\
                  capture = { file = \"counter\", lines_per_s = 20 }\n";
    let daemon = Daemon::start_in(home, config).await;
    let instruments = "/api/v1/instruments";
    let last = |document: &Value, id: &str| {
        let list = document.as_array()?;
        let found = list.iter().find(|entry| entry["id"] == id)?;
        (!found["last"].is_null()).then(|| found["last"]["position"].clone())
    };
    let position = daemon
        .wait("a reading with a fix", instruments, |document| {
            let alone = last(document, "alone")?;
            assert!(alone.is_null(), "{alone}");
            last(document, "team").filter(|position| !position.is_null())
        })
        .await;
    let number = |key: &str| position[key].as_f64().unwrap();
    assert_eq!(position["source"], "fix", "{position}");
    assert!((number("lat") + 6.356_667).abs() < 1e-5, "{position}");
    assert!((number("lon") - 106.670_833).abs() < 1e-5, "{position}");
    assert!((number("hdop") - 0.9).abs() < 1e-9, "{position}");
    assert!((0.0..60.0).contains(&number("age_s")), "{position}");
}

/// A counter beside a gpsd, and a daemon that reads both.
struct Team {
    daemon: Daemon,
    gpsd: MockHandle,
    counter: MockHandle,
}

impl Team {
    /// A fix holds for two seconds.
    async fn start(options: gpsd::Options) -> Self {
        let scenario = Scenario::quiet(0.1);
        let address = free_address();
        let gpsd = Mock::server(options.firmware(1), address);
        let gpsd = gpsd.spawn(&scenario).unwrap();
        let counter = Mock::serial(mightyohm::Options::default().firmware(1));
        let counter = counter.spawn(&scenario).unwrap();
        let config = format!(
            "[[instrument]]\nid = \"receiver\"\nprofile = \"gpsd\"\n\
             tcp.connect = \"{address}\"\n\
             [[instrument]]\nid = \"team\"\nprofile = \"mightyohm\"\n\
             serial.port = \"{}\"\n\
             gps = {{ receiver = \"receiver\", max_age_secs = 2 }}\n",
            counter.port().unwrap().display()
        );
        let daemon = Daemon::start(&config).await;
        Self {
            daemon,
            gpsd,
            counter,
        }
    }

    /// Waits until the team's last reading has a position that is as wanted; `null`
    /// where it has none.
    async fn position(&self, what: &str, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        self.daemon
            .wait(what, "/api/v1/instruments", |document| {
                let list = document.as_array()?;
                let team = list.iter().find(|entry| entry["id"] == "team")?;
                let position = team["last"].get("position")?;
                wanted(position).then(|| position.clone())
            })
            .await
    }

    async fn stop(mut self) {
        self.daemon.stop().await;
        self.gpsd.stop().await.unwrap();
        self.counter.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gpsd_gives_fixes_and_is_told_to_watch_again_after_a_restart() {
    let team = Team::start(gpsd::Options::default()).await;
    let has_dilution = |position: &Value| position["hdop"].as_f64() == Some(0.9);
    let position = team.position("a fix with its dilution", has_dilution).await;
    let number = |key: &str| position[key].as_f64().unwrap();
    assert_eq!(position["source"], "fix", "{position}");
    assert!((number("lat") - DEMO_SOURCE.lat).abs() < 1e-5, "{position}");
    assert!((number("lon") - DEMO_SOURCE.lon).abs() < 1e-5, "{position}");
    assert!((number("alt_m") - 50.0).abs() < 1e-9, "{position}");
    assert!((0.0..=2.0).contains(&number("age_s")), "{position}");

    team.gpsd.unplug().await;
    team.position("a reading without a fix", Value::is_null)
        .await;
    let restarted = Instant::now();
    team.gpsd.replug().await;
    team.position("a fix again", Value::is_object).await;
    println!("a fix again after {:?}", restarted.elapsed());
    team.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_stuck_or_has_no_fix_gives_none() {
    let stuck = gpsd::Options {
        stuck: true,
        ..gpsd::Options::default()
    };
    let team = Team::start(stuck).await;
    team.position("the one fix", Value::is_object).await;
    team.position("that it is old", Value::is_null).await;
    team.stop().await;

    let no_fix = gpsd::Options {
        no_fix: true,
        ..gpsd::Options::default()
    };
    let team = Team::start(no_fix).await;
    let ignored = |books: &Value| books.pointer("/instruments/receiver/ignored")?.as_u64();
    team.daemon
        .wait("what it says", "/api/v1/books", |books| {
            ignored(books).filter(|count| *count >= 9)
        })
        .await;
    team.position("a reading without a fix", |position| {
        assert!(position.is_null(), "{position}");
        true
    })
    .await;
    team.stop().await;
}
