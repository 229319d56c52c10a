//! One instrument inside the core: from a frame to a judged reading.

use std::collections::VecDeque;
use std::sync::Arc;

use geo::Intersects;

use crate::activation::{Grounds, Machine, Nameplate, PlaceContext};
use crate::clock::{Mono, Received, Wall};
use crate::closing::Ground;
use crate::config::Gps;
use crate::criteria::{
    Class, Disposition, Judgement, Policy, Rain, Remark, Setting, judge_reading,
};
use crate::decode::{Decoded, Decoder, Ignored, RejectReason, Rejected};
use crate::error::excerpt;
use crate::normalise::{Arrival, Normaliser};
use crate::quality::collapse::Collapse;
use crate::quality::{Arrived, Message};
use crate::reading::{
    DeviceTime, Flag, InstrumentId, NoValue, Position, PositionSource, Quantity, Reading, Sequence,
};
use crate::store::embedded::Context;

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
    /// When the event began that it holds at a level, where that matters.
    onset: Option<Wall>,
}

/// Whether an instrument's own way in is open.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) up: bool,
    pub(super) since: Received,
    pub(super) detail: String,
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
            onset: None,
        }
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

    /// Notes when its event began, for a policy that asks.
    pub(super) fn note_onset(&mut self, policy: &Policy, machine: &Machine) {
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
        if arrived != Arrived::Duplicate {
            self.note_collapse(&mut reading, now);
        }
        let judgement = judge_reading(&reading, &self.setting, policy);
        if judgement.remarks.contains(Remark::Stale) {
            reading.flags.insert(Flag::Stale);
            self.ledger.late += 1;
        }
        if arrived != Arrived::Duplicate {
            if self.sightings.len() == SIGHTINGS {
                self.sightings.pop_front();
            }
            self.sightings.push_back(sighting);
            if judgement.disposition == Disposition::Accept {
                self.elevation.note(&judgement, arrival.received);
            }
        }
        if let Some(sequence) = reading.sequence {
            self.ledger.number(sequence);
        }
        let reading = Arc::new(reading);
        self.last = Some(Last {
            reading: Arc::clone(&reading),
            class: judgement.class,
        });
        Taken::Reading(reading, Box::new(judgement))
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

    /// A dose rate that collapsed after a rise is no value but over-range (SN-3).
    fn note_collapse(&mut self, reading: &mut Reading, now: Mono) {
        let background = self.setting.background_usv_h;
        if reading.flags.contains(Flag::TestMode) {
            return;
        }
        for channel in &mut reading.channels {
            if let (Quantity::DoseRate, Ok(amount)) = (channel.quantity, channel.measured)
                && self.collapse.take(now, amount.number(), background)
            {
                channel.measured = Err(NoValue::Overrange);
                reading.flags.insert(Flag::Overrange);
            }
        }
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
