//! `pantau run`: the daemon.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use super::output::complain;
use super::{Args, load, runtime, start_log_for};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Chain, excerpt};
use crate::fault::{FaultKey, FaultKind, NETWORK, Priority, Report};
use crate::language::Bilingual;
use crate::notify::{Notifier, watchdog_every};
use crate::pipeline::Daemon;

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = match load(args.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => {
            complain(errors.to_string().trim_end());
            return Ok(ExitCode::FAILURE);
        }
    };
    let _log = start_log_for(args, Some(&config))?;
    runtime()?.block_on(supervise(args, config))
}

/// How often a start that failed is tried again, once the daemon has run.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Longest account of a bad configuration that is told, in characters.
const TOLD_CHARS: usize = 400;

/// Runs the daemon, again with each good configuration that SIGHUP brings.
async fn supervise(args: &Args, mut config: Config) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let manager = ServiceManager::of_environment();
    let clock = Clock::start();
    let mut daemon = Daemon::start(config.clone(), clock).await?;
    loop {
        let feeding = manager.ready(&daemon, &config);
        let next = loop {
            let next = tokio::select! {
                next = signals.next(args) => next,
                task = daemon.broken() => {
                    error!(task, "A task ended that must not end; stopping, to be started anew.");
                    return Ok(ExitCode::FAILURE);
                }
            };
            match next {
                Next::Refused(problems) => {
                    // A core that has ended is seen by the next round.
                    daemon.core.report(refused(&problems)).await.ok();
                }
                Next::Config(config) => break Some(config),
                Next::End => break None,
            }
        };
        manager.notifier.tell(match next {
            Some(_) => "STATUS=reloading\nWATCHDOG=1",
            None => "STOPPING=1",
        });
        let mut stopping = daemon.stop().await;
        stopping.books().await;
        stopping.finish().await;
        feeding.abort();
        let Some(new) = next else {
            return Ok(ExitCode::SUCCESS);
        };
        let old = std::mem::replace(&mut config, *new);
        let mut found = removed(&old, &config);
        daemon = match Daemon::start(config.clone(), clock).await {
            Ok(daemon) => daemon,
            Err(failure) => {
                let text = Chain(&failure).to_string();
                error!(error = %text, "The new configuration does not start; going back to the old one.");
                found = Some(refused(&text));
                config = old;
                match start_again(&config, clock, &mut signals).await {
                    Some(daemon) => daemon,
                    None => return Ok(ExitCode::SUCCESS),
                }
            }
        };
        if let Some(report) = found {
            daemon.core.report(report).await.ok(); // as above
        }
    }
}

/// The old configuration stays.
fn refused(problems: &str) -> Report {
    let key = FaultKey::new(FaultKind::Configuration, NETWORK);
    let problems = excerpt(problems.trim_end(), TOLD_CHARS);
    let detail = Bilingual {
        id: problems.clone(),
        en: problems,
    };
    Report::new(key, Priority::Normal, detail)
}

/// Stations that a new configuration no longer has: whoever took them out, others
/// are to know.
fn removed(old: &Config, new: &Config) -> Option<Report> {
    let ids = |config: &Config| -> BTreeSet<String> {
        let instruments = config.instruments.iter();
        instruments.map(|one| one.id.to_string()).collect()
    };
    let gone: Vec<String> = ids(old).difference(&ids(new)).cloned().collect();
    if gone.is_empty() {
        return None;
    }
    let names = gone.join(", ");
    let detail = Bilingual {
        id: format!("tidak ada lagi dalam konfigurasi: {names}"),
        en: format!("no longer in the configuration: {names}"),
    };
    let key = FaultKey::new(FaultKind::StationRemoved, NETWORK);
    Some(Report::new(key, Priority::Normal, detail).listing(gone))
}

/// The service manager that started us, if one did.
struct ServiceManager {
    notifier: Notifier,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    fn of_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok();
        let notifier = std::env::var_os("NOTIFY_SOCKET").map(|name| Notifier::to(&name));
        let notifier = notifier.unwrap_or_else(|| Ok(Notifier::default()));
        Self {
            notifier: notifier.unwrap_or_else(|error| {
                warn!(%error, "The service manager's socket cannot be used.");
                Notifier::default()
            }),
            watchdog: watchdog_every(
                text("WATCHDOG_USEC").as_deref(),
                text("WATCHDOG_PID").as_deref(),
                std::process::id(),
            ),
        }
    }

    /// The daemon runs: says so, and feeds the watchdog as long as it works.
    fn ready(&self, daemon: &Daemon, config: &Config) -> JoinHandle<()> {
        let instruments = config.instruments.len();
        let state = format!("READY=1\nSTATUS=watching, {instruments} entries configured");
        self.notifier.tell(&state);
        let (notifier, progress) = (self.notifier.clone(), daemon.progress.clone());
        let every = self.watchdog;
        tokio::spawn(async move {
            if let Some(every) = every {
                notifier.feed(every, progress).await;
            }
        })
    }
}

/// Starts what has run before, however long that takes; `None` when told to end.
async fn start_again(config: &Config, clock: Clock, signals: &mut Signals) -> Option<Daemon> {
    loop {
        match Daemon::start(config.clone(), clock).await {
            Ok(daemon) => return Some(daemon),
            Err(failure) => {
                error!(error = %Chain(&failure), "The daemon does not start; trying again.");
            }
        }
        tokio::select! {
            () = signals.end() => return None,
            () = tokio::time::sleep(TRY_AGAIN) => {}
        }
    }
}

/// What a signal asks for.
enum Next {
    /// The end.
    End,
    /// This configuration, which is good.
    Config(Box<Config>),
    /// One that is not: these are its problems.
    Refused(String),
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the end.
    async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for a signal, and reads the configuration again when it says so.
    async fn next(&mut self, args: &Args) -> Next {
        tokio::select! {
            _ = self.terminate.recv() => Next::End,
            _ = self.interrupt.recv() => Next::End,
            _ = self.hang_up.recv() => match load(args.config.as_deref()) {
                Ok(config) => {
                    info!("Configuration is good; reloading.");
                    Next::Config(Box::new(config))
                }
                Err(errors) => {
                    error!(error = %errors, "The new configuration is refused; the old one stays.");
                    Next::Refused(errors.to_string())
                }
            },
        }
    }
}
