//! `pantau token new`: a token for a person or a service.
//!
//! It is printed once and kept nowhere. The configuration gets its hash.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args as ClapArgs, Subcommand};

use super::output::{Out, complain};
use crate::access::{Role, TokenHash, token_of};
use crate::clock::{Clock, Wall};
use crate::config::from_toml;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print a fresh token on standard output, once, and on standard error the
    /// table for the configuration.
    New(NewOptions),
}

#[derive(Debug, ClapArgs)]
pub(super) struct NewOptions {
    /// viewer, operator, second or chief.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Of the person or service; goes into the record of what is done with it.
    #[arg(long)]
    name: String,
    /// Days that it is good; default 180, and for a viewer no end.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: Option<u16>,
}

/// Days that a token is good with which one may act.
const DAYS: u16 = 180;

pub(super) fn run(verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::New(options) => new(options),
    }
}

fn new(options: &NewOptions) -> anyhow::Result<ExitCode> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the system gives no random numbers")?;
    let token = token_of(&random);
    let table = table(options, &token, Clock::start().wall());
    // What would not be read back is not handed out.
    from_toml(&table, Path::new("")).map_err(|problems| anyhow!("{problems}"))?;
    let mut out = Out::new();
    out.line(&token)?;
    out.finish()?;
    complain(&format!(
        "give the line above to {} in a file that nobody else may read; it is shown once. \
         For the configuration:\n\n{table}",
        options.name
    ));
    Ok(ExitCode::SUCCESS)
}

/// `[[http.token]]` of a token.
fn table(options: &NewOptions, token: &str, now: Wall) -> String {
    let days = match (options.days, options.role) {
        (Some(days), _) => Some(days),
        (None, Role::Viewer) => None,
        (None, Role::Operator | Role::Second | Role::Chief) => Some(DAYS),
    };
    let expires = days.map(|days| {
        let long = Duration::from_secs(u64::from(days) * 24 * 3600);
        let last = now.saturating_add(long).to_string();
        let date = last.split('T').next().unwrap_or_default();
        format!("expires = \"{date}\"\n")
    });
    let (role, name) = (options.role, serde_json::Value::from(options.name.as_str()));
    format!(
        "[[http.token]]\nname = {name}\nrole = \"{role}\"\nhash = \"{}\"\n{}",
        TokenHash::of(token),
        expires.unwrap_or_default()
    )
}

fn role(word: &str) -> Result<Role, String> {
    Role::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("one of {}", words.join(", "))
    })
}
