//! `pantau check`: every problem of the configuration at once.

use std::process::ExitCode;

use clap::Args as ClapArgs;
use serde::Serialize;

use super::output::{Out, complain, format_or_default};
use super::{Args, Format, load};
use crate::clock::Clock;
use crate::config::{Config, ConfigErrors, ConfigProblem};

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// How to print.
    #[arg(long)]
    format: Option<Format>,
}

/// A good configuration, in figures.
#[derive(Serialize)]
struct Good<'a> {
    good: bool,
    file: String,
    instruments: usize,
    sites: usize,
    subscribers: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cautions: Vec<Problem<'a>>,
}

/// One problem.
#[derive(Serialize)]
struct Problem<'a> {
    path: &'a str,
    problem: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> Problem<'a> {
    fn of(problem: &'a ConfigProblem) -> Self {
        Self {
            path: &problem.path,
            problem: &problem.text,
            hint: problem.hint.as_deref(),
        }
    }
}

pub(super) fn check(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let format = format_or_default(options.format);
    match load(args.config.as_deref()) {
        Ok(config) => good(&config, format),
        Err(errors) => bad(&errors, format),
    }
}

fn good(config: &Config, format: Format) -> anyhow::Result<ExitCode> {
    let file = config
        .file
        .as_ref()
        .map_or("built-in defaults".to_owned(), |f| f.display().to_string());
    // What depends on the day is no reason not to start.
    let cautions = config.cautions(Clock::start().wall());
    let good = Good {
        good: true,
        file,
        instruments: config.instruments.len(),
        sites: config.sites.len(),
        subscribers: config.subscribers.len(),
        cautions: cautions.iter().map(Problem::of).collect(),
    };
    let mut out = Out::new();
    match format {
        Format::Ndjson => out.json(&good)?,
        Format::Table => {
            out.line(&format!(
                "{}: good; {} instruments, {} sites, {} subscribers",
                good.file, good.instruments, good.sites, good.subscribers
            ))?;
            for caution in &cautions {
                out.line(&format!("caution: {caution}"))?;
            }
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn bad(errors: &ConfigErrors, format: Format) -> anyhow::Result<ExitCode> {
    let mut out = Out::new();
    match format {
        Format::Ndjson => {
            for problem in &errors.problems {
                out.json(&Problem::of(problem))?;
            }
        }
        Format::Table => out.line(errors.to_string().trim_end())?,
    }
    out.finish()?;
    complain("the configuration has problems; nothing was started");
    Ok(ExitCode::FAILURE)
}
