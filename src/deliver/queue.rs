//! What one subscriber has still to be told, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::activation::Event;

/// Events in order; a bundled update gives way to a newer version.
#[derive(Debug, Default)]
pub(super) struct Queue {
    events: VecDeque<Arc<Event>>,
}

impl Queue {
    /// Adds an event. Gives back the waiting update that it replaces.
    ///
    /// Only updates and heads are replaced: the first raising, each rise, each
    /// ending are always told. `in_flight` says that the first event is being sent.
    pub(super) fn push(&mut self, event: Arc<Event>, in_flight: bool) -> Option<Arc<Event>> {
        let first_free = usize::from(in_flight);
        let replaced = self
            .events
            .iter()
            .enumerate()
            .skip(first_free)
            .find(|(_, old)| match &event.head {
                Some(_) => old.head.is_some(),
                None => old.why == "updated" && old.about() == event.about(),
            })
            .map(|(at, _)| at)
            .and_then(|at| self.events.remove(at));
        self.events.push_back(event);
        replaced
    }

    /// The event to send now.
    pub(super) fn first(&self) -> Option<&Arc<Event>> {
        self.events.front()
    }

    /// The first event has ended.
    pub(super) fn done(&mut self) {
        self.events.pop_front();
    }

    /// Whether an emergency waits: it sets the pace for all that is before it.
    pub(super) fn has_emergency(&self) -> bool {
        self.events.iter().any(|event| event.is_emergency())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }
}
