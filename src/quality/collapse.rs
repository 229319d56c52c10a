//! Collapse after a rise (SN-3): an overloaded tube reads low or nothing, and
//! its low value is evidence of a high field.

use std::time::Duration;

use super::poisson::{is_surely_at, is_too_few};
use super::window::{Counted, SPAN_S, Window};
use crate::clock::Mono;
use crate::reading::Counting;

/// SN-3: what a collapse is.
///
/// | what                     | value          | from                               |
/// |--------------------------|----------------|------------------------------------|
/// | a rise reaches           | 1 µSv/h        | criteria.md section 5, SN-3        |
/// | a collapse is below      | 0.3 x own background, or zero | same                |
/// | and follows within       | 60 s           | same                               |
const RISE_USV_H: f64 = 1.0;
const LOW_RATIO: f64 = 0.3;
const WITHIN: Duration = Duration::from_secs(60);

/// What a tube without a known background would show at least, in µSv/h: where
/// the counts of nothing begin to be too few.
const ASSUMED_USV_H: f64 = 0.1;

/// Counting after a rise that is looked back at, in seconds: long enough for a
/// small tube to be told from one that is dead.
const REMEMBERED_S: f64 = 120.0;

/// Whether an instrument has collapsed. Low readings that follow count as the
/// first one does, for as long as it takes: a dead tube says nothing of the field.
///
/// Where the instrument tells its counts, they decide: one second of a small tube
/// at background is zero two times in three, and above 1 µSv/h some 18,000 times
/// a year. A rise is then one of counts enough, or of 10 s; and a low value is
/// low when so few counts would come from the background in at most one of
/// 10,000 tries.
#[derive(Clone, Debug, Default)]
pub struct Collapse {
    risen: Option<Mono>,
    has_collapsed: bool,
    window: Window,
    /// Counts by second and µSv/h, by the last reading that had any.
    sensitivity: Option<f64>,
    /// Counts and seconds since the last reading at a rise.
    since: (u64, f64),
}

impl Collapse {
    /// Whether it has collapsed.
    pub const fn has_collapsed(&self) -> bool {
        self.has_collapsed
    }

    /// Takes a dose rate in µSv/h that arrived at `now`; true when it counts as
    /// over-range. Without a background of its own only a zero is a collapse.
    pub fn take(
        &mut self,
        now: Mono,
        usv_h: f64,
        counting: Option<Counting>,
        background_usv_h: Option<f64>,
    ) -> bool {
        let (is_rise, is_low) = match counting {
            None => (usv_h >= RISE_USV_H, is_low(usv_h, background_usv_h)),
            Some(counting) => self.by_counts(now, usv_h, counting, background_usv_h),
        };
        if is_rise {
            self.risen = Some(now);
        }
        let follows = self.risen.is_some_and(|risen| now.since(risen) <= WITHIN);
        self.has_collapsed = is_low && (self.has_collapsed || follows);
        self.has_collapsed
    }

    /// Whether it rose, and whether it has fallen too low since.
    fn by_counts(
        &mut self,
        now: Mono,
        usv_h: f64,
        Counting { counts, seconds }: Counting,
        background_usv_h: Option<f64>,
    ) -> (bool, bool) {
        let counted = Counted {
            counts,
            seconds,
            value: usv_h,
        };
        let is_rise = if seconds < SPAN_S {
            let sum = self.window.add(now.as_nanos(), counted);
            is_surely_at(usv_h, counts, RISE_USV_H)
                || (sum.is_ready && usv_h > 0.0 && sum.counted.value >= RISE_USV_H)
        } else {
            usv_h >= RISE_USV_H
        };
        if counts > 0 && usv_h > 0.0 {
            #[expect(
                clippy::cast_precision_loss,
                reason = "counts of one reading stay far below 2^53"
            )]
            let by_second = counts as f64 / seconds;
            self.sensitivity = Some(by_second / usv_h);
        }
        if is_rise {
            self.since = (0, 0.0);
            return (true, false);
        }
        if self.risen.is_none() {
            return (false, false);
        }
        if self.since.1 > REMEMBERED_S {
            // What comes now has to count, too.
            self.since = (self.since.0 / 2, self.since.1 / 2.0);
        }
        self.since.0 = self.since.0.saturating_add(counts);
        self.since.1 += seconds;
        let (counts, seconds) = self.since;
        let Some(sensitivity) = self.sensitivity else {
            return (false, false);
        };
        let expected = |usv_h: f64| usv_h * sensitivity * seconds;
        let is_low = match background_usv_h {
            Some(usual) => {
                let usual = expected(usual);
                is_too_few(counts, usual) && is_fewer(counts, LOW_RATIO * usual)
            }
            None => counts == 0 && is_too_few(0, expected(ASSUMED_USV_H)),
        };
        (false, is_low)
    }
}

