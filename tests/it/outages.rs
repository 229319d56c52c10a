//! What subscribers, people and files may do to a running daemon: nobody else is
//! touched by it, and nothing gets a second id.

use std::fs;
use std::path::Path;
use std::time::Duration;

use firmware_mocks::mqtt::Broker;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    Answer, Client, Daemon, Home, PATIENCE, Received, Webhook, broker, free_address,
    mightyohm_line, station_reading, wait_for,
};

fn hooked(id: &str, url: &str, keys: &str) -> String {
    format!(
        "[[subscriber]]\nid = \"{id}\"\nkind = \"webhook\"\nurl = \"{url}\"\n\
         allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\n{keys}\n"
    )
}

/// Every station of a broker.
fn stations(broker: &Broker, node: &str) -> String {
    let Broker { host, port, .. } = broker;
    format!(
        "[node]\nname = \"{node}\"\n[broker]\nurl = \"mqtt://{host}:{port}\"\n\
         [[instrument]]\nid = \"all\"\nprofile = \"pantau-station\"\nmqtt.each = true\n"
    )
}

async fn wait_until_subscribed(daemon: &Daemon) {
    let is_up = |status: &Value| (status["broker"]["up"] == true).then_some(());
    daemon
        .wait("the subscriptions", "/api/v1/status", is_up)
        .await;
}

async fn wait_until_settled(daemon: &Daemon, subscriber: &str) {
    let is_empty = |status: &Value| (status["outbox_waiting"][subscriber] == 0).then_some(());
    daemon
        .wait("an empty outbox", "/api/v1/status", is_empty)
        .await;
}

async fn publish(client: &mut Client, station: &str, seq: u64, usv_h: f64) {
    let topic = format!("irdms/{station}/reading");
    client.publish(&topic, station_reading(seq, usv_h)).await;
}

/// Waits until `count` readings are stored since the daemon's start.
async fn wait_for_stored(daemon: &Daemon, count: u64) {
    let stored = |books: &Value| (books["total"]["stored"] == count).then_some(());
    daemon.wait("the readings", "/api/v1/books", stored).await;
}

async fn activations(daemon: &Daemon) -> Vec<Value> {
    let (status, all) = daemon.get("/api/v1/activations").await;
    assert_eq!(status, 200, "{all:#}");
    all.as_array().unwrap().clone()
}

/// Times between the requests, in seconds.
fn gaps(received: &[Received]) -> Vec<f64> {
    let pairs = received.windows(2);
    pairs
        .map(|pair| pair[1].at.duration_since(pair[0].at).as_secs_f64())
        .collect()
}

/// A subscriber of the table below: how it answers, its keys, what is to come of
/// one emergency within the time of the trial.
struct Row {
    id: &'static str,
    answer: Answer,
    keys: &'static str,
    expected: Expected,
}

