//! Bosean FS-5000 (catalogue section 17): text in a binary envelope, pushed each
//! second after a start command.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "bosean-fs5000";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per minute in 1 µSv/h; the sheet gives none
    #[arg(long, value_name = "CPM", default_value_t = 153.8)]
    pub cpm_per_usv_h: f64,
    /// From this dose rate on it alarms
    #[arg(long, value_name = "USV_H", default_value_t = 5.0)]
    pub alarm_usv_h: f64,
    /// Dose at power-up
    #[arg(long, value_name = "USV", default_value_t = 0.26)]
    pub dose_usv: f64,
}

/// What a push says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Push {
    /// µSv/h.
    pub dose_rate: f64,
    /// µSv.
    pub dose: f64,
    /// Counts of the last second.
    pub cps: u64,
    /// Counts of the last minute.
    pub cpm: u64,
    /// Mean dose rate since power-up, in µSv/h.
    pub average: f64,
    /// The alarm is on.
    pub warns: bool,
}

/// An FS-5000, as it runs.
#[derive(Debug)]
pub struct Fs5000 {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    pushing: bool,
    seconds: VecDeque<u64>,
    n_ticks: u64,
    push: Push,
}

const START: u8 = 0xAA;
const END: u8 = 0x55;
const ACCEPTED: u8 = 0x06;

const VERSION: u8 = 0x06;
const DOSE: u8 = 0x07;
const PUSH: u8 = 0x0E;

/// The length counts itself, the check and the trailer besides the payload.
const LENGTH_EXTRA: usize = 3;

const WINDOW: usize = 60;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Fs5000 {
            push: Push {
                dose: self.dose_usv,
                ..Push::default()
            },
            options: self,
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            pushing: false,
            seconds: VecDeque::new(),
            n_ticks: 0,
        })
    }
}

/// The envelope: `AA`, length, payload, sum of all before it, `55`.
pub fn envelope(payload: &[u8]) -> Frame {
    // No payload here is longer than the length byte can say.
    let length = u8::try_from(payload.len() + LENGTH_EXTRA).unwrap_or(u8::MAX);
    let mut bytes = vec![START, length];
    bytes.extend_from_slice(payload);
    bytes.push(sum(&bytes));
    let check = bytes.len() - 1;
    bytes.push(END);
    Frame {
        bytes,
        checksum: Some(check..check + 1),
        terminator: 1,
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

impl Push {
    /// The key:value text.
    pub fn text(&self) -> String {
        format!(
            "DR:{};D:{};CPS:{:04};CPM:{:06};AVG:{};DT:0000000;S:0.00uSv;W:{}",
            with_unit(self.dose_rate, "Sv/h"),
            with_unit(self.dose, "Sv"),
            self.cps,
            self.cpm,
            with_unit(self.average, "Sv/h"),
            u8::from(self.warns),
        )
    }

    fn frame(&self) -> Frame {
        let mut payload = vec![PUSH];
        payload.extend_from_slice(self.text().as_bytes());
        envelope(&payload)
    }
}

/// Three digits and the unit that fits: `0.18uSv/h`, `58.1uSv`, `1.20mSv/h`.
///
/// The sheet shows the digits below 100 and that the unit changes; where it changes
/// is the mock's choice.
fn with_unit(micro: f64, unit: &str) -> String {
    let (value, prefix) = if micro < 999.5 {
        (micro, 'u')
    } else {
        (micro / 1e3, 'm')
    };
    let decimals = match value {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}{prefix}{unit}")
}

impl Fs5000 {
    fn count(&mut self, moment: &Moment) {
        let usv_h = moment.dose_rate_usv_h;
        let expected = usv_h * self.options.cpm_per_usv_h / 60.0;
        let cps = self.detector.counts(expected, moment).min(9_999);
        if self.seconds.len() == WINDOW {
            self.seconds.pop_front();
        }
        self.seconds.push_back(cps);
        let n = self.n_ticks as f64;
        self.n_ticks = self.n_ticks.saturating_add(1);
        self.push = Push {
            dose_rate: usv_h,
            dose: self.push.dose + usv_h / 3600.0,
            cps,
            cpm: self.seconds.iter().sum(),
            average: (self.push.average * n + usv_h) / (n + 1.0),
            warns: usv_h >= self.options.alarm_usv_h,
        };
    }

    /// A whole good command at the start of the inbox; what cannot be one is
    /// dropped.
    fn command(&mut self) -> Option<Vec<u8>> {
        loop {
            let &[start, ref rest @ ..] = self.inbox.bytes() else {
                return None;
            };
            let &[length, ..] = rest else {
                return None;
            };
            let length = usize::from(length);
            if start != START || length < LENGTH_EXTRA {
                self.inbox.byte();
                continue;
            }
            let whole = self.inbox.bytes().get(..length + 1)?;
            if let &[ref checked @ .., check, END] = whole
                && sum(checked) == check
            {
                let payload = checked.get(2..).unwrap_or_default().to_vec();
                self.inbox.take(length + 1);
                return Some(payload);
            }
            self.inbox.byte();
        }
    }

    /// The sheet says that a good command is answered with its code and `06`, and
    /// shows it for the start; the answers to the dose (as an FS-1000 gives it) and
    /// the version (as text) follow from that.
    fn answer(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        match *command {
            [PUSH, on @ (0 | 1)] => {
                self.pushing = on == 1;
                Some(vec![PUSH, ACCEPTED, on])
            }
            [DOSE] => {
                let steps = whole((self.push.dose * 100.0).round());
                let steps = u32::try_from(steps).unwrap_or(u32::MAX);
                let mut payload = vec![DOSE, ACCEPTED];
                payload.extend_from_slice(&steps.to_be_bytes());
                Some(payload)
            }
            [VERSION] => {
                let mut payload = vec![VERSION, ACCEPTED];
                payload.extend_from_slice(b"FS-5000");
                Some(payload)
            }
            _ => None,
        }
    }
}

impl Firmware for Fs5000 {
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
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.pushing = false;
        self.seconds.clear();
        self.n_ticks = 0;
        self.push = Push {
            dose: self.push.dose,
            ..Push::default()
        };
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.count(moment);
        }
        if !self.pushing {
            return Vec::new();
        }
        vec![self.push.frame()]
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = self.command() {
            said.extend(self.answer(&command).map(|payload| envelope(&payload)));
        }
        said
    }
}

#[cfg(test)]
mod tests;
