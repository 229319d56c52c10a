//! What happened, on disk for thirty years: one line of JSON for each record,
//! chained by SHA-256.
//!
//! - **Layout.** A folder of segments `journal-<first seq>-<n>.ndjson`, read in
//!   the order of their names, and `journal.lock`. One record is one line:
//!   `{"seq":…,"prev":"…","at":"…","entry":{"kind":…},"hash":"…"}`.
//! - **Chain.** `hash` is the SHA-256 of the bytes of the line before `,"hash"`;
//!   they contain `prev`, the hash of the record before. The first `prev` is
//!   zeros. No program of ours is needed to check it.
//! - **One record, one fact.** A transition and its outbox entries are one
//!   record; so nothing is decided without being waiting to be sent.
//! - **Accepted** means that the sync returned. One process writes, guarded by a
//!   lock; nobody deletes.
//! - **A torn tail** (a last line without its end) is cut at opening; the bytes
//!   are kept beside in a `.torn` file. **A bad record** is skipped, named, and
//!   followed by a new chain in a new segment that names the old head.
//! - **A failed append** leaves the journal usable: the line is cut off again,
//!   or, when that fails too or a sync failed, the next one goes to a new
//!   segment that takes up the chain at the last accepted record. What such a
//!   segment leaves behind is counted, and is no break.
//!
//! - **Heads.** The chain cannot show an end that was cut off, nor that all was
//!   written anew. So the last record is signed now and then, kept in
//!   `heads.ndjson` and sent outside; see [`examine()`].
//!
//! Nothing here is a reason to raise, lower or hold back an alarm: when the
//! journal fails, people are told all the same and the message says so.

mod disk;
mod examine;
mod fault;
mod heads;
mod record;
mod scan;
mod signed;
mod signer;
mod walk;

use std::fs::{self, File};
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use disk::{Disk, OsDisk, PrivateDisk, Segment};
pub use examine::{BadHead, Examination, HeadFault, Heads, Mended, examine};
pub use fault::{Fault, FirstBad};
pub use heads::{HEADS_FILE, HeadsError, HeadsFile};
pub use record::{Chained, Entry, Linked, Outcome, Outgoing, Record, Repair};
pub use scan::{
    Opened, Recovery, Summary, Told, Torn, VerifyError, Waiting, replay, replay_chain, verify,
    verify_chain,
};
pub use signed::{PublicKey, is_signed_by, public_keys};
pub use signer::{KeyError, Keys, PUBLIC_FILE, SECRET_FILE, Signer, open_keys};

use crate::clock::Wall;
use record::Hash;

/// A segment is followed by a new one when it would grow beyond this, in bytes.
const SEGMENT_BYTES: u64 = 16 << 20;

/// Most segments that may begin with the same record: failed attempts.
const MAX_ATTEMPTS: u32 = 100;

