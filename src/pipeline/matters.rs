//! Matters in the core: what is written down of them, and what people do.

use std::collections::BTreeMap;

use super::command::Refusal;
use super::core::CoreTask;
use super::keep::{self, Unsaved};
use crate::activation::{ActivationId, Effect, Person};
use crate::clock::Received;
use crate::closing::{Change, ClosingView, Ground, Refused};
use crate::criteria::termination::{Recovered, Target, Track};
use crate::error::excerpt;
use crate::journal::Entry;

impl CoreTask {
    /// Hands changes that no reading brought about to the matters.
    pub(super) fn follow(&mut self, now: Received, effects: &[Effect]) -> Vec<Entry> {
        let mut changes = Vec::new();
        for effect in effects {
            let activation = &effect.transition().activation;
            // Only a reading opens an activation, and so a matter.
            let change = self
                .parts
                .closings
                .follow(now, activation, &Ground::UNKNOWN);
            changes.extend(change);
        }
        self.note_changes(&changes)
    }

    /// What the journal is told of proposals that changed; wakes whoever writes
    /// the matters down.
    pub(super) fn note_changes(&mut self, changes: &[Change]) -> Vec<Entry> {
        if self.parts.closings.is_urgent() {
            self.parts.keeper.notify_one();
        }
        changes.iter().map(note).collect()
    }

    /// A person says what was recovered.
    pub(super) fn recovered(
        &mut self,
        id: &str,
        recovered: Recovered,
        track: Track,
        person: Person<'_>,
    ) -> Result<ClosingView, Refusal> {
        let id = parse(id)?;
        let now = self.parts.clock.now();
        let change = self
            .parts
            .closings
            .recovered(now, &id, recovered, track)
            .map_err(refusal)?;
        let what = format!(
            "{id}: recovered source {}, environment {}; track {track}",
            recovered.source, recovered.environment
        );
        let mut notes = vec![action(what, person)];
        notes.extend(self.note_changes(change.as_slice()));
        self.record(Vec::new(), notes, None);
        let unknown = || refusal(Refused::Unknown(id.clone()));
        self.parts.closings.view(&id).ok_or_else(unknown)
    }

    /// A person closes a matter.
    pub(super) fn close(
        &mut self,
        id: &str,
        to: Target,
        person: Person<'_>,
    ) -> Result<ClosingView, Refusal> {
        let id = parse(id)?;
        let last = self.parts.closings.close(&id).map_err(refusal)?;
        let what = format!(
            "{id}: closed by {to}; proposed was {} ({})",
            last.proposal, last.rule
        );
        self.note_changes(&[]);
        self.record(Vec::new(), vec![action(what, person)], None);
        Ok(last)
    }

    /// What has to be written down.
    pub(super) fn unsaved(&mut self) -> Unsaved {
        let now = self.parts.clock.now();
        Unsaved {
            learned: std::mem::take(&mut self.has_learned).then(|| {
                let seen = self.parts.instruments.iter().filter_map(|instrument| {
                    Some((keep::key(instrument), instrument.background.memory()?))
                });
                let unseen = self.parts.memories.rest();
                unseen.chain(seen).collect::<BTreeMap<_, _>>()
            }),
            elevated: std::mem::take(&mut self.has_elevation_changed).then(|| {
                let seen = self.parts.instruments.iter().filter_map(|instrument| {
                    Some((keep::key(instrument), instrument.elevation.began()?))
                });
                self.parts.memories.elevated().chain(seen).collect()
            }),
            closings: self.parts.closings.unsaved(now),
        }
    }
}

/// An activation's id, as somebody named it.
pub(super) fn parse(id: &str) -> Result<ActivationId, Refusal> {
    let unknown = || Refusal::Unknown(format!("no activation `{}`", excerpt(id, 40)));
    ActivationId::parse(id).ok_or_else(unknown)
}

fn refusal(refused: Refused) -> Refusal {
    let text = refused.to_string();
    match refused {
        Refused::Unknown(_) => Refusal::Unknown(text),
        Refused::Present(_) => Refusal::Invalid(text),
    }
}

fn action(what: String, person: Person<'_>) -> Entry {
    Entry::Action {
        by: excerpt(person.by.trim(), 80),
        channel: person.channel.to_owned(),
        what,
        note: excerpt(person.note, 500),
    }
}

fn note(change: &Change) -> Entry {
    let old = change.was.map_or("-", |was| was.as_str());
    Entry::Changed {
        what: format!("proposal for {}", change.activation),
        old: old.to_owned(),
        new: format!("{} ({})", change.now.proposal, change.now.rule),
        by: "pantau".to_owned(),
    }
}
