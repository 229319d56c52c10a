//! How the parts of a frame are found.

use std::collections::BTreeMap;

use super::super::model::{
    Column, Encoding, Endian, Field, FieldKind, Format, Inside, JsonPlace, Make, Part, XmlPlace,
};
use super::super::schema::{RawField, RawFormat, RawInside, RawPart};
use super::Problems;
use super::message::Captures;

/// Checks a format; also gives the names of its captures.
pub(super) fn format(at: &str, raw: &RawFormat, p: &mut Problems) -> (Format, Vec<String>) {
    match raw {
        RawFormat::Delimited {
            separator,
            columns,
            more,
            collapse,
        } => {
            if separator.is_empty() {
                p.add(&format!("{at}.separator"), "must not be empty");
            }
            let mut names = Vec::new();
            let columns = columns
                .iter()
                .map(|column| match column.strip_prefix('=') {
                    Some(literal) => Column::Literal(literal.to_owned()),
                    None if column == "-" => Column::Skip,
                    None => {
                        names.push(column.clone());
                        Column::Capture(names.len() - 1)
                    }
                })
                .collect();
            let format = Format::Delimited {
                separator: separator.clone(),
                columns,
                more: *more,
                collapse: *collapse,
            };
            (format, names)
        }
        RawFormat::Places { places, chars } => {
            for (name, [from, to]) in places {
                if from >= to || chars.is_some_and(|chars| *to > chars) {
                    let at = format!("{at}.places.{name}");
                    p.add(&at, "begins before it ends, and ends inside the line");
                }
            }
            let format = Format::Places {
                places: places.values().map(|[from, to]| (*from, *to)).collect(),
                chars: *chars,
            };
            (format, places.keys().cloned().collect())
        }
        RawFormat::Regex { pattern } => regex(at, pattern, p),
        RawFormat::KeyValue {
            pairs,
            separator,
            keys,
        } => {
            if pairs.is_empty() || separator.is_empty() {
                p.add(at, "`pairs` and `separator` must not be empty");
            }
            let (names, keys) = unzip(keys);
            let format = Format::KeyValue {
                pairs: pairs.clone(),
                separator: separator.clone(),
                keys,
            };
            (format, names)
        }
        RawFormat::Json { pointers, entries } => {
            let mut names: Vec<String> = Vec::new();
            let mut places = Vec::new();
            for (name, pointer) in pointers {
                ensure_pointer(&format!("{at}.pointers.{name}"), pointer, p);
                names.push(name.clone());
                places.push(JsonPlace::Pointer(pointer.clone()));
            }
            for (name, entry) in entries {
                ensure_pointer(&format!("{at}.entries.{name}.list"), &entry.list, p);
                names.push(name.clone());
                places.push(JsonPlace::Entry {
                    list: entry.list.clone(),
                    key: entry.key.clone(),
                    is: entry.is.clone(),
                    take: entry.take.clone(),
                });
            }
            (Format::Json { places }, names)
        }
        RawFormat::Xml { elements } => {
            let (names, paths) = unzip(elements);
            let elements = paths.iter().map(|path| xml_place(path)).collect();
            (Format::Xml { elements }, names)
        }
        RawFormat::Binary { bytes, fields } => {
            let checked = fields
                .iter()
                .map(|(name, raw)| field(&format!("{at}.fields.{name}"), raw, *bytes, p))
                .collect();
            let format = Format::Binary {
                bytes: *bytes,
                fields: checked,
            };
            (format, fields.keys().cloned().collect())
        }
        RawFormat::Text { name } => (Format::Text, vec![name.clone()]),
    }
}

fn unzip(map: &BTreeMap<String, String>) -> (Vec<String>, Vec<String>) {
    map.iter().map(|(k, v)| (k.clone(), v.clone())).unzip()
}

fn ensure_pointer(at: &str, pointer: &str, p: &mut Problems) {
    if !pointer.starts_with('/') {
        p.add(at, "a JSON pointer begins with `/`");
    }
}

