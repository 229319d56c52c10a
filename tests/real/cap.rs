//! CAP messages against a schema, by xmllint. The schema of OASIS itself cannot
//! be had here; `tests/schema/cap12.xsd` is written from what it says.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Daemon, Home, mightyohm_line};

/// Names and notes that would break out of a document pasted together.
const HOSTILE: &str = "]]></name><x a='b'>&evil; {{7*7}} =cmd|' /C'!A0 \\u202e <!ENTITY";

/// `xmllint --noout`, which says what is wrong and where.
fn xmllint(arguments: &[&Path]) {
    let output = Command::new("xmllint")
        .arg("--noout")
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("xmllint (libxml2-utils) is missing: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

async fn messages(node: &str) -> (Home, Vec<std::path::PathBuf>) {
    let home = Home::new();
    let lines = [mightyohm_line(15, 877), mightyohm_line(439, 26_315)].concat();
    home.write("rise", lines);
    let config = format!(
        "{node}\n[[site]]\nid = \"gate\"\nname = \"{HOSTILE}\"\n\
         position = {{ lat = -6.35, lon = 106.66 }}\n\
         [[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\nsite = \"gate\"\n\
         capture = {{ file = \"rise\" }}\n\
         [[subscriber]]\nid = \"cap\"\nkind = \"cap\"\nfolder = \"cap\"\n"
    );
    let mut daemon = Daemon::start_in(home, &config).await;
    let told = |status: &Value| {
        let raised = !status["activations"].as_object()?.is_empty();
        (raised && status["outbox_waiting"]["cap"] == 0).then_some(())
    };
    daemon.wait("the messages", "/api/v1/status", told).await;
    let activations = daemon
        .wait("an activation", "/api/v1/activations", |all| {
            Some(all[0]["version"].as_u64()?).zip(all[0]["id"].as_str().map(str::to_owned))
        })
        .await;
    let body = serde_json::json!({"version": activations.0, "name": HOSTILE, "note": HOSTILE});
    let path = format!("/api/v1/activations/{}/ack", activations.1);
    assert_eq!(daemon.post(&path, &body).await.0, 200);
    daemon.stop().await;
    let folder = daemon.home.path("cap");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.file_name().unwrap() != "feed.xml")
        .collect();
    files.sort();
    xmllint(&[&folder.join("feed.xml")]);
    let home = std::mem::replace(&mut daemon.home, Home::new());
    (home, files)
}

#[tokio::test]
async fn cap_messages_fit_the_schema_whatever_the_site_is_called() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/cap12.xsd");
    for (node, status) in [("", "Draft"), ("[node]\nexercise = true", "Exercise")] {
        let (_home, files) = messages(node).await;
        assert!(files.len() >= 2, "{files:?}");
        for file in &files {
            xmllint(&[Path::new("--schema"), &schema, file]);
            let text = std::fs::read_to_string(file).unwrap();
            assert!(
                text.contains(&format!("<status>{status}</status>")),
                "{text}"
            );
        }
    }
}
