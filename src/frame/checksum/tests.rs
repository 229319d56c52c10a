use super::*;
use crate::profile::schema::{ChecksumMode, Unused};
use proptest::prelude::*;

fn rule(sum: Sum, stored: Stored, regions: &[(i32, i32, i32)]) -> Checksum {
    Checksum {
        sum,
        cover: Cover::Regions(
            regions
                .iter()
                .map(|(from, to, at)| Region {
                    from: *from,
                    to: *to,
                    at: *at,
                })
                .collect(),
        ),
        stored,
        mode: ChecksumMode::Require,
    }
}

fn nmea() -> Checksum {
    Checksum {
        sum: Sum::Xor { seed: 0 },
        cover: Cover::Marks {
            after: "$".to_owned(),
            until: "*".to_owned(),
            unmarked: Unused::Rejected,
        },
        stored: Stored::Hex(2),
        mode: ChecksumMode::Require,
    }
}

const MODBUS: Sum = Sum::Crc16(Crc16 {
    poly: 0x8005,
    init: 0xffff,
    reflect_in: true,
    reflect_out: true,
    xorout: 0,
});

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

#[track_caller]
fn check(frame: &str, expected: Verdict) {
    assert_eq!(verify(&nmea(), frame.as_bytes()), expected, "{frame}");
}

#[test]
fn a_real_sentence_and_its_injuries() {
    let good = "$BGRDD,002,2011-07-05T13:51:48Z,7,3,7,V,3538.5284,N,13943.1506,E,93.0,V,16.0,0*5c";
    check(good, Verdict::Good);
    check(&good.replace("*5c", "*5C"), Verdict::Good);
    check(
        &good.replace(",7,3,7,", ",8,3,7,"),
        Verdict::Wrong {
            stored: 0x5c,
            computed: 0x53,
        },
    );
    check(good.trim_start_matches('$'), Verdict::NoStart);
    check(good.trim_end_matches("*5c"), Verdict::Missing);
    check(good.trim_end_matches('c'), Verdict::Missing);
    check("", Verdict::NoStart);
}

/// Frames of the catalogue, byte for byte.
#[test]
fn catalogue_frames_verify() {
    let ones = rule(
        Sum::OnesComplement,
        Stored::U16Le,
        &[(0, 10, 10), (12, -2, -2)],
    );
    let cases: Vec<(&str, Checksum, Vec<u8>)> = vec![
        (
            "Modbus, high byte first",
            rule(MODBUS, Stored::U16Be, &[(0, -2, -2)]),
            hex("01 04 04 34 21 06 43 EF E7"),
        ),
        (
            "Modbus start-up",
            rule(MODBUS, Stored::U16Be, &[(0, -2, -2)]),
            hex("01 06 00 00 FF FF 7A 88"),
        ),
        (
            "6150AD",
            rule(Sum::Xor { seed: 0 }, Stored::U8, &[(1, 5, 5)]),
            hex("02 14 E1 7A FD 72"),
        ),
        (
            "FS-5000",
            rule(Sum::Sum { seed: 0 }, Stored::U8, &[(0, -2, -2)]),
            hex("AA 05 0E 01 BE 55"),
        ),
        (
            "RADEX request",
            ones.clone(),
            hex("7B FF 20 00 06 00 18 00 00 00 46 00 00 08 0C 00 F3 F7"),
        ),
        (
            "RADEX reply",
            ones,
            hex(
                "7A FF 20 80 16 00 18 00 00 00 36 80 00 08 00 00 0C 00 00 00 12 00 00 00 12 00 \
                 00 00 15 00 00 00 BA F7",
            ),
        ),
        (
            "AccuRad",
            rule(Sum::Accurad, Stored::U16Le, &[(13, -2, -2)]),
            hex(
                "23 21 41 63 63 75 52 61 64 21 23 33 00 01 00 81 D7 86 4E 3D E8 0A E5 40 13 39 \
                 13 3D 4F 69 E8 40 FE D9 61 3E 2B CD 27 00 C1 42 7E 00 F6 BE FA 3D 00 34 12 46 \
                 A4 60 00 00 00 40 32 92 00 00 9E 59",
            ),
        ),
        (
            "ADM-300",
            rule(Sum::Xor { seed: 7 }, Stored::Hex(2), &[(0, 44, 44)]),
            b"01a232+1 143-1 209+1 R..L.I00U3aA4401 600-1 71]".to_vec(),
        ),
        (
            "RadEye",
            rule(Sum::Sum { seed: 0 }, Stored::Hex(2), &[(0, -3, -3)]),
            b"\x02721 5 3 5 04 SX 0 58\x03".to_vec(),
        ),
    ];
    for (name, rule, frame) in cases {
        assert_eq!(verify(&rule, &frame), Verdict::Good, "{name}");
        // Cut anywhere it never passes; only the ADM-300's end mark lies outside.
        for len in 0..frame.len() - usize::from(name == "ADM-300") {
            let cut = frame.get(..len).unwrap();
            assert_ne!(verify(&rule, cut), Verdict::Good, "{name} cut to {len}");
        }
    }
}

