//! All faults: reports and people in, transitions out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::id::{FaultId, FaultKey};
use super::message;
use super::state::Fault;
use super::transition::{FaultCause, FaultTransition};
use super::words::{FaultKind, Priority};
use crate::activation::{
    Acknowledgement, Escalation, FaultView, Person, Reach, Shown, Stamp, Timetable, Why,
};
use crate::clock::{Mono, Received};
use crate::error::excerpt;
use crate::language::Bilingual;

/// Changes that may wait are told together after this time.
const BUNDLE: Duration = Duration::from_secs(30);

/// Momentary faults that come again and again are told this often.
const DAMPED: Duration = Duration::from_secs(600);

/// The end of what comes and goes is believed after this calm.
const CALM: Duration = Duration::from_secs(300);

/// What returns within this time of closing reopens under its id.
const REOPEN_WITHIN: Duration = Duration::from_secs(3600);

/// Closed faults that are remembered; open ones have no limit.
const KEEP_CLOSED: usize = 500;

/// How soon it is looked again whether what explains a fault is over.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Longest wait for a mass silence that is forming.
const FORMING: Duration = Duration::from_secs(30);

/// Longest texts that are kept, in characters.
const NAME_CHARS: usize = 80;
const TEXT_CHARS: usize = 500;

/// What a watcher says of something that is at fault now.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What.
    pub key: FaultKey,
    /// How much it matters.
    pub priority: Priority,
    /// What was seen, for people.
    pub detail: Bilingual,
    /// What it stands for, in order.
    pub list: Vec<String>,
    /// The way in that would explain it, were that at fault.
    pub behind: Option<FaultKey>,
    /// How long it waits to be told after what explained it is over.
    pub patience: Duration,
    /// It is told at once, whatever else may come.
    pub urgent: bool,
}

impl Report {
    /// A report of something that stands by itself.
    pub fn new(key: FaultKey, priority: Priority, detail: Bilingual) -> Self {
        Self {
            key,
            priority,
            detail,
            list: Vec::new(),
            behind: None,
            patience: Duration::ZERO,
            urgent: false,
        }
    }

    /// The same, standing for a list.
    pub fn listing(self, list: Vec<String>) -> Self {
        Self { list, ..self }
    }
}

/// Why an acknowledgement was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultAckError {
    /// There is none of that id.
    #[error("no fault `{0}`")]
    Unknown(FaultId),
    /// Something changed since that version.
    #[error("version {given} of `{}` is not the current one, {}", current.id, current.version)]
    Version {
        /// The version named.
        given: u32,
        /// What is true now.
        current: Box<Fault>,
    },
    /// Nobody is named.
    #[error("an acknowledgement needs a name")]
    Nameless,
}

/// Every fault.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Nanoseconds from the process's monotonic time to the machine's own.
    pub(super) offset: i128,
    pub(super) open: BTreeMap<FaultKey, Fault>,
    /// The last closed one is the last.
    pub(super) closed: VecDeque<Fault>,
    pub(super) next_order: u64,
    /// A mass silence is forming: single ones wait for it.
    forming: bool,
}

impl Faults {
    /// Something is at fault now. Saying so again is harmless.
    pub fn raise(&mut self, now: Received, report: Report) -> Vec<FaultTransition> {
        let now = self.stamp(now);
        let mut transitions = self.join(now, &report);
        let key = report.key.clone();
        if let Some(fault) = self.open.get_mut(&key) {
            let changed = if fault.present {
                change(fault, now, report)
            } else {
                come_back(fault, now, report)
            };
            if changed {
                transitions.extend(self.settle(now, &FaultCause::Watch, &key));
            }
            return transitions;
        }
        let recent = self.closed.iter().rposition(|fault| {
            let closed = fault.closed.map(|closed| now.mono.since(closed.mono));
            fault.key == key && closed.is_some_and(|ago| ago < REOPEN_WITHIN)
        });
        let reopened = recent.and_then(|at| self.closed.remove(at));
        let fault = match reopened {
            Some(mut fault) => {
                come_back(&mut fault, now, report);
                fault
            }
            None => self.begin(now, report),
        };
        self.open.insert(key.clone(), fault);
        transitions.extend(self.settle(now, &FaultCause::Watch, &key));
        transitions
    }

