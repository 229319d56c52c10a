//! Runs an instrument: a [`Mock`] is what to run, a [`MockHandle`] is it running.
//!
//! ```
//! use std::time::Duration;
//!
//! use firmware_mocks::families::bgeigie;
//! use firmware_mocks::mock::{Mock, MockError};
//! use firmware_mocks::scenario::{MOBILE, Scenario};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), MockError> {
//! let scenario = Scenario::demo(Duration::from_secs(60));
//! let firmware = bgeigie::Options::default().firmware(7);
//! let mock = Mock::serial(firmware).at(scenario.places[MOBILE].clone());
//! let handle = mock.spawn(&scenario)?;
//! let port = handle.port().expect("it is plugged in");
//! // … point the daemon at `port` …
//! # assert!(port.exists());
//! let tally = handle.stop().await?;
//! println!("{} frames were sent", tally.line.frames_sent);
//! # Ok(())
//! # }
//! ```

mod event;
mod serial;
mod station;
mod tcp;

pub use event::Event;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::faults::{FaultError, Faults, Spoiler};
use crate::firmware::{Firmware, Moment, Station};
use crate::geo::Position;
use crate::mqtt::Broker;
use crate::port::{self, Port, PortError, Unread};
use crate::scenario::{Place, Scenario};

/// What to run, where, and what goes wrong with it.
#[derive(Debug)]
pub struct Mock {
    kind: Kind,
    place: Place,
    faults: Faults,
    seed: u64,
    steady: bool,
    events: Option<mpsc::Sender<Event>>,
}

#[derive(Debug)]
enum Kind {
    Serial {
        firmware: Box<dyn Firmware>,
        link: Option<PathBuf>,
    },
    Server {
        firmware: Box<dyn Firmware>,
        address: SocketAddr,
    },
    Tcp {
        firmware: Box<dyn Firmware>,
        host: String,
    },
    Mqtt {
        station: Box<dyn Station>,
        broker: Broker,
    },
}

/// A mock at work. Dropping the handle ends it too.
#[derive(Debug)]
pub struct MockHandle {
    port: watch::Receiver<Option<PathBuf>>,
    tally: watch::Receiver<Tally>,
    stop: watch::Sender<bool>,
    plugs: mpsc::Sender<Plug>,
    task: JoinHandle<Result<Tally, MockError>>,
}

/// What the mock did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// On its line.
    pub line: port::Tally,
    /// MQTT messages handed to the connection, re-sent ones counted once.
    pub published: u64,
    /// QoS 1 messages the broker acknowledged.
    pub acknowledged: u64,
    /// MQTT messages dropped because the broker was away: at QoS 0 at once, at QoS 1
    /// when it was away too long.
    pub dropped: u64,
}

