//! The bytes of a request: template, numbers written into it, Modbus.

use bytes::Bytes;

use super::modbus;
use super::sum::checksum;
use crate::profile::dialogue::{CrcOrder, DialogueMessage, Put, PutForm, PutWhat};

/// What goes into requests besides their template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) packet: u16,
    pub(super) address: u8,
    pub(super) crc_order: CrcOrder,
}

/// The bytes to send.
pub(super) fn bytes(message: &DialogueMessage, numbers: Numbers) -> Bytes {
    match message {
        DialogueMessage::Modbus(request) => {
            modbus::request(*request, numbers.address, numbers.crc_order)
        }
        DialogueMessage::Bytes { template, puts } if puts.is_empty() => template.clone(),
        DialogueMessage::Bytes { template, puts } => {
            let mut bytes = template.to_vec();
            for put in puts {
                let value = value(put, &bytes, numbers);
                write(put, value, &mut bytes);
            }
            bytes.into()
        }
    }
}

fn value(put: &Put, bytes: &[u8], numbers: Numbers) -> u16 {
    match put.what {
        PutWhat::Packet => numbers.packet,
        PutWhat::Address => numbers.address.into(),
        PutWhat::Xor8 | PutWhat::Sum8 | PutWhat::Ones16 | PutWhat::Crc16Modbus => {
            let covered = bytes.get(put.from..put.to).unwrap_or_default();
            checksum(put.what, covered).unwrap_or_default()
        }
    }
}

fn write(put: &Put, value: u16, bytes: &mut [u8]) {
    let [low, high] = value.to_le_bytes();
    let written = match put.form {
        PutForm::U8 => vec![low],
        PutForm::U16Le => vec![low, high],
        PutForm::U16Be => vec![high, low],
        PutForm::Hex2 => format!("{low:02X}").into_bytes(),
        PutForm::Hex4 => format!("{value:04X}").into_bytes(),
    };
    // The profile was checked for this; a number without room is left out.
    if let Some(place) = bytes.get_mut(put.at..put.at + written.len()) {
        place.copy_from_slice(&written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Numbers = Numbers {
        packet: 0x18,
        address: 7,
        crc_order: CrcOrder::LowHigh,
    };

    fn put(what: PutWhat, at: usize, form: PutForm, covered: std::ops::Range<usize>) -> Put {
        Put {
            what,
            at,
            form,
            from: covered.start,
            to: covered.end,
        }
    }

    /// The read request of a RADEX ONE, packet 18h, as the catalogue has it.
    #[test]
    fn packet_number_and_checksums_make_the_captured_request() {
        let template = Bytes::from_static(&[
            0x7b, 0xff, 0x20, 0x00, 0x06, 0x00, 0, 0, 0x00, 0x00, 0, 0, 0x00, 0x08, 0x0c, 0x00, 0,
            0,
        ]);
        let puts = vec![
            put(PutWhat::Packet, 6, PutForm::U16Le, 0..6),
            put(PutWhat::Ones16, 10, PutForm::U16Le, 0..10),
            put(PutWhat::Ones16, 16, PutForm::U16Le, 12..16),
        ];
        let made = bytes(&DialogueMessage::Bytes { template, puts }, NUMBERS);
        let captured = [
            0x7b, 0xff, 0x20, 0x00, 0x06, 0x00, 0x18, 0x00, 0x00, 0x00, 0x46, 0x00, 0x00, 0x08,
            0x0c, 0x00, 0xf3, 0xf7,
        ];
        assert_eq!(made, &captured[..]);
    }

    #[test]
    fn numbers_can_be_hex_digits() {
        let message = DialogueMessage::Bytes {
            template: Bytes::from_static(b"*00 ........"),
            puts: vec![
                put(PutWhat::Address, 1, PutForm::Hex2, 0..1),
                put(PutWhat::Packet, 4, PutForm::U16Be, 0..1),
                put(PutWhat::Packet, 6, PutForm::Hex4, 0..1),
                put(PutWhat::Sum8, 10, PutForm::Hex2, 0..3),
            ],
        };
        assert_eq!(bytes(&message, NUMBERS), &b"*07 \x00\x18001891"[..]);
    }
}
