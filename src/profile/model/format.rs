//! How the parts of a frame are found.

use super::CaptureId;

/// How the parts of a frame are found.
#[derive(Clone, Debug)]
pub enum Format {
    /// Parts between separators.
    Delimited {
        /// What stands between them.
        separator: String,
        /// What each one is.
        columns: Vec<Column>,
        /// Whether more may follow.
        more: bool,
        /// Whether several separators in a row count as one.
        collapse: bool,
    },
    /// Parts at fixed places: first character and the one behind the last.
    Places {
        /// By [`CaptureId`].
        places: Vec<(usize, usize)>,
        /// Length of the whole line, if it is always the same.
        chars: Option<usize>,
    },
    /// Named groups.
    Regex {
        /// Fits the whole line.
        pattern: regex::Regex,
        /// The group of each capture.
        groups: Vec<usize>,
    },
    /// Pairs of key and value.
    KeyValue {
        /// What stands between pairs.
        pairs: String,
        /// What stands between key and value.
        separator: String,
        /// The key of each capture.
        keys: Vec<String>,
    },
    /// A JSON document.
    Json {
        /// By [`CaptureId`].
        places: Vec<JsonPlace>,
    },
    /// An XML document.
    Xml {
        /// By [`CaptureId`]: the path from the root, and the attribute there.
        elements: Vec<XmlPlace>,
    },
    /// Binary fields.
    Binary {
        /// Length of the whole frame, if it is always the same.
        bytes: Option<usize>,
        /// By [`CaptureId`].
        fields: Vec<Field>,
    },
    /// The whole frame.
    Text,
}

/// What a column of a delimited line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Must be this very text.
    Literal(String),
    /// Is of no interest.
    Skip,
    /// Is kept.
    Capture(CaptureId),
}

/// Where a part of a JSON document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonPlace {
    /// At a pointer.
    Pointer(String),
    /// In the object of a list whose `key` is `is`.
    Entry {
        /// Pointer to the list.
        list: String,
        /// Key of the name.
        key: String,
        /// The name.
        is: String,
        /// Key of what is taken.
        take: String,
    },
}

/// Where a part of an XML document stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlPlace {
    /// Names of the elements, the root first, joined by `/`.
    pub path: String,
    /// An attribute of the last one; else its text.
    pub attribute: Option<String>,
}

/// A binary field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it begins; negative counts from the end.
    pub at: i32,
    /// How it is written.
    pub kind: FieldKind,
    /// Bits of an unsigned number that count.
    pub mask: u64,
    /// Shifted right by so many bits afterwards.
    pub shift: u32,
}

/// How a binary field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Whole, of so many bytes.
    Unsigned(usize, Endian),
    /// Whole with a sign, of so many bytes.
    Signed(usize, Endian),
    /// IEEE 754 of 4 bytes.
    F32(Endian),
    /// IEEE 754 of 8 bytes.
    F64(Endian),
    /// Text of so many bytes, up to the first NUL.
    Text(usize),
    /// So many bytes as upper-case hex digits.
    Hex(usize),
    /// Two decimal digits in each of so many bytes.
    Bcd(usize),
}

impl FieldKind {
    /// How many bytes it takes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Unsigned(bytes, _)
            | Self::Signed(bytes, _)
            | Self::Text(bytes)
            | Self::Hex(bytes)
            | Self::Bcd(bytes) => bytes,
            Self::F32(_) => 4,
            Self::F64(_) => 8,
        }
    }
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endian {
    /// The low one.
    Little,
    /// The high one.
    Big,
}

/// The part of a frame that the format takes apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inside {
    /// A range; negative offsets count from the end.
    Range {
        /// First byte.
        from: i32,
        /// The byte behind the last; `None` for the end.
        to: Option<i32>,
    },
    /// The bytes that a text of a JSON document stands for.
    Encoded {
        /// Where the text stands.
        pointer: String,
        /// How bytes are written in it.
        encoding: Encoding,
    },
}

/// How bytes are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 4648, with padding.
    Base64,
    /// Pairs of hex digits.
    Hex,
}

/// A capture made of others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The capture it is made of.
    pub from: CaptureId,
    /// How.
    pub make: Make,
}

/// How a capture is made of others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Make {
    /// A number from hex digits, or bits of a number.
    Bits {
        /// Whether the capture is text of hex digits.
        hex: bool,
        /// Bits that count.
        mask: u64,
        /// Shifted right by so many afterwards.
        shift: u32,
    },
    /// The number of `0.18uSv/h`.
    Number,
    /// The unit of it.
    Unit,
    /// `NNNsE`: 0.00NNN × 10^(sE).
    Nnnse,
    /// Five bits of exponent over eleven of mantissa: mantissa × 2^exponent.
    Float5x11,
    /// The number × 2^(exponent - bias).
    BinaryExponent {
        /// The capture that holds the exponent.
        exponent: CaptureId,
        /// Taken off it.
        bias: f64,
    },
    /// The whole number divided by this, without the rest.
    Quotient(i64),
    /// The rest of that division.
    Remainder(i64),
    /// The last so many characters.
    Last(usize),
    /// The number divided by another.
    Ratio(CaptureId),
    /// Seconds from one RFC 3339 time to another.
    Seconds(CaptureId),
}
