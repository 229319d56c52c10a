//! What stands in the two answers, byte by byte.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::families::single;

/// Answer 1: the measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// The high-range detector measured.
    pub high_range: bool,
    /// The field is beyond both.
    pub overload: bool,
    /// µSv/h.
    pub usv_h: f64,
    /// Counts per second.
    pub cps: f64,
    /// µSv/h.
    pub background_usv_h: f64,
    /// Counts per second.
    pub background_cps: f64,
    /// 0 to 9.
    pub level: f64,
    /// µSv.
    pub dose_usv: f64,
    /// Since when the dose counts.
    pub dose_secs: f64,
    /// USB powers it.
    pub usb: bool,
    /// Per cent; means nothing with USB.
    pub battery: u8,
    /// The high alarm is on.
    pub high_alarm: bool,
    /// Counts measurements.
    pub id: u32,
}

/// Answer 0: who it is.
#[derive(Clone, Copy, Debug)]
pub struct Info<'a> {
    /// Serial number.
    pub serial: &'a str,
}

/// Bits of the state.
const LOW_RANGE: u8 = 1;
const HIGH_RANGE: u8 = 2;
const OVERLOAD: u8 = 1 << 6;
const INITIALISED: u8 = 1 << 7;

/// Bits of the battery's state. Bit 5 is set in the published answer and has no
/// meaning in the sheet.
const USB: u8 = 1 << 2;
const BATTERY_UNKNOWN: u8 = 1 << 5;

/// Bits of the system's state.
const HIGH_ALARM: u32 = 1 << 8;
const SYSTEM_INITIALISED: u32 = 1 << 30;

const TEXT_LEN: usize = 16;

impl Reading {
    /// The 47 bytes.
    pub fn payload(&self, clock: Timestamp) -> Vec<u8> {
        let range = if self.high_range {
            HIGH_RANGE
        } else {
            LOW_RANGE
        };
        let overload = if self.overload { OVERLOAD } else { 0 };
        let battery = if self.usb { USB } else { 0 };
        let alarm = if self.high_alarm { HIGH_ALARM } else { 0 };
        let float = |value: f64| single(value).to_le_bytes();
        let now = local(clock);
        let mut bytes = vec![range | overload | INITIALISED];
        bytes.extend_from_slice(&float(self.usv_h));
        bytes.extend_from_slice(&float(self.cps));
        bytes.extend_from_slice(&float(self.background_usv_h));
        bytes.extend_from_slice(&float(self.background_cps));
        bytes.extend_from_slice(&float(self.level));
        bytes.extend_from_slice(&time_word(now).to_le_bytes());
        bytes.extend_from_slice(&date_word(now).to_le_bytes());
        bytes.extend_from_slice(&float(self.dose_usv));
        bytes.extend_from_slice(&float(self.dose_secs));
        bytes.push(battery | BATTERY_UNKNOWN | INITIALISED);
        bytes.push(self.battery);
        bytes.extend_from_slice(&(alarm | SYSTEM_INITIALISED).to_le_bytes());
        bytes.extend_from_slice(&self.id.to_le_bytes());
        bytes
    }
}

impl Info<'_> {
    /// The 65 bytes: three texts, two versions, clock and zone.
    pub fn payload(&self, clock: Timestamp) -> Vec<u8> {
        let now = local(clock);
        let mut bytes = Vec::new();
        for text in ["Mirion", "AccuRad PRD", self.serial] {
            let start = bytes.len();
            bytes.extend(text.bytes().take(TEXT_LEN));
            bytes.resize(start + TEXT_LEN, 0);
        }
        bytes.extend_from_slice(&1_u32.to_le_bytes());
        bytes.extend_from_slice(&u32::from_be_bytes([1, 2, 0, 0]).to_le_bytes());
        bytes.extend_from_slice(&time_word(now).to_le_bytes());
        bytes.extend_from_slice(&date_word(now).to_le_bytes());
        bytes.push(0);
        bytes
    }
}

/// Its clock knows no zone; the mock's runs in UTC.
fn local(clock: Timestamp) -> DateTime {
    clock.to_zoned(TimeZone::UTC).datetime()
}

/// Hours, minutes, seconds and milliseconds from bit 0, 5, 11 and 17 on.
fn time_word(now: DateTime) -> u32 {
    let millisecond = u32::from(now.millisecond().unsigned_abs());
    part(now.hour()) | part(now.minute()) << 5 | part(now.second()) << 11 | millisecond << 17
}

/// Weekday, day, month and year from bit 0, 3, 8 and 12 on; Monday is 1.
fn date_word(now: DateTime) -> u32 {
    let year = u32::from(now.year().unsigned_abs());
    let weekday = now.date().weekday().to_sunday_zero_offset();
    part(weekday) | part(now.day()) << 3 | part(now.month()) << 8 | year << 12
}

fn part(value: i8) -> u32 {
    u32::from(value.unsigned_abs())
}
