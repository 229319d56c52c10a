//! Talking to the service manager: the datagrams of `sd_notify`.
//!
//! What the watchdog is told hangs on the evaluator: each ping stands for real
//! work of its own since the last one. When it hangs, the pings stop, whatever
//! else still runs, and the manager starts the daemon anew.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tracing::warn;

/// Pings are never closer than this.
const LEAST: Duration = Duration::from_millis(50);

/// The service manager, if one listens.
#[derive(Clone, Debug, Default)]
pub struct Notifier {
    manager: Option<Arc<Manager>>,
}

#[derive(Debug)]
struct Manager {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Notifier {
    /// One that speaks to the socket of this name; `@` begins an abstract one.
    ///
    /// # Errors
    ///
    /// When the name cannot be one, or no socket can be made.
    pub fn to(name: &OsStr) -> io::Result<Self> {
        let bytes = name.as_bytes();
        let address = match bytes.strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        // A manager that does not listen must not hold us up.
        socket.set_nonblocking(true)?;
        let manager = Manager { socket, address };
        Ok(Self {
            manager: Some(Arc::new(manager)),
        })
    }

    /// Tells the manager one or more assignments, a line each. Without a manager
    /// it does nothing.
    pub fn tell(&self, state: &str) {
        let Some(manager) = &self.manager else {
            return;
        };
        let sent = manager
            .socket
            .send_to_addr(state.as_bytes(), &manager.address);
        if let Err(error) = sent {
            warn!(%error, "The service manager does not listen.");
        }
    }

    /// Pings the manager's watchdog as long as `progress` goes on.
    pub async fn feed(self, every: Duration, progress: watch::Receiver<u64>) {
        let mut last = None;
        let mut ticks = tokio::time::interval(every.max(LEAST));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if progress.has_changed().is_err() {
                return; // the daemon has ended
            }
            let now = *progress.borrow();
            if last.replace(now) != Some(now) {
                self.tell("WATCHDOG=1");
            }
        }
    }
}

/// How often the manager's watchdog is to be pinged: twice as often as it asks for.
///
/// `usec` is `WATCHDOG_USEC`, `pid` is `WATCHDOG_PID`, which names the process that
/// is meant.
pub fn watchdog_every(usec: Option<&str>, pid: Option<&str>, own_pid: u32) -> Option<Duration> {
    let is_meant = pid.is_none_or(|pid| pid.parse() == Ok(own_pid));
    let usec: u64 = usec?.parse().ok()?;
    (is_meant && usec > 0).then(|| Duration::from_micros(usec / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_pinged_twice_in_its_time_by_the_process_that_is_meant() {
        let every = |usec, pid| watchdog_every(usec, pid, 42).map(|every| every.as_millis());
        assert_eq!(every(Some("20000000"), None), Some(10_000));
        assert_eq!(every(Some("20000000"), Some("42")), Some(10_000));
        assert_eq!(every(Some("20000000"), Some("43")), None);
        assert_eq!(every(Some("0"), None), None);
        assert_eq!(every(Some("soon"), None), None);
        assert_eq!(every(None, None), None);
    }

    #[tokio::test]
    async fn pings_go_on_with_the_work_and_stop_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = tokio::net::UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::to(path.as_os_str()).unwrap();
        let (work, progress) = watch::channel(0_u64);
        let feeding = tokio::spawn(notifier.feed(LEAST, progress));
        let mut buffer = [0; 64];
        for _ in 0..3 {
            work.send_modify(|looks| *looks += 1);
            let n = manager.recv(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..n], b"WATCHDOG=1");
        }
        // No work: at most the ping that was due, and then none.
        let more = async {
            loop {
                manager.recv(&mut buffer).await.unwrap();
            }
        };
        let mut pings = 0;
        let count = async {
            more.await;
        };
        let silent = tokio::time::timeout(LEAST * 20, count).await;
        assert!(silent.is_err());
        while manager.try_recv(&mut [0; 64]).is_ok() {
            pings += 1;
        }
        assert_eq!(pings, 0);
        drop(work);
        feeding.await.unwrap();
    }

    #[test]
    fn an_abstract_socket_is_reached_by_its_name() {
        let name = format!("pantau-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        let notifier = Notifier::to(OsStr::new(&format!("@{name}"))).unwrap();
        notifier.tell("READY=1");
        let mut buffer = [0; 64];
        let n = manager.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"READY=1");
    }
}
