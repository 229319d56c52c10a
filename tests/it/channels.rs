//! Every way of telling somebody, from the daemon to the far end.

use serde_json::Value;

use crate::support::{
    Answer, Daemon, Home, PATIENCE, Smtp, Webhook, in_time, mightyohm_line, pantau, texts, wait_for,
};

/// A counter that plays its lines at once: 5 µSv/h and then 150 µSv/h.
fn home() -> Home {
    let home = Home::new();
    let lines = [mightyohm_line(15, 877), mightyohm_line(439, 26_315)].concat();
    home.write("rise", lines);
    home
}

const RISE: &str = "[[instrument]]\nid = \"counter\"\nprofile = \"mightyohm\"\n\
                    capture = { file = \"rise\" }\n";

fn subscriber(keys: &str) -> String {
    format!("{RISE}[[subscriber]]\nid = \"duty\"\n{keys}\n")
}

async fn wait_until_settled(daemon: &Daemon) {
    let is_empty = |status: &Value| (status["outbox_waiting"]["duty"] == 0).then_some(());
    daemon
        .wait("an empty outbox", "/api/v1/status", is_empty)
        .await;
}

fn mail_keys(smtp: &Smtp) -> String {
    format!(
        "kind = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n\
         from = \"Pantau <pantau@example.org>\"\nto = [\"duty@example.org\", \"b@example.org\"]\n",
        smtp.port()
    )
}

fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    let head = mail.split("\r\n\r\n").next().unwrap();
    let found = head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    });
    found.unwrap_or_default()
}

#[tokio::test]
async fn mails_are_threaded_by_activation_and_sent_again_until_taken() {
    let smtp = Smtp::start("451 not now").await;
    let daemon = Daemon::start_in(home(), &subscriber(&mail_keys(&smtp))).await;
    smtp.wait(1).await;
    smtp.answer("250 taken");
    wait_until_settled(&daemon).await;
    let mails = smtp.mails();
    let ids: Vec<&str> = mails
        .iter()
        .map(|mail| header(mail, "Message-ID"))
        .collect();
    let threads: Vec<&str> = mails
        .iter()
        .map(|mail| header(mail, "References"))
        .collect();
    assert!(mails.len() >= 3, "{ids:?}");
    assert_eq!(ids[0], ids[1], "the one refused for now comes again");
    assert!(
        threads.iter().all(|thread| *thread == threads[0]),
        "{threads:?}"
    );
    let activation = threads[0]
        .trim_start_matches('<')
        .split('@')
        .next()
        .unwrap();
    assert!(activation.starts_with("A-"), "{activation}");
    assert!(
        ids.iter()
            .all(|id| id.starts_with(&format!("<{activation}."))),
        "{ids:?}"
    );
    for mail in &mails {
        assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
        assert!(header(mail, "To").contains("duty@example.org"));
        assert!(!header(mail, "Subject").is_empty());
    }
}

#[tokio::test]
async fn a_mail_refused_for_good_becomes_a_dead_letter() {
    let smtp = Smtp::start("550 no such person").await;
    let daemon = Daemon::start_in(home(), &subscriber(&mail_keys(&smtp))).await;
    smtp.wait(2).await;
    wait_until_settled(&daemon).await;
    assert!(
        daemon
            .log()
            .contains("Subscriber refuses an event for good.")
    );
}

