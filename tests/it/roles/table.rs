//! Every path with every role.

use std::collections::BTreeMap;

use pantau::access::Act;
use pantau::http::routes;
use serde_json::{Value, json};

use super::{PEOPLE, ask, bearer, client, daemon, request};
use crate::support::{Daemon, Home, mightyohm_line};

/// One path: how it is declared, how it is asked for, the least role, and what
/// whoever has it is answered.
struct Row {
    method: &'static str,
    declared: &'static str,
    path: &'static str,
    least: &'static str,
    body: Value,
    status: u16,
}

fn row(
    method: &'static str,
    declared: &'static str,
    path: &'static str,
    least: &'static str,
    body: Value,
    status: u16,
) -> Row {
    Row {
        method,
        declared,
        path,
        least,
        body,
        status,
    }
}

const ROLES: &[&str] = &["viewer", "operator", "second", "chief"];

/// Written by hand, from what the operators were promised and not from the code.
fn rows() -> Vec<Row> {
    let get = |declared, path, status| row("GET", declared, path, "viewer", Value::Null, status);
    let post =
        |declared, path, least, body, status| row("POST", declared, path, least, body, status);
    let note = || json!({"note": "n"});
    let mut rows = vec![
        get("/metrics", "/metrics", 200),
        get("/api/v1/status", "/api/v1/status", 200),
        get("/api/v1/instruments", "/api/v1/instruments", 200),
        get("/api/v1/readings", "/api/v1/readings?limit=1", 200),
        get("/api/v1/activations", "/api/v1/activations", 200),
        get("/api/v1/activations/{id}", "/api/v1/activations/A-1", 404),
        get("/api/v1/books", "/api/v1/books", 200),
        get("/api/v1/cases", "/api/v1/cases", 200),
        get("/api/v1/cases/{id}", "/api/v1/cases/C-000009", 404),
        get("/api/v1/deadlines", "/api/v1/deadlines", 200),
        get("/api/v1/recap.csv", "/api/v1/recap.csv", 200),
        row(
            "GET",
            "/api/v1/cases/{id}",
            "/api/v1/cases/C-000009?personal=true",
            "operator",
            Value::Null,
            404,
        ),
        post(
            "/api/v1/activations/{id}/ack",
            "/api/v1/activations/A-1/ack",
            "operator",
            json!({"version": 1, "note": "n"}),
            404,
        ),
        post(
            "/api/v1/activations/{id}/shelve",
            "/api/v1/activations/A-1/shelve",
            "operator",
            json!({"version": 1, "seconds": 60, "note": "n"}),
            404,
        ),
        post(
            "/api/v1/activations/{id}/unshelve",
            "/api/v1/activations/A-1/unshelve",
            "operator",
            note(),
            404,
        ),
        get("/api/v1/out-of-service", "/api/v1/out-of-service", 200),
        get("/api/v1/faults", "/api/v1/faults", 200),
        post(
            "/api/v1/faults/{id}/ack",
            "/api/v1/faults/F-1/ack",
            "operator",
            json!({"version": 1, "note": "n"}),
            404,
        ),
        post(
            "/api/v1/instruments/{id}/out-of-service",
            "/api/v1/instruments/nobody/out-of-service",
            "operator",
            json!({"seconds": 60, "note": "n"}),
            404,
        ),
        post(
            "/api/v1/instruments/{id}/in-service",
            "/api/v1/instruments/nobody/in-service",
            "operator",
            note(),
            404,
        ),
        post(
            "/api/v1/activations/{id}/recovered",
            "/api/v1/activations/A-1/recovered",
            "operator",
            json!({"note": "n", "source": true, "environment": true, "track": "orphan"}),
            404,
        ),
        post(
            "/api/v1/activations/{id}/close",
            "/api/v1/activations/A-1/close",
            "chief",
            json!({"note": "n", "to": "TERMINATE_NORMAL"}),
            404,
        ),
        post(
            "/api/v1/activations/{id}/decide",
            "/api/v1/activations/A-1/decide",
            "chief",
            json!({"note": "n", "status": "SIAGA"}),
            404,
        ),
        post(
            "/api/v1/activations/{id}/step",
            "/api/v1/activations/A-1/step",
            "operator",
            json!({"note": "n", "step": "answered"}),
            404,
        ),
        post(
            "/api/v1/activations/{id}/note",
            "/api/v1/activations/A-1/note",
            "operator",
            note(),
            404,
        ),
        // Without a remark: nobody opens a case by this test.
        post("/api/v1/cases", "/api/v1/cases", "operator", json!({}), 400),
    ];
    for (declared, path, least, more) in [
        (
            "/api/v1/cases/{id}/form",
            "/api/v1/cases/C-000009/form",
            "operator",
            json!({"report": {}}),
        ),
        (
            "/api/v1/cases/{id}/step",
            "/api/v1/cases/C-000009/step",
            "operator",
            json!({"step": "answered"}),
        ),
        (
            "/api/v1/cases/{id}/recovered",
            "/api/v1/cases/C-000009/recovered",
            "operator",
            json!({"what": "both"}),
        ),
        (
            "/api/v1/cases/{id}/track",
            "/api/v1/cases/C-000009/track",
            "operator",
            json!({"track": "facility"}),
        ),
        (
            "/api/v1/cases/{id}/attach",
            "/api/v1/cases/C-000009/attach",
            "operator",
            json!({"activation": "A-1"}),
        ),
        (
            "/api/v1/cases/{id}/detach",
            "/api/v1/cases/C-000009/detach",
            "operator",
            json!({"activation": "A-1"}),
        ),
        (
            "/api/v1/cases/{id}/locate",
            "/api/v1/cases/C-000009/locate",
            "operator",
            json!({"instrument": "x", "position": {"lat": -6.0, "lon": 106.0}}),
        ),
        (
            "/api/v1/cases/{id}/note",
            "/api/v1/cases/C-000009/note",
            "operator",
            json!({}),
        ),
        (
            "/api/v1/cases/{id}/decide",
            "/api/v1/cases/C-000009/decide",
            "chief",
            json!({"status": "SIAGA"}),
        ),
        (
            "/api/v1/cases/{id}/close",
            "/api/v1/cases/C-000009/close",
            "chief",
            json!({}),
        ),
    ] {
        let mut body = note();
        let members = more.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(members);
        rows.push(post(declared, path, least, body, 404));
    }
    rows
}

