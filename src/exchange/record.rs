//! The decode record: one JSON object for each frame (interface.md section 2).

use serde::Serialize;

use crate::reading::{Channel, NoValue, Number, Position, Reading};
use crate::units::rounded;

/// One frame's outcome, as printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// A reading.
    Reading(Box<ReadingRecord>),
    /// Legal, but no reading.
    Ignored(IgnoredRecord),
    /// Refused.
    Rejected(RejectedRecord),
}

/// A reading, as printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadingRecord {
    /// The instrument; never loses leading zeros.
    pub instrument: String,
    /// Id of the profile.
    pub profile: String,
    /// Number of the frame in its recording, from 1; absent for stored readings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// The instrument's time, when it gave one that can be trusted.
    pub measured_at: Option<String>,
    /// When it arrived.
    pub received_at: String,
    /// `instrument` or `arrival`.
    pub time_source: &'static str,
    /// The message's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The instrument's count of restarts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<u64>,
    /// The values.
    pub values: Vec<ValueRecord>,
    /// Where.
    pub position: Option<PositionRecord>,
    /// The decode flags.
    pub flags: Vec<&'static str>,
}

/// A value, as printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueRecord {
    quantity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    radiation: Option<&'static str>,
    /// Rounded to six decimals; null when missing.
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<RawRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor_source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct RawRecord {
    value: NumberRecord,
    unit: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum NumberRecord {
    Int(i64),
    Float(f64),
}

impl From<Number> for NumberRecord {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(n) => Self::Int(n),
            Number::Float(x) => Self::Float(x),
        }
    }
}

/// A position, as printed: six decimals, 0.1 m.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PositionRecord {
    lat: f64,
    lon: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_m: Option<f64>,
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hdop: Option<f64>,
}

/// A legal frame without a reading, as printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IgnoredRecord {
    /// Id of the profile.
    pub profile: String,
    /// Number of the frame.
    pub frame: u64,
    /// What it is: `comment`, `other`, `empty`, `online` or `offline`.
    pub kind: &'static str,
}

/// A refused frame, as printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RejectedRecord {
    /// Id of the profile.
    pub profile: String,
    /// Number of the frame.
    pub frame: u64,
    /// A word of a closed list.
    pub reason: &'static str,
    /// What was found, for people.
    pub error: String,
}

/// The record of a reading.
pub fn reading_record(reading: &Reading, frame: Option<u64>) -> ReadingRecord {
    ReadingRecord {
        instrument: reading.instrument.to_string(),
        profile: reading.profile.to_string(),
        frame,
        measured_at: reading.device_time.trusted().map(|at| at.to_string()),
        received_at: reading.received.wall.to_string(),
        time_source: reading.time_source().as_str(),
        seq: reading.sequence.map(|s| s.seq),
        boot: reading.sequence.and_then(|s| s.boot),
        values: reading.channels.iter().map(value_record).collect(),
        position: reading.position.as_ref().map(position_record),
        flags: reading.flags.iter().map(|flag| flag.as_str()).collect(),
    }
}

fn value_record(channel: &Channel) -> ValueRecord {
    ValueRecord {
        quantity: channel.quantity.as_str(),
        radiation: channel.quantity.radiation().map(|r| r.as_str()),
        value: channel.measured.ok().map(|amount| rounded(amount.number())),
        missing: channel.measured.err().map(NoValue::as_str),
        at_least: channel.at_least.map(|amount| rounded(amount.number())),
        unit: channel.quantity.unit(),
        raw: channel.raw.map(|raw| RawRecord {
            value: raw.value.into(),
            unit: raw.unit,
        }),
        factor: channel.factor.as_ref().map(|f| f.text.clone()),
        factor_source: channel.factor.as_ref().map(|f| f.source.clone()),
        counts: channel.counting.map(|c| c.counts),
        seconds: channel.counting.map(|c| c.seconds),
    }
}

fn position_record(position: &Position) -> PositionRecord {
    PositionRecord {
        lat: rounded(position.lat),
        lon: rounded(position.lon),
        alt_m: position.alt_m,
        source: position.source.as_str(),
        age_s: position.age_s,
        hdop: position.hdop.map(rounded),
    }
}
