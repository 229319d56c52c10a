//! Closing records, and damage.

use std::fs;

use serde_json::{Value, json};

use super::{STATION, done, home, raised};
use crate::support::{Daemon, Home, json_lines, pantau};

fn verified(home: &Home, arguments: &[&str]) -> (bool, Value) {
    let output = pantau(home, &[&["case", "verify"], arguments].concat());
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 1, "{output:?}");
    (output.status.success(), lines[0].clone())
}

/// Closes a case with the counter's activation, and waits for its record.
async fn closed(daemon: &Daemon) -> bool {
    let activation = raised(daemon).await;
    let stored = |books: &Value| (books["total"]["stored"] == 1).then_some(());
    daemon
        .wait("the stored reading", "/api/v1/books", stored)
        .await;
    done(daemon, "cases", json!({"activation": activation})).await;
    let steps = json!({"steps": ["final_report", "close_statement"]});
    done(daemon, "cases/C-000001/step", steps).await;
    done(
        daemon,
        "cases/C-000001/close",
        json!({"to": "TERMINATE_NORMAL"}),
    )
    .await;
    let written = |view: &Value| view["record_complete"].as_bool();
    daemon
        .wait("the record", "/api/v1/cases/C-000001", written)
        .await
}

#[tokio::test]
async fn a_closed_case_is_written_whole_and_every_change_is_found() {
    let mut daemon = Daemon::start_in(home(), STATION).await;
    assert!(closed(&daemon).await, "nothing is missing");
    daemon.stop().await;
    let folder = daemon.home.path("data/records/C-000001");
    let readings = fs::read_to_string(folder.join("readings.csv")).unwrap();
    let mut lines = readings.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(head.len(), row.len());
    let cell = |name: &str| row[head.iter().position(|column| *column == name).unwrap()];
    assert_eq!(cell("dose_rate_uSv_per_h"), "149.9955");
    assert_eq!(
        (cell("latitude_deg"), cell("longitude_deg")),
        ("-6.35", "106.66")
    );
    assert_eq!((cell("nuclide"), cell("class")), ("unknown", "EMERGENCY"));
    assert!(cell("time_utc").ends_with('Z') && cell("time_local").ends_with(" WIB"));
    let case: Value = serde_json::from_slice(&fs::read(folder.join("case.json")).unwrap()).unwrap();
    assert_eq!(
        (&case["complete"], &case["case"]["state"]),
        (&json!(true), &json!("closed"))
    );
    let raised = fs::read_to_string(folder.join("activations.json")).unwrap();
    assert!(
        raised.contains("\"rule_source\": \"PUK/DK2N.3/PT.17 rev. 0, table 3.1"),
        "{raised}"
    );

    // Each names the policy, whose text is in the record, and why it was raised.
    let json = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let (activations, policies) = (json("activations.json"), json("policy.json"));
    assert_eq!(activations[0]["policy"], cell("policy"));
    let text = &policies["texts"][cell("policy")];
    assert!(
        text.as_str()
            .unwrap()
            .starts_with("edition = PUK/DK2N.3/PT.17"),
        "{policies:#}"
    );
    let explanation = &activations[0]["explanation"]["text"]["en"];
    assert!(
        explanation.as_str().unwrap().contains("T3.1-I-2"),
        "{explanation}"
    );
    let printed = json_lines(&pantau(&daemon.home, &["policy", cell("policy")]));
    assert_eq!(&printed[0]["text"], text);

    let shown = folder.to_str().unwrap();
    let (is_sound, answer) = verified(&daemon.home, &[shown]);
    assert!(
        is_sound && answer["known_to_the_store"] == true,
        "{answer:#}"
    );
    let forged = readings.replace("149.9955", "0.1");
    fs::write(folder.join("readings.csv"), forged).unwrap();
    let (is_sound, answer) = verified(&daemon.home, &[shown]);
    assert!(!is_sound);
    assert_eq!(
        answer["differences"],
        json!(["`readings.csv` is not as it was written"])
    );

    assert!(verified(&daemon.home, &[]).0);
    let store = daemon.home.path("data/cases/cases-0000000001-00.ndjson");
    let text = fs::read_to_string(&store).unwrap();
    fs::write(&store, text.replacen("final_report", "presented", 1)).unwrap();
    let (is_sound, answer) = verified(&daemon.home, &[]);
    assert!(
        !is_sound && answer["error"].as_str().unwrap().contains("line"),
        "{answer:#}"
    );
}

#[tokio::test]
async fn a_record_without_positions_is_incomplete_until_somebody_says_where() {
    let config = STATION.replace("site = \"roof\"", "geometry.distance_m = 1.0");
    let daemon = Daemon::start_in(home(), &config).await;
    let activation = raised(&daemon).await;
    let stored = |books: &Value| (books["total"]["stored"] == 1).then_some(());
    daemon
        .wait("the stored reading", "/api/v1/books", stored)
        .await;
    done(&daemon, "cases", json!({"activation": activation})).await;
    let export = |to: &str| pantau(&daemon.home, &["case", "export", "C-000001", "--to", to]);
    let first = export("first");
    assert!(!first.status.success());
    let answer = &json_lines(&first)[0];
    assert!(
        answer["missing"][0]
            .as_str()
            .unwrap()
            .contains("NO_POSITION: 1 readings of counter")
    );
    let readme = fs::read_to_string(daemon.home.path("first/README.txt")).unwrap();
    assert!(
        readme.contains("INCOMPLETE") && readme.contains("still open"),
        "{readme}"
    );

    let body = json!({"instrument": "counter", "position": {"lat": -6.3, "lon": 106.6}});
    done(&daemon, "cases/C-000001/locate", body).await;
    let second = export("second");
    assert!(second.status.success(), "{second:?}");
    let readings = fs::read_to_string(daemon.home.path("second/readings.csv")).unwrap();
    assert!(
        readings.contains(",-6.3,106.6,,person,unknown,"),
        "{readings}"
    );
}

#[tokio::test]
async fn a_record_that_a_crash_prevented_is_written_at_start() {
    let mut daemon = Daemon::start_in(home(), STATION).await;
    fs::write(daemon.home.path("data/records"), "in the way").unwrap();
    let activation = raised(&daemon).await;
    done(&daemon, "cases", json!({"activation": activation})).await;
    let steps = json!({"steps": ["final_report", "close_statement"]});
    done(&daemon, "cases/C-000001/step", steps).await;
    let view = done(
        &daemon,
        "cases/C-000001/close",
        json!({"to": "TERMINATE_NORMAL"}),
    )
    .await;
    assert_eq!(
        (&view["state"], &view["record_complete"]),
        (&json!("closed"), &Value::Null)
    );
    daemon.kill_9();
    fs::remove_file(daemon.home.path("data/records")).unwrap();
    daemon.restart().await;
    let written = |view: &Value| view["record_complete"].as_bool();
    daemon
        .wait("the record", "/api/v1/cases/C-000001", written)
        .await;
    assert!(verified(&daemon.home, &["data/records/C-000001"]).0);
}
