//! Canberra (NRC) ADM-300 (catalogue section 13): a checked sentence each 2 s after
//! a start command.

use std::time::Duration;

use clap::Args;

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;
use crate::nmea::checksum;
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "canberra-adm300";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// From this rate on the rate alarm comes; it stays until acknowledged
    #[arg(long, value_name = "R_H", default_value_t = 0.0006)]
    pub rate_alarm_r_h: f64,
    /// From this dose on the dose alarm comes
    #[arg(long, value_name = "R", default_value_t = 0.4962)]
    pub dose_alarm_r: f64,
    /// From this rate on the high-range tube counts; the sheet does not say where
    #[arg(long, value_name = "R_H", default_value_t = 5.0)]
    pub high_tube_r_h: f64,
    /// The battery is low
    #[arg(long)]
    pub battery_low: bool,
}

/// One sentence's contents, in R/h and R.
#[derive(Clone, Debug)]
pub struct Sentence<'a> {
    /// 1 to 99.
    pub sequence: u8,
    /// R/h.
    pub rate: f64,
    /// R.
    pub dose: f64,
    /// R/h.
    pub unfiltered: f64,
    /// Rate alarm, dose alarm, battery low.
    pub flags: [bool; 3],
    /// The high-range tube counts.
    pub high_tube: bool,
    /// Eleven characters; the last one says what the value is.
    pub diagnostics: &'a str,
    /// Five characters.
    pub diagnostic_value: &'a str,
}

/// An ADM-300, as it runs.
#[derive(Debug)]
pub struct Adm300 {
    options: Options,
    inbox: Inbox,
    pushing: bool,
    sequence: u8,
    rate: f64,
    dose: f64,
    rate_alarm: bool,
}

/// 1 R counts as 10 mSv.
const USV_PER_R: f64 = 1e4;

/// Sent at power-on.
const POWER_ON: u8 = 0x01;

/// The captured lines with the two thresholds, but for their last character.
const DIAGNOSTICS: &str = "I00U3aA440";

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options. It shows a filtered rate without chance.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(Adm300 {
            options: self,
            inbox: Inbox::default(),
            pushing: false,
            sequence: 0,
            rate: 0.0,
            dose: 0.0,
            rate_alarm: false,
        })
    }
}

impl Sentence<'_> {
    /// CR LF, 47 characters, CR LF; the first CR LF is part of the check.
    pub fn frame(&self) -> Frame {
        let [rate_alarm, dose_alarm, battery] = self.flags;
        let flag = |on, letter| if on { letter } else { '.' };
        let head = format!(
            "\r\n{:02}a{} {} {} {}{}{}{}.{:.11} {:.5} ",
            self.sequence,
            number(self.rate),
            number(self.dose),
            number(self.unfiltered),
            flag(rate_alarm, 'R'),
            flag(dose_alarm, 'D'),
            flag(battery, 'B'),
            if self.high_tube { 'G' } else { 'L' },
            self.diagnostics,
            self.diagnostic_value,
        );
        let start = head.len();
        let check = checksum(head.as_bytes());
        Frame {
            bytes: format!("{head}{check:02X}]\r\n").into_bytes(),
            checksum: Some(start..start + 2),
            terminator: 3,
        }
    }
}

/// `NNNsE`: 0.00NNN × 10^(sE). The captures have no exponent below −1.
fn number(value: f64) -> String {
    let mut exponent = -1;
    let mut digits = value.max(0.0) * 1e6;
    while digits.round() > 999.0 && exponent < 9 {
        digits /= 10.0;
        exponent += 1;
    }
    let digits = whole(digits.round()).min(999);
    format!("{digits:03}{exponent:+}")
}

impl Adm300 {
    fn measure(&mut self, moment: &Moment) {
        self.rate = moment.dose_rate_usv_h / USV_PER_R;
        self.dose += self.rate * self.interval().as_secs_f64() / 3600.0;
        if self.rate >= self.options.rate_alarm_r_h {
            self.rate_alarm = true;
        }
    }

    fn sentence(&self) -> Frame {
        let options = &self.options;
        // The two thresholds take turns.
        let (selector, threshold) = if self.sequence % 2 == 1 {
            ('1', options.rate_alarm_r_h)
        } else {
            ('2', options.dose_alarm_r)
        };
        Sentence {
            sequence: self.sequence,
            rate: self.rate,
            dose: self.dose,
            unfiltered: self.rate,
            flags: [
                self.rate_alarm,
                self.dose >= options.dose_alarm_r,
                options.battery_low,
            ],
            high_tube: self.rate >= options.high_tube_r_h,
            diagnostics: &format!("{DIAGNOSTICS}{selector}"),
            diagnostic_value: &number(threshold),
        }
        .frame()
    }
}

impl Firmware for Adm300 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            line: true,
            terminator: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.pushing = false;
        self.sequence = 0;
        self.rate_alarm = false;
        vec![Frame::binary(vec![POWER_ON], 0)]
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.measure(moment);
        }
        if !self.pushing {
            return Vec::new();
        }
        self.sequence = self.sequence % 99 + 1;
        vec![self.sentence()]
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        while let Some(before) = self.inbox.until(b"}\r\n") {
            match before.as_slice() {
                [.., b'\r', b'\n', b'U'] => self.pushing = true,
                [.., b'\r', b'\n', b'X'] => self.pushing = false,
                [.., b'\r', b'\n', b'e'] => self.dose = 0.0,
                [.., b'\r', b'\n', b'g'] => self.rate_alarm = false,
                _ => {}
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
