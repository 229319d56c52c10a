//! History flash of GQ GMC counters, as `<SPIR…>>` gives it.
//!
//! A byte is a count; `55 AA` and a code begin something else. Which unit a count
//! has and when it was taken follows from the date stamp before it, so before
//! the first stamp, and behind damage, neither is known.
//!
//! # Source
//!
//! GQ-RFC1201 and the readers of `GeigerLog` and pygmc; instruments.md sections 1
//! and 2.

use std::ops::Range;

use super::{Clock, Found, Line, Records, rejected};
use crate::decode::raw::{Ignored, RejectReason};

const MARK: [u8; 2] = [0x55, 0xaa];

/// A date stamp: mark, code, six numbers, mark, mode.
const STAMP_BYTES: usize = 12;

/// So many `FF` in a row are no counts, but erased flash: that many equal ones do
/// not come about by chance. At the end of the recording any number of them is.
const ERASED_BYTES: usize = 64;

/// `GeigerLog` writes a head of this length before the flash.
const HEAD: &[u8] = b"DataOrigin:";
const HEAD_BYTES: usize = 128;

/// Sizes of the flash, and of the settings that GQ's own program writes behind it.
const SETTINGS: [(usize, usize); 2] = [(1 << 16, 256), (1 << 20, 512)];

/// Bits of a two-byte count each second; the other two are marks.
const CPS_BITS: u32 = 0x3fff;

/// The codes that differ between firmwares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codes {
    note: u8,
    three: u8,
    four: u8,
}

impl Codes {
    /// Those of nearly all firmwares.
    pub(super) const USUAL: Self = Self {
        note: 2,
        three: 3,
        four: 4,
    };
    /// Those of the GMC-500+ with firmware 1.18 and 1.21.
    pub(super) const NOTE_4: Self = Self {
        note: 4,
        three: 2,
        four: 3,
    };
}

/// What stands at a place.
enum Item {
    /// A count of so many bytes.
    Count { number: u32, width: usize },
    /// Something of so many bytes that is no count.
    Other(usize),
    /// A date stamp without its second mark, of so many bytes.
    BrokenStamp(usize),
    /// The bytes end before it does.
    Cut,
}

/// Reads a history.
#[derive(Clone, Debug)]
pub(super) struct History {
    codes: Codes,
    /// Bytes that were not read yet.
    rest: Vec<u8>,
    /// Bytes that were read, without a head.
    done: usize,
    /// Whether the beginning was looked at.
    is_begun: bool,
    /// Whether what was read last is erased.
    in_erased: bool,
    clock: Clock,
    mode: Option<u8>,
    tube: Option<u8>,
}

impl History {
    pub(super) const fn new(codes: Codes) -> Self {
        Self {
            codes,
            rest: Vec::new(),
            done: 0,
            is_begun: false,
            in_erased: false,
            clock: Clock::Unknown,
            mode: None,
            tube: None,
        }
    }

    /// Reads a piece.
    pub(super) fn read(&mut self, piece: &[u8], is_last: bool) -> Records {
        let mut out = Output {
            records: Vec::new(),
            earlier: self.rest.len(),
            taken: 0,
        };
        self.rest.extend_from_slice(piece);
        if !self.begin(is_last, &mut out) {
            return out.records;
        }
        let end = loop {
            let end = self.end_of_flash(is_last);
            if let Some(more) = self.more_erased(end) {
                self.rest.drain(..more);
                self.done += more;
                out.taken += more;
                continue;
            }
            let Some(erased) = self.erased(end) else {
                break end;
            };
            self.items(erased.start, true, &mut out);
            self.take(erased.len(), Found::Ignored(Ignored::Other), &mut out);
            self.forget();
            self.in_erased = true;
        };
        let flash = self.rest.get(..end).unwrap_or_default();
        let written = flash
            .iter()
            .rposition(|byte| *byte != 0xff)
            .map_or(0, |at| at + 1);
        let erased = end - written;
        self.items(written, is_last, &mut out);
        if is_last {
            // Erased flash, and settings of which nothing is wanted.
            let settings = self.rest.len() - erased;
            for skipped in [erased, settings] {
                if skipped > 0 {
                    self.take(skipped, Found::Ignored(Ignored::Other), &mut out);
                }
            }
        }
        out.records
    }