#[derive(Clone, Copy)]
enum Expected {
    /// Again and again, after at least these waits in seconds.
    Tried(&'static [f64]),
    /// So many requests, and it is given up.
    GivenUp(usize),
    /// One request, and it waits.
    Waiting,
}

/// Waits of an emergency: 1, 2, 4 s, a tenth less at the least.
const DOUBLING: Expected = Expected::Tried(&[0.9, 1.8, 3.6]);

fn rows() -> Vec<Row> {
    let row = |id, answer, keys, expected| Row {
        id,
        answer,
        keys,
        expected,
    };
    use Answer::{NotBefore, Nothing, Redirect, Slowly, Status};
    use Expected::{GivenUp, Tried, Waiting};
    vec![
        row("s500", Status(500), "", DOUBLING),
        row("s408", Status(408), "", DOUBLING),
        row("s425", Status(425), "", DOUBLING),
        // Its own word counts, up to 60 s for an emergency.
        row("s429", NotBefore(429, "3"), "", Tried(&[3.0, 3.0])),
        row("s503", NotBefore(503, "3600"), "", Waiting),
        row("hangs", Nothing, "timeout_secs = 1", Tried(&[1.9, 2.8])),
        row(
            "slow",
            Slowly(Duration::from_secs(29)),
            "timeout_secs = 60",
            Waiting,
        ),
        row("s404", Status(404), "", GivenUp(2)),
        row(
            "s302",
            Redirect("http://127.0.0.1:9/".to_owned()),
            "",
            GivenUp(2),
        ),
        row("s410", Status(410), "", GivenUp(1)),
    ]
}

/// F62: nine ways of not accepting, each with its own retries, beside one that
/// accepts at once.
#[tokio::test(flavor = "multi_thread")]
async fn subscribers_that_fail_are_tried_as_they_ask_and_touch_no_other() {
    let broker = broker();
    let good = Webhook::start(Answer::Status(204)).await;
    let mut config = stations(&broker, "serpong");
    let mut hooks = Vec::new();
    for row in rows() {
        let hook = Webhook::start(row.answer.clone()).await;
        config.push_str(&hooked(row.id, &hook.url(), row.keys));
        hooks.push((row, hook));
    }
    let down = format!("http://{}/", free_address());
    config.push_str(&hooked("down", &down, ""));
    config.push_str(&hooked("good", &good.url(), ""));
    let daemon = Daemon::start(&config).await;
    wait_until_subscribed(&daemon).await;
    let mut client = Client::connect(&broker, "stations", &[]).await;
    let sent = Instant::now();
    publish(&mut client, "st-1", 1, 150.0).await;
    let told = good.wait(1).await;
    let took = told[0].at.duration_since(sent);
    assert!(
        took < Duration::from_secs(10),
        "the good one after {took:?}"
    );

    for (row, hook) in &hooks {
        let Row { id, expected, .. } = row;
        match expected {
            Expected::Tried(waits) => {
                let received = hook.wait(waits.len() + 1).await;
                for (waited, least) in gaps(&received).iter().zip(*waits) {
                    // The clocks of both sides are read a little apart.
                    assert!(*waited > least - 0.1, "{id}: {:?}", gaps(&received));
                }
            }
            Expected::GivenUp(count) => {
                wait_until_settled(&daemon, id).await;
                assert_eq!(hook.received().len(), *count, "{id}");
            }
            Expected::Waiting => assert_eq!(hook.received().len(), 1, "{id}"),
        }
        let received = hook.received();
        for again in &received {
            assert_eq!(again.body, received[0].body, "{id}");
            assert_eq!(again.id(), told[0].id(), "{id}");
        }
    }
    let (_, status) = daemon.get("/api/v1/status").await;
    for id in ["s503", "slow", "down"] {
        assert_eq!(status["outbox_waiting"][id], 1, "{id}: {status:#}");
    }

    // Those that were only not ready have it as soon as they are.
    for (row, hook) in &hooks {
        if matches!(row.expected, Expected::Tried(_)) {
            hook.answer(Answer::Status(204));
        }
    }
    for (row, _) in &hooks {
        if matches!(row.expected, Expected::Tried(_)) {
            wait_until_settled(&daemon, row.id).await;
        }
    }
    // What is over for one that is gone is over for everything that follows.
    publish(&mut client, "st-2", 1, 160.0).await;
    good.wait(2).await;
    wait_until_settled(&daemon, "s404").await;
    wait_until_settled(&daemon, "s410").await;
    for (row, hook) in &hooks {
        let count = hook.received().len();
        match row.id {
            "s404" => assert_eq!(count, 4, "once more, then never"),
            "s410" => assert_eq!(count, 1, "gone is gone"),
            _ => {}
        }
    }
    assert_eq!(good.received().len(), 2);
}

/// F61: the subscriber has the message, and the daemon dies before it knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_acceptance_and_its_record_repeats_the_same_message() {
    let hook = Webhook::start(Answer::Nothing).await;
    let home = Home::new();
    home.write("rise", mightyohm_line(439, 26_315));
    let config = format!(
        "[[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
         capture = {{ file = \"rise\" }}\n{}",
        hooked("duty", &hook.url(), "")
    );
    let mut daemon = Daemon::start_in(home, &config).await;
    hook.wait(1).await;
    daemon.kill_9();
    hook.answer(Answer::Status(204));
    daemon.restart().await;
    hook.wait(2).await;
    wait_until_settled(&daemon, "duty").await;
    daemon.kill_9();
    daemon.restart().await;
    wait_until_settled(&daemon, "duty").await;
    daemon.stop().await;
    let received = hook.received();
    let (first, second) = (&received[0], &received[1]);
    assert_eq!(first.id(), second.id());
    assert_eq!(first.document["why"], "raised");
    assert_eq!(first.document["activation"], second.document["activation"]);
    // The recording is played at each start, so an update may have followed.
    for later in &received[2..] {
        let Value::String(why) = &later.document["why"] else {
            panic!("{:#}", later.document);
        };
        assert_eq!(why, "updated", "{:?}", hook.ids());
        assert_eq!(
            later.document["activation"]["id"],
            first.document["activation"]["id"]
        );
    }
}

/// F65: nobody can be told; the log has the whole message, and whoever asks for
/// the health is told what does not work.
#[tokio::test(flavor = "multi_thread")]
async fn when_no_channel_works_log_and_health_say_so() {
    let home = Home::new();
    home.write("rise", mightyohm_line(439, 26_315));
    let (nobody, broker) = (free_address(), free_address());
    let config = format!(
        "[broker]\nurl = \"mqtt://{broker}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n\
         [[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
         capture = {{ file = \"rise\" }}\n\
         [[subscriber]]\nid = \"log\"\nkind = \"log\"\nlanguage = \"en\"\n\
         [[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\nfaults = \"none\"\npace = false\n\
         [[subscriber]]\nid = \"mail\"\nkind = \"mail\"\nfaults = \"none\"\npace = false\nhost = \"127.0.0.1\"\nport = {}\n\
         security = \"none\"\nfrom = \"a@example.org\"\nto = [\"b@example.org\"]\n{}",
        nobody.port(),
        hooked("hook", &format!("http://{nobody}/"), "")
    );
    let daemon = Daemon::start_in(home, &config).await;
    for id in ["mqtt", "mail", "hook"] {
        wait_for("the failure in the log", PATIENCE, async || {
            let log = daemon.log();
            let says = log.lines().any(|line| {
                line.contains("Subscriber does not accept") && line.contains(&format!("={id} "))
            });
            if says { Ok(()) } else { Err(log) }
        })
        .await;
    }
    let [activation] = activations(&daemon).await.try_into().unwrap();
    let id = activation["id"].as_str().unwrap().to_owned();
    let log = daemon.log();
    let told = log.lines().find(|line| line.contains(&format!("{id} v1")));
    assert!(told.is_some(), "not in the log:\n{log}");
    let (_, status) = daemon.get("/api/v1/status").await;
    for subscriber in ["mqtt", "mail", "hook"] {
        assert_eq!(status["outbox_waiting"][subscriber], 1, "{status:#}");
    }
    let (code, problem) = daemon.get("/readyz").await;
    assert_eq!(code, 503, "{problem:#}");
    assert!(
        problem["detail"].as_str().unwrap().contains("broker"),
        "{problem:#}"
    );
    assert_eq!(daemon.get("/healthz").await.0, 200);
}

/// F69: an acknowledgement and a rise at the same time. Only what was seen is
/// acknowledged, whoever comes first.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_that_races_a_rise_covers_only_what_was_seen() {
    let broker = broker();
    let daemon = Daemon::start(&stations(&broker, "serpong")).await;
    wait_until_subscribed(&daemon).await;
    let mut client = Client::connect(&broker, "stations", &[]).await;
    let body = |version: &Value| json!({"version": version, "name": "Duty", "note": "seen"});
    let (mut first, mut later) = (0, 0);
    for round in 0..20_u64 {
        let station = format!("st-{round}");
        publish(&mut client, &station, 1, 5.0).await;
        let (id, version) = daemon
            .wait("the activation", "/api/v1/activations", |all| {
                let all = all.as_array()?;
                let one = all.iter().find(|one| one["instrument"] == *station)?;
                Some((one["id"].as_str()?.to_owned(), one["version"].clone()))
            })
            .await;
        let one = format!("/api/v1/activations/{id}");
        let path = format!("{one}/ack");
        let acknowledgement = body(&version);
        // Now the one is late, now the other.
        let late = Duration::from_micros(round * 250);
        let (ack_late, rise_late) = if round % 2 == 0 {
            (Duration::ZERO, late)
        } else {
            (late, Duration::ZERO)
        };
        let rise = async {
            tokio::time::sleep(rise_late).await;
            publish(&mut client, &station, 2, 150.0).await;
        };
        let acknowledge = async {
            tokio::time::sleep(ack_late).await;
            daemon.post(&path, &acknowledgement).await
        };
        let ((code, answer), ()) = tokio::join!(acknowledge, rise);
        let risen = daemon
            .wait("the rise", &one, |one| {
                (one["class"] == "EMERGENCY").then(|| one.clone())
            })
            .await;
        assert_eq!(risen["acked"], false, "{risen:#}");
        match code {
            200 => {
                first += 1;
                assert_eq!(answer["class"], "POSSIBLE_EMERGENCY", "{answer:#}");
            }
            409 => {
                later += 1;
                assert_eq!(answer["current"]["version"], risen["version"], "{answer:#}");
                assert_eq!(answer["current"]["class"], "EMERGENCY");
            }
            other => panic!("{other}: {answer:#}"),
        }
        // The old version is refused ever after, the new one taken, twice alike.
        let (code, refused) = daemon.post(&path, &acknowledgement).await;
        assert_eq!(
            (code, &refused["current"]["version"]),
            (409, &risen["version"])
        );
        let (code, taken) = daemon.post(&path, &body(&risen["version"])).await;
        assert_eq!((code, &taken["acked"]), (200, &json!(true)), "{taken:#}");
        let (code, again) = daemon.post(&path, &body(&risen["version"])).await;
        assert_eq!((code, &again["version"]), (200, &taken["version"]));
        assert_eq!(again["acked_by"], "Duty");
    }
    println!("the acknowledgement came first {first} times, later {later} times");
}

/// Turns one bit in the middle of the first line of a file that holds `text`.
fn damage(folder: &Path, text: &str) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(content) = fs::read_to_string(&path) else {
            continue;
        };
        let Some(at) = content.find(text) else {
            continue;
        };
        let mut bytes = content.into_bytes();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        return;
    }
    panic!("nothing in {} holds {text}", folder.display());
}

/// F73: what the daemon wrote is damaged or gone while it is down. It starts,
/// alarms go on, and what is known keeps its id.
#[tokio::test(flavor = "multi_thread")]
async fn damaged_and_lost_state_neither_misses_nor_doubles() {
    let broker = broker();
    let hook = Webhook::start(Answer::Status(204)).await;
    let config = format!(
        "{}{}",
        stations(&broker, "serpong"),
        hooked("duty", &hook.url(), "")
    );
    let mut daemon = Daemon::start(&config).await;
    wait_until_subscribed(&daemon).await;
    let mut client = Client::connect(&broker, "stations", &[]).await;
    publish(&mut client, "st-1", 1, 150.0).await;
    hook.wait(1).await;
    wait_until_settled(&daemon, "duty").await;
    wait_for_stored(&daemon, 1).await;
    let id = activations(&daemon).await[0]["id"].clone();
    daemon.stop().await;

    // A record that the activation does not hang on.
    let data = daemon.home.path("data");
    damage(&data.join("journal"), "\"kind\":\"started\"");
    // What else it keeps is thrown away, or broken.
    for entry in fs::read_dir(data.join("state")).unwrap() {
        fs::write(entry.unwrap().path(), "{\"broken").unwrap();
    }
    daemon.restart().await;
    wait_until_subscribed(&daemon).await;
    publish(&mut client, "st-1", 2, 155.0).await;
    wait_for_stored(&daemon, 1).await;
    let [kept] = activations(&daemon).await.try_into().unwrap();
    assert_eq!((&kept["id"], &kept["state"]), (&id, &json!("RAISED")));
    assert!(
        daemon.log().contains("Journal is damaged"),
        "{}",
        daemon.log()
    );
    publish(&mut client, "st-2", 1, 5.0).await;
    let told = hook.wait(2).await;
    assert_eq!(told[1].document["activation"]["instrument"], "st-2");
    wait_until_settled(&daemon, "duty").await;
    daemon.stop().await;

    // Journal and state are gone. The opening readings come again, as they do
    // when the broker had no word that they were stored.
    for lost in ["journal", "state"] {
        fs::remove_dir_all(data.join(lost)).unwrap();
    }
    daemon.restart().await;
    wait_until_subscribed(&daemon).await;
    publish(&mut client, "st-1", 1, 150.0).await;
    publish(&mut client, "st-2", 1, 5.0).await;
    publish(&mut client, "st-3", 1, 5.0).await;
    let told = wait_for("the alarm of the third station", PATIENCE, async || {
        let told = hook.received();
        let is_third = |one: &Received| one.document["activation"]["instrument"] == "st-3";
        if told.iter().any(is_third) {
            Ok(told)
        } else {
            Err(told.len())
        }
    })
    .await;
    let mut ids: Vec<String> = told.iter().map(|one| one.id().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "the same messages, and one more: {ids:?}");
    let open = activations(&daemon).await;
    assert_eq!(open.len(), 3, "{open:#?}");
    assert!(open.iter().any(|one| one["id"] == id), "{open:#?}");
}

/// F74: two daemons of one area that cannot see each other. Both tell, with the
/// same ids, so whoever listens hears of one thing, twice at the most.
#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_of_one_area_tell_under_the_same_ids() {
    let broker = broker();
    let hook = Webhook::start(Answer::Status(204)).await;
    let mut daemons = Vec::new();
    for node in ["first", "second"] {
        let config = format!(
            "{}{}",
            stations(&broker, node),
            hooked("duty", &hook.url(), "")
        );
        daemons.push(Daemon::start(&config).await);
    }
    for daemon in &daemons {
        wait_until_subscribed(daemon).await;
    }
    let mut client = Client::connect(&broker, "stations", &[]).await;
    for station in 0..10 {
        publish(&mut client, &format!("st-{station}"), 1, 5.0).await;
    }
    for station in 0..10 {
        publish(&mut client, &format!("st-{station}"), 2, 150.0).await;
    }
    hook.wait(40).await;
    let mut by_node = Vec::new();
    for daemon in &mut daemons {
        wait_until_settled(daemon, "duty").await;
        let mut ids: Vec<String> = activations(daemon)
            .await
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        by_node.push(ids);
        daemon.stop().await;
    }
    assert_eq!(by_node[0], by_node[1]);
    assert_eq!(by_node[0].len(), 10);
    let received = hook.ids();
    for id in &received {
        let times = received.iter().filter(|other| *other == id).count();
        assert!(times <= 2, "{id} came {times} times");
    }
}

