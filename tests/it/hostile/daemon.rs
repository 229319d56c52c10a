//! The running program, told hostile texts by the wire and by people: the log, the
//! journal, the interface and every export hold one record for each, and none of
//! theirs.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::strings::{all, is_inert};
use crate::support::{Client, Daemon, Home, broker, pantau, station_reading};

/// Longest text that is sent here, in characters: a request holds several of them,
/// and is no longer than 64 KiB.
const LONGEST: usize = 800;

fn texts() -> Vec<String> {
    let short = |text: String| text.chars().take(LONGEST).collect();
    all().into_iter().map(short).collect()
}

/// What may stand in a configuration: it takes no control characters.
const SITE: &str = "<b>&amp;]]> {{7*7}} \u{202e}gnp =1+1,\"x\"";

fn config(port: u16, format: &str) -> String {
    let site = SITE.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "[node]\nname = \"serpong\"\n[log]\nformat = \"{format}\"\nlevel = \"debug\"\n\
         [broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n\
         [[site]]\nid = \"roof\"\nname = \"{site}\"\nposition = {{ lat = -6.35, lon = 106.66 }}\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\nsite = \"roof\"\n\
         [[instrument]]\nid = \"others\"\nprofile = \"pantau-station\"\nmqtt.each = true\n\
         [[subscriber]]\nid = \"log\"\nkind = \"log\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n"
    )
}

async fn daemon(port: u16, format: &str) -> Daemon {
    let daemon = Daemon::start_with(Home::new(), &config(port, format)).await;
    let is_up = |status: &Value| (status["broker"]["up"] == true).then_some(());
    daemon
        .wait("the subscriptions", "/api/v1/status", is_up)
        .await;
    daemon
}

/// Speaks to the daemon as stations would: on topics, in payloads, as status.
async fn speak(client: &mut Client, texts: &[String]) {
    let claims = json!({
        "boot": 1, "seq": 1, "dose_rate": {"value": 150.0, "unit": "uSv/h"},
        "exercise": true, "mode": "exercise", "drill": "yes", "test": true,
        "status": ["exercise", "EXERCISE", "drill", "latihan", "test"],
    });
    client
        .publish("irdms/st-1/reading", claims.to_string())
        .await;
    for (n, text) in texts.iter().enumerate() {
        client.publish("irdms/st-1/reading", text.clone()).await;
        let spoken = json!({
            "boot": 1, "seq": n + 2, "status": [text, {"x": text}],
            "dose_rate": {"value": 150.0, "unit": "uSv/h"},
        });
        client
            .publish("irdms/st-1/reading", spoken.to_string())
            .await;
        let unit = json!({"boot": 1, "seq": 1, "dose_rate": {"value": 1.0, "unit": text}});
        client.publish("irdms/st-1/reading", unit.to_string()).await;
        let topic: String = text
            .chars()
            .filter(|c| !"+#/\0".contains(*c))
            .take(200)
            .collect();
        client
            .publish(&format!("irdms/{topic}/reading"), station_reading(1, 0.1))
            .await;
    }
}

/// Waits until all that the station sent is stored.
async fn settle(daemon: &Daemon, texts: &[String]) {
    let sent = 3 * texts.len() + 1;
    daemon
        .wait("all that was sent", "/api/v1/books", |books| {
            let is_there = books["instruments"]["st-1"]["received"] == sent;
            (is_there && books["total"]["waiting"] == 0).then_some(())
        })
        .await;
}

/// Every text of a document is inert.
#[track_caller]
fn check_inert(document: &Value) {
    match document {
        Value::String(text) => assert!(text.split('\n').all(is_inert), "{text:?}"),
        Value::Array(list) => list.iter().for_each(check_inert),
        Value::Object(members) => {
            assert!(members.keys().all(|name| is_inert(name)), "{members:?}");
            members.values().for_each(check_inert);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The lines of a text; each is inert.
#[track_caller]
fn inert_lines<'t>(what: &str, text: &'t str) -> Vec<&'t str> {
    let lines: Vec<&str> = text
        .strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .collect();
    for line in &lines {
        assert!(is_inert(line), "{what}: {line:?}");
    }
    lines
}

/// A time as the log begins its lines with.
fn begins_with_a_time(line: &str) -> bool {
    let time = line.split_whitespace().next().unwrap_or_default();
    time.ends_with('Z') && time.contains('T') && time.starts_with("20")
}

/// Records of CSV (RFC 4180): cells, unquoted.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(
        !quoted && row.is_empty() && cell.is_empty(),
        "an unfinished record"
    );
    rows
}

