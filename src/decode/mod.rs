//! A frame and its profile make a [`RawReading`]: numbers as they came, with
//! their unit and what the frame says about them. Nothing is converted here.
//!
//! A legal frame that holds no reading (comment, other sentence, status only)
//! is ignored; anything else is rejected with a reason from a closed list.

mod captures;
mod message;
mod number;
mod raw;

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

pub use number::{NumberError, parse_number};
pub use raw::{
    Decoded, Ignored, RawPosition, RawReading, RawValue, RefusedValue, RejectReason, Rejected,
};

use crate::error::excerpt;
use crate::frame::{self, Framed, Verdict};
use crate::profile::schema::{ChecksumMode, Unused};
use crate::profile::{Format, FramingKind, Profile};
use captures::{Captures, Found};
use message::read_message;

/// What one frame gives, with the bytes of the frame it stands in; more than
/// one only where frames were glued together.
pub type Outcomes = SmallVec<[(Range<usize>, Decoded); 1]>;

/// Decodes the frames of one instrument, in order.
#[derive(Clone, Debug)]
pub struct Decoder {
    profile: Arc<Profile>,
    /// By the profile's `remember` list.
    remembered: Vec<Option<String>>,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub fn new(profile: Arc<Profile>) -> Self {
        let remembered = vec![None; profile.remember.len()];
        Self {
            profile,
            remembered,
        }
    }

    /// The profile it decodes by.
    pub const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Decodes what a framer found.
    pub fn decode_framed(&mut self, framed: &Framed, topic: Option<&str>) -> Outcomes {
        match framed {
            Framed::Frame(bytes) => self.decode(bytes, topic),
            Framed::TooLong { dropped, head } => one(
                head,
                Rejected::new(
                    RejectReason::TooLong,
                    format!(
                        "{dropped} bytes without an end, at most {} allowed",
                        self.profile.framing.max_bytes
                    ),
                ),
            ),
            Framed::Unfinished(bytes) if self.proves_itself(bytes) => self.decode(bytes, topic),
            Framed::Unfinished(bytes) => one(
                bytes,
                Rejected::new(
                    RejectReason::Truncated,
                    format!("the line ends in mid-frame: `{}`", shown(bytes)),
                ),
            ),
        }
    }

    /// Decodes one frame; MQTT frames come with their topic.
    pub fn decode(&mut self, bytes: &[u8], topic: Option<&str>) -> Outcomes {
        let whole = self.decode_piece(bytes, topic);
        if !matches!(whole, Decoded::Rejected(_)) {
            return one(bytes, whole);
        }
        match self.salvage(bytes) {
            Some(pieces) => pieces,
            None => one(bytes, whole),
        }
    }

    /// Whether a frame without its end is whole all the same: its checksum is
    /// demanded, there, and right.
    fn proves_itself(&self, bytes: &[u8]) -> bool {
        self.profile.checksum.as_ref().is_some_and(|rule| {
            rule.mode == ChecksumMode::Require && frame::verify(rule, bytes) == Verdict::Good
        })
    }

    /// Looks for whole frames inside a damaged line.
    ///
    /// Real logs hold two sentences glued into one line, and lines that begin
    /// with the rest of a lost one. Only a piece that proves itself counts.
    fn salvage(&mut self, bytes: &[u8]) -> Option<Outcomes> {
        let FramingKind::Line {
            start: Some(start), ..
        } = self.profile.framing.kind
        else {
            return None;
        };
        if self.profile.checksum.as_ref().map(|rule| rule.mode) != Some(ChecksumMode::Require) {
            return None;
        }
        let mut starts: Vec<usize> = bytes
            .iter()
            .enumerate()
            .filter_map(|(at, byte)| (*byte == start).then_some(at))
            .collect();
        if starts.first() != Some(&0) {
            starts.insert(0, 0);
        }
        if starts.len() < 2 {
            return None;
        }
        let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
        let ranges: Vec<Range<usize>> = starts.iter().zip(ends).map(|(s, e)| *s..e).collect();
        let pieces: Outcomes = ranges
            .into_iter()
            .map(|range| {
                let piece = bytes.get(range.clone()).unwrap_or_default();
                (range, self.decode_piece(piece, None))
            })
            .collect();
        pieces
            .iter()
            .any(|(_, decoded)| !matches!(decoded, Decoded::Rejected(_)))
            .then_some(pieces)
    }

