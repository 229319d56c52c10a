//! What a fault is about, and its name.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::words::{self, FaultKind};
use crate::clock::Wall;

/// What is at fault: at any time there is at most one open fault of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FaultKey {
    /// The kind.
    #[serde(with = "words::kind")]
    pub kind: FaultKind,
    /// Which one: an instrument, a subscriber, or the part itself.
    pub what: String,
}

impl FaultKey {
    /// A key.
    pub fn new(kind: FaultKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
        }
    }
}

impl fmt::Display for FaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.what)
    }
}

/// A fault's name for life: `F-` and 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultId(String);

impl FaultId {
    /// The id of the fault of `key` that began at `onset`.
    pub(super) fn of(key: &FaultKey, onset: Wall) -> Self {
        let mut hasher = Sha256::new();
        let onset = onset.to_string();
        for part in ["pantau fault 1", key.kind.as_str(), &key.what, &onset] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        let mut text = "F-".to_owned();
        for byte in hasher.finalize().iter().take(8) {
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text)
    }

    /// Reads an id that a person or a program sends; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("F-")?;
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        (digits.len() == 16 && digits.chars().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
