//! Thermo RadEye (catalogue section 6): command exchange, and a push each second.

mod model;

pub use model::{Model, Unit};

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "thermo-radeye";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Which unit, and so which tokens it sends
    #[arg(long, value_enum, default_value_t = Model::G20)]
    pub model: Model,
    /// What it shows; by default the model's own
    #[arg(long, value_enum)]
    pub unit: Option<Unit>,
    /// Serial number
    #[arg(long, default_value = "1234")]
    pub serial: String,
    /// Counts per second in 1 µSv/h, of a model that counts; the sheet gives none
    #[arg(long, value_name = "CPS", default_value_t = 10.0)]
    pub cps_per_usv_h: f64,
    /// Counts per second of the second channel: alpha, or neutrons
    #[arg(long, value_name = "CPS", default_value_t = 0.0)]
    pub second_cps: f64,
    /// From this dose rate on it warns
    #[arg(long, value_name = "USV_H", default_value_t = 20.0)]
    pub alarm_usv_h: f64,
    /// Pushes from power-up on, as if somebody had sent `X1`
    #[arg(long)]
    pub pushing: bool,
}

/// What stands in a frame between STX and the check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// In the unit's steps.
    pub value1: u64,
    /// Unit code of the first channel.
    pub code1: u8,
    /// In the unit's steps.
    pub value2: u64,
    /// Unit code of the second channel.
    pub code2: u8,
    /// The status bits.
    pub status: u8,
    /// In the unit's steps; the neutron models send none.
    pub dose: Option<u64>,
}

/// A RadEye, as it runs.
#[derive(Debug)]
pub struct RadEye {
    options: Options,
    first: Detector,
    second: Detector,
    inbox: Inbox,
    /// It said `>` and waits for a command.
    listens: bool,
    pushing: bool,
    shown: Payload,
    dose_usv: f64,
    /// Too much came in once; only `clr` clears it.
    overload_latched: bool,
}

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

/// Status bits of a pushed frame.
const OVERLOAD: u8 = 1 << 1;
const ALARM: u8 = 1 << 2;

/// Bits of the `F` word.
const F_OVERLOAD_LATCHED: u32 = 1 << 13;
const F_ALARM: u32 = 1 << 16;

/// Keeps the two detectors of one unit apart.
const SECOND: u64 = 0x5EC << 32;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(RadEye {
            pushing: self.pushing,
            options: self,
            first: Detector::new(seed),
            second: Detector::new(seed ^ SECOND),
            inbox: Inbox::default(),
            listens: false,
            shown: Payload::default(),
            dose_usv: 0.0,
            overload_latched: false,
        })
    }

    fn unit(&self) -> Unit {
        self.unit.unwrap_or(self.model.unit())
    }
}

impl Payload {
    /// The tokens, each with a blank behind it.
    pub fn text(&self, model: Model) -> String {
        let Self {
            value1,
            code1,
            value2,
            code2,
            status,
            dose,
        } = self;
        let tag = model.tag();
        let mut text = format!("{value1} {code1} {value2} {code2} {status:02X} {tag} ");
        if let Some(dose) = dose {
            text.push_str(&format!("{dose} "));
        }
        text
    }

    /// The whole frame: STX, tokens, the sum of both as two digits, ETX, CR LF.
    pub fn frame(&self, model: Model) -> Frame {
        frame(&self.text(model))
    }
}

/// STX, the text, its check, ETX and CR LF.
fn frame(text: &str) -> Frame {
    let mut bytes = vec![STX];
    bytes.extend_from_slice(text.as_bytes());
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    let start = bytes.len();
    bytes.extend_from_slice(format!("{sum:02X}").as_bytes());
    bytes.extend_from_slice(&[ETX, b'\r', b'\n']);
    Frame {
        checksum: Some(start..start + 2),
        bytes,
        terminator: 3,
    }
}

