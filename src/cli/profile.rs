//! `pantau profile`: list, show, check, decode.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;

use super::explain::{explain, verdict};
use super::lines;
use super::output::{Out, format_or_default, table};
use super::probe::spans_table;
use super::{Args, Format, load};
use crate::clock::Wall;
use crate::decode::Decoder;
use crate::exchange::Outcome;
use crate::profile::{FramingKind, Message, Profile, ProfileError, Registry};
use crate::recording;
use crate::source::capture::{Form, frames};

/// The arrival time of recordings that tell none: fixed, so that the same
/// recording gives the same output.
const RECEIVED_AT: Wall = Wall::from_nanos(0);

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// All profiles, with class, transport, evidence and source.
    List {
        /// How to print.
        #[arg(long)]
        format: Option<Format>,
        /// A directory with further profiles.
        #[arg(long, value_name = "DIR")]
        profiles: Option<PathBuf>,
    },
    /// One profile.
    Show {
        /// Its id.
        id: String,
        /// How to print.
        #[arg(long)]
        format: Option<Format>,
        /// A directory with further profiles.
        #[arg(long, value_name = "DIR")]
        profiles: Option<PathBuf>,
    },
    /// Check a profile file, or a directory of them.
    Check {
        /// The file or directory.
        path: PathBuf,
        /// How to print.
        #[arg(long)]
        format: Option<Format>,
    },
    /// Decode a recording: one JSON object for each frame.
    Decode {
        /// The profile's id.
        id: String,
        /// The recording; default stdin.
        file: Option<PathBuf>,
        /// The recording is hex dumps, one frame or chunk a line.
        #[arg(long, conflicts_with = "mqtt")]
        hex: bool,
        /// The recording is JSON lines with topic and payload.
        #[arg(long)]
        mqtt: bool,
        /// Print a table of what each byte is instead.
        #[arg(long)]
        explain: bool,
        /// How to print.
        #[arg(long, conflicts_with = "explain")]
        format: Option<Format>,
        /// When the frames arrived, RFC 3339; default 1970-01-01T00:00:00Z.
        #[arg(long, value_name = "TIME", value_parser = time)]
        received_at: Option<Wall>,
        /// A directory with further profiles.
        #[arg(long, value_name = "DIR")]
        profiles: Option<PathBuf>,
    },
}

/// Reads a time of the command line.
pub(super) fn time(text: &str) -> Result<Wall, String> {
    Wall::parse_rfc3339(text).map_err(|error| error.to_string())
}

pub(super) fn profile(args: &Args, verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List { format, profiles } => list(&registry(args, profiles.as_deref())?, *format),
        Verb::Show {
            id,
            format,
            profiles,
        } => show(&registry(args, profiles.as_deref())?, id, *format),
        Verb::Check { path, format } => check(path, format_or_default(*format)),
        Verb::Decode {
            id,
            file,
            hex,
            mqtt,
            explain,
            format,
            received_at,
            profiles,
        } => {
            let form = match (hex, mqtt) {
                (true, _) => Form::Hex,
                (_, true) => Form::Mqtt,
                _ => Form::Bytes,
            };
            let registry = registry(args, profiles.as_deref())?;
            if *explain {
                return explain_frames(&registry, id, file.as_deref(), form);
            }
            decode(
                &registry,
                id,
                file.as_deref(),
                form,
                received_at.unwrap_or(RECEIVED_AT),
                format_or_default(*format),
            )
        }
    }
}

/// The built-in profiles, with the configuration's directory and then the
/// flag's on top. A configuration that is wrong otherwise does not matter here.
pub(super) fn registry(args: &Args, directory: Option<&Path>) -> anyhow::Result<Registry> {
    let mut registry = match load(args.config.as_deref()) {
        Ok(config) => config.registry,
        Err(errors) if args.config.is_some() => return Err(errors.into()),
        Err(_) => Registry::built_in(),
    };
    if let Some(directory) = directory {
        registry.add_directory(directory)?;
    }
    Ok(registry)
}

#[derive(serde::Serialize)]
struct Listed<'a> {
    id: &'a str,
    title: &'a str,
    class: &'a str,
    transport: &'a str,
    grade: String,
    status: &'a str,
    source: &'a str,
    origin: String,
}

