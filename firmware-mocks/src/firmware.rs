//! The traits an instrument implements: [`Firmware`] on a line or a TCP
//! connection, [`Station`] on MQTT.
//!
//! Implementations do no I/O and read no clock: they turn a [`Moment`] into frames
//! or messages, so that an encoder can be tested without a port.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::faults::{Abilities, Frame};
use crate::geo::Position;

/// What an instrument knows when it is about to send.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Scenario time since the mock started.
    pub elapsed: Duration,
    /// What its own clock shows, clock faults included.
    pub clock: Timestamp,
    /// Where it is.
    pub position: Position,
    /// The field its detector answers to, in µSv/h.
    pub dose_rate_usv_h: f64,
    /// True when it must repeat its last value instead of counting on.
    pub frozen: bool,
    /// True when the field is beyond its range and it must say so.
    pub overload: bool,
    /// True when counts come without chance: as many as are expected.
    pub steady: bool,
}

/// An instrument on a serial line, or a program that is connected to.
pub trait Firmware: fmt::Debug + Send {
    /// The family, as on the command line.
    fn family(&self) -> &'static str;

    /// What it has that can go wrong.
    fn abilities(&self) -> Abilities;

    /// Scenario time between two calls of [`Firmware::tick`]; above zero.
    fn interval(&self) -> Duration;

    /// Starts from nothing, at the mock's start and after a reboot. Returns what it
    /// says first, which is sent when somebody listens for the first time.
    fn power_up(&mut self) -> Vec<Frame>;

    /// Somebody opened the line; returns what it says to each one. An instrument on a
    /// serial line does not notice.
    fn opened(&mut self) -> Vec<Frame> {
        Vec::new()
    }

    /// One interval has passed: count, and return what it sends.
    fn tick(&mut self, moment: &Moment) -> Vec<Frame>;

    /// Bytes came in from the far end. A push instrument does not listen.
    fn hear(&mut self, _bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        Vec::new()
    }
}

/// An instrument that publishes to an MQTT broker.
pub trait Station: fmt::Debug + Send {
    /// The family, as on the command line.
    fn family(&self) -> &'static str;

    /// Its name on the broker: client id and part of its topics.
    fn id(&self) -> &str;

    /// What it has that can go wrong.
    fn abilities(&self) -> Abilities;

    /// Scenario time between two calls of [`Station::tick`]; above zero.
    fn interval(&self) -> Duration;

    /// What the broker says for it when the connection breaks.
    fn last_will(&self) -> Option<Message>;

    /// What it publishes after each connect.
    fn greeting(&self) -> Vec<Message>;

    /// Starts from nothing, after a reboot.
    fn power_up(&mut self);

    /// One interval has passed: count, and return what it publishes.
    fn tick(&mut self, moment: &Moment) -> Vec<Message>;
}

/// One MQTT message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it goes.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// QoS 1 when true, else QoS 0.
    pub acknowledged: bool,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
    /// How the instrument numbers it, if it does.
    pub id: Option<MessageId>,
}

impl Message {
    /// At QoS 0, not retained, without a number: as most instruments publish.
    pub fn plain(topic: String, payload: String) -> Self {
        Self {
            topic,
            payload: payload.into_bytes(),
            acknowledged: false,
            retain: false,
            id: None,
        }
    }
}

/// The number of a message, unique within its station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// Counts power-ups.
    pub boot: u64,
    /// Counts messages since the power-up, from 1.
    pub seq: u64,
}
