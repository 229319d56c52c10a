//! Conversations as scripts: what comes in at which time, and what goes out.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Dialogue, Effect, Incident, Permit};
use crate::clock::Mono;
use crate::frame::{Framed, Refusal};
use crate::profile::Profile;

/// A profile of lines with this dialogue.
fn profile(dialogue: &str) -> Profile {
    let head = r#"
        schema = 1
        id = "test"
        title = "Test"
        class = "survey_meter"
        status = "verified"
        sources = [{ what = "this test", grade = "S" }]
        unmatched = "ignored"
        identity = { name = "test" }
        transport = { kind = "serial", baud = 9600 }
        framing = { kind = "line", max_bytes = 64 }
    "#;
    let tail = r#"
        [[message]]
        name = "any"
        empty = "ignored"
        format = { kind = "text", name = "all" }
        [[message.value]]
        quantity = "dose_rate"
        unit = "uSv/h"
        from = "all"
    "#;
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), format!("{head}{dialogue}{tail}")).unwrap();
    Profile::load(file.path()).unwrap()
}

fn at(ms: u64) -> Mono {
    Mono::from_nanos(ms * 1_000_000)
}

/// What goes into a conversation, at a time in milliseconds.
#[derive(Clone, Copy, Debug)]
enum In<'a> {
    Bytes(u64, &'a [u8]),
    /// Nothing but time.
    Wait(u64),
    Stop(u64),
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn note(transcript: &mut String, ms: u64, effects: Vec<Effect>) {
    for effect in effects {
        let text = match effect {
            // It goes with every request of a polled instrument.
            Effect::Flush => continue,
            Effect::Send(bytes) => format!("send {}", shown(&bytes)),
            Effect::Frame { label, framed } => {
                let label = label.map(|label| format!("[{label}] ")).unwrap_or_default();
                let framed = match framed {
                    Framed::Frame(bytes) => shown(&bytes),
                    Framed::TooLong { .. } => "too long".to_owned(),
                    Framed::Unfinished(bytes) => format!("unfinished {}", shown(&bytes)),
                    Framed::Refused { why, bytes } => {
                        let why = match why {
                            Refusal::OtherInstrument(text) => text,
                            why => format!("{why:?}"),
                        };
                        format!("refused {}: {why}", shown(&bytes))
                    }
                };
                format!("frame {label}{framed}")
            }
            Effect::Incident(Incident::Started) => "started".to_owned(),
            Effect::Incident(Incident::NoAnswer { what }) => format!("no answer {what}"),
            Effect::Incident(Incident::Withheld { what }) => format!("withheld {what}"),
            Effect::Incident(Incident::OtherInstrument { expected, found }) => {
                format!("other instrument {found}, not {expected}")
            }
            Effect::Done => "done".to_owned(),
        };
        writeln!(transcript, "{ms} {text}").unwrap();
    }
}

/// Plays a conversation, with bytes in pieces of `chunk`.
fn play(profile: &Profile, permit: &Permit, script: &[In<'_>], chunk: usize) -> String {
    let mut dialogue = Dialogue::new(profile, permit.clone());
    let mut transcript = String::new();
    note(&mut transcript, 0, dialogue.start(at(0)));
    for input in script {
        let (In::Bytes(until, _) | In::Wait(until) | In::Stop(until)) = *input;
        while let Some(due) = dialogue.next_deadline().filter(|due| *due <= at(until)) {
            let ms = due.as_nanos() / 1_000_000;
            note(&mut transcript, ms, dialogue.tick(due));
        }
        match input {
            In::Bytes(ms, bytes) => {
                for piece in bytes.chunks(chunk) {
                    note(&mut transcript, *ms, dialogue.receive(at(*ms), piece));
                }
            }
            In::Wait(_) => {}
            In::Stop(ms) => note(&mut transcript, *ms, dialogue.stop(at(*ms))),
        }
    }
    transcript
}

#[track_caller]
fn check(dialogue: &str, permit: &Permit, script: &[In<'_>], expected: &[&str]) {
    let profile = profile(dialogue);
    for chunk in 1..=16 {
        let transcript = play(&profile, permit, script, chunk);
        let lines: Vec<&str> = transcript.lines().collect();
        assert_eq!(lines, expected, "in pieces of {chunk}");
    }
}

const GMC: &str = r#"
    [dialogue]
    start = [
        { send = "<GETVER>>", expect = { kind = "idle", ms = 50 }, within_ms = 500, attempts = 2, set = [{ name = "version" }] },
    ]
    exit = [{ send = "<HEARTBEAT0>>" }]
    [dialogue.poll]
    every_ms = 1000
    gap_ms = 20
    [[dialogue.poll.request]]
    name = "cpm/{version}"
    send = "<GETCPM>>"
    within_ms = 200
    attempts = 2
    expect = { kind = "bytes_by", of = "version", rows = { "GMC-500+*" = 4 }, otherwise = 2 }
"#;

#[test]
fn a_version_decides_the_width_of_an_answer() {
    check(
        GMC,
        &Permit::default(),
        &[
            In::Bytes(10, b"GMC-500+Re"),
            In::Bytes(30, b" 1.18"),
            In::Bytes(100, &[0, 0, 0, 28]),
            In::Bytes(1090, &[0, 0, 0, 29]),
            In::Stop(1500),
        ],
        &[
            "0 send <GETVER>>",
            "80 started",
            "80 send <GETCPM>>",
            r"100 frame [cpm/GMC-500+Re 1.18] \x00\x00\x00\x1c",
            "1080 send <GETCPM>>",
            r"1090 frame [cpm/GMC-500+Re 1.18] \x00\x00\x00\x1d",
            "1500 send <HEARTBEAT0>>",
            "1500 done",
        ],
    );
}

#[test]
fn a_late_answer_is_never_that_of_another_request() {
    check(
        GMC,
        &Permit::default(),
        &[
            In::Bytes(0, b"GMC-320Re 4.19"),
            In::Bytes(100, &[0, 28]),
            // Asked at 1050, late at 1300, when it is asked again at 1450.
            In::Bytes(1300, &[0, 29]),
            In::Bytes(1460, &[0, 30]),
            In::Wait(2049),
        ],
        &[
            "0 send <GETVER>>",
            "50 started",
            "50 send <GETCPM>>",
            r"100 frame [cpm/GMC-320Re 4.19] \x00\x1c",
            "1050 send <GETCPM>>",
            r"1450 frame refused \x00\x1d: UnexpectedReply",
            "1450 send <GETCPM>>",
            r"1460 frame [cpm/GMC-320Re 4.19] \x00\x1e",
        ],
    );
}

#[test]
fn silence_is_said_once_and_the_start_script_is_run_again() {
    check(
        GMC,
        &Permit::default(),
        &[
            In::Bytes(0, b"GMC-320Re 4.19"),
            In::Bytes(60, &[0]),
            In::Wait(1050),
            In::Bytes(1051, b"GMC-320Re 4.19"),
            In::Bytes(1110, &[0, 28]),
            In::Wait(1500),
        ],
        &[
            "0 send <GETVER>>",
            "50 started",
            "50 send <GETCPM>>",
            r"250 frame [cpm/GMC-320Re 4.19] unfinished \x00",
            "450 send <GETCPM>>",
            "650 no answer cpm/GMC-320Re 4.19",
            "1050 send <GETVER>>",
            "1101 started",
            "1101 send <GETCPM>>",
            r"1110 frame [cpm/GMC-320Re 4.19] \x00\x1c",
        ],
    );
    check(
        GMC,
        &Permit::default(),
        &[In::Wait(3100)],
        &[
            "0 send <GETVER>>",
            "1000 send <GETVER>>",
            "1500 no answer start[0]",
            "2500 send <GETVER>>",
        ],
    );
}

/// The command exchange of a RadEye, and its push.
const RADEYE: &str = r##"
    [dialogue]
    again_ms = 5000
    start = [
        { send = "@", expect = { kind = "text", text = ">" }, within_ms = 300, attempts = 3 },
        { wait_ms = 1 },
        { send = "X1\n", expect = { kind = "text", text = "#" }, within_ms = 300 },
    ]
"##;

#[test]
fn a_pushing_instrument_is_started_and_started_again() {
    check(
        RADEYE,
        &Permit::default(),
        &[
            In::Bytes(700, b"\r\n>"),
            In::Bytes(750, b"#"),
            In::Bytes(750, b"12 0 G20\r\n"),
            In::Bytes(1750, b"13 0 G20\r\n"),
            In::Wait(6750),
        ],
        &[
            "0 send @",
            "600 send @",
            r"701 send X1\n",
            "750 started",
            "750 frame 12 0 G20",
            "1750 frame 13 0 G20",
            "6750 send @",
        ],
    );
}

#[test]
fn what_is_pushed_while_the_start_script_waits_in_vain_is_not_lost() {
    check(
        r#"
            [dialogue]
            start = [
              { send = "@", expect = { kind = "text", text = ">" }, within_ms = 500 },
            ]
        "#,
        &Permit::default(),
        &[
            In::Bytes(100, b"1\r\n2"),
            // The second line goes on behind the end of the time.
            In::Bytes(700, b"3\r\n"),
            In::Wait(1400),
        ],
        &[
            "0 send @",
            "500 frame 1",
            "500 no answer start[0]",
            "700 frame 23",
        ],
    );
}

/// A Gamma-Scout: its state, and what starts it.
const STATE: &str = r#"
    [dialogue]
    again_ms = 5000
    start = [
        { send = "s", expect = { kind = "line", prefix = "S" }, within_ms = 500, enough = true },
        { send = "O" },
    ]
"#;

#[test]
fn an_answer_that_is_enough_ends_the_start_script() {
    check(
        STATE,
        &Permit::default(),
        &[
            In::Bytes(600, b"I1\r\n"),
            // Silent since, and asked: it only counts longer.
            In::Bytes(5700, b"I2\r\nS3\r\n"),
            In::Bytes(5750, b"I4\r\n"),
            // Silent again, and this time it was switched off.
            In::Wait(11300),
        ],
        &[
            "0 send s",
            "500 send O",
            "500 started",
            "600 frame I1",
            "5600 send s",
            "5700 frame I2",
            "5700 started",
            "5750 frame I4",
            "10750 send s",
            "11250 send O",
            "11250 started",
        ],
    );
}

#[test]
fn characters_are_spaced() {
    check(
        r#"
        [dialogue]
        spacing_ms = 550
        start = [{ send = "PO" }, { send = "s", expect = { kind = "line", prefix = "S" }, within_ms = 100 }]
        "#,
        &Permit::default(),
        &[In::Wait(600), In::Bytes(620, b"S000a\r\n"), In::Wait(700)],
        &["0 send P", "550 send O", "550 send s", "620 started"],
    );
}

const JOINED: &str = r#"
    [dialogue]
    modbus_crc = "high_low"
    start = [
        { discard_ms = 100 },
        { modbus = { function = 6, register = 0, value = 65535 }, changes = true, within_ms = 100 },
    ]
    [dialogue.poll]
    every_ms = 1000
    join = "all"
    [[dialogue.poll.request]]
    name = "temperature"
    modbus = { function = 4, register = 1, count = 1 }
    within_ms = 100
    [[dialogue.poll.request]]
    name = "dose_rate"
    modbus = { function = 4, register = 8, count = 2 }
    within_ms = 100
"#;

const TEMPERATURE: &[u8] = &[0x01, 0x04, 0x02, 0x19, 0x00, 0xa0, 0xb2];
const DOSE_RATE: &[u8] = &[0x01, 0x04, 0x04, 0x34, 0x21, 0x06, 0x43, 0xef, 0xe7];

fn asked(ms: u64, request: &[u8]) -> String {
    format!("{ms} send {}", shown(request))
}

const ASK_TEMPERATURE: &[u8] = &[0x01, 0x04, 0x00, 0x01, 0x00, 0x01, 0x0a, 0x60];
const ASK_DOSE_RATE: &[u8] = &[0x01, 0x04, 0x00, 0x08, 0x00, 0x02, 0x09, 0xf0];

/// An answer with the CRC that goes with it, the high byte first.
fn with_crc(body: &[u8]) -> Vec<u8> {
    let crc = super::sum::crc16_modbus(body);
    [body, &crc.to_be_bytes()].concat()
}

#[test]
fn answers_of_one_cycle_make_one_frame_and_nothing_is_written_unasked() {
    let temperature = with_crc(&TEMPERATURE[..5]);
    let frame = [&temperature[..], DOSE_RATE].concat();
    let expected = [
        "100 withheld start[1]".to_owned(),
        "100 started".to_owned(),
        asked(100, ASK_TEMPERATURE),
        asked(110, ASK_DOSE_RATE),
        format!("120 frame [all] {}", shown(&frame)),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(
        JOINED,
        &Permit::default(),
        &[
            In::Bytes(50, b"rubbish"),
            In::Bytes(110, &temperature),
            In::Bytes(120, DOSE_RATE),
            In::Wait(1000),
        ],
        &expected,
    );
}

#[test]
fn a_damaged_answer_costs_its_cycle_and_is_counted() {
    let temperature = with_crc(&TEMPERATURE[..5]);
    let mut damaged = DOSE_RATE.to_vec();
    damaged[4] ^= 1;
    let expected = [
        "100 withheld start[1]".to_owned(),
        "100 started".to_owned(),
        asked(100, ASK_TEMPERATURE),
        asked(110, ASK_DOSE_RATE),
        format!(
            "210 frame [dose_rate] refused {}: Checksum",
            shown(&damaged)
        ),
        "210 no answer dose_rate".to_owned(),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(
        JOINED,
        &Permit::default(),
        &[
            In::Bytes(110, &temperature),
            In::Bytes(120, &damaged),
            In::Wait(1000),
        ],
        &expected,
    );
}

#[test]
fn an_exception_is_no_reading() {
    let denied = with_crc(&[0x01, 0x84, 0x02]);
    let expected = [
        "100 withheld start[1]".to_owned(),
        "100 started".to_owned(),
        asked(100, ASK_TEMPERATURE),
        format!(
            "110 frame [temperature] refused {}: Denied(2)",
            shown(&denied)
        ),
        "110 no answer temperature".to_owned(),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(
        JOINED,
        &Permit::default(),
        &[In::Bytes(110, &denied), In::Wait(200)],
        &expected,
    );
}

#[test]
fn what_changes_the_instrument_is_sent_where_it_is_allowed() {
    let permit = Permit {
        changes: true,
        address: Some(2),
        device: None,
    };
    let write = with_crc(&[0x02, 0x06, 0x00, 0x00, 0xff, 0xff]);
    let expected = [
        asked(100, &write),
        "110 started".to_owned(),
        asked(110, &with_crc(&[0x02, 0x04, 0x00, 0x01, 0x00, 0x01])),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(JOINED, &permit, &[In::Bytes(110, &write)], &expected);
}

const RADPRO: &str = r#"
    [dialogue]
    start = [
        { send = "GET deviceId\r\n", expect = { kind = "line", prefix = "OK " }, within_ms = 200, set = [{ name = "device", after = "/en;" }] },
    ]
    [dialogue.poll]
    every_ms = 1000
    [[dialogue.poll.request]]
    name = "sensitivity"
    send = "GET tubeSensitivity\r\n"
    expect = { kind = "line", prefix = "OK " }
    within_ms = 200
    once = true
    set = [{ name = "sensitivity", after = "OK " }]
    [[dialogue.poll.request]]
    name = "rate/{sensitivity}"
    send = "GET tubeRate\r\n"
    expect = { kind = "frame" }
    within_ms = 200
"#;

#[test]
fn a_value_is_read_once_and_labels_what_follows() {
    check(
        RADPRO,
        &Permit::default(),
        &[
            In::Bytes(10, b"OK FS2011;Rad Pro 2.0/en;b57\r\n"),
            In::Bytes(20, b"OK 153.800\r\n"),
            In::Bytes(30, b"OK 142.857\r\n"),
            In::Bytes(1020, b"OK 143.000\r\n"),
        ],
        &[
            r"0 send GET deviceId\r\n",
            "10 started",
            r"10 send GET tubeSensitivity\r\n",
            r"20 send GET tubeRate\r\n",
            "30 frame [rate/153.800] OK 142.857",
            r"1010 send GET tubeRate\r\n",
            "1020 frame [rate/153.800] OK 143.000",
        ],
    );
}

#[test]
fn another_instrument_is_refused_with_both_names() {
    let permit = Permit {
        device: Some("b57".to_owned()),
        ..Permit::default()
    };
    check(
        RADPRO,
        &permit,
        &[
            In::Bytes(10, b"OK FS2011;Rad Pro 2.0/en;c99\r\n"),
            In::Bytes(20, b"OK 153.800\r\n"),
            In::Bytes(30, b"OK 142.857\r\n"),
        ],
        &[
            r"0 send GET deviceId\r\n",
            "10 other instrument c99, not b57",
            "10 started",
            r"10 send GET tubeSensitivity\r\n",
            r"20 send GET tubeRate\r\n",
            "30 frame [rate/153.800] refused OK 142.857: this is `c99`, the configuration expects `b57`",
        ],
    );
}

#[test]
fn an_instrument_that_is_only_listened_to_hears_nothing() {
    check(
        "",
        &Permit::default(),
        &[In::Bytes(10, b"CPS, 1\r\n"), In::Stop(20)],
        &["0 started", "10 frame CPS, 1", "20 done"],
    );
}

#[test]
fn the_rest_of_a_lost_line_is_told() {
    let profile = profile("");
    let mut dialogue = Dialogue::new(&profile, Permit::default());
    dialogue.start(at(0));
    assert!(dialogue.receive(at(1), b"half a li").is_empty());
    let framed = Framed::Unfinished("half a li".into());
    let label = None;
    assert_eq!(dialogue.finish(), [Effect::Frame { label, framed }]);
}

/// Answers to nothing do not make the memory grow.
#[test]
fn strays_are_bounded() {
    let profile = profile(GMC);
    let mut dialogue = Dialogue::new(&profile, Permit::default());
    dialogue.start(at(0));
    dialogue.receive(at(0), b"GMC-320Re 4.19");
    dialogue.tick(at(50));
    dialogue.receive(at(60), &[0, 28]);
    for _ in 0..1000 {
        assert!(dialogue.receive(at(70), &[0x55; 4096]).is_empty());
    }
    assert!(dialogue.tick(at(80)).is_empty());
    let refused = dialogue.tick(at(1050));
    let bytes = refused.iter().find_map(|effect| match effect {
        Effect::Frame { framed, .. } => Some(framed.bytes().len()),
        _ => None,
    });
    assert_eq!(bytes, Some(crate::frame::HEAD_BYTES));
    assert_eq!(
        dialogue.next_deadline(),
        Some(at(1050)).map(|at| at.saturating_add(Duration::from_millis(200)))
    );
}
