//! Every id of the specification stands in a test, or below with the reason why
//! nothing can be tested.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What an id begins with, by family.
const FAMILIES: &[&str] = &[
    "T1.", "T2.", "T3.", "T4.", "P4.", "ESC-", "W-", "D-", "PB-", "EX-", "SN-", "DQ-", "HY-",
    "PG-", "PT-", "CAT-", "C-", "A-",
];

/// Ids that decide nothing by a program, and why.
const WITHOUT_A_TEST: &[(&str, &str)] = &[
    ("T3.3-1", "says where to measure; nothing is compared"),
    ("T3.3-2", "says where to measure; nothing is compared"),
    ("T3.3-3", "says where to measure; nothing is compared"),
    ("T3.3-4", "says where to measure; nothing is compared"),
    ("T3.3-5", "says where to measure; nothing is compared"),
    ("D-07", "short for D-07J and D-07O"),
    (
        "C-15",
        "a free field for whoever signs; no check is asked for",
    ),
    (
        "C-21",
        "slips of the pen in the guideline's cross-references",
    ),
];

/// Words made of what ids are made of.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')))
        .map(|token| token.trim_end_matches(['.', '-']))
}

/// Whether a word is an id: of a family, with something of its own, and not the
/// flag `T4.1_LIMITS`.
fn is_id(token: &str) -> bool {
    let is_of_a_family = FAMILIES.iter().any(|family| {
        token
            .strip_prefix(family)
            .is_some_and(|own| !own.is_empty())
    });
    let goes_on_with_a_digit = |prefix: &str| {
        token
            .strip_prefix(prefix)
            .is_none_or(|own| own.starts_with(|c: char| c.is_ascii_digit()))
    };
    is_of_a_family
        && token.contains('-')
        && !token.contains('_')
        && ["D-", "C-", "A-"].into_iter().all(goes_on_with_a_digit)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text of all tests: this folder's but for this file, and what stands
/// beside the code.
fn tests() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    let mut files = Vec::new();
    rust_files(&root.join("tests/it"), &mut files);
    for file in files
        .iter()
        .filter(|file| !file.ends_with("criteria/ids.rs"))
    {
        text.push_str(&fs::read_to_string(file).unwrap());
    }
    let mut files = Vec::new();
    rust_files(&root.join("src"), &mut files);
    for file in files {
        let code = fs::read_to_string(&file).unwrap();
        let is_all_tests = file.file_name().is_some_and(|name| name == "tests.rs")
            || file
                .parent()
                .is_some_and(|folder| folder.ends_with("tests"));
        let beside = code.split_once("#[cfg(test)]").map(|(_, tests)| tests);
        text.push_str(if is_all_tests {
            &code
        } else {
            beside.unwrap_or_default()
        });
    }
    text
}

#[test]
fn every_id_of_the_specification_is_named_by_a_test() {
    let Some(shared) = super::shared() else {
        return;
    };
    let specification = fs::read_to_string(shared.join("criteria.md")).unwrap();
    let ids: BTreeSet<&str> = tokens(&specification)
        .filter(|token| is_id(token))
        .collect();
    assert!(ids.len() > 130, "only {} ids were found", ids.len());
    let tests = tests();
    let named: BTreeSet<&str> = tokens(&tests).collect();
    let excused: BTreeSet<&str> = WITHOUT_A_TEST.iter().map(|(id, _)| *id).collect();
    let missing: Vec<&&str> = ids
        .iter()
        .filter(|id| !named.contains(*id) && !excused.contains(*id))
        .collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
    let stale: Vec<&&str> = excused.difference(&ids).collect();
    assert!(stale.is_empty(), "not in the specification: {stale:?}");
}

#[test]
fn ids_are_told_from_other_words() {
    for id in [
        "T3.1-I-1",
        "D-07J",
        "P4.1-REC",
        "CAT-AD",
        "W-A8-1",
        "T4.2-RN",
        "T3.4-TIO5",
    ] {
        assert!(is_id(id), "{id}");
    }
    for word in [
        "T4.1_LIMITS",
        "T4.2",
        "D-values",
        "C-",
        "Cs-137",
        "EPR-NPP",
        "DQ-",
        "E-001",
    ] {
        assert!(!tokens(word).any(is_id), "{word}");
    }
}
