//! Bytes to frames, one file for each kind of framing; checksums.
//!
//! Everything here is pure: bytes in, frames out. A framer has a maximum
//! length, never loses its place for good, and gives the same frames however
//! the bytes were cut into reads.

mod checksum;
mod framer;
mod line;

pub use checksum::{Verdict, verify};
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
    /// The stream ended inside a frame.
    Unfinished(Bytes),
}

/// Bytes of an oversized frame that are kept for the record.
pub const HEAD_BYTES: usize = 256;
