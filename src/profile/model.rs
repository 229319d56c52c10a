//! A checked profile: names are indices, words are enums, units are known.

mod convert;
mod format;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use super::dialogue::Dialogue;
use super::schema::{DeviceClass, ProfileStatus, Unused};
use crate::clock::Zone;
use crate::reading::{Flag, NoValue, Quantity, Radiation};
use crate::units::Unit;
pub use convert::{DeadTime, Divisor, Response, Sensitivity, SensitivityRule};
pub use format::{
    Column, Encoding, Endian, Field, FieldKind, Format, Inside, JsonPlace, Make, Part, XmlPlace,
};
pub use wire::{
    Checksum, Cover, Crc16, FrameLength, Framing, FramingKind, LengthWidth, Region, Stored, Sum,
};

/// Index of a capture: first those of the message's format, then those of its
/// topic, then the remembered ones.
pub type CaptureId = usize;

/// A profile that has passed every check.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Unique id.
    pub id: Arc<str>,
    /// Maker and model.
    pub title: String,
    /// What kind of instrument.
    pub class: DeviceClass,
    /// Whether every statement has a source.
    pub status: ProfileStatus,
    /// What is open, for unverified profiles.
    pub caveat: Option<String>,
    /// Documents with their grades.
    pub sources: Vec<Source>,
    /// Sievert per gray, where the profile sets it.
    pub gy_to_sv: Option<f64>,
    /// Names instruments that the configuration does not name.
    pub identity: NameTemplate,
    /// How bytes get in.
    pub transport: Transport,
    /// What is said to the instrument.
    pub dialogue: Option<Arc<Dialogue>>,
    /// How bytes become frames.
    pub framing: Framing,
    /// How a frame proves itself.
    pub checksum: Option<Checksum>,
    /// Values remembered from comment lines and other frames.
    pub remember: Vec<Remember>,
    /// Kinds of frame, tried in order.
    pub messages: Vec<Message>,
    /// What a sound frame is that fits no message.
    pub unmatched: Unused,
    /// Texts that are legal without being frames.
    pub ignore: Vec<Pattern>,
}

impl Profile {
    /// The topics of an MQTT profile.
    pub fn topics(&self) -> impl Iterator<Item = &TopicPattern> {
        self.messages.iter().filter_map(|m| m.topic.as_ref())
    }

    /// The best grade among its sources, for lists: one of `VFCRS`.
    pub fn grades(&self) -> String {
        let mut grades: Vec<&str> = self.sources.iter().map(|s| s.grade.as_str()).collect();
        grades.sort_by_key(|grade| "VFCRS".find(grade));
        grades.dedup();
        grades.join(",")
    }
}

/// A document a profile is written from.
#[derive(Clone, Debug)]
pub struct Source {
    /// Document and place.
    pub what: String,
    /// `V`, `F`, `C`, `R` or `S`.
    pub grade: String,
}

/// How bytes get in.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A serial line.
    Serial(SerialLine),
    /// A TCP connection that carries what a serial line would.
    Tcp {
        /// Silence longer than this means that the instrument is silent.
        silence: Option<Duration>,
    },
    /// Messages from a broker.
    Mqtt {
        /// Silence longer than this means that the instrument is silent.
        silence: Option<Duration>,
    },
    /// A file that the instrument or its program wrote; nothing comes live.
    File,
}

impl Transport {
    /// `serial`, `tcp`, `mqtt` or `file`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Serial(_) => "serial",
            Self::Tcp { .. } => "tcp",
            Self::Mqtt { .. } => "mqtt",
            Self::File => "file",
        }
    }
}