impl RadEye {
    fn measure(&mut self, moment: &Moment) {
        let (model, unit) = (self.options.model, self.options.unit());
        let seconds = self.interval().as_secs_f64();
        self.dose_usv += moment.dose_rate_usv_h * seconds / 3600.0;
        let cps = |counts: u64| counts as f64 / seconds;
        let expected = moment.dose_rate_usv_h * self.options.cps_per_usv_h * seconds;
        let first = if unit.is_dose_rate() {
            moment.dose_rate_usv_h
        } else {
            cps(self.first.counts(expected, moment))
        };
        let second = cps(self
            .second
            .counts(self.options.second_cps * seconds, moment));
        let mut status = 0;
        if moment.overload {
            self.overload_latched = true;
            status |= OVERLOAD;
        }
        if moment.dose_rate_usv_h >= self.options.alarm_usv_h {
            status |= ALARM;
        }
        let (value2, code2) = match model.second_unit(unit) {
            Some(unit) => (unit.steps(second), unit.code()),
            None => (0, 0),
        };
        self.shown = Payload {
            value1: model.first_steps(unit, first),
            code1: model.first_code(unit),
            value2,
            code2,
            status,
            dose: model.sends_dose().then(|| unit.dose_steps(self.dose_usv)),
        };
    }

    /// The data after `#`, or `None` for an unknown command.
    ///
    /// The sheet names more commands than it describes answers for; those (`A`, `Z`,
    /// `tR`) count as unknown.
    fn answer(&mut self, command: &str, moment: &Moment) -> Option<String> {
        let unit = self.options.unit();
        let data = match command {
            "X1" | "X0" => {
                self.pushing = command == "X1";
                String::new()
            }
            "Vx" => format!("RadEye {} V3.00 AB48", self.options.model.name()),
            "#R" => self.options.serial.clone(),
            "z" if self.options.model.second_unit(unit).is_some() => {
                format!("{} {}", self.shown.value1, self.shown.value2)
            }
            "z" | "R" => self.shown.value1.to_string(),
            "D" => unit.dose_steps(self.dose_usv).to_string(),
            "F" => format!("{:08X}", self.status_word()),
            "Ux" => "27".to_owned(),
            "x" => "0".to_owned(),
            "uR" => format!("{:02X}", self.options.unit().setting()),
            "ZR" => moment.clock.strftime("%y%m%d%H%M%S").to_string(),
            "clr" => {
                self.dose_usv = 0.0;
                self.overload_latched = false;
                String::new()
            }
            _ => {
                let setting = command.strip_prefix("uW")?;
                let setting = u8::from_str_radix(setting, 16).ok()?;
                self.options.unit = Some(Unit::of_setting(setting)?);
                String::new()
            }
        };
        Some(data)
    }

    fn status_word(&self) -> u32 {
        let mut word = 0;
        if self.overload_latched {
            word |= F_OVERLOAD_LATCHED;
        }
        if self.shown.status & ALARM != 0 {
            word |= F_ALARM;
        }
        word
    }
}

impl Firmware for RadEye {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            clock: false,
            line: true,
            terminator: true,
            overload: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.listens = false;
        self.pushing = self.options.pushing;
        self.overload_latched = false;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.measure(moment);
        }
        if !self.pushing {
            return Vec::new();
        }
        vec![self.shown.frame(self.options.model)]
    }

    fn hear(&mut self, bytes: &[u8], moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        loop {
            if !self.listens {
                match self.inbox.byte() {
                    None => return said,
                    Some(b'@') => {
                        self.listens = true;
                        said.push(Frame::binary(b">".to_vec(), 0));
                    }
                    // Commands count only after the prompt.
                    Some(_) => {}
                }
                continue;
            }
            let Some(command) = self.inbox.line() else {
                return said;
            };
            self.listens = false;
            said.push(match self.answer(&command, moment) {
                Some(data) => Frame::line(&format!("#{data}")),
                None => Frame::line("?"),
            });
        }
    }
}

/// `value` in steps of `step`, to the nearest.
fn steps(value: f64, step: f64) -> u64 {
    whole((value / step).round())
}

#[cfg(test)]
mod tests;
