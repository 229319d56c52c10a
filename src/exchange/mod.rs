//! Documents for other programs and for people, made from readings.

mod record;

pub use record::{
    IgnoredRecord, Outcome, PositionRecord, ReadingRecord, RejectedRecord, ValueRecord,
    reading_record,
};
