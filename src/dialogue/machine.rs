//! What is said when: the state machine.
//!
//! The machine stands at one place of a script or cycle and does one thing
//! there: it sends, waits for an answer, pauses, or only listens. Bytes that
//! arrive belong to what it does.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::answer::{self, Bus, Taken, is_blank};
use super::variable::Variables;
use super::wire::{self, Numbers};
use super::{Effect, Incident, Permit};
use crate::clock::Mono;
use crate::frame::{Framed, Framer, HEAD_BYTES, Refusal};
use crate::profile::Profile;
use crate::profile::dialogue::{
    Answer, Ask, CrcOrder, Dialogue as Plan, Expect, Poll, Request, Step,
};

/// After a start script that was not answered it is begun again after this.
const RESTART: Duration = Duration::from_secs(1);
/// Most bytes that may wait for the end of an answer.
const MAX_INPUT_BYTES: usize = 65_536;

/// Speaks with one instrument, from opening its line to closing it.
///
/// An instrument that is only listened to has one too; it sends nothing.
#[derive(Debug)]
pub struct Dialogue {
    plan: Arc<Plan>,
    permit: Permit,
    /// For what the instrument sends by itself, and for [`Expect::Frame`].
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

    /// Does what stands at the present place, up to the next thing that takes
    /// time.
    fn go_on(&mut self, now: Mono, out: &mut Vec<Effect>) {
        let plan = Arc::clone(&self.plan);
        loop {
            let takes_time = match self.place {
                Place::Start(n) => match plan.start.get(n) {
                    Some(step) => self.begin_step(step, Place::Start(n + 1), now, out),
                    None => {
                        self.started(&plan, out);
                        false
                    }
                },
                Place::Poll(n) => match &plan.poll {
                    Some(poll) => self.begin_request(poll, n, now, out),
                    None => {
                        self.place = Place::Listening;
                        false
                    }
                },
                Place::Exit(n) => match plan.exit.get(n) {
                    Some(step) => self.begin_step(step, Place::Exit(n + 1), now, out),
                    None => {
                        self.place = Place::Done;
                        out.push(Effect::Done);
                        false
                    }
                },
                Place::Listening => {
                    let again = plan.again.map(|after| now.saturating_add(after));
                    self.doing = Doing::Listening { again };
                    true
                }
                Place::Done => {
                    self.doing = Doing::Listening { again: None };
                    true
                }
            };
            if takes_time {
                return;
            }
        }
    }

    /// The start script is through.
    fn started(&mut self, plan: &Plan, out: &mut Vec<Effect>) {
        out.push(Effect::Incident(Incident::Started));
        self.cycle = Cycle::default();
        let Some(poll) = &plan.poll else {
            self.place = Place::Listening;
            return;
        };
        self.place = Place::Poll(0);
        for request in &poll.requests {
            if request.ask.changes && !self.permit.changes {
                let what = self.variables.label(&request.label);
                out.push(Effect::Incident(Incident::Withheld { what }));
            }
        }
    }

    /// Begins a step; `true` when it takes time, else the place is `next`.
    fn begin_step(&mut self, step: &Step, next: Place, now: Mono, out: &mut Vec<Effect>) -> bool {
        match step {
            Step::Wait(time) | Step::Discard(time) => {
                self.place = next;
                self.doing = Doing::Pausing {
                    until: now.saturating_add(*time),
                    discards: matches!(step, Step::Discard(_)),
                };
                true
            }
            Step::Await(answer) => {
                self.input.clear();
                self.await_answer(answer, 0, now);
                true
            }
            Step::Ask(ask) if ask.changes && !self.permit.changes => {
                let what = self.what();
                out.push(Effect::Incident(Incident::Withheld { what }));
                self.place = next;
                false
            }
            Step::Ask(ask) => {
                self.send(ask, ask.attempts, now, out);
                let takes_time =
                    matches!(self.doing, Doing::Sending { .. } | Doing::Awaiting { .. });
                if !takes_time {
                    self.place = next;
                }
                takes_time
            }
        }
    }

