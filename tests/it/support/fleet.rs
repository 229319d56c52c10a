//! Many mocks on pseudo-terminals of their own, and one daemon that reads them.

use std::fmt::{self, Write as _};
use std::time::Duration;

use firmware_mocks::families::{Build, Family};
use firmware_mocks::mock::{Mock, MockHandle};
use firmware_mocks::port::Tally;
use firmware_mocks::scenario::{Scenario, Speed};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::process::{cpu_time, status_kib};
use super::{Daemon, Home, PATIENCE, in_time, wait_for};

/// Instruments that send one frame each second by themselves.
const FAMILIES: [&str; 3] = ["mightyohm", "gc10", "automess-6150ad"];

/// What a run of a fleet cost the daemon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Frames that the mocks sent in all.
    pub(crate) frames: u64,
    /// From the daemon's start to the mocks' end.
    pub(crate) took: Duration,
    /// Processor time in between.
    pub(crate) cpu: Duration,
    /// Resident memory at the end, and at its most.
    pub(crate) rss_kib: (u64, u64),
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = self.cpu.as_secs_f64() / self.took.as_secs_f64() * 100.0;
        let (now, peak) = self.rss_kib;
        write!(
            f,
            "{} frames in {:.1} s; daemon: {share:.1} % of one processor, {now} KiB resident, {peak} at the peak",
            self.frames,
            self.took.as_secs_f64()
        )
    }
}

/// Runs `count` mocks at `hertz` frames a second for `length`.
///
/// # Panics
///
/// When a mock and the daemon's books differ by a single frame, or the books do
/// not balance.
pub(crate) async fn run(count: usize, hertz: f64, length: Duration) -> Cost {
    let home = Home::new();
    let scenario = Scenario {
        speed: Speed::new(hertz).unwrap(),
        ..Scenario::quiet(0.1)
    };
    let mut config = String::new();
    let mut mocks: Vec<(String, MockHandle)> = Vec::new();
    for (n, family) in (0..count).zip(FAMILIES.iter().cycle()) {
        let family = Family::named(family).unwrap();
        let Build::Serial(build) = family.build else {
            panic!("{} is on no line", family.name);
        };
        let id = format!("{}-{n}", family.name);
        let mock = Mock::serial(build(n as u64)).spawn(&scenario).unwrap();
        let port = mock.port().unwrap();
        writeln!(
            config,
            "[[instrument]]\nid = \"{id}\"\nprofile = \"{}\"\nserial.port = \"{}\"",
            family.profile,
            port.display()
        )
        .unwrap();
        mocks.push((id, mock));
    }
    let mut daemon = Daemon::start_in(home, &config).await;
    let (started, before) = (Instant::now(), cpu_time(daemon.pid()));
    sleep(length).await;
    let mut sent = Vec::new();
    for (id, ending) in mocks
        .into_iter()
        .map(|(id, mock)| (id, tokio::spawn(stop_after_a_frame(mock))))
        .collect::<Vec<_>>()
    {
        let tally = ending.await.unwrap();
        assert_eq!(tally.frames_dropped, 0, "{id}: {tally:?}");
        sent.push((id, tally.frames_sent));
    }
    let took = started.elapsed();
    let cpu = cpu_time(daemon.pid()).saturating_sub(before);
    wait_for("every frame in the books", PATIENCE, async || {
        let (_, books) = daemon.get("/api/v1/books").await;
        let differs: Vec<String> = sent
            .iter()
            .filter_map(|(id, sent)| {
                let booked = booked(&books, id);
                (booked != Some(*sent)).then(|| format!("{id}: sent {sent}, booked {booked:?}"))
            })
            .collect();
        if differs.is_empty() {
            Ok(())
        } else {
            Err(differs)
        }
    })
    .await;
    let rss_kib = (
        status_kib(daemon.pid(), "VmRSS"),
        status_kib(daemon.pid(), "VmHWM"),
    );
    daemon.stop().await;
    Cost {
        frames: sent.iter().map(|(_, sent)| sent).sum(),
        took,
        cpu,
        rss_kib,
    }
}

/// Ends a mock just after it has sent a frame, when that is most easily lost.
async fn stop_after_a_frame(mock: MockHandle) -> Tally {
    let sent = mock.tally();
    in_time("one more frame", async {
        while mock.tally() == sent {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    mock.stop().await.unwrap().line
}

/// All frames of an instrument that the daemon has had, whatever became of them;
/// none while its books do not balance.
fn booked(books: &Value, id: &str) -> Option<u64> {
    let account = books.get("instruments")?.get(id)?;
    let count = |key: &str| account.get(key)?.as_u64();
    account.get("balanced")?.as_bool().filter(|good| *good)?;
    Some(count("received")? + count("duplicates")? + count("ignored")?)
}
