//! Lines of a recording that comes in pieces.

use std::ops::Range;

use bytes::BytesMut;

/// Longest line; one that has no end by then is dropped.
const MOST_BYTES: usize = 65_536;

/// A line, or what came instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A line without its end; bytes that are no UTF-8 are replaced.
    Line(String),
    /// So many bytes without an end; they were dropped.
    TooLong(usize),
}

/// Cuts pieces into lines that end with CR, LF or both. Blank lines are left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    rest: BytesMut,
    /// Bytes of an endless line that were dropped.
    dropped: usize,
}

impl Lines {
    /// The lines that end in this piece, or with it if `is_last`, each with the
    /// bytes of the piece it stands in.
    pub(super) fn cut(&mut self, piece: &[u8], is_last: bool) -> Vec<(Range<usize>, Part)> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(len) = piece
            .get(from..)
            .and_then(|rest| rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')))
        {
            self.keep(piece.get(from..from + len).unwrap_or_default());
            found.extend(self.line().map(|line| (from..from + len, line)));
            from += len + 1;
        }
        self.keep(piece.get(from..).unwrap_or_default());
        if is_last {
            found.extend(self.line().map(|line| (from..piece.len(), line)));
        }
        found
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.dropped > 0 || self.rest.len() + bytes.len() > MOST_BYTES {
            self.dropped += self.rest.len() + bytes.len();
            self.rest.clear();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    fn line(&mut self) -> Option<Part> {
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            return Some(Part::TooLong(dropped));
        }
        let line = self.rest.split();
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{feff}').trim();
        (!text.is_empty()).then(|| Part::Line(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(bytes: &[u8], piece: usize) -> Vec<Part> {
        let mut lines = Lines::default();
        let mut found: Vec<Part> = bytes
            .chunks(piece)
            .flat_map(|piece| lines.cut(piece, false))
            .map(|(_, part)| part)
            .collect();
        found.extend(lines.cut(b"", true).into_iter().map(|(_, part)| part));
        found
    }

    #[test]
    fn lines_are_the_same_in_pieces_of_any_size() {
        let bytes = b"\xef\xbb\xbfone\r\n\r\n two \nthr\xe9e\rfour";
        let expected = ["one", "two", "thr\u{fffd}e", "four"].map(|t| Part::Line(t.to_owned()));
        for piece in 1..=bytes.len() {
            assert_eq!(cut(bytes, piece), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn an_endless_line_is_dropped_once() {
        let mut bytes = vec![b'x'; 3 * MOST_BYTES];
        bytes.extend(b"\nnext");
        let expected = [Part::TooLong(3 * MOST_BYTES), Part::Line("next".to_owned())];
        assert_eq!(cut(&bytes, 4096), expected);
    }
}
