use super::*;
use crate::families::test_moment;

/// The published answer.
const SAMPLE: [u8; 64] = [
    0x23, 0x21, 0x41, 0x63, 0x63, 0x75, 0x52, 0x61, 0x64, 0x21, 0x23, 0x33, 0x00, 0x01, 0x00, 0x81,
    0xD7, 0x86, 0x4E, 0x3D, 0xE8, 0x0A, 0xE5, 0x40, 0x13, 0x39, 0x13, 0x3D, 0x4F, 0x69, 0xE8, 0x40,
    0xFE, 0xD9, 0x61, 0x3E, 0x2B, 0xCD, 0x27, 0x00, 0xC1, 0x42, 0x7E, 0x00, 0xF6, 0xBE, 0xFA, 0x3D,
    0x00, 0x34, 0x12, 0x46, 0xA4, 0x60, 0x00, 0x00, 0x00, 0x40, 0x32, 0x92, 0x00, 0x00, 0x9E, 0x59,
];

fn bits(bits: u32) -> f64 {
    f64::from(f32::from_bits(bits))
}

#[test]
fn the_published_answer_byte_for_byte() {
    let reading = Reading {
        usv_h: bits(0x3D4E_86D7),
        cps: bits(0x40E5_0AE8),
        background_usv_h: bits(0x3D13_3913),
        background_cps: bits(0x40E8_694F),
        level: bits(0x3E61_D9FE),
        dose_usv: bits(0x3DFA_BEF6),
        dose_secs: 9357.0,
        usb: true,
        battery: 96,
        id: 37_426,
        ..Reading::default()
    };
    assert!((reading.usv_h - 0.05042).abs() < 1e-5);
    assert!((reading.cps - 7.1576).abs() < 1e-4);
    assert!((reading.dose_usv - 0.12243).abs() < 1e-5);
    let clock = "2020-02-24T11:41:57.019Z".parse().unwrap();
    let frame = frame(ID_DATA, &reading.payload(clock));
    assert_eq!(frame.bytes, SAMPLE);
    assert_eq!(frame.checksum, Some(62..64));
}

#[test]
fn a_register_of_zero_counts_as_one() {
    // FFFF with two bytes that take it apart: without the rule the check would differ.
    let plain = |bytes: &[u8]| {
        bytes.iter().fold(0xFFFF_u16, |crc, byte| {
            (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
                if crc & 1 == 1 {
                    crc >> 1 ^ 0xAC5E
                } else {
                    crc >> 1
                }
            })
        })
    };
    let sent = SAMPLE[13..62].to_vec();
    assert_eq!(crc(&sent), 0x599E);
    assert_eq!(plain(&sent), 0x599E, "the sample does not meet the rule");
    // Any register below 100h turns zero with its own low byte.
    let mut found = false;
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let register = plain(&[first, second]);
            if let Ok(third) = u8::try_from(register) {
                found = true;
                assert_eq!(plain(&[first, second, third]), 0);
                assert_ne!(crc(&[first, second, third]), 0);
            }
        }
    }
    assert!(found);
}

#[test]
fn both_requests_are_answered_however_they_come() {
    let mut unit = Options::default().firmware(1);
    let moment = test_moment(0.5);
    unit.tick(&moment);
    assert_eq!(unit.hear(&ASK_DATA[..5], &moment), []);
    let data = unit.hear(&ASK_DATA[5..], &moment).remove(0).bytes;
    assert_eq!(data.len(), 64);
    assert_eq!(data[13..15], [1, 0]);
    assert_eq!(data[15], 0x81);
    assert_eq!(data[16..20], 0.5_f32.to_le_bytes());
    let prefixed = [MARKER, &[0x0A, 0x00, 0x01, 0x00], &ASK_DATA].concat();
    assert_eq!(unit.hear(&prefixed, &moment).remove(0).bytes, data);
    let info = unit.hear(&ASK_INFO, &moment).remove(0).bytes;
    assert_eq!(info.len(), 11 + 4 + 65 + 2);
    assert_eq!(info[11..15], [69, 0, 0, 0]);
    assert!(info[15..].starts_with(b"Mirion\0"));
    assert_eq!(unit.hear(&[0xFF; 20], &moment), []);
    let mut broken = ASK_DATA;
    broken[6] ^= 1;
    assert_eq!(unit.hear(&broken, &moment), []);
}

#[test]
fn overload_range_and_alarm_are_bits() {
    let mut unit = Options::default().firmware(1);
    let moment = Moment {
        overload: true,
        ..test_moment(1_000.0)
    };
    unit.tick(&moment);
    let data = unit.hear(&ASK_DATA, &moment).remove(0).bytes;
    assert_eq!(data[15], 0x80 | 0x40 | 0x02);
    assert_eq!(data[54..58], [0x00, 0x01, 0x00, 0x40]);
}
