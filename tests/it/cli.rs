//! The command line: exit codes, records, tables.

mod daemon;
mod recording;

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{Home, json_lines, mightyohm_line, pantau, texts};

#[track_caller]
fn check_exit(output: &Output, code: i32) {
    let (out, err) = texts(output);
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout: {out}\nstderr: {err}"
    );
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
position = { lat = 95.0, lon = 106.0 }

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
fn assessed_cases_are_explained_for_programs_and_for_people() {
    let home = Home::new();
    let case = json!({"id": "high", "kind": "reading", "input": {
        "subject": "environment", "quantity": "dose_rate", "value": 150.0, "unit": "uSv/h",
        "distance_m": 1.0,
    }});
    let lines = format!(
        "{case}\n{}\n",
        json!({"id": "odd", "kind": "horoscope", "input": {}})
    );
    let assessed = pantau_with_input(&home, &["assess", "--explain"], lines.as_bytes());
    check_exit(&assessed, 1);
    let expected = json!([
        {"id": "high", "classification": "EMERGENCY", "explanation": {
            "rule": "T3.1-I-2", "class": "EMERGENCY", "source": {"table": "3.1", "row": "I-2"},
        }},
        {"id": "odd"},
    ]);
    let printed = json_lines(&assessed);
    check_same(&Value::Array(printed.clone()), &expected, "lines");
    let said = printed[0]["explanation"]["text"]["id"].as_str().unwrap();
    check_has(
        said,
        &[
            "Laju dosis 150 µSv/jam",
            "mencapai 100 µSv/jam",
            "AKTIF PARSIAL",
        ],
    );

    let arguments = ["assess", "--explain", "--format", "table"];
    let assessed = pantau_with_input(&home, &arguments, lines.as_bytes());
    check_exit(&assessed, 1);
    let (text, _) = texts(&assessed);
    check_has(
        &text,
        &[
            "high\n  Laju dosis",
            "\n  Dose rate of 150 µSv/h",
            "odd\n  `kind`",
        ],
    );

    let assessed = pantau_with_input(&home, &["assess"], lines.as_bytes());
    assert!(json_lines(&assessed)[0].get("explanation").is_none());
}

