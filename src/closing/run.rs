//! The survey towards one target in one area.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::point::Point;
use crate::activation::{Stamp, wire};
use crate::clock::{Mono, Wall};
use crate::criteria::termination::{
    AreaKind, Proposal, Recovered, Survey, Target, TerminationPolicy, Track, limit_usv_h, propose,
};
use crate::reading::InstrumentId;

/// The highest point of a survey. One that blocks the stricter target is higher
/// than any that does not, for backgrounds differ between instruments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Highest {
    blocks_normal: bool,
    pub(super) usv_h: f64,
    pub(super) background_usv_h: Option<f64>,
    #[serde(with = "wire::instrument")]
    pub(super) instrument: InstrumentId,
    #[serde(with = "wire::wall")]
    pub(super) measured: Wall,
}

impl Highest {
    fn is_above(&self, other: &Self) -> bool {
        (self.blocks_normal, self.usv_h) > (other.blocks_normal, other.usv_h)
    }
}

/// The last point that blocked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Blocked {
    /// Absent when over-range of unknown height.
    pub(super) usv_h: Option<f64>,
    /// The field was at least that high.
    pub(super) is_bound: bool,
    /// What it would have had to lie below.
    pub(super) limit_usv_h: f64,
    #[serde(with = "wire::instrument")]
    pub(super) instrument: InstrumentId,
    #[serde(with = "wire::wall")]
    pub(super) measured: Wall,
}

/// The points since the last one that blocked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    /// When the first of them arrived.
    pub(super) begun: Option<Stamp>,
    /// When the last of them arrived, if the time since then may count.
    #[serde(rename = "last_ns", with = "wire::mono_option")]
    last: Option<Mono>,
    /// Measured time, in nanoseconds.
    covered_ns: u64,
    pub(super) points: u32,
    pub(super) highest: Option<Highest>,
    pub(super) blocked: Option<Blocked>,
}

/// What a survey is judged by, beside its points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    pub(super) area: AreaKind,
    pub(super) track: Track,
    pub(super) recovered: Recovered,
    pub(super) policy: &'a TerminationPolicy,
}

const BOTH: Recovered = Recovered {
    source: true,
    environment: true,
};

impl Run {
    /// Whether a survey in which this were the highest point could never meet
    /// the target.
    pub(super) fn is_blocked_by(target: Target, point: &Point<'_>, terms: &Terms<'_>) -> bool {
        if point.is_bound {
            return true;
        }
        let survey = Survey {
            area: terms.area,
            track: terms.track,
            recovered: BOTH,
            duration_h: terms.policy.min_hours,
            n_points: terms.policy.min_points,
            max_usv_h: point.usv_h,
            uncertainty_usv_h: None,
            background_usv_h: point.background_usv_h,
            projected_msv: None,
        };
        !target.is_met_by(propose(&survey, terms.policy).closing)
    }

    /// Begins again after `point`.
    pub(super) fn block(&mut self, target: Target, point: &Point<'_>, terms: &Terms<'_>) {
        let background = point.background_usv_h;
        *self = Self {
            blocked: Some(Blocked {
                usv_h: point.usv_h,
                is_bound: point.is_bound,
                limit_usv_h: limit_usv_h(target, terms.area, background, terms.policy),
                instrument: point.instrument.clone(),
                measured: point.measured,
            }),
            ..Self::default()
        };
    }

    /// One more point. `is_watched` says whether the time since the last one was
    /// measured by everyone it takes.
    pub(super) fn count(
        &mut self,
        now: Stamp,
        point: &Point<'_>,
        is_watched: bool,
        terms: &Terms<'_>,
    ) {
        let Some(usv_h) = point.usv_h else {
            return;
        };
        self.begun.get_or_insert(now);
        if let Some(last) = self.last {
            let gap = now.mono.since(last);
            if is_watched && gap <= max_gap(terms.policy) {
                let nanos = u64::try_from(gap.as_nanos()).unwrap_or(u64::MAX);
                self.covered_ns = self.covered_ns.saturating_add(nanos);
            }
        }
        self.last = Some(now.mono);
        self.points = self.points.saturating_add(1);
        self.note(point, usv_h, terms);
    }

    /// A point that does not count but was there.
    pub(super) fn pass(&mut self, point: &Point<'_>, terms: &Terms<'_>) {
        if let Some(usv_h) = point.usv_h {
            self.note(point, usv_h, terms);
        }
    }

    fn note(&mut self, point: &Point<'_>, usv_h: f64, terms: &Terms<'_>) {
        let new = Highest {
            blocks_normal: Self::is_blocked_by(Target::Normal, point, terms),
            usv_h,
            background_usv_h: point.background_usv_h,
            instrument: point.instrument.clone(),
            measured: point.measured,
        };
        if self.highest.as_ref().is_none_or(|old| new.is_above(old)) {
            self.highest = Some(new);
        }
    }

    /// The time from the last point on does not count.
    pub(super) const fn interrupt(&mut self) {
        self.last = None;
    }

    /// Measured time, in hours.
    pub(super) fn hours(&self) -> f64 {
        Duration::from_nanos(self.covered_ns).as_secs_f64() / 3600.0
    }

    /// What may be proposed by these points.
    pub(super) fn proposal(&self, terms: &Terms<'_>) -> Proposal {
        let highest = self.highest.as_ref();
        let survey = Survey {
            area: terms.area,
            track: terms.track,
            recovered: terms.recovered,
            duration_h: self.hours(),
            n_points: f64::from(self.points),
            max_usv_h: highest.map(|highest| highest.usv_h),
            uncertainty_usv_h: None,
            background_usv_h: highest.and_then(|highest| highest.background_usv_h),
            projected_msv: None,
        };
        propose(&survey, terms.policy)
    }

    /// Of two surveys of one area the one that is less far.
    pub(super) fn behind(self, other: Self) -> Self {
        let (mut behind, ahead) = if self.covered_ns <= other.covered_ns {
            (self, other)
        } else {
            (other, self)
        };
        behind.blocked = match (behind.blocked, ahead.blocked) {
            (Some(one), Some(other)) if other.measured > one.measured => Some(other),
            (one, other) => one.or(other),
        };
        behind.highest = match (behind.highest, ahead.highest) {
            (Some(one), Some(other)) if other.is_above(&one) => Some(other),
            (one, _) => one,
        };
        behind
    }
}

pub(super) fn max_gap(policy: &TerminationPolicy) -> Duration {
    Duration::from_secs_f64(policy.max_gap_h * 3600.0)
}
