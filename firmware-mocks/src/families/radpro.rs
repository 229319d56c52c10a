//! Rad Pro firmware (catalogue section 5): `GET` and `OK`, line by line.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "radpro";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What it answers to `deviceId`: hardware, software and id
    #[arg(
        long,
        default_value = "FS2011 (STM32F051C8);Rad Pro 2.0/en;b5706d937087f975b5812810"
    )]
    pub id: String,
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 153.8)]
    pub cpm_per_usv_h: f64,
    /// Dead time compensation, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0.000_242)]
    pub dead_time: f64,
    /// Ends lines with LF only, as early releases do
    #[arg(long)]
    pub lf_only: bool,
    /// Pulses counted before power-up
    #[arg(long, value_name = "PULSES", default_value_t = 1500)]
    pub pulses: u32,
}

/// A Rad Pro, as it runs.
#[derive(Debug)]
pub struct RadPro {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    rate_cpm: f64,
    /// Wraps at 2^32.
    pulses: u32,
    n_ticks: u64,
    log: Vec<Record>,
}

/// A line of the data log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Record {
    /// A new session starts.
    Session,
    /// Unix time and pulse count.
    Pulses(i64, u32),
}

/// Seconds between records.
const LOG_SECS: u64 = 60;

/// Records kept; the oldest are forgotten.
const LOG_MAX: usize = 4_096;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(RadPro {
            pulses: self.pulses,
            options: self,
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            rate_cpm: 0.0,
            n_ticks: 0,
            log: Vec::new(),
        })
    }
}

impl RadPro {
    /// What follows `OK `; `None` for `ERROR`.
    fn value(&self, request: &str, moment: &Moment) -> Option<String> {
        let mut words = request.split_ascii_whitespace();
        if words.next() != Some("GET") {
            return None;
        }
        let name = words.next()?;
        if name == "datalog" {
            return self.datalog(words);
        }
        if words.next().is_some() {
            return None;
        }
        let value = match name {
            "deviceId" => self.options.id.clone(),
            "deviceBatteryVoltage" => "1.421".to_owned(),
            "deviceTime" => moment.clock.as_second().to_string(),
            "deviceTimeZone" => "7.0".to_owned(),
            "tubeRate" => format!("{:.3}", self.rate_cpm),
            "tubePulseCount" => self.pulses.to_string(),
            "tubeSensitivity" => format!("{:.3}", self.options.cpm_per_usv_h),
            "tubeDeadTime" | "tubeDeadTimeCompensation" => {
                format!("{:.7}", self.options.dead_time)
            }
            _ => return None,
        };
        Some(value)
    }

    /// The log between two times, at most so many records, all three optional.
    fn datalog<'a>(&self, mut words: impl Iterator<Item = &'a str>) -> Option<String> {
        let mut number = || match words.next() {
            Some(word) => word.parse::<i64>().map(Some).ok(),
            None => Some(None),
        };
        let start = number()?.unwrap_or(i64::MIN);
        let end = number()?.unwrap_or(i64::MAX);
        let most = number()?.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(0));
        let mut text = "time,tubePulseCount".to_owned();
        let asked = self.log.iter().filter(|record| match record {
            Record::Session => true,
            Record::Pulses(time, _) => (start..=end).contains(time),
        });
        for record in asked.take(most) {
            text.push(';');
            if let Record::Pulses(time, pulses) = record {
                text.push_str(&format!("{time},{pulses}"));
            }
        }
        Some(text)
    }

    fn log(&mut self, record: Record) {
        if self.log.len() == LOG_MAX {
            self.log.remove(0);
        }
        self.log.push(record);
    }

    fn line(&self, text: &str) -> Frame {
        if !self.options.lf_only {
            return Frame::line(text);
        }
        Frame {
            bytes: format!("{text}\n").into_bytes(),
            checksum: None,
            terminator: 1,
        }
    }
}

impl Firmware for RadPro {
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

    /// Pulse count and log outlive a power cut.
    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.rate_cpm = 0.0;
        self.log(Record::Session);
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if moment.frozen {
            return Vec::new();
        }
        self.rate_cpm = moment.dose_rate_usv_h * self.options.cpm_per_usv_h;
        let counts = self.detector.counts(self.rate_cpm / 60.0, moment);
        let wrapped = counts % (u64::from(u32::MAX) + 1);
        self.pulses = self
            .pulses
            .wrapping_add(u32::try_from(wrapped).unwrap_or(0));
        if self.n_ticks.is_multiple_of(LOG_SECS) {
            self.log(Record::Pulses(moment.clock.as_second(), self.pulses));
        }
        self.n_ticks = self.n_ticks.saturating_add(1);
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(request) = self.inbox.line() {
            said.push(match self.value(&request, moment) {
                Some(value) => self.line(&format!("OK {value}")),
                None => self.line("ERROR"),
            });
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[track_caller]
    fn check(unit: &mut Box<dyn Firmware>, name: &str, expected: &str) {
        let request = format!("GET {name}\r\n");
        let frames = unit.hear(request.as_bytes(), &test_moment(0.1));
        assert_eq!(frames, [Frame::line(expected)], "{name}");
    }

    #[test]
    fn the_catalogues_samples_byte_for_byte() {
        let mut unit = Options::default().firmware(1);
        check(
            &mut unit,
            "deviceId",
            "OK FS2011 (STM32F051C8);Rad Pro 2.0/en;b5706d937087f975b5812810",
        );
        check(&mut unit, "tubePulseCount", "OK 1500");
        check(&mut unit, "tubeSensitivity", "OK 153.800");
        check(&mut unit, "tubeDeadTimeCompensation", "OK 0.0002420");
        check(&mut unit, "deviceTime", "OK 1773457200");
        check(&mut unit, "nothing", "ERROR");
        check(&mut unit, "tubeRate x", "ERROR");
        unit.tick(&test_moment(142.857 / 153.8));
        check(&mut unit, "tubeRate", "OK 142.857");
    }

    #[test]
    fn the_pulse_count_wraps() {
        let options = Options {
            pulses: u32::MAX - 1,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        let moment = Moment {
            steady: true,
            ..test_moment(60.0 / 153.8)
        };
        for _ in 0..3 {
            unit.tick(&moment);
        }
        check(&mut unit, "tubePulseCount", "OK 1");
    }

    #[test]
    fn the_log_has_a_record_a_minute_and_an_empty_one_a_session() {
        let mut unit = Options::default().firmware(1);
        unit.power_up();
        let mut moment = test_moment(0.0);
        for second in 0..61_i64 {
            moment.clock = jiff::Timestamp::from_second(1_690_000_000 + second).unwrap();
            unit.tick(&moment);
        }
        let all = "OK time,tubePulseCount;;1690000000,1500;1690000060,1500";
        check(&mut unit, "datalog", all);
        let later = "OK time,tubePulseCount;;1690000060,1500";
        check(&mut unit, "datalog 1690000001 1690000060 9", later);
        check(&mut unit, "datalog 0 x", "ERROR");
    }

    #[test]
    fn early_releases_end_with_lf() {
        let options = Options {
            lf_only: true,
            ..Options::default()
        };
        let frames = options.firmware(1).hear(b"x\n", &test_moment(0.1));
        assert_eq!(frames[0].bytes, b"ERROR\n");
    }
}
