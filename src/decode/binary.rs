//! Binary fields at fixed places.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::captures::{Parts, Scalar};
use crate::frame::offset;
use crate::profile::{Endian, Field, FieldKind};
use crate::reading::Number;

/// Reads every field.
///
/// # Errors
///
/// A text for people when the frame has another length or lacks a field.
pub(super) fn binary<'a>(
    frame: &[u8],
    bytes: Option<usize>,
    fields: &[Field],
) -> Result<Parts<'a>, String> {
    if let Some(expected) = bytes.filter(|bytes| *bytes != frame.len()) {
        return Err(format!("{} bytes, expected {expected}", frame.len()));
    }
    fields
        .iter()
        .map(|field| match slice(frame, field) {
            Some(bytes) => Ok(Some(read(bytes, field))),
            None => Err(format!("{} bytes, too few", frame.len())),
        })
        .collect()
}

fn slice<'f>(frame: &'f [u8], field: &Field) -> Option<&'f [u8]> {
    let start = offset(field.at, frame.len())?;
    frame.get(start..start.checked_add(field.kind.bytes())?)
}

fn read<'a>(bytes: &[u8], field: &Field) -> Scalar<'a> {
    match field.kind {
        FieldKind::Unsigned(_, endian) => bits(unsigned(bytes, endian), field.mask, field.shift),
        FieldKind::Signed(_, endian) => {
            let unused = 64 - 8 * u32::try_from(bytes.len()).unwrap_or(8).clamp(1, 8);
            let value = unsigned(bytes, endian) << unused;
            // The top bit is moved to the top of 64 and back, and spreads.
            Scalar::Number(Number::Int(value.cast_signed() >> unused))
        }
        FieldKind::F32(endian) => match <[u8; 4]>::try_from(bytes) {
            Ok(bytes) => float(match endian {
                Endian::Little => f32::from_le_bytes(bytes).into(),
                Endian::Big => f32::from_be_bytes(bytes).into(),
            }),
            Err(_) => Scalar::Other,
        },
        FieldKind::F64(endian) => match <[u8; 8]>::try_from(bytes) {
            Ok(bytes) => float(match endian {
                Endian::Little => f64::from_le_bytes(bytes),
                Endian::Big => f64::from_be_bytes(bytes),
            }),
            Err(_) => Scalar::Other,
        },
        FieldKind::Text(_) => {
            let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            owned(String::from_utf8_lossy(text).trim().to_owned())
        }
        FieldKind::Hex(_) => owned(bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _written = write!(text, "{byte:02X}");
            text
        })),
        FieldKind::Bcd(_) => bcd(bytes).map_or(Scalar::Other, |n| Scalar::Number(Number::Int(n))),
    }
}

fn unsigned(bytes: &[u8], endian: Endian) -> u64 {
    let add = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
    match endian {
        Endian::Big => bytes.iter().fold(0, add),
        Endian::Little => bytes.iter().rev().fold(0, add),
    }
}

/// The bits of a number that count, as a number of their own.
pub(super) fn bits<'a>(value: u64, mask: u64, shift: u32) -> Scalar<'a> {
    let value = (value & mask).checked_shr(shift).unwrap_or(0);
    i64::try_from(value).map_or(Scalar::Other, |n| Scalar::Number(Number::Int(n)))
}

fn float<'a>(value: f64) -> Scalar<'a> {
    if value.is_finite() {
        Scalar::Number(Number::Float(value))
    } else {
        // A word, so that the reason for its refusal names it.
        Scalar::Text(Cow::Borrowed(if value.is_nan() {
            "NaN"
        } else {
            "Infinity"
        }))
    }
}

const fn owned<'a>(text: String) -> Scalar<'a> {
    Scalar::Text(Cow::Owned(text))
}

/// Two decimal digits a byte; `None` when a half byte is no digit.
fn bcd(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |sum, byte| {
        let (tens, ones) = (byte >> 4, byte & 0x0f);
        (tens < 10 && ones < 10).then_some(())?;
        sum.checked_mul(100)?
            .checked_add(i64::from(tens) * 10 + i64::from(ones))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: FieldKind, bytes: &[u8], expected: Scalar<'_>) {
        let field = Field {
            at: 0,
            kind,
            mask: u64::MAX,
            shift: 0,
        };
        let parts = binary(bytes, Some(bytes.len()), &[field]).unwrap();
        assert_eq!(parts.as_slice(), [Some(expected)]);
    }

    const fn int<'a>(n: i64) -> Scalar<'a> {
        Scalar::Number(Number::Int(n))
    }

    #[test]
    fn each_kind_of_field() {
        use Endian::{Big, Little};
        check(FieldKind::Unsigned(2, Big), &[0x0b, 0xea], int(3050));
        check(FieldKind::Unsigned(2, Little), &[0xea, 0x0b], int(3050));
        check(FieldKind::Unsigned(3, Big), &[1, 0, 0], int(65_536));
        check(FieldKind::Unsigned(4, Little), &[0xff; 4], int(0xffff_ffff));
        check(FieldKind::Signed(1, Little), &[0xfd], int(-3));
        check(FieldKind::Signed(2, Big), &[0xff, 0xfe], int(-2));
        check(
            FieldKind::Signed(4, Little),
            &[0, 0, 0, 0x80],
            int(-2_147_483_648),
        );
        check(
            FieldKind::F32(Big),
            &[0x3e, 0x20, 0, 0],
            Scalar::Number(Number::Float(0.15625)),
        );
        check(
            FieldKind::F64(Little),
            &2.5f64.to_le_bytes(),
            Scalar::Number(Number::Float(2.5)),
        );
        check(
            FieldKind::F32(Little),
            &f32::NAN.to_le_bytes(),
            Scalar::Text("NaN".into()),
        );
        check(FieldKind::Text(4), b"ab\0c", Scalar::Text("ab".into()));
        check(
            FieldKind::Hex(2),
            &[0x0a, 0xff],
            Scalar::Text("0AFF".into()),
        );
        check(FieldKind::Bcd(2), &[0x20, 0x19], int(2019));
        check(FieldKind::Bcd(1), &[0x2a], Scalar::Other);
    }

    #[test]
    fn bits_and_missing_bytes() {
        assert_eq!(bits(0b1011_0000, 0xf0, 4), int(0b1011));
        let field = Field {
            at: -2,
            kind: FieldKind::Unsigned(1, Endian::Little),
            mask: 0x3f,
            shift: 0,
        };
        let parts = binary(&[1, 0xff, 2], None, &[field]).unwrap();
        assert_eq!(parts.as_slice(), [Some(int(0x3f))]);
        assert!(binary(&[1], None, &[field]).is_err());
        assert!(binary(&[1, 2], Some(3), &[field]).is_err());
    }
}
