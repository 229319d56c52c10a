//! A profile exactly as its TOML file says it; `check` turns it
//! into the [`Profile`](super::Profile) that the program runs on.
//!
//! device-profiles/README.md documents every key for those who write profiles.

mod format;
mod wire;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::dialogue::RawDialogue;
use crate::reading::words;
pub use format::{RawEntry, RawField, RawFormat, RawInside, RawPart};
pub use wire::{Importer, RawBytes, RawChecksum, RawFraming, RawRegion};

/// The one schema version there is.
pub const SCHEMA: u32 = 1;

/// A whole `profile.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawProfile {
    /// Schema version; 1.
    pub schema: u32,
    /// Unique id, lower case with dashes.
    pub id: String,
    /// Maker and model, for people.
    pub title: String,
    /// What kind of instrument it is.
    pub class: String,
    /// `verified`, or `unverified` when the sheet leaves something open.
    pub status: String,
    /// Where the facts come from, at least one.
    pub sources: Vec<RawSource>,
    /// What is not certain; mandatory when unverified.
    pub caveat: Option<String>,
    /// Sievert per gray of air kerma; default 1.2.
    pub gy_to_sv: Option<f64>,
    /// How to name an instrument that the configuration does not name.
    pub identity: RawIdentity,
    /// How bytes get in.
    pub transport: RawTransport,
    /// What is said to the instrument; absent: it only listens.
    pub dialogue: Option<RawDialogue>,
    /// How bytes become frames.
    pub framing: RawFraming,
    /// How a frame proves itself; absent: it cannot.
    pub checksum: Option<RawChecksum>,
    /// Values remembered from comment lines and other frames.
    #[serde(default)]
    pub remember: Vec<RawRemember>,
    /// The kinds of frame, tried in order.
    #[serde(rename = "message")]
    pub messages: Vec<RawMessage>,
    /// What a sound frame is that fits no message: `ignored` or `rejected`.
    pub unmatched: String,
    /// Texts that are legal without being frames, such as a word at power-off;
    /// with `*` at the end, what they begin with.
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// A document a profile is written from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSource {
    /// Document or code, with its place.
    pub what: String,
    /// Evidence: V vendor document, F firmware source, C captured bytes,
    /// R reverse-engineered library, S single source.
    pub grade: String,
}

/// How an instrument gets its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawIdentity {
    /// A name with `{capture}` parts, for example `bgeigie-{id}`.
    pub name: String,
}

/// How bytes get in.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RawTransport {
    /// A serial line.
    Serial {
        /// Bits per second.
        baud: u32,
        /// 5 to 8; default 8.
        data_bits: Option<u8>,
        /// `none`, `even` or `odd`; default `none`.
        parity: Option<String>,
        /// 1 or 2; default 1.
        stop_bits: Option<u8>,
        /// `none` or `rtscts`; default `none`.
        flow: Option<String>,
        /// Level of the RTS line while the port is open; default: the driver's.
        rts: Option<bool>,
        /// Level of the DTR line while the port is open; default: the driver's.
        dtr: Option<bool>,
        /// Milliseconds between opening the port and the first byte sent;
        /// what arrives in between is thrown away. Default 0.
        open_delay_ms: Option<u32>,
        /// Seconds without a byte after which the instrument counts as silent.
        silence_s: Option<u32>,
    },
    /// A TCP connection that carries what a serial line would.
    Tcp {
        /// Seconds without a byte after which the instrument counts as silent.
        silence_s: Option<u32>,
    },
    /// Messages from a broker; topics stand at the messages.
    Mqtt {
        /// Seconds without a message after which the instrument counts as silent.
        silence_s: Option<u32>,
    },
    /// A file that the instrument or its program wrote; nothing comes live.
    File {},
}

/// A value remembered for the frames that follow, from a comment line or from
/// another frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRemember {
    /// The name by which rules refer to it.
    pub name: String,
    /// The comment begins with this; the rest is the value.
    pub after: Option<String>,
    /// Or the capture that holds it; each message that has this capture tells it.
    pub from: Option<String>,
    /// Seconds after which it is forgotten; default: never.
    pub for_s: Option<u32>,
}

