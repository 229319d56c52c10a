//! `[supervision]`: how the stations and the daemon itself are watched.

use super::section::Section;
use super::subscriber::minutes;
use crate::supervision::Many;

/// `[supervision]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supervision {
    /// `mass_percent` and `mass_stations`: that many silent stations within two
    /// minutes are one fault.
    pub many: Many,
    /// `drill` and `drill_at`: when, in minutes after midnight of the node's zone,
    /// an exercise reading goes through the whole chain, beside one after each
    /// start. `None` when there is none.
    pub drill_at_min: Option<u32>,
}

/// 08:00: when people are awake.
const DRILL_AT_MIN: u32 = 8 * 60;

/// Reads `[supervision]`.
///
/// | key             | unit | range            | default |
/// |-----------------|------|------------------|---------|
/// | `mass_percent`  | %    | 1 to 50          | 10      |
/// | `mass_stations` | -    | 3 to 1 000       | 20      |
/// | `drill`         | -    | `true`, `false`  | `true`  |
/// | `drill_at`      | -    | `00:00` to `23:59` | `08:00` |
pub(super) fn read(mut section: Section<'_>) -> Supervision {
    let default = Many::default();
    let percent = section.whole("mass_percent", 1..=50_i64);
    let stations = section.whole("mass_stations", 3..=1_000_i64);
    let is_on = section.boolean("drill").unwrap_or(true);
    let at_min = section.parsed("drill_at", minutes);
    if !is_on && section.has("drill_at") {
        let refused = super::problem::Refused::new("has no effect without `drill`");
        section.refuse("drill_at", refused);
    }
    section.finish();
    let number = |given: Option<i64>, usual: usize| {
        given
            .and_then(|given| usize::try_from(given).ok())
            .unwrap_or(usual)
    };
    Supervision {
        many: Many {
            percent: number(percent, default.percent),
            stations: number(stations, default.stations),
        },
        drill_at_min: is_on.then(|| at_min.unwrap_or(DRILL_AT_MIN)),
    }
}
