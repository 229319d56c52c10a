//! Captures made of other captures.

use std::borrow::Cow;

use super::binary::bits;
use super::captures::{Captures, Scalar};
use super::number::parse_number;
use crate::clock::Wall;
use crate::profile::{Make, Part};
use crate::reading::Number;

/// Makes one; `None` when the frame lacks what it is made of. What cannot be
/// made of what is there is [`Scalar::Other`], which is no number.
pub(super) fn make<'a>(part: &Part, captures: &Captures<'a>) -> Option<Scalar<'a>> {
    let from = captures.get(part.from)?;
    let number = || from.number().ok();
    Some(match part.make {
        Make::Bits { hex, mask, shift } => {
            let value = if hex {
                from.text()
                    .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
                    .and_then(|text| u64::from_str_radix(&text, 16).ok())
            } else {
                whole(number()).and_then(|n| u64::try_from(n).ok())
            };
            value.map_or(Scalar::Other, |value| bits(value, mask, shift))
        }
        Make::Number => text(split_unit(&from.text()?).0),
        Make::Unit => text(split_unit(&from.text()?).1),
        Make::Nnnse => from
            .text()
            .and_then(|text| nnnse(&text))
            .unwrap_or(Scalar::Other),
        Make::Float5x11 => whole(number())
            .filter(|n| (0..=0xffff).contains(n))
            .map_or(Scalar::Other, |n| int((n & 0x7ff) << (n >> 11))),
        Make::BinaryExponent { exponent, bias } => {
            let exponent = captures.get(exponent)?.number().ok().map(Number::as_f64);
            match (number().map(Number::as_f64), exponent) {
                (Some(mantissa), Some(exponent)) => float(mantissa * (exponent - bias).exp2()),
                _ => Scalar::Other,
            }
        }
        Make::Quotient(by) => of_whole(number(), |n| n.checked_div_euclid(by)),
        Make::Remainder(by) => of_whole(number(), |n| n.checked_rem_euclid(by)),
        Make::Last(count) => {
            let whole = from.text()?;
            let skipped = whole.chars().count().saturating_sub(count);
            Scalar::Text(Cow::Owned(whole.chars().skip(skipped).collect()))
        }
        Make::Ratio(under) => {
            let under = captures.get(under)?.number().ok().map(Number::as_f64);
            match (number().map(Number::as_f64), under) {
                (Some(over), Some(under)) if under > 0.0 => float(over / under),
                _ => Scalar::Other,
            }
        }
        Make::Seconds(end) => {
            let time = |part: &Scalar<'_>| Wall::parse_rfc3339(&part.text()?).ok();
            match (time(from), time(captures.get(end)?)) {
                (Some(start), Some(end)) => float(end.secs_since(start)),
                _ => Scalar::Other,
            }
        }
    })
}

const fn int<'a>(n: i64) -> Scalar<'a> {
    Scalar::Number(Number::Int(n))
}

fn float<'a>(value: f64) -> Scalar<'a> {
    if value.is_finite() {
        Scalar::Number(Number::Float(value))
    } else {
        Scalar::Other
    }
}

fn text<'a>(text: &str) -> Scalar<'a> {
    Scalar::Text(Cow::Owned(text.to_owned()))
}

const fn whole(number: Option<Number>) -> Option<i64> {
    match number {
        Some(Number::Int(n)) => Some(n),
        _ => None,
    }
}

fn of_whole<'a>(number: Option<Number>, make: impl Fn(i64) -> Option<i64>) -> Scalar<'a> {
    whole(number).and_then(make).map_or(Scalar::Other, int)
}

/// Splits `0.18uSv/h` into number and unit.
fn split_unit(text: &str) -> (&str, &str) {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
    let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

/// `NNNsE` is 0.00NNN × 10^(sE), so NNN × 10^(sE - 5).
fn nnnse<'a>(text: &str) -> Option<Scalar<'a>> {
    let digits = text.get(..3)?;
    let sign = text.get(3..4)?;
    let exponent: i32 = text.get(4..).filter(|rest| rest.len() == 1)?.parse().ok()?;
    let exponent = match sign {
        "+" => exponent - 5,
        "-" => -exponent - 5,
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // By way of decimal text, so that 232+1 is the double next to 0.0232.
    let number = parse_number(&format!("{digits}e{exponent}")).ok()?;
    Some(Scalar::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_adm_300() {
        for (text, expected) in [
            ("232+1", Some(0.0232)),
            ("143-1", Some(0.000143)),
            ("000-1", Some(0.0)),
            ("999+9", Some(9_990_000.0)),
            ("23+1", None),
            ("232*1", None),
            ("2a2+1", None),
            ("232+11", None),
            ("", None),
        ] {
            let expected = expected.map(|x| Scalar::Number(Number::Float(x)));
            assert_eq!(nnnse(text), expected, "`{text}`");
        }
    }

    #[test]
    fn a_unit_behind_a_number() {
        for (text, number, unit) in [
            ("0.18uSv/h", "0.18", "uSv/h"),
            ("58.1 uSv", "58.1", "uSv"),
            ("12", "12", ""),
            ("uSv", "", "uSv"),
        ] {
            assert_eq!(split_unit(text), (number, unit));
        }
    }
}
