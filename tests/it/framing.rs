//! Every kind of framing finds the same frames however the bytes were cut into
//! reads, with rubbish before, between and after, and forgets what it cannot use.

use std::fmt::Write as _;

use pantau::clock::Mono;
use pantau::frame::{Framed, Framer, Refusal};
use pantau::profile::Profile;
use proptest::prelude::*;

/// A profile with this framing, and the keys of the root that follow.
#[track_caller]
fn profile(wire: &str) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.toml");
    let text = format!(
        r#"
schema = 1
id = "test"
title = "Test"
class = "survey_meter"
status = "verified"
sources = [{{ what = "made up", grade = "S" }}]
unmatched = "rejected"
identity = {{ name = "test" }}
transport = {{ kind = "serial", baud = 9600 }}
{wire}

[[message]]
name = "m"
format = {{ kind = "text", name = "x" }}
value = [{{ quantity = "dose_rate", from = "x", unit = "uSv/h" }}]
"#
    );
    std::fs::write(&path, text).unwrap();
    Profile::load(&path).unwrap_or_else(|error| panic!("{error}"))
}

const ENCLOSED: &str = "framing = { kind = \"enclosed\", begin = [2], end = [3], between = \"\\r\\n\", max_bytes = 16 }";
const MARKED: &str = r#"
framing = { kind = "marked", begin = [2], bytes = 6 }
checksum = { kind = "xor", stored = "u8", mode = "require", regions = [{ from = 1, to = 5, at = 5 }] }
"#;
const LENGTH: &str = r#"
framing = { kind = "length", begin = [0xAA], length_at = 1, length = "u8", length_adds = 1, end = [0x55], max_bytes = 32 }
checksum = { kind = "sum", stored = "u8", mode = "require", regions = [{ to = -2, at = -2 }] }
"#;
const WORDS: &str = r##"
framing = { kind = "length", begin = "#!", length_at = 2, length = "u16le", length_adds = 4, max_bytes = 64 }
checksum = { kind = "crc16", poly = 0x8005, init = 0xFFFF, reflect_in = true, reflect_out = true, stored = "u16be", mode = "require", regions = [{ from = 4, to = -2, at = -2 }] }
"##;
const JSON: &str = "framing = { kind = \"json\", max_bytes = 64 }";
const XML: &str =
    "framing = { kind = \"enclosed\", begin = \"<?xml\", end = \"</a>\", max_bytes = 64 }";
const STARS: &str = "framing = { kind = \"enclosed\", begin = \"*\", end = \"\\r\", begin_inside = true, max_bytes = 32 }";

/// Frames as text, hex for bytes that are none.
fn shown(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_graphic() || *byte == b' ' {
            text.push(char::from(*byte));
        } else {
            write!(text, "\\{byte:02x}").unwrap();
        }
        text
    })
}

fn short(framed: &Framed) -> String {
    match framed {
        Framed::Frame(bytes) => shown(bytes),
        Framed::TooLong { dropped, .. } => format!("<too long {dropped}>"),
        Framed::Unfinished(bytes) => format!("<cut {}>", shown(bytes)),
        Framed::Refused { why, bytes } => match why {
            Refusal::Checksum => format!("<checksum {}>", shown(bytes)),
            Refusal::Noise(n) => format!("<noise {n}>"),
            Refusal::Cut(n) => format!("<cut {n}>"),
            other => format!("<{other:?}>"),
        },
    }
}

fn frames(profile: &Profile, input: &[u8], chunk: usize) -> Vec<Framed> {
    let mut framer = Framer::new(profile);
    let mut out = Vec::new();
    for piece in input.chunks(chunk) {
        framer.push(piece, Mono::from_nanos(0));
        out.extend(std::iter::from_fn(|| framer.next_frame()));
    }
    out.extend(std::iter::from_fn(|| framer.finish()));
    out
}

