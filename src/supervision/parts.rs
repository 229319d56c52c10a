//! Watching the parts of the daemon: broker, store, journal, subscribers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Sign;
use super::lasting::{Lasting, Turn};
use super::station::UNHEALTHY;
use crate::clock::Mono;
use crate::fault::{FaultKey, FaultKind, NETWORK, Priority, Report};
use crate::language::Bilingual;

/// A journal that takes nothing for this long is at fault: a slow disk is not.
const JOURNAL_AFTER: Duration = Duration::from_secs(2);

/// A subscriber that accepts nothing for this long, though tried, is at fault.
const DELIVERY_AFTER: Duration = Duration::from_secs(60);

/// Per cent of the memory for waiting readings, and how much that matters.
const BACKLOG: [(usize, Priority); 3] = [
    (50, Priority::Low),
    (80, Priority::Normal),
    (95, Priority::High),
];

/// The broker, as the core sees it.
#[derive(Clone, Copy, Debug)]
pub struct BrokerSeen<'a> {
    /// Readings can come in.
    pub is_up: bool,
    /// It answers, but confirms no subscription.
    pub is_reached: bool,
    /// What happened last.
    pub detail: &'a str,
}

/// What the journal's thread says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSeen {
    /// Since when it works on what is to be written now.
    pub since: Mono,
    /// Why that failed so far.
    pub error: Option<String>,
}

/// A subscriber, as its deliveries show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubscriberSeen {
    /// Its name.
    pub id: String,
    /// Since when something is tried that it has not accepted, with nothing
    /// accepted since.
    pub trying_since: Option<Mono>,
    /// What the last attempt failed with.
    pub error: Option<String>,
    /// Messages given up since the start.
    pub dead_letters: u64,
    /// The last of them, and why.
    pub last_dead: Option<String>,
}

/// What is seen of the parts at one look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// The broker, when one is configured.
    pub broker: Option<BrokerSeen<'a>>,
    /// Why the store cannot be written.
    pub store: Option<&'a str>,
    /// Readings in memory that wait for the store, and how many may.
    pub backlog: (usize, usize),
    /// What the journal's thread works on.
    pub journal: Option<&'a JournalSeen>,
    /// Everyone who is told.
    pub subscribers: &'a [SubscriberSeen],
}

/// What was said of each part.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    broker: Lasting,
    subscription: Lasting,
    store: Lasting,
    journal: Option<Turn>,
    backlog: Option<Option<Priority>>,
    subscribers: BTreeMap<String, Letters>,
}

#[derive(Clone, Debug, Default)]
struct Letters {
    delivery: Option<Turn>,
    dead: u64,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            broker: Lasting::new(UNHEALTHY),
            subscription: Lasting::new(UNHEALTHY),
            store: Lasting::new(Duration::ZERO),
            journal: None,
            backlog: None,
            subscribers: BTreeMap::new(),
        }
    }
}

impl Parts {
    pub(super) fn look(&mut self, now: Mono, seen: &Seen<'_>, signs: &mut Vec<Sign>) {
        self.look_at_broker(now, seen.broker, signs);
        if let Some(turn) = self.store.look(now, seen.store.is_some()) {
            let detail = same(seen.store.unwrap_or_default());
            signs.push(sign(
                turn,
                FaultKind::Store,
                NETWORK,
                Priority::Normal,
                detail,
            ));
        }
        self.look_at_journal(now, seen.journal, signs);
        self.look_at_backlog(seen.backlog, signs);
        for subscriber in seen.subscribers {
            self.look_at_subscriber(now, subscriber, signs);
        }
    }

    fn look_at_broker(&mut self, now: Mono, broker: Option<BrokerSeen<'_>>, signs: &mut Vec<Sign>) {
        let is_down = broker.is_some_and(|broker| !broker.is_up);
        let is_reached = broker.is_some_and(|broker| broker.is_reached);
        let detail = broker.map_or("", |broker| broker.detail);
        let two = [
            (&mut self.broker, FaultKind::Broker, is_down && !is_reached),
            (
                &mut self.subscription,
                FaultKind::Subscription,
                is_down && is_reached,
            ),
        ];
        for (lasting, kind, is_bad) in two {
            if let Some(turn) = lasting.look(now, is_bad) {
                signs.push(sign(turn, kind, NETWORK, Priority::High, same(detail)));
            }
        }
    }

