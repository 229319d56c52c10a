//! One record and its line.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::activation::{Event, OutOfService, Snapshot, Transition};
use crate::clock::Wall;
use crate::fault::FaultTransition;

/// Something to be sent to one subscriber.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Outgoing {
    /// `<activation>.<version>`.
    pub message: String,
    /// Name of the subscriber.
    pub subscriber: String,
}

/// What became of something to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// The subscriber has it.
    Accepted,
    /// A newer version went instead.
    Superseded,
    /// It was given up.
    DeadLetter {
        /// Why.
        error: String,
    },
    /// A person dismissed the dead letter.
    Dismissed {
        /// Who.
        by: String,
    },
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Entry {
    /// The daemon started.
    Started {
        /// Its version.
        software: String,
        /// Its node.
        node: String,
    },
    /// The daemon stopped in order.
    Stopped {
        /// Why.
        why: String,
    },
    /// An activation changed; with everything that has to be sent for it.
    Transition {
        /// The change.
        transition: Box<Transition>,
        /// To whom it goes; empty when nobody is told.
        outbox: Vec<Outgoing>,
    },
    /// Something sent was accepted or given up.
    Result {
        /// What.
        #[serde(flatten)]
        outgoing: Outgoing,
        /// The outcome.
        outcome: Outcome,
    },
    /// Something to be told that is no transition; with everyone who has to be.
    Notice {
        /// What is told.
        event: Box<Event>,
        /// To whom it goes.
        outbox: Vec<Outgoing>,
    },
    /// A fault of the watch itself changed; with everything that has to be sent.
    Fault {
        /// The change.
        transition: Box<FaultTransition>,
        /// To whom it goes; empty when nobody is told.
        outbox: Vec<Outgoing>,
    },
    /// All activations, so that older records are not needed to go on.
    Snapshot {
        /// The state.
        snapshot: Box<Snapshot>,
    },
    /// A person did something that is no transition.
    Action {
        /// Who.
        by: String,
        /// Through which channel.
        channel: String,
        /// What.
        what: String,
        /// Remark.
        note: String,
    },
    /// A person took a station out of service.
    OutOfService {
        /// Until when, and why.
        out: Box<OutOfService>,
    },
    /// It is in service again.
    BackInService {
        /// The instrument.
        instrument: String,
        /// Who.
        by: String,
        /// Through which channel.
        channel: String,
        /// Remark.
        note: String,
    },
    /// A setting or a level changed.
    Changed {
        /// Which.
        what: String,
        /// Before.
        old: String,
        /// After.
        new: String,
        /// Who.
        by: String,
    },
    /// The policy that judges from here on, because it is new or has changed.
    Policy {
        /// Its SHA-256, by which judgements name it.
        hash: String,
        /// Its canonical text: levels and keys, a line each.
        text: String,
    },
    /// The wall clock jumped.
    ClockStepped {
        /// By how many milliseconds; negative when backwards.
        step_ms: i64,
    },
    /// The journal was repaired at opening.
    Repaired {
        /// Hash of the last sound record of the old chain.
        old_head: String,
        /// Whether this record begins a new chain.
        new_chain: bool,
        /// Bytes of a torn tail that were set aside.
        torn_bytes: u64,
        /// The first bad record.
        first_bad: Option<String>,
    },
}

/// What was mended when a chain was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// Hash of the last sound record of the old chain.
    pub old_head: String,
    /// Whether the record that says so begins a new chain.
    pub new_chain: bool,
    /// Bytes of a torn tail that were set aside.
    pub torn_bytes: u64,
    /// The first bad record.
    pub first_bad: Option<String>,
}

/// What has to be known of the records of a chain to follow it.
pub trait Linked: DeserializeOwned {
    /// What the names of its files begin with.
    const NAME: &'static str;

    /// Where the old chain ended, when it tells of a repair after which a new one
    /// begins.
    fn old_head(&self) -> Option<&str>;
}

/// What the records of a chain hold. The journal's is [`Entry`]; others keep
/// chains of their own by the same rules.
pub trait Chained: Linked + Serialize {
    /// The entry that tells of a repair.
    fn repaired(repair: Repair) -> Self;
}

/// What the journal's files begin with.
pub(super) const JOURNAL: &str = "journal";