/// No cell is a formula, but for numbers.
#[track_caller]
fn check_cells(rows: &[Vec<String>]) {
    let columns = rows[0].len();
    for row in rows {
        assert_eq!(row.len(), columns, "{row:?}");
        for cell in row {
            let begins = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
            assert!(!begins || cell.parse::<f64>().is_ok(), "{cell:?}");
            assert!(is_inert(cell), "{cell:?}");
        }
    }
}

#[tokio::test]
async fn log_journal_interface_and_exports_hold_them_inert() {
    let broker = broker();
    let texts = texts();
    let mut daemon = daemon(broker.port, "text").await;
    let mut client = Client::connect(&broker, "station", &[]).await;
    speak(&mut client, &texts).await;
    settle(&daemon, &texts).await;

    // People: they acknowledge, report, and ask for what is not there.
    let (_, activations) = daemon.get("/api/v1/activations").await;
    let id = activations[0]["id"].as_str().unwrap();
    // Whatever the payloads claim, it is real.
    assert!(id.starts_with("A-"), "{id}");
    assert_eq!(activations[0]["exercise"], false);
    assert_eq!(activations[0]["class_max"], "EMERGENCY");
    let mut cases = 0;
    for text in &texts {
        let version = daemon.get(&format!("/api/v1/activations/{id}")).await.1["version"].clone();
        let path = format!("/api/v1/activations/{id}/ack");
        let body = json!({"version": version, "by": text, "note": text});
        let (code, answer) = daemon.post(&path, &body).await;
        assert!([200, 400, 409].contains(&code), "{code} {answer:#}");
        check_inert(&answer);
        let body = json!({"version": 0, "by": "a", "note": "b", text.as_str(): 1});
        let (code, answer) = daemon.post(&path, &body).await;
        assert_eq!((code, &answer["status"]), (400, &json!(400)));
        check_inert(&answer);
        let report = json!({
            "location": text, "description": text, "institution": text, "actions_taken": text,
            "address": text, "reporter": {"position": text},
        });
        let body = json!({"name": text, "note": text, "report": report});
        let (code, answer) = daemon.post("/api/v1/cases", &body).await;
        assert!([201, 400, 413].contains(&code), "{code} {answer:#}");
        assert!(code == 201 || answer["status"] == code, "{answer:#}");
        cases += usize::from(code == 201);
        check_inert(&answer);
        let path = text
            .bytes()
            .take(500)
            .fold(String::new(), |mut path, byte| {
                path.push_str(&format!("%{byte:02X}"));
                path
            });
        for path in [
            format!("/api/v1/activations/{path}"),
            format!("/api/v1/cases/{path}"),
            format!("/{path}"),
            format!("/api/v1/readings?instrument={path}"),
            format!("/api/v1/readings?since={path}"),
            format!("/api/v1/readings?{path}={path}"),
        ] {
            let response = daemon.get_response(&path).await;
            let head = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert!(head("content-type").contains("json"), "{path}");
            assert_eq!(head("x-content-type-options"), "nosniff");
            assert!(head("content-security-policy").starts_with("default-src 'none'"));
            let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
            check_inert(&answer);
        }
    }
    assert!(cases >= 150, "{cases} cases");

    for path in [
        "status",
        "instruments",
        "readings",
        "activations",
        "cases",
        "deadlines",
        "books",
    ] {
        let response = daemon.get_response(&format!("/api/v1/{path}")).await;
        assert_eq!(response.headers()["content-type"], "application/json");
        let text = response.text().await.unwrap();
        assert!(!text.contains('\n'), "{path}");
        check_inert(&serde_json::from_str(&text).unwrap());
    }
    let metrics = daemon.get_response("/metrics").await.text().await.unwrap();
    for line in inert_lines("metrics", &metrics) {
        assert!(
            line.starts_with("pantau_") || line.starts_with("# "),
            "{line}"
        );
    }
    let recap = daemon
        .get_response("/api/v1/recap.csv")
        .await
        .text()
        .await
        .unwrap();
    let rows = csv(&recap);
    assert_eq!((rows.len(), rows[0].len()), (cases + 1, 18));
    check_cells(&rows);
    daemon.stop().await;

    assert!(!daemon.log().contains("LATIHAN / EXERCISE: BARU"));
    check_journal(&daemon.home, "data/journal", 3);
    check_journal(&daemon.home, "data/cases", cases);
    check_log(&daemon.log());
    check_exports(&daemon.home);
}

