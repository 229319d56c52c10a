//! `pantau broker-file`: the broker file that Pantau ships.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::output::Out;

/// The file as it is shipped.
const FILE: &str = include_str!("../source/mqtt/mosquitto.conf");

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// Port on the loopback.
    #[arg(long, default_value_t = 1883)]
    port: u16,
    /// Where the broker keeps its sessions, with `/` at the end.
    #[arg(long, value_name = "DIR", default_value = "./")]
    data: PathBuf,
}

pub(super) fn broker_file(options: &Options) -> anyhow::Result<ExitCode> {
    let mut out = Out::new();
    for line in FILE.lines() {
        match line.split_once(' ') {
            Some(("listener", _)) => out.line(&format!("listener {} 127.0.0.1", options.port))?,
            Some(("persistence_location", _)) => {
                out.line(&format!("persistence_location {}", options.data.display()))?;
            }
            _ => out.line(line)?,
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