    /// Skips a head; `false` while too little has come to know.
    fn begin(&mut self, is_last: bool, out: &mut Output) -> bool {
        if self.is_begun {
            return true;
        }
        if self.rest.len() < HEAD_BYTES && !is_last {
            return false;
        }
        self.is_begun = true;
        if self.rest.starts_with(HEAD) {
            let head = HEAD_BYTES.min(self.rest.len());
            self.take(head, Found::Ignored(Ignored::Comment), out);
            self.done = 0;
        }
        true
    }

    /// How many of the bytes are flash, as far as that is certain.
    fn end_of_flash(&self, is_last: bool) -> usize {
        let come = self.done + self.rest.len();
        for (flash, settings) in SETTINGS {
            let is_settings = come == flash + settings;
            let may_be = !is_last && (flash..=flash + settings).contains(&come);
            if (is_settings || may_be) && self.done <= flash {
                return flash - self.done;
            }
        }
        self.rest.len()
    }

    /// How many bytes go on a stretch of erased flash.
    fn more_erased(&mut self, end: usize) -> Option<usize> {
        let flash = self.rest.get(..end).filter(|_| self.in_erased)?;
        let written = flash.iter().position(|byte| *byte != 0xff);
        self.in_erased = written.is_none();
        Some(written.unwrap_or(end)).filter(|more| *more > 0)
    }

    /// The beginning of the next stretch of erased flash.
    fn erased(&self, end: usize) -> Option<Range<usize>> {
        let flash = self.rest.get(..end)?;
        let mut run = 0;
        for (at, byte) in flash.iter().enumerate() {
            run = if *byte == 0xff { run + 1 } else { 0 };
            if run == ERASED_BYTES {
                return Some(at + 1 - run..at + 1);
            }
        }
        None
    }

    /// Reads what stands in the next `len` bytes. What is cut off at their end
    /// waits for more, or is refused if they are `all` there is.
    fn items(&mut self, len: usize, all: bool, out: &mut Output) {
        let mut at = 0;
        let bytes: Vec<u8> = self.rest.drain(..len).collect();
        while let Some(next) = bytes.get(at..).filter(|next| !next.is_empty()) {
            let (taken, found) = match self.item(next) {
                Item::Cut if !all => {
                    let waiting = bytes.get(at..).unwrap_or_default();
                    self.rest.splice(..0, waiting.iter().copied());
                    return;
                }
                Item::Cut => {
                    let text = format!("the history ends inside a mark: {}", digits(next));
                    (next.len(), rejected(RejectReason::Truncated, text))
                }
                Item::Count { number, width } => {
                    let found = self.count(number, width);
                    (if width == 1 { 1 } else { width + 3 }, found)
                }
                Item::BrokenStamp(taken) => {
                    self.forget();
                    let stamp = next.get(..taken).unwrap_or_default();
                    let text = format!("no date stamp: {}", digits(stamp));
                    (taken, rejected(RejectReason::Malformed, text))
                }
                Item::Other(taken) => {
                    self.set(next);
                    (taken, Found::Ignored(Ignored::Other))
                }
            };
            at += taken;
            self.done += taken;
            out.push(taken, found);
        }
    }

    /// What stands at the beginning of `bytes`, of which there is at least one.
    fn item(&self, bytes: &[u8]) -> Item {
        let number = |from: usize, width: usize| {
            let field = bytes.get(from..from + width)?;
            let number = field
                .iter()
                .fold(0, |sum, byte| (sum << 8) | u32::from(*byte));
            Some(Item::Count { number, width })
        };
        let first = || number(0, 1).unwrap_or(Item::Cut);
        let code = match bytes {
            [0x55] | [0x55, 0xaa] => return Item::Cut,
            [0x55, 0xaa, code, ..] => *code,
            _ => return first(),
        };
        let other = |len: usize| {
            if len <= bytes.len() {
                Item::Other(len)
            } else {
                Item::Cut
            }
        };
        match code {
            0 => match bytes.get(..STAMP_BYTES) {
                Some(_) if is_stamp(bytes) => Item::Other(STAMP_BYTES),
                Some(_) => Item::BrokenStamp(broken_stamp(bytes)),
                None => Item::Cut,
            },
            1 => number(3, 2).unwrap_or(Item::Cut),
            5 => other(4),
            code if code == self.codes.three => number(3, 3).unwrap_or(Item::Cut),
            code if code == self.codes.four => number(3, 4).unwrap_or(Item::Cut),
            code if code == self.codes.note => match bytes.get(3) {
                Some(len) => other(4 + usize::from(*len)),
                None => Item::Cut,
            },
            // Two counts that happen to look like a mark.
            _ => first(),
        }
    }

