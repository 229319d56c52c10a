//! A generic Modbus RTU instrument (catalogue section 26), for the template profile.
//!
//! Its registers, for reading as holding and as input registers alike:
//!
//! | register | type   | what                                              |
//! |----------|--------|---------------------------------------------------|
//! | 0000     | f32    | dose rate, µSv/h                                  |
//! | 0002     | u32    | counts of the last second                         |
//! | 0004     | u16    | status: bit 0 overload, bit 1 alarm               |
//! | 0005     | s16    | temperature, 0.1 °C; 8000h for none               |
//! | 0006     | f32    | dose since power-up, µSv                          |

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::single;
use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;
use crate::modbus::{
    CrcOrder, Exception, READ_HOLDING, READ_INPUT, frame, refusal, registers, request,
};

/// The family's verb.
pub const NAME: &str = "modbus-rtu";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Its address on the line
    #[arg(long, default_value_t = 1)]
    pub address: u8,
    /// The order of the bytes in its numbers of four
    #[arg(long, value_enum, default_value_t = Order::Abcd)]
    pub order: Order,
    /// Counts per second in 1 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 10.0)]
    pub cps_per_usv_h: f64,
    /// From this dose rate on it alarms
    #[arg(long, value_name = "USV_H", default_value_t = 20.0)]
    pub alarm_usv_h: f64,
    /// Temperature it reports, in tenths of a degree; by default none
    #[arg(long, value_name = "TENTHS", default_value_t = i16::MIN,
          allow_hyphen_values = true)]
    pub temperature: i16,
}

/// How a number of four bytes lies in two registers; `A` is its highest byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// High word first, high byte first
    Abcd,
    /// Low word first
    Cdab,
    /// High word first, low byte first
    Badc,
    /// Low word first, low byte first
    Dcba,
}

/// A Modbus instrument, as it runs.
#[derive(Debug)]
pub struct ModbusRtu {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    usv_h: f64,
    dose_usv: f64,
    counts: u64,
    status: u16,
}

const OVERLOAD: u16 = 1;
const ALARM: u16 = 1 << 1;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(ModbusRtu {
            options: self,
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            usv_h: 0.0,
            dose_usv: 0.0,
            counts: 0,
            status: 0,
        })
    }
}

impl Order {
    /// The two registers.
    const fn words(self, value: u32) -> [u16; 2] {
        let [a, b, c, d] = value.to_be_bytes();
        let [first, second] = match self {
            Self::Abcd => [[a, b], [c, d]],
            Self::Cdab => [[c, d], [a, b]],
            Self::Badc => [[b, a], [d, c]],
            Self::Dcba => [[d, c], [b, a]],
        };
        [u16::from_be_bytes(first), u16::from_be_bytes(second)]
    }
}

impl ModbusRtu {
    fn words(&self) -> Vec<u16> {
        let order = self.options.order;
        let float = |value: f64| order.words(single(value).to_bits());
        let counts = u32::try_from(self.counts).unwrap_or(u32::MAX);
        let mut words = Vec::new();
        words.extend(float(self.usv_h));
        words.extend(order.words(counts));
        words.push(self.status);
        words.push(self.options.temperature.cast_unsigned());
        words.extend(float(self.dose_usv));
        words
    }
}

impl Firmware for ModbusRtu {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            line: true,
            overload: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.dose_usv = 0.0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.usv_h = moment.dose_rate_usv_h;
            self.dose_usv += self.usv_h / 3600.0;
            let expected = self.usv_h * self.options.cps_per_usv_h;
            self.counts = self.detector.counts(expected, moment);
            let overload = if moment.overload { OVERLOAD } else { 0 };
            let alarms = self.usv_h >= self.options.alarm_usv_h;
            self.status = overload | if alarms { ALARM } else { 0 };
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        let address = self.options.address;
        while let Some(request) = request(&mut self.inbox, address, CrcOrder::LowFirst) {
            let answer = match request.function {
                READ_HOLDING | READ_INPUT => registers(address, request, 0, &self.words()),
                _ => Err(Exception::Function),
            };
            let body = answer.unwrap_or_else(|exception| refusal(address, request, exception));
            said.push(frame(body, CrcOrder::LowFirst));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    fn asked(unit: &mut Box<dyn Firmware>, body: &[u8]) -> Vec<u8> {
        let request = frame(body.to_vec(), CrcOrder::LowFirst);
        let frames = unit.hear(&request.bytes, &test_moment(0.5));
        frames.into_iter().flat_map(|frame| frame.bytes).collect()
    }

    fn unit(options: Options) -> Box<dyn Firmware> {
        let mut unit = options.firmware(1);
        unit.tick(&Moment {
            steady: true,
            overload: true,
            ..test_moment(30.0)
        });
        unit
    }

    #[test]
    fn all_registers_at_once() {
        let mut unit = unit(Options::default());
        let answer = asked(&mut unit, &[1, READ_INPUT, 0, 0, 0, 8]);
        assert_eq!(answer.len(), 5 + 16);
        assert_eq!(answer[..3], [1, READ_INPUT, 16]);
        assert_eq!(answer[3..7], 30.0_f32.to_be_bytes());
        assert_eq!(answer[7..11], 300_u32.to_be_bytes());
        assert_eq!(answer[11..13], [0, 3]);
        assert_eq!(answer[13..15], [0x80, 0x00]);
        assert_eq!(answer, {
            let body = answer[..19].to_vec();
            frame(body, CrcOrder::LowFirst).bytes
        });
    }

    #[test]
    fn every_order_of_bytes() {
        for (order, expected) in [
            (Order::Abcd, [0x41, 0xF0, 0x12, 0x34]),
            (Order::Cdab, [0x12, 0x34, 0x41, 0xF0]),
            (Order::Badc, [0xF0, 0x41, 0x34, 0x12]),
            (Order::Dcba, [0x34, 0x12, 0xF0, 0x41]),
        ] {
            let words = order.words(0x41F0_1234);
            let bytes: Vec<u8> = words.into_iter().flat_map(u16::to_be_bytes).collect();
            assert_eq!(bytes, expected, "{order:?}");
        }
    }

    #[test]
    fn exceptions_are_five_bytes() {
        let mut unit = unit(Options::default());
        for (body, exception) in [
            ([1, READ_HOLDING, 0, 7, 0, 2], [1, 0x83, 2]),
            ([1, READ_INPUT, 0, 0, 0, 0], [1, 0x84, 3]),
            ([1, 0x06, 0, 0, 0, 0], [1, 0x86, 1]),
        ] {
            let answer = asked(&mut unit, &body);
            assert_eq!((answer.len(), &answer[..3]), (5, &exception[..]));
        }
        assert_eq!(asked(&mut unit, &[2, READ_INPUT, 0, 0, 0, 1]), b"");
    }
}
