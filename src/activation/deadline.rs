//! What programs read of a step with a time limit: the shape that MQTT,
//! webhooks and the HTTP interface share. Fields may be added, never renamed.

use serde::{Deserialize, Serialize};

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilingual {
    /// Indonesian.
    pub id: String,
    /// English.
    pub en: String,
}

/// One clock, as it is now. Times are RFC 3339 in UTC, and once more in the
/// node's zone for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineView {
    /// Its rule, such as `D-01`.
    pub rule: String,
    /// The case, when it belongs to one.
    pub case: Option<String>,
    /// The activation, when it belongs to one and to no case.
    pub activation: Option<String>,
    /// Not real.
    pub exercise: bool,
    /// What has to be done.
    pub what: Bilingual,
    /// Who has to do it.
    pub who: Bilingual,
    /// Who has to hear of it when it is late.
    pub next: Bilingual,
    /// Section and page of the guideline.
    pub source: String,
    /// Hours it may take.
    pub hours: u64,
    /// When it began.
    pub start: String,
    /// The same, local.
    pub start_local: String,
    /// When it has to be done.
    pub due: String,
    /// The same, local.
    pub due_local: String,
    /// When it was done.
    pub done_at: Option<String>,
    /// Who says so.
    pub done_by: Option<String>,
    /// running, overdue, done, late (done after it was due), ended (the case
    /// was closed before it was due) or missed (closed after, not done).
    pub state: String,
    /// It ran out and is not done.
    pub overdue: bool,
    /// Whole seconds until it is due; negative when that is past. Absent once it
    /// is done or ended.
    pub left_s: Option<i64>,
    /// JAVA_UNKNOWN and TRACK_UNKNOWN (the shorter time was taken),
    /// START_ASSUMED (see criteria.md section 4.9).
    pub flags: Vec<String>,
}
