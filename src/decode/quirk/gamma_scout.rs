//! Log of a Gamma-Scout, as PC mode prints it: a head, then lines of hex digits,
//! 32 bytes of the log and their sum.
//!
//! The lines are one stream: counts and codes may begin in one and end in the
//! next. So a damaged line could hide a change of the interval, or shift all that
//! follows. It is read once for each character that may be the wrong one, or if no
//! single one can be, for each byte. If the place, the interval and the clock come
//! out the same whichever it was, the lines that follow are read on; otherwise
//! they wait for the next date and interval.
//!
//! # Source
//!
//! Gamma-Scout Communication Interface V1.7 and v1.10 and its readers;
//! instruments.md section 18.

mod stream;

use std::ops::Range;

use super::lines::{Lines, Part};
use super::{Found, Records, rejected};
use crate::decode::raw::{Ignored, RejectReason};
use crate::error::excerpt;
use stream::{Ending, Stream};

/// Bytes of the log in a line.
const DATA_BYTES: usize = 32;

/// What a dump begins with.
const HEAD: &str = "GAMMA-SCOUT Protokoll";

/// Reads a log.
#[derive(Clone, Debug)]
pub(super) struct Log {
    lines: Lines,
    /// Whether the user says that it is an Online model.
    is_online: bool,
    stream: Stream,
    /// Whether a dump has begun.
    is_begun: bool,
    /// Bytes of it that are valid, where a version line says so.
    used: Option<usize>,
    /// Bytes of it that went by.
    passed: usize,
}

/// The digits of a line that has as many as it should; `None` for a character that
/// is none.
struct Digits([[Option<u8>; 2]; DATA_BYTES + 1]);

impl Log {
    pub(super) fn new(is_online: bool) -> Self {
        Self {
            lines: Lines::default(),
            is_online,
            stream: Stream::new(is_online),
            is_begun: false,
            used: None,
            passed: 0,
        }
    }

    /// Reads a piece.
    pub(super) fn read(&mut self, piece: &[u8], is_last: bool) -> Records {
        let mut records = Records::new();
        for (range, part) in self.lines.cut(piece, is_last) {
            match part {
                Part::Line(line) => self.line(&line, &range, &mut records),
                Part::TooLong(bytes) => {
                    self.stream.lose();
                    let text = format!("{bytes} bytes without an end");
                    records.push((range, rejected(RejectReason::TooLong, text)));
                }
            }
        }
        if is_last {
            let end = piece.len()..piece.len();
            records.extend(self.finish().map(|found| (end, found)));
        }
        records
    }

    fn line(&mut self, line: &str, range: &Range<usize>, out: &mut Records) {
        if line.starts_with("Version ") {
            // It comes before the dump that it speaks of.
            out.extend(self.finish().map(|found| (range.clone(), found)));
            self.is_begun = false;
            self.used = used_bytes(line);
        }
        if line.starts_with(HEAD) {
            if self.is_begun {
                out.extend(self.finish().map(|found| (range.clone(), found)));
                self.used = None;
            }
            self.stream = Stream::new(self.is_online);
            self.is_begun = true;
            self.passed = 0;
        }
        if line.starts_with(HEAD) || !looks_like_data(line) {
            out.push((range.clone(), Found::Line(line.to_owned())));
            return;
        }
        self.data(line, range, out);
    }

    /// Reads a line of the dump; its head may be lost.
    fn data(&mut self, line: &str, range: &Range<usize>, out: &mut Records) {
        if !self.is_begun {
            self.stream = Stream::new(self.is_online);
            self.is_begun = true;
            self.passed = 0;
        }
        let valid = self.used.map_or(DATA_BYTES, |used| {
            used.saturating_sub(self.passed).min(DATA_BYTES)
        });
        self.passed += DATA_BYTES;
        let mut found = match digits(line) {
            Ok(digits) => match digits.whole() {
                Some(bytes) => self.stream.read(bytes.get(..valid).unwrap_or_default()),
                None => {
                    self.damaged(&digits, valid);
                    vec![digits.refusal()]
                }
            },
            Err(refused) => {
                self.stream.lose();
                vec![refused]
            }
        };
        if found.is_empty() {
            // A line of codes, or behind the used bytes.
            found.push(Found::Ignored(Ignored::Other));
        }
        out.extend(found.into_iter().map(|found| (range.clone(), found)));
    }

    /// Goes on behind a damaged line, as far as its place in the log is certain.
    fn damaged(&mut self, digits: &Digits, valid: usize) {
        let read = |bytes: [u8; DATA_BYTES]| {
            let mut stream = self.stream.clone();
            let ending = stream.skip(bytes.get(..valid).unwrap_or_default())?;
            Some((stream, ending))
        };
        let corrected = digits.corrected();
        let fewest = corrected.iter().map(|(wrong, _)| *wrong).min();
        let readings: Vec<(Stream, Ending)> = corrected
            .into_iter()
            .filter(|(wrong, _)| Some(*wrong) == fewest)
            .filter_map(|(_, bytes)| read(bytes))
            .collect();
        match readings.as_slice() {
            [(stream, ending), others @ ..] if others.iter().all(|(_, other)| other == ending) => {
                self.stream = stream.clone();
            }
            _ => self.stream.lose(),
        }
    }

