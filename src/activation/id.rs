//! Ids that follow from the readings: the same readings give the same ids.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twox_hash::XxHash64;

use super::place::{Coordinates, Place};
use crate::criteria::Subject;
use crate::reading::{Reading, TimeSource};

/// Whether what happens is real. Set by us, never read from a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Real.
    Actual,
    /// A drill or a test.
    Exercise,
}

/// An activation's name for life: `A-` (exercises `X-`) and 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActivationId(String);

impl ActivationId {
    /// The id of the activation that `reading` opens at a place.
    ///
    /// It hangs on mode, place, subject and the opening reading's key alone.
    pub fn opened_by(
        reading: &Reading,
        mode: Mode,
        place: &Place,
        at: Option<Coordinates>,
        subject: Subject,
    ) -> Self {
        let prefix = match mode {
            Mode::Actual => 'A',
            Mode::Exercise => 'X',
        };
        let mut hasher = Sha256::new();
        for part in [
            "pantau activation 1",
            &prefix.to_string(),
            &place.key(at),
            subject.as_str(),
            &ReadingKey::of(reading).to_string(),
        ] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        let digest = hasher.finalize();
        let head = digest.iter().take(8);
        let mut text = format!("{prefix}-");
        for byte in head {
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text)
    }

    /// Reads an id that a person or a program sends; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, digits) = text.split_once('-')?;
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        (matches!(prefix, "A" | "X") && digits.len() == 16 && digits.chars().all(hex))
            .then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ActivationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What makes a reading that one: instrument, boot and sequence where it counts
/// both, else its time, and always the hash of its frame.
///
/// A sequence without a boot counter begins again at every restart of the
/// station, so there the time is part of the key as well. A message that the
/// broker keeps comes at every connection: its time of arrival says nothing.
struct ReadingKey<'a>(&'a Reading);

impl<'a> ReadingKey<'a> {
    const fn of(reading: &'a Reading) -> Self {
        Self(reading)
    }
}

impl fmt::Display for ReadingKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(reading) = self;
        write!(f, "{}/{:016x}/", reading.instrument, reading.fingerprint)?;
        let is_kept = reading.delivery.retained && reading.time_source() == TimeSource::Arrival;
        match reading.sequence.map(|key| (key.boot, key.seq)) {
            Some((Some(boot), seq)) => write!(f, "{boot}.{seq}"),
            Some((None, seq)) if is_kept => write!(f, "{seq}@retained"),
            Some((None, seq)) => write!(f, "{seq}@{}", reading.at()),
            None if is_kept => f.write_str("@retained"),
            None => write!(f, "@{}", reading.at()),
        }
    }
}

/// A short mark of a reading, to recognise it when it comes again.
pub(super) fn mark(reading: &Reading) -> u64 {
    // The text is only made for readings that reach or leave a level.
    XxHash64::oneshot(0, ReadingKey::of(reading).to_string().as_bytes())
}
