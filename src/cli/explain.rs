//! What each byte of a frame is.
//!
//! Nothing here knows a format: each byte is changed, and what that changes
//! tells what the byte belongs to. So the explanation is that of the decoder
//! itself, for every kind of frame.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::decode::{Decoder, Fields};
use crate::frame::{Verdict, verify};

/// Changes made to each byte: a digit stays a digit by the first, and becomes
/// something else by the last.
const CHANGES: [u8; 4] = [0x01, 0x02, 0x04, 0x50];
/// Longer frames are explained up to here.
const MOST_BYTES: usize = 2048;

/// Bytes next to each other that are the same thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Span {
    /// Offset of the first byte.
    pub(super) at: usize,
    /// In hex.
    pub(super) hex: String,
    /// As text, with what cannot be printed escaped.
    pub(super) text: String,
    /// What they are: names of captures, `structure`, `checksum`, or `unused`.
    pub(super) what: String,
    /// What the capture holds, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
}

/// Explains a frame.
pub(super) fn explain(decoder: &Decoder, frame: &[u8], topic: Option<&str>) -> Vec<Span> {
    let frame = frame.get(..MOST_BYTES).unwrap_or(frame);
    let whole = decoder.fields(frame, topic);
    let mut spans: Vec<(usize, Vec<u8>, What)> = Vec::new();
    for (at, byte) in frame.iter().enumerate() {
        let what = what(decoder, frame, topic, whole.as_ref(), at);
        match spans.last_mut() {
            Some((_, bytes, same)) if *same == what => bytes.push(*byte),
            _ => spans.push((at, vec![*byte], what)),
        }
    }
    spans
        .into_iter()
        .map(|(at, bytes, what)| Span {
            at,
            hex: hex(&bytes),
            text: bytes.escape_ascii().to_string(),
            value: what.value(whole.as_ref()),
            what: what.to_string(),
        })
        .collect()
}

/// Bytes as pairs of hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(" ")
}

/// What the checksum says of a frame, for people; `None` where there is none.
pub(super) fn verdict(decoder: &Decoder, frame: &[u8]) -> Option<String> {
    let rule = decoder.profile().checksum.as_ref()?;
    Some(match verify(rule, frame) {
        Verdict::Good => "good".to_owned(),
        Verdict::Wrong { stored, computed } => {
            format!("wrong: it says {stored:02X}, the bytes give {computed:02X}")
        }
        Verdict::NoStart => "the frame does not begin as it must".to_owned(),
        Verdict::Missing => "missing".to_owned(),
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Captures(BTreeSet<String>),
    /// The frame is no such frame without it.
    Structure,
    Checksum,
    Unused,
}

impl What {
    fn value(&self, whole: Option<&Fields>) -> Option<String> {
        let Self::Captures(names) = self else {
            return None;
        };
        let only = names.first().filter(|_| names.len() == 1)?;
        whole?.get(only).map(str::to_owned)
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Captures(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                f.write_str(&names.join(", "))
            }
            Self::Structure => f.write_str("structure"),
            Self::Checksum => f.write_str("checksum"),
            Self::Unused => f.write_str("unused"),
        }
    }
}

fn what(
    decoder: &Decoder,
    frame: &[u8],
    topic: Option<&str>,
    whole: Option<&Fields>,
    at: usize,
) -> What {
    let mut changed = frame.to_vec();
    let mut names = BTreeSet::new();
    let mut is_structure = false;
    let mut verdicts = Vec::new();
    for change in CHANGES {
        let Some(byte) = changed.get_mut(at) else {
            break;
        };
        *byte ^= change;
        match (whole, decoder.fields(&changed, topic)) {
            (Some(whole), Some(now)) if now.message == whole.message => {
                names.extend(now.differences(whole));
            }
            (Some(_), _) => is_structure = true,
            (None, _) => {}
        }
        if let Some(rule) = &decoder.profile().checksum {
            verdicts.push(verify(rule, &changed));
        }
        if let Some(byte) = changed.get_mut(at) {
            *byte ^= change;
        }
    }
    // A text between parts changes several of them, or costs the frame.
    match (names.len(), is_structure) {
        _ if is_stored_checksum(&verdicts) => What::Checksum,
        (0, false) => What::Unused,
        (0, true) | (2.., true) => What::Structure,
        (1.., _) => What::Captures(names),
    }
}

/// Whether a byte holds the checksum: by changing it what the frame says
/// changes, and what its bytes give stays.
fn is_stored_checksum(verdicts: &[Verdict]) -> bool {
    let mut stored = BTreeSet::new();
    let mut computed = BTreeSet::new();
    for verdict in verdicts {
        if let Verdict::Wrong {
            stored: says,
            computed: gives,
        } = verdict
        {
            stored.insert(*says);
            computed.insert(*gives);
        }
    }
    stored.len() > 1 && computed.len() == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Registry;
    use std::sync::Arc;

    #[track_caller]
    fn check(profile: &str, frame: &str, expected: &[(usize, &str, Option<&str>)]) {
        let registry = Registry::built_in();
        let decoder = Decoder::new(Arc::clone(registry.get(profile).unwrap()));
        let spans = explain(&decoder, frame.as_bytes(), None);
        let found: Vec<_> = spans
            .iter()
            .map(|span| (span.at, span.what.as_str(), span.value.as_deref()))
            .collect();
        for part in expected {
            assert!(found.contains(part), "{part:?} is not in {found:#?}");
        }
        let all: usize = spans.iter().map(|span| span.hex.split(' ').count()).sum();
        assert_eq!(all, frame.len());
    }

    #[test]
    fn columns_and_texts_between_them() {
        check(
            "mightyohm",
            "CPS, 1, CPM, 21, uSv/hr, 0.11, SLOW",
            &[
                (0, "structure", None),
                // Blanks around a part are no part of it, but may become one.
                (4, "cps", Some("1")),
                (12, "cpm", Some("21")),
                // With another mode it would be no such frame.
                (29, "structure", None),
            ],
        );
    }

    #[test]
    fn the_checksum_is_told_from_what_it_covers() {
        let frame =
            "$BGRDD,002,2011-07-05T13:51:48Z,7,3,7,V,3538.5284,N,13943.1506,E,93.0,V,16.0,0*5c";
        check(
            "safecast-bgeigie",
            frame,
            &[
                (0, "structure", None),
                (32, "cpm", Some("7")),
                (frame.len() - 2, "checksum", None),
            ],
        );
    }
}
