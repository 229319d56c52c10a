//! What is said when: the state machine.
//!
//! The machine stands at one place of a script or cycle and does one thing
//! there: it sends, waits for an answer, pauses, or only listens. Bytes that
//! arrive belong to what it does.

mod flow;
mod hear;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::variable::Variables;
use super::{Effect, Permit};
use crate::clock::Mono;
use crate::frame::Framer;
use crate::profile::Profile;
use crate::profile::dialogue::{Answer, CrcOrder, Dialogue as Plan, Request, Step};

/// Speaks with one instrument, from opening its line to closing it.
///
/// An instrument that is only listened to has one too; it sends nothing.
#[derive(Debug)]
pub struct Dialogue {
    plan: Arc<Plan>,
    permit: Permit,
    /// For what the instrument sends by itself, and for `Expect::Frame`.
    framer: Framer,
    variables: Variables,
    /// Of the next request.
    packet: u16,
    /// What has come of an answer so far.
    input: BytesMut,
    /// What nobody asked for, since the last request.
    strays: BytesMut,
    place: Place,
    doing: Doing,
    cycle: Cycle,
    /// Another instrument than the configured one: both names.
    stranger: Option<String>,
    /// What was not answered last time, to say it once.
    silent: Vec<String>,
}

/// Where in its scripts the machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before this step.
    Start(usize),
    /// Before this request.
    Poll(usize),
    /// Before this step.
    Exit(usize),
    /// Behind the start script of an instrument that is not polled.
    Listening,
    /// Behind the exit script.
    Done,
}

/// What it does there.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Doing {
    /// Sends one character after the other.
    Sending {
        rest: Bytes,
        next: Mono,
        attempts: u32,
    },
    /// Waits for an answer.
    Awaiting {
        until: Mono,
        /// When it counts as whole because nothing more came.
        quiet: Option<Mono>,
        /// How often it may still be asked.
        attempts: u32,
    },
    /// Waits for the time.
    Pausing { until: Mono, discards: bool },
    /// Waits before it asks the same once more.
    Retrying { until: Mono, attempts: u32 },
    /// Listens; `again` is when the start script is due again.
    Listening { again: Option<Mono> },
}

/// The polling cycle that is under way.
#[derive(Debug, Default)]
struct Cycle {
    /// When it was due.
    due: Option<Mono>,
    /// Whether a request was sent since the start script.
    has_asked: bool,
    is_answered: bool,
    is_whole: bool,
    /// The answers so far, where they make one frame.
    parts: BytesMut,
    /// By request: whether it was answered since the start.
    once: Vec<bool>,
}

impl Dialogue {
    /// A dialogue that has not begun: see [`start`](Self::start).
    pub fn new(profile: &Profile, permit: Permit) -> Self {
        let plan = profile.dialogue.clone().unwrap_or_else(|| {
            Arc::new(Plan {
                address: 0,
                spacing: Duration::ZERO,
                again: None,
                hello: None,
                crc_order: CrcOrder::LowHigh,
                start: Vec::new(),
                poll: None,
                exit: Vec::new(),
            })
        });
        Self {
            plan,
            permit,
            framer: Framer::new(profile),
            variables: Variables::default(),
            packet: 0,
            input: BytesMut::new(),
            strays: BytesMut::new(),
            place: Place::Start(0),
            doing: Doing::Listening { again: None },
            cycle: Cycle::default(),
            stranger: None,
            silent: Vec::new(),
        }
    }

    /// Begins: the line was just opened.
    pub fn start(&mut self, now: Mono) -> Vec<Effect> {
        let mut out = Vec::new();
        self.place = Place::Start(0);
        self.go_on(now, &mut out);
        out
    }

    /// Begins the exit script; [`Effect::Done`] ends it.
    pub fn stop(&mut self, now: Mono) -> Vec<Effect> {
        let mut out = Vec::new();
        self.place = Place::Exit(0);
        self.go_on(now, &mut out);
        out
    }

    /// The line was lost: what is left of the last frame.
    pub fn finish(&mut self) -> Vec<Effect> {
        let mut out = Vec::new();
        while let Some(framed) = self.framer.finish() {
            self.emit(None, framed, &mut out);
        }
        out
    }

