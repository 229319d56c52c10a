//! Recordings of an instrument that is polled: nothing but its answers, in the
//! order of the cycle.

use bytes::{Buf, Bytes, BytesMut};

use super::answer::{self, Bus, Taken, is_blank};
use super::modbus::{self, Stray};
use super::variable::Variables;
use crate::frame::{Framed, HEAD_BYTES, Refusal};
use crate::profile::dialogue::{Answer, Dialogue, Expect, Label, ModbusRequest, Request};
use crate::profile::{FramingKind, Profile};

/// Gives each answer of a recording the label of its request.
#[derive(Debug)]
pub struct Recorded<'p> {
    plan: &'p Dialogue,
    join: Option<&'p Label>,
    /// What is asked in the first cycle.
    first: Vec<(&'p Request, &'p Answer)>,
    /// What is asked in each cycle that follows.
    later: Vec<(&'p Request, &'p Answer)>,
    /// How many answers there were.
    count: usize,
    variables: Variables,
    /// The answers of this cycle, where they make one frame.
    parts: BytesMut,
    /// Whether this cycle lacks one.
    is_lacking: bool,
    found: Vec<(String, Framed)>,
}

impl<'p> Recorded<'p> {
    /// For profiles whose answers are known by their order alone; `None` for
    /// others, and where the framing tells where an answer ends.
    pub fn new(profile: &'p Profile) -> Option<Self> {
        let plan = profile.dialogue.as_deref()?;
        let poll = plan.poll.as_ref()?;
        // A recording has no pauses that could end an answer.
        let is_told_apart = profile.topics().next().is_some() || poll.join.is_some();
        if !is_told_apart && !matches!(profile.framing.kind, FramingKind::Idle { .. }) {
            return None;
        }
        // What changes the instrument is not sent by default.
        let asked = poll.requests.iter().filter(|request| !request.ask.changes);
        let first: Vec<_> = asked
            .filter_map(|request| Some((request, request.ask.answer.as_ref()?)))
            .collect();
        if first.iter().any(|(_, due)| due.expect == Expect::Frame) {
            return None;
        }
        let later = first
            .iter()
            .copied()
            .filter(|(request, _)| !request.is_once);
        Some(Self {
            plan,
            join: poll.join.as_ref(),
            later: later.collect(),
            first,
            count: 0,
            variables: Variables::default(),
            parts: BytesMut::new(),
            is_lacking: false,
            found: Vec::new(),
        })
    }

    /// The answers one by one.
    pub fn answers(mut self, answers: impl IntoIterator<Item = Bytes>) -> Vec<(String, Framed)> {
        for answer in answers {
            if self.is_greeted(&answer).is_some() {
                continue;
            }
            if self.is_of_start(&answer) {
                continue;
            }
            self.realign(&answer);
            let mut input = BytesMut::from(answer);
            while let Some((request, due)) = self.due() {
                self.take(request, due, &mut input);
                if is_blank(&input) {
                    break;
                }
                // Answers that are one frame may have come without a pause.
                if self.join.is_none() {
                    let why = Refusal::UnexpectedReply;
                    let bytes = input.freeze();
                    self.find(&request.label, Framed::Refused { why, bytes });
                    break;
                }
            }
        }
        self.found
    }

    /// The answers one behind the other. Where nothing but a pause would end an
    /// answer, all that is left is this answer.
    pub fn stream(mut self, bytes: &[u8]) -> Vec<(String, Framed)> {
        let mut input = BytesMut::from(bytes);
        while !input.is_empty() {
            if let Some(length) = self.is_greeted(&input) {
                input.advance(length);
                continue;
            }
            let Some((request, due)) = self.due() else {
                break;
            };
            self.take(request, due, &mut input);
        }
        self.found
    }

    /// Where `input` begins with the answer of the start script, before a cycle:
    /// takes what it says. Gives its length.
    fn is_greeted(&mut self, input: &[u8]) -> Option<usize> {
        let hello = self.plan.hello.as_ref()?;
        if self.count > 0 && !self.is_cycle_over() {
            return None;
        }
        let length = hello.length(input).filter(|length| *length > 0)?;
        let answer = input.get(..length)?;
        for due in self.plan.start_answers() {
            self.variables.take(&due.sets, answer);
        }
        Some(length)
    }

    /// Whether a sound answer on a bus is to a function that no cycle asks for:
    /// one of the start script.
    fn is_of_start(&self, answer: &[u8]) -> bool {
        let (address, order) = (self.plan.address, self.plan.crc_order);
        let Some(function) = modbus::sound_function(address, order, answer) else {
            return false;
        };
        let asked: Vec<u8> = self.bus_requests().map(ModbusRequest::function).collect();
        !asked.is_empty() && !asked.contains(&function)
    }

    /// Where an answer has a length that one request of the cycle has alone, it is
    /// the answer to that one: what is missing before it cannot shift the rest.
    fn realign(&mut self, answer: &[u8]) {
        let (address, order) = (self.plan.address, self.plan.crc_order);
        let lengths: Vec<usize> = self
            .bus_requests()
            .map(ModbusRequest::answer_bytes)
            .collect();
        let length = self.later.len();
        let is_plain = lengths.len() == length && self.first.len() == length && length > 0;
        if !is_plain || modbus::sound_function(address, order, answer).is_none() {
            return;
        }
        let mut fitting = lengths
            .iter()
            .enumerate()
            .filter(|(_, bytes)| **bytes == answer.len());
        let (Some((place, _)), None) = (fitting.next(), fitting.next()) else {
            return;
        };
        let due = self.count % length;
        if place == due {
            return;
        }
        let whole = self.parts.split().freeze();
        if let Some(join) = self.join.filter(|_| !whole.is_empty()) {
            self.find(join, Framed::Unfinished(whole));
        }
        let cycle = self.count - due;
        self.count = if place > due {
            cycle + place
        } else {
            cycle + length + place
        };
        self.is_lacking = place > 0;
    }