/// Settings of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SerialLine {
    /// Bits per second.
    pub baud: u32,
    /// 5 to 8.
    pub data_bits: u8,
    /// `N`, `E` or `O`.
    pub parity: char,
    /// 1 or 2.
    pub stop_bits: u8,
    /// Whether RTS/CTS handshake is used.
    pub rtscts: bool,
    /// Level of RTS while the port is open; `None` leaves it to the driver.
    pub rts: Option<bool>,
    /// Level of DTR while the port is open; `None` leaves it to the driver.
    pub dtr: Option<bool>,
    /// From opening the port to the first byte sent; what arrives in between is
    /// thrown away.
    pub open_delay: Duration,
    /// Silence longer than this means that the instrument is silent.
    pub silence: Option<Duration>,
}

/// A value remembered for the frames that follow.
#[derive(Clone, Debug)]
pub struct Remember {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub told_by: ToldBy,
    /// How long it holds; `None`: until it is told anew.
    pub holds: Option<Duration>,
}

/// Where a remembered value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToldBy {
    /// In a comment line, behind this.
    Comment(String),
    /// In messages that have this capture.
    Capture(String),
}

/// One kind of frame.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its name.
    pub name: String,
    /// MQTT: its topic.
    pub topic: Option<TopicPattern>,
    /// The part of the frame that the format takes apart.
    pub inside: Option<Inside>,
    /// How its parts are found.
    pub format: Format,
    /// Names of all captures, by [`CaptureId`].
    pub captures: Vec<String>,
    /// How many of them the format finds; the topic's follow.
    pub format_captures: usize,
    /// Captures made of others; they are the last ones.
    pub parts: Vec<Part>,
    /// It is this kind only when these match.
    pub when: When,
    /// It is legal, and of no interest.
    pub ignore: bool,
    /// Running totals begin anew after it.
    pub restart: bool,
    /// What a message without a value is.
    pub empty: Unused,
    /// Its values.
    pub values: Vec<ValueRule>,
    /// Its flags.
    pub status: Vec<StatusRule>,
    /// Its list of state words.
    pub status_words: Option<StatusWords>,
    /// Its time.
    pub time: Option<TimeRule>,
    /// Its position.
    pub position: Option<PositionRule>,
    /// Its number.
    pub sequence: Option<SequenceRule>,
    /// Whether it tells that the instrument is there.
    pub availability: Option<Availability>,
    /// What it tells for the frames that follow: which rule of
    /// [`Profile::remember`], and the capture.
    pub tells: Vec<(usize, CaptureId)>,
}

/// Conditions that must all hold.
pub type When = Vec<(CaptureId, Vec<Pattern>)>;

/// What a word may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Exactly this.
    Exact(String),
    /// Begins with this.
    Prefix(String),
    /// A number at or above this.
    AtLeast(f64),
    /// A number below this.
    Below(f64),
}

impl Pattern {
    /// Whether `text` fits.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Exact(word) => text == word,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::AtLeast(limit) => number(text).is_some_and(|number| number >= *limit),
            Self::Below(limit) => number(text).is_some_and(|number| number < *limit),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|x: &f64| x.is_finite())
}

/// One value of a message.
#[derive(Clone, Debug)]
pub struct ValueRule {
    /// The capture that holds the number.
    pub from: CaptureId,
    /// What it is, unless a case decides.
    pub what: Option<What>,
    /// Decides what it is.
    pub case: Option<Case>,
    /// Makes a dose rate from counts.
    pub sensitivity: Option<SensitivityRule>,
    /// Corrects counts.
    pub dead_time: Option<DeadTime>,
    /// The number is a running total of so many bits.
    pub counter_bits: Option<u32>,
    /// Whether totals are compared over their own time of measurement.
    pub counter_time: bool,
    /// Words for a missing number.
    pub missing: Vec<(String, NoValue)>,
    /// Lowest and highest number on the wire.
    pub range: Option<(f64, f64)>,
    /// Over-range from here on, on the wire.
    pub ceiling: Option<f64>,
    /// The counts behind it.
    pub counting: Option<CountingRule>,
    /// Only when these match.
    pub when: When,
    /// Whether the message is sound without it.
    pub optional: bool,
}

