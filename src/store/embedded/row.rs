//! One row of the `value` table: a channel, and with the first channel of a
//! reading also everything that belongs to the reading as a whole.
//!
//! What SQL is asked about has a column of its own. The rest is packed into
//! `rest`, because every further column costs each row a byte even when empty:
//!
//! ```text
//! rest:     channel part | reading part (in the row of channel 0 only)
//! channel:  shape | at_least float? | raw signed or float? | counts unsigned, seconds float?
//! reading:  fingerprint u64 | shape | rule byte | received signed
//!           | seq? | boot? | alt? | age? | hdop? | remarks? | also? | fine?
//! ```
//!
//! The layout belongs to the file's version; the codes below are frozen, and
//! those of remarks and flags are their positions, so new words of these are only
//! ever appended; those of rules have a list of their own.

use rusqlite::types::Value;

use super::item::Verdict;
use super::pack::{Unpack, put_float, put_signed, put_unsigned};
use super::rules::{rule_code, rule_of, rules_bits, rules_of};
use crate::clock::Wall;
use crate::criteria::{Class, Disposition, Remarks};
use crate::reading::{
    Amount, Channel, Counting, Delivery, DeviceTime, Measured, NoValue, Number, PositionSource,
    Quantity, Radiation, Reading, Sequence,
};
use crate::store::NANOS_PER_MS;
use crate::units::rounded;

/// Codes of quantities lie below this; the channel's place in the reading is
/// counted in multiples of it.
pub(super) const CHANNEL_STEP: i64 = 32;

/// The quantity code of a reading that has no channel at all.
pub(super) const NO_CHANNEL: i64 = 31;

const DISPOSITIONS: [Disposition; 5] = [
    Disposition::Accept,
    Disposition::Historical,
    Disposition::Quarantine,
    Disposition::Reject,
    Disposition::Duplicate,
];

const NO_VALUES: [NoValue; 4] = [
    NoValue::Overrange,
    NoValue::DetectorFault,
    NoValue::NotInitialised,
    NoValue::NotReported,
];

const POSITION_SOURCES: [PositionSource; 3] = [
    PositionSource::Frame,
    PositionSource::Fix,
    PositionSource::Configured,
];

const RADIATIONS: [Radiation; 7] = [
    Radiation::Alpha,
    Radiation::Beta,
    Radiation::Gamma,
    Radiation::AlphaBeta,
    Radiation::AlphaBetaGamma,
    Radiation::Neutron,
    Radiation::Unspecified,
];

/// Place of a word in its frozen list.
fn code<T: PartialEq>(list: &[T], word: &T) -> u64 {
    let place = list
        .iter()
        .position(|listed| listed == word)
        .expect("the list holds every word; a test says so");
    u64::try_from(place).expect("a short list")
}

fn word<T: Copy>(list: &[T], code: u64) -> Option<T> {
    list.get(usize::try_from(code).ok()?).copied()
}

/// The number a quantity is stored as, 0 to 30.
pub(super) fn quantity_code(quantity: Quantity) -> i64 {
    let radiation = |radiation| code(&RADIATIONS, &radiation).cast_signed();
    match quantity {
        Quantity::DoseRate => 0,
        Quantity::Dose => 1,
        Quantity::CountRate(kind) => 8 + radiation(kind),
        Quantity::SurfaceActivity(kind) => 16 + radiation(kind),
    }
}

/// Reads the number back.
pub(super) fn quantity_from_code(number: i64) -> Option<Quantity> {
    let radiation = |from: i64| word(&RADIATIONS, u64::try_from(number - from).ok()?);
    match number {
        0 => Some(Quantity::DoseRate),
        1 => Some(Quantity::Dose),
        8..16 => radiation(8).map(Quantity::CountRate),
        16..24 => radiation(16).map(Quantity::SurfaceActivity),
        _ => None,
    }
}

