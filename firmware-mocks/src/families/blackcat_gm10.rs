//! Black Cat GM-10, GM-45, GM-90 (catalogue section 19): each byte is one event.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::prng::{Prng, whole};

/// The family's verb.
pub const NAME: &str = "blackcat-gm10";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per minute in 1 µSv/h; by default 15 in 0.1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 150.0)]
    pub cpm_per_usv_h: f64,
}

/// A GM-10, as it runs.
#[derive(Debug)]
pub struct Gm10 {
    options: Options,
    detector: Detector,
    values: Prng,
    /// Events of the last tenth of a second, for when it is frozen.
    events: usize,
}

/// The line takes no more events in a second.
const CPS_MAX: f64 = 5_700.0;

const TENTH_SECS: f64 = 0.1;

/// Keeps the bytes' values apart from the counts.
const VALUES: u64 = 0xB17E << 32;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Gm10 {
            options: self,
            detector: Detector::new(seed),
            values: Prng::new(seed ^ VALUES),
            events: 0,
        })
    }
}

impl Gm10 {
    fn count(&mut self, moment: &Moment) {
        let cps = moment.dose_rate_usv_h * self.options.cpm_per_usv_h / 60.0;
        let cps = if moment.overload { CPS_MAX } else { cps };
        let most = whole(CPS_MAX * TENTH_SECS);
        let expected = cps.min(CPS_MAX) * TENTH_SECS;
        let events = self.detector.counts(expected, moment).min(most);
        self.events = usize::try_from(events).unwrap_or(0);
    }
}

impl Firmware for Gm10 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            line: true,
            overload: true,
            ..Abilities::default()
        }
    }

    /// A tenth of a second, so that events do not come in bursts a window could
    /// split.
    fn interval(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.events = 0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.count(moment);
        }
        if self.events == 0 {
            return Vec::new();
        }
        // The bytes may have any value.
        vec![Frame::binary(self.values.bytes(self.events), 0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    /// Bytes of a minute.
    fn minute(moment: &Moment) -> usize {
        let mut unit = Options::default().firmware(3);
        let frames = (0..600).flat_map(|_| unit.tick(moment));
        frames.map(|frame| frame.bytes.len()).sum()
    }

    #[test]
    fn background_is_fifteen_a_minute() {
        let steady = Moment {
            steady: true,
            ..test_moment(0.1)
        };
        assert_eq!(minute(&steady), 15);
        assert_eq!(minute(&test_moment(0.0)), 0);
        let noisy = minute(&test_moment(1.0));
        assert!((90..210).contains(&noisy), "{noisy}");
    }

    #[test]
    fn the_line_is_full_at_5700_a_second() {
        let full = minute(&test_moment(1e6));
        assert!((325_000..=342_000).contains(&full), "{full}");
        let overload = Moment {
            overload: true,
            ..test_moment(0.1)
        };
        assert!((325_000..=342_000).contains(&minute(&overload)));
    }

    #[test]
    fn any_byte_may_come() {
        let mut unit = Options::default().firmware(3);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let frames = unit.tick(&test_moment(1e6));
            seen.extend(frames.into_iter().flat_map(|frame| frame.bytes));
        }
        assert_eq!(seen.len(), 256);
    }
}