impl Chained for Entry {
    fn repaired(repair: Repair) -> Self {
        let Repair {
            old_head,
            new_chain,
            torn_bytes,
            first_bad,
        } = repair;
        Self::Repaired {
            old_head,
            new_chain,
            torn_bytes,
            first_bad,
        }
    }
}

impl Linked for Entry {
    const NAME: &'static str = JOURNAL;

    fn old_head(&self) -> Option<&str> {
        match self {
            Self::Repaired {
                old_head,
                new_chain: true,
                ..
            } => Some(old_head),
            _ => None,
        }
    }
}

/// One record, as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<E = Entry> {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was written, by the wall clock.
    pub at: Wall,
    /// What it says; `None` when this program does not know its kind.
    pub entry: Option<E>,
}

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hash([u8; 32]);

impl Hash {
    /// What the first record of a chain follows.
    pub(super) const ZERO: Self = Self([0; 32]);

    fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 digits, as they are written: lower-case.
    pub(super) fn parse(digits: &[u8]) -> Option<Self> {
        let nibble = |digit: u8| match digit {
            b'0'..=b'9' => Some(digit - b'0'),
            b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut hash = [0; 32];
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.len() != hash.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Serialize)]
struct Body<'a, E> {
    seq: u64,
    prev: String,
    at: String,
    entry: &'a E,
}

const HASH_KEY: &[u8] = b",\"hash\":\"";
const HASH_END: &[u8] = b"\"}";
const HASH_DIGITS: usize = 64;

/// The line of a record, with its end, and its hash.
pub(super) fn encode<E: Serialize>(
    seq: u64,
    prev: Hash,
    at: Wall,
    entry: &E,
) -> Result<(Vec<u8>, Hash), serde_json::Error> {
    let mut line = serde_json::to_vec(&Body {
        seq,
        prev: prev.to_string(),
        at: at.to_string(),
        entry,
    })?;
    line.pop(); // The closing brace comes after the hash.
    let hash = Hash::of(&line);
    line.extend_from_slice(HASH_KEY);
    line.extend_from_slice(hash.to_string().as_bytes());
    line.extend_from_slice(HASH_END);
    line.push(b'\n');
    Ok((line, hash))
}

/// What a sound line says of its place in the chain.
#[derive(Debug)]
pub(super) struct Decoded<E> {
    pub(super) prev: Hash,
    pub(super) hash: Hash,
    pub(super) record: Record<E>,
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadLine {
    /// Not a record at all.
    Malformed,
    /// Its hash is not that of its text.
    Hash,
}

/// Reads a line without its end.
pub(super) fn decode<E: DeserializeOwned>(line: &[u8]) -> Result<Decoded<E>, BadLine> {
    let tail = HASH_KEY.len() + HASH_DIGITS + HASH_END.len();
    let (body, tail) = line
        .len()
        .checked_sub(tail)
        .and_then(|n| line.split_at_checked(n))
        .ok_or(BadLine::Malformed)?;
    let stored = tail
        .strip_prefix(HASH_KEY)
        .and_then(|tail| tail.strip_suffix(HASH_END))
        .ok_or(BadLine::Malformed)?;
    let hash = Hash::of(body);
    if Hash::parse(stored) != Some(hash) {
        return Err(BadLine::Hash);
    }
    let mut json = body.to_vec();
    json.push(b'}');
    // The text is what its writer wrote; a kind of a later version is no damage.
    let whole = serde_json::from_slice::<Whole<E>>(&json);
    let (head, entry) = match whole {
        Ok(Whole {
            seq,
            prev,
            at,
            entry,
        }) => (Head { seq, prev, at }, Some(entry)),
        Err(_) => {
            let head = serde_json::from_slice(&json).map_err(|_| BadLine::Malformed)?;
            (head, None)
        }
    };
    let at = Wall::parse_rfc3339(&head.at).map_err(|_| BadLine::Malformed)?;
    let prev = Hash::parse(head.prev.as_bytes()).ok_or(BadLine::Malformed)?;
    Ok(Decoded {
        prev,
        hash,
        record: Record {
            seq: head.seq,
            at,
            entry,
        },
    })
}

#[derive(Deserialize)]
struct Head {
    seq: u64,
    prev: String,
    at: String,
}

#[derive(Deserialize)]
struct Whole<E> {
    seq: u64,
    prev: String,
    at: String,
    entry: E,
}
