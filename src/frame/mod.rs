//! Bytes to frames, one file for each kind of framing; checksums.
//!
//! Everything here is pure: bytes in, frames out. A framer has a maximum
//! length, never loses its place for good, and gives the same frames however
//! the bytes were cut into reads.

mod checksum;
mod framer;
mod json;
mod line;
mod marked;
mod pauses;
mod pieces;
mod stray;

pub(crate) use checksum::offset;
pub use checksum::{Verdict, compute, verify};
pub use framer::Framer;
pub use line::LineFramer;

use bytes::Bytes;

/// What a framer found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framed {
    /// One frame, without what delimits it.
    Frame(Bytes),
    /// More bytes than a frame may have, without an end; they were dropped.
    TooLong {
        /// How many bytes were dropped.
        dropped: usize,
        /// The first of them.
        head: Bytes,
    },
    /// The stream ended inside a frame, or another one began inside it.
    Unfinished(Bytes),
    /// Bytes that cannot be what they should be, found so before any decoding.
    Refused {
        /// Why.
        why: Refusal,
        /// All of them, or their beginning.
        bytes: Bytes,
    },
}

impl Framed {
    /// The bytes that are there of it.
    pub const fn bytes(&self) -> &Bytes {
        match self {
            Self::Frame(bytes) | Self::Unfinished(bytes) | Self::Refused { bytes, .. } => bytes,
            Self::TooLong { head, .. } => head,
        }
    }
}

/// Why bytes are refused before they are decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A frame or an answer whose checksum is wrong.
    Checksum,
    /// An answer that says why there is none, by a code.
    Denied(u8),
    /// So many bytes that belong to no frame.
    Noise(usize),
    /// So many bytes that begin a frame without an end.
    Cut(usize),
    /// Bytes that nobody asked for, or an answer that came too late.
    UnexpectedReply,
    /// An instrument that is not the configured one is on the line; both names.
    OtherInstrument(String),
}

/// Bytes of an oversized frame, or of stray ones, that are kept for the record.
pub const HEAD_BYTES: usize = 256;