    /// When [`tick`](Self::tick) wants to be called next.
    pub fn next_deadline(&self) -> Option<Mono> {
        let own = match &self.doing {
            Doing::Sending { next, .. } => Some(*next),
            Doing::Awaiting { until, quiet, .. } => {
                Some(quiet.map_or(*until, |quiet| quiet.min(*until)))
            }
            Doing::Pausing { until, .. } | Doing::Retrying { until, .. } => Some(*until),
            Doing::Listening { again } => *again,
        };
        own.into_iter().chain(self.framer.deadline()).min()
    }

    /// Bytes arrived.
    pub fn receive(&mut self, now: Mono, bytes: &[u8]) -> Vec<Effect> {
        let mut out = Vec::new();
        match &self.doing {
            Doing::Awaiting { .. } => self.hear(bytes, now, &mut out),
            Doing::Pausing { discards: true, .. } => {}
            Doing::Sending { .. }
            | Doing::Pausing { .. }
            | Doing::Retrying { .. }
            | Doing::Listening { .. } => self.unasked(bytes, now, &mut out),
        }
        if let Doing::Listening { again } = &mut self.doing
            && self.place == Place::Listening
        {
            *again = self.plan.again.map(|after| now.saturating_add(after));
        }
        out
    }

    /// It is `now`.
    pub fn tick(&mut self, now: Mono) -> Vec<Effect> {
        let mut out = Vec::new();
        self.framer.tick(now);
        self.take_frames(now, &mut out);
        match self.doing.clone() {
            Doing::Sending {
                rest,
                next,
                attempts,
            } if next <= now => self.send_next(rest, attempts, now, &mut out),
            Doing::Awaiting {
                quiet: Some(quiet), ..
            } if quiet <= now => {
                let answer = self.input.split().freeze();
                self.answered(&answer, now, &mut out);
            }
            Doing::Awaiting { until, .. } if until <= now => self.unanswered(now, &mut out),
            Doing::Retrying { until, attempts } if until <= now => {
                self.ask_again(attempts, now, &mut out);
            }
            Doing::Pausing { until, .. } if until <= now => self.go_on(now, &mut out),
            Doing::Listening { again: Some(again) } if again <= now => {
                self.place = Place::Start(0);
                self.go_on(now, &mut out);
            }
            Doing::Sending { .. }
            | Doing::Awaiting { .. }
            | Doing::Pausing { .. }
            | Doing::Retrying { .. }
            | Doing::Listening { .. } => {}
        }
        out
    }

    /// The answer that the present place waits for.
    fn answer_due<'p>(&self, plan: &'p Plan) -> Option<&'p Answer> {
        let of_step = |step: &'p Step| match step {
            Step::Ask(ask) => ask.answer.as_ref(),
            Step::Await(answer) => Some(answer),
            Step::Wait(_) | Step::Discard(_) => None,
        };
        match self.place {
            Place::Start(n) => plan.start.get(n).and_then(of_step),
            Place::Exit(n) => plan.exit.get(n).and_then(of_step),
            Place::Poll(n) => request(plan, n).and_then(|request| request.ask.answer.as_ref()),
            Place::Listening | Place::Done => None,
        }
    }

    /// The present place, for people.
    fn what(&self) -> String {
        match self.place {
            Place::Start(n) => format!("start[{n}]"),
            Place::Exit(n) => format!("exit[{n}]"),
            Place::Poll(n) => request(&self.plan, n)
                .map_or_else(String::new, |request| self.variables.label(&request.label)),
            Place::Listening | Place::Done => String::new(),
        }
    }

    fn address(&self) -> u8 {
        self.permit.address.unwrap_or(self.plan.address)
    }

    /// Whether nothing but answers may come.
    fn is_strict(&self) -> bool {
        self.plan.poll.as_ref().is_some_and(|poll| poll.is_flushed)
    }
}

fn request(plan: &Plan, n: usize) -> Option<&Request> {
    plan.poll.as_ref().and_then(|poll| poll.requests.get(n))
}
