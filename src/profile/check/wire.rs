//! Framing and checksum.

use std::time::Duration;

use super::super::model::{
    Checksum, Cover, Crc16, FrameLength, Framing, FramingKind, LengthWidth, Region, Stored, Sum,
    Transport,
};
use super::super::schema::{ChecksumMode, Importer, RawBytes, RawChecksum, RawFraming, Unused};
use super::Problems;

/// Longest frame any profile may ask for: 64 KiB.
const MAX_FRAME_BYTES: usize = 65_536;

/// Longest pause or window: ten minutes.
const MAX_MS: u32 = 600_000;

/// Longest text of a count and its window.
const COUNT_BYTES: usize = 32;

fn character(at: &str, text: Option<&str>, p: &mut Problems) -> Option<u8> {
    match text?.as_bytes() {
        [byte] => Some(*byte),
        _ => {
            p.add(at, "must be one ASCII character");
            None
        }
    }
}

/// Checks the framing.
pub(super) fn framing(raw: &RawFraming, p: &mut Problems) -> Framing {
    let (max_bytes, kind) = match raw {
        RawFraming::Line {
            max_bytes,
            comment,
            start,
            separator,
        } => {
            let start = character("framing.start", start.as_deref(), p);
            let separator = character("framing.separator", separator.as_deref(), p);
            if comment.as_ref().is_some_and(String::is_empty) {
                p.add(
                    "framing.comment",
                    "must not be empty: every line would be one",
                );
            }
            let kind = FramingKind::Line {
                comment: comment.clone(),
                start,
                separator,
            };
            (*max_bytes, kind)
        }
        RawFraming::Message { max_bytes } => (*max_bytes, FramingKind::Message),
        RawFraming::Enclosed {
            max_bytes,
            begin,
            end,
            begin_inside,
            between,
        } => {
            let kind = FramingKind::Enclosed {
                begin: mark("framing.begin", begin, p),
                end: mark("framing.end", end, p),
                begin_inside: *begin_inside,
                between: optional(between.as_ref()),
            };
            (*max_bytes, kind)
        }
        RawFraming::Marked {
            begin,
            bytes,
            between,
        } => {
            let begin = mark("framing.begin", begin, p);
            if *bytes <= begin.len() {
                p.add("framing.bytes", "must be more than `begin` has");
            }
            let kind = FramingKind::Marked {
                begin,
                length: FrameLength::Fixed(*bytes),
                end: Vec::new(),
                between: optional(between.as_ref()),
            };
            (*bytes, kind)
        }
        RawFraming::Length {
            max_bytes,
            begin,
            length_at,
            length,
            length_adds,
            end,
            between,
        } => {
            let width = match length.as_str() {
                "u8" => LengthWidth::U8,
                "u16le" => LengthWidth::U16Le,
                "u16be" => LengthWidth::U16Be,
                other => {
                    let text = format!("`{other}` is none of u8, u16le, u16be");
                    p.add("framing.length", text);
                    LengthWidth::U8
                }
            };
            if *length_at >= MAX_FRAME_BYTES {
                p.add("framing.length_at", "lies outside every frame");
            }
            let kind = FramingKind::Marked {
                begin: mark("framing.begin", begin, p),
                length: FrameLength::Field {
                    at: *length_at,
                    width,
                    adds: *length_adds,
                },
                end: optional(end.as_ref()),
                between: optional(between.as_ref()),
            };
            (*max_bytes, kind)
        }
        RawFraming::Fixed { bytes, gap_ms } => {
            let gap = time("framing.gap_ms", *gap_ms, p);
            (*bytes, FramingKind::Fixed { gap })
        }
        RawFraming::Idle { max_bytes, gap_ms } => {
            let gap = time("framing.gap_ms", *gap_ms, p);
            (*max_bytes, FramingKind::Idle { gap })
        }
        RawFraming::Events { window_ms } => {
            let window = time("framing.window_ms", *window_ms, p);
            (COUNT_BYTES, FramingKind::Events { window })
        }
        RawFraming::Json { max_bytes } => (*max_bytes, FramingKind::Json),
        RawFraming::Recording { importer } => {
            let importer = p.word(
                "framing.importer",
                importer,
                Importer::from_word,
                Importer::ALL,
                Importer::Eurdep,
            );
            (MAX_FRAME_BYTES, FramingKind::Recording { importer })
        }
    };
    if !(1..=MAX_FRAME_BYTES).contains(&max_bytes) {
        p.add(
            "framing.max_bytes",
            format!("must be 1 to {MAX_FRAME_BYTES}"),
        );
    }
    Framing { max_bytes, kind }
}

fn mark(at: &str, raw: &RawBytes, p: &mut Problems) -> Vec<u8> {
    if raw.bytes().is_empty() {
        p.add(at, "must not be empty");
    }
    raw.bytes().to_vec()
}

fn optional(raw: Option<&RawBytes>) -> Vec<u8> {
    raw.map(|raw| raw.bytes().to_vec()).unwrap_or_default()
}