/// Each line is one record, and the records are numbered without a gap.
#[track_caller]
fn check_journal(home: &Home, folder: &str, least: usize) {
    let mut files: Vec<_> = fs::read_dir(home.path(folder))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "ndjson"))
        // Signed heads have lines of their own, which stand for records.
        .filter(|path| !path.ends_with("heads.ndjson"))
        .collect();
    files.sort();
    let mut seq = 0;
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for line in text.lines() {
            // Texts stand there as they were said, in the way of JSON.
            assert!(!line.contains(|c: char| c < ' '), "{line:?}");
            let record: Value = serde_json::from_str(line).unwrap();
            seq += 1;
            assert_eq!(record["seq"], seq);
        }
    }
    assert!(seq >= least, "{seq} records in {folder}");
}

#[track_caller]
fn check_log(log: &str) {
    let lines = inert_lines("log", log);
    assert!(lines.len() > 200, "{} lines", lines.len());
    for line in lines {
        assert!(begins_with_a_time(line), "{line:?}");
    }
}

/// What the store gives out, and what a recording of the same gives.
fn check_exports(home: &Home) {
    let export = |format: &str| {
        let output = pantau(home, &["export", "--format", format]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let rows = csv(&export("csv"));
    assert!(rows.len() > 100, "{} rows", rows.len());
    check_cells(&rows);
    let map: Value = serde_json::from_str(&export("geojson")).unwrap();
    check_inert(&map);
    let features = map["features"].as_array().unwrap();
    assert_eq!(features.len(), rows.len() - 1);

    let lines: Vec<String> = texts()
        .iter()
        .map(|text| json!({"topic": "irdms/x/reading", "payload": text}).to_string())
        .collect();
    home.write("recording", lines.join("\n"));
    let decoded = pantau(
        home,
        &[
            "profile",
            "decode",
            "pantau-station",
            "recording",
            "--mqtt",
            "--format",
            "ndjson",
        ],
    );
    let decoded = String::from_utf8(decoded.stdout).unwrap();
    let records = inert_lines("decode", &decoded);
    assert_eq!(records.len(), lines.len());
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        let record: Value = serde_json::from_str(record).unwrap();
        check_inert(&record);
        let outcome = record["outcome"].as_str().unwrap().to_owned();
        *outcomes.entry(outcome).or_default() += 1;
    }
    assert!(!outcomes.contains_key("reading"), "{outcomes:?}");
}

#[tokio::test]
async fn a_log_of_json_has_an_object_for_each_record() {
    let broker = broker();
    let texts = texts();
    let mut daemon = daemon(broker.port, "json").await;
    let mut client = Client::connect(&broker, "station", &[]).await;
    speak(&mut client, &texts).await;
    settle(&daemon, &texts).await;
    daemon.stop().await;
    let log = daemon.log();
    let whole = log.rsplit_once('\n').unwrap().0;
    let lines = inert_lines("log", whole);
    assert!(lines.len() > 200, "{} lines", lines.len());
    for line in lines {
        let record: Value = serde_json::from_str(line).unwrap();
        let is_told = |name: &str| record[name].is_string();
        assert!(
            is_told("timestamp") && is_told("level") && is_told("message"),
            "{line}"
        );
    }
}
