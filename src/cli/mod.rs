//! The command line: one file for each verb.
//!
//! Results go to standard output, everything else to standard error. Exit
//! codes: 0 done, 1 the thing asked for failed or a check found problems, 2
//! wrong usage.

mod ask;
mod assess;
mod broker_file;
mod case;
mod check;
mod closing;
mod demo;
mod explain;
mod export;
mod journal;
mod lines;
mod mute;
mod output;
mod policy;
mod ports;
mod probe;
mod profile;
mod replay;
mod run;
mod subscriber;
mod token;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::{self, Config, ConfigErrors};
use crate::telemetry::{LogFormat, LogGuard, start_log};

/// Watches radiation instruments and raises activations by the intervention
/// levels of BAPETEN's guideline PUK/DK2N.3/PT.17.
#[derive(Debug, Parser)]
#[command(name = "pantau", version, propagate_version = true)]
struct Args {
    /// Configuration file; default `pantau.toml`, then `/etc/pantau/pantau.toml`,
    /// then built-in defaults.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Level of the log on standard error: error, warn, info, debug, trace;
    /// default the configuration's.
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the daemon until SIGTERM or SIGINT; SIGHUP reloads the configuration.
    Run,
    /// Run the main job with no server and no hardware, as an exercise.
    Demo(demo::Options),
    /// Name every problem of the configuration.
    Check(check::Options),
    /// Device profiles.
    #[command(subcommand)]
    Profile(profile::Verb),
    /// The serial ports of this machine, with names that stay.
    Ports(ports::Options),
    /// What an instrument says, live and byte by byte; changes nothing in it.
    Probe(probe::Options),
    /// Judge cases: `{"cases":[…]}`, a list, or a case a line; default stdin.
    Assess(assess::Options),
    /// The policy in force: every key of `[criteria]` with value, default, bounds
    /// and reason, and its hash; or one of the past, by its hash.
    Policy(policy::Options),
    /// Print a broker file for mosquitto that loses as little as it can.
    BrokerFile(broker_file::Options),
    /// Run recordings through the whole core with their own times.
    Replay(replay::Options),
    /// How the running daemon is.
    Status(ask::Options),
    /// The instruments of the running daemon and their backgrounds.
    Instruments(ask::Options),
    /// The activations of the running daemon, the newest first.
    Activations(ask::Options),
    /// The faults of the running daemon: what is silent, stuck, cut off or failing.
    Faults(ask::Options),
    /// Stored readings of the running daemon, the newest first.
    Readings(ask::ReadingsOptions),
    /// The books of the running daemon.
    Books(ask::Options),
    /// Take notice of an activation or a fault.
    // Its `--version` is the activation's, not the program's.
    #[command(disable_version_flag = true)]
    Ack(ask::AckOptions),
    /// Stop the notifications of an activation for a while; TIO2 takes two people.
    #[command(disable_version_flag = true)]
    Shelve(mute::ShelveOptions),
    /// Let them go on.
    Unshelve(mute::UnshelveOptions),
    /// Take a station out of service while people work on it, at most 8 h: below
    /// TIO2 nothing is announced of it. Without one: which are.
    OutOfService(mute::OutOfServiceOptions),
    /// Take it into service again.
    InService(mute::InServiceOptions),
    /// Record the response status that a person decided, for an activation or case.
    Decide(case::DecideOptions),
    /// The clocks D-01 to D-21 that run or ran out, the first due first.
    Deadlines(case::DeadlinesOptions),
    /// Cases: reports, decisions, steps, records.
    #[command(subcommand)]
    Case(case::Verb),
    /// Say what was recovered, so that the end of an event may be proposed.
    Recovered(closing::RecoveredOptions),
    /// Close the matter of an activation: to normal or to existing exposure.
    Close(closing::CloseOptions),
    /// Write stored readings; needs no running daemon.
    Export(export::Options),
    /// The journal, and whether it is as it was written.
    #[command(subcommand)]
    Journal(journal::Verb),
    /// Those who are told.
    #[command(subcommand)]
    Subscriber(subscriber::Verb),
    /// Tokens for those who ask over HTTP.
    #[command(subcommand)]
    Token(token::Verb),
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for people; the default on a terminal.
    Table,
    /// One JSON object a line; the default elsewhere.
    Ndjson,
}

/// Runs the program and gives its exit code.
pub fn main() -> ExitCode {
    let args = Args::parse();
    // Named once, before anything else can choose one: see deliver::webhook.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let outcome = match &args.verb {
        Verb::Run => run::run(&args),
        Verb::Demo(options) => demo::demo(&args, options),
        Verb::Check(options) => check::check(&args, options),
        Verb::Profile(verb) => profile::profile(&args, verb),
        Verb::Ports(options) => ports::ports(options),
        Verb::Probe(options) => probe::probe(&args, options),
        Verb::Assess(options) => assess::assess(&args, options),
        Verb::Policy(options) => policy::policy(&args, options),
        Verb::BrokerFile(options) => broker_file::broker_file(options),
        Verb::Replay(options) => replay::replay(&args, options),
        Verb::Status(options) => ask::status(&args, options),
        Verb::Instruments(options) => ask::instruments(&args, options),
        Verb::Activations(options) => ask::activations(&args, options),
        Verb::Faults(options) => ask::faults(&args, options),
        Verb::Readings(options) => ask::readings(&args, options),
        Verb::Books(options) => ask::books(&args, options),
        Verb::Ack(options) => ask::ack(&args, options),
        Verb::Shelve(options) => mute::shelve(&args, options),
        Verb::Unshelve(options) => mute::unshelve(&args, options),
        Verb::OutOfService(options) => mute::out_of_service(&args, options),
        Verb::InService(options) => mute::in_service(&args, options),
        Verb::Decide(options) => case::decide(&args, options),
        Verb::Deadlines(options) => case::deadlines(&args, options),
        Verb::Case(verb) => case::case(&args, verb),
        Verb::Recovered(options) => closing::recovered(&args, options),
        Verb::Close(options) => closing::close(&args, options),
        Verb::Export(options) => export::export(&args, options),
        Verb::Journal(verb) => journal::run(&args, verb),
        Verb::Subscriber(verb) => subscriber::run(&args, verb),
        Verb::Token(verb) => token::run(verb),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            output::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The checked configuration of the file asked for.
fn load(path: Option<&Path>) -> Result<Config, ConfigErrors> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    config::load(path, environment)
}

/// Starts the log as flags and configuration say; it ends with what is given.
fn start_log_for(args: &Args, config: Option<&Config>) -> anyhow::Result<LogGuard> {
    let level = match (&args.log, config) {
        (Some(level), _) => level.clone(),
        (None, Some(config)) => config.log.level.as_str().to_owned(),
        (None, None) => "warn".to_owned(),
    };
    let format = match config.map(|config| config.log.format) {
        Some(config::LogFormat::Json) => LogFormat::Json,
        Some(config::LogFormat::Text) | None => LogFormat::Text,
    };
    start_log(&level, format).map_err(|error| anyhow::anyhow!(error))
}

/// A runtime for the verbs that need one.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Reads `30s`, `2m`, `1h` or `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is no duration such as 30s, 2m or 1h");
    let at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .ok_or_else(bad)?;
    let (number, unit) = text.split_at(at);
    let number: f64 = number.parse().map_err(|_| bad())?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(bad()),
    };
    if !(1.0..=86_400.0).contains(&seconds) {
        return Err(format!("`{text}` is not between 1s and 24h"));
    }
    Ok(Duration::from_secs_f64(seconds))
}
