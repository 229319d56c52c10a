//! Whether a place lies on the island of Java (D-07).
//!
//! 3.1.1(2) and 3.1.2(1), p. 28-29: 24 h for events "di pulau Jawa", 48 h
//! outside it. The island is meant, not its provinces: Madura, Kepulauan Seribu,
//! Karimunjawa, Bawean and Panaitan are outside unless a site's or area's `java`
//! says otherwise.

use std::collections::BTreeMap;

use geo::{Coord, Intersects, LineString, MultiPolygon, Point, Polygon};

use super::act::OnJava;
use crate::activation::Coordinates;

/// Longitude and latitude (degrees, WGS 84) around the island, from Merak along
/// the north coast to Banyuwangi and back along the south coast.
///
/// Drawn by hand from the well-known positions of capes and coastal towns, some
/// kilometres out at sea so that the coast itself lies inside, and down the
/// middle of the straits of Sunda, Madura and Bali. Good to about 5 km; in the
/// narrow straits to about 1 km. It decides nothing but which of two clocks runs.
const OUTLINE: &[(f64, f64)] = &[
    (105.95, -5.86), // off Merak
    (106.10, -5.83), // off Bojonegara
    (106.40, -5.94),
    (106.72, -5.97), // off Tanjung Pasir
    (106.95, -6.03), // off Tanjung Priok
    (107.02, -5.88), // off Tanjung Karawang
    (107.35, -5.90),
    (107.63, -6.13),
    (107.95, -6.18),
    (108.30, -6.18), // off Indramayu
    (108.43, -6.29),
    (108.60, -6.55),
    (108.66, -6.72), // off Cirebon
    (108.90, -6.78),
    (109.15, -6.82), // off Tegal
    (109.70, -6.83), // off Pekalongan
    (110.10, -6.87),
    (110.42, -6.91), // off Semarang
    (110.55, -6.80),
    (110.60, -6.55),
    (110.70, -6.38), // off Jepara
    (110.95, -6.36),
    (111.13, -6.55),
    (111.22, -6.66),
    (111.55, -6.60), // off Lasem
    (111.95, -6.74),
    (112.20, -6.85), // off Tuban
    (112.55, -6.83), // off Ujung Pangkah
    (112.66, -7.02),
    (112.66, -7.13),  // strait between Gresik and Kamal
    (112.73, -7.185), // strait between Surabaya and Kamal
    (112.80, -7.185), // Suramadu bridge
    (112.92, -7.24),
    (112.95, -7.40),
    (112.98, -7.55),
    (113.25, -7.69), // off Probolinggo
    (113.60, -7.67),
    (114.00, -7.58), // off Situbondo
    (114.25, -7.70),
    (114.47, -7.75), // off Baluran
    (114.47, -7.95),
    (114.425, -8.10), // middle of the strait of Bali, at Ketapang
    (114.415, -8.17),
    (114.43, -8.30), // off Banyuwangi
    (114.40, -8.48),
    (114.62, -8.65),
    (114.62, -8.80), // off Alas Purwo
    (114.35, -8.82),
    (113.95, -8.70),
    (113.40, -8.55), // excludes Nusa Barung
    (113.00, -8.42),
    (112.60, -8.50),
    (112.00, -8.40),
    (111.40, -8.42),
    (110.90, -8.28), // off Pacitan
    (110.40, -8.18),
    (110.10, -8.00),
    (109.50, -7.84),
    (109.00, -7.83), // off Cilacap
    (108.70, -7.88),
    (108.40, -7.88), // off Pangandaran
    (107.80, -7.80),
    (107.30, -7.60),
    (106.80, -7.50),
    (106.35, -7.46), // off Ujung Genteng
    (106.30, -7.15),
    (106.45, -7.08), // bay of Pelabuhan Ratu
    (106.20, -7.00),
    (105.70, -6.95),
    (105.35, -6.88),
    (105.18, -6.82), // off Ujung Kulon, Panaitan outside
    (105.30, -6.65),
    (105.55, -6.60),
    (105.72, -6.40),
    (105.75, -6.20), // off Carita
    (105.82, -6.03), // off Anyer
];

/// Whether a place in degrees lies inside the outline.
pub fn is_on_java(lat: f64, lon: f64) -> bool {
    let ring = OUTLINE.iter().map(|&(x, y)| Coord { x, y }).collect();
    Polygon::new(LineString::new(ring), Vec::new()).intersects(&Point::new(lon, lat))
}

/// What the configuration says of places.
#[derive(Clone, Debug, Default)]
pub struct Geography {
    /// The `java` of sites, by their ids.
    pub sites: BTreeMap<String, bool>,
    /// The `java` of areas.
    pub areas: Vec<(MultiPolygon<f64>, bool)>,
}

