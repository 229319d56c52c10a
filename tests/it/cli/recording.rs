//! Recordings: decoded and replayed.

use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{check_exit, check_has, check_same, pantau_with_input};
use crate::support::{Home, json_lines, mightyohm_line, pantau, shared, texts};

/// The sample record of the interface description, section 2, is the first
/// reading of this recording.
///
/// DIFFERENCE: the sample counts the sentence as frame 19; the recording has 19
/// comment lines before it, each a frame of its own, so here it is 20.
#[test]
fn the_sample_record_of_the_interface_comes_out_field_by_field() {
    let Some(shared) = shared() else {
        println!("skipped: no folder of shared material on this machine");
        return;
    };
    let recording = shared.join("real-data/bgeigie.log");
    assert!(recording.is_file(), "bgeigie.log is missing");
    let path = recording.canonicalize().unwrap();
    let at = "2026-01-02T03:04:05Z";
    let decode = [
        "profile",
        "decode",
        "safecast-bgeigie",
        path.to_str().unwrap(),
        "--received-at",
        at,
    ];
    let decoded = pantau(&Home::new(), &decode);
    check_exit(&decoded, 0);
    let lines = json_lines(&decoded);
    assert_eq!(lines.len(), 19 + 23);
    for (n, line) in lines.iter().enumerate() {
        assert_eq!(line["frame"], json!(n + 1));
    }
    let expected = json!({
        "outcome": "reading",
        "instrument": "bgeigie-002",
        "profile": "safecast-bgeigie",
        "frame": 20,
        "measured_at": "2011-07-05T13:51:48Z",
        "received_at": at,
        "time_source": "instrument",
        "values": [
            {
                "quantity": "dose_rate",
                "value": 0.020958,
                "unit": "uSv/h",
                "raw": {"value": 7, "unit": "cpm"},
                "factor": "334 cpm per uSv/h",
            },
            {
                "quantity": "count_rate",
                "radiation": "alpha_beta_gamma",
                "value": 0.116667,
                "unit": "cps",
                "raw": {"value": 7, "unit": "cpm"},
            },
        ],
        "position": null,
        "flags": ["count_invalid", "gps_invalid"],
    });
    let first = lines.iter().find(|line| line["outcome"] == "reading");
    check_same(first.unwrap(), &expected, "record");
}

