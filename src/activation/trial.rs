//! A message that tries a subscriber: marked as a drill, about nothing.

use super::message::{Text, Words};
use super::view::{Event, EventContext};
use crate::clock::Wall;

/// What every headline of a trial begins with.
const MARK: &str = "UJI COBA / TEST";

impl Event {
    /// A trial for a subscriber, told at `at`. It stands in no journal and has
    /// an id of its own, so no receiver takes it for an activation.
    pub fn trial(subscriber: &str, at: Wall, context: &EventContext) -> Self {
        let id = format!("TEST-{subscriber}-{}", at.as_millis());
        let times = [at.to_string(), context.zone.local(at)].join(" = ");
        let words = |what: &str, ask: &str| Words {
            headline: format!("{MARK}: {what}"),
            lines: vec![
                format!("{MARK}: {what}"),
                format!("{}: {times}", context.node),
                ask.to_owned(),
            ],
            log: format!("{MARK}: {what} | {id}"),
        };
        Self {
            id: format!("{id}.1"),
            why: "test".to_owned(),
            at: at.to_string(),
            node: context.node.clone(),
            exercise: true,
            drill: false,
            recorded: false,
            text: Text {
                id: words(
                    &format!("saluran `{subscriber}` berfungsi; bukan kejadian nyata"),
                    "Tidak ada yang perlu dilakukan.",
                ),
                en: words(
                    &format!("channel `{subscriber}` works; not a real event"),
                    "Nothing is to be done.",
                ),
            },
            activation: None,
            deadline: None,
            fault: None,
        }
    }
}
