//! The HTTP interface: what each path answers, and to whom.

use std::collections::BTreeMap;

use pantau::telemetry::names;
use serde_json::{Value, json};

use crate::support::{Daemon, Home, mightyohm_line};

/// Two counters that play recordings: one that stays low, one that rises to
/// 150 µSv/h and sends a broken line in between.
const CONFIG: &str = r#"
[node]
name = "serpong"
exercise = true

[[site]]
id = "roof"
name = "Roof"
position = { lat = -6.35, lon = 106.66 }

[[instrument]]
id = "low"
profile = "mightyohm"
site = "roof"
capture = { file = "low", lines_per_s = 100 }

[[instrument]]
id = "high"
profile = "mightyohm"
capture = { file = "high", lines_per_s = 100 }

[[subscriber]]
id = "log"
kind = "log"
"#;

fn home() -> Home {
    let home = Home::new();
    home.write("low", mightyohm_line(1, 10).repeat(3));
    let mut high = mightyohm_line(1, 20);
    high.push_str("CPS, x, CPM, 1, uSv/hr, 0, SLOW\r\nmightyohm.com Geiger Counter 1.00\r\n");
    high.push_str(&mightyohm_line(439, 26_315));
    home.write("high", high);
    home
}

/// A daemon that has played and stored both recordings.
async fn daemon() -> Daemon {
    let daemon = Daemon::start_in(home(), CONFIG).await;
    let all = |books: &Value| (books["total"]["stored"] == 5).then_some(());
    daemon
        .wait("five stored readings", "/api/v1/books", all)
        .await;
    daemon
}

/// Where a member stands, and what it must be.
type Member<'a> = (&'a str, fn(&Value) -> bool);

