//! What can go wrong with the embedded store.

use std::io;
use std::path::PathBuf;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The folder does not exist and cannot be made.
    #[error("failed to create the store's folder {}", path.display())]
    CreateFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The folder cannot be read.
    #[error("failed to list the store's folder {}", path.display())]
    ListFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The lock file cannot be made or locked.
    #[error("failed to lock {}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process writes to this store.
    #[error("the store {} is in use by another process", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The operating system gave no thread.
    #[error("failed to start the store's thread")]
    Thread(#[source] io::Error),
    /// A month's file cannot be opened.
    #[error("failed to open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A file of that name holds something else; it is left untouched.
    #[error("{} is not a file of this store", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by another release; it is left untouched.
    #[error("{} has layout {found}, this release reads layout {expected}", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout it has.
        found: i64,
        /// The layout this release knows.
        expected: i64,
    },
    /// A group of records could not be written; none of it was.
    #[error("failed to write to {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The file was deleted or replaced under our hands.
    #[error("{} was removed or replaced while in use", path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A file cannot be renamed or deleted.
    #[error("failed to move or delete {}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store was closed while writing failed. Nothing of what is missing
    /// was acknowledged, so its sources will send it again.
    #[error("closed with {unsaved} records that could not be written")]
    Unsaved {
        /// How many.
        unsaved: usize,
        /// Why the last attempt failed.
        #[source]
        source: Box<StoreError>,
    },
    /// The writer has stopped.
    #[error("the store's writer has stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the file itself is damaged, so that trying again cannot help.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Open { source, .. } | Self::Write { source, .. } | Self::Read { source, .. } => {
                is_damage(source)
            }
            _ => false,
        }
    }
}

/// Whether SQLite says that the file is damaged.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}
