//! The store that needs no set-up: SQLite files in one folder.
//!
//! # Layout
//!
//! One file for each calendar month of UTC (`2026-11.db`), by the time a reading
//! is stored under, and `lock`, whose lock the one writing process holds.
//!
//! - Retention deletes whole files. In a single file, deleting would write as
//!   much as storing did, and never give the disk back.
//! - Each file stands alone: readings, the texts they share, identities and
//!   refused frames. So one transaction in one file decides about a reading, and
//!   no crash can part a reading from what recognises its repetition.
//! - Old months do not change any more, and damage stays within one month.
//! - A recording of 2011 goes to the files of 2011. The default retention keeps
//!   everything; with a shorter one a reading whose month would be deleted at
//!   once is kept as refused, with the reason [`BEYOND_RETENTION`].
//!
//! # Rules
//!
//! - The writer's thread alone writes, one synced transaction for everything
//!   that is queued (`synchronous=FULL`: the commit returned, so it is on disk).
//!   A token is released only after that.
//! - Nothing is updated: the key is (instrument, time, channel), and the same
//!   reading sent again is a duplicate. Two different ones never merge.
//! - When writing fails nothing is acknowledged and nothing is given up: the
//!   batch is tried again, the queue fills, the sources wait. [`Health`] says so.
//! - A torn log is cut at its last whole commit by SQLite. A file that SQLite
//!   calls damaged is set aside as `2026-11.damaged-1.db` and a fresh one begun;
//!   `sqlite3 … .recover` reads what is left of it. A file of another program
//!   or of a newer release is refused and left alone.
//! - A file that vanishes or is replaced while in use is noticed before anything
//!   is acknowledged.
//! - Readers use connections of their own, need no running daemon and never
//!   keep the writer waiting.

mod dictionary;
mod error;
mod extent;
mod file;
mod identity;
mod item;
mod merge;
mod month;
mod month_reader;
mod pack;
mod query;
mod reader;
mod record;
mod row;
mod rules;
mod schema;
mod statement;
mod worker;
mod writer;

use std::path::PathBuf;
use std::time::Duration;

pub use error::StoreError;
pub use item::{Context, Counters, Health, Item, REFUSED_BYTES_MAX, Refused, Tally, Verdict};
pub use query::{Area, AreaError, Order, Query};
pub use reader::{InstrumentCount, Reader, RefusedRecord, Visited};
pub use record::{StoredChannel, StoredRaw, StoredReading};
pub use writer::{QUEUE_BOUND, Store, Writer};

/// Why a reading older than the retention is refused.
pub const BEYOND_RETENTION: &str = "beyond_retention";

/// How the embedded store is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the files are; made when it is missing.
    pub folder: PathBuf,
    /// How long readings are kept at least: a month goes when all of it is
    /// older. `None`, the default, keeps everything.
    pub retention: Option<Duration>,
    /// The most bytes one month's file may grow to. When it is reached, writing
    /// fails as on a full disk. `None`, the default, leaves it to the disk.
    pub month_bytes_max: Option<u64>,
}

impl Config {
    /// Keeps everything, in this folder.
    pub const fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            retention: None,
            month_bytes_max: None,
        }
    }
}

#[cfg(test)]
mod tests;
