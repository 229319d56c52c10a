//! The notes of table 3.1: when a rise needs no response. Each gives a reason
//! that stays visible, or a remark why it does not hold.
//!
//! Nothing here ever touches a row of EMERGENCY for environment or objects, nor
//! a value that is only a bound.

use super::compare::{at_most, below};
use super::dose::{DoseRate, usable};
use super::finding::{Bound, Finding};
use super::geometry::Fit;
use super::nuclide;
use super::observation::{Observation, Shown};
use super::policy::Policy;
use super::setting::Norm;
use super::tables::{
    EX_MED_BELOW, EX_NHB_NET_BELOW, EX_NORM_BELOW_MSV, EX_RAIN_BELOW, NORM_DISTANCE_M,
    OBJECT_DISTANCE_M,
};
use super::trace::{Step, Trace, Tried, Why};
use super::words::{Class, Remark, Rule};
use crate::reading::Quantity;

/// Natural nuclides: K-40, and the series of Th-232 and of U-238.
///
/// Source: table 3.1, note III, p. 31, names K-40, Th-232 and U-238; the members
/// are those of the two decay series.
const NATURAL: &[&str] = &[
    "K-40", "Th-232", "Ra-228", "Ac-228", "Th-228", "Ra-224", "Rn-220", "Po-216", "Pb-212",
    "Bi-212", "Po-212", "Tl-208", "U-238", "Th-234", "Pa-234m", "Pa-234", "U-234", "Th-230",
    "Ra-226", "Rn-222", "Po-218", "At-218", "Rn-218", "Pb-214", "Bi-214", "Po-214", "Tl-210",
    "Pb-210", "Bi-210", "Hg-206", "Tl-206", "Po-210",
];

/// Whether it rains, or stopped not long ago.
pub(super) fn is_raining<T>(rate: &DoseRate<'_, T>) -> bool {
    rate.observation.status.rain || rate.observation.setting.rain.is_near(rate.policy)
}

fn tell(trace: &impl Trace, rule: Rule, why: Why, compared: Option<(f64, f64)>) {
    trace.step(|| {
        Step::Tried(Tried {
            rule,
            why,
            compared,
        })
    });
}

/// EX-RAIN over a value in the band of PB-ELEV.
pub(super) fn rain<T: Trace>(rate: &DoseRate<'_, T>) -> Finding {
    let elevated = Finding::elevated(rate.observation.setting, rate.policy, rate.trace);
    let tell = |why, compared| tell(rate.trace, Rule::ExRain, why, compared);
    if !is_raining(rate) {
        tell(Why::NoRain, None);
        return elevated;
    }
    let Some(background) = rate.background() else {
        tell(Why::NoBaseline, None);
        return elevated.noting(Remark::RainNoBaseline);
    };
    let explained = background * rate.policy.rain_ratio;
    if !below(rate.usv_h, EX_RAIN_BELOW) {
        tell(Why::TooHigh, Some((rate.usv_h, EX_RAIN_BELOW)));
        elevated.noting(Remark::RainNotApplicable)
    } else if at_most(rate.usv_h, explained) {
        tell(Why::Holds, Some((rate.usv_h, explained)));
        Finding::new(Class::Exempt, Rule::ExRain).beside(Rule::PbElev)
    } else {
        tell(Why::RatioExceeded, Some((rate.usv_h, explained)));
        elevated.noting(Remark::RainRatioExceeded)
    }
}

/// EX-RAIN beside a row that fired: it never holds there, and when it rains the
/// reading says so.
pub(super) fn rain_over_a_row<T: Trace>(rate: &DoseRate<'_, T>, finding: Finding) -> Finding {
    if !is_raining(rate) {
        return finding;
    }
    let compared = Some((rate.usv_h, EX_RAIN_BELOW));
    tell(rate.trace, Rule::ExRain, Why::TooHigh, compared);
    finding.noting(Remark::RainNotApplicable)
}

/// EX-NHB over a value at T3.1-I-1 in an area registered as naturally high;
/// `None` when it does not apply.
pub(super) fn naturally_high<T: Trace>(rate: &DoseRate<'_, T>) -> Option<Finding> {
    if !rate.observation.setting.high_background_area {
        return None;
    }
    let tell = |why, compared| tell(rate.trace, Rule::ExNhb, why, compared);
    let Some((level, background)) = nhb_level(rate).zip(rate.background()) else {
        tell(Why::NoBaseline, None);
        return None;
    };
    if !below(rate.usv_h, level) {
        tell(Why::NetTooHigh, Some((rate.usv_h, level)));
        return None;
    }
    let explained = background * rate.policy.nhb_ratio;
    if at_most(rate.usv_h, explained) {
        tell(Why::Holds, Some((rate.usv_h, explained)));
        Some(Finding::new(Class::Exempt, Rule::ExNhb).beside(Rule::T31I1))
    } else {
        tell(Why::RatioExceeded, Some((rate.usv_h, explained)));
        let elevated = Finding::elevated(rate.observation.setting, rate.policy, rate.trace);
        Some(elevated.noting(Remark::NhbRatioExceeded))
    }
}

/// Where POSSIBLE_EMERGENCY begins in a registered area with a measured
/// background: 1 µSv/h above it.
pub(super) fn nhb_level<T: Trace>(rate: &DoseRate<'_, T>) -> Option<f64> {
    let background = rate.background()?;
    rate.observation
        .setting
        .high_background_area
        .then_some(background + EX_NHB_NET_BELOW)
}

