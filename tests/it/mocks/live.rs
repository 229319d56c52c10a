//! Two mocks on a real broker, and the daemon beside it.

use firmware_mocks::families::{bdkg05_mqtt, irdms};
use firmware_mocks::faults::{Faults, Timed};
use firmware_mocks::mock::Mock;
use firmware_mocks::scenario::{Scenario, Speed};

use crate::support::{Daemon, broker};

const INSTRUMENTS: &str = "
[[instrument]]
id = \"detectors\"
profile = \"bdkg05-mqtt\"
mqtt.each = true
[[instrument]]
id = \"stations\"
profile = \"pantau-station\"
mqtt.each = true
";

/// Every third message is cut; the daemon stores the others and refuses these.
#[tokio::test(flavor = "multi_thread")]
async fn mocks_on_a_broker_are_read_but_for_what_is_cut() {
    let broker = broker();
    let url = format!("mqtt://{}:{}", broker.host, broker.port);
    let config = format!("[broker]\nurl = \"{url}\"\n{INSTRUMENTS}");
    let mut daemon = Daemon::start(&config).await;
    daemon
        .wait("the subscriptions", "/api/v1/status", |status| {
            status.pointer("/broker/up")?.as_bool().filter(|up| *up)
        })
        .await;
    let scenario = Scenario {
        speed: Speed::new(300.0).unwrap(),
        ..Scenario::quiet(0.12)
    };
    let cut = || -> Faults { std::iter::once("cut=3".parse::<Timed>().unwrap()).collect() };
    let detector = bdkg05_mqtt::Options::default().station(1);
    let station = irdms::Options::default().station(2);
    let detector = Mock::mqtt(detector, broker.clone()).faults(cut());
    let station = Mock::mqtt(station, broker).faults(cut());
    let running = [
        detector.spawn(&scenario).unwrap(),
        station.spawn(&scenario).unwrap(),
    ];
    for (instrument, profile) in [
        ("bdkg05-bdkg05-1", "bdkg05-mqtt"),
        ("serpong-1", "pantau-station"),
    ] {
        let stored = format!("/instruments/{instrument}/stored");
        daemon
            .wait(profile, "/api/v1/books", |books| {
                (books.pointer(&stored)?.as_u64()? >= 6).then_some(())
            })
            .await;
    }
    daemon
        .wait("the cut messages", "/api/v1/books", |books| {
            let station = books.pointer("/instruments/serpong-1")?;
            (station.get("refused")?.as_u64()? >= 2).then_some(())
        })
        .await;
    for mock in running {
        mock.stop().await.unwrap();
    }
    daemon.stop().await;
}
