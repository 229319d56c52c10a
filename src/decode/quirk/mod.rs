//! Recordings that carry state from one record to the next, one file for each
//! maker.
//!
//! An importer reads a recording piece by piece and makes a text line of each
//! record, such as `count=28;mode=2;time=2018-04-19T12:58:59`. What the line
//! means (units, sensitivities, ends of ranges, flags) is the profile's to say;
//! an importer gives nothing that the recording does not hold. Where it can not
//! be sure of a part, the line lacks it.

mod eurdep;
mod gamma_scout;
mod gq;
mod lines;

use std::fmt::Write;
use std::ops::Range;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::raw::{Ignored, RejectReason, Rejected};
use crate::profile::schema::Importer as Word;

/// What an importer found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A record, as a line for the profile's messages.
    Line(String),
    /// Legal, but no record.
    Ignored(Ignored),
    /// Not what the instrument writes.
    Rejected(Rejected),
}

/// What was found, with the bytes of the present piece it stands in.
pub(super) type Records = Vec<(Range<usize>, Found)>;

/// Reads one recording.
#[derive(Clone, Debug)]
pub(super) struct Importer(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Gmc(gq::History),
    GammaScout(gamma_scout::Log),
    Eurdep(eurdep::Exchange),
}

impl Importer {
    /// One that has seen nothing yet.
    pub(super) fn new(word: Word) -> Self {
        Self(match word {
            Word::GmcHistory => Kind::Gmc(gq::History::new(gq::Codes::USUAL)),
            Word::GmcHistoryNote4 => Kind::Gmc(gq::History::new(gq::Codes::NOTE_4)),
            Word::GammaScoutLog => Kind::GammaScout(gamma_scout::Log::new(false)),
            Word::GammaScoutOnlineLog => Kind::GammaScout(gamma_scout::Log::new(true)),
            Word::Eurdep => Kind::Eurdep(eurdep::Exchange::default()),
        })
    }

    /// Reads a piece; `is_last` when the recording ends with it.
    pub(super) fn read(&mut self, piece: &[u8], is_last: bool) -> Records {
        match &mut self.0 {
            Kind::Gmc(history) => history.read(piece, is_last),
            Kind::GammaScout(log) => log.read(piece, is_last),
            Kind::Eurdep(exchange) => exchange.read(piece, is_last),
        }
    }
}

/// A rejected record.
fn rejected(reason: RejectReason, text: impl Into<String>) -> Found {
    Found::Rejected(Rejected::new(reason, text))
}

/// Builds the line of a record.
#[derive(Debug, Default)]
struct Line(String);

impl Line {
    /// Adds a part.
    fn with(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        let gap = if self.0.is_empty() { "" } else { ";" };
        write!(self.0, "{gap}{key}={value}").expect("invariant: writing to a text succeeds");
        self
    }

    /// Adds a part if there is one.
    fn with_some(self, key: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    fn found(self) -> Found {
        Found::Line(self.0)
    }
}

/// The clock of a recording: stamps, and the intervals since.
#[derive(Clone, Debug, Default, PartialEq)]
enum Clock {
    /// Nothing is known of it.
    #[default]
    Unknown,
    /// It shows this, without a zone.
    At(DateTime),
    /// A stamp that cannot be, as it was read; it holds until the next one.
    Impossible(String),
}

impl Clock {
    /// Set by a stamp: year of this century, month, day, hour, minute, second.
    fn stamped([year, month, day, hour, minute, second]: [u8; 6]) -> Self {
        let part = |n: u8| i8::try_from(n).unwrap_or(-1);
        let at = DateTime::new(
            2000 + i16::from(year),
            part(month),
            part(day),
            part(hour),
            part(minute),
            part(second),
            0,
        );
        match at {
            Ok(at) if year < 100 => Self::At(at),
            _ => Self::Impossible(format!(
                "{year:02}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
            )),
        }
    }

    /// Goes on by so many seconds.
    fn pass(&mut self, seconds: u32) {
        if let Self::At(at) = self {
            *self = match at.checked_add(SignedDuration::from_secs(seconds.into())) {
                Ok(later) => Self::At(later),
                Err(_) => Self::Unknown,
            };
        }
    }

    /// How long the time goes on is not known: up to the next stamp, there is none.
    fn stop(&mut self) {
        if matches!(self, Self::At(_)) {
            *self = Self::Unknown;
        }
    }

    /// The part of a line; `None` when nothing is known.
    fn shown(&self) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::At(at) => Some(at.to_string()),
            Self::Impossible(text) => Some(text.clone()),
        }
    }
}
