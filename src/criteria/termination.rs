//! Whether a case may be proposed for closing (criteria.md section 4.7).
//!
//! The result is a proposal. Closing needs a final report and a close
//! statement, and a person who signs them.

use super::compare::below;
use super::trace::{Against, Sign, Trace, Untraced, What, ask, ask_against};
use super::words::{Remark, Remarks};
use crate::reading::{Quantity, words};

words! {
    /// What may be proposed.
    pub enum Closing {
        /// Back to normal exposure.
        Normal = "TERMINATE_NORMAL",
        /// To existing exposure, with periodic monitoring.
        Existing = "TERMINATE_EXISTING",
        /// Nothing yet.
        NotTerminable = "NOT_TERMINABLE",
    }
}

words! {
    /// What an area may be closed to, the stricter first.
    pub enum Target {
        /// Normal exposure.
        Normal = "TERMINATE_NORMAL",
        /// Existing exposure.
        Existing = "TERMINATE_EXISTING",
    }
}

impl Target {
    /// Whether a proposal allows this, or more.
    pub fn is_met_by(self, closing: Closing) -> bool {
        match self {
            Self::Normal => closing == Closing::Normal,
            Self::Existing => closing != Closing::NotTerminable,
        }
    }
}

words! {
    /// Whether people live there. Where nobody says, the policy's
    /// `area_type_default`.
    pub enum AreaKind {
        /// *Pemukiman*.
        Residential = "residential",
        /// *Non pemukiman*.
        NonResidential = "non_residential",
    }
}

words! {
    /// Which of the two procedures the case follows.
    pub enum Track {
        /// A facility's own source (4.1.1).
        Facility = "facility",
        /// A special event: no known owner (4.1.2).
        Orphan = "orphan",
    }
}

/// What was recovered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The source.
    pub source: bool,
    /// The environment.
    pub environment: bool,
}

impl Recovered {
    /// P4.1-REC: either for a facility (4.1.1(2)), both for a special event
    /// (4.1.2(1)); C-14.
    pub const fn is_enough(self, track: Track) -> bool {
        match track {
            Track::Facility => self.source || self.environment,
            Track::Orphan => self.source && self.environment,
        }
    }
}

/// What a survey before closing found. Numbers are finite and not negative,
/// but for the background, which is taken as it comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Survey {
    /// Whether people live there.
    pub area: AreaKind,
    /// The procedure.
    pub track: Track,
    /// What was recovered.
    pub recovered: Recovered,
    /// Hours of measurement, without rain.
    pub duration_h: f64,
    /// Valid points.
    pub n_points: f64,
    /// The highest valid point, in µSv/h.
    pub max_usv_h: Option<f64>,
    /// Its standard uncertainty, in µSv/h.
    pub uncertainty_usv_h: Option<f64>,
    /// The background, in µSv/h.
    pub background_usv_h: Option<f64>,
    /// The yearly dose, in mSv, when somebody worked it out.
    pub projected_msv: Option<f64>,
}

/// `termination_normal_mode`: what T4.2-RN compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NormalMode {
    /// Below 0.11, or below 3 x background and net below 0.11 (C-09).
    #[default]
    Guarded,
    /// The literal "or" of the table.
    TextOr,
    /// Net below 0.11; gross where there is no background.
    NetOnly,
}

/// The project's choices for closing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TerminationPolicy {
    /// `termination.hours`: least hours of measurement. Default: 24.
    pub min_hours: f64,
    /// `termination.points`: least valid points. Default: 10.
    pub min_points: f64,
    /// `termination.max_gap_h`: longest time between two points that counts as
    /// measured; missing data is not low data. Default: 3, so that a team may
    /// measure by hand.
    pub max_gap_h: f64,
    /// `decision_rule`: standard uncertainties added. Default: 1.645, one-sided 95 %.
    pub guard_factor: f64,
    /// `occupancy_h.residential`. Default: 8760.
    pub residential_h: f64,
    /// `occupancy_h.non_residential`. Default: 2000.
    pub non_residential_h: f64,
    /// `h10_to_e`: effective dose for each H*(10). Default: 1.0.
    pub h10_to_e: f64,
    /// `termination_normal_mode`. Default: guarded.
    pub normal_mode: NormalMode,
    /// `area_type_default`: what an area is where nobody says. Default:
    /// residential.
    pub area_default: AreaKind,
}

impl Default for TerminationPolicy {
    fn default() -> Self {
        Self {
            min_hours: 24.0,
            min_points: 10.0,
            max_gap_h: 3.0,
            guard_factor: 1.645,
            residential_h: 8760.0,
            non_residential_h: 2000.0,
            h10_to_e: 1.0,
            normal_mode: NormalMode::Guarded,
            area_default: AreaKind::Residential,
        }
    }
}

