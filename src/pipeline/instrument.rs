//! One instrument inside the core: from a frame to a judged reading.

use std::collections::VecDeque;
use std::sync::Arc;

use geo::Intersects;

use crate::activation::{self, Grounds, Judged, Machine, Nameplate, PlaceContext};
use crate::clock::{Mono, Received, Wall};
use crate::closing::Ground;
use crate::config::Gps;
use crate::criteria::{
    Class, Disposition, Judgement, Policy, Rain, Remark, Rule, Setting, judge_reading,
};
use crate::decode::{Decoded, Decoder, Ignored, RejectReason, Rejected};
use crate::error::excerpt;
use crate::guard::{self, Acting, Guard, Heard, Slow};
use crate::normalise::{Arrival, Normaliser};
use crate::quality::collapse::Collapse;
use crate::quality::{Arrived, Message};
use crate::reading::{
    DeviceTime, Flag, InstrumentId, NoValue, Position, PositionSource, Quantity, Reading, Sequence,
};
use crate::store::embedded::Context;
use crate::supervision::{Expected, Way};

use super::background::Background;
use super::books::Ledger;
use super::core::Place;
use super::elevation::Elevation;
use super::fixes::Fixes;

/// Readings remembered to recognise one that comes again (DQ-07). The store
/// recognises older ones.
const SIGHTINGS: usize = 64;

/// A position tells where an instrument is when it was measured this shortly before
/// it arrived, in seconds.
const FIX_OF_NOW_S: f64 = 60.0;

/// What of a reading is compared with later ones: number, time and frame.
type Sighting = Message<(), Sequence, DeviceTime, u64>;

/// What becomes of one outcome of a frame.
#[derive(Debug)]
pub(super) enum Taken {
    /// A reading with its judgement.
    Reading(Arc<Reading>, Box<Judgement>),
    /// Legal, but no reading.
    Ignored,
    /// Refused.
    Refused(Rejected),
}

/// A reading that has waited for more counts long enough.
#[derive(Debug)]
pub(super) struct Overdue {
    pub(super) reading: Arc<Reading>,
    pub(super) judgement: Box<Judgement>,
}

/// One instrument.
#[derive(Debug)]
pub(super) struct Instrument {
    /// Its name.
    pub(super) id: InstrumentId,
    /// Its decoder.
    pub(super) decoder: Decoder,
    normaliser: Normaliser,
    setting: Setting,
    /// Its dose-rate background.
    pub(super) background: Background,
    /// What its site stands on.
    pub(super) site_ground: Option<Ground>,
    /// When its background counts were taken.
    counted_at: Option<Wall>,
    /// The name that its frames must tell.
    device: Option<String>,
    /// The receiver that tells where it is.
    gps: Option<Gps>,
    /// When its last position arrived, and that position.
    last_fix: Option<(Mono, Position)>,
    /// Where and what for it measures.
    pub(super) place: PlaceContext,
    /// The same for the store.
    pub(super) context: Arc<Context>,
    /// How often it is expected to send, and by which way.
    pub(super) expected: Expected,
    pub(super) way: Way,
    /// Its books.
    pub(super) ledger: Ledger,
    /// Whether its way in is open; absent for those on the broker.
    pub(super) link: Option<Link>,
    /// Whether it says that it is there.
    pub(super) online: Option<bool>,
    /// The last reading.
    pub(super) last: Option<Last>,
    /// Refusals since the last good frame, by which repeats are not logged.
    pub(super) refusing: Option<(RejectReason, u64)>,
    sightings: VecDeque<Sighting>,
    rain_ended: Option<Mono>,
    raining: bool,
    /// Whether its detector reads low because it is overloaded.
    collapse: Collapse,
    /// How long it has been above normal.
    pub(super) elevation: Elevation,
    /// What of its counts is acted on.
    guard: Guard,
    /// What the activations act on instead of the reading at hand.
    acting: Option<Box<Acting>>,
    /// What the learned background hears of it.
    pub(super) slow: Slow,
    /// A reading at a level that waits for more counts.
    withheld: Option<Withheld>,
    /// When the event began that it holds at a level, where that matters.
    onset: Option<Wall>,
    /// Nothing is held anywhere.
    is_idle: bool,
}

/// Whether an instrument's own way in is open.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) up: bool,
    pub(super) since: Received,
    pub(super) detail: String,
}

