//! How bytes become frames, and how a frame proves itself.

use std::time::Duration;

use super::super::schema::{ChecksumMode, Importer, Unused};

/// How bytes become frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framing {
    /// Longest frame in bytes.
    pub max_bytes: usize,
    /// By what frames are told apart.
    pub kind: FramingKind,
}

/// By what frames are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FramingKind {
    /// CR, LF or both.
    Line {
        /// Lines that begin with this are comments.
        comment: Option<String>,
        /// The byte every frame begins with.
        start: Option<u8>,
        /// A byte that ends a line too, even an empty one.
        separator: Option<u8>,
    },
    /// One whole MQTT message.
    Message,
    /// From a mark to another, both included.
    Enclosed {
        /// What it begins with; not empty.
        begin: Vec<u8>,
        /// What it ends with; not empty.
        end: Vec<u8>,
        /// Whether `begin` may stand inside a frame.
        begin_inside: bool,
        /// Bytes that may stand between frames.
        between: Vec<u8>,
    },
    /// A mark and a length, proven by the checksum.
    Marked {
        /// What it begins with; not empty.
        begin: Vec<u8>,
        /// How long it is.
        length: FrameLength,
        /// What it ends with; may be empty.
        end: Vec<u8>,
        /// Bytes that may stand between frames.
        between: Vec<u8>,
    },
    /// As many bytes as the framing's `max_bytes`.
    Fixed {
        /// After a pause this long a new frame begins.
        gap: Duration,
    },
    /// What comes between two pauses.
    Idle {
        /// Pause that ends a frame.
        gap: Duration,
    },
    /// Each byte is one event.
    Events {
        /// They are counted over this time.
        window: Duration,
    },
    /// A JSON object.
    Json,
    /// A recording whose records depend on what stood before them.
    Recording {
        /// Who makes text lines of them.
        importer: Importer,
    },
}

/// How long a marked frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameLength {
    /// Always the same.
    Fixed(usize),
    /// By a field of the frame.
    Field {
        /// Where it stands.
        at: usize,
        /// How it is written.
        width: LengthWidth,
        /// What the whole frame has more than the field says.
        adds: i32,
    },
}

/// How a length field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthWidth {
    /// One byte.
    U8,
    /// Two bytes, low one first.
    U16Le,
    /// Two bytes, high one first.
    U16Be,
}

/// How a frame proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// How it is computed.
    pub sum: Sum,
    /// Over what, and where it stands.
    pub cover: Cover,
    /// How it is written.
    pub stored: Stored,
    /// What a failure does.
    pub mode: ChecksumMode,
}

/// How a checksum is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// Exclusive or of all bytes.
    Xor {
        /// What the register begins with.
        seed: u8,
    },
    /// Sum of all bytes, modulo 256.
    Sum {
        /// What the register begins with.
        seed: u8,
    },
    /// Ones-complement sum of 16-bit words with end-around carry, complemented.
    OnesComplement,
    /// A cyclic redundancy check.
    Crc16(Crc16),
    /// The `AccuRad`'s own: a reflected CRC-16 of polynomial AC5Eh whose register
    /// never stays zero.
    Accurad,
}

/// Parameters of a CRC-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc16 {
    /// The polynomial, without reflection.
    pub poly: u16,
    /// What the register begins with.
    pub init: u16,
    /// Whether each byte goes in lowest bit first.
    pub reflect_in: bool,
    /// Whether the result is reflected.
    pub reflect_out: bool,
    /// What the result is combined with.
    pub xorout: u16,
}

/// What a checksum covers, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Between two texts.
    Marks {
        /// The range begins after this, at the start of the frame.
        after: String,
        /// The range ends before the last occurrence of this; the checksum
        /// follows it.
        until: String,
        /// What a frame is that does not begin with `after`.
        unmarked: Unused,
    },
    /// By offsets; each region has its own checksum.
    Regions(Vec<Region>),
}

/// A range of a frame and its checksum; negative offsets count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte of the range.
    pub from: i32,
    /// First byte after it.
    pub to: i32,
    /// Where the checksum stands.
    pub at: i32,
}

/// How a checksum is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Hex digits of either case, so many.
    Hex(usize),
    /// One byte.
    U8,
    /// Two bytes, low one first.
    U16Le,
    /// Two bytes, high one first.
    U16Be,
}

impl Stored {
    /// How many bytes it takes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Hex(digits) => digits,
            Self::U8 => 1,
            Self::U16Le | Self::U16Be => 2,
        }
    }
}