/// One kind of frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMessage {
    /// What it is called in messages.
    pub name: String,
    /// MQTT: its topic, with `{capture}` parts.
    pub topic: Option<String>,
    /// How its parts are found.
    pub format: RawFormat,
    /// The part of the frame that the format takes apart; default all of it.
    pub inside: Option<RawInside>,
    /// Captures made of others.
    #[serde(default, rename = "part")]
    pub parts: Vec<RawPart>,
    /// It is this kind only when these captures match.
    #[serde(default)]
    pub when: RawWhen,
    /// A legal frame that is of no interest, such as a banner; default no.
    #[serde(default)]
    pub ignore: bool,
    /// Running totals begin anew after it.
    #[serde(default)]
    pub restart: bool,
    /// What to do with a message that holds no value: `ignored` or `rejected`.
    pub empty: Option<String>,
    /// The values in it.
    #[serde(default, rename = "value")]
    pub values: Vec<RawValue>,
    /// What it says of the instrument's state.
    #[serde(default)]
    pub status: Vec<RawStatus>,
    /// A list of state words in it.
    pub status_words: Option<RawStatusWords>,
    /// The time of measurement in it.
    pub time: Option<RawTime>,
    /// The position in it.
    pub position: Option<RawPosition>,
    /// The message number in it.
    pub sequence: Option<RawSequence>,
    /// Whether it tells that the instrument is there.
    pub availability: Option<RawAvailability>,
}

/// Captures and the words they may have: all must match. `W*` matches words
/// that begin with `W`.
pub type RawWhen = BTreeMap<String, Vec<String>>;

/// One value of a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawValue {
    /// `dose_rate`, `count_rate`, `dose` or `surface_activity`.
    pub quantity: Option<String>,
    /// For counts and surface activity.
    pub radiation: Option<String>,
    /// The capture that holds the number.
    pub from: String,
    /// The unit on the wire.
    pub unit: Option<String>,
    /// Or the capture that holds the unit's text.
    pub unit_from: Option<String>,
    /// The number on the wire times this is in the unit; default 1.
    pub scale: Option<f64>,
    /// And this is added, in the unit; default 0.
    pub offset: Option<f64>,
    /// Counts are corrected for the detector's dead time.
    pub dead_time: Option<RawDeadTime>,
    /// The number is a running total of so many bits; the value is its rate.
    pub counter_bits: Option<u32>,
    /// Whether the time between two totals is that of their own `time`, and not
    /// that of their arrival.
    #[serde(default)]
    pub counter_time: bool,
    /// Makes a dose rate from counts.
    pub sensitivity: Option<RawSensitivity>,
    /// Words that stand for a missing number → why.
    #[serde(default)]
    pub missing: BTreeMap<String, String>,
    /// Lowest and highest number the instrument can send, on the wire; others
    /// are refused.
    pub range: Option<[f64; 2]>,
    /// At and above this number on the wire the instrument is over-range.
    pub ceiling: Option<f64>,
    /// The counts behind the value.
    pub counting: Option<RawCounting>,
    /// Only when these captures match.
    #[serde(default)]
    pub when: RawWhen,
    /// Chooses quantity, radiation, unit and scale by another capture.
    pub case: Option<RawCase>,
    /// Whether a message without it is still sound; default yes.
    pub optional: Option<bool>,
}

/// Counts per minute for each µSv/h, and where that comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSensitivity {
    /// Counts per minute for each µSv/h.
    pub cpm_per_usv_h: Option<f64>,
    /// Or its inverse, where the document gives that.
    pub usv_h_per_cpm: Option<f64>,
    /// Or the capture that holds counts per minute for each µSv/h.
    pub cpm_per_usv_h_from: Option<String>,
    /// Or pairs of counts per minute and µSv/h, joined by straight lines from
    /// zero, the last one going on.
    #[serde(default)]
    pub points: Vec<[f64; 2]>,
    /// Or counts per minute divided by a number that depends on them.
    #[serde(default)]
    pub divisors: Vec<RawDivisor>,
    /// Or one for each text of a capture, such as the tube's name.
    pub by: Option<RawTubes>,
    /// The document it comes from.
    pub source: String,
}

/// Up to so many counts per minute the divisor is `base + slope * cpm`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDivisor {
    /// Counts per minute; absent in the last step.
    pub up_to: Option<f64>,
    /// The divisor at zero counts.
    pub base: f64,
    /// What each count per minute adds; default 0.
    #[serde(default)]
    pub slope: f64,
}

/// Sensitivities by the text of a capture.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTubes {
    /// The capture.
    pub of: String,
    /// Its text → µSv/h for each count per minute.
    pub usv_h_per_cpm: BTreeMap<String, f64>,
}

/// Dead time after each count, not prolonged by further ones.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDeadTime {
    /// In seconds.
    pub seconds: f64,
    /// The document it comes from.
    pub source: String,
}

