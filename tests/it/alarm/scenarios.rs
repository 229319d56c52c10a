//! Scripts of readings and acknowledgements, and what is told of them.

use super::*;

#[test]
fn one_reading_raises_and_silence_never_clears() {
    let world = check(&[
        (0, Hear(station(1, 0.1)), &[]),
        (60, Hear(station(1, 140.0)), RAISED_E),
        (1061, Tick, &[]),
        (1091, Tick, &["updated EMERGENCY RAISED"]),
        (86_400, Tick, &[]),
        (864_000, Tick, &[]),
    ]);
    let activation = only(&world);
    assert_eq!(activation.shown(), Shown::Raised);
    assert!(activation.unknown && !activation.confirmed);
    assert_eq!(activation.recommendation, Recommendation::AktifParsial);
}

#[test]
fn e_061_clears_before_the_acknowledgement() {
    check(&[
        (0, Hear(station(1, 0.1)), &[]),
        (60, Hear(station(1, 1.2)), RAISED_P),
        (120, Hear(station(1, 0.9)), &[]),
        (420, Hear(station(1, 0.7)), &[]),
        (720, Hear(station(1, 0.7)), &[]),
        (1080, Hear(station(1, 0.6)), CLEARED_P),
        (1081, Ack(0), CLOSED_P),
    ]);
}

#[test]
fn e_062_acknowledged_before_it_clears() {
    let world = check(&[
        (0, Hear(station(1, 150.0)), RAISED_E),
        (1, Ack(0), &[]),
        (300, Hear(station(1, 60.0)), &[]),
        (600, Hear(station(1, 50.0)), &[]),
        (960, Hear(station(1, 40.0)), &[]),
        (990, Tick, &["updated EMERGENCY ACKED"]),
        (1260, Hear(station(1, 0.3)), &[]),
        (1560, Hear(station(1, 0.2)), &[]),
        (1900, Hear(station(1, 0.2)), &["closed EMERGENCY CLOSED"]),
    ]);
    assert_eq!(only(&world).class_max, Class::Emergency);
}

#[test]
fn tio3_tio2_tio3_then_acknowledged() {
    let world = check(&[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (1, Ack(0), &[]),
        (2, Hear(station(1, 150.0)), RISEN_E),
        (300, Hear(station(1, 2.0)), &[]),
        (600, Hear(station(1, 2.0)), &[]),
        (902, Hear(station(1, 2.0)), &[]),
        (903, Ack(0), &[]),
        (904, Hear(station(1, 150.0)), RISEN_E),
    ]);
    let activation = only(&world);
    assert!(activation.ack.is_none(), "a rise voids the acknowledgement");
    assert_eq!(activation.shown(), Shown::Raised);
}

#[test]
fn a_second_reading_confirms_and_is_told_with_the_bundle() {
    let world = check(&[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (1, Hear(station(1, 2.1)), &[]),
        (2, Hear(station(1, 2.2)), &[]),
        (30, Tick, &[]),
        (31, Tick, UPDATED_P),
        (32, Hear(station(1, 2.3)), &[]),
        (99, Tick, &[]),
    ]);
    assert!(only(&world).confirmed);
    assert_eq!(only(&world).version, 2);
    assert_eq!(only(&world).highest.value, Some(2.3));
}

#[test]
fn what_returns_within_an_hour_keeps_its_id() {
    let end: &[(u64, Do, &[&str])] = &[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (1, Ack(0), &[]),
        (300, Hear(station(1, 0.1)), &[]),
        (600, Hear(station(1, 0.1)), &[]),
        (900, Hear(station(1, 0.1)), CLOSED_P),
    ];
    for (secs, expected, ids) in [
        (900 + 3600, &["reopened POSSIBLE_EMERGENCY RAISED"], 1),
        (900 + 3601, &["raised POSSIBLE_EMERGENCY RAISED"], 2),
    ] {
        let mut world = check(end);
        world.secs = secs;
        let transitions = world.hear(station(1, 2.0));
        assert_eq!(told(&transitions), expected);
        assert!(transitions[0].activation.ack.is_none());
        let known = world.machine.open().count() + world.machine.closed().count();
        assert_eq!(known, ids);
    }
}

#[test]
fn both_levels_and_all_channels_of_a_site_are_one() {
    let both = Heard {
        says: Says::Both(2.0, 250.0),
        ..station(1, 0.0)
    };
    let neighbour = Heard {
        instrument: 9,
        ..station(1, 2.0)
    };
    let world = check(&[
        (0, Hear(both), RAISED_E),
        (1, Hear(neighbour), &[]),
        (2, Hear(station(2, 2.0)), RAISED_P),
        (31, Tick, &["updated EMERGENCY RAISED"]),
    ]);
    let first = world.machine.open().next().unwrap();
    assert_eq!((first.members.len(), first.rule), (3, Rule::T32I2));
    assert!(first.confirmed, "a neighbour at TIO3 confirms");
    assert!(first.also.contains(Rule::T31I1));
}

