//! The counts of the last seconds together, for instruments that send theirs
//! more often than every ten.

use arrayvec::ArrayVec;

/// So long has to be counted before a value is believed, and so long a reading
/// may wait for it (alarm semantics, section 3).
pub const SPAN_S: f64 = 10.0;
pub const SPAN_NS: u64 = 10_000_000_000;

/// Readings of less than a second share a slot: two slots side by side hold more
/// than one second, so that 10 s never take more than these.
const SLOTS: usize = 24;
const SHARED_S: f64 = 1.0;

/// Whole seconds that went through a float.
const ALMOST: f64 = 1e-6;

/// Counts, the time they took, and what they are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// Number of counts.
    pub counts: u64,
    /// Counting time in seconds, above zero.
    pub seconds: f64,
    /// The calibrated value, by the counting time.
    pub value: f64,
}

/// What the window holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// All of it; the value is the mean by counting time.
    pub counted: Counted,
    /// It is enough to be believed: 10 s of counting or, from an instrument that
    /// does not count all the time, what came in 10 s.
    pub is_ready: bool,
    /// The instrument sends one reading in 10 s or less often: each stands by
    /// itself.
    pub is_alone: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// When its first reading came.
    at: u64,
    counts: u64,
    seconds: f64,
    /// Value times seconds.
    weight: f64,
}

/// The last 10 s of one channel: no more counting than that takes, and nothing
/// that came 10 s ago or before. So a rise is seen 10 s after its first reading
/// at the latest, whatever was before it.
///
/// After a break of 10 s, and at the start, it is empty. Times are nanoseconds of
/// any one clock. Its size is fixed.
#[derive(Clone, Debug, Default)]
pub struct Window {
    slots: ArrayVec<Slot, SLOTS>,
    /// Since when it was never empty.
    since: u64,
    last: Option<u64>,
    /// Between the last two readings.
    spacing: Option<u64>,
}

impl Window {
    /// Takes what came at `at`, and gives what there is then. Times that go back
    /// count as no time at all.
    pub fn add(&mut self, at: u64, counted: Counted) -> Sum {
        let at = self.last.map_or(at, |last| last.max(at));
        let gap = self.last.map(|last| at - last);
        self.last = Some(at);
        let too_old = |slot: &Slot| slot.at.saturating_add(SPAN_NS) <= at;
        let old = self.slots.iter().take_while(|slot| too_old(slot)).count();
        self.slots.drain(..old);
        if self.slots.is_empty() {
            self.since = at;
        }
        let slot = Slot {
            at,
            counts: counted.counts,
            seconds: counted.seconds,
            weight: counted.value * counted.seconds,
        };
        match self.slots.last_mut() {
            Some(last) if last.seconds + slot.seconds <= SHARED_S + ALMOST => last.take(&slot),
            _ => {
                if self.slots.is_full() {
                    self.slots.remove(0);
                }
                self.slots.push(slot);
            }
        }
        let mut seconds: f64 = self.slots.iter().map(|slot| slot.seconds).sum();
        while let Some(first) = self.slots.first()
            && seconds - first.seconds >= SPAN_S - ALMOST
        {
            seconds -= first.seconds;
            self.slots.remove(0);
        }
        let is_sparse = |gap: u64| gap >= SPAN_NS;
        let is_alone = gap.is_some_and(is_sparse) && self.spacing.is_none_or(is_sparse);
        self.spacing = gap.or(self.spacing);
        Sum {
            counted: self.sum(),
            is_ready: seconds >= SPAN_S - ALMOST || at - self.since >= SPAN_NS,
            is_alone,
        }
    }

    /// What there is; `None` when that is nothing.
    pub fn total(&self) -> Option<Counted> {
        (!self.slots.is_empty()).then(|| self.sum())
    }

    /// Forgets what was counted: it says nothing of what comes now.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    fn sum(&self) -> Counted {
        let (counts, seconds, weight) =
            self.slots
                .iter()
                .fold((0_u64, 0.0, 0.0), |(counts, seconds, weight), slot| {
                    (
                        counts.saturating_add(slot.counts),
                        seconds + slot.seconds,
                        weight + slot.weight,
                    )
                });
        Counted {
            counts,
            seconds,
            value: weight / seconds,
        }
    }
}

impl Slot {
    fn take(&mut self, other: &Self) {
        self.counts = self.counts.saturating_add(other.counts);
        self.seconds += other.seconds;
        self.weight += other.weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Readings at these milliseconds, of so many seconds each: the counting time
    /// after the last one, whether that is enough, and whether it stands alone.
    #[track_caller]
    fn check(at_ms: impl IntoIterator<Item = u64>, seconds: f64, expected: (f64, bool, bool)) {
        let mut window = Window::default();
        let mut sum = None;
        for at in at_ms {
            let counted = Counted {
                counts: 2,
                seconds,
                value: 0.5,
            };
            sum = Some(window.add(at * MS, counted));
        }
        let sum = sum.unwrap();
        let (total, is_ready, is_alone) = expected;
        let got = sum.counted.seconds;
        assert!((got - total).abs() < 1e-9, "{got} s, not {total} s");
        assert!((sum.counted.value - 0.5).abs() < 1e-12);
        assert_eq!((sum.is_ready, sum.is_alone), (is_ready, is_alone));
    }

    #[test]
    fn it_holds_ten_seconds() {
        let every = |ms: u64, n: u64| (0..n).map(move |k| k * ms);
        check(every(1000, 1), 1.0, (1.0, false, false));
        check(every(1000, 9), 1.0, (9.0, false, false));
        check(every(1000, 10), 1.0, (10.0, true, false));
        check(every(1000, 500), 1.0, (10.0, true, false));
        check(every(100, 99), 0.1, (9.9, false, false));
        check(every(100, 5000), 0.1, (10.0, true, false));
        check(every(600, 500), 0.6, (10.2, true, false));
        // Frames that come in lumps.
        check((0..200).map(|k| k / 4 * 4000), 1.0, (10.0, true, false));
        // Counting half of the time: what came in 10 s has to do.
        check(every(5000, 2), 1.0, (2.0, false, false));
        check(every(5000, 50), 1.0, (2.0, true, false));
        // Seldom: each by itself, from the second on.
        check([0, 10_000], 1.0, (1.0, false, true));
        check(every(60_000, 9), 1.0, (1.0, false, true));
        // A break begins anew, and the reading after it is none of the seldom.
        check(every(1000, 50).chain([200_000]), 1.0, (1.0, false, false));
        check(
            every(1000, 50).chain([200_000, 201_000]),
            1.0,
            (2.0, false, false),
        );
        // A clock that goes back.
        check([5000, 1000, 2000], 1.0, (3.0, false, false));
    }
}
