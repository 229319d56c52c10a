//! `pantau check`: every problem of the configuration at once.

use std::process::ExitCode;

use super::output::{Out, complain};
use super::{Args, load};

pub(super) fn check(args: &Args) -> anyhow::Result<ExitCode> {
    match load(args.config.as_deref()) {
        Ok(config) => {
            let file = config
                .file
                .as_ref()
                .map_or("built-in defaults".to_owned(), |f| f.display().to_string());
            let mut out = Out::new();
            out.line(&format!(
                "{file}: good; {} instruments, {} sites, {} subscribers",
                config.instruments.len(),
                config.sites.len(),
                config.subscribers.len()
            ))?;
            out.finish()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            let mut out = Out::new();
            out.line(errors.to_string().trim_end())?;
            out.finish()?;
            complain("the configuration has problems; nothing was started");
            Ok(ExitCode::FAILURE)
        }
    }
}
