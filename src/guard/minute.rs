//! The counts of each full minute, for what is slow.

use crate::quality::window::Counted;

/// A minute, in seconds of counting.
const MINUTE_S: f64 = 60.0;

/// After a break this long the minute under way is given up, in nanoseconds.
const BREAK_NS: u64 = 60_000_000_000;

/// A minute of counting under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Minute {
    counts: u64,
    seconds: f64,
    /// Value times seconds.
    weight: f64,
    last: u64,
}

impl Minute {
    /// Takes what came at `at`, in nanoseconds; gives a minute that is full.
    pub(super) fn add(&mut self, at: u64, counted: Counted) -> Option<Counted> {
        if at.saturating_sub(self.last) >= BREAK_NS {
            self.clear();
        }
        self.last = at;
        self.counts = self.counts.saturating_add(counted.counts);
        self.seconds += counted.seconds;
        self.weight += counted.value * counted.seconds;
        if self.seconds + 1e-6 < MINUTE_S {
            return None;
        }
        let full = Counted {
            counts: self.counts,
            seconds: self.seconds,
            value: self.weight / self.seconds,
        };
        self.clear();
        Some(full)
    }

    /// Gives up the minute under way.
    pub(super) fn clear(&mut self) {
        (self.counts, self.seconds, self.weight) = (0, 0.0, 0.0);
    }
}