fn list(registry: &Registry, format: Option<Format>) -> anyhow::Result<ExitCode> {
    let listed: Vec<Listed<'_>> = registry
        .iter()
        .map(|(origin, profile)| Listed {
            id: &profile.id,
            title: &profile.title,
            class: profile.class.as_str(),
            transport: profile.transport.as_str(),
            grade: profile.grades(),
            status: profile.status.as_str(),
            source: profile.sources.first().map_or("", |source| &source.what),
            origin: origin.to_string(),
        })
        .collect();
    let mut out = Out::new();
    match format_or_default(format) {
        Format::Ndjson => {
            for profile in &listed {
                out.json(profile)?;
            }
        }
        Format::Table => {
            let head = [
                "ID",
                "CLASS",
                "TRANSPORT",
                "GRADE",
                "STATUS",
                "TITLE",
                "SOURCE",
            ];
            let mut rows = vec![head.map(str::to_owned).to_vec()];
            rows.extend(listed.iter().map(|p| {
                let cells = [
                    p.id,
                    p.class,
                    p.transport,
                    &p.grade,
                    p.status,
                    p.title,
                    p.source,
                ];
                cells.map(str::to_owned).to_vec()
            }));
            out.text(&table(&rows))?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

#[derive(serde::Serialize)]
struct Shown<'a> {
    id: &'a str,
    title: &'a str,
    class: &'a str,
    transport: String,
    framing: String,
    status: &'a str,
    caveat: Option<&'a str>,
    /// What it was made from, and how good that is.
    sources: Vec<String>,
    messages: Vec<ShownMessage>,
}

#[derive(serde::Serialize)]
struct ShownMessage {
    message: String,
    topic: Option<String>,
    fields: Vec<String>,
    values: Vec<String>,
}

fn shown(profile: &Profile) -> Shown<'_> {
    let sources = profile.sources.iter();
    Shown {
        id: &profile.id,
        title: &profile.title,
        class: profile.class.as_str(),
        transport: format!("{:?}", profile.transport),
        framing: format!("{:?}", profile.framing),
        status: profile.status.as_str(),
        caveat: profile.caveat.as_deref(),
        sources: sources
            .map(|source| format!("{} ({})", source.what, source.grade))
            .collect(),
        messages: profile.messages.iter().map(shown_message).collect(),
    }
}

fn shown_message(message: &Message) -> ShownMessage {
    let values = message.values.iter().map(|value| {
        let what = value.what.as_ref().map_or("by case".to_owned(), |what| {
            let radiation = what.quantity.radiation().map_or("", |r| r.as_str());
            format!("{} {radiation}", what.quantity.as_str())
        });
        let factor = value
            .sensitivity
            .as_ref()
            .map_or(String::new(), |s| format!(", {}", s.describe()));
        format!("{}{factor}", what.trim_end())
    });
    ShownMessage {
        message: message.name.to_string(),
        topic: message
            .topic
            .as_ref()
            .map(|topic| topic.filter().to_string()),
        fields: message.captures.iter().map(ToString::to_string).collect(),
        values: values.collect(),
    }
}

fn show(registry: &Registry, id: &str, format: Option<Format>) -> anyhow::Result<ExitCode> {
    let profile = shown(registry.get(id)?);
    let mut out = Out::new();
    match format_or_default(format) {
        Format::Ndjson => out.json(&profile)?,
        Format::Table => out.text(&sheet(&profile))?,
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// A profile for people.
fn sheet(profile: &Shown<'_>) -> String {
    let mut lines = vec![
        format!("{} — {}", profile.id, profile.title),
        format!("class      {}", profile.class),
        format!("transport  {}", profile.transport),
        format!("framing    {}", profile.framing),
        format!("status     {}", profile.status),
    ];
    lines.extend(profile.caveat.map(|caveat| format!("caveat     {caveat}")));
    lines.extend(
        profile
            .sources
            .iter()
            .map(|source| format!("source     {source}")),
    );
    for message in &profile.messages {
        lines.push(format!("message    {}", message.message));
        lines.extend(
            message
                .topic
                .as_ref()
                .map(|topic| format!("  topic    {topic}")),
        );
        lines.push(format!("  fields   {}", message.fields.join(", ")));
        lines.extend(
            message
                .values
                .iter()
                .map(|value| format!("  value    {value}")),
        );
    }
    lines.push(String::new());
    lines.join("\n")
}

#[derive(serde::Serialize)]
struct Checked {
    path: String,
    good: bool,
    /// What was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    problems: Vec<String>,
}

fn check(path: &Path, format: Format) -> anyhow::Result<ExitCode> {
    let checked = if path.is_dir() && !path.join("profile.toml").is_file() {
        let mut registry = Registry::built_in();
        registry
            .add_directory(path)
            .map(|()| "all profiles".to_owned())
    } else {
        Profile::load(path).map(|profile| profile.id.to_string())
    };
    let (what, problems) = match checked {
        Ok(what) => (Some(what), Vec::new()),
        Err(ProfileError::Invalid(problems)) => {
            (None, problems.iter().map(ToString::to_string).collect())
        }
        Err(error) => return Err(error.into()),
    };
    let checked = Checked {
        path: path.display().to_string(),
        good: what.is_some(),
        what,
        problems,
    };
    let mut out = Out::new();
    match (format, &checked.what) {
        (Format::Ndjson, _) => out.json(&checked)?,
        (Format::Table, Some(what)) => out.line(&format!("{}: {what}: good", checked.path))?,
        (Format::Table, None) => checked
            .problems
            .iter()
            .try_for_each(|line| out.line(line))?,
    }
    out.finish()?;
    Ok(if checked.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn decode(
    registry: &Registry,
    id: &str,
    file: Option<&Path>,
    form: Form,
    received_at: Wall,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let profile = registry.get(id)?;
    let bytes = read(file)?;
    let records: Vec<Outcome> = recording::decode(profile, form, &bytes, received_at)?;
    let mut out = Out::new();
    for record in &records {
        lines::print(&mut out, format, record)?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// What each byte of each frame is.
fn explain_frames(
    registry: &Registry,
    id: &str,
    file: Option<&Path>,
    form: Form,
) -> anyhow::Result<ExitCode> {
    let profile = registry.get(id)?;
    anyhow::ensure!(
        !matches!(profile.framing.kind, FramingKind::Recording { .. }),
        "`{id}` reads recordings by an importer, so no byte has a place of its own; leave out `--explain`"
    );
    let bytes = read(file)?;
    let decoder = Decoder::new(Arc::clone(profile));
    let mut out = Out::new();
    for (n, captured) in frames(profile, form, &bytes)?.into_iter().enumerate() {
        let topic = captured.topic.as_deref();
        let frame = captured.framed.bytes();
        let label = topic.map(|topic| format!(", {topic}")).unwrap_or_default();
        out.line(&format!("frame {}{label}", n + 1))?;
        if let Some(checksum) = verdict(&decoder, frame) {
            out.line(&format!("  checksum  {checksum}"))?;
        }
        out.text(&spans_table(&explain(&decoder, frame, topic)))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// A whole file, or standard input.
pub(super) fn read(file: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    match file {
        Some(path) if path != Path::new("-") => {
            std::fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))
        }
        _ => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            Ok(bytes)
        }
    }
}
