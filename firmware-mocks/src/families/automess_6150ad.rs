//! Automess 6150AD with probes (catalogue section 7): six bytes, pushed.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};

/// The family's verb.
pub const NAME: &str = "automess-6150ad";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Which detector it reads
    #[arg(long, value_enum, default_value_t = Probe::Internal)]
    pub probe: Probe,
    /// An `/E` model
    #[arg(long)]
    pub e_model: bool,
    /// One of AD1, AD3, AD5
    #[arg(long)]
    pub ad135: bool,
    /// Pulses per second of a pulse probe in 1 µSv/h; the sheet gives none
    #[arg(long, value_name = "CPS", default_value_t = 10.0)]
    pub cps_per_usv_h: f64,
}

/// The detectors whose codes the sheet has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Probe {
    /// The unit's own counter tube
    Internal,
    /// AD-15, gamma
    Ad15,
    /// AD-17, alpha, beta and gamma contamination, in pulses per second
    Ad17,
    /// AD-18, gamma
    Ad18,
    /// AD-19, liquid samples, in pulses per second
    Ad19,
    /// Teletector AD-t, low tube
    TeletectorLow,
    /// Teletector AD-t, high tube
    TeletectorHigh,
}

/// A 6150AD, as it runs.
#[derive(Debug)]
pub struct Ad6150 {
    options: Options,
    detector: Detector,
    /// µSv/h, or pulses per second.
    shown: f64,
}

const STX: u8 = 0x02;
const E_MODEL: u8 = 1 << 7;
const AD135: u8 = 1 << 6;

/// The smallest mantissa: its highest bit but one is set.
const MANTISSA_MIN: f64 = 16_384.0;
const MANTISSA_MAX: f64 = 32_767.0;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Ad6150 {
            options: self,
            detector: Detector::new(seed),
            shown: 0.0,
        })
    }

    fn detector_byte(&self) -> u8 {
        let mut byte = self.probe.code();
        if self.e_model {
            byte |= E_MODEL;
        }
        if self.ad135 {
            byte |= AD135;
        }
        byte
    }
}

impl Probe {
    /// The low six bits of the detector byte.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ad15 => 15,
            Self::Ad17 => 17,
            Self::Ad18 => 18,
            Self::Ad19 => 19,
            Self::Internal => 20,
            Self::TeletectorLow => 21,
            Self::TeletectorHigh => 22,
        }
    }

    const fn counts_pulses(self) -> bool {
        matches!(self, Self::Ad17 | Self::Ad19)
    }
}

/// The frame of `value`, to the nearest mantissa.
pub fn frame(detector_byte: u8, value: f64) -> Frame {
    let (mantissa, exponent) = float(value);
    let [low, high] = mantissa.to_le_bytes();
    let [exponent] = exponent.to_le_bytes();
    let check = detector_byte ^ low ^ high ^ exponent;
    Frame::binary(vec![STX, detector_byte, low, high, exponent, check], 1)
}

/// `value` as mantissa × 2^(exponent − 15), the mantissa 4000h to 7FFFh, or 0.
///
/// What is too small for the exponent is 0; what is too large, the largest.
fn float(value: f64) -> (u16, i8) {
    if value.is_nan() || value <= 0.0 {
        return (0, 0);
    }
    let mut exponent = 15_i32;
    let mut mantissa = value;
    while mantissa.round() > MANTISSA_MAX && exponent <= i32::from(i8::MAX) {
        mantissa /= 2.0;
        exponent += 1;
    }
    while mantissa < MANTISSA_MIN && exponent >= i32::from(i8::MIN) {
        mantissa *= 2.0;
        exponent -= 1;
    }
    match i8::try_from(exponent) {
        Ok(exponent) => {
            let mantissa = crate::prng::whole(mantissa.round().min(MANTISSA_MAX));
            (u16::try_from(mantissa).unwrap_or(0x7FFF), exponent)
        }
        Err(_) if exponent > 0 => (0x7FFF, i8::MAX),
        Err(_) => (0, 0),
    }
}

impl Firmware for Ad6150 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            line: true,
            ..Abilities::default()
        }
    }

    /// The sheet gives no rate; this is its advice.
    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.shown = 0.0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.shown = if self.options.probe.counts_pulses() {
                let expected = moment.dose_rate_usv_h * self.options.cps_per_usv_h;
                self.detector.counts(expected, moment) as f64
            } else {
                moment.dose_rate_usv_h
            };
        }
        vec![frame(self.options.detector_byte(), self.shown)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[track_caller]
    fn check(detector_byte: u8, value: f64, expected: [u8; 6]) {
        let frame = frame(detector_byte, value);
        assert_eq!(frame.bytes, expected);
        assert_eq!(frame.checksum, Some(5..6));
    }

    #[test]
    fn the_computed_samples_byte_for_byte() {
        check(20, 0.12, [0x02, 0x14, 0xE1, 0x7A, 0xFD, 0x72]);
        check(0x94, 0.12, [0x02, 0x94, 0xE1, 0x7A, 0xFD, 0xF2]);
        check(17, 12.5, [0x02, 0x11, 0x00, 0x64, 0x04, 0x71]);
        check(20, 0.0, [0x02, 0x14, 0x00, 0x00, 0x00, 0x14]);
        check(21, 1500.0, [0x02, 0x15, 0xC0, 0x5D, 0x0B, 0x83]);
    }

    #[test]
    fn the_mantissa_is_in_its_range() {
        for value in [1e-9, 0.1, 0.5, 0.999_999, 1.0, 1_023.999_99, 1e7] {
            let (mantissa, exponent) = float(value);
            assert!(
                (0x4000..=0x7FFF).contains(&mantissa),
                "{value}: {mantissa:x}"
            );
            let back = f64::from(mantissa) * f64::powi(2.0, i32::from(exponent) - 15);
            assert!(
                (back / value - 1.0).abs() < 1.0 / 32_768.0,
                "{value}: {back}"
            );
        }
        for (value, expected) in [
            (-1.0, (0, 0)),
            (f64::NAN, (0, 0)),
            (1e-300, (0, 0)),
            (f64::INFINITY, (0x7FFF, i8::MAX)),
        ] {
            assert_eq!(float(value), expected, "{value}");
        }
    }

    #[test]
    fn the_probe_decides_what_is_sent() {
        let tick = |probe| {
            let options = Options {
                probe,
                e_model: true,
                ..Options::default()
            };
            let mut moment = test_moment(0.5);
            moment.steady = true;
            options.firmware(1).tick(&moment).remove(0)
        };
        assert_eq!(tick(Probe::Internal), frame(0x94, 0.5));
        assert_eq!(tick(Probe::TeletectorHigh), frame(0x96, 0.5));
        assert_eq!(tick(Probe::Ad17), frame(0x91, 5.0));
        assert_eq!(tick(Probe::Ad19), frame(0x93, 5.0));
    }
}
