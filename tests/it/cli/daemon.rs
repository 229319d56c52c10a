//! The verbs around a daemon: asking it, answering it, and what it has stored.

use serde_json::{Value, json};

use super::{check_exit, check_has, check_same};
use crate::support::{
    Daemon, Home, PATIENCE, free_address, json_lines, mightyohm_line, pantau, texts, wait_for,
};

/// A daemon plays a recording into its store; the store is then read without it.
#[tokio::test]
async fn stored_readings_are_exported() {
    let home = Home::new();
    let mut recording = mightyohm_line(2, 100);
    recording.push_str(&mightyohm_line(3, 120));
    home.write("recording", recording);
    let mut daemon = Daemon::start_in(
        home,
        r#"
[[site]]
id = "roof"
name = "Roof, north"
position = { lat = -6.35, lon = 106.66 }

[[instrument]]
id = "counter"
profile = "mightyohm"
site = "roof"
source = "irdms"
capture = { file = "recording" }
"#,
    )
    .await;
    let two = |books: &Value| (books["total"]["stored"] == 2).then_some(());
    daemon
        .wait("two stored readings", "/api/v1/books", two)
        .await;
    daemon.stop().await;

    let csv = pantau(&daemon.home, &["export", "--format", "csv"]);
    check_exit(&csv, 0);
    let (text, _) = texts(&csv);
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| {
        columns
            .iter()
            .position(|column| *column == name)
            .expect(name)
    };
    let rows: Vec<Vec<String>> = lines.map(csv_cells).collect();
    let cells =
        |name: &str| -> Vec<&str> { rows.iter().map(|row| row[at(name)].as_str()).collect() };
    assert_eq!(
        cells("quantity"),
        ["dose_rate", "count_rate", "dose_rate", "count_rate"]
    );
    assert_eq!(cells("value"), ["0.57", "2", "0.684", "3"]);
    assert_eq!(cells("raw_value"), ["100", "2", "120", "3"]);
    assert_eq!(cells("unit"), ["uSv/h", "cps", "uSv/h", "cps"]);
    assert_eq!(cells("lat_deg"), ["-6.35"; 4]);
    assert_eq!(cells("site"), ["roof"; 4]);
    let source = "MightyOhm firmware, SBM-20";
    assert_eq!(cells("factor_source"), [source, "", source, ""]);

    let geojson = pantau(
        &daemon.home,
        &["export", "--format", "geojson", "--instrument", "counter"],
    );
    check_exit(&geojson, 0);
    let document: Value = serde_json::from_slice(&geojson.stdout).unwrap();
    let feature = json!({
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [106.66, -6.35]},
        "properties": {"instrument": "counter", "class": "ELEVATED"},
    });
    let expected = json!({"type": "FeatureCollection", "features": [feature, feature]});
    check_same(&document, &expected, "document");

    let other = pantau(
        &daemon.home,
        &["export", "--format", "geojson", "--instrument", "other"],
    );
    check_exit(&other, 0);
    let document: Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(document["features"], json!([]));
}

/// The cells of a line of RFC 4180.
fn csv_cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().unwrap();
        match character {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            _ => cell.push(character),
        }
    }
    cells
}

