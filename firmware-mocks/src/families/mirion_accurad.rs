//! Mirion AccuRad PRD (catalogue section 14): a marker, a length and a check of its own
//! kind, on request.

mod payload;

pub use payload::{Info, Reading};

use std::time::Duration;

use clap::Args;

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "mirion-accurad";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Serial number
    #[arg(long, default_value = "PRD00042")]
    pub serial: String,
    /// Counts per second in 1 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 142.0)]
    pub cps_per_usv_h: f64,
    /// Background it subtracts from the level, in µSv/h
    #[arg(long, value_name = "USV_H", default_value_t = 0.036)]
    pub background_usv_h: f64,
    /// From this dose rate on the high alarm is on
    #[arg(long, value_name = "USV_H", default_value_t = 50.0)]
    pub alarm_usv_h: f64,
    /// From this dose rate on the high-range detector measures
    #[arg(long, value_name = "USV_H", default_value_t = 100.0)]
    pub high_range_usv_h: f64,
    /// Battery, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 96,
          value_parser = clap::value_parser!(u8).range(..=100))]
    pub battery: u8,
    /// Powered over USB, when the battery's per cent mean nothing
    #[arg(long)]
    pub usb: bool,
}

/// An AccuRad, as it runs.
#[derive(Debug)]
pub struct AccuRad {
    options: Options,
    inbox: Inbox,
    reading: Reading,
}

const MARKER: &[u8] = b"#!AccuRad!#";

const ASK_INFO: [u8; 8] = [0x7E, 0x04, 0x00, 0x10, 0xA7, 0x07, 0x46, 0xE7];
const ASK_DATA: [u8; 8] = [0x7E, 0x04, 0x00, 0x11, 0xA7, 0x1E, 0x43, 0xE7];

const ID_INFO: u16 = 0;
const ID_DATA: u16 = 1;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options. It shows a filtered rate without chance.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(AccuRad {
            options: self,
            inbox: Inbox::default(),
            reading: Reading::default(),
        })
    }
}

/// The check: reflected CRC-16 with AC5E from FFFF, where a register that turned zero
/// with the next byte counts as one.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        let crc = match crc ^ u16::from(*byte) {
            0 => 1,
            crc => crc,
        };
        (0..8).fold(crc, |crc: u16, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xAC5E
            } else {
                crc >> 1
            }
        })
    })
}

/// Marker, length, id, payload and check.
pub fn frame(id: u16, payload: &[u8]) -> Frame {
    let mut checked = id.to_le_bytes().to_vec();
    checked.extend_from_slice(payload);
    // The length counts itself, the id and the payload.
    let length = u16::try_from(payload.len() + 4).unwrap_or(u16::MAX);
    let mut bytes = MARKER.to_vec();
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&checked);
    bytes.extend_from_slice(&crc(&checked).to_le_bytes());
    Frame::binary(bytes, 2)
}

impl AccuRad {
    fn measure(&mut self, moment: &Moment) {
        let options = &self.options;
        let usv_h = moment.dose_rate_usv_h;
        let seconds = self.interval().as_secs_f64();
        self.reading = Reading {
            high_range: usv_h >= options.high_range_usv_h,
            overload: moment.overload,
            usv_h,
            cps: usv_h * options.cps_per_usv_h,
            background_usv_h: options.background_usv_h,
            background_cps: options.background_usv_h * options.cps_per_usv_h,
            level: (usv_h / options.background_usv_h).log2().clamp(0.0, 9.0),
            dose_usv: self.reading.dose_usv + usv_h * seconds / 3600.0,
            dose_secs: self.reading.dose_secs + seconds,
            usb: options.usb,
            battery: options.battery,
            high_alarm: usv_h >= options.alarm_usv_h,
            id: self.reading.id.wrapping_add(1),
        };
    }
}

impl Firmware for AccuRad {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            clock: true,
            line: true,
            terminator: false,
            overload: true,
            ..Abilities::default()
        }
    }

    /// A measurement.
    fn interval(&self) -> Duration {
        Duration::from_millis(250)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.reading.id = 0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.measure(moment);
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        loop {
            // What some programs put before a request falls off here too.
            if self.inbox.bytes().starts_with(&ASK_DATA) {
                self.inbox.take(ASK_DATA.len());
                said.push(frame(ID_DATA, &self.reading.payload(moment.clock)));
            } else if self.inbox.bytes().starts_with(&ASK_INFO) {
                self.inbox.take(ASK_INFO.len());
                let info = Info {
                    serial: &self.options.serial,
                };
                said.push(frame(ID_INFO, &info.payload(moment.clock)));
            } else if self.inbox.bytes().len() < ASK_DATA.len() || self.inbox.byte().is_none() {
                return said;
            }
        }
    }
}

#[cfg(test)]
mod tests;
