//! Times of measurement as instruments write them.

use jiff::civil;
use jiff::fmt::strtime::BrokenDownTime;

use super::captures::{Captures, Scalar};
use crate::clock::{TimeError, Wall, Zone};
use crate::profile::{TimeForm, TimeRule};
use crate::reading::{DeviceTime, Flag, Flags, Number};

/// Reads the time of a frame, and flags what is wrong with it.
pub(super) fn time(rule: &TimeRule, captures: &Captures<'_>, flags: &mut Flags) -> DeviceTime {
    let part = match captures.get(rule.from) {
        None | Some(Scalar::Null) => {
            flags.insert(Flag::TimeAssumed);
            return DeviceTime::Absent;
        }
        Some(part) => part,
    };
    let text = || part.text().unwrap_or_default();
    let time = match &rule.form {
        TimeForm::Rfc3339 => match Wall::parse_rfc3339(&text()) {
            Ok(at) => DeviceTime::At(at),
            Err(TimeError::Naive) => text()
                .trim()
                .parse()
                .map_or(DeviceTime::Impossible, |at| local(rule.zone, at)),
            Err(TimeError::Invalid) => DeviceTime::Impossible,
        },
        TimeForm::Unix => known(part.number().ok().and_then(unix)),
        TimeForm::UnixMs => known(part.number().ok().and_then(unix_ms)),
        TimeForm::Filetime => known(part.number().ok().and_then(filetime)),
        TimeForm::Nmea(date) => {
            let date = captures.text(*date).unwrap_or_default();
            if text().is_empty() && date.is_empty() {
                // A receiver without a fix leaves both empty.
                flags.insert(Flag::TimeAssumed);
                return DeviceTime::Absent;
            }
            known(nmea(&text(), &date))
        }
        TimeForm::Pattern { pattern, utc } => match (by_pattern(pattern, &text()), utc) {
            (Some(at), true) => known(in_utc(at)),
            (Some(at), false) => local(rule.zone, at),
            (None, _) => DeviceTime::Impossible,
        },
        TimeForm::Accurad(date) => {
            let date = captures.get(*date).and_then(|part| part.number().ok());
            match (part.number(), date) {
                (Ok(Number::Int(time)), Some(Number::Int(date))) => {
                    accurad(time, date).map_or(DeviceTime::Impossible, |at| local(rule.zone, at))
                }
                _ => DeviceTime::Impossible,
            }
        }
    };
    if time.trusted().is_none() {
        flags.insert(Flag::ClockInvalid);
        flags.insert(Flag::TimeAssumed);
    }
    time
}

/// A time that tells no zone; it can be trusted only where the zone is known.
fn local(zone: Option<Zone>, at: civil::DateTime) -> DeviceTime {
    zone.map_or(DeviceTime::Naive, |zone| {
        let elapsed = i32::from(zone.offset_hours()) * 3600;
        let offset = jiff::tz::Offset::from_seconds(elapsed).ok();
        known(offset.and_then(|offset| instant(at, jiff::tz::TimeZone::fixed(offset))))
    })
}

fn known(at: Option<Wall>) -> DeviceTime {
    at.map_or(DeviceTime::Impossible, DeviceTime::At)
}

/// Nothing before 2000 is a real clock.
fn real(at: Wall) -> Option<Wall> {
    const YEAR_2000: i64 = 946_684_800;
    (at.as_secs() >= YEAR_2000).then_some(at)
}

/// Seconds since 1970.
fn unix(number: Number) -> Option<Wall> {
    let at = match number {
        Number::Int(secs) => Wall::from_secs(secs)?,
        Number::Float(secs) => {
            let duration = std::time::Duration::try_from_secs_f64(secs).ok()?;
            Wall::from_nanos(i64::try_from(duration.as_nanos()).ok()?)
        }
    };
    real(at)
}

/// Milliseconds since 1970.
fn unix_ms(number: Number) -> Option<Wall> {
    match number {
        Number::Int(ms) => real(Wall::from_nanos(ms.checked_mul(1_000_000)?)),
        Number::Float(ms) => unix(Number::Float(ms / 1000.0)),
    }
}

/// Steps of 100 ns since 1601.
fn filetime(number: Number) -> Option<Wall> {
    const FROM_1601_TO_1970: i64 = 11_644_473_600 * 10_000_000;
    let Number::Int(steps) = number else {
        return None;
    };
    let steps = steps.checked_sub(FROM_1601_TO_1970)?;
    real(Wall::from_nanos(steps.checked_mul(100)?))
}

fn in_utc(at: civil::DateTime) -> Option<Wall> {
    instant(at, jiff::tz::TimeZone::UTC)
}