    /// It is not at fault any longer. Saying so of what never was is harmless.
    pub fn clear(&mut self, now: Received, key: &FaultKey) -> Vec<FaultTransition> {
        let now = self.stamp(now);
        let Some(fault) = self.open.get_mut(key).filter(|fault| fault.present) else {
            return Vec::new();
        };
        if fault.is_flapping(now.mono) {
            fault.calm_since.get_or_insert(now.mono);
            return Vec::new();
        }
        end(fault, now);
        self.settle(now, &FaultCause::Watch, key)
    }

    /// Does what time alone brings about. `forming` says that many stations are
    /// about to be silent together: single ones then wait a little to be told as
    /// one.
    pub fn tick(&mut self, now: Received, forming: bool) -> Vec<FaultTransition> {
        let now = self.stamp(now);
        self.forming = forming;
        let is_due = |fault: &Fault| {
            fault.tell_at.is_some_and(|at| at <= now.mono)
                || fault
                    .calm_since
                    .is_some_and(|since| now.mono.since(since) >= CALM)
        };
        let due: Vec<FaultKey> = self
            .open
            .values()
            .filter(|fault| is_due(fault))
            .map(|fault| fault.key.clone())
            .collect();
        let mut transitions = Vec::new();
        for key in due {
            if let Some(fault) = self.open.get_mut(&key)
                && fault
                    .calm_since
                    .is_some_and(|since| now.mono.since(since) >= CALM)
            {
                end(fault, now);
            }
            transitions.extend(self.settle(now, &FaultCause::Time, &key));
        }
        transitions.extend(self.tell_closed(now));
        transitions.extend(self.escalate(now));
        transitions
    }

    /// A subscriber accepted the message of a version of a fault.
    pub fn accepted(&mut self, now: Received, id: &FaultId) -> Vec<FaultTransition> {
        let now = self.stamp(now);
        let fault = self.open.values_mut().find(|fault| fault.id == *id);
        let Some(fault) = fault.filter(|fault| fault.key.kind.is_way_in() && !fault.accepted)
        else {
            return Vec::new();
        };
        fault.accepted = true;
        vec![recorded(now, FaultCause::Accepted, None, fault)]
    }

    /// A person takes notice of one version. Doing it twice is harmless.
    ///
    /// # Errors
    ///
    /// When the version is not the current one (which comes back), when there is
    /// no such fault, or when nobody is named.
    pub fn acknowledge(
        &mut self,
        id: &FaultId,
        version: u32,
        person: Person<'_>,
        now: Received,
    ) -> Result<Vec<FaultTransition>, FaultAckError> {
        let by = excerpt(person.by.trim(), NAME_CHARS);
        if by.is_empty() {
            return Err(FaultAckError::Nameless);
        }
        let now = self.stamp(now);
        let fault = self
            .fault(id)
            .ok_or_else(|| FaultAckError::Unknown(id.clone()))?;
        let acked = fault.ack.as_ref();
        let again = acked.is_some_and(|ack| ack.version == version)
            || (acked.is_some() && version == fault.version)
            || (!fault.is_open() && version == fault.version);
        if again {
            return Ok(Vec::new());
        }
        if version != fault.version {
            return Err(FaultAckError::Version {
                given: version,
                current: Box::new(fault.clone()),
            });
        }
        let key = fault.key.clone();
        let channel = excerpt(person.channel, NAME_CHARS);
        let fault = self
            .open
            .get_mut(&key)
            .expect("invariant: one that is not closed is open under its key");
        fault.ack = Some(Acknowledgement {
            version,
            by: by.clone(),
            note: excerpt(person.note, TEXT_CHARS),
            channel: channel.clone(),
            at: now.wall,
        });
        fault.escalation.stop();
        if !fault.present {
            fault.version += 1;
            fault.closed = Some(now);
            fault.tell_at = Some(now.mono);
        }
        Ok(self.settle(now, &FaultCause::Person { by, channel }, &key))
    }

    /// The fault of an id, open or remembered.
    pub fn fault(&self, id: &FaultId) -> Option<&Fault> {
        self.open
            .values()
            .chain(&self.closed)
            .find(|fault| fault.id == *id)
    }

