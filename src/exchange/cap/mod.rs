//! CAP 1.2 (OASIS Common Alerting Protocol, 1 July 2010): an event as an alert
//! message, and the Atom feed of such messages.
//!
//! Facts follow exchange-formats.md section 2; the mapping of classes is that
//! of section 2.3. A message is a draft until a person has released it by
//! configuration; a drill is always marked as one.

mod document;
mod feed;

pub use document::{cap_document, cap_identity};
pub use feed::{FeedEntry, cap_feed};

use std::time::Duration;

use crate::clock::Wall;

/// Whether messages are meant for others yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// `Draft`: for a named official to look at.
    #[default]
    Draft,
    /// `Actual`: a person has released what this node says.
    Actual,
}

/// What every message of a node has in common.
#[derive(Clone, Debug, PartialEq)]
pub struct CapContext {
    /// Who sends: without blanks, commas, `<` and `&`.
    pub sender: String,
    /// Name of the sender for people.
    pub sender_name: String,
    /// Whether messages are released.
    pub release: Release,
    /// Who may read them; the scope is always Restricted.
    pub restriction: String,
    /// How long a message is to be believed.
    pub valid: Duration,
    /// Radius of the area around a position, in km: how far readings are taken
    /// for one activation.
    pub radius_km: f64,
}

/// A message that went before, for `references`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its identifier.
    pub identifier: String,
    /// Its `sent`.
    pub sent: Wall,
}

/// `YYYY-MM-DDThh:mm:ss-00:00`: the form the schema takes; it refuses `Z`.
fn cap_time(at: Wall) -> String {
    at.timestamp()
        .strftime("%Y-%m-%dT%H:%M:%S-00:00")
        .to_string()
}

/// Text without what XML 1.0 cannot hold, even escaped.
fn xml_text(text: &str) -> String {
    text.chars()
        .filter(|c| {
            matches!(c, '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        })
        .collect()
}
