//! T2.2-3 across a restart: the hour above normal goes on where it was.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Daemon, Home, mightyohm_line};

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
