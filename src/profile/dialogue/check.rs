//! From the `dialogue` table to a dialogue the program can rely on.

use std::collections::BTreeSet;
use std::time::Duration;

use super::model::{
    Answer, Ask, CrcOrder, Dialogue, Expect, Label, LabelPart, Message, Poll, Prefix, Request, Set,
    Shape, Step,
};
use super::request::{hex, message};
use super::schema::{RawDialogue, RawExpect, RawPoll, RawStep};

/// Longest answer that a profile may ask for.
const MAX_ANSWER_BYTES: usize = 65_536;
/// Longest time that a script or cycle may wait: one hour.
const MAX_MS: u32 = 3_600_000;
/// How often something may be asked before it counts as unanswered.
const MAX_ATTEMPTS: u32 = 1000;
/// How long an answer may take unless the profile says otherwise.
const USUAL_WITHIN_MS: u32 = 1000;

/// What is wrong, each with its place.
#[derive(Debug)]
pub(super) struct Mistakes<'a>(pub(super) &'a mut Vec<String>);

impl Mistakes<'_> {
    pub(super) fn add(&mut self, at: &str, text: impl std::fmt::Display) {
        self.0.push(format!("{at}: {text}"));
    }

    fn time(&mut self, at: &str, ms: u32) -> Duration {
        if ms > MAX_MS {
            self.add(at, format!("must be at most {MAX_MS}"));
        }
        Duration::from_millis(ms.into())
    }
}

/// Checks the whole table; what is wrong goes into `problems`.
pub(in crate::profile) fn check(raw: &RawDialogue, problems: &mut Vec<String>) -> Dialogue {
    let p = &mut Mistakes(problems);
    let crc_order = match raw.modbus_crc.as_deref() {
        None | Some("low_high") => CrcOrder::LowHigh,
        Some("high_low") => CrcOrder::HighLow,
        Some(other) => {
            let text = format!("`{other}` is none of low_high, high_low");
            p.add("dialogue.modbus_crc", text);
            CrcOrder::LowHigh
        }
    };
    if raw.start.is_empty() && raw.poll.is_none() && raw.exit.is_empty() {
        p.add("dialogue", "needs `start`, `poll` or `exit`");
    }
    let again = raw.again_ms.map(|ms| p.time("dialogue.again_ms", ms));
    if again.is_some_and(|again| again.is_zero()) || again.is_some() && raw.poll.is_some() {
        let text = "must be at least 1, and goes with instruments that are not polled";
        p.add("dialogue.again_ms", text);
    }
    let hello = raw.hello.as_deref().and_then(|pattern| {
        let shape = Shape::new(pattern);
        shape.map_err(|error| p.add("dialogue.hello", error)).ok()
    });
    if raw.hello.is_some() && (raw.start.is_empty() || raw.poll.is_none()) {
        p.add("dialogue.hello", "goes with `start` and `poll`");
    }
    let mut known = BTreeSet::new();
    let start = script("start", &raw.start, &mut known, p);
    let poll = raw.poll.as_ref().map(|raw| poll(raw, &mut known, p));
    let exit = script("exit", &raw.exit, &mut known, p);
    Dialogue {
        address: raw.address.unwrap_or(1),
        spacing: p.time("dialogue.spacing_ms", raw.spacing_ms.unwrap_or(0)),
        again,
        crc_order,
        hello,
        start,
        poll,
        exit,
    }
}

fn script(
    name: &str,
    raw: &[RawStep],
    known: &mut BTreeSet<String>,
    p: &mut Mistakes<'_>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for (n, raw) in raw.iter().enumerate() {
        let at = format!("dialogue.{name}[{n}]");
        if raw.once {
            p.add(&format!("{at}.once"), "a script is run once anyway");
        }
        ensure_enough(&at, name == "start", raw, p);
        steps.extend(step(&at, raw, known, p));
    }
    steps
}

/// Only what is asked at the start can make the rest of the script needless.
fn ensure_enough(at: &str, is_start: bool, raw: &RawStep, p: &mut Mistakes<'_>) {
    let is_sent = raw.send.is_some() || raw.send_hex.is_some() || raw.modbus.is_some();
    let is_answered = raw.expect.is_some() || raw.modbus.is_some();
    if raw.enough && !(is_start && is_sent && is_answered) {
        let text = "belongs to what is asked in `start`, with the answer it expects";
        p.add(&format!("{at}.enough"), text);
    }
}

