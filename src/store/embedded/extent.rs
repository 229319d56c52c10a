//! Where an instrument was on a day, so that an area is found without reading
//! the days on which nothing was near it.

use rusqlite::params;

use super::statement::Lazy;
use crate::clock::Wall;

/// Seconds in the day of a box.
pub(super) const DAY_SECS: i64 = 86_400;

/// Widens the box that the file has, whatever it is; so none need be read.
pub(super) const WIDEN: &str = "INSERT INTO extent (instrument, day, south, north, west, east)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (instrument, day) DO UPDATE SET
  south = min(south, excluded.south), north = max(north, excluded.north),
  west = min(west, excluded.west), east = max(east, excluded.east)";

/// Smallest box around an instrument's positions of one day, degrees × 10⁷.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// Days since 1970.
    day: i64,
    south: i64,
    north: i64,
    west: i64,
    east: i64,
    /// Whether the file has at least this box.
    is_written: bool,
}

impl Extent {
    /// Around one position, in degrees × 10⁷.
    pub(super) const fn point(at: Wall, lat: i64, lon: i64) -> Self {
        Self {
            day: at.as_secs().div_euclid(DAY_SECS),
            south: lat,
            north: lat,
            west: lon,
            east: lon,
            is_written: false,
        }
    }

    /// Whether both are of the same day.
    pub(super) const fn is_same_day(&self, other: &Self) -> bool {
        self.day == other.day
    }

    /// Widened by a point of the same day; else the point alone.
    pub(super) fn with(self, point: Self) -> Self {
        if !self.is_same_day(&point) {
            return point;
        }
        let wider = Self {
            south: self.south.min(point.south),
            north: self.north.max(point.north),
            west: self.west.min(point.west),
            east: self.east.max(point.east),
            ..self
        };
        let is_same = (wider.south, wider.north, wider.west, wider.east)
            == (self.south, self.north, self.west, self.east);
        Self {
            is_written: self.is_written && is_same,
            ..wider
        }
    }

    /// Writes the box, unless the file has it already. `widen` is [`WIDEN`].
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn write(&mut self, widen: &mut Lazy<'_>, instrument: i64) -> rusqlite::Result<()> {
        if !self.is_written {
            widen.get()?.execute(params![
                instrument, self.day, self.south, self.north, self.west, self.east
            ])?;
            self.is_written = true;
        }
        Ok(())
    }
}
