//! The decode record: one JSON object for each frame (interface.md section 2).

use serde::Serialize;

use crate::reading::{
    Amount, Channel, Counting, Factor, Measured, NoValue, Number, Position, Quantity, Reading,
};
use crate::store::embedded::{StoredChannel, StoredReading};
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

impl ReadingRecord {
    /// The dose rate with its unit, for people: `0.112 µSv/h`.
    pub fn dose_rate_text(&self) -> Option<String> {
        let value = self.values.iter().find(|v| v.quantity == "dose_rate")?;
        Some(match (value.value, value.at_least, value.missing) {
            (Some(value), _, _) => format!("{value:.3} µSv/h"),
            (None, Some(bound), _) => format!("> {bound:.3} µSv/h"),
            (None, None, Some(missing)) => missing.to_owned(),
            (None, None, None) => return None,
        })
    }

    /// Latitude and longitude in degrees, for people.
    pub fn position_text(&self) -> Option<String> {
        let position = self.position.as_ref()?;
        Some(format!("{:.5}, {:.5}", position.lat, position.lon))
    }
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
    unit: String,
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
    value(
        channel.quantity,
        channel.measured,
        channel.at_least,
        channel.raw.map(|raw| (raw.value, raw.unit)),
        channel.factor.as_deref(),
        channel.counting,
    )
}

fn stored_value(channel: &StoredChannel) -> ValueRecord {
    value(
        channel.quantity,
        channel.measured,
        channel.at_least,
        channel
            .raw
            .as_ref()
            .map(|raw| (raw.value, raw.unit.as_str())),
        channel.factor.as_deref(),
        channel.counting,
    )
}

fn value(
    quantity: Quantity,
    measured: Measured<Amount>,
    at_least: Option<Amount>,
    raw: Option<(Number, &str)>,
    factor: Option<&Factor>,
    counting: Option<Counting>,
) -> ValueRecord {
    ValueRecord {
        quantity: quantity.as_str(),
        radiation: quantity.radiation().map(|r| r.as_str()),
        value: measured.ok().map(|amount| rounded(amount.number())),
        missing: measured.err().map(NoValue::as_str),
        at_least: at_least.map(|amount| rounded(amount.number())),
        unit: quantity.unit(),
        raw: raw.map(|(value, unit)| RawRecord {
            value: value.into(),
            unit: unit.to_owned(),
        }),
        factor: factor.map(|f| f.text.clone()),
        factor_source: factor.map(|f| f.source.clone()),
        counts: counting.map(|c| c.counts),
        seconds: counting.map(|c| c.seconds),
    }
}

/// A stored reading with what it was judged to mean, as printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredRecord {
    /// Always `reading`.
    pub outcome: &'static str,
    /// When it was measured, as far as known.
    pub at: String,
    /// The reading.
    #[serde(flatten)]
    pub reading: ReadingRecord,
    /// The site of the instrument.
    pub site: Option<String>,
    /// How the instrument is used.
    pub source: &'static str,
    /// Whose radiation is measured.
    pub subject: &'static str,
    /// What it means; null for a duplicate.
    pub class: Option<&'static str>,
    /// By which rule.
    pub rule: &'static str,
    /// What became of the record.
    pub disposition: &'static str,
    /// Remarks of the judgement.
    pub remarks: Vec<&'static str>,
    /// Hash of the policy that judged; null in what was stored without it.
    pub policy: Option<String>,
}

/// The record of a stored reading.
pub fn stored_record(stored: &StoredReading) -> StoredRecord {
    StoredRecord {
        outcome: "reading",
        at: stored.at().to_string(),
        reading: ReadingRecord {
            instrument: stored.instrument.to_string(),
            profile: stored.profile.to_string(),
            frame: None,
            measured_at: stored.device_time.trusted().map(|at| at.to_string()),
            received_at: stored.received.to_string(),
            time_source: stored.time_source().as_str(),
            seq: stored.sequence.map(|s| s.seq),
            boot: stored.sequence.and_then(|s| s.boot),
            values: stored.channels.iter().map(stored_value).collect(),
            position: stored.position.as_ref().map(position_record),
            flags: stored.flags.iter().map(|flag| flag.as_str()).collect(),
        },
        site: stored.context.site.as_deref().map(str::to_owned),
        source: stored.context.source.as_str(),
        subject: stored.context.subject.as_str(),
        class: stored.verdict.class.map(|class| class.as_str()),
        rule: stored.verdict.rule.as_str(),
        disposition: stored.verdict.disposition.as_str(),
        remarks: stored.verdict.remarks.iter().map(|r| r.as_str()).collect(),
        policy: stored.context.policy.as_deref().map(str::to_owned),
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
