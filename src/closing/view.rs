//! What people and programs read of a matter. Fields may be added, never renamed.

use serde::Serialize;

use super::area::{Area, AreaKey};
use super::matter::Matter;
use super::run::{Blocked, Highest, Run, Terms};
use crate::criteria::Remarks;
use crate::criteria::termination::{Target, TerminationPolicy, Track};
use crate::units::rounded;

/// What may be proposed for an activation, and what is missing. A person decides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClosingView {
    /// TERMINATE_NORMAL, TERMINATE_EXISTING or NOT_TERMINABLE.
    pub proposal: &'static str,
    /// The rule that decided.
    pub rule: &'static str,
    /// Remarks.
    pub flags: Vec<&'static str>,
    /// facility or orphan (a special event).
    pub track: &'static str,
    /// A person says that the source was recovered.
    pub source_recovered: bool,
    /// The same of the environment.
    pub environment_recovered: bool,
    /// Each area.
    pub areas: Vec<AreaView>,
}

/// The same for one area.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AreaView {
    /// Site, region of the configuration, or neither.
    pub area: AreaKey,
    /// residential or non_residential.
    pub surroundings: &'static str,
    /// As for the whole.
    pub proposal: &'static str,
    /// The rule that decided.
    pub rule: &'static str,
    /// Remarks.
    pub flags: Vec<&'static str>,
    /// Towards normal and towards existing exposure.
    pub targets: Vec<TargetView>,
}

/// How far the survey towards one target is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TargetView {
    /// TERMINATE_NORMAL or TERMINATE_EXISTING.
    pub target: &'static str,
    /// Nothing is missing.
    pub met: bool,
    /// When the first point arrived after the last one that blocks, RFC 3339.
    pub since: Option<String>,
    /// Hours of measurement since then.
    pub hours: f64,
    /// Points since then.
    pub points: u32,
    /// The highest of them.
    pub highest: Option<HighestView>,
    /// What is missing.
    pub missing: MissingView,
    /// The last point that blocked.
    pub blocked_by: Option<BlockedView>,
}

/// The highest point of a survey.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HighestView {
    /// µSv/h.
    pub usv_h: f64,
    /// The background it is compared with, in µSv/h.
    pub background_usv_h: Option<f64>,
    /// Its instrument.
    pub instrument: String,
    /// When it was measured, RFC 3339.
    pub at: String,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MissingView {
    /// Hours of measurement.
    pub hours: f64,
    /// Points.
    pub points: f64,
    /// `source`, `environment`, or `source or environment`.
    pub recovered: Vec<&'static str>,
}

/// The last point that blocked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BlockedView {
    /// µSv/h; absent when over-range of unknown height.
    pub usv_h: Option<f64>,
    /// The field was at least that high.
    pub at_least: bool,
    /// It would have had to lie below this, in µSv/h.
    pub limit_usv_h: f64,
    /// By how much it does not, in µSv/h.
    pub over_usv_h: Option<f64>,
    /// Its instrument.
    pub instrument: String,
    /// When it was measured, RFC 3339.
    pub at: String,
}

impl ClosingView {
    pub(super) fn of(matter: &Matter, policy: &TerminationPolicy) -> Self {
        let proposal = matter.proposal(policy);
        Self {
            proposal: proposal.closing.as_str(),
            rule: proposal.rule,
            flags: flags(proposal.remarks),
            track: matter.track.as_str(),
            source_recovered: matter.source_recovered,
            environment_recovered: matter.environment_recovered,
            areas: matter
                .areas
                .iter()
                .map(|area| AreaView::of(area, &matter.terms(area.kind, policy)))
                .collect(),
        }
    }
}

impl AreaView {
    fn of(area: &Area, terms: &Terms<'_>) -> Self {
        let proposal = area.proposal(terms);
        Self {
            area: area.key.clone(),
            surroundings: area.kind.as_str(),
            proposal: proposal.closing.as_str(),
            rule: proposal.rule,
            flags: flags(proposal.remarks),
            targets: Target::ALL
                .iter()
                .map(|target| TargetView::of(*target, area.run(*target), terms))
                .collect(),
        }
    }
}

impl TargetView {
    fn of(target: Target, run: &Run, terms: &Terms<'_>) -> Self {
        Self {
            target: target.as_str(),
            met: target.is_met_by(run.proposal(terms).closing),
            since: run.begun.map(|begun| begun.wall.to_string()),
            hours: rounded(run.hours()),
            points: run.points,
            highest: run.highest.as_ref().map(HighestView::of),
            missing: MissingView::of(run, terms),
            blocked_by: run.blocked.as_ref().map(BlockedView::of),
        }
    }
}

impl MissingView {
    fn of(run: &Run, terms: &Terms<'_>) -> Self {
        let recovered = match (terms.recovered.is_enough(terms.track), terms.track) {
            (true, _) => Vec::new(),
            (false, Track::Facility) => vec!["source or environment"],
            (false, Track::Orphan) => [
                (terms.recovered.source, "source"),
                (terms.recovered.environment, "environment"),
            ]
            .into_iter()
            .filter(|(is_recovered, _)| !is_recovered)
            .map(|(_, what)| what)
            .collect(),
        };
        Self {
            hours: rounded((terms.policy.min_hours - run.hours()).max(0.0)),
            points: (terms.policy.min_points - f64::from(run.points)).max(0.0),
            recovered,
        }
    }
}

impl HighestView {
    fn of(highest: &Highest) -> Self {
        Self {
            usv_h: rounded(highest.usv_h),
            background_usv_h: highest.background_usv_h.map(rounded),
            instrument: highest.instrument.to_string(),
            at: highest.measured.to_string(),
        }
    }
}

impl BlockedView {
    fn of(blocked: &Blocked) -> Self {
        let over = |usv_h: f64| rounded((usv_h - blocked.limit_usv_h).max(0.0));
        Self {
            usv_h: blocked.usv_h.map(rounded),
            at_least: blocked.is_bound,
            limit_usv_h: rounded(blocked.limit_usv_h),
            over_usv_h: blocked.usv_h.map(over),
            instrument: blocked.instrument.to_string(),
            at: blocked.measured.to_string(),
        }
    }
}

fn flags(remarks: Remarks) -> Vec<&'static str> {
    remarks.iter().map(|remark| remark.as_str()).collect()
}
