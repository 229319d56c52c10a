//! The wall clock set to 1970, to tomorrow and back by an hour, under a daemon
//! that holds activations: Debian's libfaketime, with monotonic time left alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use firmware_mocks::mqtt::Broker;
use serde_json::{Value, json};

use crate::support::daemon::Launch;
use crate::support::{Answer, Client, Daemon, Home, PATIENCE, Received, Webhook, broker, wait_for};

/// Where Debian keeps the library, whatever the machine.
const LIBRARIES: &str = "/usr/lib";

/// How long the clock is left at each time, with readings coming in.
const STAY: Duration = Duration::from_secs(6);

/// Time between two readings of a station.
const EVERY: Duration = Duration::from_millis(500);

/// When further contacts are told of a TIO2 that nobody acknowledged: the second
/// one while the clock is wrong, everyone later.
const SECOND_AFTER: Duration = Duration::from_secs(15);
const EVERYONE_AFTER: Duration = Duration::from_secs(30);

/// Two messages were on their way for times that differ by so much at the most.
const TOLERANCE: Duration = Duration::from_secs(1);

/// A busy machine, but no hour and no day.
const LATE_AT_MOST: Duration = Duration::from_secs(30);

/// Stations that say when they measured, by a clock that is always right, and
/// stations that do not.
const DATED: [bool; 2] = [false, true];

/// What a station does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// At TIO3 all the time, acknowledged.
    Acknowledged,
    /// At TIO3 first, then below 0.8 of it: a clearing run is under way.
    Clearing,
    /// At TIO2 all the time, acknowledged by nobody: it goes to further contacts.
    Unacknowledged,
    /// At TIO3 all the time, shelved.
    Shelved,
    /// Nothing at all, all the time.
    Calm,
}

const PARTS: [Part; 5] = [
    Part::Acknowledged,
    Part::Clearing,
    Part::Unacknowledged,
    Part::Shelved,
    Part::Calm,
];

impl Part {
    /// In µSv/h, at the beginning and later.
    const fn values(self) -> (f64, f64) {
        match self {
            Self::Acknowledged | Self::Shelved => (5.0, 5.0),
            Self::Clearing => (5.0, 0.2),
            Self::Unacknowledged => (150.0, 150.0),
            Self::Calm => (0.1, 0.1),
        }
    }
}

/// One station of each part, dated and not.
fn stations() -> impl Iterator<Item = (String, Part, bool)> {
    DATED.into_iter().flat_map(|dated| {
        PARTS.map(|part| {
            let name = format!("{part:?}").to_lowercase();
            let dated_or_not = if dated { "dated" } else { "plain" };
            (format!("{name}-{dated_or_not}"), part, dated)
        })
    })
}

fn library() -> PathBuf {
    let folders = fs::read_dir(LIBRARIES).unwrap();
    let found = folders.map(|folder| folder.unwrap().path().join("faketime/libfaketimeMT.so.1"));
    match found.into_iter().find(|path| path.exists()) {
        Some(path) => path,
        None => panic!("libfaketime is missing (package faketime)"),
    }
}

/// The clock that the daemon believes.
struct FakeClock(PathBuf);

impl FakeClock {
    fn new(home: &Home) -> Self {
        let clock = Self(home.path("clock"));
        clock.set(0);
        clock
    }

    /// Seconds away from the true time.
    fn set(&self, offset_s: i64) {
        // Never seen half written.
        let fresh = self.0.with_extension("new");
        fs::write(&fresh, format!("{offset_s:+}\n")).unwrap();
        fs::rename(fresh, &self.0).unwrap();
    }

    fn launch(&self) -> Launch {
        let text = |text: &str| text.to_owned();
        Launch {
            environment: vec![
                ("LD_PRELOAD", library().display().to_string()),
                ("FAKETIME_TIMESTAMP_FILE", self.0.display().to_string()),
                ("FAKETIME_NO_CACHE", text("1")),
                ("FAKETIME_DONT_FAKE_MONOTONIC", text("1")),
                ("DONT_FAKE_MONOTONIC", text("1")),
                ("NO_FAKE_STAT", text("1")),
            ],
            before: None,
        }
    }
}

/// Who is told when.
struct Contacts {
    first: Webhook,
    second: Webhook,
    everyone: Webhook,
}

