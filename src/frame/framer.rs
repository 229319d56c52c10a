//! The framer that a profile asks for.

use std::time::Duration;

use bytes::Bytes;

use super::json::ObjectScan;
use super::marked::{MarkedFramer, Measure};
use super::pauses::{EventCounter, PauseFramer};
use super::pieces::Pieces;
use super::{Framed, LineFramer, Verdict, verify};
use crate::clock::Mono;
use crate::profile::schema::ChecksumMode;
use crate::profile::{Checksum, FramingKind, Profile};

/// A line that has not ended by then, and whose checksum is there and right, is
/// whole: its end got lost, or the instrument was switched off.
const UNENDED: Duration = Duration::from_millis(500);

/// Cuts the bytes of one instrument into frames.
///
/// Time comes in as an argument: [`push`](Self::push) says when bytes arrived,
/// [`deadline`](Self::deadline) when the passing of time alone may complete a
/// frame, and [`tick`](Self::tick) that it has come.
#[derive(Debug)]
pub struct Framer {
    kind: Kind,
    /// How a frame proves itself, where the profile demands it.
    proof: Option<Checksum>,
    last: Mono,
    ready: Option<Framed>,
}

#[derive(Debug)]
enum Kind {
    Line(LineFramer),
    Marked(MarkedFramer),
    Pause(PauseFramer),
    Events(EventCounter),
    Pieces(Pieces),
    /// Each piece is a frame.
    Message,
}

impl Framer {
    /// The framer of a profile.
    pub fn new(profile: &Profile) -> Self {
        let framing = &profile.framing;
        let max = framing.max_bytes;
        let proof = profile
            .checksum
            .clone()
            .filter(|rule| rule.mode == ChecksumMode::Require);
        let marked = |begin: &[u8], measure, between: &[u8]| {
            Kind::Marked(MarkedFramer::new(
                begin,
                measure,
                between,
                max,
                proof.clone(),
            ))
        };
        let kind = match &framing.kind {
            FramingKind::Line { separator, .. } => Kind::Line(LineFramer::new(max, *separator)),
            FramingKind::Message => Kind::Message,
            FramingKind::Enclosed {
                begin,
                end,
                begin_inside,
                between,
            } => {
                let measure = Measure::Until {
                    end: end.clone(),
                    begin_inside: *begin_inside,
                    searched: 0,
                };
                // Marks on both sides make a frame; a wrong checksum is the
                // decoder's to name, and no reason to look inside.
                Kind::Marked(MarkedFramer::new(begin, measure, between, max, None))
            }
            FramingKind::Marked {
                begin,
                length,
                end,
                between,
            } => {
                let measure = Measure::Length {
                    length: *length,
                    end: end.clone(),
                };
                marked(begin, measure, between)
            }
            FramingKind::Json => marked(b"{", Measure::Object(ObjectScan::default()), b" \t\r\n"),
            FramingKind::Fixed { gap } => Kind::Pause(PauseFramer::new(*gap, max, true)),
            FramingKind::Idle { gap } => Kind::Pause(PauseFramer::new(*gap, max, false)),
            FramingKind::Events { window } => Kind::Events(EventCounter::new(*window)),
            FramingKind::Recording { .. } => Kind::Pieces(Pieces::default()),
        };
        Self {
            kind,
            proof,
            last: Mono::from_nanos(0),
            ready: None,
        }
    }

    /// Takes in bytes as they came, at `at`; frames are to be taken out before
    /// the next bytes are put in.
    pub fn push(&mut self, bytes: &[u8], at: Mono) {
        self.last = at;
        match &mut self.kind {
            Kind::Line(framer) => framer.push(bytes),
            Kind::Marked(framer) => framer.push(bytes),
            Kind::Pause(framer) => framer.push(bytes, at),
            Kind::Events(counter) => counter.push(bytes, at),
            Kind::Pieces(pieces) => pieces.push(bytes),
            Kind::Message => self.ready = Some(Framed::Frame(Bytes::copy_from_slice(bytes))),
        }
    }

    /// The next frame, if a whole one is there.
    pub fn next_frame(&mut self) -> Option<Framed> {
        if let Some(framed) = self.ready.take() {
            return Some(framed);
        }
        match &mut self.kind {
            Kind::Line(framer) => framer.next_frame(),
            Kind::Marked(framer) => framer.next_frame(),
            Kind::Pause(framer) => framer.next_frame(),
            Kind::Events(counter) => counter.next_frame(),
            Kind::Pieces(pieces) => pieces.next_frame(),
            Kind::Message => None,
        }
    }

    /// When a frame may be whole without another byte.
    pub fn deadline(&self) -> Option<Mono> {
        match &self.kind {
            Kind::Line(framer) => {
                let proof = self.proof.as_ref()?;
                let pending = framer.pending();
                (!pending.is_empty() && verify(proof, pending) == Verdict::Good)
                    .then(|| self.last.saturating_add(UNENDED))
            }
            Kind::Pause(framer) => framer.deadline(),
            Kind::Events(counter) => counter.deadline(),
            Kind::Marked(_) | Kind::Pieces(_) | Kind::Message => None,
        }
    }

    /// Tells that it is `now`; [`next_frame`](Self::next_frame) has what that
    /// completes.
    pub fn tick(&mut self, now: Mono) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match &mut self.kind {
            Kind::Line(framer) => self.ready = Some(Framed::Frame(framer.take_pending())),
            Kind::Pause(framer) => framer.tick(now),
            Kind::Events(counter) => counter.tick(now),
            Kind::Marked(_) | Kind::Pieces(_) | Kind::Message => {}
        }
    }

    /// What is left when the stream has ended; to be called until it gives
    /// nothing.
    pub fn finish(&mut self) -> Option<Framed> {
        if let Some(framed) = self.ready.take() {
            return Some(framed);
        }
        match &mut self.kind {
            Kind::Line(framer) => framer.finish(),
            Kind::Marked(framer) => framer.finish(),
            Kind::Pause(framer) => framer.finish(),
            Kind::Events(counter) => counter.finish(),
            Kind::Pieces(pieces) => pieces.finish(),
            Kind::Message => None,
        }
    }

    /// Drops what has come of a frame so far.
    pub fn clear(&mut self) {
        self.ready = None;
        match &mut self.kind {
            Kind::Line(framer) => framer.clear(),
            Kind::Marked(framer) => framer.clear(),
            Kind::Pause(framer) => framer.clear(),
            Kind::Pieces(pieces) => pieces.clear(),
            // Events that were counted happened, whatever is said meanwhile.
            Kind::Events(_) | Kind::Message => {}
        }
    }
}
