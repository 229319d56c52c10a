//! What an event has to say to a subscriber, and whether it may wait.

use std::collections::HashMap;

use super::pace::Weight;
use super::queue::about;
use crate::activation::Event;

/// What a subscriber knows of an activation, as far as it makes news.
#[derive(Debug, PartialEq)]
pub(super) struct Known {
    class: String,
    class_max: String,
    state: String,
    status: String,
    confirmed: bool,
    members: usize,
    review: usize,
}

impl Known {
    pub(super) fn of(event: &Event) -> Option<Self> {
        let view = event.activation.as_ref()?;
        Some(Self {
            class: view.class.clone(),
            class_max: view.class_max.clone(),
            state: view.state.clone(),
            status: view.recommended_status.clone(),
            confirmed: view.confirmed,
            members: view.members.len(),
            review: view.review.len(),
        })
    }
}

/// Whether an event waits for nothing: an emergency that is new, worse or back,
/// or a clock of one that ran out.
pub(super) fn is_urgent_event(event: &Event) -> bool {
    let activation = event.activation.as_ref();
    activation.is_some_and(|activation| activation.class == "EMERGENCY") && is_news(event)
}

/// Whether an event is more than a change, an end or a record.
pub(super) fn is_news(event: &Event) -> bool {
    !matches!(
        event.why.as_str(),
        "updated" | "cleared" | "closed" | "merged" | "reminder" | "head"
    )
}

/// How much an event has to say to one who was told what is `known`.
pub(super) fn weight(known: &HashMap<String, Known>, event: &Event) -> Weight {
    if event.why == "risen" {
        return Weight::Rise;
    }
    if is_news(event) {
        return Weight::News;
    }
    let is_known = || known.get(about(event)) == Known::of(event).as_ref();
    if event.why == "updated" && is_known() {
        Weight::Flap
    } else {
        Weight::Update
    }
}
