//! `pantau replay`: recordings through the whole core.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use serde::Serialize;

use super::output::Out;
use super::profile::{read, time};
use super::{Args, load};
use crate::activation::Event;
use crate::clock::Wall;
use crate::criteria::Judgement;
use crate::decode::Decoder;
use crate::exchange::{IgnoredRecord, Outcome, ReadingRecord, RejectedRecord, reading_record};
use crate::pipeline::{Replay, Step};
use crate::profile::Profile;
use crate::reading::Reading;
use crate::source::capture::{Form, frames};

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// The recordings, in order; `-` is stdin.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Profile of the recordings.
    #[arg(long, value_name = "ID")]
    profile: String,
    /// The recordings are hex dumps.
    #[arg(long, conflicts_with = "mqtt")]
    hex: bool,
    /// The recordings are JSON lines with topic and payload.
    #[arg(long)]
    mqtt: bool,
    /// When the first frame without a time of its own arrived, RFC 3339;
    /// default 1970-01-01T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    received_at: Option<Wall>,
    /// Seconds between frames without a time of their own.
    #[arg(long, value_name = "S", default_value_t = 1.0)]
    every: f64,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Line<'a> {
    Reading {
        #[serde(flatten)]
        reading: Box<ReadingRecord>,
        class: Option<&'static str>,
        rule: &'static str,
        also: Vec<&'static str>,
        disposition: &'static str,
        remarks: Vec<&'static str>,
    },
    Event {
        #[serde(flatten)]
        event: &'a Event,
    },
}

pub(super) fn replay(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    if !(0.0..=86_400.0).contains(&options.every) {
        bail!("--every is 0 to 86400 seconds");
    }
    let profile = Arc::clone(config.registry.get(&options.profile)?);
    let form = match (options.hex, options.mqtt) {
        (true, _) => Form::Hex,
        (_, true) => Form::Mqtt,
        _ => Form::Bytes,
    };
    let mut out = Out::new();
    let mut played = Played {
        replay: Replay::new(&config),
        clock: options.received_at.unwrap_or(Wall::from_nanos(0)),
        every: Duration::from_secs_f64(options.every),
        frames: 0,
    };
    for file in &options.files {
        played.file(&profile, form, file, &mut out)?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

struct Played<'c> {
    replay: Replay<'c>,
    clock: Wall,
    every: Duration,
    frames: u64,
}

impl Played<'_> {
    fn file(
        &mut self,
        profile: &Arc<Profile>,
        form: Form,
        file: &Path,
        out: &mut Out,
    ) -> anyhow::Result<()> {
        let bytes = read(Some(file))?;
        let captured = frames(profile, form, &bytes)
            .with_context(|| format!("failed to read `{}`", file.display()))?;
        let mut decoder = Decoder::new(Arc::clone(profile));
        for captured in &captured {
            let mut outcome = Ok(());
            let frames = &mut self.frames;
            self.replay
                .frame(&mut decoder, captured, self.clock, |step| {
                    if !matches!(step, Step::Event(_)) {
                        *frames += 1;
                    }
                    if outcome.is_ok() {
                        outcome = print(out, &profile.id, &step, *frames);
                    }
                });
            outcome?;
            self.clock = self.clock.saturating_add(self.every);
        }
        Ok(())
    }
}

fn print(out: &mut Out, profile: &str, step: &Step, frame: u64) -> anyhow::Result<()> {
    match step {
        Step::Reading(reading, judgement) => out.json(&reading_line(reading, judgement, frame)),
        Step::Event(event) => out.json(&Line::Event { event }),
        Step::Refused(rejected) => out.json(&Outcome::Rejected(RejectedRecord {
            profile: profile.to_owned(),
            frame,
            reason: rejected.reason.as_str(),
            error: rejected.text.clone(),
        })),
        Step::Ignored(ignored) => out.json(&Outcome::Ignored(IgnoredRecord {
            profile: profile.to_owned(),
            frame,
            kind: ignored.as_str(),
        })),
    }
}

fn reading_line<'a>(reading: &Reading, judgement: &Judgement, frame: u64) -> Line<'a> {
    Line::Reading {
        reading: Box::new(reading_record(reading, Some(frame))),
        class: judgement.class.map(|class| class.as_str()),
        rule: judgement.rule.as_str(),
        also: judgement.also.iter().map(|rule| rule.as_str()).collect(),
        disposition: judgement.disposition.as_str(),
        remarks: judgement.remarks.iter().map(|r| r.as_str()).collect(),
    }
}
