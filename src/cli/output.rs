//! Printing: results on standard output, the rest on standard error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use super::Format;

/// The format asked for, or the one that fits where the output goes.
pub(super) fn format_or_default(asked: Option<Format>) -> Format {
    asked.unwrap_or(if io::stdout().is_terminal() {
        Format::Table
    } else {
        Format::Ndjson
    })
}

/// Writes results; a reader that closed the pipe has all it wants.
pub(super) struct Out {
    out: io::BufWriter<io::StdoutLock<'static>>,
}

impl Out {
    pub(super) fn new() -> Self {
        Self {
            out: io::BufWriter::new(io::stdout().lock()),
        }
    }

    /// One line of text.
    pub(super) fn line(&mut self, text: &str) -> anyhow::Result<()> {
        quiet(writeln!(self.out, "{text}"))
    }

    /// Text as it is.
    pub(super) fn text(&mut self, text: &str) -> anyhow::Result<()> {
        quiet(self.out.write_all(text.as_bytes()))
    }

    /// One JSON object on one line.
    pub(super) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string(value)?;
        self.line(&text)
    }

    /// What was written so far is out.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        quiet(self.out.flush())
    }

    /// Everything is out.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        quiet(self.out.flush())
    }
}

/// `head` closing its end is no failure of ours.
fn quiet(outcome: io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// A line on standard error.
pub(super) fn complain(text: &str) {
    // There is nowhere left to report a failure of standard error.
    writeln!(io::stderr().lock(), "pantau: {text}").ok();
}

/// Lines up columns; the first row is the head.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let pad = width - cell.chars().count();
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', pad + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_characters() {
        let rows = [["a", "b"], ["µSv/h", "c"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a      b\nµSv/h  c\n");
    }
}
