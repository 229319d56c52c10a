//! The machine's outside: readings, time and people in, effects out.

use std::collections::BTreeMap;
use std::time::Duration;

use smallvec::SmallVec;

use super::condition::{Sample, Weight};
use super::id::{self, ActivationId, Mode};
use super::place::{self, Place, PlaceContext};
use super::settle::Touch;
use super::state::{Acknowledgement, Activation, ChannelKey, Note, Stamp, Watch};
use super::transition::{Cause, Effect};
use super::{evidence, group};
use crate::clock::{Mono, Received};
use crate::criteria::{ChannelVerdict, Class, Disposition, Judgement};
use crate::error::excerpt;
use crate::reading::Reading;

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
    /// Closed activations that are remembered. Open ones have no limit.
    /// Default 1000.
    pub keep_closed: usize,
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
            keep_closed: 1000,
        }
    }
}

/// How often a clearing run under way is recorded: what a crash may cost an
/// instrument that sends more often than that.
const CHECKPOINT: Duration = Duration::from_secs(60);

/// How often what goes on at a level is recorded, though nothing changes: the
/// times by which places and copies are told apart.
const REFRESH: Duration = Duration::from_secs(600);

/// Beyond this age a reading belongs to the past (alarm semantics, section 2.5).
const FRESH: Duration = Duration::from_secs(900);

/// Longest name and remark of a person that are kept, in characters.
const PERSON_CHARS: usize = 80;
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
}

/// A person who acts.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Name; not empty.
    pub by: &'a str,
    /// Remark.
    pub note: &'a str,
    /// Channel, for example `http` or `cli`.
    pub channel: &'a str,
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
    #[error("an acknowledgement needs a name")]
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
    pub(super) open: BTreeMap<u64, Activation>,
    /// The same, once closed.
    pub(super) closed: BTreeMap<u64, Activation>,
    pub(super) next_order: u64,
    /// No later than the next thing that time alone brings about, in the
    /// machine's own time.
    pub(super) wake: Option<Mono>,
    /// Since when clearing runs moved without being recorded.
    pub(super) unsaved_since: Option<Mono>,
}