/// A reading at a level that waits for more counts.
#[derive(Debug)]
struct Withheld {
    due: Mono,
    /// Whoever watches the clock knows of it.
    is_told: bool,
    reading: Arc<Reading>,
    judgement: Box<Judgement>,
}

/// The last reading and its class.
#[derive(Clone, Debug)]
pub(super) struct Last {
    pub(super) reading: Arc<Reading>,
    pub(super) class: Option<Class>,
}

impl Instrument {
    /// An instrument that has said nothing yet.
    pub(super) fn new(
        decoder: Decoder,
        normaliser: Normaliser,
        setting: Setting,
        counted_at: Option<Wall>,
        place: PlaceContext,
        context: Arc<Context>,
    ) -> Self {
        Self {
            id: normaliser.instrument().clone(),
            decoder,
            normaliser,
            setting,
            background: Background::default(),
            site_ground: None,
            counted_at,
            device: None,
            gps: None,
            last_fix: None,
            place,
            context,
            expected: Expected::default(),
            way: Way::Recording,
            ledger: Ledger::default(),
            link: None,
            online: None,
            last: None,
            refusing: None,
            sightings: VecDeque::with_capacity(SIGHTINGS),
            rain_ended: None,
            raining: false,
            collapse: Collapse::default(),
            elevation: Elevation::default(),
            guard: Guard::new(activation::Config::default().elevated_false_alarms_per_year),
            acting: None,
            slow: Slow::AsJudged,
            withheld: None,
            onset: None,
            is_idle: false,
        }
    }

    /// The same, which lets the band raise so many false alarms in a year.
    pub(super) fn guarded(mut self, per_year: f64) -> Self {
        self.guard = Guard::new(per_year);
        self
    }

