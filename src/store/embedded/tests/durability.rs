//! Acknowledged means on disk; failing means waiting, not losing.

use std::fs;

use super::super::{Health, StoreError};
use super::*;

fn nth(mark: u64) -> Reading {
    let start = at("2026-03-14T03:00:00Z");
    let time = start.saturating_add(Duration::from_millis(mark));
    Reading {
        device_time: DeviceTime::At(time),
        ..arrived("roof", time, mark)
    }
}

/// Waits until the health is as asked for, and returns it.
async fn wait_for(store: &Store, is_wanted: impl Fn(&Health) -> bool) -> Health {
    let mut health = store.health();
    tokio::time::timeout(PATIENCE, health.wait_for(|health| is_wanted(health)))
        .await
        .expect("the health changes in time")
        .unwrap()
        .clone()
}

async fn wait_for_tokens(tokens: &mut Tokens, number: usize) -> Vec<u64> {
    let mut orders = Vec::new();
    while orders.len() < number {
        let receipt = tokio::time::timeout(PATIENCE, tokens.receiver.recv())
            .await
            .unwrap_or_else(|_| panic!("only {} of {number} released", orders.len()));
        orders.push(receipt.unwrap().order);
    }
    orders
}

#[tokio::test]
async fn tokens_wait_for_the_commit_and_keep_their_order() {
    let folder = temporary();
    store(folder.path(), [nth(0)]).await;
    let store = open(folder.path());
    let mut tokens = Tokens::new();

    // Somebody else holds the file: nothing can be committed.
    let other = rusqlite::Connection::open(folder.path().join("2026-03.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for mark in 1..=50 {
        let token = tokens.token();
        store.writer().try_send(item(nth(mark), token)).unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(tokens.released(), [] as [u64; 0]);
    assert_eq!(all(folder.path()).len(), 1);

    other.execute_batch("ROLLBACK").unwrap();
    let released = wait_for_tokens(&mut tokens, 50).await;
    assert_eq!(released, (0..50).collect::<Vec<_>>());
    assert_eq!(all(folder.path()).len(), 51);
    assert_eq!(
        store.counters().borrow().by_instrument[&id("roof")].stored,
        50
    );
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_folder_that_is_gone_holds_everything_back_until_it_returns() {
    let parent = temporary();
    let folder = parent.path().join("store");
    let away = parent.path().join("away");
    let store = open(&folder);
    let mut tokens = Tokens::new();
    fs::rename(&folder, &away).unwrap();
    for mark in 0..10 {
        let token = tokens.token();
        store.writer().send(item(nth(mark), token)).await.unwrap();
    }
    let failing = wait_for(&store, |health| *health != Health::Ok).await;
    let Health::Failing { error, .. } = failing else {
        panic!("{failing:?}");
    };
    assert!(error.contains("2026-03.db"), "{error}");
    assert_eq!(tokens.released(), [] as [u64; 0]);

    fs::rename(&away, &folder).unwrap();
    wait_for(&store, |health| *health == Health::Ok).await;
    assert_eq!(wait_for_tokens(&mut tokens, 10).await.len(), 10);
    let counters = store.counters().borrow().clone();
    assert!(counters.failed_commits >= 1);
    assert_eq!(counters.by_instrument[&id("roof")].stored, 10);
    assert_eq!(counters.by_instrument[&id("roof")].duplicates, 0);
    store.close().await.unwrap();
    assert_eq!(all(&folder).len(), 10);
}

/// SQLite would go on writing into a deleted file without an error.
#[tokio::test]
async fn a_file_deleted_under_our_hands_acknowledges_nothing() {
    let folder = temporary();
    let store = open(folder.path());
    let mut tokens = Tokens::new();
    let token = tokens.token();
    store.writer().send(item(nth(0), token)).await.unwrap();
    wait_for_tokens(&mut tokens, 1).await;
    for name in ["2026-03.db", "2026-03.db-wal", "2026-03.db-shm"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let token = tokens.token();
    store.writer().send(item(nth(1), token)).await.unwrap();
    assert_eq!(wait_for_tokens(&mut tokens, 1).await, [1]);
    assert_eq!(
        fingerprints(&all(folder.path())),
        [1],
        "in a file that is there"
    );
    assert_eq!(store.counters().borrow().failed_commits, 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_full_store_fails_openly_and_what_was_not_acknowledged_can_come_again() {
    let folder = temporary();
    let config = Config {
        month_bytes_max: Some(160 * 1024),
        ..Config::new(folder.path().to_owned())
    };
    let store = Store::open(config, Clock::start()).unwrap();
    let mut tokens = Tokens::new();
    for mark in 0..5_000 {
        let token = tokens.token();
        store.writer().send(item(nth(mark), token)).await.unwrap();
        if mark % 100 == 99 && *store.health().borrow() == Health::Ok {
            // Many small commits, so that some succeed before it is full.
            drop(tokio::time::timeout(Duration::from_secs(1), store.writer().flush()).await);
        }
    }
    wait_for(&store, |health| *health != Health::Ok).await;
    let closed = store.close().await;
    let Err(StoreError::Unsaved { unsaved, source }) = closed else {
        panic!("{closed:?}");
    };
    assert!(unsaved > 0);
    assert!(crate::error::Chain(&*source).to_string().contains("full"));
    let released = tokens.released();
    assert!(!released.is_empty() && released.len() < 5_000);
    let stored = fingerprints(&all(folder.path()));
    assert_eq!(stored, released, "exactly what was acknowledged is there");

    let again = super::store(folder.path(), (0..5_000).map(nth)).await;
    assert_eq!(usize::try_from(again.duplicates).unwrap(), released.len());
    assert_eq!(
        fingerprints(&all(folder.path())),
        (0..5_000).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_full_queue_hands_the_item_back() {
    let folder = temporary();
    store(folder.path(), [nth(0)]).await;
    let store = open(folder.path());
    let other = rusqlite::Connection::open(folder.path().join("2026-03.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut accepted = 0;
    let refused = (1_u64..).find_map(
        |mark| match store.writer().try_send(item(nth(mark), None)) {
            Ok(()) => {
                accepted += 1;
                None
            }
            Err(item) => Some(item),
        },
    );
    assert!(matches!(refused, Some(Item::Reading { .. })));
    other.execute_batch("ROLLBACK").unwrap();
    store.close().await.unwrap();
    assert_eq!(all(folder.path()).len(), 1 + accepted);
}

/// A copy of the files taken at any moment is what a power cut leaves behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_loses_nothing_acknowledged() {
    let folder = temporary();
    let store = open(folder.path());
    let writer = store.writer();
    let mut tokens = Tokens::new();
    let acks: Vec<_> = (0..1_000).map(|_| tokens.token()).collect();
    let feeder = tokio::spawn(async move {
        for (mark, ack) in (0..).zip(acks) {
            writer.send(item(nth(mark), ack)).await.unwrap();
            if mark % 10 == 0 {
                tokio::time::sleep(Duration::from_micros(500)).await;
            }
        }
    });
    let mut acknowledged = Vec::new();
    for cut in 1..=10 {
        acknowledged.extend(wait_for_tokens(&mut tokens, 80).await);
        let copy = temporary();
        // The database changes only when the log is merged, for which this is
        // too little; so the later copy of the log fits the earlier one of it.
        for name in ["2026-03.db", "2026-03.db-wal"] {
            fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        open(copy.path()).close().await.unwrap();
        let found = fingerprints(&all(copy.path()));
        for order in &acknowledged {
            assert!(found.contains(order), "cut {cut} lost {order}");
        }
    }
    feeder.await.unwrap();
    store.close().await.unwrap();
    assert_eq!(all(folder.path()).len(), 1_000);
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = temporary();
    let store = open(folder.path());
    let config = Config::new(folder.path().to_owned());
    let second = Store::open(config.clone(), Clock::start());
    assert!(matches!(second, Err(StoreError::InUse { .. })));
    store.close().await.unwrap();
    Store::open(config, Clock::start())
        .unwrap()
        .close()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_closed_store_hands_items_back() {
    let folder = temporary();
    let store = open(folder.path());
    let writer = store.writer();
    assert!(!writer.is_stopped());
    store.close().await.unwrap();
    assert!(writer.is_stopped());
    assert!(writer.try_send(item(nth(0), None)).is_err());
    assert!(matches!(writer.flush().await, Err(StoreError::Stopped)));
}