/// Threat T10: a token does what its role may, and nothing else.
#[tokio::test]
async fn every_role_is_answered_by_the_table_on_every_path() {
    let daemon = daemon(Home::new(), "").await;
    let rows = rows();
    let mut declared: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row.method.to_owned(), row.declared.to_owned()))
        .collect();
    declared.dedup();
    for route in routes() {
        let it = (route.method.to_owned(), route.path.clone());
        assert!(declared.contains(&it), "no row here for {it:?}");
        assert_eq!(route.act.is_reading(), route.method == "GET", "{route:?}");
    }
    let mut asked = 0;
    for (n, row) in rows.iter().enumerate() {
        let client = client(u8::try_from(n + 1).unwrap());
        let status = async |authorization: Option<&str>| {
            let request = request(&client, &daemon, row.method, row.path);
            ask(request, authorization, &row.body).await
        };
        let what = format!("{} {}", row.method, row.path);
        for authorization in [
            None,
            Some(bearer("edi")),
            Some(bearer("nobody")),
            Some("Basic dmVyYTp2ZXJh".to_owned()),
        ] {
            let response = status(authorization.as_deref()).await;
            assert_eq!(response.status().as_u16(), 401, "{what}: {authorization:?}");
            asked += 1;
        }
        for (name, role, _) in &PEOPLE[..4] {
            let response = status(Some(&bearer(name))).await;
            let rank = |role: &str| ROLES.iter().position(|known| *known == role).unwrap();
            let may = rank(role) >= rank(row.least);
            let expected = if may { row.status } else { 403 };
            let code = response.status().as_u16();
            let text = response.text().await.unwrap();
            assert_eq!(code, expected, "{what} as {role}: {text}");
            if !may {
                let problem: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(problem["role"], row.least, "{what}: {text}");
            }
            asked += 1;
        }
    }
    assert_eq!(asked, rows.len() * 8);
}

