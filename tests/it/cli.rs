//! The command line: exit codes, records, tables.

use std::fs;
use std::io::Read;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{
    Daemon, Home, PATIENCE, json_lines, mightyohm_line, pantau, shared, wait_for,
};

#[track_caller]
fn check_exit(output: &Output, code: i32) {
    let (out, err) = texts(output);
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout: {out}\nstderr: {err}"
    );
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn check_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

/// Every member of `expected` is in `got` and the same; `got` may have more.
#[track_caller]
fn check_same(got: &Value, expected: &Value, path: &str) {
    match (got, expected) {
        (Value::Object(got), Value::Object(expected)) => {
            for (name, expected) in expected {
                let value = got.get(name).unwrap_or(&Value::Null);
                assert!(got.contains_key(name), "{path}.{name} is missing");
                check_same(value, expected, &format!("{path}.{name}"));
            }
        }
        (Value::Array(got), Value::Array(expected)) => {
            assert_eq!(got.len(), expected.len(), "{path}: {got:?}");
            for (n, (got, expected)) in got.iter().zip(expected).enumerate() {
                check_same(got, expected, &format!("{path}[{n}]"));
            }
        }
        _ => assert_eq!(got, expected, "{path}"),
    }
}

#[test]
fn profiles_are_listed_for_programs_and_for_people() {
    let home = Home::new();
    let listed = pantau(&home, &["profile", "list"]);
    check_exit(&listed, 0);
    let lines = json_lines(&listed);
    let bgeigie = lines.iter().find(|line| line["id"] == "safecast-bgeigie");
    let expected = json!({
        "class": "mobile", "transport": "serial", "status": "verified", "origin": "built in",
    });
    check_same(bgeigie.unwrap(), &expected, "profile");
    for id in ["mightyohm", "pantau-station", "espgeiger-mqtt"] {
        assert!(lines.iter().any(|line| line["id"] == id), "{id}");
    }

    let table = pantau(&home, &["profile", "list", "--format", "table"]);
    check_exit(&table, 0);
    let (text, _) = texts(&table);
    let head: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        head,
        [
            "ID",
            "CLASS",
            "TRANSPORT",
            "GRADE",
            "STATUS",
            "TITLE",
            "SOURCE"
        ]
    );
    assert_eq!(text.lines().count(), lines.len() + 1);
    check_has(&text, &["mightyohm", "survey_meter"]);
}

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
        "{}CPS, 1, CPM, NaN, uSv/hr, 0.1, SLOW\nhello\n",
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
fn wrong_usage_is_neither_success_nor_failure() {
    for arguments in [
        &["frobnicate"][..],
        &[],
        &["profile", "decode"],
        &["profile", "decode", "mightyohm", "--hex", "--mqtt"],
        &["profile", "decode", "mightyohm", "--received-at", "noon"],
        &["profile", "list", "--format", "xml"],
        &["demo", "--for", "soon"],
        &["demo", "--speed", "0"],
        &["replay", "--profile", "mightyohm"],
        &["export", "--format", "csv", "--bbox", "1,2,3"],
        &[
            "ack",
            "A-1",
            "--version",
            "new",
            "--name",
            "x",
            "--note",
            "y",
        ],
    ] {
        let refused = pantau(&Home::new(), arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(refused.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_good_configuration_passes_its_check() {
    let home = Home::new();
    home.write("pantau.toml", "[node]\nname = \"here\"\n");
    let good = pantau(&home, &["check"]);
    check_exit(&good, 0);
    check_has(&texts(&good).0, &["pantau.toml", "good"]);
}

/// Ten different faults in one file: all are named, each by its path.
#[test]
fn a_bad_configuration_is_told_all_its_faults_at_once() {
    let home = Home::new();
    home.write(
        "pantau.toml",
        r#"
[node]
name = "two words"
time_zone = "Mars"
nmae = "x"

[broker]
url = "http://127.0.0.1"

[[site]]
id = "gate"
name = "Gate"
lat = 95.0
lon = 106.0

[[instrument]]
id = "one"
profile = "mightohm"
serial.port = "/dev/null"

[[instrument]]
id = "two"
profile = "mightyohm"
serial.port = "ttyUSB0"
site = "gaet"

[[instrument]]
id = "two"
profile = "mightyohm"
serial.port = "/dev/ttyS9"
interval_secs = "often"

[[subscriber]]
id = "hook"
kind = "webhook"

[http]
listen = "0.0.0.0:80"
"#,
    );
    let bad = pantau(&home, &["check"]);
    check_exit(&bad, 1);
    let (out, err) = texts(&bad);
    for (path, part) in [
        ("node.name", "two words"),
        ("node.time_zone", "Mars"),
        ("node.nmae", "name"),
        ("broker.url", "mqtt"),
        ("site[0]", "lat"),
        ("instrument[0] (one).profile", "mightyohm"),
        ("instrument[1] (two).serial.port", "ttyUSB0"),
        ("instrument[1] (two).site", "gate"),
        ("instrument[2] (two).id", "two"),
        ("instrument[2] (two).interval_secs", "number"),
        ("subscriber[0] (hook).url", "missing"),
        ("http.token_file", "missing"),
    ] {
        let named = |line: &str| line.contains(path) && line.contains(part);
        assert!(out.lines().any(named), "{path}: `{part}` in:\n{out}");
    }
    assert!(!err.is_empty());

    let refused = pantau(&home, &["run"]);
    check_exit(&refused, 1);
    check_has(&texts(&refused).1, &["node.name", "http.token_file"]);
}

#[test]
fn cases_are_assessed_and_one_that_cannot_be_read_stops_no_other() {
    let home = Home::new();
    let case = |id: &str, usv_h: f64| {
        let input = json!({
            "subject": "environment", "quantity": "dose_rate", "value": usv_h, "unit": "uSv/h",
            "distance_m": 1.0,
        });
        json!({"id": id, "kind": "reading", "input": input})
    };
    let good = json!({"cases": [case("low", 0.1), case("high", 150.0)]});
    let path = home.write("cases.json", good.to_string());
    let assessed = pantau(&home, &["assess", path.to_str().unwrap()]);
    check_exit(&assessed, 0);
    let expected = json!([
        {"id": "low", "classification": "NORMAL"},
        {"id": "high", "classification": "EMERGENCY", "rule": "T3.1-I-2"},
    ]);
    check_same(&Value::Array(json_lines(&assessed)), &expected, "lines");

    let lines = format!(
        "{}\n{}\n{}\n",
        case("first", 150.0),
        json!({"id": "odd", "kind": "horoscope", "input": {}}),
        case("last", 150.0)
    );
    let assessed = pantau_with_input(&home, &["assess"], lines.as_bytes());
    check_exit(&assessed, 1);
    let lines = json_lines(&assessed);
    let expected = json!([
        {"id": "first", "classification": "EMERGENCY"},
        {"id": "odd"},
        {"id": "last", "classification": "EMERGENCY"},
    ]);
    check_same(&Value::Array(lines.clone()), &expected, "lines");
    assert!(!lines[1]["error"].as_str().unwrap().is_empty());
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

/// A daemon plays a recording into its store; the store is then read without it.
#[tokio::test]
async fn stored_readings_are_exported() {
    let home = Home::new();
    let mut recording = mightyohm_line(2, 100);
    recording.push_str(&mightyohm_line(3, 120));
    home.write("recording", recording);
    let mut daemon = Daemon::start_in(
        home,
        r#"
[[site]]
id = "roof"
name = "Roof, north"
lat = -6.35
lon = 106.66

[[instrument]]
id = "counter"
profile = "mightyohm"
site = "roof"
source = "irdms"
capture = { file = "recording" }
"#,
    )
    .await;
    let two = |books: &Value| (books["total"]["stored"] == 2).then_some(());
    daemon
        .wait("two stored readings", "/api/v1/books", two)
        .await;
    daemon.stop().await;

    let csv = pantau(&daemon.home, &["export", "--format", "csv"]);
    check_exit(&csv, 0);
    let (text, _) = texts(&csv);
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| {
        columns
            .iter()
            .position(|column| *column == name)
            .expect(name)
    };
    let rows: Vec<Vec<String>> = lines.map(csv_cells).collect();
    let cells =
        |name: &str| -> Vec<&str> { rows.iter().map(|row| row[at(name)].as_str()).collect() };
    assert_eq!(
        cells("quantity"),
        ["dose_rate", "count_rate", "dose_rate", "count_rate"]
    );
    assert_eq!(cells("value"), ["0.57", "2", "0.684", "3"]);
    assert_eq!(cells("raw_value"), ["100", "2", "120", "3"]);
    assert_eq!(cells("unit"), ["uSv/h", "cps", "uSv/h", "cps"]);
    assert_eq!(cells("lat_deg"), ["-6.35"; 4]);
    assert_eq!(cells("site"), ["roof"; 4]);
    let source = "MightyOhm firmware, SBM-20";
    assert_eq!(cells("factor_source"), [source, "", source, ""]);

    let geojson = pantau(
        &daemon.home,
        &["export", "--format", "geojson", "--instrument", "counter"],
    );
    check_exit(&geojson, 0);
    let document: Value = serde_json::from_slice(&geojson.stdout).unwrap();
    let feature = json!({
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [106.66, -6.35]},
        "properties": {"instrument": "counter", "class": "ELEVATED"},
    });
    let expected = json!({"type": "FeatureCollection", "features": [feature, feature]});
    check_same(&document, &expected, "document");

    let other = pantau(
        &daemon.home,
        &["export", "--format", "geojson", "--instrument", "other"],
    );
    check_exit(&other, 0);
    let document: Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(document["features"], json!([]));
}

#[test]
fn the_demo_does_the_whole_job_as_an_exercise() {
    let demo = pantau(&Home::new(), &["demo", "--for", "6s"]);
    check_exit(&demo, 0);
    let (text, _) = texts(&demo);
    check_has(
        &text,
        &["LATIHAN", "EXERCISE", "The books balance.", "AKTIF_PARSIAL"],
    );
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("`{part}` is not in:\n{text}"))
    };
    assert!(at("*** POSSIBLE_EMERGENCY") < at("*** EMERGENCY"), "{text}");
    assert!(at("rule T3.1-I-1") < at("rule T3.1-I-2"), "{text}");
    let told: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("*** "))
        .collect();
    for line in &told {
        assert!(
            line.contains("LATIHAN") || line.contains("EXERCISE"),
            "{line}"
        );
    }
    let total = text.lines().find(|line| line.starts_with("TOTAL")).unwrap();
    assert!(total.ends_with("true"), "{total}");
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

/// The verbs that ask a running daemon, and the one by which a person answers.
#[tokio::test]
async fn a_running_daemon_is_asked_and_answered() {
    let home = Home::new();
    home.write("recording", mightyohm_line(439, 26_315));
    let config = "[[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
                  capture = { file = \"recording\" }\n";
    let daemon = Daemon::start_in(home, config).await;
    let raised = |list: &Value| list[0]["id"].as_str().map(str::to_owned);
    let id = daemon
        .wait("an activation", "/api/v1/activations", raised)
        .await;
    let url = format!("http://{}", daemon.address());
    let ask = |arguments: &[&str]| {
        let arguments = [arguments, &["--url", &url, "--format", "ndjson"]].concat();
        let answer = pantau(&daemon.home, &arguments);
        check_exit(&answer, 0);
        json_lines(&answer)
    };
    assert_eq!(ask(&["status"])[0]["activations"]["EMERGENCY"], 1);
    assert_eq!(ask(&["activations"])[0]["id"], id.as_str());
    wait_for("the stored reading", PATIENCE, async || {
        let readings = ask(&["readings", "--instrument", "counter"]);
        let first = readings.first().filter(|one| one["class"] == "EMERGENCY");
        first.map(|_| ()).ok_or(readings.clone())
    })
    .await;
    assert_eq!(ask(&["books"])[0]["total"]["received"], 1);

    let table = pantau(
        &daemon.home,
        &["activations", "--url", &url, "--format", "table"],
    );
    check_exit(&table, 0);
    check_has(&texts(&table).0, &["STATE", &id, "EMERGENCY", "T3.1-I-2"]);

    let stale = [
        "ack",
        &id,
        "--version",
        "0",
        "--name",
        "Sari",
        "--note",
        "seen",
        "--url",
        &url,
    ];
    let refused = pantau(&daemon.home, &stale);
    check_exit(&refused, 1);
    check_has(&texts(&refused).1, &["409"]);
    let version = daemon.get("/api/v1/activations").await.1[0]["version"].to_string();
    let answer = ask(&[
        "ack",
        &id,
        "--version",
        &version,
        "--name",
        "Sari",
        "--note",
        "seen",
    ]);
    assert_eq!(answer[0]["acked_by"], "Sari");
}

/// A bad configuration is refused and the old one stays; a good one is taken.
#[tokio::test]
async fn a_running_daemon_reads_its_configuration_again() {
    let mut daemon = Daemon::start("[node]\nname = \"before\"\n").await;
    let config = "[http]\nlisten = \"127.0.0.1:0\"\n[node]\nname = ";
    daemon
        .home
        .write("pantau.toml", format!("{config}\"two words\"\n"));
    daemon.signal("HUP");
    wait_for("the refusal", PATIENCE, async || {
        let log = daemon.log();
        if log.contains("two words") {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;
    assert_eq!(daemon.get("/api/v1/status").await.1["node"], "before");

    daemon
        .home
        .write("pantau.toml", format!("{config}\"after\"\n"));
    daemon.reload().await;
    assert_eq!(daemon.get("/api/v1/status").await.1["node"], "after");
    daemon.stop().await;
}

#[test]
fn a_daemon_that_is_not_there_is_a_failure_that_says_so() {
    let home = Home::new();
    let address = crate::support::free_address();
    let failed = pantau(&home, &["status", "--url", &format!("http://{address}")]);
    check_exit(&failed, 1);
    check_has(&texts(&failed).1, &["no daemon answers"]);
}

fn pantau_with_input(home: &Home, arguments: &[&str], input: &[u8]) -> Output {
    let path = home.write("standard-input", input);
    Command::new(env!("CARGO_BIN_EXE_pantau"))
        .args(arguments)
        .current_dir(home.folder())
        .stdin(fs::File::open(path).unwrap())
        .output()
        .unwrap()
}

/// The cells of a line of RFC 4180.
fn csv_cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().unwrap();
        match character {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            _ => cell.push(character),
        }
    }
    cells
}
