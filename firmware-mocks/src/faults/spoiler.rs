//! What the faults of the line do to frames: good frames in, bytes to send out.

use std::ops::Range;
use std::time::Duration;

use super::{Fault, Faults};
use crate::prng::Prng;

/// One whole frame, as the instrument means to send it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// All of it, terminator included.
    pub bytes: Vec<u8>,
    /// Where the checksum stands in `bytes`, if there is one.
    pub checksum: Option<Range<usize>>,
    /// How many bytes at the end are the terminator.
    pub terminator: usize,
}

impl Frame {
    /// A line of text and CR LF, without a checksum.
    pub fn line(text: &str) -> Self {
        Self {
            bytes: format!("{text}\r\n").into_bytes(),
            checksum: None,
            terminator: 2,
        }
    }

    /// Binary bytes without a terminator, whose last `checksum` bytes are the check.
    pub fn binary(bytes: Vec<u8>, checksum: usize) -> Self {
        let len = bytes.len();
        Self {
            bytes,
            checksum: (checksum > 0).then(|| len.saturating_sub(checksum)..len),
            terminator: 0,
        }
    }
}

/// What to do with the line next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send these; what nobody takes is lost, as on a real line.
    Send(Vec<u8>),
    /// Send these one by one, with a pause after each.
    Drip {
        /// What to send.
        bytes: Vec<u8>,
        /// The pause.
        per_byte: Duration,
    },
    /// Send these however long it takes, as long as somebody reads.
    Pour(Vec<u8>),
    /// The instrument lost power and starts again.
    Reboot,
}

/// Applies the faults that hold to one frame after the other.
#[derive(Debug)]
pub struct Spoiler {
    faults: Faults,
    prng: Prng,
    /// Frames seen while the fault at this place of the list held.
    counts: Vec<u64>,
}

impl Spoiler {
    /// The rubbish and the cuts follow from `seed`.
    pub fn new(faults: Faults, seed: u64) -> Self {
        let counts = vec![0; faults.list.len()];
        Self {
            faults,
            prng: Prng::new(seed),
            counts,
        }
    }

    /// The faults it applies.
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// What is sent instead of `frame`, `at` after the mock's start.
    ///
    /// A flood comes before the frame, a reboot cuts it short.
    pub fn spoil(&mut self, at: Duration, frame: Frame) -> Vec<Step> {
        let mut sent = Sent::default();
        let Frame {
            mut bytes,
            checksum,
            terminator,
        } = frame;
        for (timed, count) in self.faults.list.iter().zip(&mut self.counts) {
            if at < timed.from || timed.until.is_some_and(|until| until <= at) {
                continue;
            }
            *count += 1;
            let due = |every: u64| count.is_multiple_of(every);
            match timed.fault {
                Fault::Silence => sent.silent = true,
                Fault::Rubbish { bytes: len } => sent.before.extend(self.prng.bytes(len)),
                Fault::BadChecksum { every } if due(every) => {
                    spoil_checksum(&mut bytes, checksum.as_ref());
                }
                Fault::Glued { every } if due(every) => {
                    bytes.truncate(bytes.len().saturating_sub(terminator));
                }
                Fault::Cut { every } if due(every) => cut(&mut bytes, &mut self.prng),
                Fault::Duplicate { every } if due(every) => sent.is_twice = true,
                Fault::Slow { per_byte } => sent.per_byte = Some(per_byte),
                Fault::Flood { bytes: len } if *count == 1 => sent.flood = Some(len),
                Fault::Reboot if *count == 1 => {
                    cut(&mut bytes, &mut self.prng);
                    sent.reboot = true;
                }
                // Not due this time, or a fault of the detector, the clock or the
                // plug, which whoever runs the mock asks `Faults` for, or one of the
                // message around the bytes.
                Fault::BadChecksum { .. }
                | Fault::Glued { .. }
                | Fault::Cut { .. }
                | Fault::Duplicate { .. }
                | Fault::Flood { .. }
                | Fault::Reboot
                | Fault::Frozen
                | Fault::Collapse { .. }
                | Fault::Overload
                | Fault::Clock { .. }
                | Fault::Unplug
                | Fault::Retained
                | Fault::Null
                | Fault::Unit => {}
            }
        }
        sent.steps(bytes)
    }
}

/// What the faults made of one frame, apart from its own bytes.
#[derive(Default)]
struct Sent {
    silent: bool,
    before: Vec<u8>,
    per_byte: Option<Duration>,
    flood: Option<usize>,
    reboot: bool,
    is_twice: bool,
}

/// A frame longer than this may not fit into a terminal's buffer, 4096 bytes, and is
/// poured; an instrument would take its time for it too.
const AT_ONCE_MAX: usize = 2048;

impl Sent {
    fn steps(self, frame: Vec<u8>) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(len) = self.flood {
            steps.push(Step::Pour(vec![b'x'; len]));
        }
        let mut bytes = self.before;
        bytes.extend(frame);
        if !self.silent && !bytes.is_empty() {
            steps.push(match self.per_byte {
                Some(per_byte) => Step::Drip { bytes, per_byte },
                None if bytes.len() > AT_ONCE_MAX => Step::Pour(bytes),
                None => Step::Send(bytes),
            });
            if self.is_twice {
                steps.extend(steps.last().cloned());
            }
        }
        if self.reboot {
            steps.push(Step::Reboot);
        }
        steps
    }
}

/// Leaves at least one byte and takes at least one away.
fn cut(bytes: &mut Vec<u8>, prng: &mut Prng) {
    let rest = u64::try_from(bytes.len().saturating_sub(1)).unwrap_or(u64::MAX);
    let keep = usize::try_from(1 + prng.below(rest)).unwrap_or(1);
    bytes.truncate(keep);
}

/// Replaces the last byte of the checksum: a hexadecimal digit by the next one, any
/// other byte by its neighbour.
fn spoil_checksum(bytes: &mut [u8], checksum: Option<&Range<usize>>) {
    let last = checksum
        .and_then(|range| bytes.get_mut(range.clone()))
        .and_then(|checksum| checksum.last_mut());
    if let Some(digit) = last {
        *digit = match *digit {
            b'9' | b'f' | b'F' => b'0',
            b'0'..=b'8' | b'a'..=b'e' | b'A'..=b'E' => *digit + 1,
            other => other ^ 1,
        };
    }
}
