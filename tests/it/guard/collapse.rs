//! SN-3: who may end what a collapsed detector holds (alarm semantics, section 2.4).

use pantau::activation::Saved;
use pantau::criteria::Rule;

use super::*;

/// A station that rose to 5,000 µSv/h and collapsed: over-range, and marked.
fn collapsed() -> Station {
    let mut station = Station::new(SMALL).beside(0.1);
    station.hear(5000.0, None, 1000);
    overrange(&mut station);
    assert_eq!(station.words(), ["raised EMERGENCY"]);
    assert!(is_distrusted(&station));
    station
}

fn overrange(station: &mut Station) {
    station.hear(0.0, None, 1000);
    station.reading.channels[0].measured = Err(NoValue::Overrange);
    station.reading.fingerprint += 1;
    let mut judgement = judge_reading(&station.reading, &station.setting, &station.policy);
    judgement.also.insert(Rule::Sn3);
    station.act(&judgement);
}

fn is_distrusted(station: &Station) -> bool {
    station.machine.watches().any(|watch| watch.is_distrusted)
}

/// Readings at the background for an hour: the class that is held then.
fn after_an_hour(station: &mut Station) -> Class {
    for _ in 0..60 {
        station.hear(0.1, None, 60_000);
    }
    station
        .machine
        .open()
        .next()
        .map_or(Class::Normal, |activation| activation.class)
}

#[test]
fn what_a_collapsed_detector_says_lowers_nothing_not_even_after_a_restart() {
    let mut station = collapsed();
    assert_eq!(after_an_hour(&mut station), Class::Emergency);
    let now = station.reading.received;
    let text = serde_json::to_string(&station.machine.snapshot(now)).unwrap();
    let saved = Saved::Snapshot(serde_json::from_str(&text).unwrap());
    station.machine = Machine::restored(Config::default(), [saved], now);
    assert!(is_distrusted(&station));
    assert_eq!(after_an_hour(&mut station), Class::Emergency);
}

#[test]
fn a_person_who_has_seen_the_collapse_ends_the_distrust() {
    let mut station = Station::new(SMALL).beside(0.1);
    station.hear(5000.0, None, 1000);
    // An acknowledgement from before says nothing of it.
    station.ack();
    overrange(&mut station);
    assert!(is_distrusted(&station));
    assert_eq!(after_an_hour(&mut station), Class::Emergency);
    let activation = station.machine.open().next().unwrap();
    assert!(activation.also.contains(Rule::Sn3) && activation.ack.is_some());
    station.ack();
    assert!(!is_distrusted(&station));
    // Acknowledged, it closes as soon as it has cleared.
    assert_eq!(after_an_hour(&mut station), Class::Normal);
    assert_eq!(station.machine.open().count(), 0);
}

#[test]
fn a_detector_that_collapses_again_is_distrusted_again() {
    let mut station = collapsed();
    station.ack();
    // Still over-range: it was seen, and holds what it holds.
    overrange(&mut station);
    assert!(!is_distrusted(&station));
    station.hear(0.1, None, 1000);
    overrange(&mut station);
    assert!(is_distrusted(&station));
}

/// Another instrument, at `site`, reads `usv_h`.
fn other(station: &mut Station, site: &str, usv_h: f64) {
    let (name, own) = (station.reading.instrument.clone(), place(site));
    station.reading.instrument = InstrumentId::new("i2").unwrap();
    let before = std::mem::replace(&mut station.place, own);
    station.hear(usv_h, None, 1000);
    station.reading.instrument = name;
    station.place = before;
}

#[test]
fn another_instrument_at_that_place_ends_the_distrust() {
    let mut station = collapsed();
    other(&mut station, "s1", 500.0);
    assert!(
        is_distrusted(&station),
        "at the level it vouches for nothing"
    );
    other(&mut station, "s1", 0.1);
    assert!(!is_distrusted(&station));

    let mut station = collapsed();
    let far = |station: &mut Station| {
        let (name, own) = (station.reading.instrument.clone(), station.place.clone());
        station.reading.instrument = InstrumentId::new("i2").unwrap();
        let mut place = place("s2");
        if let Some(site) = &mut place.site {
            site.position = Some(Coordinates {
                lat: -7.1,
                lon: 110.0,
            });
        }
        station.place = place;
        station.hear(0.1, None, 1000);
        station.reading.instrument = name;
        station.place = own;
    };
    far(&mut station);
    assert!(is_distrusted(&station), "11 km away it sees something else");
    // At another site, but within the radius.
    other(&mut station, "s3", 0.1);
    assert!(!is_distrusted(&station));
}
