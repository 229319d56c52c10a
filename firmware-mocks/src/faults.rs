//! What goes wrong, and when: faults on demand, for every family.
//!
//! A fault is written `KIND[=VALUE][@FROM[..UNTIL]]`, times in wall-clock seconds
//! since the mock started. Without times it holds from the start, without `UNTIL`
//! to the end.
//!
//! | kind           | value, default               | effect                            |
//! |----------------|------------------------------|-----------------------------------|
//! | `silence`      | –                            | sends nothing                     |
//! | `rubbish`      | bytes, 16                    | random bytes before each frame    |
//! | `cut`          | every n-th frame, 1          | the frame ends somewhere inside   |
//! | `bad-checksum` | every n-th frame, 1          | one digit of the checksum is wrong |
//! | `glued`        | every n-th frame, 1          | the frame's terminator is missing |
//! | `slow`         | milliseconds per byte, 100   | the frame drips                   |
//! | `frozen`       | –                            | the same value for ever           |
//! | `collapse`     | µSv/h, 1000                  | above it the detector shows zero  |
//! | `overload`     | –                            | the field is too high to measure, and it says so |
//! | `clock`        | seconds, −619315200          | the instrument's clock is off     |
//! | `flood`        | bytes, 1048576               | one endless line, once            |
//! | `reboot`       | –                            | loses power once, mid-frame       |
//! | `unplug`       | –                            | out at `FROM`, back at `UNTIL`    |
//! | `duplicate`    | every n-th message, 1        | the message comes twice           |
//! | `retained`     | –                            | the broker keeps the messages     |
//! | `null`         | –                            | the values are JSON's null        |
//! | `unit`         | –                            | the unit is one that nobody knows |
//!
//! The last four are for instruments on a broker, `cut` and `rubbish` there for
//! their payloads. Off and on again is `unplug`: the broker speaks the last will,
//! then the instrument its greeting.

mod messages;
mod spoiler;

pub use messages::Spoiled;
pub use spoiler::{Frame, Spoiler, Step};

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// One kind of misbehaviour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Sends nothing.
    Silence,
    /// Sends this many random bytes before each frame.
    Rubbish {
        /// Their number.
        bytes: usize,
    },
    /// Ends a frame somewhere inside.
    Cut {
        /// 1 for each frame, 2 for every other, and so on.
        every: u64,
    },
    /// Sends a wrong checksum.
    BadChecksum {
        /// As in [`Fault::Cut`].
        every: u64,
    },
    /// Leaves the terminator out, so that the next frame follows on.
    Glued {
        /// As in [`Fault::Cut`].
        every: u64,
    },
    /// Sends byte by byte.
    Slow {
        /// The pause after each byte.
        per_byte: Duration,
    },
    /// Repeats the last value, with a running clock.
    Frozen,
    /// The tube is choked: above a level the detector shows nothing at all.
    Collapse {
        /// The level, in µSv/h of the true field.
        above_usv_h: f64,
    },
    /// The field is beyond the instrument's range, and it says so in its own way.
    Overload,
    /// The instrument's own clock is off.
    Clock {
        /// By how much, in seconds; negative for late.
        shift_secs: i64,
    },
    /// One line without an end, once, at the window's start.
    Flood {
        /// Its length.
        bytes: usize,
    },
    /// A power cut, once, at the window's start: half a frame, then the banner;
    /// counters and averages begin again.
    Reboot,
    /// The cable is out during the window and comes back under another name.
    Unplug,
    /// Publishes a message twice.
    Duplicate {
        /// As in [`Fault::Cut`].
        every: u64,
    },
    /// Lets the broker keep its messages, for whoever subscribes later.
    Retained,
    /// Sends JSON's null in place of its values.
    Null,
    /// Sends its values in a unit that nobody knows.
    Unit,
}

/// A fault and when it holds, in wall-clock time since the mock's start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// What goes wrong.
    pub fault: Fault,
    /// From here on.
    pub from: Duration,
    /// Up to here, not included; `None` for ever.
    pub until: Option<Duration>,
}

/// All that goes wrong with one mock; several faults may hold at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    list: Vec<Timed>,
}

/// What a family has that can go wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abilities {
    /// Its frames end in a checksum.
    pub checksum: bool,
    /// Its frames carry a time.
    pub clock: bool,
    /// It sends on a line: bytes one after the other.
    pub line: bool,
    /// Its frames end in something that can go missing.
    pub terminator: bool,
    /// It has a way to say that the field is beyond its range.
    pub overload: bool,
    /// The names that its values have in its JSON.
    pub values: &'static [&'static str],
    /// The names that their units have in its JSON.
    pub units: &'static [&'static str],
}

