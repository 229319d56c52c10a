//! A recording through the whole core, with the recording's own times.
//!
//! No clock, no disk, no task: the same recording gives the same readings, the
//! same activations and the same texts, byte for byte.

use std::collections::HashMap;
use std::sync::Arc;

use super::build;
use super::core::Place;
use super::fixes::Fixes;
use super::instrument::{Instrument, Taken};
use crate::activation::{Effect, Event, EventContext, Judged, Machine};
use crate::clock::{Mono, Received, Wall};
use crate::config::Config;
use crate::criteria::Judgement;
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
}

/// The core as a recording drives it.
pub struct Replay<'c> {
    config: &'c Config,
    areas: Vec<Place>,
    machine: Machine,
    context: EventContext,
    instruments: HashMap<String, Instrument>,
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
            context: EventContext {
                node: config.node.name.clone(),
                zone: config.node.zone,
                recorded: true,
            },
            instruments: HashMap::new(),
            fixes: Fixes::default(),
            first: None,
            now: Received {
                wall: Wall::from_nanos(0),
                mono: Mono::from_nanos(0),
            },
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
        let decoded = Decoded::Reading(raw);
        instrument.note_onset(&self.config.criteria, &self.machine);
        let taken = instrument.take(
            decoded,
            arrival,
            &self.config.criteria,
            &self.areas,
            &mut self.fixes,
        );
        match taken {
            Taken::Reading(reading, judgement) => {
                let effects = self.machine.apply(
                    arrival.received,
                    &Judged {
                        reading: &reading,
                        judgement: &judgement,
                        place: &instrument.place,
                        grounds: Some(instrument.grounds(&self.config.criteria)),
                    },
                );
                each(Step::Reading(reading, judgement));
                tell(&effects, &self.context, each);
            }
            Taken::Refused(rejected) => each(Step::Refused(rejected)),
            Taken::Ignored => {}
        }
    }

    /// Lets time go on to `at`; what it brings about happens on the way. A
    /// recording that jumps back stops the monotonic clock, no more.
    fn pass_time(&mut self, at: Wall, each: &mut impl FnMut(Step)) {
        let first = *self.first.get_or_insert(at);
        let nanos = at.as_nanos().saturating_sub(first.as_nanos());
        let mono = Mono::from_nanos(u64::try_from(nanos).unwrap_or(0)).max(self.now.mono);
        while let Some(deadline) = self
            .machine
            .next_deadline()
            .filter(|deadline| *deadline < mono)
        {
            let after = deadline.since(self.now.mono);
            let due = Received {
                wall: self.now.wall.saturating_add(after),
                mono: deadline.max(self.now.mono),
            };
            let effects = self.machine.tick(due);
            tell(&effects, &self.context, each);
            if self.machine.next_deadline() == Some(deadline) && effects.is_empty() {
                break;
            }
            self.now = due;
        }
        self.now = Received { wall: at, mono };
    }
}

fn tell(effects: &[Effect], context: &EventContext, each: &mut impl FnMut(Step)) {
    for effect in effects {
        if let Some(event) = Event::of(effect.transition(), context) {
            each(Step::Event(Box::new(event)));
        }
    }
}