/// The server offers no STARTTLS: nothing is sent in the clear, and it waits.
#[tokio::test]
async fn mail_without_tls_is_never_sent_in_the_clear() {
    let smtp = Smtp::start("250 taken").await;
    let keys = mail_keys(&smtp).replace("\"none\"", "\"starttls\"");
    let daemon = Daemon::start_in(home(), &subscriber(&keys)).await;
    wait_for("the failure in the log", PATIENCE, async || {
        let log = daemon.log();
        if log.contains("Subscriber does not accept") {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;
    assert_eq!(smtp.mails(), Vec::<String>::new());
}

#[tokio::test]
async fn alertmanager_gets_one_alert_for_each_activation() {
    let manager = Webhook::start(Answer::Status(200)).await;
    let url = manager.url().replace("/hook", "");
    let keys = format!("kind = \"alertmanager\"\nurl = \"{url}\"\nallow_inside = [\"127.0.0.1\"]");
    let daemon = Daemon::start_in(home(), &subscriber(&keys)).await;
    let received = manager.wait(2).await;
    wait_until_settled(&daemon).await;
    assert!(received.iter().all(|one| one.path == "/api/v2/alerts"));
    let first = &received[0].document[0];
    assert_eq!(first["labels"]["alertname"], "PantauActivation");
    assert_eq!(first["labels"]["severity"], "warning");
    let risen = received[1].document.as_array().unwrap();
    let by_severity = |severity: &str| {
        risen
            .iter()
            .find(|alert| alert["labels"]["severity"] == severity)
    };
    let critical = by_severity("critical").unwrap();
    assert_eq!(
        critical["labels"]["activation"],
        first["labels"]["activation"]
    );
    // The lower one ends as the higher one begins, and the higher one lasts.
    let ended = by_severity("warning").unwrap();
    assert_eq!(ended["labels"], first["labels"]);
    assert!(ended["endsAt"].as_str() < critical["endsAt"].as_str());
    assert!(first["endsAt"].as_str() > ended["endsAt"].as_str());
}

#[tokio::test]
async fn a_template_takes_texts_as_values_and_never_as_code() {
    let gateway = Webhook::start(Answer::Status(200)).await;
    let home = home();
    home.write("token", "Bearer 0123456789\n");
    home.write(
        "body",
        r#"{"chat_id": 7, "text": {{ headline }}, "class": {{ activation.class }}, "who": {{ activation.instrument }}}"#,
    );
    let keys = format!(
        "kind = \"http\"\nurl = \"{}\"\nallow_inside = [\"127.0.0.0/8\"]\nlanguage = \"en\"\n\
         template_file = \"body\"\nheader = \"authorization\"\nheader_file = \"token\"",
        gateway.url()
    );
    let daemon = Daemon::start_in(home, &subscriber(&keys)).await;
    let received = gateway.wait(2).await;
    wait_until_settled(&daemon).await;
    let last = received.last().unwrap();
    assert_eq!(last.header("authorization"), "Bearer 0123456789");
    assert_eq!(last.document["chat_id"], 7);
    assert_eq!(last.document["class"], "EMERGENCY");
    let text = last.document["text"].as_str().unwrap();
    assert!(text.contains("TIO2"), "{text}");
    assert!(!daemon.log().contains("0123456789"));
}

#[tokio::test]
async fn a_gone_subscriber_is_told_nothing_more() {
    let hook = Webhook::start(Answer::Status(410)).await;
    let keys = format!(
        "kind = \"webhook\"\nurl = \"{}\"\nallow_inside = [\"127.0.0.1\"]",
        hook.url()
    );
    let daemon = Daemon::start_in(home(), &subscriber(&keys)).await;
    hook.wait(1).await;
    wait_until_settled(&daemon).await;
    assert_eq!(hook.received().len(), 1, "{:?}", hook.ids());
    assert!(daemon.log().contains("wants nothing any more"));
}

#[tokio::test]
async fn cap_messages_lie_beside_their_feed_and_name_those_before_them() {
    let config = subscriber("kind = \"cap\"\nsender = \"pantau.test\"\nstatus = \"actual\"");
    let mut daemon = Daemon::start_in(home(), &config).await;
    wait_until_settled(&daemon).await;
    daemon.stop().await;
    let folder = daemon.home.path("data/cap");
    let feed = std::fs::read_to_string(folder.join("feed.xml")).unwrap();
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "feed.xml")
        .collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    for file in &files {
        assert!(feed.contains(&format!("href=\"{file}\"")), "{feed}");
    }
    let read = |name: &String| std::fs::read_to_string(folder.join(name)).unwrap();
    let (first, second) = (read(&files[0]), read(&files[1]));
    assert!(first.contains("<msgType>Alert</msgType>"), "{first}");
    assert!(first.contains("<status>Actual</status>"), "{first}");
    assert!(!first.contains("<references>"), "{first}");
    assert!(second.contains("<msgType>Update</msgType>"), "{second}");
    let before = files[0].trim_end_matches(".xml");
    assert!(
        second.contains(&format!("<references>pantau.test,{before},")),
        "{second}"
    );
}

#[tokio::test]
async fn a_subscriber_hears_of_its_own_sites_only() {
    let here = Webhook::start(Answer::Status(204)).await;
    let there = Webhook::start(Answer::Status(204)).await;
    let site = |id: &str, lat: f64| {
        format!(
            "[[site]]\nid = \"{id}\"\nname = \"{id}\"\nposition = {{ lat = {lat}, lon = 106.6 }}\n"
        )
    };
    let hook = |id: &str, hook: &Webhook, filter: &str| {
        format!(
            "[[subscriber]]\nid = \"{id}\"\nkind = \"webhook\"\nurl = \"{}\"\n\
             allow_inside = [\"127.0.0.1\"]\n{filter}\n",
            hook.url()
        )
    };
    let config = format!(
        "{}{}{RISE}site = \"west\"\n{}{}",
        site("west", -6.35),
        site("east", -7.25),
        hook(
            "here",
            &here,
            "near = { lat = -6.35, lon = 106.6, radius_km = 5 }"
        ),
        hook("there", &there, "sites = [\"east\"]"),
    );
    let mut daemon = Daemon::start_in(home(), &config).await;
    here.wait(2).await;
    daemon.stop().await;
    assert_eq!(there.ids(), Vec::<String>::new());
}

#[tokio::test]
async fn a_test_message_reaches_its_subscriber_and_no_other() {
    let hook = Webhook::start(Answer::Status(204)).await;
    let home = home();
    let keys = format!(
        "kind = \"webhook\"\nurl = \"{}\"\nallow_inside = [\"127.0.0.1\"]",
        hook.url()
    );
    home.write("pantau.toml", subscriber(&keys));
    let (home, told) = in_time(
        "the test message",
        tokio::task::spawn_blocking(move || {
            let told = pantau(&home, &["subscriber", "test", "duty", "--format", "table"]);
            (home, told)
        }),
    )
    .await
    .unwrap();
    let (out, err) = texts(&told);
    assert!(told.status.success(), "{err}");
    assert!(out.contains("duty accepted TEST-duty-"), "{out}");
    let received = hook.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].document["exercise"], true);
    assert_eq!(received[0].document["why"], "test");
    let unknown = pantau(&home, &["subscriber", "test", "nobody"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(texts(&unknown).1.contains("there are: duty"));
}
