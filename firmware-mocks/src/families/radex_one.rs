//! RADEX ONE (catalogue section 15): a header and an extension, each with its own check,
//! on request.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "radex-one";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per minute in 1 µSv/h; by default 21 in 0.18 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 116.7)]
    pub cpm_per_usv_h: f64,
    /// Dose at power-up
    #[arg(long, value_name = "USV", default_value_t = 0.0)]
    pub dose_usv: f64,
}

/// The values of a reply, in its steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// 0.01 µSv/h.
    pub dose_rate: u32,
    /// 0.01 µSv.
    pub dose: u32,
    /// Counts per minute.
    pub cpm: u32,
}

/// A RADEX ONE, as it runs.
#[derive(Debug)]
pub struct RadexOne {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    usv_h: f64,
    dose_usv: f64,
    cpm: u64,
}

const REQUEST: [u8; 2] = [0x7B, 0xFF];
const REPLY: [u8; 2] = [0x7A, 0xFF];
const COMMAND_REQUEST: [u8; 2] = [0x20, 0x00];
const COMMAND_REPLY: [u8; 2] = [0x20, 0x80];

const HEADER_LEN: usize = 12;

/// Longer extensions are no request.
const EXTENSION_MAX: usize = 64;

/// What an extension starts with.
const READ_VALUES: [u8; 2] = [0x00, 0x08];
const RESET_DOSE: [u8; 4] = [0x03, 0x08, 0x01, 0x00];

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(RadexOne {
            dose_usv: self.dose_usv,
            options: self,
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            usv_h: 0.0,
            cpm: 0,
        })
    }
}

/// The Internet checksum over little-endian words: the carry comes back in, and the sum
/// is complemented.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let sum = bytes.chunks(2).fold(0_u32, |sum, pair| {
        let word = match *pair {
            [low, high] => u16::from_le_bytes([low, high]),
            [low] => u16::from(low),
            _ => 0,
        };
        let sum = sum + u32::from(word);
        (sum & 0xFFFF) + (sum >> 16)
    });
    let [low, high, ..] = sum.to_le_bytes();
    [!low, !high]
}

/// Header and extension, each with its check behind it.
fn frame(packet: [u8; 2], extension: &[u8]) -> Frame {
    let length = u16::try_from(extension.len() + 2).unwrap_or(u16::MAX);
    let mut bytes = [REPLY, COMMAND_REPLY, length.to_le_bytes(), packet, [0, 0]].concat();
    bytes.extend_from_slice(&checksum(&bytes));
    bytes.extend_from_slice(extension);
    bytes.extend_from_slice(&checksum(extension));
    Frame::binary(bytes, 2)
}

impl Values {
    /// The reply to a request with this packet number.
    pub fn frame(&self, packet: [u8; 2]) -> Frame {
        let mut extension = READ_VALUES.to_vec();
        extension.extend_from_slice(&[0, 0, 0x0C, 0, 0, 0]);
        for value in [self.dose_rate, self.dose, self.cpm] {
            extension.extend_from_slice(&value.to_le_bytes());
        }
        frame(packet, &extension)
    }
}

impl RadexOne {
    fn values(&self) -> Values {
        let steps = |value: f64| u32::try_from(whole((value * 100.0).round())).unwrap_or(u32::MAX);
        Values {
            dose_rate: steps(self.usv_h),
            dose: steps(self.dose_usv),
            cpm: u32::try_from(self.cpm).unwrap_or(u32::MAX),
        }
    }

    /// Packet number and extension of the next good request; what cannot be one is
    /// dropped byte by byte.
    fn request(&mut self) -> Option<([u8; 2], Vec<u8>)> {
        loop {
            let header = self.inbox.bytes().get(..HEADER_LEN)?;
            let (start, check) = header.split_at(HEADER_LEN - 2);
            let &[a, b, c, d, low, high, p, q, ..] = start else {
                return None;
            };
            let length = usize::from(u16::from_le_bytes([low, high]));
            let is_request = [a, b] == REQUEST
                && [c, d] == COMMAND_REQUEST
                && checksum(start) == *check
                && (2..=EXTENSION_MAX).contains(&length);
            if !is_request {
                self.inbox.byte();
                continue;
            }
            let end = HEADER_LEN + length;
            let extension = self.inbox.bytes().get(HEADER_LEN..end)?;
            let (extension, check) = extension.split_at(length - 2);
            if checksum(extension) != *check {
                self.inbox.byte();
                continue;
            }
            let extension = extension.to_vec();
            self.inbox.take(end);
            return Some(([p, q], extension));
        }
    }