fn step(
    at: &str,
    raw: &RawStep,
    known: &mut BTreeSet<String>,
    p: &mut Mistakes<'_>,
) -> Option<Step> {
    let waits = [raw.wait_ms, raw.discard_ms];
    let is_sent = raw.send.is_some() || raw.send_hex.is_some() || raw.modbus.is_some();
    let is_asked = is_sent || raw.expect.is_some();
    let times = waits.iter().flatten().count();
    if times + usize::from(is_asked) != 1 {
        p.add(
            at,
            "is one of: send or expect something, `wait_ms`, `discard_ms`",
        );
        return None;
    }
    if let Some(ms) = raw.wait_ms {
        return Some(Step::Wait(p.time(&format!("{at}.wait_ms"), ms)));
    }
    if let Some(ms) = raw.discard_ms {
        return Some(Step::Discard(p.time(&format!("{at}.discard_ms"), ms)));
    }
    if is_sent {
        return ask(at, raw, known, p).map(Step::Ask);
    }
    if raw.attempts.is_some() || raw.changes || !raw.put.is_empty() {
        p.add(at, "`attempts`, `changes` and `put` go with something sent");
    }
    answer(at, raw, known, p).map(Step::Await)
}

fn poll(raw: &RawPoll, known: &mut BTreeSet<String>, p: &mut Mistakes<'_>) -> Poll {
    let at = "dialogue.poll";
    if raw.every_ms == 0 {
        p.add("dialogue.poll.every_ms", "must be at least 1");
    }
    if raw.requests.is_empty() {
        p.add("dialogue.poll.request", "a cycle needs at least one");
    }
    let mut requests = Vec::new();
    for (n, raw) in raw.requests.iter().enumerate() {
        let at = format!("dialogue.poll.request[{n}]");
        if raw.wait_ms.is_some() || raw.discard_ms.is_some() {
            p.add(&at, "a request does not wait; see `gap_ms`");
        }
        ensure_enough(&at, false, raw, p);
        let Some(name) = &raw.name else {
            p.add(
                &format!("{at}.name"),
                "a request needs one: it labels the answer",
            );
            continue;
        };
        let label = label(&format!("{at}.name"), name, p);
        let Some(ask) = ask(&at, raw, known, p) else {
            continue;
        };
        if ask.answer.is_none() {
            p.add(&format!("{at}.expect"), "a request expects an answer");
        }
        requests.push(Request {
            label,
            ask,
            is_once: raw.once,
        });
    }
    // A variable that comes later in the cycle is there from the second on.
    for request in &requests {
        ensure_known(&format!("{at}.request.name"), &request.label, known, p);
    }
    let join = raw.join.as_ref().map(|text| {
        let join = label(&format!("{at}.join"), text, p);
        ensure_known(&format!("{at}.join"), &join, known, p);
        join
    });
    Poll {
        every: p.time(&format!("{at}.every_ms"), raw.every_ms),
        gap: p.time(&format!("{at}.gap_ms"), raw.gap_ms.unwrap_or(0)),
        is_flushed: raw.flush.unwrap_or(true),
        join,
        requests,
    }
}

fn ask(at: &str, raw: &RawStep, known: &mut BTreeSet<String>, p: &mut Mistakes<'_>) -> Option<Ask> {
    let message = message(at, raw, p)?;
    let attempts = raw.attempts.unwrap_or(1);
    if !(1..=MAX_ATTEMPTS).contains(&attempts) {
        p.add(
            &format!("{at}.attempts"),
            format!("must be 1 to {MAX_ATTEMPTS}"),
        );
    }
    let mut answer = answer(at, raw, known, p);
    if let Message::Modbus(request) = &message {
        if answer.is_some() {
            p.add(
                &format!("{at}.expect"),
                "the answer to a Modbus request is known",
            );
        }
        let within = raw.within_ms.unwrap_or(USUAL_WITHIN_MS);
        answer = Some(Answer {
            expect: Expect::Modbus(*request),
            within: p.time(&format!("{at}.within_ms"), within),
            sets: Vec::new(),
        });
    }
    if answer.is_none() && (attempts > 1 || raw.within_ms.is_some() || !raw.set.is_empty()) {
        let text = "`attempts`, `within_ms` and `set` go with `expect`";
        p.add(at, text);
    }
    Some(Ask {
        message,
        changes: raw.changes,
        answer,
        attempts,
        is_enough: raw.enough,
    })
}

