//! A subscriber that is always there: the daemon's own log.

use tracing::{error, info, warn};

use crate::activation::{Event, Text, Words};

/// Which languages people are told in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Indonesian only.
    Indonesian,
    /// English only.
    English,
    /// One line each.
    #[default]
    Both,
}

impl Language {
    /// The words of the languages, in order.
    pub(super) fn words(self, text: &Text) -> Vec<&Words> {
        match self {
            Self::Indonesian => vec![&text.id],
            Self::English => vec![&text.en],
            Self::Both => vec![&text.id, &text.en],
        }
    }
}

/// Writes an event to the log: one line in each language.
pub(super) fn write(event: &Event, language: Language) {
    for words in language.words(&event.text) {
        line(event, &words.log);
    }
}

/// The level follows the class: an emergency is something someone must act on.
fn line(event: &Event, text: &str) {
    if let Some(head) = &event.head {
        info!(seq = head.seq, hash = %head.hash, signature = %head.signature, "{text}");
        return;
    }
    let Some(activation) = &event.activation else {
        warn!(case = %event.about(), message = %event.id, why = %event.why, "{text}");
        return;
    };
    let id = &activation.id;
    let version = activation.version;
    let class = &activation.class_max;
    match class.as_str() {
        "EMERGENCY" => error!(activation = %id, version, %class, why = %event.why, "{text}"),
        "POSSIBLE_EMERGENCY" => {
            warn!(activation = %id, version, %class, why = %event.why, "{text}")
        }
        _ => info!(activation = %id, version, %class, why = %event.why, "{text}"),
    }
}
