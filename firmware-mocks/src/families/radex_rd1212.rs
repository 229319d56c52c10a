//! RADEX RD1212 (catalogue section 16): the answers to the requests for its history.

use std::time::Duration;

use clap::Args;

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "radex-rd1212";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Minutes between records: 1, 5, 10, 30, 60, 120, 240, 360, 720 or 1440
    #[arg(long, value_name = "MINUTES", default_value_t = 1, value_parser = minutes)]
    pub minutes: u32,
}

/// One answer's contents.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Seconds since 1970.
    pub unix: u32,
    /// Hundredths of a µSv/h.
    pub hundredths: u16,
    /// Place of the interval in the list.
    pub interval: u8,
}

/// An RD1212, as it runs.
#[derive(Debug)]
pub struct Rd1212 {
    options: Options,
    hundredths: u16,
}

/// Minutes, by the code of the interval.
const MINUTES: [u32; 10] = [1, 5, 10, 30, 60, 120, 240, 360, 720, 1440];

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options. It counts nothing, so there is no chance in it.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(Rd1212 {
            options: self,
            hundredths: 0,
        })
    }
}

fn minutes(text: &str) -> Result<u32, String> {
    let minutes = text.parse().ok().filter(|n| MINUTES.contains(n));
    minutes.ok_or_else(|| format!("expected one of {MINUTES:?}, found `{text}`"))
}

impl Record {
    /// The fourteen bytes; what the sheet does not describe is zero.
    pub fn bytes(self) -> [u8; 14] {
        let [a, b, c, d] = self.unix.to_le_bytes();
        let [e, f] = self.hundredths.to_le_bytes();
        [1, 0, a, b, c, d, e, f, self.interval, 0, 0, 0, 0, 0]
    }
}

impl Firmware for Rd1212 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            line: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.options.minutes.max(1)) * 60)
    }

    /// What was stored stays.
    fn power_up(&mut self) -> Vec<Frame> {
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let hundredths = whole((moment.dose_rate_usv_h * 100.0).round());
            self.hundredths = u16::try_from(hundredths).unwrap_or(u16::MAX);
        }
        let interval = MINUTES.iter().position(|n| *n == self.options.minutes);
        let record = Record {
            unix: u32::try_from(moment.clock.as_second()).unwrap_or(0),
            hundredths: self.hundredths,
            interval: u8::try_from(interval.unwrap_or(0)).unwrap_or(0),
        };
        vec![Frame::binary(record.bytes().to_vec(), 0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn fourteen_bytes() {
        let options = Options { minutes: 5 };
        let mut unit = options.firmware(1);
        assert_eq!(unit.interval(), Duration::from_secs(300));
        let frames = unit.tick(&test_moment(2.57));
        let expected = [1, 0, 0x30, 0xCF, 0xB4, 0x69, 1, 1, 1, 0, 0, 0, 0, 0];
        assert_eq!(frames, [Frame::binary(expected.to_vec(), 0)]);
        assert!(minutes("7").is_err());
    }
}
