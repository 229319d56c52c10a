//! What each verb about cases takes.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::cli::Format;
use crate::cli::ask::Options;
use crate::cli::closing::To;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Verb {
    /// Open a case from a report.
    Open(Box<OpenOptions>),
    /// One case, or what was done about an activation.
    Show(ShowOptions),
    /// All cases, the newest first.
    List(Options),
    /// Record that the form of annex IV arrived, or more of it.
    Form(FormOptions),
    /// Record steps of the guideline that were done.
    Step(StepOptions),
    /// Set the event as one of a facility or a special event.
    Track(TrackOptions),
    /// Record the response status that a person decided.
    Decide(DecideOptions),
    /// Say that an activation belongs to the case.
    Attach(AttachOptions),
    /// Say that an activation does not belong to the case.
    Detach(AttachOptions),
    /// Record that source, environment or both are recovered.
    Recovered(RecoveredOptions),
    /// Say where an instrument without a position stood.
    Locate(LocateOptions),
    /// Record a remark.
    Note(ActOptions),
    /// Close a case and the matters of its activations; its record is written then.
    Close(CloseOptions),
    /// Write the record of a case; needs no running daemon.
    Export(ExportOptions),
    /// The recapitulation of annex V as CSV; needs no running daemon.
    Recap,
    /// Check the case store, or a record with its store; needs no running daemon.
    Verify(VerifyOptions),
}

/// Who acts, and what for.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Person {
    #[command(flatten)]
    pub(super) common: Options,
    /// Your name; default the one of your token.
    #[arg(long, required_unless_present = "token_file")]
    pub(super) name: Option<String>,
    /// A remark.
    #[arg(long)]
    pub(super) note: String,
    /// Your office, such as "Ketua STD".
    #[arg(long)]
    pub(super) role: Option<String>,
    /// When it happened, RFC 3339; default now.
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct OpenOptions {
    #[command(flatten)]
    pub(super) person: Person,
    /// The report as a JSON file with the fields of annex IV; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    /// loss_facility, found_facility, found_orphan or loss_abroad.
    #[arg(long)]
    pub(super) event: Option<String>,
    /// Category of the source, 1 to 5.
    #[arg(long)]
    pub(super) category: Option<u8>,
    /// Potentially dangerous to public and environment: true or false.
    #[arg(long)]
    pub(super) dangerous: Option<bool>,
    /// Short description.
    #[arg(long)]
    pub(super) description: Option<String>,
    /// Where it happened.
    #[arg(long)]
    pub(super) location: Option<String>,
    /// Degrees north.
    #[arg(long, requires = "lon", allow_hyphen_values = true)]
    pub(super) lat: Option<f64>,
    /// Degrees east.
    #[arg(long, requires = "lat", allow_hyphen_values = true)]
    pub(super) lon: Option<f64>,
    /// An activation that belongs to it.
    #[arg(long)]
    pub(super) activation: Option<String>,
    /// Whether it happened on Java; default by the position.
    #[arg(long)]
    pub(super) java: Option<bool>,
    /// When the report was received, RFC 3339; default now.
    #[arg(long, value_name = "TIME", conflicts_with = "at")]
    pub(super) received_at: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ShowOptions {
    #[command(flatten)]
    pub(super) common: Options,
    /// The case.
    pub(super) id: String,
    /// With who reported and who was hurt, from the case store itself.
    #[arg(long)]
    pub(super) personal: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ActOptions {
    #[command(flatten)]
    pub(super) person: Person,
    /// The case.
    pub(super) id: String,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct CloseOptions {
    #[command(flatten)]
    pub(super) act: ActOptions,
    /// To which exposure situation; default what is proposed for each activation.
    #[arg(long, value_enum)]
    pub(super) to: Option<To>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct FormOptions {
    #[command(flatten)]
    pub(super) act: ActOptions,
    /// The form as a JSON file; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub(super) report: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct StepOptions {
    #[command(flatten)]
    pub(super) person: Person,
    /// The case or activation.
    pub(super) id: String,
    /// The steps, such as `answered` or `verified`.
    #[arg(required = true)]
    pub(super) steps: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct TrackOptions {
    #[command(flatten)]
    pub(super) act: ActOptions,
    /// facility or special_event.
    pub(super) track: String,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DecideOptions {
    #[command(flatten)]
    pub(super) person: Person,
    /// The activation or case.
    pub(super) id: String,
    /// NONE, SIAGA, AKTIF_PARSIAL or AKTIF_TOTAL.
    #[arg(long)]
    pub(super) status: String,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct AttachOptions {
    #[command(flatten)]
    pub(super) act: ActOptions,
    /// The activation.
    pub(super) activation: String,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct RecoveredOptions {
    #[command(flatten)]
    pub(super) act: ActOptions,
    /// source, environment or both.
    pub(super) what: String,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct LocateOptions {
    #[command(flatten)]
    pub(super) act: ActOptions,
    /// The instrument.
    #[arg(long)]
    pub(super) instrument: String,
    /// Degrees north.
    #[arg(long, allow_hyphen_values = true)]
    pub(super) lat: f64,
    /// Degrees east.
    #[arg(long, allow_hyphen_values = true)]
    pub(super) lon: f64,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ExportOptions {
    /// The case.
    pub(super) id: String,
    /// A folder that is not there yet.
    #[arg(long, value_name = "DIR")]
    pub(super) to: PathBuf,
    /// How to print what was written.
    #[arg(long)]
    pub(super) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct VerifyOptions {
    /// A record; without one, the case store is checked.
    pub(super) dir: Option<PathBuf>,
    /// The case store's folder; default the configuration's.
    #[arg(long, value_name = "DIR")]
    pub(super) store: Option<PathBuf>,
    /// How to print.
    #[arg(long)]
    pub(super) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct DeadlinesOptions {
    #[command(flatten)]
    pub(super) common: Options,
    /// Also those that are done or ended.
    #[arg(long)]
    pub(super) all: bool,
}
