//! The level of one channel of one source, by rule HY-1.
//!
//! Up at once, on one reading; down one level at a time, after a run of low
//! readings. Silence, faults, copies and old readings never lower anything.

use std::time::Duration;

use crate::clock::Mono;
use crate::criteria::compare::at_least;
use crate::criteria::{ChannelVerdict, Class, Disposition, Judgement, Remark, Rule};

/// HY-1: when a level is left downwards.
///
/// | what                | value                | from                        |
/// |---------------------|----------------------|-----------------------------|
/// | low is below        | 0.8 x level          | criteria.md section 5, HY-1 |
/// | low readings needed | 3                    | same                        |
/// | spanning at least   | 600 s                | same                        |
/// | a longer gap voids  | 900 s                | same                        |
pub(crate) const LOW_RATIO: f64 = 0.8;
pub(crate) const LOW_READINGS: u32 = 3;
pub(crate) const LOW_SPAN: Duration = Duration::from_secs(600);
const MAX_GAP: Duration = Duration::from_secs(900);

/// How much a reading may move a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Up and down: a valid reading of now.
    Full,
    /// Up only: stale, historical, quarantined, or over-range.
    RaiseOnly,
    /// Not at all: invalid, received before, or a suspect zero.
    None,
}

/// One reading of the channel, as far as its level is concerned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// What the tables say. EMERGENCY and POSSIBLE_EMERGENCY are levels; any
    /// other class stands for the level NORMAL.
    pub class: Class,
    /// The value, in the unit of the thresholds; absent when it has no upper
    /// bound (over-range), which is evidence of a high field.
    pub value: Option<f64>,
    /// Where POSSIBLE_EMERGENCY begins for this reading.
    pub possible_at: Option<f64>,
    /// Where EMERGENCY begins for this reading.
    pub emergency_at: Option<f64>,
    /// How much the reading may move the condition.
    pub weight: Weight,
}

impl Sample {
    /// What one channel of a judged reading says to its condition.
    pub fn of(verdict: &ChannelVerdict, judgement: &Judgement) -> Self {
        let overrange = judgement.remarks.contains(Remark::Overrange);
        Self {
            class: verdict.class,
            // The value of an over-range reading bounds it from below only.
            value: verdict.value.filter(|_| !overrange),
            possible_at: verdict.possible_at,
            emergency_at: verdict.emergency_at,
            weight: weight(verdict, judgement.disposition, overrange),
        }
    }
}

fn weight(verdict: &ChannelVerdict, disposition: Disposition, overrange: bool) -> Weight {
    if verdict.class == Class::Invalid || verdict.rule == Rule::Dq05 {
        return Weight::None;
    }
    match disposition {
        Disposition::Reject | Disposition::Duplicate => Weight::None,
        Disposition::Historical | Disposition::Quarantine => Weight::RaiseOnly,
        // A value nobody can judge is not known to be low.
        Disposition::Accept if overrange || verdict.class == Class::Unclassified => {
            Weight::RaiseOnly
        }
        Disposition::Accept => Weight::Full,
    }
}

/// A clearing run: low readings without a long gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// When the first low reading arrived.
    pub first: Mono,
    /// When the last one arrived.
    pub last: Mono,
    /// How many there are, from 1.
    pub readings: u32,
}

impl Run {
    const fn starting(at: Mono) -> Self {
        Self {
            first: at,
            last: at,
            readings: 1,
        }
    }

    /// The run with one more low reading; a new one after a long gap.
    fn extended(self, at: Mono) -> Self {
        if at.since(self.last) > MAX_GAP {
            return Self::starting(at);
        }
        Self {
            first: self.first,
            last: self.last.max(at),
            readings: self.readings.saturating_add(1),
        }
    }

    fn is_complete(self) -> bool {
        self.readings >= LOW_READINGS && self.last.since(self.first) >= LOW_SPAN
    }
}

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The level that was left.
    pub from: Class,
    /// The level that holds now.
    pub to: Class,
}

/// The level of one channel of one source: NORMAL, POSSIBLE_EMERGENCY or
/// EMERGENCY.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    level: Class,
    run: Option<Run>,
    possible_at: Option<f64>,
    emergency_at: Option<f64>,
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

impl Condition {
    /// A clear condition.
    pub const fn new() -> Self {
        Self::held(Class::Normal)
    }

    /// A condition at `level`, without a clearing run. Any class that is not a
    /// level counts as NORMAL.
    pub const fn held(level: Class) -> Self {
        Self::restored(level, None)
    }

    /// A condition as it was recorded: level and clearing run.
    pub const fn restored(level: Class, run: Option<Run>) -> Self {
        let level = level_of(level);
        Self {
            level,
            run: match level {
                Class::PossibleEmergency | Class::Emergency => run,
                _ => None,
            },
            possible_at: None,
            emergency_at: None,
        }
    }