/// The `value` column: millionths of the canonical unit; a real number of
/// whole units in the rare case that those do not fit; null when missing.
pub(super) fn value_column(measured: Measured<Amount>) -> Value {
    measured.map_or(Value::Null, |amount| {
        let number = amount.number();
        scaled(number, 1e6).map_or(Value::Real(number), Value::Integer)
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "came from a float that was a whole number"
)]
fn amount(quantity: Quantity, column: &Value) -> Option<Amount> {
    let number = match column {
        Value::Integer(millionths) => *millionths as f64 / 1e6,
        Value::Real(number) => *number,
        Value::Null | Value::Text(_) | Value::Blob(_) => return None,
    };
    Amount::new(quantity, number).ok()
}

/// `value * factor` as a whole number; `None` when it does not fit.
pub(super) fn scaled(value: f64, factor: f64) -> Option<i64> {
    let scaled = (value * factor).round();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and inside the range of 64 bits, as just checked"
    )]
    (scaled.abs() < 9.2e18).then_some(scaled as i64)
}

/// One channel as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChannelPart {
    pub(super) quantity: Quantity,
    pub(super) measured: Measured<Amount>,
    pub(super) at_least: Option<Amount>,
    pub(super) raw: Option<Number>,
    pub(super) counting: Option<Counting>,
}

/// Which optional pieces follow in the channel part.
mod channel_bit {
    pub(super) const RAW_INT: u64 = 1;
    pub(super) const RAW_FLOAT: u64 = 1 << 1;
    pub(super) const COUNTING: u64 = 1 << 2;
    /// Three bits: 0, or one more than the code of the [`super::NoValue`].
    pub(super) const MISSING_SHIFT: u32 = 3;
    pub(super) const AT_LEAST: u64 = 1 << 6;
}

/// Appends the channel part.
pub(super) fn put_channel(out: &mut Vec<u8>, channel: &Channel) {
    let missing = channel
        .measured
        .err()
        .map_or(0, |missing| 1 + code(&NO_VALUES, &missing));
    let mut shape = missing << channel_bit::MISSING_SHIFT;
    shape |= match channel.raw.map(|raw| raw.value) {
        Some(Number::Int(_)) => channel_bit::RAW_INT,
        Some(Number::Float(_)) => channel_bit::RAW_FLOAT,
        None => 0,
    };
    if channel.counting.is_some() {
        shape |= channel_bit::COUNTING;
    }
    if channel.at_least.is_some() {
        shape |= channel_bit::AT_LEAST;
    }
    put_unsigned(out, u128::from(shape));
    if let Some(at_least) = channel.at_least {
        put_float(out, rounded(at_least.number()));
    }
    match channel.raw.map(|raw| raw.value) {
        Some(Number::Int(value)) => put_signed(out, value),
        Some(Number::Float(value)) => put_float(out, value),
        None => {}
    }
    if let Some(counting) = channel.counting {
        put_unsigned(out, u128::from(counting.counts));
        put_float(out, counting.seconds);
    }
}

/// Reads the channel part; `None` when it is damaged.
pub(super) fn take_channel(
    rest: &mut Unpack<'_>,
    quantity: Quantity,
    value: &Value,
) -> Option<ChannelPart> {
    let shape = rest.unsigned()?;
    let has = |bit: u64| shape & bit != 0;
    let measured = match (shape >> channel_bit::MISSING_SHIFT) & 7 {
        0 => Ok(amount(quantity, value)?),
        missing => Err(word(&NO_VALUES, missing - 1)?),
    };
    let at_least = if has(channel_bit::AT_LEAST) {
        Some(Amount::new(quantity, rest.float()?).ok()?)
    } else {
        None
    };
    let raw = if has(channel_bit::RAW_INT) {
        Some(Number::Int(rest.signed()?))
    } else if has(channel_bit::RAW_FLOAT) {
        Some(Number::Float(rest.float()?))
    } else {
        None
    };
    let counting = if has(channel_bit::COUNTING) {
        Some(Counting {
            counts: rest.unsigned()?,
            seconds: rest.float()?,
        })
    } else {
        None
    };
    Some(ChannelPart {
        quantity,
        measured,
        at_least,
        raw,
        counting,
    })
}

