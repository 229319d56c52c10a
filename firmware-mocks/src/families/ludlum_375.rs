//! Ludlum 375 area monitor (catalogue section 8): its serial dump, each 2 s.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "ludlum-375";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What it is set to; the line does not say
    #[arg(long, value_enum, default_value_t = Unit::UsvH)]
    pub unit: Unit,
    /// From this dose rate on the low alarm is on
    #[arg(long, value_name = "USV_H", default_value_t = 20.0)]
    pub low_alarm_usv_h: f64,
    /// From this dose rate on the high alarm and the horn are on
    #[arg(long, value_name = "USV_H", default_value_t = 100.0)]
    pub high_alarm_usv_h: f64,
    /// The monitor is not OK, with this error code, 1 to 9
    #[arg(long, value_name = "DIGIT", default_value_t = 0,
          value_parser = clap::value_parser!(u8).range(..=9))]
    pub error: u8,
}

/// The units worth a mock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// µSv/h
    UsvH,
    /// mR/h, 10 µSv/h each
    MrH,
}

/// One line's contents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Line {
    /// In the unit it is set to.
    pub value: f64,
    /// The horn is on.
    pub audio: bool,
    /// The high alarm is on.
    pub high: bool,
    /// The low alarm is on.
    pub low: bool,
    /// Beyond its range.
    pub over_range: bool,
    /// 0 for a monitor that is OK.
    pub error: u8,
}

/// A monitor, as it runs.
#[derive(Debug)]
pub struct Ludlum375 {
    options: Options,
    line: Line,
}

/// From here on there are no tenths.
const WHOLE_FROM: f64 = 1_000.0;

/// The largest value its six characters hold.
pub(super) const VALUE_MAX: f64 = 9_999.0;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options. It counts nothing, so there is no chance in it.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(Ludlum375 {
            options: self,
            line: Line::default(),
        })
    }
}

/// Six characters: `0xxx.x` below 1000, `xxxx.0` from there on.
pub(super) fn rate_text(value: f64) -> String {
    let tenths = whole((value.min(VALUE_MAX) * 10.0).round());
    let (units, tenth) = (tenths / 10, tenths % 10);
    let tenth = if units as f64 >= WHOLE_FROM { 0 } else { tenth };
    format!("{units:04}.{tenth}")
}

impl Line {
    /// The twelve characters before CR LF.
    pub fn text(self) -> String {
        let flag = u8::from;
        format!(
            "{}{}{}{}{}{}{}",
            rate_text(self.value),
            flag(self.audio),
            flag(self.high),
            flag(self.low),
            flag(self.over_range),
            flag(self.error == 0),
            self.error,
        )
    }
}

impl Ludlum375 {
    fn measure(&self, moment: &Moment) -> Line {
        let usv_h = moment.dose_rate_usv_h;
        let value = match self.options.unit {
            Unit::UsvH => usv_h,
            Unit::MrH => usv_h / 10.0,
        };
        let high = usv_h >= self.options.high_alarm_usv_h;
        Line {
            value,
            audio: high,
            high,
            low: usv_h >= self.options.low_alarm_usv_h,
            over_range: moment.overload || value > VALUE_MAX,
            error: self.options.error,
        }
    }
}

impl Firmware for Ludlum375 {
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
        Duration::from_secs(2)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.line = Line::default();
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.line = self.measure(moment);
        }
        vec![Frame::line(&self.line.text())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_computed_sample_byte_for_byte() {
        let line = Line {
            value: 0.5,
            ..Line::default()
        };
        assert_eq!(Frame::line(&line.text()).bytes, b"0000.5000010\r\n");
    }

    #[test]
    fn values_above_a_thousand_lose_their_tenths() {
        for (value, expected) in [
            (642.1, "0642.1"),
            (999.94, "0999.9"),
            (999.96, "1000.0"),
            (1234.7, "1234.0"),
            (1e9, "9999.0"),
            (-1.0, "0000.0"),
        ] {
            let text = Line {
                value,
                ..Line::default()
            }
            .text();
            assert!(text.starts_with(expected), "{value}: {text}");
            assert_eq!(text.len(), 12);
        }
    }

    #[track_caller]
    fn check(options: Options, moment: &Moment, expected: &str) {
        let frame = options.firmware(1).tick(moment).remove(0);
        assert_eq!(frame, Frame::line(expected));
    }

    #[test]
    fn flags_follow_the_field() {
        let options = Options::default;
        check(options(), &test_moment(0.1), "0000.1000010");
        check(options(), &test_moment(20.0), "0020.0001010");
        check(options(), &test_moment(100.0), "0100.0111010");
        check(options(), &test_moment(20_000.0), "9999.0111110");
        let overload = Moment {
            overload: true,
            ..test_moment(0.1)
        };
        check(options(), &overload, "0000.1000110");
        let mr_h = Options {
            unit: Unit::MrH,
            error: 3,
            ..options()
        };
        check(mr_h, &test_moment(12.0), "0001.2000003");
    }
}
