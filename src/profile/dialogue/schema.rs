//! The `dialogue` table exactly as the profile says it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What is said to the instrument, and what it answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawDialogue {
    /// Number of the instrument on its bus, 0 to 255; default 1. The
    /// configuration can set another.
    pub address: Option<u8>,
    /// Milliseconds between two characters sent; default 0: none.
    pub spacing_ms: Option<u32>,
    /// Milliseconds without a byte after which the start script is run again,
    /// for instruments that forget what they were told when they are switched
    /// off. Not for polled ones, which are told again when they do not answer.
    /// Default: never.
    pub again_ms: Option<u32>,
    /// Order of the two CRC bytes of Modbus: `low_high` or `high_low`; default
    /// `low_high`.
    pub modbus_crc: Option<String>,
    /// Regular expression of what the start script is answered with, byte for
    /// byte; a recording may hold this answer before a cycle. Default: none.
    pub hello: Option<String>,
    /// What is said once after the port was opened, in order.
    #[serde(default)]
    pub start: Vec<RawStep>,
    /// What is asked again and again.
    pub poll: Option<RawPoll>,
    /// What is said before the port is closed, in order.
    #[serde(default)]
    pub exit: Vec<RawStep>,
}

/// The polling cycle.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPoll {
    /// Milliseconds from the start of one cycle to the start of the next.
    pub every_ms: u32,
    /// Milliseconds between an answer and the next request; default 0.
    pub gap_ms: Option<u32>,
    /// Whether bytes that nobody asked for are refused, and what waits in the
    /// port dropped before each request; default yes. With `false` they are
    /// frames that the instrument sends by itself.
    pub flush: Option<bool>,
    /// All answers of one cycle are one frame under this label. Default: each
    /// answer is a frame of its own.
    pub join: Option<String>,
    /// The requests of a cycle, in order; at least one.
    #[serde(rename = "request")]
    pub requests: Vec<RawStep>,
}

/// One step of a script, or one request of a cycle: what is sent and what is
/// expected, or a time to wait.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawStep {
    /// What it is called; requests: the label of the answer, which a message
    /// names as its `topic`. `{name}` stands for a variable.
    pub name: Option<String>,
    /// Sends this text.
    pub send: Option<String>,
    /// Or these bytes, as pairs of hex digits.
    pub send_hex: Option<String>,
    /// Or a Modbus RTU request.
    pub modbus: Option<RawModbus>,
    /// Numbers written into the bytes before they are sent, in order.
    #[serde(default)]
    pub put: Vec<RawPut>,
    /// Whether this changes something in the instrument that outlasts the
    /// session; it is sent only when the configuration allows it.
    #[serde(default)]
    pub changes: bool,
    /// What must come back; default: nothing is waited for.
    pub expect: Option<RawExpect>,
    /// Milliseconds until it must have come, after the last byte was sent;
    /// default 1000.
    pub within_ms: Option<u32>,
    /// How often it is asked before it counts as unanswered; default 1.
    pub attempts: Option<u32>,
    /// Asked only until it was answered once since the port was opened;
    /// requests only.
    #[serde(default)]
    pub once: bool,
    /// Steps of the start script: an answer ends the script, because the
    /// instrument has been told the rest already; without one the script goes on.
    #[serde(default)]
    pub enough: bool,
    /// Variables that the answer sets; such an answer is no frame.
    #[serde(default)]
    pub set: Vec<RawSet>,
    /// Waits so long; what arrives is kept.
    pub wait_ms: Option<u32>,
    /// Waits so long and throws away what arrives.
    pub discard_ms: Option<u32>,
}

/// A Modbus RTU request; address and CRC are added.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawModbus {
    /// 1 to 4: read, 5 and 6: write one, 7: exception status.
    pub function: u8,
    /// First register or coil; not for 7.
    pub register: Option<u16>,
    /// How many are read; 1 to 4 only.
    pub count: Option<u16>,
    /// What is written; 5 and 6 only. Coils are 65280 (on) or 0 (off).
    pub value: Option<u16>,
}

/// A number written into a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPut {
    /// `packet` (counts requests), `address`, or a checksum of the bytes `from`
    /// to `to`: `xor8`, `sum8`, `ones16`, `crc16_modbus`.
    pub what: String,
    /// Where its first byte goes, counted from 0.
    pub at: usize,
    /// `u8`, `u16le`, `u16be`, or two or four hex digits: `hex2`, `hex4`.
    pub form: String,
    /// First byte the checksum covers; default 0.
    pub from: Option<usize>,
    /// The byte behind the last one covered; default: `at`.
    pub to: Option<usize>,
}

/// How the end of an answer is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RawExpect {
    /// Anything: the first bytes that come.
    Any {},
    /// Exactly this text, wherever it comes.
    Text {
        /// The text.
        text: String,
    },
    /// A number of bytes.
    Bytes {
        /// How many.
        count: usize,
        /// What it begins with, as hex; what comes before is thrown away.
        prefix_hex: Option<String>,
    },
    /// A number of bytes that a variable decides.
    BytesBy {
        /// The variable.
        of: String,
        /// Its text (`GMC-5*`: begins with) → how many. The longest that fits
        /// counts.
        rows: BTreeMap<String, usize>,
        /// When none fits.
        otherwise: usize,
    },
    /// A line that ends with CR, LF or both; empty ones are thrown away.
    Line {
        /// What it begins with; other lines are no answer.
        prefix: Option<String>,
    },
    /// Everything up to and with this text.
    Until {
        /// The text.
        end: String,
    },
    /// Everything until so long nothing comes.
    Idle {
        /// Milliseconds.
        ms: u32,
    },
    /// The next frame by the profile's framing.
    Frame {},
}

/// A variable set by an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSet {
    /// Its name.
    pub name: String,
    /// It begins behind this text; default: at the beginning.
    pub after: Option<String>,
    /// It ends before this text; default: at the end.
    pub until: Option<String>,
}
