//! `pantau assess`: judges cases.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::ask::flatten;
use super::output::{Out, format_or_default, table};
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
    /// How to print.
    #[arg(long)]
    format: Option<Format>,
}

pub(super) fn assess(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let bytes = read(options.file.as_deref())?;
    // A byte that is no text costs its own case, not the others.
    let text = String::from_utf8_lossy(&bytes);
    let mended = without_non_finite(&text);
    let text = mended.as_deref().unwrap_or(&text);
    let format = format_or_default(options.format);
    let explain = if options.explain {
        Explain::Yes
    } else {
        Explain::No
    };
    let assessed = cases::assess_file(text, &config.criteria, &config.reference_tables, explain);
    let mut out = Out::new();
    match (format, explain) {
        (Format::Ndjson, _) => assessed.lines.iter().try_for_each(|line| out.json(line))?,
        (Format::Table, Explain::Yes) => {
            for line in &assessed.lines {
                out.text(&paragraphs(line))?;
            }
        }
        (Format::Table, Explain::No) => out.text(&answers(&assessed.lines)?)?,
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

/// What is shown first of an answer, where it is there.
const HEAD: [&str; 7] = [
    "error",
    "classification",
    "std_status",
    "category",
    "due",
    "rule",
    "disposition",
];

/// Each answer on a line: its id, and the keys that it has.
fn answers(lines: &[Line]) -> anyhow::Result<String> {
    let mut rows = vec![vec!["ID".to_owned(), "ANSWER".to_owned()]];
    for line in lines {
        let mut answer = Vec::new();
        flatten("", &serde_json::to_value(&line.answer)?, &mut answer);
        let place = |pair: &Vec<String>| {
            HEAD.iter()
                .position(|head| pair.first().is_some_and(|key| key == head))
        };
        answer.sort_by_key(|pair| place(pair).unwrap_or(HEAD.len()));
        let words: Vec<String> = answer.iter().map(|pair| pair.join(" ")).collect();
        rows.push(vec![id(line), words.join(", ")]);
    }
    Ok(table(&rows))
}

fn id(line: &Line) -> String {
    match &line.id {
        serde_json::Value::String(id) => excerpt(id, ID_CHARS),
        other => excerpt(&other.to_string(), ID_CHARS),
    }
}

/// An answer for people: a paragraph in each language.
fn paragraphs(line: &Line) -> String {
    let id = id(line);
    match (&line.answer, &line.explanation) {
        (_, Some(explanation)) => {
            let text = &explanation.text;
            format!("{id}\n  {}\n  {}\n\n", text.id, text.en)
        }
        (Answer::Failed { error }, None) => format!("{id}\n  {error}\n\n"),
        (_, None) => format!("{id}\n\n"),
    }
}
