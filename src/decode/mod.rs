//! A frame and its profile make a [`RawReading`]: numbers as they came, with
//! their unit and what the frame says about them. Nothing is converted here.
//!
//! A legal frame that holds no reading (comment, other sentence, status only)
//! is ignored; anything else is rejected with a reason from a closed list.

mod binary;
mod captures;
mod counter;
mod fields;
mod json;
mod lines;
mod message;
mod number;
mod parts;
mod quirk;
mod raw;
mod time;
mod xml;

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

pub use fields::Fields;
pub use number::{NumberError, parse_number};
pub use raw::{
    Decoded, Ignored, RawPosition, RawReading, RawValue, RefusedValue, RejectReason, Rejected,
};

use crate::clock::Mono;
use crate::error::excerpt;
use crate::frame::{self, Framed, Refusal, Verdict};
use crate::profile::schema::{ChecksumMode, Unused};
use crate::profile::{Checksum, Cover, Format, FramingKind, Inside, Message, Profile, ToldBy};
use captures::{Body, Captures, Found, Told};
use counter::{Counters, Totals};
use message::read_message;
use quirk::Importer;

/// What one frame gives, with the bytes of the frame it stands in; more than
/// one only where frames were glued together.
pub type Outcomes = SmallVec<[(Range<usize>, Decoded); 1]>;

/// Decodes the frames of one instrument, in order.
#[derive(Clone, Debug)]
pub struct Decoder {
    profile: Arc<Profile>,
    /// By the profile's `remember` list.
    remembered: Vec<Option<String>>,
    /// When it was told, likewise.
    told_at: Vec<Mono>,
    /// Running totals as last seen.
    counters: Totals,
    /// When the present frame arrived.
    now: Mono,
    /// Reads recordings that are no stream of frames.
    importer: Option<Importer>,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    pub fn new(profile: Arc<Profile>) -> Self {
        let count = profile.remember.len();
        let now = Mono::from_nanos(0);
        let importer = match profile.framing.kind {
            FramingKind::Recording { importer } => Some(Importer::new(importer)),
            _ => None,
        };
        Self {
            profile,
            remembered: vec![None; count],
            told_at: vec![now; count],
            counters: Totals::default(),
            now,
            importer,
        }
    }

    /// Tells when the frames that follow arrived, for values that are the rate
    /// of a running total, and for what is remembered only for a time.
    pub fn arrived(&mut self, now: Mono) {
        self.now = now;
        let rules = self.profile.remember.iter().zip(&self.told_at);
        for ((rule, told_at), value) in rules.zip(&mut self.remembered) {
            if rule.holds.is_some_and(|holds| now.since(*told_at) > holds) {
                *value = None;
            }
        }
    }

