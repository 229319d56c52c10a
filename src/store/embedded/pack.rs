//! Small numbers in few bytes: the alphabet of the `rest` column.
//!
//! Integers are LEB128 (seven bits a byte, lowest first), signed ones folded so
//! that small magnitudes stay short. A float is kept bit for bit: as a decimal
//! mantissa and scale where those give the same float back, else as itself.

/// Marks a float that no short decimal gives back.
const AS_BITS: u8 = 15;

/// Most decimals tried; instruments send fewer.
const MAX_SCALE: u8 = 9;

/// Integers up to here are exact as floats.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Appends an unsigned integer.
pub(super) fn put_unsigned(out: &mut Vec<u8>, mut value: u128) {
    while value >= 0x80 {
        out.push(low_seven(value) | 0x80);
        value >>= 7;
    }
    out.push(low_seven(value));
}

fn low_seven(value: u128) -> u8 {
    u8::try_from(value & 0x7f).expect("seven bits")
}

/// Appends a signed integer.
pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    let folded = (value << 1) ^ (value >> 63);
    put_unsigned(out, u128::from(folded.cast_unsigned()));
}

/// Appends a float, so that exactly the same one comes back.
pub(super) fn put_float(out: &mut Vec<u8>, value: f64) {
    if let Some((mantissa, scale)) = decimal(value) {
        out.push(scale);
        put_signed(out, mantissa);
    } else {
        out.push(AS_BITS);
        out.extend_from_slice(&value.to_bits().to_le_bytes());
    }
}

/// The shortest decimal that gives exactly this float, if a short one does.
fn decimal(value: f64) -> Option<(i64, u8)> {
    (0..=MAX_SCALE).find_map(|scale| {
        let mantissa = (value * 10_f64.powi(i32::from(scale))).round();
        let whole = whole(mantissa)?;
        (from_decimal(whole, scale).to_bits() == value.to_bits()).then_some((whole, scale))
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be a whole number below 2^53 just before"
)]
fn whole(value: f64) -> Option<i64> {
    (value.abs() < EXACT).then_some(value as i64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "mantissas are below 2^53, or compared bit for bit with the original"
)]
fn from_decimal(mantissa: i64, scale: u8) -> f64 {
    mantissa as f64 / 10_f64.powi(i32::from(scale))
}

/// Reads packed bytes from the front; `None` once they are damaged.
#[derive(Debug)]
pub(super) struct Unpack<'a> {
    bytes: &'a [u8],
}

impl<'a> Unpack<'a> {
    /// From the first byte.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Whether everything was read.
    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// One byte.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// A fixed number of bytes.
    pub(super) fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*chunk)
    }

    /// An unsigned integer of up to 128 bits.
    pub(super) fn wide(&mut self) -> Option<u128> {
        let mut value = 0_u128;
        for shift in (0..128).step_by(7) {
            let byte = self.byte()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// An unsigned integer of up to 64 bits.
    pub(super) fn unsigned(&mut self) -> Option<u64> {
        u64::try_from(self.wide()?).ok()
    }

    /// A signed integer.
    pub(super) fn signed(&mut self) -> Option<i64> {
        let folded = self.unsigned()?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    /// A float.
    pub(super) fn float(&mut self) -> Option<f64> {
        match self.byte()? {
            AS_BITS => Some(f64::from_bits(u64::from_le_bytes(self.chunk()?))),
            scale @ 0..=MAX_SCALE => Some(from_decimal(self.signed()?, scale)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back() {
        for value in [0, 1, 127, 128, 300, u128::from(u64::MAX), u128::MAX] {
            let mut bytes = Vec::new();
            put_unsigned(&mut bytes, value);
            let mut unpack = Unpack::new(&bytes);
            assert_eq!(unpack.wide(), Some(value));
            assert!(unpack.is_empty());
        }
        for value in [0, -1, 1, 63, -64, i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, value);
            assert_eq!(Unpack::new(&bytes).signed(), Some(value));
        }
    }

    #[track_caller]
    fn check_float(value: f64, len: usize) {
        let mut bytes = Vec::new();
        put_float(&mut bytes, value);
        assert_eq!(
            Unpack::new(&bytes).float().map(f64::to_bits),
            Some(value.to_bits()),
            "{value}"
        );
        assert_eq!(bytes.len(), len, "{value}");
    }

    #[test]
    fn floats_come_back_bit_for_bit() {
        check_float(0.0, 2);
        check_float(10.0, 2);
        check_float(0.1, 2);
        check_float(0.112, 3);
        check_float(-12.345_678, 5);
        check_float(93.0, 3);
        check_float(-0.0, 9);
        check_float(1.0 / 3.0, 9);
        check_float(1e300, 9);
        check_float(f64::NAN, 9);
        check_float(f64::NEG_INFINITY, 9);
        check_float(f64::MIN_POSITIVE, 9);
    }

    #[test]
    fn damage_is_noticed_and_never_panics() {
        assert_eq!(Unpack::new(&[]).byte(), None);
        assert_eq!(Unpack::new(&[0x80]).wide(), None);
        assert_eq!(Unpack::new(&[0xff; 30]).wide(), None);
        assert_eq!(Unpack::new(&[11, 0]).float(), None);
        assert_eq!(Unpack::new(&[AS_BITS, 1, 2]).float(), None);
        let mut too_wide = Vec::new();
        put_unsigned(&mut too_wide, u128::from(u64::MAX) + 1);
        assert_eq!(Unpack::new(&too_wide).unsigned(), None);
    }
}
