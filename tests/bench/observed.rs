//! A reading as the judge sees it: what is timed is what is counted.

use pantau::criteria::{
    CountBackground, Input, Observation, Remarks, Setting, Shown, Status, Subject,
};
use pantau::quality::{Arrived, TimeCheck};
use pantau::reading::Quantity;

/// Hands a fresh reading with these values and measured backgrounds to `look`.
pub(crate) fn observed<T>(
    subject: Subject,
    values: &[(Quantity, f64)],
    look: impl FnOnce(&Observation<'_>) -> T,
) -> T {
    let setting = Setting {
        subject: Some(subject),
        distance_m: Some(1.0),
        background_usv_h: Some(0.08),
        background_counts: CountBackground {
            alpha: Some(0.1),
            beta: Some(1.0),
            age_h: Some(1.0),
        },
        ..Setting::default()
    };
    let channels: Vec<Input> = values
        .iter()
        .map(|(quantity, value)| Input {
            quantity: *quantity,
            shown: Shown::Number(*value),
            noted: Remarks::EMPTY,
        })
        .collect();
    look(&Observation {
        setting: &setting,
        channels: &channels,
        status: Status::default(),
        arrived: Arrived::Fresh,
        time: TimeCheck::default(),
        has_position: true,
        noted: Remarks::EMPTY,
    })
}
