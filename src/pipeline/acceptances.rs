//! Who accepted which activation: for the line of a message that says so.
//!
//! Kept in memory only. After a restart nobody knows, and messages say that.

use std::collections::BTreeMap;

use crate::activation::{Accepted, Event};

/// The subscribers that accepted a version, by activation. It holds what is told
/// here from the first version on and is not closed yet.
#[derive(Debug, Default)]
pub(super) struct Acceptances(BTreeMap<String, Vec<String>>);

impl Acceptances {
    /// The event as it is told to `told`.
    pub(super) fn tell(&mut self, event: Event, told: Vec<String>) -> Event {
        let changed = event.activation.as_ref();
        let Some(activation) = changed.filter(|_| event.deadline.is_none()) else {
            return event.told_to(told, Accepted::Unknown);
        };
        let is_over = activation.state == "CLOSED";
        let id = activation.id.clone();
        if activation.version == 1 {
            self.0.insert(id.clone(), Vec::new());
        }
        let names = if is_over {
            self.0.remove(&id)
        } else {
            self.0.get(&id).cloned()
        };
        let accepted = names.as_deref().map_or(Accepted::Unknown, Accepted::By);
        event.told_to(told, accepted)
    }

    /// A subscriber accepted a message.
    pub(super) fn note(&mut self, message: &str, subscriber: &str) {
        let about = message.split_once('.').map(|(about, _)| about);
        if let Some(names) = about.and_then(|about| self.0.get_mut(about))
            && !names.iter().any(|name| name == subscriber)
        {
            names.push(subscriber.to_owned());
        }
    }
}