/// What the packed part says of a reading as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReadingPart {
    pub(super) fingerprint: u64,
    pub(super) received: Wall,
    pub(super) device_time: DeviceTime,
    pub(super) sequence: Option<Sequence>,
    pub(super) delivery: Delivery,
    /// Source, altitude, age and precision; the coordinates have columns.
    pub(super) fix: Option<Fix>,
    pub(super) verdict: Verdict,
}

/// A position without its coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fix {
    pub(super) source: PositionSource,
    pub(super) alt_m: Option<f64>,
    pub(super) age_s: Option<f64>,
    pub(super) hdop: Option<f64>,
}

/// Which optional pieces follow in the reading part. The first seven are what a
/// fixed station sets, so that its shape is one byte.
mod reading_bit {
    /// Two bits: absent, naive, impossible, an instant.
    pub(super) const DEVICE_TIME: u64 = 3;
    /// Three bits.
    pub(super) const DISPOSITION_SHIFT: u32 = 2;
    pub(super) const SEQ: u64 = 1 << 5;
    pub(super) const BOOT: u64 = 1 << 6;
    pub(super) const REMARKS: u64 = 1 << 7;
    pub(super) const ALSO: u64 = 1 << 8;
    /// Two bits: 0, or one more than the code of the position's source.
    pub(super) const FIX_SHIFT: u32 = 9;
    pub(super) const ALT: u64 = 1 << 11;
    pub(super) const AGE: u64 = 1 << 12;
    pub(super) const HDOP: u64 = 1 << 13;
    pub(super) const RETAINED: u64 = 1 << 14;
    pub(super) const REDELIVERED: u64 = 1 << 15;
    /// The instrument's time has a part below the millisecond.
    pub(super) const FINE: u64 = 1 << 16;
}

/// Appends the reading part. `key` is the instant the row is stored under, and
/// `fix` the position where it is not in the dictionary.
pub(super) fn put_reading(
    out: &mut Vec<u8>,
    reading: &Reading,
    verdict: &Verdict,
    key: Wall,
    fix: Option<&Fix>,
) {
    let floor = floor_to_ms(key);
    let fine = match reading.device_time {
        DeviceTime::At(at) => at.as_nanos() - floor,
        DeviceTime::Naive | DeviceTime::Impossible | DeviceTime::Absent => 0,
    };
    let boot = reading.sequence.and_then(|sequence| sequence.boot);
    let alt = fix.and_then(|fix| fix.alt_m);
    let age = fix.and_then(|fix| fix.age_s);
    let hdop = fix.and_then(|fix| fix.hdop);

    let mut shape = match reading.device_time {
        DeviceTime::Absent => 0,
        DeviceTime::Naive => 1,
        DeviceTime::Impossible => 2,
        DeviceTime::At(_) => 3,
    };
    shape |= code(&DISPOSITIONS, &verdict.disposition) << reading_bit::DISPOSITION_SHIFT;
    shape |=
        fix.map_or(0, |fix| 1 + code(&POSITION_SOURCES, &fix.source)) << reading_bit::FIX_SHIFT;
    for (there, bit) in [
        (reading.sequence.is_some(), reading_bit::SEQ),
        (boot.is_some(), reading_bit::BOOT),
        (!verdict.remarks.is_empty(), reading_bit::REMARKS),
        (!verdict.also.is_empty(), reading_bit::ALSO),
        (alt.is_some(), reading_bit::ALT),
        (age.is_some(), reading_bit::AGE),
        (hdop.is_some(), reading_bit::HDOP),
        (reading.delivery.retained, reading_bit::RETAINED),
        (reading.delivery.redelivered, reading_bit::REDELIVERED),
        (fine != 0, reading_bit::FINE),
    ] {
        if there {
            shape |= bit;
        }
    }

    out.extend_from_slice(&reading.fingerprint.to_le_bytes());
    put_unsigned(out, u128::from(shape));
    out.push(rule_code(verdict.rule));
    put_signed(out, reading.received.wall.as_nanos().wrapping_sub(floor));
    let unsigned = [
        reading.sequence.map(|sequence| u128::from(sequence.seq)),
        boot.map(u128::from),
    ];
    for number in unsigned.into_iter().flatten() {
        put_unsigned(out, number);
    }
    for float in [alt, age, hdop].into_iter().flatten() {
        put_float(out, float);
    }
    if !verdict.remarks.is_empty() {
        put_unsigned(out, u128::from(verdict.remarks.bits()));
    }
    if !verdict.also.is_empty() {
        put_unsigned(out, rules_bits(verdict.also));
    }
    if fine != 0 {
        put_signed(out, fine);
    }
}

