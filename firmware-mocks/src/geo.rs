//! Positions on the ground, and distances of up to some ten kilometres.

use std::str::FromStr;

/// A place on the ground, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Degrees north, −90 to 90.
    pub lat: f64,
    /// Degrees east, −180 to 180.
    pub lon: f64,
}

/// Why a text is not a position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// Not two numbers with a comma between.
    #[error("expected `LAT,LON` in degrees, found `{0}`")]
    Syntax(String),
    /// A number outside the globe.
    #[error("latitude must lie in -90 to 90 and longitude in -180 to 180, found `{0}`")]
    Range(String),
}

/// Mean radius of the earth, in metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

impl Position {
    /// Distance to `other` in metres, on a plane that touches the ground here.
    ///
    /// Off by less than 0.1 % within 10 km at the latitudes of Indonesia.
    pub fn distance_m(self, other: Self) -> f64 {
        let north = (other.lat - self.lat).to_radians();
        let middle = f64::midpoint(self.lat, other.lat).to_radians();
        let east = (other.lon - self.lon).to_radians() * middle.cos();
        EARTH_RADIUS_M * north.hypot(east)
    }

    /// The point `share` of the way to `other`: 0 is here, 1 is there.
    pub fn towards(self, other: Self, share: f64) -> Self {
        Self {
            lat: self.lat + (other.lat - self.lat) * share,
            lon: self.lon + (other.lon - self.lon) * share,
        }
    }

    /// The point `north_m` metres north and `east_m` metres east of here.
    pub fn moved(self, north_m: f64, east_m: f64) -> Self {
        let shrink = self.lat.to_radians().cos();
        Self {
            lat: self.lat + (north_m / EARTH_RADIUS_M).to_degrees(),
            lon: self.lon + (east_m / (EARTH_RADIUS_M * shrink)).to_degrees(),
        }
    }
}

/// Reads `LAT,LON` in decimal degrees.
impl FromStr for Position {
    type Err = PositionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let syntax = || PositionError::Syntax(text.to_owned());
        let (lat, lon) = text.split_once(',').ok_or_else(syntax)?;
        let number = |part: &str| part.trim().parse::<f64>().map_err(|_| syntax());
        let position = Self {
            lat: number(lat)?,
            lon: number(lon)?,
        };
        if position.lat.abs() <= 90.0 && position.lon.abs() <= 180.0 {
            Ok(position)
        } else {
            Err(PositionError::Range(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERPONG: Position = Position {
        lat: -6.35,
        lon: 106.67,
    };

    #[test]
    fn a_minute_of_latitude_is_a_nautical_mile() {
        let north = Position {
            lat: -6.35 + 1.0 / 60.0,
            ..SERPONG
        };
        let distance = SERPONG.distance_m(north);
        assert!((distance - 1_853.0).abs() < 2.0, "{distance}");
    }

    #[test]
    fn moving_is_the_inverse_of_measuring() {
        let there = SERPONG.moved(-300.0, 400.0);
        let distance = SERPONG.distance_m(there);
        assert!((distance - 500.0).abs() < 0.1, "{distance}");
        assert!(there.lat < SERPONG.lat && there.lon > SERPONG.lon);
    }

    #[test]
    fn reads_positions_and_refuses_the_rest() {
        assert_eq!("-6.35, 106.67".parse(), Ok(SERPONG));
        for bad in ["", "1", "a,b", "1,2,3"] {
            let read = bad.parse::<Position>();
            assert_eq!(read, Err(PositionError::Syntax(bad.to_owned())));
        }
        for bad in ["91,0", "0,181", "NaN,0"] {
            let read = bad.parse::<Position>();
            assert_eq!(read, Err(PositionError::Range(bad.to_owned())));
        }
    }
}
