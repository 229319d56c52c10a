//! What the tests of the running program share: the daemon as a process, a
//! broker, a webhook, and waiting.

mod broker;
pub(crate) mod daemon;
pub(crate) mod events;
pub(crate) mod fleet;
pub(crate) mod process;
mod smtp;
mod webhook;
pub(crate) mod xml;

use std::fmt::Debug;
use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub(crate) use broker::{Client, broker, free_address, start_broker_at};
pub(crate) use daemon::{Daemon, pantau};
pub(crate) use smtp::Smtp;
pub(crate) use webhook::{Answer, Received, Webhook};

/// How long anything may take that is sure to come: long, for a machine that is
/// busy with other things.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks again and again until there is what is waited for.
///
/// `look` gives it, or what there is instead; the failure says what that was in
/// the end.
///
/// # Panics
///
/// When `limit` is over.
pub(crate) async fn wait_for<T, Seen: Debug>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<T, Seen>,
) -> T {
    let end = Instant::now() + limit;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if Instant::now() >= end => {
                panic!("waited {limit:?} for {what}; last seen: {seen:#?}")
            }
            Err(_) => sleep(LOOK_EVERY).await,
        }
    }
}

/// Gives `future` the time that anything may take.
///
/// # Panics
///
/// When that is over.
pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(done) => done,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}

/// A folder of one test, with the configuration and all that belongs to it; gone
/// with the test.
#[derive(Debug)]
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that only its owner may read, as secrets must be.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A line of the MightyOhm counter: `cps` in the last second, `cpm` in the last
/// minute.
///
/// 175.43 cpm are 1 µSv/h, and from 255 cpm on the counter averages faster.
pub(crate) fn mightyohm_line(cps: u32, cpm: u32) -> String {
    let mode = if cps > 255 {
        "INST"
    } else if cpm > 255 {
        "FAST"
    } else {
        "SLOW"
    };
    let usv_h = f64::from(cpm) * 0.0057;
    format!("CPS, {cps}, CPM, {cpm}, uSv/hr, {usv_h:.2}, {mode}\r\n")
}

/// A message of an IRDMS station in pantau's own format: a dose rate in µSv/h and
/// the message's number.
pub(crate) fn station_reading(seq: u64, usv_h: f64) -> String {
    let dose_rate = serde_json::json!({"value": usv_h, "unit": "uSv/h"});
    serde_json::json!({"boot": 1, "seq": seq, "dose_rate": dose_rate}).to_string()
}

/// The lines of a program's standard output, each a JSON document.
pub(crate) fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

/// The shared material beside the repository; `None` only where all of it is
/// absent.
pub(crate) fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    shared.is_dir().then_some(shared)
}

/// What a program printed: standard output, standard error.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}
