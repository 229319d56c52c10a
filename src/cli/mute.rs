//! Shelves and stations out of service, through a running daemon.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::{Value, json};
use tracing::warn;

use super::ask::{ACTIVATION_COLUMNS, Options, get, list, post, print_or_table, print_or_tables};
use super::{Args, duration};

/// What a table says of stations out of service.
const SERVICE_COLUMNS: &[(&str, &str)] = &[
    ("INSTRUMENT", "/instrument"),
    ("SINCE", "/since"),
    ("UNTIL", "/until"),
    ("BY", "/by"),
    ("REASON", "/reason"),
];

#[derive(Debug, ClapArgs)]
struct Person {
    /// Your name.
    #[arg(long)]
    name: String,
    /// Why.
    #[arg(long)]
    note: String,
}

impl Person {
    fn body(&self) -> Value {
        json!({ "by": self.name, "note": self.note })
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShelveOptions {
    #[command(flatten)]
    common: Options,
    /// The activation.
    id: String,
    /// The version you have seen.
    #[arg(long)]
    version: u32,
    /// For how long at most, such as 30m or 2h.
    #[arg(long = "for", value_parser = duration, value_name = "DURATION")]
    lasting: Duration,
    /// Until nothing holds it any longer, if that is sooner.
    #[arg(long)]
    one_shot: bool,
    #[command(flatten)]
    person: Person,
}

#[derive(Debug, ClapArgs)]
pub(super) struct UnshelveOptions {
    #[command(flatten)]
    common: Options,
    /// The activation.
    id: String,
    #[command(flatten)]
    person: Person,
}

#[derive(Debug, ClapArgs)]
pub(super) struct OutOfServiceOptions {
    #[command(flatten)]
    common: Options,
    /// The instrument; without one, those that are out of service are listed.
    #[arg(requires = "name", requires = "note", requires = "lasting")]
    instrument: Option<String>,
    /// For how long, such as 2h.
    #[arg(long = "for", value_parser = duration, value_name = "DURATION")]
    lasting: Option<Duration>,
    /// Your name.
    #[arg(long)]
    name: Option<String>,
    /// Why.
    #[arg(long)]
    note: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct InServiceOptions {
    #[command(flatten)]
    common: Options,
    /// The instrument.
    instrument: String,
    #[command(flatten)]
    person: Person,
}

pub(super) fn shelve(args: &Args, options: &ShelveOptions) -> anyhow::Result<ExitCode> {
    let mut body = options.person.body();
    body["version"] = options.version.into();
    body["seconds"] = options.lasting.as_secs().into();
    body["one_shot"] = options.one_shot.into();
    let path = format!("activations/{}/shelve", options.id);
    let answer = post(args, &options.common, &path, &body)?;
    if answer["needs_second_person"] == true {
        warn!("A TIO2 needs a second person: nothing rests until another one asks for the same.");
    }
    print_or_table(options.common.format, &answer, ACTIVATION_COLUMNS)
}

pub(super) fn unshelve(args: &Args, options: &UnshelveOptions) -> anyhow::Result<ExitCode> {
    let path = format!("activations/{}/unshelve", options.id);
    let answer = post(args, &options.common, &path, &options.person.body())?;
    print_or_table(options.common.format, &answer, ACTIVATION_COLUMNS)
}

pub(super) fn out_of_service(
    args: &Args,
    options: &OutOfServiceOptions,
) -> anyhow::Result<ExitCode> {
    let Some(instrument) = &options.instrument else {
        let services = list(get(args, &options.common, "out-of-service", &[])?)?;
        return print_or_tables(options.common.format, &services, SERVICE_COLUMNS);
    };
    let body = json!({
        "seconds": options.lasting.unwrap_or_default().as_secs(),
        "by": options.name,
        "note": options.note,
    });
    let path = format!("instruments/{instrument}/out-of-service");
    let answer = post(args, &options.common, &path, &body)?;
    print_or_table(options.common.format, &answer, SERVICE_COLUMNS)
}

pub(super) fn in_service(args: &Args, options: &InServiceOptions) -> anyhow::Result<ExitCode> {
    let path = format!("instruments/{}/in-service", options.instrument);
    let left = list(post(args, &options.common, &path, &options.person.body())?)?;
    print_or_tables(options.common.format, &left, SERVICE_COLUMNS)
}
