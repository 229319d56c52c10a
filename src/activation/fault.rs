//! What programs read of a fault of the watch itself: the shape that MQTT,
//! webhooks and the HTTP interface share. Fields may be added, never renamed.

use serde::{Deserialize, Serialize};

use crate::language::Bilingual;

/// One fault, as it is now. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultView {
    /// Its name for life.
    pub id: String,
    /// Grows by one with each change.
    pub version: u32,
    /// RAISED, ACKED, CLEARED_UNACKED or CLOSED.
    pub state: String,
    /// silent, stuck, dead, mass_silence, link, broker, delivery …
    pub kind: String,
    /// Which one: an instrument, a subscriber, or a part of the daemon.
    pub what: String,
    /// high, normal or low.
    pub priority: String,
    /// It is so now.
    pub present: bool,
    /// A person took notice of what is true now.
    pub acked: bool,
    /// Who that was.
    pub acked_by: Option<String>,
    /// When it began.
    pub onset: String,
    /// When it was last over.
    pub ended_at: Option<String>,
    /// How often it came so far.
    pub times: u32,
    /// What was seen.
    pub detail: Bilingual,
    /// What it stands for, such as the stations that are silent.
    pub list: Vec<String>,
    /// The fault that speaks for this one.
    pub inhibited_by: Option<String>,
    /// What it means.
    pub meaning: Bilingual,
    /// What to do.
    pub advice: Bilingual,
}
