use super::*;
use crate::families::test_moment;

fn sample() -> Sentence<'static> {
    Sentence {
        sequence: 1,
        rate: 0.0232,
        dose: 0.000_143,
        unfiltered: 0.0209,
        flags: [true, false, false],
        high_tube: false,
        diagnostics: "I00U3aA4401",
        diagnostic_value: "600-1",
    }
}

#[track_caller]
fn check(sentence: &Sentence<'_>, expected: &str) {
    let frame = sentence.frame();
    let text = String::from_utf8(frame.bytes.clone()).unwrap();
    assert_eq!(text, format!("\r\n{expected}\r\n"));
    assert_eq!(expected.len(), 47);
    let digits = &frame.bytes[frame.checksum.unwrap()];
    assert_eq!(digits, &expected.as_bytes()[44..46]);
}

#[test]
fn the_catalogues_samples_byte_for_byte() {
    check(&sample(), "01a232+1 143-1 209+1 R..L.I00U3aA4401 600-1 71]");
    check(
        &Sentence {
            sequence: 13,
            rate: 0.000_009,
            dose: 0.000_251,
            unfiltered: 0.0,
            diagnostics: "I00U00A3537",
            diagnostic_value: "00000",
            ..sample()
        },
        "13a009-1 251-1 000-1 R..L.I00U00A3537 00000 38]",
    );
    check(
        &Sentence {
            sequence: 19,
            rate: 0.000_012,
            dose: 0.000_251,
            unfiltered: 0.000_039,
            flags: [false; 3],
            diagnostics: "I00U01A55F3",
            diagnostic_value: "49620",
            ..sample()
        },
        "19a012-1 251-1 039-1 ...L.I00U01A55F3 49620 31]",
    );
}

#[test]
fn numbers_have_three_digits() {
    for (value, expected) in [
        (0.0, "000-1"),
        (0.000_999, "999-1"),
        (0.000_999_6, "100+0"),
        (1.0, "100+3"),
        (9.99e6, "999+9"),
        (1e12, "999+9"),
    ] {
        assert_eq!(number(value), expected, "{value}");
    }
}

#[test]
fn it_obeys_its_letters() {
    let mut unit = Options::default().firmware(1);
    let moment = test_moment(100.0);
    assert_eq!(unit.power_up()[0].bytes, [0x01]);
    assert_eq!(unit.tick(&moment), []);
    unit.hear(b"U}\r\n", &moment);
    assert_eq!(
        unit.tick(&moment),
        [],
        "the command needs its leading CR LF"
    );
    unit.hear(b"\r\nU", &moment);
    unit.hear(b"}\r\n", &moment);
    let text = |frames: Vec<Frame>| String::from_utf8(frames[0].bytes.clone()).unwrap();
    let first = text(unit.tick(&moment));
    assert!(first.starts_with("\r\n01a100+1 "), "{first}");
    assert!(first.contains(" R..L.I00U3aA4401 600-1 "), "{first}");
    let low = test_moment(0.1);
    let latched = text(unit.tick(&low));
    assert!(latched.contains(" R..L.I00U3aA4402 496+2 "), "{latched}");
    unit.hear(b"\r\ng}\r\n\r\ne}\r\n", &moment);
    let cleared = text(unit.tick(&low));
    assert!(
        cleared.starts_with("\r\n03a010-1 000-1 010-1 ...L."),
        "{cleared}"
    );
    unit.hear(b"\r\nX}\r\n", &moment);
    assert_eq!(unit.tick(&moment), []);
}
