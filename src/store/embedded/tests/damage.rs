//! Torn logs, damaged files and files of somebody else.

use std::fs;

use super::super::StoreError;
use super::*;

const FILE: &str = "2026-03.db";
const LOG: &str = "2026-03.db-wal";

fn nth(mark: u64) -> Reading {
    let start = at("2026-03-14T03:00:00Z");
    measured(
        "roof",
        &start.saturating_add(Duration::from_secs(mark)).to_string(),
        mark,
    )
}

/// The files of a store with ten commits, none merged into the database yet.
async fn database_and_log() -> (Vec<u8>, Vec<u8>) {
    let folder = temporary();
    let store = open(folder.path());
    for mark in 0..10 {
        store.writer().send(item(nth(mark), None)).await.unwrap();
        store.writer().flush().await.unwrap();
    }
    let read = |name| fs::read(folder.path().join(name)).unwrap();
    (read(FILE), read(LOG))
}

/// Opens a store with these files, writes one reading more, and returns how
/// many of the ten are still there; they must be the first ones.
async fn survivors(database: &[u8], log: &[u8]) -> usize {
    let folder = temporary();
    fs::write(folder.path().join(FILE), database).unwrap();
    fs::write(folder.path().join(LOG), log).unwrap();
    let tally = store(folder.path(), [nth(100)]).await;
    assert_eq!(tally.stored, 1);
    let mut found = fingerprints(&all(folder.path()));
    assert_eq!(found.pop(), Some(100));
    assert_eq!(found, (0..10).take(found.len()).collect::<Vec<_>>());
    found.len()
}

#[tokio::test]
async fn a_torn_log_is_cut_at_its_last_whole_commit() {
    let (database, log) = database_and_log().await;
    assert_eq!(survivors(&database, &log).await, 10);
    let mut last = 10;
    for share in (0..20).rev() {
        let torn = log.get(..log.len() * share / 20 + 7).unwrap();
        let left = survivors(&database, torn).await;
        assert!(left <= last, "a shorter log holds more");
        last = left;
    }
    assert_eq!(last, 0);
    let mut longer = log.clone();
    longer.extend_from_slice(&[0x5a; 5_000]);
    assert_eq!(survivors(&database, &longer).await, 10);
    let mut flipped = log.clone();
    let place = log.len() - 100;
    *flipped.get_mut(place).unwrap() ^= 0x10;
    assert_eq!(survivors(&database, &flipped).await, 9);
}

#[tokio::test]
async fn a_damaged_file_is_set_aside_and_blocks_nothing() {
    let folder = temporary();
    store(folder.path(), (0..10).map(nth)).await;
    let path = folder.path().join(FILE);
    let len = fs::metadata(&path).unwrap().len();
    fs::write(&path, vec![0xee; usize::try_from(len).unwrap()]).unwrap();
    let store = open(folder.path());
    assert_eq!(store.counters().borrow().set_aside, 1);
    store.writer().send(item(nth(100), None)).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(fingerprints(&all(folder.path())), [100]);
    let aside = fs::read(folder.path().join("2026-03.damaged-1.db")).unwrap();
    assert_eq!(aside.len(), usize::try_from(len).unwrap());
}

/// Damage that shows only when a page in the middle is needed.
#[tokio::test]
async fn damage_found_while_writing_loses_no_reading() {
    let folder = temporary();
    store(folder.path(), (0..2_000).map(nth)).await;
    let path = folder.path().join(FILE);
    let mut bytes = fs::read(&path).unwrap();
    bytes.get_mut(40 * 1_024..).unwrap().fill(0xee);
    fs::write(&path, bytes).unwrap();
    let store = open(folder.path());
    let mut tokens = Tokens::new();
    for mark in 5_000..5_010 {
        let token = tokens.token();
        store.writer().send(item(nth(mark), token)).await.unwrap();
    }
    store.writer().flush().await.unwrap();
    assert_eq!(tokens.released().len(), 10);
    assert_eq!(store.counters().borrow().set_aside, 1);
    store.close().await.unwrap();
    assert_eq!(
        fingerprints(&all(folder.path())),
        (5_000..5_010).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let make = |batch: &str| {
        let folder = temporary();
        let other = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
        other.execute_batch(batch).unwrap();
        other.close().unwrap();
        folder
    };
    let check = |folder: TempDir, wanted: &str| {
        let before = fs::read(folder.path().join(FILE)).unwrap();
        let opened = Store::open(Config::new(folder.path().to_owned()), Clock::start());
        let error = opened.unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), before);
    };
    check(
        make("CREATE TABLE cookies (name)"),
        "not a file of this store",
    );
    check(
        make("PRAGMA application_id = 1347310677; PRAGMA user_version = 99; CREATE TABLE t (x)"),
        "has layout 99",
    );
}

#[tokio::test]
async fn a_damaged_row_is_counted_and_the_others_are_read() {
    let folder = temporary();
    store(folder.path(), (0..3).map(nth)).await;
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    connection
        .execute(
            "UPDATE value SET rest = x'00' WHERE at IN (SELECT min(at) FROM value)",
            [],
        )
        .unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    let mut found = Vec::new();
    let visited = reader
        .visit(&Query::default(), |reading| {
            found.push(reading.fingerprint);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((visited.readings, visited.damaged), (2, 1));
    assert_eq!(found, [1, 2]);
}

/// A crash between making the file and making its tables leaves an empty one.
#[tokio::test]
async fn an_unfinished_file_is_finished() {
    let folder = temporary();
    let unfinished = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    unfinished
        .pragma_update(None, "journal_mode", "WAL")
        .unwrap();
    unfinished.close().unwrap();
    fs::write(folder.path().join("2026-02.db"), b"").unwrap();
    assert_eq!(all(folder.path()), []);
    assert_eq!(store(folder.path(), [nth(1)]).await.stored, 1);
    assert_eq!(fingerprints(&all(folder.path())), [1]);
}

/// One bad month must not hide the others, neither from readers nor at start.
#[tokio::test]
async fn an_old_damaged_file_hides_only_itself() {
    let folder = temporary();
    store(
        folder.path(),
        [
            measured("cellar", "2026-01-14T03:00:00Z", 1),
            measured("roof", "2026-02-14T03:00:00Z", 2),
            measured("roof", "2026-03-14T03:00:00Z", 3),
        ],
    )
    .await;
    fs::write(folder.path().join("2026-02.db"), [0xee; 8_192]).unwrap();
    let reader = Reader::open(folder.path()).unwrap();
    let visited = reader.visit(&Query::default(), |_| std::ops::ControlFlow::Continue(()));
    let visited = visited.unwrap();
    assert_eq!((visited.readings, visited.damaged_files), (2, 1));
    assert_eq!(fingerprints(&reader.latest().unwrap()), [1, 3]);
    assert!(reader.counts().is_err());

    let store = open(folder.path());
    assert_eq!(store.counters().borrow().set_aside, 1);
    store.close().await.unwrap();
    assert_eq!(reader.counts().unwrap().len(), 2);
    assert!(folder.path().join("2026-02.damaged-1.db").exists());
}

#[test]
fn no_folder_is_an_error_and_an_empty_one_is_empty() {
    let folder = temporary();
    let missing = Reader::open(&folder.path().join("none"));
    assert!(matches!(missing, Err(StoreError::ListFolder { .. })));
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.readings(&Query::default()).unwrap(), []);
    assert_eq!(reader.latest().unwrap(), []);
}