    /// Serial number and settings have replies the sheet does not describe: nothing is
    /// said to those.
    fn answer(&mut self, packet: [u8; 2], extension: &[u8]) -> Option<Frame> {
        if extension.starts_with(&READ_VALUES) {
            return Some(self.values().frame(packet));
        }
        if extension.starts_with(&RESET_DOSE) {
            self.dose_usv = 0.0;
            return Some(frame(packet, extension));
        }
        None
    }
}

impl Firmware for RadexOne {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            line: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.usv_h = moment.dose_rate_usv_h;
            self.dose_usv += self.usv_h / 3600.0;
            let expected = self.usv_h * self.options.cpm_per_usv_h;
            self.cpm = self.detector.counts(expected, moment);
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some((packet, extension)) = self.request() {
            said.extend(self.answer(packet, &extension));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    const ASKED: [u8; 18] = [
        0x7B, 0xFF, 0x20, 0x00, 0x06, 0x00, 0x18, 0x00, 0x00, 0x00, 0x46, 0x00, 0x00, 0x08, 0x0C,
        0x00, 0xF3, 0xF7,
    ];
    const ANSWERED: [u8; 34] = [
        0x7A, 0xFF, 0x20, 0x80, 0x16, 0x00, 0x18, 0x00, 0x00, 0x00, 0x36, 0x80, 0x00, 0x08, 0x00,
        0x00, 0x0C, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0x15, 0x00,
        0x00, 0x00, 0xBA, 0xF7,
    ];

    fn unit() -> Box<dyn Firmware> {
        let options = Options {
            dose_usv: 0.18,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        let moment = Moment {
            steady: true,
            ..test_moment(0.18)
        };
        unit.tick(&moment);
        unit
    }

    #[test]
    fn the_published_exchange_byte_for_byte() {
        let reply = unit().hear(&ASKED, &test_moment(0.18));
        assert_eq!(reply.len(), 1);
        assert_eq!(reply[0].bytes, ANSWERED);
        assert_eq!(reply[0].checksum, Some(32..34));
    }

    #[test]
    fn requests_come_in_pieces_and_between_rubbish() {
        let mut unit = unit();
        let moment = test_moment(0.18);
        assert_eq!(unit.hear(&[0x7B, 0x7B, 0xFF, 0x20], &moment), []);
        assert_eq!(unit.hear(&[0; 12], &moment), []);
        assert_eq!(unit.hear(&ASKED[..13], &moment), []);
        assert_eq!(unit.hear(&ASKED[13..], &moment)[0].bytes, ANSWERED);
    }

    #[test]
    fn each_check_counts() {
        for at in [10, 16] {
            let mut broken = ASKED;
            broken[at] ^= 1;
            assert_eq!(unit().hear(&broken, &test_moment(0.18)), [], "{at}");
        }
    }

    #[test]
    fn the_carry_comes_back_into_the_sum() {
        assert_eq!(checksum(&[0xFF, 0xFF, 0x01, 0x00]), [0xFE, 0xFF]);
        assert_eq!(checksum(&ASKED[..10]), [0x46, 0x00]);
    }

    #[test]
    fn the_packet_number_is_echoed_and_the_dose_reset() {
        let mut unit = unit();
        let moment = test_moment(0.18);
        let mut asked = [REQUEST, COMMAND_REQUEST, [6, 0], [0x34, 0x12], [0, 0]].concat();
        asked.extend_from_slice(&checksum(&asked));
        asked.extend_from_slice(&RESET_DOSE);
        asked.extend_from_slice(&checksum(&RESET_DOSE));
        let reply = unit.hear(&asked, &moment).remove(0).bytes;
        assert_eq!(reply[6..8], [0x34, 0x12]);
        let values = unit.hear(&ASKED, &moment).remove(0).bytes;
        assert_eq!(values[24..28], [0; 4]);
    }
}