    /// Begins request `n`, or ends the cycle behind the last one.
    fn begin_request(&mut self, poll: &Poll, n: usize, now: Mono, out: &mut Vec<Effect>) -> bool {
        if n == 0 {
            self.cycle.due.get_or_insert(now);
            self.cycle.is_answered = false;
            self.cycle.is_whole = true;
            self.cycle.parts.clear();
            self.cycle.once.resize(poll.requests.len(), false);
        }
        let Some(request) = poll.requests.get(n) else {
            self.end_cycle(poll, now, out);
            return true;
        };
        if self.is_skipped(request, n) {
            self.place = Place::Poll(n + 1);
            return false;
        }
        self.send(&request.ask, request.ask.attempts, now, out);
        true
    }

    fn is_skipped(&self, request: &Request, n: usize) -> bool {
        let is_known = request.is_once && self.cycle.once.get(n) == Some(&true);
        is_known || request.ask.changes && !self.permit.changes
    }

    fn end_cycle(&mut self, poll: &Poll, now: Mono, out: &mut Vec<Effect>) {
        if let Some(label) = &poll.join
            && self.cycle.is_whole
            && !self.cycle.parts.is_empty()
        {
            let label = self.variables.label(label);
            let frame = self.cycle.parts.split().freeze();
            self.emit(Some(label), Framed::Frame(frame), out);
        }
        let due = self.cycle.due.unwrap_or(now).saturating_add(poll.every);
        let due = due.max(now);
        self.cycle.due = Some(due);
        // One that answers nothing may have been switched off and on again, and
        // has to be told everything anew.
        self.place = if self.cycle.is_answered || self.plan.start.is_empty() {
            Place::Poll(0)
        } else {
            Place::Start(0)
        };
        self.doing = Doing::Pausing {
            until: due,
            discards: false,
        };
    }

    /// Sends a request, which may be asked `attempts` times, this one included.
    fn send(&mut self, ask: &Ask, attempts: u32, now: Mono, out: &mut Vec<Effect>) {
        if self.is_strict() {
            while let Some(Framed::Frame(frame)) = self.framer.next_frame() {
                self.strays.extend_from_slice(&frame);
            }
            self.framer.clear();
            out.push(Effect::Flush);
        }
        self.refuse_strays(out);
        self.input.clear();
        self.cycle.has_asked |= matches!(self.place, Place::Poll(_));
        let numbers = Numbers {
            packet: self.packet,
            address: self.address(),
            crc_order: self.plan.crc_order,
        };
        self.packet = self.packet.wrapping_add(1);
        let bytes = wire::bytes(&ask.message, numbers);
        let attempts = attempts.saturating_sub(1);
        self.send_next(bytes, attempts, now, out);
    }

    /// Sends the next character, or all of them; then waits for the answer.
    fn send_next(&mut self, mut rest: Bytes, attempts: u32, now: Mono, out: &mut Vec<Effect>) {
        let spacing = self.plan.spacing;
        if !spacing.is_zero() && rest.len() > 1 {
            out.push(Effect::Send(rest.split_to(1)));
            self.doing = Doing::Sending {
                rest,
                next: now.saturating_add(spacing),
                attempts,
            };
            return;
        }
        let was_sending = matches!(self.doing, Doing::Sending { .. });
        out.push(Effect::Send(rest));
        let plan = Arc::clone(&self.plan);
        match self.answer_due(&plan) {
            Some(answer) => self.await_answer(answer, attempts, now),
            // The caller goes on, unless time brought us here.
            None => {
                self.doing = Doing::Listening { again: None };
                if was_sending {
                    self.place = self.next_place();
                    self.go_on(now, out);
                }
            }
        }
    }

    fn await_answer(&mut self, answer: &Answer, attempts: u32, now: Mono) {
        self.doing = Doing::Awaiting {
            until: now.saturating_add(answer.within),
            quiet: None,
            attempts,
        };
    }

    /// Bytes while an answer is waited for.
    fn hear(&mut self, bytes: &[u8], now: Mono, out: &mut Vec<Effect>) {
        let plan = Arc::clone(&self.plan);
        let Some(due) = self.answer_due(&plan) else {
            return;
        };
        if due.expect == Expect::Frame {
            self.framer.push(bytes, now);
            self.take_frames(now, out);
            return;
        }
        self.input.extend_from_slice(bytes);
        if let (Expect::Idle(time), Doing::Awaiting { quiet, .. }) = (&due.expect, &mut self.doing)
        {
            *quiet = Some(now.saturating_add(*time));
        }
        let bus = Bus {
            address: self.address(),
            crc_order: plan.crc_order,
        };
        match answer::take(&due.expect, &self.variables, bus, &mut self.input) {
            Taken::Nothing => {
                if self.input.len() > MAX_INPUT_BYTES {
                    self.unanswered(now, out);
                }
            }
            Taken::Answer(answer) => self.answered(&answer, now, out),
            Taken::Denied(bytes) => {
                let code = bytes.get(2).copied().unwrap_or_default();
                let why = Refusal::Denied(code);
                self.emit_answer(Framed::Refused { why, bytes }, out);
                self.unanswered(now, out);
            }
        }
    }

