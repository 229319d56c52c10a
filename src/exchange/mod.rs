//! Documents for other programs and for people, made from readings, events and cases.

pub mod cap;

mod csv;
mod geojson;
mod recap;
mod record;

pub(crate) use csv::csv_text;
pub use csv::{CSV_HEADER, csv_rows};
pub use geojson::{GEOJSON_END, GEOJSON_START, geojson_feature};
pub use recap::recap_csv;
pub use record::{
    IgnoredRecord, Outcome, PositionRecord, ReadingRecord, RejectedRecord, StoredRecord,
    ValueRecord, reading_record, stored_record,
};