fn time(at: &str, ms: u32, p: &mut Problems) -> Duration {
    if !(1..=MAX_MS).contains(&ms) {
        p.add(at, format!("must be 1 to {MAX_MS}"));
    }
    Duration::from_millis(ms.max(1).into())
}

/// Framing, transport and checksum have to go together.
pub(super) fn ensure_fits(
    transport: &Transport,
    framing: &Framing,
    checksum: Option<&Checksum>,
    p: &mut Problems,
) {
    let is_mqtt = matches!(transport, Transport::Mqtt { .. });
    let is_message = framing.kind == FramingKind::Message;
    if is_mqtt != is_message {
        p.add(
            "framing.kind",
            "MQTT is framed by `message`, everything else by another kind",
        );
    }
    if matches!(framing.kind, FramingKind::Recording { .. }) {
        if !matches!(transport, Transport::File) {
            p.add("framing.kind", "`recording` belongs to `kind = \"file\"`");
        }
        if checksum.is_some() {
            p.add("checksum", "the importer of a recording checks its own");
        }
    }
    let proven = checksum.is_some_and(|rule| rule.mode == ChecksumMode::Require);
    let FramingKind::Marked { length, .. } = &framing.kind else {
        return;
    };
    if matches!(length, FrameLength::Fixed(_)) && !proven {
        p.add(
            "checksum",
            "frames known by a mark alone need one with `mode = \"require\"`",
        );
    }
}

/// Checks the checksum.
pub(super) fn checksum(raw: &RawChecksum, p: &mut Problems) -> Checksum {
    let sum = sum(raw, p);
    let stored = match raw.stored.as_deref().unwrap_or("hex2") {
        "hex2" => Stored::Hex(2),
        "hex4" => Stored::Hex(4),
        "u8" => Stored::U8,
        "u16le" => Stored::U16Le,
        "u16be" => Stored::U16Be,
        other => {
            let text = format!("`{other}` is none of hex2, hex4, u8, u16le, u16be");
            p.add("checksum.stored", text);
            Stored::U8
        }
    };
    let is_short = matches!(sum, Sum::Xor { .. } | Sum::Sum { .. });
    if is_short != matches!(stored, Stored::Hex(2) | Stored::U8) {
        p.add(
            "checksum.stored",
            "`xor` and `sum` have 8 bits, the others 16",
        );
    }
    Checksum {
        sum,
        cover: cover(raw, p),
        stored,
        mode: p.word(
            "checksum.mode",
            &raw.mode,
            ChecksumMode::from_word,
            ChecksumMode::ALL,
            ChecksumMode::Require,
        ),
    }
}

fn sum(raw: &RawChecksum, p: &mut Problems) -> Sum {
    let crc_keys = raw.poly.is_some()
        || raw.init.is_some()
        || raw.reflect_in.is_some()
        || raw.reflect_out.is_some()
        || raw.xorout.is_some();
    if crc_keys && raw.kind != "crc16" {
        p.add(
            "checksum",
            "poly, init, reflect_in, reflect_out and xorout belong to `crc16`",
        );
    }
    if raw.seed.is_some() && !matches!(raw.kind.as_str(), "xor" | "sum") {
        p.add("checksum.seed", "belongs to `xor` and `sum`");
    }
    let seed = raw.seed.unwrap_or(0);
    match raw.kind.as_str() {
        "xor" => Sum::Xor { seed },
        "sum" => Sum::Sum { seed },
        "ones_complement" => Sum::OnesComplement,
        "accurad" => Sum::Accurad,
        "crc16" => {
            if raw.poly.is_none() {
                p.add("checksum.poly", "a CRC needs its polynomial");
            }
            Sum::Crc16(Crc16 {
                poly: raw.poly.unwrap_or(0),
                init: raw.init.unwrap_or(0),
                reflect_in: raw.reflect_in.unwrap_or(false),
                reflect_out: raw.reflect_out.unwrap_or(false),
                xorout: raw.xorout.unwrap_or(0),
            })
        }
        other => {
            p.add(
                "checksum.kind",
                format!("`{other}` is none of xor, sum, ones_complement, crc16, accurad"),
            );
            Sum::Xor { seed }
        }
    }
}

fn cover(raw: &RawChecksum, p: &mut Problems) -> Cover {
    match (&raw.after, &raw.until) {
        (Some(after), Some(until)) if raw.regions.is_empty() => {
            if until.is_empty() {
                p.add("checksum.until", "must not be empty");
            }
            let unmarked = raw.unmarked.as_deref().unwrap_or(Unused::Rejected.as_str());
            return Cover::Marks {
                after: after.clone(),
                until: until.clone(),
                unmarked: p.word(
                    "checksum.unmarked",
                    unmarked,
                    Unused::from_word,
                    Unused::ALL,
                    Unused::Rejected,
                ),
            };
        }
        (None, None) if !raw.regions.is_empty() => {
            if raw.unmarked.is_some() {
                p.add("checksum.unmarked", "belongs to `after`");
            }
        }
        _ => p.add("checksum", "needs `after` and `until`, or `regions`"),
    }
    let regions = raw.regions.iter().map(|region| Region {
        from: region.from,
        to: region.to,
        at: region.at,
    });
    Cover::Regions(regions.collect())
}
