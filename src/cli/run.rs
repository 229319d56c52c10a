//! `pantau run`: the daemon.

use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};

use super::output::complain;
use super::{Args, load, runtime, start_log_for};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Chain;
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

/// Runs the daemon, again with each good configuration that SIGHUP brings.
async fn supervise(args: &Args, mut config: Config) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let clock = Clock::start();
    let mut daemon = Daemon::start(config.clone(), clock).await?;
    loop {
        let next = tokio::select! {
            next = signals.next(args) => next,
            task = daemon.broken() => {
                error!(task, "A task ended that must not end; stopping, to be started anew.");
                return Ok(ExitCode::FAILURE);
            }
        };
        let mut stopping = daemon.stop().await;
        stopping.books().await;
        stopping.finish().await;
        let Some(new) = next else {
            return Ok(ExitCode::SUCCESS);
        };
        let old = std::mem::replace(&mut config, *new);
        daemon = match Daemon::start(config.clone(), clock).await {
            Ok(daemon) => daemon,
            Err(failure) => {
                error!(error = %Chain(&failure), "The new configuration does not start; going back to the old one.");
                config = old;
                match start_again(&config, clock, &mut signals).await {
                    Some(daemon) => daemon,
                    None => return Ok(ExitCode::SUCCESS),
                }
            }
        };
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

    /// Waits for the end (`None`) or for a good new configuration.
    async fn next(&mut self, args: &Args) -> Option<Box<Config>> {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return None,
                _ = self.interrupt.recv() => return None,
                _ = self.hang_up.recv() => match load(args.config.as_deref()) {
                    Ok(config) => {
                        info!("Configuration is good; reloading.");
                        return Some(Box::new(config));
                    }
                    Err(errors) => {
                        error!(error = %errors, "The new configuration is refused; the old one stays.");
                    }
                },
            }
        }
    }
}
