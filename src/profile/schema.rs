//! A profile exactly as its TOML file says it; `check` turns it
//! into the [`Profile`](super::Profile) that the program runs on.
//!
//! device-profiles/README.md documents every key for those who write profiles.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::reading::words;

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
    /// How bytes become frames.
    pub framing: RawFraming,
    /// How a frame proves itself; absent: it cannot.
    pub checksum: Option<RawChecksum>,
    /// Values remembered from comment lines.
    #[serde(default)]
    pub remember: Vec<RawRemember>,
    /// The kinds of frame, tried in order.
    #[serde(rename = "message")]
    pub messages: Vec<RawMessage>,
    /// What a sound frame is that fits no message: `ignored` or `rejected`.
    pub unmatched: String,
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
        /// Seconds without a byte after which the instrument counts as silent.
        silence_s: Option<u32>,
    },
    /// Messages from a broker; topics stand at the messages.
    Mqtt {
        /// Seconds without a message after which the instrument counts as silent.
        silence_s: Option<u32>,
    },
}

/// How bytes become frames.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RawFraming {
    /// A line that ends with CR, LF or both.
    Line {
        /// Longest line in bytes, without its end.
        max_bytes: usize,
        /// Lines that begin with this are comments.
        comment: Option<String>,
        /// The character every frame begins with; inside a damaged line it
        /// marks where a glued frame may begin.
        start: Option<String>,
    },
    /// One whole MQTT message.
    Message {
        /// Longest message in bytes.
        max_bytes: usize,
    },
}

/// How a frame proves itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RawChecksum {
    /// Exclusive or of all bytes in a range, as two hex digits in ASCII.
    Xor {
        /// The range begins after this text, at the start of the frame.
        after: String,
        /// The range ends before the last occurrence of this text; the digits
        /// follow it.
        until: String,
        /// What the register begins with; default 0.
        seed: Option<u8>,
        /// `require`, `warn` or `off`.
        mode: String,
    },
}

/// A value remembered from a comment line for the frames that follow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRemember {
    /// The name by which rules refer to it.
    pub name: String,
    /// The comment begins with this; the rest is the value.
    pub after: String,
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
    /// It is this kind only when these captures match.
    #[serde(default)]
    pub when: RawWhen,
    /// A legal frame that is of no interest, such as a banner; default no.
    #[serde(default)]
    pub ignore: bool,
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

/// How the parts of a frame are found.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RawFormat {
    /// Parts between separators, in fixed order.
    Delimited {
        /// What stands between them.
        separator: String,
        /// A name for each; `=TEXT` demands that very text, `-` skips one.
        columns: Vec<String>,
        /// Whether more columns may follow; default no.
        #[serde(default)]
        more: bool,
    },
    /// Pairs of key and value, in any order.
    KeyValue {
        /// What stands between pairs.
        pairs: String,
        /// What stands between key and value.
        separator: String,
        /// Capture name → key.
        keys: BTreeMap<String, String>,
    },
    /// A JSON document.
    Json {
        /// Capture name → JSON pointer.
        pointers: BTreeMap<String, String>,
    },
    /// The whole frame as one text.
    Text {
        /// Its name.
        name: String,
    },
}

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
