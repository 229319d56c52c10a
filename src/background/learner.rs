//! The hours of one instrument, and what follows from them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::hour::{Current, Hour, median};
use crate::clock::Wall;
use crate::criteria::Learning;

const HOUR_S: i64 = 3600;

/// A clock that goes back by more than this many hours was wrong before: what
/// was learned of the future is dropped. By less, the hours wait to be reached.
const BACK_HOURS: i64 = 24;

/// A background that was learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// In µSv/h.
    pub usv_h: f64,
    /// Points behind it.
    pub points: u32,
    /// Begin of the first hour behind it.
    pub since: Wall,
    /// End of the last one.
    pub until: Wall,
    /// The median lies above it: the limit on drift holds it.
    pub is_capped: bool,
}

/// What would be learned if somebody said so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// The median, in µSv/h.
    pub usv_h: f64,
    /// Hours behind it.
    pub hours: u32,
    /// Points behind it.
    pub points: u32,
}

/// What is kept across restarts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The value first learned, in µSv/h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<f64>,
    /// The hours that counted, the oldest first.
    hours: VecDeque<Hour>,
}

/// Learns the background of one fixed instrument at one place.
#[derive(Clone, Debug, Default)]
pub struct Learner {
    /// Shared with whoever writes it down.
    memory: Arc<Memory>,
    current: Option<Current>,
    /// Worked out when an hour ends.
    learned: Option<Learned>,
}

impl Learner {
    /// Goes on with what was kept.
    pub fn resumed(memory: Memory, policy: &Learning) -> Self {
        let mut learner = Self {
            memory: Arc::new(memory),
            ..Self::default()
        };
        learner.work_out(policy);
        learner
    }

    /// What is to be kept.
    pub fn memory(&self) -> Arc<Memory> {
        Arc::clone(&self.memory)
    }

    /// Takes what a reading that arrived at `at` says; true when an hour counted.
    pub fn take(&mut self, at: Wall, evidence: Evidence, policy: &Learning) -> bool {
        let number = at.as_secs().div_euclid(HOUR_S);
        let mut has_counted = false;
        match &mut self.current {
            None => self.current = Some(Current::new(number)),
            Some(current) if number > current.number => {
                if let Some(hour) = current.turn(number) {
                    self.keep(hour, policy);
                    has_counted = true;
                }
            }
            Some(current) if number < current.number => {
                if current.number - number <= BACK_HOURS {
                    return false;
                }
                self.current = Some(Current::new(number));
                Arc::make_mut(&mut self.memory)
                    .hours
                    .retain(|hour| hour.number < number);
                self.work_out(policy);
                has_counted = true;
            }
            Some(_) => {}
        }
        if let Some(current) = &mut self.current {
            current.take(evidence);
        }
        has_counted
    }

    /// What is known, once enough hours counted.
    pub const fn learned(&self) -> Option<Learned> {
        self.learned
    }

    /// Whether the hour under way counts for nothing.
    pub fn is_frozen(&self) -> bool {
        self.current
            .as_ref()
            .is_some_and(|current| current.is_spoilt)
    }

    /// Hours that counted so far.
    pub fn quiet_hours(&self) -> usize {
        self.memory
            .hours
            .iter()
            .filter(|hour| hour.is_quiet)
            .count()
    }

    /// The median of everything, quiet or not: for a person to judge.
    pub fn candidate(&self, policy: &Learning) -> Option<Candidate> {
        let hours = || self.memory.hours.iter();
        let mut medians: Vec<f64> = hours().map(|hour| hour.median).collect();
        let hours_n = u32::try_from(medians.len()).unwrap_or(u32::MAX);
        if f64::from(hours_n) < policy.min_hours {
            return None;
        }
        Some(Candidate {
            usv_h: median(&mut medians)?,
            hours: hours_n,
            points: points(hours()),
        })
    }