fn regex(at: &str, pattern: &str, p: &mut Problems) -> (Format, Vec<String>) {
    // The whole line has to fit: what stands around a match is not understood.
    let whole = regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build();
    match whole {
        Ok(pattern) => {
            let (groups, names) = pattern
                .capture_names()
                .enumerate()
                .filter_map(|(group, name)| Some((group, name?.to_owned())))
                .unzip();
            (Format::Regex { pattern, groups }, names)
        }
        Err(error) => {
            p.add(&format!("{at}.pattern"), error);
            (Format::Text, Vec::new())
        }
    }
}

fn xml_place(path: &str) -> XmlPlace {
    match path.rsplit_once("/@") {
        Some((path, attribute)) => XmlPlace {
            path: path.to_owned(),
            attribute: Some(attribute.to_owned()),
        },
        None => XmlPlace {
            path: path.to_owned(),
            attribute: None,
        },
    }
}

fn field(at: &str, raw: &RawField, frame: Option<usize>, p: &mut Problems) -> Field {
    let (name, endian) = match (raw.kind.strip_suffix("le"), raw.kind.strip_suffix("be")) {
        (Some(name), _) => (name, Some(Endian::Little)),
        (_, Some(name)) => (name, Some(Endian::Big)),
        _ => (raw.kind.as_str(), None),
    };
    let count = raw.bytes.unwrap_or(1);
    let kind = match (name, endian) {
        ("u8", None) => Some(FieldKind::Unsigned(1, Endian::Little)),
        ("i8", None) => Some(FieldKind::Signed(1, Endian::Little)),
        ("u16", Some(endian)) => Some(FieldKind::Unsigned(2, endian)),
        ("u24", Some(endian)) => Some(FieldKind::Unsigned(3, endian)),
        ("u32", Some(endian)) => Some(FieldKind::Unsigned(4, endian)),
        ("i16", Some(endian)) => Some(FieldKind::Signed(2, endian)),
        ("i32", Some(endian)) => Some(FieldKind::Signed(4, endian)),
        ("f32", Some(endian)) => Some(FieldKind::F32(endian)),
        ("f64", Some(endian)) => Some(FieldKind::F64(endian)),
        ("text", None) => Some(FieldKind::Text(count)),
        ("hex", None) => Some(FieldKind::Hex(count)),
        ("bcd", None) => Some(FieldKind::Bcd(count)),
        _ => None,
    };
    let Some(kind) = kind else {
        p.add(
            &format!("{at}.type"),
            format!(
                "`{}` is none of u8, i8, text, hex, bcd, or u16, u24, u32, i16, i32, f32, f64 \
                 with `le` or `be`",
                raw.kind
            ),
        );
        return Field {
            at: 0,
            kind: FieldKind::Text(1),
            mask: u64::MAX,
            shift: 0,
        };
    };
    let has_count = matches!(
        kind,
        FieldKind::Text(_) | FieldKind::Hex(_) | FieldKind::Bcd(_)
    );
    if has_count != raw.bytes.is_some() {
        p.add(&format!("{at}.bytes"), "belongs to `text`, `hex` and `bcd`");
    }
    if matches!(kind, FieldKind::Bcd(bytes) if bytes > 9) {
        p.add(&format!("{at}.bytes"), "at most 9 bytes of digits");
    }
    let has_bits = raw.mask.is_some() || raw.shift.is_some();
    if has_bits && !matches!(kind, FieldKind::Unsigned(..)) {
        p.add(at, "`mask` and `shift` belong to unsigned numbers");
    }
    ensure_shift(at, raw.shift, p);
    let inside = frame.is_none_or(|len| {
        crate::frame::offset(raw.at, len)
            .and_then(|start| start.checked_add(kind.bytes()))
            .is_some_and(|end| end <= len)
    });
    if !inside {
        p.add(&format!("{at}.at"), "does not lie inside the frame");
    }
    Field {
        at: raw.at,
        kind,
        mask: raw.mask.unwrap_or(u64::MAX),
        shift: raw.shift.unwrap_or(0),
    }
}

fn ensure_shift(at: &str, shift: Option<u32>, p: &mut Problems) {
    if shift.is_some_and(|shift| shift > 63) {
        p.add(&format!("{at}.shift"), "must be at most 63");
    }
}

