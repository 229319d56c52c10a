//! Reading a journal from its beginning: checking it, replaying it, and
//! collecting what a restart goes on from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::record::{self, BadLine, Chained, Decoded, Entry, Hash, Outgoing, Record};
use crate::activation::{Event, Saved, Transition};
use crate::clock::Wall;
use crate::fault::{FaultKey, FaultTransition};

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
    /// It does not follow the record before it: one was removed, inserted or moved.
    #[error("it does not follow the record before it")]
    Chain,
    /// Its number is not the next one.
    #[error("expected number {expected}")]
    Sequence {
        /// The number that should follow.
        expected: u64,
    },
}

/// The first record that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstBad {
    /// Its segment.
    pub segment: PathBuf,
    /// Its line, from 1.
    pub line: u64,
    /// Its number, when it can be read.
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

/// A last line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The segment.
    pub segment: PathBuf,
    /// Bytes after the last whole record.
    pub bytes: u64,
    /// Where they are kept, once cut.
    pub kept: Option<PathBuf>,
}

/// A journal that is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Records of the chain.
    pub records: u64,
    /// Hash of the last one, to compare with the one sent outside.
    pub head: String,
    /// When the first and the last were written.
    pub span: Option<(Wall, Wall)>,
    /// Records written but never accepted, left by a failing disk.
    pub unaccepted: u64,
    /// A line being written, or torn by a crash.
    pub torn: Option<Torn>,
}

/// Why a journal could not be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is not as it was written.
    #[error("journal broken at {0}")]
    Bad(FirstBad),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] JournalError),
}

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A change of an activation.
    Transition(Box<Transition>),
    /// Something else.
    Notice(Box<Event>),
    /// A change of a fault.
    Fault(Box<FaultTransition>),
}

/// Something decided before the restart and not yet accepted by everyone.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// What is to be told.
    pub told: Told,
    /// Who has not accepted it.
    pub outgoing: BTreeSet<Outgoing>,
}

/// What a restart goes on from.
#[derive(Debug, Default)]
pub struct Recovery {
    /// For [`crate::activation::Machine::restored`].
    pub saved: Vec<Saved>,
    /// For [`crate::fault::Faults::restored`].
    pub faults: Vec<FaultTransition>,
    /// The last run did not end in order.
    pub was_running: bool,
    /// The outbox, in the order it was decided.
    pub waiting: Vec<Waiting>,
    /// Ids of all notices that were ever to be told: none is told twice.
    pub notices: BTreeSet<String>,
    /// Sound records.
    pub records: u64,
    /// When the last one was written.
    pub last_at: Option<Wall>,
    /// The first bad record: a fault to be raised.
    pub first_bad: Option<FirstBad>,
    /// A torn tail that was cut.
    pub torn: Option<Torn>,
    /// Sound records of a kind that this program does not know.
    pub unknown: u64,
    /// The repair could not be recorded.
    pub repair_error: Option<JournalError>,
    /// Hash of the policy recorded last.
    pub policy: Option<String>,
}

/// What was found when a chain was opened.
#[derive(Debug, Default)]
pub struct Opened {
    /// Sound records.
    pub records: u64,
    /// When the last one was written.
    pub last_at: Option<Wall>,
    /// The first bad record: a fault to be raised.
    pub first_bad: Option<FirstBad>,
    /// A torn tail that was cut.
    pub torn: Option<Torn>,
    /// Sound records of a kind that this program does not know.
    pub unknown: u64,
    /// The repair could not be recorded.
    pub repair_error: Option<JournalError>,
}

/// Where the next record goes.
#[derive(Debug)]
pub(super) struct End {
    pub(super) path: Option<PathBuf>,
    /// Bytes of whole lines in that segment.
    pub(super) len: u64,
    pub(super) next_seq: u64,
    pub(super) head: Hash,
    /// False when the chain is broken and a new one has to begin.
    pub(super) is_sound: bool,
}

/// Checks every record.
///
/// # Errors
///
/// With the first record that was edited, removed, inserted or moved. A tail
/// that was cut off whole can only be seen by comparing [`Summary::head`] with
/// a copy kept elsewhere.
pub fn verify(folder: &Path) -> Result<Summary, VerifyError> {
    verify_chain::<Entry>(folder)
}

