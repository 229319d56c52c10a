//! The daemon killed at fifty random moments of fifty life-cycles, with three
//! subscribers that hear everything twice at the most, and nothing not at all.

mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firmware_mocks::prng::Prng;
use pantau::journal::{Entry, replay, verify};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use self::told::{Message, by_mail, by_mqtt, by_webhook};
use crate::broker::Mosquitto;
use crate::support::{
    Answer, Client, Daemon, Home, Smtp, Webhook, free_address, station_reading, wait_for,
};

/// Sites, each with one station whose reading reaches TIO3 and then TIO2.
const SITES: usize = 50;

/// Times that the daemon is killed.
const KILLS: usize = 50;

/// How long it lives each time, in milliseconds: from before its first answer on.
const LIFE_MS: (u64, u64) = (50, 900);

/// A rise comes this many sites after its onset, so that lives lie between.
const RISE_LATER: usize = 2;

/// Longest wait for the books at the end: a debug build on a busy machine.
const SETTLE: Duration = Duration::from_secs(120);

const SECRET: &str = "whsec-of-the-duty-officer";

/// Takes its seed from `PANTAU_TEST_SEED`; the failure and the result name it.
fn seed() -> u64 {
    match std::env::var("PANTAU_TEST_SEED") {
        Ok(text) => text.parse().unwrap(),
        Err(_) => u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap(),
    }
}

/// A message of a station.
struct Step {
    topic: String,
    payload: String,
}

fn station(site: usize) -> String {
    format!("st-{site:02}")
}

/// Every message in the order it is sent.
fn script() -> Vec<Step> {
    let mut script = Vec::new();
    let mut say = |site: usize, seq: u64, usv_h: f64| {
        script.push(Step {
            topic: format!("irdms/{}/reading", station(site)),
            payload: station_reading(seq, usv_h),
        });
    };
    for site in 0..SITES + RISE_LATER {
        if site < SITES {
            say(site, 1, 0.1);
            say(site, 2, 5.0);
        }
        if let Some(risen) = site.checked_sub(RISE_LATER) {
            say(risen, 3, 150.0);
        }
    }
    script
}

fn config(mosquitto: &Mosquitto, hook: &Webhook, smtp: &Smtp, http: &str) -> String {
    let mut config = format!(
        "[broker]\nurl = \"mqtt://{}:{}\"\n[http]\nlisten = \"{http}\"\n\
         [[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\nfaults = \"none\"\npace = false\n\
         [[subscriber]]\nid = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\nsecret_file = \"key\"\n\
         [[subscriber]]\nid = \"mail\"\nkind = \"mail\"\nfaults = \"none\"\npace = false\nhost = \"127.0.0.1\"\nport = {}\n\
         security = \"none\"\nfrom = \"pantau@example.org\"\nto = [\"duty@example.org\"]\n",
        mosquitto.broker.host,
        mosquitto.broker.port,
        hook.url(),
        smtp.port(),
    );
    for site in 0..SITES {
        let lat = -6.0 - 0.05 * f64::from(u32::try_from(site).unwrap());
        let id = station(site);
        config.push_str(&format!(
            "[[site]]\nid = \"site-{site:02}\"\nname = \"Site {site}\"\n\
             position = {{ lat = {lat:.2}, lon = 106.6 }}\n\
             [[instrument]]\nid = \"{id}\"\nprofile = \"pantau-station\"\n\
             site = \"site-{site:02}\"\n",
        ));
    }
    config
}

/// Acknowledgements that the daemon took: activation and version.
type Taken = Arc<Mutex<BTreeSet<(String, u64)>>>;

