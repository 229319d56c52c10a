//! `background.dose_rate_usv_h` of a site or an instrument, and when it was taken.

use super::problem::Refused;
use super::section::Section;
use crate::clock::Wall;
use crate::error::excerpt;
use crate::units::DoseRate;

/// Reads `dose_rate_usv_h` and `recorded_at`.
pub(super) fn read(table: &mut Section<'_>) -> Option<(DoseRate, Option<Wall>)> {
    let number = table.number("dose_rate_usv_h", 0.001..=100.0);
    let recorded_at = table.parsed("recorded_at", instant);
    if table.has("recorded_at") && !table.has("dose_rate_usv_h") {
        table.missing(
            "dose_rate_usv_h",
            Some("`recorded_at` says when it was taken"),
        );
    }
    let dose_rate = DoseRate::from_usv_per_h(number?).ok()?;
    Some((dose_rate, recorded_at))
}

/// A time with its zone.
pub(super) fn instant(text: &str) -> Result<Wall, Refused> {
    Wall::parse_rfc3339(text).map_err(|error| {
        Refused::new(format!("`{}`: {error}", excerpt(text, 64)))
            .hint("as in `2026-03-14T03:00:00Z` or `2026-03-14T10:00:00+07:00`")
    })
}
