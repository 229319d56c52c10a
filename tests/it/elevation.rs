//! What an instrument remembers: the hour above normal across a restart (T2.2-3),
//! and a collapse after a rise (SN-3).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Daemon, Home, json_lines, mightyohm_line, pantau};

/// 0.5 µSv/h at a fixed station: above normal, below TIO3.
const STATION: &str = "[[site]]\nid = \"gate\"\nname = \"Main gate\"\n\
                       position = { lat = -6.35, lon = 106.66 }\n\
                       [[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
                       source = \"irdms\"\nsite = \"gate\"\n\
                       background = { dose_rate_usv_h = 0.09 }\n\
                       capture = { file = \"elevated\" }\n";

fn home() -> Home {
    let home = Home::new();
    home.write("elevated", mightyohm_line(1, 88));
    home
}

/// The file in which the daemon keeps since when instruments are above normal.
fn sealed(content: &str) -> String {
    let hash: String = Sha256::digest(content.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{{\"kind\":\"elevated\",\"schema\":1,\"sha256\":\"{hash}\"}}\n{content}\n")
}

#[tokio::test]
async fn an_hour_that_began_before_a_restart_is_over_in_time() {
    let mut daemon = Daemon::start_in(home(), STATION).await;
    let heard = |books: &Value| (books["total"]["stored"] == 1).then_some(());
    daemon.wait("the reading", "/api/v1/books", heard).await;
    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(
        activations,
        Value::Array(Vec::new()),
        "one minute is no hour"
    );
    daemon.stop().await;
    let file = "data/state/elevated.json";
    let kept = std::fs::read_to_string(daemon.home.path(file)).unwrap();
    assert!(kept.contains("\"gate/counter\":\"20"), "{kept}");

    // As if it had been down for the rest of the hour.
    daemon
        .home
        .write(file, sealed("{\"gate/counter\":\"2026-01-01T00:00:00Z\"}"));
    daemon.home.write("elevated", mightyohm_line(1, 89));
    daemon.restart().await;
    let rule = |all: &Value| all[0]["rule"].as_str().map(str::to_owned);
    let rule = daemon.wait("T2.2-3", "/api/v1/activations", rule).await;
    assert_eq!(rule, "T2.2-3");
}

/// 5,000 µSv/h, and then a quarter of an hour of almost nothing: the tube is
/// overloaded, and the level holds.
#[test]
fn a_tube_that_collapses_lowers_nothing() {
    let home = Home::new();
    let message = |minute: u32, seconds: u32, usv_h: f64| {
        let payload = json!({
            "measured_at": format!("2026-03-14T03:{minute:02}:{seconds:02}Z"),
            "dose_rate": {"value": usv_h, "unit": "uSv/h"},
        });
        json!({"topic": "irdms/gate/reading", "payload": payload.to_string()}).to_string()
    };
    let mut lines = vec![
        message(0, 0, 0.1),
        message(1, 0, 5000.0),
        message(1, 5, 0.01),
    ];
    lines.extend((2..20).map(|minute| message(minute, 0, 0.01)));
    home.write("log", lines.join("\n"));
    home.write(
        "pantau.toml",
        "[broker]\nurl = \"mqtt://127.0.0.1\"\n[[instrument]]\nid = \"gate\"\n\
         profile = \"pantau-station\"\nbackground = { dose_rate_usv_h = 0.1 }\n",
    );
    let replayed = pantau(
        &home,
        &["replay", "--profile", "pantau-station", "--mqtt", "log"],
    );
    let records = json_lines(&replayed);
    let levels: Vec<&Value> = records
        .iter()
        .filter(|record| record["outcome"] == "level")
        .map(|record| &record["now"])
        .collect();
    assert_eq!(levels, ["EMERGENCY"]);
    let last = records
        .iter()
        .rfind(|record| record["outcome"] == "reading");
    let last = last.unwrap();
    assert_eq!(last["values"][0]["missing"], "overrange", "{last:#}");
}