/// Quantity, unit and scale of a value.
#[derive(Clone, Debug)]
pub struct What {
    /// What is measured.
    pub quantity: Quantity,
    /// In which unit.
    pub unit: UnitRule,
    /// The number on the wire times this …
    pub scale: f64,
    /// … and this added is in the unit.
    pub offset: f64,
}

/// Where the unit comes from.
#[derive(Clone, Copy, Debug)]
pub enum UnitRule {
    /// The profile.
    Fixed(&'static Unit),
    /// The frame.
    From(CaptureId),
}

/// Chooses [`What`] by the text of a capture.
#[derive(Clone, Debug)]
pub struct Case {
    /// The capture.
    pub of: CaptureId,
    /// Its text and what follows from it.
    pub rows: Vec<(String, CaseRow)>,
}

/// What follows from one text.
#[derive(Clone, Debug)]
pub enum CaseRow {
    /// The value is this.
    Value(What),
    /// There is no value.
    Skip,
}

/// The counts behind a value.
#[derive(Clone, Debug)]
pub struct CountingRule {
    /// The capture that holds the counts.
    pub counts: CaptureId,
    /// The capture that holds the seconds, or the seconds.
    pub seconds: Result<f64, CaptureId>,
}

/// A flag and when it is set.
#[derive(Clone, Debug)]
pub struct StatusRule {
    /// The flag.
    pub flag: Flag,
    /// These must match.
    pub when: When,
    /// And this capture's number is so.
    pub number: Option<(CaptureId, NumberTest)>,
}

/// What a number may be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberTest {
    /// Whether it is at or above this.
    AtOrAbove(f64),
    /// Whether this bit of it is set.
    Bit(u32),
}

/// A list of words that become flags.
#[derive(Clone, Debug)]
pub struct StatusWords {
    /// The capture that holds the list.
    pub from: CaptureId,
    /// Word and flag.
    pub words: Vec<(String, Flag)>,
}

/// The time of measurement.
#[derive(Clone, Debug)]
pub struct TimeRule {
    /// The capture that holds it.
    pub from: CaptureId,
    /// How it is written.
    pub form: TimeForm,
    /// The zone of a time that tells none, where it is known.
    pub zone: Option<Zone>,
}

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeForm {
    /// RFC 3339; without a zone it is naive.
    Rfc3339,
    /// Whole or fractional seconds since 1970.
    Unix,
    /// The same in milliseconds.
    UnixMs,
    /// Windows: steps of 100 ns since 1601.
    Filetime,
    /// `hhmmss.sss` in UTC, with the date `ddmmyy` in another capture.
    Nmea(CaptureId),
    /// By a pattern.
    Pattern {
        /// In the letters of strftime.
        pattern: String,
        /// Whether the clock runs on UTC; else it is naive.
        utc: bool,
    },
    /// The `AccuRad`'s time word, with its date word in another capture; naive.
    Accurad(CaptureId),
}

/// The position.
#[derive(Clone, Debug)]
pub struct PositionRule {
    /// How its coordinates are written.
    pub form: PositionForm,
    /// Capture of the altitude in metres.
    pub alt_m: Option<CaptureId>,
    /// Void when these match.
    pub void: When,
    /// Where the dilution of precision stands; the first that matches.
    pub hdop: Vec<HdopRule>,
}

/// How coordinates are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionForm {
    /// `ddmm.mmmm` with a hemisphere beside it.
    Nmea {
        /// Latitude.
        lat: CaptureId,
        /// N or S.
        lat_hemisphere: CaptureId,
        /// Longitude.
        lon: CaptureId,
        /// E or W.
        lon_hemisphere: CaptureId,
    },
    /// Degrees with a sign.
    Degrees {
        /// Latitude.
        lat: CaptureId,
        /// Longitude.
        lon: CaptureId,
    },
}

/// One place where the dilution of precision may stand.
#[derive(Clone, Debug)]
pub struct HdopRule {
    /// The capture.
    pub from: CaptureId,
    /// Times this is the dilution.
    pub scale: f64,
    /// Only when these match.
    pub when: When,
}

