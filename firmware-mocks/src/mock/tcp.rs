//! An instrument that connects to a host: one task, which never waits for its reader.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};

use super::{Desk, Event, Experience, MockError, Plug, Tally, stopped};
use crate::faults::{Frame, Step};
use crate::firmware::Firmware;
use crate::port;

/// The instrument and its connection.
struct Caller {
    firmware: Box<dyn Firmware>,
    host: String,
    world: Experience,
    desk: Desk,
    stream: Option<TcpStream>,
    is_plugged: bool,
    /// When it tries to connect again.
    next_try: Instant,
    /// Told that it is down, so as not to tell again.
    is_told_down: bool,
    line: port::Tally,
    n_ticks: u32,
}

/// Pause before the next try to connect.
const BACK_OFF: Duration = Duration::from_millis(250);

/// How long one frame, or one byte of a slow one, may wait for its reader.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn run(
    firmware: Box<dyn Firmware>,
    host: String,
    world: Experience,
    desk: Desk,
) -> Result<Tally, MockError> {
    let is_plugged = world.spoiler.faults().plugged(Duration::ZERO);
    let caller = Caller {
        firmware,
        host,
        world,
        desk,
        stream: None,
        is_plugged,
        next_try: Instant::now(),
        is_told_down: false,
        line: port::Tally::default(),
        n_ticks: 0,
    };
    Ok(caller.run().await)
}

impl Caller {
    async fn run(mut self) -> Tally {
        let interval = self.world.wall_interval(self.firmware.interval());
        let mut ticks = interval_at(self.world.started + interval, interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = self.desk.stopping.clone();
        let mut last_change = Duration::ZERO;
        let banner = self.firmware.power_up();
        let work = async {
            self.connect().await;
            self.send(banner).await;
            loop {
                tokio::select! {
                    biased;
                    Some(order) = self.desk.orders.recv() => match order {
                        Plug::Out => self.unplug().await,
                        Plug::In => self.is_plugged = true,
                    },
                    change = self.world.plug_change(last_change) => {
                        last_change = change;
                        if self.world.spoiler.faults().plugged(change) {
                            self.is_plugged = true;
                        } else {
                            self.unplug().await;
                        }
                    }
                    () = sleep_until(self.next_try), if self.is_plugged && self.stream.is_none() => {
                        self.connect().await;
                    }
                    _ = ticks.tick() => self.tick().await,
                }
                let line = self.line;
                self.desk.tally.send_replace(Tally {
                    line,
                    ..Tally::default()
                });
            }
        };
        tokio::select! {
            biased;
            () = stopped(&mut stopping) => {}
            () = work => {}
        }
        Tally {
            line: self.line,
            ..Tally::default()
        }
    }

    async fn tick(&mut self) {
        self.n_ticks = self.n_ticks.saturating_add(1);
        let elapsed = self.firmware.interval().saturating_mul(self.n_ticks);
        let moment = self.world.moment(elapsed);
        let frames = self.firmware.tick(&moment);
        self.send(frames).await;
    }

    async fn send(&mut self, frames: Vec<Frame>) {
        for frame in frames {
            for step in self.world.spoiler.spoil(self.world.wall(), frame) {
                match step {
                    Step::Send(bytes) | Step::Pour(bytes) => self.write(&bytes).await,
                    Step::Drip { bytes, per_byte } => {
                        for byte in &bytes {
                            self.write(std::slice::from_ref(byte)).await;
                            sleep(per_byte).await;
                        }
                    }
                    Step::Reboot => {
                        self.stream = None;
                        // It has no banner to say again.
                        self.firmware.power_up();
                    }
                }
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) {
        let Some(stream) = &mut self.stream else {
            self.line.frames_unheard += 1;
            return;
        };
        match timeout(PATIENCE, stream.write_all(bytes)).await {
            Ok(Ok(())) => {
                self.line.frames_sent += 1;
                self.line.bytes_sent += bytes.len() as u64;
            }
            // A part of it may be under way: what followed would be glued to it.
            Err(_) => {
                self.line.frames_dropped += 1;
                self.down("the host does not read".to_owned()).await;
            }
            Ok(Err(error)) => {
                self.line.frames_dropped += 1;
                self.down(error.to_string()).await;
            }
        }
    }

    async fn connect(&mut self) {
        if !self.is_plugged {
            return;
        }
        match TcpStream::connect(&self.host).await {
            Ok(stream) => {
                self.stream = Some(stream);
                self.is_told_down = false;
                self.desk.tell(Event::Connected).await;
            }
            Err(error) => self.down(error.to_string()).await,
        }
    }

    async fn down(&mut self, error: String) {
        self.stream = None;
        self.next_try = Instant::now() + BACK_OFF;
        if !std::mem::replace(&mut self.is_told_down, true) {
            self.desk.tell(Event::Disconnected { error }).await;
        }
    }

    async fn unplug(&mut self) {
        self.stream = None;
        if std::mem::replace(&mut self.is_plugged, false) {
            self.desk.tell(Event::Unplugged).await;
        }
    }
}