/// Puts `input` in with every chunk size.
#[track_caller]
fn check(wire: &str, input: &[u8], expected: &[&str]) {
    let profile = profile(wire);
    for chunk in 1..=64 {
        let got: Vec<String> = frames(&profile, input, chunk).iter().map(short).collect();
        assert_eq!(got, expected, "in pieces of {chunk}");
    }
}

#[test]
fn enclosed() {
    check(
        ENCLOSED,
        b"\x02a\x03\r\n\x02b\x03",
        &["\\02a\\03", "\\02b\\03"],
    );
    // Rubbish before, between and after; words between frames are kept.
    check(
        ENCLOSED,
        b"x\x03\x02a\x03CIAO\r\n\x02b\x03\r\nend",
        &[
            "<noise 2>",
            "\\02a\\03",
            "<noise 6>",
            "\\02b\\03",
            "<noise 3>",
        ],
    );
    // Another beginning inside cuts the frame.
    check(
        ENCLOSED,
        b"z\x02ab\x02cd\x03\x02e",
        &["<noise 1>", "<cut \\02ab>", "\\02cd\\03", "<cut 2>"],
    );
    // One without an end is dropped up to the next.
    check(
        ENCLOSED,
        b"\x020123456789abcdefghij\x02k\x03",
        &["<too long 21>", "\\02k\\03"],
    );
    check(
        STARS,
        b"*1*2**\r\n*3**\r",
        &["*1*2**\\0d", "<noise 1>", "*3**\\0d"],
    );
    check(
        XML,
        b"</a><?xml?><a>1</a><?xml?><a>2</a><?xm",
        &[
            "<noise 4>",
            "<?xml?><a>1</a>",
            "<?xml?><a>2</a>",
            "<noise 4>",
        ],
    );
}

#[test]
fn marked_frames_are_found_by_their_checksum() {
    let one = [0x02, 0x14, 0xe1, 0x7a, 0xfd, 0x72];
    let two = [0x02, 0x11, 0x00, 0x64, 0x04, 0x71];
    let (a, b) = ("\\02\\14\\e1z\\fdr", "\\02\\11\\00d\\04q");
    check(MARKED, &[one, two].concat(), &[a, b]);
    // The mark stands inside the data and in the rubbish too.
    let inside = [0x02, 0x02, 0x02, 0x02, 0x02, 0x00];
    check(
        MARKED,
        &[&[0x02, 0x02][..], &inside, &[0x02], &two, &[0xff]].concat(),
        &[
            "<cut 2>",
            "\\02\\02\\02\\02\\02\\00",
            "<cut 1>",
            b,
            "<noise 1>",
        ],
    );
    // Damaged frames are told one by one, cut ones as cut.
    let mut bad = one;
    bad[3] ^= 4;
    check(
        MARKED,
        &[&one[..], &bad, &bad, &two].concat(),
        &[
            a,
            "<checksum \\02\\14\\e1~\\fdr>",
            "<checksum \\02\\14\\e1~\\fdr>",
            b,
        ],
    );
    check(
        MARKED,
        &[&one[..4], &two, &one[..3]].concat(),
        &["<cut 4>", b, "<cut 3>"],
    );
}

#[test]
fn length_fields() {
    let start = [0xaa, 0x05, 0x0e, 0x01, 0xbe, 0x55];
    let stop = [0xaa, 0x05, 0x0e, 0x00, 0xbd, 0x55];
    let (a, b) = ("\\aa\\05\\0e\\01\\beU", "\\aa\\05\\0e\\00\\bdU");
    check(LENGTH, &[start, stop].concat(), &[a, b]);
    // The end mark inside a frame is data.
    let inside = [0xaa, 0x05, 0x55, 0x55, 0x59, 0x55];
    check(LENGTH, &inside, &["\\aa\\05UUYU"]);
    // A length that cannot be does not swallow what follows.
    check(
        LENGTH,
        &[&[0xaa, 0xff][..], &start, &[0xaa, 0x1f, 0x00], &stop].concat(),
        &["<noise 2>", a, "<cut 3>", b],
    );
    let mut bad = start;
    bad[3] = 0x02;
    check(
        LENGTH,
        &[bad, stop].concat(),
        &["<checksum \\aa\\05\\0e\\02\\beU>", b],
    );
    // Two bytes of length; sealed with the Modbus CRC of "12" and "1".
    let words = b"#!\x04\x0012\xf5\x95#!\x03\x001\x94\x7e";
    let profile = profile(WORDS);
    for chunk in 1..=64 {
        assert_eq!(
            frames(&profile, words, chunk).len(),
            2,
            "in pieces of {chunk}"
        );
    }
}

