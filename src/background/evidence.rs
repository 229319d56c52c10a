//! What one reading says about the background.

use crate::criteria::tables::T3_1_I_1;
use crate::criteria::{Class, Disposition, Judgement, Remark};
use crate::reading::Quantity;

/// What is open at the instrument's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matters {
    /// Nothing.
    #[default]
    None,
    /// Something that never went above the band of PB-ELEV.
    Band,
    /// Something that reached a level.
    Level,
}

/// What one reading says about the background.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// A normal dose rate, in µSv/h.
    Quiet(f64),
    /// A dose rate, in µSv/h, that is elevated only against the assumed
    /// background, or beside others that are.
    AgainstAssumed(f64),
    /// Something is above normal, or it rains: the hour is spoilt.
    Spoils,
    /// Nothing at all: a copy, an old one, one that cannot be used.
    Nothing,
}

/// What a reading of the environment says, with rain near in time or not, and
/// what is open at its place.
pub fn evidence(judgement: &Judgement, is_wet: bool, matters: Matters) -> Evidence {
    let Some(class) = judgement.class else {
        return Evidence::Nothing;
    };
    match class {
        Class::PossibleEmergency | Class::Emergency => return Evidence::Spoils,
        Class::Exempt | Class::ExistingManaged => return Evidence::Spoils,
        Class::Invalid | Class::Unclassified => return Evidence::Nothing,
        Class::Normal | Class::Elevated => {}
    }
    let is_assumed = judgement.remarks.contains(Remark::BackgroundAssumed);
    let is_quiet = class == Class::Normal && matters == Matters::None;
    if is_wet || matters == Matters::Level || !(is_quiet || is_assumed) {
        return Evidence::Spoils;
    }
    let is_sound = judgement.disposition == Disposition::Accept
        && !judgement.remarks.contains(Remark::BelowDl);
    let rate = judgement
        .channels
        .iter()
        .find(|channel| channel.quantity == Quantity::DoseRate)
        .and_then(|channel| channel.value)
        .filter(|usv_h| *usv_h > 0.0 && *usv_h < T3_1_I_1.at_or_above);
    match rate.filter(|_| is_sound) {
        Some(usv_h) if is_quiet => Evidence::Quiet(usv_h),
        Some(usv_h) => Evidence::AgainstAssumed(usv_h),
        None => Evidence::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criteria::{Input, Observation, Policy, Setting, Shown, SourceKind, Status, judge};
    use crate::quality::{Arrived, TimeCheck};

    struct Case {
        usv_h: f64,
        background: Option<f64>,
        status: Status,
        arrived: Arrived,
        is_stale: bool,
    }

    const CASE: Case = Case {
        usv_h: 0.08,
        background: None,
        status: Status {
            test_mode: false,
            fault: false,
            not_initialised: false,
            below_detection_limit: false,
            rain: false,
        },
        arrived: Arrived::Fresh,
        is_stale: false,
    };

    #[track_caller]
    fn check(case: &Case, is_wet: bool, matters: Matters, expected: Evidence) {
        let setting = Setting {
            source: Some(SourceKind::Irdms),
            distance_m: Some(1.0),
            background_usv_h: case.background,
            ..Setting::default()
        };
        let time = TimeCheck {
            is_stale: case.is_stale,
            ..TimeCheck::default()
        };
        let input = Input {
            quantity: Quantity::DoseRate,
            shown: Shown::Number(case.usv_h),
            noted: crate::criteria::Remarks::EMPTY,
        };
        let observation = Observation {
            setting: &setting,
            channels: &[input],
            status: case.status,
            arrived: case.arrived,
            time,
            has_position: true,
            noted: crate::criteria::Remarks::EMPTY,
        };
        let judgement = judge(&observation, &Policy::default());
        assert_eq!(evidence(&judgement, is_wet, matters), expected);
    }

    #[test]
    fn only_a_dry_normal_reading_of_the_present_counts() {
        let quiet = Evidence::Quiet(0.08);
        check(&CASE, false, Matters::None, quiet);
        check(&CASE, true, Matters::None, Evidence::Spoils);
        check(&CASE, false, Matters::Level, Evidence::Spoils);
        let is_stale = true;
        check(
            &Case { is_stale, ..CASE },
            false,
            Matters::None,
            Evidence::Nothing,
        );
        let arrived = Arrived::Duplicate;
        check(
            &Case { arrived, ..CASE },
            false,
            Matters::None,
            Evidence::Nothing,
        );
        for status in [
            Status {
                test_mode: true,
                ..CASE.status
            },
            Status {
                fault: true,
                ..CASE.status
            },
            Status {
                below_detection_limit: true,
                ..CASE.status
            },
        ] {
            check(
                &Case { status, ..CASE },
                false,
                Matters::None,
                Evidence::Nothing,
            );
        }
        for usv_h in [0.0, -0.1, f64::NAN] {
            check(
                &Case { usv_h, ..CASE },
                false,
                Matters::None,
                Evidence::Nothing,
            );
        }
        for usv_h in [1.0, 150.0] {
            check(
                &Case { usv_h, ..CASE },
                false,
                Matters::None,
                Evidence::Spoils,
            );
        }
    }

    /// Above a known background it spoils; above the assumed one a person may
    /// look at it.
    #[test]
    fn elevated_is_never_quiet() {
        let above_assumed = Case { usv_h: 0.3, ..CASE };
        let candidate = Evidence::AgainstAssumed(0.3);
        check(&above_assumed, false, Matters::None, candidate);
        check(&above_assumed, false, Matters::Band, candidate);
        check(&above_assumed, true, Matters::None, Evidence::Spoils);
        check(&above_assumed, false, Matters::Level, Evidence::Spoils);
        check(&CASE, false, Matters::Band, Evidence::AgainstAssumed(0.08));
        let above_known = Case {
            usv_h: 0.3,
            background: Some(0.08),
            ..CASE
        };
        check(&above_known, false, Matters::None, Evidence::Spoils);
        let known = Case {
            background: Some(0.08),
            ..CASE
        };
        check(&known, false, Matters::Band, Evidence::Spoils);
    }
}