/// Acknowledges whatever the webhook hears of, whenever the daemon is there, up
/// to its abortion.
async fn acknowledge(hook: Arc<Webhook>, http: String, taken: Taken) {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    loop {
        let mut newest: BTreeMap<String, u64> = BTreeMap::new();
        for message in by_webhook(&hook) {
            let version = newest.entry(message.activation).or_default();
            *version = message.version.max(*version);
        }
        for open in newest {
            if taken.lock().unwrap().contains(&open) {
                continue;
            }
            let (id, version) = &open;
            let url = format!("http://{http}/api/v1/activations/{id}/ack");
            let body = json!({"version": version, "name": "Duty", "note": "seen"});
            let request = client.post(url).header("content-type", "application/json");
            // Killed meanwhile, or not there yet: later again.
            let Ok(answer) = request.body(body.to_string()).send().await else {
                break;
            };
            if answer.status().is_success() {
                taken.lock().unwrap().insert(open);
            }
        }
        sleep(Duration::from_millis(30)).await;
    }
}

/// Lets the daemon live for a while, with messages coming in, and kills it.
async fn live_and_die(
    daemon: &mut Daemon,
    chance: &mut Prng,
    client: &mut Client,
    script: &mut std::vec::IntoIter<Step>,
) {
    let born = Instant::now();
    let life = LIFE_MS.0 + chance.below(LIFE_MS.1 - LIFE_MS.0);
    let mut moments = [0; 2].map(|_| chance.below(life));
    moments.sort_unstable();
    for at in moments {
        sleep_until(born + Duration::from_millis(at)).await;
        if let Some(Step { topic, payload }) = script.next() {
            client.publish(&topic, payload).await;
        }
    }
    sleep_until(born + Duration::from_millis(life)).await;
    // Every other time one more is on its way through when it happens.
    if chance.below(2) == 0
        && let Some(Step { topic, payload }) = script.next()
    {
        client.publish(&topic, payload).await;
        sleep(Duration::from_micros(chance.below(25_000))).await;
    }
    daemon.kill_9();
}

/// Station and number → how often it is stored.
async fn stored(daemon: &Daemon) -> BTreeMap<(String, u64), usize> {
    let mut stored = BTreeMap::new();
    let (_, readings) = daemon.get("/api/v1/readings?limit=10000").await;
    for reading in readings.as_array().unwrap() {
        let instrument = reading["instrument"].as_str().unwrap().to_owned();
        let key = (instrument, reading["seq"].as_u64().unwrap());
        *stored.entry(key).or_default() += 1;
    }
    stored
}