/// Why a mock does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MockError {
    /// Its port failed.
    #[error("the mock's port failed")]
    Port(#[from] PortError),
    /// A fault it cannot play.
    #[error("this fault is not for this mock")]
    Fault(#[from] FaultError),
    /// A bug of the mock.
    #[error("the mock's task panicked")]
    Panicked(#[source] tokio::task::JoinError),
}

/// A hand on the cable.
#[derive(Clone, Copy, Debug)]
enum Plug {
    Out,
    In,
}

/// Orders for the cable that are waiting. Full, whoever gives the next one waits.
const PLUGS: usize = 4;

/// Where an instrument stands unless told otherwise.
const DEFAULT_PLACE: Position = crate::scenario::DEMO_SOURCE;

impl Mock {
    /// An instrument on a pseudo-terminal.
    pub fn serial(firmware: Box<dyn Firmware>) -> Self {
        Self::new(Kind::Serial {
            firmware,
            link: None,
        })
    }

    /// A program that others connect to; port 0 is any free one, which it keeps.
    pub fn server(firmware: Box<dyn Firmware>, address: SocketAddr) -> Self {
        Self::new(Kind::Server { firmware, address })
    }

    /// An instrument that connects to `host`, a name or address and a port.
    pub fn tcp(firmware: Box<dyn Firmware>, host: String) -> Self {
        Self::new(Kind::Tcp { firmware, host })
    }

    /// A station on a broker.
    pub fn mqtt(station: Box<dyn Station>, broker: Broker) -> Self {
        Self::new(Kind::Mqtt { station, broker })
    }

    fn new(kind: Kind) -> Self {
        Self {
            kind,
            place: Place::Fixed(DEFAULT_PLACE),
            faults: Faults::default(),
            seed: 0,
            steady: false,
            events: None,
        }
    }

    /// Where it stands or drives; by default beside the demo's source.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// What the faults' rubbish and cuts follow from; counts have their own seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Counts come without chance, so that what is shown can be compared with the
    /// scenario.
    #[must_use]
    pub const fn steady(mut self) -> Self {
        self.steady = true;
        self
    }

    /// A link that always points to the port; nothing for the others.
    #[must_use]
    pub fn link(mut self, path: PathBuf) -> Self {
        if let Kind::Serial { link, .. } = &mut self.kind {
            *link = Some(path);
        }
        self
    }

    /// Who is told what happens. The mock waits while the channel is full, so that no
    /// event is missing: read it, or drop the receiver.
    #[must_use]
    pub fn events(mut self, events: mpsc::Sender<Event>) -> Self {
        self.events = Some(events);
        self
    }

    /// Starts it as a task of the running tokio runtime. Scenario time starts now.
    ///
    /// # Errors
    ///
    /// [`MockError`] when the port cannot be opened, or a fault cannot be played.
    pub fn spawn(self, scenario: &Scenario) -> Result<MockHandle, MockError> {
        let (to_port, port) = watch::channel(None);
        let (to_tally, tally) = watch::channel(Tally::default());
        let (stop, stopping) = watch::channel(false);
        let (plugs, orders) = mpsc::channel(PLUGS);
        let world = Experience {
            scenario: scenario.clone(),
            place: self.place,
            spoiler: Spoiler::new(self.faults, self.seed),
            steady: self.steady,
            started: Instant::now(),
        };
        let desk = Desk {
            port: to_port,
            tally: to_tally,
            stopping,
            orders,
            events: self.events,
        };
        let faults = world.spoiler.faults();
        let on_port = |firmware: Box<dyn Firmware>, port: Port, world, desk: Desk| {
            desk.port.send_replace(port.path().map(PathBuf::from));
            tokio::spawn(serial::run(firmware, port, world, desk))
        };
        let task = match self.kind {
            Kind::Serial { firmware, link } => {
                faults.check(firmware.family(), firmware.abilities())?;
                on_port(firmware, Port::open(link, Unread::Discarded)?, world, desk)
            }
            Kind::Server { firmware, address } => {
                faults.check(firmware.family(), firmware.abilities())?;
                on_port(firmware, Port::listen(address)?, world, desk)
            }
            Kind::Tcp { firmware, host } => {
                faults.check(firmware.family(), firmware.abilities())?;
                tokio::spawn(tcp::run(firmware, host, world, desk))
            }
            Kind::Mqtt { station, broker } => {
                faults.check(station.family(), station.abilities())?;
                tokio::spawn(station::run(station, broker, world, desk))
            }
        };
        Ok(MockHandle {
            port,
            tally,
            stop,
            plugs,
            task,
        })
    }
}

impl MockHandle {
    /// Path of the far end, or `tcp:HOST:PORT` of a program that others connect to;
    /// `None` while unplugged, and for what has no port.
    pub fn port(&self) -> Option<PathBuf> {
        self.port.borrow().clone()
    }

    /// What it did so far.
    pub fn tally(&self) -> Tally {
        *self.tally.borrow()
    }

    /// True once it has stopped, by itself only because of an error.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Pulls the cable, ends the program that others connect to, or cuts the connection
    /// to the host or broker without a word. Soon, not at once: [`MockHandle::port`]
    /// turns to `None`.
    pub async fn unplug(&self) {
        self.order(Plug::Out).await;
    }

    /// Puts the cable back in, under a new name, listens again, or connects again.
    pub async fn replug(&self) {
        self.order(Plug::In).await;
    }

    /// Ends it and returns what it did.
    ///
    /// # Errors
    ///
    /// [`MockError`] when it had failed before.
    pub async fn stop(self) -> Result<Tally, MockError> {
        self.stop.send_replace(true);
        self.task.await.map_err(MockError::Panicked)?
    }

    async fn order(&self, plug: Plug) {
        if self.plugs.send(plug).await.is_err() {
            // It has failed; `stop` tells why.
        }
    }
}

/// The instrument's side of its world: where it is, what it sees, what goes wrong.
#[derive(Debug)]
struct Experience {
    scenario: Scenario,
    place: Place,
    spoiler: Spoiler,
    steady: bool,
    started: Instant,
}

impl Experience {
    /// Wall-clock time since the start.
    fn wall(&self) -> Duration {
        self.started.elapsed()
    }

    /// `interval` of scenario time on the wall clock; a nanosecond at least, as a
    /// timer needs it.
    fn wall_interval(&self, interval: Duration) -> Duration {
        let wall = self.scenario.speed.wall(interval);
        wall.max(Duration::from_nanos(1))
    }

    /// The moment `elapsed` scenario time after the start.
    ///
    /// Scenario time comes from counting intervals, not from the clock, so that the
    /// same seed gives the same values however busy the machine is.
    fn moment(&self, elapsed: Duration) -> Moment {
        let wall = self.wall();
        let faults = self.spoiler.faults();
        let position = self.place.at(elapsed);
        let true_usv_h = self.scenario.dose_rate_at(elapsed, position);
        let shift = SignedDuration::from_secs(faults.clock_shift_secs(wall));
        let now = Timestamp::now();
        Moment {
            elapsed,
            // A shift out of all range shows the earliest time there is.
            clock: now.checked_add(shift).unwrap_or(Timestamp::MIN),
            position,
            dose_rate_usv_h: faults.seen_usv_h(wall, true_usv_h),
            frozen: faults.frozen(wall),
            overload: faults.overloaded(wall),
            steady: self.steady,
        }
    }

    /// Waits until the cable may go out or in by itself; for ever if it never does.
    ///
    /// `after` is the change waited for last time, which this returns.
    async fn plug_change(&self, after: Duration) -> Duration {
        let next = self.spoiler.faults().next_plug_change(after);
        let due = next.and_then(|change| self.started.checked_add(change).zip(Some(change)));
        match due {
            Some((at, change)) => {
                tokio::time::sleep_until(at).await;
                change
            }
            None => std::future::pending().await,
        }
    }
}

/// Where the mock's task gets its orders and leaves its news.
#[derive(Debug)]
struct Desk {
    port: watch::Sender<Option<PathBuf>>,
    tally: watch::Sender<Tally>,
    stopping: watch::Receiver<bool>,
    orders: mpsc::Receiver<Plug>,
    events: Option<mpsc::Sender<Event>>,
}

/// Returns when a task shall end: it was told to, or its handle is gone.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stop| *stop).await.is_err() {
        // The handle is gone.
    }
}

impl Desk {
    /// Tells whoever asked; waits while they do not read, unless told to stop.
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
