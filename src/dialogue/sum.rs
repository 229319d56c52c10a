//! Checksums that requests carry.

use crate::profile::dialogue::PutWhat;

/// CRC-16 of Modbus: polynomial 8005h reflected, beginning with FFFFh.
pub(super) fn crc16_modbus(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            let shifted = crc >> 1;
            if crc & 1 == 1 {
                shifted ^ 0xa001
            } else {
                shifted
            }
        })
    })
}

/// The checksum `what` of `bytes`; `None` for numbers that are no checksum.
pub(super) fn checksum(what: PutWhat, bytes: &[u8]) -> Option<u16> {
    match what {
        PutWhat::Packet | PutWhat::Address => None,
        PutWhat::Xor8 => Some(bytes.iter().fold(0, |sum, byte| sum ^ byte).into()),
        PutWhat::Sum8 => Some(
            bytes
                .iter()
                .fold(0u8, |sum, byte| sum.wrapping_add(*byte))
                .into(),
        ),
        PutWhat::Ones16 => Some(ones16(bytes)),
        PutWhat::Crc16Modbus => Some(crc16_modbus(bytes)),
    }
}

/// The Internet checksum over little-endian words: a carry goes round to the
/// lowest bit, and the sum is complemented. An odd byte counts as a low one.
fn ones16(bytes: &[u8]) -> u16 {
    let sum = bytes.chunks(2).fold(0u16, |sum, pair| {
        let low = pair.first().copied().unwrap_or(0);
        let high = pair.get(1).copied().unwrap_or(0);
        let (sum, carry) = sum.overflowing_add(u16::from_le_bytes([low, high]));
        sum + u16::from(carry)
    });
    !sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(what: PutWhat, bytes: &[u8], expected: u16) {
        assert_eq!(
            checksum(what, bytes),
            Some(expected),
            "{what:?} of {bytes:02x?}"
        );
    }

    #[test]
    fn checksums_are_those_of_the_catalogue() {
        check(PutWhat::Crc16Modbus, b"123456789", 0x4b37);
        check(PutWhat::Sum8, &[0xaa, 0x05, 0x0e, 0x01], 0xbe);
        check(PutWhat::Xor8, &[0x14, 0xe1, 0x7a, 0xfd], 0x72);
        // Header and extension of a RADEX ONE request.
        let header = [0x7b, 0xff, 0x20, 0x00, 0x06, 0x00, 0x18, 0x00, 0x00, 0x00];
        check(PutWhat::Ones16, &header, 0x0046);
        check(PutWhat::Ones16, &[0x00, 0x08, 0x0c, 0x00], 0xf7f3);
    }

    #[test]
    fn a_carry_goes_round() {
        check(PutWhat::Ones16, &[0xff, 0xff, 0x01, 0x00], !0x0001);
    }
}
