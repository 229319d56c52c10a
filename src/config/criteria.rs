//! `[criteria]`: what the guideline leaves open (criteria.md sections 5 and 7).
//!
//! | key                            | unit  | range         | default |
//! |--------------------------------|-------|---------------|---------|
//! | `comparator."<rule>"`          | -     | `ge`, `gt`    | `ge`    |
//! | `dose_basis."<rule>"`          | -     | `gross`, `net` | `gross` |
//! | `count_basis`                  | -     | `gross`, `net` | `gross` |
//! | `gy_to_sv`                     | Sv/Gy | 0.5 to 2      | 1.2     |
//! | `persistence_min`              | min   | 1 to 1 440    | 60      |
//! | `elevated_net_usv_h`           | µSv/h | 0.01 to 1     | 0.11    |
//! | `background.fallback_usv_h`    | µSv/h | 0.01 to 0.5   | 0.10    |
//! | `background.count_max_age_h`   | h     | 0.1 to 168    | 12      |
//! | `background.learn_hours`       | h     | 6 to 720      | 24      |
//! | `background.days`              | d     | 1 to 90       | 30      |
//! | `background.drift_ratio`       | -     | 1 to 3        | 1.5     |
//! | `rain.ratio`                   | -     | 1 to 5        | 2       |
//! | `rain.hours_after`             | h     | 0 to 24       | 3       |
//! | `nhb.ratio`                    | -     | 1 to 3        | 1.5     |
//! | `existing.ratio`               | -     | 1 to 5        | 1.5     |
//! | `min_net_cps.alpha`            | cps   | 0.01 to 2     | 0.1     |
//! | `min_net_cps.beta`             | cps   | 0.01 to 20    | 0.5     |
//! | `medical.require_verification` | -     | true, false   | true    |
//! | `norm.hours`                   | h     | 1 to 8 784    | 2 000   |
//! | `env_max_height_m`             | m     | 1 to 100      | 3       |
//! | `geometry_tolerance`           | -     | 0 to 0.5      | 0.2     |
//! | `probe_factor`                 | -     | 0.01 to 100   | 1       |
//! | `time.max_age_secs`            | s     | 60 to 3 600   | 900     |
//! | `time.max_ahead_secs`          | s     | 1 to 3 600    | 120     |
//! | `termination.hours`            | h     | 1 to 8 784    | 24      |
//! | `termination.points`           | -     | 1 to 10 000   | 10      |
//! | `termination.max_gap_h`        | h     | 0.1 to 24     | 3       |
//! | `termination_normal_mode`      | -     | `guarded`, `text_or`, `net_only` | `guarded` |
//! | `decision_rule`                | standard uncertainties | 0 to 5 | 1.645 |
//! | `occupancy_h.residential`      | h/a   | 1 to 8 784    | 8 760   |
//! | `occupancy_h.non_residential`  | h/a   | 1 to 8 784    | 2 000   |
//! | `h10_to_e`                     | Sv/Sv | 0.1 to 2      | 1       |
//! | `tio6_table`                   | -     | a file        | none    |
//! | `source_d_values`              | -     | a file        | none    |
//!
//! The defaults are those of [`Policy`]. The bounds are the project's: inside
//! them a rule is stricter or laxer, outside it would be another rule, or none.
//! The levels of the guideline itself are no configuration. What the supplied
//! text lacks is read from files that name their origin: [`table_file`].
//!
//! A level that stands in a table and in an escalation rule is reached when
//! either says so: to compare with "above" alone, set both, for example
//! `T3.1-I-1` and `ESC-TIO3-G`.

use std::ops::RangeInclusive;

use super::secret::Folders;
use super::section::Section;
use super::table_file;
use crate::criteria::reference::ReferenceTables;
use crate::criteria::termination::{NormalMode, TerminationPolicy};
use crate::criteria::{Basis, ByRadiation, Comparator, Learning, Policy, Rule, Rules};
use crate::quality::Limits;

const COMPARATORS: &[(&str, Comparator)] = &[("ge", Comparator::Ge), ("gt", Comparator::Gt)];

const BASES: &[(&str, Basis)] = &[("gross", Basis::Gross), ("net", Basis::Net)];

const NORMAL_MODES: &[(&str, NormalMode)] = &[
    ("guarded", NormalMode::Guarded),
    ("text_or", NormalMode::TextOr),
    ("net_only", NormalMode::NetOnly),
];

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

pub(super) fn read(mut section: Section<'_>, folders: &Folders) -> (Policy, ReferenceTables) {
    let tables = ReferenceTables {
        tio6: table_file::read(&mut section, "tio6_table", table_file::TIO6, folders),
        source_d_values: table_file::read(
            &mut section,
            "source_d_values",
            table_file::D_VALUES,
            folders,
        ),
    };
    (policy(section), tables)
}