#[test]
fn crc_parameters_mean_what_catalogues_of_crcs_say() {
    // The check value of "123456789" in each published variant.
    let crc = |poly, init, reflect, xorout| {
        Sum::Crc16(Crc16 {
            poly,
            init,
            reflect_in: reflect,
            reflect_out: reflect,
            xorout,
        })
    };
    for (name, sum, expected) in [
        ("ARC", crc(0x8005, 0, true, 0), 0xbb3d),
        ("MODBUS", crc(0x8005, 0xffff, true, 0), 0x4b37),
        ("XMODEM", crc(0x1021, 0, false, 0), 0x31c3),
        ("GENIBUS", crc(0x1021, 0xffff, false, 0xffff), 0xd64e),
        ("KERMIT", crc(0x1021, 0, true, 0), 0x2189),
    ] {
        let got = compute(sum, Stored::U16Le, b"123456789");
        assert_eq!(got, expected, "{name}: {got:04x}");
    }
}

#[test]
fn the_end_around_carry_counts() {
    // FFFF + 0002 is 0002 with the carry, 0001 without.
    assert_eq!(
        compute(Sum::OnesComplement, Stored::U16Le, &[0xff, 0xff, 2, 0]),
        !2
    );
    // An odd byte stands for a word.
    assert_eq!(compute(Sum::OnesComplement, Stored::U16Be, &[1]), !0x0100);
}

/// Each kind with the way it is stored.
fn kinds() -> impl Strategy<Value = Checksum> {
    prop_oneof![
        any::<u8>().prop_map(|seed| rule(Sum::Xor { seed }, Stored::U8, &[(0, -1, -1)])),
        any::<u8>().prop_map(|seed| rule(Sum::Xor { seed }, Stored::Hex(2), &[(0, -2, -2)])),
        any::<u8>().prop_map(|seed| rule(Sum::Sum { seed }, Stored::U8, &[(0, -1, -1)])),
        Just(rule(Sum::Sum { seed: 0 }, Stored::Hex(2), &[(0, -2, -2)])),
        Just(rule(Sum::OnesComplement, Stored::U16Le, &[(0, -2, -2)])),
        Just(rule(Sum::OnesComplement, Stored::U16Be, &[(0, -2, -2)])),
        Just(rule(Sum::Accurad, Stored::U16Le, &[(0, -2, -2)])),
        Just(rule(MODBUS, Stored::U16Le, &[(0, -2, -2)])),
        Just(rule(MODBUS, Stored::U16Be, &[(0, -2, -2)])),
        Just(rule(MODBUS, Stored::Hex(4), &[(0, -4, -4)])),
    ]
}

/// A frame that `rule` finds good: the body with its checksum behind it.
fn sealed(rule: &Checksum, body: &[u8]) -> Vec<u8> {
    let sum = compute(rule.sum, rule.stored, body);
    let mut frame = body.to_vec();
    match rule.stored {
        Stored::U8 => frame.push(u8::try_from(sum).unwrap()),
        Stored::U16Le => frame.extend(sum.to_le_bytes()),
        Stored::U16Be => frame.extend(sum.to_be_bytes()),
        Stored::Hex(2) => frame.extend(format!("{sum:02X}").bytes()),
        Stored::Hex(_) => frame.extend(format!("{sum:04x}").bytes()),
    }
    frame
}

proptest! {
    #[test]
    fn one_changed_byte_never_passes(
        rule in kinds(),
        // An even length, so that words keep their place.
        body in prop::collection::vec(any::<u8>(), 1..40).prop_map(|mut body| {
            if body.len() % 2 != 0 {
                body.push(0);
            }
            body
        }),
        at in any::<prop::sample::Index>(),
        change in 1u8..,
    ) {
        let frame = sealed(&rule, &body);
        prop_assert_eq!(verify(&rule, &frame), Verdict::Good);
        let mut broken = frame.clone();
        let at = at.index(broken.len());
        broken[at] ^= change;
        // Only the case of a hex digit may change without harm.
        let is_digit = matches!(rule.stored, Stored::Hex(_)) && at >= body.len();
        let same = is_digit && broken.eq_ignore_ascii_case(&frame);
        prop_assert_eq!(verify(&rule, &broken) == Verdict::Good, same);
    }

    #[test]
    fn one_changed_bit_of_a_sentence_never_passes(
        body in "[0-9A-Z,.]{1,60}",
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let sum = body.bytes().fold(0u8, |sum, byte| sum ^ byte);
        let frame = format!("${body}*{sum:02X}").into_bytes();
        prop_assert_eq!(verify(&nmea(), &frame), Verdict::Good);
        let mut broken = frame.clone();
        let at = at.index(broken.len());
        broken[at] ^= 1 << bit;
        let same = broken.eq_ignore_ascii_case(&frame) && at + 2 >= frame.len();
        prop_assert_eq!(verify(&nmea(), &broken) == Verdict::Good, same);
    }

    #[test]
    fn any_bytes_are_judged(rule in kinds(), bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        // It gives a verdict and does not panic.
        let verdict = verify(&rule, &bytes);
        prop_assert!(bytes.len() > 1 || verdict == Verdict::Missing || rule.stored == Stored::U8);
    }
}
