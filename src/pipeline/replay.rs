//! A recording through the whole core, with the recording's own times.
//!
//! No clock, no disk, no task: the same recording gives the same readings, the
//! same activations and the same texts, byte for byte.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::after::{self, Around};
use super::build;
use super::core::Place;
use super::desk::Desk;
use super::fixes::Fixes;
use super::instrument::{Instrument, Taken};
use super::people::{Act, Deed};
use crate::activation::{
    ActivationId, ChannelKey, DeadlineView, Effect, Event, EventContext, Machine, Person,
};
use crate::casework::{Step as Done, What};
use crate::clock::{Mono, Received, Wall};
use crate::closing::{Change, Closings, Ground};
use crate::config::Config;
use crate::criteria::termination::{Recovered, Track};
use crate::criteria::{Class, Judgement};
use crate::decode::{Decoded, Decoder, Ignored, RawReading, Rejected};
use crate::error::excerpt;
use crate::normalise::{Arrival, fingerprint};
use crate::profile::Profile;
use crate::reading::{Delivery, InstrumentId, Reading};
use crate::recording::arrival_of;
use crate::source::capture::Captured;

/// What a frame of a recording led to.
#[derive(Debug)]
pub enum Step {
    /// A reading and its judgement.
    Reading(Arc<Reading>, Box<Judgement>),
    /// Legal, but no reading.
    Ignored(Ignored),
    /// Refused.
    Refused(Rejected),
    /// An activation is told.
    Event(Box<Event>),
    /// A channel holds another level than before.
    Level(LevelChange),
    /// Something else may be proposed for the end of an event.
    Closing(Box<Change>),
    /// A clock starts, runs out, is done or ends: when, and how it stands then.
    Deadline(Wall, Box<DeadlineView>),
    /// A person did something, or was refused.
    Person(Box<Act>, Result<(), String>),
}

/// A channel went from one level to another (HY-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelChange {
    /// When.
    pub at: Wall,
    /// The channel.
    pub channel: ChannelKey,
    /// The level it held.
    pub was: Class,
    /// The level it holds.
    pub now: Class,
}

/// The core as a recording drives it.
pub struct Replay<'c> {
    config: &'c Config,
    areas: Vec<Place>,
    machine: Machine,
    closings: Closings,
    desk: Desk,
    /// What people are still going to do, the last first.
    acts: Vec<Act>,
    context: EventContext,
    instruments: HashMap<String, Instrument>,
    /// Devices with a reading that waits for more counts, and until when.
    waiting: BTreeSet<(Mono, String)>,
    fixes: Fixes,
    first: Option<Wall>,
    now: Received,
}

impl std::fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Replay({} instruments)", self.instruments.len())
    }
}

impl<'c> Replay<'c> {
    /// A core that has seen nothing; instruments that the configuration knows
    /// are judged as it says.
    pub fn new(config: &'c Config) -> Self {
        Self {
            config,
            areas: build::areas(config),
            machine: Machine::new(config.activation.clone()),
            closings: after::no_matters(config),
            desk: Desk::new(config),
            acts: Vec::new(),
            context: EventContext {
                node: config.node.name.clone(),
                zone: config.node.zone,
                recorded: true,
            },
            instruments: HashMap::new(),
            waiting: BTreeSet::new(),
            fixes: Fixes::default(),
            first: None,
            now: Received {
                wall: Wall::from_nanos(0),
                mono: Mono::from_nanos(0),
            },
        }
    }

    /// The same, with what people do meanwhile, in the order of time.
    #[must_use]
    pub fn with_people(mut self, mut acts: Vec<Act>) -> Self {
        acts.reverse();
        self.acts = acts;
        self
    }

    /// Lets people do what is left after the last frame, and decides what waits.
    pub fn finish(&mut self, mut each: impl FnMut(Step)) {
        while let Some(last) = self.acts.first() {
            self.pass_time(last.at, &mut each);
        }
        while let Some((due, device)) = self.waiting.pop_first() {
            let after = due.since(self.now.mono);
            self.arrive(self.now.wall.saturating_add(after));
            self.decide(self.now, &device, &mut each);
        }
    }

    /// Plays one frame. It arrived when its reading was measured, if it says
    /// when; else when the recording says, else at `otherwise`.
    pub fn frame(
        &mut self,
        decoder: &mut Decoder,
        captured: &Captured,
        otherwise: Wall,
        mut each: impl FnMut(Step),
    ) {
        let bytes = captured.framed.bytes();
        decoder.arrived(arrival_of(captured));
        for (range, decoded) in decoder.decode_framed(&captured.framed, captured.topic.as_deref()) {
            let raw = match decoded {
                Decoded::Reading(raw) => raw,
                Decoded::Ignored(ignored) => {
                    each(Step::Ignored(ignored));
                    continue;
                }
                Decoded::Rejected(rejected) => {
                    each(Step::Refused(rejected));
                    continue;
                }
            };
            let at = raw.time.trusted().or(captured.at).unwrap_or(otherwise);
            self.pass_time(at, &mut each);
            let arrival = Arrival {
                received: self.now,
                delivery: Delivery {
                    retained: captured.retained,
                    redelivered: false,
                },
                fingerprint: fingerprint(bytes.get(range).unwrap_or_default()),
            };
            self.reading(decoder.profile(), raw, &arrival, &mut each);
        }
    }

