//! Recordings: bytes that an instrument sent once, taken apart into frames.

mod documents;

use bytes::Bytes;
use documents::documents;
use serde::Deserialize;

use crate::clock::{Mono, Wall};
use crate::dialogue::Recorded;
use crate::frame::{Framed, Framer};
use crate::profile::{FramingKind, Profile};

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The bytes as they came; for JSON families one document, a list of them,
    /// or one a line. Of polled instruments the answers in the order of the
    /// cycle.
    Bytes,
    /// Hex dumps, one frame, answer or chunk a line, with `#` comments.
    Hex,
    /// One JSON object a line with `topic` and `payload` or `payload_hex`.
    Mqtt,
}

/// One frame of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// What the framer made of it.
    pub framed: Framed,
    /// The topic it came on.
    pub topic: Option<String>,
    /// Whether the broker had kept it.
    pub retained: bool,
    /// When it arrived, if the recording says so.
    pub at: Option<Wall>,
}

/// Why a recording cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// A line is not what the form demands.
    #[error("line {line}: {text}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        text: String,
    },
    /// The form needs text.
    #[error("the recording is not UTF-8 text")]
    NotText,
}

/// Takes a recording apart into frames, in order.
///
/// # Errors
///
/// When the recording itself is not written as `form` says; damaged frames in
/// it are no error here.
pub fn frames(
    profile: &Profile,
    form: Form,
    bytes: &[u8],
) -> Result<Vec<Captured>, RecordingError> {
    let bytes = without_mark(profile, form, bytes);
    if let (Form::Bytes | Form::Hex, Some(recorded)) = (form, Recorded::new(profile)) {
        let answers = match form {
            Form::Hex => {
                let chunks = hex_lines(text(bytes)?)?;
                recorded.answers(chunks.into_iter().map(Bytes::from))
            }
            Form::Bytes | Form::Mqtt => recorded.stream(bytes),
        };
        return Ok(answers.into_iter().map(labelled).collect());
    }
    match (form, &profile.framing.kind) {
        (Form::Mqtt, _) => mqtt(text(bytes)?),
        (Form::Bytes, FramingKind::Message) => {
            Ok(documents(bytes).into_iter().map(plain).collect())
        }
        (Form::Bytes, _) => Ok(stream(profile, bytes)),
        (Form::Hex, kind) => {
            let chunks = hex_lines(text(bytes)?)?;
            Ok(match kind {
                FramingKind::Message => chunks
                    .into_iter()
                    .map(|chunk| plain(chunk.into()))
                    .collect(),
                FramingKind::Line { .. } if !chunks.iter().flatten().any(is_line_end) => chunks
                    .into_iter()
                    .map(|chunk| plain(chunk.into()))
                    .collect(),
                // Each line is what came between two pauses, or in one window.
                FramingKind::Fixed { .. }
                | FramingKind::Idle { .. }
                | FramingKind::Events { .. } => chunks
                    .iter()
                    .flat_map(|chunk| stream(profile, chunk))
                    .collect(),
                _ => stream(profile, &chunks.concat()),
            })
        }
    }
}

/// Without the byte order mark that editors put before a text.
fn without_mark<'b>(profile: &Profile, form: Form, bytes: &'b [u8]) -> &'b [u8] {
    let is_text = form != Form::Bytes
        || matches!(
            profile.framing.kind,
            FramingKind::Line { .. } | FramingKind::Message
        );
    let rest = bytes.strip_prefix("\u{feff}".as_bytes());
    rest.filter(|_| is_text).unwrap_or(bytes)
}

const fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn text(bytes: &[u8]) -> Result<&str, RecordingError> {
    std::str::from_utf8(bytes).map_err(|_| RecordingError::NotText)
}

const fn plain(frame: Bytes) -> Captured {
    Captured {
        framed: Framed::Frame(frame),
        topic: None,
        retained: false,
        at: None,
    }
}

fn labelled((label, framed): (String, Framed)) -> Captured {
    Captured {
        topic: Some(label),
        ..captured(framed)
    }
}

/// The frames of a stream that begins and ends with `bytes`.
fn stream(profile: &Profile, bytes: &[u8]) -> Vec<Captured> {
    let is_line = matches!(profile.framing.kind, FramingKind::Line { .. });
    let mut framer = Framer::new(profile);
    framer.push(bytes, Mono::from_nanos(0));
    if let FramingKind::Events { window } = profile.framing.kind {
        // A recording has no times: all of it came in one window.
        framer.tick(Mono::from_nanos(0).saturating_add(window));
    }
    let mut frames: Vec<Captured> = std::iter::from_fn(|| framer.next_frame())
        .map(captured)
        .collect();
    frames.extend(
        std::iter::from_fn(|| framer.finish()).map(|left| match left {
            // The last line of a file is whole even without its end: unlike on a
            // live line, nothing more is to come.
            Framed::Unfinished(rest) if is_line => plain(rest),
            other => captured(other),
        }),
    );
    frames
}

const fn captured(framed: Framed) -> Captured {
    Captured {
        framed,
        topic: None,
        retained: false,
        at: None,
    }
}

fn hex_lines(text: &str) -> Result<Vec<Vec<u8>>, RecordingError> {
    let mut chunks = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let digits = line.split('#').next().unwrap_or_default();
        let chunk = hex(digits).map_err(|text| RecordingError::Line { line: n + 1, text })?;
        if !chunk.is_empty() {
            chunks.push(chunk);
        }
    }
    Ok(chunks)
}

/// Bytes from pairs of hex digits, with blanks anywhere between pairs.
fn hex(digits: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for word in digits.split_whitespace() {
        let word = word
            .strip_prefix("0x")
            .unwrap_or(word)
            .trim_end_matches(',');
        if word.len() % 2 != 0 || !word.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!(
                "`{}` is not pairs of hex digits",
                crate::error::excerpt(word, 24)
            ));
        }
        for pair in word.as_bytes().chunks(2) {
            let pair = std::str::from_utf8(pair).expect("hex digits are ASCII");
            bytes.push(u8::from_str_radix(pair, 16).expect("two hex digits are a byte"));
        }
    }
    Ok(bytes)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MqttLine {
    topic: String,
    payload: Option<String>,
    payload_hex: Option<String>,
    #[serde(default)]
    retained: bool,
    at: Option<String>,
}

fn mqtt(text: &str) -> Result<Vec<Captured>, RecordingError> {
    let mut frames = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let bad = |text: String| RecordingError::Line { line: n + 1, text };
        let message: MqttLine =
            serde_json::from_str(line).map_err(|error| bad(error.to_string()))?;
        let payload = match (message.payload, message.payload_hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(digits)) => hex(&digits).map_err(bad)?,
            _ => {
                return Err(bad(
                    "needs `payload` or `payload_hex`, and only one".to_owned()
                ));
            }
        };
        let at = match message.at {
            Some(text) => Some(Wall::parse_rfc3339(&text).map_err(|error| bad(error.to_string()))?),
            None => None,
        };
        frames.push(Captured {
            framed: Framed::Frame(payload.into()),
            topic: Some(message.topic),
            retained: message.retained,
            at,
        });
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_dumps_allow_comments_and_blanks() {
        assert_eq!(
            hex_lines("# head\n02 14E1 # mantissa\n\n0x7A, FD\n").unwrap(),
            [vec![0x02, 0x14, 0xe1], vec![0x7a, 0xfd]]
        );
        assert!(matches!(
            hex_lines("00\n1"),
            Err(RecordingError::Line { line: 2, .. })
        ));
    }
}
