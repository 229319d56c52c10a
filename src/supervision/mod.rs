//! Watching ourselves and the stations: silence, stuck and dead detectors, lost
//! numbers, links, disk, clock and deliveries (alarm-semantics.md section 9).
//!
//! Pure: readings and what is seen of the parts come in, signs for
//! [`crate::fault::Faults`] come out. It is asked once a second, judges nothing
//! radiological and lowers nothing: what is silent is not low.

mod clock;
mod expected;
mod gaps;
mod lasting;
mod low;
mod mass;
mod parts;
mod station;
mod stuck;

use std::time::Duration;

pub use expected::{Cadence, Expected};
pub use lasting::Turn;
pub use mass::Many;
pub use parts::{BrokerSeen, JournalSeen, Seen, SubscriberSeen};
pub use station::{Heard, Way};

use crate::clock::{Mono, Received};
use crate::criteria::Class;
use crate::fault::{FaultKey, FaultKind, NETWORK, Priority, Report};
use crate::language::Bilingual;
use crate::reading::InstrumentId;
use clock::Clocks;
use mass::{Mass, Silence};
use parts::Parts;
use station::Station;

/// What a watcher has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Sign {
    /// Something is at fault.
    On(Report),
    /// It is not, or not any longer.
    Off(FaultKey),
}

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    /// What changed, in the order in which it is to be taken.
    pub signs: Vec<Sign>,
    /// Many stations are about to be silent together.
    pub is_forming: bool,
    /// The wall clock jumped by so many milliseconds.
    pub step_ms: Option<i64>,
}

/// All watchers.
#[derive(Clone, Debug)]
pub struct Supervision {
    stations: Vec<Station>,
    mass: Mass,
    parts: Parts,
    clocks: Clocks,
}

impl Supervision {
    /// Watches nothing yet.
    pub fn new(many: Many) -> Self {
        Self {
            stations: Vec::new(),
            mass: Mass::new(many),
            parts: Parts::default(),
            clocks: Clocks::default(),
        }
    }

    /// One more instrument; its index is the number of those before it. From now
    /// on it has its time to be heard of.
    pub fn watch(&mut self, id: InstrumentId, expected: Expected, way: Way, now: Mono) {
        self.stations.push(Station::new(id, expected, way, now));
    }

    /// A reading of an instrument. Gives how long it may be silent from now on.
    pub fn hear(&mut self, at: usize, now: Mono, heard: &Heard<'_>) -> Option<Duration> {
        let station = self.stations.get_mut(at)?;
        station.hear(now, heard);
        Some(station.limit())
    }

    /// An instrument said that it is there, or that it goes.
    pub fn signed(&mut self, at: usize, is_online: bool) {
        if let Some(station) = self.stations.get_mut(at) {
            station.is_signed_off = !is_online;
        }
    }

    /// An instrument's own line came or went.
    pub fn line(&mut self, at: usize, is_up: bool, detail: &str) {
        if let Some(station) = self.stations.get_mut(at) {
            station.line.is_up = is_up;
            detail.clone_into(&mut station.line.detail);
        }
    }

    /// Looks at everything. `level` gives the class that an instrument holds.
    pub fn look(
        &mut self,
        now: Received,
        seen: &Seen<'_>,
        level: impl Fn(&InstrumentId) -> Option<Class>,
    ) -> Look {
        let mut look = Look::default();
        let broker = match seen.broker {
            Some(broker) if broker.is_reached => FaultKind::Subscription,
            Some(_) | None => FaultKind::Broker,
        };
        self.parts.look(now.mono, seen, &mut look.signs);
        look.step_ms = self.clocks.look(now);
        look.signs
            .extend(look.step_ms.map(|step| Sign::On(step_report(step))));
        let silence = self.silence(now.mono);
        let found = self.mass.look(now.mono, &silence);
        look.is_forming = found.is_forming;
        match found.turn {
            Some(Turn::On) => look.signs.push(Sign::On(self.mass_report(&found, broker))),
            Some(Turn::Off) => {
                let key = FaultKey::new(FaultKind::MassSilence, NETWORK);
                look.signs.push(Sign::Off(key));
            }
            None => {}
        }
        for station in &mut self.stations {
            station.look(now.mono, broker, &level, &mut look.signs);
        }
        look
    }

    /// The instruments that are watched, by name.
    pub fn instruments(&self) -> impl Iterator<Item = &InstrumentId> {
        self.stations.iter().map(|station| &station.id)
    }

    fn silence(&mut self, now: Mono) -> Silence {
        let mut silence = Silence::default();
        for (at, station) in self.stations.iter_mut().enumerate() {
            silence.watched += usize::from(station.is_watched());
            match station.silent_since(now) {
                Some(since) => silence.since.push((since, at)),
                None => {
                    silence.overdue += usize::from(station.is_overdue(now));
                    silence.unheard += usize::from(station.is_unheard());
                }
            }
        }
        silence
    }

    fn mass_report(&self, found: &mass::Found, broker: FaultKind) -> Report {
        let members = || found.members.iter().filter_map(|at| self.stations.get(*at));
        let mut list: Vec<String> = members().map(|station| station.id.to_string()).collect();
        list.sort_unstable();
        let is_behind_broker = members().all(|station| station.way == Way::Broker);
        let (silent, all) = (list.len(), self.stations.len());
        let detail = Bilingual {
            id: format!("{silent} dari {all} stasiun diam"),
            en: format!("{silent} of {all} stations silent"),
        };
        let key = FaultKey::new(FaultKind::MassSilence, NETWORK);
        Report {
            behind: is_behind_broker.then(|| FaultKey::new(broker, NETWORK)),
            patience: Duration::from_secs(60),
            ..Report::new(key, Priority::High, detail).listing(list)
        }
    }
}

fn step_report(step_ms: i64) -> Report {
    let magnitude = step_ms.unsigned_abs();
    let sign = if step_ms < 0 { "-" } else { "+" };
    let (whole, part) = (magnitude / 1000, magnitude % 1000 / 100);
    let key = FaultKey::new(FaultKind::ClockStep, NETWORK);
    let detail = Bilingual {
        id: format!("{sign}{whole},{part} s"),
        en: format!("{sign}{whole}.{part} s"),
    };
    Report::new(key, Priority::Normal, detail)
}

#[cfg(test)]
mod tests;
