//! What each subscriber was told, in one form, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{core_of, message};
use crate::support::{Client, Smtp, Webhook};

/// One message as a subscriber had it.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Activation and version.
    pub(super) id: String,
    /// The activation.
    pub(super) activation: String,
    /// Its version.
    pub(super) version: u64,
    /// What must be the same when it comes again.
    pub(super) content: Value,
}

/// By the broker.
pub(super) fn by_mqtt(listener: &Client) -> Vec<Message> {
    let heard = listener.heard("pantau/v1/pantau/event");
    let events = heard.iter().map(|heard| &heard.document);
    events
        .map(|event| message(event["id"].as_str().unwrap(), core_of(event)))
        .collect()
}

/// By HTTP.
pub(super) fn by_webhook(hook: &Webhook) -> Vec<Message> {
    let received = hook.received();
    received
        .iter()
        .map(|one| message(one.id(), core_of(&one.document)))
        .collect()
}

/// By mail: its subject has to be the same, as its attachment is encoded.
pub(super) fn by_mail(smtp: &Smtp) -> Vec<Message> {
    let mails = smtp.mails();
    mails
        .iter()
        .map(|mail| {
            let id = header(mail, "Message-ID");
            let id = id.trim_start_matches('<').split('@').next().unwrap();
            message(id, json!({"subject": header(mail, "Subject")}))
        })
        .collect()
}

/// A header with the lines that it goes on in.
fn header(mail: &str, name: &str) -> String {
    let start = format!("{name}: ");
    let mut lines = mail
        .split("\r\n")
        .skip_while(|line| !line.starts_with(&start));
    let first = lines.next().unwrap().trim_start_matches(&start).to_owned();
    lines
        .take_while(|line| line.starts_with(' '))
        .fold(first, |all, line| all + line)
}

/// Gives the number of distinct messages.
///
/// # Panics
///
/// When one activation has two ids, one id came with two contents, or the first
/// raising or the rise of an activation is missing.
#[track_caller]
pub(super) fn check(
    subscriber: &str,
    messages: &[Message],
    ids: &BTreeMap<String, String>,
) -> usize {
    let known: BTreeSet<&String> = ids.values().collect();
    let mut by_id: BTreeMap<&str, &Message> = BTreeMap::new();
    for message in messages {
        assert!(
            known.contains(&message.activation),
            "{subscriber} heard of another activation: {message:#?}"
        );
        if let Some(first) = by_id.insert(&message.id, message) {
            assert_eq!(first.content, message.content, "{subscriber}");
        }
    }
    for id in known {
        let of_it: Vec<&&Message> = by_id.values().filter(|m| m.activation == *id).collect();
        let raised = of_it.iter().filter(|message| message.version == 1);
        assert_eq!(raised.count(), 1, "{subscriber} heard of {id}: {of_it:#?}");
        assert!(of_it.len() >= 2, "{subscriber} heard of {id}: {of_it:#?}");
    }
    by_id.len()
}

/// Whoever gets whole documents got the same ones, with one raising and one rise
/// for each activation; and mail had each of these.
#[track_caller]
pub(super) fn check_same_everywhere(heard: &[(&str, Vec<Message>)]) {
    let mut first: BTreeMap<(String, String), String> = BTreeMap::new();
    for (subscriber, messages) in heard {
        for message in messages {
            let Some(why) = message.content["why"].as_str() else {
                continue;
            };
            if why == "updated" {
                continue; // several may have become one
            }
            assert!(matches!(why, "raised" | "risen"), "{message:#?}");
            let key = (message.activation.clone(), why.to_owned());
            let id = first.entry(key).or_insert_with(|| message.id.clone());
            assert_eq!(*id, message.id, "{subscriber}: two messages for one thing");
        }
    }
    for (subscriber, messages) in heard {
        let had: BTreeSet<&String> = messages.iter().map(|message| &message.id).collect();
        let missing: Vec<_> = first.iter().filter(|(_, id)| !had.contains(id)).collect();
        assert!(
            missing.is_empty(),
            "{subscriber} was never told {missing:?}"
        );
    }
    let activations: BTreeSet<&String> = first.keys().map(|(activation, _)| activation).collect();
    assert_eq!(first.len(), 2 * activations.len(), "{first:#?}");
}
