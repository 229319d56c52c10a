//! Faults of the watch itself, in the running daemon: silence, deliveries, lost
//! state, configurations, the service's watchdog, and exercises.

use std::fs;
use std::time::Duration;

use firmware_mocks::mqtt::Broker;
use serde_json::{Value, json};
use tokio::net::UnixDatagram;

use crate::support::daemon::Launch;
use crate::support::{
    Answer, Client, Daemon, Home, PATIENCE, Webhook, broker, json_lines, mightyohm_line, pantau,
    station_reading, texts, wait_for,
};

/// What is seen only after half a minute or more of real time.
const LONG: Duration = Duration::from_secs(120);

fn webhook(id: &str, hook: &Webhook) -> String {
    let url = hook.url();
    format!(
        "\n[[subscriber]]\nid = \"{id}\"\nkind = \"webhook\"\nurl = \"{url}\"\n\
             allow_inside = [\"127.0.0.1\"]\n"
    )
}

/// A station on the broker that sends every second.
fn station(broker: &Broker) -> String {
    let Broker { host, port, .. } = broker;
    format!(
        "[node]\nname = \"serpong\"\n[broker]\nurl = \"mqtt://{host}:{port}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\ninterval_secs = 1\n"
    )
}

async fn wait_until_subscribed(daemon: &Daemon) {
    let is_up = |status: &Value| (status["broker"]["up"] == true).then_some(());
    daemon
        .wait("the subscriptions", "/api/v1/status", is_up)
        .await;
}

/// The open fault of a kind, as soon as there is one.
async fn fault(daemon: &Daemon, kind: &str) -> Value {
    wait_for(kind, LONG, async || {
        let (_, faults) = daemon.get("/api/v1/faults").await;
        let all = faults.as_array().cloned().unwrap_or_default();
        all.into_iter()
            .find(|fault| fault["kind"] == kind)
            .ok_or(faults)
    })
    .await
}

/// The first event of a webhook that `wanted` accepts.
async fn event(hook: &Webhook, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    wait_for(what, LONG, async || {
        let received = hook.received();
        let documents: Vec<Value> = received.into_iter().map(|one| one.document).collect();
        let found = documents.iter().find(|document| wanted(document)).cloned();
        found.ok_or(documents)
    })
    .await
}

