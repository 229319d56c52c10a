//! `[[area]]`: regions with attributes of their own, drawn in GeoJSON files.

use std::collections::BTreeSet;
use std::fs;

use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde_json::Value;

use super::problem::Refused;
use super::secret::Folders;
use super::section::Section;
use super::site::{Surroundings, read_surroundings};
use crate::criteria::termination::AreaKind;
use crate::error::excerpt;

/// Largest GeoJSON file: 16 MiB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// One region.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// `name`: unique among areas. Mandatory.
    pub name: String,
    /// `geojson`: a file with one or more polygons; longitude first, degrees
    /// WGS 84. `x` is the longitude, `y` the latitude. Mandatory.
    pub polygons: MultiPolygon<f64>,
    /// What is known of the region.
    pub surroundings: Surroundings,
}

pub(super) fn read(
    sections: Vec<Section<'_>>,
    folders: &Folders,
    unless_said: AreaKind,
) -> Vec<Area> {
    let mut names = BTreeSet::new();
    sections
        .into_iter()
        .filter_map(|section| read_one(section, folders, unless_said, &mut names))
        .collect()
}

fn read_one(
    mut section: Section<'_>,
    folders: &Folders,
    unless_said: AreaKind,
    names: &mut BTreeSet<String>,
) -> Option<Area> {
    let name = section.required("name", Section::text);
    if let Some(name) = name {
        section.called(name);
        if !names.insert(name.to_owned()) {
            section.refuse("name", Refused::new("another area has this name"));
        }
    }
    let polygons = section.required("geojson", |s, key| {
        s.parsed(key, |text| read_file(text, folders))
    });
    let surroundings = read_surroundings(&mut section, unless_said);
    section.finish();
    Some(Area {
        name: name?.to_owned(),
        polygons: polygons?,
        surroundings,
    })
}

fn read_file(text: &str, folders: &Folders) -> Result<MultiPolygon<f64>, Refused> {
    let path = folders.path(text);
    let shown = excerpt(&path.to_string_lossy(), 200);
    let unreadable =
        |error: std::io::Error| Refused::new(format!("cannot read `{shown}`: {error}"));
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Refused::new(format!("`{shown}` is not a file")));
    }
    if metadata.len() > MAX_BYTES {
        let text = format!("`{shown}` is larger than {} MiB", MAX_BYTES / 1024 / 1024);
        return Err(Refused::new(text));
    }
    let bytes = fs::read(&path).map_err(unreadable)?;
    let document: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Refused::new(format!("`{shown}` is not JSON: {error}")))?;
    let mut found = Vec::new();
    collect(&document, "", &mut found).map_err(|refused| refused.and(&format!(" in `{shown}`")))?;
    if found.is_empty() {
        return Err(Refused::new(format!("`{shown}` holds no polygon")));
    }
    Ok(MultiPolygon::new(found))
}

/// Takes the polygons out of a GeoJSON object (RFC 7946).
fn collect(object: &Value, at: &str, found: &mut Vec<Polygon<f64>>) -> Result<(), Refused> {
    let member = |key: &str| (object.get(key), format!("{at}/{key}"));
    match object.get("type").and_then(Value::as_str) {
        Some("FeatureCollection") => {
            let (features, at) = member("features");
            for (n, feature) in list(features, &at)?.iter().enumerate() {
                collect_feature(feature, &format!("{at}/{n}"), found)?;
            }
            Ok(())
        }
        Some("Feature") => collect_feature(object, at, found),
        _ => collect_geometry(object, at, found),
    }
}

fn collect_feature(
    feature: &Value,
    at: &str,
    found: &mut Vec<Polygon<f64>>,
) -> Result<(), Refused> {
    let geometry = feature.get("geometry").unwrap_or(&Value::Null);
    collect_geometry(geometry, &format!("{at}/geometry"), found)
}

fn collect_geometry(
    geometry: &Value,
    at: &str,
    found: &mut Vec<Polygon<f64>>,
) -> Result<(), Refused> {
    let coordinates = geometry.get("coordinates");
    let at_coordinates = format!("{at}/coordinates");
    match geometry.get("type").and_then(Value::as_str) {
        Some("Polygon") => found.push(polygon(coordinates, &at_coordinates)?),
        Some("MultiPolygon") => {
            for (n, rings) in list(coordinates, &at_coordinates)?.iter().enumerate() {
                found.push(polygon(Some(rings), &format!("{at_coordinates}/{n}"))?);
            }
        }
        other => {
            let kind = other.map_or_else(|| "none".to_owned(), |kind| excerpt(kind, 40));
            return Err(Refused::new(format!(
                "must be a Polygon or MultiPolygon, is `{kind}`, at `{at}`"
            )));
        }
    }
    Ok(())
}