#[test]
fn the_policy_is_printed_with_its_reasons() {
    let home = Home::new();
    home.write("pantau.toml", "[criteria]\nrain.ratio = 1.5\n");
    let printed = pantau(&home, &["policy"]);
    check_exit(&printed, 0);
    let lines = json_lines(&printed);
    let hash = lines[0]["policy"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    let find = |name: &str, value: &str| {
        let line = lines.iter().find(|line| line[name] == value);
        line.unwrap_or_else(|| panic!("no {name} `{value}`"))
            .clone()
    };
    let expected = json!({
        "value": "1.5", "default": "2", "bounds": "1 to 5", "settles": "A-14",
    });
    check_same(&find("key", "rain.ratio"), &expected, "rain.ratio");
    let expected = json!({"value": "ge", "default": "ge", "bounds": "ge, gt"});
    let comparator = find("key", "comparator.\"ESC-TIO2-G\"");
    check_same(&comparator, &expected, "comparator");
    check_same(&find("key", "oil1_usv_h"), &json!({"value": "off"}), "oil1");
    assert_eq!(find("level", "T3.1-I-2 uSv/h")["value"], 100.0);

    let table = pantau(&home, &["policy", "--format", "table"]);
    check_exit(&table, 0);
    let (text, _) = texts(&table);
    check_has(&text, &[hash, "rain.ratio", "The note of table 3.1"]);
    for (wrong, part) in [
        ("abc", "beginning of a hash"),
        ("0123456z", "beginning of a hash"),
    ] {
        let refused = pantau(&home, &["policy", wrong]);
        check_exit(&refused, 1);
        check_has(&texts(&refused).1, &[part]);
    }
}

/// An event that goes on: TIO2 falls with the days since its onset, where that
/// is configured.
#[test]
fn a_schedule_counts_from_the_onset_of_the_event() {
    let home = Home::new();
    home.write(
        "pantau.toml",
        "[criteria]\ntio2_schedule = { after_days = 10, usv_h = 25 }\n",
    );
    let line = |day: u32, usv_h: f64| {
        let payload = json!({
            "seq": day, "boot": 1, "measured_at": format!("2026-03-{day:02}T03:00:00Z"),
            "dose_rate": {"value": usv_h, "unit": "uSv/h"},
        });
        json!({"topic": "irdms/north/reading", "payload": payload.to_string()}).to_string()
    };
    let lines = [line(1, 30.0), line(9, 30.0), line(12, 30.0)].join("\n");
    let path = home.write("lines", lines);
    let arguments = [
        "replay",
        "--profile",
        "pantau-station",
        "--mqtt",
        path.to_str().unwrap(),
    ];
    let replayed = pantau(&home, &arguments);
    check_exit(&replayed, 0);
    let classes: Vec<Value> = json_lines(&replayed)
        .into_iter()
        .filter(|line| line["outcome"] == "reading")
        .map(|line| line["class"].clone())
        .collect();
    assert_eq!(
        classes,
        ["POSSIBLE_EMERGENCY", "POSSIBLE_EMERGENCY", "EMERGENCY"]
    );
    let risen = json_lines(&replayed);
    let risen = risen.iter().find(|line| line["why"] == "risen").unwrap();
    let said = risen["activation"]["explanation"]["text"]["en"]
        .as_str()
        .unwrap();
    check_has(said, &["30 µSv/h", "reaches the 25 µSv/h of rule T3.1-I-2"]);
    assert_eq!(risen["activation"]["policy"].as_str().unwrap().len(), 64);
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

fn pantau_with_input(home: &Home, arguments: &[&str], input: &[u8]) -> Output {
    let path = home.write("standard-input", input);
    Command::new(env!("CARGO_BIN_EXE_pantau"))
        .args(arguments)
        .current_dir(home.folder())
        .stdin(fs::File::open(path).unwrap())
        .output()
        .unwrap()
}

/// People get lines and tables, programs a JSON object a line, whichever the verb.
#[test]
fn every_verb_with_results_prints_them_as_asked() {
    let home = Home::new();
    home.write("log", mightyohm_line(439, 26_315));
    home.write(
        "cases.json",
        r#"{"id":"E-1","kind":"reading","input":{"quantity":"dose_rate","value":0.08,"unit":"uSv/h","subject":"environment"}}"#,
    );
    let verbs: &[(&[&str], &str)] = &[
        (
            &["assess", "cases.json"],
            "E-1  classification NORMAL, std_status NONE, rule NR",
        ),
        (&["assess", "--explain", "cases.json"], "E-1\n  "),
        (
            &["profile", "decode", "mightyohm", "log"],
            "dose_rate 149.9955 uSv/h",
        ),
        (&["profile", "show", "mightyohm"], "transport  "),
        (&["profile", "list"], "TRANSPORT"),
        (
            &["replay", "--profile", "mightyohm", "log"],
            "deadline  D-20 running",
        ),
        (&["policy"], "SETTLES"),
        (&["check"], "good; 0 instruments"),
        (&["ports"], ""),
    ];
    for (verb, shown) in verbs {
        let lines = pantau(&home, &[*verb, &["--format", "ndjson"]].concat());
        assert!(lines.status.success(), "{verb:?}: {lines:?}");
        json_lines(&lines);
        assert_eq!(
            pantau(&home, verb).stdout,
            lines.stdout,
            "no terminal: {verb:?}"
        );
        let table = pantau(&home, &[*verb, &["--format", "table"]].concat());
        let (text, err) = texts(&table);
        assert!(
            table.status.success() && text.contains(shown),
            "{verb:?}: {text}{err}"
        );
        assert!(!text.starts_with('{'), "{verb:?}: {text}");
    }
    home.write("bad.toml", "id = 1\n");
    let path = home.path("bad.toml");
    let check = ["profile", "check", path.to_str().unwrap()];
    let checked = pantau(&home, &check);
    assert_eq!(checked.status.code(), Some(1));
    let lines = json_lines(&checked);
    assert!(
        lines[0]["good"] == false && lines[0]["problems"][0].is_string(),
        "{lines:?}"
    );
}