/// Why a text is not a fault, or a fault not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// Not a word of the list.
    #[error("no fault named `{0}`")]
    Kind(String),
    /// The value is missing its number, or the kind takes none.
    #[error("fault `{kind}` does not take the value `{value}`")]
    Value {
        /// The kind as written.
        kind: String,
        /// The value as written.
        value: String,
    },
    /// The times are not seconds, or in the wrong order.
    #[error("expected times as in `@10` or `@10..20.5` in seconds, found `@{0}`")]
    Times(String),
    /// The family has nothing of the kind.
    #[error("`{family}` cannot play `{fault}`: {lacks}")]
    Unable {
        /// The family.
        family: &'static str,
        /// The fault.
        fault: &'static str,
        /// What is missing.
        lacks: &'static str,
    },
}

/// From a GPS week count of ten bits: 1024 weeks back, the date old receivers show.
const GPS_ROLLOVER_SECS: i64 = -1024 * 7 * 24 * 3600;

/// Rubbish and floods are made in memory; no test needs more than this, in bytes.
const BYTES_MAX: usize = 64 << 20;

impl Faults {
    /// Exactly these.
    pub const fn new(list: Vec<Timed>) -> Self {
        Self { list }
    }

    /// # Errors
    ///
    /// [`FaultError::Unable`] for the first fault that `family` cannot play.
    pub fn check(&self, family: &'static str, abilities: Abilities) -> Result<(), FaultError> {
        for Timed { fault, .. } in &self.list {
            let lacks = match fault {
                Fault::BadChecksum { .. } if !abilities.checksum => "it has no checksum",
                Fault::Clock { .. } if !abilities.clock => "it sends no time",
                Fault::Glued { .. } | Fault::Slow { .. } if !abilities.line => {
                    "its messages arrive whole"
                }
                Fault::Glued { .. } if !abilities.terminator => "its frames have no terminator",
                Fault::Overload if !abilities.overload => "it cannot say so",
                Fault::Duplicate { .. } | Fault::Retained if abilities.line => "it has no broker",
                Fault::Null if abilities.values.is_empty() => "it sends no JSON",
                Fault::Unit if abilities.units.is_empty() => "it names no unit in JSON",
                Fault::Silence
                | Fault::Rubbish { .. }
                | Fault::Cut { .. }
                | Fault::BadChecksum { .. }
                | Fault::Glued { .. }
                | Fault::Slow { .. }
                | Fault::Frozen
                | Fault::Collapse { .. }
                | Fault::Overload
                | Fault::Clock { .. }
                | Fault::Flood { .. }
                | Fault::Reboot
                | Fault::Unplug
                | Fault::Duplicate { .. }
                | Fault::Retained
                | Fault::Null
                | Fault::Unit => continue,
            };
            let fault = fault.kind();
            return Err(FaultError::Unable {
                family,
                fault,
                lacks,
            });
        }
        Ok(())
    }

    /// True while the last value is repeated.
    pub fn frozen(&self, at: Duration) -> bool {
        self.holds(at, Fault::Frozen)
    }

    /// What the detector sees of a `true_usv_h` field, in µSv/h.
    pub fn seen_usv_h(&self, at: Duration, true_usv_h: f64) -> f64 {
        let choked =
            |fault| matches!(fault, Fault::Collapse { above_usv_h } if true_usv_h > above_usv_h);
        if self.active(at).any(choked) {
            0.0
        } else {
            true_usv_h
        }
    }

    /// True while the field is beyond the instrument's range.
    pub fn overloaded(&self, at: Duration) -> bool {
        self.holds(at, Fault::Overload)
    }

    /// True while a fault of this kind holds.
    fn holds(&self, at: Duration, fault: Fault) -> bool {
        self.active(at).any(|active| active == fault)
    }

    /// How far the instrument's clock is off, in seconds.
    pub fn clock_shift_secs(&self, at: Duration) -> i64 {
        let shift = |fault| match fault {
            Fault::Clock { shift_secs } => shift_secs,
            _ => 0,
        };
        self.active(at).map(shift).fold(0, i64::saturating_add)
    }

    /// False while the cable is out.
    pub fn plugged(&self, at: Duration) -> bool {
        !self.holds(at, Fault::Unplug)
    }

    /// The next time after `after` at which the cable may go out or in.
    pub fn next_plug_change(&self, after: Duration) -> Option<Duration> {
        self.list
            .iter()
            .filter(|timed| timed.fault == Fault::Unplug)
            .flat_map(|timed| [Some(timed.from), timed.until])
            .flatten()
            .filter(|change| *change > after)
            .min()
    }

    fn active(&self, at: Duration) -> impl Iterator<Item = Fault> {
        self.list
            .iter()
            .filter(move |timed| timed.from <= at && timed.until.is_none_or(|until| at < until))
            .map(|timed| timed.fault)
    }
}

impl FromIterator<Timed> for Faults {
    fn from_iter<I: IntoIterator<Item = Timed>>(list: I) -> Self {
        Self::new(list.into_iter().collect())
    }
}