#[test]
fn t2_2_3_opens_work_and_ends_by_the_same_hysteresis() {
    let lasting = Heard {
        says: Says::Lasting,
        ..station(1, 0.0)
    };
    check(&[
        (0, Hear(lasting), &["raised ELEVATED RAISED"]),
        (
            1,
            Hear(station(1, 2.0)),
            &["risen POSSIBLE_EMERGENCY RAISED"],
        ),
        (300, Hear(station(1, 0.1)), &[]),
        (600, Hear(station(1, 0.1)), &[]),
        (900, Hear(station(1, 0.1)), CLEARED_P),
    ]);
}

#[test]
fn a_reading_that_cannot_be_judged_is_attached() {
    let odd = Heard {
        says: Says::Unclassified,
        ..station(1, 0.0)
    };
    let world = check(&[
        (0, Hear(odd), &[]),
        (1, Hear(station(1, 2.0)), RAISED_P),
        (2, Hear(odd), &[]),
        (3, Hear(odd), &[]),
        (32, Tick, UPDATED_P),
    ]);
    assert_eq!(only(&world).notes.len(), 1);
}

#[test]
fn mobile_readings_join_within_500_m_of_the_last_30_min() {
    type Expected = &'static [&'static str];
    let at = |n, metres| Hear(usv(n, At::Metres(metres), 2.0));
    let drive = |secs, metres, expected: Expected| (secs, at(7, metres), expected);
    let other = |secs, metres, expected: Expected| (secs, at(8, metres), expected);
    check(&[
        drive(0, 0.0, RAISED_P),
        other(1, 499.0, &[]),
        other(2, 990.0, &[]),
        drive(3, 1495.0, RAISED_P),
    ]);
    check(&[drive(0, 0.0, RAISED_P), other(1800, 0.0, &[])]);
    check(&[drive(0, 0.0, RAISED_P), other(1801, 0.0, RAISED_P)]);
    // The same instrument is still held there: nothing new.
    check(&[drive(0, 0.0, RAISED_P), drive(7200, 100.0, &[])]);
}

#[test]
fn a_long_drive_is_a_handful_of_activations() {
    let mut world = World::new();
    let mut raised = 0;
    for step in 0..200_u32 {
        world.secs = u64::from(step) * 10;
        let transitions = world.hear(usv(7, At::Metres(f64::from(step) * 100.0), 3.0));
        raised += transitions
            .iter()
            .filter(|transition| transition.tell == Some(Why::Raised))
            .count();
    }
    assert_eq!(raised, 4, "20 km in cells of at most 5 km");
}

#[test]
fn connected_activations_become_the_older_one() {
    let drive = |metres| Hear(usv(7, At::Metres(metres), 2.0));
    let other = |metres, value| Hear(usv(8, At::Metres(metres), value));
    let world = check(&[
        (0, drive(0.0), RAISED_P),
        (1, other(900.0, 150.0), RAISED_E),
        (2, drive(450.0), &["merged EMERGENCY CLOSED"]),
        (32, Tick, &["updated EMERGENCY RAISED"]),
    ]);
    let kept = world.machine.open().next().unwrap();
    let gone = world.machine.closed().next().unwrap();
    assert_eq!((kept.order, kept.members.len()), (0, 2));
    assert_eq!(
        gone.closed.as_ref().unwrap().merged_into.as_ref(),
        Some(&kept.id)
    );
}

#[test]
fn a_reading_without_a_position_is_never_dropped() {
    let world = check(&[
        (0, Hear(usv(7, At::Lost, 2.0)), RAISED_P),
        (1, Hear(usv(7, At::Lost, 2.0)), &[]),
        (2, Hear(usv(8, At::Lost, 2.0)), RAISED_P),
    ]);
    let view = ActivationView::of(world.machine.open().next().unwrap());
    assert_eq!(view.place.kind, "instrument");
    assert_eq!(view.flags, ["NO_POSITION"]);
    // A fix that was lost for a moment opens nothing.
    check(&[
        (0, Hear(usv(7, At::Metres(0.0), 2.0)), RAISED_P),
        (1, Hear(usv(7, At::Lost, 2.0)), &[]),
    ]);
}

fn old(heard: Heard, age: u64) -> Heard {
    Heard { age, ..heard }
}

#[test]
fn the_past_is_told_once_as_late_and_holds_nothing() {
    let late: &[&str] = &["raised POSSIBLE_EMERGENCY CLEARED_UNACKED"];
    let world = check(&[
        (10_000, Hear(old(station(1, 2.0), 5000)), late),
        (10_001, Hear(old(station(1, 2.1), 4990)), &[]),
        (10_002, Hear(old(station(1, 2.2), 4980)), &[]),
        (
            10_031,
            Tick,
            &["updated POSSIBLE_EMERGENCY CLEARED_UNACKED"],
        ),
        (10_032, Ack(0), CLOSED_P),
        (10_033, Hear(old(station(1, 2.3), 4970)), &[]),
        (
            10_034,
            Hear(old(station(1, 150.0), 4960)),
            &["raised EMERGENCY CLEARED_UNACKED"],
        ),
    ]);
    assert!(world.machine.open().all(|activation| activation.late));
}

