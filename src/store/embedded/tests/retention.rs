//! What is deleted, and when.

use super::super::BEYOND_RETENTION;
use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn config(folder: &Path, days: Option<u32>) -> Config {
    Config {
        retention: days.map(|days| DAY * days),
        ..Config::new(folder.to_owned())
    }
}

async fn send(store: &Store, readings: impl IntoIterator<Item = Reading>) {
    for reading in readings {
        store.writer().send(item(reading, None)).await.unwrap();
    }
    store.writer().flush().await.unwrap();
}

#[tokio::test]
async fn whole_months_go_when_all_of_them_is_old() {
    let folder = temporary();
    let store = Store::open(config(folder.path(), Some(30)), Clock::start()).unwrap();
    let live = [
        "2026-01-31T12:00:00Z",
        "2026-02-01T00:00:00Z",
        "2026-03-14T00:00:00Z",
    ];
    send(
        &store,
        live.iter()
            .zip(0..)
            .map(|(time, mark)| measured("roof", time, mark)),
    )
    .await;
    let writer = store.writer();
    let too_early = writer
        .apply_retention(at("2026-03-02T23:59:59Z"))
        .await
        .unwrap();
    assert_eq!(too_early, [] as [std::path::PathBuf; 0]);
    let dropped = writer
        .apply_retention(at("2026-03-03T00:00:00Z"))
        .await
        .unwrap();
    assert_eq!(dropped, [folder.path().join("2026-01.db")]);
    assert_eq!(fingerprints(&all(folder.path())), [1, 2]);
    let dropped = writer
        .apply_retention(at("2026-03-31T00:00:00Z"))
        .await
        .unwrap();
    assert_eq!(dropped, [folder.path().join("2026-02.db")]);
    assert_eq!(fingerprints(&all(folder.path())), [2]);
    assert_eq!(store.counters().borrow().months_dropped, 2);

    // Writing goes on in the month that is kept.
    send(&store, [measured("roof", "2026-03-15T00:00:00Z", 3)]).await;
    assert_eq!(fingerprints(&all(folder.path())), [2, 3]);
    store.close().await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            ["lock", "2026-03.db"].contains(&name.as_str()),
            "{name} is left"
        );
    }
}

#[tokio::test]
async fn a_recording_of_years_ago_is_kept_unless_configured_otherwise() {
    let old = Reading {
        received: Received {
            wall: at("2026-03-14T00:00:00Z"),
            mono: Mono::from_nanos(0),
        },
        ..measured("bgeigie-002", "2011-07-05T13:51:48Z", 1)
    };
    let folder = temporary();
    let kept = Store::open(config(folder.path(), None), Clock::start()).unwrap();
    send(&kept, [old.clone()]).await;
    let dropped = kept
        .writer()
        .apply_retention(at("2030-01-01T00:00:00Z"))
        .await;
    assert_eq!(dropped.unwrap(), [] as [std::path::PathBuf; 0]);
    kept.close().await.unwrap();
    assert_eq!(fingerprints(&all(folder.path())), [1]);

    let folder = temporary();
    let short = Store::open(config(folder.path(), Some(365)), Clock::start()).unwrap();
    let mut tokens = Tokens::new();
    short
        .writer()
        .send(item(old, tokens.token()))
        .await
        .unwrap();
    short.writer().flush().await.unwrap();
    assert_eq!(tokens.released(), [0], "refusing it is an answer too");
    let tally = short.counters().borrow().by_instrument[&id("bgeigie-002")];
    assert_eq!(
        (tally.stored, tally.refused, tally.beyond_retention),
        (0, 0, 1)
    );
    short.close().await.unwrap();
    assert_eq!(all(folder.path()), []);
    let refused = Reader::open(folder.path())
        .unwrap()
        .refused(None, None, 9)
        .unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].reason, BEYOND_RETENTION);
    assert!(refused[0].error.contains("2011-07-05T13:51:48Z"));
}
