//! What the machine asks for: transitions to be recorded, and told where they say so.

use serde::{Deserialize, Serialize};

use super::escalation::Reach;
use super::id::ActivationId;
use super::state::{Activation, Stamp, Watch};
use super::wire;
use crate::clock::Wall;
use crate::criteria::{Remarks, Rule, Rules};
use crate::reading::InstrumentId;

/// Why people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is new.
    Raised,
    /// Its class rose; any acknowledgement is void.
    Risen,
    /// It had ended and is back; any acknowledgement is void.
    Reopened,
    /// Nothing holds it any longer; nobody acknowledged it yet.
    Cleared,
    /// It is over.
    Closed,
    /// It goes on under the id of an older one.
    Merged,
    /// Members, confirmation or class changed; bundled.
    Updated,
    /// Nobody acknowledged, or nobody accepted it: the next contacts are told.
    Escalated,
    /// Nobody has acknowledged yet.
    Reminder,
    /// A person stopped its notifications for a while.
    Shelved,
    /// They go on.
    Unshelved,
    /// A station behind it is in service again.
    BackInService,
    /// The TIO2 beside it no longer speaks for it.
    Uninhibited,
}

impl Why {
    /// The word for it in records and topics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Risen => "risen",
            Self::Reopened => "reopened",
            Self::Cleared => "cleared",
            Self::Closed => "closed",
            Self::Merged => "merged",
            Self::Updated => "updated",
            Self::Escalated => "escalated",
            Self::Reminder => "reminder",
            Self::Shelved => "shelved",
            Self::Unshelved => "unshelved",
            Self::BackInService => "back_in_service",
            Self::Uninhibited => "uninhibited",
        }
    }

    /// Whether it says an activation's state again, and nothing new of it.
    pub const fn is_repeat(self) -> bool {
        matches!(self, Self::Escalated | Self::Reminder)
    }

    /// Whether it is told even while notifications rest: the end of it.
    pub(super) const fn is_always_told(self) -> bool {
        matches!(self, Self::Closed | Self::Merged)
    }
}

/// What brought a transition about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cause {
    /// A reading.
    Reading {
        /// Its instrument.
        #[serde(with = "wire::instrument")]
        instrument: InstrumentId,
        /// Its primary rule.
        #[serde(with = "wire::rule")]
        rule: Rule,
        /// Further rules that matched.
        #[serde(with = "wire::rules")]
        also: Rules,
        /// Remarks.
        #[serde(with = "wire::remarks")]
        remarks: Remarks,
        /// When it was measured, as far as known.
        #[serde(with = "wire::wall")]
        measured: Wall,
        /// When it arrived.
        #[serde(with = "wire::wall")]
        received: Wall,
        /// Hash of its frame, in hexadecimal.
        frame: String,
    },
    /// A source fell silent.
    Silence,
    /// Nobody has acknowledged by now.
    Unacknowledged,
    /// No subscriber accepted it in time.
    Unaccepted,
    /// A shelf's time is over.
    ShelfEnded,
    /// A station's time out of service is over.
    ServiceEnded,
    /// The TIO2 beside it no longer speaks for it.
    Uninhibited,
    /// Changes were waiting to be told together.
    Bundle,
    /// Clearing runs moved on; recorded so that a restart loses none.
    Checkpoint,
    /// An older activation took this one over.
    Merge {
        /// The one that lives on.
        into: ActivationId,
    },
    /// A person acted.
    Person {
        /// Who.
        by: String,
        /// Through which channel.
        channel: String,
    },
}

/// One change of one activation, complete enough to go on from after a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// When.
    pub stamp: Stamp,
    /// What brought it about.
    pub cause: Cause,
    /// Whether people are told, and why. Once for each version.
    pub tell: Option<Why>,
    /// Which contacts are told.
    #[serde(default, skip_serializing_if = "Reach::is_first")]
    pub reach: Reach,
    /// Everything about the activation, after the change.
    pub activation: Activation,
    /// The channels behind it.
    pub watches: Vec<Watch>,
    /// Hash of the policy in force; absent in records that do not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// What the caller has to do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Record it and, where it says so, tell it: one record for both.
    Transition(Box<Transition>),
}

impl Effect {
    /// The transition.
    pub fn transition(&self) -> &Transition {
        let Self::Transition(transition) = self;
        transition
    }
}
