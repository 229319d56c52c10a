//! An instrument on a port, serial or TCP: one task, which never waits for its reader.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{Desk, Event, Experience, MockError, Plug, Tally, stopped};
use crate::faults::{Frame, Step};
use crate::firmware::Firmware;
use crate::port::{Offered, Port, PortError};
use crate::pty::FarEnd;

/// The instrument, its port, and the bytes between them.
struct Bench {
    firmware: Box<dyn Firmware>,
    port: Port,
    world: Experience,
    desk: Desk,
    /// What it says first, until somebody hears it.
    banner: Vec<Frame>,
    /// What waits for its turn on the line, next one first; at most [`WAITING_MAX`].
    waiting: VecDeque<Step>,
    /// When the line takes more.
    due: Instant,
    /// Intervals counted so far.
    n_ticks: u32,
}

/// Steps that may wait behind a slow or endless one, as in an instrument's own
/// buffer. Full, new frames are dropped and counted.
const WAITING_MAX: usize = 32;

/// How soon a full line is tried again.
const FULL_PAUSE: Duration = Duration::from_millis(2);

pub(super) async fn run(
    mut firmware: Box<dyn Firmware>,
    port: Port,
    world: Experience,
    desk: Desk,
) -> Result<Tally, MockError> {
    let banner = firmware.power_up();
    let bench = Bench {
        firmware,
        port,
        world,
        desk,
        banner,
        waiting: VecDeque::new(),
        due: Instant::now(),
        n_ticks: 0,
    };
    bench.run().await
}

impl Bench {
    async fn run(mut self) -> Result<Tally, MockError> {
        self.tell_port().await;
        let interval = self.world.wall_interval(self.firmware.interval());
        let mut ticks = interval_at(self.world.started + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = self.desk.stopping.clone();
        let mut last_change = Duration::ZERO;
        if !self.world.spoiler.faults().plugged(Duration::ZERO) {
            self.unplug().await;
        }
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stopping) => break,
                Some(order) = self.desk.orders.recv() => match order {
                    Plug::Out => self.unplug().await,
                    Plug::In => self.replug().await?,
                },
                change = self.world.plug_change(last_change) => {
                    last_change = change;
                    if self.world.spoiler.faults().plugged(change) {
                        self.replug().await?;
                    } else {
                        self.unplug().await;
                    }
                }
                happened = self.port.next() => self.far_end(happened?).await?,
                () = sleep_until(self.due), if !self.waiting.is_empty() => self.send()?,
                _ = ticks.tick() => self.tick()?,
            }
            self.desk.tally.send_replace(self.tally());
        }
        self.port.drain().await;
        Ok(self.tally())
    }

    fn tally(&self) -> Tally {
        Tally {
            line: self.port.tally(),
            ..Tally::default()
        }
    }

    fn tick(&mut self) -> Result<(), PortError> {
        self.n_ticks = self.n_ticks.saturating_add(1);
        let elapsed = self.firmware.interval().saturating_mul(self.n_ticks);
        let moment = self.world.moment(elapsed);
        let frames = self.firmware.tick(&moment);
        self.queue(frames);
        self.send()
    }

    async fn far_end(&mut self, happened: FarEnd) -> Result<(), PortError> {
        match happened {
            FarEnd::Opened => {
                self.desk.tell(Event::Opened).await;
                let banner = std::mem::take(&mut self.banner);
                self.queue(banner);
                let greeting = self.firmware.opened();
                self.queue(greeting);
                self.send()
            }
            FarEnd::Closed => {
                self.desk.tell(Event::Closed).await;
                // The port may have been renewed.
                if *self.desk.port.borrow() != self.port.path().map(PathBuf::from) {
                    self.tell_port().await;
                }
                Ok(())
            }
            FarEnd::Wrote(bytes) => {
                let elapsed = self.firmware.interval().saturating_mul(self.n_ticks);
                let moment = self.world.moment(elapsed);
                let frames = self.firmware.hear(&bytes, &moment);
                self.queue(frames);
                self.send()
            }
        }
    }

    /// Frames go through the faults and wait for their turn.
    fn queue(&mut self, frames: Vec<Frame>) {
        for frame in frames {
            let steps = self.world.spoiler.spoil(self.world.wall(), frame);
            for step in steps {
                if self.waiting.len() < WAITING_MAX {
                    self.waiting.push_back(step);
                } else {
                    self.port.count_dropped();
                }
            }
        }
    }

    /// Sends what can be sent now, in order.
    fn send(&mut self) -> Result<(), PortError> {
        while Instant::now() >= self.due {
            let Some(step) = self.waiting.pop_front() else {
                return Ok(());
            };
            match step {
                Step::Send(bytes) => {
                    self.port.offer(&bytes)?;
                }
                Step::Drip {
                    mut bytes,
                    per_byte,
                } => {
                    self.port.pour(&mut bytes, 1)?;
                    if !bytes.is_empty() {
                        self.waiting.push_front(Step::Drip { bytes, per_byte });
                    }
                    self.due = Instant::now() + per_byte;
                }
                Step::Pour(mut bytes) => {
                    if let Offered::Full(_) = self.port.pour(&mut bytes, usize::MAX)? {
                        self.waiting.push_front(Step::Pour(bytes));
                        self.due = Instant::now() + FULL_PAUSE;
                    }
                }
                Step::Reboot => {
                    let banner = self.firmware.power_up();
                    self.queue(banner);
                }
            }
        }
        Ok(())
    }

    async fn unplug(&mut self) {
        if self.port.path().is_none() {
            return;
        }
        self.port.unplug();
        self.waiting.clear();
        self.desk.port.send_replace(None);
        self.desk.tell(Event::Unplugged).await;
    }

    async fn replug(&mut self) -> Result<(), PortError> {
        if self.port.path().is_some() {
            return Ok(());
        }
        self.port.plug()?;
        self.tell_port().await;
        Ok(())
    }

    async fn tell_port(&mut self) {
        let Some(port) = self.port.path().map(PathBuf::from) else {
            return;
        };
        let link = self.port.link().map(PathBuf::from);
        self.desk.port.send_replace(Some(port.clone()));
        self.desk.tell(Event::Plugged { port, link }).await;
    }
}
