//! One lane of a desk: what waits in it, and the letter that was begun.

use std::collections::HashSet;
use std::sync::Arc;

use super::desk::Letter;
use super::news::is_urgent_event;
use super::pace::Weight;
use super::queue::{Queue, Waiting, about};
use crate::activation::Event;
use crate::clock::{Mono, Received};

/// A letter that was begun.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) letter: Letter,
    /// What it was made of, to be put back when it is too large.
    pub(super) parts: Vec<Waiting>,
    pub(super) weight: Weight,
    pub(super) attempts: u32,
    pub(super) refusals: u32,
    pub(super) since: Mono,
    pub(super) next: Mono,
    /// An attempt was taken and has not ended.
    pub(super) is_under_way: bool,
}

#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) queue: Queue,
    pub(super) sending: Option<Sending>,
}

impl Lane {
    pub(super) fn has_emergency(&self) -> bool {
        let is_sent = |sending: &Sending| sending.letter.event.is_emergency();
        self.queue.has_emergency() || self.sending.as_ref().is_some_and(is_sent)
    }

    pub(super) fn is_about(&self, about_what: &str) -> bool {
        let is_sent = |sending: &Sending| {
            let mut parts = sending.letter.parts.iter();
            parts.any(|part| about(part) == about_what)
        };
        self.queue.has(about_what) || self.sending.as_ref().is_some_and(is_sent)
    }
}

/// The lane's letter, when its time has come.
pub(super) fn begin(lane: &mut Lane, now: Mono) -> Option<Letter> {
    let is_due = |sending: &&mut Sending| sending.next <= now && !sending.is_under_way;
    let sending = lane.sending.as_mut().filter(is_due)?;
    sending.attempts += 1;
    sending.is_under_way = true;
    Some(sending.letter.clone())
}

pub(super) fn sending(
    parts: Vec<Waiting>,
    weight: Weight,
    is_urgent: bool,
    is_flood: bool,
    now: Received,
) -> Option<Sending> {
    let events: Vec<Arc<Event>> = parts.iter().map(|part| Arc::clone(&part.event)).collect();
    let event = match events.as_slice() {
        [] => return None,
        [event] => Arc::clone(event),
        [earlier @ .., last] => {
            let is_of_one = earlier.iter().all(|event| about(event) == about(last));
            if is_urgent && is_of_one && is_urgent_event(last) {
                Arc::new(Event::with_earlier(&events, last))
            } else {
                Arc::new(Event::digest(&events, now.wall, is_flood))
            }
        }
    };
    Some(Sending {
        letter: Letter {
            event,
            parts: events,
            is_urgent,
        },
        parts,
        weight,
        attempts: 0,
        refusals: 0,
        since: now.mono,
        next: now.mono,
        is_under_way: false,
    })
}

/// Takes the next emergency and what waited of its activation before it.
pub(super) fn take_to_emergency(queue: &mut Queue) -> Vec<Waiting> {
    let mut parts = Vec::new();
    while let Some(part) = queue.take_first() {
        let is_last = is_urgent_event(&part.event);
        parts.push(part);
        if is_last {
            break;
        }
    }
    parts
}

/// Takes what goes into one digest: everything, or the first `most` activations.
/// Nothing real ever stands beside an exercise.
pub(super) fn take_together(queue: &mut Queue, most: usize) -> Vec<Waiting> {
    let mut subjects: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    // What is real goes before a drill.
    let is_real = |event: &Arc<Event>| !event.exercise;
    let is_exercise = !queue.iter().any(is_real);
    for event in queue.iter().filter(|event| event.exercise == is_exercise) {
        if subjects.len() >= most {
            break;
        }
        let what = about(event);
        if seen.insert(what) {
            subjects.push(what.to_owned());
        }
    }
    subjects
        .iter()
        .flat_map(|what| queue.take_about(what))
        .collect()
}
