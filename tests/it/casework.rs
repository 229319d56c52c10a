//! Cases through the running program: what people do, what is told, what is
//! kept, and what never gets out.

mod clocks;
mod matters;
mod records;

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Daemon, Home, Webhook, broker, json_lines, mightyohm_line, pantau,
};

/// The number of an identity card: it must be found in the case store alone.
const NIK: &str = "3171234567890123";

/// A counter at a site on Java that plays one reading of 150 µSv/h.
pub(super) const STATION: &str = r#"
[node]
name = "serpong"

[[site]]
id = "roof"
name = "Roof"
position = { lat = -6.35, lon = 106.66 }

[[instrument]]
id = "counter"
profile = "mightyohm"
site = "roof"
capture = { file = "rise" }
"#;

pub(super) fn home() -> Home {
    let home = Home::new();
    home.write("rise", mightyohm_line(439, 26_315));
    home
}

pub(super) fn subscriber(hook: &Webhook) -> String {
    let url = hook.url();
    format!(
        "\n[[subscriber]]\nid = \"duty\"\nkind = \"webhook\"\nurl = \"{url}\"\n\
         allow_inside = [\"127.0.0.1\"]\n"
    )
}

/// The id of the activation that the counter raises.
pub(super) async fn raised(daemon: &Daemon) -> String {
    let id = |list: &Value| list[0]["id"].as_str().map(str::to_owned);
    daemon
        .wait("an activation", "/api/v1/activations", id)
        .await
}

/// Does something that must be taken.
pub(super) async fn done(daemon: &Daemon, path: &str, mut body: Value) -> Value {
    body["name"] = json!("Sari");
    body["note"] = json!("as told");
    let (code, view) = daemon.post(&format!("/api/v1/{path}"), &body).await;
    assert!(code == 200 || code == 201, "{path}: {code} {view:#}");
    view
}

/// An instant so many seconds from now, RFC 3339.
pub(super) fn from_now(seconds: i64) -> String {
    let now = pantau::clock::Clock::start().wall().as_secs();
    let at = pantau::clock::Wall::from_secs(now + seconds).unwrap();
    at.to_string()
}

