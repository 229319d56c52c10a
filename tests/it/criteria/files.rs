//! Files of cases, and cases that cannot be read.

use pantau::cases::{Answer, Explain, assess_file};
use pantau::criteria::Policy;
use pantau::criteria::loaded::ReferenceTables;
use serde_json::{Value, json};

/// The ids of a file's answers, each with a mark when it failed.
fn outline(text: &str) -> Vec<(Value, bool)> {
    let assessed = assess_file(
        text,
        &Policy::default(),
        &ReferenceTables::default(),
        Explain::No,
    );
    let failed = |answer: &Answer| matches!(answer, Answer::Failed { .. });
    assessed
        .lines
        .iter()
        .map(|line| (line.id.clone(), failed(&line.answer)))
        .collect()
}

fn case(id: &str) -> String {
    json!({"id": id, "kind": "category", "input": {"a_over_d": 1}}).to_string()
}

#[test]
fn a_case_that_cannot_be_read_stops_no_other() {
    let (a, b) = (case("a"), case("b"));
    let good = |id: &str| (json!(id), false);
    let bad = |id: Value| (id, true);
    for (text, expected) in [
        (
            format!("{{\"note\":1,\"cases\":[{a},{b}]}}"),
            vec![good("a"), good("b")],
        ),
        (
            format!("[{a}, 7, {b}]"),
            vec![good("a"), bad(Value::Null), good("b")],
        ),
        (
            format!("{a}\nno json\n\n{b}\n"),
            vec![good("a"), bad(Value::Null), good("b")],
        ),
        (
            format!(r#"[{a},{{"id":"big","kind":"category","input":{{"a_over_d":1e999}}}},{b}]"#),
            vec![good("a"), bad(json!("big")), good("b")],
        ),
        (
            format!("[{a},{b}"),
            vec![good("a"), good("b"), bad(Value::Null)],
        ),
        (String::new(), vec![bad(Value::Null)]),
        ("\u{feff}\n".to_owned(), vec![bad(Value::Null)]),
        ("[]".to_owned(), vec![]),
    ] {
        assert_eq!(outline(&text), expected, "{text}");
    }
}

#[track_caller]
fn check_error(case: &Value, expected: &str) {
    let assessed = assess_file(
        &case.to_string(),
        &Policy::default(),
        &ReferenceTables::default(),
        Explain::No,
    );
    assert_eq!(assessed.n_failed(), 1, "{case}");
    let line = serde_json::to_value(&assessed.lines).unwrap();
    assert_eq!(line[0]["id"], case["id"]);
    let error = line[0]["error"].as_str().unwrap();
    assert!(
        error.contains(expected),
        "{case}\ngave `{error}`, not `{expected}`"
    );
}

#[test]
fn unknown_fields_words_and_types_are_errors() {
    let reading = |more: Value| {
        let input = super::with(super::environment(150), more);
        json!({"id": "x", "kind": "reading", "input": input})
    };
    for (more, expected) in [
        (json!({"valeu": 1}), "unknown field `valeu`"),
        (json!({"rain": {"heavy": true}}), "unknown field `heavy`"),
        (
            json!({"background": {"value": "0.1", "unit": "uSv/h"}}),
            "invalid type",
        ),
        (json!({"distance_m": "1 m"}), "invalid type"),
        (json!({"unit": 7}), "invalid type"),
        (json!({"high_background_area": "yes"}), "invalid type"),
        (json!({"status_flags": "overrange"}), "invalid type"),
        (
            json!({"status_flags": ["overheated"]}),
            "`status_flags` cannot be `overheated`",
        ),
        (json!({"subject": "plant"}), "`subject` cannot be `plant`"),
        (json!({"source": "drone"}), "`source` cannot be `drone`"),
        (
            json!({"quantity": "temperature"}),
            "`quantity` cannot be `temperature`",
        ),
        (json!({"value": [1]}), "`value` cannot be"),
        (json!({"value": {"n": 1}}), "`value` cannot be"),
        (json!({"position": "here"}), "invalid type"),
        (json!({"t_measured": 5}), "invalid type"),
        (json!({"t_received": "later"}), "`t_received` is no time"),
        (json!({"channels": {}}), "invalid type"),
        (json!({"radiation": "muon"}), "`radiation` cannot be `muon`"),
    ] {
        check_error(&reading(more), expected);
    }
    let of = |kind: Value, input: Value| json!({"id": "x", "kind": kind, "input": input});
    for (case, expected) in [
        (of(json!("reading"), json!({})), "`quantity` is missing"),
        (
            of(json!("reading"), json!({"channels": []})),
            "`quantity` is missing",
        ),
        (of(json!("reading"), json!([])), "`input` cannot be read"),
        (
            of(json!("weather"), json!({})),
            "`kind` cannot be `weather`",
        ),
        (of(json!(3), json!({})), "`kind` cannot be"),
        (json!({"id": "x", "kind": "reading"}), "`input` is missing"),
        (json!({"id": "x", "input": {}}), "`kind` is missing"),
        (
            of(json!("sequence"), json!({"readings": [{"value": 1}]})),
            "missing field `t_s`",
        ),
        (
            of(
                json!("sequence"),
                json!({"readings": [{"t_s": 1e300}, {"t_s": 0}]}),
            ),
            "`t_s` must be",
        ),
        (
            of(json!("worker"), json!({"dose_msv": -1})),
            "`dose_msv` must be at least 0",
        ),
        (
            of(json!("worker"), json!({"dose_msv": 1, "task": "fun"})),
            "`task` cannot be `fun`",
        ),
        (
            of(
                json!("report"),
                json!({"event": "found_orphan", "category": 6}),
            ),
            "1 to 5",
        ),
        (of(json!("report"), json!({})), "`event` is missing"),
        (
            of(json!("food"), json!({"test": "TIO7"})),
            "`test` cannot be `TIO7`",
        ),
        (
            of(
                json!("deadline"),
                json!({"rule": "D-99", "start": "2026-03-14T00:00:00Z"}),
            ),
            "`rule` cannot be `D-99`",
        ),
        (
            of(
                json!("deadline"),
                json!({"rule": "D-01", "start": "2026-03-14T00:00:00"}),
            ),
            "no zone",
        ),
        (
            of(json!("category"), json!({"a_over_d": "1"})),
            "invalid type",
        ),
        (
            of(json!("termination"), json!({"area": "moon"})),
            "`area` cannot be `moon`",
        ),
    ] {
        check_error(&case, expected);
    }
}

#[test]
fn foreign_text_stays_on_its_line() {
    let case = json!({"id": "x", "kind": "a\nb\u{1b}[2J".repeat(100), "input": {}});
    let assessed = assess_file(
        &case.to_string(),
        &Policy::default(),
        &ReferenceTables::default(),
        Explain::No,
    );
    let Answer::Failed { error } = &assessed.lines[0].answer else {
        panic!("it was read");
    };
    assert!(error.chars().count() < 400 && !error.chars().any(char::is_control));
}