fn instant(at: civil::DateTime, zone: jiff::tz::TimeZone) -> Option<Wall> {
    let zoned = at.to_zoned(zone).ok()?;
    let nanos = i64::try_from(zoned.timestamp().as_nanosecond()).ok()?;
    real(Wall::from_nanos(nanos))
}

fn by_pattern(pattern: &str, text: &str) -> Option<civil::DateTime> {
    BrokenDownTime::parse(pattern, text)
        .ok()?
        .to_datetime()
        .ok()
}

/// `hhmmss.sss` and `ddmmyy`; years of two digits are this century's.
fn nmea(time: &str, date: &str) -> Option<Wall> {
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = pairs(whole)?;
    let [day, month, year] = pairs(date)?;
    let at =
        civil::DateTime::new(i16::from(year) + 2000, month, day, hour, minute, second, 0).ok()?;
    if fraction.is_empty() {
        return in_utc(at);
    }
    let nanos: u32 = fraction
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| format!("{fraction:0<9}"))?
        .get(..9)?
        .parse()
        .ok()?;
    Some(in_utc(at)?.saturating_add(std::time::Duration::from_nanos(nanos.into())))
}

/// Three numbers of two digits.
fn pairs(text: &str) -> Option<[i8; 3]> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let pair = |from: usize| text.get(from..from + 2)?.parse().ok();
    Some([pair(0)?, pair(2)?, pair(4)?])
}

/// Hours in bits 0 to 4, minutes 5 to 10, seconds 11 to 16, milliseconds 17 to
/// 29; of the date: day 3 to 7, month 8 to 11, year 12 to 31. The zone stands in
/// another message, so what comes out is the instrument's local time.
fn accurad(time: i64, date: i64) -> Option<civil::DateTime> {
    let bits = |word: i64, from: u32, mask: i64| (word >> from) & mask;
    civil::DateTime::new(
        i16::try_from(bits(date, 12, 0xf_ffff)).ok()?,
        i8::try_from(bits(date, 8, 0xf)).ok()?,
        i8::try_from(bits(date, 3, 0x1f)).ok()?,
        i8::try_from(bits(time, 0, 0x1f)).ok()?,
        i8::try_from(bits(time, 5, 0x3f)).ok()?,
        i8::try_from(bits(time, 11, 0x3f)).ok()?,
        i32::try_from(bits(time, 17, 0x1fff))
            .ok()?
            .checked_mul(1_000_000)?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: &str, date: &str, expected: Option<&str>) {
        let expected = expected.map(|text| Wall::parse_rfc3339(text).unwrap());
        assert_eq!(nmea(time, date), expected, "{time} {date}");
    }

    #[test]
    fn times_of_receivers() {
        check("184353.07", "210410", Some("2010-04-21T18:43:53.07Z"));
        check("000000", "010100", Some("2000-01-01T00:00:00Z"));
        check("184353", "310410", None);
        check("244353", "210410", None);
        check("18435", "210410", None);
        check("184353", "", None);
        check("1843-1", "210410", None);
        check("184353.x", "210410", None);
    }

    #[test]
    fn times_of_windows() {
        let at = |steps| filetime(Number::Int(steps)).map(|at| at.as_secs());
        // 1601-01-01 is zero; 11644473600 s lie before 1970.
        assert_eq!(at(133_000_000_000_000_000), Some(1_655_526_400));
        assert_eq!(at(0), None);
        assert_eq!(at(i64::MAX), None);
        assert_eq!(filetime(Number::Float(1.33e17)), None);
    }

    #[test]
    fn packed_words() {
        // The sample frame of the instrument's manual.
        let time = i64::from(u32::from_le_bytes([0xc1, 0x42, 0x7e, 0x00]));
        let date = i64::from(u32::from_le_bytes([0xf6, 0xbe, 0xfa, 0x3d]));
        let _any = accurad(time, date);
        let time = 13 | (37 << 5) | (9 << 11) | (250 << 17);
        let date = 5 | (21 << 3) | (4 << 8) | (2023 << 12);
        let at = accurad(time, date).unwrap();
        assert_eq!(at.to_string(), "2023-04-21T13:37:09.25");
        assert_eq!(accurad(31, date), None);
        assert_eq!(accurad(time, 0), None);
    }

    #[test]
    fn patterns() {
        let at = by_pattern("%m/%d/%y %H:%M:%S", "04/21/95 16:56:24").unwrap();
        assert_eq!(at.to_string(), "1995-04-21T16:56:24");
        assert_eq!(by_pattern("%m/%d/%y %H:%M:%S", "21/04/95 16:56:24"), None);
        assert_eq!(by_pattern("%m/%d/%y %H:%M:%S", ""), None);
    }
}
