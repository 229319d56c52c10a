//! The machine's outside: readings, time and people in, effects out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::behind::Nameplate;
use super::escalation::Timetables;
use super::evidence;
use super::id::{ActivationId, Mode};
use super::open::Open;
use super::place::PlaceContext;
use super::service::OutOfService;
use super::settle::Touch;
use super::state::{Acknowledgement, Activation, ChannelKey, Stamp, Watch};
use super::transition::{Cause, Effect};
use crate::clock::{Mono, Received, Wall};
use crate::criteria::{Class, Explanation, Judgement, Policy, Setting, explain_reading};
use crate::error::excerpt;
use crate::reading::{InstrumentId, Reading};

/// How activations are grouped and told.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Real, or a drill.
    pub mode: Mode,
    /// A mobile reading joins what is within this many metres. Default 500.
    pub radius_m: f64,
    /// … and was at a level this recently. Default 30 min.
    pub window: Duration,
    /// Largest size of one activation, corner to corner, in metres. Default 5000.
    pub extent_m: f64,
    /// What returns within this time of closing reopens. Default 60 min.
    pub reopen_within: Duration,
    /// Changes that may wait are told together after this time. Default and
    /// most 30 s.
    pub bundle: Duration,
    /// Who is told next when nobody acknowledges.
    pub escalation: Timetables,
    /// The longest shelf. Default 12 h, at most 24 h.
    pub shelf: Duration,
    /// Closed activations that are remembered. Open ones have no limit.
    /// Default 1000.
    pub keep_closed: usize,
    /// False alarms of ELEVATED by chance that one station may raise in a year.
    /// Default 1.
    pub elevated_false_alarms_per_year: f64,
    /// Hash of the policy that judges, for the record; absent where nobody names
    /// one.
    pub policy: Option<Arc<str>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Actual,
            radius_m: 500.0,
            window: Duration::from_secs(30 * 60),
            extent_m: 5000.0,
            reopen_within: Duration::from_secs(60 * 60),
            bundle: Duration::from_secs(30),
            escalation: Timetables::default(),
            shelf: Duration::from_secs(12 * 60 * 60),
            keep_closed: 1000,
            elevated_false_alarms_per_year: 1.0,
            policy: None,
        }
    }
}

/// How often a clearing run under way is recorded: what a crash may cost an
/// instrument that sends more often than that.
pub(super) const CHECKPOINT: Duration = Duration::from_secs(60);

/// Longest name and remark of a person that are kept, in characters.
const PERSON_CHARS: usize = 260;
const NOTE_CHARS: usize = 500;

/// A reading and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// The reading.
    pub reading: &'a Reading,
    /// What the criteria say of it.
    pub judgement: &'a Judgement,
    /// Where and what for it was measured.
    pub place: &'a PlaceContext,
    /// What the judgement rests on; absent where it was not judged here.
    pub grounds: Option<Grounds<'a>>,
}

/// What a judgement rests on beside the reading.
#[derive(Clone, Copy, Debug)]
pub struct Grounds<'a> {
    /// What was known then.
    pub setting: &'a Setting,
    /// The policy.
    pub policy: &'a Policy,
    /// What is written on the instrument, where that is known.
    pub nameplate: Option<Nameplate<'a>>,
}

impl Judged<'_> {
    /// Why the judgement is what it is: worked out here and now.
    pub(super) fn explanation(&self) -> Option<Box<Explanation>> {
        self.grounds.map(|grounds| {
            let explanation = explain_reading(self.reading, grounds.setting, grounds.policy);
            Box::new(explanation)
        })
    }
}

/// A person who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    /// Name; not empty.
    pub by: &'a str,
    /// Remark.
    pub note: &'a str,
    /// Channel, for example `http` or `cli`.
    pub channel: &'a str,
}

/// What a person said, fit to be kept.
pub(super) struct Said {
    pub(super) by: String,
    pub(super) note: String,
    pub(super) channel: String,
}

impl Said {
    /// # Errors
    ///
    /// When nobody is named.
    pub(super) fn by(person: Person<'_>) -> Result<Self, AckError> {
        let by = excerpt(person.by.trim(), PERSON_CHARS);
        if by.is_empty() {
            return Err(AckError::Nameless);
        }
        Ok(Self {
            by,
            note: excerpt(person.note.trim(), NOTE_CHARS),
            channel: excerpt(person.channel, PERSON_CHARS),
        })
    }
}