/// EX-MED over what fired for a person.
pub(super) fn medical<T: Trace>(rate: &DoseRate<'_, T>, fired: Finding) -> Finding {
    let medical = rate.observation.setting.medical;
    let tell = |why, compared| tell(rate.trace, Rule::ExMed, why, compared);
    let is_accepted =
        medical.verified || (medical.claimed && !rate.policy.medical_require_verification);
    if !is_accepted {
        return if medical.claimed {
            tell(Why::Unverified, None);
            fired.noting(Remark::MedicalUnverified)
        } else {
            tell(Why::NotClaimed, None);
            fired
        };
    }
    let compared = Some((rate.usv_h, EX_MED_BELOW));
    if !below(rate.usv_h, EX_MED_BELOW) {
        tell(Why::TooHigh, compared);
        fired.noting(Remark::MedicalAboveCap)
    } else if rate.bound == Bound::Exact {
        tell(Why::Holds, compared);
        Finding::new(Class::Exempt, Rule::ExMed).beside(Rule::T31II1)
    } else {
        tell(Why::OnlyABound, None);
        fired
    }
}

/// Whether the value was taken at the 10 cm that the note speaks of (C-19).
pub(super) fn is_at_norm_distance<T>(rate: &DoseRate<'_, T>) -> bool {
    let distance_m = rate.observation.setting.distance_m;
    Fit::at(distance_m, NORM_DISTANCE_M, rate.policy) == Fit::Matches
}

/// EX-NORM over what fired for an object, or could not be compared.
pub(super) fn norm<T: Trace>(
    observation: &Observation<'_>,
    policy: &Policy,
    fired: Finding,
    trace: &T,
) -> Finding {
    let Some(norm) = &observation.setting.norm else {
        tell(trace, Rule::ExNorm, Why::NothingKnown, None);
        return fired;
    };
    let yearly_msv = yearly_dose_msv(norm, observation, policy);
    match norm_obstacle(norm, yearly_msv) {
        Some((why, obstacle)) => {
            let compared = yearly_msv.filter(|_| why == Why::DoseExceeded);
            let compared = compared.map(|msv| (msv, EX_NORM_BELOW_MSV));
            tell(trace, Rule::ExNorm, why, compared);
            fired.noting(obstacle)
        }
        None => {
            let compared = yearly_msv.map(|msv| (msv, EX_NORM_BELOW_MSV));
            tell(trace, Rule::ExNorm, Why::Holds, compared);
            let exempt = Finding::new(Class::Exempt, Rule::ExNorm);
            match fired.rule {
                Rule::Dq12 => exempt,
                row => exempt.beside(row),
            }
        }
    }
}

/// What natural material there is exempts no row of EMERGENCY, and no bound.
pub(super) fn never_norm<T: Trace>(observation: &Observation<'_>, trace: &T) {
    if observation.setting.norm.is_some() {
        tell(trace, Rule::ExNorm, Why::NeverHere, None);
    }
}

/// The first thing that keeps the note from holding.
fn norm_obstacle(norm: &Norm, yearly_msv: Option<f64>) -> Option<(Why, Remark)> {
    if !norm.identified || norm.nuclides.is_empty() {
        return Some((Why::NotIdentified, Remark::NormUnverified));
    }
    if !norm.nuclides.iter().all(|nuclide| is_natural(nuclide)) {
        return Some((Why::OtherNuclide, Remark::NormOtherNuclide));
    }
    if norm.item.is_none() {
        return Some((Why::NotListed, Remark::NormItemNotListed));
    }
    match yearly_msv {
        None => Some((Why::DoseUnknown, Remark::NormDoseUnknown)),
        Some(dose) if !below(dose, EX_NORM_BELOW_MSV) => {
            Some((Why::DoseExceeded, Remark::NormDoseExceeded))
        }
        Some(_) => None,
    }
}

/// The yearly dose in mSv: as given, else from a dose rate at 1 m less the
/// measured background.
fn yearly_dose_msv(norm: &Norm, observation: &Observation<'_>, policy: &Policy) -> Option<f64> {
    if let Some(given) = norm.projected_msv {
        return (given.is_finite() && given >= 0.0).then_some(given);
    }
    let setting = observation.setting;
    let hours = norm.hours_per_year.unwrap_or(policy.norm_hours);
    let background = usable(setting.background_usv_h)?;
    let is_at_1_m = Fit::at(setting.distance_m, OBJECT_DISTANCE_M, policy) == Fit::Matches;
    let rate = observation.channels.iter().find_map(|channel| {
        match (channel.quantity, channel.shown) {
            (Quantity::DoseRate, Shown::Number(usv_h)) => usable(Some(usv_h)),
            _ => None,
        }
    })?;
    (is_at_1_m && hours.is_finite() && hours > 0.0)
        .then(|| (rate - background).max(0.0) * hours / 1000.0)
}

/// Whether a nuclide is natural, however its name is spelt.
fn is_natural(name: &str) -> bool {
    NATURAL
        .iter()
        .any(|natural| nuclide::is_same(natural, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_nuclides_by_any_spelling() {
        for name in ["K-40", "K40", "k-40", "Th-232", "Pa-234m", "pb 210"] {
            assert!(is_natural(name), "{name}");
        }
        for name in ["Cs-137", "K-4", "K-400", "U-235", "", "-", "Co-60", "40-K"] {
            assert!(!is_natural(name), "{name}");
        }
    }
}
