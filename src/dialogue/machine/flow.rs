//! What is done at each place: steps, requests, cycles.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Cycle, Dialogue, Doing, Place, request};
use crate::clock::Mono;
use crate::dialogue::wire::{self, Numbers};
use crate::dialogue::{Effect, Incident};
use crate::frame::Framed;
use crate::profile::dialogue::{Answer, Ask, Dialogue as Plan, Poll, Request, Step};

impl Dialogue {
    /// Does what stands at the present place, up to the next thing that takes
    /// time.
    pub(super) fn go_on(&mut self, now: Mono, out: &mut Vec<Effect>) {
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
    pub(super) fn started(&mut self, plan: &Plan, out: &mut Vec<Effect>) {
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
    pub(super) fn begin_step(
        &mut self,
        step: &Step,
        next: Place,
        now: Mono,
        out: &mut Vec<Effect>,
    ) -> bool {
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
    pub(super) fn begin_request(
        &mut self,
        poll: &Poll,
        n: usize,
        now: Mono,
        out: &mut Vec<Effect>,
    ) -> bool {
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

    pub(super) fn is_skipped(&self, request: &Request, n: usize) -> bool {
        let is_known = request.is_once && self.cycle.once.get(n) == Some(&true);
        is_known || request.ask.changes && !self.permit.changes
    }

    pub(super) fn end_cycle(&mut self, poll: &Poll, now: Mono, out: &mut Vec<Effect>) {
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
    pub(super) fn send(&mut self, ask: &Ask, attempts: u32, now: Mono, out: &mut Vec<Effect>) {
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
    pub(super) fn send_next(
        &mut self,
        mut rest: Bytes,
        attempts: u32,
        now: Mono,
        out: &mut Vec<Effect>,
    ) {
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

    pub(super) fn await_answer(&mut self, answer: &Answer, attempts: u32, now: Mono) {
        self.doing = Doing::Awaiting {
            until: now.saturating_add(answer.within),
            quiet: None,
            attempts,
        };
    }

    pub(super) fn ask_again(&mut self, attempts: u32, now: Mono, out: &mut Vec<Effect>) {
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

    /// Goes to the next place, after `at_least` or the gap between requests.
    pub(super) fn leave(&mut self, at_least: Duration, now: Mono, out: &mut Vec<Effect>) {
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

    pub(super) const fn next_place(&self) -> Place {
        match self.place {
            Place::Start(n) => Place::Start(n + 1),
            Place::Poll(n) => Place::Poll(n + 1),
            Place::Exit(n) => Place::Exit(n + 1),
            Place::Listening => Place::Listening,
            Place::Done => Place::Done,
        }
    }
}

const fn ask_of(step: Option<&Step>) -> Option<&Ask> {
    match step {
        Some(Step::Ask(ask)) => Some(ask),
        Some(Step::Await(_) | Step::Wait(_) | Step::Discard(_)) | None => None,
    }
}
