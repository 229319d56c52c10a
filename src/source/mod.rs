//! The ways bytes get in: serial lines, TCP connections, an MQTT broker,
//! recordings.
//!
//! Each source is a task that fails and recovers by itself. It turns bytes into
//! [`Frame`]s and reports when its link comes and goes; it judges nothing.

pub mod capture;
pub mod line;
pub mod mqtt;
pub mod play;
pub mod ports;
pub mod serial;
pub mod tcp;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::ack::Ack;
use crate::clock::{Clock, Received, Wall};
use crate::frame::Framed;
use crate::reading::Delivery;

/// Frames that may wait between the sources and the core. When it is full the
/// sources wait; the core does no I/O, so it drains at once.
pub const INPUT_BOUND: usize = 1024;

/// Index of an instrument in the configuration.
pub type InstrumentIndex = usize;

/// Which source something comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceId {
    /// The line or recording of one instrument.
    Instrument(InstrumentIndex),
    /// The MQTT broker.
    Broker,
    /// The daemon's own exercise.
    Drill,
}

/// One frame off the wire, before anything in it is believed.
#[derive(Debug)]
pub struct Frame {
    /// Where it comes from.
    pub source: SourceId,
    /// When, on both clocks.
    pub received: Received,
    /// What the framer found.
    pub framed: Framed,
    /// MQTT: the topic.
    pub topic: Option<Arc<str>>,
    /// MQTT: how it was delivered.
    pub delivery: Delivery,
    /// Whether nobody would notice its loss (QoS 0).
    pub unguarded: bool,
    /// Handed back once it is safe; absent where the source wants none.
    pub ack: Option<Ack>,
}

/// What sources tell the core.
#[derive(Debug)]
pub enum Input {
    /// A frame.
    Frame(Frame),
    /// A link came or went.
    Link(LinkChange),
}

/// A link came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkChange {
    /// Whose.
    pub source: SourceId,
    /// When.
    pub received: Received,
    /// Whether readings can come in.
    pub up: bool,
    /// Whether the other side answers at all.
    pub is_reached: bool,
    /// What happened, for people.
    pub detail: String,
}

/// Where sources deliver.
pub type Inputs = mpsc::Sender<Input>;

/// Stamps frames on arrival, no two of one source with the same instant: two
/// equal lines that came in one piece are two readings.
#[derive(Debug)]
pub struct Stamper {
    clock: Clock,
    last: Option<Wall>,
}

impl Stamper {
    /// For one source.
    pub const fn new(clock: Clock) -> Self {
        Self { clock, last: None }
    }

    /// The arrival of the next frame.
    pub fn stamp(&mut self) -> Received {
        let mut now = self.clock.now();
        if self.last == Some(now.wall) {
            now.wall = now.wall.saturating_add(Duration::from_nanos(1));
        }
        self.last = Some(now.wall);
        now
    }
}

/// Waiting times between attempts: doubling from a quarter of a second.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(250);

    /// Never longer than `most`.
    pub const fn new(most: Duration) -> Self {
        Self {
            next: Self::FIRST,
            most,
        }
    }

    /// How long to wait now.
    pub fn wait(&mut self) -> Duration {
        let now = self.next.min(self.most);
        self.next = (self.next * 2).min(self.most);
        now
    }

    /// Begins again after a success.
    pub const fn reset(&mut self) {
        self.next = Self::FIRST;
    }
}
