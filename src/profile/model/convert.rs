//! What makes a dose rate of counts, and what counts are corrected for.

use std::sync::Arc;

use super::CaptureId;
use crate::reading::Factor;

/// Where the sensitivity of a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum SensitivityRule {
    /// The profile.
    One(Sensitivity),
    /// The text of a capture chooses it.
    By {
        /// The capture.
        of: CaptureId,
        /// Its text and what follows from it.
        rows: Vec<(String, Sensitivity)>,
    },
    /// The frame tells it, in counts per minute for each µSv/h.
    From {
        /// The capture.
        capture: CaptureId,
        /// The document that says so.
        source: String,
    },
}

impl SensitivityRule {
    /// Every sensitivity that is known before a frame comes.
    pub fn known(&self) -> impl Iterator<Item = &Sensitivity> {
        let (one, rows): (_, &[(String, Sensitivity)]) = match self {
            Self::One(sensitivity) => (Some(sensitivity), &[]),
            Self::By { rows, .. } => (None, rows),
            Self::From { .. } => (None, &[]),
        };
        one.into_iter()
            .chain(rows.iter().map(|(_, sensitivity)| sensitivity))
    }

    /// For people: the factor and its source.
    pub fn describe(&self) -> String {
        match self {
            Self::One(sensitivity) => {
                let Factor { text, source } = &*sensitivity.factor;
                format!("{text} ({source})")
            }
            Self::By { rows, .. } => {
                let names: Vec<&str> = rows.iter().map(|(name, _)| name.as_str()).collect();
                format!("by the tube: {}", names.join(", "))
            }
            Self::From { source, .. } => format!("as the frame says ({source})"),
        }
    }
}

/// Makes a dose rate of counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// How.
    pub response: Response,
    /// The same for people, with its source.
    pub factor: Arc<Factor>,
}

/// Dose rate by count rate.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// Counts per minute for each µSv/h.
    Constant(f64),
    /// Pairs of counts per minute and µSv/h, rising; straight lines from zero,
    /// the last one going on.
    Points(Arc<[(f64, f64)]>),
    /// Counts per minute divided by a number that depends on them.
    Divisors(Arc<[Divisor]>),
}

/// One step of a divisor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divisor {
    /// Up to so many counts per minute; infinite in the last step.
    pub up_to: f64,
    /// The divisor at zero counts.
    pub base: f64,
    /// What each count per minute adds.
    pub slope: f64,
}

impl Response {
    /// µSv/h at `cps` counts per second; `None` where the response says nothing,
    /// because its divisor has come down to zero.
    pub fn usv_per_h(&self, cps: f64) -> Option<f64> {
        let cpm = cps * 60.0;
        match self {
            // Counts are canonical by the second, the sensitivity by the minute.
            Self::Constant(cpm_per_usv_h) => Some(cps * (60.0 / cpm_per_usv_h)),
            Self::Points(points) => {
                let mut from = (0.0, 0.0);
                let mut line = (from, from);
                for point in points.iter() {
                    line = (from, *point);
                    if cpm <= point.0 {
                        break;
                    }
                    from = *point;
                }
                let ((x0, y0), (x1, y1)) = line;
                (x1 > x0).then(|| y0 + (cpm - x0) * (y1 - y0) / (x1 - x0))
            }
            Self::Divisors(steps) => {
                let step = steps.iter().find(|step| cpm <= step.up_to)?;
                let divisor = step.base + step.slope * cpm;
                (divisor > 0.0).then(|| cpm / divisor)
            }
        }
    }
}

/// Dead time after each count, not prolonged by further ones.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadTime {
    /// In seconds.
    pub seconds: f64,
    /// For people, with its source.
    pub factor: Arc<Factor>,
}

impl DeadTime {
    /// Smallest live part of the time that still tells anything.
    const LEAST_LIVE: f64 = 0.1;

    /// The true rate, in counts per second; `Err` is a lower bound of it, for a
    /// detector near its saturation.
    pub fn correct(&self, cps: f64) -> Result<f64, f64> {
        let live = 1.0 - cps * self.seconds;
        if live < Self::LEAST_LIVE {
            Err(cps / Self::LEAST_LIVE)
        } else {
            Ok(cps / live)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(got: f64, expected: f64) {
        assert!(
            (got - expected).abs() <= 1e-9 * expected.abs(),
            "{got}, not {expected}"
        );
    }

    #[test]
    fn points_are_joined_by_lines_from_zero_and_the_last_goes_on() {
        let points = Response::Points([(60.0, 1.0), (120.0, 3.0)].into());
        for (cps, expected) in [
            (0.0, 0.0),
            (0.5, 0.5),
            (1.0, 1.0),
            (1.5, 2.0),
            (2.0, 3.0),
            (3.0, 5.0),
        ] {
            near(points.usv_per_h(cps).unwrap(), expected);
        }
    }

    #[test]
    fn a_divisor_at_zero_says_nothing() {
        let steps = [
            Divisor {
                up_to: 60.0,
                base: 10.0,
                slope: 0.0,
            },
            Divisor {
                up_to: f64::INFINITY,
                base: 12.0,
                slope: -0.1,
            },
        ];
        let divisors = Response::Divisors(steps.into());
        near(divisors.usv_per_h(1.0).unwrap(), 6.0);
        near(divisors.usv_per_h(1.5).unwrap(), 30.0);
        assert_eq!(divisors.usv_per_h(2.0), None);
    }

    #[test]
    fn dead_time_is_corrected_up_to_saturation() {
        let dead = DeadTime {
            seconds: 1e-4,
            factor: Arc::new(Factor {
                text: String::new(),
                source: String::new(),
            }),
        };
        near(dead.correct(1000.0).unwrap(), 1000.0 / 0.9);
        near(dead.correct(8000.0).unwrap(), 40_000.0);
        near(dead.correct(9500.0).unwrap_err(), 95_000.0);
        near(dead.correct(20_000.0).unwrap_err(), 200_000.0);
    }
}