fn rules(view: &Value) -> Vec<&str> {
    let clocks = view["deadlines"].as_array().unwrap();
    clocks
        .iter()
        .map(|clock| clock["rule"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_activation_starts_clocks_and_a_person_decides() {
    let mut daemon = Daemon::start_in(home(), STATION).await;
    let id = raised(&daemon).await;
    let four = |list: &Value| (list.as_array()?.len() == 4).then(|| list.clone());
    let clocks = daemon.wait("four clocks", "/api/v1/deadlines", four).await;
    let activations = daemon.get("/api/v1/activations").await.1;
    for (clock, rule) in clocks
        .as_array()
        .unwrap()
        .iter()
        .zip(["D-20", "D-02", "D-03", "D-01"])
    {
        assert_eq!(clock["rule"], rule);
        assert_eq!(clock["activation"], id.as_str());
        assert_eq!(clock["start"], activations[0]["opened_at"]);
        assert_eq!(clock["state"], "running");
        assert!(clock["due_local"].as_str().unwrap().ends_with(" WIB"));
    }

    let path = format!("activations/{id}/decide");
    let view = done(
        &daemon,
        &path,
        json!({"status": "AKTIF_TOTAL", "role": "Ketua STD"}),
    )
    .await;
    assert_eq!(view["status"], "AKTIF_TOTAL");
    assert_eq!(view["decisions"][0]["by"], "Sari");
    assert!(rules(&view).contains(&"D-07J"), "{view:#}");

    // What was answered was on the disk.
    daemon.kill_9();
    daemon.restart().await;
    let (_, again) = daemon.get(&format!("/api/v1/cases/{id}")).await;
    assert_eq!(again["decisions"], view["decisions"]);
    assert_eq!(rules(&again), rules(&view));
}

#[tokio::test]
async fn problems_are_told_all_at_once_and_repeat_nothing() {
    let daemon = Daemon::start("").await;
    let body = json!({
        "name": "", "received_at": "tomorrow",
        "report": {"category": NIK, "reporter": {"identity_number": 3_171_234_567_890_123_i64}},
    });
    let (code, problem) = daemon.post("/api/v1/cases", &body).await;
    assert_eq!(
        (code, problem["problems"].as_array().unwrap().len()),
        (400, 5),
        "{problem:#}"
    );
    assert!(!problem.to_string().contains("3171"), "{problem:#}");

    let no_json = daemon.post("/api/v1/cases", &Value::Null).await;
    assert_eq!(no_json.0, 400);
    let body = json!({"name": "Sari", "note": "n", "status": "SIAGA"});
    for (path, code) in [
        ("cases/C-000001/decide", 404),
        ("cases/C-000001/dance", 404),
        ("cases/C-000001/open", 404),
        ("activations/A-0123456789abcdef/decide", 404),
        ("activations/A-0123456789abcdef/dance", 404),
    ] {
        let (got, problem) = daemon.post(&format!("/api/v1/{path}"), &body).await;
        assert_eq!(got, code, "{path}: {problem:#}");
    }
    done(&daemon, "cases", json!({})).await;
    let (code, problem) = daemon
        .post(
            "/api/v1/cases/C-000001/close",
            &json!({"name": "Sari", "note": "n"}),
        )
        .await;
    assert_eq!(
        (code, problem["problems"].as_array().unwrap().len()),
        (409, 2),
        "{problem:#}"
    );
    let (code, _) = daemon.get("/api/v1/cases/C-000001?personal=true").await;
    assert_eq!(code, 403, "nobody proved who they are");
}

/// Everything that gets out is looked through for an identity number that was
/// written in every place that takes a text.
#[tokio::test]
async fn an_identity_number_stays_in_the_case_store() {
    let broker = broker();
    let listener = Client::connect(&broker, "listener", &["#"]).await;
    let hook = Webhook::start(Answer::Status(204)).await;
    let config = format!(
        "{STATION}{}\n[[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\n\
         [[subscriber]]\nid = \"log\"\nkind = \"log\"\n\
         [broker]\nurl = \"mqtt://{}:{}\"\n",
        subscriber(&hook),
        broker.host,
        broker.port
    );
    let home = home();
    let hostile = format!("=cmd|'/c'!A1\u{1b}[2J\r\nNIK {NIK} \u{202e}x");
    let report = json!({
        "form": "IV.b", "description": hostile, "location": hostile, "institution": hostile,
        "actions_taken": "31.7123.4567.8901-23", "event": "found_orphan",
        "position": {"lat": -6.35, "lon": 106.66},
        "reporter": {"name": "Budi Santoso", "phone": "0812-3456-789", "position": hostile,
            "identity_number": NIK, "kind": "public"},
        "casualties": [{"name": "Siti Aminah", "note": hostile}],
    });
    home.write("report.json", report.to_string());
    let mut daemon = Daemon::start_in(home, &config).await;
    let activation = raised(&daemon).await;
    let url = format!("http://{}", daemon.address());
    let person = [
        "--name", "Sari", "--note", NIK, "--url", &url, "--format", "ndjson",
    ];
    let verb = |words: &[&str]| {
        let output = pantau(&daemon.home, &[words, &person].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        output.stdout
    };
    let five_hours_ago = from_now(-5 * 3600);
    let mut seen: Vec<Vec<u8>> = vec![
        verb(&[
            "case",
            "open",
            "--report",
            "report.json",
            "--received-at",
            &five_hours_ago,
        ]),
        verb(&["case", "attach", "C-000001", &activation]),
        verb(&["decide", "C-000001", "--status", "AKTIF_PARSIAL"]),
        verb(&[
            "case",
            "step",
            "C-000001",
            "final_report",
            "close_statement",
        ]),
        verb(&["case", "note", "C-000001"]),
    ];
    hook.wait(3).await;
    listener
        .wait("an overdue clock", "pantau/v1/serpong/event", |heard| {
            heard.document["why"] == "overdue"
        })
        .await;
    seen.push(verb(&["case", "close", "C-000001", "--to", "normal"]));
    daemon
        .wait("the closing record", "/api/v1/cases/C-000001", |view| {
            view["record_complete"].as_bool()
        })
        .await;

    for path in [
        "cases",
        "cases/C-000001",
        "deadlines?all=true",
        "activations",
        "recap.csv",
        "status",
        "books",
        "readings",
    ] {
        let (code, document) = daemon.get(&format!("/api/v1/{path}")).await;
        assert_eq!(code, 200, "{path}");
        seen.push(document.to_string().into_bytes());
    }
    for words in [
        &["case", "list", "--url", &url][..],
        &[
            "case", "show", "C-000001", "--url", &url, "--format", "table",
        ],
        &[
            "case",
            "show",
            "C-000001",
            "--personal",
            "--format",
            "table",
        ],
        &["deadlines", "--all", "--url", &url, "--format", "table"],
        &["case", "recap"],
        &["case", "export", "C-000001", "--to", "exported"],
        &["case", "verify"],
        &["case", "verify", "exported"],
        &["case", "verify", "data/records/C-000001"],
    ] {
        let output = pantau(&daemon.home, words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        assert!(
            !output.stdout.contains(&0x1b),
            "{words:?} steers the terminal"
        );
        seen.push(output.stdout);
        seen.push(output.stderr);
    }
    let personal = pantau(&daemon.home, &["case", "show", "C-000001", "--personal"]);
    assert_eq!(
        json_lines(&personal)[0]["report"]["reporter"]["name"],
        "Budi Santoso"
    );
    seen.extend(hook.received().into_iter().map(|received| received.body));
    let heard = listener.heard("").into_iter();
    seen.extend(heard.map(|heard| heard.document.to_string().into_bytes()));
    daemon.stop().await;
    seen.push(daemon.log().into_bytes());
    for folder in ["data/journal", "data/records/C-000001", "exported"] {
        for entry in std::fs::read_dir(daemon.home.path(folder)).unwrap() {
            seen.push(std::fs::read(entry.unwrap().path()).unwrap());
        }
    }
    for bytes in &seen {
        let text = String::from_utf8_lossy(bytes);
        for secret in [NIK, "7890123", "8901-23", "0812-3456"] {
            // A person who asks for personal data with the right to the files sees
            // the telephone number, and nobody sees the identity number.
            let is_asked_for = secret == "0812-3456" && text.contains("Budi Santoso");
            assert!(
                is_asked_for || !text.contains(secret),
                "{secret} got out: {text}"
            );
        }
        assert!(!text.contains('\u{202e}'), "{text}");
    }
    let store = std::fs::read(daemon.home.path("data/cases/cases-0000000001-00.ndjson")).unwrap();
    assert!(
        String::from_utf8_lossy(&store).contains(NIK),
        "the test looked for nothing"
    );

    let recap = pantau(&daemon.home, &["case", "recap"]);
    let recap = String::from_utf8(recap.stdout).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cells(recap.lines().next().unwrap()).len(), 18);
    assert!(
        recap
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("1,on file (public),'=cmd"),
        "{recap}"
    );
    assert!(
        !recap.contains("Budi") && recap.contains("6.35000° LS"),
        "{recap}"
    );
}
