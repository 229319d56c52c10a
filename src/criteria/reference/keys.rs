//! The table itself.
//!
//! The bounds are the project's: inside them a rule is stricter or laxer,
//! outside it would be another rule, or none. The levels of the guideline are no
//! configuration; `tio2_schedule` and `worker_limits` can only lower one.

use super::super::policy::{Basis, Policy};
use super::super::termination::{AreaKind, NormalMode};
use super::super::words::Rule;
use super::{Key, Kind};

/// Rules that compare a dose rate with a level of the guideline.
const DOSE_RULES: &[Rule] = &[
    Rule::T31I1,
    Rule::T31I2,
    Rule::T31II1,
    Rule::T31III1,
    Rule::T31III2,
    Rule::EscTio2G,
    Rule::EscTio3G,
    Rule::EscTio4G,
];

/// Rules that compare anything with a level.
const COMPARING_RULES: &[Rule] = &[
    Rule::T31I1,
    Rule::T31I2,
    Rule::T31II1,
    Rule::T31III1,
    Rule::T31III2,
    Rule::T32I1,
    Rule::T32I2,
    Rule::T32II1,
    Rule::T32II2,
    Rule::T32III1,
    Rule::T32III2,
    Rule::EscTio2G,
    Rule::EscTio3G,
    Rule::EscTio4G,
    Rule::EscTio2B,
    Rule::EscTio3B,
    Rule::EscTio4B,
    Rule::EscTio2A,
    Rule::EscTio3A,
    Rule::EscTio4A,
    Rule::PbElev,
    Rule::PbExist,
    Rule::Sn1,
];

macro_rules! number {
    ($path:literal, $unit:literal, $from:literal to $to:expr, $($field:ident).+,
     $settles:literal, $reason:literal) => {
        Key {
            path: $path,
            unit: $unit,
            kind: Kind::Number {
                from: $from,
                to: $to,
                get: |policy| Some(policy.$($field).+),
                set: |policy, number| policy.$($field).+ = number,
            },
            settles: $settles,
            reason: $reason,
        }
    };
}

/// A number that is off by default.
macro_rules! optional {
    ($path:literal, $unit:literal, $from:literal to $to:literal, $($field:ident).+,
     $settles:literal, $reason:literal) => {
        Key {
            path: $path,
            unit: $unit,
            kind: Kind::Number {
                from: $from,
                to: $to,
                get: |policy| policy.$($field).+,
                set: |policy, number| policy.$($field).+ = Some(number),
            },
            settles: $settles,
            reason: $reason,
        }
    };
}

macro_rules! seconds {
    ($path:literal, $from:literal to $to:literal, $($field:ident).+,
     $settles:literal, $reason:literal) => {
        Key {
            path: $path,
            unit: "s",
            kind: Kind::Seconds {
                from: $from,
                to: $to,
                get: |policy| policy.$($field).+,
                set: |policy, number| policy.$($field).+ = number,
            },
            settles: $settles,
            reason: $reason,
        }
    };
}

const MODES: [(&str, NormalMode); 3] = [
    ("guarded", NormalMode::Guarded),
    ("text_or", NormalMode::TextOr),
    ("net_only", NormalMode::NetOnly),
];

fn mode(policy: &Policy) -> &'static str {
    MODES
        .iter()
        .find(|(_, mode)| *mode == policy.termination.normal_mode)
        .map(|(word, _)| *word)
        .expect("invariant: every mode has a word; a test says so")
}

fn set_mode(policy: &mut Policy, word: &str) {
    let found = MODES.iter().find(|(known, _)| *known == word);
    policy.termination.normal_mode = found.map_or(NormalMode::Guarded, |(_, mode)| *mode);
}

