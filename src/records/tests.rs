//! What is on disk, and how damage shows.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::casework::{Act, Deed, OnJava, Report, Reporter, Step};
use crate::clock::{Wall, Zone};
use crate::criteria::{Policy, PolicyHash};

const NIK: &str = "3171234567890123";

fn at(secs: i64) -> Wall {
    Wall::from_secs(1_773_457_200 + secs).unwrap()
}

fn deed(secs: i64, act: Act) -> Deed {
    Deed {
        about: "C-000001".to_owned(),
        by: "Sari".to_owned(),
        role: None,
        note: format!("=HYPERLINK(\"x\") {NIK}"),
        channel: "http".to_owned(),
        request: None,
        at: at(secs),
        act,
    }
}

fn opened() -> Act {
    Act::Opened {
        report: Box::new(Report {
            reporter: Reporter {
                name: Some("Budi Santoso".to_owned()),
                identity_number: Some(NIK.to_owned()),
                ..Reporter::default()
            },
            description: Some("=1+1\u{1b}[2J".to_owned()),
            ..Report::default()
        }),
        exercise: false,
        java: OnJava::unknown(),
    }
}

fn sources(folder: &Path) -> Sources {
    Sources {
        cases: folder.join("cases"),
        journal: folder.join("journal"),
        store: folder.join("store"),
        node: "n1".to_owned(),
        zone: Zone::Wib,
        policy: Policy::default(),
    }
}

/// A store with a case that is ready to be closed.
fn written(folder: &Path) -> PathBuf {
    let path = folder.join("cases");
    let (mut store, cases, _) = CaseStore::open(&path, at(0)).unwrap();
    assert!(cases.cases().is_empty());
    let steps = vec![Step::FinalReport, Step::CloseStatement];
    store.append(at(0), &[deed(0, opened())]).unwrap();
    store
        .append(
            at(1),
            &[
                deed(1, Act::Steps { steps }),
                deed(2, Act::Closed { matters: vec![] }),
            ],
        )
        .unwrap();
    path
}

#[test]
fn deeds_are_found_again_and_nobody_else_may_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let segment = path.join("cases-0000000001-00.ndjson");
    assert_eq!(mode(&segment), 0o600);
    let cases = read_cases(&path).unwrap();
    let dossier = cases.get("C-000001").unwrap();
    assert_eq!(dossier.deeds.len(), 3);
    assert_eq!(
        dossier.report().reporter.identity_number.as_deref(),
        Some(NIK)
    );
    assert_eq!(cases.next_id(true), "XC-000002");
    assert_eq!(verify_cases(&path).unwrap().records, 3);
    let (_, again, _) = CaseStore::open(&path, at(3)).unwrap();
    assert_eq!(again, cases);
}

#[test]
fn a_torn_tail_is_cut_and_a_changed_record_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let segment = path.join("cases-0000000001-00.ndjson");
    let whole = fs::read(&segment).unwrap();
    let torn = &whole[..whole.len() - 10];
    fs::write(&segment, torn).unwrap();
    let (_, cases, found) = CaseStore::open(&path, at(3)).unwrap();
    assert!(found.torn.is_some() && found.first_bad.is_none());
    assert_eq!(cases.get("C-000001").unwrap().deeds.len(), 2);
    assert!(verify_cases(&path).is_ok());

    let text = String::from_utf8(whole)
        .unwrap()
        .replacen("final_report", "presented", 1);
    fs::write(&segment, text).unwrap();
    let error = verify_cases(&path).unwrap_err().to_string();
    assert!(
        error.contains("cases-0000000001-00.ndjson line 2"),
        "{error}"
    );
}

#[test]
fn a_closing_record_can_be_read_and_checked_without_us() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    fs::create_dir(folder.path().join("store")).unwrap();
    let sources = sources(folder.path());
    let to = folder.path().join("records/C-000001");
    let record = write_record(&sources, "C-000001", &to, at(9)).unwrap();
    assert_eq!((record.missing.len(), record.readings), (0, 0));
    for name in [
        "README.txt",
        "case.json",
        "decisions.csv",
        "deadlines.csv",
        "readings.csv",
        "activations.json",
        "policy.json",
        SUMS,
    ] {
        let text = fs::read_to_string(to.join(name)).unwrap();
        assert!(!text.is_empty(), "{name}");
        for data in [NIK, "Budi", "\u{1b}", ",=HYPER", ",\"=HYPER"] {
            assert!(!text.contains(data), "{data:?} is in {name}: {text}");
        }
    }
    let policy = fs::read(to.join("policy.json")).unwrap();
    let policy: serde_json::Value = serde_json::from_slice(&policy).unwrap();
    let hash = PolicyHash::of(&Policy::default()).to_string();
    assert_eq!(policy["policy"], hash.as_str());
    assert_eq!(policy["settings"]["rain.ratio"], "2");
    assert_eq!(policy["levels"]["T3.1-I-2 uSv/h"], 100.0);
    let text = policy["texts"][&hash].as_str().unwrap();
    assert_eq!(PolicyHash::of_text(text).to_string(), hash);
    let readme = fs::read_to_string(to.join("README.txt")).unwrap();
    assert!(readme.contains("passive until 2056-03-14"), "{readme}");
    let checked = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", SUMS])
        .current_dir(&to)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");

    assert_eq!(verify_record(&to, Some(&[&record.sums])).unwrap(), []);
    assert!(matches!(
        write_record(&sources, "C-000001", &to, at(9)),
        Err(RecordError::Exists(_))
    ));
    assert!(matches!(
        write_record(&sources, "C-000002", &folder.path().join("x"), at(9)),
        Err(RecordError::Unknown(_))
    ));

    fs::write(to.join("decisions.csv"), "forged").unwrap();
    fs::write(to.join("more.txt"), "more").unwrap();
    fs::remove_file(to.join("policy.json")).unwrap();
    assert_eq!(
        verify_record(&to, Some(&["another"])).unwrap(),
        [
            Difference::Sums,
            Difference::Changed("decisions.csv".to_owned()),
            Difference::Missing("policy.json".to_owned()),
            Difference::Added("more.txt".to_owned()),
        ]
    );
}

/// What a crash in the middle of writing leaves is no record.
#[test]
fn a_record_that_was_left_half_written_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    fs::create_dir(folder.path().join("store")).unwrap();
    let to = folder.path().join("records/C-000001");
    fs::create_dir_all(folder.path().join("records/C-000001.part")).unwrap();
    fs::write(folder.path().join("records/C-000001.part/case.json"), "{").unwrap();
    write_record(&sources(folder.path()), "C-000001", &to, at(9)).unwrap();
    assert!(!folder.path().join("records/C-000001.part").exists());
}