/// T4.2-RN, T4.2-RE, T4.2-NN, T4.2-NE: dose rates that allow closing.
///
/// | what                          | below      | from                           |
/// |-------------------------------|------------|--------------------------------|
/// | residential, to normal        | 0.11 µSv/h | PUK/DK2N.3/PT.17 rev. 0, table 4.2, p. 73 |
/// | same, "or"                    | 3 x background | same; guarded by C-09      |
/// | residential, to existing      | 2.3 µSv/h  | same                           |
/// | non-residential, to normal    | 0.5 µSv/h  | same                           |
/// | non-residential, to existing  | 10 µSv/h   | same                           |
const RN_BELOW: f64 = 0.11;
const RN_BACKGROUND_RATIO: f64 = 3.0;
const RE_BELOW: f64 = 2.3;
const NN_BELOW: f64 = 0.5;
const NE_BELOW: f64 = 10.0;

/// T4.1-N and T4.1-E: yearly doses that allow closing; 1 mSv exactly is normal
/// (C-06).
///
/// | what        | at most | from                                      |
/// |-------------|---------|-------------------------------------------|
/// | to normal   | 1 mSv   | PUK/DK2N.3/PT.17 rev. 0, table 4.1, p. 73 |
/// | to existing | 20 mSv  | same                                      |
const NORMAL_MSV: f64 = 1.0;
const EXISTING_MSV: f64 = 20.0;

/// The levels above by name, for the record of what was in force.
pub(super) const LEVELS: &[(&str, f64)] = &[
    ("T4.2-RN below uSv/h", RN_BELOW),
    ("T4.2-RN below x background", RN_BACKGROUND_RATIO),
    ("T4.2-RE below uSv/h", RE_BELOW),
    ("T4.2-NN below uSv/h", NN_BELOW),
    ("T4.2-NE below uSv/h", NE_BELOW),
    ("T4.1-N mSv", NORMAL_MSV),
    ("T4.1-E mSv", EXISTING_MSV),
];

/// What may be proposed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The proposal.
    pub closing: Closing,
    /// The rule that decided.
    pub rule: &'static str,
    /// Remarks.
    pub remarks: Remarks,
}

impl Proposal {
    const fn not_yet(rule: &'static str, remark: Remark) -> Self {
        Self {
            closing: Closing::NotTerminable,
            rule,
            remarks: Remarks::EMPTY.with(remark),
        }
    }
}

/// What may be proposed for a survey.
pub fn propose(survey: &Survey, policy: &TerminationPolicy) -> Proposal {
    propose_with(survey, policy, &Untraced)
}

/// The same, told step by step.
pub(super) fn propose_with<T: Trace>(
    survey: &Survey,
    policy: &TerminationPolicy,
    trace: &T,
) -> Proposal {
    if !survey.recovered.is_enough(survey.track) {
        return Proposal::not_yet("P4.1-REC", Remark::NotRecovered);
    }
    let hours = (survey.duration_h, Sign::Ge, policy.min_hours);
    let points = (survey.n_points, Sign::Ge, policy.min_points);
    let has_data =
        ask(trace, What::Hours, "PT-DATA", hours) & ask(trace, What::Points, "PT-DATA", points);
    let Some(max_usv_h) = survey.max_usv_h.filter(|_| has_data) else {
        return Proposal::not_yet("PT-DATA", Remark::InsufficientData);
    };
    let mut remarks = Remarks::EMPTY;
    let mut usv_h = max_usv_h;
    if let Some(uncertainty) = survey.uncertainty_usv_h {
        usv_h += policy.guard_factor * uncertainty;
        remarks.insert(Remark::GuardBand);
    }
    let background = usable(survey.background_usv_h);
    if survey.background_usv_h.is_some() && background.is_none() {
        remarks.insert(Remark::BackgroundInvalid);
    }
    Rates {
        area: survey.area,
        usv_h,
        background,
        yearly_msv: survey
            .projected_msv
            .unwrap_or_else(|| policy.yearly_msv(survey.area, usv_h, background)),
    }
    .proposal(policy, remarks, trace)
}

impl TerminationPolicy {
    const fn hours(&self, area: AreaKind) -> f64 {
        match area {
            AreaKind::Residential => self.residential_h,
            AreaKind::NonResidential => self.non_residential_h,
        }
    }

    fn yearly_msv(&self, area: AreaKind, usv_h: f64, background: Option<f64>) -> f64 {
        let net = (usv_h - background.unwrap_or(0.0)).max(0.0);
        net * self.hours(area) * self.h10_to_e / 1000.0
    }
}

/// The dose rate, in µSv/h, below which both tables would allow `to` at an area
/// with this background: for people to see by how much a point misses it. What
/// is proposed is decided by [`propose`] alone.
pub fn limit_usv_h(
    to: Target,
    area: AreaKind,
    background_usv_h: Option<f64>,
    policy: &TerminationPolicy,
) -> f64 {
    let background = usable(background_usv_h);
    let limit = |to| limit_of(to, area, background, policy);
    match to {
        Target::Normal => limit(Target::Normal),
        // Over a background above its own limits, normal reaches further.
        Target::Existing => limit(Target::Existing).max(limit(Target::Normal)),
    }
}