    /// The open fault of a key.
    pub fn open_at(&self, key: &FaultKey) -> Option<&Fault> {
        self.open.get(key)
    }

    /// All that are open, by key.
    pub fn open(&self) -> impl Iterator<Item = &Fault> {
        self.open.values().filter(|fault| fault.is_open())
    }

    /// Those remembered after closing, in the order of closing.
    pub fn closed(&self) -> impl Iterator<Item = &Fault> {
        // The last ones wait with those that are open until their end is told.
        let ending = self.open.values().filter(|fault| !fault.is_open());
        self.closed.iter().chain(ending)
    }

    /// The fault that speaks for another one now.
    ///
    /// Many silent stations are one fault from its beginning. A way in stands for
    /// what lies behind it when somebody knows of it.
    pub fn inhibitor(&self, fault: &Fault) -> Option<&Fault> {
        let present = |fault: &&Fault| fault.present;
        if fault.key.kind == FaultKind::Silent {
            let mass = FaultKey::new(FaultKind::MassSilence, message::NETWORK);
            let mass = self.open.get(&mass).filter(present);
            if let Some(mass) = mass.filter(|mass| mass.list.binary_search(&fault.key.what).is_ok())
            {
                return Some(mass);
            }
        }
        let behind = fault.behind.as_ref()?;
        self.open
            .get(behind)
            .filter(present)
            .filter(|way| way.accepted)
    }

    /// All that are open, the most important and then the newest first.
    pub fn views(&self) -> Vec<FaultView> {
        let mut open: Vec<&Fault> = self.open().collect();
        open.sort_by_key(|fault| std::cmp::Reverse((fault.priority, fault.order)));
        let view = |fault: &&Fault| message::view(fault, self.inhibitor(fault));
        open.iter().map(view).collect()
    }

    /// One fault for the outside, open or remembered.
    pub fn view(&self, fault: &Fault) -> FaultView {
        message::view(fault, self.inhibitor(fault))
    }

