//! GQ GMC-500, 510, 600 and 800 (catalogue section 2): commands, four-byte counts, two
//! tubes.

use std::time::Duration;

use clap::Args;

use super::gmc::{Command, DONE, Flash, Minute, clock, command, put, version_parts};
use super::single;
use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "gq-gmc500";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What it answers to `GETVER`; decides the width of the counts
    #[arg(long, default_value = "GMC-500+Re 2.40")]
    pub version: String,
    /// Counts per minute of the sensitive tube in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 154.0)]
    pub cpm_per_usv_h: f64,
    /// Counts per minute of the high-dose tube in 1 µSv/h; 0 for none
    #[arg(long, value_name = "CPM", default_value_t = 21.4)]
    pub high_cpm_per_usv_h: f64,
    /// Battery, in tenths of a volt
    #[arg(long, value_name = "TENTHS", default_value_t = 48)]
    pub battery: u8,
}

/// A GMC-500, as it runs.
#[derive(Debug)]
pub struct Gmc500 {
    options: Options,
    low: Tube,
    high: Tube,
    inbox: Inbox,
    flash: Flash,
    beats: bool,
    most_cps: u64,
    full: bool,
}

#[derive(Debug)]
struct Tube {
    detector: Detector,
    minute: Minute,
}

/// How wide a count is on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Width {
    Two,
    Four,
}

const CONFIG_LEN: usize = 512;

/// Three calibration points, cpm in two bytes and µSv/h in four, one behind the other.
const OLD_POINTS_AT: usize = 8;
const OLD_POINTS_CPM: [u16; 3] = [60, 240, 1000];

/// Six points, first all cpm, then all µSv/h: where the two lists start.
const POINTS_800_AT: (usize, usize) = (73, 97);
const POINTS_500_AT: (usize, usize) = (379, 403);
const POINTS_USV_H: [f64; 6] = [10.0, 100.0, 500.0, 1000.0, 2000.0, 5000.0];

/// From this firmware on, times 100, the 500 and 600 have six points.
const SIX_POINTS_FROM: u32 = 244;

const SERIAL: [u8; 7] = [0x05, 0x00, 0x4D, 0x32, 0x33, 0x35, 0x17];

/// Keeps the two tubes apart.
const HIGH: u64 = 0x416 << 32;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Gmc500 {
            options: self,
            low: Tube::new(seed),
            high: Tube::new(seed ^ HIGH),
            inbox: Inbox::default(),
            flash: Flash::default(),
            beats: false,
            most_cps: 0,
            full: false,
        })
    }
}

impl Tube {
    fn new(seed: u64) -> Self {
        Self {
            detector: Detector::new(seed),
            minute: Minute::default(),
        }
    }

    fn count(&mut self, cpm_per_usv_h: f64, moment: &Moment) {
        let expected = moment.dose_rate_usv_h * cpm_per_usv_h / 60.0;
        self.minute.add(self.detector.counts(expected, moment));
    }
}

impl Width {
    /// Two bytes on the GMC-500 without plus and on a 600+ before 2.40.
    fn of(version: &str) -> Self {
        let (model, firmware) = version_parts(version);
        match model {
            "GMC-500" => Self::Two,
            "GMC-600+" if firmware < 240 => Self::Two,
            _ => Self::Four,
        }
    }

    /// `count` in big-endian order; one that does not fit has all bits set.
    fn bytes(self, count: u64) -> Vec<u8> {
        match self {
            Self::Two => u16::try_from(count)
                .unwrap_or(u16::MAX)
                .to_be_bytes()
                .to_vec(),
            Self::Four => u32::try_from(count)
                .unwrap_or(u32::MAX)
                .to_be_bytes()
                .to_vec(),
        }
    }
}

impl Gmc500 {
    fn count(&self, count: u64) -> Vec<u8> {
        let count = if self.full { u64::MAX } else { count };
        Width::of(&self.options.version).bytes(count)
    }