    fn keep(&mut self, hour: Hour, policy: &Learning) {
        let memory = Arc::make_mut(&mut self.memory);
        if memory
            .hours
            .back()
            .is_some_and(|last| last.number >= hour.number)
        {
            return; // that hour counted before the restart
        }
        memory.hours.push_back(hour);
        // Hours that counted, not hours gone by: through an event of months the
        // background before it stays known.
        while count(&memory.hours) > policy.days * 24.0 {
            memory.hours.pop_front();
        }
        self.work_out(policy);
    }

    fn work_out(&mut self, policy: &Learning) {
        self.learned = None;
        let quiet = || self.memory.hours.iter().filter(|hour| hour.is_quiet);
        let mut medians: Vec<f64> = quiet().map(|hour| hour.median).collect();
        if f64::from(u32::try_from(medians.len()).unwrap_or(u32::MAX)) < policy.min_hours {
            return;
        }
        let (Some(middle), Some(first_hour), Some(last_hour)) =
            (median(&mut medians), quiet().next(), quiet().next_back())
        else {
            return;
        };
        let first = self.memory.first.unwrap_or(middle);
        let cap = first * policy.drift_ratio;
        self.learned = Some(Learned {
            usv_h: middle.min(cap),
            points: points(quiet()),
            since: begin(first_hour.number),
            until: begin(last_hour.number).saturating_add(Duration::from_secs(3600)),
            is_capped: middle > cap,
        });
        if self.memory.first.is_none() {
            Arc::make_mut(&mut self.memory).first = Some(first);
        }
    }
}

fn points<'h>(hours: impl Iterator<Item = &'h Hour>) -> u32 {
    hours.fold(0, |sum, hour| sum.saturating_add(hour.points))
}

fn count(hours: &VecDeque<Hour>) -> f64 {
    f64::from(u32::try_from(hours.len()).unwrap_or(u32::MAX))
}