fn config(broker: &Broker, contacts: &Contacts) -> String {
    let mut config = format!(
        "[broker]\nurl = \"mqtt://{}:{}\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [activation.escalation.emergency]\nsecond_secs = {}\neveryone_secs = {}\n\
         [[roster]]\nid = \"duty\"\nfirst = [\"first\"]\nsecond = [\"second\"]\n\
         everyone = [\"everyone\"]\n",
        broker.host,
        broker.port,
        SECOND_AFTER.as_secs(),
        EVERYONE_AFTER.as_secs(),
    );
    let hooks = [
        ("first", &contacts.first),
        ("second", &contacts.second),
        ("everyone", &contacts.everyone),
    ];
    for (id, hook) in hooks {
        config.push_str(&format!(
            "[[subscriber]]\nid = \"{id}\"\nkind = \"webhook\"\nurl = \"{}\"\n\
             allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\n",
            hook.url()
        ));
    }
    for (n, (id, ..)) in (0_i32..).zip(stations()) {
        let lat = -6.0 - 0.05 * f64::from(n);
        config.push_str(&format!(
            "[[site]]\nid = \"{id}\"\nname = \"{id}\"\n\
             position = {{ lat = {lat:.2}, lon = 106.6 }}\n\
             [[instrument]]\nid = \"{id}\"\nprofile = \"pantau-station\"\nsite = \"{id}\"\n"
        ));
    }
    config
}

/// Everything that goes on beside the clock.
struct Scene {
    daemon: Daemon,
    contacts: Contacts,
    client: Client,
    clock: FakeClock,
    seq: u64,
}

impl Scene {
    /// Publishes one reading of each station.
    async fn measure(&mut self, is_beginning: bool) {
        self.seq += 1;
        for (id, part, dated) in stations() {
            let (first, later) = part.values();
            let value = if is_beginning { first } else { later };
            let mut reading = json!({
                "boot": 1, "seq": self.seq, "dose_rate": {"value": value, "unit": "uSv/h"},
            });
            if dated {
                reading["measured_at"] = json!(jiff::Timestamp::now().to_string());
            }
            let topic = format!("irdms/{id}/reading");
            self.client.publish(&topic, reading.to_string()).await;
        }
    }

    /// What the daemon says of all activations: by site, what must not change.
    async fn activations(&self) -> Vec<Value> {
        let (status, all) = self.daemon.get("/api/v1/activations").await;
        assert_eq!(status, 200, "{all:#}");
        let mut all: Vec<Value> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                json!({
                    "site": one["place"]["site"], "id": one["id"], "state": one["state"],
                    "class": one["class"], "class_max": one["class_max"],
                    "present": one["present"], "acked": one["acked"],
                    "data_lost": one["data_lost"], "onset": one["onset"],
                    "shelved_until": one["shelved_until"],
                })
            })
            .collect();
        all.sort_by_key(|one| one["site"].as_str().unwrap().to_owned());
        all
    }

    /// Readings go on for a while, and at each of them all is as it was.
    async fn stay(&mut self, what: &str, expected: &[Value]) {
        let end = tokio::time::Instant::now() + STAY;
        while tokio::time::Instant::now() < end {
            self.measure(false).await;
            tokio::time::sleep(EVERY).await;
            assert_eq!(self.activations().await, expected, "{what}");
        }
        self.wait_for_stored().await;
        assert_eq!(self.activations().await, expected, "{what}");
    }

    /// Waits until all that was published is stored, so that it was judged.
    async fn wait_for_stored(&self) {
        let count = self.seq * u64::try_from(stations().count()).unwrap();
        self.daemon
            .wait("the readings", "/api/v1/books", |books| {
                (books["total"]["stored"] == count).then_some(())
            })
            .await;
    }

    /// Acknowledges or shelves, as `verb` says, with what it needs beside.
    async fn act(&self, site: &str, verb: &str, beside: Value) {
        let (_, all) = self.daemon.get("/api/v1/activations").await;
        let all = all.as_array().unwrap();
        let one = all.iter().find(|one| one["place"]["site"] == site).unwrap();
        let path = format!("/api/v1/activations/{}/{verb}", one["id"].as_str().unwrap());
        let mut body = json!({"version": one["version"], "name": "Duty", "note": "seen"});
        let keys = body.as_object_mut().unwrap();
        keys.extend(beside.as_object().unwrap().clone());
        let (status, answer) = self.daemon.post(&path, &body).await;
        assert_eq!(status, 200, "{answer:#}");
    }
}

