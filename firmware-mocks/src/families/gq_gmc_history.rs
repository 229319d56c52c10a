//! History flash of GQ GMC counters (catalogue section 1), as `<SPIR…>>` gives it page
//! by page: counts, with a date stamp now and then.

use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};

/// The family's verb.
pub const NAME: &str = "gq-gmc-history";

/// The verb of a GMC-500+ with firmware 1.18 or 1.21, whose codes differ.
pub const NAME_NOTE4: &str = "gq-gmc-history-note4";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 154.0)]
    pub cpm_per_usv_h: f64,
    /// What it saves
    #[arg(long, value_enum, default_value_t = Saves::Second)]
    pub saves: Saves,
    /// Counts from one date stamp to the next; the sheet does not say how many
    #[arg(long, value_name = "COUNTS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub stamp_every: u32,
    /// A note behind each date stamp; of a longer one the first 255 bytes
    #[arg(long, value_name = "TEXT", default_value = "roof")]
    pub note: String,
    /// Hours that its local time is ahead of UTC
    #[arg(long, value_name = "HOURS", default_value_t = 7,
          value_parser = clap::value_parser!(i8).range(-12..=14), allow_hyphen_values = true)]
    pub zone_hours: i8,
}

/// What a count is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Saves {
    /// Each second, in cps
    Second,
    /// Each minute, in cpm
    Minute,
}

/// The codes that differ between firmwares.
#[derive(Clone, Copy, Debug)]
struct Codes {
    note: u8,
    three: u8,
    four: u8,
}

/// A counter that writes its history.
#[derive(Debug)]
pub struct History {
    name: &'static str,
    codes: Codes,
    options: Options,
    detector: Detector,
    counts: u64,
    /// Counts until the next date stamp.
    until_stamp: u32,
}

const MARK: [u8; 2] = [0x55, 0xAA];
const STAMP: u8 = 0;
const TWO_BYTES: u8 = 1;

const USUAL: Codes = Codes {
    note: 2,
    three: 3,
    four: 4,
};

const NOTE4: Codes = Codes {
    note: 4,
    three: 2,
    four: 3,
};

/// Of a count each second there are fourteen bits; the ceiling is stored with all
/// sixteen set.
const CPS_CEILING: u64 = 0x3FFF;
const FULL: [u8; 2] = [0xFF, 0xFF];

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        self.history(NAME, USUAL, seed)
    }

    /// As [`Options::firmware`], with the codes of the GMC-500+ 1.18 and 1.21.
    pub fn firmware_note4(self, seed: u64) -> Box<dyn Firmware> {
        self.history(NAME_NOTE4, NOTE4, seed)
    }

    fn history(self, name: &'static str, codes: Codes, seed: u64) -> Box<dyn Firmware> {
        Box::new(History {
            name,
            codes,
            options: self,
            detector: Detector::new(seed),
            counts: 0,
            until_stamp: 0,
        })
    }
}

impl Saves {
    const fn seconds(self) -> u8 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
        }
    }

    /// Its number in a date stamp.
    const fn mode(self) -> u8 {
        match self {
            Self::Second => 1,
            Self::Minute => 2,
        }
    }
}

impl History {
    /// A date stamp and the note behind it.
    fn stamp(&self, at: Timestamp) -> Vec<u8> {
        let zone = Offset::from_hours(self.options.zone_hours).unwrap_or(Offset::UTC);
        let local = zone.to_datetime(at);
        let year = u8::try_from(local.year().rem_euclid(100)).unwrap_or(0);
        let mut bytes = MARK.to_vec();
        bytes.extend([STAMP, year]);
        let rest = [
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
        ];
        bytes.extend(rest.map(i8::unsigned_abs));
        bytes.extend(MARK);
        bytes.push(self.options.saves.mode());
        let note = self.options.note.bytes().take(usize::from(u8::MAX));
        if let Some(len) = u8::try_from(note.len()).ok().filter(|len| *len > 0) {
            bytes.extend(MARK);
            bytes.extend([self.codes.note, len]);
            bytes.extend(note);
        }
        bytes
    }

