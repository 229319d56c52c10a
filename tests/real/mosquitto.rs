//! A real mosquitto with the broker file that Pantau ships.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::broker::{Mosquitto, program};
use crate::support::{Client, Daemon, Home, PATIENCE, pantau, wait_for};

/// Messages of the trial.
const MESSAGES: u64 = 2000;

/// The daemon is killed after these.
const KILLS: [u64; 3] = [400, 900, 1500];

/// The one at 150 µSv/h.
const CROSSING: u64 = 1200;

fn message(seq: u64) -> Vec<u8> {
    let usv_h = if seq == CROSSING { 150.0 } else { 0.1 };
    json!({"seq": seq, "boot": 1, "dose_rate": {"value": usv_h, "unit": "uSv/h"}})
        .to_string()
        .into_bytes()
}

/// Number of each message → how often it stands in the export.
fn exported(home: &Home) -> BTreeMap<u64, usize> {
    let output = pantau(home, &["export", "--format", "csv"]);
    let mut numbers = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines().skip(1) {
        let seq = line.split(',').nth(9).unwrap().parse().unwrap();
        *numbers.entry(seq).or_default() += 1;
    }
    numbers
}

/// 2,000 messages at QoS 1, the daemon killed and restarted during them, the
/// broker running all the time: all stored, none twice, one activation told.
#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_messages_survive_kill_9() {
    let home = Home::new();
    let mosquitto = Mosquitto::start(&home);
    let broker = &mosquitto.broker;
    // A subscription, so that the broker is known to listen.
    let mut client = Client::connect(broker, "stations", &["none"]).await;
    let (_sub, heard) = mosquitto
        .listen(&["pantau/v1/+/event", "pantau/v1/+/activation/#"])
        .await;
    let config = format!(
        "[broker]\nurl = \"mqtt://{}:{}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n",
        broker.host, broker.port
    );
    let mut daemon = Daemon::start_in(home, &config).await;
    daemon
        .wait("the subscription", "/api/v1/status", |status| {
            status.pointer("/broker/up")?.as_bool().filter(|up| *up)
        })
        .await;
    for seq in 0..MESSAGES {
        client.publish("irdms/st-1/reading", message(seq)).await;
        if KILLS.contains(&seq) {
            daemon.kill_9();
            daemon.restart().await;
        }
    }
    wait_for("every message in the store", PATIENCE, async || {
        let stored = exported(&daemon.home);
        let count = stored.len();
        (count == 2000).then_some(()).ok_or(count)
    })
    .await;
    let twice: Vec<_> = exported(&daemon.home)
        .into_iter()
        .filter(|(_, n)| *n != 1)
        .collect();
    assert!(twice.is_empty(), "stored more than once: {twice:?}");
    let mut told: Vec<(String, Value)> = Vec::new();
    while !told.iter().any(|(topic, _)| topic.ends_with("/event")) {
        told.push(heard.recv_timeout(PATIENCE).unwrap());
    }
    daemon.stop().await;
    told.extend(heard.try_iter());
    let raised: Vec<_> = told
        .iter()
        .filter(|(topic, event)| topic.ends_with("/event") && event["why"] == "raised")
        .collect();
    assert_eq!(raised.len(), 1, "{told:#?}");
    let activation = &raised[0].1["activation"];
    assert_eq!(activation["class"], "EMERGENCY");
    assert_eq!(activation["value"], 150.0);
    let state = format!("/activation/{}", activation["id"].as_str().unwrap());
    assert!(
        told.iter().any(|(topic, _)| topic.ends_with(&state)),
        "{told:#?}"
    );
    let ids: std::collections::BTreeSet<_> = told
        .iter()
        .filter(|(topic, _)| topic.ends_with("/event"))
        .map(|(_, event)| event["activation"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

/// A message that the broker keeps comes at every connection; without a time of
/// its own nothing but its contents can tell that it is the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_retained_crossing_rings_at_most_once_and_never_as_new() {
    let home = Home::new();
    let mosquitto = Mosquitto::start(&home);
    let broker = &mosquitto.broker;
    let client = Client::connect(broker, "listener", &["pantau/v1/pantau/event"]).await;
    let reading = json!({"dose_rate": {"value": 150.0, "unit": "uSv/h"}}).to_string();
    let port = broker.port.to_string();
    let mut publish = Command::new(program("mosquitto_pub"));
    publish.args(["-h", &broker.host, "-p", &port, "-q", "1", "-r"]);
    publish.args(["-t", "irdms/st-1/reading", "-m", &reading]);
    assert!(publish.status().unwrap().success());
    let config = format!(
        "[broker]\nurl = \"mqtt://{}:{}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n",
        broker.host, broker.port
    );
    let mut daemon = Daemon::start_in(home, &config).await;
    for round in 0..3 {
        if round > 0 {
            daemon.kill_9();
            daemon.restart().await;
        }
        daemon
            .wait("the kept reading", "/api/v1/instruments", |all| {
                (all.pointer("/0/class")? == "EMERGENCY").then_some(())
            })
            .await;
    }
    let (_, activations) = daemon.get("/api/v1/activations").await;
    let activations = activations.as_array().unwrap();
    assert_eq!(activations.len(), 1, "{activations:#?}");
    assert_eq!(activations[0]["late"], true);
    assert_eq!(activations[0]["confirmed"], false);
    let (_, readings) = daemon.get("/api/v1/readings").await;
    assert_eq!(readings.as_array().unwrap().len(), 1, "{readings:#}");
    daemon.stop().await;
    let heard = client.heard("");
    let raised = heard
        .iter()
        .filter(|heard| heard.document["why"] == "raised");
    assert_eq!(raised.count(), 1, "{heard:#?}");
}