    pub(super) fn stamp(&self, now: Received) -> Stamp {
        let nanos = i128::from(now.mono.as_nanos()) + self.offset;
        Stamp {
            wall: now.wall,
            mono: Mono::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)),
        }
    }

    fn begin(&mut self, now: Stamp, report: Report) -> Fault {
        let order = self.next_order;
        self.next_order += 1;
        let kind = report.key.kind;
        let mut fault = Fault {
            id: FaultId::of(&report.key, now.wall),
            version: 1,
            order,
            key: report.key,
            priority: report.priority,
            present: !kind.is_momentary(),
            detail: short(&report.detail),
            list: report.list,
            behind: report.behind,
            patience_ms: u64::try_from(report.patience.as_millis()).unwrap_or(u64::MAX),
            onset: now.wall,
            began: now.mono,
            ended: kind.is_momentary().then_some(now),
            times: 1,
            returns: Vec::new(),
            calm_since: None,
            has_risen: false,
            ack: None,
            closed: None,
            told: 0,
            told_as: None,
            tell_at: None,
            accepted: false,
            escalation: Escalation::default(),
        };
        if kind.is_momentary() && fault.is_minor() {
            fault.closed = Some(now);
        }
        let settles = kind.settles().filter(|_| !report.urgent);
        let calm = settles.map_or(Duration::ZERO, |settles| settles.calm);
        fault.tell_by(now.mono.saturating_add(calm));
        fault
    }

    /// What is silent behind a way in that is at fault goes into its list.
    fn join(&mut self, now: Stamp, report: &Report) -> Vec<FaultTransition> {
        let behind = report.behind.as_ref();
        let way = behind.and_then(|behind| self.open.get_mut(behind));
        let what = &report.key.what;
        let is_silence = report.key.kind == FaultKind::Silent;
        let Some(way) = way.filter(|way| way.present && is_silence) else {
            return Vec::new();
        };
        let Err(at) = way.list.binary_search(what) else {
            return Vec::new();
        };
        way.list.insert(at, what.clone());
        if !has_changed(way, now.mono.saturating_add(BUNDLE)) {
            return Vec::new();
        }
        let key = way.key.clone();
        self.settle(now, &FaultCause::Watch, &key)
    }

    /// Tells what is due and nothing else speaks for, records the rest, and files
    /// what is over.
    fn settle(&mut self, now: Stamp, cause: &FaultCause, key: &FaultKey) -> Vec<FaultTransition> {
        let Some(fault) = self.open.get(key) else {
            return Vec::new();
        };
        let is_due = fault.tell_at.is_some_and(|at| at <= now.mono);
        let waits = is_due && fault.told == 0 && self.waits_for_many(fault, now.mono);
        let is_inhibited = is_due && self.inhibitor(fault).is_some();
        let fault = self
            .open
            .get_mut(key)
            .expect("invariant: it was there a moment ago");
        let mut tell = None;
        if waits {
            fault.tell_at = Some(now.mono.saturating_add(Duration::from_secs(1)));
        } else if is_inhibited {
            let again = fault.patience().max(LOOK_AGAIN);
            fault.tell_at = Some(now.mono.saturating_add(again));
        } else if is_due {
            fault.tell_at = None;
            if fault.told < fault.version {
                tell = Some(tell_now(fault, now.mono));
            }
        }
        // What time looked at without telling needs no record.
        let has_ended = fault.ended.is_some_and(|ended| ended == now);
        let is_news = *cause != FaultCause::Time || tell.is_some() || has_ended;
        let transition = is_news.then(|| recorded(now, cause.clone(), tell, fault));
        if fault.closed.is_some() && fault.tell_at.is_none() {
            self.file(key);
        }
        transition.into_iter().collect()
    }

    /// A single silent station whose companions are about to follow.
    fn waits_for_many(&self, fault: &Fault, now: Mono) -> bool {
        self.forming
            && fault.key.kind == FaultKind::Silent
            && fault.priority < Priority::High
            && now.since(fault.began) < FORMING
    }

    fn file(&mut self, key: &FaultKey) {
        self.closed.extend(self.open.remove(key));
        if self.closed.len() > KEEP_CLOSED {
            self.closed.pop_front();
        }
    }

    /// Tells the next contacts, or reminds, while nobody acknowledges.
    fn escalate(&mut self, now: Stamp) -> Vec<FaultTransition> {
        let mut transitions = Vec::new();
        for fault in self.open.values_mut() {
            let is_due = fault.escalation.next().is_some_and(|at| at <= now.mono);
            let due = is_due
                .then(|| fault.escalation.advance(now.mono, &Timetable::FAULT))
                .flatten();
            let Some(due) = due else { continue };
            let why = if due.is_step {
                Why::Escalated
            } else {
                Why::Reminder
            };
            transitions.push(FaultTransition {
                reach: due.reach,
                ..recorded(now, FaultCause::Time, Some(why), fault)
            });
        }
        transitions
    }

    /// Closed ones that were restored with something still to tell.
    fn tell_closed(&mut self, now: Stamp) -> Vec<FaultTransition> {
        let mut transitions = Vec::new();
        for fault in &mut self.closed {
            if fault.tell_at.take_if(|at| *at <= now.mono).is_some() && fault.told < fault.version {
                let tell = tell_now(fault, now.mono);
                transitions.push(recorded(now, FaultCause::Time, Some(tell), fault));
            }
        }
        transitions
    }
}

fn short(text: &Bilingual) -> Bilingual {
    Bilingual {
        id: excerpt(&text.id, TEXT_CHARS),
        en: excerpt(&text.en, TEXT_CHARS),
    }
}

/// A present fault is reported again; true when something is to be recorded.
fn change(fault: &mut Fault, now: Stamp, report: Report) -> bool {
    fault.calm_since = None;
    let has_risen = report.priority > fault.priority;
    // A way in collects its list by itself.
    let has_list = !fault.key.kind.is_way_in() && report.list != fault.list;
    fault.detail = short(&report.detail);
    fault.behind = report.behind;
    let mut is_news = false;
    if has_list {
        fault.list = report.list;
        match fault.key.kind.settles().filter(|_| fault.told == 0) {
            Some(settles) => {
                let calm = now.mono.saturating_add(settles.calm);
                fault.tell_at = Some(calm.min(fault.began.saturating_add(settles.most)));
            }
            None => is_news = has_changed(fault, now.mono.saturating_add(BUNDLE)),
        }
    }
    if has_risen {
        fault.priority = report.priority;
        fault.has_risen = true;
        fault.ack = None;
        has_changed(fault, now.mono);
        is_news = true;
    }
    is_news
}

