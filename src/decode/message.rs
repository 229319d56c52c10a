//! From the parts of a frame to a raw reading, by the rules of its message.

use std::sync::Arc;

use super::captures::{Captures, Scalar};
use super::counter::Counters;
use super::number::NumberError;
use super::raw::{
    Decoded, Ignored, RawPosition, RawReading, RawValue, RefusedValue, RejectReason, Rejected,
};
use super::time::time;
use crate::clock::Mono;
use crate::error::excerpt;
use crate::profile::schema::{ProfileStatus, Unused};
use crate::profile::{
    Case, CaseRow, CountingRule, Message, NamePart, NumberTest, PositionForm, PositionRule,
    Profile, Response, Sensitivity, SensitivityRule, SequenceRule, UnitRule, ValueRule, What,
    quantity_dimension,
};
use crate::reading::{
    Counting, DeviceTime, Factor, Flag, Flags, NoValue, Number, Quantity, Sequence,
};
use crate::units::{Dimension, Unit};

/// Reads a frame that is of this kind.
pub(super) fn read_message(
    profile: &Profile,
    message: &Message,
    captures: &Captures<'_>,
    verified: bool,
    mut counters: Counters<'_>,
) -> Decoded {
    if let Some(rule) = &message.availability {
        let word = captures.text(rule.from).unwrap_or_default();
        let is = |words: &[String]| words.iter().any(|known| *known == word);
        let online = match (is(&rule.online), is(&rule.offline)) {
            (true, _) => true,
            (false, true) => false,
            (false, false) => return Decoded::Ignored(Ignored::Other),
        };
        return Decoded::Ignored(Ignored::Availability { online });
    }
    let status = flags(message, captures);
    let mut flags = status;
    if !verified {
        flags.insert(Flag::ChecksumUnverified);
    }
    if profile.status == ProfileStatus::Unverified {
        flags.insert(Flag::ProfileUnverified);
    }
    let time = message
        .time
        .as_ref()
        .map_or(DeviceTime::Absent, |rule| time(rule, captures, &mut flags));
    let mut values = Vec::with_capacity(message.values.len());
    let mut refused = Vec::new();
    let device = device(profile, message, captures);
    let arrived = counters.now;
    for (n, rule) in message.values.iter().enumerate() {
        match value(rule, captures, status, &mut flags) {
            Ok(Some(total)) if rule.counter_bits.is_some() => {
                let now = if rule.counter_time {
                    measured(&time)
                } else {
                    Some(arrived)
                };
                let Some(now) = now else { continue };
                counters.now = now;
                values.extend(rate(total, rule, &device, n, &mut counters));
            }
            Ok(Some(value)) => values.push(value),
            Ok(None) => {}
            Err(why) if rule.optional => refused.push(why),
            Err(why) => return why.why.into(),
        }
    }
    // A receiver of positions has no values at all.
    if values.is_empty() && !message.values.is_empty() {
        return match (refused.into_iter().next(), message.empty) {
            (Some(first), _) => first.why.into(),
            (None, Unused::Ignored) => Decoded::Ignored(Ignored::Empty),
            (None, Unused::Rejected) => {
                Rejected::new(RejectReason::Malformed, "holds no value").into()
            }
        };
    }
    let sequence = match message.sequence.map(|rule| sequence(rule, captures)) {
        Some(Err(why)) => {
            refused.push(RefusedValue {
                quantity: None,
                why,
            });
            None
        }
        Some(Ok(sequence)) => sequence,
        None => None,
    };
    if !refused.is_empty() {
        flags.insert(Flag::ValueRefused);
    }
    let position = message
        .position
        .as_ref()
        .map_or(RawPosition::Absent, |rule| {
            position(rule, captures, &mut flags)
        });
    Decoded::Reading(Box::new(RawReading {
        device,
        values,
        refused,
        time,
        sequence,
        position,
        flags,
    }))
}

fn device(profile: &Profile, message: &Message, captures: &Captures<'_>) -> String {
    let mut name = String::new();
    for part in &profile.identity.parts {
        match part {
            NamePart::Text(text) => name.push_str(text),
            NamePart::Capture(capture) => {
                let id = message.captures.iter().position(|n| n == capture);
                let text = id.and_then(|id| captures.text(id)).unwrap_or_default();
                name.push_str(if text.is_empty() { "unknown" } else { &text });
            }
        }
    }
    name
}