impl Geography {
    /// Whether a place is on Java: by its site, else by the areas it lies in,
    /// else by the outline.
    pub fn on_java(&self, site: Option<&str>, position: Option<Coordinates>) -> OnJava {
        let said = |is: bool, by: &str| OnJava {
            is: Some(is),
            by: by.to_owned(),
        };
        if let Some(is) = site.and_then(|site| self.sites.get(site)) {
            return said(*is, "site");
        }
        let Some(at) = position else {
            return OnJava::unknown();
        };
        let point = Point::new(at.lon, at.lat);
        let inside = self
            .areas
            .iter()
            .filter(|(polygons, _)| polygons.intersects(&point));
        match inside.map(|(_, is)| *is).max() {
            Some(is) => said(is, "area"),
            None => said(is_on_java(at.lat, at.lon), "outline"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn towns_lie_where_they_lie() {
        for (name, lat, lon) in [
            ("Jakarta", -6.175, 106.827),
            ("Tanjung Priok", -6.106, 106.880),
            ("Serpong", -6.352, 106.664),
            ("Merak", -5.931, 105.997),
            ("Anyer", -6.058, 105.880),
            ("Labuan", -6.373, 105.829),
            ("Ujung Kulon", -6.750, 105.330),
            ("Cirebon", -6.732, 108.552),
            ("Indramayu", -6.327, 108.325),
            ("Tegal", -6.869, 109.140),
            ("Semarang", -6.966, 110.420),
            ("Jepara", -6.589, 110.668),
            ("Rembang", -6.708, 111.342),
            ("Tuban", -6.897, 112.064),
            ("Gresik", -7.155, 112.656),
            ("Surabaya", -7.257, 112.752),
            ("Tanjung Perak", -7.205, 112.730),
            ("Probolinggo", -7.754, 113.216),
            ("Situbondo", -7.706, 114.010),
            ("Ketapang", -8.143, 114.398),
            ("Banyuwangi", -8.219, 114.369),
            ("Pacitan", -8.195, 111.106),
            ("Yogyakarta", -7.797, 110.370),
            ("Cilacap", -7.727, 109.010),
            ("Pangandaran", -7.690, 108.650),
            ("Pelabuhan Ratu", -6.988, 106.551),
            ("Bandung", -6.917, 107.619),
            ("Malang", -7.977, 112.634),
        ] {
            assert!(is_on_java(lat, lon), "{name}");
        }
        for (name, lat, lon) in [
            ("Bandar Lampung", -5.429, 105.261),
            ("Bakauheni", -5.872, 105.753),
            ("Denpasar", -8.650, 115.217),
            ("Gilimanuk", -8.162, 114.437),
            ("Bangkalan", -7.046, 112.735),
            ("Kamal", -7.170, 112.717),
            ("Pamekasan", -7.157, 113.478),
            ("Sumenep", -7.017, 113.860),
            ("Pulau Pramuka", -5.746, 106.614),
            ("Karimunjawa", -5.850, 110.430),
            ("Sangkapura", -5.850, 112.660),
            ("Panaitan", -6.600, 105.200),
            ("Palembang", -2.990, 104.757),
            ("Banjarmasin", -3.320, 114.591),
            ("Makassar", -5.148, 119.432),
            ("Mamuju", -2.675, 118.889),
            ("Singapore", 1.352, 103.820),
        ] {
            assert!(!is_on_java(lat, lon), "{name}");
        }
    }

    #[test]
    fn a_site_goes_before_an_area_and_an_area_before_the_outline() {
        let corners = [(112.6, -7.3), (114.2, -7.3), (114.2, -6.8), (112.6, -6.8)];
        let ring = corners.map(|(x, y)| Coord { x, y });
        let madura = Polygon::new(LineString::from(ring.to_vec()), Vec::new());
        let geography = Geography {
            sites: BTreeMap::from([("port".to_owned(), false)]),
            areas: vec![(MultiPolygon::new(vec![madura]), true)],
        };
        let at = |lat, lon| Some(Coordinates { lat, lon });
        let check = |site, position, is, by| {
            let found = geography.on_java(site, position);
            assert_eq!((found.is, found.by.as_str()), (is, by));
        };
        check(Some("port"), at(-7.046, 112.735), Some(false), "site");
        check(Some("other"), at(-7.046, 112.735), Some(true), "area");
        check(None, at(-6.2, 106.8), Some(true), "outline");
        check(None, at(-8.65, 115.2), Some(false), "outline");
        check(None, None, None, "unknown");
    }
}
