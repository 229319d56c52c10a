//! How fast a recording is played.

use std::str::FromStr;
use std::time::Duration;

/// Lines a second: above 0, at most [`Rate::MAX`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

/// A rate outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a number above 0 and at most {max}, found `{0}`", max = Rate::MAX)]
pub struct RateError(String);

impl Rate {
    /// One line a second.
    pub const ONE: Self = Self(1.0);

    /// A million lines a second is more than a terminal takes.
    pub const MAX: f64 = 1e6;

    /// # Errors
    ///
    /// [`RateError`] unless `per_second` is above 0 and at most [`Rate::MAX`].
    pub fn new(per_second: f64) -> Result<Self, RateError> {
        // One line in a year is slow enough, and a pause the clock can count.
        if 1e-7 < per_second && per_second <= Self::MAX {
            Ok(Self(per_second))
        } else {
            Err(RateError(per_second.to_string()))
        }
    }

    /// From one line to the next.
    pub fn pace(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let per_second = text.trim().parse();
        Self::new(per_second.map_err(|_| RateError(text.to_owned()))?)
    }
}