/// A new version, to be told at `at` at the latest; false when one waits already,
/// which then tells this change, too.
fn has_changed(fault: &mut Fault, at: Mono) -> bool {
    let is_new = fault.told == fault.version;
    if is_new {
        fault.version += 1;
    }
    fault.tell_by(at);
    is_new
}

/// What was over is reported again; true when something is to be recorded.
fn come_back(fault: &mut Fault, now: Stamp, report: Report) -> bool {
    let is_momentary = fault.key.kind.is_momentary();
    let has_risen = report.priority > fault.priority;
    fault.note_return(now.mono);
    fault.detail = short(&report.detail);
    fault.list = report.list;
    fault.behind = report.behind;
    fault.priority = fault.priority.max(report.priority);
    if is_momentary && fault.tell_at.is_some() && !has_risen {
        return false; // counted, and told with what waits
    }
    let since_end = fault.ended.map(|ended| now.mono.since(ended.mono));
    let wait = match since_end {
        _ if is_momentary && fault.is_flapping(now.mono) => DAMPED,
        Some(gone) if gone < BUNDLE && fault.told > 0 => BUNDLE,
        _ => Duration::ZERO,
    };
    fault.version += 1;
    fault.present = !is_momentary;
    fault.ended = is_momentary.then_some(now);
    fault.began = now.mono;
    fault.accepted = false;
    fault.ack = None;
    fault.closed = (is_momentary && fault.is_minor()).then_some(now);
    let settles = fault.key.kind.settles().filter(|_| !report.urgent);
    let calm = settles.map_or(Duration::ZERO, |settles| settles.calm);
    fault.tell_by(now.mono.saturating_add(wait.max(calm)));
    true
}

/// It is over. One that nobody was told of needs nobody's notice.
fn end(fault: &mut Fault, now: Stamp) {
    fault.calm_since = None;
    fault.present = false;
    fault.accepted = false;
    fault.ended = Some(now);
    fault.version += 1;
    if fault.told == 0 {
        fault.tell_at = None;
        fault.closed = Some(now);
        return;
    }
    if fault.is_minor() || fault.ack.is_some() {
        fault.closed = Some(now);
        fault.escalation.stop();
    }
    fault.tell_by(now.mono.saturating_add(BUNDLE));
}

/// People are told of it as it is now; gives why.
fn tell_now(fault: &mut Fault, now: Mono) -> Why {
    let why = why(fault);
    let is_new = matches!(why, Why::Raised | Why::Risen | Why::Reopened);
    if is_new && !fault.is_minor() && fault.ack.is_none() {
        fault.escalation.start(now, &Timetable::FAULT);
    }
    fault.told = fault.version;
    fault.told_as = Some(fault.shown());
    fault.has_risen = false;
    why
}

fn why(fault: &Fault) -> Why {
    let before = fault.told_as;
    let is_momentary = fault.key.kind.is_momentary();
    match (fault.shown(), before) {
        (_, None) => Why::Raised,
        (Shown::Closed, _) if !(is_momentary && fault.is_minor()) => Why::Closed,
        (Shown::ClearedUnacked | Shown::Closed, _) if is_momentary => Why::Reopened,
        (Shown::ClearedUnacked | Shown::Closed, _) => Why::Cleared,
        (Shown::Raised | Shown::Acked, Some(Shown::ClearedUnacked | Shown::Closed)) => {
            Why::Reopened
        }
        (Shown::Raised | Shown::Acked, Some(_)) if fault.has_risen => Why::Risen,
        (Shown::Raised | Shown::Acked, Some(_)) => Why::Updated,
    }
}

fn recorded(stamp: Stamp, cause: FaultCause, tell: Option<Why>, fault: &Fault) -> FaultTransition {
    FaultTransition {
        stamp,
        cause,
        tell,
        reach: Reach::up_to(fault.escalation.stage),
        fault: fault.clone(),
    }
}