fn answer(
    at: &str,
    raw: &RawStep,
    known: &mut BTreeSet<String>,
    p: &mut Mistakes<'_>,
) -> Option<Answer> {
    let expect = expect(&format!("{at}.expect"), raw.expect.as_ref()?, known, p);
    let within = raw.within_ms.unwrap_or(USUAL_WITHIN_MS);
    let sets = raw.set.iter().enumerate().map(|(n, set)| {
        if !is_name(&set.name) {
            let text = format!("`{}` is not lower-case letters, digits and `_`", set.name);
            p.add(&format!("{at}.set[{n}].name"), text);
        }
        known.insert(set.name.clone());
        Set {
            name: set.name.clone(),
            after: set.after.clone().unwrap_or_default(),
            until: set.until.clone().unwrap_or_default(),
        }
    });
    let sets = sets.collect();
    Some(Answer {
        expect,
        within: p.time(&format!("{at}.within_ms"), within),
        sets,
    })
}

fn expect(at: &str, raw: &RawExpect, known: &BTreeSet<String>, p: &mut Mistakes<'_>) -> Expect {
    let length = |key: &str, count: usize, p: &mut Mistakes<'_>| {
        if !(1..=MAX_ANSWER_BYTES).contains(&count) {
            p.add(
                &format!("{at}.{key}"),
                format!("must be 1 to {MAX_ANSWER_BYTES}"),
            );
        }
        count
    };
    match raw {
        RawExpect::Any {} => Expect::Any,
        RawExpect::Text { text } => {
            if text.is_empty() {
                p.add(&format!("{at}.text"), "must not be empty");
            }
            Expect::Text(text.clone().into())
        }
        RawExpect::Bytes { count, prefix_hex } => {
            let at_prefix = format!("{at}.prefix_hex");
            let prefix = prefix_hex.as_deref().map(|text| hex(&at_prefix, text, p));
            let prefix = prefix.unwrap_or_default();
            if prefix.len() > *count {
                p.add(&at_prefix, "is longer than the answer");
            }
            Expect::Bytes {
                count: length("count", *count, p),
                prefix: prefix.into(),
            }
        }
        RawExpect::BytesBy {
            of,
            rows,
            otherwise,
        } => {
            if !known.contains(of) {
                let text = format!("nothing before this sets the variable `{of}`");
                p.add(&format!("{at}.of"), text);
            }
            let mut rows: Vec<(Prefix, usize)> = rows
                .iter()
                .map(|(text, count)| (prefix(text), length("rows", *count, p)))
                .collect();
            rows.sort_by_key(|(prefix, _)| std::cmp::Reverse((prefix.text.len(), !prefix.is_open)));
            Expect::BytesBy {
                of: of.clone(),
                rows,
                otherwise: length("otherwise", *otherwise, p),
            }
        }
        RawExpect::Line { prefix } => Expect::Line {
            prefix: prefix.clone().unwrap_or_default().into(),
        },
        RawExpect::Until { end } => {
            if end.is_empty() {
                p.add(&format!("{at}.end"), "must not be empty");
            }
            Expect::Until(end.clone().into())
        }
        RawExpect::Idle { ms } => {
            if *ms == 0 {
                p.add(&format!("{at}.ms"), "must be at least 1");
            }
            Expect::Idle(p.time(&format!("{at}.ms"), *ms))
        }
        RawExpect::Frame {} => Expect::Frame,
    }
}

fn prefix(text: &str) -> Prefix {
    match text.strip_suffix('*') {
        Some(start) => Prefix {
            text: start.to_owned(),
            is_open: true,
        },
        None => Prefix {
            text: text.to_owned(),
            is_open: false,
        },
    }
}

fn is_name(text: &str) -> bool {
    let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.chars().all(is_good)
}

/// Splits `rate/{sensitivity}` into text and variables.
fn label(at: &str, text: &str, p: &mut Mistakes<'_>) -> Label {
    if text.is_empty() || text.contains(['+', '#']) {
        p.add(at, "must not be empty, and has no `+` or `#`");
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        let Some((name, after)) = tail.split_once('}') else {
            p.add(at, "has a `{` without its `}`");
            break;
        };
        if !before.is_empty() {
            parts.push(LabelPart::Text(before.to_owned()));
        }
        parts.push(LabelPart::Variable(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(LabelPart::Text(rest.to_owned()));
    }
    Label { parts }
}

fn ensure_known(at: &str, label: &Label, known: &BTreeSet<String>, p: &mut Mistakes<'_>) {
    for part in &label.parts {
        if let LabelPart::Variable(name) = part
            && !known.contains(name)
        {
            p.add(at, format!("nothing sets the variable `{name}`"));
        }
    }
}
