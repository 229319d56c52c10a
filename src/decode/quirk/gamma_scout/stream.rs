//! The bytes of a Gamma-Scout log: counts, and codes that begin with a high
//! nibble of F.

use super::super::{Clock, Found, Line, rejected};
use crate::decode::raw::{Ignored, RejectReason};

/// Begins a code of two bytes and what belongs to it.
const CODE: u8 = 0xf5;
/// Date and time to the minute.
const DATE: u8 = 0xef;
/// Date and time to the second, of Online models.
const DATE_ONLINE: u8 = 0xed;
/// An interval of its own for the next count.
const GAP: u8 = 0xee;
/// Bytes that are to be skipped.
const SKIP: u8 = 0xf8;

/// The protocol intervals in seconds by their codes: week to ten seconds. Online
/// models have "off" before them, so that all codes are one more.
const INTERVALS: [u32; 13] = [
    604_800, 259_200, 86_400, 43_200, 7_200, 3_600, 1_800, 600, 300, 120, 60, 30, 10,
];

/// What the next counts are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Interval {
    Unknown,
    /// The protocol was switched off: no counts are due.
    Off,
    Seconds(u32),
}

/// Where reading ended: what all readings of a damaged line have to agree on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ending {
    interval: Interval,
    gap: Option<u32>,
    clock: Clock,
    is_online: bool,
    alarms: Alarms,
    /// Whether a count has begun.
    is_inside: bool,
}

/// What was said of the next count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Alarms {
    overflow: bool,
    dose: bool,
    rate: bool,
}

/// What stands at a place.
enum Item {
    Count(u16),
    Date([u8; 6], usize),
    Gap(u32),
    Interval(Interval),
    Alarms(Alarms),
    /// Bytes of no interest.
    Skip,
    /// Memory that was not written.
    Erased,
    /// No code there is.
    Unknown,
    /// It has not ended.
    Cut,
}

/// Reads the bytes one after the other.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Bytes that begin something.
    rest: Vec<u8>,
    /// Whether a byte of `rest` stood in a damaged line.
    is_tainted: bool,
    /// Whether it is known where the next item begins.
    is_placed: bool,
    is_online: bool,
    interval: Interval,
    gap: Option<u32>,
    clock: Clock,
    alarms: Alarms,
}

impl Stream {
    pub(super) const fn new(is_online: bool) -> Self {
        Self {
            rest: Vec::new(),
            is_tainted: false,
            is_placed: true,
            is_online,
            interval: Interval::Unknown,
            gap: None,
            clock: Clock::Unknown,
            alarms: Alarms {
                overflow: false,
                dose: false,
                rate: false,
            },
        }
    }

    /// Nothing is known of what follows, up to the next date.
    pub(super) fn lose(&mut self) {
        *self = Self {
            is_placed: false,
            ..Self::new(self.is_online)
        };
    }