    /// What the framer has: answers while one is waited for, else pushed.
    fn take_frames(&mut self, now: Mono, out: &mut Vec<Effect>) {
        while let Some(framed) = self.framer.next_frame() {
            let plan = Arc::clone(&self.plan);
            let is_awaited = matches!(self.doing, Doing::Awaiting { .. })
                && self
                    .answer_due(&plan)
                    .is_some_and(|due| due.expect == Expect::Frame);
            match framed {
                Framed::Frame(frame) if is_awaited => self.answered(&frame, now, out),
                framed if is_awaited => self.emit_answer(framed, out),
                Framed::Frame(frame) if self.is_strict() => {
                    self.strays.extend_from_slice(&frame);
                }
                framed => self.emit(None, framed, out),
            }
        }
    }

    /// The answer that was waited for.
    fn answered(&mut self, bytes: &Bytes, now: Mono, out: &mut Vec<Effect>) {
        let plan = Arc::clone(&self.plan);
        let sets = self
            .answer_due(&plan)
            .map_or(&[][..], |due| due.sets.as_slice());
        self.variables.take(sets, bytes);
        self.compare_device(out);
        let what = self.what();
        self.silent.retain(|silent| *silent != what);
        if let Place::Poll(n) = self.place {
            self.cycle.is_answered = true;
            if let Some(once) = self.cycle.once.get_mut(n) {
                *once = true;
            }
            let is_joined = plan.poll.as_ref().is_some_and(|poll| poll.join.is_some());
            if !sets.is_empty() {
                // It told something about the instrument, not about the field.
            } else if is_joined {
                self.cycle.parts.extend_from_slice(bytes);
            } else {
                self.emit_answer(Framed::Frame(bytes.clone()), out);
            }
        }
        let rest = self.input.split();
        self.doing = Doing::Listening { again: None };
        self.unasked(&rest, now, out);
        self.leave(Duration::ZERO, now, out);
    }

    /// The time for an answer is over, or the instrument said that it will not.
    fn unanswered(&mut self, now: Mono, out: &mut Vec<Effect>) {
        let plan = Arc::clone(&self.plan);
        let (within, expected_bytes) =
            self.answer_due(&plan)
                .map_or((Duration::ZERO, None), |due| {
                    let bytes = match due.expect {
                        Expect::Modbus(request) => Some(request.answer_bytes()),
                        _ => None,
                    };
                    (due.within, bytes)
                });
        let rest = self.input.split().freeze();
        if !rest.is_empty() && !is_blank(&rest) {
            let is_long_enough = expected_bytes.is_some_and(|count| rest.len() >= count);
            let framed = if is_long_enough {
                let why = Refusal::Checksum;
                let bytes = head(&rest);
                Framed::Refused { why, bytes }
            } else {
                Framed::Unfinished(head(&rest))
            };
            self.emit_answer(framed, out);
        }
        while let Some(framed) = self.framer.finish() {
            self.emit_answer(framed, out);
        }
        let attempts = match self.doing {
            Doing::Awaiting { attempts, .. } => attempts,
            _ => 0,
        };
        if attempts > 0 {
            self.doing = Doing::Retrying {
                until: now.saturating_add(within),
                attempts,
            };
            return;
        }
        let what = self.what();
        if !self.silent.contains(&what) {
            self.silent.push(what.clone());
            out.push(Effect::Incident(Incident::NoAnswer { what }));
        }
        self.cycle.is_whole = false;
        if matches!(self.place, Place::Start(_)) {
            self.place = Place::Start(0);
            self.doing = Doing::Pausing {
                until: now.saturating_add(RESTART),
                discards: false,
            };
            return;
        }
        // As long again: a late answer must not be taken for the next one's.
        self.leave(within, now, out);
    }

