//! A detector that counts: by chance, as radiation does, or steadily for comparisons.

use crate::firmware::Moment;
use crate::prng::{Prng, whole};

/// Turns expected counts into counts.
#[derive(Clone, Debug)]
pub struct Detector {
    prng: Prng,
    /// The part of a count that a steady detector still owes.
    rest: f64,
}

impl Detector {
    /// Its counts follow from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self {
            prng: Prng::new(seed),
            rest: 0.0,
        }
    }

    /// How many come when `expected` are: a Poisson draw, or when the moment is
    /// steady as many as make the sum of all calls right.
    pub fn counts(&mut self, expected: f64, moment: &Moment) -> u64 {
        if !moment.steady {
            return self.prng.poisson(expected);
        }
        self.rest += expected.max(0.0);
        // Sums like ten times 0.1 may end a hair below the whole number they are.
        let counts = whole((self.rest + 1e-9).floor());
        self.rest = (self.rest - counts as f64).max(0.0);
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn steady_counts_add_up() {
        let mut detector = Detector::new(1);
        let moment = Moment {
            steady: true,
            ..test_moment(1.0)
        };
        let counts: Vec<u64> = (0..10).map(|_| detector.counts(0.3, &moment)).collect();
        assert_eq!(counts.iter().sum::<u64>(), 3, "{counts:?}");
        assert_eq!(detector.counts(12.0, &moment), 12);
        assert_eq!(detector.counts(f64::NAN, &moment), 0);
    }

    #[test]
    fn without_it_chance_rules() {
        let moment = test_moment(1.0);
        let mut detector = Detector::new(1);
        let counts: Vec<u64> = (0..20).map(|_| detector.counts(9.0, &moment)).collect();
        assert!(counts.windows(2).any(|two| two[0] != two[1]), "{counts:?}");
    }
}