/// Why an acknowledgement was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AckError {
    /// There is none of that id.
    #[error("no activation `{0}`")]
    Unknown(ActivationId),
    /// It was taken over by an older one.
    #[error("activation `{id}` goes on as `{into}`")]
    Merged {
        /// The one named.
        id: ActivationId,
        /// The one to acknowledge.
        into: ActivationId,
    },
    /// Something changed since that version.
    #[error("version {given} of `{}` is not the current one, {}", current.id, current.version)]
    Version {
        /// The version named.
        given: u32,
        /// What is true now.
        current: Box<Activation>,
    },
    /// Nobody is named.
    #[error("this needs a name")]
    Nameless,
}

/// Every activation and the channels behind them.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(super) config: Config,
    /// Nanoseconds from the process's monotonic time to the machine's own,
    /// which goes on across restarts.
    pub(super) offset: i128,
    /// Channels that reached a level; kept while an activation names them.
    pub(super) watches: BTreeMap<ChannelKey, Watch>,
    /// By order of opening.
    pub(super) open: Open,
    /// The same, once closed.
    pub(super) closed: BTreeMap<u64, Activation>,
    pub(super) next_order: u64,
    /// Stations that people work on.
    pub(super) out_of_service: BTreeMap<InstrumentId, OutOfService>,
    /// Those that are a TIO2 now, by order of opening; some may be over by now.
    pub(super) emergencies: BTreeSet<u64>,
    /// Those that a TIO2 speaks for, by order of opening.
    pub(super) inhibited: BTreeSet<u64>,
    /// No later than the next thing that time alone brings about, in the
    /// machine's own time.
    pub(super) wake: Option<Mono>,
    /// Since when clearing runs moved without being recorded.
    pub(super) unsaved_since: Option<Mono>,
    /// Whether a detector may be distrusted.
    pub(super) has_distrusted: bool,
}

