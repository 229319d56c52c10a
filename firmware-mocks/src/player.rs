//! Plays a recording through a port, line by line, and says of each line what became
//! of it.
//!
//! A recording of a push instrument is simply its bytes, so a line is sent as it
//! stands in the file, terminator included.
//!
//! Which lines must a daemon have that was killed and started again? With
//! [`Options::wait_open`] the player sends only while somebody has the port open,
//! and what a killed reader left unread is kept for the next one. So each line of
//! outcome [`Outcome::Written`] reaches some reader. Lost can only be what a reader
//! had read and not yet made safe when it was killed, and what the next one throws
//! away when it opens the port; compare [`Line::at`] with the time of the kill.

mod rate;
mod told;

pub use rate::{Rate, RateError};
pub use told::{Event, Line, Outcome, Played};

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::mock::stopped;
use crate::port::{Offered, Port, PortError, Unread};
use crate::pty::FarEnd;

/// What to play, and how.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The recording
    pub file: PathBuf,
    /// Keep this link pointing to the port
    #[arg(long, value_name = "PATH")]
    pub link: Option<PathBuf>,
    /// Lines a second
    #[arg(long, default_value = "1", value_name = "N")]
    pub rate: Rate,
    /// Send pieces of this many bytes instead of lines
    #[arg(long, value_name = "BYTES")]
    pub raw: Option<usize>,
    /// Start when somebody opens the port, and pause while nobody has it open
    #[arg(long)]
    pub wait_open: bool,
    /// Start again at the end, for ever
    #[arg(long = "loop")]
    pub repeat: bool,
    /// Keep the port open for this long after the last line
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    pub linger: f64,
}

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The file cannot be read.
    #[error("failed to read the recording `{}`", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("the recording `{}` is empty", .0.display())]
    Empty(PathBuf),
    /// Pieces of no bytes, or a linger that is no time.
    #[error("`--{0}` must be above zero and finite")]
    Option(&'static str),
    /// The port failed.
    #[error("the player's port failed")]
    Port(#[from] PortError),
    /// A bug of the player.
    #[error("the player's task panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// A player at work. Dropping the handle ends it too.
#[derive(Debug)]
pub struct PlayHandle {
    port: PathBuf,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<Played, PlayError>>,
}

/// Behind its schedule by more than this, after a pause, the player starts a new one
/// instead of catching up.
const BEHIND_MAX: Duration = Duration::from_millis(100);

/// How soon a full line is tried again.
const FULL_PAUSE: Duration = Duration::from_millis(1);

impl Options {
    /// `file` once, one line a second, from now on.
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            link: None,
            rate: Rate::ONE,
            raw: None,
            wait_open: false,
            repeat: false,
            linger: 2.0,
        }
    }

    /// Starts to play as a task of the running tokio runtime; `events` is told what
    /// happens. The player waits while that channel is full: read it, or drop the
    /// receiver.
    ///
    /// # Errors
    ///
    /// [`PlayError`] when there is nothing to play, or no port.
    pub fn spawn(self, events: mpsc::Sender<Event>) -> Result<PlayHandle, PlayError> {
        let linger =
            Duration::try_from_secs_f64(self.linger).map_err(|_| PlayError::Option("linger"))?;
        let lines = self.lines()?;
        let port = Port::open(self.link.clone(), Unread::Kept)?;
        let path = port.path().map(PathBuf::from).unwrap_or_default();
        let (stop, stopping) = watch::channel(false);
        let player = Player {
            options: self,
            linger,
            lines,
            port,
            told: None,
            events: Some(events),
            stopping,
            next: 0,
            round: 1,
            rest: None,
            played: Played::default(),
        };
        Ok(PlayHandle {
            port: path,
            stop,
            task: tokio::spawn(player.run()),
        })
    }

    fn lines(&self) -> Result<Vec<Vec<u8>>, PlayError> {
        let bytes = std::fs::read(&self.file).map_err(|source| PlayError::Read {
            path: self.file.clone(),
            source,
        })?;
        let lines: Vec<Vec<u8>> = match self.raw {
            Some(0) => return Err(PlayError::Option("raw")),
            Some(len) => bytes.chunks(len).map(<[u8]>::to_vec).collect(),
            None => bytes
                .split_inclusive(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect(),
        };
        if lines.is_empty() {
            return Err(PlayError::Empty(self.file.clone()));
        }
        Ok(lines)
    }
}

impl PlayHandle {
    /// Path of the far end when the player started.
    pub fn port(&self) -> &std::path::Path {
        &self.port
    }

    /// Waits until all is played; with [`Options::repeat`] for ever. Nothing is lost
    /// when the future is dropped.
    ///
    /// # Errors
    ///
    /// [`PlayError`] when the port failed on the way.
    pub async fn finished(&mut self) -> Result<Played, PlayError> {
        (&mut self.task).await.map_err(PlayError::Panicked)?
    }

    /// Asks it to end soon; [`PlayHandle::finished`] tells what it played.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

struct Player {
    options: Options,
    linger: Duration,
    lines: Vec<Vec<u8>>,
    port: Port,
    /// The path that was told last.
    told: Option<PathBuf>,
    events: Option<mpsc::Sender<Event>>,
    stopping: watch::Receiver<bool>,
    /// Index of the line that is next.
    next: usize,
    round: u64,
    /// What is left of that line, once it was begun.
    rest: Option<Vec<u8>>,
    played: Played,
}

impl Player {
    async fn run(mut self) -> Result<Played, PlayError> {
        self.tell_port().await;
        let pace = self.options.rate.pace();
        let mut stopping = self.stopping.clone();
        let mut is_open = false;
        let mut due = Instant::now();
        loop {
            let may_send = is_open || !self.options.wait_open;
            tokio::select! {
                biased;
                () = stopped(&mut stopping) => return Ok(self.played),
                happened = self.port.next() => {
                    is_open = match happened? {
                        FarEnd::Opened => {
                            self.tell(Event::Opened).await;
                            true
                        }
                        FarEnd::Closed => {
                            self.closed().await;
                            false
                        }
                        FarEnd::Wrote(_) => is_open,
                    };
                }
                () = sleep_until(due), if may_send => {
                    let Some(outcome) = self.send()? else {
                        due = Instant::now() + FULL_PAUSE;
                        continue;
                    };
                    if self.line_done(outcome).await {
                        break;
                    }
                    let now = Instant::now();
                    due = (due + pace).max(now.checked_sub(BEHIND_MAX).unwrap_or(now));
                }
            }
        }
        self.tell(Event::Done(self.played)).await;
        self.wait_for_reader().await
    }

    /// Sends what it can of the next line; `None` when it has to try again.
    fn send(&mut self) -> Result<Option<Outcome>, PortError> {
        let Some(line) = self.lines.get(self.next) else {
            return Ok(None);
        };
        if !self.options.wait_open {
            return Ok(Some(match self.port.offer(line)? {
                Offered::Taken => self.sure(),
                Offered::Unheard => Outcome::Unheard,
                Offered::Full(_) => Outcome::Dropped,
            }));
        }
        let begun = self.rest.is_some();
        if !begun && !self.port.is_open() {
            return Ok(None); // the news that it is closed is on its way
        }
        let mut rest = self.rest.take().unwrap_or_else(|| line.clone());
        Ok(match self.port.pour(&mut rest, usize::MAX)? {
            Offered::Taken => Some(self.sure()),
            Offered::Unheard => Some(Outcome::Unsure),
            Offered::Full(_) => {
                self.rest = Some(rest);
                None
            }
        })
    }

    /// Of a line that is written: whether somebody is still there.
    fn sure(&self) -> Outcome {
        if self.port.is_open() {
            Outcome::Written
        } else {
            Outcome::Unsure
        }
    }

    /// Counts and tells; true when that was the last line.
    async fn line_done(&mut self, outcome: Outcome) -> bool {
        let count = match outcome {
            Outcome::Written => &mut self.played.written,
            Outcome::Unsure => &mut self.played.unsure,
            Outcome::Unheard => &mut self.played.unheard,
            Outcome::Dropped => &mut self.played.dropped,
        };
        *count += 1;
        self.played.bytes = self.port.tally().bytes_sent;
        self.next += 1;
        let line = Line {
            number: self.next as u64,
            round: self.round,
            at: Timestamp::now(),
            outcome,
        };
        self.tell(Event::Line(line)).await;
        if self.next < self.lines.len() {
            return false;
        }
        self.next = 0;
        self.round += 1;
        !self.options.repeat
    }

    /// A line that was begun stays cut: its reader is gone.
    async fn closed(&mut self) {
        self.tell(Event::Closed).await;
        if self.rest.take().is_some() {
            self.line_done(Outcome::Unsure).await;
        }
        self.tell_port().await;
    }

    /// Stays a while, as closing the port takes away what is not read yet.
    async fn wait_for_reader(mut self) -> Result<Played, PlayError> {
        let mut over = std::pin::pin!(tokio::time::sleep(self.linger));
        let mut stopping = self.stopping.clone();
        loop {
            tokio::select! {
                () = stopped(&mut stopping) => return Ok(self.played),
                () = &mut over => return Ok(self.played),
                happened = self.port.next() => {
                    happened?;
                }
            }
        }
    }

    /// Tells the port's path when it is new.
    async fn tell_port(&mut self) {
        let Some(port) = self.port.path().map(PathBuf::from) else {
            return;
        };
        if self.told.as_ref() == Some(&port) {
            return;
        }
        self.told = Some(port.clone());
        let link = self.port.link().map(PathBuf::from);
        self.tell(Event::Plugged { port, link }).await;
    }

    /// Tells whoever listens; waits while they do not read, unless told to stop.
    async fn tell(&mut self, event: Event) {
        let Some(events) = &self.events else {
            return;
        };
        tokio::select! {
            told = events.send(event) => {
                if told.is_err() {
                    self.events = None; // nobody listens any more
                }
            }
            () = stopped(&mut self.stopping) => {}
        }
    }
}

#[cfg(test)]
mod tests;