    /// Reads the bytes of a good line.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        self.rest.extend_from_slice(bytes);
        if !self.is_placed && !self.find_date(&mut found) {
            return found;
        }
        while !self.rest.is_empty() {
            let (item, len) = self.item();
            let is_tainted = self.is_tainted && !matches!(item, Item::Cut);
            if is_tainted {
                self.is_tainted = false;
                if matches!(item, Item::Count(_)) {
                    let text = "this count began in a damaged line";
                    found.push(rejected(RejectReason::Checksum, text));
                    self.rest.drain(..len);
                    self.elapse();
                    continue;
                }
            }
            match item {
                Item::Cut => break,
                Item::Unknown => {
                    let byte = self.rest.first().copied().unwrap_or_default();
                    let text = format!("no code of a Gamma-Scout: {byte:02X}");
                    found.push(rejected(RejectReason::Malformed, text));
                    let rest = self.rest.split_off(len);
                    self.lose();
                    found.extend(self.read(&rest));
                    return found;
                }
                item => found.extend(self.take(item)),
            }
            self.rest.drain(..len);
        }
        found
    }

    /// Reads the bytes of a line that may be damaged, for what they do to those
    /// that follow. `None` if they cannot be the log's, or end inside a code.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> Option<Ending> {
        if !self.is_placed {
            return None;
        }
        self.rest.extend_from_slice(bytes);
        while !self.rest.is_empty() {
            let (item, len) = self.item();
            match item {
                Item::Cut => break,
                Item::Unknown | Item::Erased => return None,
                Item::Date(date, _) if matches!(Clock::stamped(date), Clock::Impossible(_)) => {
                    return None;
                }
                item => drop(self.take(item)),
            }
            self.rest.drain(..len);
        }
        self.is_tainted = !self.rest.is_empty();
        let is_inside = match self.rest.as_slice() {
            [] => false,
            [first] if *first < 0xf0 => true,
            // Which code it is was to be seen in this line.
            _ => return None,
        };
        Some(Ending {
            interval: self.interval,
            gap: self.gap,
            clock: self.clock.clone(),
            is_online: self.is_online,
            alarms: self.alarms,
            is_inside,
        })
    }

    /// Bytes that are left at the end of the log, and whether it is known what
    /// they begin.
    pub(super) fn left(&self) -> (usize, bool) {
        (self.rest.len(), self.is_placed)
    }

    /// Looks for a date that can be one, from where on all is known again but the
    /// interval.
    fn find_date(&mut self, found: &mut Vec<Found>) -> bool {
        let is_date = |at: &usize| match self.rest.get(*at..).and_then(date_of) {
            Some(Item::Date(date, _)) => matches!(Clock::stamped(date), Clock::At(_)),
            _ => false,
        };
        let date = (0..self.rest.len()).find(is_date);
        // What may begin one at the end stays.
        let begun = |at: &usize| {
            self.rest
                .get(*at..)
                .is_some_and(|rest| date_of(rest).is_none())
        };
        let begun = (0..self.rest.len()).find(begun);
        let skipped = date.or(begun).unwrap_or(self.rest.len());
        let text = format!("{skipped} bytes behind damage, without a place");
        if skipped > 0 {
            found.push(rejected(RejectReason::Malformed, text));
        }
        self.rest.drain(..skipped);
        self.is_placed = date.is_some();
        self.is_placed
    }

    /// What stands at the beginning of the rest, and its length.
    fn item(&self) -> (Item, usize) {
        let rest = self.rest.as_slice();
        match rest {
            [CODE, DATE | DATE_ONLINE, ..] => match date_of(rest) {
                Some(Item::Date(date, len)) => (Item::Date(date, len), len),
                Some(_) => (Item::Unknown, 2),
                None => (Item::Cut, 0),
            },
            [CODE, GAP, low, high, ..] => {
                let steps = u32::from(u16::from_le_bytes([*low, *high]));
                (Item::Gap(steps * 10), 4)
            }
            [CODE, GAP, ..] | [CODE] | [SKIP] => (Item::Cut, 0),
            // Marks of the firmware for itself.
            [CODE, 0xf0..=0xfe, ..] => (Item::Skip, 2),
            [CODE, code, ..] => match self.interval_of(*code) {
                Some(interval) => (Item::Interval(interval), 2),
                None => (Item::Unknown, 1),
            },
            [SKIP, size, ..] if *size > 0 => {
                let len = 1 + usize::from(*size);
                if len <= rest.len() {
                    (Item::Skip, len)
                } else {
                    (Item::Cut, 0)
                }
            }
            [0xff, ..] if !self.is_online => (Item::Erased, 1),
            [first @ 0xf0..=0xff, ..] => match self.alarms_of(*first) {
                Some(alarms) => (Item::Alarms(alarms), 1),
                None => (Item::Unknown, 1),
            },
            [high, low, ..] => (Item::Count(u16::from_be_bytes([*high, *low])), 2),
            [_] | [] => (Item::Cut, 0),
        }
    }

    fn interval_of(&self, code: u8) -> Option<Interval> {
        let index = match (self.is_online, code) {
            (true, 0) => return Some(Interval::Off),
            (true, code) => code - 1,
            (false, code) => code,
        };
        INTERVALS
            .get(usize::from(index))
            .map(|s| Interval::Seconds(*s))
    }

    /// Online models have a bit each for overflow, dose and rate.
    fn alarms_of(&self, byte: u8) -> Option<Alarms> {
        let bit = |n: u8| byte >> n & 1 == 1;
        match (self.is_online, byte) {
            (true, 0xf9..=0xff) => Some(Alarms {
                overflow: bit(0),
                dose: bit(1),
                rate: bit(2),
            }),
            (false, 0xfa) => Some(Alarms {
                overflow: true,
                ..self.alarms
            }),
            (false, 0xfc) => Some(Alarms {
                rate: true,
                ..self.alarms
            }),
            _ => None,
        }
    }

    /// Takes in what was read; counts come out.
    fn take(&mut self, item: Item) -> Option<Found> {
        match item {
            Item::Count(float) => return Some(self.count(float)),
            Item::Date(date, len) => {
                // Only Online models write seconds; their intervals differ.
                if len == 8 && !self.is_online {
                    self.is_online = true;
                    self.interval = Interval::Unknown;
                }
                self.clock = Clock::stamped(date);
            }
            Item::Gap(seconds) => self.gap = Some(seconds),
            Item::Interval(interval) => self.interval = interval,
            Item::Alarms(alarms) => {
                self.alarms = Alarms {
                    overflow: self.alarms.overflow || alarms.overflow,
                    dose: self.alarms.dose || alarms.dose,
                    rate: self.alarms.rate || alarms.rate,
                };
            }
            Item::Skip | Item::Erased | Item::Unknown | Item::Cut => {}
        }
        None
    }

    /// The count of an interval that ends now: five bits of exponent, eleven of
    /// mantissa.
    fn count(&mut self, float: u16) -> Found {
        let alarms = self.alarms;
        let count = u64::from(float & 0x7ff) << (float >> 11);
        let seconds = match self.elapse() {
            // A gap of no time has no rate.
            Some(0) => return Found::Ignored(Ignored::Empty),
            Some(seconds) => seconds,
            None => {
                let text = format!("no interval stands before the count {count}");
                return rejected(RejectReason::Malformed, text);
            }
        };
        Line::default()
            .with("count", count)
            .with("seconds", seconds)
            .with("overflow", u8::from(alarms.overflow))
            .with("dose_alarm", u8::from(alarms.dose))
            .with("rate_alarm", u8::from(alarms.rate))
            .with_some("time", self.clock.shown())
            .found()
    }

    /// Lets the interval of a count pass, and tells how long it was.
    fn elapse(&mut self) -> Option<u32> {
        self.alarms = Alarms::default();
        let seconds = match (self.gap.take(), self.interval) {
            (Some(gap), _) => Some(gap),
            (None, Interval::Seconds(seconds)) => Some(seconds),
            (None, Interval::Unknown | Interval::Off) => None,
        };
        match seconds {
            Some(seconds) => self.clock.pass(seconds),
            None => self.clock.stop(),
        }
        seconds
    }
}

/// A date at the beginning of `bytes`: `None` if it has not ended, something else
/// if it is none.
fn date_of(bytes: &[u8]) -> Option<Item> {
    let digits = |byte: &u8| {
        let (tens, ones) = (byte >> 4, byte & 0xf);
        (tens <= 9 && ones <= 9).then_some(tens * 10 + ones)
    };
    let (second, fields, len) = match bytes {
        [CODE, DATE, fields @ ..] => (Some(0), fields.get(..5)?, 7),
        [CODE, DATE_ONLINE, second, fields @ ..] => (digits(second), fields.get(..5)?, 8),
        [CODE] | [CODE, DATE_ONLINE] => return None,
        _ => return Some(Item::Unknown),
    };
    let fields: Vec<u8> = fields.iter().filter_map(digits).collect();
    Some(match (second, fields.as_slice()) {
        (Some(second), [minute, hour, day, month, year]) => {
            Item::Date([*year, *month, *day, *hour, *minute, second], len)
        }
        _ => Item::Unknown,
    })
}
