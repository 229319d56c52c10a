//! What people record in cases, and what is proposed for the end of the event.

use serde_json::{Value, json};

use super::{STATION, done, home, raised};
use crate::support::{Daemon, pantau, texts};

/// What is proposed for the matter of the only activation.
async fn closing(daemon: &Daemon) -> Value {
    daemon.get("/api/v1/activations").await.1[0]["closing"].clone()
}

#[track_caller]
fn check(closing: &Value, source: bool, environment: bool, track: &str, rule: &str) {
    assert_eq!(closing["source_recovered"], source, "{closing:#}");
    assert_eq!(closing["environment_recovered"], environment, "{closing:#}");
    assert_eq!(closing["track"], track, "{closing:#}");
    assert_eq!(closing["rule"], rule, "{closing:#}");
}

#[tokio::test]
async fn what_a_case_records_moves_the_proposal() {
    let daemon = Daemon::start_in(home(), STATION).await;
    let id = raised(&daemon).await;
    let view = done(&daemon, "cases", json!({"activation": id})).await;
    assert_eq!(view["closing"].as_array().unwrap().len(), 1, "{view:#}");
    assert_eq!(view["closing"][0]["activation"], id.as_str());
    check(&view["closing"][0], false, false, "orphan", "P4.1-REC");

    // The answer tells it already, and so does the activation.
    let recovered = "cases/C-000001/recovered";
    let view = done(&daemon, recovered, json!({"what": "source"})).await;
    check(&view["closing"][0], true, false, "orphan", "P4.1-REC");
    check(&closing(&daemon).await, true, false, "orphan", "P4.1-REC");
    let view = done(
        &daemon,
        "cases/C-000001/track",
        json!({"track": "facility"}),
    )
    .await;
    check(&view["closing"][0], true, false, "facility", "PT-DATA");
    let (_, shown) = daemon.get("/api/v1/cases/C-000001").await;
    assert_eq!(shown["closing"], view["closing"]);

    let step = json!({"steps": ["environment_recovered"]});
    done(&daemon, "cases/C-000001/step", step).await;
    check(&closing(&daemon).await, true, true, "facility", "PT-DATA");
    // Seen in the table, too.
    let url = format!("http://{}", daemon.address());
    let words = [
        "case", "show", "C-000001", "--url", &url, "--format", "table",
    ];
    let (table, _) = texts(&pantau(&daemon.home, &words));
    let row = table.lines().find(|line| line.contains("PT-DATA")).unwrap();
    assert!(
        row.contains("NOT_TERMINABLE") && row.contains(&id),
        "{table}"
    );
}

#[tokio::test]
async fn an_activation_that_is_attached_later_hears_of_it() {
    let daemon = Daemon::start_in(home(), STATION).await;
    let id = raised(&daemon).await;
    done(&daemon, "cases", json!({})).await;
    done(&daemon, "cases/C-000001/recovered", json!({"what": "both"})).await;
    check(&closing(&daemon).await, false, false, "orphan", "P4.1-REC");
    let attach = json!({"activation": id});
    let view = done(&daemon, "cases/C-000001/attach", attach).await;
    check(&view["closing"][0], true, true, "orphan", "PT-DATA");
    check(&closing(&daemon).await, true, true, "orphan", "PT-DATA");
}

/// The core forgets: the matters on disk are lost in the crash.
#[tokio::test]
async fn what_a_case_records_is_told_again_at_start() {
    let mut daemon = Daemon::start_in(home(), STATION).await;
    let id = raised(&daemon).await;
    done(&daemon, "cases", json!({"activation": id})).await;
    done(&daemon, "cases/C-000001/recovered", json!({"what": "both"})).await;
    done(
        &daemon,
        "cases/C-000001/track",
        json!({"track": "facility"}),
    )
    .await;
    daemon.kill_9();
    std::fs::remove_file(daemon.home.path("data/state/closing.json")).ok();
    daemon.restart().await;
    let told = |all: &Value| {
        let closing = &all[0]["closing"];
        (closing["source_recovered"] == true).then(|| closing.clone())
    };
    let closing = daemon.wait("the matter", "/api/v1/activations", told).await;
    check(&closing, true, true, "facility", "PT-DATA");
}

#[tokio::test]
async fn a_case_is_closed_to_what_a_person_says_where_nothing_is_proposed() {
    let daemon = Daemon::start_in(home(), STATION).await;
    let id = raised(&daemon).await;
    done(&daemon, "cases", json!({"activation": id})).await;
    let steps = json!({"steps": ["final_report", "close_statement"]});
    done(&daemon, "cases/C-000001/step", steps).await;
    let close = "/api/v1/cases/C-000001/close";
    let body = json!({"name": "Sari", "note": "over"});
    let (code, problem) = daemon.post(close, &body).await;
    assert_eq!((code, &problem["problems"][0]["at"]), (409, &json!("to")));
    let text = problem["detail"].as_str().unwrap();
    assert!(text.contains("NOT_TERMINABLE (P4.1-REC)"), "{text}");
    let url = format!("http://{}", daemon.address());
    let mut words = vec![
        "case", "close", "C-000001", "--url", &url, "--name", "Sari", "--note", "over",
    ];
    let refused = pantau(&daemon.home, &words);
    assert!(!refused.status.success());
    words.extend(["--to", "existing"]);
    let closed = pantau(&daemon.home, &words);
    assert!(closed.status.success(), "{closed:?}");
    let (_, view) = daemon.get("/api/v1/cases/C-000001").await;
    assert_eq!(view["state"], "closed");
    let acts = view["acts"].as_array().unwrap();
    let what = |act: &Value| act["what"].as_str().map(str::to_owned).unwrap();
    let expected =
        format!("closed; {id} to TERMINATE_EXISTING (proposed was NOT_TERMINABLE, P4.1-REC)");
    assert!(acts.iter().any(|act| what(act) == expected), "{acts:#?}");
    // The counter still shows 150 µSv/h: that matter is not over.
    assert_eq!(view["closing"][0]["activation"], id.as_str(), "{view:#}");
}
