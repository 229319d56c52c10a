//! One value: what it is, in which unit, and what its number may be.

use super::super::model::{
    CaptureId, Case, CaseRow, CountingRule, UNNAMED_RADIATION, UnitRule, ValueRule, What,
};
use super::super::schema::{RawCase, RawCounting, RawValue};
use super::Problems;
use super::convert::{dead_time, sensitivity};
use super::message::Captures;
use crate::reading::{NoValue, Quantity, Radiation};
use crate::units::{Dimension, Unit};

/// Checks one value; `None` when it cannot be made sense of.
pub(super) fn value(
    at: &str,
    raw: &RawValue,
    captures: &Captures<'_>,
    p: &mut Problems,
) -> Option<ValueRule> {
    let parts = Parts {
        quantity: raw.quantity.as_deref(),
        radiation: raw.radiation.as_deref(),
        unit: raw.unit.as_deref(),
        unit_from: captures.optional(&format!("{at}.unit_from"), raw.unit_from.as_ref(), p),
        scale: raw.scale.unwrap_or(1.0),
        offset: raw.offset.unwrap_or(0.0),
    };
    let dead_time = raw
        .dead_time
        .as_ref()
        .map(|d| dead_time(&format!("{at}.dead_time"), d, p));
    let sensitivity = raw.sensitivity.as_ref().map(|s| {
        let at = format!("{at}.sensitivity");
        sensitivity(&at, s, dead_time.as_ref(), captures, p)
    });
    if raw
        .counter_bits
        .is_some_and(|bits| !(8..=63).contains(&bits))
    {
        p.add(&format!("{at}.counter_bits"), "must be 8 to 63");
    }
    if raw.counter_time && raw.counter_bits.is_none() {
        p.add(&format!("{at}.counter_time"), "needs `counter_bits`");
    }
    let case = raw.case.as_ref().map(|c| {
        case(
            &format!("{at}.case"),
            c,
            &parts,
            captures,
            sensitivity.is_some(),
            p,
        )
    });
    let what = match case {
        Some(_) => None,
        None => Some(what(at, &parts, sensitivity.is_some(), p)?),
    };
    let missing = raw
        .missing
        .iter()
        .map(|(word, reason)| {
            let at = format!("{at}.missing");
            let reason = p.word(
                &at,
                reason,
                NoValue::from_word,
                NoValue::ALL,
                NoValue::NotReported,
            );
            (word.clone(), reason)
        })
        .collect();
    let rising = |[lo, hi]: [f64; 2]| lo.partial_cmp(&hi) == Some(std::cmp::Ordering::Less);
    if !raw.range.is_none_or(rising) {
        p.add(
            &format!("{at}.range"),
            "the lower end must be below the upper one",
        );
    }
    Some(ValueRule {
        from: captures.id(at, &raw.from, p),
        what,
        case,
        sensitivity,
        dead_time,
        counter_bits: raw.counter_bits,
        counter_time: raw.counter_time,
        missing,
        range: raw.range.map(|[lo, hi]| (lo, hi)),
        ceiling: raw.ceiling,
        counting: raw
            .counting
            .as_ref()
            .map(|c| counting(&format!("{at}.counting"), c, captures, p)),
        when: captures.when(&format!("{at}.when"), &raw.when, p),
        optional: raw.optional.unwrap_or(true),
    })
}

/// What a value says of itself, before a case adds to it.
#[derive(Clone, Copy)]
struct Parts<'a> {
    quantity: Option<&'a str>,
    radiation: Option<&'a str>,
    unit: Option<&'a str>,
    unit_from: Option<CaptureId>,
    scale: f64,
    offset: f64,
}