/// Acts that have no path yet have none that nobody guards.
#[test]
fn whatever_changes_something_is_a_post_with_an_act_that_a_viewer_may_not() {
    for route in routes().iter().filter(|route| route.method == "POST") {
        assert!(route.act != Act::Read, "{route:?}");
        assert!(!pantau::access::Role::Viewer.may(route.act), "{route:?}");
    }
}

/// Whatever was wrong with a token, the answer is the same to the letter.
#[tokio::test]
async fn the_answer_does_not_tell_what_was_wrong_with_a_token() {
    let daemon = daemon(Home::new(), "").await;
    let client = client(200);
    let mut answers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (what, authorization) in [
        ("none", None),
        ("unknown", Some(bearer("nobody"))),
        ("expired", Some(bearer("edi"))),
        ("malformed", Some("Bearer x".to_owned())),
        ("empty", Some("Bearer ".to_owned())),
        (
            "other scheme",
            Some(format!("Token {}", super::token("citra"))),
        ),
        ("no blank", Some(format!("Bearer{}", super::token("citra")))),
        ("long", Some(format!("Bearer {}", "a".repeat(10_000)))),
    ] {
        let request = request(&client, &daemon, "GET", "/api/v1/status");
        let response = ask(request, authorization.as_deref(), &Value::Null).await;
        assert_eq!(response.status().as_u16(), 401, "{what}");
        let mut headers: Vec<String> = response
            .headers()
            .iter()
            .filter(|(name, _)| *name != "date")
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        assert!(
            headers
                .iter()
                .any(|header| header.starts_with("www-authenticate"))
        );
        let answer = format!("{headers:?} {}", response.text().await.unwrap());
        answers.entry(answer).or_default().push(what.to_owned());
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

/// Who acted stands in the record: as the token proves it, and as he says.
#[tokio::test]
async fn the_record_names_the_token_and_cannot_be_made_to_name_another() {
    let home = Home::new();
    home.write("tape", mightyohm_line(439, 26_315));
    let config = "[[instrument]]\nid = \"gate\"\nprofile = \"mightyohm\"\n\
                  capture = { file = \"tape\", lines_per_s = 100 }\n";
    let daemon = daemon(home, config).await;
    let client = client(201);
    let list = async || -> Value {
        let request = request(&client, &daemon, "GET", "/api/v1/activations");
        let response = ask(request, Some(&bearer("vera")), &Value::Null).await;
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    };
    let raised = crate::support::wait_for("an activation", crate::support::PATIENCE, async || {
        let activations = list().await;
        let first = activations.get(0).cloned();
        first.ok_or(activations)
    })
    .await;
    let id = raised["id"].as_str().unwrap();
    let act = async |name: &str, path: &str, body: Value| -> (u16, Value) {
        let path = format!("/api/v1/activations/{id}/{path}");
        let request = request(&client, &daemon, "POST", &path);
        let response = ask(request, Some(&bearer(name)), &body).await;
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_str(&response.text().await.unwrap()).unwrap(),
        )
    };
    let version = raised["version"].as_u64().unwrap();
    let forged = json!({"version": version, "note": "n", "by": "citra (token)"});
    assert_eq!(act("oki", "ack", forged).await.0, 400);
    let (code, acked) = act("oki", "ack", json!({"version": version, "note": "n"})).await;
    assert_eq!((code, &acked["acked_by"]), (200, &json!("oki (token)")));
    for (by, expected) in [
        (json!(null), "oki (token)"),
        (json!(" "), "oki (token)"),
        (json!("OKI"), "oki (token)"),
        (json!("Citra"), "Citra (token oki)"),
    ] {
        let (code, case) = act("oki", "note", json!({"note": "n", "name": by})).await;
        assert_eq!(code, 200, "{case}");
        let acts = case["acts"].as_array().unwrap();
        assert_eq!(acts.last().unwrap()["by"], expected, "{case}");
    }
    let journal = written(&daemon);
    assert!(
        journal.contains("Citra (token oki)") || journal.contains("oki (token)"),
        "{journal}"
    );
}

/// Everything in the journal's folder.
fn written(daemon: &Daemon) -> String {
    let folder = std::fs::read_dir(daemon.home.path("data/journal")).unwrap();
    let files = folder.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}
