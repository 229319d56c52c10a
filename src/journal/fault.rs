//! What can be wrong with a record, and how it is named.

use std::fmt;
use std::path::PathBuf;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The line is no record.
    #[error("not a record")]
    Malformed,
    /// The text was changed: its hash is another.
    #[error("its hash does not fit its text")]
    Hash,
    /// The record that belongs here, and all up to another one, are not there.
    #[error("missing, with all up to record {last}")]
    Missing {
        /// The last one that is missing in a row.
        last: u64,
    },
    /// What stands here belongs elsewhere, or is there a second time.
    #[error("another record stands in its place")]
    Swapped,
    /// The record has no end, although others came after it.
    #[error("cut off")]
    Cut,
    /// It does not follow the record before it, though its number does: one of
    /// the two was written anew.
    #[error("it does not follow the record before it")]
    Foreign,
    /// Its chain is sound by itself, but it is not the record that was signed.
    #[error("it is not the record that was signed")]
    Unsigned,
    /// It begins a new chain and does not name the end of the old one.
    #[error("it begins a new chain and does not name the end of the old one")]
    NewChain,
}

impl Fault {
    /// One word for programs: `edited`, `missing`, `swapped`, `cut` or `foreign`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed | Self::Hash => "edited",
            Self::Missing { .. } => "missing",
            Self::Swapped => "swapped",
            Self::Cut => "cut",
            Self::Foreign | Self::Unsigned | Self::NewChain => "foreign",
        }
    }
}

/// The first record of a break that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstBad {
    /// Its segment, or where it should be.
    pub segment: PathBuf,
    /// Its line, from 1.
    pub line: u64,
    /// The number of the record that belongs there, when that is known.
    pub seq: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
}

impl fmt::Display for FirstBad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.segment.file_name().unwrap_or_default();
        write!(f, "{} line {}", name.display(), self.line)?;
        if let Some(seq) = self.seq {
            write!(f, ", record {seq}")?;
        }
        write!(f, ": {}", self.fault)
    }
}