/// Members that a document must have, with the kind of each.
#[track_caller]
fn check_shape(document: &Value, members: &[Member<'_>]) {
    for (pointer, is_right) in members {
        let value = document.pointer(pointer);
        assert!(value.is_some_and(is_right), "{pointer} in {document:#}");
    }
}

fn is_time(value: &Value) -> bool {
    let is_utc = |text: &str| text.ends_with('Z') && text.contains('T');
    value.as_str().is_some_and(is_utc)
}

fn is_any(_: &Value) -> bool {
    true
}

#[tokio::test]
async fn status_and_instruments_say_how_everything_is() {
    let daemon = daemon().await;
    let (code, status) = daemon.get("/api/v1/status").await;
    assert_eq!(code, 200);
    check_shape(
        &status,
        &[
            ("/node", |v| v == "serpong"),
            ("/version", |v| v == env!("CARGO_PKG_VERSION")),
            ("/started_at", is_time),
            ("/now", is_time),
            ("/uptime_s", Value::is_u64),
            ("/exercise", |v| v == true),
            ("/broker", Value::is_null),
            ("/store/ok", |v| v == true),
            ("/store/error", Value::is_null),
            ("/store/commits", |v| v.as_u64() > Some(0)),
            ("/instruments/total", |v| v == 2),
            ("/instruments/heard", |v| v == 2),
            ("/activations/EMERGENCY", |v| v == 1),
            ("/outbox_waiting/log", Value::is_u64),
        ],
    );

    let (code, instruments) = daemon.get("/api/v1/instruments").await;
    assert_eq!(code, 200);
    assert_eq!(instruments.as_array().unwrap().len(), 2);
    check_shape(
        &instruments,
        &[
            ("/0/id", |v| v == "low"),
            ("/0/profile", |v| v == "mightyohm"),
            ("/0/site", |v| v == "roof"),
            ("/0/source", Value::is_string),
            ("/0/link/up", |v| v == false),
            ("/0/link/since", is_time),
            ("/0/link/detail", |v| v == "recording ended"),
            ("/0/age_s", Value::is_f64),
            ("/0/class", |v| v == "NORMAL"),
            ("/0/last/values/0/value", |v| v == 0.057),
            ("/0/last/position/lat", |v| v == -6.35),
            ("/1/id", |v| v == "high"),
            ("/1/class", |v| v == "EMERGENCY"),
        ],
    );
}

#[tokio::test]
async fn readings_are_found_by_instrument_time_place_and_number() {
    let daemon = daemon().await;
    let (code, all) = daemon.get("/api/v1/readings").await;
    assert_eq!(code, 200);
    let all = all.as_array().unwrap().clone();
    assert_eq!(all.len(), 5);
    let millis: Vec<String> = all.iter().map(to_the_millisecond).collect();
    let is_newest_first = millis.is_sorted_by(|newer, older| newer >= older);
    assert!(is_newest_first, "{millis:?}");
    let high = all.iter().find(|one| one["class"] == "EMERGENCY").unwrap();
    check_shape(
        high,
        &[
            ("/at", is_time),
            ("/received_at", is_time),
            ("/instrument", |v| v == "high"),
            ("/values/0/quantity", |v| v == "dose_rate"),
            ("/values/0/raw/value", |v| v == 26_315),
            ("/rule", |v| v == "T3.1-I-2"),
            ("/disposition", |v| v == "ACCEPT"),
            ("/site", Value::is_null),
            ("/remarks", Value::is_array),
        ],
    );
    let third = &millis[2];
    let n_since = millis.iter().filter(|one| *one >= third).count();
    for (query, expected) in [
        ("instrument=low".to_owned(), 3),
        ("instrument=high".to_owned(), 2),
        ("instrument=nobody".to_owned(), 0),
        ("limit=2".to_owned(), 2),
        ("limit=0".to_owned(), 0),
        ("instrument=low&limit=1&order=oldest".to_owned(), 1),
        (format!("since={third}"), n_since),
        (format!("until={third}"), 5 - n_since),
        (
            "since=2000-01-01T00:00:00Z&until=2000-01-02T00:00:00Z".to_owned(),
            0,
        ),
        ("bbox=-7,106,-6,107".to_owned(), 3),
        ("bbox=0,0,1,1".to_owned(), 0),
    ] {
        let (code, found) = daemon.get(&format!("/api/v1/readings?{query}")).await;
        assert_eq!(code, 200, "{query}: {found}");
        assert_eq!(found.as_array().unwrap().len(), expected, "{query}");
    }
    let (_, oldest) = daemon.get("/api/v1/readings?order=oldest&limit=1").await;
    assert_eq!(to_the_millisecond(&oldest[0]), *millis.last().unwrap());
}

/// When a reading was measured, cut to the millisecond: readings are found and
/// ordered by it, and within one by their content.
fn to_the_millisecond(reading: &Value) -> String {
    let at = reading["at"].as_str().unwrap();
    let (seconds, rest) = at.trim_end_matches('Z').split_once('.').unwrap_or((at, ""));
    let digits: String = rest.chars().chain("000".chars()).take(3).collect();
    format!("{}.{digits}Z", seconds.trim_end_matches('Z'))
}

#[tokio::test]
async fn questions_that_make_no_sense_are_answered_with_400() {
    let daemon = daemon().await;
    for query in [
        "instrument=a/b",
        "since=yesterday",
        "until=2026-01-01T00:00:00",
        "limit=-1",
        "limit=many",
        "limit=100001",
        "bbox=1,2,3",
        "order=random",
        "colour=green",
    ] {
        let path = format!("/api/v1/readings?{query}");
        check_problem(&daemon, &path, 400).await;
    }
}

/// The answer is a problem document (RFC 9457) with this status.
async fn check_problem(daemon: &Daemon, path: &str, status: u16) -> Value {
    let response = daemon.get_response(path).await;
    assert_eq!(response.status().as_u16(), status, "{path}");
    let kind = response.headers().get("content-type").unwrap();
    assert_eq!(kind, "application/problem+json", "{path}");
    let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(problem["status"], status, "{path}");
    check_shape(
        &problem,
        &[
            ("/type", Value::is_string),
            ("/title", Value::is_string),
            ("/detail", |v| {
                v.as_str().is_some_and(|text| !text.is_empty())
            }),
        ],
    );
    problem
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document() {
    let daemon = daemon().await;
    let problem = check_problem(&daemon, "/api/v1/nothing", 404).await;
    assert!(problem["detail"].to_string().contains("/api/v1/nothing"));
    check_problem(&daemon, "/api/v1/activations/A-0000000000000000", 404).await;
    check_problem(&daemon, "/api/v1/activations/%00", 404).await;
}

#[tokio::test]
async fn an_activation_is_listed_shown_and_acknowledged_once() {
    let daemon = daemon().await;
    let (code, list) = daemon.get("/api/v1/activations").await;
    assert_eq!((code, list.as_array().unwrap().len()), (200, 1));
    let activation = &list[0];
    check_shape(
        activation,
        &[
            ("/id", |v| v.as_str().is_some_and(|id| id.starts_with("X-"))),
            ("/version", Value::is_u64),
            ("/state", |v| v == "RAISED"),
            ("/class", |v| v == "EMERGENCY"),
            ("/class_max", |v| v == "EMERGENCY"),
            ("/rule", |v| v == "T3.1-I-2"),
            ("/rule_source", Value::is_string),
            ("/recommended_status", |v| v == "AKTIF_PARSIAL"),
            ("/acked", |v| v == false),
            ("/exercise", |v| v == true),
            ("/instrument", |v| v == "high"),
            ("/unit", |v| v == "uSv/h"),
            ("/level", |v| v == 100.0),
            ("/onset", is_time),
            ("/members/0/instrument", |v| v == "high"),
            ("/place/kind", Value::is_string),
            ("/merged_into", is_any),
        ],
    );
    let id = activation["id"].as_str().unwrap();
    let (code, one) = daemon.get(&format!("/api/v1/activations/{id}")).await;
    assert_eq!((code, &one), (200, activation));

    let ack = format!("/api/v1/activations/{id}/ack");
    let version = activation["version"].as_u64().unwrap();
    let body =
        |version: u64, by: &str, note: &str| json!({"version": version, "by": by, "note": note});
    let (code, problem) = daemon.post(&ack, &body(version - 1, "Sari", "seen")).await;
    assert_eq!(code, 409, "{problem}");
    assert_eq!(problem["status"], 409);
    assert_eq!(&problem["current"], activation);
    for (bad, expected) in [
        (body(version, " ", "seen"), 400),
        (body(version, "Sari", ""), 400),
        (json!({"version": version}), 400),
        (json!({"version": "1", "by": "Sari", "note": "seen"}), 400),
        (json!([]), 400),
    ] {
        let (code, problem) = daemon.post(&ack, &bad).await;
        assert_eq!(code, expected, "{bad}: {problem}");
    }
    let nobody = "/api/v1/activations/A-0000000000000000/ack";
    assert_eq!(daemon.post(nobody, &body(1, "Sari", "seen")).await.0, 404);
    let (_, unchanged) = daemon.get(&format!("/api/v1/activations/{id}")).await;
    assert_eq!(&unchanged, activation);

    let (code, acked) = daemon.post(&ack, &body(version, "Sari", "seen")).await;
    assert_eq!(code, 200, "{acked}");
    check_shape(
        &acked,
        &[
            ("/state", |v| v == "ACKED"),
            ("/acked", |v| v == true),
            ("/acked_by", |v| v == "Sari"),
        ],
    );
    assert!(acked["version"].as_u64() > Some(version), "{acked}");
    // Twice is harmless.
    let newest = acked["version"].as_u64().unwrap();
    let (code, again) = daemon.post(&ack, &body(newest, "Sari", "seen")).await;
    assert_eq!(code, 200, "{again}");
    assert_eq!(again["acked"], true);
}

#[tokio::test]
async fn the_books_balance_for_each_instrument_and_in_sum() {
    let daemon = daemon().await;
    let (code, books) = daemon.get("/api/v1/books").await;
    assert_eq!(code, 200);
    assert!(is_time(&books["since"]));
    let account = |received, stored, refused, ignored| {
        json!({
            "received": received, "stored": stored, "waiting": 0, "dead_lettered": 0,
            "refused": refused, "duplicates": 0, "late": 0, "gaps": 0, "ignored": ignored,
            "balanced": true,
        })
    };
    for (pointer, expected) in [
        ("/instruments/low", account(3, 3, 0, 0)),
        ("/instruments/high", account(3, 2, 1, 1)),
        ("/unattributed", account(0, 0, 0, 0)),
        ("/total", account(6, 5, 1, 1)),
    ] {
        let got = books.pointer(pointer).unwrap();
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&got[name], value, "{pointer}/{name} in {got:#}");
        }
    }
    let reasons = &books["instruments"]["high"]["refused_by_reason"];
    assert_eq!(reasons, &json!({"not_a_number": 1}));
}

