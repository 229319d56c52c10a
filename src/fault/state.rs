//! What is kept of a fault.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::{FaultId, FaultKey};
use super::words::{self, Priority};
use crate::activation::{Acknowledgement, Escalation, Shown, Stamp, wire};
use crate::clock::{Mono, Wall};
use crate::language::Bilingual;

/// One fault. Times marked as the machine's own are monotonic and go on across
/// restarts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// Its name for life.
    pub id: FaultId,
    /// Grows by one with each change, from 1.
    pub version: u32,
    /// Order of opening.
    pub order: u64,
    /// What is at fault.
    pub key: FaultKey,
    /// The highest since it opened.
    #[serde(with = "words::priority")]
    pub priority: Priority,
    /// It is so now.
    pub present: bool,
    /// What was seen, for people; without line ends.
    pub detail: Bilingual,
    /// What it stands for, such as the stations that are silent.
    pub list: Vec<String>,
    /// The way in that explains it, if that is at fault.
    pub behind: Option<FaultKey>,
    /// How long it waits to be told after what explained it is over.
    pub patience_ms: u64,
    /// When it began.
    #[serde(with = "wire::wall")]
    pub onset: Wall,
    /// The same, in the machine's own time.
    #[serde(rename = "began_ns", with = "wire::mono")]
    pub began: Mono,
    /// When it was last over.
    pub ended: Option<Stamp>,
    /// How often it came so far.
    pub times: u32,
    /// When it came back within the last hour, in the machine's own time.
    #[serde(rename = "returns_ns")]
    pub(super) returns: Vec<u64>,
    /// It comes and goes, and has been gone since; not believed yet.
    #[serde(rename = "calm_since_ns", with = "wire::mono_option")]
    pub(super) calm_since: Option<Mono>,
    /// It matters more than when people were last told.
    pub(super) has_risen: bool,
    /// Who took notice of what is true now.
    pub ack: Option<Acknowledgement>,
    /// Set when it is over and needs nobody any more.
    pub closed: Option<Stamp>,
    /// The last version that people were told; 0 for none.
    pub told: u32,
    /// What it was shown as then.
    pub(super) told_as: Option<Shown>,
    /// When a version is to be told, in the machine's own time.
    #[serde(rename = "tell_at_ns", with = "wire::mono_option")]
    pub(super) tell_at: Option<Mono>,
    /// Somebody accepted the news of it.
    pub accepted: bool,
    /// How far the telling has gone while nobody acknowledges.
    #[serde(default)]
    pub escalation: Escalation,
}

/// A fault that came back this often within [`Fault::RECENTLY`] comes and goes.
const FLAPS: usize = 3;

impl Fault {
    /// Returns are counted over this time.
    pub(super) const RECENTLY: Duration = Duration::from_secs(3600);

    /// Whether it is not over yet, or nobody has taken notice.
    pub const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether it needs no person to end.
    pub(super) fn is_minor(&self) -> bool {
        self.priority == Priority::Low
    }

    /// What it is shown as.
    pub const fn shown(&self) -> Shown {
        match (self.is_open(), self.present, self.ack.is_some()) {
            (false, _, _) => Shown::Closed,
            (true, true, false) => Shown::Raised,
            (true, true, true) => Shown::Acked,
            (true, false, _) => Shown::ClearedUnacked,
        }
    }

    /// Whether it comes and goes: its end is believed only after a calm time.
    pub(super) fn is_flapping(&self, now: Mono) -> bool {
        let recent = |at: &&u64| now.since(Mono::from_nanos(**at)) < Self::RECENTLY;
        self.returns.iter().filter(recent).count() >= FLAPS
    }

    pub(super) fn note_return(&mut self, now: Mono) {
        self.times = self.times.saturating_add(1);
        self.returns
            .retain(|at| now.since(Mono::from_nanos(*at)) < Self::RECENTLY);
        if self.returns.len() > FLAPS {
            self.returns.remove(0);
        }
        self.returns.push(now.as_nanos());
    }

    pub(super) const fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_ms)
    }

    /// Sees to it that people are told at `at`, or before.
    pub(super) fn tell_by(&mut self, at: Mono) {
        self.tell_at = Some(self.tell_at.map_or(at, |set| set.min(at)));
    }
}
