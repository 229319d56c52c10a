//! Finds the answer to a request in the bytes that came in.

use bytes::{Buf, Bytes, BytesMut};

use super::modbus::{self, Found};
use super::variable::Variables;
use crate::profile::dialogue::{CrcOrder, Expect};

/// What the bytes so far are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Not whole yet.
    Nothing,
    /// The answer; it is taken out of the input.
    Answer(Bytes),
    /// The instrument says that it will not; also taken out.
    Denied(Bytes),
}

/// What a Modbus answer is checked by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bus {
    pub(super) address: u8,
    pub(super) crc_order: CrcOrder,
}

/// Takes the answer out of `input`, if it is whole. Lines that stand before the
/// one that is expected go into `passed`.
///
/// [`Expect::Idle`] is whole only by the passing of time, and
/// [`Expect::Frame`] is found by the profile's framer.
pub(super) fn take(
    expect: &Expect,
    variables: &Variables,
    bus: Bus,
    input: &mut BytesMut,
    passed: &mut BytesMut,
) -> Taken {
    let answer = match expect {
        Expect::Any => (!input.is_empty()).then(|| input.split().freeze()),
        Expect::Text(text) => through(text, input),
        Expect::Bytes { count, prefix } => from_prefix(prefix, *count, input),
        Expect::BytesBy {
            of,
            rows,
            otherwise,
        } => {
            let known = variables.get(of);
            let row = rows
                .iter()
                .find(|(prefix, _)| known.is_some_and(|text| prefix.fits(text)));
            from_prefix(&[], row.map_or(*otherwise, |(_, count)| *count), input)
        }
        Expect::Line { prefix } => line(prefix, input, passed),
        Expect::Until(end) => {
            position(end, input).map(|at| input.split_to(at + end.len()).freeze())
        }
        Expect::Idle(_) | Expect::Frame => None,
        Expect::Modbus(request) => {
            match modbus::find(*request, bus.address, bus.crc_order, input) {
                Found::Nothing => None,
                Found::Answer(frame) => Some(frame),
                Found::Exception(frame) => return Taken::Denied(frame),
            }
        }
    };
    answer.map_or(Taken::Nothing, Taken::Answer)
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn position(text: &[u8], input: &[u8]) -> Option<usize> {
    if text.is_empty() {
        return None;
    }
    input.windows(text.len()).position(|window| window == text)
}

/// The text itself; what stands before it is dropped.
fn through(text: &[u8], input: &mut BytesMut) -> Option<Bytes> {
    let at = position(text, input)?;
    input.advance(at);
    Some(input.split_to(text.len()).freeze())
}

/// `count` bytes from the prefix on; what stands before it is dropped.
fn from_prefix(prefix: &[u8], count: usize, input: &mut BytesMut) -> Option<Bytes> {
    if !prefix.is_empty() {
        input.advance(position(prefix, input)?);
    }
    (input.len() >= count).then(|| input.split_to(count).freeze())
}

/// The first line that begins with the prefix, without its end; others are
/// passed over.
fn line(prefix: &[u8], input: &mut BytesMut, passed: &mut BytesMut) -> Option<Bytes> {
    loop {
        let end = input.iter().position(|byte| is_line_end(*byte))?;
        let mut whole = input.split_to(end + 1);
        let ending = whole.split_off(end);
        let line = whole.freeze();
        if !line.is_empty() && line.starts_with(prefix) {
            // Its CR LF is one end, so that the LF is nobody's answer.
            if input.first() == Some(&b'\n') {
                input.advance(1);
            }
            return Some(line);
        }
        passed.extend_from_slice(&line);
        passed.extend_from_slice(&ending);
    }
}

/// Whether bytes are nothing but the rest of a line end.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| is_line_end(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::dialogue::{Prefix, Set};

    const BUS: Bus = Bus {
        address: 1,
        crc_order: CrcOrder::LowHigh,
    };

    /// What is taken of `input`, and what is left, the same at every chunk size.
    #[track_caller]
    fn check(expect: &Expect, version: &str, input: &[u8], expected: Option<&[u8]>) {
        let mut variables = Variables::default();
        let set = Set {
            name: "version".to_owned(),
            after: String::new(),
            until: String::new(),
        };
        variables.take(&[set], version.as_bytes());
        for chunk in 1..=input.len() {
            let mut buffer = BytesMut::new();
            let mut passed = BytesMut::new();
            let mut answer = None;
            for piece in input.chunks(chunk) {
                buffer.extend_from_slice(piece);
                if answer.is_none()
                    && let Taken::Answer(bytes) =
                        take(expect, &variables, BUS, &mut buffer, &mut passed)
                {
                    answer = Some(bytes);
                }
            }
            assert_eq!(answer.as_deref(), expected, "in pieces of {chunk}");
        }
    }

    fn bytes(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn texts_lines_and_ends() {
        check(&Expect::Text(bytes(">")), "", b"\r\n>", Some(b">"));
        check(&Expect::Text(bytes(">")), "", b"#?", None);
        let line = |prefix| Expect::Line {
            prefix: bytes(prefix),
        };
        check(&line(""), "", b"\r\nOK 28\r\n", Some(b"OK 28"));
        check(&line("OK"), "", b"banner\r\nOK 28\n", Some(b"OK 28"));
        check(&line(""), "", b"OK 28", None);
        check(
            &Expect::Until(bytes("*\r")),
            "",
            b"*a*7*\r",
            Some(b"*a*7*\r"),
        );
    }

    #[test]
    fn counts_may_follow_from_a_prefix_or_a_variable() {
        let fixed = Expect::Bytes {
            count: 4,
            prefix: Bytes::from_static(&[0x7a, 0xff]),
        };
        check(
            &fixed,
            "",
            &[0x00, 0x7a, 0x7a, 0xff, 1, 2],
            Some(&[0x7a, 0xff, 1, 2]),
        );
        let row = |text: &str, is_open, count| {
            let text = text.to_owned();
            (Prefix { text, is_open }, count)
        };
        let by = Expect::BytesBy {
            of: "version".to_owned(),
            rows: vec![row("GMC-500+", true, 4), row("GMC-500", true, 2)],
            otherwise: 3,
        };
        let reply = [0, 0, 0, 28];
        check(&by, "GMC-500+Re 1.18", &reply, Some(&[0, 0, 0, 28]));
        check(&by, "GMC-500Re 1.0", &reply[..2], Some(&[0, 0]));
        check(&by, "GMC-9", &reply, Some(&[0, 0, 0]));
    }
}
