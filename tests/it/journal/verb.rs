//! `pantau journal verify`, and the heads that the daemon signs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use super::{at, keep_head, signer, write_journal};
use crate::support::{
    Answer, Client, Daemon, Home, PATIENCE, Webhook, broker, json_lines, pantau, station_reading,
    texts, wait_for,
};

/// A journal of three segments, with heads of records 10 and `last`.
fn written(home: &Home) -> (PathBuf, u64) {
    let folder = home.path("data/journal");
    let (last, hash) = write_journal(&folder, 30, 12);
    let tenth = line(&folder, 10);
    keep_head(&folder, 10, tenth["hash"].as_str().unwrap());
    keep_head(&folder, last, &hash);
    (folder, last)
}

/// A record of the first segment.
fn line(folder: &std::path::Path, seq: usize) -> Value {
    let text = fs::read_to_string(folder.join("journal-0000000001-00.ndjson")).unwrap();
    serde_json::from_str(text.lines().nth(seq - 1).unwrap()).unwrap()
}

fn newest(folder: &std::path::Path) -> PathBuf {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_segment = |path: &PathBuf| path.to_str().unwrap().contains("/journal-");
    names.filter(is_segment).max().unwrap()
}

fn verify(home: &Home, more: &[&str]) -> Output {
    let arguments = [&["journal", "verify", "data/journal"], more].concat();
    pantau(home, &arguments)
}

#[track_caller]
fn summary(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{:?}", texts(output));
    let summary = json_lines(output).pop().unwrap();
    assert_eq!(summary["outcome"], "summary");
    assert_eq!(summary["intact"], code == 0, "{summary}");
    summary
}

#[test]
fn a_sound_journal_is_vouched_for_by_its_heads() {
    let home = Home::new();
    let (_, last) = written(&home);
    let found = summary(&verify(&home, &[]), 0);
    assert_eq!(found["records"], last);
    assert_eq!(found["heads"], 2);
    assert_eq!(found["vouched_to"], last);
    assert_eq!(found["torn"], Value::Null);
    let table = verify(&home, &["--format", "table"]);
    let (text, _) = texts(&table);
    assert!(text.starts_with("intact: "), "{text}");
}

#[test]
fn the_first_bad_record_is_named_and_the_rest_still_checked() {
    let home = Home::new();
    let (folder, last) = written(&home);
    let path = folder.join("journal-0000000001-00.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"n0\"", "\"n1\"", 1)).unwrap();
    let newest = newest(&folder);
    let text = fs::read_to_string(&newest).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(
        &newest,
        [&lines[..2], &lines[3..]].concat().join("\n") + "\n",
    )
    .unwrap();

    let output = verify(&home, &[]);
    let found = summary(&output, 1);
    assert_eq!(found["records"], last - 2);
    let lines = json_lines(&output);
    assert_eq!(lines[0]["segment"], "journal-0000000001-00.ndjson");
    assert_eq!(lines[0]["line"], 5);
    assert_eq!(lines[0]["record"], 5);
    assert_eq!(lines[0]["why"], "edited");
    assert_eq!(lines[1]["line"], 3);
    assert_eq!(lines[1]["why"], "missing");
    let (_, complaint) = texts(&output);
    assert!(complaint.contains("line 5, record 5"), "{complaint}");
}

#[test]
fn a_torn_last_line_is_no_damage_unless_it_was_signed() {
    let home = Home::new();
    let (folder, last) = written(&home);
    let newest = newest(&folder);
    let whole = fs::read(&newest).unwrap();
    fs::write(&newest, [&whole[..], b"{\"seq\":31,\"pre"].concat()).unwrap();
    let found = summary(&verify(&home, &[]), 0);
    assert_eq!(found["torn"]["bytes"], 14);
    assert_eq!(found["vouched_to"], last);

    fs::write(&newest, &whole[..whole.len() - 1]).unwrap();
    let output = verify(&home, &[]);
    summary(&output, 1);
    let bad = &json_lines(&output)[0];
    assert_eq!((&bad["record"], &bad["why"]), (&last.into(), &"cut".into()));
}

#[test]
fn a_tail_that_is_cut_off_shows_by_a_head_kept_elsewhere() {
    let home = Home::new();
    let (folder, last) = written(&home);
    let key = folder.join("../state/journal.pub");
    fs::copy(key, home.path("node.pub")).unwrap();
    // As `mosquitto_sub -v` writes it, and as a webhook gets it among others.
    let heads = fs::read_to_string(folder.join("heads.ndjson")).unwrap();
    let head = heads.lines().last().unwrap();
    home.write("broker", format!("pantau/v1/serpong/journal/head {head}\n"));
    let events = format!(
        "{{\"id\":\"A-1.1\",\"why\":\"raised\"}}\n{{\"id\":\"H\",\"why\":\"head\",\"head\":{head}}}\n"
    );
    home.write("webhook", events);
    fs::remove_file(folder.join("heads.ndjson")).unwrap();
    let newest = newest(&folder);
    let whole = fs::read_to_string(&newest).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    fs::write(&newest, lines[..lines.len() - 1].join("\n") + "\n").unwrap();

    // The chain alone cannot tell, and says so.
    let output = verify(&home, &["--format", "table"]);
    let (text, _) = texts(&output);
    assert!(
        output.status.success() && text.contains("no head vouches"),
        "{text}"
    );
    for kept in ["broker", "webhook"] {
        let output = verify(&home, &["--heads", kept, "--key", "node.pub"]);
        assert_eq!(summary(&output, 1)["last"], last - 1);
        let bad = &json_lines(&output)[0];
        assert_eq!(
            (&bad["record"], &bad["why"]),
            (&last.into(), &"missing".into())
        );
        assert_eq!(bad["line"], lines.len());
    }
}

