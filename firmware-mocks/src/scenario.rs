//! The world the mocks measure: background, hidden sources, routes, speed of time.
//!
//! A scenario is a pure function of time and place. Its time, called scenario
//! time, starts at zero when a mock starts and runs [`Speed`] times as fast as the
//! wall clock. Several mocks of one scenario are started together.

mod demo;
mod route;

pub use demo::{DEMO_SOURCE, MIGHTYOHM, MOBILE, STATIONS};
pub use route::{Route, RouteError, Waypoint};

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use crate::geo::Position;

/// What there is to measure, how fast time runs, and who stands or drives where.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The radiation field.
    pub world: World,
    /// Scenario seconds per wall-clock second.
    pub speed: Speed,
    /// Where the scenario wants its instruments, by name. Empty unless it is a
    /// ready one such as [`Scenario::demo`].
    pub places: BTreeMap<&'static str, Place>,
}

/// A radiation field: a background and point sources, added up.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Natural dose rate everywhere, in µSv/h.
    pub background_usv_h: f64,
    /// Sources nobody has told the teams about.
    pub sources: Vec<Source>,
}

/// A point source without shielding; its field falls with the distance squared.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it lies.
    pub position: Position,
    /// Dose rate at 1 m, in µSv/h.
    pub usv_h_at_1m: f64,
    /// When it is there; `None` for always.
    pub profile: Option<Profile>,
}

/// A rise, a plateau and a decline, in scenario time; straight lines between.
///
/// The four times are in this order; equal times make a step.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Start of the rise; before it the source does not exist.
    pub rises: Duration,
    /// Start of the plateau.
    pub full: Duration,
    /// Start of the decline.
    pub declines: Duration,
    /// End of the decline; after it the source is gone.
    pub gone: Duration,
}

/// Where an instrument is.
#[derive(Clone, Debug)]
pub enum Place {
    /// It stands still.
    Fixed(Position),
    /// It is driven.
    Drive(Route),
}

/// Scenario seconds per wall-clock second, [`Speed::MIN`] to [`Speed::MAX`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(f64);

/// A speed factor outside its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a speed is a number from {min} to {max}, found `{0}`", min = Speed::MIN, max = Speed::MAX)]
pub struct SpeedError(String);

/// Nobody measures closer to a source than this, in metres: there the point
/// source ends and its capsule begins.
pub const FLOOR_M: f64 = 1.0;

impl Scenario {
    /// A quiet world at wall-clock speed: `background_usv_h` and nothing else.
    pub fn quiet(background_usv_h: f64) -> Self {
        Self {
            world: World {
                background_usv_h,
                sources: Vec::new(),
            },
            speed: Speed::WALL,
            places: BTreeMap::new(),
        }
    }

    /// Dose rate at `position` after `elapsed` scenario time, in µSv/h.
    pub fn dose_rate_at(&self, elapsed: Duration, position: Position) -> f64 {
        self.world.dose_rate_at(elapsed, position)
    }
}

impl World {
    /// Dose rate at `position` after `elapsed` scenario time, in µSv/h.
    pub fn dose_rate_at(&self, elapsed: Duration, position: Position) -> f64 {
        let of_sources = |source: &Source| {
            let distance_m = source.position.distance_m(position).max(FLOOR_M);
            let share = source.profile.map_or(1.0, |profile| profile.at(elapsed));
            share * source.usv_h_at_1m / (distance_m * distance_m)
        };
        self.background_usv_h + self.sources.iter().map(of_sources).sum::<f64>()
    }
}

impl Profile {
    /// The share of its full strength the source has, 0 to 1.
    pub fn at(self, elapsed: Duration) -> f64 {
        if elapsed < self.full {
            share_of(elapsed, self.rises, self.full)
        } else if elapsed < self.declines {
            1.0
        } else {
            1.0 - share_of(elapsed, self.declines, self.gone)
        }
    }
}

impl Place {
    /// Where the instrument is after `elapsed` scenario time.
    pub fn at(&self, elapsed: Duration) -> Position {
        match self {
            Self::Fixed(position) => *position,
            Self::Drive(route) => route.at(elapsed),
        }
    }
}

impl Speed {
    /// The wall clock's own speed.
    pub const WALL: Self = Self(1.0);

    /// A thousandth: nobody waits longer than 17 minutes for a second.
    pub const MIN: f64 = 1e-3;

    /// A million: a scenario year in half a minute. Above it an instrument that
    /// sends once a second would have to send faster than any line can.
    pub const MAX: f64 = 1e6;

    /// # Errors
    ///
    /// [`SpeedError`] unless `factor` lies in [`Speed::MIN`] to [`Speed::MAX`].
    pub fn new(factor: f64) -> Result<Self, SpeedError> {
        if (Self::MIN..=Self::MAX).contains(&factor) {
            Ok(Self(factor))
        } else {
            Err(SpeedError(factor.to_string()))
        }
    }

    /// Scenario seconds per wall-clock second.
    pub const fn factor(self) -> f64 {
        self.0
    }

    /// How long `scenario` time takes on the wall clock; the longest duration
    /// where a very slow scenario would overflow it.
    pub fn wall(self, scenario: Duration) -> Duration {
        Duration::try_from_secs_f64(scenario.as_secs_f64() / self.0).unwrap_or(Duration::MAX)
    }
}

impl FromStr for Speed {
    type Err = SpeedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let factor = text
            .trim()
            .parse()
            .map_err(|_| SpeedError(text.to_owned()))?;
        Self::new(factor)
    }
}

/// How far `elapsed` lies between `from` and `until`, 0 to 1; a step when the two
/// are equal.
fn share_of(elapsed: Duration, from: Duration, until: Duration) -> f64 {
    if elapsed >= until {
        return 1.0;
    }
    let span = until.saturating_sub(from);
    if span.is_zero() {
        return 0.0;
    }
    (elapsed.saturating_sub(from).as_secs_f64() / span.as_secs_f64()).min(1.0)
}

#[cfg(test)]
mod tests;
