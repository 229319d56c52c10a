//! The policies by which the readings of a case were judged, for its record.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use crate::criteria::reference::{EDITION, KEYS, canonical, levels};
use crate::criteria::{Policy, PolicyHash};
use crate::journal::{self, Entry, JournalError};

/// What a record says of policies.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    /// The edition of the guideline.
    edition: &'static str,
    /// Hash of the policy in force when the record was written.
    policy: String,
    /// Every setting of it, by its key in `[criteria]`.
    settings: BTreeMap<String, String>,
    /// Every level of it that is no configuration, by rule or name.
    levels: BTreeMap<String, f64>,
    /// The canonical text of it, and of each other that readings or activations
    /// of the case name, by its hash: the SHA-256 of the text. `null` where the
    /// journal has none.
    texts: BTreeMap<String, Option<String>>,
}

/// The policy in force, and those that `named` names, from the journal.
pub(super) fn document(
    policy: &Policy,
    named: &BTreeSet<String>,
    journal: &Path,
) -> Result<Document, JournalError> {
    let text = canonical(policy);
    let hash = PolicyHash::of_text(&text).to_string();
    let mut texts: BTreeMap<String, Option<String>> =
        named.iter().map(|hash| (hash.clone(), None)).collect();
    texts.insert(hash.clone(), Some(text));
    if texts.values().any(Option::is_none) {
        journal::replay(journal, |record| {
            if let Some(Entry::Policy { hash, text }) = record.entry
                && let Some(known) = texts.get_mut(&hash)
            {
                known.get_or_insert(text);
            }
        })?;
    }
    let settings = KEYS.iter().flat_map(|key| key.effective(policy));
    Ok(Document {
        edition: EDITION,
        policy: hash,
        settings: settings.map(|set| (set.path, set.value)).collect(),
        levels: levels().into_iter().collect(),
        texts,
    })
}
