//! A drive along waypoints at one speed, with stops.

use std::time::Duration;

use crate::geo::Position;

/// A point of a route.
#[derive(Clone, Copy, Debug)]
pub struct Waypoint {
    /// Where it is.
    pub position: Position,
    /// How long the vehicle stands there, in scenario time.
    pub stop: Duration,
}

/// A drive: straight legs at one speed, a stop at each waypoint, and then
/// standing at the last.
#[derive(Clone, Debug)]
pub struct Route {
    first: Position,
    /// Reached at the end of its leg, which starts where the one before ends.
    legs: Vec<Leg>,
    /// Arrival at the first leg's start is 0; the first waypoint's stop.
    first_stop: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Leg {
    from: Position,
    to: Position,
    starts: Duration,
    arrives: Duration,
    leaves: Duration,
}

/// Why there is no such route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No waypoint.
    #[error("a route needs at least one waypoint")]
    Empty,
    /// A vehicle that would never arrive.
    #[error("the speed of a route must be a number above 0 m/s, and let it end")]
    Speed,
}

impl Route {
    /// A drive through `waypoints` at `metres_per_s` of scenario time.
    ///
    /// # Errors
    ///
    /// [`RouteError`] without waypoints, or when the speed is not above zero or so
    /// low that the drive's length overflows.
    pub fn new(waypoints: &[Waypoint], metres_per_s: f64) -> Result<Self, RouteError> {
        let (first, rest) = waypoints.split_first().ok_or(RouteError::Empty)?;
        if metres_per_s.is_nan() || metres_per_s <= 0.0 {
            return Err(RouteError::Speed);
        }
        let mut legs = Vec::with_capacity(rest.len());
        let mut from = *first;
        let mut starts = first.stop;
        for to in rest {
            let seconds = from.position.distance_m(to.position) / metres_per_s;
            let takes = Duration::try_from_secs_f64(seconds).map_err(|_| RouteError::Speed)?;
            let arrives = starts.checked_add(takes).ok_or(RouteError::Speed)?;
            let leaves = arrives.checked_add(to.stop).ok_or(RouteError::Speed)?;
            legs.push(Leg {
                from: from.position,
                to: to.position,
                starts,
                arrives,
                leaves,
            });
            from = *to;
            starts = leaves;
        }
        Ok(Self {
            first: first.position,
            legs,
            first_stop: first.stop,
        })
    }

    /// Where the vehicle is after `elapsed` scenario time.
    pub fn at(&self, elapsed: Duration) -> Position {
        let Some(leg) = self
            .legs
            .iter()
            .find(|leg| elapsed < leg.leaves)
            .or(self.legs.last())
        else {
            return self.first;
        };
        let share = super::share_of(elapsed, leg.starts, leg.arrives);
        leg.from.towards(leg.to, share)
    }

    /// When the vehicle has left its last waypoint's stop, in scenario time.
    pub fn ends(&self) -> Duration {
        self.legs.last().map_or(self.first_stop, |leg| leg.leaves)
    }
}
