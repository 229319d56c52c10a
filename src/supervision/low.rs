//! Values too low to be true: a dead tube, or zero again and again.

use std::time::Duration;

use crate::clock::Mono;

/// A living detector shows at least this part of its own background.
const ALIVE: f64 = 0.3;

/// It is dead when all readings of this time are below …
const DEAD_AFTER: Duration = Duration::from_secs(180);

/// … and there are so many of them.
const READINGS: u32 = 3;

/// What too low values mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lowness {
    /// Below its own background for too long.
    pub(super) is_dead: bool,
    /// Zero for too long, where no background is known.
    pub(super) is_zero: bool,
}

/// Runs of values that are too low.
#[derive(Clone, Debug)]
pub(super) struct Low {
    dead: Run,
    zero: Run,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    first: Option<Mono>,
    readings: u32,
}

impl Run {
    const NONE: Self = Self {
        first: None,
        readings: 0,
    };

    fn take(&mut self, now: Mono, is_low: bool) -> bool {
        if !is_low {
            *self = Self::NONE;
            return false;
        }
        let first = *self.first.get_or_insert(now);
        self.readings = self.readings.saturating_add(1);
        self.readings >= READINGS && now.since(first) >= DEAD_AFTER
    }
}

impl Lowness {
    /// All is well.
    pub(super) const NONE: Self = Self {
        is_dead: false,
        is_zero: false,
    };
}

impl Low {
    /// Before the first reading.
    pub(super) const EMPTY: Self = Self {
        dead: Run::NONE,
        zero: Run::NONE,
    };

    /// Takes a dose rate in µSv/h, with the background of its instrument.
    pub(super) fn take(
        &mut self,
        now: Mono,
        usv_h: f64,
        background: Option<f64>,
        is_suspect_zero: bool,
    ) -> Lowness {
        let is_below = background.is_some_and(|background| usv_h < ALIVE * background);
        Lowness {
            is_dead: self.dead.take(now, is_below),
            is_zero: self.zero.take(now, is_suspect_zero && background.is_none()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tube_is_dead_after_three_minutes_below_and_alive_with_one_reading() {
        let mut low = Low::EMPTY;
        let mut take = |s, usv_h| {
            let now = Mono::from_secs(s);
            low.take(now, usv_h, Some(0.1), false).is_dead
        };
        for s in (0..180).step_by(10) {
            assert!(!take(s, 0.029), "{s}");
        }
        assert!(take(180, 0.0));
        assert!(take(190, 0.029_999));
        assert!(!take(200, 0.03), "0.3 times the background is alive");
        assert!(!take(210, 0.0));
        assert!(!take(1_000, 0.0), "two readings are few");
        assert!(take(1_001, 0.0));
    }

    #[test]
    fn zero_is_a_fault_of_its_own_only_where_no_background_is_known() {
        let mut low = Low::EMPTY;
        for s in (0..=200).step_by(20) {
            let lowness = low.take(Mono::from_secs(s), 0.0, None, true);
            assert_eq!(lowness.is_zero, s >= 180, "{s}");
            assert!(!lowness.is_dead);
        }
    }
}
