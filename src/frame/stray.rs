//! Bytes that belong to no frame.

use bytes::Bytes;

use super::{Framed, HEAD_BYTES, Refusal};

/// So many are reported together at most: rubbish for hours is no single event,
/// and nothing may wait for its end.
const MOST: usize = 4096;

/// Collects them; of many only the first are kept.
#[derive(Debug, Default)]
pub(super) struct Stray {
    head: Vec<u8>,
    dropped: usize,
    begins: Option<Begins>,
}

/// What stray bytes begin with, where it is more than noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// A frame of this length whose checksum is wrong.
    Failed(usize),
    /// A frame of this length without what it should end with.
    Misfit(usize),
    /// A frame that never ended.
    Endless,
    /// A frame that the end of the stream cut.
    Cut,
}

impl Stray {
    pub(super) const fn is_empty(&self) -> bool {
        self.dropped == 0
    }

    pub(super) const fn is_full(&self) -> bool {
        self.dropped >= MOST
    }

    /// Whether a failed frame is all there is.
    pub(super) fn is_one_failed_frame(&self) -> bool {
        self.begins == Some(Begins::Failed(self.dropped))
    }

    /// Says what the next byte begins, if it is the first.
    pub(super) const fn begin(&mut self, begins: Begins) {
        if self.is_empty() {
            self.begins = Some(begins);
        }
    }

    pub(super) fn add(&mut self, byte: u8) {
        if self.head.len() < HEAD_BYTES {
            self.head.push(byte);
        }
        self.dropped += 1;
    }

    /// All of it, if there is any.
    pub(super) fn take(&mut self) -> Option<Framed> {
        if self.is_empty() {
            return None;
        }
        let Self {
            head,
            dropped,
            begins,
        } = std::mem::take(self);
        let head = Bytes::from(head);
        let why = match begins {
            Some(Begins::Endless) => return Some(Framed::TooLong { dropped, head }),
            // The next frame came before this one could have ended.
            Some(Begins::Failed(len) | Begins::Misfit(len)) if dropped < len => {
                Refusal::Cut(dropped)
            }
            Some(Begins::Failed(_)) => Refusal::Checksum,
            Some(Begins::Cut) => Refusal::Cut(dropped),
            Some(Begins::Misfit(_)) | None => Refusal::Noise(dropped),
        };
        Some(Framed::Refused { why, bytes: head })
    }
}
