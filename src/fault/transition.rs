//! What changed, for the record and for people.

use serde::{Deserialize, Serialize};

use super::state::Fault;
use crate::activation::{Reach, Stamp, Why};

/// What brought a transition about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultCause {
    /// What is watched changed.
    Watch,
    /// Time passed.
    Time,
    /// A subscriber accepted the news of it.
    Accepted,
    /// A person acted.
    Person {
        /// Who.
        by: String,
        /// Through which channel.
        channel: String,
    },
}

/// One change of one fault, complete enough to go on from after a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultTransition {
    /// When.
    pub stamp: Stamp,
    /// What brought it about.
    pub cause: FaultCause,
    /// Whether people are told, and why. Once for each version, but for reminders.
    pub tell: Option<Why>,
    /// Which contacts it is for.
    #[serde(default)]
    pub reach: Reach,
    /// Everything about the fault, after the change.
    pub fault: Fault,
}
