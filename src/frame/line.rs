//! Lines that end with CR, LF or both.

use bytes::{Buf, Bytes, BytesMut};

use super::{Framed, HEAD_BYTES};

/// Cuts a byte stream into lines.
///
/// Empty lines are not frames, unless a separator ends them. A line longer than the limit is dropped up to
/// its end and reported once, with its length.
#[derive(Debug)]
pub struct LineFramer {
    max_bytes: usize,
    /// Ends a line as CR and LF do.
    separator: Option<u8>,
    buffer: BytesMut,
    /// How much of `buffer` has been searched for an end.
    searched: usize,
    /// While an oversized line is dropped.
    oversize: Option<Oversize>,
}

#[derive(Debug)]
struct Oversize {
    dropped: usize,
    head: Bytes,
}

const fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

impl LineFramer {
    /// A framer for lines of at most `max_bytes`, without their end; a
    /// separator is a further one.
    pub fn new(max_bytes: usize, separator: Option<u8>) -> Self {
        Self {
            max_bytes,
            separator,
            buffer: BytesMut::new(),
            searched: 0,
            oversize: None,
        }
    }

    /// Drops what has come of a line so far.
    pub fn clear(&mut self) {
        *self = Self::new(self.max_bytes, self.separator);
    }

    /// Takes in bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next frame, if a whole one is there.
    pub fn next_frame(&mut self) -> Option<Framed> {
        loop {
            let end = self
                .buffer
                .iter()
                .skip(self.searched)
                .position(|byte| is_end(*byte) || self.separator == Some(*byte))
                .map(|at| at + self.searched);
            let Some(end) = end else {
                self.searched = self.buffer.len();
                self.drop_oversize();
                return None;
            };
            let line = self.buffer.split_to(end).freeze();
            let separated = self.separator == Some(self.buffer.get_u8());
            self.searched = 0;
            if let Some(oversize) = self.oversize.take() {
                return Some(Framed::TooLong {
                    dropped: oversize.dropped + line.len(),
                    head: oversize.head,
                });
            }
            if line.len() > self.max_bytes {
                return Some(Framed::TooLong {
                    dropped: line.len(),
                    head: head(&line),
                });
            }
            if separated || !line.is_empty() {
                return Some(Framed::Frame(line));
            }
        }
    }

    /// What is left when the stream has ended; the framer is empty afterwards.
    pub fn finish(&mut self) -> Option<Framed> {
        let rest = self.buffer.split().freeze();
        self.searched = 0;
        if let Some(oversize) = self.oversize.take() {
            return Some(Framed::TooLong {
                dropped: oversize.dropped + rest.len(),
                head: oversize.head,
            });
        }
        (!rest.is_empty()).then_some(Framed::Unfinished(rest))
    }

    /// The bytes of a line that has no end yet; empty while an oversized one is
    /// dropped.
    pub fn pending(&self) -> &[u8] {
        match self.oversize {
            Some(_) => &[],
            None => &self.buffer,
        }
    }

    /// Takes those bytes as a whole line: the caller knows that nothing is to
    /// follow.
    pub fn take_pending(&mut self) -> Bytes {
        self.searched = 0;
        self.buffer.split().freeze()
    }

    /// Keeps the buffer bounded while no line end comes.
    fn drop_oversize(&mut self) {
        if self.buffer.len() <= self.max_bytes {
            return;
        }
        let dropped = self.buffer.split().freeze();
        self.searched = 0;
        match &mut self.oversize {
            Some(oversize) => oversize.dropped += dropped.len(),
            None => {
                self.oversize = Some(Oversize {
                    dropped: dropped.len(),
                    head: head(&dropped),
                });
            }
        }
    }
}

/// A copy of the first bytes, so that the record does not hold the whole line.
fn head(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes.get(..HEAD_BYTES).unwrap_or(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the framer makes of `input` when it comes in pieces of `chunk`.
    fn frames(input: &[u8], max_bytes: usize, chunk: usize) -> Vec<String> {
        let mut framer = LineFramer::new(max_bytes, None);
        let mut out = Vec::new();
        let mut take = |framed: Framed| match framed {
            Framed::Frame(bytes) => out.push(String::from_utf8_lossy(&bytes).into_owned()),
            Framed::TooLong { dropped, .. } => out.push(format!("<too long {dropped}>")),
            Framed::Refused { .. } => out.push("<refused>".to_owned()),
            Framed::Unfinished(bytes) => {
                out.push(format!("<unfinished {}>", String::from_utf8_lossy(&bytes)));
            }
        };
        for piece in input.chunks(chunk) {
            framer.push(piece);
            while let Some(framed) = framer.next_frame() {
                take(framed);
            }
        }
        if let Some(framed) = framer.finish() {
            take(framed);
        }
        out
    }

    #[track_caller]
    fn check(input: &[u8], max_bytes: usize, expected: &[&str]) {
        for chunk in 1..=64 {
            assert_eq!(
                frames(input, max_bytes, chunk),
                expected,
                "in pieces of {chunk}"
            );
        }
    }

    #[test]
    fn any_line_end_ends_a_line() {
        check(b"a\r\nb\nc\rd\n\r\n\r", 8, &["a", "b", "c", "d"]);
    }

    #[test]
    fn an_endless_line_is_dropped_once_and_the_next_one_is_read() {
        let mut input = vec![b'x'; 5000];
        input.extend_from_slice(b"\nok\n");
        check(&input, 16, &["<too long 5000>", "ok"]);
        check(b"0123456789abcdefg\nok\n", 16, &["<too long 17>", "ok"]);
        check(b"0123456789abcdef\nok\n", 16, &["0123456789abcdef", "ok"]);
    }

    #[test]
    fn the_end_of_the_stream_shows_what_was_cut() {
        check(b"a\nbc", 8, &["a", "<unfinished bc>"]);
        check(&[b'x'; 100], 8, &["<too long 100>"]);
    }

    #[test]
    fn memory_stays_bounded_without_a_line_end() {
        let mut framer = LineFramer::new(64, None);
        for _ in 0..1000 {
            framer.push(&[0; 1024]);
            assert_eq!(framer.next_frame(), None);
            assert!(
                framer.buffer.len() <= 64,
                "{} bytes held",
                framer.buffer.len()
            );
        }
    }

    #[test]
    fn a_separator_ends_empty_lines_too() {
        let mut framer = LineFramer::new(8, Some(b';'));
        framer.push(b"a;;b\r\n;c");
        let lines: Vec<Framed> = std::iter::from_fn(|| framer.next_frame()).collect();
        let expected = ["a", "", "b", ""].map(|line| Framed::Frame(line.into()));
        assert_eq!(lines, expected);
        assert_eq!(framer.finish(), Some(Framed::Unfinished("c".into())));
    }
}
