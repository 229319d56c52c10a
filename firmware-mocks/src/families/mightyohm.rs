//! MightyOhm Geiger kit (catalogue section 3): one text line each second.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};

/// The family's verb.
pub const NAME: &str = "mightyohm";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per minute of the tube in 1 µSv/h; the kit's SBM-20 by default
    #[arg(long, value_name = "CPM", default_value_t = SBM20_CPM_PER_USV_H)]
    pub cpm_per_usv_h: f64,
}

/// One line's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counts in the last second, 0 to 65 535.
    pub cps: u64,
    /// Counts per minute by the mode's rule.
    pub cpm: u64,
    /// Which rule that was.
    pub mode: Mode,
}

/// How cpm was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The sum of the last 60 s.
    Slow,
    /// Twelve times the last 5 s, when that is above 1000.
    Fast,
    /// Sixty times the last second, when that had more than 255 counts.
    Inst,
}

/// The kit, as it runs.
#[derive(Debug)]
pub struct MightyOhm {
    options: Options,
    detector: Detector,
    /// The last 60 s, newest last; missing seconds count as zero, as in the kit.
    seconds: VecDeque<u64>,
}

/// The kit's factor, 0.0057 µSv/h per cpm, the other way round.
const SBM20_CPM_PER_USV_H: f64 = 1.0 / 0.0057;

/// The counter of a second is 16 bits wide.
const CPS_MAX: u64 = 65_535;

/// Above this the kit trusts 5 s more than 60 s.
const FAST_ABOVE_CPM: u64 = 1_000;

/// The seconds are kept in bytes; a fuller one makes the kit use it alone.
const BYTE_MAX: u64 = 255;

/// Pulses overlap: the real kit counts to about 8000 in a second.
const REAL_CPS_MAX: f64 = 8_000.0;

const WINDOW: usize = 60;
const SHORT_WINDOW: usize = 5;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The kit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(MightyOhm {
            options: self,
            detector: Detector::new(seed),
            seconds: VecDeque::new(),
        })
    }
}

impl Line {
    /// The line without its end. Dose rate is cpm × 0.0057, cut (not rounded) to two
    /// decimals, whatever tube is fitted.
    pub fn text(self) -> String {
        let Self { cps, cpm, mode } = self;
        let hundredths = cpm * 57 / 100;
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        let mode = match mode {
            Mode::Slow => "SLOW",
            Mode::Fast => "FAST",
            Mode::Inst => "INST",
        };
        format!("CPS, {cps}, CPM, {cpm}, uSv/hr, {whole}.{rest:02}, {mode}")
    }
}

impl MightyOhm {
    fn count(&mut self, moment: &Moment) {
        let expected = moment.dose_rate_usv_h * self.options.cpm_per_usv_h / 60.0;
        // Overloaded, the counter stands at its end.
        let counts = if moment.overload {
            CPS_MAX
        } else {
            self.detector
                .counts(expected.min(REAL_CPS_MAX), moment)
                .min(CPS_MAX)
        };
        if self.seconds.len() == WINDOW {
            self.seconds.pop_front();
        }
        self.seconds.push_back(counts);
    }

    fn reading(&self) -> Line {
        let cps = self.seconds.back().copied().unwrap_or(0);
        let recent = |n: usize| -> u64 { self.seconds.iter().rev().take(n).sum() };
        let fast = recent(SHORT_WINDOW) * 12;
        let (cpm, mode) = if cps > BYTE_MAX {
            (cps * 60, Mode::Inst)
        } else if fast > FAST_ABOVE_CPM {
            (fast, Mode::Fast)
        } else {
            (recent(WINDOW), Mode::Slow)
        };
        Line { cps, cpm, mode }
    }
}

impl Firmware for MightyOhm {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            line: true,
            terminator: true,
            overload: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.seconds.clear();
        vec![
            Frame::line("mightyohm.com Geiger Counter 1.00"),
            Frame::line("http://mightyohm.com/geiger"),
        ]
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.count(moment);
        }
        vec![Frame::line(&self.reading().text())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_in_the_catalogue() {
        for (cps, cpm, mode, expected) in [
            (1, 21, Mode::Slow, "CPS, 1, CPM, 21, uSv/hr, 0.11, SLOW"),
            (3, 41, Mode::Slow, "CPS, 3, CPM, 41, uSv/hr, 0.23, SLOW"),
            (1, 22, Mode::Slow, "CPS, 1, CPM, 22, uSv/hr, 0.12, SLOW"),
        ] {
            assert_eq!(Line { cps, cpm, mode }.text(), expected);
        }
    }

    #[test]
    fn the_dose_rate_is_cut_not_rounded() {
        let line = Line {
            cps: 300,
            cpm: 18_000,
            mode: Mode::Inst,
        };
        assert!(line.text().ends_with("uSv/hr, 102.60, INST"));
        let line = Line {
            cps: 0,
            cpm: 15,
            mode: Mode::Slow,
        };
        assert!(line.text().ends_with("uSv/hr, 0.08, SLOW"), "0.0855");
    }

    #[track_caller]
    fn check_mode(seconds: &[u64], cpm: u64, mode: Mode) {
        let kit = MightyOhm {
            options: Options::default(),
            detector: Detector::new(1),
            seconds: seconds.iter().copied().collect(),
        };
        let cps = seconds.last().copied().unwrap_or(0);
        assert_eq!(kit.reading(), Line { cps, cpm, mode });
    }

    #[test]
    fn the_mode_follows_the_counts() {
        check_mode(&[], 0, Mode::Slow);
        check_mode(&[1; 60], 60, Mode::Slow);
        check_mode(&[1, 1, 1, 1, 79], 83, Mode::Slow);
        check_mode(&[17, 17, 17, 17, 16], 1_008, Mode::Fast);
        check_mode(&[100; 60], 6_000, Mode::Fast);
        check_mode(&[0, 0, 0, 0, 255], 3_060, Mode::Fast);
        check_mode(&[0, 0, 0, 0, 256], 15_360, Mode::Inst);
    }

    #[test]
    fn a_frozen_kit_repeats_itself() {
        let mut kit = Options::default().firmware(5);
        let mut moment = crate::families::test_moment(3.0);
        for _ in 0..70 {
            kit.tick(&moment);
        }
        let last = kit.tick(&moment);
        moment.frozen = true;
        moment.dose_rate_usv_h = 500.0;
        for _ in 0..70 {
            assert_eq!(kit.tick(&moment), last);
        }
    }

    #[test]
    fn cpm_follows_the_field() {
        let mut kit = Options::default().firmware(5);
        let moment = crate::families::test_moment(2.0);
        let mut last = Vec::new();
        for _ in 0..60 {
            last = kit.tick(&moment);
        }
        let text = String::from_utf8(last.remove(0).bytes).unwrap();
        let cpm: f64 = text.split(", ").nth(3).unwrap().parse().unwrap();
        let expected = 2.0 / 0.0057;
        let noise = 5.0 * f64::sqrt(expected);
        assert!((cpm - expected).abs() < noise, "{text}");
    }

    #[test]
    fn a_reboot_forgets_the_last_minute() {
        let mut kit = Options::default().firmware(5);
        for _ in 0..60 {
            kit.tick(&crate::families::test_moment(2.0));
        }
        assert_eq!(kit.power_up().len(), 2);
        let after = kit.tick(&crate::families::test_moment(0.0));
        assert_eq!(after, [Frame::line("CPS, 0, CPM, 0, uSv/hr, 0.00, SLOW")]);
    }
}
