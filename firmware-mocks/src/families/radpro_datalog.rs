//! The data log of the Rad Pro firmware (catalogue section 5): the answer to
//! `GET datalog`, one long line with a record each minute.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};

/// The family's verb.
pub const NAME: &str = "radpro-datalog";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 153.8)]
    pub cpm_per_usv_h: f64,
    /// Pulses counted before the log begins
    #[arg(long, value_name = "PULSES", default_value_t = 1500)]
    pub pulses: u32,
    /// Scenario seconds between records
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
}

/// An instrument that writes its log.
#[derive(Debug)]
pub struct Datalog {
    options: Options,
    detector: Detector,
    /// Wraps at 2^32.
    pulses: u32,
    has_head: bool,
}

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Datalog {
            pulses: self.pulses,
            options: self,
            detector: Detector::new(seed),
            has_head: false,
        })
    }

    /// The time between records; zero, which the command line refuses, counts as one
    /// second.
    fn interval_secs(&self) -> u32 {
        self.seconds.max(1)
    }
}

/// A record and the `;` behind it.
fn record(text: &str) -> Frame {
    Frame {
        bytes: format!("{text};").into_bytes(),
        checksum: None,
        terminator: 1,
    }
}

impl Firmware for Datalog {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            line: true,
            terminator: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.options.interval_secs()))
    }

    /// An empty record begins a session. The pulse count outlives a power cut.
    fn power_up(&mut self) -> Vec<Frame> {
        if std::mem::replace(&mut self.has_head, true) {
            return vec![record("")];
        }
        vec![record("OK time,tubePulseCount"), record("")]
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let minutes = f64::from(self.options.interval_secs()) / 60.0;
            let expected = moment.dose_rate_usv_h * self.options.cpm_per_usv_h * minutes;
            let counts = self.detector.counts(expected, moment) % (u64::from(u32::MAX) + 1);
            let counts = u32::try_from(counts).unwrap_or(0);
            self.pulses = self.pulses.wrapping_add(counts);
        }
        let (unix, pulses) = (moment.clock.as_second().max(0), self.pulses);
        vec![record(&format!("{unix},{pulses}"))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    fn text(frames: Vec<Frame>) -> String {
        let bytes: Vec<u8> = frames.into_iter().flat_map(|frame| frame.bytes).collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn one_line_with_sessions() {
        let options = Options {
            pulses: u32::MAX,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        let moment = Moment {
            steady: true,
            ..test_moment(10.0 / 153.8)
        };
        assert_eq!(text(unit.power_up()), "OK time,tubePulseCount;;");
        assert_eq!(text(unit.tick(&moment)), "1773457200,9;");
        assert_eq!(text(unit.power_up()), ";", "a new session");
        assert_eq!(text(unit.tick(&moment)), "1773457200,19;");
    }
}
