//! The background of one instrument: which one is used, and where it comes from
//! (criteria.md section 5).
//!
//! 1. What a person measured with this instrument and wrote down, else what it
//!    learned at this place.
//! 2. The record of a survey of the site.
//! 3. None: the rules assume one for PB-ELEV alone, and say so.

use std::sync::Arc;

use serde::Serialize;

use crate::background::{Candidate, Learner, Matters, Memory, evidence};
use crate::clock::Wall;
use crate::criteria::{BackgroundFrom, BackgroundSource, Judgement, Learning, Policy};
use crate::units::rounded;

/// A dose rate in µSv/h that a person wrote down, and when it was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Recorded {
    pub(super) usv_h: f64,
    pub(super) at: Option<Wall>,
}

/// The background of one instrument.
#[derive(Clone, Debug, Default)]
pub(super) struct Background {
    /// `background` of the instrument.
    pub(super) measured: Option<Recorded>,
    /// `background` of its site.
    pub(super) surveyed: Option<Recorded>,
    /// For fixed instruments that watch the environment.
    pub(super) learner: Option<Learner>,
}

impl Background {
    /// The one that is used.
    pub(super) fn look_up(&self) -> Option<(f64, BackgroundFrom)> {
        let written = |recorded: Recorded, source| {
            let from = BackgroundFrom {
                taken_at: recorded.at,
                ..BackgroundFrom::new(source)
            };
            (recorded.usv_h, from)
        };
        let learned = self.learner.as_ref().and_then(Learner::learned);
        self.measured
            .map(|recorded| written(recorded, BackgroundSource::Measured))
            .or_else(|| {
                learned.map(|learned| {
                    let from = BackgroundFrom {
                        source: BackgroundSource::Learned,
                        taken_at: Some(learned.until),
                        n_points: Some(learned.points),
                    };
                    (learned.usv_h, from)
                })
            })
            .or_else(|| {
                let surveyed = self.surveyed?;
                Some(written(surveyed, BackgroundSource::SiteSurvey))
            })
    }

    /// Goes on with what was learned before.
    pub(super) fn resume(&mut self, memory: Memory, policy: &Learning) {
        if let Some(learner) = &mut self.learner {
            *learner = Learner::resumed(memory, policy);
        }
    }

    /// What is to be kept.
    pub(super) fn memory(&self) -> Option<Arc<Memory>> {
        self.learner.as_ref().map(Learner::memory)
    }

    /// Learns from a reading that arrived at `at`; true when an hour counted.
    pub(super) fn learn(
        &mut self,
        at: Wall,
        judgement: &Judgement,
        is_wet: bool,
        matters: impl FnOnce() -> Matters,
        policy: &Learning,
    ) -> bool {
        self.learner.as_mut().is_some_and(|learner| {
            let evidence = evidence(judgement, is_wet, matters());
            learner.take(at, evidence, policy)
        })
    }

    pub(super) fn view(&self, now: Wall, policy: &Policy) -> BackgroundView {
        let (usv_h, from) = self.look_up().unwrap_or_else(|| {
            let assumed = BackgroundFrom::new(BackgroundSource::Assumed);
            (policy.background_fallback_usv_h, assumed)
        });
        let learner = self.learner.as_ref();
        let learned = learner
            .and_then(Learner::learned)
            .filter(|_| from.source == BackgroundSource::Learned);
        BackgroundView {
            usv_h: rounded(usv_h),
            source: from.source.as_str(),
            age_s: from.taken_at.map(|at| now.secs_since(at).max(0.0)),
            points: from.n_points,
            since: learned.map(|learned| learned.since.to_string()),
            limited: learned.is_some_and(|learned| learned.is_capped),
            learning: learner.map(|learner| LearningView {
                hours: learner.quiet_hours(),
                frozen: learner.is_frozen(),
            }),
            candidate: learner
                .and_then(|learner| learner.candidate(&policy.learning))
                .filter(|_| learned.is_none_or(|learned| learned.is_capped))
                .map(CandidateView::from),
        }
    }
}

/// A background, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackgroundView {
    /// µSv/h.
    pub usv_h: f64,
    /// measured, learned, site_survey or assumed.
    pub source: &'static str,
    /// Seconds since it was taken or last learned, when known.
    pub age_s: Option<f64>,
    /// Points behind it, when known.
    pub points: Option<u32>,
    /// Begin of the first hour it was learned from.
    pub since: Option<String>,
    /// The limit on drift holds it below what was measured since.
    pub limited: bool,
    /// How far learning is; absent for instruments that do not learn.
    pub learning: Option<LearningView>,
    /// What the last hours show, where that is not used: a person may write it
    /// down.
    pub candidate: Option<CandidateView>,
}

/// How far learning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LearningView {
    /// Hours that counted.
    pub hours: usize,
    /// The hour under way does not count.
    pub frozen: bool,
}

/// What would be learned if somebody said so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CandidateView {
    /// µSv/h.
    pub usv_h: f64,
    /// Hours behind it.
    pub hours: u32,
    /// Points behind it.
    pub points: u32,
}

impl From<Candidate> for CandidateView {
    fn from(candidate: Candidate) -> Self {
        Self {
            usv_h: rounded(candidate.usv_h),
            hours: candidate.hours,
            points: candidate.points,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::Evidence;

    fn learner(usv_h: f64, hours: i64) -> Learner {
        let mut learner = Learner::default();
        for hour in 0..=hours {
            let at = Wall::from_secs(hour * 3600).unwrap();
            learner.take(at, Evidence::Quiet(usv_h), &Learning::default());
        }
        learner
    }

    const RECORDED: Recorded = Recorded {
        usv_h: 0.12,
        at: None,
    };

    #[track_caller]
    fn check(background: &Background, expected: Option<(f64, BackgroundSource)>) {
        let got = background
            .look_up()
            .map(|(usv_h, from)| (usv_h, from.source));
        assert_eq!(got, expected);
    }

    #[test]
    fn a_person_goes_before_learning_and_learning_before_a_survey() {
        let mut background = Background::default();
        check(&background, None);
        background.surveyed = Some(Recorded {
            usv_h: 0.2,
            ..RECORDED
        });
        check(&background, Some((0.2, BackgroundSource::SiteSurvey)));
        background.learner = Some(learner(0.08, 10));
        check(&background, Some((0.2, BackgroundSource::SiteSurvey)));
        background.learner = Some(learner(0.08, 24));
        check(&background, Some((0.08, BackgroundSource::Learned)));
        background.measured = Some(RECORDED);
        check(&background, Some((0.12, BackgroundSource::Measured)));
    }

    #[test]
    fn it_is_shown_with_age_and_points() {
        let mut background = Background {
            learner: Some(learner(0.08, 24)),
            ..Background::default()
        };
        let now = Wall::from_secs(25 * 3600).unwrap();
        let view = background.view(now, &Policy::default());
        assert_eq!((view.source, view.points), ("learned", Some(24)));
        assert_eq!(view.age_s, Some(3600.0));
        assert_eq!(view.since.as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(view.candidate, None);
        // Beside what a person wrote down, the learned one is only a candidate.
        background.measured = Some(RECORDED);
        let view = background.view(now, &Policy::default());
        assert_eq!((view.source, view.age_s), ("measured", None));
        assert_eq!(view.candidate.map(|candidate| candidate.hours), Some(24));
        background = Background::default();
        let view = background.view(now, &Policy::default());
        assert_eq!((view.source, view.learning), ("assumed", None));
    }
}
