//! Events to subscribers: signed, tried again, accepted once, none waiting for
//! another.

use firmware_mocks::mqtt::Broker;
use serde_json::Value;

use crate::support::{
    Answer, Client, Daemon, Home, PATIENCE, Received, Webhook, broker, mightyohm_line,
    station_reading, wait_for,
};

/// A counter that plays one reading of 150 µSv/h at once.
const RISE: &str = "[[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
                    capture = { file = \"rise\" }\n";

fn home() -> Home {
    let home = Home::new();
    home.write("rise", mightyohm_line(439, 26_315));
    home
}

fn webhook(id: &str, hook: &Webhook) -> String {
    let url = hook.url();
    format!(
        "\n[[subscriber]]\nid = \"{id}\"\nkind = \"webhook\"\nurl = \"{url}\"\n\
             allow_inside = [\"127.0.0.1\"]\n"
    )
}

/// A station on the broker.
fn station(broker: &Broker) -> String {
    let Broker { host, port, .. } = broker;
    format!(
        "[node]\nname = \"serpong\"\n[publish]\nheartbeat_secs = 5\n\
         [broker]\nurl = \"mqtt://{host}:{port}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n"
    )
}

/// Waits until nothing waits for `subscriber`.
async fn wait_until_settled(daemon: &Daemon, subscriber: &str) {
    let is_empty = |status: &Value| (status["outbox_waiting"][subscriber] == 0).then_some(());
    daemon
        .wait("an empty outbox", "/api/v1/status", is_empty)
        .await;
}

/// Waits until the broker has confirmed the daemon's subscriptions.
async fn wait_until_subscribed(daemon: &Daemon) {
    let is_up = |status: &Value| (status["broker"]["up"] == true).then_some(());
    daemon
        .wait("the subscriptions", "/api/v1/status", is_up)
        .await;
}

#[track_caller]
fn check_event(received: &Received) {
    let event = &received.document;
    let activation = &event["activation"];
    let id = activation["id"].as_str().unwrap();
    assert_eq!(event["id"], format!("{id}.{}", activation["version"]));
    assert_eq!(received.id(), event["id"]);
    assert_eq!(received.path, "/hook");
    assert_eq!(received.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_webhook_gets_the_event_signed() {
    let hook = Webhook::start(Answer::Status(204)).await;
    let home = home();
    let secret = "whsec-of-the-duty-officer";
    home.write("key", format!("{secret}\n"));
    let config = format!("{RISE}{}secret_file = \"key\"\n", webhook("duty", &hook));
    let mut daemon = Daemon::start_in(home, &config).await;
    hook.wait(1).await;
    wait_until_settled(&daemon, "duty").await;
    daemon.stop().await;
    let received = hook.received();
    let [event] = received.as_slice() else {
        panic!("{received:#?}");
    };
    check_event(event);
    assert_eq!(event.document["why"], "raised");
    assert_eq!(event.document["recorded"], true);
    assert_eq!(event.document["exercise"], false);
    assert_eq!(event.document["activation"]["rule"], "T3.1-I-2");
    for language in ["id", "en"] {
        let headline = &event.document["text"][language]["headline"];
        assert!(!headline.as_str().unwrap().is_empty());
    }

    assert!(event.is_signed_by(secret.as_bytes()), "{event:?}");
    assert!(!daemon.log().contains(secret));
}

#[tokio::test]
async fn a_refused_event_is_sent_until_it_is_accepted_and_then_no_more() {
    let hook = Webhook::start(Answer::Status(500)).await;
    let config = format!("{RISE}{}", webhook("duty", &hook));
    let mut daemon = Daemon::start_in(home(), &config).await;
    hook.wait(2).await;
    let (_, status) = daemon.get("/api/v1/status").await;
    assert_eq!(status["outbox_waiting"]["duty"], 1);
    hook.answer(Answer::Status(204));
    let tried = hook.received().len();
    wait_until_settled(&daemon, "duty").await;
    daemon.stop().await;
    let received = hook.received();
    // An attempt may have been under way when the answer changed.
    assert!(received.len() <= tried + 2, "{:?}", hook.ids());
    for again in &received {
        check_event(again);
        assert_eq!(again.body, received[0].body);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Webhook::start(Answer::Status(204)).await;
    let hook = Webhook::start(Answer::Redirect(elsewhere.url())).await;
    let config = format!("{RISE}{}", webhook("duty", &hook));
    let mut daemon = Daemon::start_in(home(), &config).await;
    hook.wait(2).await;
    // Refused twice, it becomes a dead letter.
    wait_until_settled(&daemon, "duty").await;
    daemon.stop().await;
    assert_eq!(hook.received().len(), 2);
    assert_eq!(elsewhere.ids(), Vec::<String>::new());
    let log = daemon.log();
    assert!(
        log.contains("Subscriber refuses an event for good."),
        "{log}"
    );
}

/// The webhook takes the request and never answers; its time limit is longer
/// than this test waits for the others.
#[tokio::test]
async fn a_dead_webhook_delays_no_other_subscriber() {
    let dead = Webhook::start(Answer::Nothing).await;
    let alive = Webhook::start(Answer::Status(204)).await;
    let broker = broker();
    let config = format!(
        "{}{}timeout_secs = 60\n{}\n[[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\n",
        station(&broker),
        webhook("dead", &dead),
        webhook("alive", &alive),
    );
    let mut client = Client::connect(&broker, "test", &["pantau/v1/serpong/event"]).await;
    let daemon = Daemon::start(&config).await;
    wait_until_subscribed(&daemon).await;
    client
        .publish("irdms/st-1/reading", station_reading(1, 5.0))
        .await;
    let first = client.wait("the event", "pantau/", |_| true).await;
    dead.wait(1).await;
    // A second event, while the dead webhook still has the first.
    client
        .publish("irdms/st-1/reading", station_reading(2, 150.0))
        .await;
    let risen = |document: &Value| document["activation"]["class"] == "EMERGENCY";
    client
        .wait("the rise", "pantau/", |heard| risen(&heard.document))
        .await;
    wait_for("the rise at the other webhook", PATIENCE, async || {
        let received = alive.received();
        let has_come = received.iter().any(|one| risen(&one.document));
        if has_come { Ok(()) } else { Err(received) }
    })
    .await;
    assert_eq!(dead.ids(), [first.document["id"].as_str().unwrap()]);
    let (_, status) = daemon.get("/api/v1/status").await;
    assert!(
        status["outbox_waiting"]["dead"].as_u64() > Some(0),
        "{status:#}"
    );
}

#[tokio::test]
async fn after_a_crash_only_what_was_not_accepted_is_sent_again() {
    let accepting = Webhook::start(Answer::Status(200)).await;
    let failing = Webhook::start(Answer::Status(503)).await;
    let broker = broker();
    let config = format!(
        "{}{}{}",
        station(&broker),
        webhook("accepting", &accepting),
        webhook("failing", &failing),
    );
    let mut daemon = Daemon::start(&config).await;
    wait_until_subscribed(&daemon).await;
    let mut client = Client::connect(&broker, "test", &[]).await;
    client
        .publish("irdms/st-1/reading", station_reading(1, 5.0))
        .await;
    failing.wait(1).await;
    accepting.wait(1).await;
    let stored = |books: &Value| (books["total"]["stored"] == 1).then_some(());
    daemon
        .wait("the stored reading", "/api/v1/books", stored)
        .await;
    let message = accepting.ids()[0].clone();
    wait_for("the acceptance in the journal", PATIENCE, async || {
        let journal = journal(&daemon.home);
        let of_message = |line: &&str| {
            line.contains(&message) && line.contains("\"accepting\"") && line.contains("accepted\"")
        };
        let is_there = journal
            .lines()
            .any(|line| of_message(&line) && line.contains("result"));
        if is_there {
            Ok(())
        } else {
            Err(journal.clone())
        }
    })
    .await;
    daemon.kill_9();
    failing.answer(Answer::Status(200));
    let tried = failing.received().len();
    daemon.restart().await;
    let received = failing.wait(tried + 1).await;
    assert_eq!(received[tried].id(), message);
    assert_eq!(
        received[tried].document["activation"],
        received[0].document["activation"]
    );
    wait_until_settled(&daemon, "failing").await;

    // Each subscriber is told in order: had the accepted one come again, it
    // would stand before this.
    wait_until_subscribed(&daemon).await;
    client
        .publish("irdms/st-1/reading", station_reading(2, 150.0))
        .await;
    accepting.wait(2).await;
    wait_until_settled(&daemon, "accepting").await;
    let ids = accepting.ids();
    assert_eq!(
        ids.iter().filter(|id| **id == message).count(),
        1,
        "{ids:?}"
    );
    let activation = message.split_once('.').unwrap().0;
    assert!(ids.iter().all(|id| id.starts_with(activation)), "{ids:?}");
}

/// All that the journal holds.
fn journal(home: &Home) -> String {
    let folder = home.path("data/journal");
    let files = std::fs::read_dir(&folder).unwrap();
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn mqtt_has_events_the_state_and_a_heartbeat() {
    let broker = broker();
    let mut client = Client::connect(&broker, "test", &["pantau/#"]).await;
    let daemon = Daemon::start(&station(&broker)).await;
    wait_until_subscribed(&daemon).await;
    let beat = client
        .wait("a heartbeat", "pantau/v1/serpong/heartbeat", |_| true)
        .await;
    assert!(!beat.retained);
    assert_eq!(beat.document["node"], "serpong");
    assert!(beat.document["now"].is_string());

    client
        .publish("irdms/st-1/reading", station_reading(1, 150.0))
        .await;
    let event = client
        .wait("the event", "pantau/v1/serpong/event", |_| true)
        .await;
    assert_eq!((event.qos, event.retained), (1, false));
    let activation = &event.document["activation"];
    assert_eq!(activation["class"], "EMERGENCY");
    let id = activation["id"].as_str().unwrap();
    assert_eq!(
        event.document["id"],
        format!("{id}.{}", activation["version"])
    );

    // Somebody who comes later is told how it is.
    let topic = format!("pantau/v1/serpong/activation/{id}");
    let late = Client::connect(&broker, "late", &["pantau/v1/serpong/activation/+"]).await;
    let state = late.wait("the retained state", &topic, |_| true).await;
    assert!(state.retained);
    assert_eq!(state.topic, topic);
    assert_eq!(state.document["id"], id);
    assert_eq!(state.document["version"], activation["version"]);
    assert_eq!(state.document["state"], "RAISED");
    let (expires, now) = (&state.document["expires_at"], &beat.document["now"]);
    assert!(
        expires.as_str() > now.as_str(),
        "{expires} is not after {now}"
    );
    // And is told nothing that has passed.
    assert!(late.heard("pantau/v1/serpong/event").is_empty());
}
