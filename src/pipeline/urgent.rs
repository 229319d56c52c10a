//! TIO2s on their way: who accepted which, and which was accepted by nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::activation::{ActivationId, Event};

/// A TIO2 that nobody accepted by then goes to the next contacts.
const ACCEPTED_WITHIN: Duration = Duration::from_secs(30);

/// The TIO2s that were told and are not over.
#[derive(Debug, Default)]
pub(super) struct Urgent {
    /// By message: whose it is, and when the next contacts are due.
    open: BTreeMap<String, (String, Instant)>,
    /// By message, accepted or not: the activation.
    told: BTreeMap<String, String>,
    /// By activation, who accepted that it is a TIO2.
    accepted: BTreeMap<String, BTreeSet<String>>,
}

impl Urgent {
    /// Something is told.
    pub(super) fn told(&mut self, event: &Event, now: Instant) {
        let Some(activation) = &event.activation else {
            return;
        };
        if activation.state == "CLOSED" || !event.is_emergency() {
            self.told.retain(|_, of| *of != activation.id);
            self.open.retain(|_, (of, _)| *of != activation.id);
            self.accepted.remove(&activation.id);
            return;
        }
        if event.asks_for_notice() {
            let due = now + ACCEPTED_WITHIN;
            let of = (activation.id.clone(), due);
            self.open.entry(event.id.clone()).or_insert(of);
        }
        let is_now = activation.class == activation.class_max;
        if is_now {
            self.told.insert(event.id.clone(), activation.id.clone());
        }
    }

    /// A subscriber has it.
    pub(super) fn accepted(&mut self, message: &str, subscriber: &str) {
        self.open.remove(message);
        if let Some(activation) = self.told.get(message) {
            let by = self.accepted.entry(activation.clone()).or_default();
            by.insert(subscriber.to_owned());
        }
    }

    /// Whether a subscriber knows of the TIO2 that speaks for what is told.
    pub(super) fn speaks_for(&self, event: &Event, subscriber: &str) -> bool {
        let activation = event.activation.as_ref();
        activation
            .and_then(|activation| activation.inhibited_by.as_ref())
            .and_then(|id| self.accepted.get(id))
            .is_some_and(|by| by.contains(subscriber))
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.open.values().map(|(_, due)| *due).min()
    }

    /// Those that nobody accepted by now.
    pub(super) fn unaccepted(&mut self, now: Instant) -> Vec<ActivationId> {
        let mut late = BTreeSet::new();
        self.open.retain(|_, (activation, due)| {
            let is_late = *due <= now;
            if is_late {
                late.extend(ActivationId::parse(activation));
            }
            !is_late
        });
        late.into_iter().collect()
    }
}
