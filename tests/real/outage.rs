//! A broker that dies with alerts on their way, and a station that dies with its
//! first alarm.

use std::sync::mpsc;
use std::time::Duration;

use firmware_mocks::pty::Pty;
use serde_json::Value;

use crate::broker::Mosquitto;
use crate::support::{
    Answer, Client, Daemon, Home, PATIENCE, Webhook, broker, mightyohm_line, station_reading,
    wait_for,
};

const EVENT: &str = "pantau/v1/pantau/event";
const HEARTBEAT: &str = "pantau/v1/pantau/heartbeat";

/// Longest wait for a silence of 30 s to be seen and told with a bundle.
const SILENCE: Duration = Duration::from_secs(120);

/// The next message on a topic that `wanted` accepts.
#[track_caller]
fn next(
    heard: &mpsc::Receiver<(String, Value)>,
    topic: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    loop {
        let (at, payload) = heard.recv_timeout(PATIENCE).unwrap();
        if at == topic && wanted(&payload) {
            return payload;
        }
    }
}

/// F64: mosquitto hangs with an event in flight, is killed, and comes back: what
/// it never confirmed is published again, in order; the other subscriber waits
/// for nothing of it, and no old heartbeat passes for a sign of life.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_with_alerts_in_flight_has_them_all_afterwards() {
    let home = Home::new();
    let mut mosquitto = Mosquitto::start(&home);
    let (_sub, heard) = mosquitto.listen(&[EVENT, HEARTBEAT]).await;
    let hook = Webhook::start(Answer::Status(204)).await;
    let pty = Pty::open().unwrap();
    let config = format!(
        "[publish]\nheartbeat_secs = 5\n[broker]\nurl = \"mqtt://{}:{}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n\
         [[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\nserial.port = \"{}\"\n\
         [[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\nfaults = \"none\"\npace = false\n\
         [[subscriber]]\nid = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\n",
        mosquitto.broker.host,
        mosquitto.broker.port,
        pty.path().display(),
        hook.url(),
    );
    let daemon = Daemon::start_in(home, &config).await;
    daemon
        .wait("the open port", "/api/v1/instruments", |all| {
            (all.pointer("/1/link/up")? == true).then_some(())
        })
        .await;
    next(&heard, HEARTBEAT, |_| true);
    mosquitto.wait_for_session(&daemon.home).await;

    mosquitto.freeze();
    pty.write(mightyohm_line(15, 877).as_bytes()).unwrap();
    hook.wait(1).await;
    mosquitto.kill_9();
    pty.write(mightyohm_line(439, 26_315).as_bytes()).unwrap();
    let is_rise = |event: &Value| event["why"] == "risen";
    wait_for("the rise at the webhook", PATIENCE, async || {
        let ids = hook.ids();
        let has_come = hook.received().iter().any(|one| is_rise(&one.document));
        if has_come { Ok(()) } else { Err(ids) }
    })
    .await;
    let (_, status) = daemon.get("/api/v1/status").await;
    let waiting = status["outbox_waiting"]["mqtt"].as_u64();
    assert!(waiting >= Some(2), "{status:#}");
    assert_eq!(daemon.get("/readyz").await.0, 503);

    let back = jiff::Timestamp::now();
    mosquitto.start_again();
    let raised = next(&heard, EVENT, |_| true);
    let risen = next(&heard, EVENT, is_rise);
    let received = hook.received();
    let at_hook = |why: &str| {
        let found = received.iter().find(|one| one.document["why"] == why);
        found.unwrap().document["id"].clone()
    };
    assert_eq!(raised["why"], "raised");
    assert_eq!(raised["id"], at_hook("raised"));
    assert_eq!(risen["id"], at_hook("risen"));
    let beat = next(&heard, HEARTBEAT, |_| true);
    let now: jiff::Timestamp = beat["now"].as_str().unwrap().parse().unwrap();
    assert!(now >= back, "a heartbeat of {now} came after {back}");
    let settled = |status: &Value| (status["outbox_waiting"]["mqtt"] == 0).then_some(());
    daemon
        .wait("an empty outbox", "/api/v1/status", settled)
        .await;
}

/// F72: one reading at TIO2 and never another word. It is raised, kept, and
/// marked; also by a daemon that was killed meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_station_silent_after_its_first_tio2_stays_raised_with_its_data_lost() {
    let broker = broker();
    let hook = Webhook::start(Answer::Status(204)).await;
    let config = format!(
        "[broker]\nurl = \"mqtt://{}:{}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\ninterval_secs = 5\n\
         [[subscriber]]\nid = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\n",
        broker.host,
        broker.port,
        hook.url(),
    );
    let mut daemon = Daemon::start(&config).await;
    let up = |status: &Value| (status["broker"]["up"] == true).then_some(());
    daemon.wait("the subscription", "/api/v1/status", up).await;
    let mut client = Client::connect(&broker, "stations", &[]).await;
    client
        .publish("irdms/st-1/reading", station_reading(1, 150.0))
        .await;
    let id = hook.wait(1).await[0].document["activation"]["id"].clone();
    let lost = async |daemon: &Daemon| {
        wait_for("the mark", SILENCE, async || {
            let (_, all) = daemon.get("/api/v1/activations").await;
            if all[0]["data_lost"] == true {
                Ok(all)
            } else {
                Err(all)
            }
        })
        .await
    };
    let check = |all: &Value| {
        assert_eq!(all.as_array().unwrap().len(), 1, "{all:#}");
        let one = &all[0];
        assert_eq!((&one["id"], &one["state"]), (&id, &Value::from("RAISED")));
        assert_eq!(
            (&one["class"], &one["present"]),
            (&Value::from("EMERGENCY"), &Value::from(true))
        );
    };
    check(&lost(&daemon).await);
    wait_for("the news of it", SILENCE, async || {
        let received = hook.received();
        let is_told = received.iter().any(|one| {
            one.document["why"] == "updated" && one.document["activation"]["data_lost"] == true
        });
        if is_told { Ok(()) } else { Err(hook.ids()) }
    })
    .await;
    daemon.kill_9();
    daemon.restart().await;
    check(&lost(&daemon).await);
    let about_it = hook.received();
    let about_it = about_it
        .iter()
        .filter(|one| one.document["activation"]["id"] == id);
    let whys: Vec<&str> = about_it
        .map(|one| one.document["why"].as_str().unwrap())
        .collect();
    assert_eq!(
        whys.iter().filter(|why| **why == "raised").count(),
        1,
        "{whys:?}"
    );
    assert!(
        whys.iter().all(|why| ["raised", "updated"].contains(why)),
        "{whys:?}"
    );
}
