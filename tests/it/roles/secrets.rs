//! Threat T23: a token and what else is secret is seen nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use pantau::http::routes;
use serde_json::{Value, json};

use super::{ask, bearer, client, daemon, http, request, token};
use crate::support::{Answer, Home, Webhook, mightyohm_line, pantau, texts};

/// Keys of a subscriber, as bytes that would be recognised anywhere.
const KEY: &str = "d2ViaG9vay1rZXktdGhhdC1ub2JvZHktbWF5LXNlZQ";
const HEADER: &str = "header-value-that-nobody-may-see";

#[tokio::test]
async fn tokens_and_keys_are_in_no_log_answer_file_or_process() {
    let hook = Webhook::start(Answer::Status(200)).await;
    let home = Home::new();
    home.write("tape", mightyohm_line(439, 26_315));
    home.write("key", format!("whsec_{KEY}=\n"));
    home.write("header", format!("{HEADER}\n"));
    home.write("oki", format!("{}\n", token("oki")));
    home.write("citra", format!("{}\n", token("citra")));
    let config = format!(
        "[log]\nlevel = \"trace\"\n\
         [[instrument]]\nid = \"gate\"\nprofile = \"mightyohm\"\n\
         capture = {{ file = \"tape\", lines_per_s = 100 }}\n\
         [[subscriber]]\nid = \"duty\"\nkind = \"webhook\"\nurl = \"{0}\"\n\
         allow_inside = [\"127.0.0.1\"]\nsecret_file = \"key\"\n\
         [[subscriber]]\nid = \"gateway\"\nkind = \"http\"\nurl = \"{0}\"\n\
         allow_inside = [\"127.0.0.1\"]\ncontent_type = \"text\"\ntemplate = \"{{{{ id }}}}\"\n\
         header = \"authorization\"\nheader_file = \"header\"\n",
        hook.url()
    );
    let mut daemon = daemon(home, &config).await;
    // Both have it: the raised activation went out with key and header.
    hook.wait(2).await;
    let url = format!("http://{}", daemon.address());
    let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
    let mut verb = |words: &[&str], code: i32| {
        let output = pantau(&daemon.home, &[words, &["--url", &url]].concat());
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?}: {:?}",
            texts(&output)
        );
        seen.push((format!("stdout of {words:?}"), output.stdout.clone()));
        seen.push((format!("stderr of {words:?}"), output.stderr));
        output.stdout
    };
    let listed = verb(&["activations", "--token-file", "oki"], 0);
    let activation: Value = serde_json::from_slice(&listed).unwrap();
    let id = activation["id"].as_str().unwrap();
    let version = activation["version"].to_string();
    let ack = [
        "ack",
        id,
        "--version",
        &version,
        "--note",
        "seen",
        "--token-file",
    ];
    verb(&[&ack[..], &["oki"]].concat(), 0);
    let decide = [
        "decide",
        id,
        "--status",
        "SIAGA",
        "--note",
        "n",
        "--token-file",
    ];
    verb(&[&decide[..], &["oki"]].concat(), 1);
    verb(&[&decide[..], &["citra"]].concat(), 0);
    verb(&["case", "open", "--note", "n", "--token-file", "citra"], 0);
    verb(&["status"], 1);

    let client = client(1);
    for route in routes().iter().filter(|route| route.method == "GET") {
        let path = route.path.replace("{id}", id);
        let request = request(&client, &daemon, "GET", &path);
        let response = ask(request, Some(&bearer("citra")), &Value::Null).await;
        seen.push((path, response.bytes().await.unwrap().to_vec()));
    }
    // One that is wrong is not repeated, neither in the answer nor in the log.
    for wrong in [bearer("nobody"), format!("Basic {}", token("citra"))] {
        let request = request(&client, &daemon, "POST", "/api/v1/cases");
        let response = ask(request, Some(&wrong), &json!({"token": token("citra")})).await;
        seen.push((
            "a refusal".to_owned(),
            response.bytes().await.unwrap().to_vec(),
        ));
    }
    for what in ["cmdline", "environ", "status", "maps"] {
        let path = format!("/proc/{}/{what}", daemon.pid());
        seen.push((path.clone(), fs::read(path).unwrap()));
    }
    daemon.stop().await;
    let log = daemon.log();
    assert!(
        log.contains("TRACE") && log.contains("DEBUG"),
        "the log is not at its most talkative"
    );
    seen.push(("the log".to_owned(), log.into_bytes()));
    let data = files(&daemon.home.path("data"));
    assert!(data.len() > 3, "{data:?}");
    for path in data {
        seen.push((path.display().to_string(), fs::read(path).unwrap()));
    }
    let bare = |name: &str| token(name).replace("pantau_", "");
    for (what, bytes) in seen {
        let text = String::from_utf8_lossy(&bytes);
        for secret in [&bare("oki"), &bare("citra"), &bare("nobody"), KEY, HEADER] {
            assert!(!text.contains(secret), "{secret} is in {what}: {text}");
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// A token that somebody wrote where its hash belongs is not repeated.
#[test]
fn a_token_in_the_configuration_is_refused_and_not_repeated() {
    let secret = token("citra");
    for (text, path) in [
        (format!("[http]\ntoken = \"{secret}\"\n"), "http.token"),
        (
            format!("[[http.token]]\nname = \"citra\"\nrole = \"viewer\"\nhash = \"{secret}\"\n"),
            "http.token[0] (citra).hash",
        ),
    ] {
        let home = Home::new();
        home.write("pantau.toml", text);
        for words in [&["check"][..], &["check", "--format", "table"], &["run"]] {
            let output = pantau(&home, words);
            assert_eq!(output.status.code(), Some(1), "{words:?}");
            let (out, err) = texts(&output);
            assert!(format!("{out}{err}").contains(path), "{out}{err}");
            assert!(!format!("{out}{err}").contains(&secret), "{out}{err}");
        }
    }
}

/// What `token new` prints opens the door it is pasted into.
#[tokio::test]
async fn a_new_token_is_printed_once_and_its_table_lets_it_in() {
    let home = Home::new();
    let new = [
        "token", "new", "--role", "operator", "--name", "Budi S.", "--days", "30",
    ];
    let (out, err) = texts(&pantau(&home, &new));
    let fresh = out.trim_end();
    assert!(
        pantau::access::has_form(fresh) && fresh.len() == 71,
        "{out}"
    );
    assert!(!err.contains(fresh.trim_start_matches("pantau_")), "{err}");
    let (_, table) = err.split_once("[[http.token]]").unwrap();
    home.write("budi", out.as_bytes());
    let config = format!("{}[[http.token]]{table}", http());
    let daemon = crate::support::Daemon::start_with(home, &config).await;
    let url = format!("http://{}", daemon.address());
    let open = [
        "case",
        "open",
        "--note",
        "n",
        "--token-file",
        "budi",
        "--url",
        &url,
    ];
    let (out, err) = texts(&pantau(&daemon.home, &open));
    assert!(out.contains("Budi S. (token)"), "{out}{err}");
    assert_ne!(texts(&pantau(&daemon.home, &new)).0.trim_end(), fresh);

    for words in [
        &["token", "new", "--role", "boss", "--name", "x"][..],
        &["token", "new", "--role", "chief"],
        &[
            "token", "new", "--role", "chief", "--name", "x", "--days", "0",
        ],
    ] {
        assert_eq!(
            pantau(&daemon.home, words).status.code(),
            Some(2),
            "{words:?}"
        );
    }
    for name in ["", "a\"b", "a (token)", "a\nb"] {
        let words = ["token", "new", "--role", "chief", "--name", name];
        let output = pantau(&daemon.home, &words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}
