//! Deeds on disk.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::casework::{Cases, Deed};
use crate::clock::Wall;
use crate::journal::{
    Chained, Journal, JournalError, Linked, Opened, PrivateDisk, Record, Repair, Summary,
    VerifyError, replay_chain, verify_chain,
};

/// A record of the case store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CaseEntry {
    /// Someone did something.
    Deed(Box<Deed>),
    /// The store was repaired at opening.
    Repaired(Repair),
}

impl Chained for CaseEntry {
    fn repaired(repair: Repair) -> Self {
        Self::Repaired(repair)
    }
}

impl Linked for CaseEntry {
    const NAME: &'static str = "cases";

    fn old_head(&self) -> Option<&str> {
        match self {
            Self::Repaired(repair) if repair.new_chain => Some(&repair.old_head),
            _ => None,
        }
    }
}

/// The one writer of the case store. Its calls block: they sync.
#[derive(Debug)]
pub struct CaseStore {
    chain: Journal<CaseEntry>,
}

impl CaseStore {
    /// Opens the store of a folder, or begins one, and gives all that is in it.
    /// The folder is closed to everybody but its owner.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`]; damage inside is none.
    pub fn open(folder: &Path, now: Wall) -> Result<(Self, Cases, Opened), JournalError> {
        make_private(folder).map_err(|source| JournalError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        let mut cases = Cases::default();
        let disk = Box::new(PrivateDisk);
        let (chain, opened) =
            Journal::open_chain(folder, now, disk, |record| take(&mut cases, record))?;
        Ok((Self { chain }, cases, opened))
    }

    /// Appends deeds with one sync: all of them, or none.
    ///
    /// # Errors
    ///
    /// When they could not be written and synced; nothing was done then.
    pub fn append(&mut self, now: Wall, deeds: &[Deed]) -> Result<(), JournalError> {
        let entries: Vec<CaseEntry> = deeds
            .iter()
            .map(|deed| CaseEntry::Deed(Box::new(deed.clone())))
            .collect();
        self.chain.append_all(now, &entries)
    }
}

/// Makes a folder that only its owner can open, and whatever is above it.
pub(super) fn make_private(folder: &Path) -> std::io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    if !folder.is_dir() {
        DirBuilder::new().mode(0o700).create(folder)?;
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

fn take(cases: &mut Cases, record: Record<CaseEntry>) {
    if let Some(CaseEntry::Deed(deed)) = record.entry {
        cases.take(record.at, *deed);
    }
}

/// All that is in the store of a folder; needs no running daemon.
///
/// # Errors
///
/// When it cannot be read. A damaged record is left out: see [`verify_cases`].
pub fn read_cases(folder: &Path) -> Result<Cases, JournalError> {
    let mut cases = Cases::default();
    replay_chain(folder, |record| take(&mut cases, record))?;
    Ok(cases)
}

/// Checks every record of the store of a folder.
///
/// # Errors
///
/// With the first record that is not as it was written.
pub fn verify_cases(folder: &Path) -> Result<Summary, VerifyError> {
    verify_chain::<CaseEntry>(folder)
}
