//! The worked cases of the specification, every rule at its edge, and input
//! that nobody should send.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pantau::cases::{Explain, assess};
use pantau::criteria::Policy;
use pantau::criteria::loaded::ReferenceTables;
use serde_json::{Value, json};

mod choices;
mod circumstances;
mod counts;
mod daemon;
mod dose;
mod exemptions;
mod explain;
mod files;
mod ids;
mod others;
mod policy;
mod tables;

/// The specifications' folder; `None` where they are not at hand.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn shared() -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !shared.is_dir() {
        println!("skipped: no specifications at {}", shared.display());
        return None;
    }
    Some(shared)
}

/// The worked cases.
fn examples() -> Option<Value> {
    let text = std::fs::read_to_string(shared()?.join("criteria-examples.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn words(value: &Value) -> BTreeSet<&str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// What differs between an answer and what is expected of it, key by key:
/// `flags` must be among the answer's, `flags_all` and `also` are complete.
fn differences(answer: &Value, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, expected) in expected.as_object().unwrap() {
        let got = answer
            .get(if key == "flags_all" { "flags" } else { key })
            .unwrap_or(&Value::Null);
        let agrees = match key.as_str() {
            "flags" => words(got).is_superset(&words(expected)),
            "flags_all" | "also" => words(got) == words(expected),
            "canonical" => match (got.as_f64(), expected.as_f64()) {
                (Some(got), Some(expected)) => (got - expected).abs() <= 1e-9 * expected.abs(),
                _ => got == expected,
            },
            _ => got == expected,
        };
        if !agrees {
            found.push(format!("{key}: expected {expected}, got {got}"));
        }
    }
    found
}

fn answer(case: &Value, policy: &Policy) -> Value {
    let tables = ReferenceTables::default();
    serde_json::to_value(assess(&case.to_string(), policy, &tables, Explain::No)).unwrap()
}

#[track_caller]
fn check_examples(policy: &Policy, expectation: &str) {
    let Some(examples) = examples() else { return };
    let mut n_checked = 0;
    let mut failures = Vec::new();
    for case in examples["cases"].as_array().unwrap() {
        let Some(expected) = case.get(expectation) else {
            continue;
        };
        n_checked += 1;
        let answer = answer(case, policy);
        assert_eq!(answer["id"], case["id"]);
        // As printed, order and all.
        if let Some(also) = expected.get("also").filter(|also| answer["also"] != **also) {
            failures.push(format!("{}: also is not {also}", case["id"]));
        }
        for difference in differences(&answer, expected) {
            failures.push(format!("{}: {difference}", case["id"]));
        }
    }
    assert!(n_checked > 0, "no case has `{expectation}`");
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_worked_case_comes_out_as_written() {
    check_examples(&Policy::default(), "expect");
}

#[test]
fn the_strict_text_compares_with_above_only() {
    check_examples(&Policy::strict_text(), "strict_text");
}

/// A reading, as a case's input with more fields laid over it.
fn with(mut base: Value, more: Value) -> Value {
    let (Value::Object(base_fields), Value::Object(more)) = (&mut base, more) else {
        panic!("both must be objects");
    };
    base_fields.extend(more);
    base
}

/// A dose rate of the environment at 1 m, in µSv/h, over a background of 0.08.
fn environment(usv_h: impl Into<Value>) -> Value {
    json!({
        "quantity": "dose_rate", "value": usv_h.into(), "unit": "uSv/h",
        "subject": "environment", "distance_m": 1.0,
        "background": {"value": 0.08, "unit": "uSv/h"},
    })
}

/// Counts per second by a probe with a factor.
fn counts(subject: &str, radiation: &str, cps: f64) -> Value {
    json!({
        "quantity": "count_rate", "value": cps, "unit": "cps", "radiation": radiation,
        "subject": subject, "probe_factor": 1.0,
    })
}

/// Judges a reading by a policy and compares it with a short form of the
/// complete answer: class, rule, then `+` further rules, `!` flags,
/// `@` disposition unless ACCEPT, `^` status unless the class's own.
#[track_caller]
fn check_by(policy: &Policy, input: &Value, expected: &str) {
    let mut parts = expected.split(' ');
    let class = parts.next().unwrap();
    let rule = parts.next().unwrap();
    let (mut also, mut flags) = (BTreeSet::new(), BTreeSet::new());
    let mut disposition = "ACCEPT";
    let mut status = match class {
        "POSSIBLE_EMERGENCY" | "EMERGENCY" => "AKTIF_PARSIAL",
        _ => "NONE",
    };
    for part in parts {
        match part.split_at(1) {
            ("+", rule) => _ = also.insert(rule),
            ("!", flag) => _ = flags.insert(flag),
            ("@", word) => disposition = word,
            ("^", word) => status = word,
            _ => panic!("`{part}`"),
        }
    }
    let case = json!({"id": "x", "kind": "reading", "input": input});
    let answer = answer(&case, policy);
    let expected = json!({
        "classification": if class == "none" { Value::Null } else { Value::from(class) },
        "rule": rule, "also": also, "flags_all": flags,
        "disposition": disposition, "std_status": status,
    });
    let differences = differences(&answer, &expected);
    assert!(
        differences.is_empty(),
        "{input}\n{}",
        differences.join("\n")
    );
}

/// The same by the default policy.
#[track_caller]
fn check(input: &Value, expected: &str) {
    check_by(&Policy::default(), input, expected);
}

/// A level with at-or-above: just below it, at it within the width of equal,
/// and above it; by the strict text, at it is still below.
#[track_caller]
fn edge(reading: impl Fn(f64) -> Value, level: f64, below: &str, from: &str) {
    check(&reading(level * (1.0 - 1e-6)), below);
    for at in [1.0 - 1e-10, 1.0, 1.0 + 1e-10] {
        check(&reading(level * at), from);
        check_by(&Policy::strict_text(), &reading(level * at), below);
    }
    check(&reading(level * (1.0 + 1e-6)), from);
    check_by(&Policy::strict_text(), &reading(level * (1.0 + 1e-6)), from);
}