#[test]
fn json_objects() {
    check(
        JSON,
        b"{\"a\":\"}\\\"{\"}\r\n{\"b\":{\"c\":1}}{}",
        &["{\"a\":\"}\\\"{\"}", "{\"b\":{\"c\":1}}", "{}"],
    );
    check(
        JSON,
        b"]{\"a\":1}, {\"b\":2}\n{\"c\"",
        &[
            "<noise 1>",
            "{\"a\":1}",
            "<noise 2>",
            "{\"b\":2}",
            "<cut 4>",
        ],
    );
}

#[test]
fn pauses_end_frames() {
    let idle = profile("framing = { kind = \"idle\", gap_ms = 100, max_bytes = 4 }");
    let at = |ms: u64| Mono::from_nanos(ms * 1_000_000);
    let mut framer = Framer::new(&idle);
    let mut out = Vec::new();
    for (ms, bytes) in [(0, "ab"), (50, "c"), (200, "d"), (400, "12345"), (450, "6")] {
        framer.push(bytes.as_bytes(), at(ms));
        out.extend(std::iter::from_fn(|| framer.next_frame()));
    }
    assert_eq!(framer.deadline(), Some(at(550)));
    framer.tick(at(549));
    assert_eq!(framer.next_frame(), None);
    framer.tick(at(550));
    out.extend(std::iter::from_fn(|| framer.next_frame()));
    let out: Vec<String> = out.iter().map(short).collect();
    assert_eq!(out, ["abc", "d", "<too long 6>"]);
    assert_eq!(framer.deadline(), None);

    let fixed = profile("framing = { kind = \"fixed\", gap_ms = 100, bytes = 2 }");
    let mut framer = Framer::new(&fixed);
    let mut out = Vec::new();
    for (ms, bytes) in [(0, "a"), (50, "bcde"), (70, "f"), (80, "g"), (300, "hi")] {
        framer.push(bytes.as_bytes(), at(ms));
        out.extend(std::iter::from_fn(|| framer.next_frame()));
    }
    let out: Vec<String> = out.iter().map(short).collect();
    // One byte too few or too many does not shift what follows a pause.
    assert_eq!(out, ["ab", "cd", "ef", "<cut g>", "hi"]);
}

#[test]
fn events_are_counted_in_windows() {
    let events = profile("framing = { kind = \"events\", window_ms = 1000 }");
    let at = |ms: u64| Mono::from_nanos(ms * 1_000_000);
    let mut framer = Framer::new(&events);
    let mut out = Vec::new();
    for (ms, bytes) in [
        (0, &[7u8, 0][..]),
        (500, &[0xff]),
        (1200, &[1]),
        (4300, &[1, 1]),
    ] {
        framer.push(bytes, at(ms));
        out.extend(std::iter::from_fn(|| framer.next_frame()));
    }
    framer.tick(at(60_000));
    out.extend(std::iter::from_fn(|| framer.next_frame()));
    let counts: Vec<String> = out.iter().map(short).collect();
    assert_eq!(
        counts.get(..5).unwrap(),
        ["3 1", "1 1", "0 1", "0 1", "2 1"]
    );
    // Then silence: zeros for a while, and nothing after that.
    assert!(counts.iter().skip(5).all(|count| count == "0 1"));
    assert_eq!(counts.len(), 15);
    assert_eq!(framer.deadline(), None);
    framer.push(&[1], at(100_000));
    framer.tick(at(101_000));
    assert_eq!(
        framer.next_frame().as_ref().map(short).as_deref(),
        Some("1 1")
    );
}

