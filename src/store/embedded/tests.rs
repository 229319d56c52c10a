//! The store as its users see it, on real files.

mod damage;
mod durability;
mod identity;
mod layout;
mod queries;
mod retention;
mod round_trip;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use smallvec::smallvec;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{Config, Context, Item, Query, Reader, Store, StoredReading, Tally, Verdict};
use crate::ack::{Ack, Receipt};
use crate::clock::{Clock, Mono, Received, Wall};
use crate::criteria::{Class, Disposition, Remarks, Rule, Rules, SourceKind, Subject};
use crate::reading::{
    Amount, Channel, Delivery, DeviceTime, Flags, InstrumentId, Number, Quantity, Raw, Reading,
};

/// Nothing here takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

fn at(text: &str) -> Wall {
    Wall::parse_rfc3339(text).unwrap()
}

fn id(name: &str) -> InstrumentId {
    InstrumentId::new(name).unwrap()
}

fn channel(quantity: Quantity, number: f64) -> Channel {
    Channel {
        quantity,
        measured: Ok(Amount::new(quantity, number).unwrap()),
        at_least: None,
        raw: Some(Raw {
            value: Number::Float(number),
            unit: quantity.unit(),
        }),
        factor: None,
        counting: None,
    }
}

/// A plain reading with a time of its own, received two seconds later.
fn measured(name: &str, time: &str, fingerprint: u64) -> Reading {
    let time = at(time);
    Reading {
        device_time: DeviceTime::At(time),
        ..arrived(
            name,
            time.saturating_add(Duration::from_secs(2)),
            fingerprint,
        )
    }
}

/// A plain reading without a time of its own.
fn arrived(name: &str, received: Wall, fingerprint: u64) -> Reading {
    Reading {
        instrument: id(name),
        profile: "pantau-station".into(),
        received: Received {
            wall: received,
            mono: Mono::from_nanos(0),
        },
        device_time: DeviceTime::Absent,
        sequence: None,
        channels: smallvec![channel(Quantity::DoseRate, 0.112)],
        position: None,
        flags: Flags::EMPTY,
        fingerprint,
        delivery: Delivery::default(),
    }
}

const NORMAL: Verdict = Verdict {
    class: Some(Class::Normal),
    rule: Rule::Nr,
    also: Rules::EMPTY,
    disposition: Disposition::Accept,
    remarks: Remarks::EMPTY,
};

fn context() -> Arc<Context> {
    Arc::new(Context {
        site: Some("serpong".into()),
        source: SourceKind::Irdms,
        subject: Subject::Environment,
        policy: Some("0123abcd".into()),
    })
}

fn item(reading: Reading, ack: Option<Ack>) -> Item {
    Item::Reading {
        reading: Arc::new(reading),
        verdict: NORMAL,
        context: context(),
        ack,
    }
}

/// A source's end of its tokens.
struct Tokens {
    sender: mpsc::Sender<Receipt>,
    receiver: mpsc::Receiver<Receipt>,
    next: u64,
}

impl Tokens {
    fn new() -> Self {
        let (sender, receiver) = mpsc::channel(100_000);
        Self {
            sender,
            receiver,
            next: 0,
        }
    }

    fn token(&mut self) -> Option<Ack> {
        let receipt = Receipt {
            generation: 1,
            order: self.next,
        };
        self.next += 1;
        Some(Ack::new(receipt, self.sender.clone()))
    }

    /// The orders released so far.
    fn released(&mut self) -> Vec<u64> {
        std::iter::from_fn(|| self.receiver.try_recv().ok())
            .map(|receipt| receipt.order)
            .collect()
    }
}

fn open(folder: &Path) -> Store {
    Store::open(Config::new(folder.to_owned()), Clock::start()).unwrap()
}

/// Stores readings that cannot be sent again, and returns the tally.
async fn store(folder: &Path, readings: impl IntoIterator<Item = Reading>) -> Tally {
    let store = open(folder);
    for reading in readings {
        store.writer().send(item(reading, None)).await.unwrap();
    }
    let counters = store.counters();
    store.close().await.unwrap();
    let counters = counters.borrow();
    counters
        .by_instrument
        .values()
        .fold(Tally::default(), |sum, tally| Tally {
            stored: sum.stored + tally.stored,
            duplicates: sum.duplicates + tally.duplicates,
            refused: sum.refused + tally.refused,
            beyond_retention: sum.beyond_retention + tally.beyond_retention,
        })
}

fn all(folder: &Path) -> Vec<StoredReading> {
    Reader::open(folder)
        .unwrap()
        .readings(&Query::default())
        .unwrap()
}

fn fingerprints(readings: &[StoredReading]) -> Vec<u64> {
    readings.iter().map(|reading| reading.fingerprint).collect()
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}