fn list<'v>(value: Option<&'v Value>, at: &str) -> Result<&'v [Value], Refused> {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| Refused::new(format!("must be a list, at `{at}`")))
}

fn polygon(rings: Option<&Value>, at: &str) -> Result<Polygon<f64>, Refused> {
    let mut rings = list(rings, at)?
        .iter()
        .enumerate()
        .map(|(n, points)| ring(points, &format!("{at}/{n}")))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter();
    let outer = rings
        .next()
        .ok_or_else(|| Refused::new(format!("a polygon without a ring, at `{at}`")))?;
    Ok(Polygon::new(outer, rings.collect()))
}

/// A ring is closed and has at least four points, first and last the same.
fn ring(points: &Value, at: &str) -> Result<LineString<f64>, Refused> {
    let points = list(Some(points), at)?
        .iter()
        .enumerate()
        .map(|(n, point)| coordinate(point, &format!("{at}/{n}")))
        .collect::<Result<Vec<_>, _>>()?;
    if points.len() < 4 {
        let n = points.len();
        let text = format!("a ring needs at least 4 points, has {n}, at `{at}`");
        return Err(Refused::new(text));
    }
    if points.first() != points.last() {
        let text = format!("the ring is not closed, at `{at}`");
        return Err(Refused::new(text).hint("first and last point of a ring are the same"));
    }
    Ok(LineString::new(points))
}

fn coordinate(point: &Value, at: &str) -> Result<Coord<f64>, Refused> {
    let numbers: Vec<Option<f64>> = list(Some(point), at)?.iter().map(Value::as_f64).collect();
    let [Some(x), Some(y), ..] = numbers.as_slice() else {
        let text = format!("a point is longitude and latitude, at `{at}`");
        return Err(Refused::new(text));
    };
    if (-180.0..=180.0).contains(x) && (-90.0..=90.0).contains(y) {
        return Ok(Coord { x: *x, y: *y });
    }
    let text = format!("longitude {x}, latitude {y} is not on the Earth, at `{at}`");
    Err(Refused::new(text).hint("GeoJSON has the longitude first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, expected: Result<usize, &str>) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("area.json"), document).unwrap();
        let folders = Folders {
            base: folder.path().to_owned(),
            credentials: None,
        };
        match (read_file("area.json", &folders), expected) {
            (Ok(polygons), Ok(count)) => assert_eq!(polygons.0.len(), count),
            (Err(refused), Err(part)) => {
                let text = format!("{refused:?}");
                assert!(text.contains(part), "`{part}` is not in: {text}");
            }
            (got, expected) => panic!("got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn polygons_are_found_wherever_geojson_keeps_them() {
        let ring = "[[106.6,-6.3],[106.7,-6.3],[106.7,-6.4],[106.6,-6.3]]";
        let polygon = format!(r#"{{"type":"Polygon","coordinates":[{ring},{ring}]}}"#);
        let multi = format!(r#"{{"type":"MultiPolygon","coordinates":[[{ring}],[{ring}]]}}"#);
        let feature = |geometry: &str| {
            format!(r#"{{"type":"Feature","properties":{{}},"geometry":{geometry}}}"#)
        };
        let both = format!(
            r#"{{"type":"FeatureCollection","features":[{},{}]}}"#,
            feature(&polygon),
            feature(&multi)
        );
        check(&polygon, Ok(1));
        check(&multi, Ok(2));
        check(&feature(&multi), Ok(2));
        check(&both, Ok(3));
    }

    #[test]
    fn what_is_no_region_is_named_with_its_place() {
        let rings = |rings: &str| format!(r#"{{"type":"Polygon","coordinates":{rings}}}"#);
        check("{", Err("is not JSON"));
        check("[]", Err("is `none`"));
        check(r#"{"type":"Point","coordinates":[1,2]}"#, Err("`Point`"));
        check(r#"{"type":"FeatureCollection"}"#, Err("/features"));
        check(
            r#"{"type":"FeatureCollection","features":[]}"#,
            Err("no polygon"),
        );
        check(
            r#"{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null}]}"#,
            Err("/features/0/geometry"),
        );
        check(&rings("[]"), Err("without a ring"));
        check(&rings("7"), Err("must be a list, at `/coordinates`"));
        check(&rings("[[[1,2],[3,4],[1,2]]]"), Err("has 3"));
        check(&rings("[[[1,2],[3,4],[5,6],[7,8]]]"), Err("not closed"));
        check(
            &rings("[[[1,2],[3,\"4\"],[5,6],[1,2]]]"),
            Err("/coordinates/0/1"),
        );
        check(
            &rings("[[[-6.3,106.6],[1,2],[3,4],[-6.3,106.6]]]"),
            Err("the longitude first"),
        );
    }
}
