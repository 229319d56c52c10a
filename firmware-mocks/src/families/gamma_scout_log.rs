//! Log of a Gamma-Scout (catalogue section 18), as PC mode prints it: a head, then lines
//! of 32 bytes and their sum. A line comes when it is full; the version line before the
//! dump, which would tell how much of the log is used, is not printed.

use std::time::Duration;

use clap::Args;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::gamma_scout::cpm_of;
use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};

/// The family's verb.
pub const NAME: &str = "gamma-scout-log";

/// The verb of an Online model, whose codes differ.
pub const NAME_ONLINE: &str = "gamma-scout-online-log";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Seconds that a count takes
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = interval)]
    pub interval: u32,
    /// Counts from one date to the next; the sheet does not say how many
    #[arg(long, value_name = "COUNTS", default_value_t = 12,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub date_every: u32,
    /// Hours that its local time is ahead of UTC
    #[arg(long, value_name = "HOURS", default_value_t = 7,
          value_parser = clap::value_parser!(i8).range(-12..=14), allow_hyphen_values = true)]
    pub zone_hours: i8,
}

/// An instrument whose log is read out.
#[derive(Debug)]
pub struct Log {
    is_online: bool,
    options: Options,
    detector: Detector,
    has_head: bool,
    pulses: u64,
    /// Counts until the next date.
    until_date: u32,
    /// The line that is not full yet.
    line: Vec<u8>,
}

/// The intervals by their codes; on Online models the codes are one more.
const INTERVALS_SECS: [u32; 13] = [
    604_800, 259_200, 86_400, 43_200, 7_200, 3_600, 1_800, 600, 300, 120, 60, 30, 10,
];

const CODE: u8 = 0xF5;
const DATE: u8 = 0xEF;
const OVERFLOW: u8 = 0xFA;

/// Bytes in a line, besides their sum.
const LINE_LEN: usize = 32;

/// Bits of a count's mantissa.
const MANTISSA_BITS: u32 = 11;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// A Standard, Alert or Rechargeable with these options; its counts follow from
    /// `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        self.log(false, seed)
    }

    /// As [`Options::firmware`], an Online model.
    pub fn firmware_online(self, seed: u64) -> Box<dyn Firmware> {
        self.log(true, seed)
    }

    fn log(self, is_online: bool, seed: u64) -> Box<dyn Firmware> {
        Box::new(Log {
            is_online,
            options: self,
            detector: Detector::new(seed),
            has_head: false,
            pulses: 0,
            until_date: 0,
            line: Vec::new(),
        })
    }

    /// The code of the interval; one that there is not, which the command line refuses,
    /// counts as the shortest.
    fn code(&self) -> u8 {
        let asked = |secs: &u32| *secs == self.interval;
        let at = INTERVALS_SECS.iter().position(asked);
        u8::try_from(at.unwrap_or(INTERVALS_SECS.len() - 1)).unwrap_or(0)
    }

    fn interval_secs(&self) -> u32 {
        let known = INTERVALS_SECS.get(usize::from(self.code()));
        known.copied().unwrap_or(self.interval)
    }
}

/// Reads one of the intervals there are.
fn interval(text: &str) -> Result<u32, String> {
    let secs = text.parse().ok();
    secs.filter(|secs| INTERVALS_SECS.contains(secs))
        .ok_or_else(|| format!("expected one of {INTERVALS_SECS:?}, found `{text}`"))
}

/// Two decimal digits in one byte.
fn bcd(number: i8) -> u8 {
    let number = number.unsigned_abs();
    number / 10 * 16 + number % 10
}

/// Five bits of exponent and eleven of mantissa; what goes beyond is cut off.
fn float(count: u64) -> [u8; 2] {
    let bits = u64::BITS - count.leading_zeros();
    let exponent = bits.saturating_sub(MANTISSA_BITS);
    let mantissa = count >> exponent;
    u16::try_from(u64::from(exponent) << MANTISSA_BITS | mantissa)
        .unwrap_or(u16::MAX)
        .to_be_bytes()
}

