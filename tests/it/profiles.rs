//! Every shipped profile validates and decodes its golden frames.
//!
//! `frames/ok` holds frames that give readings or are ignored, `frames/bad`
//! frames that are rejected. The ending tells the form: `.hex`, `.bytes` (as
//! sent) or `.mqtt` (a JSON object a line). A missing `.expected` is written,
//! and the test fails, so that somebody reads it before it is committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pantau::clock::Wall;
use pantau::exchange::Outcome;
use pantau::profile::{Profile, Registry};
use pantau::recording::decode;
use pantau::source::capture::Form;

fn profiles_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("device-profiles")
}

fn received_at() -> Wall {
    Wall::from_nanos(0)
}

fn form_of(path: &Path) -> Option<Form> {
    match path.extension()?.to_str()? {
        "hex" => Some(Form::Hex),
        "bytes" => Some(Form::Bytes),
        "mqtt" => Some(Form::Mqtt),
        _ => None,
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.sort();
    files
}

fn printed(records: &[Outcome]) -> String {
    records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n")
        .collect()
}

/// Decodes one golden file and compares; gives what is wrong.
fn golden(profile: &Arc<Profile>, path: &Path, form: Form, good: bool) -> Option<String> {
    let records = decode(profile, form, &fs::read(path).unwrap(), received_at()).unwrap();
    let rejected = records
        .iter()
        .filter(|r| matches!(r, Outcome::Rejected(_)))
        .count();
    let name = path.display();
    if records.is_empty() {
        return Some(format!("{name}: no frame in it"));
    }
    if good && rejected > 0 {
        return Some(format!("{name}: {rejected} frames rejected"));
    }
    if !good && rejected == 0 {
        return Some(format!("{name}: nothing rejected"));
    }
    let got = printed(&records);
    let expected = path.with_extension("expected");
    match fs::read_to_string(&expected) {
        Ok(text) if text == got => None,
        Ok(text) => Some(format!("{name}:\n  expected {text}  got      {got}")),
        Err(_) => {
            fs::write(&expected, got).unwrap();
            Some(format!("{name}: wrote {}; read it", expected.display()))
        }
    }
}

#[test]
fn golden_frames() {
    let registry = Registry::built_in();
    let mut problems = Vec::new();
    let mut total = 0;
    for (_, profile) in registry.iter() {
        let dir = profiles_dir().join(&*profile.id).join("frames");
        let mut count = 0;
        for (folder, good) in [("ok", true), ("bad", false)] {
            for path in files(&dir.join(folder)) {
                if let Some(form) = form_of(&path) {
                    count += 1;
                    problems.extend(golden(profile, &path, form, good));
                }
            }
        }
        if count < 5 {
            problems.push(format!(
                "{}: {count} golden files, at least 5 wanted",
                profile.id
            ));
        }
        total += count;
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    println!("{total} golden files");
}

#[test]
fn each_profile_lies_in_a_folder_of_its_name() {
    for (_, profile) in Registry::built_in().iter() {
        assert!(
            profiles_dir()
                .join(&*profile.id)
                .join("profile.toml")
                .is_file(),
            "{}",
            profile.id
        );
    }
}

#[test]
fn a_users_directory_wins_and_its_mistakes_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let own = fs::read_to_string(profiles_dir().join("mightyohm/profile.toml"))
        .unwrap()
        .replace("MightyOhm Geiger counter kit", "ours");
    fs::write(dir.path().join("own.toml"), &own).unwrap();
    let mut registry = Registry::built_in();
    registry.add_directory(dir.path()).unwrap();
    assert_eq!(registry.get("mightyohm").unwrap().title, "ours");

    let wrong = own
        .replace("class = \"survey_meter\"", "class = \"toaster\"")
        .replace("unit = \"cps\"", "unit = \"cpd\"")
        .replace("when = { mode", "when = { mood");
    fs::write(dir.path().join("own.toml"), wrong).unwrap();
    let error = registry.add_directory(dir.path()).unwrap_err().to_string();
    for part in ["toaster", "cpd", "mood", "own.toml"] {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    fs::write(dir.path().join("own.toml"), own + "\nsurprise = 1\n").unwrap();
    let error = registry.add_directory(dir.path()).unwrap_err().to_string();
    assert!(error.contains("surprise"), "{error}");
}

#[test]
fn an_unknown_id_is_answered_with_its_neighbours() {
    let error = Registry::built_in().get("mightohm").unwrap_err();
    assert_eq!(error.near, ["mightyohm"]);
}

/// The real recordings, where they lie; skipped only when the whole folder of
/// shared material is absent.
#[test]
fn real_recordings() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !shared.is_dir() {
        println!("skipped: no folder of shared material on this machine");
        return;
    }
    let registry = Registry::built_in();
    let profile = registry.get("safecast-bgeigie").unwrap();
    for (file, readings, ignored) in [("bgeigie.log", 23, 19), ("bgeigie_nyc.log", 29, 2)] {
        let bytes = fs::read(shared.join("real-data").join(file)).expect(file);
        let records = decode(profile, Form::Bytes, &bytes, received_at()).unwrap();
        let count = |of: fn(&Outcome) -> bool| records.iter().filter(|r| of(r)).count();
        assert_eq!(
            count(|r| matches!(r, Outcome::Reading(_))),
            readings,
            "{file}"
        );
        assert_eq!(
            count(|r| matches!(r, Outcome::Ignored(_))),
            ignored,
            "{file}"
        );
        assert_eq!(count(|r| matches!(r, Outcome::Rejected(_))), 0, "{file}");
    }
}

/// A copy of a built-in profile, changed, in a registry of its own.
fn changed(id: &str, from: &str, to: &str) -> Result<Registry, String> {
    let path = profiles_dir().join(id).join("profile.toml");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "`{from}` is not in {id}");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("own.toml"), text.replace(from, to)).unwrap();
    let mut registry = Registry::built_in();
    match registry.add_directory(dir.path()) {
        Ok(()) => Ok(registry),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_known_zone_makes_a_local_clock_trusted() {
    let rfc3339 = "form = \"rfc3339\"";
    let zoned = format!("{rfc3339}\nzone = \"WIB\"");
    for (id, frame, first, last) in [
        (
            "gq-gmc-history",
            "counts-of-minutes.hex",
            "2018-04-19T05:58:59Z",
            "2018-04-19T06:02:59Z",
        ),
        (
            "gamma-scout-log",
            "gap.bytes",
            "2013-07-15T10:03:30Z",
            "2013-07-15T10:03:30Z",
        ),
        (
            "gamma-scout-log",
            "value-across-lines.bytes",
            "2013-07-15T10:02:00Z",
            "2013-07-15T10:31:00Z",
        ),
    ] {
        let registry = changed(id, rfc3339, &zoned).unwrap();
        let path = profiles_dir().join(id).join("frames/ok").join(frame);
        let bytes = fs::read(&path).unwrap();
        let profile = registry.get(id).unwrap();
        let records = decode(profile, form_of(&path).unwrap(), &bytes, received_at()).unwrap();
        let times: Vec<serde_json::Value> = records
            .iter()
            .filter(|record| matches!(record, Outcome::Reading(_)))
            .map(|record| serde_json::to_value(record).unwrap()["measured_at"].clone())
            .collect();
        assert_eq!(times.first().unwrap(), first, "{id}");
        assert_eq!(times.last().unwrap(), last, "{id}");
    }
    let error = changed("gq-gmc-history", rfc3339, &zoned.replace("WIB", "CET")).unwrap_err();
    assert!(
        error.contains("`CET` is none of UTC, WIB, WITA, WIT"),
        "{error}"
    );
    let error = changed(
        "radpro-datalog",
        "form = \"unix\"",
        "form = \"unix\"\nzone = \"WIB\"",
    );
    assert!(error.unwrap_err().contains("clocks that tell none"));
}

#[test]
fn a_recording_has_an_importer_and_is_a_file() {
    let error = changed("eurdep", "importer = \"eurdep\"", "importer = \"eurdip\"").unwrap_err();
    assert!(
        error.contains("framing.importer: `eurdip` is none of"),
        "{error}"
    );
    let serial = "kind = \"serial\"\nbaud = 9600";
    let error = changed("eurdep", "kind = \"file\"", serial).unwrap_err();
    assert!(
        error.contains("`recording` belongs to `kind = \"file\"`"),
        "{error}"
    );
}
