//! Signed heads beside the journal, a line each: `heads.ndjson`.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::disk::sync_folder_of;
use crate::activation::SignedHead;

/// The file of heads in the journal's folder.
pub const HEADS_FILE: &str = "heads.ndjson";

/// Bytes that are looked at for the end of the last whole line: more than any
/// head has.
const TAIL: u64 = 64 << 10;

/// A head could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("failed to keep a head in `{}`", path.display())]
pub struct HeadsError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// The file that heads are added to.
#[derive(Clone, Debug)]
pub struct HeadsFile {
    path: PathBuf,
}

impl HeadsFile {
    /// That of a journal's folder; it is made with the first head.
    pub fn of(folder: &Path) -> Self {
        Self {
            path: folder.join(HEADS_FILE),
        }
    }

    /// Adds a head, and returns once it is on the disk. A line that a crash left
    /// without its end is cut first.
    ///
    /// # Errors
    ///
    /// When it could not be written.
    pub fn add(&self, head: &SignedHead) -> Result<(), HeadsError> {
        self.try_add(head).map_err(|source| HeadsError {
            path: self.path.clone(),
            source,
        })
    }

    fn try_add(&self, head: &SignedHead) -> io::Result<()> {
        let mut line = serde_json::to_vec(head)?;
        line.push(b'\n');
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        let mut file = options.open(&self.path)?;
        let len = whole_lines(&mut file)?;
        file.set_len(len)?;
        file.seek(SeekFrom::Start(len))?;
        file.write_all(&line)?;
        file.sync_data()?;
        if len == 0 {
            sync_folder_of(&self.path)?;
        }
        Ok(())
    }
}

/// Length of a file up to the end of its last whole line.
fn whole_lines(file: &mut File) -> io::Result<u64> {
    let len = file.seek(SeekFrom::End(0))?;
    let from = len.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let end = tail.iter().rposition(|byte| *byte == b'\n');
    // Without any end in so many bytes it is none of our files: nothing is cut.
    Ok(match end {
        Some(end) => from + u64::try_from(end + 1).unwrap_or(u64::MAX),
        None if from == 0 => 0,
        None => len,
    })
}
