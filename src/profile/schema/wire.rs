//! Framing and checksum as written.

use serde::Deserialize;

use crate::reading::words;

/// Bytes: a text, or a list of numbers such as `[0xAA, 0x55]`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum RawBytes {
    /// As its UTF-8 bytes.
    Text(String),
    /// As they stand.
    List(Vec<u8>),
}

impl RawBytes {
    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::List(bytes) => bytes,
        }
    }
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
        /// A character that ends a line too, even an empty one.
        separator: Option<String>,
    },
    /// One whole MQTT message.
    Message {
        /// Longest message in bytes.
        max_bytes: usize,
    },
    /// From a mark to another, both included.
    Enclosed {
        /// Longest frame in bytes.
        max_bytes: usize,
        /// What it begins with.
        begin: RawBytes,
        /// What it ends with.
        end: RawBytes,
        /// Whether `begin` may stand inside a frame; default no, so that it
        /// always begins a new one.
        #[serde(default)]
        begin_inside: bool,
        /// Bytes that may stand between frames.
        between: Option<RawBytes>,
    },
    /// A mark and a fixed length, proven by the checksum.
    Marked {
        /// What it begins with.
        begin: RawBytes,
        /// Its length in bytes.
        bytes: usize,
        /// Bytes that may stand between frames.
        between: Option<RawBytes>,
    },
    /// A mark and a length field.
    Length {
        /// Longest frame in bytes.
        max_bytes: usize,
        /// What it begins with.
        begin: RawBytes,
        /// Where the length field stands, from the start of the frame.
        length_at: usize,
        /// How it is written: `u8`, `u16le` or `u16be`.
        length: String,
        /// The whole frame has this many bytes more than the field says.
        #[serde(default)]
        length_adds: i32,
        /// What it ends with.
        end: Option<RawBytes>,
        /// Bytes that may stand between frames.
        between: Option<RawBytes>,
    },
    /// So many bytes, as in an answer without marks.
    Fixed {
        /// Its length in bytes.
        bytes: usize,
        /// Pause in milliseconds after which a new frame begins.
        gap_ms: u32,
    },
    /// What comes between two pauses.
    Idle {
        /// Longest frame in bytes.
        max_bytes: usize,
        /// Pause in milliseconds that ends a frame.
        gap_ms: u32,
    },
    /// Each byte is one event; the frame is their number in a window and the
    /// window's seconds, as `25 10`.
    Events {
        /// The window in milliseconds.
        window_ms: u32,
    },
    /// A JSON object, from its brace to the one that closes it.
    Json {
        /// Longest object in bytes.
        max_bytes: usize,
    },
    /// A recording whose records depend on what stood before them: an importer
    /// makes text lines of it, such as `count=28;mode=2`.
    Recording {
        /// Which one: a word of [`Importer`].
        importer: String,
    },
}

/// How a frame proves itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawChecksum {
    /// `xor`, `sum`, `ones_complement`, `crc16` or `accurad`.
    pub kind: String,
    /// `require`, `warn` or `off`.
    pub mode: String,
    /// The range begins after this text, at the start of the frame.
    pub after: Option<String>,
    /// The range ends before the last occurrence of this text; the digits
    /// follow it.
    pub until: Option<String>,
    /// What a frame is that does not begin with `after`: `ignored` or
    /// `rejected`; default `rejected`.
    pub unmarked: Option<String>,
    /// Or the ranges by their offsets.
    #[serde(default)]
    pub regions: Vec<RawRegion>,
    /// How it is stored: `hex2`, `hex4`, `u8`, `u16le` or `u16be`; default
    /// `hex2`.
    pub stored: Option<String>,
    /// `xor` and `sum`: what the register begins with; default 0.
    pub seed: Option<u8>,
    /// `crc16`: the polynomial, as written without reflection.
    pub poly: Option<u16>,
    /// `crc16`: what the register begins with; default 0.
    pub init: Option<u16>,
    /// `crc16`: whether each byte goes in lowest bit first; default no.
    pub reflect_in: Option<bool>,
    /// `crc16`: whether the result is reflected; default no.
    pub reflect_out: Option<bool>,
    /// `crc16`: what the result is combined with at the end; default 0.
    pub xorout: Option<u16>,
}

/// A range of a frame and where its checksum stands. Negative offsets count
/// from the end of the frame.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawRegion {
    /// First byte of the range; default 0.
    #[serde(default)]
    pub from: i32,
    /// First byte after it.
    pub to: i32,
    /// Where the checksum stands.
    pub at: i32,
}

words! {
    /// Who makes lines of a recording; the code stands in `decode::quirk`.
    pub enum Importer {
        /// History flash of GQ GMC counters.
        GmcHistory = "gmc_history",
        /// The same, of a firmware that numbers notes and long counts otherwise.
        GmcHistoryNote4 = "gmc_history_note4",
        /// Log of a Gamma-Scout in PC mode.
        GammaScoutLog = "gamma_scout_log",
        /// The same, of an Online model, whose interval codes are shifted by one.
        GammaScoutOnlineLog = "gamma_scout_online_log",
        /// EURDEP text.
        Eurdep = "eurdep",
    }
}
