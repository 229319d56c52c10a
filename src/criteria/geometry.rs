//! What a value measured at another distance than the row's still says.
//!
//! Fields grow towards a source. So a value from farther away is a lower bound
//! of the one the row asks for, and a value from closer by an upper bound; which
//! of the two a comparison needs decides whether it can be made.

use super::compare::{at_least, at_most};
use super::policy::Policy;

/// How a distance stands to the one a row asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The row's own distance, within the tolerance.
    Matches,
    /// Farther away: a lower bound.
    Farther,
    /// Closer by: an upper bound.
    Closer,
    /// Nobody knows.
    Unknown,
}

/// Whether a row fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It does.
    Fires,
    /// It does not.
    Silent,
    /// It cannot be said from this distance.
    Unknown,
}

impl Fit {
    /// For a row at `row_m` metres.
    pub fn at(distance_m: Option<f64>, row_m: f64, policy: &Policy) -> Self {
        let Some(distance_m) = known(distance_m) else {
            return Self::Unknown;
        };
        if !at_least(distance_m, row_m * (1.0 - policy.geometry_tolerance)) {
            Self::Closer
        } else if at_most(distance_m, row_m * (1.0 + policy.geometry_tolerance)) {
            Self::Matches
        } else {
            Self::Farther
        }
    }

    /// For the environment, where every height up to the policy's is "in the
    /// area", and an unknown one is taken for it.
    pub fn in_area(distance_m: Option<f64>, policy: &Policy) -> Self {
        match known(distance_m) {
            Some(height_m) if !at_most(height_m, policy.env_max_height_m) => Self::Farther,
            Some(_) | None => Self::Matches,
        }
    }

    /// What follows from having reached the row's level, or not.
    pub const fn outcome(self, reached: bool) -> Outcome {
        match (self, reached) {
            (Self::Matches | Self::Farther, true) => Outcome::Fires,
            (Self::Matches | Self::Closer, false) => Outcome::Silent,
            (Self::Farther, false) | (Self::Closer, true) | (Self::Unknown, _) => Outcome::Unknown,
        }
    }
}

/// The distance, if it can be one.
pub fn known(distance_m: Option<f64>) -> Option<f64> {
    distance_m.filter(|metres| metres.is_finite() && *metres >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(distance_m: f64, row_m: f64, expected: Fit) {
        let got = Fit::at(Some(distance_m), row_m, &Policy::default());
        assert_eq!(got, expected, "{distance_m} m against {row_m} m");
    }

    #[test]
    fn the_tolerance_is_a_fifth_either_way() {
        check(0.0799, 0.1, Fit::Closer);
        check(0.08, 0.1, Fit::Matches);
        check(0.12, 0.1, Fit::Matches);
        check(0.1201, 0.1, Fit::Farther);
        check(0.799, 1.0, Fit::Closer);
        check(0.8, 1.0, Fit::Matches);
        check(1.2, 1.0, Fit::Matches);
        check(1.201, 1.0, Fit::Farther);
        check(0.0, 0.1, Fit::Closer);
        check(-0.1, 0.1, Fit::Unknown);
        check(f64::NAN, 0.1, Fit::Unknown);
        check(f64::INFINITY, 0.1, Fit::Unknown);
    }

    #[test]
    fn the_area_reaches_up_to_three_metres() {
        for (height_m, expected) in [
            (None, Fit::Matches),
            (Some(0.0), Fit::Matches),
            (Some(3.0), Fit::Matches),
            (Some(3.01), Fit::Farther),
            (Some(-1.0), Fit::Matches),
        ] {
            let got = Fit::in_area(height_m, &Policy::default());
            assert_eq!(got, expected, "{height_m:?}");
        }
    }

    #[test]
    fn a_bound_answers_one_side_only() {
        for (fit, when_reached, when_below) in [
            (Fit::Matches, Outcome::Fires, Outcome::Silent),
            (Fit::Farther, Outcome::Fires, Outcome::Unknown),
            (Fit::Closer, Outcome::Unknown, Outcome::Silent),
            (Fit::Unknown, Outcome::Unknown, Outcome::Unknown),
        ] {
            assert_eq!(fit.outcome(true), when_reached, "{fit:?}");
            assert_eq!(fit.outcome(false), when_below, "{fit:?}");
        }
    }
}