/// The same for a chain of other entries.
///
/// # Errors
///
/// As [`verify`].
pub fn verify_chain<E: Chained>(folder: &Path) -> Result<Summary, VerifyError> {
    let mut span: Option<(Wall, Wall)> = None;
    let chain = walk(folder, |record: Record<E>| {
        span = Some((span.map_or(record.at, |(first, _)| first), record.at));
    })?;
    if let Some(first_bad) = chain.first_bad {
        return Err(VerifyError::Bad(first_bad));
    }
    Ok(Summary {
        records: chain.records,
        head: chain.head.to_string(),
        span,
        unaccepted: chain.unaccepted,
        torn: chain.torn,
    })
}

/// Hands every sound record to `visit`, in order.
///
/// # Errors
///
/// When a segment cannot be read.
pub fn replay(folder: &Path, visit: impl FnMut(Record)) -> Result<(), JournalError> {
    replay_chain(folder, visit)
}

/// The same for a chain of other entries.
///
/// # Errors
///
/// As [`replay`].
pub fn replay_chain<E: Chained>(
    folder: &Path,
    visit: impl FnMut(Record<E>),
) -> Result<(), JournalError> {
    walk(folder, visit).map(drop)
}

/// Reads everything, for the writer.
pub(super) fn recover<E: Chained>(
    folder: &Path,
    mut visit: impl FnMut(Record<E>),
) -> Result<(Opened, End), JournalError> {
    let mut last_at = None;
    let mut unknown = 0;
    let chain = walk(folder, |record: Record<E>| {
        last_at = Some(record.at);
        unknown += u64::from(record.entry.is_none());
        visit(record);
    })?;
    let opened = Opened {
        records: chain.records,
        last_at,
        first_bad: chain.first_bad,
        // A torn line that is not the last was left by a failing disk, and the
        // chain went on in the next segment.
        torn: chain
            .torn
            .filter(|torn| chain.path.as_ref() == Some(&torn.segment)),
        unknown,
        repair_error: None,
    };
    let end = End {
        path: chain.path,
        len: chain.len,
        next_seq: chain.last_seq + 1,
        head: chain.head,
        is_sound: chain.is_sound,
    };
    Ok((opened, end))
}

#[derive(Default)]
pub(super) struct Collected {
    snapshot: Option<Saved>,
    /// By activation, with the record's number.
    latest: BTreeMap<String, (u64, Box<Transition>)>,
    /// By the number of the record that decided it.
    waiting: BTreeMap<u64, Waiting>,
    notices: BTreeSet<String>,
    policy: Option<String>,
    /// The last change of each.
    faults: BTreeMap<FaultKey, (u64, Box<FaultTransition>)>,
    is_running: bool,
}

impl Collected {
    pub(super) fn recovery(self, opened: Opened) -> Recovery {
        let mut saved: Vec<_> = self.snapshot.into_iter().collect();
        let mut latest: Vec<_> = self.latest.into_values().collect();
        latest.sort_by_key(|(seq, _)| *seq);
        saved.extend(latest.into_iter().map(|(_, t)| Saved::Transition(t)));
        let mut faults: Vec<_> = self.faults.into_values().collect();
        faults.sort_by_key(|(seq, _)| *seq);
        Recovery {
            saved,
            faults: faults.into_iter().map(|(_, fault)| *fault).collect(),
            was_running: self.is_running,
            waiting: self.waiting.into_values().collect(),
            notices: self.notices,
            records: opened.records,
            last_at: opened.last_at,
            first_bad: opened.first_bad,
            torn: opened.torn,
            unknown: opened.unknown,
            repair_error: opened.repair_error,
            policy: self.policy,
        }
    }

    pub(super) fn take(&mut self, record: Record) {
        match record.entry {
            None => {}
            Some(Entry::Snapshot { snapshot }) => {
                self.latest.clear();
                self.snapshot = Some(Saved::Snapshot(snapshot));
            }
            Some(Entry::Transition { transition, outbox }) => {
                self.wait(record.seq, Told::Transition(transition.clone()), outbox);
                let id = transition.activation.id.to_string();
                self.latest.insert(id, (record.seq, transition));
            }
            Some(Entry::Notice { event, outbox }) => {
                self.notices.insert(event.id.clone());
                self.wait(record.seq, Told::Notice(event), outbox);
            }
            Some(Entry::Fault { transition, outbox }) => {
                if !outbox.is_empty() {
                    self.wait(record.seq, Told::Fault(transition.clone()), outbox);
                }
                let key = transition.fault.key.clone();
                self.faults.insert(key, (record.seq, transition));
            }
            Some(Entry::Result { outgoing, .. }) => {
                self.waiting.retain(|_, waiting| {
                    waiting.outgoing.remove(&outgoing);
                    !waiting.outgoing.is_empty()
                });
            }
            Some(Entry::Policy { hash, .. }) => self.policy = Some(hash),
            Some(Entry::Started { .. }) => self.is_running = true,
            Some(Entry::Stopped { .. }) => self.is_running = false,
            Some(
                Entry::Action { .. }
                | Entry::Changed { .. }
                | Entry::ClockStepped { .. }
                | Entry::Repaired { .. },
            ) => {}
        }
    }
}