    /// Text on most; one byte on the 510+; nothing from the 800.
    fn voltage(&self) -> Option<Vec<u8>> {
        let (model, firmware) = version_parts(&self.options.version);
        let tenths = self.options.battery;
        let text = format!("{}.{}v", tenths / 10, tenths % 10).into_bytes();
        match model {
            "GMC-800" => None,
            "GMC-510+" => Some(vec![tenths]),
            _ if firmware == 242 => Some(text),
            _ => Some([text.as_slice(), &[0]].concat()),
        }
    }

    fn config(&self) -> Vec<u8> {
        let (model, firmware) = version_parts(&self.options.version);
        let factor = self.options.cpm_per_usv_h;
        let mut block = vec![0; CONFIG_LEN];
        let six_points_at = match model {
            "GMC-800" => Some(POINTS_800_AT),
            _ if firmware >= SIX_POINTS_FROM => Some(POINTS_500_AT),
            _ => None,
        };
        let Some((cpm_at, usv_h_at)) = six_points_at else {
            for (idx, cpm) in OLD_POINTS_CPM.into_iter().enumerate() {
                let at = OLD_POINTS_AT + 6 * idx;
                put(&mut block, at, &cpm.to_be_bytes());
                let usv_h = single(f64::from(cpm) / factor);
                put(&mut block, at + 2, &usv_h.to_be_bytes());
            }
            return block;
        };
        for (idx, usv_h) in POINTS_USV_H.into_iter().enumerate() {
            let cpm = crate::prng::whole((usv_h * factor).round());
            let cpm = u32::try_from(cpm).unwrap_or(u32::MAX);
            put(&mut block, cpm_at + 4 * idx, &cpm.to_be_bytes());
            put(&mut block, usv_h_at + 4 * idx, &single(usv_h).to_be_bytes());
        }
        block
    }

    /// The answer's bytes; `None` where there is none.
    ///
    /// The sheet does not say whether `GETCPM` adds the tubes up. Its sensitivities
    /// are per tube, so this is the sensitive one.
    fn answer(&mut self, name: &str, moment: &Moment) -> Option<Vec<u8>> {
        let answer = match name {
            "GETVER" => self.options.version.clone().into_bytes(),
            "GETCPM" | "GETCPML" => self.count(self.low.minute.cpm()),
            "GETCPS" | "GETCPSL" => self.count(self.low.minute.cps()),
            "GETCPMH" => self.count(self.high.minute.cpm()),
            "GETCPSH" => self.count(self.high.minute.cps()),
            "GETMAXCPS" => self.count(self.most_cps),
            "GETVOLT" => return self.voltage(),
            "GETDATETIME" => [&clock(moment)[..], &[DONE]].concat(),
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

impl Firmware for Gmc500 {
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
        self.low.minute.clear();
        self.high.minute.clear();
        self.beats = false;
        self.most_cps = 0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.full = moment.overload;
            self.low.count(self.options.cpm_per_usv_h, moment);
            self.high.count(self.options.high_cpm_per_usv_h, moment);
            let cps = self.low.minute.cps();
            self.most_cps = self.most_cps.max(cps);
            if self.flash.is_empty() {
                self.flash.date(moment);
            }
            self.flash.count(cps);
        }
        if !self.beats {
            return Vec::new();
        }
        let cps = self.count(self.low.minute.cps());
        vec![Frame::binary(cps, 0)]
    }

    fn hear(&mut self, bytes: &[u8], moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = command(&mut self.inbox) {
            let answer = match command {
                Command::Plain(name) => self.answer(&name, moment),
                // Its clock is the scenario's and stays so.
                Command::SetClock => Some(vec![DONE]),
                Command::ReadFlash { address, len } => Some(self.flash.read(address, len)),
            };
            said.extend(answer.map(|bytes| Frame::binary(bytes, 0)));
        }
        said
    }
}

#[cfg(test)]
mod tests;
