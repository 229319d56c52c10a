//! GQ GMC-300 and GMC-320 (catalogue section 1): commands, two-byte counts.

use std::time::Duration;

use clap::Args;

use super::gmc::{Command, DONE, Flash, Minute, clock, command, put, version_parts};
use super::single;
use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "gq-gmc300";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What it answers to `GETVER`
    #[arg(long, default_value = "GMC-300Re 4.54")]
    pub version: String,
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = CPM_PER_USV_H)]
    pub cpm_per_usv_h: f64,
    /// Battery, in tenths of a volt
    #[arg(long, value_name = "TENTHS", default_value_t = 42)]
    pub battery: u8,
}

/// A GMC-300, as it runs.
#[derive(Debug)]
pub struct Gmc300 {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    minute: Minute,
    flash: Flash,
    /// `HEARTBEAT1` was sent.
    beats: bool,
    /// Its counter is at the end.
    full: bool,
}

/// The M4011 tube.
const CPM_PER_USV_H: f64 = 154.0;

/// Counts of a second have 14 bits; the two above them are set or not by firmware.
const CPS_MAX: u16 = 0x3FFF;
const MARK: u16 = 0x8000;

/// Length and calibration of the config block: cpm and µSv/h, three times.
const CONFIG_LEN: usize = 256;
const CALIBRATION_AT: [usize; 3] = [8, 14, 20];
const CALIBRATION_CPM: [u16; 3] = [60, 240, 1000];

const SERIAL: [u8; 7] = [0xF4, 0x88, 0x00, 0x2B, 0x61, 0x9C, 0x03];

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Gmc300 {
            options: self,
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            minute: Minute::default(),
            flash: Flash::default(),
            beats: false,
            full: false,
        })
    }
}

/// Counts of a second, with the marking bit. The ceiling has all bits set.
fn cps_bytes(cps: u64) -> [u8; 2] {
    let word = match u16::try_from(cps) {
        Ok(cps) if cps < CPS_MAX => cps | MARK,
        _ => u16::MAX,
    };
    word.to_be_bytes()
}

fn cpm_bytes(cpm: u64) -> [u8; 2] {
    u16::try_from(cpm).unwrap_or(u16::MAX).to_be_bytes()
}

impl Gmc300 {
    fn cps(&self) -> [u8; 2] {
        cps_bytes(if self.full {
            u64::MAX
        } else {
            self.minute.cps()
        })
    }

    fn cpm(&self) -> [u8; 2] {
        cpm_bytes(if self.full {
            u64::MAX
        } else {
            self.minute.cpm()
        })
    }

    fn config(&self) -> Vec<u8> {
        let mut block = vec![0; CONFIG_LEN];
        for (at, cpm) in CALIBRATION_AT.into_iter().zip(CALIBRATION_CPM) {
            put(&mut block, at, &cpm.to_be_bytes());
            let usv_h = single(f64::from(cpm) / self.options.cpm_per_usv_h);
            // Little-endian here, unlike all else.
            put(&mut block, at + 2, &usv_h.to_le_bytes());
        }
        block
    }

    /// The flash as the firmware reads it: before 4 it takes twelve bits of the
    /// length, from 4 on it sends a byte too many.
    fn read_flash(&self, address: usize, len: usize) -> Vec<u8> {
        let (_, firmware) = version_parts(&self.options.version);
        let len = match firmware {
            0..400 => len & 0x0FFF,
            _ => len + 1,
        };
        self.flash.read(address, len)
    }

    /// The answer's bytes; `None` where there is none.
    fn answer(&mut self, name: &str, moment: &Moment) -> Option<Vec<u8>> {
        let answer = match name {
            "GETVER" => self.options.version.clone().into_bytes(),
            "GETCPM" => self.cpm().to_vec(),
            "GETCPS" => self.cps().to_vec(),
            "GETVOLT" => vec![self.options.battery],
            "GETDATETIME" => [&clock(moment)[..], &[DONE]].concat(),
            // 25.6 °C; level and still.
            "GETTEMP" => vec![25, 6, 0, DONE],
            "GETGYRO" => vec![0, 0, 0, 0, 0, 0, DONE],
            "GETSERIAL" => SERIAL.to_vec(),
            "GETCFG" => self.config(),
            "HEARTBEAT1" | "HEARTBEAT0" => {
                self.beats = name == "HEARTBEAT1";
                return None;
            }
            _ => return None,
        };
        Some(answer)
    }
}

