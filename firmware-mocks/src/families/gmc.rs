//! What the two GQ GMC generations share (catalogue sections 1 and 2): commands,
//! clock, calibration block and history flash.

use std::collections::VecDeque;

use jiff::tz::TimeZone;

use crate::firmware::Moment;
use crate::inbox::Inbox;

/// A command, as `<NAME>>` on the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// One without arguments, by its name.
    Plain(String),
    /// `SETDATETIME` with its six bytes.
    SetClock,
    /// `SPIR`: read the flash.
    ReadFlash {
        /// From here.
        address: usize,
        /// So many bytes.
        len: usize,
    },
}

/// Counts of the last seconds, newest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Minute {
    seconds: VecDeque<u64>,
}

/// The flash with the history: one byte a second, erased behind.
#[derive(Clone, Debug, Default)]
pub(super) struct Flash {
    bytes: Vec<u8>,
}

const READ_FLASH: &[u8] = b"<SPIR";
const READ_FLASH_ARGUMENTS: usize = 5;
const SET_CLOCK: &[u8] = b"<SETDATETIME";
const SET_CLOCK_ARGUMENTS: usize = 6;
const END: &[u8] = b">>";

/// What follows a date, a time and some answers.
pub(super) const DONE: u8 = 0xAA;

/// The smaller flash of the family, in bytes. Full, it keeps what it has.
const FLASH_LEN: usize = 1 << 16;

/// Erased flash.
const ERASED: u8 = 0xFF;

/// History: one count each second.
const EACH_SECOND: u8 = 1;

const WINDOW: usize = 60;

/// Takes the next whole command; what cannot start one is dropped.
pub(super) fn command(inbox: &mut Inbox) -> Option<Command> {
    loop {
        let start = inbox.bytes().iter().position(|byte| *byte == b'<');
        inbox.take(start.unwrap_or(usize::MAX));
        // Binary arguments may hold `>>`, so these two go by their length.
        for (name, n_arguments) in [
            (READ_FLASH, READ_FLASH_ARGUMENTS),
            (SET_CLOCK, SET_CLOCK_ARGUMENTS),
        ] {
            if !inbox.bytes().starts_with(name) {
                continue;
            }
            let len = name.len() + n_arguments + END.len();
            if inbox.bytes().len() < len {
                return None;
            }
            let whole = inbox.take(len);
            let command = arguments(whole.get(name.len()..).unwrap_or_default());
            return Some(command.unwrap_or(Command::SetClock));
        }
        let name = inbox.until(END)?;
        let Some((_, name)) = name.split_first() else {
            continue;
        };
        return Some(Command::Plain(String::from_utf8_lossy(name).into_owned()));
    }
}

/// The flash read behind these arguments, if they are of one.
fn arguments(bytes: &[u8]) -> Option<Command> {
    let &[a, b, c, high, low, b'>', b'>'] = bytes else {
        return None;
    };
    Some(Command::ReadFlash {
        address: usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c),
        len: usize::from(u16::from_be_bytes([high, low])),
    })
}

/// `YY MM DD hh mm ss`, the year from 2000 on.
pub(super) fn clock(moment: &Moment) -> [u8; 6] {
    let now = moment.clock.to_zoned(TimeZone::UTC).datetime();
    let byte = |part: i8| u8::try_from(part).unwrap_or(0);
    let year = now.year().saturating_sub(2000).clamp(0, 99);
    [
        u8::try_from(year).unwrap_or(0),
        byte(now.month()),
        byte(now.day()),
        byte(now.hour()),
        byte(now.minute()),
        byte(now.second()),
    ]
}

/// Model and firmware number of a version such as `GMC-500+Re 1.18`; firmware 0 when
/// there is none.
pub(super) fn version_parts(version: &str) -> (&str, u32) {
    let (model, firmware) = version.split_once("Re").unwrap_or((version, ""));
    let hundredths = firmware.trim().parse::<f64>().unwrap_or(0.0) * 100.0;
    let hundredths = crate::prng::whole(hundredths.round());
    (model, u32::try_from(hundredths).unwrap_or(0))
}

/// Puts `part` into `block` at `offset`, as far as it fits.
pub(super) fn put(block: &mut [u8], offset: usize, part: &[u8]) {
    let place = block.get_mut(offset..).unwrap_or_default();
    for (to, from) in place.iter_mut().zip(part) {
        *to = *from;
    }
}

