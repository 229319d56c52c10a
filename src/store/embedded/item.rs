//! What goes into the store, and what it says about itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::ack::Ack;
use crate::clock::Wall;
use crate::criteria::{Class, Disposition, Judgement, Remarks, Rule, Rules, SourceKind, Subject};
use crate::reading::{InstrumentId, Reading};

/// Most raw bytes kept of a refused frame; its full length is noted beside.
pub const REFUSED_BYTES_MAX: usize = 64 * 1024;

/// What a reading was judged to mean, as far as the record keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The highest class over the channels; absent for a duplicate.
    pub class: Option<Class>,
    /// The one primary rule.
    pub rule: Rule,
    /// Further rules that matched.
    pub also: Rules,
    /// What becomes of the record.
    pub disposition: Disposition,
    /// Remarks beside the class.
    pub remarks: Remarks,
}

impl From<&Judgement> for Verdict {
    fn from(judgement: &Judgement) -> Self {
        Self {
            class: judgement.class,
            rule: judgement.rule,
            also: judgement.also,
            disposition: judgement.disposition,
            remarks: judgement.remarks,
        }
    }
}

/// What the configuration knows of an instrument and its frames do not say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    /// Name of the site, where there is one.
    pub site: Option<Arc<str>>,
    /// What kind of instrument, by the way it is used.
    pub source: SourceKind,
    /// Whose radiation is measured.
    pub subject: Subject,
    /// Hash of the policy that judges; absent in files that do not name it.
    pub policy: Option<Arc<str>>,
}

/// A frame that became no reading, kept so that acknowledging it loses nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The instrument, where the frame or its way in names one.
    pub instrument: Option<InstrumentId>,
    /// Where it came from: a topic, a port, a file.
    pub source: String,
    /// When it arrived.
    pub received: Wall,
    /// Why, from a closed list such as `checksum`.
    pub reason: String,
    /// The error, for a person.
    pub error: String,
    /// The frame; cut to [`REFUSED_BYTES_MAX`] when it is stored.
    pub raw: Bytes,
}

/// One thing to store.
#[derive(Debug)]
pub enum Item {
    /// A reading with what it was judged to mean.
    Reading {
        /// The reading.
        reading: Arc<Reading>,
        /// Its judgement.
        verdict: Verdict,
        /// What the configuration adds.
        context: Arc<Context>,
        /// Released once the reading is synced to disk.
        ack: Option<Ack>,
    },
    /// A refused frame.
    Refused {
        /// The frame and why.
        refused: Box<Refused>,
        /// Released once the frame is synced to disk.
        ack: Option<Ack>,
    },
}

/// How often what happened, for one instrument, since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Readings written.
    pub stored: u64,
    /// Readings that were there already.
    pub duplicates: u64,
    /// Refused frames written.
    pub refused: u64,
    /// Readings older than the retention, written as refused.
    pub beyond_retention: u64,
}

/// Everything the writer has counted since the store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// For each instrument that sent something.
    pub by_instrument: BTreeMap<InstrumentId, Tally>,
    /// Refused frames that name no instrument.
    pub unattributed: Tally,
    /// Group commits that reached the disk.
    pub commits: u64,
    /// Group commits that failed and were tried again.
    pub failed_commits: u64,
    /// Damaged files set aside.
    pub set_aside: u64,
    /// Months deleted because they were older than the retention.
    pub months_dropped: u64,
}

/// Whether what is sent to the store reaches the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// The last write succeeded, or there was none yet.
    #[default]
    Ok,
    /// Writes fail and are tried again; nothing is acknowledged meanwhile.
    Failing {
        /// When the first one failed.
        since: Wall,
        /// Why the last one failed, with its causes.
        error: String,
    },
}