    /// A count in as few bytes as hold it.
    fn count(&self) -> Vec<u8> {
        let is_cps = self.options.saves == Saves::Second;
        let coded = |code: u8, number: &[u8]| [&MARK[..], &[code], number].concat();
        match self.counts {
            counts if is_cps && counts >= CPS_CEILING => coded(TWO_BYTES, &FULL),
            counts => match u32::try_from(counts).unwrap_or(u32::MAX).to_be_bytes() {
                [0, 0, 0, one] => vec![one],
                [0, 0, two @ ..] => coded(TWO_BYTES, &two),
                [0, three @ ..] => coded(self.codes.three, &three),
                four => coded(self.codes.four, &four),
            },
        }
    }
}

impl Firmware for History {
    fn family(&self) -> &'static str {
        self.name
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
        Duration::from_secs(self.options.saves.seconds().into())
    }

    /// A date stamp tells when it went on.
    fn power_up(&mut self) -> Vec<Frame> {
        self.until_stamp = 0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        let seconds = self.options.saves.seconds();
        if !moment.frozen {
            let cps = moment.dose_rate_usv_h * self.options.cpm_per_usv_h / 60.0;
            self.counts = self.detector.counts(cps * f64::from(seconds), moment);
        }
        let mut frames = Vec::new();
        if self.until_stamp == 0 {
            self.until_stamp = self.options.stamp_every.max(1);
            let began = SignedDuration::from_secs(seconds.into());
            let at = moment.clock.checked_sub(began).unwrap_or(moment.clock);
            frames.push(Frame::binary(self.stamp(at), 0));
        }
        self.until_stamp -= 1;
        let count = if moment.overload {
            [&MARK[..], &[TWO_BYTES], &FULL].concat()
        } else {
            self.count()
        };
        frames.push(Frame::binary(count, 0));
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    fn bytes(unit: &mut dyn Firmware, cps: f64, overload: bool) -> Vec<u8> {
        let moment = Moment {
            steady: true,
            overload,
            ..test_moment(cps * 60.0 / 154.0)
        };
        let frames = unit.tick(&moment);
        frames.into_iter().flat_map(|frame| frame.bytes).collect()
    }

    #[test]
    fn a_stamp_a_note_and_counts_by_their_size() {
        let options = Options {
            stamp_every: 6,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        let mut first = vec![0x55, 0xAA, 0, 26, 3, 14, 9, 59, 59, 0x55, 0xAA, 1];
        first.extend(b"\x55\xAA\x02\x04roof");
        first.push(28);
        assert_eq!(bytes(&mut *unit, 28.0, false), first);
        assert_eq!(bytes(&mut *unit, 255.0, false), [255]);
        assert_eq!(bytes(&mut *unit, 256.0, false), [0x55, 0xAA, 1, 1, 0]);
        assert_eq!(bytes(&mut *unit, 1e6, false), [0x55, 0xAA, 1, 255, 255]);
        assert_eq!(bytes(&mut *unit, 1.0, true), [0x55, 0xAA, 1, 255, 255]);
        assert_eq!(bytes(&mut *unit, 0.0, false), [0]);
        assert_eq!(bytes(&mut *unit, 1.0, false).len(), 12 + 8 + 1);
    }

    #[test]
    fn long_counts_by_the_codes_of_the_firmware() {
        let options = Options {
            saves: Saves::Minute,
            note: String::new(),
            ..Options::default()
        };
        for (mut unit, three, four) in [
            (options.clone().firmware(1), 3, 4),
            (options.firmware_note4(1), 2, 3),
        ] {
            let begin = bytes(&mut *unit, 1.0, false);
            assert_eq!((begin.len(), begin[11], begin[12]), (13, 2, 60));
            let long = bytes(&mut *unit, 65536.0 / 60.0, false);
            assert_eq!(long, [0x55, 0xAA, three, 1, 0, 0]);
            let longer = bytes(&mut *unit, 16_777_216.0 / 60.0, false);
            assert_eq!(longer, [0x55, 0xAA, four, 1, 0, 0, 0]);
        }
    }
}
