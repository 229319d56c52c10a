//! By time, instrument and area.

use std::ops::ControlFlow;

use geo::{MultiPolygon, polygon};

use super::super::{Area, Order, Refused};
use super::*;
use crate::reading::{Position, PositionSource};

/// Nine readings of two stations over three months; the fingerprint is their
/// place in time.
fn history() -> Vec<Reading> {
    [
        "2026-01-31T23:59:59.999Z",
        "2026-02-01T00:00:00Z",
        "2026-02-01T00:00:01Z",
        "2026-02-14T12:00:00Z",
        "2026-02-28T23:59:59Z",
        "2026-03-01T00:00:00Z",
        "2026-03-01T00:00:00.001Z",
        "2026-03-05T00:00:00Z",
        "2026-03-05T00:00:00.5Z",
    ]
    .iter()
    .zip(0..)
    .map(|(time, mark)| measured(if mark % 2 == 0 { "roof" } else { "cellar" }, time, mark))
    .collect()
}

#[track_caller]
fn check(folder: &Path, query: &Query, wanted: &[u64]) {
    let reader = Reader::open(folder).unwrap();
    let found = reader.readings(query).unwrap();
    assert_eq!(fingerprints(&found), wanted, "{query:?}");
}

#[tokio::test]
async fn readings_come_in_order_across_instruments_and_months() {
    let folder = temporary();
    let folder = folder.path();
    store(folder, history()).await;
    let all = Query::default();
    let newest = Query {
        order: Order::NewestFirst,
        ..all.clone()
    };
    check(folder, &all, &[0, 1, 2, 3, 4, 5, 6, 7, 8]);
    check(folder, &newest, &[8, 7, 6, 5, 4, 3, 2, 1, 0]);
    let limited = |limit, query: &Query| Query {
        limit: Some(limit),
        ..query.clone()
    };
    check(folder, &limited(0, &all), &[]);
    check(folder, &limited(3, &all), &[0, 1, 2]);
    check(folder, &limited(5, &newest), &[8, 7, 6, 5, 4]);
    let roof = Query {
        instrument: Some(id("roof")),
        ..newest.clone()
    };
    check(folder, &roof, &[8, 6, 4, 2, 0]);
    check(folder, &limited(2, &roof), &[8, 6]);
    let nobody = Query {
        instrument: Some(id("attic")),
        ..all.clone()
    };
    check(folder, &nobody, &[]);
}

#[tokio::test]
async fn since_is_included_and_until_is_not() {
    let folder = temporary();
    let folder = folder.path();
    store(folder, history()).await;
    let between = |since: &str, until: &str| Query {
        since: Some(at(since)),
        until: Some(at(until)),
        ..Query::default()
    };
    let check = |since, until, wanted: &[u64]| check(folder, &between(since, until), wanted);
    check(
        "2026-02-01T00:00:00Z",
        "2026-03-01T00:00:00Z",
        &[1, 2, 3, 4],
    );
    check(
        "2026-02-01T00:00:00.000001Z",
        "2026-02-01T00:00:01.000001Z",
        &[2],
    );
    check("2026-03-01T00:00:00Z", "2026-03-01T00:00:00.001Z", &[5]);
    check("2026-03-05T00:00:00.5Z", "2027-01-01T00:00:00Z", &[8]);
    check("2026-03-05T00:00:00Z", "2026-03-05T00:00:00Z", &[]);
    check("1990-01-01T00:00:00Z", "2000-01-01T00:00:00Z", &[]);
}

