//! What is said to an instrument: start and exit scripts, the polling cycle.
//!
//! Pure: bytes and time come in, and what is to be done comes out as
//! [`Effect`]s. [`Dialogue`] knows which request is pending, so that an answer
//! is never taken for that of another request: what comes too late is refused as
//! `unexpected_reply`.
//!
//! Read-only by default: what the profile marks as changing the instrument is
//! sent only with [`Permit::changes`].
//!
//! `recorded` is for files that hold nothing but answers. `machine` is what
//! happens when, `answer` where an answer ends, `wire` what a
//! request looks like, `modbus` both for Modbus RTU.

mod answer;
mod machine;
mod modbus;
mod recorded;
mod sum;
mod variable;
mod wire;

pub use machine::Dialogue;
pub use recorded::Recorded;

use bytes::Bytes;

use crate::frame::Framed;

/// What the configuration allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// Number of the instrument on its bus; default: the profile's.
    pub address: Option<u8>,
    /// Whether what changes the instrument may be sent.
    pub changes: bool,
    /// The serial number that it must tell in its variable `device`.
    pub device: Option<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Throw away what waits in the port's buffer.
    Flush,
    /// Write these bytes.
    Send(Bytes),
    /// A frame came: pushed, or the answer to the request with this label.
    Frame {
        /// Absent for what was pushed.
        label: Option<String>,
        /// The frame.
        framed: Framed,
    },
    /// Something that the log should know.
    Incident(Incident),
    /// The exit script is over; the line may be closed.
    Done,
}

/// What happened besides frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incident {
    /// The start script is through.
    Started,
    /// A step or request was not answered, after all attempts.
    NoAnswer {
        /// Label of the request, or the step's place in its script.
        what: String,
    },
    /// Something was not sent, because it changes the instrument.
    Withheld {
        /// Label of the request, or the step's place in its script.
        what: String,
    },
    /// Another instrument than the configured one; both serial numbers.
    OtherInstrument {
        /// As configured.
        expected: String,
        /// As told.
        found: String,
    },
}

#[cfg(test)]
mod tests;
