//! What confirms: the counts, a second reading, a neighbour within the radius.

use pantau::reading::{Position, PositionSource};

use super::*;

fn is_confirmed(station: &Station) -> bool {
    station.machine.open().next().unwrap().confirmed
}

fn mobile(metres: f64, name: &str, usv_h: f64, station: &mut Station) {
    station.place = PlaceContext {
        site: None,
        source: SourceKind::Mobile,
        ..place("s1")
    };
    station.reading.instrument = InstrumentId::new(name).unwrap();
    station.reading.position =
        Position::new(-6.5 + metres / 111_195.0, 107.5, PositionSource::Frame);
    station.hear(usv_h, None, 1000);
}

#[test]
fn a_second_reading_of_the_present_confirms() {
    let mut station = Station::new(SMALL);
    station.hear(150.0, None, 1000);
    assert!(!is_confirmed(&station));
    station.hear(2.0, None, 1000);
    assert!(
        !is_confirmed(&station),
        "a lower level confirms no higher one"
    );
    station.hear(150.0, None, 1000);
    assert!(is_confirmed(&station));
}

#[test]
fn a_neighbour_within_the_radius_confirms_and_one_at_the_other_end_does_not() {
    let mut station = Station::new(SMALL);
    // A drive that grows to 1.2 km.
    for metres in [0.0, 400.0, 800.0, 1200.0] {
        mobile(metres, "i1", 2.0, &mut station);
    }
    mobile(1200.0, "i1", 150.0, &mut station);
    assert!(!is_confirmed(&station));
    mobile(0.0, "i2", 2.0, &mut station);
    assert_eq!(station.machine.open().count(), 1);
    assert!(!is_confirmed(&station), "1.2 km away is no neighbour");
    mobile(900.0, "i3", 2.0, &mut station);
    assert!(is_confirmed(&station));
}

#[test]
fn enough_counts_confirm_at_their_level() {
    // The lower bound of 200 counts that stand for 142.5 µSv/h is 108, of 50 is 79.
    for (counts, expected) in [(50, false), (200, true)] {
        let mut station = Station::new(counts as f64 / 142.5);
        station.count(counts, 1000);
        assert_eq!(is_confirmed(&station), expected, "{counts} counts");
    }
}
