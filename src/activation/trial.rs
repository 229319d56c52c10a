//! A message that tries a subscriber: marked as a drill, about nothing.

use super::escalation::{Reach, Stage};
use super::message::{Text, Words};
use super::sms::fitted;
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
            sms: fitted(
                &format!("{MARK}: "),
                what,
                &format!(". {}", context.zone.short(at)),
            ),
        };
        let text = Text {
            id: words(
                &format!("saluran `{subscriber}` berfungsi; bukan kejadian nyata"),
                "Tidak ada yang perlu dilakukan.",
            ),
            en: words(
                &format!("channel `{subscriber}` works; not a real event"),
                "Nothing is to be done.",
            ),
        };
        Self {
            reach: Reach::up_to(Stage::Everyone),
            exercise: true,
            recorded: false,
            told: vec![subscriber.to_owned()],
            ..Self::plain(format!("{id}.1"), "test", at, context, text)
        }
    }
}