/// Each activation reaches each subscriber, under one id; what comes again has
/// the same id, version and content.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_no_activation_and_double_none() {
    let seed = seed();
    println!("seed {seed} (PANTAU_TEST_SEED={seed} plays it again)");
    let mut chance = Prng::new(seed);
    let home = Home::new();
    let mosquitto = Mosquitto::start(&home);
    let hook = Arc::new(Webhook::start(Answer::Status(204)).await);
    let smtp = Smtp::start("250 taken").await;
    let topics = ["pantau/v1/pantau/event"];
    let listener = Client::connect(&mosquitto.broker, "listener", &topics).await;
    let mut client = Client::connect(&mosquitto.broker, "stations", &[]).await;
    home.write("key", SECRET);
    let http = free_address().to_string();
    let config = config(&mosquitto, &hook, &smtp, &http);
    let mut daemon = Daemon::start_with(home, &config).await;
    daemon
        .wait("the subscription", "/api/v1/status", |status| {
            (status.pointer("/broker/up")? == true).then_some(())
        })
        .await;
    let taken = Taken::default();
    let acking = tokio::spawn(acknowledge(Arc::clone(&hook), http, Arc::clone(&taken)));

    let messages = script().len();
    let mut script = script().into_iter();
    for kill in 0..KILLS {
        if kill > 0 {
            daemon.start_again();
        }
        live_and_die(&mut daemon, &mut chance, &mut client, &mut script).await;
    }
    daemon.restart().await;
    for Step { topic, payload } in script {
        client.publish(&topic, payload).await;
    }

    wait_for("every message in the store", SETTLE, async || {
        let count = stored(&daemon).await.len();
        (count == messages).then_some(()).ok_or(count)
    })
    .await;
    wait_for("the acknowledgements", SETTLE, async || {
        let (_, all) = daemon.get("/api/v1/activations").await;
        let all = all.as_array().unwrap().clone();
        let open = all.iter().filter(|one| one["state"] != "ACKED").count();
        let is_over = open == 0 && all.len() == SITES;
        is_over.then_some(()).ok_or((open, all.len()))
    })
    .await;
    wait_for("empty outboxes", SETTLE, async || {
        let (_, status) = daemon.get("/api/v1/status").await;
        let waiting = &status["outbox_waiting"];
        let is_empty = ["mqtt", "hook", "mail"].iter().all(|id| waiting[id] == 0);
        is_empty.then_some(()).ok_or(waiting.clone())
    })
    .await;
    acking.abort();
    let (_, activations) = daemon.get("/api/v1/activations").await;
    let twice = stored(&daemon).await;
    let twice: Vec<_> = twice.into_iter().filter(|(_, n)| *n > 1).collect();
    assert!(twice.is_empty(), "stored more than once: {twice:?}");
    daemon.stop().await;

    let ids = one_id_for_each_site(&activations);
    let received = hook.received();
    let forged = received
        .iter()
        .filter(|one| !one.is_signed_by(SECRET.as_bytes()));
    assert_eq!(forged.count(), 0, "webhooks without a good signature");
    let heard = [
        ("mqtt", by_mqtt(&listener)),
        ("hook", by_webhook(&hook)),
        ("mail", by_mail(&smtp)),
    ];
    let mut deliveries = json!({});
    let mut repeats = json!({});
    for (subscriber, messages) in &heard {
        let fresh = told::check(subscriber, messages, &ids);
        deliveries[subscriber] = json!(messages.len());
        repeats[subscriber] = json!(messages.len() - fresh);
        // One was on its way at each kill, at the most.
        assert!(messages.len() - fresh <= KILLS, "{subscriber} repeats");
    }
    told::check_same_everywhere(&heard);
    let acks_lost = lost(&daemon.home, &taken.lock().unwrap());
    verify(&daemon.home.path("data/journal")).unwrap();
    let report = json!({
        "seed": seed, "kills": KILLS, "crossings": 2 * SITES, "activations": ids.len(),
        "readings": messages, "deliveries": deliveries, "repeats_same_id": repeats,
        "acks": taken.lock().unwrap().len(), "acks_lost": acks_lost.len(),
    });
    println!("{report}");
    assert!(
        acks_lost.is_empty(),
        "answered, not recorded: {acks_lost:?}"
    );
}

/// Site → id; every site has one.
fn one_id_for_each_site(activations: &Value) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    for one in activations.as_array().unwrap() {
        assert_eq!(one["class"], "EMERGENCY", "{one:#}");
        let site = one["place"]["site"].as_str().unwrap().to_owned();
        let other = ids.insert(site, one["id"].as_str().unwrap().to_owned());
        assert_eq!(other, None, "two activations of one site: {one:#}");
    }
    let distinct: BTreeSet<_> = ids.values().collect();
    assert_eq!((ids.len(), distinct.len()), (SITES, SITES));
    ids
}

/// Acknowledgements that were answered and are in no record.
fn lost(home: &Home, taken: &BTreeSet<(String, u64)>) -> Vec<(String, u64)> {
    let mut recorded = BTreeSet::new();
    replay(&home.path("data/journal"), |record| {
        if let Some(Entry::Transition { transition, .. }) = record.entry
            && let Some(ack) = &transition.activation.ack
        {
            let id = transition.activation.id.to_string();
            recorded.insert((id, u64::from(ack.version)));
        }
    })
    .unwrap();
    taken.difference(&recorded).cloned().collect()
}

/// What a message says that must not differ when it comes again: its words and
/// whether it stands in the journal may, when the disk was late, and who had
/// accepted something of this activation by then is known to nobody after a crash.
fn core_of(document: &Value) -> Value {
    let mut core = document.clone();
    if let Some(object) = core.as_object_mut() {
        object.remove("recorded");
        object.remove("text");
        object.remove("accepted_by");
    }
    core
}

/// A message in one subscriber's own form.
fn message(id: &str, content: Value) -> Message {
    let (activation, version) = id.split_once('.').unwrap();
    Message {
        id: id.to_owned(),
        activation: activation.to_owned(),
        version: version.parse().unwrap(),
        content,
    }
}
