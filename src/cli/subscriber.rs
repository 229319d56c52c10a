//! `pantau subscriber test`: does somebody hear us?

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::output::{Out, format_or_default};
use super::{Args, Format, load, runtime, start_log_for};
use crate::activation::{Event, EventContext};
use crate::clock::Clock;
use crate::deliver::Standing;
use crate::pipeline::subscriber;

/// Subscribers.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Send one message marked as a test, past every filter and quiet hour;
    /// needs no running daemon.
    Test {
        /// Id of the `[[subscriber]]`.
        id: String,
        /// How to print.
        #[arg(long)]
        format: Option<Format>,
    },
}

pub(super) fn run(args: &Args, verb: &Verb) -> anyhow::Result<ExitCode> {
    let Verb::Test { id, format } = verb;
    let config = load(args.config.as_deref())?;
    let _log = start_log_for(args, Some(&config))?;
    let known =
        |ids: Vec<&str>| anyhow::anyhow!("no subscriber `{id}`; there are: {}", ids.join(", "));
    let configured = config
        .subscribers
        .iter()
        .find(|configured| configured.id == *id)
        .ok_or_else(|| known(config.subscribers.iter().map(|s| s.id.as_str()).collect()))?;
    let clock = Clock::start();
    let context = EventContext {
        node: config.node.name.clone(),
        zone: config.node.zone,
        recorded: false,
    };
    let event = Event::trial(id, clock.wall(), &context);
    let told = runtime()?.block_on(async {
        let (mut subscriber, _notices) = subscriber(configured, &config, Standing::default(), 1)?;
        let told = subscriber.tell_once(&event, &clock).await;
        anyhow::Ok(told)
    })?;
    match told {
        Ok(()) => {
            let mut out = Out::new();
            match format_or_default(*format) {
                Format::Ndjson => {
                    out.json(&json!({"subscriber": id, "accepted": true, "event": event.id}))?;
                }
                Format::Table => out.line(&format!("{id} accepted {}", event.id))?,
            }
            out.finish()?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(anyhow::anyhow!("{id} did not accept {}: {error}", event.id)),
    }
}