/// F72: silence right after the first reading at TIO2. It stays, marked; the
/// silence is an urgent fault, told on every channel, and a person takes notice of
/// it by id and version.
#[tokio::test]
async fn f72_silence_at_a_level_keeps_the_activation_and_is_an_urgent_fault() {
    let broker = broker();
    let hook = Webhook::start(Answer::Status(204)).await;
    let config = format!(
        "{}{}faults = \"high\"\n\n[[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\n",
        station(&broker),
        webhook("duty", &hook)
    );
    let daemon = Daemon::start(&config).await;
    let mut client = Client::connect(&broker, "test", &["pantau/v1/serpong/#"]).await;
    wait_until_subscribed(&daemon).await;
    let reading = station_reading(1, 150.0);
    client.publish("irdms/st-1/reading", reading).await;
    let raised = event(&hook, "the activation", |event| event["why"] == "raised").await;
    assert_eq!(raised["activation"]["class"], "EMERGENCY");

    let silent = event(&hook, "the silence", |event| {
        event["fault"]["kind"] == "silent"
    })
    .await;
    assert_eq!(silent["why"], "raised");
    assert_eq!(silent["fault"]["priority"], "high");
    assert_eq!(silent["fault"]["what"], "st-1");
    assert_eq!(silent["exercise"], false);
    assert!(silent.get("activation").is_none());
    for language in ["id", "en"] {
        let lines = silent["text"][language]["lines"].as_array().unwrap();
        assert!(lines.len() >= 6, "{lines:?}");
    }
    let id = silent["fault"]["id"].as_str().unwrap();
    let topic = format!("pantau/v1/serpong/fault/{id}");
    let state = client.wait("its state", &topic, |_| true).await;
    assert_eq!(state.document["state"], "RAISED");
    assert!(state.document["expires_at"].is_string());

    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(activations[0]["state"], "RAISED");
    assert_eq!(activations[0]["class"], "EMERGENCY");
    assert_eq!(activations[0]["data_lost"], true);

    let shown = fault(&daemon, "silent").await;
    let version = shown["version"].to_string();
    let url = format!("http://{}", daemon.address());
    let ack = |version: &str| {
        let words = [
            "ack",
            id,
            "--version",
            version,
            "--name",
            "Officer",
            "--note",
            "seen",
        ];
        pantau(&daemon.home, &[&words[..], &["--url", &url]].concat())
    };
    let stale = ack("77");
    assert!(!stale.status.success());
    assert!(texts(&stale).1.contains("409"), "{:?}", texts(&stale));
    let taken = ack(&version);
    assert!(taken.status.success(), "{:?}", texts(&taken));
    assert_eq!(json_lines(&taken)[0]["state"], "ACKED");
    let listed = pantau(&daemon.home, &["faults", "--url", &url]);
    assert_eq!(json_lines(&listed)[0]["id"], id);
    let (_, status) = daemon.get("/api/v1/status").await;
    assert_eq!(status["faults"]["silent"], 1);
    let metrics = daemon.get_response("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("pantau_faults_open{kind=\"silent\"} 1"));
    let nobody = daemon
        .post(
            "/api/v1/faults/F-0123456789abcdef/ack",
            &json!({"version": 1, "by": "A", "note": "n"}),
        )
        .await;
    assert_eq!(nobody.0, 404);

    // It is heard again, and goes on: the fault is over, and nothing of the
    // activation.
    let is_end =
        |document: &Value| document["fault"]["kind"] == "silent" && document["why"] == "closed";
    for seq in 2..u64::from(u8::MAX) {
        let reading = station_reading(seq, 150.0);
        client.publish("irdms/st-1/reading", reading).await;
        if hook.received().iter().any(|one| is_end(&one.document)) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    event(&hook, "the end of the silence", is_end).await;
    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(activations[0]["state"], "RAISED");
    assert_eq!(activations[0]["data_lost"], false);
}

/// A subscriber that accepts nothing for a minute is a fault that others are told.
#[tokio::test]
async fn what_a_subscriber_does_not_accept_is_told_to_another() {
    let (dead, other) = (
        Webhook::start(Answer::Status(500)).await,
        Webhook::start(Answer::Status(204)).await,
    );
    let home = Home::new();
    home.write("rise", mightyohm_line(439, 26_315));
    let config = format!(
        "[[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
         capture = {{ file = \"rise\" }}\n{}{}min_class = \"EMERGENCY\"\nfaults = \"high\"\n",
        webhook("duty", &dead),
        webhook("office", &other),
    );
    let daemon = Daemon::start_in(home, &config).await;
    let told = event(&other, "the delivery fault", |event| {
        event["fault"]["kind"] == "delivery"
    })
    .await;
    assert_eq!(told["fault"]["what"], "duty");
    assert_eq!(told["fault"]["priority"], "normal");
    let of_faults = |hook: &Webhook| {
        let received = hook.received();
        received
            .iter()
            .filter(|one| one.document.get("fault").is_some())
            .count()
    };
    assert_eq!(of_faults(&dead), 0, "never to the one that fails");

    dead.answer(Answer::Status(204));
    event(&other, "the end of it", |event| {
        event["fault"]["kind"] == "delivery" && event["why"] == "cleared"
    })
    .await;
    assert_eq!(of_faults(&dead), 0);
    drop(daemon);
}

/// F09: whatever is wrong with a new configuration, the old one stays, and a fault
/// says so.
#[tokio::test]
async fn f09_a_bad_configuration_leaves_the_old_one_and_is_a_fault() {
    let hook = Webhook::start(Answer::Status(204)).await;
    let home = Home::new();
    home.write("line", mightyohm_line(1, 19));
    let good = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[[instrument]]\nid = \"counter\"\n\
         profile = \"mightyohm\"\ncapture = {{ file = \"line\" }}\n{}",
        webhook("duty", &hook)
    );
    let mut daemon = Daemon::start_with(home, &good).await;
    let bad = [
        ("[[instrument".to_owned(), "broken file"),
        (format!("{good}sites = [\"nowhere\"]\n"), "unknown station"),
        (
            format!("{good}\n[criteria]\ntio6_table = \"levels.json\"\n"),
            "empty level table",
        ),
    ];
    daemon.home.write("levels.json", "");
    for (n, (config, what)) in bad.iter().enumerate() {
        daemon.home.write("pantau.toml", config);
        daemon.signal("HUP");
        let times = n + 1;
        let seen = wait_for(what, PATIENCE, async || {
            let (_, faults) = daemon.get("/api/v1/faults").await;
            let all = faults.as_array().cloned().unwrap_or_default();
            let detail = |fault: &Value| fault["detail"]["en"].as_str().map(str::to_owned);
            all.iter()
                .find(|fault| fault["kind"] == "configuration")
                .and_then(detail)
                .filter(|_| daemon.log().matches("is refused").count() >= times)
                .ok_or(faults)
        })
        .await;
        assert!(!seen.is_empty(), "{what}");
        let (_, instruments) = daemon.get("/api/v1/instruments").await;
        assert_eq!(instruments[0]["id"], "counter", "{what}");
    }
    event(&hook, "the fault", |event| {
        event["fault"]["kind"] == "configuration" && event["why"] == "raised"
    })
    .await;

    // A good one again, without the counter: that is told, too.
    daemon.home.write("line", "");
    let other = good.replace("id = \"counter\"", "id = \"other\"");
    daemon.home.write("pantau.toml", &other);
    daemon.reload().await;
    let removed = fault(&daemon, "station_removed").await;
    assert_eq!(removed["list"], json!(["counter"]));
    let (_, faults) = daemon.get("/api/v1/faults").await;
    let all = faults.as_array().unwrap();
    let configuration = all.iter().find(|fault| fault["kind"] == "configuration");
    assert_eq!(configuration.unwrap()["present"], false);
}

/// F73: the state of the alarm is lost or damaged. What is true is raised again,
/// under the same id where the opening reading is still known, and a fault says
/// that something was lost.
#[tokio::test]
async fn f73_lost_state_is_a_fault_and_the_same_reading_gives_the_same_id() {
    let broker = broker();
    let mut daemon = Daemon::start(&station(&broker)).await;
    let mut client = Client::connect(&broker, "test", &[]).await;
    wait_until_subscribed(&daemon).await;
    let now = jiff::Timestamp::now();
    let reading = json!({
        "boot": 1, "seq": 1, "measured_at": now.to_string(),
        "dose_rate": {"value": 150.0, "unit": "uSv/h"},
    })
    .to_string();
    client.publish("irdms/st-1/reading", reading.clone()).await;
    let id = |activations: &Value| activations[0]["id"].as_str().map(str::to_owned);
    let path = "/api/v1/activations";
    let first = daemon.wait("the activation", path, id).await;
    let journal = daemon.home.path("data/journal");
    for loss in ["flip", "delete"] {
        daemon.stop().await;
        if loss == "delete" {
            fs::remove_dir_all(&journal).unwrap();
        } else {
            flip_a_transition(&journal);
        }
        daemon.restart().await;
        wait_until_subscribed(&daemon).await;
        let lost = fault(&daemon, "state_lost").await;
        assert_eq!(lost["priority"], "high", "{loss}");
        client.publish("irdms/st-1/reading", reading.clone()).await;
        let again = daemon.wait("the activation", path, id).await;
        assert_eq!(again, first, "{loss}");
        let (_, activations) = daemon.get(path).await;
        assert_eq!(activations.as_array().unwrap().len(), 1, "{loss}");
        assert_eq!(activations[0]["class"], "EMERGENCY", "{loss}");
    }
}

/// Changes one character of every record of a transition.
fn flip_a_transition(journal: &std::path::Path) {
    let mut flipped = 0;
    for entry in fs::read_dir(journal).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "ndjson") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let kind = "{\"kind\":\"transition\"";
        flipped += text.matches(kind).count();
        fs::write(&path, text.replace(kind, "{\"kind\":\"tr4nsition\"")).unwrap();
    }
    assert!(flipped > 0, "no transition was recorded");
}