/// Prometheus text: every sample has a head before it, and no name is used that
/// the daemon does not declare.
#[tokio::test]
async fn the_metrics_are_readable_and_have_only_declared_names() {
    let daemon = daemon().await;
    let response = daemon.get_response("/metrics").await;
    assert_eq!(response.status().as_u16(), 200);
    let kind = response.headers().get("content-type").unwrap();
    assert!(kind.to_str().unwrap().starts_with("text/plain"));
    let text = response.text().await.unwrap();
    let declared: BTreeMap<&str, &str> = names::ALL.iter().map(|m| (m.name, m.kind)).collect();
    let mut samples: BTreeMap<String, f64> = BTreeMap::new();
    let mut headed = "";
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            let (name, kind) = head.split_once(' ').unwrap();
            assert_eq!(declared.get(name), Some(&kind), "{line}");
            headed = name;
        } else if !line.starts_with("# HELP ") {
            let (sample, value) = line.rsplit_once(' ').expect(line);
            let name = sample.split('{').next().unwrap();
            assert_eq!(name, headed, "{line}");
            let value = value.parse().expect(line);
            assert!(
                samples.insert(sample.to_owned(), value).is_none(),
                "twice: {line}"
            );
        }
    }
    for (sample, expected) in [
        ("pantau_readings_received_total{instrument=\"low\"}", 3.0),
        ("pantau_readings_stored_total{instrument=\"high\"}", 2.0),
        (
            "pantau_frames_refused_total{instrument=\"high\",reason=\"not_a_number\"}",
            1.0,
        ),
        ("pantau_store_ok", 1.0),
        ("pantau_activations_open{class=\"EMERGENCY\"}", 1.0),
    ] {
        let got = samples.get(sample).copied();
        assert_eq!(got, Some(expected), "{sample} in:\n{text}");
    }
    for metric in names::ALL {
        // Without a broker there is nothing to say about one.
        if metric.name != names::BROKER.name {
            assert!(
                text.contains(&format!("# TYPE {} ", metric.name)),
                "{}",
                metric.name
            );
        }
    }
}