    /// Goes to the next place, after `at_least` or the gap between requests.
    fn leave(&mut self, at_least: Duration, now: Mono, out: &mut Vec<Effect>) {
        let gap = match (self.place, &self.plan.poll) {
            (Place::Poll(_), Some(poll)) => poll.gap.max(at_least),
            _ => at_least,
        };
        self.place = self.next_place();
        if gap.is_zero() {
            self.go_on(now, out);
        } else {
            self.doing = Doing::Pausing {
                until: now.saturating_add(gap),
                discards: false,
            };
        }
    }

    fn ask_again(&mut self, attempts: u32, now: Mono, out: &mut Vec<Effect>) {
        let plan = Arc::clone(&self.plan);
        let ask = match self.place {
            Place::Start(n) => ask_of(plan.start.get(n)),
            Place::Exit(n) => ask_of(plan.exit.get(n)),
            Place::Poll(n) => request(&plan, n).map(|request| &request.ask),
            Place::Listening | Place::Done => None,
        };
        if let Some(ask) = ask {
            self.send(ask, attempts, now, out);
        }
    }

    /// Bytes that belong to no request.
    fn unasked(&mut self, bytes: &[u8], now: Mono, out: &mut Vec<Effect>) {
        if self.place == Place::Done {
            return;
        }
        if self.is_strict() {
            let room = HEAD_BYTES.saturating_sub(self.strays.len());
            let kept = bytes.get(..room).unwrap_or(bytes);
            self.strays.extend_from_slice(kept);
            return;
        }
        self.framer.push(bytes, now);
        self.take_frames(now, out);
    }

    /// Refuses what came since the last request without being asked for. Before
    /// the first one it is what the instrument says when it is switched on.
    fn refuse_strays(&mut self, out: &mut Vec<Effect>) {
        let bytes = self.strays.split().freeze();
        if matches!(self.place, Place::Poll(_)) && !is_blank(&bytes) && self.cycle.has_asked {
            let why = Refusal::UnexpectedReply;
            self.emit(None, Framed::Refused { why, bytes }, out);
        }
    }

    /// Notes whether the instrument is the configured one.
    fn compare_device(&mut self, out: &mut Vec<Effect>) {
        let (Some(expected), Some(found)) = (&self.permit.device, self.variables.get(Plan::DEVICE))
        else {
            return;
        };
        if expected == found {
            self.stranger = None;
        } else if self.stranger.is_none() {
            let text = format!("this is `{found}`, the configuration expects `{expected}`");
            self.stranger = Some(text);
            out.push(Effect::Incident(Incident::OtherInstrument {
                expected: expected.clone(),
                found: found.to_owned(),
            }));
        }
    }

    /// A frame under the label of the request that is pending. Scripts give no
    /// frames: what they hear is for themselves.
    fn emit_answer(&self, framed: Framed, out: &mut Vec<Effect>) {
        let Place::Poll(n) = self.place else {
            return;
        };
        let label = request(&self.plan, n).map(|request| self.variables.label(&request.label));
        self.emit(label, framed, out);
    }

    fn emit(&self, label: Option<String>, framed: Framed, out: &mut Vec<Effect>) {
        let framed = match (&self.stranger, framed) {
            (Some(text), Framed::Frame(bytes) | Framed::Unfinished(bytes)) => Framed::Refused {
                why: Refusal::OtherInstrument(text.clone()),
                bytes,
            },
            (_, framed) => framed,
        };
        out.push(Effect::Frame { label, framed });
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

    const fn next_place(&self) -> Place {
        match self.place {
            Place::Start(n) => Place::Start(n + 1),
            Place::Poll(n) => Place::Poll(n + 1),
            Place::Exit(n) => Place::Exit(n + 1),
            Place::Listening => Place::Listening,
            Place::Done => Place::Done,
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

const fn ask_of(step: Option<&Step>) -> Option<&Ask> {
    match step {
        Some(Step::Ask(ask)) => Some(ask),
        Some(Step::Await(_) | Step::Wait(_) | Step::Discard(_)) | None => None,
    }
}

/// The beginning of bytes that are kept only for the record.
fn head(bytes: &Bytes) -> Bytes {
    bytes.slice(..bytes.len().min(HEAD_BYTES))
}