/// The message number.
#[derive(Clone, Copy, Debug)]
pub struct SequenceRule {
    /// The capture that holds it.
    pub seq: CaptureId,
    /// The capture that counts restarts.
    pub boot: Option<CaptureId>,
}

/// Words that say whether the instrument is there.
#[derive(Clone, Debug)]
pub struct Availability {
    /// The capture.
    pub from: CaptureId,
    /// It is there.
    pub online: Vec<String>,
    /// It is gone.
    pub offline: Vec<String>,
}

/// A name with parts to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate {
    /// Text and captures, in order.
    pub parts: Vec<NamePart>,
}

impl NameTemplate {
    /// Whether the name comes from the frame, at least in part.
    pub fn is_from_frame(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| matches!(part, NamePart::Capture(_)))
    }

    /// Whether a topic of this pattern alone tells the name.
    pub fn is_of_topic(&self, pattern: &TopicPattern) -> bool {
        self.parts.iter().all(|part| match part {
            NamePart::Text(_) => true,
            NamePart::Capture(wanted) => pattern.capture_names().any(|name| name == wanted),
        })
    }

    /// The name of the device that speaks on `topic`, where the topic alone
    /// tells it.
    pub fn of_topic(&self, pattern: &TopicPattern, topic: &str) -> Option<String> {
        let captures = pattern.captures(topic)?;
        let mut name = String::new();
        for part in &self.parts {
            match part {
                NamePart::Text(text) => name.push_str(text),
                NamePart::Capture(wanted) => {
                    let at = pattern.capture_names().position(|n| n == wanted)?;
                    name.push_str(captures.get(at)?);
                }
            }
        }
        Some(name)
    }
}

/// A part of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamePart {
    /// As it stands.
    Text(String),
    /// The text of the capture of this name.
    Capture(String),
}

/// An MQTT topic with captures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPattern {
    /// Its levels.
    pub levels: Vec<TopicLevel>,
}

/// One level of a topic: `before`, a capture, `after`; or only `before`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicLevel {
    /// Text before the capture, or the whole level.
    pub before: String,
    /// The capture's name.
    pub capture: Option<String>,
    /// Text after it.
    pub after: String,
}

impl TopicPattern {
    /// The filter to subscribe to: a level with a capture becomes `+`.
    pub fn filter(&self) -> String {
        let levels: Vec<&str> = self
            .levels
            .iter()
            .map(|level| match level.capture {
                Some(_) => "+",
                None => level.before.as_str(),
            })
            .collect();
        levels.join("/")
    }

    /// The captured texts, in order, when `topic` fits.
    pub fn captures<'t>(&self, topic: &'t str) -> Option<smallvec::SmallVec<[&'t str; 2]>> {
        let mut found = smallvec::SmallVec::new();
        let mut levels = topic.split('/');
        for level in &self.levels {
            let text = levels.next()?;
            let rest = text.strip_prefix(level.before.as_str())?;
            if level.capture.is_some() {
                let capture = rest.strip_suffix(level.after.as_str())?;
                if capture.is_empty() {
                    return None;
                }
                found.push(capture);
            } else if !rest.is_empty() {
                return None;
            }
        }
        levels.next().is_none().then_some(found)
    }

    /// The topic of one device, with every capture set to `device`.
    pub fn topic_of(&self, device: &str) -> String {
        let levels: Vec<String> = self
            .levels
            .iter()
            .map(|level| match level.capture {
                Some(_) => format!("{}{device}{}", level.before, level.after),
                None => level.before.clone(),
            })
            .collect();
        levels.join("/")
    }

    /// Names of its captures, in order.
    pub fn capture_names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().filter_map(|l| l.capture.as_deref())
    }
}

/// The radiation of a value that names none.
pub(super) const UNNAMED_RADIATION: Radiation = Radiation::Unspecified;