/// T31: what a payload says of exercises decides nothing.
#[tokio::test]
async fn t31_a_payload_that_claims_to_be_an_exercise_is_taken_as_real() {
    let broker = broker();
    let hook = Webhook::start(Answer::Status(204)).await;
    let config = format!("{}{}", station(&broker), webhook("duty", &hook));
    let daemon = Daemon::start(&config).await;
    let mut client = Client::connect(&broker, "test", &[]).await;
    wait_until_subscribed(&daemon).await;
    let reading = json!({
        "boot": 1, "seq": 1, "exercise": true, "drill": true, "status": ["exercise"],
        "mode": "exercise", "dose_rate": {"value": 150.0, "unit": "uSv/h"},
    });
    client
        .publish("irdms/st-1/reading", reading.to_string())
        .await;
    let raised = event(&hook, "the activation", |event| event["why"] == "raised").await;
    assert_eq!(raised["exercise"], false);
    assert!(raised.get("drill").is_none());
    assert_eq!(raised["activation"]["exercise"], false);
    assert_eq!(raised["activation"]["class_max"], "EMERGENCY");
    assert!(
        raised["activation"]["id"]
            .as_str()
            .unwrap()
            .starts_with("A-")
    );
    drop(daemon);
}

/// After a start an exercise goes through the whole chain, to those who asked for
/// it, and leaves nothing.
#[tokio::test]
async fn an_exercise_reaches_those_who_asked_for_it_and_nobody_else() {
    let (wants, not) = (
        Webhook::start(Answer::Status(204)).await,
        Webhook::start(Answer::Status(204)).await,
    );
    let config = format!(
        "{}drills = true\n{}",
        webhook("chain", &wants),
        webhook("duty", &not)
    );
    let mut daemon = Daemon::start(&config).await;
    let raised = event(&wants, "the exercise", |event| event["why"] == "raised").await;
    assert_eq!(raised["drill"], true);
    assert_eq!(raised["exercise"], true);
    let id = raised["activation"]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("X-"), "{id}");
    let headline = raised["text"]["en"]["headline"].as_str().unwrap();
    assert!(headline.starts_with("LATIHAN / EXERCISE"), "{headline}");
    event(&wants, "its end", |event| {
        event["why"] == "closed" && event["activation"]["id"] == id.as_str()
    })
    .await;
    assert!(not.received().is_empty(), "{:#?}", not.received());
    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(activations, json!([]));
    daemon.stop().await;
    daemon.restart().await;
    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(activations, json!([]), "a restart takes up nothing of it");
    let (_, deadlines) = daemon.get("/api/v1/deadlines").await;
    assert_eq!(deadlines, json!([]), "no clock runs for it");
}

