//! Running totals: the rate is their difference over time.

use std::collections::HashMap;

use crate::clock::Mono;

/// Totals as last seen: by device, message and value.
pub(super) type Totals = HashMap<(String, usize, usize), (u64, Mono)>;

/// Shortest time that gives a rate, in seconds: two totals that came in one piece
/// tell nothing of the time between them.
const SHORTEST_S: f64 = 0.05;

/// The totals while one message is read.
#[derive(Debug)]
pub(super) struct Counters<'c> {
    pub(super) of: &'c mut Totals,
    /// Which message of the profile.
    pub(super) message: usize,
    /// When it arrived, or was measured.
    pub(super) now: Mono,
}

/// What came between two totals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// Counts.
    pub(super) counts: u64,
    /// Seconds, above zero.
    pub(super) seconds: f64,
}

impl Counters<'_> {
    /// Takes in a total of `bits` bits; `None` when it is the first, or cannot be
    /// compared with the last.
    pub(super) fn step(
        &mut self,
        device: &str,
        value: usize,
        total: u64,
        bits: u32,
    ) -> Option<Step> {
        let now = self.now;
        let key = (device.to_owned(), self.message, value);
        let (last, at) = *self.of.entry(key.clone()).or_insert((total, now));
        if now < at {
            // The instrument's clock was set back.
            self.of.insert(key, (total, now));
            return None;
        }
        let seconds = now.since(at).as_secs_f64();
        if seconds < SHORTEST_S {
            return None;
        }
        self.of.insert(key, (total, now));
        let size = 1u64.checked_shl(bits)?;
        let counts = match total.checked_sub(last) {
            Some(counts) => counts,
            // It began anew: after its last number, or after a restart. What
            // would be more than half of all its numbers is no wrap.
            None => (total + size)
                .checked_sub(last)
                .filter(|counts| *counts < size / 2)?,
        };
        Some(Step { counts, seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_a_total_that_wraps_and_restarts() {
        let mut totals = Totals::default();
        let mut step = |secs: u64, total: u64| {
            let mut counters = Counters {
                of: &mut totals,
                message: 0,
                now: Mono::from_secs(secs),
            };
            counters
                .step("a", 0, total, 32)
                .map(|step| (step.counts, step.seconds))
        };
        let top = u64::from(u32::MAX);
        assert_eq!(step(1, 1000), None);
        assert_eq!(step(3, 1060), Some((60, 2.0)));
        // Two in one piece: the next rate is taken over the whole time.
        assert_eq!(step(3, 1070), None);
        assert_eq!(step(4, 1090), Some((30, 1.0)));
        assert_eq!(step(5, top - 4), Some((top - 4 - 1090, 1.0)));
        assert_eq!(step(6, 5), Some((10, 1.0)));
        assert_eq!(step(7, 3_000_000), Some((2_999_995, 1.0)));
        // A restart is no rate at all.
        assert_eq!(step(8, 7), None);
        assert_eq!(step(9, 17), Some((10, 1.0)));
        // Nor is a clock that was set back.
        assert_eq!(step(2, 20), None);
        assert_eq!(step(3, 26), Some((6, 1.0)));
    }
}