/// More readings than are fetched at a time, several channels each.
#[tokio::test]
async fn a_long_stretch_is_read_in_pieces_without_a_seam() {
    let folder = temporary();
    let start = at("2026-03-14T03:00:00Z");
    let readings = (0..3_000).map(|mark| {
        let time = start.saturating_add(Duration::from_millis(mark * 700));
        Reading {
            device_time: DeviceTime::At(time),
            channels: smallvec![
                channel(Quantity::DoseRate, 0.1),
                channel(Quantity::Dose, 2.0)
            ],
            ..arrived(if mark % 3 == 0 { "roof" } else { "cellar" }, time, mark)
        }
    });
    store(folder.path(), readings).await;
    let reader = Reader::open(folder.path()).unwrap();
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let query = Query {
            order,
            ..Query::default()
        };
        let mut found = reader.readings(&query).unwrap();
        if order == Order::NewestFirst {
            found.reverse();
        }
        assert_eq!(fingerprints(&found), (0..3_000).collect::<Vec<_>>());
        for reading in &found {
            let quantities: Vec<_> = reading.channels.iter().map(|it| it.quantity).collect();
            assert_eq!(quantities, [Quantity::DoseRate, Quantity::Dose]);
        }
    }
    let mut seen = 0;
    let visited = reader.visit(&Query::default(), |_| {
        seen += 1;
        if seen == 1_000 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(visited.unwrap().readings, 1_000);
}

fn placed(name: &str, time: &str, mark: u64, (lat, lon): (f64, f64), fixed: bool) -> Reading {
    let source = if fixed {
        PositionSource::Configured
    } else {
        PositionSource::Frame
    };
    Reading {
        position: Position::new(lat, lon, source),
        ..measured(name, time, mark)
    }
}

#[tokio::test]
async fn an_area_finds_what_was_measured_inside() {
    let folder = temporary();
    let folder = folder.path();
    let readings = [
        placed("roof", "2026-02-14T00:00:00Z", 0, (-6.2, 106.8), true),
        placed("car", "2026-02-14T00:00:01Z", 1, (-6.25, 106.85), false),
        placed("car", "2026-02-14T00:00:02Z", 2, (-6.5, 106.8), false),
        placed("car", "2026-02-15T00:00:00Z", 3, (-6.9, 107.6), false),
        placed("car", "2026-03-16T00:00:00Z", 4, (-6.3, 106.9), false),
        placed("ship", "2026-03-16T00:00:01Z", 5, (1.0, 179.5), false),
        placed("ship", "2026-03-16T00:00:02Z", 6, (1.0, -179.5), false),
        measured("cellar", "2026-03-16T00:00:03Z", 7),
    ];
    // One by one, so that a day's box grows over several commits.
    for reading in readings {
        store(folder, [reading]).await;
    }
    let inside = |area| Query {
        area: Some(area),
        ..Query::default()
    };
    let jakarta = Area::bounds(-6.4, 106.6, -6.0, 107.0).unwrap();
    check(folder, &inside(jakarta.clone()), &[0, 1, 4]);
    let date_line = Area::bounds(0.0, 179.0, 2.0, -179.0).unwrap();
    check(folder, &inside(date_line), &[5, 6]);
    let point = Area::bounds(-6.9, 107.6, -6.9, 107.6).unwrap();
    check(folder, &inside(point), &[3]);
    let triangle = polygon![
        (x: 106.7, y: -6.3), (x: 106.95, y: -6.1), (x: 106.7, y: -6.1),
    ];
    let triangle = Area::polygons(MultiPolygon::new(vec![triangle])).unwrap();
    check(folder, &inside(triangle), &[0]);
    let narrowed = Query {
        instrument: Some(id("car")),
        until: Some(at("2026-03-01T00:00:00Z")),
        ..inside(jakarta)
    };
    check(folder, &narrowed, &[1]);
}

#[tokio::test]
async fn the_latest_of_each_instrument_may_be_months_apart() {
    let folder = temporary();
    let mut readings = history();
    readings.push(measured("attic", "2011-07-05T13:51:48Z", 100));
    store(folder.path(), readings).await;
    let reader = Reader::open(folder.path()).unwrap();
    let latest = reader.latest().unwrap();
    assert_eq!(fingerprints(&latest), [100, 7, 8], "by name");
    let counts: Vec<_> = reader
        .counts()
        .unwrap()
        .into_iter()
        .map(|count| (count.instrument.to_string(), count.readings))
        .collect();
    assert_eq!(
        counts,
        [
            ("attic".to_owned(), 1),
            ("cellar".to_owned(), 4),
            ("roof".to_owned(), 5)
        ]
    );
}

#[tokio::test]
async fn refused_frames_are_kept() {
    let folder = temporary();
    let store = open(folder.path());
    let mut tokens = Tokens::new();
    let refused = |received: &str, reason: &str, len| Refused {
        instrument: Some(id("roof")),
        source: "irdms/roof/reading".to_owned(),
        received: at(received),
        reason: reason.to_owned(),
        error: "expected 3, found 4".to_owned(),
        raw: vec![0xa5; len].into(),
    };
    for frame in [
        refused("2026-02-28T23:59:59Z", "checksum", 3),
        refused("2026-03-01T00:00:00Z", "too_long", 100_000),
        Refused {
            instrument: None,
            ..refused("2026-03-02T00:00:00Z", "checksum", 0)
        },
    ] {
        let item = Item::Refused {
            refused: Box::new(frame),
            ack: tokens.token(),
        };
        store.writer().send(item).await.unwrap();
    }
    store.writer().flush().await.unwrap();
    assert_eq!(tokens.released(), [0, 1, 2]);
    let counters = store.counters().borrow().clone();
    assert_eq!(counters.by_instrument[&id("roof")].refused, 2);
    assert_eq!(counters.unattributed.refused, 1);

    let reader = Reader::open(folder.path()).unwrap();
    let found = reader.refused(None, None, 10).unwrap();
    let lens: Vec<_> = found.iter().map(|it| (it.raw.len(), it.raw_len)).collect();
    assert_eq!(lens, [(0, 0), (65_536, 100_000), (3, 3)]);
    assert_eq!(found[0].instrument, None);
    assert_eq!(found[2].instrument, Some(id("roof")));
    assert_eq!(found[2].source, "irdms/roof/reading");
    assert_eq!(found[2].error, "expected 3, found 4");
    assert_eq!(reader.refused(None, None, 2).unwrap().len(), 2);
    let february = reader.refused(None, Some(at("2026-03-01T00:00:00Z")), 10);
    assert_eq!(february.unwrap().len(), 1);
    let reasons = reader.refused_by_reason().unwrap();
    assert_eq!(reasons["checksum"], 2);
    assert_eq!(reasons["too_long"], 1);
    store.close().await.unwrap();
}
