//! A TIO2 speaks for the TIO3 beside it (alarm semantics, section 8).
//!
//! Only towards those who accepted the TIO2, which the outbox knows; here it is
//! said which activation stands behind which. Evaluation and record go on, and
//! what was kept back is told when the TIO2 no longer speaks. No chains: what is
//! inhibited is never an EMERGENCY, and only an EMERGENCY inhibits.

use super::id::ActivationId;
use super::machine::Machine;
use super::state::{Activation, Stamp};
use super::transition::{Cause, Effect, Why};
use crate::criteria::Class;

impl Machine {
    /// The TIO2 that speaks for `activation` now.
    pub(super) fn inhibitor_of(&self, activation: &Activation) -> Option<ActivationId> {
        if activation.class_max >= Class::Emergency || !activation.is_present() {
            return None;
        }
        self.emergencies
            .iter()
            .filter_map(|order| self.open.get(order))
            .filter(|other| other.order != activation.order && inhibits(other))
            .find(|other| touches(other, activation, self.config.radius_m))
            .map(|other| other.id.clone())
    }

    /// Tells what a TIO2 no longer speaks for.
    pub(super) fn release(&mut self, now: Stamp) -> Vec<Effect> {
        if self.inhibited.is_empty() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for order in self.inhibited.clone() {
            let Some(activation) = self.open.get(&order) else {
                self.inhibited.remove(&order);
                continue;
            };
            let speaks = activation.inhibited_by.as_ref().is_some_and(|id| {
                let mut emergencies = self.emergencies.iter();
                emergencies.any(|order| {
                    let other = self.open.get(order);
                    other.is_some_and(|other| other.id == *id && inhibits(other))
                })
            });
            if speaks {
                continue;
            }
            let next = self.inhibitor_of(activation);
            let activation = self
                .open
                .get_mut(&order)
                .expect("invariant: it was there a moment ago");
            if next.is_some() {
                activation.inhibited_by = next;
                continue;
            }
            activation.inhibited_by = None;
            self.inhibited.remove(&order);
            effects.extend(self.tell_again(now, &Cause::Uninhibited, Why::Uninhibited, order));
        }
        effects
    }
}

/// Whether it speaks for others: TIO2 now, known to hold, and not muted.
fn inhibits(activation: &Activation) -> bool {
    activation.class >= Class::Emergency && !activation.unknown && activation.shelf.is_none()
}

/// Whether two places touch: the same by name, or within `radius_m`.
fn touches(one: &Activation, other: &Activation, radius_m: f64) -> bool {
    one.is_at(&other.place)
        || one
            .spots
            .iter()
            .any(|spot| other.spots.near(spot.at, radius_m, |_| true))
}
