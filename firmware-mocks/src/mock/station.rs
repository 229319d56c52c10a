//! A station on a broker: one task, which keeps its messages until the broker has
//! them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval_at};

use super::{Desk, Event, Experience, MockError, Plug, Tally, stopped};
use crate::firmware::{Message, Station};
use crate::mqtt::{Broker, Connection, Signal};

/// The station, its connection, and the messages between them.
struct Desktop {
    station: Box<dyn Station>,
    broker: Broker,
    world: Experience,
    desk: Desk,
    connection: Option<Connection>,
    /// The broker accepted the connection.
    is_up: bool,
    /// Told that it is down, so as not to tell again.
    is_told_down: bool,
    /// Messages not yet handed over, oldest first; at most [`BACKLOG_MAX`]. At QoS 0
    /// only while the broker is there: who publishes like this keeps nothing.
    backlog: VecDeque<Message>,
    /// Handed over and not acknowledged.
    under_way: Option<Message>,
    tally: Tally,
    n_ticks: u32,
}

/// Messages a station keeps while the broker is away: a day of readings each 10 s.
/// Full, the oldest is dropped and counted.
const BACKLOG_MAX: usize = 8_640;

pub(super) async fn run(
    station: Box<dyn Station>,
    broker: Broker,
    world: Experience,
    desk: Desk,
) -> Result<Tally, MockError> {
    let desktop = Desktop {
        station,
        broker,
        world,
        desk,
        connection: None,
        is_up: false,
        is_told_down: false,
        backlog: VecDeque::new(),
        under_way: None,
        tally: Tally::default(),
        n_ticks: 0,
    };
    Ok(desktop.run().await)
}

impl Desktop {
    async fn run(mut self) -> Tally {
        let interval = self.world.wall_interval(self.station.interval());
        let mut ticks = interval_at(self.world.started + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = self.desk.stopping.clone();
        let mut last_change = Duration::ZERO;
        if self.world.spoiler.faults().plugged(Duration::ZERO) {
            self.replug();
        }
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stopping) => break,
                Some(order) = self.desk.orders.recv() => match order {
                    Plug::Out => self.unplug().await,
                    Plug::In => self.replug(),
                },
                change = self.world.plug_change(last_change) => {
                    last_change = change;
                    if self.world.spoiler.faults().plugged(change) {
                        self.replug();
                    } else {
                        self.unplug().await;
                    }
                }
                signal = next_signal(&mut self.connection) => self.signalled(signal).await,
                _ = ticks.tick() => self.tick(),
            }
            self.publish();
            self.desk.tally.send_replace(self.tally);
        }
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
        self.tally
    }

    fn tick(&mut self) {
        self.n_ticks = self.n_ticks.saturating_add(1);
        let elapsed = self.station.interval().saturating_mul(self.n_ticks);
        let moment = self.world.moment(elapsed);
        for message in self.station.tick(&moment) {
            self.queue(&message);
        }
    }

    /// A message goes through the faults and waits for its turn.
    fn queue(&mut self, message: &Message) {
        let abilities = self.station.abilities();
        let at = self.world.wall();
        let spoiled = self.world.spoiler.spoil_message(at, message, abilities);
        for message in spoiled.messages {
            if !message.acknowledged && !self.is_up {
                self.tally.dropped += 1;
                continue;
            }
            if self.backlog.len() == BACKLOG_MAX {
                self.backlog.pop_front();
                self.tally.dropped += 1;
            }
            self.backlog.push_back(message);
        }
        if spoiled.reboots {
            self.station.power_up();
        }
    }

    async fn signalled(&mut self, signal: Signal) {
        match signal {
            Signal::Up => {
                self.is_up = true;
                self.is_told_down = false;
                // A greeting is for each connect anew, the message under way first:
                // it is older.
                let again = self.under_way.take();
                if again.is_some() {
                    self.tally.published -= 1;
                }
                for message in self.station.greeting().into_iter().rev() {
                    self.backlog.push_front(message);
                }
                if let Some(message) = again {
                    self.backlog.push_front(message);
                }
                self.desk.tell(Event::Connected).await;
            }
            Signal::Down(error) => {
                self.is_up = false;
                if !self.is_told_down {
                    self.is_told_down = true;
                    self.desk.tell(Event::Disconnected { error }).await;
                }
            }
            Signal::Acknowledged => {
                if let Some(Message { topic, id, .. }) = self.under_way.take() {
                    self.tally.acknowledged += 1;
                    self.desk.tell(Event::Acknowledged { topic, id }).await;
                }
            }
        }
    }

    /// Hands over what can be handed over now, in order.
    fn publish(&mut self) {
        let Some(connection) = self.connection.as_ref().filter(|_| self.is_up) else {
            return;
        };
        while self.under_way.is_none() {
            let Some(message) = self.backlog.pop_front() else {
                return;
            };
            if !connection.publish(&message) {
                self.backlog.push_front(message);
                return;
            }
            self.tally.published += 1;
            if message.acknowledged {
                self.under_way = Some(message);
            }
        }
    }

    async fn unplug(&mut self) {
        if self.connection.take().is_some() {
            self.is_up = false;
            self.is_told_down = false;
            self.desk.tell(Event::Unplugged).await;
        }
    }

    fn replug(&mut self) {
        if self.connection.is_none() {
            let last_will = self.station.last_will();
            let connection = Connection::start(&self.broker, self.station.id(), last_will);
            self.connection = Some(connection);
        }
    }
}

/// The connection's next signal; never while unplugged.
async fn next_signal(connection: &mut Option<Connection>) -> Signal {
    match connection {
        Some(connection) => connection.next().await,
        None => std::future::pending().await,
    }
}
