//! A place to plug a pseudo-terminal in: it goes out, comes back under another name,
//! and a link that stays the same points to it. Or a TCP address, where a program that
//! ends and starts again is found each time.
//!
//! What is sent is counted, whether or not somebody took it. The policy: a mock never
//! waits for a reader. With nobody at the far end, or a full buffer, bytes are lost
//! and counted, as on a real line.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::pty::{FarEnd, Pty};
use crate::socket::Socket;

/// How long [`Port::drain`] waits at most.
pub const DRAIN_MAX: Duration = Duration::from_secs(1);

/// How often it looks.
const DRAIN_POLL: Duration = Duration::from_millis(5);

/// How often in a row there must be nothing: bytes are on their way through the
/// kernel for a moment, and then in neither end's buffer.
const EMPTY_LOOKS: u32 = 4;

/// A port of the mock.
#[derive(Debug)]
pub struct Port {
    end: Option<End>,
    /// Where it listens, if it is no pseudo-terminal.
    address: Option<SocketAddr>,
    /// The path it had when it was last plugged in.
    last: Option<PathBuf>,
    link: Option<PathBuf>,
    unread: Unread,
    tally: Tally,
}

/// The mock's end of what is plugged in.
#[derive(Debug)]
enum End {
    Pty(Pty),
    Socket(Socket),
}

impl End {
    fn is_open(&self) -> bool {
        match self {
            Self::Pty(pty) => pty.is_open(),
            Self::Socket(socket) => socket.is_open(),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<usize, PortError> {
        match self {
            Self::Pty(pty) => pty.write(bytes).map_err(PortError::Use),
            Self::Socket(socket) => Ok(socket.write(bytes)),
        }
    }
}

/// What becomes of bytes that a reader left unread when it closed the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// They are thrown away, as a real port does.
    Discarded,
    /// The next reader gets them.
    Kept,
}

/// What became of what was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames that went into the line whole.
    pub frames_sent: u64,
    /// Frames, or rests of them, for which nobody had the port open.
    pub frames_unheard: u64,
    /// Frames that found the buffer full; at most their start went into the line.
    pub frames_dropped: u64,
    /// Bytes that went into the line.
    pub bytes_sent: u64,
}

/// What became of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// It went into the line.
    Taken,
    /// Nobody has the port open, or it is unplugged.
    Unheard,
    /// The buffer had room for this many of its bytes only.
    Full(usize),
}