/// Reads the reading part of a row stored under `key`; `None` when it is
/// damaged. `class` is the column of that name.
pub(super) fn take_reading(
    rest: &mut Unpack<'_>,
    key: Wall,
    class: Option<i64>,
) -> Option<ReadingPart> {
    let floor = floor_to_ms(key);
    let fingerprint = u64::from_le_bytes(rest.chunk()?);
    let shape = rest.unsigned()?;
    let has = |bit: u64| shape & bit != 0;
    let rule = rule_of(usize::from(rest.byte()?))?;
    let received = Wall::from_nanos(floor.wrapping_add(rest.signed()?));
    let seq = if has(reading_bit::SEQ) {
        Some(rest.unsigned()?)
    } else {
        None
    };
    let boot = if has(reading_bit::BOOT) {
        Some(rest.unsigned()?)
    } else {
        None
    };
    let alt_m = if has(reading_bit::ALT) {
        Some(rest.float()?)
    } else {
        None
    };
    let age_s = if has(reading_bit::AGE) {
        Some(rest.float()?)
    } else {
        None
    };
    let hdop = if has(reading_bit::HDOP) {
        Some(rest.float()?)
    } else {
        None
    };
    let remarks = if has(reading_bit::REMARKS) {
        rest.unsigned()?
    } else {
        0
    };
    let also = if has(reading_bit::ALSO) {
        rest.wide()?
    } else {
        0
    };
    let fine = if has(reading_bit::FINE) {
        rest.signed()?
    } else {
        0
    };
    let device_time = match shape & reading_bit::DEVICE_TIME {
        0 => DeviceTime::Absent,
        1 => DeviceTime::Naive,
        2 => DeviceTime::Impossible,
        _ => DeviceTime::At(Wall::from_nanos(floor.checked_add(fine)?)),
    };
    let fix = match (shape >> reading_bit::FIX_SHIFT) & 3 {
        0 => None,
        source => Some(Fix {
            source: word(&POSITION_SOURCES, source - 1)?,
            alt_m,
            age_s,
            hdop,
        }),
    };
    let class = match class {
        Some(code) => Some(Class::from_code(code)?),
        None => None,
    };
    Some(ReadingPart {
        fingerprint,
        received,
        device_time,
        sequence: seq.map(|seq| Sequence { boot, seq }),
        delivery: Delivery {
            retained: has(reading_bit::RETAINED),
            redelivered: has(reading_bit::REDELIVERED),
        },
        fix,
        verdict: Verdict {
            class,
            rule,
            also: rules_of(also),
            disposition: word(&DISPOSITIONS, (shape >> reading_bit::DISPOSITION_SHIFT) & 7)?,
            remarks: Remarks::from_bits(remarks),
        },
    })
}

fn floor_to_ms(key: Wall) -> i64 {
    key.as_millis().saturating_mul(NANOS_PER_MS)
}

#[cfg(test)]
mod tests;
