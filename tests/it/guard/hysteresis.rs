//! F67: values that flap around a level for a day, with gaps; F72: silence after
//! the first TIO2.

use super::*;

/// HY-1, told anew: level, and low readings as seconds.
#[derive(Default)]
struct Model {
    is_held: bool,
    low: Vec<u64>,
}

impl Model {
    /// True when the level changed.
    fn hear(&mut self, secs: u64, usv_h: f64) -> bool {
        if usv_h >= 1.0 {
            self.low.clear();
            return !std::mem::replace(&mut self.is_held, true);
        }
        if !self.is_held {
            return false;
        }
        if usv_h >= 0.8 {
            self.low.clear();
            return false;
        }
        if self.low.last().is_some_and(|last| secs - last > 900) {
            self.low.clear();
        }
        self.low.push(secs);
        let is_over = self.low.len() >= 3 && secs - self.low[0] >= 600;
        if is_over {
            self.low.clear();
            self.is_held = false;
        }
        is_over
    }
}

/// A day of one reading a minute within `part` of the level; what is told.
fn flap(part: f64, seed: u64, gaps: bool) -> Vec<String> {
    let mut dice = Dice(seed);
    let mut station = Station::new(SMALL);
    let mut model = Model::default();
    let mut changes = 0;
    while station.millis < 86_400_000 {
        let usv_h = 1.0 + part * (2.0 * dice.roll() - 1.0);
        let millis = if gaps && dice.roll() < 0.3 {
            901_000
        } else {
            60_000
        };
        station.hear(usv_h, None, millis);
        changes += u32::from(model.hear(station.millis / 1000, usv_h));
        let held = station
            .machine
            .watches()
            .any(|watch| watch.condition.level() == Class::PossibleEmergency);
        assert_eq!(
            held,
            model.is_held,
            "at {} s, {usv_h}",
            station.millis / 1000
        );
        let mut open = station.machine.open();
        let is_unseen = open
            .next()
            .is_some_and(|activation| activation.ack.is_none());
        drop(open);
        if is_unseen && dice.roll() < 0.01 {
            station.ack();
        }
    }
    assert!(changes > 0);
    station.words().into_iter().map(str::to_owned).collect()
}

#[test]
fn a_day_of_flapping_is_told_by_hy_1_exactly() {
    let narrow = flap(0.05, 21, false);
    assert!(narrow.len() <= 3, "{narrow:?}");
    assert_eq!(narrow[0], "raised POSSIBLE_EMERGENCY");
    // One activation, whatever it does; nobody is rung twice for a rise.
    let wide = flap(0.25, 22, false);
    let is_raise = |text: &&String| text.starts_with("raised");
    assert_eq!(wide.iter().filter(is_raise).count(), 1, "{wide:?}");
    // Low half of the time, with and without gaps in the clearing run.
    for seed in 23..26 {
        flap(0.6, seed, true);
        flap(0.9, seed, false);
    }
}

/// The counts are those of the past ten seconds: the last words of a station.
#[test]
fn silence_right_after_the_first_tio2_keeps_it_raised_with_data_lost() {
    let mut station = Station::new(SMALL).beside(0.1);
    let mut dice = Dice(27);
    station.count_for(60, 0.1, &mut dice);
    station.count(600, 1000);
    assert_eq!(station.words(), ["raised EMERGENCY"]);
    for hours in [1, 24, 240] {
        let now = received(station.millis + hours * 3_600_000);
        station.machine.tick(now);
        station.machine.tick(now);
        let activation = station.machine.open().next().unwrap();
        assert_eq!(activation.class, Class::Emergency);
        assert!(activation.unknown, "data lost after {hours} h");
    }
}
