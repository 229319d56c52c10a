//! Documents for other programs and for people, made from readings and events.

pub mod cap;

mod csv;
mod geojson;
mod record;

pub use csv::{CSV_HEADER, csv_rows};
pub use geojson::{GEOJSON_END, GEOJSON_START, geojson_feature};
pub use record::{
    IgnoredRecord, Outcome, PositionRecord, ReadingRecord, RejectedRecord, StoredRecord,
    ValueRecord, reading_record, stored_record,
};
