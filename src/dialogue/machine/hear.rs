//! What becomes of the bytes that arrive, and of answers that do not.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Dialogue, Doing, Place, request};
use crate::clock::Mono;
use crate::dialogue::answer::{self, Bus, Taken, is_blank};
use crate::dialogue::{Effect, Incident};
use crate::frame::{Framed, HEAD_BYTES, Refusal};
use crate::profile::dialogue::{Dialogue as Plan, Expect, Step};

/// After a start script that was not answered it is begun again after this.
const RESTART: Duration = Duration::from_secs(1);
/// Most bytes that may wait for the end of an answer.
const MAX_INPUT_BYTES: usize = 65_536;

impl Dialogue {
    /// Bytes while an answer is waited for.
    pub(super) fn hear(&mut self, bytes: &[u8], now: Mono, out: &mut Vec<Effect>) {
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
        let mut passed = BytesMut::new();
        let taken = answer::take(
            &due.expect,
            &self.variables,
            bus,
            &mut self.input,
            &mut passed,
        );
        if self.is_pushed() {
            self.unasked(&passed, now, out);
        }
        match taken {
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
    pub(super) fn take_frames(&mut self, now: Mono, out: &mut Vec<Effect>) {
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
    pub(super) fn answered(&mut self, bytes: &Bytes, now: Mono, out: &mut Vec<Effect>) {
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
        if let Place::Start(n) = self.place
            && is_enough(&plan, n)
        {
            self.place = Place::Start(plan.start.len().saturating_sub(1));
        }
        let rest = self.input.split();
        self.doing = Doing::Listening { again: None };
        self.unasked(&rest, now, out);
        self.leave(Duration::ZERO, now, out);
    }

    /// The time for an answer is over, or the instrument said that it will not.
    pub(super) fn unanswered(&mut self, now: Mono, out: &mut Vec<Effect>) {
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
        let is_pushed = self.is_pushed();
        if is_pushed {
            self.unasked(&rest, now, out);
        } else if !rest.is_empty() && !is_blank(&rest) {
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
        // What is pushed goes on behind the end of the time for an answer.
        while !is_pushed && let Some(framed) = self.framer.finish() {
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
        if let Place::Start(n) = self.place
            && is_enough(&plan, n)
        {
            // It has to be told the rest.
            self.leave(Duration::ZERO, now, out);
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

    /// Whether what does not answer a step may be frames: an instrument that sends
    /// by itself may be doing so already.
    fn is_pushed(&self) -> bool {
        matches!(self.place, Place::Start(_)) && !self.is_strict()
    }

    /// Bytes that belong to no request.
    pub(super) fn unasked(&mut self, bytes: &[u8], now: Mono, out: &mut Vec<Effect>) {
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
    pub(super) fn refuse_strays(&mut self, out: &mut Vec<Effect>) {
        let bytes = self.strays.split().freeze();
        if matches!(self.place, Place::Poll(_)) && !is_blank(&bytes) && self.cycle.has_asked {
            let why = Refusal::UnexpectedReply;
            self.emit(None, Framed::Refused { why, bytes }, out);
        }
    }

    /// Notes whether the instrument is the configured one.
    pub(super) fn compare_device(&mut self, out: &mut Vec<Effect>) {
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
    pub(super) fn emit_answer(&self, framed: Framed, out: &mut Vec<Effect>) {
        let Place::Poll(n) = self.place else {
            return;
        };
        let label = request(&self.plan, n).map(|request| self.variables.label(&request.label));
        self.emit(label, framed, out);
    }

    pub(super) fn emit(&self, label: Option<String>, framed: Framed, out: &mut Vec<Effect>) {
        let framed = match (&self.stranger, framed) {
            (Some(text), Framed::Frame(bytes) | Framed::Unfinished(bytes)) => Framed::Refused {
                why: Refusal::OtherInstrument(text.clone()),
                bytes,
            },
            (_, framed) => framed,
        };
        out.push(Effect::Frame { label, framed });
    }
}

/// Whether an answer to this step of the start script ends it.
fn is_enough(plan: &Plan, n: usize) -> bool {
    matches!(plan.start.get(n), Some(Step::Ask(ask)) if ask.is_enough)
}

/// The beginning of bytes that are kept only for the record.
fn head(bytes: &Bytes) -> Bytes {
    bytes.slice(..bytes.len().min(HEAD_BYTES))
}
