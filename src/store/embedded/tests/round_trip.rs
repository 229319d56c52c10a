//! What goes in comes out.

use smallvec::smallvec;

use super::super::{StoredChannel, StoredRaw};
use super::*;
use crate::criteria::Remark;
use crate::reading::{
    Counting, Factor, Flag, NoValue, Position, PositionSource, Radiation, Sequence,
};
use crate::store::point_time;
use crate::units::rounded;

/// What must come out, built from what goes in.
fn expected(reading: &Reading, verdict: Verdict, context: &Arc<Context>) -> StoredReading {
    let amount =
        |quantity, amount: Amount| Amount::new(quantity, rounded(amount.number())).unwrap();
    let degrees = |value: f64| (value * 1e7).round() / 1e7;
    let channels = reading.channels.iter().map(|channel| StoredChannel {
        quantity: channel.quantity,
        measured: channel.measured.map(|it| amount(channel.quantity, it)),
        at_least: channel.at_least.map(|it| amount(channel.quantity, it)),
        raw: channel.raw.map(|raw| StoredRaw {
            value: raw.value,
            unit: raw.unit.to_owned(),
        }),
        factor: channel.factor.clone(),
        counting: channel.counting,
    });
    StoredReading {
        key: point_time(reading),
        instrument: reading.instrument.clone(),
        profile: Arc::clone(&reading.profile),
        context: Arc::clone(context),
        received: reading.received.wall,
        device_time: reading.device_time,
        sequence: reading.sequence,
        channels: channels.collect(),
        position: reading.position.map(|position| Position {
            lat: degrees(position.lat),
            lon: degrees(position.lon),
            ..position
        }),
        flags: reading.flags,
        fingerprint: reading.fingerprint,
        delivery: reading.delivery,
        verdict,
    }
}

/// Stores it and compares, once in the open store and once after a restart.
async fn check(reading: Reading, verdict: Verdict, context: Context) {
    let folder = temporary();
    let context = Arc::new(context);
    let wanted = expected(&reading, verdict, &context);
    let store = open(folder.path());
    let item = Item::Reading {
        reading: Arc::new(reading.clone()),
        verdict,
        context: Arc::clone(&context),
        ack: None,
    };
    store.writer().send(item).await.unwrap();
    store.writer().flush().await.unwrap();
    assert_eq!(all(folder.path()), std::slice::from_ref(&wanted));
    store.close().await.unwrap();
    let found = all(folder.path());
    assert_eq!(found, [wanted]);
    assert_eq!(found.first().unwrap().at(), reading.at());
    assert_eq!(found.first().unwrap().time_source(), reading.time_source());
}

fn plain_context() -> Context {
    Context::clone(&context())
}

/// A reading with every field set to something unlike its default.
fn everything() -> Reading {
    let rate = Quantity::CountRate(Radiation::AlphaBetaGamma);
    let surface = Quantity::SurfaceActivity(Radiation::Alpha);
    let factor = Arc::new(Factor {
        text: "334 cpm per uSv/h".to_owned(),
        source: "certificate 12/2026".to_owned(),
    });
    Reading {
        sequence: Some(Sequence {
            boot: Some(u64::MAX - 1),
            seq: u64::MAX,
        }),
        channels: smallvec![
            Channel {
                raw: Some(Raw {
                    value: Number::Int(7),
                    unit: "cpm",
                }),
                factor: Some(factor),
                counting: Some(Counting {
                    counts: u64::MAX,
                    seconds: 1.0 / 3.0,
                }),
                ..channel(rate, 7.0 / 60.0)
            },
            Channel {
                measured: Err(NoValue::Overrange),
                at_least: Some(Amount::new(Quantity::DoseRate, 1000.25).unwrap()),
                raw: None,
                ..channel(Quantity::DoseRate, 0.0)
            },
            channel(surface, 1e13),
            channel(Quantity::Dose, 0.0),
            // The same quantity once more: two detectors in one frame.
            channel(Quantity::DoseRate, 250_000.123_456_7),
        ],
        position: Some(Position {
            lat: -6.351_234_567_89,
            lon: 106.665_432_1,
            alt_m: Some(-0.37),
            source: PositionSource::Fix,
            age_s: Some(1.75),
            hdop: Some(0.9),
        }),
        flags: Flag::ALL.iter().copied().collect(),
        delivery: Delivery {
            retained: true,
            redelivered: true,
        },
        ..measured("002", "2026-03-14T03:00:00.123456789Z", u64::MAX)
    }
}

