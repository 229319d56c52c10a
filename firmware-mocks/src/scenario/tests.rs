use super::*;

const ORIGIN: Position = Position {
    lat: -6.35,
    lon: 106.67,
};

fn world(profile: Option<Profile>) -> World {
    World {
        background_usv_h: 0.1,
        sources: vec![Source {
            position: ORIGIN,
            usv_h_at_1m: 400.0,
            profile,
        }],
    }
}

#[track_caller]
fn check_near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= expected.abs() * 1e-3 + 1e-9,
        "expected {expected}, found {found}"
    );
}

#[test]
fn the_field_falls_with_the_distance_squared_and_has_a_floor() {
    let world = world(None);
    for (metres, expected) in [
        (0.0, 400.1),
        (0.5, 400.1),
        (1.0, 400.1),
        (2.0, 100.1),
        (20.0, 1.1),
        (2_000.0, 0.1001),
    ] {
        let found = world.dose_rate_at(Duration::ZERO, ORIGIN.moved(0.0, metres));
        check_near(found, expected);
    }
}

#[test]
fn sources_add_up() {
    let mut world = world(None);
    let twin = world.sources.clone();
    world.sources.extend(twin);
    check_near(
        world.dose_rate_at(Duration::ZERO, ORIGIN.moved(2.0, 0.0)),
        200.1,
    );
}

#[test]
fn a_profile_rises_stays_and_declines() {
    let secs = Duration::from_secs;
    let profile = Profile {
        rises: secs(10),
        full: secs(20),
        declines: secs(30),
        gone: secs(40),
    };
    for (at, expected) in [
        (0, 0.0),
        (10, 0.0),
        (15, 0.5),
        (20, 1.0),
        (29, 1.0),
        (30, 1.0),
        (35, 0.5),
        (40, 0.0),
        (99, 0.0),
    ] {
        check_near(profile.at(secs(at)), expected);
        let found = world(Some(profile)).dose_rate_at(secs(at), ORIGIN);
        check_near(found, 0.1 + 400.0 * expected);
    }
}

#[test]
fn equal_times_make_a_step() {
    let secs = Duration::from_secs;
    let step = Profile {
        rises: secs(10),
        full: secs(10),
        declines: secs(20),
        gone: secs(20),
    };
    for (at, expected) in [(9, 0.0), (10, 1.0), (19, 1.0), (20, 0.0)] {
        check_near(step.at(secs(at)), expected);
    }
}

#[test]
fn a_drive_keeps_its_speed_and_its_stops() {
    let secs = Duration::from_secs;
    let waypoint = |east_m, stop| Waypoint {
        position: ORIGIN.moved(0.0, east_m),
        stop: secs(stop),
    };
    let route = Route::new(
        &[waypoint(0.0, 5), waypoint(100.0, 20), waypoint(50.0, 0)],
        10.0,
    )
    .expect("a good route");
    for (at, expected) in [
        (0, 0.0),
        (5, 0.0),
        (10, 50.0),
        (15, 100.0),
        (34, 100.0),
        (38, 70.0),
        (40, 50.0),
        (1_000, 50.0),
    ] {
        let found = ORIGIN.distance_m(route.at(secs(at)));
        assert!((found - expected).abs() < 0.5, "{at} s: {found} m");
    }
    assert_eq!(route.ends().as_millis().div_ceil(100), 400);
}

#[test]
fn bad_routes_are_refused() {
    let here = Waypoint {
        position: ORIGIN,
        stop: Duration::ZERO,
    };
    assert_eq!(Route::new(&[], 1.0).err(), Some(RouteError::Empty));
    for speed in [0.0, -1.0, f64::NAN] {
        assert_eq!(Route::new(&[here], speed).err(), Some(RouteError::Speed));
    }
    let there = Waypoint {
        position: ORIGIN.moved(1_000.0, 0.0),
        ..here
    };
    let slow = Route::new(&[here, there], f64::MIN_POSITIVE);
    assert_eq!(slow.err(), Some(RouteError::Speed));
}

#[test]
fn speeds_outside_the_range_are_refused() {
    for bad in ["0", "-1", "1e-9", "NaN", "inf", "2e6", "fast"] {
        assert!(bad.parse::<Speed>().is_err(), "`{bad}` passed for a speed");
    }
    let speed: Speed = "5".parse().expect("a speed");
    assert_eq!(speed.wall(Duration::from_secs(60)), Duration::from_secs(12));
}

/// Sums up what a bGeigie would show: the dose rate over its last 60 s.
fn shown_by_mobile(scenario: &Scenario, second: u64) -> f64 {
    let place = &scenario.places[MOBILE];
    let from = second.saturating_sub(59);
    let rates = (from..=second).map(|s| {
        let at = Duration::from_secs(s);
        scenario.dose_rate_at(at, place.at(at))
    });
    rates.sum::<f64>() / 60.0
}

#[test]
fn the_demo_passes_tio3_then_tio2_then_declines() {
    for wall in [20, 60, 300, 900] {
        let scenario = Scenario::demo(Duration::from_secs(wall));
        let length = wall.max(300);
        let shown: Vec<f64> = (0..length).map(|s| shown_by_mobile(&scenario, s)).collect();
        let first_at = |level: f64| shown.iter().position(|rate| *rate >= level);
        let tio3 = first_at(1.0).expect("the drive reaches 1 uSv/h");
        let tio2 = first_at(100.0).expect("the drive reaches 100 uSv/h");
        let peak = shown.iter().copied().fold(0.0, f64::max);
        let last = *shown.last().expect("at least one reading");
        assert!(tio3 < tio2, "{wall}: {tio3} {tio2}");
        assert!(
            tio3 as f64 > 0.24 * length as f64,
            "{wall}: too early, {tio3}"
        );
        assert!(peak < 160.0, "{wall}: {peak}");
        assert!(last < 0.12, "{wall}: ends at {last}");
        assert!((shown[59] - 0.1).abs() < 0.02, "{wall}: {}", shown[59]);
    }
}

#[test]
fn the_demo_peaks_where_the_source_is() {
    let scenario = Scenario::demo(Duration::from_secs(300));
    let place = &scenario.places[MOBILE];
    let at_secs = |s: &u64| {
        let at = Duration::from_secs(*s);
        (place.at(at), scenario.dose_rate_at(at, place.at(at)))
    };
    let (nearest, peak) = (0..300)
        .collect::<Vec<u64>>()
        .iter()
        .map(at_secs)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .expect("300 seconds");
    check_near(peak, 150.1);
    let distance = nearest.distance_m(DEMO_SOURCE);
    assert!((distance - 15.0).abs() < 0.5, "{distance}");
}

#[test]
fn fixed_instruments_of_the_demo_see_small_rises_only() {
    let scenario = Scenario::demo(Duration::from_secs(300));
    for (name, place) in &scenario.places {
        let rate = |s| {
            let at = Duration::from_secs(s);
            scenario.dose_rate_at(at, place.at(at))
        };
        if *name == MOBILE {
            continue;
        }
        assert!((rate(0) - 0.1).abs() < 1e-9, "{name}");
        let top = rate(150);
        assert!((0.15..0.8).contains(&top), "{name}: {top}");
        assert!((rate(299) - 0.1).abs() < 1e-9, "{name}");
    }
}

#[test]
fn a_short_demo_runs_faster_not_shorter() {
    let speed = |secs| Scenario::demo(Duration::from_secs(secs)).speed.factor();
    check_near(speed(60), 5.0);
    check_near(speed(300), 1.0);
    check_near(speed(900), 1.0);
    assert!(Scenario::demo(Duration::ZERO).speed.factor() > 1.0);
}
