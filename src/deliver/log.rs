//! A subscriber that is always there: the daemon's own log.

use tracing::{error, info, warn};

use crate::activation::{Event, Text, Words, digest_list};
use crate::language;

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

    /// The whole list of a digest, once: two of them would be no easier to read.
    pub(super) fn list(self, event: &Event) -> Vec<String> {
        digest_list(
            event,
            match self {
                Self::Indonesian | Self::Both => language::Language::Indonesian,
                Self::English => language::Language::English,
            },
        )
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
    if let Some(fault) = &event.fault {
        let (id, kind, what) = (&fault.id, &fault.kind, &fault.what);
        let version = fault.version;
        match fault.priority.as_str() {
            "high" => error!(fault = %id, version, %kind, %what, why = %event.why, "{text}"),
            "normal" => warn!(fault = %id, version, %kind, %what, why = %event.why, "{text}"),
            _ => info!(fault = %id, version, %kind, %what, why = %event.why, "{text}"),
        }
        return;
    }
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
