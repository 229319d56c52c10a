//! `pantau ports`: the serial ports of this machine and how to name them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::Format;
use super::output::{Out, format_or_default, table};
use crate::source::ports::{Access, Port, Usb, scan};

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// How to print.
    #[arg(long)]
    format: Option<Format>,
    /// Look under this folder instead of `/`, as for an image of another machine.
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
}

pub(super) fn ports(options: &Options) -> anyhow::Result<ExitCode> {
    let ports = scan(&options.root);
    let mut out = Out::new();
    match format_or_default(options.format) {
        Format::Ndjson => {
            for port in &ports {
                out.json(port)?;
            }
        }
        Format::Table if ports.is_empty() => out.line("no serial ports")?,
        Format::Table => {
            let head = [
                "PORT", "ADAPTER", "SERIAL", "DRIVER", "ACCESS", "HELD BY", "NAME IT",
            ];
            let mut rows = vec![head.map(str::to_owned).to_vec()];
            rows.extend(ports.iter().map(|port| row(port, &ports)));
            out.text(&table(&rows))?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn row(port: &Port, all: &[Port]) -> Vec<String> {
    let usb = port.usb.as_ref();
    let adapter = usb.map(|usb| {
        let name = usb.name.as_deref().unwrap_or_default();
        format!("{}:{} {name}", usb.vendor, usb.product)
            .trim_end()
            .to_owned()
    });
    let holders: Vec<String> = port
        .holders
        .iter()
        .map(|holder| format!("{} ({})", holder.command, holder.pid))
        .collect();
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    vec![
        port.device.display().to_string(),
        or_dash(adapter),
        or_dash(usb.and_then(|usb| usb.serial.clone())),
        or_dash(port.driver.clone()),
        or_dash(port.access.as_ref().map(access)),
        or_dash((!holders.is_empty()).then(|| holders.join(", "))),
        stable_name(port, all).display().to_string(),
    ]
}

fn access(access: &Access) -> String {
    let verdict = if access.allowed { "yes" } else { "no" };
    format!(
        "{verdict} ({}, uid {}, gid {})",
        access.mode, access.uid, access.gid
    )
}

/// The path to write into the configuration: that of the adapter, or of the
/// socket when the adapter cannot be told from another one.
fn stable_name<'a>(port: &'a Port, all: &[Port]) -> &'a Path {
    let is_alone = |usb: &Usb| {
        let same = all.iter().filter(|other| other.usb.as_ref() == Some(usb));
        usb.serial.is_some() && same.count() == 1
    };
    let by_id = port
        .by_id
        .first()
        .filter(|_| port.usb.as_ref().is_some_and(is_alone));
    by_id.or(port.by_path.first()).unwrap_or(&port.device)
}
