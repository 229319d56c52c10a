//! Collapse after a rise (SN-3): an overloaded tube reads low or nothing, and
//! its low value is evidence of a high field.

use std::time::Duration;

use crate::clock::Mono;

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

/// Whether an instrument has collapsed. Low readings that follow count as the
/// first one does, for as long as it takes: a dead tube says nothing of the field.
#[derive(Clone, Copy, Debug, Default)]
pub struct Collapse {
    risen: Option<Mono>,
    has_collapsed: bool,
}

impl Collapse {
    /// Whether it has collapsed.
    pub const fn has_collapsed(&self) -> bool {
        self.has_collapsed
    }

    /// Takes a dose rate in µSv/h that arrived at `now`; true when it counts as
    /// over-range. Without a background of its own only a zero is a collapse.
    pub fn take(&mut self, now: Mono, usv_h: f64, background_usv_h: Option<f64>) -> bool {
        let is_low =
            usv_h <= 0.0 || background_usv_h.is_some_and(|usual| usv_h < LOW_RATIO * usual);
        if usv_h >= RISE_USV_H {
            self.risen = Some(now);
        }
        let follows = self.risen.is_some_and(|risen| now.since(risen) <= WITHIN);
        self.has_collapsed = is_low && (self.has_collapsed || follows);
        self.has_collapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(background: Option<f64>, script: &[(u64, f64, bool)]) {
        let mut collapse = Collapse::default();
        for (secs, usv_h, expected) in script {
            let got = collapse.take(Mono::from_secs(*secs), *usv_h, background);
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
}
