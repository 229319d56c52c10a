//! A checked dialogue.

use std::time::Duration;

use bytes::Bytes;

/// What is said to an instrument, and what it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialogue {
    /// Number of the instrument on its bus.
    pub address: u8,
    /// Between two characters sent; zero: none.
    pub spacing: Duration,
    /// After so long without a byte the start script is run again.
    pub again: Option<Duration>,
    /// Order of the CRC bytes of Modbus.
    pub crc_order: CrcOrder,
    /// What the start script is answered with, where a recording may hold it.
    pub hello: Option<Shape>,
    /// Said once after the port was opened.
    pub start: Vec<Step>,
    /// Asked again and again.
    pub poll: Option<Poll>,
    /// Said before the port is closed.
    pub exit: Vec<Step>,
}

impl Dialogue {
    /// The variable that holds the instrument's own serial number.
    pub const DEVICE: &str = "device";

    /// What the start script is answered, in order.
    pub fn start_answers(&self) -> impl Iterator<Item = &Answer> {
        self.start.iter().filter_map(|step| match step {
            Step::Ask(ask) => ask.answer.as_ref(),
            Step::Await(answer) => Some(answer),
            Step::Wait(_) | Step::Discard(_) => None,
        })
    }

    /// Whether the instrument is asked for its serial number.
    pub fn tells_device(&self) -> bool {
        let requests = self.poll.iter().flat_map(|poll| &poll.requests);
        let mut answers = self
            .start_answers()
            .chain(requests.filter_map(|request| request.ask.answer.as_ref()));
        answers.any(|answer| answer.sets.iter().any(|set| set.name == Self::DEVICE))
    }
}

/// What an answer without an end of its own looks like, byte for byte.
#[derive(Clone, Debug)]
pub struct Shape(regex::bytes::Regex);

impl Shape {
    /// From a regular expression, where `.` is any byte.
    ///
    /// # Errors
    ///
    /// When it is none, or too large.
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        regex::bytes::RegexBuilder::new(&format!("^(?:{pattern})"))
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(1 << 20)
            .build()
            .map(Self)
    }

    /// How many of these bytes it is, from the first one on.
    pub fn length(&self, bytes: &[u8]) -> Option<usize> {
        self.0.find(bytes).map(|found| found.end())
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Shape {}

/// Order of the two CRC bytes of Modbus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrcOrder {
    /// As the standard has it.
    LowHigh,
    /// As some instruments have it.
    HighLow,
}

/// The polling cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// From the start of one cycle to the start of the next.
    pub every: Duration,
    /// Between an answer and the next request.
    pub gap: Duration,
    /// Whether what nobody asked for is dropped before each request.
    pub is_flushed: bool,
    /// All answers of one cycle are one frame under this label.
    pub join: Option<Label>,
    /// At least one.
    pub requests: Vec<Request>,
}

/// One request of a cycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Under which label its answer is decoded.
    pub label: Label,
    /// What is asked.
    pub ask: Ask,
    /// Asked only until it was answered once since the port was opened.
    pub is_once: bool,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sends, and waits for the answer if one is expected.
    Ask(Ask),
    /// Waits for bytes without asking.
    Await(Answer),
    /// Waits; what arrives is kept.
    Wait(Duration),
    /// Waits and throws away what arrives.
    Discard(Duration),
}

/// Something that is sent, and what must come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What is sent.
    pub message: Message,
    /// Whether it changes something in the instrument.
    pub changes: bool,
    /// What must come back; `None`: nothing is waited for.
    pub answer: Option<Answer>,
    /// How often it is asked before it counts as unanswered; at least 1.
    pub attempts: u32,
    /// Start script: an answer ends the script, and without one it goes on.
    pub is_enough: bool,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// These bytes, with numbers written into them.
    Bytes {
        /// Before anything is written into them.
        template: Bytes,
        /// In order.
        puts: Vec<Put>,
    },
    /// A Modbus RTU request.
    Modbus(ModbusRequest),
}