/// Why the journal could not be opened or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder could not be made or listed.
    #[error("failed to open journal folder `{}`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// Another process writes this journal.
    #[error("journal `{}` is in use by another process", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A segment could not be read.
    #[error("failed to read journal segment `{}`", path.display())]
    Read {
        /// The segment.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// A torn tail could not be set aside.
    #[error("failed to cut the torn tail of `{}`", path.display())]
    Cut {
        /// The segment.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// A new segment could not be made.
    #[error("failed to create journal segment `{}`", path.display())]
    Create {
        /// The segment.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// A record could not be written or synced; it is not accepted.
    #[error("failed to write journal record {seq}")]
    Write {
        /// Its number.
        seq: u64,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// A record cannot be put in words.
    #[error("failed to encode journal record {seq}")]
    Encode {
        /// Its number.
        seq: u64,
        /// What went wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// By how much the stamp of a record is moved when one with the same text was
/// tried before and failed.
const AFTER_FAILURE: Duration = Duration::from_millis(1);

/// Failed attempts that are remembered.
const MOST_FAILED: usize = 1000;

/// Records that are written with one sync.
struct Batch {
    lines: Vec<u8>,
    /// Hash of the first one.
    first: Option<Hash>,
    /// Hash of the last one, or of the one before when there is none.
    head: Hash,
    next_seq: u64,
}

/// The one writer of a journal, or of another chain. Its calls block: they sync.
#[derive(Debug)]
pub struct Journal<E = Entry> {
    folder: PathBuf,
    disk: Box<dyn Disk>,
    /// Absent before the first record, and after a failure that leaves the
    /// segment in doubt.
    segment: Option<(PathBuf, Box<dyn Segment>)>,
    /// Accepted bytes of the segment.
    len: u64,
    next_seq: u64,
    head: Hash,
    /// First hashes of attempts that failed: none of them is written again, so
    /// that what they may have left on the disk can be told from a copy.
    failed: Vec<Hash>,
    /// Held as long as the journal is open.
    _lock: File,
    _entries: PhantomData<fn(E)>,
}

impl Journal<Entry> {
    /// Opens the journal of a folder, or begins one.
    ///
    /// All records are read and checked; a torn tail is cut and kept, a broken
    /// chain is followed by a new one. Both are recorded at `now`.
    ///
    /// # Errors
    ///
    /// When the folder cannot be used or another process writes there. Damage
    /// inside is no error: see [`Recovery`].
    pub fn open(folder: &Path, now: Wall) -> Result<(Self, Recovery), JournalError> {
        Self::open_on(folder, now, Box::new(OsDisk))
    }

    /// The same on another disk, for tests of failures.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub fn open_on(
        folder: &Path,
        now: Wall,
        disk: Box<dyn Disk>,
    ) -> Result<(Self, Recovery), JournalError> {
        let mut collected = scan::Collected::default();
        let (journal, opened) = Self::open_chain(folder, now, disk, |r| collected.take(r))?;
        Ok((journal, collected.recovery(opened)))
    }
}

impl<E: Chained> Journal<E> {
    /// Opens the chain of a folder, or begins one, and hands every sound record
    /// of it to `visit`.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub fn open_chain(
        folder: &Path,
        now: Wall,
        mut disk: Box<dyn Disk>,
        visit: impl FnMut(Record<E>),
    ) -> Result<(Self, Opened), JournalError> {
        let failed = |source| JournalError::Folder {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = lock(folder, E::NAME)?;
        let (mut opened, end) = scan::recover(folder, visit)?;
        let mut segment = None;
        if let Some(path) = &end.path {
            if let Some(torn) = &mut opened.torn {
                cut(path, torn, end.len)?;
            }
            if end.is_sound {
                segment = Some((path.clone(), disk.open(path).map_err(failed)?));
            }
        }
        let mut journal = Self {
            folder: folder.to_owned(),
            disk,
            segment,
            len: end.len,
            next_seq: end.next_seq,
            head: if end.is_sound { end.head } else { Hash::ZERO },
            failed: Vec::new(),
            _lock: lock,
            _entries: PhantomData,
        };
        if !end.is_sound || opened.torn.is_some() {
            let entry = E::repaired(Repair {
                old_head: end.head.to_string(),
                new_chain: !end.is_sound,
                torn_bytes: opened.torn.as_ref().map_or(0, |torn| torn.bytes),
                first_bad: opened.first_bad.as_ref().map(ToString::to_string),
            });
            // A full disk is no reason not to start; the repair is found again.
            opened.repair_error = journal.append(now, &entry).err();
        }
        Ok((journal, opened))
    }

    /// Appends one record and syncs it; gives its number.
    ///
    /// # Errors
    ///
    /// When it could not be written and synced. It then is not part of the
    /// journal; the caller may try it again, or go on with others.
    pub fn append(&mut self, at: Wall, entry: &E) -> Result<u64, JournalError> {
        let seq = self.next_seq;
        self.append_all(at, std::iter::once(entry))?;
        Ok(seq)
    }

    /// Appends several records with one sync: all of them, or none.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`].
    pub fn append_all<'e>(
        &mut self,
        at: Wall,
        entries: impl IntoIterator<Item = &'e E>,
    ) -> Result<(), JournalError>
    where
        E: 'e,
    {
        let entries: Vec<&E> = entries.into_iter().collect();
        let seq = self.next_seq;
        if entries.is_empty() {
            return Ok(());
        }
        let mut at = at;
        let Batch {
            lines,
            first,
            head,
            next_seq,
        } = loop {
            let batch = self.encode(at, &entries)?;
            if !batch
                .first
                .is_some_and(|first| self.failed.contains(&first))
            {
                break batch;
            }
            at = at.saturating_add(AFTER_FAILURE);
        };
        let bytes = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        let is_full = self.len > 0 && self.len.saturating_add(bytes) > SEGMENT_BYTES;
        if self.segment.is_none() || is_full {
            self.segment = None;
            self.segment = Some(self.create(seq)?);
            self.len = 0;
        }
        if let Err(source) = self.write(&lines) {
            if self.failed.len() == MOST_FAILED {
                self.failed.remove(0);
            }
            self.failed.extend(first);
            return Err(JournalError::Write { seq, source });
        }
        self.failed.clear();
        self.len = self.len.saturating_add(bytes);
        self.head = head;
        self.next_seq = next_seq;
        Ok(())
    }

    fn encode(&self, at: Wall, entries: &[&E]) -> Result<Batch, JournalError> {
        let mut batch = Batch {
            lines: Vec::new(),
            first: None,
            head: self.head,
            next_seq: self.next_seq,
        };
        for entry in entries {
            let seq = batch.next_seq;
            let (line, hash) = record::encode(seq, batch.head, at, entry)
                .map_err(|source| JournalError::Encode { seq, source })?;
            batch.lines.extend_from_slice(&line);
            batch.first.get_or_insert(hash);
            batch.head = hash;
            batch.next_seq += 1;
        }
        Ok(batch)
    }

    /// Writes and syncs, or leaves the segment as it was, or without one.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let (path, segment) = self
            .segment
            .as_mut()
            .expect("invariant: the caller made one when there was none");
        let written = segment.append(lines);
        let Err(error) = written.and_then(|()| segment.sync()) else {
            return Ok(());
        };
        // What a failed sync left on the disk is not known, whatever later syncs
        // say: the next record goes to a new segment. Cutting, and removing what
        // holds nothing, only spare the reader leftovers.
        drop(segment.truncate(self.len));
        let path = path.clone();
        self.segment = None;
        if self.len == 0 {
            drop(self.disk.remove(&path));
        }
        Err(error)
    }

    /// The hash of the last record, in hexadecimal: what is signed and sent
    /// outside, so that a cut tail is noticed.
    pub fn head(&self) -> String {
        self.head.to_string()
    }

    /// The number the next record gets.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }

    fn create(&mut self, seq: u64) -> Result<(PathBuf, Box<dyn Segment>), JournalError> {
        let mut attempt = 0;
        loop {
            let path = self.folder.join(walk::segment_name(E::NAME, seq, attempt));
            match self.disk.create(&path) {
                Ok(segment) => return Ok((path, segment)),
                Err(error)
                    if error.kind() == io::ErrorKind::AlreadyExists && attempt < MAX_ATTEMPTS =>
                {
                    attempt += 1;
                }
                Err(source) => return Err(JournalError::Create { path, source }),
            }
        }
    }
}

fn lock(folder: &Path, name: &str) -> Result<File, JournalError> {
    let path = folder.join(format!("{name}.lock"));
    let open = || {
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
    };
    let file = open().map_err(|source| JournalError::Folder {
        path: folder.to_owned(),
        source,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(JournalError::InUse {
            path: folder.to_owned(),
        }),
        Err(fs::TryLockError::Error(source)) => Err(JournalError::Folder {
            path: folder.to_owned(),
            source,
        }),
    }
}

/// Moves what follows the last whole record into a file of its own.
fn cut(path: &Path, torn: &mut Torn, len: u64) -> Result<(), JournalError> {
    let failed = |source| JournalError::Cut {
        path: path.to_owned(),
        source,
    };
    let kept = disk::set_tail_aside(path, len).map_err(failed)?;
    torn.kept = Some(kept);
    Ok(())
}

#[cfg(test)]
mod tests;
