//! Reading a journal from its beginning: checking it, replaying it, and
//! collecting what a restart goes on from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::JournalError;
use super::fault::FirstBad;
use super::record::{Entry, Hash, Linked, Outgoing, Record};
use super::signer::KEY;
use super::walk::walk;
use crate::activation::{Event, Saved, Transition};
use crate::clock::Wall;
use crate::fault::{FaultKey, FaultTransition};
use crate::reading::InstrumentId;

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
    /// Everybody it was for when it was decided, in the order of that time.
    pub subscribers: Vec<String>,
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
    /// Public key recorded last.
    pub key: Option<String>,
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
pub fn verify_chain<E: Linked>(folder: &Path) -> Result<Summary, VerifyError> {
    let mut span: Option<(Wall, Wall)> = None;
    let chain = walk(folder, BTreeSet::new(), |record: Record<E>| {
        span = Some((span.map_or(record.at, |(first, _)| first), record.at));
    })?;
    let summary = Summary {
        records: chain.records,
        head: chain.head().to_string(),
        span,
        unaccepted: chain.unaccepted,
        torn: chain.torn.clone(),
    };
    match chain.into_findings().into_iter().next() {
        Some(first_bad) => Err(VerifyError::Bad(first_bad)),
        None => Ok(summary),
    }
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
pub fn replay_chain<E: Linked>(
    folder: &Path,
    visit: impl FnMut(Record<E>),
) -> Result<(), JournalError> {
    walk(folder, BTreeSet::new(), visit).map(drop)
}

/// Reads everything, for the writer.
pub(super) fn recover<E: Linked>(
    folder: &Path,
    mut visit: impl FnMut(Record<E>),
) -> Result<(Opened, End), JournalError> {
    let mut last_at = None;
    let mut unknown = 0;
    let chain = walk(folder, BTreeSet::new(), |record: Record<E>| {
        last_at = Some(record.at);
        unknown += u64::from(record.entry.is_none());
        visit(record);
    })?;
    let path = chain.segment().map(ToOwned::to_owned);
    let end = End {
        len: chain.len,
        next_seq: chain.last_seq + 1,
        head: chain.last,
        is_sound: chain.is_sound,
        path,
    };
    let opened = Opened {
        records: chain.records,
        last_at,
        unknown,
        // A torn line that is not the last was left by a failing disk, and the
        // chain went on in the next segment.
        torn: chain
            .torn
            .clone()
            .filter(|torn| end.path.as_ref() == Some(&torn.segment)),
        first_bad: chain.into_findings().into_iter().next(),
        repair_error: None,
    };
    Ok((opened, end))
}

#[derive(Default)]
pub(super) struct Collected {
    snapshot: Option<Saved>,
    /// By activation, with the record's number.
    latest: BTreeMap<String, (u64, Box<Transition>)>,
    /// Who is out of service.
    out_of_service: BTreeMap<String, Saved>,
    /// By the number of the record that decided it.
    waiting: BTreeMap<u64, Waiting>,
    notices: BTreeSet<String>,
    policy: Option<String>,
    /// The last change of each.
    faults: BTreeMap<FaultKey, (u64, Box<FaultTransition>)>,
    is_running: bool,
    key: Option<String>,
}

impl Collected {
    pub(super) fn recovery(self, opened: Opened) -> Recovery {
        let mut saved: Vec<_> = self.snapshot.into_iter().collect();
        let mut latest: Vec<_> = self.latest.into_values().collect();
        latest.sort_by_key(|(seq, _)| *seq);
        saved.extend(latest.into_iter().map(|(_, t)| Saved::Transition(t)));
        let mut faults: Vec<_> = self.faults.into_values().collect();
        faults.sort_by_key(|(seq, _)| *seq);
        saved.extend(self.out_of_service.into_values());
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
            key: self.key,
        }
    }

    pub(super) fn take(&mut self, record: Record) {
        match record.entry {
            None => {}
            Some(Entry::Snapshot { snapshot }) => {
                self.latest.clear();
                self.out_of_service.clear();
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
            Some(Entry::OutOfService { out }) => {
                let key = out.instrument.to_string();
                self.out_of_service.insert(key, Saved::OutOfService(out));
            }
            Some(Entry::BackInService { instrument, .. }) => {
                if let Some(id) = InstrumentId::new(&instrument) {
                    self.out_of_service
                        .insert(instrument, Saved::BackInService(id));
                }
            }
            Some(Entry::Policy { hash, .. }) => self.policy = Some(hash),
            Some(Entry::Started { .. }) => self.is_running = true,
            Some(Entry::Stopped { .. }) => self.is_running = false,
            Some(Entry::Changed { what, new, .. }) if what == KEY => self.key = Some(new),
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
            let subscribers = outbox.iter().map(|to| to.subscriber.clone()).collect();
            let waiting = Waiting {
                told,
                outgoing: outbox.into_iter().collect(),
                subscribers,
            };
            self.waiting.insert(seq, waiting);
        }
    }
}