impl Firmware for Gmc300 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            line: true,
            overload: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// The flash keeps what it has.
    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.minute.clear();
        self.beats = false;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.full = moment.overload;
            let expected = moment.dose_rate_usv_h * self.options.cpm_per_usv_h / 60.0;
            let counts = self.detector.counts(expected, moment);
            self.minute.add(counts.min(u64::from(CPS_MAX)));
            if self.flash.is_empty() {
                self.flash.date(moment);
            }
            self.flash.count(self.minute.cps());
        }
        if !self.beats {
            return Vec::new();
        }
        vec![Frame::binary(self.cps().to_vec(), 0)]
    }

    fn hear(&mut self, bytes: &[u8], moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = command(&mut self.inbox) {
            let answer = match command {
                Command::Plain(name) => self.answer(&name, moment),
                // Its clock is the scenario's and stays so.
                Command::SetClock => Some(vec![DONE]),
                Command::ReadFlash { address, len } => Some(self.read_flash(address, len)),
            };
            said.extend(answer.map(|bytes| Frame::binary(bytes, 0)));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_samples_byte_for_byte() {
        assert_eq!(cpm_bytes(28), [0x00, 0x1C]);
        assert_eq!(cpm_bytes(3050), [0x0B, 0xEA]);
        assert_eq!(cps_bytes(28), [0x80, 0x1C]);
        assert_eq!(cps_bytes(16_383), [0xFF, 0xFF]);
        let moment = Moment {
            clock: "2018-04-19T12:57:59Z".parse().unwrap(),
            ..test_moment(0.1)
        };
        let mut unit = Options::default().firmware(1);
        let time = [0x12, 0x04, 0x13, 0x0C, 0x39, 0x3B, 0xAA];
        check(&mut unit, b"<GETDATETIME>>", &moment, &time);
        check(&mut unit, b"<GETVOLT>>", &moment, &[0x2A]);
        check(&mut unit, b"<GETVER>>", &moment, b"GMC-300Re 4.54");
    }

    #[track_caller]
    fn check(unit: &mut Box<dyn Firmware>, asked: &[u8], moment: &Moment, expected: &[u8]) {
        let frames = unit.hear(asked, moment);
        let bytes: Vec<u8> = frames.into_iter().flat_map(|frame| frame.bytes).collect();
        assert_eq!(bytes, expected, "{}", String::from_utf8_lossy(asked));
    }

    fn steady(dose_rate_usv_h: f64) -> Moment {
        Moment {
            steady: true,
            ..test_moment(dose_rate_usv_h)
        }
    }

    #[test]
    fn counts_are_polled_or_pushed() {
        let mut unit = Options::default().firmware(1);
        let moment = steady(60.0 / 154.0);
        for _ in 0..70 {
            assert_eq!(unit.tick(&moment), []);
        }
        check(&mut unit, b"<GETCPM>><GETCPS>>", &moment, &[0, 60, 0x80, 1]);
        check(&mut unit, b"<HEARTBEAT1>>", &moment, &[]);
        assert_eq!(unit.tick(&moment)[0].bytes, [0x80, 1]);
        check(&mut unit, b"<HEARTBEAT0>>", &moment, &[]);
        assert_eq!(unit.tick(&moment), []);
        check(&mut unit, b"<NOTHING>>", &moment, &[]);
    }

    #[test]
    fn an_overload_is_the_ceiling() {
        let mut unit = Options::default().firmware(1);
        let moment = Moment {
            overload: true,
            ..steady(0.1)
        };
        unit.tick(&moment);
        check(&mut unit, b"<GETCPM>><GETCPS>>", &moment, &[0xFF; 4]);
    }

    #[test]
    fn the_flash_is_read_as_each_firmware_does() {
        let n_read = |version: &str| {
            let options = Options {
                version: version.to_owned(),
                ..Options::default()
            };
            let mut unit = options.firmware(1);
            let asked = b"<SPIR\0\0\0\x18\x00>>"; // 6144 bytes from 0 on
            unit.hear(asked, &steady(0.1)).remove(0).bytes.len()
        };
        assert_eq!(n_read("GMC-300Re 3.20"), 2048);
        assert_eq!(n_read("GMC-300Re 4.54"), 6145);
    }

    #[test]
    fn calibration_is_little_endian() {
        let mut unit = Options::default().firmware(1);
        let block = unit.hear(b"<GETCFG>>", &steady(0.1)).remove(0).bytes;
        assert_eq!(block.len(), 256);
        assert_eq!(block[8..10], [0, 60]);
        let usv_h = f32::from_le_bytes([block[10], block[11], block[12], block[13]]);
        assert!((f64::from(usv_h) - 60.0 / 154.0).abs() < 1e-6, "{usv_h}");
    }
}
