//! GC10 and GC10next (catalogue section 3): counts per minute, one number a line.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};

/// The family's verb.
pub const NAME: &str = "gc10";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per minute of the tube in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 175.43)]
    pub cpm_per_usv_h: f64,
}

/// A GC10, as it runs.
#[derive(Debug)]
pub struct Gc10 {
    options: Options,
    detector: Detector,
    /// The last 60 s, newest last.
    seconds: VecDeque<u64>,
}

const WINDOW: usize = 60;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Gc10 {
            options: self,
            detector: Detector::new(seed),
            seconds: VecDeque::new(),
        })
    }
}

impl Firmware for Gc10 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            line: true,
            terminator: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.seconds.clear();
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let expected = moment.dose_rate_usv_h * self.options.cpm_per_usv_h / 60.0;
            if self.seconds.len() == WINDOW {
                self.seconds.pop_front();
            }
            let counts = self.detector.counts(expected, moment);
            self.seconds.push_back(counts);
        }
        let cpm: u64 = self.seconds.iter().sum();
        vec![Frame::line(&cpm.to_string())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn a_line_is_a_number_and_nothing_else() {
        let mut unit = Options::default().firmware(1);
        let moment = Moment {
            steady: true,
            ..test_moment(120.0 / 175.43)
        };
        let mut last = Vec::new();
        for _ in 0..90 {
            last = unit.tick(&moment);
        }
        assert_eq!(last, [Frame::line("120")]);
        unit.power_up();
        assert_eq!(unit.tick(&moment), [Frame::line("2")]);
    }
}
