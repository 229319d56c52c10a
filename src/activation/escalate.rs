//! The machine's part of the escalation: what is due is told to whom it is for.

use super::escalation::Due;
use super::id::ActivationId;
use super::machine::Machine;
use super::state::{Activation, Stamp};
use super::transition::{Cause, Effect, Why};
use crate::clock::{Mono, Received};

impl Machine {
    /// When its escalation goes on; not while its notifications rest.
    pub(super) fn escalates_at(activation: &Activation) -> Option<Mono> {
        let next = activation.escalation.next();
        next.filter(|_| !activation.is_muted())
    }

    /// Tells the next contacts, and reminds.
    pub(super) fn escalate(&mut self, now: Stamp) -> Vec<Effect> {
        let is_due = |activation: &&Activation| {
            let next = Self::escalates_at(activation);
            next.is_some_and(|at| at <= now.mono)
        };
        let due: Vec<u64> = self
            .open
            .values()
            .filter(is_due)
            .map(|activation| activation.order)
            .collect();
        let table = self.config.escalation;
        due.into_iter()
            .filter_map(|order| {
                let activation = self.open.get_mut(&order)?;
                let table = table.of(activation.class_max);
                let due = activation.escalation.advance(now.mono, table)?;
                self.tell_due(now, Cause::Unacknowledged, due, order)
            })
            .collect()
    }

    /// No subscriber accepted what was told of an activation: its next contacts
    /// are told at once. Nothing comes of it once somebody acknowledged.
    pub fn unaccepted(&mut self, id: &ActivationId, now: Received) -> Vec<Effect> {
        let now = self.stamp(now);
        let table = self.config.escalation;
        let activation = self
            .open
            .values_mut()
            .find(|activation| activation.id == *id && !activation.is_muted());
        let Some(activation) = activation else {
            return Vec::new();
        };
        let order = activation.order;
        let table = table.of(activation.class_max);
        let due = activation.escalation.hurry(table);
        due.and_then(|due| self.tell_due(now, Cause::Unaccepted, due, order))
            .into_iter()
            .collect()
    }

    fn tell_due(&mut self, now: Stamp, cause: Cause, due: Due, order: u64) -> Option<Effect> {
        let why = if due.is_step {
            Why::Escalated
        } else {
            Why::Reminder
        };
        let effect = self.transition(now, cause, Some(why), order)?;
        let Effect::Transition(mut transition) = effect;
        transition.reach = due.reach;
        Some(Effect::Transition(transition))
    }
}
