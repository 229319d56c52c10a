//! Bad input and missing ways in, through the running daemon: counted by its
//! reason, and nothing else disturbed.

use std::os::unix::fs::symlink;
use std::path::Path;

use firmware_mocks::pty::Pty;
use serde_json::{Value, json};

use crate::support::{
    Client, Daemon, Home, PATIENCE, broker, free_address, mightyohm_line, start_broker_at,
    station_reading, wait_for,
};

/// A bGeigie's line with its checksum.
fn sentence(body: &str) -> String {
    format!("{}\r\n", glued(body))
}

/// The same without its end.
fn glued(body: &str) -> String {
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("${body}*{sum:02X}")
}

/// The inside of a bGeigie's line: second of the minute and counts per minute.
fn drive(second: u32, cpm: &str) -> String {
    format!(
        "BNRDD,0007,2020-03-14T03:00:{second:02}Z,{cpm},2,100,A,0621.1140,S,10639.8220,E,46.0,A,5,120"
    )
}

/// Waits until the books of an instrument have this many of everything.
async fn wait_for_account(daemon: &Daemon, instrument: &str, stored: u64, refused: u64) -> Value {
    let pointer = format!("/instruments/{instrument}");
    let account = |books: &Value| {
        let account = books.pointer(&pointer)?;
        let is_there = account["stored"] == stored && account["refused"] == refused;
        is_there.then(|| account.clone())
    };
    daemon.wait("the books", "/api/v1/books", account).await
}

/// Nobody is alarmed, and the sums are right.
async fn check_calm(daemon: &Daemon) {
    let (_, books) = daemon.get("/api/v1/books").await;
    assert_eq!(books["total"]["balanced"], true, "{books:#}");
    assert_eq!(books["total"]["waiting"], 0, "{books:#}");
    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(activations, json!([]));
    assert_eq!(daemon.get("/readyz").await.0, 200);
}

/// Readings of one instrument, the oldest first.
async fn readings(daemon: &Daemon, instrument: &str) -> Vec<Value> {
    let path = format!("/api/v1/readings?instrument={instrument}&order=oldest");
    let (status, readings) = daemon.get(&path).await;
    assert_eq!(status, 200, "{readings}");
    readings.as_array().unwrap().clone()
}

#[tokio::test]
async fn a_damaged_recording_costs_only_its_damaged_frames() {
    let home = Home::new();
    let mut bytes = Vec::new();
    let mut line = |text: &str| bytes.extend_from_slice(text.as_bytes());
    line("# format=1.0.0nano\r\n");
    line(&sentence(&drive(1, "33")));
    // A digit changed on the way.
    line(&sentence(&drive(2, "33")).replace(",33,", ",93,"));
    // Its checksum is right, but columns are missing.
    line(&sentence("BNRDD,0007,2020-03-14T03:00:03Z,33"));
    // Two sentences without an end between them, and the rest of a lost one.
    line(&glued(&drive(4, "34")));
    line(&sentence(&drive(5, "35")));
    line("A,46.0,A,5,120*1F");
    line(&sentence(&drive(6, "36")));
    // Cut before its checksum.
    line("$BNRDD,0007,2020-03-14T03:00:07Z,33,2,1\r\n");
    // No fix; a date that cannot be.
    line(&sentence(&drive(8, "38").replace("46.0,A", "46.0,V")));
    line(&sentence(
        &drive(9, "39").replace("2020-03-14", "2020-02-31"),
    ));
    line(&sentence(&drive(10, "NaN")));
    line(&sentence(&drive(11, "-5")));
    line(&sentence(
        "GPRMC,030011,A,0621.1140,S,10639.8220,E,0,0,140320,,",
    ));
    line(&"x".repeat(1 << 20));
    line("\r\n");
    line(&sentence(&drive(12, "40")));
    home.write("drive", bytes);
    home.write("other", mightyohm_line(1, 20).repeat(20));
    let config = "[[instrument]]\nid = \"team\"\nprofile = \"safecast-bgeigie\"\n\
                  capture = { file = \"drive\" }\n\
                  [[instrument]]\nid = \"other\"\nprofile = \"mightyohm\"\n\
                  capture = { file = \"other\" }\n";
    let daemon = Daemon::start_in(home, config).await;

    let account = wait_for_account(&daemon, "team", 7, 7).await;
    let reasons = json!({
        "checksum": 1, "malformed": 2, "truncated": 1, "not_a_number": 1, "out_of_range": 1,
        "too_long": 1,
    });
    assert_eq!(account["refused_by_reason"], reasons);
    assert_eq!(account["ignored"], 2);
    let readings = readings(&daemon, "team").await;
    let by_counts = |cpm: u64| {
        let found = readings
            .iter()
            .find(|one| one["values"][0]["raw"]["value"] == cpm);
        found.unwrap_or_else(|| panic!("no reading of {cpm} cpm in {readings:#?}"))
    };
    for cpm in [33, 34, 35, 36, 40] {
        let reading = by_counts(cpm);
        assert_eq!(reading["position"]["lat"], -6.3519, "{reading}");
        assert_eq!(reading["time_source"], "instrument");
    }
    let no_fix = by_counts(38);
    assert_eq!(no_fix["position"], Value::Null);
    assert_eq!(no_fix["flags"], json!(["gps_invalid", "stale"]));
    let no_date = by_counts(39);
    assert_eq!(no_date["measured_at"], Value::Null);
    assert_eq!(no_date["time_source"], "arrival");
    assert_eq!(no_date["flags"], json!(["clock_invalid", "time_assumed"]));

    wait_for_account(&daemon, "other", 20, 0).await;
    check_calm(&daemon).await;
}

