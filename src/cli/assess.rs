//! `pantau assess`: judges cases.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args as ClapArgs;

use super::output::Out;
use super::profile::read;
use super::{Args, load};
use crate::cases;
use crate::json::without_non_finite;

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// The cases; default stdin.
    file: Option<PathBuf>,
}

pub(super) fn assess(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let bytes = read(options.file.as_deref())?;
    // A byte that is no text costs its own case, not the others.
    let text = String::from_utf8_lossy(&bytes);
    let mended = without_non_finite(&text);
    let text = mended.as_deref().unwrap_or(&text);
    let assessed = cases::assess_file(text, &config.criteria, &config.reference_tables);
    let mut out = Out::new();
    for line in &assessed.lines {
        out.json(line)?;
    }
    out.finish()?;
    Ok(if assessed.n_failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