fn policy(mut section: Section<'_>) -> Policy {
    let default = Policy::default();
    let comparators = section
        .table("comparator")
        .meanings(COMPARING_RULES, COMPARATORS);
    let bases = section.table("dose_basis").meanings(DOSE_RULES, BASES);
    let count_basis = section.meaning("count_basis", BASES);
    let mut number = |key, bounds, default| section.number(key, bounds).unwrap_or(default);
    let gy_to_sv = number("gy_to_sv", 0.5..=2.0, default.gy_to_sv);
    let persistence_min = number("persistence_min", 1.0..=1_440.0, default.persistence_min);
    let elevated_net_usv_h = number("elevated_net_usv_h", 0.01..=1.0, default.elevated_net_usv_h);
    let env_max_height_m = number("env_max_height_m", 1.0..=100.0, default.env_max_height_m);
    let geometry_tolerance = number("geometry_tolerance", 0.0..=0.5, default.geometry_tolerance);
    let probe_factor = number("probe_factor", 0.01..=100.0, default.probe_factor);
    let learning = default.learning;
    let [fallback, count_max_age, min_hours, days, drift_ratio] = numbers(
        section.table("background"),
        [
            ("fallback_usv_h", 0.01..=0.5),
            ("count_max_age_h", 0.1..=168.0),
            ("learn_hours", 6.0..=720.0),
            ("days", 1.0..=90.0),
            ("drift_ratio", 1.0..=3.0),
        ],
        [
            default.background_fallback_usv_h,
            default.background_count_max_age_h,
            learning.min_hours,
            learning.days,
            learning.drift_ratio,
        ],
    );
    let [rain_ratio, rain_hours_after] = numbers(
        section.table("rain"),
        [("ratio", 1.0..=5.0), ("hours_after", 0.0..=24.0)],
        [default.rain_ratio, default.rain_hours_after],
    );
    let [alpha, beta] = numbers(
        section.table("min_net_cps"),
        [("alpha", 0.01..=2.0), ("beta", 0.01..=20.0)],
        [default.min_net_cps.alpha, default.min_net_cps.beta],
    );
    let nhb_ratio = one(section.table("nhb"), "ratio", 1.0..=3.0, default.nhb_ratio);
    let existing = section.table("existing");
    let existing_ratio = one(existing, "ratio", 1.0..=5.0, default.existing_ratio);
    let norm_hours = one(
        section.table("norm"),
        "hours",
        1.0..=8_784.0,
        default.norm_hours,
    );
    let require_verification = require_verification(section.table("medical"));
    let time = time(section.table("time"), default.time);
    let termination = termination(&mut section, default.termination);
    section.finish();
    Policy {
        strict: chosen(&comparators, Comparator::Gt),
        net_dose: chosen(&bases, Basis::Net),
        count_basis: count_basis.unwrap_or(default.count_basis),
        gy_to_sv,
        persistence_min,
        elevated_net_usv_h,
        background_fallback_usv_h: fallback,
        background_count_max_age_h: count_max_age,
        rain_ratio,
        rain_hours_after,
        nhb_ratio,
        existing_ratio,
        min_net_cps: ByRadiation { alpha, beta },
        medical_require_verification: require_verification
            .unwrap_or(default.medical_require_verification),
        norm_hours,
        env_max_height_m,
        geometry_tolerance,
        probe_factor,
        time,
        learning: Learning {
            min_hours,
            // What has to be known cannot be forgotten before.
            days: days.max(min_hours / 24.0),
            drift_ratio,
        },
        termination,
    }
}

fn termination(section: &mut Section<'_>, default: TerminationPolicy) -> TerminationPolicy {
    let [min_hours, min_points, max_gap_h] = numbers(
        section.table("termination"),
        [
            ("hours", 1.0..=8_784.0),
            ("points", 1.0..=10_000.0),
            ("max_gap_h", 0.1..=24.0),
        ],
        [default.min_hours, default.min_points, default.max_gap_h],
    );
    let [residential_h, non_residential_h] = numbers(
        section.table("occupancy_h"),
        [
            ("residential", 1.0..=8_784.0),
            ("non_residential", 1.0..=8_784.0),
        ],
        [default.residential_h, default.non_residential_h],
    );
    let guard_factor = section.number("decision_rule", 0.0..=5.0);
    let h10_to_e = section.number("h10_to_e", 0.1..=2.0);
    let normal_mode = section.meaning("termination_normal_mode", NORMAL_MODES);
    TerminationPolicy {
        min_hours,
        min_points,
        max_gap_h,
        guard_factor: guard_factor.unwrap_or(default.guard_factor),
        residential_h,
        non_residential_h,
        h10_to_e: h10_to_e.unwrap_or(default.h10_to_e),
        normal_mode: normal_mode.unwrap_or(default.normal_mode),
    }
}

/// A table of numbers: key and bounds of each.
fn numbers<const N: usize>(
    mut table: Section<'_>,
    keys: [(&'static str, RangeInclusive<f64>); N],
    defaults: [f64; N],
) -> [f64; N] {
    let mut numbers = defaults;
    for (number, (key, bounds)) in numbers.iter_mut().zip(keys) {
        *number = table.number(key, bounds).unwrap_or(*number);
    }
    table.finish();
    numbers
}

/// A table with one number.
fn one(
    mut table: Section<'_>,
    key: &'static str,
    bounds: RangeInclusive<f64>,
    default: f64,
) -> f64 {
    let number = table.number(key, bounds);
    table.finish();
    number.unwrap_or(default)
}

fn require_verification(mut table: Section<'_>) -> Option<bool> {
    let is_required = table.boolean("require_verification");
    table.finish();
    is_required
}

fn time(mut table: Section<'_>, default: Limits) -> Limits {
    let max_age = table.seconds("max_age_secs", 60..=3_600);
    let max_ahead = table.seconds("max_ahead_secs", 1..=3_600);
    table.finish();
    Limits {
        max_age_s: max_age.map_or(default.max_age_s, |age| age.as_secs_f64()),
        max_ahead_s: max_ahead.map_or(default.max_ahead_s, |ahead| ahead.as_secs_f64()),
    }
}

/// The rules for which this was chosen.
fn chosen<T: PartialEq>(choices: &[(Rule, T)], choice: T) -> Rules {
    choices
        .iter()
        .filter(|(_, chosen)| *chosen == choice)
        .map(|(rule, _)| *rule)
        .collect()
}