fn flags(message: &Message, captures: &Captures<'_>) -> Flags {
    let mut flags: Flags = message
        .status
        .iter()
        .filter(|rule| captures.fit(&rule.when))
        .filter(|rule| {
            rule.number.is_none_or(|(id, test)| {
                let number = captures.get(id).and_then(|part| part.number().ok());
                match (test, number) {
                    (_, None) => false,
                    (NumberTest::AtOrAbove(limit), Some(number)) => number.as_f64() >= limit,
                    (NumberTest::Bit(bit), Some(Number::Int(number))) => {
                        number.checked_shr(bit).is_some_and(|bits| bits & 1 == 1)
                    }
                    (NumberTest::Bit(_), Some(Number::Float(_))) => false,
                }
            })
        })
        .map(|rule| rule.flag)
        .collect();
    if let Some(rule) = &message.status_words
        && let Some(Scalar::List(words)) = captures.get(rule.from)
    {
        for word in words {
            if let Some((_, flag)) = rule.words.iter().find(|(known, _)| known == word) {
                flags.insert(*flag);
            }
        }
    }
    flags
}

/// Reads one value; `Ok(None)` when the frame does not have it. `status` is what
/// the instrument says of itself, `flags` is added to.
fn value(
    rule: &ValueRule,
    captures: &Captures<'_>,
    status: Flags,
    flags: &mut Flags,
) -> Result<Option<RawValue>, RefusedValue> {
    if !captures.fit(&rule.when) {
        return Ok(None);
    }
    let Some(part) = captures.get(rule.from) else {
        return if rule.optional {
            Ok(None)
        } else {
            Err(RefusedValue {
                quantity: rule.what.as_ref().map(|what| what.quantity),
                why: Rejected::new(
                    RejectReason::Malformed,
                    "a value that must be there is missing",
                ),
            })
        };
    };
    let Some(what) = what(rule, captures)? else {
        return Ok(None);
    };
    let refuse = |reason, text: String| RefusedValue {
        quantity: Some(what.quantity),
        why: Rejected::new(reason, format!("{}: {text}", what.quantity.as_str())),
    };
    let unit = unit(what, rule, captures).map_err(|(reason, text)| refuse(reason, text))?;
    let Showing {
        number,
        shown,
        at_least,
    } = showing(part, rule, status, flags).map_err(|(reason, text)| refuse(reason, text))?;
    if let Ok(number) = number
        && number.as_f64() * what.scale + what.offset < 0.0
    {
        let text = format!("{} is negative after its offset", number.as_f64());
        return Err(refuse(RejectReason::OutOfRange, text));
    }
    let sensitivity = match &rule.sensitivity {
        Some(sensitivity) if quantity_dimension(what.quantity) != unit.dimension => {
            Some(sensitive(sensitivity, captures).map_err(|(reason, text)| refuse(reason, text))?)
        }
        _ => None,
    };
    Ok(Some(RawValue {
        quantity: what.quantity,
        number,
        shown,
        at_least,
        unit,
        scale: what.scale,
        offset: what.offset,
        dead_time: rule
            .dead_time
            .clone()
            .filter(|_| unit.dimension == Dimension::CountRate),
        sensitivity,
        counting: rule
            .counting
            .as_ref()
            .and_then(|counting| counts(counting, captures)),
    }))
}

/// The sensitivity of this frame's counts.
fn sensitive(
    rule: &SensitivityRule,
    captures: &Captures<'_>,
) -> Result<Sensitivity, (RejectReason, String)> {
    match rule {
        SensitivityRule::One(sensitivity) => Ok(sensitivity.clone()),
        SensitivityRule::By { of, rows } => {
            let name = captures.text(*of).unwrap_or_default();
            let row = rows.iter().find(|(known, _)| *known == name);
            row.map(|(_, sensitivity)| sensitivity.clone())
                .ok_or_else(|| {
                    let text = format!("nothing is known of the tube `{}`", excerpt(&name, 24));
                    (RejectReason::UnknownUnit, text)
                })
        }
        SensitivityRule::From { capture, source } => {
            let told = captures.get(*capture).and_then(|part| part.number().ok());
            let told = told.map(Number::as_f64).filter(|told| *told > 0.0);
            let cpm = told.ok_or_else(|| {
                let text = "the frame tells no sensitivity".to_owned();
                (RejectReason::NotANumber, text)
            })?;
            Ok(Sensitivity {
                response: Response::Constant(cpm),
                factor: Arc::new(Factor {
                    text: format!("{cpm} cpm per uSv/h"),
                    source: source.clone(),
                }),
            })
        }
    }
}

/// The time of measurement, to compare it with those of other frames.
fn measured(time: &DeviceTime) -> Option<Mono> {
    let nanos = time.trusted()?.as_nanos();
    u64::try_from(nanos).ok().map(Mono::from_nanos)
}

