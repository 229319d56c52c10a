//! How long an alarm takes while something else fails, beside the healthy case
//! in the same run.
//!
//! Stations at 150 µSv/h, each heard of for the first time, are published to a
//! mosquitto with the broker file that Pantau ships, at QoS 1. Measured is the
//! time from the start of the publication to the event's arrival at a webhook
//! that accepts it at once. `cargo bench --bench faults` prints one JSON line and
//! fails where the 99th percentile is beyond two seconds.
//!
//! The full disk is a tmpfs of its own where this may be mounted (as root), else
//! a limit on the size of files; the line says which. It needs mosquitto.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should stop"
)]
#![expect(clippy::print_stdout, reason = "the figures are its result")]

#[path = "../real/broker.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod broker;
#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the tests, which use all of it"
)]
mod support;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use broker::Mosquitto;
use serde_json::{Value, json};
use support::daemon::Launch;
use support::{Answer, Client, Daemon, Home, Webhook, free_address, wait_for};
use tokio::time::{Instant, sleep_until};

/// Crossings that count; a few more come first, while all is well.
const CROSSINGS: usize = 300;
const WARM_UP: usize = 20;

/// Time between two of them.
const EVERY: Duration = Duration::from_millis(25);

/// The goal of alarm semantics, section 14, under these faults.
const GOAL_MS: f64 = 2000.0;

/// Longest wait for the last event.
const LONGEST: Duration = Duration::from_secs(120);

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Store,
    Disk,
    SlowSubscriber,
    DeadSubscriber,
}

const FAULTS: [(&str, Fault); 5] = [
    ("healthy", Fault::None),
    ("store_down", Fault::Store),
    ("disk_full", Fault::Disk),
    ("slow_subscriber", Fault::SlowSubscriber),
    ("dead_subscriber", Fault::DeadSubscriber),
];

#[tokio::main]
async fn main() {
    let mut report = json!({"crossings": CROSSINGS});
    let mut healthy_p99 = None;
    let mut late = Vec::new();
    for (name, fault) in FAULTS {
        let (mut took, how) = run(fault).await;
        took.sort_unstable();
        let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
        let ms = |duration: Duration| (duration.as_secs_f64() * 1e5).round() / 1e2;
        let p99 = ms(at(99));
        let healthy = *healthy_p99.get_or_insert(p99);
        report[name] = json!({
            "p50_ms": ms(at(50)), "p99_ms": p99, "max_ms": ms(at(100)),
            "p99_to_healthy": (p99 / healthy * 100.0).round() / 100.0, "how": how,
        });
        if p99 > GOAL_MS {
            late.push(name);
        }
    }
    println!("{report}");
    assert!(late.is_empty(), "beyond {GOAL_MS} ms: {late:?}");
}

/// Time from publication to acceptance of each crossing, and how the fault was
/// made.
async fn run(fault: Fault) -> (Vec<Duration>, &'static str) {
    let home = Home::new();
    let mosquitto = Mosquitto::start(&home);
    let hook = Webhook::start(Answer::Status(204)).await;
    let other = Webhook::start(match fault {
        Fault::SlowSubscriber => Answer::Slowly(Duration::from_secs(29)),
        Fault::DeadSubscriber => Answer::Nothing,
        Fault::None | Fault::Store | Fault::Disk => Answer::Status(204),
    })
    .await;
    let data = home.path("data");
    fs::create_dir(&data).unwrap();
    let tmpfs = (fault == Fault::Disk)
        .then(|| Tmpfs::mount(&data))
        .flatten();
    let launch = Launch {
        // A limit on files kills with a signal whoever does not ignore it.
        before: Some("trap '' XFSZ"),
        ..Launch::default()
    };
    let config = config(&mosquitto, &hook, &other);
    let mut daemon = Daemon::launch(home, &config, launch).await;
    daemon
        .wait("the subscription", "/api/v1/status", |status| {
            (status.pointer("/broker/up")? == true).then_some(())
        })
        .await;
    let mut client = Client::connect(&mosquitto.broker, "stations", &[]).await;
    let mut published = HashMap::new();
    publish(&mut client, 0..WARM_UP, &mut published).await;
    hook.wait(WARM_UP).await;
    let how = match fault {
        Fault::None => "-",
        Fault::Store => take_store_away(&data),
        Fault::Disk => fill(&data, tmpfs.as_ref(), daemon.pid()),
        Fault::SlowSubscriber => "answers after 29 s",
        Fault::DeadSubscriber => "one never answers, one refuses connections",
    };
    publish(&mut client, WARM_UP..WARM_UP + CROSSINGS, &mut published).await;
    let received = wait_for("every event", LONGEST, async || {
        let received = hook.received();
        let missing = (WARM_UP + CROSSINGS).saturating_sub(received.len());
        if missing == 0 {
            Ok(received)
        } else {
            Err(missing)
        }
    })
    .await;
    check_fault(fault, &daemon, &received.last().unwrap().document).await;
    let mut took = HashMap::new();
    for one in &received {
        let name = one.document["activation"]["instrument"].as_str().unwrap();
        let (n, sent) = published[name];
        if n >= WARM_UP {
            took.entry(n).or_insert(one.at.duration_since(sent));
        }
    }
    assert_eq!(took.len(), CROSSINGS, "crossings that were told");
    daemon.kill_9(); // it would wait for what fails
    (took.into_values().collect(), how)
}

