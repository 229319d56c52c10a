//! TIO6 and danger values from files: what `assess` makes of them.

use std::path::Path;

use pantau::cases::{Explain, assess};
use pantau::config::from_toml;
use pantau::criteria::Policy;
use pantau::criteria::loaded::ReferenceTables;
use serde_json::{Value, json};

/// Where a synthetic table is from.
const ORIGIN: &str = "publication = \"Synthetic\"\nedition = \"1\"\ntable = \"table 1, p. 2\"\n\
                      checked_by = \"A. Person\"\ndate = \"2026-01-31\"\n";

/// How an answer names it.
const SOURCE: &str = "Synthetic, 1, table 1, p. 2, checked 2026-01-31";

fn tables() -> ReferenceTables {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, values: &str| {
        let text = format!("{ORIGIN}[nuclides]\n{values}\n");
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("tio6", "\"Syn-1\" = 1000\n\"Syn-2\" = 200.0");
    write("d", "\"Syn-1\" = 0.5\n\"Syn-2\" = \"unlimited\"");
    let text = "[criteria]\ntio6_table = \"tio6\"\nsource_d_values = \"d\"\n";
    let config = from_toml(text, folder.path()).unwrap_or_else(|errors| panic!("{errors}"));
    config.reference_tables
}

#[track_caller]
fn check(kind: &str, input: Value, tables: &ReferenceTables, expected: Value) {
    let case = json!({"id": "x", "kind": kind, "input": input});
    let line = assess(&case.to_string(), &Policy::default(), tables, Explain::No);
    let mut expected = expected;
    expected["id"] = json!("x");
    assert_eq!(serde_json::to_value(line).unwrap(), expected, "{case}");
}

#[test]
fn a_food_case_without_a_table_gets_the_configured_one() {
    let food = |more: Value| {
        let nuclides = json!({"test": "TIO6", "nuclides_bq_kg": {"Syn-1": 600, "syn2": 90}});
        super::with(nuclides, more)
    };
    let verdict = |class: &str, flags: &[&str]| json!({"classification": class, "rule": "T3.4-TIO6", "flags": flags});
    let restricted = super::with(verdict("FOOD_RESTRICT", &[]), json!({"source": SOURCE}));
    check("food", food(json!({})), &tables(), restricted);
    let missing = verdict("FOOD_INDETERMINATE", &["TIO6_VALUE_MISSING"]);
    check(
        "food",
        food(json!({})),
        &ReferenceTables::default(),
        missing.clone(),
    );
    // A case's own table goes before it, even an empty one.
    let own = food(json!({"tio6_table_bq_kg": {"Syn-1": 1e6, "syn2": 1e6}}));
    check("food", own, &tables(), verdict("FOOD_SAFE", &[]));
    check(
        "food",
        food(json!({"tio6_table_bq_kg": {}})),
        &tables(),
        missing,
    );
}

#[test]
fn sources_are_summed_by_the_configured_danger_values() {
    let sources = |list: Value| json!({"sources": list});
    let source = |nuclide: &str, tbq: f64| json!({"nuclide": nuclide, "activity_tbq": tbq});
    let category = |n: u8| json!({"category": n, "rule": "CAT-AD", "source": SOURCE});
    let tables = tables();
    let one = sources(json!([source("Syn-1", 4.9)]));
    check("category", one, &tables, category(3));
    let two = sources(json!([
        source("Syn-1", 4.9),
        source("Syn-1", 0.1),
        source("Syn-2", 1e6)
    ]));
    check("category", two, &tables, category(2));
    let error = |text: &str| json!({"error": text});
    check(
        "category",
        sources(json!([source("Syn-1", 1.0), source("Syn-3", 0.0)])),
        &tables,
        error("there is no danger value for `Syn-3` in the file of `criteria.source_d_values`"),
    );
    check(
        "category",
        sources(json!([source("Syn-1", 1.0)])),
        &ReferenceTables::default(),
        error("`sources` need danger values: name a file in `criteria.source_d_values`"),
    );
    check(
        "category",
        sources(json!([source("Syn-1", -1.0)])),
        &tables,
        error("`activity_tbq` must be at least 0, not -1"),
    );
    check(
        "category",
        json!({"a_over_d": 1, "sources": []}),
        &tables,
        error("`a_over_d` and `sources` exclude each other"),
    );
}

/// The problems of a TIO6 file, sorted.
fn problems(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t"), text).unwrap();
    let errors = from_toml("[criteria]\ntio6_table = \"t\"\n", folder.path()).unwrap_err();
    let folder = format!("{}/", folder.path().display());
    let mut lines: Vec<String> = errors
        .problems
        .iter()
        .map(|problem| problem.to_string().replace(&folder, ""))
        .collect();
    lines.sort();
    lines
}

#[test]
fn every_problem_of_a_file_is_found_at_once() {
    let lines = problems(
        "publication = \"\"\nedition = \"1\"\ndate = \"2026-02-30\"\nyear = 7\n\
         [nuclides]\n\"Syn-1\" = 0\n\"Syn-2\" = \"much\"\n\"Syn-3\" = \"unlimited\"\n\
         \"Syn-4\" = 5\n\"syn4\" = 5\n",
    );
    let at = |text: &str| format!("criteria.tio6_table: `t`, {text}");
    let expected = [
        at("checked_by: is missing"),
        at("date: `2026-02-30` is no day; as in `2026-03-31`"),
        at("nuclides.\"Syn-1\": must be 0.000001 to 1000000000000, is 0"),
        at("nuclides.\"Syn-2\": must be a number, is the text `much`"),
        at("nuclides.\"Syn-3\": must be a number, is the text `unlimited`"),
        at("nuclides.\"syn4\": is `Syn-4` once more"),
        at("publication: must not be empty"),
        at("table: is missing"),
        at("year: there is no such key"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_table_without_its_origin_or_without_values_is_refused() {
    let values = "[nuclides]\n\"Syn-1\" = 1000\n";
    assert_eq!(problems(values).len(), 5);
    for (text, part) in [
        (ORIGIN.to_owned(), "nuclides: is missing"),
        (format!("{ORIGIN}[nuclides]\n"), "names no nuclide"),
        (format!("{ORIGIN}nuclides = 7\n"), "must be a table"),
        ("publication =".to_owned(), "line 1"),
    ] {
        let lines = problems(&text);
        assert!(
            matches!(lines.as_slice(), [line] if line.contains(part)),
            "{lines:#?}"
        );
    }
    let errors = from_toml("[criteria]\nsource_d_values = \"none\"\n", Path::new("/")).unwrap_err();
    assert!(
        errors.to_string().contains("cannot read `/none`"),
        "{errors}"
    );
}