#[test]
fn a_journal_that_is_written_anew_shows_by_a_head_kept_elsewhere() {
    let home = Home::new();
    let (folder, last) = written(&home);
    let key = folder.join("../state/journal.pub");
    fs::copy(key, home.path("node.pub")).unwrap();
    fs::copy(folder.join("heads.ndjson"), home.path("kept")).unwrap();
    fs::remove_dir_all(home.path("data")).unwrap();
    // The same records a second later, with fresh hashes, a key of its own and a
    // head signed by it.
    fs::create_dir_all(&folder).unwrap();
    let (mut journal, _) = pantau::journal::Journal::open(&folder, at(0)).unwrap();
    let mut n = 0;
    while journal.next_seq() <= last {
        n += 1;
        for entry in super::entries(n) {
            journal.append(at(n), &entry).unwrap();
        }
    }
    keep_head(&folder, journal.next_seq() - 1, &journal.head());
    drop(journal);
    assert_eq!(summary(&verify(&home, &[]), 0)["heads"], 1);

    let output = verify(&home, &["--heads", "kept", "--key", "node.pub"]);
    summary(&output, 1);
    let lines = json_lines(&output);
    assert_eq!(lines[0]["record"], 10);
    assert_eq!(lines[0]["why"], "foreign");
    // The head beside it was signed by a key that was not given.
    assert_eq!(lines[1]["outcome"], "bad_head");
    assert!(lines[1]["problem"].as_str().unwrap().contains("not known"));
}

#[test]
fn a_head_that_was_changed_is_named() {
    let home = Home::new();
    let (folder, last) = written(&home);
    let path = folder.join("heads.ndjson");
    let heads = fs::read_to_string(&path).unwrap();
    for (old, new) in [
        (format!("\"seq\":{last}"), format!("\"seq\":{}", last - 1)),
        (
            "\"node\":\"serpong\"".to_owned(),
            "\"node\":\"bandung\"".to_owned(),
        ),
        ("\"hash\":\"".to_owned(), "\"hash\":\"0".to_owned()),
        ("}\n{".to_owned(), "{".to_owned()),
    ] {
        let changed = heads.replacen(&old, &new, 1);
        assert_ne!(changed, heads);
        fs::write(&path, changed).unwrap();
        let output = verify(&home, &[]);
        summary(&output, 1);
        let is_head = |line: &Value| line["outcome"] == "bad_head";
        assert!(
            json_lines(&output).iter().any(is_head),
            "{:?}",
            texts(&output)
        );
    }
    // Only the line that a crash left without its end is passed over.
    fs::write(&path, &heads.as_bytes()[..heads.len() - 20]).unwrap();
    assert_eq!(summary(&verify(&home, &[]), 0)["vouched_to"], 10);
    keep_head(&folder, 5, line(&folder, 5)["hash"].as_str().unwrap());
    assert_eq!(summary(&verify(&home, &[]), 0)["heads"], 2);
}

#[test]
fn a_chain_that_was_mended_is_not_intact_and_goes_on() {
    let home = Home::new();
    let (folder, last) = written(&home);
    let path = folder.join("journal-0000000001-00.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"n0\"", "\"n1\"", 1)).unwrap();
    let (mut journal, recovery) = pantau::journal::Journal::open(&folder, at(900)).unwrap();
    assert!(recovery.first_bad.is_some());
    journal.append(at(901), &super::entries(1)[0]).unwrap();
    keep_head(&folder, journal.next_seq() - 1, &journal.head());
    drop(journal);

    let output = verify(&home, &[]);
    let found = summary(&output, 1);
    assert_eq!(found["vouched_to"], last + 2);
    let lines = json_lines(&output);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(
        (&lines[0]["outcome"], &lines[0]["record"]),
        (&"bad".into(), &5.into())
    );
    assert_eq!(lines[1]["outcome"], "new_chain");
    assert_eq!(lines[1]["record"], last + 1);

    // The new chain is checked like the old one, and so is what it says of its end.
    let newest = newest(&folder);
    let text = fs::read_to_string(&newest).unwrap();
    fs::write(&newest, text.replacen("0.1.0", "0.1.1", 1)).unwrap();
    let lines = json_lines(&verify(&home, &[]));
    assert_eq!(lines[1]["record"], last + 2, "{lines:?}");
    assert_eq!(lines[1]["why"], "edited");
}

