//! Mail against a server that plays its part by a script: how often it is told,
//! and what it never gets to see.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lettre::message::Mailbox;
use pantau::clock::Clock;
use pantau::criteria::Class;
use pantau::deliver::{
    Filter, Kind, Language, Mail, MailConfig, Outcome, Report, Security, Subscriber,
    SubscriberConfig,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::support::events::event_of;
use crate::support::{Smtp, in_time};

fn config(smtp: &Smtp, security: Security) -> MailConfig {
    MailConfig {
        host: "127.0.0.1".to_owned(),
        port: smtp.port(),
        security,
        login: Some(("pantau".to_owned(), "the-password".to_owned())),
        from: "pantau@example.org".parse().unwrap(),
        to: vec!["duty@example.org".parse().unwrap()],
        timeout: Duration::from_secs(10),
        language: Language::English,
    }
}

fn subscriber(config: MailConfig) -> Subscriber {
    Subscriber::new(
        SubscriberConfig {
            id: Arc::from("duty"),
            filter: Filter::from_class(Class::Normal),
            quiet: None,
            is_paced: false,
        },
        Kind::Mail(Box::new(Mail::new(config).unwrap())),
    )
}

/// Tells one event, and what became of it.
async fn outcome(smtp: &Smtp, after_the_first: Option<&'static str>) -> Outcome {
    let mut config = config(smtp, Security::None);
    config.login = None;
    let (offers, offered) = mpsc::channel(8);
    let (reports, mut reported) = mpsc::channel::<Report>(8);
    let stop = CancellationToken::new();
    let floods = watch::Sender::new(BTreeMap::new());
    let running = subscriber(config).run(Clock::start(), offered, reports, floods, stop.clone());
    let running = tokio::spawn(running);
    offers.send(Arc::new(event_of("Pasar", 1))).await.unwrap();
    if let Some(verdict) = after_the_first {
        smtp.wait(1).await;
        smtp.answer(verdict);
    }
    let report = in_time("what becomes of it", reported.recv())
        .await
        .unwrap();
    stop.cancel();
    running.await.unwrap();
    report.outcome
}

#[tokio::test]
async fn a_mail_that_cannot_be_taken_now_comes_again() {
    let smtp = Smtp::start("451 not now").await;
    let outcome = outcome(&smtp, Some("250 taken")).await;
    assert_eq!(outcome, Outcome::Accepted { attempts: 2 });
    let mails = smtp.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(message_id(&mails[0]), message_id(&mails[1]));
}

fn message_id(mail: &str) -> &str {
    mail.lines()
        .find(|line| line.starts_with("Message-ID:"))
        .unwrap()
}

#[tokio::test]
async fn a_mail_refused_for_good_is_sent_once_more_and_then_set_aside() {
    let smtp = Smtp::start("550 no such person").await;
    let Outcome::DeadLetter { error } = outcome(&smtp, None).await else {
        panic!("it was not refused");
    };
    assert!(error.contains("550"), "{error}");
    assert_eq!(smtp.mails().len(), 2);
}

/// Neither the mail nor the password is said to a server that offers no TLS.
#[tokio::test]
async fn without_starttls_nothing_is_said_but_a_greeting() {
    let smtp = Smtp::start("250 taken").await;
    let mut subscriber = subscriber(config(&smtp, Security::StartTls));
    let told = subscriber
        .tell_once(&event_of("Pasar", 1), &Clock::start())
        .await;
    told.expect_err("it was sent in the clear");
    let said = smtp.said();
    assert!(
        said.iter()
            .all(|line| line.starts_with("EHLO ") || line == "QUIT" || line == "STARTTLS"),
        "{said:?}"
    );
    assert!(
        said.iter().any(|line| line.starts_with("EHLO ")),
        "{said:?}"
    );
    assert_eq!(smtp.mails(), Vec::<String>::new());
}

#[tokio::test]
async fn plain_text_goes_to_the_loopback_alone() {
    let smtp = Smtp::start("250 taken").await;
    for host in [
        "mail.example.org",
        "10.0.0.1",
        "192.0.2.1",
        "localhost.example.org",
    ] {
        let config = MailConfig {
            host: host.to_owned(),
            ..config(&smtp, Security::None)
        };
        assert!(Mail::new(config).is_err(), "{host}");
    }
}

#[test]
fn no_address_holds_a_header() {
    for address in [
        "a@example.org\r\nBcc: x@evil.example",
        "a@example.org\nBcc: x@evil.example",
        "A\r\nBcc: x@evil.example <a@example.org>",
        "a@exam\0ple.org",
        "<a@example.org>\r\nDATA",
        "a b@example.org, c",
    ] {
        let read = address.parse::<Mailbox>();
        let is_harmless = read.as_ref().map_or(true, |mailbox| {
            !mailbox.to_string().contains(['\r', '\n', '\0'])
        });
        assert!(is_harmless, "{address:?} is {read:?}");
    }
}