/// A person's request at an activation; gives the status.
async fn act(daemon: &Daemon, station: &str, verb: &str, beside: Value) -> (u16, Value) {
    let all = activations(daemon).await;
    let one = all.iter().find(|one| one["instrument"] == station).unwrap();
    let path = format!("/api/v1/activations/{}/{verb}", one["id"].as_str().unwrap());
    let mut body = json!({"version": one["version"], "name": "Duty", "note": "known source"});
    let keys = body.as_object_mut().unwrap();
    keys.extend(beside.as_object().unwrap().clone());
    daemon.post(&path, &body).await
}

/// Waits until the subscriber was told this of a station.
async fn wait_for_word(hook: &Webhook, station: &str, why: &str) -> Received {
    wait_for(why, PATIENCE, async || {
        let received = hook.received();
        let is_it = |one: &&Received| {
            one.document["why"] == why && one.document["activation"]["instrument"] == station
        };
        let found = received.iter().find(is_it).cloned();
        found.ok_or_else(|| hook.ids())
    })
    .await
}

/// F70: one shelf ends while the daemon is down, one is broken by a rise, one
/// holds over the crash.
#[tokio::test(flavor = "multi_thread")]
async fn a_shelf_that_ends_while_down_is_told_at_start_and_a_rise_breaks_one() {
    let broker = broker();
    let hook = Webhook::start(Answer::Status(204)).await;
    let config = format!(
        "{}{}",
        stations(&broker, "serpong"),
        hooked("duty", &hook.url(), "")
    );
    let mut daemon = Daemon::start(&config).await;
    wait_until_subscribed(&daemon).await;
    let mut client = Client::connect(&broker, "stations", &[]).await;
    let shelves = [("short", 3), ("broken", 3600), ("long", 3600)];
    for (station, _) in shelves {
        publish(&mut client, station, 1, 5.0).await;
        wait_for_word(&hook, station, "raised").await;
    }
    wait_for_stored(&daemon, 3).await;
    for (station, seconds) in shelves {
        let (code, answer) = act(&daemon, station, "shelve", json!({"seconds": seconds})).await;
        assert_eq!(code, 200, "{answer:#}");
        wait_for_word(&hook, station, "shelved").await;
    }
    daemon.kill_9();
    // It is down until the short one is over.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let before = hook.ids();
    daemon.restart().await;
    let ready = Instant::now();
    let told = wait_for_word(&hook, "short", "unshelved").await;
    let took = told.at.saturating_duration_since(ready);
    assert!(
        took < Duration::from_secs(5),
        "told {took:?} after the start"
    );
    wait_until_subscribed(&daemon).await;
    publish(&mut client, "broken", 2, 150.0).await;
    let risen = wait_for_word(&hook, "broken", "risen").await;
    assert_eq!(risen.document["activation"]["shelved_until"], Value::Null);
    let of_the_long_one: Vec<Received> = hook
        .received()
        .into_iter()
        .filter(|one| one.document["activation"]["instrument"] == "long")
        .filter(|one| !before.contains(&one.id().to_owned())) // a repeat may come
        .collect();
    assert!(of_the_long_one.is_empty(), "{of_the_long_one:#?}");
    let all = activations(&daemon).await;
    let long = all.iter().find(|one| one["instrument"] == "long").unwrap();
    assert!(long["shelved_until"].is_string(), "{long:#}");
}

