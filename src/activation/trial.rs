//! A message that tries a subscriber: marked as a drill, about nothing.

use super::message::{Text, Words};
use super::view::{ActivationView, Event, EventContext, PlaceView};
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
            activation: nothing(id, at),
        }
    }
}

/// An activation that is over, of class NORMAL.
fn nothing(id: String, at: Wall) -> ActivationView {
    let at = at.to_string();
    ActivationView {
        id,
        version: 1,
        state: "CLOSED".to_owned(),
        class: "NORMAL".to_owned(),
        class_max: "NORMAL".to_owned(),
        rule: "NR".to_owned(),
        rule_source: String::new(),
        also: Vec::new(),
        recommended_status: "NONE".to_owned(),
        present: false,
        acked: false,
        acked_by: None,
        confirmed: false,
        data_lost: false,
        late: false,
        exercise: true,
        subject: "environment".to_owned(),
        place: PlaceView {
            kind: "instrument".to_owned(),
            site: None,
            name: None,
            lat: None,
            lon: None,
        },
        quantity: "dose_rate".to_owned(),
        radiation: None,
        value: None,
        at_least: false,
        unit: "uSv/h".to_owned(),
        level: None,
        instrument: "test".to_owned(),
        factor: None,
        onset: at.clone(),
        observed_at: at.clone(),
        received_at: at.clone(),
        last_seen_at: at,
        flags: Vec::new(),
        members: Vec::new(),
        review: Vec::new(),
        merged_into: None,
    }
}