    fn reading(
        &mut self,
        profile: &Arc<Profile>,
        raw: Box<RawReading>,
        arrival: &Arrival,
        each: &mut impl FnMut(Step),
    ) {
        if !self.instruments.contains_key(&raw.device) {
            let Some(id) = InstrumentId::new(&raw.device) else {
                let name = excerpt(&raw.device, 64);
                each(Step::Refused(Rejected::new(
                    crate::decode::RejectReason::Malformed,
                    format!("`{name}` cannot name an instrument"),
                )));
                return;
            };
            let instrument = build::replayed(self.config, profile, id);
            self.instruments.insert(raw.device.clone(), instrument);
        }
        let Some(instrument) = self.instruments.get_mut(&raw.device) else {
            return;
        };
        let device = raw.device.clone();
        let decoded = Decoded::Reading(raw);
        instrument.note_held(&self.config.criteria, &self.machine);
        let taken = instrument.take(
            decoded,
            arrival,
            &self.config.criteria,
            &self.areas,
            &mut self.fixes,
        );
        match taken {
            Taken::Reading(reading, judgement) => {
                let subject = instrument.place.subject;
                let held = |machine: &Machine| -> Vec<(ChannelKey, Class)> {
                    let keys = judgement.channels.iter().map(|verdict| ChannelKey {
                        instrument: reading.instrument.clone(),
                        quantity: verdict.quantity,
                        subject,
                    });
                    keys.map(|key| (key.clone(), machine.held(&key))).collect()
                };
                let before = held(&self.machine);
                let judged = instrument.judged(&reading, &judgement, &self.config.criteria);
                let effects = self.machine.apply(arrival.received, &judged);
                if let Some(due) = instrument.begins_to_wait() {
                    self.waiting.insert((due, device));
                }
                let now = held(&self.machine);
                let after = instrument.follow(
                    arrival.received,
                    &reading,
                    &judgement,
                    &effects,
                    &mut Around {
                        closings: &mut self.closings,
                        areas: &self.areas,
                        policy: &self.config.criteria,
                    },
                );
                each(Step::Reading(reading, judgement));
                for ((channel, was), (_, now)) in before.into_iter().zip(now) {
                    if was != now {
                        let at = arrival.received.wall;
                        each(Step::Level(LevelChange {
                            at,
                            channel,
                            was,
                            now,
                        }));
                    }
                }
                let at = arrival.received.wall;
                tell(at, &effects, &self.context, &mut self.desk, each);
                tell_changes(after.changes, each);
            }
            Taken::Refused(rejected) => each(Step::Refused(rejected)),
            Taken::Ignored => {}
        }
    }

    /// Lets time go on to `at`; what it brings about, and what people do, happens
    /// on the way, each at its time. A recording that jumps back stops the
    /// monotonic clock, no more.
    fn pass_time(&mut self, at: Wall, each: &mut impl FnMut(Step)) {
        self.first.get_or_insert(at);
        loop {
            let act_at = self.acts.last().map(|act| act.at).filter(|act| *act <= at);
            // What is done when a clock is due is done in time.
            let due = self.desk.next_due().filter(|due| *due < at);
            let next = act_at.into_iter().chain(due).min().unwrap_or(at);
            if self.tick_before(next, each) {
                continue; // it may have started a clock
            }
            if act_at == Some(next) {
                self.arrive(next);
                if let Some(act) = self.acts.pop() {
                    let done = self.act(&act, each);
                    each(Step::Person(Box::new(act), done));
                }
            } else if due == Some(next) {
                self.arrive(next);
                tell_clocks(next, self.desk.ring(next), each);
            } else {
                break;
            }
        }
        self.arrive(at);
    }

    /// The recording's own time.
    fn arrive(&mut self, at: Wall) {
        let mono = self.mono_of(at);
        self.now = Received { wall: at, mono };
    }

    fn mono_of(&self, at: Wall) -> Mono {
        let first = self.first.unwrap_or(at);
        let nanos = at.as_nanos().saturating_sub(first.as_nanos());
        Mono::from_nanos(u64::try_from(nanos).unwrap_or(0)).max(self.now.mono)
    }

    /// The next that time alone brings about before `at`; false when nothing is
    /// left.
    fn tick_before(&mut self, at: Wall, each: &mut impl FnMut(Step)) -> bool {
        let mono = self.mono_of(at);
        let waiting = self.waiting.first().map(|(due, _)| *due);
        let deadline = self.machine.next_deadline();
        let deadline = deadline.into_iter().chain(waiting).min();
        let Some(deadline) = deadline.filter(|deadline| *deadline < mono) else {
            return false;
        };
        let after = deadline.since(self.now.mono);
        let due = Received {
            wall: self.now.wall.saturating_add(after),
            mono: deadline.max(self.now.mono),
        };
        if waiting == Some(deadline)
            && let Some((_, device)) = self.waiting.pop_first()
        {
            self.now = due;
            self.decide(due, &device, each);
            return true;
        }
        let effects = self.machine.tick(due);
        self.follow(due, &effects, each);
        if self.machine.next_deadline() == Some(deadline) && effects.is_empty() {
            return false;
        }
        self.now = due;
        true
    }