#[test]
fn clearing_drops_what_has_come_so_far() {
    for (wire, half, whole) in [
        (ENCLOSED, &b"\x02a"[..], &b"\x02b\x03"[..]),
        (JSON, b"{\"a\"", b"{}"),
        (
            "framing = { kind = \"line\", max_bytes = 8 }",
            b"ab",
            b"c\n",
        ),
        (
            "framing = { kind = \"fixed\", gap_ms = 9, bytes = 2 }",
            b"a",
            b"bc",
        ),
    ] {
        let mut framer = Framer::new(&profile(wire));
        framer.push(half, Mono::from_nanos(0));
        framer.clear();
        framer.push(whole, Mono::from_nanos(0));
        assert!(
            matches!(framer.next_frame(), Some(Framed::Frame(_))),
            "{wire}"
        );
        assert_eq!(framer.finish(), None, "{wire}");
    }
}

/// Streams of frames, damaged frames and noise.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(vec![0x02, 0x14, 0xe1, 0x7a, 0xfd, 0x72]),
        Just(vec![0xaa, 0x05, 0x0e, 0x01, 0xbe, 0x55]),
        Just(b"#!\x04\x0012\xf5\x95".to_vec()),
        Just(b"\x02text\x03\r\n".to_vec()),
        Just(b"{\"a\":{\"b\":\"}\"}}".to_vec()),
        Just(b"<?xml?><a>1</a>".to_vec()),
        Just(b"*1**\r".to_vec()),
        prop::collection::vec(any::<u8>(), 1..8),
        prop::collection::vec(
            prop::sample::select(vec![2u8, 3, 0xaa, b'{', b'}', b'"', b'*']),
            1..40
        ),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunks_make_no_difference_and_no_byte_is_lost_silently(input in stream(), chunk in 1usize..65) {
        for wire in [ENCLOSED, MARKED, LENGTH, WORDS, JSON, XML, STARS] {
            let profile = profile(wire);
            let whole = frames(&profile, &input, usize::MAX);
            prop_assert_eq!(&frames(&profile, &input, chunk), &whole, "{}", wire);
            let told: usize = whole.iter().map(|framed| match framed {
                Framed::TooLong { dropped, .. } => *dropped,
                Framed::Refused { why: Refusal::Noise(n) | Refusal::Cut(n), .. } => *n,
                other => other.bytes().len(),
            }).sum();
            let between = input.iter().filter(|byte| b" \t\r\n".contains(byte)).count();
            prop_assert!(told <= input.len() && told + between >= input.len(), "{}: {} of {}", wire, told, input.len());
        }
    }

    #[test]
    fn one_changed_byte_is_never_a_frame_where_the_check_is_on(
        at in any::<prop::sample::Index>(),
        change in 1u8..,
        which in 0usize..3,
    ) {
        let (wire, frame): (&str, &[u8]) = [
            (MARKED, &[0x02u8, 0x14, 0xe1, 0x7a, 0xfd, 0x72][..]),
            (LENGTH, &[0xaa, 0x05, 0x0e, 0x01, 0xbe, 0x55]),
            (WORDS, b"#!\x04\x0012\xf5\x95"),
        ][which];
        let mut broken = frame.to_vec();
        let at = at.index(broken.len());
        broken[at] ^= change;
        let found = frames(&profile(wire), &broken, 64);
        prop_assert!(!found.iter().any(|framed| matches!(framed, Framed::Frame(_))), "{:?}", found);
        // And the next good one is found behind it.
        broken.extend_from_slice(frame);
        let found = frames(&profile(wire), &broken, 64);
        let good = found.iter().filter(|framed| matches!(framed, Framed::Frame(_))).count();
        prop_assert_eq!(good, 1, "{:?}", found);
    }
}