/// Makes the rate of a running total; the first one gives none yet.
fn rate(
    total: RawValue,
    rule: &ValueRule,
    device: &str,
    value: usize,
    counters: &mut Counters<'_>,
) -> Option<RawValue> {
    let Ok(Number::Int(number)) = total.number else {
        // What the instrument says of its state stands without a rate.
        return total.number.is_err().then_some(total);
    };
    let number = u64::try_from(number).ok()?;
    let step = counters.step(device, value, number, rule.counter_bits?)?;
    let counting = Counting {
        counts: step.counts,
        seconds: step.seconds,
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts between two frames stay far below 2^53"
    )]
    let rate = Number::Float(step.counts as f64 / step.seconds);
    Some(RawValue {
        number: Ok(rate),
        shown: Some(rate),
        counting: Some(counting),
        ..total
    })
}

/// What a part of the frame says of a value.
struct Showing {
    number: Result<Number, NoValue>,
    /// The number on the wire, where there is one.
    shown: Option<Number>,
    at_least: Option<Number>,
}

/// Reads a part as a number, or as the reason why there is none.
///
/// What the instrument says of its state goes before what it shows: under
/// overload, or broken, it may show anything at all, and none of that may pass
/// for a normal value or hide the state.
fn showing(
    part: &Scalar<'_>,
    rule: &ValueRule,
    status: Flags,
    flags: &mut Flags,
) -> Result<Showing, (RejectReason, String)> {
    let number = part.number();
    if let Some(reason) = spoiled(status) {
        let shown = number.ok().filter(|shown| shown.as_f64() >= 0.0);
        // Nothing at all is no lower bound.
        let bound = shown.filter(|shown| reason == NoValue::Overrange && shown.as_f64() > 0.0);
        return Ok(Showing {
            number: Err(reason),
            shown,
            at_least: bound,
        });
    }
    let word = part.text().unwrap_or_default();
    if let Some((_, reason)) = rule.missing.iter().find(|(known, _)| *known == word) {
        let is_over = *reason == NoValue::Overrange;
        if is_over {
            flags.insert(Flag::Overrange);
        }
        return Ok(Showing {
            number: Err(*reason),
            shown: None,
            at_least: rule.ceiling.filter(|_| is_over).map(Number::Float),
        });
    }
    let number = number.map_err(|error| (RejectReason::NotANumber, not_a_number(part, error)))?;
    let value = number.as_f64();
    if value < 0.0 {
        return Err((RejectReason::OutOfRange, format!("{value} is negative")));
    }
    if let Some((lo, hi)) = rule.range
        && !(lo <= value && value <= hi)
    {
        return Err((
            RejectReason::OutOfRange,
            format!("{value} is not between {lo} and {hi}"),
        ));
    }
    if rule.ceiling.is_some_and(|ceiling| value >= ceiling) {
        flags.insert(Flag::Overrange);
        return Ok(Showing {
            number: Err(NoValue::Overrange),
            shown: Some(number),
            at_least: Some(number),
        });
    }
    Ok(Showing {
        number: Ok(number),
        shown: Some(number),
        at_least: None,
    })
}

/// Why nothing in this frame may pass for a normal value; over-range first, for
/// it is evidence of a high field.
const fn spoiled(status: Flags) -> Option<NoValue> {
    if status.contains(Flag::Overrange) || status.contains(Flag::Overload) {
        Some(NoValue::Overrange)
    } else if status.contains(Flag::DetectorFault) || status.contains(Flag::HvFault) {
        Some(NoValue::DetectorFault)
    } else if status.contains(Flag::NotInitialised) {
        Some(NoValue::NotInitialised)
    } else {
        None
    }
}

fn not_a_number(part: &Scalar<'_>, error: NumberError) -> String {
    match part.text() {
        Some(text) => format!("`{}` is {error}", excerpt(&text, 24)),
        None => error.to_string(),
    }
}

/// What the value is: by the rule itself or by its case.
fn what<'r>(
    rule: &'r ValueRule,
    captures: &Captures<'_>,
) -> Result<Option<&'r What>, RefusedValue> {
    match (&rule.what, &rule.case) {
        (Some(what), _) => Ok(Some(what)),
        (None, Some(case)) => by_case(case, captures),
        (None, None) => Ok(None),
    }
}

fn by_case<'r>(case: &'r Case, captures: &Captures<'_>) -> Result<Option<&'r What>, RefusedValue> {
    let text = captures.text(case.of).unwrap_or_default();
    match case.rows.iter().find(|(known, _)| *known == text) {
        Some((_, CaseRow::Value(what))) => Ok(Some(what)),
        Some((_, CaseRow::Skip)) => Ok(None),
        None => Err(RefusedValue {
            quantity: None,
            why: Rejected::new(
                RejectReason::UnknownUnit,
                format!(
                    "`{}` says nothing known about the value",
                    excerpt(&text, 24)
                ),
            ),
        }),
    }
}