/// Every key of `[criteria]`, in the order in which they are printed and hashed.
///
/// A level that stands in a table and in an escalation rule is reached when
/// either says so: to compare with "above" alone, set both, for example
/// `T3.1-I-1` and `ESC-TIO3-G`.
pub const KEYS: &[Key] = &[
    Key {
        path: "comparator",
        unit: "-",
        kind: Kind::ByRule {
            rules: COMPARING_RULES,
            words: ["ge", "gt"],
            get: |policy, rule| policy.strict.contains(rule),
            set: |policy, rule| policy.strict.insert(rule),
        },
        settles: "A-01, C-01",
        reason: "The tables print > in some places and \"or more\" in others; at or above is the protective side.",
    },
    Key {
        path: "dose_basis",
        unit: "-",
        kind: Kind::ByRule {
            rules: DOSE_RULES,
            words: ["gross", "net"],
            get: |policy, rule| policy.net_dose.contains(rule),
            set: |policy, rule| policy.net_dose.insert(rule),
        },
        settles: "A-03",
        reason: "Action rows take the value as measured, the protective side; net needs a measured background.",
    },
    Key {
        path: "count_basis",
        unit: "-",
        kind: Kind::Choice {
            words: &["gross", "net"],
            get: |policy| match policy.count_basis {
                Basis::Gross => "gross",
                Basis::Net => "net",
            },
            set: |policy, word| {
                policy.count_basis = if word == "net" {
                    Basis::Net
                } else {
                    Basis::Gross
                };
            },
        },
        settles: "A-05",
        reason: "Gross is the protective side; net needs a fresh background.",
    },
    number!("gy_to_sv", "Sv/Gy", 0.5 to 2.0, gy_to_sv, "section 2",
        "About right for Cs-137 photons; a device profile may know better."),
    number!("persistence_min", "min", 1.0 to 1_440.0, persistence_min, "A-02, C-10",
        "One noisy minute must not send a team out; from 1 µSv/h on, one reading acts."),
    number!("elevated_net_usv_h", "µSv/h", 0.01 to 1.0, elevated_net_usv_h, "A-08",
        "1 mSv a year, the public limit, over 8760 h."),
    number!("background.fallback_usv_h", "µSv/h", 0.01 to 0.5, background_fallback_usv_h, "A-04",
        "Stands in for PB-ELEV alone where nobody measured a background."),
    number!("background.count_max_age_h", "h", 0.1 to 168.0, background_count_max_age_h, "A-04",
        "A probe picks up contamination: its background is of the same shift."),
    number!("rain.ratio", "-", 1.0 to 5.0, rain_ratio, "A-14",
        "The note of table 3.1 says that the background doubles."),
    number!("rain.hours_after", "h", 0.0 to 24.0, rain_hours_after, "A-14",
        "The note says some hours; radon daughters are gone in three."),
    number!("nhb.ratio", "-", 1.0 to 3.0, nhb_ratio, "EX-NHB, C-20",
        "A registered area explains its own background, and half of it more."),
    number!("existing.ratio", "-", 1.0 to 5.0, existing_ratio, "PB-EXIST, C-08",
        "A rise of half over what was recorded at closing is looked at."),
    number!("min_net_cps.alpha", "cps", 0.01 to 2.0, min_net_cps.alpha, "A-17",
        "Three times almost nothing is still almost nothing."),
    number!("min_net_cps.beta", "cps", 0.01 to 20.0, min_net_cps.beta, "A-17",
        "Three times almost nothing is still almost nothing."),
    Key {
        path: "medical.require_verification",
        unit: "-",
        kind: Kind::Flag {
            get: |policy| policy.medical_require_verification,
            set: |policy, is_required| policy.medical_require_verification = is_required,
        },
        settles: "A-15",
        reason: "Anybody can claim a treatment; a person confirms it.",
    },
    number!("norm.hours", "h", 1.0 to 8_784.0, norm_hours, "A-16",
        "A working year beside the material."),
    number!("env_max_height_m", "m", 1.0 to 100.0, env_max_height_m, "A-22",
        "Higher up a reading is a lower bound of the field at 1 m."),
    number!("geometry_tolerance", "-", 0.0 to 0.5, geometry_tolerance, "section 5, geometry",
        "Nobody holds a meter at exactly 10 cm or 1 m."),
    number!("probe_factor", "-", 0.01 to 100.0, probe_factor, "A-06",
        "The guideline names no reference probe; each instrument should have a factor of its own."),
    optional!("tio2_schedule.after_days", "d", 1.0 to 365.0, tio2_schedule.after_days, "A-09",
        "Off: the guideline has one value. With both keys TIO2 of the environment falls that long after the onset."),
    optional!("tio2_schedule.usv_h", "µSv/h", 2.0 to 100.0, tio2_schedule.usv_h, "A-09",
        "Off. IAEA reactor guidance is commonly quoted with 25 after 10 days; it can only lower the 100 of the guideline."),
    optional!("oil1_usv_h", "µSv/h", 101.0 to 100_000.0, oil1_usv_h, "A-10",
        "Off: the guideline has no such level. It adds the flag ABOVE_OIL1 and changes nothing else."),
    number!("background.learn_hours", "h", 6.0 to 720.0, learning.min_hours, "A-04",
        "Hours that must have counted before a background is known: a day with its night."),
    number!("background.days", "d", 1.0 to 90.0, learning.days, "A-04",
        "Days of counted hours behind the median, never fewer than learn_hours makes."),
    number!("background.drift_ratio", "-", 1.0 to 3.0, learning.drift_ratio, "A-04",
        "Most that is learned, times the value first learned: what rises further is not weather or season, and a person has to look."),
    seconds!("time.max_age_secs", 60 to 3_600, time.max_age_s, "section 5, time",
        "An older reading may raise, and never lowers."),
    seconds!("time.max_ahead_secs", 1 to 3_600, time.max_ahead_s, "section 5, time",
        "A clock further ahead is not believed."),
    number!("termination.hours", "h", 1.0 to 8_784.0, termination.min_hours, "A-11",
        "The guideline gives no duration; a day covers day and night."),
    number!("termination.points", "-", 1.0 to 10_000.0, termination.min_points, "A-11",
        "The guideline gives no number; the highest of them is compared."),
    number!("termination.max_gap_h", "h", 0.1 to 24.0, termination.max_gap_h, "A-11",
        "Longest time between two points that counts as measured: missing data is not low data."),
    Key {
        path: "termination_normal_mode",
        unit: "-",
        kind: Kind::Choice {
            words: &["guarded", "text_or", "net_only"],
            get: mode,
            set: set_mode,
        },
        settles: "A-13, C-09",
        reason: "The literal \"or\" would let a high background pass for normal; guarded keeps table 4.1 in every case.",
    },
    number!("decision_rule", "standard uncertainties", 0.0 to 5.0, termination.guard_factor, "A-18",
        "One-sided 95 %: closing needs to be sure, raising does not."),
    number!("occupancy_h.residential", "h/a", 1.0 to 8_784.0, termination.residential_h, "A-12",
        "The whole year, without shielding: the printed rates follow from it."),
    number!("occupancy_h.non_residential", "h/a", 1.0 to 8_784.0, termination.non_residential_h, "A-12",
        "A working year: the printed rates follow from it."),
    number!("h10_to_e", "Sv/Sv", 0.1 to 2.0, termination.h10_to_e, "A-12",
        "H*(10) is on the safe side of the effective dose."),
    Key {
        path: "area_type_default",
        unit: "-",
        kind: Kind::Choice {
            words: &["residential", "non_residential"],
            get: |policy| policy.termination.area_default.as_str(),
            set: |policy, word| {
                policy.termination.area_default =
                    AreaKind::from_word(word).unwrap_or(AreaKind::Residential);
            },
        },
        settles: "A-21",
        reason: "Where nobody says, people may live: the protective side.",
    },
    number!("worker_limits.W-50", "mSv", 1.0 to 50.0, worker.w_50, "A-20",
        "As printed; a service may ask for less, never for more."),
    number!("worker_limits.W-A8-1", "mSv", 1.0 to 500.0, worker.w_a8_1, "A-20",
        "As printed; a service may ask for less, never for more."),
    number!("worker_limits.W-A8-2", "mSv", 1.0 to 500.0, worker.w_a8_2, "A-20",
        "Annex VIII prints one 500 for rows 2 and 3; both take it."),
    number!("worker_limits.W-A8-3", "mSv", 1.0 to 500.0, worker.w_a8_3, "A-20",
        "Annex VIII prints one 500 for rows 2 and 3; both take it."),
    number!("worker_limits.W-A8-4", "mSv", 1.0 to 100.0, worker.w_a8_4, "A-20",
        "As printed; a service may ask for less, never for more."),
    number!("worker_limits.W-A8-5", "mSv", 1.0 to 100.0, worker.w_a8_5, "A-20",
        "As printed; a service may ask for less, never for more."),
];