#[tokio::test]
async fn every_field_comes_back() {
    let verdict = Verdict {
        class: Some(Class::Emergency),
        rule: Rule::Sn2,
        also: Rule::ALL.iter().copied().collect(),
        disposition: Disposition::Quarantine,
        remarks: Remark::ALL.iter().copied().collect(),
    };
    let context = Context {
        site: None,
        source: SourceKind::Mobile,
        subject: Subject::Person,
        policy: Some("0123abcd".into()),
    };
    check(everything(), verdict, context).await;
}

#[tokio::test]
async fn times_come_back() {
    for device_time in [
        DeviceTime::Absent,
        DeviceTime::Naive,
        DeviceTime::Impossible,
        DeviceTime::At(at("2011-07-05T13:51:48Z")),
        DeviceTime::At(at("1969-12-31T23:59:59.9999Z")),
        DeviceTime::At(at("2200-01-01T00:00:00Z")),
    ] {
        let received = at("2026-03-14T03:00:00.987654321Z");
        let reading = Reading {
            device_time,
            ..arrived("roof", received, 1)
        };
        check(reading, NORMAL, plain_context()).await;
    }
}

#[tokio::test]
async fn positions_come_back() {
    let place = Position::new(-90.0, 180.0, PositionSource::Configured).unwrap();
    for position in [
        place,
        Position {
            alt_m: Some(12.5),
            ..place
        },
        Position {
            age_s: Some(3.0),
            ..place
        },
        Position {
            source: PositionSource::Frame,
            ..place
        },
    ] {
        let reading = Reading {
            position: Some(position),
            ..measured("roof", "2026-03-14T03:00:00Z", 1)
        };
        check(reading, NORMAL, plain_context()).await;
    }
}

#[tokio::test]
async fn missing_values_come_back_with_their_reason() {
    for reason in NoValue::ALL {
        let reading = Reading {
            channels: smallvec![Channel {
                measured: Err(*reason),
                ..channel(Quantity::DoseRate, 0.5)
            }],
            ..measured("roof", "2026-03-14T03:00:00Z", 1)
        };
        let verdict = Verdict {
            class: None,
            ..NORMAL
        };
        check(reading, verdict, plain_context()).await;
    }
}

#[tokio::test]
async fn a_reading_without_channels_is_kept() {
    let reading = Reading {
        channels: smallvec![],
        ..measured("roof", "2026-03-14T03:00:00Z", 1)
    };
    check(reading, NORMAL, plain_context()).await;
}

#[tokio::test]
async fn a_place_off_the_earth_is_left_out() {
    let folder = temporary();
    let mut reading = measured("roof", "2026-03-14T03:00:00Z", 1);
    reading.position = Some(Position {
        lat: f64::NAN,
        ..Position::new(0.0, 0.0, PositionSource::Frame).unwrap()
    });
    store(folder.path(), [reading]).await;
    assert_eq!(all(folder.path()).first().unwrap().position, None);
}

/// The view is for dashboards: real numbers, epoch seconds.
#[tokio::test]
async fn the_view_shows_canonical_units() {
    let folder = temporary();
    store(folder.path(), [everything()]).await;
    let connection = rusqlite::Connection::open(folder.path().join("2026-03.db")).unwrap();
    let rows: Vec<(String, Option<String>, Option<f64>, f64)> = connection
        .prepare("SELECT quantity, radiation, value, lat FROM readings ORDER BY quantity, value")
        .unwrap()
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let row = |quantity: &str, radiation: Option<&str>, value| {
        let radiation = radiation.map(str::to_owned);
        (quantity.to_owned(), radiation, value, -6.351_234_6)
    };
    assert_eq!(
        rows,
        [
            row("count_rate", Some("alpha_beta_gamma"), Some(0.116_667)),
            row("dose", None, Some(0.0)),
            row("dose_rate", None, None),
            row("dose_rate", None, Some(250_000.123_457)),
            row("surface_activity", Some("alpha"), Some(1e13)),
        ]
    );
}
