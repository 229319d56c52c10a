//! The documents of a JSON recording.

use bytes::Bytes;
use serde_json::Value;

use crate::json::without_non_finite;

/// One document, a list of documents, one a line, or one behind the other over
/// several lines each.
///
/// A damaged one costs only itself: what is no document stays one piece for each
/// of its lines.
pub(super) fn documents(bytes: &[u8]) -> Vec<Bytes> {
    if let Some(whole) = whole(bytes) {
        return whole;
    }
    let lines = bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii_end);
    let is_list = bytes.trim_ascii_start().starts_with(b"[");
    let mut found = Vec::new();
    let mut open = Open::default();
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        if line.starts_with(b"{") {
            open.give_up(&mut found);
        }
        if open.lines.is_empty() {
            let piece = line.trim_ascii();
            // The marks of a list whose documents stand on lines of their own.
            if is_list && matches!(piece, b"[" | b"]") {
                continue;
            }
            if let Some(of_line) = whole(piece).or_else(|| unlisted(piece).filter(|_| is_list)) {
                found.extend(of_line);
                continue;
            }
            if !begins(line) {
                found.push(Bytes::copy_from_slice(piece));
                continue;
            }
        }
        open.add(line);
        if let Some(document) = open.document() {
            found.push(document);
            open = Open::default();
        }
    }
    open.give_up(&mut found);
    found
}

/// Whether a document begins here that goes on in the next line.
fn begins(line: &[u8]) -> bool {
    line.starts_with(b"{") && matches!(line.last(), Some(b'{' | b'[' | b',' | b':'))
}

/// All of it, where it is one document or a list of them.
fn whole(bytes: &[u8]) -> Option<Vec<Bytes>> {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let bytes = bytes.trim_ascii();
    let is_list = bytes.starts_with(b"[");
    let value = read(bytes).or_else(|| {
        let text = std::str::from_utf8(bytes).ok().filter(|_| is_list)?;
        read(without_non_finite(text)?.as_bytes())
    })?;
    Some(match value {
        Value::Array(items) => items.iter().map(|item| item.to_string().into()).collect(),
        _ => vec![Bytes::copy_from_slice(bytes)],
    })
}

/// The documents of a line of a list that is damaged elsewhere, without the list's
/// own marks.
fn unlisted(piece: &[u8]) -> Option<Vec<Bytes>> {
    let inner = piece.strip_prefix(b"[").unwrap_or(piece).trim_ascii();
    let inner = inner.strip_suffix(b"]").unwrap_or(inner).trim_ascii();
    whole(inner.strip_suffix(b",").unwrap_or(inner))
}

/// Longest document over several lines.
const MAX_BYTES: usize = 65_536;

/// A document of which some lines have come.
#[derive(Debug, Default)]
struct Open<'b> {
    lines: Vec<&'b [u8]>,
    bytes: usize,
}

impl<'b> Open<'b> {
    fn add(&mut self, line: &'b [u8]) {
        self.bytes += line.len() + 1;
        self.lines.push(line);
    }

    /// All of it, once its last line has come.
    fn document(&self) -> Option<Bytes> {
        let last = self.lines.last()?;
        if !last.starts_with(b"}") || self.bytes > MAX_BYTES {
            return None;
        }
        let text = self.lines.join(&b'\n');
        Some(Bytes::from(text))
    }

    /// It has no end: each of its lines is a piece of its own.
    fn give_up(&mut self, found: &mut Vec<Bytes>) {
        let lines = std::mem::take(self).lines.into_iter();
        found.extend(lines.map(|line| Bytes::copy_from_slice(line.trim_ascii())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(recording: &str, expected: &[&str]) {
        let found = documents(recording.as_bytes());
        let found: Vec<_> = found
            .iter()
            .map(|document| std::str::from_utf8(document).unwrap())
            .collect();
        assert_eq!(found, expected, "{recording}");
    }

    #[test]
    fn one_a_list_or_a_line_each() {
        check("{\"a\":\n1}", &["{\"a\":\n1}"]);
        check("[{\"a\":1},{\"a\":2}]", &["{\"a\":1}", "{\"a\":2}"]);
        check(
            "{\"a\":1}\n\n{\"a\":2}\r\nrubbish\n",
            &["{\"a\":1}", "{\"a\":2}", "rubbish"],
        );
        check("[{\"a\":1}]\n[{\"a\":2}]", &["{\"a\":1}", "{\"a\":2}"]);
        check("", &[]);
        check(" \n ", &[]);
        check("[]", &[]);
    }

    #[test]
    fn a_number_that_is_none_does_not_spoil_a_list() {
        check(
            "[{\"a\":NaN},\n{\"a\":1e400}]",
            &["{\"a\":null}", "{\"a\":null}"],
        );
    }

    #[test]
    fn over_several_lines_each() {
        check(
            "{\n \"a\":1,\n \"b\":{\n }\n}\n{\n \"a\":2\n}\n",
            &["{\n \"a\":1,\n \"b\":{\n }\n}", "{\n \"a\":2\n}"],
        );
    }

    #[test]
    fn a_damaged_one_costs_only_itself() {
        check("{\"a\":1,\n{\"a\":2}", &["{\"a\":1,", "{\"a\":2}"]);
        check("{\n \"a\":1,\n{\"a\":2}", &["{", "\"a\":1,", "{\"a\":2}"]);
        check(
            "[\n{\"a\":1},\n{\"a\":x},\n{\"a\":3}\n]\n",
            &["{\"a\":1}", "{\"a\":x},", "{\"a\":3}"],
        );
    }
}