/// The verbs that ask a running daemon, and the one by which a person answers.
#[tokio::test]
async fn a_running_daemon_is_asked_and_answered() {
    let home = Home::new();
    home.write("recording", mightyohm_line(439, 26_315));
    let config = "[[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
                  capture = { file = \"recording\" }\n";
    let daemon = Daemon::start_in(home, config).await;
    let raised = |list: &Value| list[0]["id"].as_str().map(str::to_owned);
    let id = daemon
        .wait("an activation", "/api/v1/activations", raised)
        .await;
    let url = format!("http://{}", daemon.address());
    let ask = |arguments: &[&str]| {
        let arguments = [arguments, &["--url", &url, "--format", "ndjson"]].concat();
        let answer = pantau(&daemon.home, &arguments);
        check_exit(&answer, 0);
        json_lines(&answer)
    };
    assert_eq!(ask(&["status"])[0]["activations"]["EMERGENCY"], 1);
    assert_eq!(ask(&["activations"])[0]["id"], id.as_str());
    wait_for("the stored reading", PATIENCE, async || {
        let readings = ask(&["readings", "--instrument", "counter"]);
        let first = readings.first().filter(|one| one["class"] == "EMERGENCY");
        first.map(|_| ()).ok_or(readings.clone())
    })
    .await;
    assert_eq!(ask(&["books"])[0]["total"]["received"], 1);

    let table = pantau(
        &daemon.home,
        &["activations", "--url", &url, "--format", "table"],
    );
    check_exit(&table, 0);
    check_has(&texts(&table).0, &["STATE", &id, "EMERGENCY", "T3.1-I-2"]);

    let stale = [
        "ack",
        &id,
        "--version",
        "0",
        "--name",
        "Sari",
        "--note",
        "seen",
        "--url",
        &url,
    ];
    let refused = pantau(&daemon.home, &stale);
    check_exit(&refused, 1);
    check_has(&texts(&refused).1, &["409"]);
    let version = daemon.get("/api/v1/activations").await.1[0]["version"].to_string();
    let answer = ask(&[
        "ack",
        &id,
        "--version",
        &version,
        "--name",
        "Sari",
        "--note",
        "seen",
    ]);
    assert_eq!(answer[0]["acked_by"], "Sari");
}

/// A bad configuration is refused and the old one stays; a good one is taken.
#[tokio::test]
async fn a_running_daemon_reads_its_configuration_again() {
    let mut daemon = Daemon::start("[node]\nname = \"before\"\n").await;
    let config = "[http]\nlisten = \"127.0.0.1:0\"\n[node]\nname = ";
    daemon
        .home
        .write("pantau.toml", format!("{config}\"two words\"\n"));
    daemon.signal("HUP");
    wait_for("the refusal", PATIENCE, async || {
        let log = daemon.log();
        if log.contains("two words") {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;
    assert_eq!(daemon.get("/api/v1/status").await.1["node"], "before");

    daemon
        .home
        .write("pantau.toml", format!("{config}\"after\"\n"));
    daemon.reload().await;
    assert_eq!(daemon.get("/api/v1/status").await.1["node"], "after");
    daemon.stop().await;
}

#[test]
fn a_daemon_that_is_not_there_is_a_failure_that_says_so() {
    let home = Home::new();
    let address = free_address();
    let failed = pantau(&home, &["status", "--url", &format!("http://{address}")]);
    check_exit(&failed, 1);
    check_has(&texts(&failed).1, &["no daemon answers"]);
}

/// After a change of the policy, an old judgement still names the one it was
/// made by, and that one can be looked up.
#[tokio::test]
async fn a_policy_of_the_past_is_found_by_its_hash() {
    let home = Home::new();
    home.write("recording", mightyohm_line(2, 100));
    let instrument = r#"
[[instrument]]
id = "counter"
profile = "mightyohm"
source = "irdms"
capture = { file = "recording" }
"#;
    let mut daemon = Daemon::start_in(home, instrument).await;
    let one = |books: &Value| (books["total"]["stored"] == 1).then_some(());
    daemon.wait("a stored reading", "/api/v1/books", one).await;
    let (_, stored) = daemon.get("/api/v1/readings").await;
    let hash = stored[0]["policy"].as_str().unwrap().to_owned();
    daemon.stop().await;

    let journal = daemon.home.folder().join("data/journal");
    let at = pantau::clock::Clock::start().wall();
    let (mut journal, recovery) = pantau::journal::Journal::open(&journal, at).unwrap();
    assert_eq!(recovery.policy.as_deref(), Some(hash.as_str()));
    let later = pantau::journal::Entry::Policy {
        hash: "ff".repeat(32),
        text: "later".to_owned(),
    };
    journal.append(at, &later).unwrap();
    drop(journal);

    let found = pantau(&daemon.home, &["policy", hash.get(..12).unwrap()]);
    check_exit(&found, 0);
    let found = &json_lines(&found)[0];
    assert_eq!(found["policy"], hash.as_str());
    let text = found["text"].as_str().unwrap();
    check_has(text, &["level T3.1-I-1 uSv/h = 1\n", "rain.ratio = 2\n"]);
    assert_eq!(
        pantau::criteria::PolicyHash::of_text(text).to_string(),
        hash
    );
    let missing = pantau(&daemon.home, &["policy", "00000000"]);
    check_exit(&missing, 1);
}