    /// Takes in a date stamp or a tube.
    fn set(&mut self, bytes: &[u8]) {
        match bytes {
            [
                _,
                _,
                0,
                year,
                month,
                day,
                hour,
                minute,
                second,
                _,
                _,
                mode,
                ..,
            ] => {
                self.clock = Clock::stamped([*year, *month, *day, *hour, *minute, *second]);
                self.mode = Some(*mode);
            }
            [_, _, 5, tube, ..] => self.tube = Some(*tube),
            _ => {}
        }
    }

    /// A count; it was taken over the interval that ends now.
    fn count(&mut self, number: u32, width: usize) -> Found {
        let mode = match self.mode {
            Some(mode @ 1..=5) => mode,
            Some(mode) => {
                let text = format!("mode {mode} tells no unit for the count {number}");
                return rejected(RejectReason::UnknownUnit, text);
            }
            None => {
                let text = format!("no date stamp tells the unit of the count {number}");
                return rejected(RejectReason::UnknownUnit, text);
            }
        };
        let is_each_second = matches!(mode, 1 | 4);
        let (number, full) = match width {
            2 if is_each_second => (number & CPS_BITS, CPS_BITS),
            1 => (number, u32::MAX),
            _ => (number, u32::MAX >> (32 - 8 * width)),
        };
        match mode {
            1 => self.clock.pass(1),
            2 => self.clock.pass(60),
            3 => self.clock.pass(3600),
            // Only what is above a threshold is written: when, nobody knows.
            _ => self.clock.stop(),
        }
        let seconds = match mode {
            1 | 4 => Some(1),
            2 | 5 => Some(60),
            // An average of an hour is no number of counts.
            _ => None,
        };
        Line::default()
            .with("count", number)
            .with("full", u8::from(width > 1 && number == full))
            .with("mode", mode)
            .with_some("seconds", seconds)
            .with(
                "tube",
                self.tube.map_or("-".to_owned(), |tube| tube.to_string()),
            )
            .with_some("time", self.clock.shown())
            .found()
    }

    /// Nothing is known of what follows, up to the next stamp.
    fn forget(&mut self) {
        self.clock = Clock::Unknown;
        self.mode = None;
    }

    fn take(&mut self, len: usize, found: Found, out: &mut Output) {
        self.rest.drain(..len.min(self.rest.len()));
        self.done += len;
        out.push(len, found);
    }
}

/// What was found, by its place in the present piece.
struct Output {
    records: Records,
    /// Bytes of earlier pieces that stand before it.
    earlier: usize,
    /// Bytes taken so far, those included.
    taken: usize,
}

impl Output {
    fn push(&mut self, len: usize, found: Found) {
        let place = |at: usize| at.saturating_sub(self.earlier);
        let range = place(self.taken)..place(self.taken + len);
        self.taken += len;
        self.records.push((range, found));
    }
}

/// Whether a whole date stamp begins here.
fn is_stamp(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x55, 0xaa, 0]) && bytes.get(9..11) == Some(&MARK) && bytes.len() > 11
}

/// How long a stamp is whose second mark is not where it should be: up to the mark
/// with its mode, if a byte was lost before it, or up to another stamp.
fn broken_stamp(bytes: &[u8]) -> usize {
    let inner = bytes.get(3..STAMP_BYTES).unwrap_or_default();
    match inner.windows(2).position(|pair| pair == MARK) {
        Some(at) if bytes.get(3 + at..).is_some_and(is_stamp) => 3 + at,
        Some(at) => (3 + at + 3).min(bytes.len()),
        None => STAMP_BYTES,
    }
}

/// The first bytes as hex digits, for people.
fn digits(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().take(16).map(|b| format!("{b:02X}")).collect();
    digits.join(" ")
}

#[cfg(test)]
mod tests;