/// Makes sure that what should fail did.
async fn check_fault(fault: Fault, daemon: &Daemon, last: &Value) {
    let (_, status) = daemon.get("/api/v1/status").await;
    match fault {
        Fault::None => assert_eq!(last["recorded"], true),
        Fault::Store => assert_eq!(status["store"]["ok"], false, "the store works"),
        // What is not recorded does not even get as far as the store.
        Fault::Disk => assert_eq!(last["recorded"], false, "the disk works"),
        Fault::SlowSubscriber | Fault::DeadSubscriber => {
            let waiting = status["outbox_waiting"]["other"].as_u64().unwrap();
            assert!(waiting > 0, "the other one accepts: {status:#}");
        }
    }
}

fn config(mosquitto: &Mosquitto, hook: &Webhook, other: &Webhook) -> String {
    let broker = &mosquitto.broker;
    let refusing = free_address();
    format!(
        "[broker]\nurl = \"mqtt://{}:{}\"\n[http]\nlisten = \"127.0.0.1:0\"\n\
         [log]\nlevel = \"info\"\n\
         [[instrument]]\nid = \"all\"\nprofile = \"pantau-station\"\nmqtt.each = true\n\
         [[subscriber]]\nid = \"hook\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\n\
         [[subscriber]]\nid = \"other\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\ntimeout_secs = 60\n\
         [[subscriber]]\nid = \"refusing\"\nkind = \"webhook\"\nurl = \"http://{refusing}/\"\n\
         allow_inside = [\"127.0.0.1\"]\nfaults = \"none\"\npace = false\n",
        broker.host,
        broker.port,
        hook.url(),
        other.url(),
    )
}

/// Publishes one crossing of each station, and notes when.
async fn publish(
    client: &mut Client,
    stations: std::ops::Range<usize>,
    published: &mut HashMap<String, (usize, Instant)>,
) {
    for n in stations {
        let name = format!("st-{n:04}");
        let topic = format!("irdms/{name}/reading");
        let at = Instant::now();
        published.insert(name, (n, at));
        client
            .publish(&topic, support::station_reading(1, 150.0))
            .await;
        sleep_until(at + EVERY).await;
    }
}

/// Puts a file where the store's folder was.
fn take_store_away(data: &Path) -> &'static str {
    let store = data.join("store");
    fs::rename(&store, data.join("gone")).unwrap();
    fs::write(store, "").unwrap();
    "its folder is gone"
}

/// Leaves no room for another byte in the data folder.
fn fill(data: &Path, tmpfs: Option<&Tmpfs>, pid: u32) -> &'static str {
    if tmpfs.is_some() {
        let mut junk = File::create(data.join("junk")).unwrap();
        // Large pieces, then the rest byte by byte.
        for piece in [vec![0; 1 << 16], vec![0; 1]] {
            while junk.write_all(&piece).is_ok() {}
        }
        return "a full tmpfs";
    }
    let limit = Command::new("prlimit")
        .args([format!("--pid={pid}"), "--fsize=1:1".to_owned()])
        .status();
    assert!(limit.unwrap().success(), "prlimit");
    "a limit on the size of files"
}

/// A small file system in memory, up to its drop.
struct Tmpfs(PathBuf);

impl Tmpfs {
    /// `None` where that is not allowed.
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(at)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(at.to_owned()))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily, as the daemon may still have files there.
        Command::new("umount").arg("-l").arg(&self.0).status().ok();
    }
}
