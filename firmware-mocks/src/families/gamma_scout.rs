//! Gamma-Scout Online (catalogue section 18): single-character commands, counts in
//! ASCII hex.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "gamma-scout";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Firmware version
    #[arg(long, default_value = "6.10")]
    pub firmware: String,
    /// Serial number
    #[arg(long, default_value = "d93683")]
    pub serial: String,
    /// Used bytes of its log, as it prints them
    #[arg(long, value_name = "HEX", default_value = "4f07")]
    pub used: String,
    /// Seconds of an online interval after power-up
    #[arg(long, value_name = "SECONDS", default_value_t = INTERVALS_SECS[1],
          value_parser = interval)]
    pub interval: u16,
    /// Sends online results from power-up on, as if somebody had sent `O`
    #[arg(long)]
    pub online: bool,
}

/// A Gamma-Scout, as it runs.
#[derive(Debug)]
pub struct GammaScout {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    mode: Mode,
    interval_secs: u16,
    elapsed_secs: u16,
    pulses: u64,
    /// Pulses of the last whole interval, for when it is frozen.
    last_pulses: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Standard,
    Pc,
    Online,
}

/// The intervals behind `0`, `1` and so on; the rest is the last one.
const INTERVALS_SECS: [u16; 6] = [2, 10, 30, 60, 120, 300];

/// A result has six digits for the pulses.
const PULSES_MAX: u64 = 0xFF_FFFF;

/// The tube's counts per minute are between these; the bisection starts with them.
const CPM_MAX: f64 = 91_000.0;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        let mode = self.first_mode();
        Box::new(GammaScout {
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            mode,
            interval_secs: self.interval,
            options: self,
            elapsed_secs: 0,
            pulses: 0,
            last_pulses: 0,
        })
    }

    const fn first_mode(&self) -> Mode {
        if self.online {
            Mode::Online
        } else {
            Mode::Standard
        }
    }
}

/// Reads one of the intervals there are.
fn interval(text: &str) -> Result<u16, String> {
    let secs = text.parse().ok();
    secs.filter(|secs| INTERVALS_SECS.contains(secs))
        .ok_or_else(|| format!("expected one of {INTERVALS_SECS:?}, found `{text}`"))
}

