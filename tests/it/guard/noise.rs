//! One-second counts of a small tube: noise rings nobody, a rise does in time.

use super::*;

const SECOND: u64 = 1000;

#[test]
fn a_month_of_single_seconds_at_background_raises_nothing() {
    let mut dice = Dice(1);
    let mut station = Station::new(SMALL).beside(0.1);
    station.count_for(30 * 86_400, 0.1, &mut dice);
    println!(
        "30 days of one-second counts at 0.1 µSv/h: {} readings at TIO3 or above, {} told",
        station.high,
        station.told.len()
    );
    // 18,000 a year.
    assert!((1300..1700).contains(&station.high), "{}", station.high);
    assert_eq!(station.words(), [""; 0]);
}

/// Seconds from the first second of a step to the first message, of so many tries,
/// sorted.
fn seconds_to_raise(usv_h: f64, tries: u64) -> Vec<u64> {
    let mut all: Vec<u64> = (0..tries)
        .map(|seed| {
            let mut dice = Dice(1000 + seed);
            let mut station = Station::new(SMALL).beside(0.1);
            station.count_for(60, 0.1, &mut dice);
            let before = station.millis;
            assert_eq!(station.words(), [""; 0]);
            station.count_for(60, usv_h, &mut dice);
            let (at, _) = station.told.first().expect("a true rise is raised");
            // The first reading of the step stands for its first second.
            (at - before) / SECOND - 1
        })
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn a_true_rise_is_raised_in_time() {
    // 1.5 µSv/h are 5.5 counts in a second: a third of all seconds are below TIO3.
    let at_1_5 = seconds_to_raise(1.5, 200);
    println!(
        "step to 1.5 µSv/h: median {} s, slowest {} s",
        at_1_5[100], at_1_5[199]
    );
    assert!(at_1_5[100] <= 8, "{at_1_5:?}");
    assert!(at_1_5[195] <= 10, "{at_1_5:?}");
    // 5 µSv/h: one second is enough, nearly always.
    let at_5 = seconds_to_raise(5.0, 200);
    println!(
        "step to 5 µSv/h: median {} s, slowest {} s",
        at_5[100], at_5[199]
    );
    assert_eq!(at_5[100], 0, "{at_5:?}");
    assert!(at_5[199] <= 2, "{at_5:?}");
    let at_150 = seconds_to_raise(150.0, 20);
    assert_eq!(at_150, [0; 20]);
}

#[test]
fn a_tio2_is_told_on_its_first_reading_and_marked() {
    // The very first thing that is heard of a station, by a handful of counts.
    let mut station = Station::new(0.1);
    station.count(15, SECOND);
    assert_eq!(station.words(), ["raised EMERGENCY"]);
    assert!(!station.machine.open().next().unwrap().confirmed);
    let mut station = Station::new(SMALL);
    station.count(1000, SECOND);
    assert_eq!(station.words(), ["raised EMERGENCY"]);
    assert!(station.machine.open().next().unwrap().confirmed);
}

#[test]
fn what_smooths_by_itself_or_comes_seldom_is_taken_as_it_is() {
    let mut station = Station::new(SMALL);
    station.hear(1.0, None, SECOND);
    assert_eq!(station.words(), ["raised POSSIBLE_EMERGENCY"]);
    // Ten seconds of counting.
    let mut station = Station::new(SMALL);
    station.count(37, 10 * SECOND);
    assert_eq!(station.words(), ["raised POSSIBLE_EMERGENCY"]);
    // A second of counting each minute.
    let mut station = Station::new(SMALL);
    for counts in [0, 1, 4] {
        assert_eq!(station.words(), [""; 0]);
        let second = Counting {
            counts,
            seconds: 1.0,
        };
        station.hear(counts as f64 / SMALL, Some(second), 60 * SECOND);
    }
    assert_eq!(station.words(), ["raised POSSIBLE_EMERGENCY"]);
}

/// By the sum: one-second counts of a clear field do not begin the run again, and
/// those of a field at the level clear nothing.
#[test]
fn a_level_is_left_by_the_sum_too() {
    let mut dice = Dice(7);
    let mut station = Station::new(SMALL).beside(0.1);
    station.count_for(60, 1.5, &mut dice);
    assert_eq!(
        station.words(),
        ["raised POSSIBLE_EMERGENCY", "updated POSSIBLE_EMERGENCY"]
    );
    // At 1.1 µSv/h every fourth second is below 0.8.
    station.count_for(7200, 1.1, &mut dice);
    let is_end = |text: &&str| text.starts_with("cleared");
    assert_eq!(station.words().iter().find(|text| is_end(text)), None);
    let before = station.millis;
    station.count_for(1500, 0.1, &mut dice);
    let cleared = station.told.iter().find(|(_, text)| is_end(&text.as_str()));
    let (at, _) = cleared.expect("a field at the background clears");
    // The level after its 600 s, and the band as soon as the cumulative sum is down.
    let seconds = (at - before) / SECOND;
    assert!((600..=900).contains(&seconds), "{seconds}");
}

/// A field just below the level, and one at 0.6 of it: nothing is cleared early.
#[test]
fn noise_around_the_low_mark_clears_nothing_early() {
    for (usv_h, seed) in [(0.95, 8), (0.85, 9)] {
        let mut dice = Dice(seed);
        let mut station = Station::new(SMALL).beside(0.1);
        station.count_for(60, 2.0, &mut dice);
        station.count_for(6 * 3600, usv_h, &mut dice);
        let cleared = station
            .told
            .iter()
            .find(|(_, text)| text.starts_with("cleared"));
        assert_eq!(cleared, None, "{usv_h}");
    }
}
