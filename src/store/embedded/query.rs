//! Which readings are asked for.

use geo::{BoundingRect, Intersects, MultiPolygon, Point};

use super::dictionary::DEGREE;
use super::row::scaled;
use crate::clock::Wall;
use crate::reading::InstrumentId;

/// Which readings to return; the default is all of them, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Of this instrument alone.
    pub instrument: Option<InstrumentId>,
    /// Measured at this instant or later.
    pub since: Option<Wall>,
    /// Measured before this instant.
    pub until: Option<Wall>,
    /// Measured inside this area; those without a position are left out.
    pub area: Option<Area>,
    /// At most so many.
    pub limit: Option<u64>,
    /// In which order, and with a limit also which ones.
    pub order: Order,
}

/// The order of readings in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Ascending.
    #[default]
    OldestFirst,
    /// Descending.
    NewestFirst,
}

/// Why numbers are not an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AreaError {
    /// A side lies off the Earth, or south is north of north.
    #[error("the sides must be within 90 and 180 degrees, south below north")]
    Bounds,
    /// A polygon without a corner.
    #[error("the polygon is empty")]
    Empty,
}

/// A part of the Earth's surface, WGS 84; its edge belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    south: f64,
    west: f64,
    north: f64,
    east: f64,
    polygons: Option<MultiPolygon<f64>>,
}

impl Area {
    /// A box by its sides in degrees. One with `west` above `east` crosses the
    /// 180th meridian.
    ///
    /// # Errors
    ///
    /// [`AreaError::Bounds`].
    pub fn bounds(south: f64, west: f64, north: f64, east: f64) -> Result<Self, AreaError> {
        let is_lat = |degrees: f64| (-90.0..=90.0).contains(&degrees);
        let is_lon = |degrees: f64| (-180.0..=180.0).contains(&degrees);
        let is_box =
            is_lat(south) && is_lat(north) && south <= north && is_lon(west) && is_lon(east);
        is_box
            .then_some(Self {
                south,
                west,
                north,
                east,
                polygons: None,
            })
            .ok_or(AreaError::Bounds)
    }

    /// The inside of polygons whose points are (longitude, latitude) in degrees.
    ///
    /// # Errors
    ///
    /// [`AreaError::Empty`] without a point, [`AreaError::Bounds`] with one off
    /// the Earth.
    pub fn polygons(polygons: MultiPolygon<f64>) -> Result<Self, AreaError> {
        let bounds = polygons.bounding_rect().ok_or(AreaError::Empty)?;
        let (min, max) = (bounds.min(), bounds.max());
        Ok(Self {
            polygons: Some(polygons),
            ..Self::bounds(min.y, min.x, max.y, max.x)?
        })
    }

    /// Whether a place in degrees lies in it.
    pub fn contains(&self, lat: f64, lon: f64) -> bool {
        let in_lon = if self.west <= self.east {
            self.west <= lon && lon <= self.east
        } else {
            self.west <= lon || lon <= self.east
        };
        // The box first: it is cheap, and most places are outside.
        self.south <= lat
            && lat <= self.north
            && in_lon
            && self
                .polygons
                .as_ref()
                .is_none_or(|polygons| polygons.intersects(&Point::new(lon, lat)))
    }

    /// South, north, west and east in degrees × 10⁷, a step wider than the area
    /// so that rounding leaves nothing out.
    pub(super) fn wide(&self) -> [i64; 4] {
        let steps = |degrees| scaled(degrees, DEGREE).expect("the sides are on the Earth");
        [
            steps(self.south) - 1,
            steps(self.north) + 1,
            steps(self.west) - 1,
            steps(self.east) + 1,
        ]
    }
}

#[cfg(test)]
mod tests {
    use geo::polygon;

    use super::*;

    #[test]
    fn a_box_has_its_edge_and_may_cross_the_date_line() {
        let jakarta = Area::bounds(-6.4, 106.6, -6.0, 107.0).unwrap();
        assert!(jakarta.contains(-6.4, 106.6));
        assert!(!jakarta.contains(-6.41, 106.8));
        assert!(!jakarta.contains(-6.2, 107.1));
        let pacific = Area::bounds(-10.0, 170.0, 10.0, -170.0).unwrap();
        assert!(pacific.contains(0.0, 175.0));
        assert!(pacific.contains(0.0, -175.0));
        assert!(!pacific.contains(0.0, 0.0));
    }

    #[test]
    fn what_is_no_area_is_refused() {
        assert_eq!(Area::bounds(1.0, 0.0, 0.0, 1.0), Err(AreaError::Bounds));
        assert_eq!(
            Area::bounds(0.0, 0.0, f64::NAN, 1.0),
            Err(AreaError::Bounds)
        );
        assert_eq!(Area::bounds(0.0, 0.0, 1.0, 181.0), Err(AreaError::Bounds));
        assert_eq!(
            Area::polygons(MultiPolygon::new(Vec::new())),
            Err(AreaError::Empty)
        );
    }

    #[test]
    fn a_polygon_is_smaller_than_its_box() {
        let triangle = polygon![(x: 0.0, y: 0.0), (x: 10.0, y: 0.0), (x: 0.0, y: 10.0)];
        let area = Area::polygons(MultiPolygon::new(vec![triangle])).unwrap();
        assert!(area.contains(1.0, 1.0));
        assert!(area.contains(0.0, 5.0));
        assert!(!area.contains(9.0, 9.0));
    }
}
