//! The daemon on pseudo-terminals, against the mock firmware.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use firmware_mocks::families::mightyohm;
use firmware_mocks::mock::Mock;
use firmware_mocks::player::{Event, Options, Outcome};
use firmware_mocks::scenario::Scenario;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::support::process::cpu_time;
use crate::support::{Daemon, Home, PATIENCE, fleet, pantau, shared, wait_for};

/// Time of measurement → how often it stands in the export, for one instrument.
fn exported(home: &Home, instrument: &str) -> BTreeMap<String, usize> {
    let arguments = ["export", "--format", "csv", "--instrument", instrument];
    let output = pantau(home, &arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut readings = BTreeMap::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        // One line for each value: the dose rate stands for its reading.
        if columns[10] == "dose_rate" {
            *readings.entry(columns[6].to_owned()).or_default() += 1;
        }
    }
    readings
}

/// The time in each sentence of a recording, by the number of its line.
fn times(file: &Path) -> BTreeMap<u64, String> {
    let text = std::fs::read_to_string(file).unwrap();
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| line.starts_with('$'))
        .map(|(number, line)| (number, line.split(',').nth(2).unwrap().to_owned()))
        .collect()
}

/// Both real recordings through pseudo-terminals, each with a `kill -9` and a
/// restart in the middle: what was sent while the daemon was up is stored once.
#[tokio::test(flavor = "multi_thread")]
async fn real_recordings_survive_kill_9() {
    let Some(shared) = shared() else {
        println!("skipped: no folder of shared material on this machine");
        return;
    };
    for name in ["bgeigie.log", "bgeigie_nyc.log"] {
        let file = shared.join("real-data").join(name);
        let times = times(&file);
        let home = Home::new();
        let link = home.path("port");
        let (tell, mut told) = mpsc::channel(64);
        let mut player = Options {
            link: Some(link.clone()),
            rate: "25".parse().unwrap(),
            wait_open: true,
            ..Options::new(file)
        }
        .spawn(tell)
        .unwrap();
        let config = format!(
            "[[instrument]]\nid = \"team\"\nprofile = \"safecast-bgeigie\"\nserial.port = \"{}\"\n",
            link.display()
        );
        let mut daemon = Daemon::start_in(home, &config).await;
        let kill_after = *times.keys().nth(times.len() / 2).unwrap();
        let mut owed = Vec::new();
        let mut unsure = Vec::new();
        while let Some(event) = told.recv().await {
            let Event::Line(line) = event else { continue };
            let Some(time) = times.get(&line.number) else {
                continue;
            };
            match line.outcome {
                Outcome::Written => owed.push(time.clone()),
                _ => unsure.push(time.clone()),
            }
            if line.number == kill_after {
                // Only what is stored is sure to outlive the crash.
                wait_for("the last reading in the store", PATIENCE, async || {
                    let stored = exported(&daemon.home, "team");
                    stored.contains_key(time).then_some(()).ok_or(stored)
                })
                .await;
                daemon.kill_9();
                // What was sent while the line was being looked at may be lost.
                while let Ok(event) = told.try_recv() {
                    if let Event::Line(line) = event {
                        unsure.extend(times.get(&line.number).cloned());
                    }
                }
                daemon.restart().await;
            }
        }
        player.finished().await.unwrap();
        wait_for("every reading in the store", PATIENCE, async || {
            let stored = exported(&daemon.home, "team");
            let missing: Vec<_> = owed.iter().filter(|t| !stored.contains_key(*t)).collect();
            if missing.is_empty() {
                Ok(())
            } else {
                Err(format!("{name}: missing {missing:?}"))
            }
        })
        .await;
        let stored = exported(&daemon.home, "team");
        let twice: Vec<_> = stored.iter().filter(|(_, times)| **times != 1).collect();
        assert!(twice.is_empty(), "{name}: {twice:?}");
        // How many lines are under way while the store is looked at hangs on the
        // machine; on both sides of the crash there are some that are sure.
        let killed_at = &times[&kill_after];
        assert!(
            owed.len() + unsure.len() == times.len()
                && unsure.len() <= times.len() / 2
                && owed.contains(killed_at)
                && owed.last() != Some(killed_at),
            "{name}: {} owed, {} unsure of {}",
            owed.len(),
            unsure.len(),
            times.len()
        );
        daemon.stop().await;
    }
}

/// Whether the instrument's port is open, as the daemon sees it.
fn link_up(instruments: &serde_json::Value) -> Option<bool> {
    instruments.pointer("/0/link/up")?.as_bool()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_comes_back_under_another_name_is_read_again() {
    let home = Home::new();
    let link = home.path("port");
    let scenario = Scenario::quiet(0.1);
    let mock = Mock::serial(mightyohm::Options::default().firmware(1))
        .link(link.clone())
        .spawn(&scenario)
        .unwrap();
    let first_name = mock.port();
    let config = format!(
        "[[instrument]]\nid = \"window\"\nprofile = \"mightyohm\"\nserial.port = \"{}\"\n",
        link.display()
    );
    let mut daemon = Daemon::start_in(home, &config).await;
    let received =
        |books: &serde_json::Value| books.pointer("/instruments/window/received")?.as_u64();
    daemon
        .wait("a first reading", "/api/v1/books", |books| {
            received(books).filter(|count| *count >= 1)
        })
        .await;
    mock.unplug().await;
    daemon
        .wait("the lost port", "/api/v1/instruments", |all| {
            link_up(all).filter(|up| !up)
        })
        .await;
    // The longer it is away, the longer are the pauses between two attempts; and
    // looking for it costs next to nothing.
    let before = received(&daemon.get("/api/v1/books").await.1).unwrap();
    let (begun, used) = (Instant::now(), cpu_time(daemon.pid()));
    sleep(Duration::from_secs(5)).await;
    let used = cpu_time(daemon.pid()).saturating_sub(used);
    let share = used.as_secs_f64() / begun.elapsed().as_secs_f64();
    println!("{:.2} % of one processor while it is away", share * 100.0);
    assert!(share < 0.01, "{used:?}");
    // Something else takes the old name, so that the new one differs.
    let _stranger = firmware_mocks::pty::Pty::open().unwrap();
    let replugged = Instant::now();
    mock.replug().await;
    daemon
        .wait("readings again", "/api/v1/books", |books| {
            received(books).filter(|count| *count > before)
        })
        .await;
    println!("read again after {:?}", replugged.elapsed());
    assert_ne!(mock.port(), first_name);
    assert_eq!(daemon.log().matches("Port lost.").count(), 1);
    daemon.stop().await;
}

/// The same with 64 instruments and for a minute is in `tests/real/fleet.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn every_frame_of_many_instruments_is_in_the_books() {
    let cost = fleet::run(8, 10.0, Duration::from_secs(10)).await;
    println!("{cost}");
    assert!(cost.frames >= 8 * 100, "{cost}");
}
