//! Nothing twice, nothing merged.

use super::*;
use crate::reading::Sequence;
use crate::store::point_time;

const HOUR: Duration = Duration::from_secs(3_600);

/// Sends each reading as if it could come again, with a restart in between
/// every two, and says which were taken for new.
async fn new_ones(readings: &[Reading]) -> Vec<bool> {
    let folder = temporary();
    let mut tokens = Tokens::new();
    let mut new = Vec::new();
    for reading in readings {
        let store = open(folder.path());
        let token = tokens.token();
        store
            .writer()
            .send(item(reading.clone(), token))
            .await
            .unwrap();
        store.writer().flush().await.unwrap();
        let tally = store.counters().borrow().by_instrument[&reading.instrument];
        assert_eq!(tally.stored + tally.duplicates, 1);
        new.push(tally.stored == 1);
        store.close().await.unwrap();
    }
    assert_eq!(
        tokens.released().len(),
        readings.len(),
        "a duplicate is acknowledged too"
    );
    let kept = new.iter().filter(|new| **new).count();
    assert_eq!(all(folder.path()).len(), kept);
    new
}

fn numbered(received: Wall, boot: Option<u64>, seq: u64, fingerprint: u64) -> Reading {
    Reading {
        sequence: Some(Sequence { boot, seq }),
        ..arrived("roof", received, fingerprint)
    }
}

fn redelivered(reading: Reading) -> Reading {
    Reading {
        delivery: Delivery {
            retained: false,
            redelivered: true,
        },
        ..reading
    }
}

fn noon() -> Wall {
    at("2026-03-14T12:00:00Z")
}

#[tokio::test]
async fn a_reading_with_its_own_time_lands_on_itself() {
    let first = measured("roof", "2026-03-14T03:00:00Z", 7);
    let later = Reading {
        received: Received {
            wall: at("2026-05-01T00:00:00Z"),
            mono: Mono::from_nanos(0),
        },
        ..first.clone()
    };
    assert_eq!(
        new_ones(&[first.clone(), first, later]).await,
        [true, false, false]
    );
}

#[tokio::test]
async fn the_same_twice_in_one_commit_is_one() {
    let folder = temporary();
    let reading = measured("roof", "2026-03-14T03:00:00Z", 7);
    let tally = store(folder.path(), [reading.clone(), reading]).await;
    assert_eq!((tally.stored, tally.duplicates), (1, 1));
}

#[tokio::test]
async fn two_readings_of_one_instant_are_both_kept() {
    let folder = temporary();
    let readings = (0..500).map(|mark| measured("roof", "2026-03-14T03:00:00Z", mark));
    assert_eq!(store(folder.path(), readings).await.stored, 500);
    let mut found = fingerprints(&all(folder.path()));
    found.sort_unstable();
    assert_eq!(found, (0..500).collect::<Vec<_>>());
}

/// Different readings whose keys meet by chance move on by a nanosecond, and
/// are still known when they come again.
#[tokio::test]
async fn a_meeting_of_keys_loses_nothing() {
    let first = measured("roof", "2026-03-14T03:00:00Z", 1);
    let second = (2..)
        .map(|mark| measured("roof", "2026-03-14T03:00:00Z", mark))
        .find(|other| point_time(other) == point_time(&first))
        .unwrap();
    let third = Reading {
        channels: smallvec![channel(Quantity::Dose, 3.0)],
        ..second.clone()
    };
    assert_eq!(
        new_ones(&[first.clone(), second.clone(), second, first, third]).await,
        [true, true, false, false, false],
        "the fingerprint decides, not the values"
    );
}

#[tokio::test]
async fn a_number_is_known_under_another_time_of_arrival() {
    let later = |hours| noon().saturating_add(HOUR * hours);
    for (boot, second_after_hours, is_new) in [
        (Some(3), 1, false),
        (Some(3), 100, false),
        (None, 1, false),
        (None, 24, false),
        (None, 25, true),
    ] {
        let first = numbered(noon(), boot, 17, 7);
        let second = numbered(later(second_after_hours), boot, 17, 7);
        assert_eq!(
            new_ones(&[first, second]).await,
            [true, is_new],
            "boot {boot:?}, {second_after_hours} h"
        );
    }
    let first = numbered(noon(), Some(3), 17, 7);
    for other in [
        numbered(later(1), Some(4), 17, 7),
        numbered(later(1), None, 17, 7),
        numbered(later(1), Some(3), 18, 7),
        numbered(later(1), Some(3), 17, 8),
        arrived("roof", later(1), 7),
        Reading {
            instrument: id("cellar"),
            ..numbered(later(1), Some(3), 17, 7)
        },
    ] {
        assert_eq!(new_ones(&[first.clone(), other]).await, [true, true]);
    }
}

#[tokio::test]
async fn without_a_number_only_a_marked_repetition_is_one() {
    let first = arrived("roof", noon(), 7);
    let soon = noon().saturating_add(HOUR);
    let late = noon().saturating_add(HOUR * 25);
    for (second, is_new) in [
        (arrived("roof", soon, 7), true),
        (redelivered(arrived("roof", soon, 7)), false),
        (redelivered(arrived("roof", soon, 8)), true),
        (redelivered(arrived("roof", late, 7)), true),
    ] {
        assert_eq!(new_ones(&[first.clone(), second]).await, [true, is_new]);
    }
}

#[tokio::test]
async fn repetitions_are_known_across_the_turn_of_a_month() {
    let before = at("2026-03-31T23:59:59Z");
    let after = at("2026-04-01T00:00:05Z");
    let first = numbered(before, None, 17, 7);
    assert_eq!(
        new_ones(&[first, numbered(after, None, 17, 7)]).await,
        [true, false]
    );
    let first = arrived("roof", before, 7);
    let second = redelivered(arrived("roof", after, 7));
    assert_eq!(new_ones(&[first, second]).await, [true, false]);
}

/// A serial instrument that sends the same line again has measured again.
#[tokio::test]
async fn live_readings_without_time_are_never_duplicates() {
    let folder = temporary();
    let readings = (0..1_000)
        .map(|step| arrived("roof", noon().saturating_add(Duration::from_nanos(step)), 7));
    assert_eq!(store(folder.path(), readings).await.stored, 1_000);
    assert_eq!(all(folder.path()).len(), 1_000);
}

#[tokio::test]
async fn old_identities_are_forgotten() {
    let folder = temporary();
    let store = open(folder.path());
    let mut tokens = Tokens::new();
    for reading in [numbered(noon(), Some(3), 17, 7), arrived("roof", noon(), 8)] {
        let token = tokens.token();
        store.writer().send(item(reading, token)).await.unwrap();
    }
    let rows = |table: &str| {
        rusqlite::Connection::open(folder.path().join("2026-03.db"))
            .unwrap()
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get::<_, i64>(0)
            })
            .unwrap()
    };
    let writer = store.writer();
    let day = HOUR * 24;
    writer
        .apply_retention(noon().saturating_add(day * 6))
        .await
        .unwrap();
    assert_eq!((rows("numbered"), rows("arrived")), (1, 1));
    writer
        .apply_retention(noon().saturating_add(day * 8))
        .await
        .unwrap();
    assert_eq!((rows("numbered"), rows("arrived")), (0, 0));
    assert_eq!(all(folder.path()).len(), 2);
    store.close().await.unwrap();
}