impl Log {
    /// Date to the minute, and the interval.
    fn date(&self, at: Timestamp) -> Vec<u8> {
        let zone = Offset::from_hours(self.options.zone_hours).unwrap_or(Offset::UTC);
        let local = zone.to_datetime(at);
        let year = i8::try_from(local.year().rem_euclid(100)).unwrap_or(0);
        let mut bytes = vec![CODE, DATE];
        let fields = [
            local.minute(),
            local.hour(),
            local.day(),
            local.month(),
            year,
        ];
        bytes.extend(fields.map(bcd));
        bytes.extend([CODE, self.options.code() + u8::from(self.is_online)]);
        bytes
    }

    /// The lines that are full now.
    fn lines(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while self.line.len() >= LINE_LEN {
            let rest = self.line.split_off(LINE_LEN);
            let mut bytes = std::mem::replace(&mut self.line, rest);
            let sum = bytes
                .iter()
                .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
            bytes.push(sum);
            let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            frames.push(Frame {
                checksum: Some(2 * LINE_LEN..text.len()),
                ..Frame::line(&text)
            });
        }
        frames
    }
}

impl Firmware for Log {
    fn family(&self) -> &'static str {
        if self.is_online { NAME_ONLINE } else { NAME }
    }

    /// Which code an Online model has for an overflow the sheet does not say.
    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            clock: true,
            line: true,
            terminator: true,
            overload: !self.is_online,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(self.options.interval_secs().into())
    }

    /// The log outlives a power cut, behind which there is a new date.
    fn power_up(&mut self) -> Vec<Frame> {
        self.until_date = 0;
        if std::mem::replace(&mut self.has_head, true) {
            return Vec::new();
        }
        vec![Frame::line("GAMMA-SCOUT Protokoll")]
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        let secs = self.options.interval_secs();
        if !moment.frozen {
            let cps = cpm_of(moment.dose_rate_usv_h) / 60.0;
            self.pulses = self.detector.counts(cps * f64::from(secs), moment);
        }
        if self.until_date == 0 {
            self.until_date = self.options.date_every.max(1);
            let began = SignedDuration::from_secs(secs.into());
            let at = moment.clock.checked_sub(began).unwrap_or(moment.clock);
            let date = self.date(at);
            self.line.extend(date);
        }
        self.until_date -= 1;
        if moment.overload && !self.is_online {
            self.line.push(OVERFLOW);
        }
        self.line.extend(float(self.pulses));
        self.lines()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn counts_as_the_sheet_has_them() {
        assert_eq!(float(201_600), [0x3E, 0x27]);
        assert_eq!(float(26), [0, 0x1A]);
        assert_eq!(float(2047), [0x07, 0xFF]);
        assert_eq!(float(2048), [0x0C, 0]);
    }

    fn first_line(mut unit: Box<dyn Firmware>, overload: bool) -> Frame {
        let moment = Moment {
            steady: true,
            overload,
            ..test_moment(0.0)
        };
        assert_eq!(unit.power_up(), [Frame::line("GAMMA-SCOUT Protokoll")]);
        loop {
            if let Some(line) = unit.tick(&moment).pop() {
                return line;
            }
        }
    }

    #[test]
    fn a_line_begins_with_date_and_interval_and_ends_in_its_sum() {
        // 09:59:50 local time, to the minute.
        let line = first_line(Options::default().firmware(1), false);
        let expected = format!("f5ef5909140326f50c{}{:02x}\r\n", "00".repeat(23), 0x84);
        assert_eq!(String::from_utf8(line.bytes).unwrap(), expected);
        assert_eq!((line.checksum, line.terminator), (Some(64..66), 2));
        let line = first_line(Options::default().firmware_online(1), true);
        assert!(line.bytes.starts_with(b"f5ef5909140326f50d0000"));
        let line = first_line(Options::default().firmware(1), true);
        assert!(line.bytes.starts_with(b"f5ef5909140326f50cfa0000fa0000"));
    }
}