impl Fault {
    /// The word it is written with.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Rubbish { .. } => "rubbish",
            Self::Cut { .. } => "cut",
            Self::BadChecksum { .. } => "bad-checksum",
            Self::Glued { .. } => "glued",
            Self::Slow { .. } => "slow",
            Self::Frozen => "frozen",
            Self::Collapse { .. } => "collapse",
            Self::Overload => "overload",
            Self::Clock { .. } => "clock",
            Self::Flood { .. } => "flood",
            Self::Reboot => "reboot",
            Self::Unplug => "unplug",
            Self::Duplicate { .. } => "duplicate",
            Self::Retained => "retained",
            Self::Null => "null",
            Self::Unit => "unit",
        }
    }

    fn parse(kind: &str, value: Option<&str>) -> Result<Self, FaultError> {
        let fault = match kind {
            "silence" => Self::Silence,
            "rubbish" => Self::Rubbish {
                bytes: n_bytes(kind, value, 16)?,
            },
            "cut" => Self::Cut {
                every: every(kind, value)?,
            },
            "bad-checksum" => Self::BadChecksum {
                every: every(kind, value)?,
            },
            "glued" => Self::Glued {
                every: every(kind, value)?,
            },
            "slow" => Self::Slow {
                per_byte: Duration::from_millis(or_default(kind, value, 100)?),
            },
            "frozen" => Self::Frozen,
            "collapse" => Self::Collapse {
                above_usv_h: or_default(kind, value, 1_000.0)?,
            },
            "overload" => Self::Overload,
            "clock" => Self::Clock {
                shift_secs: or_default(kind, value, GPS_ROLLOVER_SECS)?,
            },
            "flood" => Self::Flood {
                bytes: n_bytes(kind, value, 1 << 20)?,
            },
            "reboot" => Self::Reboot,
            "unplug" => Self::Unplug,
            "duplicate" => Self::Duplicate {
                every: every(kind, value)?,
            },
            "retained" => Self::Retained,
            "null" => Self::Null,
            "unit" => Self::Unit,
            _ => return Err(FaultError::Kind(kind.to_owned())),
        };
        let takes_none = matches!(
            fault,
            Self::Silence
                | Self::Frozen
                | Self::Overload
                | Self::Reboot
                | Self::Unplug
                | Self::Retained
                | Self::Null
                | Self::Unit
        );
        match value {
            Some(value) if takes_none => Err(bad_value(kind, value)),
            _ => Ok(fault),
        }
    }
}

/// Reads `KIND[=VALUE][@FROM[..UNTIL]]`.
impl FromStr for Timed {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (what, times) = match text.split_once('@') {
            Some((what, times)) => (what, Some(times)),
            None => (text, None),
        };
        let (kind, value) = match what.split_once('=') {
            Some((kind, value)) => (kind, Some(value)),
            None => (what, None),
        };
        let fault = Fault::parse(kind.trim(), value.map(str::trim))?;
        let (from, until) = match times {
            Some(times) => window(times).ok_or_else(|| FaultError::Times(times.to_owned()))?,
            None => (Duration::ZERO, None),
        };
        Ok(Self { fault, from, until })
    }
}

impl fmt::Display for Timed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.fault.kind(), self.from.as_secs_f64())?;
        match self.until {
            Some(until) => write!(f, "..{}", until.as_secs_f64()),
            None => Ok(()),
        }
    }
}

fn window(times: &str) -> Option<(Duration, Option<Duration>)> {
    let seconds = |text: &str| {
        let seconds = text.trim().parse().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    };
    match times.split_once("..") {
        None => Some((seconds(times)?, None)),
        Some((from, until)) => {
            let (from, until) = (seconds(from)?, seconds(until)?);
            (from < until).then_some((from, Some(until)))
        }
    }
}

fn n_bytes(kind: &str, value: Option<&str>, default: usize) -> Result<usize, FaultError> {
    match or_default(kind, value, default)? {
        bytes if bytes <= BYTES_MAX => Ok(bytes),
        bytes => Err(bad_value(kind, &bytes.to_string())),
    }
}

fn every(kind: &str, value: Option<&str>) -> Result<u64, FaultError> {
    match or_default(kind, value, 1)? {
        0 => Err(bad_value(kind, "0")),
        every => Ok(every),
    }
}

fn or_default<T: FromStr>(kind: &str, value: Option<&str>, default: T) -> Result<T, FaultError> {
    match value {
        Some(value) => value.parse().map_err(|_| bad_value(kind, value)),
        None => Ok(default),
    }
}

fn bad_value(kind: &str, value: &str) -> FaultError {
    FaultError::Value {
        kind: kind.to_owned(),
        value: value.to_owned(),
    }
}

#[cfg(test)]
mod tests;
