//! A mock's firmware and the daemon's dialogue and decoder, joined in memory and
//! by a simulated clock: ten minutes take milliseconds. Here those on a line.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use firmware_mocks::faults::{Faults, Frame, Spoiler, Step};
use firmware_mocks::firmware::{Firmware, Moment};
use firmware_mocks::geo::Position;
use jiff::Timestamp;
use pantau::clock::{Mono, Wall};
use pantau::dialogue::{Dialogue, Effect, Permit};
use pantau::profile::Profile;
use pantau::recording::{Played, Player};
use pantau::source::capture::Captured;

/// How long each scenario lasts.
pub(super) const LENGTH: Duration = Duration::from_secs(600);

/// When it begins.
const BEGIN: Timestamp = Timestamp::constant(1_773_457_200, 0);

/// What came of one run.
#[derive(Default)]
pub(super) struct Run {
    /// What was decoded, in order.
    pub(super) heard: Vec<Heard>,
    /// Frames that did not go out as the instrument meant them.
    pub(super) damaged: usize,
    /// When it lost its power.
    pub(super) reboots: Vec<Duration>,
}

/// What one frame turned out to be.
pub(super) struct Heard {
    /// The scenario's time.
    pub(super) at: Duration,
    /// The request it answers.
    pub(super) label: Option<String>,
    /// Of a message: what the instrument meant, or something else.
    pub(super) delivery: Delivery,
    /// What it is.
    pub(super) played: Played,
}

/// How well a frame was delivered, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// On a line nobody knows what belongs together.
    Unknown,
    /// A message as it was meant.
    Whole,
    /// A message with another payload than it was meant to have.
    Damaged,
    /// A message that the broker had kept.
    Kept,
}

/// The true field in µSv/h: background, then high enough for the short windows
/// of the counters, then moderate.
pub(super) fn field(at: Duration) -> f64 {
    match at.as_secs() {
        0..200 => 0.12,
        200..400 => 120.0,
        _ => 2.5,
    }
}

/// Where it is: on its way south.
pub(super) fn position(at: Duration) -> Position {
    Position {
        lat: -6.35 - at.as_secs_f64() * 1e-5,
        lon: 106.67,
    }
}

/// In the daemon's words.
pub(super) fn wall(at: Timestamp) -> Wall {
    Wall::from_secs(at.as_second())
        .unwrap()
        .saturating_add(Duration::from_nanos(
            at.subsec_nanosecond().unsigned_abs().into(),
        ))
}

/// The true time.
pub(super) fn clock(at: Duration) -> Timestamp {
    BEGIN + at
}

/// What the faults' rubbish and cuts follow from.
pub(super) const SEED: u64 = 11;

/// What the instrument knows `at` after the start.
pub(super) fn moment(faults: &Faults, at: Duration) -> Moment {
    Moment {
        elapsed: at,
        clock: clock(at) + jiff::SignedDuration::from_secs(faults.clock_shift_secs(at)),
        position: position(at),
        dose_rate_usv_h: faults.seen_usv_h(at, field(at)),
        frozen: faults.frozen(at),
        overload: faults.overloaded(at),
        steady: true,
    }
}

struct Bench {
    firmware: Box<dyn Firmware>,
    spoiler: Spoiler,
    dialogue: Dialogue,
    player: Player,
    now: Duration,
    run: Run,
}

/// Plays `firmware` with `faults` against its profile.
pub(super) fn play(
    firmware: Box<dyn Firmware>,
    profile: &Arc<Profile>,
    permit: Permit,
    faults: Faults,
) -> Run {
    let mut bench = Bench {
        firmware,
        spoiler: Spoiler::new(faults, SEED),
        dialogue: Dialogue::new(profile, permit),
        player: Player::new(Arc::clone(profile)),
        now: Duration::ZERO,
        run: Run::default(),
    };
    let banner = bench.firmware.power_up();
    bench.say(banner);
    let greeting = bench.firmware.opened();
    bench.say(greeting);
    let effects = bench.dialogue.start(mono(bench.now));
    bench.follow(effects);
    let interval = bench.firmware.interval();
    let mut due = interval;
    while due <= LENGTH {
        let deadline = bench.dialogue.next_deadline().map(since_begin);
        match deadline {
            Some(deadline) if deadline < due => {
                bench.now = bench.now.max(deadline);
                let effects = bench.dialogue.tick(mono(bench.now));
                bench.follow(effects);
            }
            _ => {
                bench.now = due;
                due += interval;
                let moment = bench.moment();
                let frames = bench.firmware.tick(&moment);
                bench.say(frames);
            }
        }
    }
    bench.run
}

fn mono(at: Duration) -> Mono {
    Mono::from_nanos(0).saturating_add(at)
}

fn since_begin(at: Mono) -> Duration {
    at.since(Mono::from_nanos(0))
}

impl Bench {
    fn moment(&self) -> Moment {
        moment(self.spoiler.faults(), self.now)
    }

    /// Sends frames through the faults, and does what the dialogue makes of them.
    fn say(&mut self, frames: Vec<Frame>) {
        let mut waiting = VecDeque::from(frames);
        while let Some(frame) = waiting.pop_front() {
            let meant = frame.bytes.clone();
            let steps = self.spoiler.spoil(self.now, frame);
            let mut sent = Vec::new();
            for step in steps {
                match step {
                    Step::Send(bytes) | Step::Pour(bytes) => {
                        sent.extend_from_slice(&bytes);
                        self.hear(&bytes);
                    }
                    Step::Drip { bytes, .. } => {
                        for byte in &bytes {
                            self.hear(std::slice::from_ref(byte));
                        }
                        sent.extend(bytes);
                    }
                    Step::Reboot => {
                        self.run.reboots.push(self.now);
                        waiting.clear();
                        waiting.extend(self.firmware.power_up());
                    }
                }
            }
            self.run.damaged += usize::from(sent != meant);
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        let effects = self.dialogue.receive(mono(self.now), bytes);
        self.follow(effects);
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(bytes) => {
                    let moment = self.moment();
                    let frames = self.firmware.hear(&bytes, &moment);
                    self.say(frames);
                }
                Effect::Frame { label, framed } => {
                    let at = wall(clock(self.now));
                    let captured = Captured {
                        framed,
                        topic: label.clone(),
                        at: Some(at),
                        retained: false,
                    };
                    let played = self.player.play(&captured, at);
                    let heard = played.into_iter().map(|(_, played)| Heard {
                        at: self.now,
                        label: label.clone(),
                        delivery: Delivery::Unknown,
                        played,
                    });
                    self.run.heard.extend(heard);
                }
                // Nothing waits in a buffer here.
                Effect::Flush | Effect::Incident(_) | Effect::Done => {}
            }
        }
    }
}
