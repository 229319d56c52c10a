//! AlphaHound (catalogue section 20): every character is a command.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "alphahound";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per second in 1 µSv/h, for the spectrum; the sheet gives none
    #[arg(long, value_name = "CPS", default_value_t = 50.0)]
    pub cps_per_usv_h: f64,
}

/// An AlphaHound, as it runs.
#[derive(Debug)]
pub struct AlphaHound {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    usv_h: f64,
    /// Counts since the last wipe.
    counts: u64,
}

const CHANNELS: u64 = 1_024;

/// Energy of a channel, in keV; the sheet gives none.
const KEV_PER_CHANNEL: f64 = 7.4;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(AlphaHound {
            options: self,
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            usv_h: 0.0,
            counts: 0,
        })
    }
}

impl AlphaHound {
    /// In µrem/h.
    fn dose_rate(&self) -> Frame {
        Frame::line(&format!("{:.2}", self.usv_h * 100.0))
    }

    /// Head and channels. The counts are spread evenly; a mock has no isotopes.
    fn spectrum(&self) -> Frame {
        let mut text = "Temp:24.12\r\nCompFactor:0.95910\r\nComp\r\n".to_owned();
        for channel in 0..CHANNELS {
            let counts = (self.counts + channel) / CHANNELS;
            let energy = channel as f64 * KEV_PER_CHANNEL;
            text.push_str(&format!("{counts},{energy:.2}\r\n"));
        }
        Frame {
            bytes: text.into_bytes(),
            checksum: None,
            terminator: 2,
        }
    }

    /// `E` turns a page of the display, which nobody sees here; `A` and `B` after a `D`
    /// change nothing.
    fn obey(&mut self, command: u8) -> Option<Frame> {
        match command {
            b'D' => Some(self.dose_rate()),
            b'G' => Some(self.spectrum()),
            b'W' => {
                self.counts = 0;
                None
            }
            _ => None,
        }
    }
}

impl Firmware for AlphaHound {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
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
        self.counts = 0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.usv_h = moment.dose_rate_usv_h;
            let expected = self.usv_h * self.options.cps_per_usv_h;
            let counts = self.detector.counts(expected, moment);
            self.counts = self.counts.saturating_add(counts);
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = self.inbox.byte() {
            said.extend(self.obey(command));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_dose_rate_is_in_microrem() {
        let mut unit = Options::default().firmware(1);
        unit.tick(&test_moment(0.1234));
        for asked in [&b"D"[..], b"DA", b"DB", b"xDE\n"] {
            let said = unit.hear(asked, &test_moment(0.1));
            assert_eq!(said, [Frame::line("12.34")], "{asked:?}");
        }
    }

    #[test]
    fn the_spectrum_has_its_head_and_1024_channels() {
        let mut unit = Options::default().firmware(1);
        let moment = Moment {
            steady: true,
            ..test_moment(100.0)
        };
        unit.tick(&moment);
        let bytes = unit.hear(b"G", &moment).remove(0).bytes;
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..3], ["Temp:24.12", "CompFactor:0.95910", "Comp"]);
        assert_eq!(lines.len(), 3 + 1024);
        let sum: u64 = lines[3..]
            .iter()
            .map(|line| line.split(',').next().unwrap().parse::<u64>().unwrap())
            .sum();
        assert_eq!(sum, 5_000);
        assert_eq!(unit.hear(b"W", &moment), []);
        let wiped = unit.hear(b"G", &moment).remove(0).bytes;
        assert!(
            String::from_utf8(wiped)
                .unwrap()
                .lines()
                .skip(3)
                .all(|l| l.starts_with("0,"))
        );
    }
}
