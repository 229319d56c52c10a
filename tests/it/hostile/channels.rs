//! Each channel by itself, from an event to what its far end reads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use pantau::activation::Event;
use pantau::clock::Clock;
use pantau::criteria::Class;
use pantau::deliver::{
    Alertmanager, Allowed, CapFolder, ContentType, Filter, Form, Kind, Language, Mail, MailConfig,
    MqttPublisher, Security, Standing, Subscriber, SubscriberConfig, Target, Templated, Terminal,
    Webhook as WebhookKind,
};
use pantau::exchange::cap::{CapContext, Release};
use serde_json::Value;

use super::mail::Part;
use super::shown;
use super::strings::{all, is_inert};
use crate::support::events::event_of as event;
use crate::support::xml;
use crate::support::{Answer, Client, Home, Smtp, Webhook, broker};

fn clock() -> Clock {
    Clock::start()
}

fn subscriber(kind: Kind) -> Subscriber {
    let config = SubscriberConfig {
        id: Arc::from("duty"),
        filter: Filter::from_class(Class::Normal),
        quiet: None,
        is_paced: false,
    };
    Subscriber::new(config, kind)
}

fn target(hook: &Webhook) -> Target {
    Target {
        url: hook.url(),
        host: "127.0.0.1".to_owned(),
        timeout: Duration::from_secs(10),
        allowed: Allowed::new(vec!["127.0.0.1/32".parse().unwrap()]),
    }
}

/// An event for each text.
fn events() -> Vec<(String, Event)> {
    let texts = all().into_iter().zip(0..);
    texts
        .map(|(text, n)| (text.clone(), event(&text, n)))
        .collect()
}

/// Tells every event to a subscriber, which must accept each.
async fn tell(kind: Kind, events: &[(String, Event)]) {
    let mut subscriber = subscriber(kind);
    let clock = clock();
    for (text, event) in events {
        let told = subscriber.tell_once(event, &clock).await;
        told.unwrap_or_else(|error| panic!("{text:?}: {error}"));
    }
}

/// Where the members of a document stand, but for the places in lists.
fn shape(document: &Value) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    fn walk(at: &str, value: &Value, places: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    walk(&format!("{at}/{name}"), value, places);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| walk(at, value, places)),
            _ => {
                places.insert(at.to_owned());
            }
        }
    }
    walk("", document, &mut places);
    places
}

