//! Checks that a frame is what the instrument sent.

use crate::profile::{Checksum, Cover, Crc16, Region, Stored, Sum};

/// What a checksum says of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Good,
    /// It does not fit.
    Wrong {
        /// What the frame says.
        stored: u16,
        /// What its bytes give.
        computed: u16,
    },
    /// The frame does not begin as it must.
    NoStart,
    /// The frame ends before its checksum.
    Missing,
}

/// Checks `frame` by `rule`; upper and lower case hex digits are both good.
pub fn verify(rule: &Checksum, frame: &[u8]) -> Verdict {
    match &rule.cover {
        Cover::Marks { after, until, .. } => {
            let Some(body) = frame.strip_prefix(after.as_bytes()) else {
                return Verdict::NoStart;
            };
            let until = until.as_bytes();
            let Some(end) = body
                .windows(until.len())
                .rposition(|window| window == until)
            else {
                return Verdict::Missing;
            };
            let (covered, tail) = body.split_at(end);
            let tail = tail.get(until.len()..).unwrap_or_default();
            compare(rule, covered, tail.trim_ascii_end())
        }
        Cover::Regions(regions) => regions
            .iter()
            .map(|region| match ranges(*region, rule.stored, frame) {
                Some((covered, stored)) => compare(rule, covered, stored),
                None => Verdict::Missing,
            })
            .find(|verdict| *verdict != Verdict::Good)
            .unwrap_or(Verdict::Good),
    }
}

/// An offset that may count from the end, as one from the start.
pub(crate) fn offset(at: i32, len: usize) -> Option<usize> {
    let distance = usize::try_from(at.unsigned_abs()).ok()?;
    if at < 0 {
        len.checked_sub(distance)
    } else {
        Some(distance)
    }
}

/// The bytes a region covers, and those of its checksum.
fn ranges(region: Region, stored: Stored, frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = |at| offset(at, frame.len());
    let covered = frame.get(at(region.from)?..at(region.to)?)?;
    let start = at(region.at)?;
    let sum = frame.get(start..start.checked_add(stored.bytes())?)?;
    Some((covered, sum))
}

fn compare(rule: &Checksum, covered: &[u8], stored: &[u8]) -> Verdict {
    let Some(stored) = read(rule.stored, stored) else {
        return Verdict::Missing;
    };
    let computed = compute(rule.sum, rule.stored, covered);
    if stored == computed {
        Verdict::Good
    } else {
        Verdict::Wrong { stored, computed }
    }
}

fn read(stored: Stored, bytes: &[u8]) -> Option<u16> {
    match (stored, bytes) {
        (Stored::U8, [byte]) => Some((*byte).into()),
        (Stored::U16Le, [low, high]) => Some(u16::from_le_bytes([*low, *high])),
        (Stored::U16Be, [high, low]) => Some(u16::from_be_bytes([*high, *low])),
        (Stored::Hex(digits), _)
            if bytes.len() == digits && bytes.iter().all(u8::is_ascii_hexdigit) =>
        {
            u16::from_str_radix(std::str::from_utf8(bytes).ok()?, 16).ok()
        }
        _ => None,
    }
}

/// The checksum of `bytes`; of sums over words `stored` has the byte order.
pub fn compute(sum: Sum, stored: Stored, bytes: &[u8]) -> u16 {
    match sum {
        Sum::Xor { seed } => bytes.iter().fold(seed, |sum, byte| sum ^ byte).into(),
        Sum::Sum { seed } => bytes
            .iter()
            .fold(seed, |sum, byte| sum.wrapping_add(*byte))
            .into(),
        Sum::OnesComplement => ones_complement(bytes, stored),
        Sum::Crc16(crc) => crc16(crc, bytes),
        Sum::Accurad => accurad(bytes),
    }
}

/// The Internet checksum; an odd last byte is filled up with a zero.
fn ones_complement(bytes: &[u8], stored: Stored) -> u16 {
    let mut sum: u16 = 0;
    for pair in bytes.chunks(2) {
        let pair = match pair {
            [first, second] => [*first, *second],
            [first] => [*first, 0],
            _ => [0, 0],
        };
        let word = match stored {
            Stored::U16Be => u16::from_be_bytes(pair),
            _ => u16::from_le_bytes(pair),
        };
        let (added, carry) = sum.overflowing_add(word);
        sum = added + u16::from(carry);
    }
    !sum
}

fn crc16(crc: Crc16, bytes: &[u8]) -> u16 {
    let mut register = crc.init;
    for byte in bytes {
        let byte = if crc.reflect_in {
            byte.reverse_bits()
        } else {
            *byte
        };
        register ^= u16::from(byte) << 8;
        for _ in 0..8 {
            let out = register & 0x8000 != 0;
            register = (register << 1) ^ if out { crc.poly } else { 0 };
        }
    }
    if crc.reflect_out {
        register = register.reverse_bits();
    }
    register ^ crc.xorout
}

/// Source: Mirion DOC012721EN-E section 10.1, as read by Clement1211/accurad.
fn accurad(bytes: &[u8]) -> u16 {
    const REFLECTED: u16 = 0xac5e;
    let mut register: u16 = 0xffff;
    for byte in bytes {
        register ^= u16::from(*byte);
        if register == 0 {
            register = 1;
        }
        for _ in 0..8 {
            let out = register & 1 != 0;
            register = (register >> 1) ^ if out { REFLECTED } else { 0 };
        }
    }
    register
}

#[cfg(test)]
mod tests;