/// F71: nobody acknowledges. The second contact is told on time by a daemon that
/// was killed meanwhile, and everyone at the start of one that was down then.
#[tokio::test(flavor = "multi_thread")]
async fn escalation_goes_on_across_a_crash_and_what_was_missed_fires_at_start() {
    let broker = broker();
    let hooks = [
        Webhook::start(Answer::Status(204)).await,
        Webhook::start(Answer::Status(204)).await,
        Webhook::start(Answer::Status(204)).await,
    ];
    let [first, second, everyone] = &hooks;
    let mut config = format!(
        "{}[activation.escalation.emergency]\nsecond_secs = 8\neveryone_secs = 16\n\
         [[roster]]\nid = \"duty\"\nfirst = [\"first\"]\nsecond = [\"second\"]\n\
         everyone = [\"everyone\"]\n",
        stations(&broker, "serpong"),
    );
    for (id, hook) in ["first", "second", "everyone"].iter().zip(&hooks) {
        config.push_str(&hooked(id, &hook.url(), ""));
    }
    let mut daemon = Daemon::start(&config).await;
    wait_until_subscribed(&daemon).await;
    let mut client = Client::connect(&broker, "stations", &[]).await;
    publish(&mut client, "st-1", 1, 150.0).await;
    let raised = first.wait(1).await[0].at;
    wait_for_stored(&daemon, 1).await;
    daemon.kill_9();
    daemon.restart().await;
    let told = wait_for_word(second, "st-1", "escalated").await;
    let waited = told.at.duration_since(raised).as_secs_f64();
    assert!(
        (7.0..12.0).contains(&waited),
        "second contact after {waited} s"
    );
    assert_eq!(everyone.ids(), Vec::<String>::new());
    daemon.kill_9();
    tokio::time::sleep_until(raised + Duration::from_secs(17)).await;
    daemon.restart().await;
    let ready = Instant::now();
    let told = wait_for_word(everyone, "st-1", "escalated").await;
    let took = told.at.saturating_duration_since(ready);
    assert!(
        took < Duration::from_secs(5),
        "everyone {took:?} after the start"
    );
    for hook in &hooks {
        let received = hook.received();
        let mut ids: Vec<&str> = received.iter().map(|one| one.id()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert!(
            count <= ids.len() + 2,
            "more than one repeat for each crash: {ids:?}"
        );
    }
}