#[track_caller]
fn check_inert(document: &Value, text: &str) {
    match document {
        Value::String(found) => assert!(is_inert(found), "{found:?} of {text:?}"),
        Value::Array(list) => list.iter().for_each(|value| check_inert(value, text)),
        Value::Object(members) => {
            for (name, value) in members {
                assert!(is_inert(name), "{name:?}");
                check_inert(value, text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An event as JSON: inert texts, the members of any other, and the text there.
#[track_caller]
fn check_event(document: &Value, text: &str) {
    let plain = serde_json::to_value(event("Pasar", 0)).unwrap();
    assert_eq!(shape(document), shape(&plain), "{text:?}");
    check_inert(document, text);
    assert_eq!(document["activation"]["place"]["name"], shown(text));
    assert_eq!(document["activation"]["acked_by"], shown(text));
    assert_eq!(document["activation"]["factor"], shown(text));
    assert_eq!(document["exercise"], false);
}

#[test]
fn words_are_a_line_each_and_hold_what_was_said() {
    let plain = event("Pasar", 0);
    for (text, event) in events() {
        for (words, plain) in [
            (&event.text.id, &plain.text.id),
            (&event.text.en, &plain.text.en),
        ] {
            assert_eq!(words.lines.len(), plain.lines.len(), "{text:?}");
            for line in words
                .lines
                .iter()
                .chain([&words.headline, &words.log, &words.sms])
            {
                assert!(is_inert(line), "{line:?} of {text:?}");
            }
            let labels = |lines: &[String]| -> Vec<String> {
                let label = |line: &String| line.split(':').next().unwrap_or_default().to_owned();
                lines.iter().map(label).collect()
            };
            assert_eq!(labels(&words.lines), labels(&plain.lines));
            assert!(words.headline.contains(&shown(&text)), "{text:?}");
            assert!(words.sms.chars().count() <= 160);
        }
    }
}

#[tokio::test]
async fn a_webhook_gets_them_as_values() {
    let hook = Webhook::start(Answer::Status(204)).await;
    let events = events();
    let kind = WebhookKind::new(target(&hook), &["secret"]).unwrap();
    tell(Kind::Webhook(Box::new(kind)), &events).await;
    let received = hook.received();
    assert_eq!(received.len(), events.len());
    for (received, (text, event)) in received.iter().zip(&events) {
        check_event(&received.document, text);
        assert_eq!(received.id(), event.id);
        assert!(!received.body.contains(&b'\n'), "{text:?}");
    }
}

#[tokio::test]
async fn mqtt_has_them_in_payloads_and_never_in_topics() {
    let broker = broker();
    let listener = Client::connect(&broker, "listener", &["#"]).await;
    let options = rumqttc::MqttOptions::new("pantau", &broker.host, broker.port);
    let mut options = options;
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (_notices, notices) = tokio::sync::mpsc::channel(1);
    let kind = MqttPublisher::new(
        options,
        "pantau/v1/n1".to_owned(),
        Standing::default(),
        notices,
    );
    let events = events();
    tell(Kind::Mqtt(Box::new(kind)), &events).await;
    let (text, last) = events.last().unwrap();
    listener
        .wait("the last event", "pantau/v1/n1/event", |heard| {
            heard.document["id"] == last.id
        })
        .await;
    let heard = listener.heard("pantau/v1/n1/event");
    assert_eq!(heard.len(), events.len(), "{text:?}");
    for (heard, (text, event)) in heard.iter().zip(&events) {
        check_event(&heard.document, text);
        let id = &event.activation.as_ref().unwrap().id;
        assert_eq!(
            listener
                .heard(&format!("pantau/v1/n1/activation/{id}"))
                .len(),
            1
        );
    }
}

#[tokio::test]
async fn alertmanager_gets_the_labels_of_any_other_alert() {
    let manager = Webhook::start(Answer::Status(200)).await;
    let events = events();
    let kind = Alertmanager::new(target(&manager), "n1", Standing::default()).unwrap();
    tell(Kind::Alertmanager(Box::new(kind)), &events).await;
    let received = manager.received();
    assert_eq!(received.len(), events.len());
    for (received, (text, event)) in received.iter().zip(&events) {
        check_inert_lines(&received.document, text);
        let [alert] = received.document.as_array().unwrap().as_slice() else {
            panic!("{:#}", received.document);
        };
        let labels = alert["labels"].as_object().unwrap();
        let names: Vec<&str> = labels.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "activation",
                "alertname",
                "exercise",
                "node",
                "severity",
                "site",
                "subject"
            ]
        );
        assert_eq!(labels["activation"], event.activation.as_ref().unwrap().id);
        assert_eq!(labels["severity"], "critical");
        assert_eq!(labels["exercise"], "false");
        let summary = alert["annotations"]["summary"].as_str().unwrap();
        assert!(summary.contains(&shown(text)), "{summary}");
    }
}

/// The same for texts of several lines.
#[track_caller]
fn check_inert_lines(document: &Value, text: &str) {
    match document {
        Value::String(found) => {
            assert!(found.split('\n').all(is_inert), "{found:?} of {text:?}");
        }
        Value::Array(list) => list.iter().for_each(|value| check_inert_lines(value, text)),
        Value::Object(members) => {
            members
                .values()
                .for_each(|value| check_inert_lines(value, text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

async fn templated(body: &str, content_type: ContentType) -> Vec<(String, Event, String)> {
    let gateway = Webhook::start(Answer::Status(200)).await;
    let events = events();
    let form = Form {
        body: body.to_owned(),
        content_type,
        secret_header: None,
        language: Language::English,
    };
    let kind = Templated::new(target(&gateway), form).unwrap();
    tell(Kind::Templated(Box::new(kind)), &events).await;
    let received = gateway.received();
    assert_eq!(received.len(), events.len());
    let bodies = received
        .into_iter()
        .map(|one| String::from_utf8(one.body).unwrap());
    events
        .into_iter()
        .zip(bodies)
        .map(|((text, event), body)| (text, event, body))
        .collect()
}

#[tokio::test]
async fn a_json_template_takes_them_as_values() {
    let body = r#"{"text": {{ text }}, "name": {{ activation.place.name }}, "sms": {{ words.id.sms }}, "short": {{ sms }}, "all": {{ activation }}}"#;
    for (text, event, body) in templated(body, ContentType::Json).await {
        let document: Value = serde_json::from_str(&body).unwrap_or_else(|error| {
            panic!("{error}: {body}");
        });
        let names: Vec<&String> = document.as_object().unwrap().keys().collect();
        assert_eq!(names, ["all", "name", "short", "sms", "text"]);
        assert_eq!(document["name"], shown(&text));
        assert_eq!(document["sms"], event.text.id.sms);
        assert_eq!(document["short"], event.text.en.sms);
        assert_eq!(document["text"], event.text.en.lines.join("\n"));
        check_inert(&document["all"], &text);
    }
}

#[tokio::test]
async fn a_form_template_takes_them_as_values() {
    let body = "to=%2B62&text={{ headline }}&name={{ activation.place.name }}";
    for (text, event, body) in templated(body, ContentType::Form).await {
        assert!(body.is_ascii() && is_inert(&body), "{body}");
        let fields: Vec<(String, String)> = body
            .split('&')
            .map(|field| {
                let (name, value) = field.split_once('=').unwrap();
                (name.to_owned(), percent_decoded(value))
            })
            .collect();
        let expected = [
            ("to", "+62".to_owned()),
            ("text", event.text.en.headline.clone()),
            ("name", shown(&text)),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value));
        assert_eq!(fields, expected);
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.as_bytes());
        let (code, after) = after.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        rest = after;
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_text_template_takes_them_as_values() {
    for (_, event, body) in templated("SMS {{ sms }}\n{{ text }}\nend", ContentType::Text).await {
        let expected = format!(
            "SMS {}\n{}\nend",
            event.text.en.sms,
            event.text.en.lines.join("\n")
        );
        assert_eq!(body, expected);
        assert!(body.split('\n').all(is_inert), "{body:?}");
    }
}

#[tokio::test]
async fn a_mail_has_the_headers_of_any_other_and_they_in_its_text() {
    let smtp = Smtp::start("250 taken").await;
    let kind = Mail::new(MailConfig {
        host: "127.0.0.1".to_owned(),
        port: smtp.port(),
        security: Security::None,
        login: None,
        from: "Pantau <pantau@example.org>".parse().unwrap(),
        to: vec!["duty@example.org".parse().unwrap()],
        timeout: Duration::from_secs(10),
        language: Language::Both,
    })
    .unwrap();
    let mut events = events();
    events.push(("Pasar".to_owned(), event("Pasar", 10_000)));
    tell(Kind::Mail(Box::new(kind)), &events).await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), events.len());
    let plain = Part::parse(mails.last().unwrap()).names();
    for (mail, (text, event)) in mails.iter().zip(&events) {
        let lines = mail.split("\r\n");
        assert!(
            lines
                .clone()
                .all(|line| line.len() <= 998 && is_inert(line)),
            "{text:?}"
        );
        let part = Part::parse(mail);
        assert_eq!(part.names(), plain, "{text:?}");
        assert_eq!(part.header("To"), "duty@example.org");
        assert_eq!(
            part.header("Message-ID"),
            format!("<{}@example.org>", event.id)
        );
        let subject = part.header("Subject");
        let (id, en) = (&event.text.id, &event.text.en);
        // What looks like an encoded word is none.
        let expected = format!("{} / {}", id.headline, en.headline).replace("=?", "= ?");
        assert_eq!(subject, expected);
        let [body, attached] = part.parts.as_slice() else {
            panic!("{part:#?}");
        };
        let expected = [id.lines.join("\r\n"), en.lines.join("\r\n")].join("\r\n\r\n");
        assert_eq!(
            body.text.trim_end_matches("\r\n"),
            expected.trim_end_matches("\r\n")
        );
        check_event(&serde_json::from_str(&attached.text).unwrap(), text);
    }
}

#[tokio::test]
async fn cap_and_its_feed_have_them_as_texts_of_their_elements() {
    let home = Home::new();
    let folder = home.path("cap");
    let context = CapContext {
        sender: "pantau.test".to_owned(),
        sender_name: "Pantau".to_owned(),
        release: Release::Actual,
        restriction: "for the test".to_owned(),
        valid: Duration::from_secs(3600),
        radius_km: 0.5,
    };
    let events = events();
    tell(Kind::Cap(CapFolder::new(folder.clone(), context)), &events).await;
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let paths = |texts: &[(String, String)]| -> Vec<String> {
        texts.iter().map(|(path, _)| path.clone()).collect()
    };
    let plain = xml::texts(&read(&format!("{}.xml", events[0].1.id)));
    for (text, event) in &events {
        let texts = xml::texts(&read(&format!("{}.xml", event.id)));
        assert_eq!(paths(&texts), paths(&plain), "{text:?}");
        let of = |end: &str| -> Vec<&str> {
            let found = texts.iter().filter(|(path, _)| path.ends_with(end));
            found.map(|(_, text)| text.as_str()).collect()
        };
        assert!(
            texts.iter().all(|(_, text)| text.split('\n').all(is_inert)),
            "{text:?}"
        );
        assert_eq!(of("alert/status"), ["Actual"]);
        assert_eq!(of("area/areaDesc"), [shown(text), shown(text)]);
        let (id, en) = (&event.text.id, &event.text.en);
        assert_eq!(of("info/headline"), [&id.headline, &en.headline]);
        assert_eq!(
            of("info/description"),
            [id.lines.join("\n"), en.lines.join("\n")]
        );
    }
    let feed = xml::texts(&read("feed.xml"));
    let titles: Vec<&str> = feed
        .iter()
        .filter(|(path, _)| path == "feed/entry/title")
        .map(|(_, text)| text.as_str())
        .collect();
    let newest = events.iter().rev().take(titles.len());
    assert_eq!(titles.len(), 200);
    assert_eq!(
        titles,
        newest
            .map(|(_, event)| event.text.en.headline.as_str())
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_terminal_gets_lines_and_one_bell() {
    let home = Home::new();
    let device = home.write("tty", "");
    let kind = Terminal {
        device: device.clone(),
        language: Language::Both,
    };
    let events = events();
    tell(Kind::Terminal(kind), &events).await;
    let printed = std::fs::read_to_string(device).unwrap();
    let expected: String = events
        .iter()
        .map(|(_, event)| {
            let mut text = "\u{7}".to_owned();
            for words in [&event.text.id, &event.text.en] {
                text.push_str(&format!("{}\r\n", words.headline));
                for line in &words.lines {
                    text.push_str(&format!("  {line}\r\n"));
                }
            }
            text
        })
        .collect();
    assert!(printed == expected, "the terminal shows something else");
    for line in printed.split("\r\n") {
        assert!(is_inert(line.trim_start_matches('\u{7}')), "{line:?}");
    }
}