fn begin(hour: i64) -> Wall {
    Wall::from_nanos(hour.saturating_mul(HOUR_S).saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Learning = Learning {
        min_hours: 24.0,
        days: 30.0,
        drift_ratio: 1.5,
    };

    /// A learner and the hour it has come to.
    struct Years {
        learner: Learner,
        hour: i64,
        policy: Learning,
    }

    impl Years {
        fn new() -> Self {
            Self::with(POLICY)
        }

        fn with(policy: Learning) -> Self {
            let (learner, hour) = (Learner::default(), 400_000);
            Self {
                learner,
                hour,
                policy,
            }
        }

        /// Six readings in each of so many hours.
        fn hours(&mut self, hours: i64, evidence: Evidence) -> &mut Self {
            for _ in 0..hours {
                for minutes in (0..60).step_by(10) {
                    let at = Wall::from_secs(self.hour * 3600 + minutes * 60).unwrap();
                    self.learner.take(at, evidence, &self.policy);
                }
                self.hour += 1;
            }
            self
        }

        fn learned(&self) -> Option<f64> {
            self.learner.learned().map(|learned| learned.usv_h)
        }
    }

    const QUIET: Evidence = Evidence::Quiet(0.08);

    #[test]
    fn a_day_has_to_be_over_first() {
        let mut years = Years::new();
        years.hours(24, QUIET);
        assert_eq!((years.learned(), years.learner.quiet_hours()), (None, 23));
        years.hours(1, QUIET);
        let learned = years.learner.learned().unwrap();
        assert!((learned.usv_h - 0.08).abs() < 1e-12);
        assert_eq!((learned.points, learned.is_capped), (24 * 6, false));
        assert_eq!(learned.since, begin(400_000));
        assert_eq!(learned.until, begin(400_024));
    }

    /// The hour with something in it and the one after it leave no trace.
    #[test]
    fn an_event_is_not_learned() {
        let mut years = Years::new();
        years.hours(30, QUIET).hours(1, Evidence::Spoils);
        assert!(years.learner.is_frozen());
        years.hours(1, Evidence::Quiet(0.5)).hours(30, QUIET);
        assert_eq!(years.learner.quiet_hours(), 30 + 29);
        assert!(
            years
                .learner
                .memory
                .hours
                .iter()
                .all(|hour| hour.median < 0.1)
        );
        // Months of it do not make the background before it unknown.
        years.hours(5000, Evidence::Spoils);
        assert_eq!(years.learned(), Some(0.08));
    }

    #[test]
    fn thirty_days_of_hours_are_kept() {
        let mut years = Years::new();
        years
            .hours(800, QUIET)
            .hours(400, Evidence::Quiet(0.10))
            .hours(1, QUIET);
        assert_eq!(years.learner.memory.hours.len(), 720);
        assert_eq!(years.learned(), Some(0.10));
    }

    /// `background.learn_hours`, `background.days`, `background.drift_ratio`.
    #[test]
    fn each_key_changes_what_is_learned() {
        let mut hasty = Years::with(Learning {
            min_hours: 6.0,
            ..POLICY
        });
        assert_eq!(hasty.hours(6, QUIET).learned(), None);
        assert_eq!(hasty.hours(1, QUIET).learned(), Some(0.08));

        let mut forgetful = Years::with(Learning {
            days: 2.0,
            ..POLICY
        });
        forgetful.hours(100, QUIET).hours(40, Evidence::Quiet(0.1));
        assert_eq!(forgetful.hours(1, QUIET).learned(), Some(0.1));
        let mut usual = Years::new();
        usual.hours(100, QUIET).hours(40, Evidence::Quiet(0.1));
        assert_eq!(usual.hours(1, QUIET).learned(), Some(0.08));

        let mut lenient = Years::with(Learning {
            drift_ratio: 3.0,
            ..POLICY
        });
        lenient.hours(30, QUIET).hours(800, Evidence::Quiet(0.2));
        assert_eq!(lenient.hours(1, QUIET).learned(), Some(0.2));
    }

    /// A rise of one part in a hundred a day, for a year.
    #[test]
    fn a_slow_rise_is_not_learned_away() {
        let mut years = Years::new();
        let mut usv_h = 0.08;
        for _ in 0..365 {
            years.hours(24, Evidence::Quiet(usv_h));
            usv_h *= 1.01;
        }
        let learned = years.learner.learned().unwrap();
        assert!(learned.is_capped);
        assert!((learned.usv_h - 0.12).abs() < 1e-9, "{learned:?}");
    }

    /// A naturally high place: shown, and used by nobody.
    #[test]
    fn what_is_elevated_against_the_assumed_is_a_candidate() {
        let mut years = Years::new();
        years.hours(48, Evidence::AgainstAssumed(0.285));
        assert_eq!(years.learned(), None);
        let candidate = years.learner.candidate(&POLICY).unwrap();
        assert!((candidate.usv_h - 0.285).abs() < 1e-12);
        assert_eq!((candidate.hours, candidate.points), (47, 47 * 6));
        assert_eq!(Years::new().learner.candidate(&POLICY), None);
    }

    #[test]
    fn a_restart_loses_the_hour_under_way_and_no_more() {
        let mut years = Years::new();
        years.hours(40, QUIET);
        let text = serde_json::to_string(&*years.learner.memory()).unwrap();
        let back = Learner::resumed(serde_json::from_str(&text).unwrap(), &POLICY);
        assert_eq!(back.learned(), years.learner.learned());
        assert_eq!(back.memory, years.learner.memory);
    }

    #[test]
    fn a_clock_that_goes_back_counts_no_hour_twice() {
        let mut years = Years::new();
        years.hours(40, QUIET);
        years.hour -= 3;
        years.hours(3, Evidence::Quiet(0.5));
        assert_eq!(years.learner.quiet_hours(), 39);
        years.hours(2, QUIET);
        assert_eq!(years.learner.quiet_hours(), 41);
        // It had been years ahead: that time has not been.
        years.hour -= 20_000;
        years.hours(30, QUIET);
        assert_eq!(years.learner.quiet_hours(), 29);
    }
}
