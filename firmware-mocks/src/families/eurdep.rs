//! EURDEP text (catalogue section 27): what an authority exchanges, one message with one
//! station for each interval.

use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::geo::Position;

/// The family's verb.
pub const NAME: &str = "eurdep";

/// What is exchanged.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The station's code
    #[arg(long, default_value = "EX0001", value_name = "CODE")]
    pub station: String,
    /// Who sends the messages
    #[arg(long, default_value = "Example Authority", value_name = "NAME")]
    pub originator: String,
    /// Scenario seconds that a value is the average of; the times are whole minutes
    #[arg(long, value_name = "SECONDS", default_value_t = 600,
          value_parser = clap::value_parser!(u32).range(60..))]
    pub seconds: u32,
    /// Altitude above sea level
    #[arg(long, value_name = "METRES", default_value_t = 122)]
    pub altitude_m: i32,
    /// The end of the station's range
    #[arg(long, value_name = "NSV_H", default_value_t = 1e7)]
    pub max_nsv_h: f64,
}

/// A data centre with one station.
#[derive(Debug)]
pub struct Exchange {
    options: Options,
    /// Seconds of the interval so far, and the sum of what was measured in them.
    seconds: u32,
    sum_usv_h: f64,
    is_beyond: bool,
    /// What was told last, for when it is frozen.
    usv_h: f64,
}

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The exchange with these options; there is no chance in it.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(Exchange {
            options: self,
            seconds: 0,
            sum_usv_h: 0.0,
            is_beyond: false,
            usv_h: 0.0,
        })
    }

    /// Less than a minute, which the command line refuses, counts as one.
    fn interval_secs(&self) -> u32 {
        self.seconds.max(60)
    }
}

/// As in `4.70E+01`.
fn exponential(value: f64) -> String {
    let text = format!("{value:.2E}");
    let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{digits}E{exponent:+03}")
}

/// As in `S06.350000`.
fn angle(degrees: f64, [positive, negative]: [char; 2], width: usize) -> String {
    let letter = if degrees < 0.0 { negative } else { positive };
    let degrees = degrees.abs();
    format!("{letter}{degrees:0width$.6}")
}

impl Exchange {
    /// The message of the interval that ends at `end`.
    fn message(&self, end: Timestamp, position: Position) -> String {
        let Options {
            station,
            originator,
            altitude_m,
            max_nsv_h,
            ..
        } = &self.options;
        let length = SignedDuration::from_secs(self.options.interval_secs().into());
        let begin = end.checked_sub(length).unwrap_or(Timestamp::MIN);
        let [begin, end] = [begin, end].map(|at| at.strftime("%Y-%m-%dT%H:%MZ").to_string());
        let lon = angle(position.lon, ['E', 'W'], 10);
        let lat = angle(position.lat, ['N', 'S'], 9);
        let (value, constraint) = if self.is_beyond {
            (*max_nsv_h, ">")
        } else {
            (self.usv_h * 1000.0, "")
        };
        let value = exponential(value);
        [
            "\\BEGIN_EURDEP;",
            "\\BEGIN_HEADER;",
            "\\IMPORTANCE NORMAL;",
            &format!("\\ORIGINATOR {originator};"),
            &format!("\\SENT {end};"),
            "\\FORMAT_VERSION 2.1;",
            "\\END_HEADER;",
            "\\BEGIN_LOCALITY;",
            "\\FIELD_LIST LOCALITY_CODE,LONGITUDE,LATITUDE,HEIGHT_ABOVE_SEA;",
            &format!("\\{station},{lon},{lat},{altitude_m};"),
            "\\END_LOCALITY;",
            "\\BEGIN_RADIOLOGICAL;",
            "\\FIELD_LIST LOCALITY_CODE,VALUE,VALUE_CONSTRAINT,BEGIN,END;",
            "\\BEGIN_DEFAULT;",
            "\\SAMPLE_TYPE A5;",
            "\\NUCLIDE T-GAMMA;",
            "\\UNIT nSv/h;",
            "\\END_DEFAULT;",
            &format!("\\{station},{value},{constraint},{begin},{end};"),
            "\\END_RADIOLOGICAL;",
            "\\END_EURDEP;",
        ]
        .join("\r\n")
    }
}

impl Firmware for Exchange {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            line: true,
            terminator: true,
            overload: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// The interval under way begins anew.
    fn power_up(&mut self) -> Vec<Frame> {
        (self.seconds, self.sum_usv_h, self.is_beyond) = (0, 0.0, false);
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        self.seconds += 1;
        self.sum_usv_h += moment.dose_rate_usv_h;
        self.is_beyond |= moment.overload;
        if self.seconds < self.options.interval_secs() {
            return Vec::new();
        }
        if !moment.frozen {
            self.usv_h = self.sum_usv_h / f64::from(self.seconds);
        }
        let message = self.message(moment.clock, moment.position);
        (self.seconds, self.sum_usv_h, self.is_beyond) = (0, 0.0, false);
        vec![Frame::line(&message)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    fn message(moment: &Moment) -> String {
        let mut unit = Options::default().firmware(1);
        for _ in 1..600 {
            assert_eq!(unit.tick(moment), []);
        }
        String::from_utf8(unit.tick(moment).remove(0).bytes).unwrap()
    }

    #[test]
    fn a_message_for_each_interval() {
        let text = message(&test_moment(0.047));
        assert!(text.starts_with("\\BEGIN_EURDEP;\r\n"), "{text}");
        assert!(text.ends_with("\\END_EURDEP;\r\n"), "{text}");
        for line in [
            "\\EX0001,E106.670000,S06.350000,122;",
            "\\EX0001,4.70E+01,,2026-03-14T02:50Z,2026-03-14T03:00Z;",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let beyond = Moment {
            overload: true,
            ..test_moment(0.047)
        };
        let text = message(&beyond);
        assert!(text.contains("\\EX0001,1.00E+07,>,2026"), "{text}");
    }
}
