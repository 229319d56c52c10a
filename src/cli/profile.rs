//! `pantau profile`: list, show, check, decode.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;

use super::explain::{explain, verdict};
use super::output::{Out, format_or_default, table};
use super::probe::spans_table;
use super::{Args, Format, load};
use crate::clock::Wall;
use crate::decode::Decoder;
use crate::exchange::Outcome;
use crate::profile::{FramingKind, Profile, ProfileError, Registry};
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
        /// A directory with further profiles.
        #[arg(long, value_name = "DIR")]
        profiles: Option<PathBuf>,
    },
    /// Check a profile file, or a directory of them.
    Check {
        /// The file or directory.
        path: PathBuf,
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
        Verb::Show { id, profiles } => show(&registry(args, profiles.as_deref())?, id),
        Verb::Check { path } => check(path),
        Verb::Decode {
            id,
            file,
            hex,
            mqtt,
            explain,
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

fn show(registry: &Registry, id: &str) -> anyhow::Result<ExitCode> {
    let profile = registry.get(id)?;
    let mut out = Out::new();
    out.line(&format!("{} — {}", profile.id, profile.title))?;
    out.line(&format!("class      {}", profile.class))?;
    out.line(&format!("transport  {:?}", profile.transport))?;
    out.line(&format!("framing    {:?}", profile.framing))?;
    out.line(&format!("status     {}", profile.status))?;
    if let Some(caveat) = &profile.caveat {
        out.line(&format!("caveat     {caveat}"))?;
    }
    for source in &profile.sources {
        out.line(&format!("source     {} ({})", source.what, source.grade))?;
    }
    for message in &profile.messages {
        out.line(&format!("message    {}", message.name))?;
        if let Some(topic) = &message.topic {
            out.line(&format!("  topic    {}", topic.filter()))?;
        }
        out.line(&format!("  fields   {}", message.captures.join(", ")))?;
        for value in &message.values {
            let what = value.what.as_ref().map_or("by case".to_owned(), |what| {
                let radiation = what.quantity.radiation().map_or("", |r| r.as_str());
                format!("{} {radiation}", what.quantity.as_str())
            });
            let factor = value
                .sensitivity
                .as_ref()
                .map_or(String::new(), |s| format!(", {}", s.describe()));
            out.line(&format!("  value    {}{factor}", what.trim_end()))?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn check(path: &Path) -> anyhow::Result<ExitCode> {
    let checked = if path.is_dir() && !path.join("profile.toml").is_file() {
        let mut registry = Registry::built_in();
        registry
            .add_directory(path)
            .map(|()| "all profiles".to_owned())
    } else {
        Profile::load(path).map(|profile| profile.id.to_string())
    };
    let mut out = Out::new();
    let code = match checked {
        Ok(what) => {
            out.line(&format!("{}: {what}: good", path.display()))?;
            ExitCode::SUCCESS
        }
        Err(ProfileError::Invalid(problems)) => {
            for problem in problems {
                out.line(&problem.to_string())?;
            }
            ExitCode::FAILURE
        }
        Err(error) => return Err(error.into()),
    };
    out.finish()?;
    Ok(code)
}

fn decode(
    registry: &Registry,
    id: &str,
    file: Option<&Path>,
    form: Form,
    received_at: Wall,
) -> anyhow::Result<ExitCode> {
    let profile = registry.get(id)?;
    let bytes = read(file)?;
    let records: Vec<Outcome> = recording::decode(profile, form, &bytes, received_at)?;
    let mut out = Out::new();
    for record in &records {
        out.json(record)?;
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