impl Minute {
    /// One more second.
    pub(super) fn add(&mut self, counts: u64) {
        if self.seconds.len() == WINDOW {
            self.seconds.pop_front();
        }
        self.seconds.push_back(counts);
    }

    /// Counts of the last second.
    pub(super) fn cps(&self) -> u64 {
        self.seconds.back().copied().unwrap_or(0)
    }

    /// Counts of the last 60 seconds; missing ones are zero.
    pub(super) fn cpm(&self) -> u64 {
        self.seconds.iter().sum()
    }

    pub(super) fn clear(&mut self) {
        self.seconds.clear();
    }
}

impl Flash {
    /// A mark with the date; the counts that follow are one each second.
    pub(super) fn date(&mut self, moment: &Moment) {
        let mut mark = vec![0x55, 0xAA, 0x00];
        mark.extend_from_slice(&clock(moment));
        mark.extend_from_slice(&[0x55, 0xAA, EACH_SECOND]);
        self.append(&mark);
    }

    /// One second's count: a byte, or a mark and two.
    pub(super) fn count(&mut self, cps: u64) {
        match u8::try_from(cps) {
            // A lone 55h would be read as a mark when AAh follows, FFh as erased.
            Ok(byte) if byte != 0x55 && byte != ERASED => self.append(&[byte]),
            _ => {
                let [high, low] = u16::try_from(cps.min(0x3FFF)).unwrap_or(0).to_be_bytes();
                self.append(&[0x55, 0xAA, 0x01, high, low]);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// `len` bytes from `address` on.
    pub(super) fn read(&self, address: usize, len: usize) -> Vec<u8> {
        let written = self.bytes.iter().copied().skip(address);
        written.chain(std::iter::repeat(ERASED)).take(len).collect()
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() <= FLASH_LEN {
            self.bytes.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn commands_with_binary_arguments_go_by_length() {
        let mut inbox = Inbox::default();
        inbox.add(b"x>><GETCPM>><SPIR\x00\x3e\x3e\x08\x00>><SETDATETIME\x1a\x03\x0e>>\x00");
        assert_eq!(
            command(&mut inbox),
            Some(Command::Plain("GETCPM".to_owned()))
        );
        let read = Command::ReadFlash {
            address: 0x3E3E,
            len: 2048,
        };
        assert_eq!(command(&mut inbox), Some(read));
        assert_eq!(command(&mut inbox), None);
        inbox.add(b">><GETVER");
        assert_eq!(command(&mut inbox), Some(Command::SetClock));
        assert_eq!(command(&mut inbox), None);
        inbox.add(b">>");
        let version = Command::Plain("GETVER".to_owned());
        assert_eq!(command(&mut inbox), Some(version));
    }

    #[test]
    fn versions_have_a_model_and_a_number() {
        for (version, expected) in [
            ("GMC-300Re 4.54", ("GMC-300", 454)),
            ("GMC-500+Re 1.18", ("GMC-500+", 118)),
            ("GMC-800Re1.08", ("GMC-800", 108)),
            ("GMC-320+V5\0RRe 5.73", ("GMC-320+V5\0R", 573)),
            ("something", ("something", 0)),
        ] {
            assert_eq!(version_parts(version), expected);
        }
    }

    #[test]
    fn the_history_is_marked_and_escaped() {
        let mut flash = Flash::default();
        flash.date(&test_moment(0.1));
        for cps in [3, 0x55, 255, 700] {
            flash.count(cps);
        }
        let expected = [
            &[0x55, 0xAA, 0x00, 26, 3, 14, 3, 0, 0, 0x55, 0xAA, 0x01][..],
            &[3],
            &[0x55, 0xAA, 0x01, 0x00, 0x55],
            &[0x55, 0xAA, 0x01, 0x00, 0xFF],
            &[0x55, 0xAA, 0x01, 0x02, 0xBC],
            &[0xFF, 0xFF],
        ]
        .concat();
        assert_eq!(flash.read(0, expected.len()), expected);
        assert_eq!(flash.read(FLASH_LEN, 2), [0xFF, 0xFF]);
    }
}
