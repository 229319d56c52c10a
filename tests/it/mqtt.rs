//! The daemon on an in-process broker.

use serde_json::json;

use crate::support::{Client, Daemon, Home, broker};

fn config(url: &str) -> String {
    format!(
        "[broker]\nurl = \"{url}\"\n[[instrument]]\nid = \"all\"\nprofile = \"pantau-station\"\nmqtt.each = true\n"
    )
}

fn message(seq: u64, usv_h: f64) -> Vec<u8> {
    json!({"seq": seq, "boot": 1, "dose_rate": {"value": usv_h, "unit": "uSv/h"}})
        .to_string()
        .into_bytes()
}

/// A daemon that takes every station of a broker, and a client beside it.
async fn start(id: &str, filters: &[&str]) -> (Daemon, Client) {
    let broker = broker();
    let url = format!("mqtt://{}:{}", broker.host, broker.port);
    let client = Client::connect(&broker, id, filters).await;
    let daemon = Daemon::start_in(Home::new(), &config(&url)).await;
    subscribed(&daemon).await;
    (daemon, client)
}

async fn subscribed(daemon: &Daemon) {
    daemon
        .wait("the subscription", "/api/v1/status", |status| {
            status.pointer("/broker/up")?.as_bool().filter(|up| *up)
        })
        .await;
}

/// Waits until the books show `count` of `column` for one instrument.
async fn books(daemon: &Daemon, instrument: &str, column: &str, count: u64) {
    let pointer = format!("/instruments/{instrument}/{column}");
    daemon
        .wait(&format!("{count} {column}"), "/api/v1/books", |books| {
            (books.pointer(&pointer)?.as_u64()? == count).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_again_is_one_reading() {
    let (mut daemon, mut client) = start("twice", &[]).await;
    for seq in [1, 2, 2, 3, 1] {
        client
            .publish("irdms/st-1/reading", message(seq, 0.1))
            .await;
    }
    books(&daemon, "st-1", "stored", 3).await;
    books(&daemon, "st-1", "duplicates", 2).await;
    books(&daemon, "st-1", "gaps", 0).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_hurts_nobody_else_and_makes_no_reconnect_loop() {
    let (mut daemon, mut client) = start("poison", &[]).await;
    client
        .publish("irdms/st-1/reading", vec![b'x'; 300_000])
        .await;
    client
        .publish("irdms/st-1/reading", "{\"dose_rate\":")
        .await;
    client
        .publish(
            "irdms/st-1/reading",
            "{\"dose_rate\":{\"value\":1,\"unit\":\"furlong\"}}",
        )
        .await;
    client.publish("irdms/st-2/reading", message(1, 0.1)).await;
    client.publish("irdms/a b/reading", message(1, 0.1)).await;
    books(&daemon, "st-2", "stored", 1).await;
    for reason in ["too_long", "malformed", "unknown_unit"] {
        books(&daemon, "st-1", &format!("refused_by_reason/{reason}"), 1).await;
    }
    daemon
        .wait("the name that is none", "/api/v1/books", |books| {
            let refused = books.pointer("/unattributed/refused_by_reason/unknown_instrument")?;
            (refused.as_u64()? == 1).then_some(())
        })
        .await;
    assert_eq!(daemon.log().matches("Broker connected.").count(), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_crossing_rings_once_across_kill_9() {
    let (mut daemon, mut client) = start("rings", &["pantau/v1/#"]).await;
    client.publish("irdms/st-1/reading", message(1, 0.1)).await;
    client
        .publish("irdms/st-1/reading", message(2, 150.0))
        .await;
    let event = client
        .wait("the event", "pantau/v1/pantau/event", |_| true)
        .await;
    assert_eq!(event.document["activation"]["class"], "EMERGENCY");
    books(&daemon, "st-1", "stored", 2).await;
    daemon.kill_9();
    client
        .publish("irdms/st-1/reading", message(2, 150.0))
        .await;
    client
        .publish("irdms/st-1/reading", message(3, 160.0))
        .await;
    daemon.restart().await;
    subscribed(&daemon).await;
    client
        .publish("irdms/st-1/reading", message(4, 170.0))
        .await;
    daemon
        .wait("the last reading", "/api/v1/readings", |readings| {
            (readings.pointer("/0/seq")?.as_u64()? == 4).then_some(())
        })
        .await;
    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(activations.as_array().unwrap().len(), 1, "{activations}");
    let raised = client.heard("pantau/v1/pantau/event");
    let ids: std::collections::BTreeSet<String> = raised
        .iter()
        .map(|heard| heard.document["activation"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let told = raised
        .iter()
        .filter(|heard| heard.document["why"] == "raised");
    assert_eq!(told.count(), 1);
    daemon.stop().await;
}
