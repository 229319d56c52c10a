//! A recording that is no stream of frames, in pieces: which bytes make a record
//! only the importer knows, who reads one piece after the other.

use bytes::BytesMut;

use super::Framed;

/// Bytes handed on at once. Big enough to cost nothing, small enough that the
/// records of one piece do not fill the memory.
const PIECE_BYTES: usize = 4096;

/// Gives pieces as they come, and the last one as unfinished, so that the
/// importer knows the end.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    buffer: BytesMut,
    /// Whether anything came that has not been ended.
    is_open: bool,
}

impl Pieces {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.is_open |= !bytes.is_empty();
        self.buffer.extend_from_slice(bytes);
    }

    pub(super) fn next_frame(&mut self) -> Option<Framed> {
        (self.buffer.len() > PIECE_BYTES)
            .then(|| Framed::Frame(self.buffer.split_to(PIECE_BYTES).freeze()))
    }

    pub(super) fn finish(&mut self) -> Option<Framed> {
        if let Some(piece) = self.next_frame() {
            return Some(piece);
        }
        std::mem::take(&mut self.is_open).then(|| Framed::Unfinished(self.buffer.split().freeze()))
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_the_recording_and_the_last_one_says_so() {
        for len in [
            0,
            1,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            PIECE_BYTES + 1,
            3 * PIECE_BYTES,
        ] {
            let bytes: Vec<u8> = (0..=255).cycle().take(len).collect();
            let mut pieces = Pieces::default();
            let mut found = Vec::new();
            for part in bytes.chunks(1000) {
                pieces.push(part);
                found.extend(std::iter::from_fn(|| pieces.next_frame()));
            }
            found.extend(std::iter::from_fn(|| pieces.finish()));
            let all: Vec<u8> = found.iter().flat_map(|f| f.bytes().to_vec()).collect();
            assert_eq!(all, bytes);
            let unfinished = |f: &Framed| matches!(f, Framed::Unfinished(_));
            assert_eq!(found.iter().filter(|f| unfinished(f)).count(), len.min(1));
            assert!(found.last().is_none_or(unfinished));
        }
    }
}