/// What the tube counts in a minute at `usv_h`: the sheet's rule the other way round.
pub fn cpm_of(usv_h: f64) -> f64 {
    let (mut low, mut high) = (0.0, CPM_MAX);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if middle / divisor(middle) < usv_h {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Counts per minute of one µSv/h, at this many counts per minute.
fn divisor(cpm: f64) -> f64 {
    match cpm {
        cpm if cpm <= 110.0 => 138.3,
        cpm if cpm <= 388.0 => 147.56 - 0.083_393_5 * cpm,
        cpm if cpm <= 1_327.0 => 122.5 - 0.019_317_7 * cpm,
        cpm if cpm <= 4_513.0 => 102.65 - 0.004_583_99 * cpm,
        cpm => 85.706 - 0.000_938_403 * cpm,
    }
}

/// A result: interval and pulses.
fn result(interval_secs: u16, pulses: u64) -> Frame {
    Frame::line(&format!(
        "I{interval_secs:04x}{:06x}",
        pulses.min(PULSES_MAX)
    ))
}

/// A status: interval, seconds and pulses so far.
fn status(interval_secs: u16, elapsed_secs: u16, pulses: u64) -> Frame {
    Frame::line(&format!(
        "S{interval_secs:04x}{elapsed_secs:04x}{:06x}",
        pulses.min(PULSES_MAX)
    ))
}

impl GammaScout {
    fn start(&mut self, mode: Mode) {
        self.mode = mode;
        self.elapsed_secs = 0;
        self.pulses = 0;
    }

    /// Outside PC mode `v` tells the mode; the sheet does not have the words.
    fn version(&self, moment: &Moment) -> Frame {
        let Options {
            firmware,
            serial,
            used,
            ..
        } = &self.options;
        match self.mode {
            Mode::Standard => Frame::line("Standard"),
            Mode::Online => Frame::line("Online"),
            Mode::Pc => {
                let time = moment.clock.strftime("%d.%m.%y %H:%M:%S");
                Frame::line(&format!("Version {firmware} {serial} {used} {time}"))
            }
        }
    }

    /// `R` and `D`, online with dose rate or dose, send texts the sheet does not have:
    /// nothing is said to those.
    fn obey(&mut self, command: u8, moment: &Moment) -> Option<Frame> {
        match (command, self.mode) {
            (b'v', _) => return Some(self.version(moment)),
            (b'P', Mode::Standard) => self.start(Mode::Pc),
            // The sheet does not say what `O` does to a running interval: here the
            // worse of the two.
            (b'O', Mode::Standard | Mode::Online) => self.start(Mode::Online),
            (b'X', _) => self.start(Mode::Standard),
            (b's', Mode::Online) => {
                return Some(status(self.interval_secs, self.elapsed_secs, self.pulses));
            }
            (digit @ b'0'..=b'9', Mode::Online) => {
                let idx = usize::from(digit - b'0').min(INTERVALS_SECS.len() - 1);
                let asked = INTERVALS_SECS.get(idx).copied();
                self.interval_secs = asked.unwrap_or(self.options.interval);
                self.start(Mode::Online);
            }
            _ => {}
        }
        None
    }
}

impl Firmware for GammaScout {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
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
        self.interval_secs = self.options.interval;
        self.start(self.options.first_mode());
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let expected = cpm_of(moment.dose_rate_usv_h) / 60.0;
            let counts = self.detector.counts(expected, moment);
            self.pulses = self.pulses.saturating_add(counts);
        }
        self.elapsed_secs = self.elapsed_secs.saturating_add(1);
        if self.mode != Mode::Online || self.elapsed_secs < self.interval_secs {
            return Vec::new();
        }
        if !moment.frozen {
            self.last_pulses = self.pulses;
        }
        self.start(Mode::Online);
        vec![result(self.interval_secs, self.last_pulses)]
    }

    fn hear(&mut self, bytes: &[u8], moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = self.inbox.byte() {
            said.extend(self.obey(command, moment));
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
        assert_eq!(result(300, 2190).bytes, b"I012c00088e\r\n");
        assert_eq!(status(10, 4, 25).bytes, b"S000a0004000019\r\n");
        let mut unit = Options::default().firmware(1);
        let moment = Moment {
            clock: "2019-08-19T21:20:01Z".parse().unwrap(),
            ..test_moment(0.1)
        };
        let version = "Version 6.10 d93683 4f07 19.08.19 21:20:01";
        assert_eq!(unit.hear(b"Pv", &moment), [Frame::line(version)]);
    }

    #[test]
    fn the_conversion_comes_back_on_every_piece() {
        for usv_h in [0.0, 0.1, 0.7, 2.0, 5.0, 20.0, 60.0, 200.0] {
            let cpm = cpm_of(usv_h);
            let back = cpm / divisor(cpm);
            assert!(
                (back - usv_h).abs() < 1e-6 + usv_h * 1e-3,
                "{usv_h}: {back}"
            );
        }
        assert!(cpm_of(1e12) <= CPM_MAX);
    }

    #[test]
    fn online_results_come_by_the_interval() {
        let mut unit = Options::default().firmware(1);
        let moment = Moment {
            steady: true,
            ..test_moment(60.0 / 138.3)
        };
        assert_eq!(unit.tick(&moment), []);
        assert_eq!(unit.hear(b"O0", &moment), []);
        assert_eq!(unit.tick(&moment), []);
        assert_eq!(unit.hear(b"s", &moment), [status(2, 1, 1)]);
        assert_eq!(unit.tick(&moment), [result(2, 2)]);
        unit.hear(b"9", &moment);
        for _ in 0..299 {
            assert_eq!(unit.tick(&moment), []);
        }
        assert_eq!(unit.tick(&moment), [result(300, 300)]);
        assert_eq!(unit.hear(b"Xs", &moment), [], "no longer online");
    }
}