    /// NORMAL, POSSIBLE_EMERGENCY or EMERGENCY.
    pub const fn level(&self) -> Class {
        self.level
    }

    /// Whether a clearing run is under way.
    pub const fn is_fading(&self) -> bool {
        self.run.is_some()
    }

    /// The clearing run, for the record.
    pub const fn run(&self) -> Option<Run> {
        self.run
    }

    /// Takes one reading that arrived at `at`, and says what changed.
    ///
    /// Readings come in order of arrival.
    pub fn apply(&mut self, at: Mono, sample: Sample) -> Option<Change> {
        if sample.weight == Weight::None {
            return None;
        }
        // Some thresholds hang on a background that can be lost later; the last
        // one known goes on to say what is low.
        self.possible_at = sample.possible_at.or(self.possible_at);
        self.emergency_at = sample.emergency_at.or(self.emergency_at);

        let seen = level_of(sample.class);
        if seen > self.level {
            return Some(self.change_to(seen));
        }
        match (self.is_low(&sample, seen), sample.weight) {
            (None, _) | (_, Weight::None) => None,
            (Some(false), Weight::Full | Weight::RaiseOnly) => {
                self.run = None;
                None
            }
            (Some(true), Weight::RaiseOnly) => None,
            (Some(true), Weight::Full) => {
                let run = self.run.map_or(Run::starting(at), |run| run.extended(at));
                self.run = Some(run);
                run.is_complete()
                    .then(|| self.change_to(one_down(self.level)))
            }
        }
    }

    /// Whether the reading is low against the current level; `None` when
    /// nothing is held, or when it says nothing either way.
    fn is_low(&self, sample: &Sample, seen: Class) -> Option<bool> {
        let threshold = match self.level {
            Class::Emergency => self.emergency_at,
            Class::PossibleEmergency => self.possible_at,
            _ => return None,
        };
        if seen == self.level {
            return Some(false);
        }
        match (sample.value, threshold) {
            (Some(value), Some(threshold)) => Some(!at_least(value, LOW_RATIO * threshold)),
            // No upper bound, and high enough to be at a level.
            (None, _) if seen == Class::PossibleEmergency => Some(false),
            (None, _) | (_, None) => None,
        }
    }

    fn change_to(&mut self, level: Class) -> Change {
        let from = std::mem::replace(&mut self.level, level);
        self.run = None;
        Change { from, to: level }
    }
}

const fn level_of(class: Class) -> Class {
    match class {
        Class::Emergency => Class::Emergency,
        Class::PossibleEmergency => Class::PossibleEmergency,
        Class::Invalid
        | Class::Normal
        | Class::Exempt
        | Class::ExistingManaged
        | Class::Elevated
        | Class::Unclassified => Class::Normal,
    }
}