#[test]
fn the_past_neither_doubles_nor_reopens_what_covers_it() {
    check(&[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (1, Hear(old(station(1, 2.0), 1000)), &[]),
        (2, Hear(old(station(1, 150.0), 1001)), RISEN_E),
    ]);
    check(&[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (1, Ack(0), &[]),
        (300, Hear(station(1, 0.1)), &[]),
        (600, Hear(station(1, 0.1)), &[]),
        (900, Hear(station(1, 0.1)), CLOSED_P),
        (1000, Hear(old(station(1, 1.9), 1000)), &[]),
    ]);
}

#[test]
fn the_present_continues_the_recent_past_under_its_id_and_no_older_one() {
    let late: &[&str] = &["raised POSSIBLE_EMERGENCY CLEARED_UNACKED"];
    check(&[
        (10_000, Hear(old(station(1, 2.0), 1200)), late),
        (
            10_001,
            Hear(station(1, 2.0)),
            &["reopened POSSIBLE_EMERGENCY RAISED"],
        ),
    ]);
    check(&[
        (10_000, Hear(old(station(1, 2.0), 5000)), late),
        (10_001, Hear(station(1, 2.0)), RAISED_P),
    ]);
}

#[test]
fn a_recording_of_a_drive_is_one_late_activation() {
    let mut world = World::new();
    world.secs = 1_000_000;
    let mut all = Vec::new();
    for step in 0..60_u32 {
        let age = 400_000 - u64::from(step) * 60;
        let at = At::Metres(f64::from(step) * 40.0);
        all.extend(world.hear(old(usv(7, at, 5.0), age)));
    }
    assert_eq!(told(&all), ["raised POSSIBLE_EMERGENCY CLEARED_UNACKED"]);
}

#[test]
fn an_older_version_is_refused_and_twice_is_harmless() {
    let mut world = check(&[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (1, Hear(station(1, 2.0)), &[]),
    ]);
    let id = only(&world).id.clone();
    match world.ack_version(&id, 1) {
        Err(AckError::Version { given: 1, current }) => assert_eq!(current.version, 2),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.ack_version(&id, 2).unwrap().len(), 1);
    assert_eq!(world.ack_version(&id, 2).unwrap(), []);
    assert_eq!(world.ack_version(&id, 3).unwrap(), []);
    assert_eq!(only(&world).version, 3);
    assert_eq!(only(&world).shown(), Shown::Acked);
    let unknown = ActivationId::parse("A-0123456789abcdef").unwrap();
    assert!(matches!(
        world.ack_version(&unknown, 1),
        Err(AckError::Unknown(_))
    ));
}

#[test]
fn a_restart_neither_raises_nor_clears_nor_loses_a_run() {
    check(&[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (300, Hear(station(1, 0.1)), &[]),
        (400, Restart, &[]),
        (600, Hear(station(1, 0.1)), &[]),
        (601, Tick, &[]),
        (700, Restart, &[]),
        (900, Hear(station(1, 0.1)), CLEARED_P),
        (901, Restart, &[]),
        (
            902,
            Hear(station(1, 2.0)),
            &["reopened POSSIBLE_EMERGENCY RAISED"],
        ),
    ]);
}

#[test]
fn a_low_reading_that_comes_again_counts_once() {
    let mut world = check(&[
        (0, Hear(station(1, 2.0)), RAISED_P),
        (300, Hear(station(1, 0.1)), &[]),
        (600, Hear(station(1, 0.1)), &[]),
    ]);
    for secs in [900, 1200] {
        world.secs = secs;
        for (heard, reading) in world.heard.clone() {
            assert_eq!(told(&world.give(heard, &reading)), [""; 0]);
        }
    }
    assert!(only(&world).is_present());
}

#[test]
fn no_number_of_activations_pushes_one_out() {
    let mut world = World::of(Config {
        keep_closed: 2,
        ..Config::default()
    });
    for n in 0..200 {
        world.secs += 1;
        world.hear(station(n, 2.0));
    }
    assert_eq!(world.machine.open().count(), 200);
}

#[test]
fn an_exercise_has_other_ids_and_says_so() {
    let mut world = World::of(Config {
        mode: Mode::Exercise,
        ..Config::default()
    });
    let transitions = world.hear(station(1, 140.0));
    let event = Event::of(
        &transitions[0],
        &EventContext {
            node: "n1".to_owned(),
            zone: Zone::Wib,
            recorded: true,
        },
    )
    .unwrap();
    assert!(event.exercise && event.activation.unwrap().exercise);
    assert!(event.id.starts_with("X-") && event.id.ends_with(".1"));
    for words in [&event.text.id, &event.text.en] {
        assert!(words.headline.starts_with("LATIHAN / EXERCISE"));
        assert!(words.log.contains("LATIHAN / EXERCISE"));
    }
}