    fn look_at_journal(&mut self, now: Mono, journal: Option<&JournalSeen>, signs: &mut Vec<Sign>) {
        let late = journal.filter(|seen| now.since(seen.since) >= JOURNAL_AFTER);
        let turn = late.map_or(Turn::Off, |_| Turn::On);
        if self.journal.replace(turn) == Some(turn) {
            return;
        }
        let hangs = Bilingual {
            id: "disk tidak menjawab".to_owned(),
            en: "the disk does not answer".to_owned(),
        };
        let error = late.and_then(|seen| seen.error.as_deref());
        let detail = error.map_or(hangs, same);
        signs.push(sign(
            turn,
            FaultKind::Journal,
            NETWORK,
            Priority::High,
            detail,
        ));
    }

    fn look_at_backlog(&mut self, (waiting, bound): (usize, usize), signs: &mut Vec<Sign>) {
        let percent = waiting.saturating_mul(100).checked_div(bound).unwrap_or(0);
        let reached = BACKLOG.iter().rev().find(|(least, _)| percent >= *least);
        let priority = reached.map(|(_, priority)| *priority);
        // It is over when it is well below where it began, not at its edge.
        let first = BACKLOG.first().map_or(0, |(least, _)| *least);
        let is_between = priority.is_none() && percent * 2 >= first;
        let was = self.backlog.flatten();
        if is_between && was.is_some() || self.backlog == Some(priority) {
            return;
        }
        self.backlog = Some(priority);
        let turn = priority.map_or(Turn::Off, |_| Turn::On);
        let detail = Bilingual {
            id: format!("{waiting} pembacaan menunggu, {percent} % dari tempatnya"),
            en: format!("{waiting} readings wait, {percent} % of the room for them"),
        };
        let priority = priority.unwrap_or(Priority::Low);
        signs.push(sign(turn, FaultKind::Backlog, NETWORK, priority, detail));
    }

    fn look_at_subscriber(&mut self, now: Mono, seen: &SubscriberSeen, signs: &mut Vec<Sign>) {
        if !self.subscribers.contains_key(&seen.id) {
            self.subscribers.insert(seen.id.clone(), Letters::default());
        }
        let Some(letters) = self.subscribers.get_mut(&seen.id) else {
            return;
        };
        let since = seen.trying_since;
        let is_late = since.is_some_and(|since| now.since(since) >= DELIVERY_AFTER);
        // One that is being tried right now is neither well nor at fault.
        let turn = match (is_late, since) {
            (true, _) => Some(Turn::On),
            (false, None) => Some(Turn::Off),
            (false, Some(_)) => None,
        };
        if let Some(turn) = turn.filter(|turn| letters.delivery != Some(*turn)) {
            letters.delivery = Some(turn);
            let detail = seen.error.as_deref().map_or_else(
                || Bilingual {
                    id: "tidak menjawab".to_owned(),
                    en: "it does not answer".to_owned(),
                },
                same,
            );
            let (kind, what) = (FaultKind::Delivery, seen.id.as_str());
            signs.push(sign(turn, kind, what, Priority::Normal, detail));
        }
        if seen.dead_letters > letters.dead {
            letters.dead = seen.dead_letters;
            let detail = same(seen.last_dead.as_deref().unwrap_or_default());
            let (kind, what) = (FaultKind::DeadLetter, seen.id.as_str());
            signs.push(sign(Turn::On, kind, what, Priority::Normal, detail));
        }
    }
}

/// What a program said of itself: the same in both languages.
fn same(text: &str) -> Bilingual {
    Bilingual {
        id: text.to_owned(),
        en: text.to_owned(),
    }
}

fn sign(turn: Turn, kind: FaultKind, what: &str, priority: Priority, detail: Bilingual) -> Sign {
    let key = FaultKey::new(kind, what);
    match turn {
        Turn::On => Sign::On(Report::new(key, priority, detail)),
        Turn::Off => Sign::Off(key),
    }
}
