//! One record, one line: whatever a text from outside holds, it neither begins a
//! line of its own in the log nor steers the terminal that shows it.
//!
//! Texts are escaped where they are read, too. This is the last gate, for those
//! that come by another way, such as the error of a library.

use std::fmt::Write as _;
use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

use super::LogFormat;
use crate::error::is_hidden;

/// Begins a colour. The formatter escapes those that texts hold.
const ESCAPE: char = '\u{1b}';

/// Writes each record as one line.
#[derive(Clone, Debug)]
pub(super) struct OneLine<W> {
    inner: W,
    format: LogFormat,
    has_colours: bool,
}

impl<W> OneLine<W> {
    /// Around a writer that takes a whole record at a time.
    pub(super) const fn new(inner: W, format: LogFormat, has_colours: bool) -> Self {
        Self {
            inner,
            format,
            has_colours,
        }
    }
}

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine::new(self.inner.make_writer(), self.format, self.has_colours)
    }
}

impl<W: Write> Write for OneLine<W> {
    /// Takes all of a record at once, as the formatter gives it.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        let line = one_line(&text, self.format, self.has_colours);
        self.inner.write_all(line.as_bytes())?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn one_line(record: &str, format: LogFormat, has_colours: bool) -> String {
    let (text, end) = match record.strip_suffix('\n') {
        Some(text) => (text, "\n"),
        None => (record, ""),
    };
    let mut line = String::with_capacity(record.len());
    for c in text.chars() {
        if (has_colours && c == ESCAPE) || !(c.is_control() || is_hidden(c)) {
            line.push(c);
        } else {
            escape(&mut line, c, format);
        }
    }
    line.push_str(end);
    line
}

/// In the way of the format: a reader of JSON gets the character back.
fn escape(line: &mut String, c: char, format: LogFormat) {
    match format {
        LogFormat::Text => line.extend(c.escape_default()),
        LogFormat::Json => {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(line, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_that_steers_nothing() {
        for (record, expected) in [
            ("all well\n", "all well\n"),
            ("a\nERROR b\r\n", "a\\nERROR b\\r\n"),
            (
                "\u{1b}[2J\u{9b}\u{202e}\0\n",
                "\\u{1b}[2J\\u{9b}\\u{202e}\\u{0}\n",
            ),
        ] {
            assert_eq!(one_line(record, LogFormat::Text, false), expected);
        }
        let coloured = "\u{1b}[32mINFO\u{1b}[0m a\nb\n";
        assert_eq!(
            one_line(coloured, LogFormat::Text, true),
            "\u{1b}[32mINFO\u{1b}[0m a\\nb\n"
        );
    }

    #[test]
    fn a_reader_of_json_gets_the_text_back() {
        let text = "\u{9b}2J\u{202e}\u{7f}\u{e0041}";
        let record = format!("{{\"message\":\"{text}\"}}\n");
        let line = one_line(&record, LogFormat::Json, false);
        assert!(
            line.trim_end()
                .chars()
                .all(|c| !c.is_control() && !is_hidden(c))
        );
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["message"], text);
    }
}