    /// What the activations act on: the reading that was taken last, or what its
    /// counts say together with those before.
    pub(super) fn judged<'a>(
        &'a self,
        reading: &'a Reading,
        judgement: &'a Judgement,
        policy: &'a Policy,
    ) -> Judged<'a> {
        let acting = self.acting.as_deref();
        Judged {
            reading: acting.map_or(reading, |acting| &acting.reading),
            judgement: acting.map_or(judgement, |acting| &acting.judgement),
            place: &self.place,
            grounds: Some(self.grounds(policy)),
        }
    }

    /// When a reading that has begun to wait for more counts will have waited long
    /// enough; said once.
    pub(super) fn begins_to_wait(&mut self) -> Option<Mono> {
        let withheld = self.withheld.as_mut()?;
        (!std::mem::replace(&mut withheld.is_told, true)).then_some(withheld.due)
    }

    /// What is to be acted on at `now` of a reading that has waited long enough,
    /// and what it said as it came.
    pub(super) fn overdue(&mut self, now: Mono, policy: &Policy) -> Option<Overdue> {
        let withheld = self.withheld.take_if(|withheld| withheld.due <= now)?;
        let Withheld {
            reading, judgement, ..
        } = withheld;
        let setting = Setting {
            arrived: None,
            ..self.setting.clone()
        };
        let acting = self.guard.overdue(&Heard {
            reading: &reading,
            judgement: &judgement,
            setting: &setting,
            policy,
            is_idle: false,
        })?;
        self.acting = Some(Box::new(acting));
        self.slow = Slow::NotYet;
        Some(Overdue { reading, judgement })
    }

    /// What the last judgement rests on.
    pub(super) fn grounds<'a>(&'a self, policy: &'a Policy) -> Grounds<'a> {
        Grounds {
            setting: &self.setting,
            policy,
            nameplate: Some(Nameplate {
                model: self.normaliser.model(),
                certificate: &self.normaliser.calibration().source,
                valid_until: self.normaliser.calibration().valid_until,
            }),
        }
    }

    /// Notes what is held: when its event began, for a policy that asks.
    pub(super) fn note_held(&mut self, policy: &Policy, machine: &Machine) {
        self.is_idle = machine.is_idle();
        self.onset = policy
            .tio2_schedule
            .after_days
            .and_then(|_| machine.onset_of(&self.id));
    }

    /// The same, which takes frames of the device with this name only.
    pub(super) fn only_from(mut self, device: Option<String>) -> Self {
        self.device = device;
        self
    }

    /// The same, with a background and with what its site stands on.
    pub(super) fn standing(mut self, background: Background, site: Option<Ground>) -> Self {
        self.background = background;
        self.site_ground = site;
        self.use_background();
        self
    }

    /// The same, expected to send so often by a way that is watched.
    pub(super) fn coming(mut self, expected: Expected, way: Way) -> Self {
        self.expected = expected;
        self.way = way;
        self
    }

    /// Whether its low values count as over-range (SN-3).
    pub(super) const fn has_collapsed(&self) -> bool {
        self.collapse.has_collapsed()
    }

    /// Judges by the background that is known now.
    pub(super) fn use_background(&mut self) {
        let (usv_h, from) = self.background.look_up().unzip();
        self.setting.background_usv_h = usv_h;
        self.setting.background_from = from;
    }

    /// Whether it rains, or did not long ago, by this reading and those before.
    pub(super) fn is_wet(&self, reading: &Reading, policy: &Policy) -> bool {
        reading.flags.contains(Flag::Rain) || self.setting.rain.is_near(policy)
    }

    /// The same, beside a GPS receiver.
    pub(super) fn beside(mut self, gps: Option<Gps>) -> Self {
        self.gps = gps;
        self
    }

    /// Normalises and judges what was decoded.
    pub(super) fn take(
        &mut self,
        decoded: Decoded,
        arrival: &Arrival,
        policy: &Policy,
        areas: &[Place],
        fixes: &mut Fixes,
    ) -> Taken {
        let raw = match decoded {
            Decoded::Reading(raw) => raw,
            Decoded::Ignored(ignored) => {
                self.ledger.ignored += 1;
                if let Ignored::Availability { online } = ignored {
                    self.online = Some(online);
                }
                return Taken::Ignored;
            }
            Decoded::Rejected(rejected) => {
                self.ledger.refuse(rejected.reason);
                return Taken::Refused(rejected);
            }
        };
        if let Some(expected) = &self.device
            && raw.device != *expected
        {
            let text = format!(
                "this is `{}`, the configuration expects `{}`",
                excerpt(&raw.device, 64),
                excerpt(expected, 64)
            );
            let rejected = Rejected::new(RejectReason::UnknownInstrument, text);
            self.ledger.refuse(rejected.reason);
            return Taken::Refused(rejected);
        }
        let mut reading = self.normaliser.reading(&raw, arrival);
        if raw.values.is_empty() {
            // It measures nothing, but may tell where it is.
            self.ledger.ignored += 1;
            if let Some(position) = reading
                .position
                .filter(|p| p.source == PositionSource::Frame)
            {
                let own = reading.device_time.trusted();
                fixes.note(&self.id, arrival.received.wall, own, position);
            }
            return Taken::Ignored;
        }
        if let Some(gps) = &self.gps
            && reading.position.is_none()
        {
            reading.position = fixes.near(gps, reading.at());
        }
        let now = arrival.received.mono;
        self.note_fix(&reading, now);
        self.note_rain(&reading, now);
        self.setting.rain = self.rain(now);
        self.setting.background_counts.age_h = self
            .counted_at
            .map(|counted| arrival.received.wall.secs_since(counted) / 3600.0);
        self.setting.days_since_onset = self
            .onset
            .map(|onset| arrival.received.wall.secs_since(onset) / 86_400.0);
        self.note_area(&reading, areas);
        self.setting.persistence_min = self.elevation.minutes(now);
        let sighting = Sighting {
            device: (),
            sequence: reading.sequence,
            time: reading.device_time,
            value: reading.fingerprint,
        };
        let arrived = sighting.arrived(&self.sightings);
        self.setting.arrived = Some(arrived);
        let has_collapsed = arrived != Arrived::Duplicate && self.note_collapse(&mut reading, now);
        let mut judgement = judge_reading(&reading, &self.setting, policy);
        if has_collapsed {
            judgement.also.insert(Rule::Sn3);
        }
        if judgement.remarks.contains(Remark::Stale) {
            reading.flags.insert(Flag::Stale);
            self.ledger.late += 1;
        }
        if arrived != Arrived::Duplicate {
            if self.sightings.len() == SIGHTINGS {
                self.sightings.pop_front();
            }
            self.sightings.push_back(sighting);
        }
        let is_withheld = self.note_counts(&reading, &judgement, policy);
        if arrived != Arrived::Duplicate
            && let Some(heard) = match &self.slow {
                Slow::AsJudged => Some(&judgement),
                Slow::Minute(minute) => Some(&minute.judgement),
                Slow::NotYet => None,
            }
            && heard.disposition == Disposition::Accept
        {
            self.elevation.note(heard, arrival.received);
        }
        if let Some(sequence) = reading.sequence {
            self.ledger.number(sequence);
        }
        let reading = Arc::new(reading);
        self.last = Some(Last {
            reading: Arc::clone(&reading),
            class: judgement.class,
        });
        let judgement = Box::new(judgement);
        if is_withheld {
            // It goes on waiting since the first of those that wait.
            let (due, is_told) = match &self.withheld {
                Some(first) => (first.due, first.is_told),
                None => (guard::due(now), false),
            };
            self.withheld = Some(Withheld {
                due,
                is_told,
                reading: Arc::clone(&reading),
                judgement: judgement.clone(),
            });
        }
        Taken::Reading(reading, judgement)
    }

    /// Where it was last, and how long ago: what stands in for a fix that is lost.
    fn note_fix(&mut self, reading: &Reading, now: Mono) {
        let is_fix = |position: &Position| position.source != PositionSource::Configured;
        // What was measured a while before it arrived says where it was then.
        let is_of_now = reading.received.wall.secs_since(reading.at()).abs() <= FIX_OF_NOW_S;
        if let Some(position) = reading.position.filter(is_fix).filter(|_| is_of_now) {
            self.last_fix = Some((now, position));
        }
        self.place.last_fix = self.last_fix.map(|(at, position)| Position {
            age_s: Some(position.age_s.unwrap_or(0.0) + now.since(at).as_secs_f64()),
            ..position
        });
    }

    /// Works out what is acted on of a reading; true when it has to wait.
    fn note_counts(&mut self, reading: &Reading, judgement: &Judgement, policy: &Policy) -> bool {
        let outcome = self.guard.take(&Heard {
            reading,
            judgement,
            setting: &self.setting,
            policy,
            is_idle: self.is_idle,
        });
        self.acting = outcome.acting.map(Box::new);
        self.slow = outcome.slow;
        if outcome.is_decided {
            self.withheld = None;
        }
        outcome.is_withheld
    }

    /// A dose rate that collapsed after a rise is no value but over-range (SN-3);
    /// true when it did.
    fn note_collapse(&mut self, reading: &mut Reading, now: Mono) -> bool {
        let background = self.setting.background_usv_h;
        let mut has_collapsed = false;
        if reading.flags.contains(Flag::TestMode) {
            return false;
        }
        for channel in &mut reading.channels {
            if let (Quantity::DoseRate, Ok(amount)) = (channel.quantity, channel.measured)
                && self
                    .collapse
                    .take(now, amount.number(), channel.counting, background)
            {
                channel.measured = Err(NoValue::Overrange);
                reading.flags.insert(Flag::Overrange);
                has_collapsed = true;
            }
        }
        has_collapsed
    }

    /// An instrument without a site is where its position says it is.
    fn note_area(&mut self, reading: &Reading, areas: &[Place]) {
        if self.place.site.is_some() || areas.is_empty() {
            return;
        }
        let area = Self::area_of(reading, areas);
        self.setting.high_background_area = area.is_some_and(|area| area.high_background);
        self.setting.existing = area.and_then(|area| area.existing);
    }

    /// The region that holds a reading's position.
    pub(super) fn area_of<'a>(reading: &Reading, areas: &'a [Place]) -> Option<&'a Place> {
        let position = reading.position?;
        let point = geo::Point::new(position.lon, position.lat);
        areas.iter().find(|area| area.polygons.intersects(&point))
    }

    fn note_rain(&mut self, reading: &Reading, now: Mono) {
        let raining = reading.flags.contains(Flag::Rain);
        if self.raining && !raining {
            self.rain_ended = Some(now);
        }
        self.raining = raining;
    }

    fn rain(&self, now: Mono) -> Rain {
        let ended = self.rain_ended.filter(|_| !self.raining);
        Rain {
            active: self.raining,
            hours_since_end: ended.map(|ended| now.since(ended).as_secs_f64() / 3600.0),
        }
    }
}
