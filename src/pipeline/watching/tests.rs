//! The evaluator inside a whole daemon: when it hangs, so does what feeds the
//! service's watchdog.

use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::{Instant, timeout};

use crate::clock::Clock;
use crate::config;
use crate::notify::Notifier;
use crate::pipeline::{Command, Daemon};

/// Longest wait for what is sure to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pings' distance.
const EVERY: Duration = Duration::from_millis(500);

/// F04: the evaluator is stuck, everything else lives.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f04_an_evaluator_that_hangs_feeds_no_watchdog() {
    let folder = tempfile::tempdir().unwrap();
    let config = config::from_toml("[http]\nlisten = \"off\"\n", folder.path()).unwrap();
    let daemon = Daemon::start(config, Clock::start()).await.unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    let notifier = Notifier::to(path.as_os_str()).unwrap();
    let feeding = tokio::spawn(notifier.feed(EVERY, daemon.progress.clone()));
    let mut buffer = [0; 64];
    for _ in 0..3 {
        let ping = timeout(PATIENCE, manager.recv(&mut buffer)).await;
        assert_eq!(&buffer[..ping.unwrap().unwrap()], b"WATCHDOG=1");
    }

    let (release, until) = std::sync::mpsc::channel::<()>();
    daemon.core.hang(until).await.unwrap();
    // One ping may be on its way for work that was done before.
    let hung = Instant::now();
    let mut last = hung;
    while let Ok(ping) = timeout(EVERY * 8, manager.recv(&mut buffer)).await {
        ping.unwrap();
        last = Instant::now();
        assert!(last - hung < PATIENCE, "pings go on without any work");
    }
    assert!(last - hung <= EVERY * 8, "{:?}", last - hung);

    drop(release);
    let ping = timeout(PATIENCE, manager.recv(&mut buffer)).await;
    ping.unwrap().unwrap();
    let answer = timeout(PATIENCE, daemon.core.ask(Command::Status)).await;
    assert!(answer.unwrap().is_ok());
    feeding.abort();
    daemon.stop().await.finish().await;
}
