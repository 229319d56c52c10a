//! `device-profiles/README.md` names every word and key there is, and what it
//! shows as an example works.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use pantau::decode::{Decoded, Decoder, RejectReason};
use pantau::profile::schema::{ChecksumMode, DeviceClass, Importer, ProfileStatus, Unused};
use pantau::profile::{Profile, Registry};
use pantau::reading::{Flag, NoValue, Radiation};
use pantau::units::Unit;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

fn readme() -> String {
    read("device-profiles/README.md")
}

/// The section under a heading, up to the next one of any depth.
#[track_caller]
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("\n{heading}\n")).expect(heading);
    rest.split_once("\n#").map_or(rest, |(section, _)| section)
}

/// The contents of all code blocks of a language, in order.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    text.split(&format!("\n```{language}\n"))
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```").map(|(block, _)| block))
        .collect()
}

/// The words of `all` that do not stand in backticks in a section.
#[track_caller]
fn check_words<T: std::fmt::Display>(heading: &str, all: &[T]) {
    let readme = readme();
    let section = section(&readme, heading);
    let lacking: Vec<String> = all
        .iter()
        .map(|word| format!("`{word}`"))
        .filter(|word| !section.contains(word))
        .collect();
    assert!(lacking.is_empty(), "not in `{heading}`: {lacking:?}");
}

#[test]
fn every_word_of_the_closed_lists_is_there() {
    check_words("### Radiations", Radiation::ALL);
    check_words("### Missing words", NoValue::ALL);
    check_words("### Flags", Flag::ALL);
    check_words("### Reasons for rejection", RejectReason::ALL);
    check_words("### Root", DeviceClass::ALL);
    check_words("### Root", ProfileStatus::ALL);
    check_words("### Root", Unused::ALL);
    check_words("### `checksum`", ChecksumMode::ALL);
    check_words("### `framing`", Importer::ALL);
}

/// The schema, all files of it.
fn schema() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/profile/schema");
    let mut source = read("src/profile/schema.rs");
    for entry in fs::read_dir(folder).expect("the folder of the schema") {
        let path = entry.expect("an entry").path();
        source.push_str(&fs::read_to_string(path).expect("a file of the schema"));
    }
    source
}

/// The keys that the schema defines: the fields of its `Raw…` types, by the
/// names they have in a profile.
fn keys(schema: &str) -> Vec<String> {
    let mut keys = vec!["kind".to_owned()]; // the tag of the enums, no field
    let mut is_raw = false;
    let mut renamed = None;
    for line in schema.lines() {
        let code = line.trim();
        if line.starts_with("pub ") {
            let is_type = line.starts_with("pub struct Raw") || line.starts_with("pub enum Raw");
            is_raw = is_type && line.ends_with('{');
        } else if line == "}" {
            is_raw = false;
        } else if code.starts_with("#[serde(") {
            renamed = code
                .split_once("rename = \"")
                .and_then(|(_, rest)| rest.split_once('"'))
                .map(|(name, _)| name.to_owned());
        } else if is_raw && !code.starts_with("//") {
            let field = code.trim_start_matches("pub ").split_once(": ");
            if let Some((name, _)) = field {
                keys.push(renamed.take().unwrap_or_else(|| name.to_owned()));
            }
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn every_key_of_the_schema_is_there() {
    let keys = keys(&schema());
    // The scan itself: a renamed field, one of a struct, one of an enum's variant.
    for known in [
        "message",
        "value",
        "at_or_above",
        "pointers",
        "seed",
        "type",
    ] {
        assert!(keys.iter().any(|key| key == known), "`{known}`: {keys:?}");
    }
    for unknown in ["messages", "values"] {
        assert!(!keys.iter().any(|key| key == unknown), "`{unknown}`");
    }
    let readme = readme();
    let chapter = readme.split_once("\n## 4. ").unwrap().1;
    let chapter = chapter.split_once("\n## 5. ").unwrap().0;
    let lacking: Vec<&String> = keys
        .iter()
        .filter(|key| !chapter.contains(&format!("| `{key}` |")))
        .collect();
    assert!(lacking.is_empty(), "no row for {lacking:?}");
}

/// The spellings in the table of units.
fn spellings() -> Vec<String> {
    let source = read("src/units.rs");
    let (_, table) = source.split_once("const UNITS").expect("the table");
    let (table, _) = table.split_once("\n];").expect("its end");
    let spellings: Vec<String> = table
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(\"")?.split_once('"'))
        .map(|(spelling, _)| spelling.to_owned())
        .collect();
    assert!(spellings.len() > 30, "{spellings:?}");
    spellings
}

/// The number that stands behind a unit in the README: `1000` or `1/60`.
fn factor(text: &str) -> Option<f64> {
    let text = text.split([',', ' ']).next()?;
    match text.split_once('/') {
        Some((over, under)) => Some(over.parse::<f64>().ok()? / under.parse::<f64>().ok()?),
        None => text.parse().ok(),
    }
}

#[test]
fn every_unit_is_there_with_its_factor() {
    let readme = readme();
    let section = section(&readme, "### Units");
    for spelling in spellings() {
        let unit = Unit::parse(&spelling).unwrap();
        let shown = section
            .split(&format!("`{spelling}` "))
            .skip(1)
            .find_map(factor)
            .unwrap_or_else(|| panic!("no factor behind `{spelling}`"));
        // Gray is shown before the convention is applied.
        let expected = unit.canonical(1.0, 1.0);
        assert!(
            (shown - expected).abs() <= 1e-12 * expected,
            "`{spelling}` is {shown}, should be {expected}"
        );
    }
}

#[test]
fn every_profile_shown_is_good() {
    let readme = readme();
    let shown: Vec<&str> = blocks(&readme, "toml")
        .into_iter()
        .filter(|block| block.starts_with("schema = 1"))
        .collect();
    assert!(shown.len() >= 2, "{} profiles shown", shown.len());
    let folder = tempfile::tempdir().unwrap();
    for (n, text) in shown.iter().enumerate() {
        let path = folder.path().join(format!("{n}.toml"));
        fs::write(&path, text).unwrap();
        if let Err(error) = Profile::load(&path) {
            panic!("{error}\n{text}");
        }
    }
    let shipped = read("device-profiles/mightyohm/profile.toml");
    assert!(
        shown.contains(&shipped.trim_end()),
        "the first example is not the shipped mightyohm/profile.toml"
    );
}

#[test]
fn every_station_message_shown_is_a_reading() {
    let registry = Registry::built_in();
    let profile = registry.get("pantau-station").unwrap();
    let mut decoder = Decoder::new(Arc::clone(profile));
    let readme = readme();
    let shown = blocks(&readme, "json");
    assert!(shown.len() >= 2, "{} messages shown", shown.len());
    for text in shown {
        for (_, decoded) in decoder.decode(text.as_bytes(), Some("irdms/st-017/reading")) {
            let Decoded::Reading(reading) = decoded else {
                panic!("{decoded:?}\n{text}");
            };
            assert!(reading.refused.is_empty(), "{:?}\n{text}", reading.refused);
        }
    }
}