/// Why a port does not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// No pseudo-terminal.
    #[error("failed to open a pseudo-terminal")]
    Open(#[source] io::Error),
    /// No address.
    #[error("failed to listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Reading or writing failed.
    #[error("failed to use the port")]
    Use(#[source] io::Error),
    /// The link's place is taken.
    #[error("`{}` exists and is not a link", .0.display())]
    NotALink(PathBuf),
    /// The link could not be made.
    #[error("failed to link `{}`", path.display())]
    Link {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl Port {
    /// Opens a port and, if asked for, links `link` to it. An existing link there is
    /// moved.
    ///
    /// # Errors
    ///
    /// [`PortError`] when there is no pseudo-terminal or the link cannot be made.
    pub fn open(link: Option<PathBuf>, unread: Unread) -> Result<Self, PortError> {
        Self::plugged(None, link, unread)
    }

    /// Listens on this address; port 0 is any free one, which it keeps.
    ///
    /// # Errors
    ///
    /// [`PortError::Listen`] when the address cannot be had.
    pub fn listen(address: SocketAddr) -> Result<Self, PortError> {
        Self::plugged(Some(address), None, Unread::Discarded)
    }

    fn plugged(
        address: Option<SocketAddr>,
        link: Option<PathBuf>,
        unread: Unread,
    ) -> Result<Self, PortError> {
        let mut port = Self {
            end: None,
            address,
            last: None,
            link,
            unread,
            tally: Tally::default(),
        };
        port.plug()?;
        Ok(port)
    }

    /// The far end's path, or `tcp:HOST:PORT`; `None` while unplugged.
    pub fn path(&self) -> Option<&Path> {
        self.end.as_ref().and(self.last.as_deref())
    }

    /// The link to it, if one was asked for.
    pub fn link(&self) -> Option<&Path> {
        self.link.as_deref()
    }

    /// What became of what was sent so far.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// Whether somebody has it open now.
    pub fn is_open(&self) -> bool {
        self.end.as_ref().is_some_and(End::is_open)
    }

    /// Pulls the cable: the reader sees end of file, the link is gone, and what was
    /// not read is lost.
    pub fn unplug(&mut self) {
        self.unlink();
        self.end = None;
    }

    /// Waits until whoever has the port open has read all that was sent: what is
    /// unread is gone when the port is dropped. Not longer than [`DRAIN_MAX`], as a
    /// reader may have stopped reading.
    pub async fn drain(&self) {
        // What is in a connection arrives, also after its end.
        let Some(End::Pty(pty)) = &self.end else {
            return;
        };
        let end = Instant::now() + DRAIN_MAX;
        let mut n_empty = 0;
        while pty.is_open() && Instant::now() < end && n_empty < EMPTY_LOOKS {
            // Where the reader keeps others out nobody can look: it has all the time.
            n_empty = match pty.n_unread() {
                Ok(0) => n_empty + 1,
                Ok(_) | Err(_) => 0,
            };
            sleep(DRAIN_POLL).await;
        }
    }

    /// Puts the cable in, under a new name; the link follows. A port that is
    /// plugged in is renewed.
    ///
    /// # Errors
    ///
    /// As [`Port::open`].
    pub fn plug(&mut self) -> Result<(), PortError> {
        if let Some(address) = self.address {
            self.end = None;
            let listened = Socket::listen(address);
            let socket = listened.map_err(|source| PortError::Listen { address, source })?;
            self.address = Some(socket.address());
            self.last = Some(PathBuf::from(format!("tcp:{}", socket.address())));
            self.end = Some(End::Socket(socket));
            return Ok(());
        }
        let mut fresh = Pty::open().map_err(PortError::Open)?;
        if self.last.as_deref() == Some(fresh.path()) {
            // The system gives the lowest free name, and that was ours until now.
            // While it is taken the next one is another.
            fresh = Pty::open().map_err(PortError::Open)?;
        }
        if let Some(link) = &self.link {
            make_link(fresh.path(), link)?;
        }
        self.last = Some(fresh.path().to_owned());
        self.end = Some(End::Pty(fresh));
        Ok(())
    }

    /// Waits for the next thing to happen at the far end; for ever while unplugged.
    ///
    /// Nothing is lost when the future is dropped. A port that was closed and that
    /// nobody could open again is renewed, as happens when a reader without root's
    /// rights took it for itself and was killed; [`Port::path`] tells.
    ///
    /// # Errors
    ///
    /// [`PortError`] when the terminal fails or cannot be renewed.
    pub async fn next(&mut self) -> Result<FarEnd, PortError> {
        let pty = match &mut self.end {
            Some(End::Pty(pty)) => pty,
            Some(End::Socket(socket)) => return socket.next().await.map_err(PortError::Use),
            None => return pending().await,
        };
        let event = pty.next().await.map_err(PortError::Use)?;
        if event == FarEnd::Closed {
            let usable = match self.unread {
                Unread::Discarded => pty.discard_unread().is_ok(),
                Unread::Kept => pty.can_be_opened(),
            };
            if !usable {
                self.plug()?;
            }
        }
        Ok(event)
    }

    /// Sends a frame without waiting; what nobody takes is lost and counted.
    ///
    /// # Errors
    ///
    /// [`PortError::Use`] when the terminal fails.
    pub fn offer(&mut self, frame: &[u8]) -> Result<Offered, PortError> {
        let Some(end) = self.end.as_ref().filter(|end| end.is_open()) else {
            self.tally.frames_unheard += 1;
            return Ok(Offered::Unheard);
        };
        let n_bytes = end.write(frame)?;
        self.tally.bytes_sent += n_bytes as u64;
        if n_bytes == frame.len() {
            self.tally.frames_sent += 1;
            Ok(Offered::Taken)
        } else {
            self.tally.frames_dropped += 1;
            Ok(Offered::Full(n_bytes))
        }
    }

    /// Sends the start of `rest` that fits, and takes it off; `rest` empties and the
    /// frame counts when all of it is sent, or when nobody listens any more.
    ///
    /// # Errors
    ///
    /// [`PortError::Use`] when the terminal fails.
    pub fn pour(&mut self, rest: &mut Vec<u8>, at_most: usize) -> Result<Offered, PortError> {
        let Some(end) = self.end.as_ref().filter(|end| end.is_open()) else {
            rest.clear();
            self.tally.frames_unheard += 1;
            return Ok(Offered::Unheard);
        };
        let start = rest.get(..at_most).unwrap_or(rest);
        let n_bytes = end.write(start)?;
        rest.drain(..n_bytes);
        self.tally.bytes_sent += n_bytes as u64;
        if rest.is_empty() {
            self.tally.frames_sent += 1;
            Ok(Offered::Taken)
        } else {
            Ok(Offered::Full(n_bytes))
        }
    }

    /// Counts a frame that never got as far as the line.
    pub const fn count_dropped(&mut self) {
        self.tally.frames_dropped += 1;
    }

    fn unlink(&self) {
        let (Some(link), Some(path)) = (&self.link, self.path()) else {
            return;
        };
        // Somebody may have moved the link elsewhere: then it is theirs.
        let ours = std::fs::read_link(link).is_ok_and(|target| target == path);
        if ours && std::fs::remove_file(link).is_err() {
            // It went away by itself, which is what we wanted.
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.unlink();
    }
}

/// Links `link` to `target` in one step, so that there is always a link.
fn make_link(target: &Path, link: &Path) -> Result<(), PortError> {
    if link
        .symlink_metadata()
        .is_ok_and(|there| !there.is_symlink())
    {
        return Err(PortError::NotALink(link.to_owned()));
    }
    let failed = |source| PortError::Link {
        path: link.to_owned(),
        source,
    };
    let mut fresh = link.as_os_str().to_owned();
    fresh.push(format!(".new-{}", std::process::id()));
    std::os::unix::fs::symlink(target, &fresh).map_err(failed)?;
    std::fs::rename(&fresh, link).map_err(failed)
}

#[cfg(test)]
mod tests;
