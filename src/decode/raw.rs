//! What decoding gives.

use crate::reading::{Counting, DeviceTime, Flags, NoValue, Number, Quantity, Sequence, words};
use crate::units::Unit;

/// What one frame turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// A reading.
    Reading(Box<RawReading>),
    /// Legal, but no reading.
    Ignored(Ignored),
    /// Not what this instrument sends.
    Rejected(Rejected),
}

impl From<Rejected> for Decoded {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

/// Why a legal frame is no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A comment line.
    Comment,
    /// A banner, or a sentence of another kind.
    Other,
    /// A message without a value.
    Empty,
    /// The instrument says that it is there, or that it is gone.
    Availability {
        /// Whether it is there.
        online: bool,
    },
}

words! {
    /// Why a frame, or a value in it, was refused: a closed list, also the label
    /// of the counters.
    pub enum RejectReason {
        /// The checksum is wrong.
        Checksum = "checksum",
        /// It is not built as the profile says.
        Malformed = "malformed",
        /// It has no end within the allowed length.
        TooLong = "too_long",
        /// It ends too early.
        Truncated = "truncated",
        /// A unit nobody told us about.
        UnknownUnit = "unknown_unit",
        /// A unit of another quantity.
        UnitMismatch = "unit_mismatch",
        /// A text where a number should be, NaN or infinity.
        NotANumber = "not_a_number",
        /// A number no such instrument can show, or a negative one.
        OutOfRange = "out_of_range",
        /// An answer to something that was not asked.
        UnexpectedReply = "unexpected_reply",
        /// A topic or device that nobody configured.
        UnknownInstrument = "unknown_instrument",
        /// Readings came faster than they could be stored.
        Backlog = "backlog",
        /// It met a bug of this program.
        Internal = "internal",
    }
}

impl Ignored {
    /// The word for it in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Other => "other",
            Self::Empty => "empty",
            Self::Availability { online: true } => "online",
            Self::Availability { online: false } => "offline",
        }
    }
}

/// A frame that is not what this instrument sends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {text}")]
pub struct Rejected {
    /// Which kind of damage.
    pub reason: RejectReason,
    /// What was found, for people.
    pub text: String,
}

impl Rejected {
    /// A reason with its text.
    pub fn new(reason: RejectReason, text: impl Into<String>) -> Self {
        Self {
            reason,
            text: text.into(),
        }
    }
}

/// A reading before conversion.
#[derive(Clone, Debug, PartialEq)]
pub struct RawReading {
    /// The instrument's own name, built by the profile's rule.
    pub device: String,
    /// At least one.
    pub values: Vec<RawValue>,
    /// Values that were refused; the others stand.
    pub refused: Vec<RefusedValue>,
    /// The time of measurement, as told.
    pub time: DeviceTime,
    /// The message number, as told.
    pub sequence: Option<Sequence>,
    /// The position, as told.
    pub position: RawPosition,
    /// What the frame says about it.
    pub flags: Flags,
}

/// A value before conversion.
#[derive(Clone, Debug, PartialEq)]
pub struct RawValue {
    /// What is measured.
    pub quantity: Quantity,
    /// The number on the wire, or why there is none.
    pub number: Result<Number, NoValue>,
    /// The number on the wire, also where it must not pass for a value.
    pub shown: Option<Number>,
    /// The number is only a lower bound, on the wire.
    pub at_least: Option<Number>,
    /// Its unit.
    pub unit: &'static Unit,
    /// The number times this …
    pub scale: f64,
    /// … and this added is in the unit.
    pub offset: f64,
    /// What counts are corrected for.
    pub dead_time: Option<crate::profile::DeadTime>,
    /// What makes a dose rate of counts.
    pub sensitivity: Option<crate::profile::Sensitivity>,
    /// The counts behind it.
    pub counting: Option<Counting>,
}

/// A value that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedValue {
    /// What it would have been, where that is known.
    pub quantity: Option<Quantity>,
    /// Why.
    pub why: Rejected,
}

/// A position before it is believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawPosition {
    /// The frame has none.
    Absent,
    /// The instrument marks it void, or it cannot be.
    Void,
    /// Degrees WGS 84, north and east positive.
    At {
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
        /// Metres above sea level.
        alt_m: Option<f64>,
        /// Dilution of precision.
        hdop: Option<f64>,
    },
}
