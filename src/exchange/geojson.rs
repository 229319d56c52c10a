//! Readings as GeoJSON (RFC 7946): one point for each; those without a
//! position have a null geometry.

use serde_json::{Value, json};

use super::record::stored_record;
use crate::store::embedded::StoredReading;
use crate::units::rounded;

/// What comes before the first feature.
pub const GEOJSON_START: &str = "{\"type\":\"FeatureCollection\",\"features\":[\n";

/// What comes after the last one.
pub const GEOJSON_END: &str = "\n]}\n";

/// One reading as a feature; features are separated by `,\n`.
pub fn geojson_feature(reading: &StoredReading) -> Value {
    let geometry = reading.position.map(|position| {
        let mut coordinates = vec![rounded(position.lon), rounded(position.lat)];
        coordinates.extend(position.alt_m.map(rounded));
        json!({"type": "Point", "coordinates": coordinates})
    });
    json!({
        "type": "Feature",
        "geometry": geometry,
        "properties": stored_record(reading),
    })
}
