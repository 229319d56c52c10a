//! What makes a dose rate of counts, and what counts are corrected for.

use std::sync::Arc;

use super::super::model::{DeadTime, Divisor, Response, Sensitivity, SensitivityRule};
use super::super::schema::{RawDeadTime, RawDivisor, RawSensitivity};
use super::Problems;
use super::message::Captures;
use crate::reading::Factor;

/// Longest dead time that any counter may have: a tenth of a second.
const MAX_DEAD_S: f64 = 0.1;

/// Checks a dead time.
pub(super) fn dead_time(at: &str, raw: &RawDeadTime, p: &mut Problems) -> DeadTime {
    let seconds = raw.seconds;
    if !(seconds > 0.0 && seconds <= MAX_DEAD_S) {
        let text = format!("must be above 0 and at most {MAX_DEAD_S}");
        p.add(&format!("{at}.seconds"), text);
    }
    DeadTime {
        seconds,
        factor: Arc::new(Factor {
            text: format!("dead time {seconds} s"),
            source: raw.source.clone(),
        }),
    }
}

/// Checks a sensitivity; the text for the record names the dead time too.
pub(super) fn sensitivity(
    at: &str,
    raw: &RawSensitivity,
    dead_time: Option<&DeadTime>,
    captures: &Captures<'_>,
    p: &mut Problems,
) -> SensitivityRule {
    let one = |response, text: String| {
        let text = match dead_time {
            Some(dead_time) => format!("{text}, {}", dead_time.factor.text),
            None => text,
        };
        let source = raw.source.clone();
        Sensitivity {
            response,
            factor: Arc::new(Factor { text, source }),
        }
    };
    let given = usize::from(raw.cpm_per_usv_h.is_some())
        + usize::from(raw.usv_h_per_cpm.is_some())
        + usize::from(raw.cpm_per_usv_h_from.is_some())
        + usize::from(!raw.points.is_empty())
        + usize::from(!raw.divisors.is_empty())
        + usize::from(raw.by.is_some());
    if given != 1 {
        p.add(
            at,
            "needs `cpm_per_usv_h` or `usv_h_per_cpm`, or another way, and only one",
        );
    }
    if let Some(tubes) = &raw.by {
        let rows = tubes.usv_h_per_cpm.iter().map(|(name, factor)| {
            ensure_positive(&format!("{at}.by.usv_h_per_cpm.{name}"), *factor, p);
            let text = format!("{factor} uSv/h per cpm ({name})");
            (name.clone(), one(Response::Constant(1.0 / factor), text))
        });
        let rows = rows.collect();
        return SensitivityRule::By {
            of: captures.id(&format!("{at}.by.of"), &tubes.of, p),
            rows,
        };
    }
    if let Some(name) = &raw.cpm_per_usv_h_from {
        return SensitivityRule::From {
            capture: captures.id(&format!("{at}.cpm_per_usv_h_from"), name, p),
            source: raw.source.clone(),
        };
    }
    SensitivityRule::One(if let Some(factor) = raw.usv_h_per_cpm {
        ensure_positive(at, factor, p);
        one(
            Response::Constant(1.0 / factor),
            format!("{factor} uSv/h per cpm"),
        )
    } else if !raw.points.is_empty() {
        let text = raw
            .points
            .iter()
            .map(|[cpm, usv_h]| format!("{cpm} cpm = {usv_h} uSv/h"));
        let text = text.collect::<Vec<_>>().join(", ");
        one(points(at, &raw.points, p), text)
    } else if !raw.divisors.is_empty() {
        let text = raw.divisors.iter().map(divisor_text);
        let text = format!("cpm / ({})", text.collect::<Vec<_>>().join("; "));
        one(divisors(at, &raw.divisors, p), text)
    } else {
        let cpm = raw.cpm_per_usv_h.unwrap_or(1.0);
        ensure_positive(at, cpm, p);
        one(Response::Constant(cpm), format!("{cpm} cpm per uSv/h"))
    })
}

/// One step as a person writes it: `147.56 - 0.083 cpm up to 388`.
fn divisor_text(step: &RawDivisor) -> String {
    let RawDivisor { up_to, base, slope } = step;
    let mut text = base.to_string();
    if *slope < 0.0 {
        text = format!("{text} - {} cpm", -slope);
    } else if *slope > 0.0 {
        text = format!("{text} + {slope} cpm");
    }
    match up_to {
        Some(up_to) => format!("{text} up to {up_to}"),
        None => text,
    }
}

fn ensure_positive(at: &str, number: f64, p: &mut Problems) {
    if !(number.is_finite() && number > 0.0) {
        p.add(at, "must be a number above zero");
    }
}

fn points(at: &str, raw: &[[f64; 2]], p: &mut Problems) -> Response {
    let mut last = (0.0, 0.0);
    for [cpm, usv_h] in raw {
        // A curve that falls would show a high field as a low one.
        if !(*cpm > last.0 && *usv_h > last.1 && cpm.is_finite() && usv_h.is_finite()) {
            p.add(&format!("{at}.points"), "must rise from point to point");
        }
        last = (*cpm, *usv_h);
    }
    Response::Points(raw.iter().map(|[cpm, usv_h]| (*cpm, *usv_h)).collect())
}

fn divisors(at: &str, raw: &[RawDivisor], p: &mut Problems) -> Response {
    let at = format!("{at}.divisors");
    let mut last = 0.0;
    for (n, step) in raw.iter().enumerate() {
        let is_last = n + 1 == raw.len();
        match step.up_to {
            Some(up_to) if up_to > last && up_to.is_finite() && !is_last => last = up_to,
            None if is_last => {}
            _ => p.add(
                &at,
                "`up_to` rises from step to step, and the last has none",
            ),
        }
        if !(step.base.is_finite() && step.slope.is_finite()) {
            p.add(&at, "must be numbers");
        }
    }
    let steps = raw.iter().map(|step| Divisor {
        up_to: step.up_to.unwrap_or(f64::INFINITY),
        base: step.base,
        slope: step.slope,
    });
    Response::Divisors(steps.collect())
}
