//! How far the time an instrument gives can be believed.

use crate::clock::Wall;
use crate::reading::DeviceTime;

/// Where a time stops being fresh, and where it cannot be.
///
/// | what           | default | from                         |
/// |----------------|---------|------------------------------|
/// | older than     | 900 s   | criteria.md section 5, time  |
/// | further ahead  | 120 s   | same                         |
///
/// Exactly at a limit is still inside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Seconds before arrival up to which a reading is one of now.
    pub max_age_s: f64,
    /// Seconds after arrival up to which a clock is taken as right.
    pub max_ahead_s: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_age_s: 900.0,
            max_ahead_s: 120.0,
        }
    }
}

/// What is thought of the instrument's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockCheck {
    /// It can be right.
    #[default]
    Trusted,
    /// It is ahead of ours.
    Ahead,
    /// It names no zone.
    Naive,
    /// It said nothing, or something impossible: the time of arrival stands in.
    Assumed,
}

/// The verdict on the time of one reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeCheck {
    /// The clock.
    pub clock: ClockCheck,
    /// Old on arrival, or not known to be fresh.
    pub is_stale: bool,
}

/// Compares the instrument's time with that of arrival.
///
/// `received` is absent where nobody knows when the reading arrived; then age
/// is not judged. A `retained` message is stale unless a trusted time of its
/// own says otherwise: the broker may have kept it for weeks.
pub fn check(
    device: DeviceTime,
    received: Option<Wall>,
    retained: bool,
    limits: Limits,
) -> TimeCheck {
    let (clock, is_old) = match device {
        DeviceTime::At(at) => {
            let age_s = received.map_or(0.0, |received| received.secs_since(at));
            let clock = if -age_s > limits.max_ahead_s {
                ClockCheck::Ahead
            } else {
                ClockCheck::Trusted
            };
            (clock, age_s > limits.max_age_s)
        }
        DeviceTime::Naive => (ClockCheck::Naive, false),
        DeviceTime::Impossible | DeviceTime::Absent => (ClockCheck::Assumed, false),
    };
    TimeCheck {
        clock,
        is_stale: is_old || (retained && clock != ClockCheck::Trusted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> DeviceTime {
        DeviceTime::At(Wall::from_secs(secs).unwrap())
    }

    #[track_caller]
    fn check_that(device: DeviceTime, retained: bool, clock: ClockCheck, is_stale: bool) {
        let received = Wall::from_secs(10_000);
        assert_eq!(
            check(device, received, retained, Limits::default()),
            TimeCheck { clock, is_stale },
            "{device:?}, retained {retained}"
        );
    }

    #[test]
    fn the_limits_themselves_are_inside() {
        check_that(at(9_100), false, ClockCheck::Trusted, false);
        check_that(at(9_099), false, ClockCheck::Trusted, true);
        check_that(at(10_120), false, ClockCheck::Trusted, false);
        check_that(at(10_121), false, ClockCheck::Ahead, false);
    }

    #[test]
    fn no_zone_is_not_the_same_as_no_time() {
        check_that(DeviceTime::Naive, false, ClockCheck::Naive, false);
        check_that(DeviceTime::Absent, false, ClockCheck::Assumed, false);
        check_that(DeviceTime::Impossible, false, ClockCheck::Assumed, false);
    }

    #[test]
    fn a_retained_message_must_prove_that_it_is_fresh() {
        check_that(at(9_990), true, ClockCheck::Trusted, false);
        check_that(at(9_000), true, ClockCheck::Trusted, true);
        check_that(at(20_000), true, ClockCheck::Ahead, true);
        check_that(DeviceTime::Naive, true, ClockCheck::Naive, true);
        check_that(DeviceTime::Absent, true, ClockCheck::Assumed, true);
    }

    #[test]
    fn without_a_time_of_arrival_age_is_not_judged() {
        assert_eq!(
            check(at(0), None, false, Limits::default()),
            TimeCheck::default()
        );
    }
}
