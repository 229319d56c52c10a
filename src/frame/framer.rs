//! The framer that a profile asks for.

use std::time::Duration;

use super::{Framed, LineFramer, Verdict, verify};
use crate::clock::Mono;
use crate::profile::schema::ChecksumMode;
use crate::profile::{Checksum, Profile};

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
}

impl Framer {
    /// The framer of a profile.
    pub fn new(profile: &Profile) -> Self {
        Self {
            kind: Kind::Line(LineFramer::new(profile.framing.max_bytes)),
            proof: profile
                .checksum
                .clone()
                .filter(|rule| rule.mode == ChecksumMode::Require),
            last: Mono::from_nanos(0),
            ready: None,
        }
    }

    /// Takes in bytes as they came, at `at`.
    pub fn push(&mut self, bytes: &[u8], at: Mono) {
        self.last = at;
        match &mut self.kind {
            Kind::Line(framer) => framer.push(bytes),
        }
    }

    /// The next frame, if a whole one is there.
    pub fn next_frame(&mut self) -> Option<Framed> {
        if let Some(framed) = self.ready.take() {
            return Some(framed);
        }
        match &mut self.kind {
            Kind::Line(framer) => framer.next_frame(),
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
        }
    }

    /// Drops what has come of a frame so far.
    pub fn clear(&mut self) {
        self.ready = None;
        match &mut self.kind {
            Kind::Line(framer) => *framer = LineFramer::new(framer.max_bytes()),
        }
    }
}