impl Machine {
    /// A machine without any activation.
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            offset: 0,
            watches: BTreeMap::new(),
            open: BTreeMap::new(),
            closed: BTreeMap::new(),
            next_order: 0,
            wake: None,
            unsaved_since: None,
        }
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

    /// Does what time alone brings about: silence, bundled updates, checkpoints.
    pub fn tick(&mut self, now: Received) -> Vec<Effect> {
        let now = self.stamp(now);
        if self.wake.is_none_or(|wake| now.mono < wake) {
            return Vec::new();
        }
        let mut effects = self.fall_silent(now);
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
        let by = excerpt(person.by.trim(), PERSON_CHARS);
        if by.is_empty() {
            return Err(AckError::Nameless);
        }
        let now = self.stamp(now);
        let activation = self
            .activation(id)
            .ok_or_else(|| AckError::Unknown(id.clone()))?;
        if let Some(into) = activation
            .closed
            .as_ref()
            .and_then(|closed| closed.merged_into.clone())
        {
            let id = id.clone();
            return Err(AckError::Merged { id, into });
        }
        let again = activation
            .ack
            .as_ref()
            .is_some_and(|ack| ack.version == version);
        if again || (activation.ack.is_some() && version == activation.version) {
            return Ok(Vec::new());
        }
        if version != activation.version {
            return Err(AckError::Version {
                given: version,
                current: Box::new(activation.clone()),
            });
        }
        let order = activation.order;
        let channel = excerpt(person.channel, PERSON_CHARS);
        let ack = Acknowledgement {
            version,
            by: by.clone(),
            note: excerpt(person.note, NOTE_CHARS),
            channel: channel.clone(),
            at: now.wall,
        };
        let activation = self
            .open
            .get_mut(&order)
            .expect("invariant: one that is not acknowledged is open");
        activation.ack = Some(ack);
        let touch = Touch {
            acked: true,
            ..Touch::of(order)
        };
        Ok(self.settle(now, &Cause::Person { by, channel }, &[touch]))
    }

    /// The activation of an id, open or closed.
    pub fn activation(&self, id: &ActivationId) -> Option<&Activation> {
        let is_it = |activation: &&Activation| activation.id == *id;
        self.open
            .values()
            .find(is_it)
            .or_else(|| self.closed.values().find(is_it))
    }

    /// All that are open, in the order of opening.
    pub fn open(&self) -> impl Iterator<Item = &Activation> {
        self.open.values()
    }

    /// Those remembered after closing, in the order of opening.
    pub fn closed(&self) -> impl Iterator<Item = &Activation> {
        self.closed.values()
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
        silence.chain(bundles).chain(checkpoint)
    }

    fn take(
        &mut self,
        now: Stamp,
        judged: &Judged<'_>,
        verdict: &ChannelVerdict,
        touched: &mut SmallVec<[Touch; 2]>,
    ) {
        let mut sample = Sample::of(verdict, judged.judgement);
        let is_late = is_late(now, judged);
        if is_late && sample.weight == Weight::Full {
            sample.weight = Weight::RaiseOnly;
        }
        let reached = evidence::reached(verdict);
        if sample.weight == Weight::None || (reached == Class::Normal && self.watches.is_empty()) {
            return;
        }
        let key = ChannelKey {
            instrument: judged.reading.instrument.clone(),
            quantity: verdict.quantity,
            subject: judged.place.subject,
        };
        if reached == Class::Normal {
            self.take_low(now, judged, verdict, sample, &key, is_late, touched);
        } else {
            self.take_high(now, judged, verdict, sample, key, is_late, touched);
        }
    }

    /// A reading that reaches no level: it may lower what is held, or say
    /// something that only a person can judge.
    fn take_low(
        &mut self,
        now: Stamp,
        judged: &Judged<'_>,
        verdict: &ChannelVerdict,
        sample: Sample,
        key: &ChannelKey,
        is_late: bool,
        touched: &mut SmallVec<[Touch; 2]>,
    ) {
        let Some(watch) = self.watches.get_mut(key).filter(|watch| watch.is_held()) else {
            return;
        };
        if watch.has_taken(id::mark(judged.reading)) {
            return;
        }
        let class = watch.class();
        let runs = (watch.condition.run(), watch.band.run());
        watch.condition.apply(now.mono, sample);
        watch
            .band
            .apply(now.mono, evidence::band_sample(verdict, sample.weight));
        let mut changed = class != watch.class();
        let is_judged = verdict.class != Class::Unclassified;
        if is_judged && !is_late {
            watch.hear(now.mono, judged.place.silent_after);
            changed |= std::mem::take(&mut watch.unknown);
        }
        let has_moved = runs != (watch.condition.run(), watch.band.run()) && watch.is_fading();
        let is_saved_lately = watch
            .saved
            .is_some_and(|saved| now.mono.since(saved) < CHECKPOINT);
        let is_due = has_moved && !is_saved_lately;
        if is_due {
            watch.saved = Some(now.mono);
        } else if has_moved {
            let since = *self.unsaved_since.get_or_insert(now.mono);
            self.wake_by(since.saturating_add(CHECKPOINT));
        }
        let noted = !is_judged && self.note(now, judged, verdict, key);
        if changed || noted || is_due {
            let orders = self
                .open
                .values()
                .filter(|activation| activation.member(key).is_some_and(|member| member.held));
            for activation in orders {
                let touch = Touch::find(touched, activation.order);
                touch.changed |= noted;
                touch.moved |= is_due;
            }
        }
    }

    /// Attaches what cannot be judged to the activation of its channel; false
    /// when it is there already.
    fn note(
        &mut self,
        now: Stamp,
        judged: &Judged<'_>,
        verdict: &ChannelVerdict,
        key: &ChannelKey,
    ) -> bool {
        let current = self.watches.get(key).map(|watch| watch.current.clone());
        let activation = self
            .open
            .values_mut()
            .find(|activation| current.as_ref() == Some(&activation.id));
        let Some(activation) = activation else {
            return false;
        };
        let known = |note: &Note| note.key == *key && note.rule == verdict.rule;
        if activation.notes.iter().any(known) || activation.notes.len() >= Activation::MAX_NOTES {
            return false;
        }
        activation.notes.push(Note {
            key: key.clone(),
            rule: verdict.rule,
            remarks: judged.judgement.remarks,
            since: now.wall,
        });
        true
    }

    /// A reading at a level: it belongs to an activation, old or new.
    fn take_high(
        &mut self,
        now: Stamp,
        judged: &Judged<'_>,
        verdict: &ChannelVerdict,
        sample: Sample,
        key: ChannelKey,
        is_late: bool,
        touched: &mut SmallVec<[Touch; 2]>,
    ) {
        let mark = id::mark(judged.reading);
        if let Some(watch) = self.watches.get_mut(&key)
            && watch.has_taken(mark)
        {
            return;
        }
        let place = Place::of(judged.reading, judged.place);
        let arrival = group::Arrival {
            now,
            judged,
            evidence: evidence::of(judged, verdict),
            at: place::coordinates(judged.reading, &place),
            place,
            key,
            is_late,
        };
        let Some(order) = self.home(&arrival, touched) else {
            return;
        };
        let watch = self.watches.entry(arrival.key.clone()).or_insert_with(|| {
            let current = self
                .open
                .get(&order)
                .expect("invariant: a reading's home is open");
            let mut watch = Watch::new(arrival.key.clone(), current.id.clone(), now.mono);
            watch.has_taken(mark);
            watch
        });
        // An old reading may raise what is held, but holds nothing by itself:
        // nothing of the present could ever lower it again.
        if !arrival.is_late || watch.is_held() {
            watch.condition.apply(now.mono, sample);
            watch
                .band
                .apply(now.mono, evidence::band_sample(verdict, sample.weight));
        }
        let touch = Touch::find(touched, order);
        if !arrival.is_late {
            watch.hear(now.mono, judged.place.silent_after);
            touch.changed |= std::mem::take(&mut watch.unknown);
            if watch
                .saved
                .is_none_or(|saved| now.mono.since(saved) >= REFRESH)
            {
                watch.saved = Some(now.mono);
                touch.moved = true;
            }
            let silent_at = watch.silent_at();
            if let Some(activation) = self.open.get(&order) {
                watch.current.clone_from(&activation.id);
            }
            self.wake_by(silent_at);
        }
        self.join(order, &arrival, verdict, touch);
    }
}

/// Whether a reading is of the past: old when it arrived, or taken from the spool
/// long after it arrived.
fn is_late(now: Stamp, judged: &Judged<'_>) -> bool {
    judged.judgement.disposition == Disposition::Historical
        || now.wall > judged.reading.received.wall.saturating_add(FRESH)
}
