//! Values that stay about a level (F67), and one level after another (F68): the
//! machine beside the model.

use super::lives::Pair;
use super::script::Dice;
use super::*;

#[track_caller]
fn hear(pair: &mut Pair, secs: u64, heard: Heard) {
    pair.world.secs = secs;
    pair.hear(heard);
    assert_eq!(pair.differences, [""; 0], "{secs} s, {heard:?}");
}

fn told_all(pair: &Pair) -> Vec<String> {
    told(&pair.world.transitions)
}

/// A day of readings within `share` of the level.
fn a_day_about(pair: &mut Pair, share: f64, every: u64, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut secs = 0;
    while secs < 86_400 {
        secs += if dice.one_in(50) { 901 } else { every };
        let value = 1.0 + share * (2.0 * dice.share() - 1.0);
        hear(pair, secs, station(1, value));
        pair.tick();
        let is_new = pair.world.machine.open().any(|one| one.ack.is_none());
        if is_new {
            pair.acknowledge(0);
        }
    }
}

#[test]
fn five_percent_about_a_level_is_one_activation_and_three_messages_at_most() {
    for every in [20, 60, 300] {
        let mut pair = Pair::new();
        a_day_about(&mut pair, 0.05, every, every);
        let told = told_all(&pair);
        assert!(told.len() <= 3, "every {every} s: {told:?}");
        assert_eq!(only(&pair.world).shown(), Shown::Acked);
    }
}

#[test]
fn a_quarter_about_a_level_follows_hy_1_exactly() {
    // Compared with the model at every step; that something cleared is by chance.
    let mut has_cleared = false;
    for seed in 0..8 {
        let mut pair = Pair::new();
        a_day_about(&mut pair, 0.25, 300, seed);
        has_cleared |= told_all(&pair)
            .iter()
            .any(|line| line.starts_with("closed"));
        let known = pair.world.machine.open().chain(pair.world.machine.closed());
        assert!(known.count() <= 2, "seed {seed}");
    }
    assert!(has_cleared, "no run was ever long enough");
}

#[test]
fn a_gap_of_901_s_in_a_clearing_run_begins_it_again() {
    let mut pair = Pair::new();
    hear(&mut pair, 0, station(1, 2.0));
    for secs in [300, 600, 1501, 1801] {
        hear(&mut pair, secs, station(1, 0.5));
        assert!(only(&pair.world).is_present(), "{secs} s");
    }
    hear(&mut pair, 2101, station(1, 0.5));
    assert!(!only(&pair.world).is_present());
    // One of 900 s does not.
    let mut pair = Pair::new();
    hear(&mut pair, 0, station(1, 2.0));
    for secs in [300, 1200] {
        hear(&mut pair, secs, station(1, 0.5));
    }
    hear(&mut pair, 1201, station(1, 0.5));
    assert!(!only(&pair.world).is_present());
}

#[test]
fn tio2_above_tio3_rises_at_once_and_steps_down_to_it() {
    let mut pair = Pair::new();
    hear(&mut pair, 0, station(1, 2.0));
    hear(&mut pair, 1, station(1, 150.0));
    for secs in [301, 601, 901] {
        hear(&mut pair, secs, station(1, 5.0));
    }
    pair.world.secs = 931;
    pair.tick();
    let rings: Vec<_> = told_all(&pair)
        .into_iter()
        .filter(|line| !line.starts_with("reminder") && !line.starts_with("escalated"))
        .collect();
    assert_eq!(
        rings,
        [
            "raised POSSIBLE_EMERGENCY RAISED",
            "risen EMERGENCY RAISED",
            "updated EMERGENCY RAISED"
        ]
    );
    assert_eq!(only(&pair.world).class, Class::PossibleEmergency);
}

#[test]
fn a_blip_of_one_reading_rings_once_and_waits_for_a_person() {
    let mut pair = Pair::new();
    hear(&mut pair, 0, station(1, 0.1));
    hear(&mut pair, 1, station(1, 150.0));
    for secs in 2..2000 {
        if secs % 20 == 0 {
            hear(&mut pair, secs, station(1, 0.1));
        }
    }
    let activation = only(&pair.world);
    assert_eq!(activation.shown(), Shown::ClearedUnacked);
    assert!(!activation.confirmed);
    let rings = pair.world.transitions.iter().filter(|transition| {
        matches!(
            transition.tell,
            Some(Why::Raised | Why::Risen | Why::Reopened)
        )
    });
    assert_eq!(rings.count(), 1);
}

#[test]
fn both_levels_that_end_together_end_one_after_the_other() {
    // Two channels of one instrument, one at TIO2 and one at TIO3.
    let both = |dose, beta| Heard {
        says: Says::Both(dose, beta),
        ..station(1, 0.0)
    };
    let mut pair = Pair::new();
    hear(&mut pair, 0, both(150.0, 30.0));
    for secs in [300, 600, 900] {
        hear(&mut pair, secs, both(0.1, 1.0));
    }
    assert_eq!(only(&pair.world).class, Class::PossibleEmergency);
    for secs in [1200, 1500, 1800] {
        hear(&mut pair, secs, both(0.1, 1.0));
    }
    assert_eq!(only(&pair.world).shown(), Shown::ClearedUnacked);
}
