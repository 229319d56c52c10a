//! A mock's recording through the way of recordings, each frame with the time at which
//! it was written, or that it tells itself.

use std::sync::Arc;
use std::time::Duration;

use firmware_mocks::faults::{Faults, Frame, Spoiler, Step};
use firmware_mocks::firmware::Firmware;
use pantau::clock::{Mono, Zone};
use pantau::frame::{Framed, Framer};
use pantau::profile::{FramingKind, Profile};
use pantau::reading::{DeviceTime, Reading};
use pantau::recording::{Played, Player};
use pantau::source::capture::{self, Captured, Form};

use super::bench::{Delivery, Heard, LENGTH, Run, SEED, clock, moment, wall};

/// Where the mocks' local clocks are set, seven hours ahead of UTC.
const ZONE: Zone = Zone::Wib;

struct Desk {
    firmware: Box<dyn Firmware>,
    spoiler: Spoiler,
    pieces: Vec<(Duration, Vec<u8>)>,
    run: Run,
}

/// Plays `firmware` with `faults` against its profile.
pub(super) fn play(firmware: Box<dyn Firmware>, profile: &Arc<Profile>, faults: Faults) -> Run {
    let mut desk = Desk {
        firmware,
        spoiler: Spoiler::new(faults, SEED),
        pieces: Vec::new(),
        run: Run::default(),
    };
    let head = desk.firmware.power_up();
    desk.write(head, Duration::ZERO);
    let interval = desk.firmware.interval();
    let mut now = interval;
    while now <= LENGTH {
        let told = moment(desk.spoiler.faults(), now);
        let frames = desk.firmware.tick(&told);
        desk.write(frames, now);
        now += interval;
    }
    let frames = match profile.framing.kind {
        FramingKind::Recording { .. } => {
            desk.run.heard = by_clock(profile, desk.spoiler.faults(), &desk.pieces);
            return desk.run;
        }
        FramingKind::Fixed { .. } => by_piece(profile, &desk.pieces),
        _ => by_byte(profile, &desk.pieces),
    };
    let mut player = Player::new(Arc::clone(profile));
    let read = wall(clock(LENGTH));
    for (at, captured) in frames {
        let played = player.play(&captured, read);
        desk.run
            .heard
            .extend(played.into_iter().map(|(_, played)| Heard {
                at,
                label: None,
                delivery: Delivery::Unknown,
                played,
            }));
    }
    desk.run
}

impl Desk {
    fn write(&mut self, frames: Vec<Frame>, at: Duration) {
        for frame in frames {
            let meant = frame.bytes.clone();
            let mut written = Vec::new();
            let is_out = !self.spoiler.faults().plugged(at);
            for step in self.spoiler.spoil(at, frame) {
                match step {
                    _ if is_out => {}
                    Step::Send(bytes) | Step::Pour(bytes) | Step::Drip { bytes, .. } => {
                        written.extend_from_slice(&bytes);
                        self.pieces.push((at, bytes));
                    }
                    Step::Reboot => {
                        self.run.reboots.push(at);
                        let head = self.firmware.power_up();
                        self.pieces
                            .extend(head.into_iter().map(|frame| (at, frame.bytes)));
                    }
                }
            }
            self.run.damaged += usize::from(written != meant);
        }
    }
}

/// What an importer reads: which bytes make a record only it knows, so each is taken to
/// be of the time that it tells. Local clocks, which tell no zone, are in that of the
/// mocks.
fn by_clock(profile: &Profile, faults: &Faults, pieces: &[(Duration, Vec<u8>)]) -> Vec<Heard> {
    let mut profile = profile.clone();
    for time in profile.messages.iter_mut().flat_map(|m| &mut m.time) {
        time.zone = Some(ZONE);
    }
    let whole: Vec<u8> = pieces.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    let frames = capture::frames(&profile, Form::Bytes, &whole).unwrap();
    let mut player = Player::new(Arc::new(profile));
    let read = wall(clock(LENGTH));
    let mut at = Duration::ZERO;
    let mut heard = Vec::new();
    for captured in frames {
        for (_, played) in player.play(&captured, read) {
            if let Played::Reading(reading) = &played {
                at = told(faults, reading);
            }
            heard.push(Heard {
                at,
                label: None,
                delivery: Delivery::Unknown,
                played,
            });
        }
    }
    heard
}

/// The scenario's time that a reading tells, by a clock that may have been shifted.
fn told(faults: &Faults, reading: &Reading) -> Duration {
    let DeviceTime::At(told) = reading.device_time else {
        panic!("no time: {reading:?}");
    };
    let shift = faults.clock_shift_secs(LENGTH / 2) as f64;
    let since = told.secs_since(wall(clock(Duration::ZERO)));
    [since, since - shift]
        .into_iter()
        .filter_map(|since| Duration::try_from_secs_f64(since).ok())
        .find(|since| *since <= LENGTH)
        .unwrap_or_else(|| panic!("not of this time: {reading:?}"))
}

/// Answers of a fixed length: recorded as they came, one a line.
fn by_piece(profile: &Profile, pieces: &[(Duration, Vec<u8>)]) -> Vec<(Duration, Captured)> {
    let of_piece = |(at, bytes): &(Duration, Vec<u8>)| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let frames = capture::frames(profile, Form::Hex, hex.as_bytes()).unwrap();
        frames
            .into_iter()
            .map(|captured| (*at, captured))
            .collect::<Vec<_>>()
    };
    pieces.iter().flat_map(of_piece).collect()
}

/// What has ends of its own: recorded as its bytes. Which of them came when tells a
/// framer that is fed with one piece after the other.
fn by_byte(profile: &Profile, pieces: &[(Duration, Vec<u8>)]) -> Vec<(Duration, Captured)> {
    let whole: Vec<u8> = pieces.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    let frames = capture::frames(profile, Form::Bytes, &whole).unwrap();
    let mut framer = Framer::new(profile);
    let mut times: Vec<(Duration, Framed)> = Vec::new();
    for (at, bytes) in pieces {
        framer.push(bytes, Mono::from_nanos(0));
        times.extend(std::iter::from_fn(|| framer.next_frame()).map(|framed| (*at, framed)));
    }
    assert!(frames.len() >= times.len(), "frames are missing");
    frames
        .into_iter()
        .enumerate()
        .map(|(n, captured)| match times.get(n) {
            Some((at, framed)) => {
                assert_eq!(*framed, captured.framed, "the same frames");
                (*at, captured)
            }
            None => (LENGTH, captured),
        })
        .collect()
}
