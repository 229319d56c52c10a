//! SE International Monitor 200 and Ranger (catalogue section 22): the status packets of
//! its USB HID, one each second.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "se-monitor";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per second in 1 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 5.8)]
    pub cps_per_usv_h: f64,
    /// What its display shows
    #[arg(long, value_enum, default_value_t = Mode::UsvH)]
    pub mode: Mode,
}

/// What the display shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Counts per minute
    Cpm,
    /// Counts per second
    Cps,
    /// µR/h
    UrH,
    /// µSv/h
    UsvH,
    /// mR/h
    MrH,
}

/// One packet's contents.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status {
    /// Counts of the last second.
    pub cps: u32,
    /// What the display shows, in the steps of its mode.
    pub shown: u32,
    /// The mode's number.
    pub mode: u8,
}

/// A Monitor 200, as it runs.
#[derive(Debug)]
pub struct SeMonitor {
    options: Options,
    detector: Detector,
    status: Status,
}

/// The sheet has no numbers for the packets.
const PACKET: u8 = 1;

/// By the convention that 1 R is 10 mSv.
const UR_PER_USV: f64 = 100.0;
const MR_PER_USV: f64 = 0.1;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(SeMonitor {
            options: self,
            detector: Detector::new(seed),
            status: Status::default(),
        })
    }
}

impl Mode {
    /// The mode's number, and what it shows of `usv_h` and `cps`.
    fn shows(self, usv_h: f64, cps: f64) -> (u8, f64) {
        match self {
            Self::Cpm => (0, cps * 60.0),
            Self::Cps => (1, cps * 10.0),
            Self::UrH => (2, usv_h * UR_PER_USV),
            Self::UsvH => (3, usv_h * 1000.0),
            Self::MrH => (23, usv_h * MR_PER_USV * 1000.0),
        }
    }
}

impl Status {
    /// The fifteen bytes.
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = self.cps.to_le_bytes().to_vec();
        bytes.push(PACKET);
        bytes.extend(self.shown.to_le_bytes());
        bytes.push(self.mode);
        bytes.extend([0; 5]);
        bytes
    }
}

impl Firmware for SeMonitor {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            line: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.status = Status::default();
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let usv_h = moment.dose_rate_usv_h;
            let counts = self
                .detector
                .counts(usv_h * self.options.cps_per_usv_h, moment);
            let (mode, shown) = self.options.mode.shows(usv_h, counts as f64);
            self.status = Status {
                cps: u32::try_from(counts).unwrap_or(u32::MAX),
                shown: u32::try_from(whole(shown.round())).unwrap_or(u32::MAX),
                mode,
            };
        }
        vec![Frame::binary(self.status.bytes(), 0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[track_caller]
    fn check(mode: Mode, number: u8, shown: u32) {
        let options = Options {
            mode,
            ..Options::default()
        };
        let moment = Moment {
            steady: true,
            ..test_moment(2.0)
        };
        let bytes = options.firmware(1).tick(&moment).remove(0).bytes;
        let mut expected = vec![11, 0, 0, 0, 1];
        expected.extend(shown.to_le_bytes());
        expected.extend([number, 0, 0, 0, 0, 0]);
        assert_eq!(bytes, expected, "{mode:?}");
    }

    #[test]
    fn fifteen_bytes_by_mode() {
        check(Mode::Cpm, 0, 660);
        check(Mode::Cps, 1, 110);
        check(Mode::UrH, 2, 200);
        check(Mode::UsvH, 3, 2000);
        check(Mode::MrH, 23, 200);
    }
}