impl Machine {
    /// A machine without any activation.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            offset: 0,
            watches: BTreeMap::new(),
            open: Open::default(),
            closed: BTreeMap::new(),
            next_order: 0,
            out_of_service: BTreeMap::new(),
            emergencies: BTreeSet::new(),
            inhibited: BTreeSet::new(),
            wake: None,
            unsaved_since: None,
            has_distrusted: false,
        }
    }

    /// Whether no channel ever reached a level, as far as is remembered: readings
    /// below every level change nothing.
    pub fn is_idle(&self) -> bool {
        self.watches.is_empty()
    }

    /// Takes one judged reading that arrived at `now`.
    ///
    /// Readings come in order of arrival. One that reaches no level and belongs
    /// to no held channel costs no allocation.
    pub fn apply(&mut self, now: Received, judged: &Judged<'_>) -> Vec<Effect> {
        let now = self.stamp(now);
        let mut touched = SmallVec::new();
        for verdict in &judged.judgement.channels {
            self.take(now, judged, verdict, &mut touched);
        }
        if touched.is_empty() {
            return Vec::new();
        }
        self.settle(now, &evidence::cause(judged), &touched)
    }

    /// Does what time alone brings about: silence, shelves that end, the next
    /// contacts and reminders, bundled updates, checkpoints.
    pub fn tick(&mut self, now: Received) -> Vec<Effect> {
        let now = self.stamp(now);
        if self.wake.is_none_or(|wake| now.mono < wake) {
            return Vec::new();
        }
        let mut effects = self.fall_silent(now);
        effects.extend(self.end_shelves(now));
        effects.extend(self.end_services(now));
        effects.extend(self.escalate(now));
        effects.extend(self.tell_bundles(now));
        if self
            .unsaved_since
            .is_some_and(|since| now.mono.since(since) >= CHECKPOINT)
        {
            self.unsaved_since = None;
            effects.extend(self.checkpoint(now));
        }
        self.wake = self.deadlines().min();
        effects
    }

    /// When [`Machine::tick`] next has something to do, in the caller's
    /// monotonic time. It may turn out to be nothing.
    pub fn next_deadline(&self) -> Option<Mono> {
        let nanos = i128::from(self.wake?.as_nanos()) - self.offset;
        Some(Mono::from_nanos(u64::try_from(nanos).unwrap_or(0)))
    }

    /// A person takes notice of one version. Doing it twice is harmless.
    ///
    /// # Errors
    ///
    /// When the version is not the current one (which comes back), when there
    /// is no such activation, or when nobody is named.
    pub fn acknowledge(
        &mut self,
        id: &ActivationId,
        version: u32,
        person: Person<'_>,
        now: Received,
    ) -> Result<Vec<Effect>, AckError> {
        let Said { by, note, channel } = Said::by(person)?;
        let now = self.stamp(now);
        let activation = self.lasting(id)?;
        let again = activation
            .ack
            .as_ref()
            .is_some_and(|ack| ack.version == version);
        let is_current = version == activation.version;
        // An acknowledgement from before a collapse does not speak of it.
        let is_more = is_current && self.is_distrusted(activation);
        if !is_more && (again || (activation.ack.is_some() && is_current)) {
            return Ok(Vec::new());
        }
        let order = self.current(id, version)?.order;
        let ack = Acknowledgement {
            version,
            by: by.clone(),
            note,
            channel: channel.clone(),
            at: now.wall,
        };
        let activation = self
            .open
            .get_mut(&order)
            .expect("invariant: one that is not acknowledged is open");
        activation.ack = Some(ack);
        activation.escalation.stop();
        self.trust_again(order);
        let touch = Touch {
            acked: true,
            ..Touch::of(order)
        };
        Ok(self.settle(now, &Cause::Person { by, channel }, &[touch]))
    }

    /// The activation of an id, unless it goes on as another.
    fn lasting(&self, id: &ActivationId) -> Result<&Activation, AckError> {
        let activation = self
            .activation(id)
            .ok_or_else(|| AckError::Unknown(id.clone()))?;
        let closed = activation.closed.as_ref();
        match closed.and_then(|closed| closed.merged_into.clone()) {
            Some(into) => Err(AckError::Merged {
                id: id.clone(),
                into,
            }),
            None => Ok(activation),
        }
    }

    /// The activation of an id, when `version` is what is true now.
    pub(super) fn current(&self, id: &ActivationId, version: u32) -> Result<&Activation, AckError> {
        let activation = self.lasting(id)?;
        if version == activation.version {
            return Ok(activation);
        }
        Err(AckError::Version {
            given: version,
            current: Box::new(activation.clone()),
        })
    }

    /// The activation of an id, open or closed.
    pub fn activation(&self, id: &ActivationId) -> Option<&Activation> {
        let is_it = |activation: &&Activation| activation.id == *id;
        self.open
            .values()
            .find(is_it)
            .or_else(|| self.closed.values().find(is_it))
    }

    /// When the event began that an instrument holds at a level.
    pub fn onset_of(&self, instrument: &InstrumentId) -> Option<Wall> {
        self.watches
            .values()
            .filter(|watch| watch.key.instrument == *instrument && watch.is_held())
            .filter_map(|watch| self.activation(&watch.current))
            .map(|activation| activation.onset)
            .min()
    }

    /// All that are open, in the order of opening.
    pub fn open(&self) -> impl Iterator<Item = &Activation> {
        self.open.values()
    }

    /// Those remembered after closing, in the order of opening.
    pub fn closed(&self) -> impl Iterator<Item = &Activation> {
        self.closed.values()
    }

    /// The class that a channel holds now: a level, ELEVATED for the band that
    /// lasts, else NORMAL.
    pub fn held(&self, key: &ChannelKey) -> Class {
        self.watches.get(key).map_or(Class::Normal, Watch::class)
    }

    /// The channels that reached a level.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.watches.values()
    }

    /// Both clocks in one stamp, with monotonic time turned into the machine's own.
    pub(super) fn stamp(&self, now: Received) -> Stamp {
        let nanos = i128::from(now.mono.as_nanos()) + self.offset;
        Stamp {
            wall: now.wall,
            mono: Mono::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)),
        }
    }

    /// Sees to it that [`Machine::tick`] runs at `at` or before.
    pub(super) fn wake_by(&mut self, at: Mono) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    fn deadlines(&self) -> impl Iterator<Item = Mono> {
        let silence = self
            .watches
            .values()
            .filter(|watch| watch.is_held() && !watch.unknown)
            .map(Watch::silent_at);
        let bundles = self
            .open
            .values()
            .filter_map(|activation| activation.untold_since)
            .map(|since| since.saturating_add(self.config.bundle));
        let checkpoint = self
            .unsaved_since
            .map(|since| since.saturating_add(CHECKPOINT));
        let people = self.open.values().flat_map(|activation| {
            let shelf = activation.shelf.as_ref().map(|shelf| shelf.until);
            shelf.into_iter().chain(Self::escalates_at(activation))
        });
        let services = self.out_of_service.values().map(|out| out.until);
        silence
            .chain(bundles)
            .chain(checkpoint)
            .chain(people)
            .chain(services)
    }
}