const fn one_down(level: Class) -> Class {
    match level {
        Class::Emergency => Class::PossibleEmergency,
        _ => Class::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Class::{Emergency as E, Normal as N, PossibleEmergency as P};

    fn dose(value: f64) -> Sample {
        let class = match value {
            v if v >= 100.0 => E,
            v if v >= 1.0 => P,
            _ => N,
        };
        Sample {
            class,
            value: Some(value),
            possible_at: Some(1.0),
            emergency_at: Some(100.0),
            weight: Weight::Full,
        }
    }

    fn stale(value: f64) -> Sample {
        Sample {
            weight: Weight::RaiseOnly,
            ..dose(value)
        }
    }

    fn void(value: f64) -> Sample {
        Sample {
            weight: Weight::None,
            ..dose(value)
        }
    }

    #[track_caller]
    fn check(script: &[(u64, Sample, Class)]) {
        let mut condition = Condition::new();
        for (step, (secs, sample, expected)) in script.iter().enumerate() {
            let before = condition.level();
            let change = condition.apply(Mono::from_secs(*secs), *sample);
            assert_eq!(condition.level(), *expected, "level after step {step}");
            let expected = (before != *expected).then_some(Change {
                from: before,
                to: *expected,
            });
            assert_eq!(change, expected, "change at step {step}");
        }
    }

    #[test]
    fn e_061_three_low_readings_over_ten_minutes_clear() {
        check(&[
            (0, dose(0.1), N),
            (60, dose(1.2), P),
            (120, dose(0.9), P),
            (420, dose(0.7), P),
            (720, dose(0.7), P),
            (1080, dose(0.6), N),
        ]);
    }

    #[test]
    fn e_062_goes_down_one_level_at_a_time() {
        check(&[
            (0, dose(150.0), E),
            (300, dose(60.0), E),
            (600, dose(50.0), E),
            (960, dose(40.0), P),
            (1260, dose(0.3), P),
            (1560, dose(0.2), P),
            (1900, dose(0.2), N),
        ]);
    }

    #[test]
    fn the_reading_that_lowers_does_not_start_the_next_run() {
        check(&[
            (0, dose(150.0), E),
            (300, dose(0.1), E),
            (600, dose(0.1), E),
            (900, dose(0.1), P),
            (1200, dose(0.1), P),
            (1500, dose(0.1), P),
            (1799, dose(0.1), P),
            (1800, dose(0.1), N),
        ]);
    }

    #[test]
    fn a_run_needs_three_readings_and_its_whole_span() {
        let up = (0, dose(1.0), P);
        check(&[up, (10, dose(0.1), P), (610, dose(0.1), P)]);
        check(&[
            up,
            (10, dose(0.1), P),
            (20, dose(0.1), P),
            (609, dose(0.1), P),
            (610, dose(0.1), N),
        ]);
    }

    #[test]
    fn exactly_at_the_low_mark_is_not_low() {
        let up = (0, dose(1.0), P);
        let rest = [(310, dose(0.1), P), (620, dose(0.1), P)];
        check(&[up, (10, dose(0.8), P), rest[0], rest[1]]);
        check(&[up, (10, dose(0.8 - 1e-10), P), rest[0], rest[1]]);
        check(&[
            up,
            (10, dose(0.799_999), P),
            (310, dose(0.1), P),
            (620, dose(0.1), N),
        ]);
    }

    #[test]
    fn a_gap_over_900_s_starts_the_run_again() {
        let up = (0, dose(1.0), P);
        check(&[
            up,
            (10, dose(0.1), P),
            (20, dose(0.1), P),
            (920, dose(0.1), N),
        ]);
        check(&[
            up,
            (10, dose(0.1), P),
            (20, dose(0.1), P),
            (921, dose(0.1), P),
            (1221, dose(0.1), P),
            (1521, dose(0.1), N),
        ]);
    }

    #[test]
    fn void_readings_neither_count_nor_reset() {
        check(&[
            (0, dose(1.0), P),
            (10, dose(0.1), P),
            (20, void(150.0), P),
            (300, void(0.0), P),
            (310, dose(0.1), P),
            (320, void(1.0), P),
            (620, dose(0.1), N),
        ]);
    }

    #[test]
    fn stale_readings_raise_and_hold_but_never_lower() {
        check(&[
            (0, stale(2.0), P),
            (10, stale(150.0), E),
            (20, stale(0.1), E),
            (320, stale(0.1), E),
            (640, stale(0.1), E),
        ]);
        check(&[
            (0, dose(1.0), P),
            (10, dose(0.1), P),
            (310, stale(1.5), P),
            (320, dose(0.1), P),
            (640, dose(0.1), P),
            (920, dose(0.1), N),
        ]);
    }

    #[test]
    fn without_an_upper_bound_nothing_is_low() {
        let overrange = Sample {
            class: P,
            value: None,
            ..stale(0.0)
        };
        check(&[
            (0, dose(150.0), E),
            (10, dose(1.0), E),
            (310, overrange, E),
            (320, dose(1.0), E),
            (640, dose(1.0), E),
            (920, dose(1.0), P),
        ]);
    }

    #[test]
    fn a_lost_threshold_is_remembered() {
        let counts = |value, class, possible_at| Sample {
            class,
            value: Some(value),
            possible_at,
            emergency_at: Some(100.0),
            weight: Weight::Full,
        };
        check(&[
            (0, counts(3.1, P, Some(3.0)), P),
            (10, counts(2.5, N, None), P),
            (20, counts(1.0, N, None), P),
            (320, counts(1.0, N, None), P),
            (620, counts(1.0, N, None), N),
        ]);
    }

    #[test]
    fn a_restored_level_waits_for_a_threshold() {
        let mut condition = Condition::held(P);
        let bare = Sample {
            possible_at: None,
            emergency_at: None,
            ..dose(0.1)
        };
        for secs in [0, 300, 600, 900] {
            assert_eq!(condition.apply(Mono::from_secs(secs), bare), None);
        }
        assert!(!condition.is_fading());
    }

    #[test]
    fn a_restored_run_goes_on() {
        let mut before = Condition::held(P);
        before.apply(Mono::from_secs(0), dose(0.1));
        before.apply(Mono::from_secs(300), dose(0.1));
        let mut after = Condition::restored(before.level(), before.run());
        assert!(after.is_fading());
        assert_eq!(
            after.apply(Mono::from_secs(600), dose(0.1)),
            Some(Change { from: P, to: N })
        );
    }
}