#[test]
fn wrong_use_is_said() {
    let home = Home::new();
    let nowhere = verify(&home, &[]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(texts(&nowhere).1.contains("data/journal"));
    written(&home);
    home.write("empty.pub", "no key\n");
    let no_key = verify(&home, &["--key", "empty.pub"]);
    assert_eq!(no_key.status.code(), Some(1));
    assert!(texts(&no_key).1.contains("empty.pub holds no public key"));
}

/// Documents with a head that a webhook got.
fn heads(received: &[crate::support::Received]) -> Vec<Value> {
    let documents = received.iter().map(|one| one.document.clone());
    documents.filter(|one| one["why"] == "head").collect()
}

#[tokio::test]
async fn the_daemon_signs_and_sends_heads_and_goes_on_with_another_key() {
    let hook = Webhook::start(Answer::Status(200)).await;
    let plain = Webhook::start(Answer::Status(200)).await;
    let broker = broker();
    let mut client = Client::connect(&broker, "test", &["pantau/#"]).await;
    let (host, port) = (&broker.host, broker.port);
    let config = format!(
        "[node]\nname = \"serpong\"\n\
         [broker]\nurl = \"mqtt://{host}:{port}\"\n\
         [[instrument]]\nid = \"st-1\"\nprofile = \"pantau-station\"\n\
         [[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\n\
         [[subscriber]]\nid = \"keeper\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\nheads = true\n\
         [[subscriber]]\nid = \"plain\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\n",
        hook.url(),
        plain.url(),
    );
    let mut daemon = Daemon::start(&config).await;
    let topic = "pantau/v1/serpong/journal/head";
    let first = client.wait("the first head", topic, |_| true).await;
    assert!(first.document["signature"].is_string());
    let received = hook.wait(1).await;
    assert_eq!(heads(&received)[0]["head"]["node"], "serpong");

    // With an emergency, and while the daemon goes on writing.
    let subscribed = |status: &Value| (status["broker"]["up"] == true).then_some(());
    daemon
        .wait("the subscription", "/api/v1/status", subscribed)
        .await;
    client
        .publish("irdms/st-1/reading", station_reading(1, 150.0))
        .await;
    let raised = plain.wait(1).await;
    assert_eq!(raised[0].document["why"], "raised");
    let before = first.document["seq"].as_u64().unwrap();
    let later = client
        .wait("a head with the emergency", topic, |head| {
            head.document["seq"].as_u64() > Some(before)
        })
        .await;
    let kept = wait_for("the head at the webhook", PATIENCE, async || {
        let all = heads(&hook.received());
        let is_there = all
            .iter()
            .any(|one| one["head"]["seq"] == later.document["seq"]);
        if is_there { Ok(all) } else { Err(all) }
    })
    .await;
    let text: String = kept.iter().map(|one| format!("{one}\n")).collect();
    daemon.home.write("kept", text);
    let state = daemon.home.path("data/state");
    fs::copy(state.join("journal.pub"), daemon.home.path("node.pub")).unwrap();
    let elsewhere = ["--heads", "kept", "--key", "node.pub"];
    summary(&verify(&daemon.home, &elsewhere), 0);
    assert_eq!(heads(&plain.received()), Vec::<Value>::new());

    // The last record is signed at the end.
    daemon.stop().await;
    let found = summary(&verify(&daemon.home, &elsewhere), 0);
    assert_eq!(found["vouched_to"], found["last"]);
    let mode = fs::metadata(state.join("journal.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    // A key that is lost stops nothing, and the journal names both.
    fs::write(state.join("journal.key"), "no key").unwrap();
    daemon.restart().await;
    let (_, activations) = daemon.get("/api/v1/activations").await;
    assert_eq!(activations[0]["class_max"], "EMERGENCY");
    daemon.stop().await;
    let found = summary(&verify(&daemon.home, &[]), 0);
    assert_eq!(found["vouched_to"], found["last"]);
    let journal = fs::read_to_string(newest(&daemon.home.path("data/journal"))).unwrap();
    let changes: Vec<&str> = journal
        .lines()
        .filter(|line| line.contains("journal key"))
        .collect();
    assert_eq!(changes.len(), 2, "{changes:?}");
    let change: Value = serde_json::from_str(changes[1]).unwrap();
    assert_eq!(change["entry"]["old"], first.document["key"]);
    // Whoever trusts the old key only is told.
    summary(&verify(&daemon.home, &elsewhere), 1);
    assert_eq!(
        fs::read_to_string(state.join("journal.key.bad")).unwrap(),
        "no key"
    );
    assert_ne!(
        signer(&daemon.home.path("data/journal"))
            .public()
            .to_string(),
        first.document["key"]
    );
}
