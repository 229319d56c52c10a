//! What goes out to one subscriber next: order, pace and another try. Pure: time
//! comes in, letters go out.
//!
//! There are two lanes. In the urgent one is what waits for nothing: an
//! emergency that is new, has risen or is back. All else is in the usual one,
//! goes out at its pace, and as digests when there is too much. What is about one
//! activation keeps its order: what waited of it goes along with its emergency.
//!
//! A letter stays as it is until it ends, so that one tried again is the same
//! message; what comes meanwhile waits for the next. Every event that was
//! offered ends exactly once: accepted, superseded, or a dead letter.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::backoff::{OTHER_UNTIL, wait};
use super::lane::{Lane, Sending, begin, sending, take_to_emergency, take_together};
use super::news::{Known, is_news, is_urgent_event, weight};
use super::pace::{Pace, Weight};
use super::queue::{HEADS, about};
use super::{Attempt, Outcome};
use crate::activation::Event;
use crate::clock::{Mono, Received};

/// Quiet hours are looked at again this often, as the wall clock may be set.
const QUIET_LOOK: Duration = Duration::from_secs(60);

/// What waited longer goes together with the emergency of its activation.
const HELD_BACK: Duration = Duration::from_secs(1);

/// Most activations in one digest: a few megabytes of JSON.
const MOST_PARTS: usize = 5_000;

/// One notification.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What is sent.
    pub event: Arc<Event>,
    /// What it tells: the event itself, or all that a digest is made of.
    pub parts: Vec<Arc<Event>>,
    /// It waited for nothing and counts towards no limit.
    pub is_urgent: bool,
}

impl Letter {
    /// An event by itself.
    pub fn of(event: Arc<Event>) -> Self {
        Self {
            parts: vec![Arc::clone(&event)],
            event,
            is_urgent: false,
        }
    }
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It is over for these events.
    Over(Vec<(Arc<Event>, Outcome)>),
    /// The same letter is tried again.
    Again,
    /// It was too large; smaller ones follow.
    Smaller,
}

/// Everything that one subscriber has still to be told.
#[derive(Debug)]
pub struct Desk {
    /// None for a record of state, which takes every event by itself.
    pace: Option<Pace>,
    urgent: Lane,
    usual: Lane,
    /// Weight of the heaviest event in the usual lane.
    heaviest: Weight,
    /// What was told of each open activation.
    known: HashMap<String, Known>,
    most_parts: usize,
}

impl Desk {
    /// A desk with nothing on it. One that `is_paced` tells few notifications.
    pub fn new(is_paced: bool) -> Self {
        Self {
            pace: is_paced.then(Pace::default),
            urgent: Lane::default(),
            usual: Lane::default(),
            heaviest: Weight::Flap,
            known: HashMap::new(),
            most_parts: MOST_PARTS,
        }
    }

    /// Takes an event. Gives back the waiting one that it replaces.
    pub fn offer(&mut self, event: Arc<Event>, now: Mono) -> Option<Arc<Event>> {
        if let Some(pace) = &mut self.pace
            && is_news(&event)
        {
            pace.arrived(now);
        }
        let what = about(&event).to_owned();
        let is_urgent = is_urgent_event(&event);
        if is_urgent {
            self.hasten(&what);
        }
        // What follows an emergency that is not accepted yet stays behind it.
        let lane = if is_urgent || self.urgent.is_about(&what) {
            &mut self.urgent
        } else {
            self.heaviest = self.heaviest.max(weight(&self.known, &event));
            &mut self.usual
        };
        if event.is_emergency()
            && let Some(sending) = &mut lane.sending
        {
            sending.next = now; // it waits for nobody's back-off
        }
        lane.queue.push(event, now)
    }

    /// What waits of an activation goes with its emergency; what failed before
    /// is tried again ahead of it, as it was.
    fn hasten(&mut self, what: &str) {
        let is_its_own = |sending: &mut Sending| {
            !sending.is_under_way
                && sending.parts.len() == 1
                && about(&sending.letter.event) == what
        };
        if self.urgent.sending.is_none()
            && let Some(mut failing) = self.usual.sending.take_if(is_its_own)
        {
            failing.letter.is_urgent = true;
            self.urgent.sending = Some(failing);
        }
        for earlier in self.usual.queue.take_about(what) {
            self.urgent.queue.append(earlier);
        }
    }

