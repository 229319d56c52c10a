//! `pantau run`: the daemon.

use std::process::ExitCode;

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
    start_log_for(args, Some(&config))?;
    runtime()?.block_on(supervise(args, config))
}

/// Runs the daemon, again with each good configuration that SIGHUP brings.
async fn supervise(args: &Args, mut config: Config) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::new()?;
    let clock = Clock::start();
    let mut before: Option<Config> = None;
    loop {
        let daemon = match Daemon::start(config.clone(), clock).await {
            Ok(daemon) => daemon,
            Err(failure) => {
                let Some(old) = before.take() else {
                    return Err(failure.into());
                };
                error!(error = %Chain(&failure), "The new configuration does not start; going back to the old one.");
                config = old;
                continue;
            }
        };
        let next = signals.next(args).await;
        let mut stopping = daemon.stop().await;
        stopping.books().await;
        stopping.finish().await;
        match next {
            None => return Ok(ExitCode::SUCCESS),
            Some(new) => before = Some(std::mem::replace(&mut config, *new)),
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