fn is_low(usv_h: f64, background_usv_h: Option<f64>) -> bool {
    usv_h <= 0.0 || background_usv_h.is_some_and(|usual| usv_h < LOW_RATIO * usual)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of some minutes stay far below 2^53"
)]
const fn is_fewer(counts: u64, than: f64) -> bool {
    (counts as f64) < than
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(background: Option<f64>, script: &[(u64, f64, bool)]) {
        let mut collapse = Collapse::default();
        for (secs, usv_h, expected) in script {
            let got = collapse.take(Mono::from_secs(*secs), *usv_h, None, background);
            assert_eq!(got, *expected, "{usv_h} at {secs} s");
        }
    }

    #[test]
    fn an_overloaded_tube_that_reads_low_stays_over_range() {
        let background = Some(0.1);
        check(
            background,
            &[
                (0, 0.1, false),
                (1, 5000.0, false),
                (2, 0.02, true),
                (700, 0.01, true),
                (701, 0.0, true),
                // It measures again.
                (702, 0.1, false),
                (703, 0.02, false),
            ],
        );
        // A field that falls to the background, or falls slowly, is no collapse.
        check(background, &[(0, 150.0, false), (1, 0.09, false)]);
        check(background, &[(0, 1.0, false), (61, 0.02, false)]);
        check(background, &[(0, 1.0, false), (60, 0.02, true)]);
        check(background, &[(0, 0.9, false), (1, 0.0, false)]);
        check(None, &[(0, 1.0, false), (1, 0.01, false), (2, 0.0, true)]);
    }

    /// Counts of one second each from a tube of 3.7 counts by second and µSv/h:
    /// how many seconds until it has collapsed, if ever.
    fn seconds_until(
        background: Option<f64>,
        counts: impl IntoIterator<Item = u64>,
    ) -> Option<usize> {
        let mut collapse = Collapse::default();
        counts.into_iter().zip(0..).position(|(counts, secs)| {
            let counting = Counting {
                counts,
                seconds: 1.0,
            };
            let usv_h = f64::from(u32::try_from(counts).unwrap()) / 3.7;
            collapse.take(Mono::from_secs(secs), usv_h, Some(counting), background)
        })
    }

    #[test]
    fn seconds_without_a_count_are_no_collapse_until_they_are_too_many() {
        let one = |first: u64, then: u64, n: usize| {
            std::iter::once(first).chain(std::iter::repeat_n(then, n))
        };
        // 4 counts are 1.08 µSv/h, and chance; zeros after them mean nothing.
        assert_eq!(seconds_until(Some(0.1), one(4, 0, 200)), None);
        // 5,000 µSv/h is none: 25 s of nothing are too few counts for 0.1 µSv/h.
        assert_eq!(seconds_until(Some(0.1), one(18_500, 0, 200)), Some(25));
        assert_eq!(seconds_until(None, one(18_500, 0, 200)), Some(25));
        // What falls to the background, one count in three seconds, has not collapsed.
        let usual = (0..600).map(|n| u64::from(n % 3 == 0));
        assert_eq!(
            seconds_until(Some(0.1), std::iter::once(18_500).chain(usual)),
            None
        );
    }
}
