//! The journal against whoever changes it: no edit stays unseen.

mod edits;
mod verb;

use std::io;
use std::path::Path;

use pantau::activation::{Config, Event, EventContext, Machine, Saved};
use pantau::clock::{Mono, Received, Wall, Zone};
use pantau::journal::{
    Disk, Entry, HeadsFile, Journal, JournalError, OsDisk, Outcome, Outgoing, Segment, Signer,
    open_keys,
};
use serde_json::Value;

/// Transitions as version 1 wrote them.
const GOLDEN: &str = include_str!("../../src/journal/golden_v1.ndjson");

/// When the journals of these tests begin.
fn at(secs: u64) -> Wall {
    Wall::from_secs(1_773_457_200 + i64::try_from(secs).unwrap()).unwrap()
}

/// One entry of every kind but the repair, which the journal writes itself.
fn entries(n: u64) -> Vec<Entry> {
    let transitions: Vec<Entry> = GOLDEN
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            serde_json::from_value(record["entry"].clone()).unwrap()
        })
        .collect();
    let saved = transitions.iter().map(|entry| match entry {
        Entry::Transition { transition, .. } => Saved::Transition(transition.clone()),
        other => panic!("{other:?}"),
    });
    let now = Received {
        wall: at(n),
        mono: Mono::from_secs(n),
    };
    let machine = Machine::restored(Config::default(), saved.collect::<Vec<_>>(), now);
    let context = EventContext {
        node: "serpong".to_owned(),
        zone: Zone::Wib,
        recorded: true,
    };
    let outgoing = Outgoing {
        message: format!("A-{n}.1"),
        subscriber: "mqtt".to_owned(),
    };
    let mut entries = vec![
        Entry::Started {
            software: "0.1.0".to_owned(),
            node: "serpong".to_owned(),
        },
        Entry::Notice {
            event: Box::new(Event::trial("mqtt", at(n), &context)),
            outbox: vec![outgoing.clone()],
        },
        Entry::Result {
            outgoing,
            outcome: Outcome::Accepted,
        },
        Entry::Snapshot {
            snapshot: Box::new(machine.snapshot(now)),
        },
        Entry::Action {
            by: "piket".to_owned(),
            channel: "cli".to_owned(),
            what: format!("n{n}"),
            note: "µSv/h \"dicek\"\n".to_owned(),
        },
        Entry::Changed {
            what: "level".to_owned(),
            old: "1".to_owned(),
            new: format!("{n}"),
            by: "piket".to_owned(),
        },
        Entry::Policy {
            hash: format!("{n:064x}"),
            text: "rain.ratio = 2\n".to_owned(),
        },
        Entry::ClockStepped {
            step_ms: -3_600_000,
        },
        Entry::Stopped {
            why: "told to".to_owned(),
        },
    ];
    entries.extend(transitions);
    entries
}

/// A disk on which every so many syncs fail, so that the journal goes on in a new
/// segment.
#[derive(Debug)]
struct Short(u32);

#[derive(Debug)]
struct ShortSegment {
    inner: Box<dyn Segment>,
    left: u32,
}

impl Disk for Short {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        let inner = OsDisk.create(path)?;
        Ok(Box::new(ShortSegment {
            inner,
            left: self.0,
        }))
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        OsDisk.open(path)
    }
}

impl Segment for ShortSegment {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(()) // the tests need no power cut
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.inner.truncate(len)
    }
}

/// Writes a journal of several segments with so many records of all kinds, and
/// gives how many it has in the end.
fn write_journal(folder: &Path, records: u64, per_segment: u32) -> (u64, String) {
    let disk = Box::new(Short(per_segment));
    let (mut journal, _) = Journal::open_on(folder, at(0), disk).unwrap();
    let mut n = 0;
    while journal.next_seq() <= records {
        let is_long =
            |entry: &Entry| matches!(entry, Entry::Transition { .. } | Entry::Snapshot { .. });
        let mut entries = entries(n);
        // A few of the long ones are enough.
        entries.retain(|entry| n < 40 || !is_long(entry));
        for entry in entries {
            n += 1;
            while let Err(error) = journal.append(at(n), &entry) {
                assert!(matches!(error, JournalError::Write { .. }), "{error}");
            }
        }
    }
    (journal.next_seq() - 1, journal.head())
}

/// The key of the folder that stands beside the journal's.
fn signer(folder: &Path) -> Signer {
    let state = folder.join("..").join("state");
    open_keys(&state, "serpong", None).signer.unwrap()
}

/// Signs a head and keeps it beside the journal.
fn keep_head(folder: &Path, seq: u64, hash: &str) {
    let head = signer(folder).sign(seq, hash, at(seq));
    HeadsFile::of(folder).add(&head).unwrap();
}