fn limit_of(
    to: Target,
    area: AreaKind,
    background: Option<f64>,
    policy: &TerminationPolicy,
) -> f64 {
    let (rate, msv) = match (to, area) {
        (Target::Existing, AreaKind::Residential) => (RE_BELOW, EXISTING_MSV),
        (Target::Existing, AreaKind::NonResidential) => (NE_BELOW, EXISTING_MSV),
        (Target::Normal, AreaKind::NonResidential) => (NN_BELOW, NORMAL_MSV),
        (Target::Normal, AreaKind::Residential) => {
            let near = background.map(|background| RN_BACKGROUND_RATIO * background);
            let net = background.map(|background| background + RN_BELOW);
            let rate = match (policy.normal_mode, near, net) {
                (NormalMode::Guarded, Some(near), Some(net)) => RN_BELOW.max(near.min(net)),
                (NormalMode::TextOr, Some(near), _) => RN_BELOW.max(near),
                (NormalMode::NetOnly, _, Some(net)) => net,
                (_, _, _) => RN_BELOW,
            };
            (rate, NORMAL_MSV)
        }
    };
    let net = msv * 1000.0 / (policy.hours(area) * policy.h10_to_e);
    rate.min(background.unwrap_or(0.0) + net)
}

fn usable(background_usv_h: Option<f64>) -> Option<f64> {
    background_usv_h.filter(|background| background.is_finite() && *background > 0.0)
}

/// What both tables are compared with.
struct Rates {
    area: AreaKind,
    usv_h: f64,
    background: Option<f64>,
    yearly_msv: f64,
}

impl Rates {
    fn proposal<T: Trace>(
        &self,
        policy: &TerminationPolicy,
        mut remarks: Remarks,
        trace: &T,
    ) -> Proposal {
        let (to_normal, to_existing, existing_below) = match self.area {
            AreaKind::Residential => ("T4.2-RN", "T4.2-RE", RE_BELOW),
            AreaKind::NonResidential => ("T4.2-NN", "T4.2-NE", NE_BELOW),
        };
        let rate_is_normal = self.rate_is_normal(policy.normal_mode, trace);
        let by_text = self.area == AreaKind::Residential && self.text_allows_normal(&Untraced);
        if by_text && !rate_is_normal {
            remarks.insert(Remark::TextWouldAllowNormal);
        }
        let yearly_is_at_most = |rule, level| {
            let asked = (self.yearly_msv, Sign::Le, level);
            ask(trace, What::YearlyDose, rule, asked)
        };
        let is_normal = rate_is_normal && yearly_is_at_most("T4.1-N", NORMAL_MSV);
        let rate_is_existing = if is_normal {
            below(self.usv_h, existing_below)
        } else {
            self.is_below(trace, to_existing, existing_below, Against::Gross)
        };
        let (closing, rule) = if is_normal {
            (Closing::Normal, to_normal)
        } else if rate_is_existing && yearly_is_at_most("T4.1-E", EXISTING_MSV) {
            (Closing::Existing, to_existing)
        } else {
            (Closing::NotTerminable, to_existing)
        };
        let by_rate_alone = if rate_is_normal {
            Closing::Normal
        } else if rate_is_existing {
            Closing::Existing
        } else {
            Closing::NotTerminable
        };
        if closing != by_rate_alone {
            remarks.insert(Remark::T41Limits);
        }
        Proposal {
            closing,
            rule,
            remarks,
        }
    }

    fn rate_is_normal<T: Trace>(&self, mode: NormalMode, trace: &T) -> bool {
        let gross_is_low = || self.is_below(trace, "T4.2-RN", RN_BELOW, Against::Gross);
        let net_is_low = |background| {
            let level = background + RN_BELOW;
            self.is_below(trace, "T4.2-RN", level, Against::Net(background))
        };
        match (self.area, mode) {
            (AreaKind::NonResidential, _) => {
                self.is_below(trace, "T4.2-NN", NN_BELOW, Against::Gross)
            }
            (AreaKind::Residential, NormalMode::Guarded) => {
                gross_is_low()
                    || (self.is_near_background(trace) && self.background.is_some_and(net_is_low))
            }
            (AreaKind::Residential, NormalMode::TextOr) => self.text_allows_normal(trace),
            (AreaKind::Residential, NormalMode::NetOnly) => {
                self.background.map_or_else(gross_is_low, net_is_low)
            }
        }
    }

    fn text_allows_normal<T: Trace>(&self, trace: &T) -> bool {
        self.is_below(trace, "T4.2-RN", RN_BELOW, Against::Gross) || self.is_near_background(trace)
    }

    fn is_near_background<T: Trace>(&self, trace: &T) -> bool {
        self.background.is_some_and(|background| {
            let level = RN_BACKGROUND_RATIO * background;
            self.is_below(trace, "T4.2-RN", level, Against::Times(background))
        })
    }

    fn is_below<T: Trace>(
        &self,
        trace: &T,
        rule: &'static str,
        level: f64,
        basis: Against,
    ) -> bool {
        let what = What::Quantity(Quantity::DoseRate);
        ask_against(trace, what, rule, (self.usv_h, Sign::Lt, level), basis)
    }
}

#[cfg(test)]
mod tests;
