//! A pseudo-terminal in raw mode: the mock has one end, the daemon opens the other
//! by path.
//!
//! The mock keeps no handle to the far end. So the kernel can say whether anybody
//! else has it open, and a mock can lose what it sends to nobody, as a serial line
//! does. A daemon that restarts still finds the same path, because the near end
//! stays open; only dropping the [`Pty`] is end of file for it.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use tokio::io::unix::AsyncFd;

/// The near end of a pseudo-terminal.
#[derive(Debug)]
pub struct Pty {
    near: OwnedFd,
    /// A duplicate of `near`, made anew each time the far end is opened: once tokio
    /// has seen a hang-up on a descriptor it reports it for ever.
    watched: AsyncFd<OwnedFd>,
    path: PathBuf,
    open: bool,
}

/// What happened at the far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FarEnd {
    /// Somebody opened it.
    Opened,
    /// The last one who had it open closed it, or was killed.
    Closed,
    /// These bytes were written to it.
    Wrote(Vec<u8>),
}

/// How often a closed far end is looked at.
const OPEN_POLL: Duration = Duration::from_millis(5);

/// How much is read at once.
const READ_LEN: usize = 4096;

impl Pty {
    /// Opens a new pseudo-terminal, in raw mode and without echo.
    ///
    /// # Errors
    ///
    /// When the system has no more, or outside a tokio runtime with I/O.
    pub fn open() -> io::Result<Self> {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&near)?;
        unlockpt(&near)?;
        let name = ptsname(&near, Vec::new())?;
        let path = PathBuf::from(OsString::from_vec(name.into_bytes()));
        let flags = rustix::fs::fcntl_getfl(&near)?;
        rustix::fs::fcntl_setfl(&near, flags | OFlags::NONBLOCK)?;
        // The settings stay with the pair when this handle closes, and only a far
        // end that was open once can be told from one that is closed.
        make_raw(&open_far_end(&path)?)?;
        Ok(Self {
            watched: watch(&near)?,
            near,
            path,
            open: false,
        })
    }

    /// What the daemon opens, such as `/dev/pts/7`.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether anybody has the far end open now.
    pub fn is_open(&self) -> bool {
        let mut fds = [PollFd::new(&self.near, PollFlags::empty())];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        match poll(&mut fds, Some(&at_once)) {
            Ok(_) => fds.iter().all(|fd| !fd.revents().contains(PollFlags::HUP)),
            Err(_) => false,
        }
    }

    /// Sends what fits into the terminal's buffer, without waiting, and returns how
    /// many bytes that were: 0 when it is full.
    ///
    /// The buffer takes bytes also while nobody has the far end open, and keeps them
    /// for the next one; ask [`Pty::is_open`] first.
    ///
    /// # Errors
    ///
    /// Those of `write(2)`, a full buffer excepted.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match rustix::io::write(&self.near, bytes) {
            Ok(n_bytes) => Ok(n_bytes),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the next thing to happen at the far end.
    ///
    /// A reader that closes and opens again within some milliseconds may go unnoticed.
    /// Nothing is lost when the future is dropped.
    ///
    /// # Errors
    ///
    /// Those of `read(2)`, a closed far end excepted.
    pub async fn next(&mut self) -> io::Result<FarEnd> {
        let mut buffer = [0; READ_LEN];
        loop {
            if !self.open {
                if self.is_open() {
                    self.watched = watch(&self.near)?;
                    self.open = true;
                    return Ok(FarEnd::Opened);
                }
                tokio::time::sleep(OPEN_POLL).await;
                continue;
            }
            let mut guard = self.watched.readable().await?;
            match rustix::io::read(&self.near, &mut buffer) {
                Ok(0) | Err(Errno::IO) => {
                    self.open = false;
                    return Ok(FarEnd::Closed);
                }
                Ok(n_bytes) => {
                    let bytes = buffer.get(..n_bytes).unwrap_or_default().to_vec();
                    return Ok(FarEnd::Wrote(bytes));
                }
                Err(Errno::AGAIN) if guard.ready().is_read_closed() => {
                    // Closed and opened again since we last looked.
                    self.open = false;
                    return Ok(FarEnd::Closed);
                }
                Err(Errno::AGAIN) => guard.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Throws away what was sent and never read.
    ///
    /// # Errors
    ///
    /// `EBUSY` when a reader that took the port for itself (`TIOCEXCL`) was killed:
    /// the mark stays on the terminal, and only root can open it again.
    pub fn discard_unread(&self) -> io::Result<()> {
        let far_end = open_far_end(&self.path)?;
        Ok(tcflush(&far_end, QueueSelector::IFlush)?)
    }

    /// How many of the bytes that were sent nobody has read yet.
    ///
    /// # Errors
    ///
    /// As [`Pty::discard_unread`].
    pub fn n_unread(&self) -> io::Result<u64> {
        let far_end = open_far_end(&self.path)?;
        Ok(rustix::io::ioctl_fionread(&far_end)?)
    }

    /// Whether the far end can still be opened; see [`Pty::discard_unread`].
    pub fn can_be_opened(&self) -> bool {
        open_far_end(&self.path).is_ok()
    }
}

#[expect(
    deprecated,
    reason = "unsound only for types whose descriptor may change, which an `OwnedFd` \
              may not; the replacement is an unsafe function, and this crate has none"
)]
fn watch(near: &OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(near.try_clone()?)
}

fn open_far_end(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

fn make_raw(far_end: &OwnedFd) -> io::Result<()> {
    let mut settings = tcgetattr(far_end)?;
    settings.make_raw();
    Ok(tcsetattr(far_end, OptionalActions::Now, &settings)?)
}

#[cfg(test)]
mod tests;