/// The two that nobody acknowledged go on to further contacts when it is time by
/// a clock that nobody sets, each once.
async fn check_escalation(raised: &[Received], hook: &Webhook, after: Duration) {
    let is_escalated = |one: &&Received| one.document["why"] == "escalated";
    let told = wait_for("the next contacts", PATIENCE, async || {
        let received = hook.received();
        let told: Vec<Received> = received.iter().filter(is_escalated).cloned().collect();
        if told.len() >= 2 {
            Ok(told)
        } else {
            Err(hook.ids())
        }
    })
    .await;
    for one in &told {
        let id = &one.document["activation"]["id"];
        let of_it = |told: &&Received| told.document["activation"]["id"] == *id;
        let first = raised.iter().find(of_it).unwrap();
        let waited = one.at.duration_since(first.at);
        assert!(waited + TOLERANCE > after, "{waited:?}, not {after:?}");
        assert!(waited < after + LATE_AT_MOST, "{waited:?}, not {after:?}");
        // `everyone` hears of one step only, `second` of both.
        let times = told.iter().filter(of_it).count();
        assert!(times <= 2, "{times} times {id}");
    }
}

/// No activation is raised, cleared or doubled by it, and none is told again.
#[tokio::test(flavor = "multi_thread")]
async fn a_wall_clock_that_jumps_raises_clears_and_doubles_nothing() {
    let home = Home::new();
    let broker = broker();
    let contacts = Contacts {
        first: Webhook::start(Answer::Status(204)).await,
        second: Webhook::start(Answer::Status(204)).await,
        everyone: Webhook::start(Answer::Status(204)).await,
    };
    let clock = FakeClock::new(&home);
    let config = config(&broker, &contacts);
    let daemon = Daemon::launch(home, &config, clock.launch()).await;
    let client = Client::connect(&broker, "stations", &[]).await;
    daemon
        .wait("the subscription", "/api/v1/status", |status| {
            (status.pointer("/broker/up")? == true).then_some(())
        })
        .await;
    let mut scene = Scene {
        daemon,
        contacts,
        client,
        clock,
        seq: 0,
    };
    for _ in 0..2 {
        scene.measure(true).await; // the second one confirms
    }
    scene.wait_for_stored().await;
    let raised = scene.contacts.first.wait(8).await;
    for dated in ["plain", "dated"] {
        let site = format!("acknowledged-{dated}");
        scene.act(&site, "ack", json!({})).await;
        let site = format!("shelved-{dated}");
        scene.act(&site, "shelve", json!({"seconds": 3600})).await;
    }
    let expected = scene.activations().await;
    assert_eq!(expected.len(), 8, "{expected:#?}");
    scene.stay("with the right time", &expected).await;

    let now_s = jiff::Timestamp::now().as_second();
    let steps = [
        ("1970", 1000 - now_s),
        ("tomorrow", 86_400),
        ("an hour ago", -3600),
        ("the right time again", 0),
    ];
    for (what, offset_s) in steps {
        scene.clock.set(offset_s);
        wait_for("the daemon's clock to follow", PATIENCE, async || {
            let (_, status) = scene.daemon.get("/api/v1/status").await;
            let told = status["now"].as_str().unwrap().to_owned();
            let told_s = told.parse::<jiff::Timestamp>().unwrap().as_second();
            let off = told_s - jiff::Timestamp::now().as_second() - offset_s;
            if off.abs() < 60 { Ok(()) } else { Err(told) }
        })
        .await;
        scene.stay(what, &expected).await;
    }

    let Contacts {
        second, everyone, ..
    } = &scene.contacts;
    for (hook, after) in [(second, SECOND_AFTER), (everyone, EVERYONE_AFTER)] {
        check_escalation(&raised, hook, after).await;
    }
    // The first contacts were told nothing else, and no clock of the duty officer
    // ran out.
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for one in scene.contacts.first.received() {
        let why = one.document["why"].as_str().unwrap().to_owned();
        *told.entry(why).or_default() += 1;
    }
    assert_eq!(
        (told.get("raised"), told.get("shelved")),
        (Some(&8), Some(&2)),
        "{told:?}"
    );
    let known = ["raised", "shelved", "updated", "escalated"];
    assert!(
        told.keys().all(|why| known.contains(&why.as_str())),
        "{told:?}"
    );

    // It is alive all the same: what is true now is told.
    let rise =
        json!({"boot": 1, "seq": scene.seq + 1, "dose_rate": {"value": 200.0, "unit": "uSv/h"}});
    for site in ["calm-plain", "acknowledged-plain"] {
        let topic = format!("irdms/{site}/reading");
        scene.client.publish(&topic, rise.to_string()).await;
        wait_for("the alarm", PATIENCE, async || {
            let told = scene.contacts.first.received();
            let has_come = told.iter().any(|one| {
                let activation = &one.document["activation"];
                activation["class"] == "EMERGENCY" && activation["place"]["site"] == site
            });
            if has_come { Ok(()) } else { Err(told.len()) }
        })
        .await;
    }
    scene.daemon.stop().await;
}
