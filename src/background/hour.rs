//! One hour of one instrument.

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;

/// Most values of an hour that are kept for its median. Beyond it every second
/// one is dropped, from then on only every second one is taken, and so on: what
/// is kept is spread evenly over the hour.
const KEPT: usize = 256;

/// An hour that is over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(i64, f64, u32, bool)", into = "(i64, f64, u32, bool)")]
pub struct Hour {
    /// Hours since 1970.
    pub number: i64,
    /// Its median, in µSv/h.
    pub median: f64,
    /// Points in it.
    pub points: u32,
    /// All of it was normal; else it speaks for a candidate only.
    pub is_quiet: bool,
}

impl From<(i64, f64, u32, bool)> for Hour {
    fn from((number, median, points, is_quiet): (i64, f64, u32, bool)) -> Self {
        Self {
            number,
            median,
            points,
            is_quiet,
        }
    }
}

impl From<Hour> for (i64, f64, u32, bool) {
    fn from(hour: Hour) -> Self {
        (hour.number, hour.median, hour.points, hour.is_quiet)
    }
}

/// The hour under way.
#[derive(Clone, Debug)]
pub(super) struct Current {
    pub(super) number: i64,
    /// Something in it was above normal, or it rained.
    pub(super) is_spoilt: bool,
    /// The hour before was spoilt.
    is_guarded: bool,
    is_quiet: bool,
    points: u32,
    /// Of so many points one is kept.
    stride: u32,
    values: Vec<f64>,
}

impl Current {
    pub(super) const fn new(number: i64) -> Self {
        Self {
            number,
            is_spoilt: false,
            is_guarded: false,
            is_quiet: true,
            points: 0,
            stride: 1,
            values: Vec::new(),
        }
    }

    /// Begins hour `number` and gives the one before, if it counts.
    pub(super) fn turn(&mut self, number: i64) -> Option<Hour> {
        let over = self.close();
        self.is_guarded = self.is_spoilt && self.number + 1 == number;
        self.number = number;
        self.is_spoilt = false;
        self.is_quiet = true;
        self.points = 0;
        self.stride = 1;
        self.values.clear();
        over
    }

    pub(super) fn take(&mut self, evidence: Evidence) {
        match evidence {
            Evidence::Nothing => {}
            Evidence::Spoils => {
                self.is_spoilt = true;
                self.values.clear();
            }
            Evidence::Quiet(usv_h) => self.add(usv_h),
            Evidence::AgainstAssumed(usv_h) => {
                self.is_quiet = false;
                self.add(usv_h);
            }
        }
    }

    fn add(&mut self, usv_h: f64) {
        if self.is_spoilt || self.is_guarded {
            return;
        }
        if self.points.is_multiple_of(self.stride) {
            if self.values.len() == KEPT {
                let mut at = 0_usize;
                self.values.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.stride *= 2;
            }
            // After a halving the point at hand may fall between two that are kept.
            if self.points.is_multiple_of(self.stride) {
                self.values.push(usv_h);
            }
        }
        self.points = self.points.saturating_add(1);
    }

    fn close(&mut self) -> Option<Hour> {
        if self.is_spoilt {
            return None;
        }
        Some(Hour {
            number: self.number,
            median: median(&mut self.values)?,
            points: self.points,
            is_quiet: self.is_quiet,
        })
    }
}

/// The median, of two in the middle their mean; sorts.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(middle.checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_odd_and_even_numbers() {
        for (mut values, expected) in [
            (vec![], None),
            (vec![0.3], Some(0.3)),
            (vec![0.4, 0.2], Some(0.3)),
            (vec![0.9, 0.1, 0.2], Some(0.2)),
        ] {
            let got = median(&mut values);
            let is_same = match (got, expected) {
                (Some(got), Some(expected)) => (got - expected).abs() < 1e-12,
                (got, expected) => got == expected,
            };
            assert!(is_same, "{values:?}: {got:?}");
        }
    }

    /// A fast instrument fills no memory, and its late minutes count as much as
    /// its early ones.
    #[test]
    fn a_full_hour_is_thinned_evenly() {
        let mut current = Current::new(7);
        for n in 0..3600_u32 {
            current.take(Evidence::Quiet(0.1 + f64::from(n) * 1e-6));
        }
        assert!(current.values.len() <= KEPT);
        let hour = current.turn(8).unwrap();
        assert_eq!((hour.number, hour.points), (7, 3600));
        assert!((hour.median - 0.1018).abs() < 2e-5, "{hour:?}");
    }
}
