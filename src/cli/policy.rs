//! `pantau policy`: what the rules' configurable numbers are, why, and what they
//! were when an old judgement was made.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args as ClapArgs;
use serde::Serialize;

use super::output::{Out, format_or_default, table};
use super::{Args, Format, load};
use crate::criteria::reference::{EDITION, Effective, KEYS, Key, levels};
use crate::criteria::{Policy, PolicyHash};
use crate::journal::{self, Entry};

/// Fewest digits of a hash that name a policy.
const MIN_DIGITS: usize = 8;

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// A policy of the past, by the hash that judgements and activations name, or
    /// its first eight digits or more; from the journal.
    hash: Option<String>,
    /// How to print.
    #[arg(long)]
    format: Option<Format>,
}

/// One line for programs.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Policy {
        policy: String,
        edition: &'static str,
    },
    Level {
        level: String,
        value: f64,
    },
    Key {
        key: String,
        value: String,
        default: String,
        unit: &'static str,
        bounds: String,
        settles: &'static str,
        reason: &'static str,
    },
    Past {
        policy: &'a str,
        recorded_at: String,
        text: &'a str,
    },
}

pub(super) fn policy(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let format = format_or_default(options.format);
    let mut out = Out::new();
    match &options.hash {
        Some(hash) => past(
            &config.node.data_dir.join("journal"),
            hash,
            format,
            &mut out,
        )?,
        None => present(&config.criteria, format, &mut out)?,
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// The effective policy, with the reference of every key.
fn present(policy: &Policy, format: Format, out: &mut Out) -> anyhow::Result<()> {
    let hash = PolicyHash::of(policy).to_string();
    match format {
        Format::Ndjson => {
            out.json(&Line::Policy {
                policy: hash,
                edition: EDITION,
            })?;
            for (level, value) in levels() {
                out.json(&Line::Level { level, value })?;
            }
            for (key, effective, default) in settings(policy) {
                out.json(&Line::Key {
                    key: effective.path,
                    value: effective.value,
                    default,
                    unit: key.unit,
                    bounds: key.bounds(),
                    settles: key.settles,
                    reason: key.reason,
                })?;
            }
        }
        Format::Table => {
            out.line(&format!("Policy {hash}"))?;
            out.line(&format!("Levels of {EDITION}\n"))?;
            let head = [
                "KEY", "VALUE", "DEFAULT", "BOUNDS", "UNIT", "SETTLES", "REASON",
            ];
            let mut rows = vec![head.map(str::to_owned).to_vec()];
            for (key, effective, default) in settings(policy) {
                rows.push(vec![
                    effective.path,
                    effective.value,
                    default,
                    key.bounds(),
                    key.unit.to_owned(),
                    key.settles.to_owned(),
                    key.reason.to_owned(),
                ]);
            }
            out.text(&table(&rows))?;
        }
    }
    Ok(())
}

/// Each setting with its key and its default.
fn settings(policy: &Policy) -> Vec<(&'static Key, Effective, String)> {
    let usual = Policy::default();
    KEYS.iter()
        .flat_map(|key| {
            let defaults = key.effective(&usual);
            key.effective(policy)
                .into_iter()
                .zip(defaults)
                .map(move |(effective, default)| (key, effective, default.value))
        })
        .collect()
}

/// A policy that the journal recorded when it came into force.
fn past(journal: &Path, hash: &str, format: Format, out: &mut Out) -> anyhow::Result<()> {
    let is_hash = hash.len() >= MIN_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash {
        bail!("`{hash}` is not the beginning of a hash: {MIN_DIGITS} or more hexadecimal digits");
    }
    let wanted = hash.to_ascii_lowercase();
    let mut found = None;
    journal::replay(journal, |record| {
        if let Some(Entry::Policy { hash, text }) = record.entry
            && hash.starts_with(&wanted)
            && found.is_none()
        {
            found = Some((record.at, hash, text));
        }
    })?;
    let Some((at, hash, text)) = found else {
        bail!("no policy {hash} in the journal at `{}`", journal.display());
    };
    match format {
        Format::Ndjson => out.json(&Line::Past {
            policy: &hash,
            recorded_at: at.to_string(),
            text: &text,
        }),
        Format::Table => {
            out.line(&format!("Policy {hash}, in force from {at}\n"))?;
            out.text(&text)
        }
    }
}