    /// The profile it decodes by.
    pub const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Decodes what a framer found.
    pub fn decode_framed(&mut self, framed: &Framed, topic: Option<&str>) -> Outcomes {
        if let Some(importer) = &mut self.importer {
            let is_last = matches!(framed, Framed::Unfinished(_));
            let records = importer.read(framed.bytes(), is_last);
            if is_last {
                // Another recording may follow.
                self.importer = Self::new(Arc::clone(&self.profile)).importer;
            }
            return self.records(records);
        }
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
            Framed::Refused {
                why: Refusal::Noise(_),
                bytes,
            } if self.is_ignored_text(bytes) => one(bytes, Decoded::Ignored(Ignored::Other)),
            Framed::Refused { why, bytes } => one(bytes, refused(why, bytes)),
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

    /// Decodes what an importer made of a piece of a recording.
    fn records(&mut self, records: quirk::Records) -> Outcomes {
        let decoded = |(range, found)| match found {
            quirk::Found::Line(line) => (range, self.decode_piece(line.as_bytes(), None)),
            quirk::Found::Ignored(ignored) => (range, Decoded::Ignored(ignored)),
            quirk::Found::Rejected(rejected) => (range, rejected.into()),
        };
        records.into_iter().map(decoded).collect()
    }

    /// Decodes one frame; MQTT frames come with their topic.
    pub fn decode(&mut self, bytes: &[u8], topic: Option<&str>) -> Outcomes {
        let whole = self.decode_piece(bytes, topic);
        // A frame may be glued behind what is none.
        if !matches!(whole, Decoded::Rejected(_)) && !self.is_unmarked(bytes) {
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
            .any(|(range, decoded)| {
                let piece = bytes.get(range.clone()).unwrap_or_default();
                !matches!(decoded, Decoded::Rejected(_)) && self.proves_itself(piece)
            })
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
        if self.is_ignored_text(bytes) || self.is_unmarked(bytes) {
            return Decoded::Ignored(Ignored::Other);
        }
        let verified = match self.verify(bytes) {
            Ok(verified) => verified,
            Err(rejected) => return rejected.into(),
        };
        let mut told = Told::new();
        let decoded = self.by_message(bytes, topic, verified, &mut told);
        if !matches!(decoded, Decoded::Rejected(_)) {
            for (rule, text) in told {
                self.remember(rule, text);
            }
        }
        decoded
    }

    /// Decodes by the first message that fits; `told` gets what it tells for the
    /// frames that follow.
    fn by_message(
        &mut self,
        bytes: &[u8],
        topic: Option<&str>,
        verified: bool,
        told: &mut Told,
    ) -> Decoded {
        let mut damage = None;
        let mut held = Vec::new();
        for (n, message) in self.profile.messages.iter().enumerate() {
            let body = self.part_of(bytes, message, &mut held);
            let found = match body {
                Ok(body) => Captures::find(message, body, topic, &self.remembered),
                Err(text) => {
                    damage.get_or_insert(text);
                    continue;
                }
            };
            match found {
                Found::Other => {}
                Found::Whole(captures) if captures.fit(&message.when) => {
                    *told = captures.told(message);
                    if message.ignore {
                        if message.restart {
                            self.counters.clear();
                        }
                        return Decoded::Ignored(Ignored::Other);
                    }
                    let counters = Counters {
                        of: &mut self.counters,
                        message: n,
                        now: self.now,
                    };
                    return read_message(&self.profile, message, &captures, verified, counters);
                }
                // What cannot be read at all fits no condition either.
                Found::Damaged(captures, text)
                    if captures.fit(&message.when)
                        || matches!(message.format, Format::Json { .. }) =>
                {
                    damage.get_or_insert(text);
                }
                // A binary payload is not this message, where the frame may hold one.
                Found::NotText if message.inside.is_some() => {}
                Found::NotText => {
                    damage.get_or_insert_with(|| format!("not UTF-8 text: `{}`", shown(bytes)));
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
            // Without topics of its own it is the label of a request.
            Some(topic)
                if self.profile.topics().next().is_some()
                    && !self.profile.topics().any(|t| t.captures(topic).is_some()) =>
            {
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
        let profile = Arc::clone(&self.profile);
        for (n, rule) in profile.remember.iter().enumerate() {
            if let ToldBy::Comment(after) = &rule.told_by
                && let Some(rest) = text.strip_prefix(after.as_str())
            {
                self.remember(n, rest.trim().to_owned());
            }
        }
        Some(Ignored::Comment)
    }

    /// Keeps a value for the frames that follow.
    fn remember(&mut self, rule: usize, text: String) {
        if let Some(value) = self.remembered.get_mut(rule) {
            *value = Some(text);
        }
        if let Some(told_at) = self.told_at.get_mut(rule) {
            *told_at = self.now;
        }
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
                let after = marks(rule).map_or("", |(after, _)| after);
                return Err(Rejected::new(
                    RejectReason::Malformed,
                    format!("does not begin with `{after}`: `{}`", shown(bytes)),
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

    /// Whether every line of it is a text that is legal without being a frame.
    fn is_ignored_text(&self, bytes: &[u8]) -> bool {
        let ignore = &self.profile.ignore;
        !ignore.is_empty()
            && std::str::from_utf8(bytes).is_ok_and(|text| {
                text.trim()
                    .lines()
                    .all(|line| ignore.iter().any(|pattern| pattern.fits(line.trim())))
            })
    }

    /// Whether it does not begin as frames do, and need not.
    fn is_unmarked(&self, bytes: &[u8]) -> bool {
        match self.profile.checksum.as_ref().map(|rule| &rule.cover) {
            Some(Cover::Marks {
                after,
                unmarked: Unused::Ignored,
                ..
            }) => !bytes.starts_with(after.as_bytes()),
            _ => false,
        }
    }

    /// The part of a frame that a message takes apart; `held` keeps what had to
    /// be decoded for it.
    fn part_of<'b>(
        &self,
        bytes: &'b [u8],
        message: &Message,
        held: &'b mut Vec<u8>,
    ) -> Result<Body<'b>, String> {
        let bytes = match &message.inside {
            None => {
                let text = std::str::from_utf8(bytes).ok();
                return Ok(Body {
                    bytes,
                    text: text.map(|text| self.body(text)),
                });
            }
            Some(Inside::Range { from, to }) => {
                let len = bytes.len();
                let start = frame::offset(*from, len);
                let end = to.map_or(Some(len), |to| frame::offset(to, len));
                start
                    .zip(end)
                    .and_then(|(start, end)| bytes.get(start..end))
                    .ok_or_else(|| format!("{len} bytes, too few"))?
            }
            Some(Inside::Encoded { pointer, encoding }) => {
                let text = std::str::from_utf8(bytes)
                    .map_err(|_| format!("not UTF-8 text: `{}`", shown(bytes)))?;
                *held = json::encoded(text, pointer, *encoding)?;
                held
            }
        };
        Ok(Body {
            bytes,
            text: std::str::from_utf8(bytes).ok().map(str::trim),
        })
    }

    /// The part of a frame between the marks of its checksum, or all of it.
    fn body<'t>(&self, text: &'t str) -> &'t str {
        let Some((after, until)) = self.profile.checksum.as_ref().and_then(marks) else {
            return text.trim();
        };
        let inner = text.strip_prefix(after).unwrap_or(text);
        inner.rsplit_once(until).map_or(inner, |(body, _)| body)
    }
}

/// The texts between which a checksum's range lies.
fn marks(rule: &Checksum) -> Option<(&str, &str)> {
    match &rule.cover {
        Cover::Marks { after, until, .. } => Some((after, until)),
        Cover::Regions(_) => None,
    }
}

/// What was refused before decoding.
fn refused(why: &Refusal, bytes: &[u8]) -> Rejected {
    let shown = shown(bytes);
    match why {
        Refusal::Checksum => Rejected::new(
            RejectReason::Checksum,
            format!("the checksum does not fit: `{shown}`"),
        ),
        Refusal::Noise(dropped) => Rejected::new(
            RejectReason::Malformed,
            format!("{} of no frame: `{shown}`", count(*dropped)),
        ),
        Refusal::Cut(dropped) => Rejected::new(
            RejectReason::Truncated,
            format!("{} of a frame without its end: `{shown}`", count(*dropped)),
        ),
        Refusal::Denied(code) => Rejected::new(
            RejectReason::Malformed,
            format!("the instrument answers with exception {code}"),
        ),
        Refusal::UnexpectedReply => Rejected::new(
            RejectReason::UnexpectedReply,
            format!("nobody asked for this: `{shown}`"),
        ),
        Refusal::OtherInstrument(text) => {
            Rejected::new(RejectReason::UnknownInstrument, text.clone())
        }
    }
}

fn one(bytes: &[u8], decoded: impl Into<Decoded>) -> Outcomes {
    smallvec::smallvec![(0..bytes.len(), decoded.into())]
}

/// Foreign bytes, cut and made readable for an error text: as text, or as hex
/// digits where most of them are none.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let is_odd =
        |c: &char| (c.is_control() && !c.is_whitespace()) || *c == char::REPLACEMENT_CHARACTER;
    if text.chars().filter(is_odd).count() * 2 <= text.chars().count() {
        return excerpt(&text, 60);
    }
    let hex: Vec<String> = bytes
        .iter()
        .take(20)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    excerpt(&hex.join(" "), 60)
}

/// A number of bytes in words.
fn count(n: usize) -> String {
    format!("{n} byte{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