    /// What a cycle asks on a bus.
    fn bus_requests(&self) -> impl Iterator<Item = ModbusRequest> {
        self.later.iter().filter_map(|(_, due)| match due.expect {
            Expect::Modbus(asked) => Some(asked),
            _ => None,
        })
    }

    /// Takes the next answer out of `input`.
    fn take(&mut self, request: &Request, due: &Answer, input: &mut BytesMut) {
        let bus = Bus {
            address: self.plan.address,
            crc_order: self.plan.crc_order,
        };
        if let Expect::Modbus(asked) = due.expect
            && self.is_damaged(request, asked, bus, input)
        {
            self.is_lacking = true;
            self.go_on();
            return;
        }
        match answer::take(
            &due.expect,
            &self.variables,
            bus,
            input,
            &mut BytesMut::new(),
        ) {
            Taken::Answer(answer) => self.answered(request, due, answer),
            Taken::Denied(bytes) => {
                let why = Refusal::Denied(bytes.get(2).copied().unwrap_or_default());
                self.find(&request.label, Framed::Refused { why, bytes });
                self.is_lacking = true;
                self.go_on();
            }
            Taken::Nothing => {
                let rest = input.split().freeze();
                match due.expect {
                    // The last line of a file is whole even without its end.
                    Expect::Line { .. } if is_blank(&rest) => {}
                    Expect::Line { .. } | Expect::Idle(_) => self.answered(request, due, rest),
                    _ => {
                        self.find(&request.label, Framed::Unfinished(rest));
                        self.is_lacking = true;
                        self.go_on();
                    }
                }
            }
        }
    }

    /// Refuses what stands on a bus before the next sound answer; tells whether it
    /// was the answer that is due.
    fn is_damaged(
        &mut self,
        request: &Request,
        asked: ModbusRequest,
        bus: Bus,
        input: &mut BytesMut,
    ) -> bool {
        let (why, skipped, is_due) = match modbus::stray(asked, bus.address, bus.crc_order, input) {
            Stray::None => return false,
            Stray::Failed(length) => (Refusal::Checksum, length, true),
            Stray::Cut(length) => (Refusal::Cut(length), length, true),
            Stray::Noise(length) => (Refusal::Noise(length), length, false),
        };
        let mut bytes = input.split_to(skipped);
        bytes.truncate(HEAD_BYTES);
        let bytes = bytes.freeze();
        self.find(&request.label, Framed::Refused { why, bytes });
        is_due
    }

    fn find(&mut self, label: &Label, framed: Framed) {
        self.found.push((self.variables.label(label), framed));
    }

    /// The request whose answer comes next.
    fn due(&self) -> Option<(&'p Request, &'p Answer)> {
        if let Some(due) = self.first.get(self.count) {
            return Some(*due);
        }
        let at = (self.count - self.first.len()).checked_rem(self.later.len())?;
        self.later.get(at).copied()
    }

    fn answered(&mut self, request: &Request, due: &Answer, answer: Bytes) {
        self.variables.take(&due.sets, &answer);
        if due.sets.is_empty() {
            if self.join.is_some() {
                self.parts.extend_from_slice(&answer);
            } else {
                self.find(&request.label, Framed::Frame(answer));
            }
        }
        self.go_on();
    }

    /// To the next request.
    fn go_on(&mut self) {
        self.count += 1;
        if let Some(join) = self.join.filter(|_| self.is_cycle_over()) {
            let whole = self.parts.split().freeze();
            if !std::mem::take(&mut self.is_lacking) {
                self.find(join, Framed::Frame(whole));
            }
        }
    }

    fn is_cycle_over(&self) -> bool {
        let later = self.count.checked_sub(self.first.len());
        later.is_some_and(|n| n == 0 || n.checked_rem(self.later.len()) == Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"
        schema = 1
        id = "asked"
        title = "An instrument that is asked for two parts"
        class = "survey_meter"
        status = "verified"
        sources = [{ what = "this test", grade = "S" }]
        unmatched = "rejected"
        identity = { name = "asked" }
        transport = { kind = "serial", baud = 9600 }
        framing = { kind = "line", max_bytes = 64 }
        [dialogue.poll]
        every_ms = 1000
        join = "both/{model}"
        request = [
          { name = "model", send = "m", once = true, expect = { kind = "line" }, set = [{ name = "model" }] },
          { name = "a", send = "a", expect = { kind = "bytes", count = 2 } },
          { name = "b", send = "b", expect = { kind = "bytes", count = 3 } },
        ]
        [[message]]
        name = "both"
        topic = "both/{model}"
        ignore = true
        format = { kind = "text", name = "text" }
    "#;

    #[track_caller]
    fn check(recording: &[u8], expected: &[(&str, Framed)]) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("profile.toml");
        std::fs::write(&path, PROFILE).unwrap();
        let profile = Profile::load(&path).unwrap();
        let found = Recorded::new(&profile).unwrap().stream(recording);
        let expected: Vec<(String, Framed)> = expected
            .iter()
            .map(|(label, framed)| ((*label).to_owned(), framed.clone()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn answers_are_taken_in_the_order_of_the_cycle() {
        let frame = |text: &'static str| ("both/M1", Framed::Frame(text.into()));
        check(b"M1\r\naabbbccddd", &[frame("aabbb"), frame("ccddd")]);
        check(
            b"M1\naabbbccd",
            &[frame("aabbb"), ("b", Framed::Unfinished("d".into()))],
        );
        check(b"", &[]);
    }
}