fn unit(
    what: &What,
    rule: &ValueRule,
    captures: &Captures<'_>,
) -> Result<&'static Unit, (RejectReason, String)> {
    let capture = match what.unit {
        UnitRule::Fixed(unit) => return Ok(unit),
        UnitRule::From(capture) => capture,
    };
    let Some(text) = captures.text(capture) else {
        return Err((
            RejectReason::UnknownUnit,
            "no unit beside the number".to_owned(),
        ));
    };
    let unit =
        Unit::parse(&text).map_err(|error| (RejectReason::UnknownUnit, error.to_string()))?;
    let by_sensitivity = what.quantity == Quantity::DoseRate
        && unit.dimension == Dimension::CountRate
        && rule.sensitivity.is_some();
    if unit.dimension == quantity_dimension(what.quantity) || by_sensitivity {
        Ok(unit)
    } else {
        Err((
            RejectReason::UnitMismatch,
            format!("`{}` is no unit of {}", unit.symbol, what.quantity.as_str()),
        ))
    }
}

fn counts(rule: &CountingRule, captures: &Captures<'_>) -> Option<Counting> {
    let number = |id| captures.get(id).and_then(|part| part.number().ok());
    let counts = match number(rule.counts)? {
        Number::Int(counts) => u64::try_from(counts).ok()?,
        Number::Float(_) => return None,
    };
    let seconds = match rule.seconds {
        Ok(seconds) => seconds,
        Err(id) => number(id)?.as_f64(),
    };
    (seconds > 0.0).then_some(Counting { counts, seconds })
}

fn position(rule: &PositionRule, captures: &Captures<'_>, flags: &mut Flags) -> RawPosition {
    if !rule.void.is_empty() && captures.fit(&rule.void) {
        flags.insert(Flag::GpsInvalid);
        return RawPosition::Void;
    }
    let number = |id| {
        captures
            .get(id)
            .and_then(|part| part.number().ok())
            .map(Number::as_f64)
    };
    let (lat_id, degrees) = match rule.form {
        PositionForm::Degrees { lat, lon } => (lat, number(lat).zip(number(lon))),
        PositionForm::Nmea {
            lat,
            lat_hemisphere,
            lon,
            lon_hemisphere,
        } => {
            let angle = |angle, hemisphere, positive, negative, max| {
                nmea(
                    number(angle)?,
                    &captures.text(hemisphere)?,
                    positive,
                    negative,
                    max,
                )
            };
            let degrees = angle(lat, lat_hemisphere, "N", "S", 90.0).zip(angle(
                lon,
                lon_hemisphere,
                "E",
                "W",
                180.0,
            ));
            (lat, degrees)
        }
    };
    let Some((lat, lon)) = degrees else {
        if captures.get(lat_id).is_none() {
            return RawPosition::Absent;
        }
        flags.insert(Flag::GpsInvalid);
        return RawPosition::Void;
    };
    if !((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)) {
        flags.insert(Flag::GpsInvalid);
        return RawPosition::Void;
    }
    let hdop = rule
        .hdop
        .iter()
        .find(|hdop| captures.fit(&hdop.when))
        .and_then(|hdop| Some(number(hdop.from)? * hdop.scale));
    RawPosition::At {
        lat,
        lon,
        alt_m: rule.alt_m.and_then(number),
        hdop,
    }
}

/// Degrees from `ddmm.mmmm`; the hemisphere gives the sign.
///
/// A number that comes negative together with its hemisphere is a known slip
/// of one GPS library: its sign is dropped.
fn nmea(angle: f64, hemisphere: &str, positive: &str, negative: &str, max: f64) -> Option<f64> {
    let angle = angle.abs();
    let degrees = (angle / 100.0).trunc();
    let minutes = angle - degrees * 100.0;
    let value = degrees + minutes / 60.0;
    if minutes >= 60.0 || value > max {
        return None;
    }
    if hemisphere == positive {
        Some(value)
    } else if hemisphere == negative {
        Some(-value)
    } else {
        None
    }
}

fn sequence(rule: SequenceRule, captures: &Captures<'_>) -> Result<Option<Sequence>, Rejected> {
    let whole = |id, name: &str| match captures.get(id) {
        None | Some(Scalar::Null) => Ok(None),
        Some(part) => match part.number() {
            Ok(Number::Int(n)) if n >= 0 => Ok(Some(n.unsigned_abs())),
            _ => Err(Rejected::new(
                RejectReason::Malformed,
                format!("{name} is not a whole number from 0"),
            )),
        },
    };
    let boot = match rule.boot {
        Some(id) => whole(id, "the boot number")?,
        None => None,
    };
    Ok(whole(rule.seq, "the sequence number")?.map(|seq| Sequence { boot, seq }))
}