    /// How many events wait or are being sent.
    pub fn len(&self) -> usize {
        let sent = |lane: &Lane| {
            let sending = lane.sending.as_ref();
            sending.map_or(0, |sending| sending.letter.parts.len())
        };
        [&self.urgent, &self.usual]
            .iter()
            .map(|lane| lane.queue.len() + sent(lane))
            .sum()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether more comes than a person can take in; `None` without a pace.
    pub fn is_flood(&self) -> Option<bool> {
        self.pace.as_ref().map(Pace::is_flood)
    }

    /// Whether an event that was just offered has to wait for the pace.
    pub fn holds_back(&self, now: Mono) -> bool {
        self.usual.queue.len() > 0 && self.usual_at().is_some_and(|at| at > now)
    }

    /// When [`Desk::take`] next has something to do. `quiet` is how long the
    /// quiet hours still last.
    pub fn wake(&self, now: Mono, quiet: Option<Duration>) -> Option<Mono> {
        let urgent = match &self.urgent.sending {
            Some(sending) => Some(sending.next),
            None => (self.urgent.queue.len() > 0).then_some(now),
        };
        let usual = self.usual_at().map(|at| match self.usual_quiet(quiet) {
            Some(left) => at.max(now.saturating_add(left.min(QUIET_LOOK))),
            None => at,
        });
        let calm = self.pace.as_ref().and_then(Pace::calm_at);
        [urgent, usual, calm].into_iter().flatten().min()
    }

    /// When the usual lane goes on, but for quiet hours.
    fn usual_at(&self) -> Option<Mono> {
        if let Some(sending) = &self.usual.sending {
            return Some(sending.next);
        }
        let since = self.usual.queue.since()?;
        let has_head = self.usual.queue.has(HEADS);
        Some(match &self.pace {
            Some(pace) if !has_head => pace.next(self.heaviest, since).at,
            Some(_) | None => since,
        })
    }

    /// How long the usual lane keeps quiet: not at all with an emergency in it.
    fn usual_quiet(&self, quiet: Option<Duration>) -> Option<Duration> {
        quiet.filter(|_| !self.usual.has_emergency())
    }

    /// The letter to send now, if any. [`Desk::end`] has to follow.
    pub fn take(&mut self, now: Received, quiet: Option<Duration>) -> Option<Letter> {
        if let Some(pace) = &mut self.pace {
            pace.look(now.mono);
        }
        if self.urgent.sending.is_none() {
            self.urgent.sending = self.compose_urgent(now);
        }
        if let Some(letter) = begin(&mut self.urgent, now.mono) {
            return Some(letter);
        }
        if self.usual_quiet(quiet).is_some() {
            return None;
        }
        if self.usual.sending.is_none() {
            self.usual.sending = self.compose_usual(now);
        }
        begin(&mut self.usual, now.mono)
    }

    /// Several emergencies that came while another was on its way go together, so
    /// that none waits for the others' way.
    fn compose_urgent(&mut self, now: Received) -> Option<Sending> {
        let queue = &mut self.urgent.queue;
        let since = queue.since()?;
        let parts = match (&self.pace, queue.subjects()) {
            (None, _) => vec![queue.take_first()?],
            // Nothing was held back: each goes by itself, in order.
            (Some(pace), 1)
                if now.mono.since(since) < HELD_BACK && pace.next(Weight::News, since).alone =>
            {
                vec![queue.take_first()?]
            }
            (Some(_), 1) => take_to_emergency(queue),
            (Some(_), _) => take_together(queue, self.most_parts),
        };
        let is_flood = self.is_flood().unwrap_or(false);
        sending(parts, Weight::Rise, true, is_flood, now)
    }

    fn compose_usual(&mut self, now: Received) -> Option<Sending> {
        let queue = &mut self.usual.queue;
        // A head arrives as it was signed, and rings nobody.
        if let Some(head) = queue.take_first_about(HEADS) {
            return sending(vec![head], Weight::Flap, false, false, now);
        }
        let since = queue.since()?;
        let heaviest = self.heaviest;
        let parts = match &self.pace {
            None => vec![queue.take_first()?],
            Some(pace) => {
                let going = pace.next(heaviest, since);
                if going.at > now.mono {
                    return None;
                }
                if going.alone {
                    // What says most goes first, behind what waits of its activation.
                    let what = queue
                        .iter()
                        .find(|event| weight(&self.known, event) >= heaviest)
                        .map(|event| about(event).to_owned());
                    let first = what.and_then(|what| queue.take_first_about(&what));
                    vec![first.or_else(|| queue.take_first())?]
                } else {
                    take_together(queue, self.most_parts)
                }
            }
        };
        let left = queue.iter().map(|event| weight(&self.known, event));
        self.heaviest = left.max().unwrap_or(Weight::Flap);
        let is_flood = self.is_flood().unwrap_or(false);
        sending(parts, heaviest, false, is_flood, now)
    }

    /// What became of the letter that was taken last in this lane.
    pub fn end(&mut self, is_urgent: bool, attempt: &Attempt, now: Mono) -> Ended {
        let lane = if is_urgent {
            &mut self.urgent
        } else {
            &mut self.usual
        };
        let has_emergency = lane.has_emergency();
        let Some(sending) = &mut lane.sending else {
            return Ended::Again;
        };
        sending.is_under_way = false;
        let is_emergency = sending.letter.event.is_emergency();
        let (is_over, after) = match attempt {
            Attempt::Accepted | Attempt::Gone { .. } => (true, None),
            Attempt::TooLarge { .. } if sending.letter.parts.len() > 1 => {
                self.most_parts = (sending.letter.parts.len() / 2).max(1);
                for part in lane.sending.take().map(|old| old.parts).unwrap_or_default() {
                    if !is_urgent {
                        self.heaviest = self.heaviest.max(weight(&self.known, &part.event));
                    }
                    lane.queue.put(part);
                }
                return Ended::Smaller;
            }
            Attempt::Refused { .. } | Attempt::TooLarge { .. } => {
                sending.refusals += 1;
                (sending.refusals > 1, None)
            }
            Attempt::Later { after, .. } => (false, *after),
        };
        let is_given_up = !is_emergency && now.since(sending.since) >= OTHER_UNTIL;
        if !(is_over || is_given_up) {
            let id = &sending.letter.event.id;
            let pause = wait(id, sending.attempts, has_emergency, after);
            sending.next = now.saturating_add(pause);
            return Ended::Again;
        }
        let Some(done) = lane.sending.take() else {
            return Ended::Again;
        };
        let outcome = match attempt.error() {
            None => {
                self.accepted(&done, is_urgent, now);
                Outcome::Accepted {
                    attempts: done.attempts,
                }
            }
            Some(error) => Outcome::DeadLetter {
                error: error.to_owned(),
            },
        };
        if is_urgent {
            for part in &done.letter.parts {
                self.calm_down(about(part));
            }
        }
        let parts = done.letter.parts.into_iter();
        Ended::Over(parts.map(|part| (part, outcome.clone())).collect())
    }

    /// What stayed behind an emergency until that was over goes the usual way.
    fn calm_down(&mut self, what: &str) {
        let left = self.urgent.queue.take_about(what);
        let is_urgent = left.iter().any(|part| is_urgent_event(&part.event));
        for part in left {
            if is_urgent {
                self.urgent.queue.put(part);
            } else {
                self.heaviest = self.heaviest.max(weight(&self.known, &part.event));
                self.usual.queue.append(part);
            }
        }
    }

    fn accepted(&mut self, done: &Sending, is_urgent: bool, now: Mono) {
        let Some(pace) = &mut self.pace else { return };
        // What only went ahead of an emergency counts like anything else.
        let is_exempt = is_urgent && done.letter.parts.iter().any(|part| is_urgent_event(part));
        let is_record = done.letter.event.head.is_some();
        if !(is_exempt || is_record) {
            pace.told(now, done.weight, done.letter.parts.len() == 1);
        }
        for part in &done.letter.parts {
            let is_over = part
                .activation
                .as_ref()
                .is_some_and(|activation| activation.state == "CLOSED");
            if is_over {
                self.known.remove(about(part));
            } else if let Some(known) = Known::of(part) {
                self.known.insert(about(part).to_owned(), known);
            }
        }
    }

    /// The subscriber wants nothing any more: everything ends.
    pub fn give_up(&mut self) -> Vec<Arc<Event>> {
        let mut all = Vec::new();
        for lane in [&mut self.urgent, &mut self.usual] {
            all.extend(
                lane.sending
                    .take()
                    .into_iter()
                    .flat_map(|old| old.letter.parts),
            );
            while let Some(waiting) = lane.queue.take_first() {
                all.push(waiting.event);
            }
        }
        all
    }
}
