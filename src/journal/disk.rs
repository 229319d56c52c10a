//! The few file operations the journal needs, so that tests can make them fail.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// One segment, open for appending.
pub trait Segment: Debug + Send {
    /// Writes all bytes at the end.
    ///
    /// # Errors
    ///
    /// When not all could be written; a part may have been.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything written is on the disk.
    ///
    /// # Errors
    ///
    /// When it is not, or not known to be.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the segment to its first `len` bytes.
    ///
    /// # Errors
    ///
    /// When it could not be cut.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

/// Where segments are.
pub trait Disk: Debug + Send {
    /// Makes a new, empty segment and syncs its folder.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` when there is one of that name, or what went wrong.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Segment>>;

    /// Opens a segment to go on at its end.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    fn open(&mut self, path: &Path) -> io::Result<Box<dyn Segment>>;

    /// Removes a segment in which nothing was accepted.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    fn remove(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}

/// The machine's file system.
#[derive(Clone, Copy, Debug)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        let file = File::options().append(true).create_new(true).open(path)?;
        sync_folder_of(path)?;
        Ok(Box::new(OsSegment(file)))
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        Ok(Box::new(OsSegment(
            File::options().append(true).open(path)?,
        )))
    }
}

/// The same, with segments that nobody but their owner can read.
#[derive(Clone, Copy, Debug)]
pub struct PrivateDisk;

impl Disk for PrivateDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        let file = File::options()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        sync_folder_of(path)?;
        Ok(Box::new(OsSegment(file)))
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        OsDisk.open(path)
    }
}

#[derive(Debug)]
struct OsSegment(File);

impl Segment for OsSegment {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)?;
        self.0.sync_data()
    }
}

/// Moves everything from `len` on into `<segment>.<n>.torn`, and gives its path.
///
/// The copy is on the disk before the segment is cut.
pub(super) fn set_tail_aside(path: &Path, len: u64) -> io::Result<PathBuf> {
    let mut segment = File::options().read(true).write(true).open(path)?;
    segment.seek(SeekFrom::Start(len))?;
    let mut tail = Vec::new();
    segment.read_to_end(&mut tail)?;
    let (mut aside, kept) = create_aside(path)?;
    aside.write_all(&tail)?;
    aside.sync_data()?;
    sync_folder_of(&kept)?;
    segment.set_len(len)?;
    segment.sync_data()?;
    Ok(kept)
}

fn create_aside(path: &Path) -> io::Result<(File, PathBuf)> {
    let mut n = 0_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{n}.torn"));
        let kept = PathBuf::from(name);
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        match options.open(&kept) {
            Ok(file) => return Ok((file, kept)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => n += 1,
            Err(error) => return Err(error),
        }
    }
}

pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| {
        // A bare file name has the empty path as its parent.
        let here = Path::new(".");
        let folder = if folder.as_os_str().is_empty() {
            here
        } else {
            folder
        };
        File::open(folder)?.sync_all()
    })
}
