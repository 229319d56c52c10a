//! What a player tells while it plays.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

/// One line of the recording and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u64,
    /// How often the recording was begun, from 1.
    pub round: u64,
    /// When its last byte was written.
    pub at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is in the line, and somebody had the port open before and after.
    Written,
    /// The reader went away while it was written: some reader may get all, a part or
    /// nothing of it.
    Unsure,
    /// Nobody had the port open. Only without [`Options::wait_open`](super::Options::wait_open).
    Unheard,
    /// The reader did not read, and there was no room. Only without
    /// [`Options::wait_open`](super::Options::wait_open).
    Dropped,
}

/// Something the player tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The port is there, or there under a new name.
    Plugged {
        /// Path of the far end.
        port: PathBuf,
        /// The link to it, if one was asked for.
        link: Option<PathBuf>,
    },
    /// Somebody opened the port.
    Opened,
    /// Nobody has the port open any more.
    Closed,
    /// A line was dealt with.
    Line(Line),
    /// The last line was dealt with.
    Done(Played),
}

/// How many lines became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// [`Outcome::Written`]
    pub written: u64,
    /// [`Outcome::Unsure`]
    pub unsure: u64,
    /// [`Outcome::Unheard`]
    pub unheard: u64,
    /// [`Outcome::Dropped`]
    pub dropped: u64,
    /// Bytes that went into the line.
    pub bytes: u64,
}

impl Outcome {
    /// In one word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Unsure => "unsure",
            Self::Unheard => "unheard",
            Self::Dropped => "dropped",
        }
    }
}

impl Event {
    /// As a JSON object: `{"port":…}` for the port, `{"event":…}` for all others.
    pub fn json(&self) -> Value {
        match self {
            Self::Plugged { port, link } => match link {
                Some(link) => json!({"port": port, "link": link}),
                None => json!({"port": port}),
            },
            Self::Opened => json!({"event": "opened"}),
            Self::Closed => json!({"event": "closed"}),
            Self::Line(line) => json!({
                "event": "line",
                "line": line.number,
                "round": line.round,
                "at": line.at.to_string(),
                "outcome": line.outcome.as_str(),
            }),
            Self::Done(played) => json!({
                "event": "done",
                "lines": played.written,
                "unsure": played.unsure,
                "unheard": played.unheard,
                "dropped": played.dropped,
                "bytes": played.bytes,
            }),
        }
    }
}