    /// What is left at the end of a dump.
    fn finish(&mut self) -> Option<Found> {
        if !std::mem::take(&mut self.is_begun) {
            return None;
        }
        match (self.used, self.stream.left()) {
            (Some(used), _) if used > self.passed => {
                let text = format!("the dump ends after {} of {used} bytes", self.passed);
                Some(rejected(RejectReason::Truncated, text))
            }
            (_, (0, _)) => None,
            (_, (left, false)) => {
                let text = format!("{left} bytes behind damage, without a place");
                Some(rejected(RejectReason::Malformed, text))
            }
            (Some(_), (_, true)) => {
                let text = "the log ends inside a count or a code";
                Some(rejected(RejectReason::Truncated, text))
            }
            // Lines are filled up: what is left need not be the log's.
            (None, (_, true)) => Some(Found::Ignored(Ignored::Other)),
        }
    }
}

/// The used bytes of `Version 6.10 d93683 4f07 19.08.19 21:20:01`.
fn used_bytes(line: &str) -> Option<usize> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, _, _, used, date, _] = words.as_slice() else {
        return None;
    };
    let is_date = date.len() == 8 && date.bytes().filter(|byte| *byte == b'.').count() == 2;
    usize::from_str_radix(used, 16).ok().filter(|_| is_date)
}

/// Whether a line is meant to be data: mostly hex digits, without a blank.
fn looks_like_data(line: &str) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
    let digits = line.as_bytes().iter().filter(|byte| is_hex(byte)).count();
    !line.contains(' ') && digits * 2 > line.len()
}

/// The digits of a line, if it has as many as it should.
fn digits(line: &str) -> Result<Digits, Found> {
    let expected = 2 * (DATA_BYTES + 1);
    // A replaced character counts as one.
    let characters: Vec<char> = line.chars().collect();
    let text = || {
        format!(
            "{} digits, expected {expected}: `{}`",
            characters.len(),
            excerpt(line, 40)
        )
    };
    if characters.len() < expected {
        return Err(rejected(RejectReason::Truncated, text()));
    }
    if characters.len() > expected {
        return Err(rejected(RejectReason::Malformed, text()));
    }
    let mut digits = characters.chunks(2).map(|pair| {
        let digit = |at: usize| u8::try_from(pair.get(at)?.to_digit(16)?).ok();
        [digit(0), digit(1)]
    });
    Ok(Digits(std::array::from_fn(|_| {
        digits.next().unwrap_or_default()
    })))
}

impl Digits {
    /// The bytes, if all are there and the sum is right.
    fn whole(&self) -> Option<[u8; DATA_BYTES]> {
        (self.unread() == 0 && self.lacking() == 0).then(|| self.bytes())
    }

    /// Characters that are no digits.
    fn unread(&self) -> usize {
        self.0
            .iter()
            .flatten()
            .filter(|digit| digit.is_none())
            .count()
    }

    /// The bytes, with zeros for what is no digit.
    fn bytes(&self) -> [u8; DATA_BYTES] {
        std::array::from_fn(|at| self.0.get(at).map_or(0, byte))
    }

    fn stored(&self) -> u8 {
        self.0.last().map_or(0, byte)
    }

    /// What the bytes lack to give the sum.
    fn lacking(&self) -> u8 {
        self.stored().wrapping_sub(sum(&self.bytes()))
    }

    fn refusal(&self) -> Found {
        if self.unread() > 0 {
            return rejected(RejectReason::Malformed, "not hex digits throughout");
        }
        let (stored, computed) = (self.stored(), sum(&self.bytes()));
        let text = format!("sum says {stored:02X}, the bytes give {computed:02X}");
        rejected(RejectReason::Checksum, text)
    }

    /// Each way to set one byte right, the sum included, with the number of its
    /// characters that are wrong then; none where more bytes are wrong for certain.
    fn corrected(&self) -> Vec<(usize, [u8; DATA_BYTES])> {
        let bytes = self.bytes();
        let unread = |pair: &[Option<u8>; 2]| pair.iter().any(Option::is_none);
        let all_unread = self.0.iter().filter(|pair| unread(pair)).count();
        let mut found = Vec::new();
        for (at, pair) in self.0.iter().enumerate() {
            if all_unread > usize::from(unread(pair)) {
                continue;
            }
            let mut corrected = bytes;
            let right = match corrected.get_mut(at) {
                Some(byte) => {
                    *byte = byte.wrapping_add(self.lacking());
                    *byte
                }
                // The sum itself is wrong.
                None => sum(&bytes),
            };
            let halves = [right >> 4, right & 0xf];
            let wrong = pair
                .iter()
                .zip(halves)
                .filter(|(digit, half)| **digit != Some(*half));
            found.push((wrong.count(), corrected));
        }
        found
    }
}

fn byte(pair: &[Option<u8>; 2]) -> u8 {
    let [high, low] = pair.map(Option::unwrap_or_default);
    (high << 4) | low
}

/// Sum modulo 256.
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[cfg(test)]
mod tests;