/// Checks which part of a frame the format takes apart.
pub(super) fn inside(at: &str, raw: &RawInside, p: &mut Problems) -> Inside {
    let Some(pointer) = &raw.pointer else {
        if raw.encoding.is_some() {
            p.add(&format!("{at}.encoding"), "belongs to `pointer`");
        }
        return Inside::Range {
            from: raw.from,
            to: raw.to,
        };
    };
    if raw.from != 0 || raw.to.is_some() {
        p.add(at, "takes `from` and `to`, or `pointer`");
    }
    ensure_pointer(&format!("{at}.pointer"), pointer, p);
    let encoding = match raw.encoding.as_deref() {
        Some("base64") => Encoding::Base64,
        Some("hex") => Encoding::Hex,
        other => {
            let text = format!("`{}` is none of base64, hex", other.unwrap_or("nothing"));
            p.add(&format!("{at}.encoding"), text);
            Encoding::Hex
        }
    };
    Inside::Encoded {
        pointer: pointer.clone(),
        encoding,
    }
}

/// Checks how a capture is made of others.
pub(super) fn part(at: &str, raw: &RawPart, captures: &Captures<'_>, p: &mut Problems) -> Part {
    let from = captures.id(&format!("{at}.from"), &raw.from, p);
    let with = captures.optional(&format!("{at}.with"), raw.with.as_ref(), p);
    let is_bits = matches!(raw.make.as_str(), "hex" | "bits");
    if !is_bits && (raw.mask.is_some() || raw.shift.is_some()) {
        p.add(at, "`mask` and `shift` belong to `hex` and `bits`");
    }
    ensure_shift(at, raw.shift, p);
    let needs_with = matches!(raw.make.as_str(), "binary_exponent" | "ratio" | "seconds");
    if needs_with != with.is_some() {
        p.add(
            &format!("{at}.with"),
            "belongs to `binary_exponent`, `ratio` and `seconds`",
        );
    }
    let needs_by = matches!(
        raw.make.as_str(),
        "binary_exponent" | "quotient" | "remainder" | "last"
    );
    if needs_by != raw.by.is_some() {
        p.add(
            &format!("{at}.by"),
            "belongs to `binary_exponent`, `quotient`, `remainder` and `last`",
        );
    }
    let other = with.unwrap_or(0);
    let bits = |hex| Make::Bits {
        hex,
        mask: raw.mask.unwrap_or(u64::MAX),
        shift: raw.shift.unwrap_or(0),
    };
    let make = match raw.make.as_str() {
        "hex" => bits(true),
        "bits" => bits(false),
        "number" => Make::Number,
        "unit" => Make::Unit,
        "nnnse" => Make::Nnnse,
        "float_5_11" => Make::Float5x11,
        "binary_exponent" => Make::BinaryExponent {
            exponent: other,
            bias: raw.by.unwrap_or(0.0),
        },
        "quotient" => Make::Quotient(whole(at, raw.by, p).into()),
        "remainder" => Make::Remainder(whole(at, raw.by, p).into()),
        "last" => Make::Last(usize::try_from(whole(at, raw.by, p)).unwrap_or(1)),
        "ratio" => Make::Ratio(other),
        "seconds" => Make::Seconds(other),
        unknown => {
            p.add(
                &format!("{at}.make"),
                format!(
                    "`{unknown}` is none of hex, bits, number, unit, nnnse, float_5_11, \
                     binary_exponent, quotient, remainder, last, ratio, seconds"
                ),
            );
            Make::Number
        }
    };
    Part { from, make }
}

/// `by` as a whole number from 1.
fn whole(at: &str, by: Option<f64>, p: &mut Problems) -> u32 {
    let by = by.unwrap_or(1.0);
    if by.fract() != 0.0 || !(1.0..=1e9).contains(&by) {
        p.add(&format!("{at}.by"), "must be a whole number from 1");
        return 1;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and between 1 and 1e9"
    )]
    let whole = by as u32;
    whole
}
