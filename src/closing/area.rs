//! One area of a matter.

use serde::{Deserialize, Serialize};

use super::point::{Point, Weight};
use super::run::{Run, Terms, max_gap};
use crate::activation::{Stamp, wire};
use crate::clock::Mono;
use crate::criteria::termination::{AreaKind, Proposal, Target};
use crate::reading::InstrumentId;

/// Most fixed instruments of one area whose silence stops its time.
const WITNESSES: usize = 64;

/// Which area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum AreaKey {
    /// A site, by its id.
    Site(String),
    /// A region of the configuration, by its name.
    Area(String),
    /// Neither.
    Open,
}

/// What a reading stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// Which area.
    pub key: AreaKey,
    /// Whether people live there.
    pub kind: AreaKind,
}

impl Ground {
    /// Nobody knows: residential.
    pub const UNKNOWN: Self = Self {
        key: AreaKey::Open,
        kind: AreaKind::Residential,
    };
}

/// A fixed instrument that blocked here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Witness {
    #[serde(with = "wire::instrument")]
    instrument: InstrumentId,
    /// When its last point that counts or blocks arrived.
    #[serde(rename = "heard_ns", with = "wire::mono")]
    heard: Mono,
}

/// An instrument in the rain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wet {
    #[serde(with = "wire::instrument")]
    instrument: InstrumentId,
    #[serde(rename = "heard_ns", with = "wire::mono")]
    heard: Mono,
}

/// One area of a matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Area {
    pub(super) key: AreaKey,
    #[serde(with = "wire::area_kind")]
    pub(super) kind: AreaKind,
    pub(super) normal: Run,
    pub(super) existing: Run,
    witnesses: Vec<Witness>,
    wet: Option<Wet>,
}

impl Area {
    pub(super) fn new(ground: &Ground) -> Self {
        Self {
            key: ground.key.clone(),
            kind: ground.kind,
            normal: Run::default(),
            existing: Run::default(),
            witnesses: Vec::new(),
            wet: None,
        }
    }

    pub(super) fn take(&mut self, now: Stamp, point: &Point<'_>, terms: &Terms<'_>) {
        self.note_rain(now, point, terms);
        let is_raining = self.wet.is_some();
        if is_raining {
            self.normal.interrupt();
            self.existing.interrupt();
        }
        // Where it rains, only what rain does not explain says anything.
        let weight = match point.weight {
            Weight::Full if is_raining && point.is_high => Weight::Blocks,
            Weight::Full if is_raining => Weight::Nothing,
            weight => weight,
        };
        let (mut has_blocked, mut blocks_existing) = (false, false);
        for target in Target::ALL.iter().copied() {
            if !Run::is_blocked_by(target, point, terms) {
                continue;
            }
            let run = self.run_mut(target);
            let may_block = match weight {
                Weight::Full | Weight::Blocks => true,
                Weight::BlocksSince => run.begun.is_some_and(|begun| begun.wall <= point.measured),
                Weight::Nothing => false,
            };
            if may_block {
                run.block(target, point, terms);
                has_blocked = true;
                blocks_existing |= target == Target::Existing;
            }
        }
        if has_blocked && !blocks_existing && weight != Weight::Full {
            self.existing.pass(point, terms);
        }
        if weight == Weight::Full {
            let is_watched = self.is_watched(now.mono, point.instrument, terms);
            for target in Target::ALL.iter().copied() {
                if !Run::is_blocked_by(target, point, terms) {
                    self.run_mut(target).count(now, point, is_watched, terms);
                }
            }
        }
        if matches!(weight, Weight::Full | Weight::Blocks) {
            self.hear(now.mono, point, has_blocked);
        }
    }

    /// Whether everyone who blocked here has measured lately.
    fn is_watched(&self, now: Mono, speaks: &InstrumentId, terms: &Terms<'_>) -> bool {
        self.witnesses.iter().all(|witness| {
            witness.instrument == *speaks || now.since(witness.heard) <= max_gap(terms.policy)
        })
    }

    fn hear(&mut self, now: Mono, point: &Point<'_>, has_blocked: bool) {
        let known = self
            .witnesses
            .iter_mut()
            .find(|witness| witness.instrument == *point.instrument);
        if let Some(witness) = known {
            witness.heard = now;
        } else if has_blocked && point.is_fixed && self.witnesses.len() < WITNESSES {
            self.witnesses.push(Witness {
                instrument: point.instrument.clone(),
                heard: now,
            });
        }
    }

    /// It rains here as long as the one that said so has not said otherwise, nor
    /// has been silent for too long.
    fn note_rain(&mut self, now: Stamp, point: &Point<'_>, terms: &Terms<'_>) {
        if point.weight == Weight::BlocksSince {
            return;
        }
        if point.is_wet {
            self.wet = Some(Wet {
                instrument: point.instrument.clone(),
                heard: now.mono,
            });
        } else if self.wet.as_ref().is_some_and(|wet| {
            wet.instrument == *point.instrument || now.mono.since(wet.heard) > max_gap(terms.policy)
        }) {
            self.wet = None;
        }
    }

    /// What may be proposed here: by the stricter survey if it is far enough,
    /// else by the other.
    pub(super) fn proposal(&self, terms: &Terms<'_>) -> Proposal {
        let normal = self.normal.proposal(terms);
        if Target::Normal.is_met_by(normal.closing) {
            normal
        } else {
            self.existing.proposal(terms)
        }
    }

    pub(super) const fn run(&self, target: Target) -> &Run {
        match target {
            Target::Normal => &self.normal,
            Target::Existing => &self.existing,
        }
    }

    const fn run_mut(&mut self, target: Target) -> &mut Run {
        match target {
            Target::Normal => &mut self.normal,
            Target::Existing => &mut self.existing,
        }
    }

    /// Takes over what another matter knows of the same area.
    pub(super) fn absorb(&mut self, other: Self) {
        self.normal = std::mem::take(&mut self.normal).behind(other.normal);
        self.existing = std::mem::take(&mut self.existing).behind(other.existing);
        self.wet = self.wet.take().or(other.wet);
        for witness in other.witnesses {
            let is_known = self
                .witnesses
                .iter()
                .any(|known| known.instrument == witness.instrument);
            if !is_known {
                self.witnesses.push(witness);
            }
        }
    }
}