#[tokio::test]
async fn messages_that_make_no_sense_cost_nobody_else_anything() {
    let broker = broker();
    let (host, port) = (&broker.host, broker.port);
    let config = format!(
        "[broker]\nurl = \"mqtt://{host}:{port}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n\
         [[instrument]]\nid = \"st-2\"\nprofile = \"pantau-station\"\n"
    );
    let daemon = Daemon::start(&config).await;
    wait_for_link(&daemon, "/broker", true).await;
    assert_eq!(daemon.get("/readyz").await.0, 200);
    let mut client = Client::connect(&broker, "test", &[]).await;
    let dose_rate = |value: &str, unit: &str| {
        format!("{{\"dose_rate\":{{\"value\":{value},\"unit\":\"{unit}\"}}}}")
    };
    let refused = [
        (dose_rate("0.1", "Sv/fortnight"), "unknown_unit"),
        (dose_rate("0.1", "cps"), "unit_mismatch"),
        ("{\"dose_rate\":{\"value\":0.1}}".to_owned(), "unknown_unit"),
        (dose_rate("NaN", "uSv/h"), "not_a_number"),
        (dose_rate("\"high\"", "uSv/h"), "not_a_number"),
        (dose_rate("-0.1", "uSv/h"), "out_of_range"),
        ("hello".to_owned(), "malformed"),
        ("[1]".to_owned(), "malformed"),
        (String::new(), "malformed"),
        (
            format!("{{\"note\":\"{}\"}}", "x".repeat(70_000)),
            "too_long",
        ),
    ];
    let mut expected = json!({});
    for (payload, reason) in &refused {
        client.publish("irdms/st-1/reading", payload.as_str()).await;
        let count = expected[*reason].as_u64().unwrap_or(0) + 1;
        expected[*reason] = json!(count);
    }
    // One value of these is lost, or the clock, or the place; the rest stands.
    let alpha = "\"alpha\":{\"value\":0.1,\"unit\":\"cps\"}";
    let half = format!("{{\"dose_rate\":{{\"value\":1,\"unit\":\"furlong\"}},{alpha}}}");
    client.publish("irdms/st-1/reading", half).await;
    let late = format!("{{\"measured_at\":\"2026-02-31T00:00:00Z\",{alpha}}}");
    client.publish("irdms/st-1/reading", late).await;
    let nowhere = format!("{{\"position\":{{\"lat\":91.0,\"lon\":0.0}},{alpha}}}");
    client.publish("irdms/st-1/reading", nowhere).await;
    client
        .publish("irdms/nobody/reading", station_reading(1, 500.0))
        .await;
    client
        .publish("irdms/st-2/reading", station_reading(1, 0.1))
        .await;

    let account = wait_for_account(&daemon, "st-1", 3, 10).await;
    assert_eq!(account["refused_by_reason"], expected);
    let stored = readings(&daemon, "st-1").await;
    let flags: Vec<&Value> = stored.iter().map(|one| &one["flags"]).collect();
    for wanted in ["value_refused", "clock_invalid", "gps_invalid"] {
        let has = |flags: &&Value| flags.as_array().unwrap().contains(&json!(wanted));
        assert_eq!(
            flags.iter().copied().filter(has).count(),
            1,
            "{wanted} in {flags:?}"
        );
    }
    wait_for_account(&daemon, "st-2", 1, 0).await;
    let stranger = |books: &Value| {
        let reasons = &books["unattributed"]["refused_by_reason"];
        (*reasons == json!({"unknown_instrument": 1})).then_some(())
    };
    daemon
        .wait("the stranger's message", "/api/v1/books", stranger)
        .await;
    check_calm(&daemon).await;
}