    /// A reading waited for more counts, and none came: what there is decides.
    fn decide(&mut self, now: Received, device: &str, each: &mut impl FnMut(Step)) {
        let Some(instrument) = self.instruments.get_mut(device) else {
            return;
        };
        let Some(overdue) = instrument.overdue(now.mono, &self.config.criteria) else {
            return;
        };
        let judged = instrument.judged(&overdue.reading, &overdue.judgement, &self.config.criteria);
        let effects = self.machine.apply(now, &judged);
        self.follow(now, &effects, each);
    }

    /// What no reading brought about.
    fn follow(&mut self, now: Received, effects: &[Effect], each: &mut impl FnMut(Step)) {
        tell(now.wall, effects, &self.context, &mut self.desk, each);
        for effect in effects {
            let activation = &effect.transition().activation;
            let change = self.closings.follow(now, activation, &Ground::UNKNOWN);
            tell_changes(change, each);
        }
    }

    fn act(&mut self, act: &Act, each: &mut impl FnMut(Step)) -> Result<(), String> {
        let id = match &act.activation {
            Some(id) => id.clone(),
            None => self.only_matter()?,
        };
        let now = self.now;
        match &act.deed {
            Deed::Ack => {
                let version = self
                    .machine
                    .activation(&id)
                    .map_or(0, |known| known.version);
                let person = Person {
                    by: &act.by,
                    note: &act.note,
                    channel: "replay",
                };
                let effects = self
                    .machine
                    .acknowledge(&id, version, person, now)
                    .map_err(|error| error.to_string())?;
                self.follow(now, &effects, each);
            }
            Deed::Recovered {
                source,
                environment,
                track,
            } => {
                let recovered = Recovered {
                    source: *source,
                    environment: *environment,
                };
                self.recovered(&id, recovered, *track, each)?;
                let steps = [
                    source.then_some(Done::SourceRecovered),
                    environment.then_some(Done::EnvironmentRecovered),
                ];
                let steps: Vec<Done> = steps.into_iter().flatten().collect();
                if !steps.is_empty() {
                    let news = self.desk.act(&id, act, What::Steps(steps))?;
                    tell_clocks(now.wall, news, each);
                }
            }
            Deed::Close { .. } => {
                self.closings
                    .close(&id)
                    .map_err(|error| error.to_string())?;
            }
            Deed::Decide { status } => {
                let news = self.desk.act(&id, act, What::Decide(*status))?;
                tell_clocks(now.wall, news, each);
            }
            Deed::Step { steps } => {
                let news = self.desk.act(&id, act, What::Steps(steps.clone()))?;
                tell_clocks(now.wall, news, each);
                self.tell_matter(&id, each)?;
            }
        }
        Ok(())
    }

    fn recovered(
        &mut self,
        id: &ActivationId,
        recovered: Recovered,
        track: Track,
        each: &mut impl FnMut(Step),
    ) -> Result<(), String> {
        let change = self
            .closings
            .recovered(self.now, id, recovered, track)
            .map_err(|error| error.to_string())?;
        tell_changes(change, each);
        Ok(())
    }

    /// Steps may have recovered something.
    fn tell_matter(
        &mut self,
        id: &ActivationId,
        each: &mut impl FnMut(Step),
    ) -> Result<(), String> {
        let news = self
            .closings
            .view(id)
            .and_then(|matter| self.desk.said(id)?.news(&matter));
        match news {
            Some((recovered, track)) => self.recovered(id, recovered, track, each),
            None => Ok(()),
        }
    }

    fn only_matter(&self) -> Result<ActivationId, String> {
        let mut ids = self.closings.ids();
        match (ids.next(), ids.next()) {
            (Some(id), None) => Ok(id.clone()),
            (None, _) => Err("there is no activation".to_owned()),
            (Some(_), Some(_)) => Err("there are several activations; name one".to_owned()),
        }
    }
}

fn tell_changes(changes: impl IntoIterator<Item = Change>, each: &mut impl FnMut(Step)) {
    for change in changes {
        each(Step::Closing(Box::new(change)));
    }
}

fn tell_clocks(at: Wall, news: Vec<DeadlineView>, each: &mut impl FnMut(Step)) {
    for clock in news {
        each(Step::Deadline(at, Box::new(clock)));
    }
}

fn tell(
    at: Wall,
    effects: &[Effect],
    context: &EventContext,
    desk: &mut Desk,
    each: &mut impl FnMut(Step),
) {
    for effect in effects {
        if let Some(event) = Event::of(effect.transition(), context) {
            let news = desk.hear(at, &event);
            each(Step::Event(Box::new(event)));
            tell_clocks(at, news, each);
        }
    }
}