/// A frame that is cut, one that is sound, one that is none.
#[test]
fn a_recording_is_decoded_from_a_file_or_standard_input_the_same() {
    let home = Home::new();
    let text = format!(
        "{}CPS, 1, CPM, NaN, uSv/hr, 0.1, SLOW\nhttp://mightyohm.com\n",
        mightyohm_line(2, 100)
    );
    let path = home.write("recording", &text);
    let decode = ["profile", "decode", "mightyohm"];
    let from_file = pantau(&home, &[&decode[..], &[path.to_str().unwrap()]].concat());
    check_exit(&from_file, 0);
    let lines = json_lines(&from_file);
    let outcomes: Vec<&str> = lines
        .iter()
        .map(|l| l["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["reading", "rejected", "ignored"]);
    assert_eq!(lines[0]["values"][0]["value"], json!(0.57));
    assert_eq!(lines[0]["received_at"], "1970-01-01T00:00:00Z");
    assert_eq!(lines[0]["measured_at"], Value::Null);
    assert_eq!(lines[1]["reason"], "not_a_number");
    assert!(!lines[1]["error"].as_str().unwrap().is_empty());

    let from_stdin = pantau_with_input(&home, &decode, text.as_bytes());
    check_exit(&from_stdin, 0);
    assert_eq!(from_stdin.stdout, from_file.stdout);
}

#[test]
fn hex_dumps_and_messages_with_topics_are_recordings_too() {
    let home = Home::new();
    // `CPS, 1, CPM, 60, uSv/hr, 0.34, SLOW`, in two chunks.
    let dump = "# a dump\n43 50 53 2C 20 31 2C 20 43 50 4D 2C 20 36 30 2C # so far\n\
                207553762F68722C20302E33342C20534C4F570D0A\n";
    let decoded = pantau_with_input(
        &home,
        &["profile", "decode", "mightyohm", "--hex"],
        dump.as_bytes(),
    );
    check_exit(&decoded, 0);
    let lines = json_lines(&decoded);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["values"][0]["value"], json!(0.342));

    let payload = r#"{"seq":17,"boot":3,"dose_rate":{"value":0.112,"unit":"uSv/h"}}"#;
    let hex: String = payload.bytes().map(|byte| format!("{byte:02x}")).collect();
    let messages = format!(
        "{}\n{}\n{}\n",
        json!({"topic": "irdms/007/reading", "payload": payload}),
        json!({"topic": "irdms/st-2/reading", "payload_hex": hex}),
        json!({"topic": "somebody/else", "payload": payload}),
    );
    let decode = ["profile", "decode", "pantau-station", "--mqtt"];
    let decoded = pantau_with_input(&home, &decode, messages.as_bytes());
    check_exit(&decoded, 0);
    let lines = json_lines(&decoded);
    let expected = json!([
        {"outcome": "reading", "instrument": "007", "seq": 17, "boot": 3},
        {"outcome": "reading", "instrument": "st-2"},
        {"outcome": "rejected", "reason": "unknown_instrument"},
    ]);
    check_same(&Value::Array(lines), &expected, "lines");

    let broken = pantau_with_input(&home, &decode, b"{\"topic\":\"x\"}\n");
    check_exit(&broken, 1);
    check_has(&texts(&broken).1, &["line 1", "payload"]);
    let broken = pantau_with_input(&home, &["profile", "decode", "mightyohm", "--hex"], b"4\n");
    check_exit(&broken, 1);
    check_has(&texts(&broken).1, &["line 1", "hex"]);
}

#[test]
fn an_unknown_profile_is_a_failure_that_names_its_neighbours() {
    let failed = pantau(
        &Home::new(),
        &["profile", "decode", "mightohm", "/dev/null"],
    );
    check_exit(&failed, 1);
    let (out, err) = texts(&failed);
    check_has(&err, &["mightohm", "mightyohm"]);
    assert_eq!(out, "");
}

#[test]
fn a_replay_raises_and_gives_the_same_bytes_again() {
    let home = Home::new();
    // 0.11, then 150, then 0.11 µSv/h.
    let text: String = [(0, 20), (439, 26_315), (0, 20)]
        .into_iter()
        .map(|(cps, cpm)| mightyohm_line(cps, cpm))
        .collect();
    let path = home.write("rise", text);
    let replay = ["replay", "--profile", "mightyohm", path.to_str().unwrap()];
    let first = pantau(&home, &replay);
    check_exit(&first, 0);
    let lines = json_lines(&first);
    let readings: Vec<&Value> = lines.iter().filter(|l| l["outcome"] == "reading").collect();
    let classes: Vec<&Value> = readings.iter().map(|line| &line["class"]).collect();
    assert_eq!(classes, ["NORMAL", "EMERGENCY", "NORMAL"]);
    assert_eq!(readings[1]["rule"], "T3.1-I-2");
    let event = lines
        .iter()
        .find(|line| line["outcome"] == "event")
        .unwrap();
    let expected = json!({
        "why": "raised",
        "activation": {"class": "EMERGENCY", "rule": "T3.1-I-2", "state": "RAISED", "version": 1},
    });
    check_same(event, &expected, "event");

    let second = pantau(&home, &replay);
    assert_eq!(first.stdout, second.stdout);
}

/// The output is larger than any pipe, so that writing must find it closed.
#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let home = Home::new();
    let path = home.write("recording", mightyohm_line(2, 100).repeat(2_000));
    let mut child = Command::new(env!("CARGO_BIN_EXE_pantau"))
        .args(["profile", "decode", "mightyohm", path.to_str().unwrap()])
        .current_dir(home.folder())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut head = [0; 64];
    stdout.read_exact(&mut head).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    check_exit(&output, 0);
    assert_eq!(texts(&output).1, "");
}
