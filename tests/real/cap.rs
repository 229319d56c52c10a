//! CAP messages against a schema, by xmllint. The schema of OASIS itself cannot
//! be had here; `tests/schema/cap12.xsd` is written from what it says.

use std::path::Path;
use std::process::Command;

use std::sync::Arc;
use std::time::Duration;

use pantau::activation::Mode;
use pantau::clock::Clock;
use pantau::criteria::Class;
use pantau::deliver::{CapFolder, Filter, Kind, Subscriber, SubscriberConfig};
use pantau::exchange::cap::{CapContext, Release};
use serde_json::Value;

use crate::hostile;
use crate::support::events::{event_of, life};
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

/// Alert, Update and Cancel with their references, drills, and every hostile name.
#[tokio::test]
async fn every_kind_of_message_fits_the_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/cap12.xsd");
    let home = Home::new();
    let folder = home.path("cap");
    let context = CapContext {
        sender: "pantau.test".to_owned(),
        sender_name: "Pantau".to_owned(),
        release: Release::Actual,
        restriction: "for the test".to_owned(),
        valid: Duration::from_secs(3600),
        radius_km: 0.5,
    };
    let mut subscriber = Subscriber::new(
        SubscriberConfig {
            id: Arc::from("cap"),
            filter: Filter::from_class(Class::Normal),
            quiet: None,
            is_paced: false,
        },
        Kind::Cap(CapFolder::new(folder.clone(), context)),
    );
    let texts = hostile::all();
    let hostile = texts.iter().zip(100..).map(|(text, n)| event_of(text, n));
    let events: Vec<_> = life("Pasar", 1, Mode::Actual, None)
        .into_iter()
        .chain(life(HOSTILE, 2, Mode::Actual, Some("A-0123456789abcdef")))
        .chain(life("Pasar", 3, Mode::Exercise, None))
        .chain(hostile)
        .collect();
    let clock = Clock::start();
    for event in &events {
        subscriber.tell_once(event, &clock).await.unwrap();
    }
    let files: Vec<_> = events
        .iter()
        .map(|event| folder.join(format!("{}.xml", event.id)))
        .collect();
    let files: Vec<&Path> = files.iter().map(std::path::PathBuf::as_path).collect();
    for some in files.chunks(100) {
        xmllint(&[&[Path::new("--schema"), &schema], some].concat());
    }
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    for (file, event) in files.iter().zip(&events) {
        let text = std::fs::read_to_string(file).unwrap();
        let status = if event.exercise { "Exercise" } else { "Actual" };
        assert!(
            text.contains(&format!("<status>{status}</status>")),
            "{text}"
        );
        let (_, kind) = text.split_once("<msgType>").unwrap();
        let kind = kind.split('<').next().unwrap();
        *kinds.entry(kind.to_owned()).or_default() += 1;
        assert_eq!(text.contains("<references>"), kind != "Alert", "{text}");
    }
    assert_eq!((kinds["Update"], kinds["Cancel"]), (14, 1), "{kinds:?}");
}