/// The counts behind a value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCounting {
    /// The capture that holds the number of counts.
    pub counts: String,
    /// The capture that holds the seconds.
    pub seconds_from: Option<String>,
    /// Or the seconds.
    pub seconds: Option<f64>,
}

/// Chooses a row by the text of a capture.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCase {
    /// The capture.
    pub of: String,
    /// Its text → what the value is.
    pub rows: BTreeMap<String, RawCaseRow>,
}

/// What the value is in one case; what is absent stays as in the value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCaseRow {
    /// As in the value.
    pub quantity: Option<String>,
    /// As in the value.
    pub radiation: Option<String>,
    /// As in the value.
    pub unit: Option<String>,
    /// As in the value.
    pub scale: Option<f64>,
    /// There is no value in this case.
    #[serde(default)]
    pub skip: bool,
}

/// A flag that is set when captures match or a number is high.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawStatus {
    /// The flag.
    pub flag: String,
    /// Set when these captures match.
    #[serde(default)]
    pub when: RawWhen,
    /// And, if given, the capture's number is at or above `at_or_above`.
    pub number: Option<String>,
    /// See `number`.
    pub at_or_above: Option<f64>,
    /// Or this bit of the capture's number is set, from 0.
    pub bit: Option<u32>,
}

/// A list of words that become flags.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawStatusWords {
    /// The capture that holds the list.
    pub from: String,
    /// Word → flag. A word that is not here is ignored.
    pub words: BTreeMap<String, String>,
}

/// The time of measurement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawTime {
    /// The capture that holds it.
    pub from: String,
    /// How it is written.
    pub form: String,
    /// `nmea` and `accurad`: the capture that holds the date.
    pub date: Option<String>,
    /// `pattern`: how date and time are written, in the letters of strftime.
    pub pattern: Option<String>,
    /// `pattern`: whether the clock runs on UTC; default no, so that the time
    /// has no zone.
    #[serde(default)]
    pub utc: bool,
    /// The zone of a clock that tells none; default: it cannot be trusted.
    pub zone: Option<String>,
}

/// The position.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPosition {
    /// `nmea` (ddmm.mmmm with a hemisphere) or `degrees`.
    pub form: String,
    /// Capture of the latitude.
    pub lat: String,
    /// Capture of N or S; `nmea` only.
    pub lat_hemisphere: Option<String>,
    /// Capture of the longitude.
    pub lon: String,
    /// Capture of E or W; `nmea` only.
    pub lon_hemisphere: Option<String>,
    /// Capture of the altitude in metres.
    pub alt_m: Option<String>,
    /// The position is void when these captures match.
    #[serde(default)]
    pub void: RawWhen,
    /// Where the dilution of precision stands; the first that matches.
    #[serde(default)]
    pub hdop: Vec<RawHdop>,
}

/// One place where the dilution of precision may stand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawHdop {
    /// The capture.
    pub from: String,
    /// Times this is the dilution; default 1.
    pub scale: Option<f64>,
    /// Only when these captures match.
    #[serde(default)]
    pub when: RawWhen,
}

/// The message number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSequence {
    /// The capture that holds it.
    pub seq: String,
    /// The capture that counts restarts.
    pub boot: Option<String>,
}

/// Words that say whether the instrument is there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAvailability {
    /// The capture.
    pub from: String,
    /// Words for "it is there".
    pub online: Vec<String>,
    /// Words for "it is gone".
    pub offline: Vec<String>,
}

words! {
    /// What kind of instrument a profile describes.
    pub enum DeviceClass {
        /// A hand-held or portable dose rate meter.
        SurveyMeter = "survey_meter",
        /// A detector that logs on the move.
        Mobile = "mobile",
        /// A fixed gamma station.
        FixedStation = "fixed_station",
        /// An alpha/beta contamination probe or sample counter.
        Contamination = "contamination",
        /// A personal detector.
        Personal = "personal",
        /// A position receiver.
        Gps = "gps",
    }
}

words! {
    /// How well a profile is known to be right.
    pub enum ProfileStatus {
        /// Every statement has a source.
        Verified = "verified",
        /// Something is open; the caveat says what.
        Unverified = "unverified",
    }
}

words! {
    /// What a failing checksum does.
    pub enum ChecksumMode {
        /// The frame is rejected.
        Require = "require",
        /// The frame is used and flagged.
        Warn = "warn",
        /// Nothing is checked.
        Off = "off",
    }
}

words! {
    /// What becomes of a sound frame without use.
    pub enum Unused {
        /// It is legal: no reading, no error.
        Ignored = "ignored",
        /// It is an error.
        Rejected = "rejected",
    }
}
