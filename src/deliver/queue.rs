//! What waits for one subscriber, in the order in which it came.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::activation::Event;
use crate::clock::Mono;

/// An event that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Its place in the order.
    order: u64,
    pub(super) event: Arc<Event>,
    /// Since when.
    pub(super) since: Mono,
}

/// Events in order; what need not be told gives way to a newer version.
///
/// Nothing here takes longer with more that waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    by_about: HashMap<String, Vec<u64>>,
    emergencies: usize,
}

/// What heads of the journal are about.
pub(super) const HEADS: &str = "heads";

/// What an event is about; one that is about nothing is about itself.
pub(super) fn about(event: &Event) -> &str {
    if event.head.is_some() {
        return HEADS;
    }
    match event.about() {
        "" => &event.id,
        about => about,
    }
}

/// Whether a newer version says all that this one would: the first raising, each
/// rise and each ending are always told.
fn gives_way(event: &Event) -> bool {
    matches!(
        event.why.as_str(),
        "updated" | "cleared" | "reopened" | "reminder" | "head"
    )
}

/// Whether an event tells of a change of an activation.
fn is_version(event: &Event) -> bool {
    (event.activation.is_some() && event.deadline.is_none()) || event.head.is_some()
}

impl Queue {
    /// Adds an event. Gives back the waiting one that it replaces.
    pub(super) fn push(&mut self, event: Arc<Event>, now: Mono) -> Option<Arc<Event>> {
        let replaced = self
            .by_about
            .get(about(&event))
            .filter(|_| is_version(&event))
            .and_then(|orders| {
                let is_replaced = |order: &u64| {
                    self.waiting
                        .get(order)
                        .is_some_and(|old| is_version(&old.event) && gives_way(&old.event))
                };
                orders.iter().copied().find(is_replaced)
            })
            .and_then(|order| self.take(order));
        self.put(Waiting {
            order: self.next,
            event,
            since: now,
        });
        replaced.map(|old| old.event)
    }

    /// Puts back what was taken, where it was.
    pub(super) fn put(&mut self, waiting: Waiting) {
        self.next = self.next.max(waiting.order + 1);
        self.emergencies += usize::from(waiting.event.is_emergency());
        let orders = self
            .by_about
            .entry(about(&waiting.event).to_owned())
            .or_default();
        orders.push(waiting.order);
        orders.sort_unstable();
        self.waiting.insert(waiting.order, waiting);
    }

    /// Takes what another queue had, behind all that waits here.
    pub(super) fn append(&mut self, waiting: Waiting) {
        let order = self.next;
        self.put(Waiting { order, ..waiting });
    }

    fn take(&mut self, order: u64) -> Option<Waiting> {
        let taken = self.waiting.remove(&order)?;
        self.emergencies -= usize::from(taken.event.is_emergency());
        let about = about(&taken.event);
        if let Some(orders) = self.by_about.get_mut(about) {
            orders.retain(|other| *other != order);
            if orders.is_empty() {
                self.by_about.remove(about);
            }
        }
        Some(taken)
    }

    /// Takes the first.
    pub(super) fn take_first(&mut self) -> Option<Waiting> {
        let order = *self.waiting.first_key_value()?.0;
        self.take(order)
    }

    /// Takes the first event about the same as this one.
    pub(super) fn take_first_about(&mut self, about: &str) -> Option<Waiting> {
        let order = *self.by_about.get(about)?.first()?;
        self.take(order)
    }

    /// Takes every event about one thing, in order.
    pub(super) fn take_about(&mut self, about: &str) -> Vec<Waiting> {
        let orders = self.by_about.get(about).cloned().unwrap_or_default();
        orders
            .into_iter()
            .filter_map(|order| self.take(order))
            .collect()
    }

    /// Whether something about it waits.
    pub(super) fn has(&self, about: &str) -> bool {
        self.by_about.contains_key(about)
    }

    /// Whether an emergency waits.
    pub(super) const fn has_emergency(&self) -> bool {
        self.emergencies > 0
    }

    /// How many activations and other things the events are about.
    pub(super) fn subjects(&self) -> usize {
        self.by_about.len()
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Since when the first one waits.
    pub(super) fn since(&self) -> Option<Mono> {
        self.waiting.values().next().map(|waiting| waiting.since)
    }

    /// All events, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.waiting.values().map(|waiting| &waiting.event)
    }
}