#[tokio::test]
async fn a_token_guards_everything_but_the_health_checks() {
    const TOKEN: &str = "correct horse battery staple";
    let home = home();
    home.write("token", format!("{TOKEN}\n"));
    let config = format!("{CONFIG}\n[http]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"token\"\n");
    let daemon = Daemon::start_with(home, &config).await;
    for path in [
        "/api/v1/status",
        "/api/v1/instruments",
        "/api/v1/readings",
        "/api/v1/activations",
        "/api/v1/activations/A-1",
        "/api/v1/books",
        "/metrics",
    ] {
        check_problem(&daemon, path, 401).await;
        for given in ["Bearer wrong", "Bearer ", "Basic Zm9vOmJhcg=="] {
            assert_eq!(
                daemon.get_with(path, given).await,
                401,
                "{path} with {given}"
            );
        }
        let right = daemon.get_with(path, &format!("Bearer {TOKEN}")).await;
        assert!(matches!(right, 200 | 404), "{path}: {right}");
    }
    let ack = json!({"version": 1, "by": "Sari", "note": "seen"});
    assert_eq!(
        daemon.post("/api/v1/activations/A-1/ack", &ack).await.0,
        401
    );
    assert_eq!(daemon.get("/healthz").await, (200, json!("ok\n")));
    assert_eq!(daemon.get("/readyz").await, (200, json!("ready\n")));
    assert!(!daemon.log().contains("correct horse"));
}

/// Clients that never send a request take no place away for long, and do not keep
/// the daemon from stopping.
#[tokio::test(flavor = "multi_thread")]
async fn silent_clients_are_shown_out() {
    let mut daemon = Daemon::start("").await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(
            tokio::net::TcpStream::connect(daemon.address())
                .await
                .unwrap(),
        );
    }
    let (status, _) = daemon.get("/healthz").await;
    assert_eq!(status, 200);
    daemon.stop().await;
}