impl Collected {
    fn wait(&mut self, seq: u64, told: Told, outbox: Vec<Outgoing>) {
        if !outbox.is_empty() {
            let outgoing = outbox.into_iter().collect();
            self.waiting.insert(seq, Waiting { told, outgoing });
        }
    }
}

/// What is known of the chain after the records read so far.
struct Chain {
    path: Option<PathBuf>,
    len: u64,
    records: u64,
    last_seq: u64,
    head: Hash,
    /// The record before the last: where the chain goes on when the last one
    /// was never accepted.
    before: Option<(u64, Hash)>,
    is_sound: bool,
    first_bad: Option<FirstBad>,
    torn: Option<Torn>,
    unaccepted: u64,
}

fn walk<E: Chained>(
    folder: &Path,
    mut visit: impl FnMut(Record<E>),
) -> Result<Chain, JournalError> {
    let mut chain = Chain {
        path: None,
        len: 0,
        records: 0,
        last_seq: 0,
        head: Hash::ZERO,
        before: None,
        is_sound: true,
        first_bad: None,
        torn: None,
        unaccepted: 0,
    };
    for path in segments(folder, E::NAME)? {
        chain.path = Some(path.clone());
        chain.len = 0;
        chain
            .read(&path, &mut visit)
            .map_err(|source| JournalError::Read { path, source })?;
    }
    Ok(chain)
}

fn segments(folder: &Path, name: &str) -> Result<Vec<PathBuf>, JournalError> {
    let start = format!("{name}-");
    let failed = |source| JournalError::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.starts_with(&start) && name.ends_with(".ndjson")) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl Chain {
    fn read<E: Chained>(
        &mut self,
        path: &Path,
        visit: &mut impl FnMut(Record<E>),
    ) -> std::io::Result<()> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        let mut n = 0;
        loop {
            line.clear();
            let read = u64::try_from(reader.read_until(b'\n', &mut line)?).unwrap_or(u64::MAX);
            if read == 0 {
                return Ok(());
            }
            n += 1;
            let Some(text) = line.strip_suffix(b"\n") else {
                self.torn = Some(Torn {
                    segment: path.to_owned(),
                    bytes: read,
                    kept: None,
                });
                return Ok(());
            };
            self.len += read;
            match record::decode(text) {
                Ok(decoded) => self.follow(path, n, decoded, visit),
                Err(bad) => {
                    let fault = match bad {
                        BadLine::Malformed => Fault::Malformed,
                        BadLine::Hash => Fault::Hash,
                    };
                    self.is_sound = false;
                    self.note(path, n, None, fault);
                }
            }
        }
    }

    fn follow<E: Chained>(
        &mut self,
        path: &Path,
        line: u64,
        decoded: Decoded<E>,
        visit: &mut impl FnMut(Record<E>),
    ) {
        let Decoded {
            seq,
            prev,
            hash,
            record,
        } = decoded;
        let begins_anew = record.entry.as_ref().is_some_and(E::begins_anew)
            && prev == Hash::ZERO.to_string()
            && self.first_bad.is_some();
        if begins_anew {
            self.is_sound = true;
        } else if self.is_sound && prev != self.head.to_string() {
            match self.before {
                Some((before_seq, before))
                    if line == 1 && prev == before.to_string() && seq == before_seq + 1 =>
                {
                    self.unaccepted += 1;
                    self.records -= 1;
                    self.last_seq = before_seq;
                    self.head = before;
                }
                _ => {
                    self.is_sound = false;
                    self.note(path, line, Some(seq), Fault::Chain);
                }
            }
        }
        let expected = self.last_seq + 1;
        if self.is_sound && !begins_anew && seq != expected {
            self.is_sound = false;
            self.note(path, line, Some(seq), Fault::Sequence { expected });
        }
        self.before = Some((self.last_seq, self.head));
        self.records += 1;
        self.last_seq = self.last_seq.max(seq);
        self.head = hash;
        visit(record);
    }

    fn note(&mut self, path: &Path, line: u64, seq: Option<u64>, fault: Fault) {
        self.first_bad.get_or_insert_with(|| FirstBad {
            segment: path.to_owned(),
            line,
            seq,
            fault,
        });
    }
}