/// F04: the service manager hears that the daemon is ready, of its work, and that
/// it stops. That pings end with the evaluator's work is shown beside the code.
#[tokio::test]
async fn f04_the_service_manager_is_told_of_start_work_and_stop() {
    let home = Home::new();
    let socket = home.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    let launch = Launch {
        environment: vec![
            ("NOTIFY_SOCKET", socket.display().to_string()),
            ("WATCHDOG_USEC", "2000000".to_owned()),
        ],
        ..Launch::default()
    };
    let config = "[http]\nlisten = \"127.0.0.1:0\"\n";
    let mut daemon = Daemon::launch(home, config, launch).await;
    let heard = |what: &'static str| {
        let manager = &manager;
        async move {
            let mut buffer = [0; 256];
            let received = tokio::time::timeout(LONG, manager.recv(&mut buffer)).await;
            let n = received.unwrap_or_else(|_| panic!("no {what}")).unwrap();
            String::from_utf8_lossy(&buffer[..n]).into_owned()
        }
    };
    let ready = heard("READY").await;
    assert!(ready.starts_with("READY=1\nSTATUS="), "{ready}");
    for _ in 0..3 {
        assert_eq!(heard("ping").await, "WATCHDOG=1");
    }
    daemon.stop().await;
    let mut last = heard("word").await;
    while last == "WATCHDOG=1" {
        last = heard("STOPPING").await;
    }
    assert_eq!(last, "STOPPING=1");
}