/// Waits until a link of the status or of the instruments is up, or down.
async fn wait_for_link(daemon: &Daemon, pointer: &str, up: bool) -> Value {
    let path = if pointer == "/broker" {
        "status"
    } else {
        "instruments"
    };
    let link = |document: &Value| {
        let link = document.pointer(pointer)?;
        (link["up"] == up).then(|| link.clone())
    };
    daemon
        .wait("a link", &format!("/api/v1/{path}"), link)
        .await
}

/// Sends all of it, as fast as it is read.
async fn send(pty: &Pty, mut bytes: &[u8]) {
    wait_for("room in the terminal", PATIENCE, async || {
        while !bytes.is_empty() {
            match pty.write(bytes).unwrap() {
                0 => return Err(format!("{} bytes left", bytes.len())),
                written => bytes = bytes.get(written..).unwrap(),
            }
        }
        Ok(())
    })
    .await;
}

/// Plugs a new terminal in at a stable path.
fn plug_in(at: &Path) -> Pty {
    let pty = Pty::open().unwrap();
    std::fs::remove_file(at).ok(); // there is none the first time
    symlink(pty.path(), at).unwrap();
    pty
}

fn serial(port: &Path) -> String {
    let port = port.display();
    format!("[[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\nserial.port = \"{port}\"\n")
}

/// The port is not there at the start, then it is; a line without end comes,
/// then the cable is pulled in the middle of a line and put back.
#[tokio::test]
async fn a_serial_line_comes_goes_and_drivels() {
    let home = Home::new();
    let port = home.path("port");
    let daemon = Daemon::start_in(home, &serial(&port)).await;
    let missing = wait_for_link(&daemon, "/0/link", false).await;
    let detail = missing["detail"].as_str().unwrap();
    assert!(detail.contains("port"), "{missing}");
    assert_eq!(daemon.get("/readyz").await.0, 200);

    let pty = plug_in(&port);
    wait_for_link(&daemon, "/0/link", true).await;
    send(&pty, mightyohm_line(1, 20).as_bytes()).await;
    wait_for_account(&daemon, "counter", 1, 0).await;
    send(&pty, &vec![b'x'; 1 << 20]).await;
    send(&pty, b"\r\n").await;
    send(&pty, mightyohm_line(1, 21).as_bytes()).await;
    let account = wait_for_account(&daemon, "counter", 2, 1).await;
    assert_eq!(account["refused_by_reason"], json!({"too_long": 1}));

    // What is not read when the cable is pulled is lost, as on a real line; so
    // the cut line is sent in one piece with a whole one that is seen to arrive.
    let cut = format!("{}CPS, 1, CP", mightyohm_line(1, 22));
    send(&pty, cut.as_bytes()).await;
    wait_for_account(&daemon, "counter", 3, 1).await;
    drop(pty);
    wait_for_link(&daemon, "/0/link", false).await;
    let account = wait_for_account(&daemon, "counter", 3, 2).await;
    assert_eq!(
        account["refused_by_reason"],
        json!({"too_long": 1, "truncated": 1})
    );

    let pty = plug_in(&port);
    wait_for_link(&daemon, "/0/link", true).await;
    send(&pty, mightyohm_line(1, 23).as_bytes()).await;
    wait_for_account(&daemon, "counter", 4, 2).await;
    check_calm(&daemon).await;
}

#[tokio::test]
async fn a_broker_that_comes_later_is_picked_up() {
    let address = free_address();
    let config = format!(
        "[broker]\nurl = \"mqtt://{address}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n"
    );
    let daemon = Daemon::start(&config).await;
    let missing = wait_for_link(&daemon, "/broker", false).await;
    assert!(!missing["detail"].as_str().unwrap().is_empty());
    assert_eq!(daemon.get("/readyz").await.0, 503);
    assert_eq!(daemon.get("/healthz").await.0, 200);

    let broker = start_broker_at(address);
    wait_for_link(&daemon, "/broker", true).await;
    let mut client = Client::connect(&broker, "test", &[]).await;
    client
        .publish("irdms/st-1/reading", station_reading(1, 0.1))
        .await;
    wait_for_account(&daemon, "st-1", 1, 0).await;
    check_calm(&daemon).await;
}
