//! Each key of `[criteria]`, changed alone, changes exactly what it says.

use std::collections::BTreeSet;
use std::path::Path;

use pantau::config::from_toml;
use pantau::criteria::Policy;
use pantau::criteria::reference::{KEYS, Kind};
use serde_json::{Value, json};

use super::{answer, environment, examples, with};
use probes::{probes, reading};
use rows::ROWS;

mod probes;
mod rows;

/// Keys that no single case shows: `background::learner` and `closing` have tests
/// that change each of them.
const OVER_TIME: [&str; 4] = [
    "background.learn_hours",
    "background.days",
    "background.drift_ratio",
    "termination.max_gap_h",
];

/// A key with another value, and the cases whose answer it changes: of those
/// below, and of the worked ones.
struct Row {
    key: &'static str,
    /// As it stands under `[criteria]`; the same as `key` when empty.
    written: &'static str,
    probes: &'static [&'static str],
    worked: &'static [&'static str],
}

const fn row(
    key: &'static str,
    written: &'static str,
    probes: &'static [&'static str],
    worked: &'static [&'static str],
) -> Row {
    Row {
        key,
        written,
        probes,
        worked,
    }
}

fn policy_of(row: &Row) -> Policy {
    let written = if row.written.is_empty() {
        row.key
    } else {
        row.written
    };
    let text = format!("[criteria]\n{written}\n");
    let config = from_toml(&text, Path::new("/")).unwrap_or_else(|errors| panic!("{text}{errors}"));
    config.criteria
}

/// The cases that another policy answers otherwise.
fn changed<'c>(
    policy: &Policy,
    cases: impl Iterator<Item = (&'c str, &'c Value)>,
) -> BTreeSet<&'c str> {
    cases
        .filter(|(_, case)| answer(case, policy) != answer(case, &Policy::default()))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn each_key_changes_exactly_what_it_says() {
    let probes = probes();
    let examples = examples();
    let worked: Vec<(&str, &Value)> = examples
        .iter()
        .flat_map(|examples| examples["cases"].as_array().unwrap())
        .map(|case| (case["id"].as_str().unwrap(), case))
        .collect();
    let mut failures = Vec::new();
    for row in ROWS {
        let policy = policy_of(row);
        let got = changed(&policy, probes.iter().map(|(name, case)| (*name, case)));
        let expected: BTreeSet<_> = row.probes.iter().copied().collect();
        if got != expected {
            failures.push(format!(
                "{}: probes {got:?}, expected {expected:?}",
                row.key
            ));
        }
        let got = changed(&policy, worked.iter().copied());
        let expected: BTreeSet<_> = row.worked.iter().copied().collect();
        if !worked.is_empty() && got != expected {
            failures.push(format!(
                "{}: worked {got:?}, expected {expected:?}",
                row.key
            ));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_key_has_a_row_that_changes_something() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.key).collect();
    for key in KEYS {
        match key.kind {
            Kind::ByRule { rules, words, .. } => {
                for rule in rules {
                    let written = format!("{}.\"{rule}\" = \"{}\"", key.path, words[1]);
                    assert!(rows.contains(written.as_str()), "{written}");
                }
            }
            _ => {
                let is_known = rows.contains(key.path) || OVER_TIME.contains(&key.path);
                assert!(is_known, "{}", key.path);
            }
        }
    }
    for row in ROWS {
        assert!(!row.probes.is_empty(), "{} changes nothing", row.key);
    }
}

/// TIO2 is never weaker by a key than the guideline says.
#[test]
fn a_schedule_only_lowers_tio2_and_only_after_its_days() {
    let text = "[criteria]\ntio2_schedule = { after_days = 10, usv_h = 25 }";
    let policy = from_toml(text, Path::new("/")).unwrap().criteria;
    let class = |usv_h: f64, days: Option<f64>| {
        let more = json!({"days_since_onset": days});
        let case = reading(with(environment(usv_h), more));
        answer(&case, &policy)["classification"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(class(24.9, Some(30.0)), "POSSIBLE_EMERGENCY");
    assert_eq!(class(25.0, Some(10.0)), "EMERGENCY");
    assert_eq!(class(99.0, Some(9.99)), "POSSIBLE_EMERGENCY");
    assert_eq!(class(99.0, None), "POSSIBLE_EMERGENCY");
    assert_eq!(class(100.0, None), "EMERGENCY");
    assert_eq!(class(100.0, Some(30.0)), "EMERGENCY");
    for wrong in [
        "tio2_schedule = { after_days = 10, usv_h = 101 }",
        "tio2_schedule = { after_days = 10 }",
        "tio2_schedule.usv_h = 25",
        "oil1_usv_h = 100",
        "worker_limits.W-A8-1 = 501",
        "worker_limits.W-50 = 51",
    ] {
        let errors = from_toml(&format!("[criteria]\n{wrong}"), Path::new("/"));
        assert_eq!(errors.unwrap_err().problems.len(), 1, "{wrong}");
    }
}
