//! `pantau assess`: judges cases.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::output::{Out, format_or_default};
use super::profile::read;
use super::{Args, Format, load};
use crate::cases::{self, Answer, Explain, Line};
use crate::error::excerpt;
use crate::json::without_non_finite;

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// The cases; default stdin.
    file: Option<PathBuf>,
    /// Say why, in Indonesian and English.
    #[arg(long)]
    explain: bool,
    /// How to print an explanation; without one it is always ndjson.
    #[arg(long, requires = "explain")]
    format: Option<Format>,
}

pub(super) fn assess(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let bytes = read(options.file.as_deref())?;
    // A byte that is no text costs its own case, not the others.
    let text = String::from_utf8_lossy(&bytes);
    let mended = without_non_finite(&text);
    let text = mended.as_deref().unwrap_or(&text);
    let (explain, format) = if options.explain {
        (Explain::Yes, format_or_default(options.format))
    } else {
        (Explain::No, options.format.unwrap_or(Format::Ndjson))
    };
    let assessed = cases::assess_file(text, &config.criteria, &config.reference_tables, explain);
    let mut out = Out::new();
    for line in &assessed.lines {
        match format {
            Format::Ndjson => out.json(line)?,
            Format::Table => out.text(&paragraphs(line))?,
        }
    }
    out.finish()?;
    Ok(if assessed.n_failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Longest id that is shown to people, in characters.
const ID_CHARS: usize = 64;

/// An answer for people: a paragraph in each language.
fn paragraphs(line: &Line) -> String {
    let id = match &line.id {
        serde_json::Value::String(id) => excerpt(id, ID_CHARS),
        other => excerpt(&other.to_string(), ID_CHARS),
    };
    match (&line.answer, &line.explanation) {
        (_, Some(explanation)) => {
            let text = &explanation.text;
            format!("{id}\n  {}\n  {}\n\n", text.id, text.en)
        }
        (Answer::Failed { error }, None) => format!("{id}\n  {error}\n\n"),
        (_, None) => format!("{id}\n\n"),
    }
}
