//! What people do with a matter, through a running daemon.

use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::{Value, json};

use super::Args;
use super::ask::{Options, post, print_or_table};
use crate::criteria::termination::{Target, Track};

/// What a table says of a matter.
const COLUMNS: &[(&str, &str)] = &[
    ("PROPOSED", "/proposal"),
    ("BY", "/rule"),
    ("TRACK", "/track"),
    ("SOURCE RECOVERED", "/source_recovered"),
    ("ENVIRONMENT RECOVERED", "/environment_recovered"),
];

#[derive(Debug, ClapArgs)]
pub(super) struct RecoveredOptions {
    #[command(flatten)]
    common: Options,
    /// The activation.
    id: String,
    /// The source was recovered.
    #[arg(long)]
    source: bool,
    /// The environment was recovered.
    #[arg(long)]
    environment: bool,
    /// By which procedure the case goes.
    #[arg(long, value_enum, default_value_t = ByTrack::Orphan)]
    track: ByTrack,
    #[command(flatten)]
    person: Person,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CloseOptions {
    #[command(flatten)]
    common: Options,
    /// The activation.
    id: String,
    /// To which exposure situation.
    #[arg(long, value_enum)]
    to: To,
    #[command(flatten)]
    person: Person,
}

#[derive(Debug, ClapArgs)]
struct Person {
    /// Your name; default the one of your token.
    #[arg(long, required_unless_present = "token_file")]
    name: Option<String>,
    /// A remark.
    #[arg(long)]
    note: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ByTrack {
    /// A facility's own source: source or environment is enough.
    Facility,
    /// A special event, of nobody's source: it takes both.
    Orphan,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum To {
    /// Normal exposure.
    Normal,
    /// Existing exposure.
    Existing,
}

pub(super) fn recovered(args: &Args, options: &RecoveredOptions) -> anyhow::Result<ExitCode> {
    let track = match options.track {
        ByTrack::Facility => Track::Facility,
        ByTrack::Orphan => Track::Orphan,
    };
    let mut body = options.person.body();
    body["source"] = options.source.into();
    body["environment"] = options.environment.into();
    body["track"] = track.as_str().into();
    let path = format!("activations/{}/recovered", options.id);
    let answer = post(args, &options.common, &path, &body)?;
    print_or_table(options.common.format, &answer, COLUMNS)
}

pub(super) fn close(args: &Args, options: &CloseOptions) -> anyhow::Result<ExitCode> {
    let mut body = options.person.body();
    body["to"] = options.to.target().as_str().into();
    let path = format!("activations/{}/close", options.id);
    let answer = post(args, &options.common, &path, &body)?;
    print_or_table(options.common.format, &answer, COLUMNS)
}

impl To {
    /// What the rules call it.
    pub(super) const fn target(self) -> Target {
        match self {
            Self::Normal => Target::Normal,
            Self::Existing => Target::Existing,
        }
    }
}

impl Person {
    fn body(&self) -> Value {
        json!({ "by": self.name, "note": self.note })
    }
}
