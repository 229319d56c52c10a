//! A GPS receiver beside an instrument that does not know where it is.

use serde_json::Value;

use crate::support::{Daemon, Home};

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
