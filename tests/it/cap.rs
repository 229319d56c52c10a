//! CAP as its readers see it: while it changes, and whatever a message claims.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pantau::activation::{Event, Mode};
use pantau::clock::Clock;
use pantau::criteria::Class;
use pantau::deliver::{CapFolder, Filter, Kind, Subscriber, SubscriberConfig};
use pantau::exchange::cap::{CapContext, Release};
use tokio::time::{Instant, sleep_until};

use crate::support::events::{event_of, life};
use crate::support::{Home, xml};

/// Where the younger of two that merged goes on.
const OTHER: &str = "A-0123456789abcdef";

/// How long readers read while the folder changes.
const READ_FOR: Duration = Duration::from_secs(2);

fn subscriber(folder: &Path) -> Subscriber {
    let context = CapContext {
        sender: "pantau.test".to_owned(),
        sender_name: "Pantau".to_owned(),
        release: Release::Actual,
        restriction: "for the test".to_owned(),
        valid: Duration::from_secs(3600),
        radius_km: 0.5,
    };
    Subscriber::new(
        SubscriberConfig {
            id: Arc::from("cap"),
            filter: Filter::from_class(Class::Normal),
            quiet: None,
            is_paced: false,
        },
        Kind::Cap(CapFolder::new(folder.to_owned(), context)),
    )
}

/// The texts of one document by their paths.
fn read(path: &Path) -> BTreeMap<String, Vec<String>> {
    let document = std::fs::read_to_string(path).unwrap();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in xml::texts(&document) {
        texts.entry(path).or_default().push(text);
    }
    texts
}

/// Identifier and time of a message, by which others refer to it.
fn reference(message: &BTreeMap<String, Vec<String>>) -> String {
    format!(
        "pantau.test,{},{}",
        message["alert/identifier"][0], message["alert/sent"][0]
    )
}

/// Looks at the feed and at every message in it; gives the number of messages.
fn look(folder: &Path) -> usize {
    let feed = read(&folder.join("feed.xml"));
    let ids = &feed["feed/entry/id"];
    assert!(!ids.is_empty(), "an empty feed");
    let messages: Vec<_> = ids
        .iter()
        .map(|id| {
            let name = id.rsplit(':').next().unwrap();
            read(&folder.join(format!("{name}.xml")))
        })
        .collect();
    let known: BTreeSet<String> = messages.iter().map(reference).collect();
    for message in &messages {
        let identifier = &message["alert/identifier"][0];
        let (activation, version) = identifier.rsplit_once('.').unwrap();
        let version: usize = version.parse().unwrap();
        assert_eq!(message["alert/info/expires"].len(), 2, "{identifier}");
        let references: Vec<&str> = message
            .get("alert/references")
            .map_or(Vec::new(), |all| all[0].split(' ').collect());
        // Every earlier version, each as it was sent.
        assert_eq!(
            references.len(),
            version - 1,
            "{identifier}: {references:?}"
        );
        for (n, reference) in (1..).zip(&references) {
            let begin = format!("pantau.test,{activation}.{n},");
            assert!(reference.starts_with(&begin), "{identifier}: {reference}");
            assert!(known.contains(*reference), "{identifier}: {reference}");
        }
        let kind = match (
            version,
            message["alert/info/headline"][1].contains("MERGED"),
        ) {
            (1, _) => "Alert",
            (_, true) => "Cancel",
            (_, false) => "Update",
        };
        assert_eq!(message["alert/msgType"], [kind], "{identifier}");
    }
    messages.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_reader_sees_a_whole_feed_while_it_changes() {
    let home = Home::new();
    let folder = home.path("cap");
    let mut subscriber = subscriber(&folder);
    let clock = Clock::start();
    let lives = (0..20).flat_map(|n| {
        let merged_into = (n % 2 == 0).then_some(OTHER);
        life("Pasar", n, Mode::Actual, merged_into)
    });
    let events: Vec<Event> = lives.collect();
    subscriber.tell_once(&events[0], &clock).await.unwrap();

    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (folder, done) = (folder.clone(), Arc::clone(&done));
            std::thread::spawn(move || {
                let (mut looks, mut most) = (0, 0);
                while !done.load(Ordering::SeqCst) {
                    let seen = look(&folder);
                    assert!(seen >= most, "{seen} messages after {most}");
                    most = seen;
                    looks += 1;
                }
                looks
            })
        })
        .collect();
    let end = Instant::now() + READ_FOR;
    for event in &events[1..] {
        subscriber.tell_once(event, &clock).await.unwrap();
    }
    sleep_until(end).await;
    done.store(true, Ordering::SeqCst);
    let looks: Vec<usize> = readers.into_iter().map(|one| one.join().unwrap()).collect();
    assert!(looks.iter().all(|looks| *looks > 0), "{looks:?}");
    assert_eq!(look(&folder), events.len());
}

/// A reader that has an old copy finds what came since by the references; a
/// message that comes again after a restart is the same one.
#[tokio::test]
async fn a_restart_neither_loses_nor_changes_a_message() {
    let home = Home::new();
    let folder = home.path("cap");
    let clock = Clock::start();
    let events = life("Pasar", 1, Mode::Actual, None);
    let (before, after) = events.split_at(3);
    let mut first = subscriber(&folder);
    for event in before {
        first.tell_once(event, &clock).await.unwrap();
    }
    let old = std::fs::read(folder.join(format!("{}.xml", before[2].id))).unwrap();
    let mut second = subscriber(&folder);
    for event in before[2..].iter().chain(after) {
        second.tell_once(event, &clock).await.unwrap();
    }
    let again = std::fs::read(folder.join(format!("{}.xml", before[2].id))).unwrap();
    assert_eq!(old, again);
    assert_eq!(look(&folder), events.len());
}

/// What is real and what is a drill is decided by the node, never by a text.
#[tokio::test]
async fn who_claims_to_be_a_drill_is_taken_for_real() {
    let home = Home::new();
    let folder = home.path("cap");
    let clock = Clock::start();
    for (n, claim) in (1..).zip(["EXERCISE", "LATIHAN / EXERCISE: drill", "test", "X-1"]) {
        let event = event_of(claim, n);
        assert!(!event.exercise && event.id.starts_with("A-"), "{claim}");
        for words in [&event.text.id, &event.text.en] {
            assert!(!words.headline.starts_with("LATIHAN / EXERCISE"), "{claim}");
            assert!(!words.lines[0].starts_with("LATIHAN"), "{claim}");
            assert!(!words.sms.starts_with("LATIHAN") && !words.sms.starts_with("EXERCISE"));
        }
        subscriber(&folder).tell_once(&event, &clock).await.unwrap();
        let message = read(&folder.join(format!("{}.xml", event.id)));
        assert_eq!(message["alert/status"], ["Actual"], "{claim}");
    }
    let drill = &life("Pasar", 9, Mode::Exercise, None)[0];
    subscriber(&folder).tell_once(drill, &clock).await.unwrap();
    let message = read(&folder.join(format!("{}.xml", drill.id)));
    assert_eq!(message["alert/status"], ["Exercise"]);
}