fn what(at: &str, parts: &Parts<'_>, has_sensitivity: bool, p: &mut Problems) -> Option<What> {
    let radiation = match parts.radiation {
        Some(word) => p.word(
            &format!("{at}.radiation"),
            word,
            Radiation::from_word,
            Radiation::ALL,
            UNNAMED_RADIATION,
        ),
        None => UNNAMED_RADIATION,
    };
    let quantity = match parts.quantity {
        Some("dose_rate") => Quantity::DoseRate,
        Some("count_rate") => Quantity::CountRate(radiation),
        Some("dose") => Quantity::Dose,
        Some("surface_activity") => Quantity::SurfaceActivity(radiation),
        other => {
            let found = other.unwrap_or("nothing");
            p.add(
                &format!("{at}.quantity"),
                format!("`{found}` is none of dose_rate, count_rate, dose, surface_activity"),
            );
            return None;
        }
    };
    if quantity.radiation().is_some() && parts.radiation.is_none() {
        p.add(
            &format!("{at}.radiation"),
            "counts are never without their radiation",
        );
    }
    if !(parts.scale.is_finite() && parts.scale > 0.0) {
        p.add(&format!("{at}.scale"), "must be a number above zero");
    }
    if !parts.offset.is_finite() {
        p.add(&format!("{at}.offset"), "must be a number");
    }
    let unit = match (parts.unit, parts.unit_from) {
        (Some(text), None) => match Unit::parse(text) {
            Ok(unit) => {
                ensure_unit_fits(at, quantity, unit, has_sensitivity, p);
                UnitRule::Fixed(unit)
            }
            Err(error) => {
                p.add(&format!("{at}.unit"), error);
                return None;
            }
        },
        (None, Some(capture)) => UnitRule::From(capture),
        _ => {
            p.add(at, "needs `unit` or `unit_from`, and only one of them");
            return None;
        }
    };
    Some(What {
        quantity,
        unit,
        scale: parts.scale,
        offset: parts.offset,
    })
}

fn ensure_unit_fits(
    at: &str,
    quantity: Quantity,
    unit: &Unit,
    has_sensitivity: bool,
    p: &mut Problems,
) {
    let direct = quantity_dimension(quantity) == unit.dimension;
    let by_sensitivity = quantity == Quantity::DoseRate && unit.dimension == Dimension::CountRate;
    if by_sensitivity && !has_sensitivity {
        p.add(at, "a dose rate from counts needs `sensitivity`");
    } else if !direct && !by_sensitivity {
        p.add(
            &format!("{at}.unit"),
            format!("`{}` is no unit of {}", unit.symbol, quantity.as_str()),
        );
    }
}

/// The dimension a quantity's unit must have.
pub(crate) const fn quantity_dimension(quantity: Quantity) -> Dimension {
    match quantity {
        Quantity::DoseRate => Dimension::DoseRate,
        Quantity::CountRate(_) => Dimension::CountRate,
        Quantity::Dose => Dimension::Dose,
        Quantity::SurfaceActivity(_) => Dimension::SurfaceActivity,
    }
}

fn case(
    at: &str,
    raw: &RawCase,
    parts: &Parts<'_>,
    captures: &Captures<'_>,
    has_sensitivity: bool,
    p: &mut Problems,
) -> Case {
    let rows = raw
        .rows
        .iter()
        .filter_map(|(text, row)| {
            if row.skip {
                return Some((text.clone(), CaseRow::Skip));
            }
            let merged = Parts {
                quantity: row.quantity.as_deref().or(parts.quantity),
                radiation: row.radiation.as_deref().or(parts.radiation),
                unit: row.unit.as_deref().or(parts.unit),
                unit_from: if row.unit.is_some() {
                    None
                } else {
                    parts.unit_from
                },
                scale: row.scale.unwrap_or(parts.scale),
                offset: parts.offset,
            };
            let what = what(&format!("{at}.rows.{text}"), &merged, has_sensitivity, p)?;
            Some((text.clone(), CaseRow::Value(what)))
        })
        .collect();
    Case {
        of: captures.id(at, &raw.of, p),
        rows,
    }
}

fn counting(
    at: &str,
    raw: &RawCounting,
    captures: &Captures<'_>,
    p: &mut Problems,
) -> CountingRule {
    let seconds = match (&raw.seconds_from, raw.seconds) {
        (Some(name), None) => Err(captures.id(at, name, p)),
        (None, Some(seconds)) if seconds > 0.0 => Ok(seconds),
        _ => {
            p.add(at, "needs `seconds` above zero or `seconds_from`");
            Ok(1.0)
        }
    };
    CountingRule {
        counts: captures.id(at, &raw.counts, p),
        seconds,
    }
}
