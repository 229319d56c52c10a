//! `pantau replay`: recordings through the whole core.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use serde::Serialize;

use super::lines;
use super::output::{Out, format_or_default};
use super::profile::{read, time};
use super::{Args, Format, load};
use crate::activation::{DeadlineView, Event};
use crate::clock::Wall;
use crate::closing::ClosingView;
use crate::criteria::Judgement;
use crate::criteria::termination::Closing;
use crate::decode::Decoder;
use crate::exchange::{IgnoredRecord, Outcome, ReadingRecord, RejectedRecord, reading_record};
use crate::pipeline::{Act, Replay, Step, acts};
use crate::profile::Profile;
use crate::reading::{Radiation, Reading};
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
    /// What people do meanwhile: a JSON object a line, as in
    /// `{"at":"2026-03-14T09:00:00Z","do":"ack","by":"…","note":"…"}`; `do` is
    /// ack, decide (status), step (steps), recovered (source, environment, track)
    /// or close (to).
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// How to print.
    #[arg(long)]
    format: Option<Format>,
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
    Level {
        at: String,
        instrument: &'a str,
        quantity: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        radiation: Option<&'static str>,
        was: &'static str,
        now: &'static str,
    },
    Closing {
        at: String,
        activation: &'a str,
        was: Option<&'static str>,
        #[serde(flatten)]
        closing: &'a ClosingView,
    },
    Deadline {
        at: String,
        #[serde(flatten)]
        clock: &'a DeadlineView,
    },
    Person {
        #[serde(flatten)]
        act: &'a Act,
        refused: Option<&'a str>,
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
    let people = match &options.people {
        Some(file) => script(file)?,
        None => Vec::new(),
    };
    let mut out = Out::new();
    let mut played = Played {
        replay: Replay::new(&config).with_people(people),
        clock: options.received_at.unwrap_or(Wall::from_nanos(0)),
        every: Duration::from_secs_f64(options.every),
        frames: 0,
        format: format_or_default(options.format),
    };
    for file in &options.files {
        played.file(&profile, form, file, &mut out)?;
    }
    played.finish(&profile, &mut out)?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn script(file: &Path) -> anyhow::Result<Vec<Act>> {
    let failed = || format!("failed to read `{}`", file.display());
    let text = std::fs::read_to_string(file).with_context(failed)?;
    acts(&text).with_context(failed)
}

struct Played<'c> {
    replay: Replay<'c>,
    clock: Wall,
    every: Duration,
    frames: u64,
    format: Format,
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
            let (frames, format) = (&mut self.frames, self.format);
            self.replay
                .frame(&mut decoder, captured, self.clock, |step| {
                    let is_frame = matches!(
                        step,
                        Step::Reading(..) | Step::Ignored(_) | Step::Refused(_)
                    );
                    *frames += u64::from(is_frame);
                    if outcome.is_ok() {
                        outcome = print(out, format, &profile.id, &step, *frames);
                    }
                });
            outcome?;
            self.clock = self.clock.saturating_add(self.every);
        }
        Ok(())
    }

    /// What people do after the last frame.
    fn finish(&mut self, profile: &Profile, out: &mut Out) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        let (frames, format) = (self.frames, self.format);
        self.replay.finish(|step| {
            if outcome.is_ok() {
                outcome = print(out, format, &profile.id, &step, frames);
            }
        });
        outcome
    }
}

fn print(
    out: &mut Out,
    format: Format,
    profile: &str,
    step: &Step,
    frame: u64,
) -> anyhow::Result<()> {
    match step {
        Step::Reading(reading, judgement) => {
            lines::print(out, format, &reading_line(reading, judgement, frame))
        }
        Step::Event(event) => lines::print(out, format, &Line::Event { event }),
        Step::Level(change) => lines::print(
            out,
            format,
            &Line::Level {
                at: change.at.to_string(),
                instrument: change.channel.instrument.as_str(),
                quantity: change.channel.quantity.as_str(),
                radiation: change.channel.quantity.radiation().map(Radiation::as_str),
                was: change.was.as_str(),
                now: change.now.as_str(),
            },
        ),
        Step::Closing(change) => lines::print(
            out,
            format,
            &Line::Closing {
                at: change.at.to_string(),
                activation: change.activation.as_str(),
                was: change.was.map(Closing::as_str),
                closing: &change.now,
            },
        ),
        Step::Deadline(at, clock) => lines::print(
            out,
            format,
            &Line::Deadline {
                at: at.to_string(),
                clock,
            },
        ),
        Step::Person(act, done) => lines::print(
            out,
            format,
            &Line::Person {
                act,
                refused: done.as_ref().err().map(String::as_str),
            },
        ),
        Step::Refused(rejected) => lines::print(
            out,
            format,
            &Outcome::Rejected(RejectedRecord {
                profile: profile.to_owned(),
                frame,
                reason: rejected.reason.as_str(),
                error: rejected.text.clone(),
            }),
        ),
        Step::Ignored(ignored) => lines::print(
            out,
            format,
            &Outcome::Ignored(IgnoredRecord {
                profile: profile.to_owned(),
                frame,
                kind: ignored.as_str(),
            }),
        ),
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