/// A Modbus RTU request without address and CRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModbusRequest {
    /// Reads coils (1), discrete inputs (2), holding (3) or input registers (4).
    Read {
        /// 1 to 4.
        function: u8,
        /// The first.
        register: u16,
        /// How many; 1 to 125 registers or 2000 bits.
        count: u16,
    },
    /// Writes one coil (5) or register (6).
    Write {
        /// 5 or 6.
        function: u8,
        /// Which.
        register: u16,
        /// What.
        value: u16,
    },
    /// Reads the exception status (7).
    Status,
}

impl ModbusRequest {
    /// Its function code.
    pub const fn function(self) -> u8 {
        match self {
            Self::Read { function, .. } | Self::Write { function, .. } => function,
            Self::Status => 7,
        }
    }

    /// How many bytes of data the answer announces, if it does.
    pub fn data_bytes(self) -> Option<usize> {
        match self {
            Self::Read {
                function: 1 | 2,
                count,
                ..
            } => Some(usize::from(count).div_ceil(8)),
            Self::Read { count, .. } => Some(2 * usize::from(count)),
            Self::Write { .. } | Self::Status => None,
        }
    }

    /// Length of the whole answer, address and CRC included.
    pub fn answer_bytes(self) -> usize {
        match self {
            Self::Read { .. } => 5 + self.data_bytes().unwrap_or(0),
            Self::Write { .. } => 8,
            Self::Status => 5,
        }
    }
}

/// What must come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How its end is known.
    pub expect: Expect,
    /// Until when, after the last byte was sent.
    pub within: Duration,
    /// Variables that it sets.
    pub sets: Vec<Set>,
}

/// How the end of an answer is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The first bytes that come.
    Any,
    /// These bytes, wherever they come.
    Text(Bytes),
    /// A number of bytes, from a prefix on.
    Bytes {
        /// How many, prefix included.
        count: usize,
        /// What it begins with; may be empty.
        prefix: Bytes,
    },
    /// A number of bytes that a variable decides.
    BytesBy {
        /// The variable.
        of: String,
        /// Beginning or whole of its text and the number, the longest first.
        rows: Vec<(Prefix, usize)>,
        /// When none fits.
        otherwise: usize,
    },
    /// A line that begins with this.
    Line {
        /// May be empty.
        prefix: Bytes,
    },
    /// Everything up to and with this.
    Until(Bytes),
    /// Everything until so long nothing comes.
    Idle(Duration),
    /// The next frame by the profile's framing.
    Frame,
    /// The answer to the Modbus request that was sent.
    Modbus(ModbusRequest),
}

/// The text of a variable, or how it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The text.
    pub text: String,
    /// Whether more may follow.
    pub is_open: bool,
}

impl Prefix {
    /// Whether `text` fits.
    pub fn fits(&self, text: &str) -> bool {
        if self.is_open {
            text.starts_with(&self.text)
        } else {
            text == self.text
        }
    }
}

/// A variable set by an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// It begins behind this; may be empty.
    pub after: String,
    /// It ends before this; may be empty: at the end.
    pub until: String,
}

/// A number written into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Put {
    /// Which.
    pub what: PutWhat,
    /// Where its first byte goes.
    pub at: usize,
    /// How it is written.
    pub form: PutForm,
    /// First byte that a checksum covers.
    pub from: usize,
    /// The byte behind the last one that it covers.
    pub to: usize,
}

/// Which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutWhat {
    /// Counts requests, from 0, with wrap.
    Packet,
    /// The instrument's number on its bus.
    Address,
    /// Exclusive or.
    Xor8,
    /// Sum modulo 256.
    Sum8,
    /// Complement of the ones-complement sum of little-endian words.
    Ones16,
    /// CRC-16 as Modbus has it.
    Crc16Modbus,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutForm {
    /// One byte.
    U8,
    /// Two bytes, the low one first.
    U16Le,
    /// Two bytes, the high one first.
    U16Be,
    /// Two upper-case hex digits.
    Hex2,
    /// Four upper-case hex digits.
    Hex4,
}

impl PutForm {
    /// How many bytes it takes.
    pub const fn n_bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16Le | Self::U16Be | Self::Hex2 => 2,
            Self::Hex4 => 4,
        }
    }
}

/// A name with variables in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Text and variables in turn.
    pub parts: Vec<LabelPart>,
}

/// Part of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelPart {
    /// As it is.
    Text(String),
    /// The value of a variable, `-` before it is known.
    Variable(String),
}