#[test]
fn memory_stays_bounded() {
    // Nothing ends, and the mark comes again and again.
    for (wire, byte) in [
        (ENCLOSED, 2u8),
        (MARKED, 2),
        (LENGTH, 0xaa),
        (JSON, b'{'),
        (STARS, b'*'),
    ] {
        let profile = profile(wire);
        let mut framer = Framer::new(&profile);
        let mut told = 0;
        for _ in 0..50 {
            framer.push(&[byte; 1024], Mono::from_nanos(0));
            while let Some(framed) = framer.next_frame() {
                assert!(framed.bytes().len() <= 256, "{wire}");
                told += 1;
            }
        }
        assert!(told > 5, "{wire}: {told} told");
    }
}

/// Where a profile demands a checksum, a frame with one changed byte is never a
/// reading, whatever the byte.
#[test]
fn one_changed_byte_is_never_a_reading() {
    let registry = pantau::profile::Registry::built_in();
    let sealed = |body: &str| {
        let sum = body.bytes().fold(0u8, |sum, byte| sum ^ byte);
        format!("${body}*{sum:02X}\r\n").into_bytes()
    };
    let mut push = b"\xaa\x1f\x0eDR:0.18uSv/h;CPS:0001;W:0".to_vec();
    push[1] = u8::try_from(push.len() + 1).unwrap();
    let sum = push.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    push.extend([sum, 0x55]);
    let recorded = |path: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("device-profiles");
        crate::chunks::bytes_of(&folder.join(path))
    };
    for (id, frame) in [
        ("automess-6150ad", vec![0x02, 0x14, 0xe1, 0x7a, 0xfd, 0x72]),
        (
            "atomtex-bdkg05",
            recorded("atomtex-bdkg05/frames/ok/samples.hex"),
        ),
        (
            "mirion-accurad",
            recorded("mirion-accurad/frames/ok/sample.hex"),
        ),
        ("modbus-rtu", recorded("modbus-rtu/frames/ok/alarm.hex")),
        ("radex-one", recorded("radex-one/frames/ok/sample.hex")),
        ("bosean-fs5000", push),
        (
            "canberra-adm300",
            b"\r\n01a232+1 143-1 209+1 R..L.I00U3aA4401 600-1 71]\r\n".to_vec(),
        ),
        (
            "nmea-gps",
            sealed("GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000"),
        ),
        (
            "safecast-bgeigie",
            sealed("BNRDD,204,2012-09-20T15:13:40Z,11,2,11,V,5218.7185,N,445.6503,E,4.80,A,132,6"),
        ),
    ] {
        let profile = registry.get(id).unwrap();
        let readings = |bytes: &[u8]| {
            let form = pantau::source::capture::Form::Bytes;
            let at = pantau::clock::Wall::from_nanos(0);
            let records = pantau::recording::decode(profile, form, bytes, at).unwrap();
            records
                .iter()
                .filter(|record| matches!(record, pantau::exchange::Outcome::Reading(_)))
                .count()
        };
        assert_eq!(readings(&frame), 1, "{id}");
        for at in 0..frame.len() {
            for change in 1..=255u8 {
                let mut broken = frame.clone();
                broken[at] ^= change;
                // A line end may be another one, and a hex digit has two cases.
                let is_same = broken.eq_ignore_ascii_case(&frame) && at + 5 >= frame.len();
                let is_end = |byte: u8| matches!(byte, b'\r' | b'\n');
                let line_end = is_end(frame[at]);
                if is_same || line_end {
                    continue;
                }
                let found = readings(&broken);
                assert_eq!(found, 0, "{id}: byte {at} ^ {change:02x} gave a reading");
            }
        }
    }
}
