//! RadiaCode track files (catalogue section 21): tab text, a point each second.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::geo::Position;

/// The family's verb.
pub const NAME: &str = "radiacode-track";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the track
    #[arg(long, default_value = "Morning walk")]
    pub name: String,
    /// Serial number of the instrument
    #[arg(long, default_value = "RC-102-000001")]
    pub serial: String,
    /// Counts per second in 1 µSv/h; by default 200 in 5 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 40.0)]
    pub cps_per_usv_h: f64,
    /// Hours that its local time is ahead of UTC
    #[arg(long, value_name = "HOURS", default_value_t = 7,
          value_parser = clap::value_parser!(i8).range(-12..=14), allow_hyphen_values = true)]
    pub zone_hours: i8,
}

/// One line's contents.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// When it was measured.
    pub at: Timestamp,
    /// Hours that the local time beside it is ahead of UTC.
    pub zone_hours: i8,
    /// Where.
    pub position: Position,
    /// µR/h.
    pub ur_h: f64,
    /// Counts per second.
    pub cps: f64,
}

/// The telephone that writes the track.
#[derive(Debug)]
pub struct Track {
    options: Options,
    detector: Detector,
    has_head: bool,
    usv_h: f64,
    cps: u64,
}

/// 1 µSv/h is 100 µR/h, by the convention that 1 R is 10 mSv.
const UR_PER_USV: f64 = 100.0;

/// Seconds from 1601, where a FILETIME begins, to 1970; it counts tenths of a microsecond.
const FILETIME_SECS: i128 = 11_644_473_600;
const FILETIME_NANOS: i128 = 100;

/// Metres, always the same: the sheet does not say what else there is.
const ACCURACY: &str = "4.5";

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Track {
            options: self,
            detector: Detector::new(seed),
            has_head: false,
            usv_h: 0.0,
            cps: 0,
        })
    }
}

impl Point {
    /// The line without its end; the comment, the last column, is empty.
    pub fn text(&self) -> String {
        let nanos = self.at.as_nanosecond() + FILETIME_SECS * 1_000_000_000;
        let filetime = (nanos / FILETIME_NANOS).max(0);
        let zone = Offset::from_hours(self.zone_hours).unwrap_or(Offset::UTC);
        let local = zone.to_datetime(self.at).strftime("%Y-%m-%d %H:%M:%S");
        let Position { lat, lon } = self.position;
        let (ur_h, cps) = (self.ur_h, self.cps);
        format!("{filetime}\t{local}\t{lat:.7}\t{lon:.7}\t{ACCURACY}\t{ur_h:.2}\t{cps:.1}\t")
    }
}

impl Firmware for Track {
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
        Duration::from_secs(1)
    }

    /// The head is written once: a track goes on behind a gap.
    fn power_up(&mut self) -> Vec<Frame> {
        if std::mem::replace(&mut self.has_head, true) {
            return Vec::new();
        }
        let Options { name, serial, .. } = &self.options;
        vec![
            Frame::line(&format!("Track: {name}\t{serial}\t ")),
            Frame::line(
                "Timestamp\tTime\tLatitude\tLongitude\tAccuracy\tDoseRate\tCountRate\tComment",
            ),
        ]
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.usv_h = moment.dose_rate_usv_h;
            let expected = self.usv_h * self.options.cps_per_usv_h;
            self.cps = self.detector.counts(expected, moment);
        }
        let point = Point {
            at: moment.clock,
            zone_hours: self.options.zone_hours,
            position: moment.position,
            ur_h: self.usv_h * UR_PER_USV,
            cps: self.cps as f64,
        };
        vec![Frame::line(&point.text())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn seven_columns_and_an_empty_one() {
        let mut unit = Options::default().firmware(1);
        assert_eq!(unit.power_up().len(), 2);
        let moment = Moment {
            steady: true,
            ..test_moment(5.0)
        };
        let frames = unit.tick(&moment);
        let expected = "134179308000000000\t2026-03-14 10:00:00\t-6.3500000\t106.6700000\t4.5\t500.00\t200.0\t";
        assert_eq!(frames, [Frame::line(expected)]);
        assert_eq!(unit.power_up(), [], "one head for a track");
    }
}