    fn decode_piece(&mut self, bytes: &[u8], topic: Option<&str>) -> Decoded {
        if bytes.len() > self.profile.framing.max_bytes {
            return Rejected::new(
                RejectReason::TooLong,
                format!(
                    "{} bytes, at most {} allowed",
                    bytes.len(),
                    self.profile.framing.max_bytes
                ),
            )
            .into();
        }
        if let Some(ignored) = self.comment(bytes) {
            return Decoded::Ignored(ignored);
        }
        let verified = match self.verify(bytes) {
            Ok(verified) => verified,
            Err(rejected) => return rejected.into(),
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Rejected::new(
                RejectReason::Malformed,
                format!("not UTF-8 text: `{}`", shown(bytes)),
            )
            .into();
        };
        let body = self.body(text);
        let mut damage = None;
        for message in &self.profile.messages {
            match Captures::find(message, body, topic, &self.remembered) {
                Found::Other => {}
                Found::Whole(captures) if captures.fit(&message.when) && message.ignore => {
                    return Decoded::Ignored(Ignored::Other);
                }
                Found::Whole(captures) if captures.fit(&message.when) => {
                    return read_message(&self.profile, message, &captures, verified);
                }
                // What cannot be read at all fits no condition either.
                Found::Damaged(captures, text)
                    if captures.fit(&message.when)
                        || matches!(message.format, Format::Json { .. }) =>
                {
                    damage.get_or_insert(text);
                }
                Found::Whole(_) | Found::Damaged(..) => {}
            }
        }
        match (damage, self.profile.unmatched) {
            (Some(damage), _) => Rejected::new(RejectReason::Malformed, damage).into(),
            (None, Unused::Ignored) => Decoded::Ignored(Ignored::Other),
            (None, Unused::Rejected) => self.unmatched(bytes, topic).into(),
        }
    }

    fn unmatched(&self, bytes: &[u8], topic: Option<&str>) -> Rejected {
        match topic {
            Some(topic) if !self.profile.topics().any(|t| t.captures(topic).is_some()) => {
                Rejected::new(
                    RejectReason::UnknownInstrument,
                    format!(
                        "no topic of this kind of instrument: `{}`",
                        excerpt(topic, 60)
                    ),
                )
            }
            _ => Rejected::new(
                RejectReason::Malformed,
                format!("no kind of frame of this instrument: `{}`", shown(bytes)),
            ),
        }
    }

    /// Notes what a comment line says, if it is one.
    fn comment(&mut self, bytes: &[u8]) -> Option<Ignored> {
        let FramingKind::Line {
            comment: Some(prefix),
            ..
        } = &self.profile.framing.kind
        else {
            return None;
        };
        if !bytes.starts_with(prefix.as_bytes()) {
            return None;
        }
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        for (rule, value) in self.profile.remember.iter().zip(&mut self.remembered) {
            if let Some(rest) = text.strip_prefix(rule.after.as_str()) {
                *value = Some(rest.trim().to_owned());
            }
        }
        Some(Ignored::Comment)
    }

    /// Whether the checksum was right; `false` where the profile only warns.
    fn verify(&self, bytes: &[u8]) -> Result<bool, Rejected> {
        let Some(rule) = &self.profile.checksum else {
            return Ok(true);
        };
        let verdict = match rule.mode {
            ChecksumMode::Off => return Ok(true),
            ChecksumMode::Require | ChecksumMode::Warn => frame::verify(rule, bytes),
        };
        let rejected = match verdict {
            Verdict::Good => return Ok(true),
            Verdict::NoStart => {
                return Err(Rejected::new(
                    RejectReason::Malformed,
                    format!("does not begin with `{}`: `{}`", rule.after, shown(bytes)),
                ));
            }
            Verdict::Missing => Rejected::new(
                RejectReason::Truncated,
                format!("ends before its checksum: `{}`", shown(bytes)),
            ),
            Verdict::Wrong { stored, computed } => Rejected::new(
                RejectReason::Checksum,
                format!("checksum says {stored:02X}, the bytes give {computed:02X}"),
            ),
        };
        match rule.mode {
            ChecksumMode::Warn | ChecksumMode::Off => Ok(false),
            ChecksumMode::Require => Err(rejected),
        }
    }

    /// The part of a frame that a checksum covers, or all of it.
    fn body<'t>(&self, text: &'t str) -> &'t str {
        let Some(rule) = &self.profile.checksum else {
            return text.trim();
        };
        let inner = text.strip_prefix(rule.after.as_str()).unwrap_or(text);
        inner
            .rsplit_once(rule.until.as_str())
            .map_or(inner, |(body, _)| body)
    }
}

fn one(bytes: &[u8], decoded: impl Into<Decoded>) -> Outcomes {
    smallvec::smallvec![(0..bytes.len(), decoded.into())]
}

/// Foreign bytes, cut and made printable for an error text.
fn shown(bytes: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(bytes), 60)
}

#[cfg(test)]
mod tests;
