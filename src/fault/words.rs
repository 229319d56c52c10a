//! The closed list of faults, and how much each matters.

use std::time::Duration;

use crate::reading::words;

words! {
    /// How much a fault matters: the order is that of its importance.
    pub enum Priority {
        /// For the board.
        Low = "low",
        /// For the duty officer.
        Normal = "normal",
        /// As urgent as a possible emergency (TIO3).
        High = "high",
    }
}

words! {
    /// What is at fault.
    pub enum FaultKind {
        /// A station without a valid reading.
        Silent = "silent",
        /// Identical raw counts beyond chance.
        Stuck = "stuck",
        /// Far below its own background.
        Dead = "dead",
        /// Exactly zero, again and again.
        ZeroRepeated = "zero_repeated",
        /// Collapsed after a rise: overloaded (SN-3).
        Collapse = "collapse",
        /// Message numbers are missing.
        SequenceGap = "sequence_gap",
        /// Many stations fell silent together.
        MassSilence = "mass_silence",
        /// An instrument's own line.
        Link = "link",
        /// The broker cannot be reached.
        Broker = "broker",
        /// The broker is there, but confirms no subscription.
        Subscription = "subscription",
        /// Readings do not reach the disk.
        Store = "store",
        /// Readings that wait for the disk fill the memory set aside for them.
        Backlog = "backlog",
        /// Transitions do not reach the disk.
        Journal = "journal",
        /// The wall clock jumped.
        ClockStep = "clock_step",
        /// A subscriber accepts nothing.
        Delivery = "delivery",
        /// A message was given up.
        DeadLetter = "dead_letter",
        /// Records of activations are missing or damaged.
        StateLost = "state_lost",
        /// The daemon was down.
        Restart = "restart",
        /// A frame met a bug of the program.
        Evaluator = "evaluator",
        /// A new configuration was refused.
        Configuration = "configuration",
        /// Stations were taken out of the configuration.
        StationRemoved = "station_removed",
    }
}

impl FaultKind {
    /// Whether it is one of an instrument or of the way to it.
    pub const fn is_of_an_instrument(self) -> bool {
        matches!(
            self,
            Self::Silent
                | Self::Stuck
                | Self::Dead
                | Self::ZeroRepeated
                | Self::Collapse
                | Self::SequenceGap
                | Self::Link
        )
    }

    /// Whether it is over as soon as it happened: it stays until a person has
    /// taken notice.
    pub const fn is_momentary(self) -> bool {
        matches!(
            self,
            Self::ClockStep
                | Self::DeadLetter
                | Self::StateLost
                | Self::Restart
                | Self::Evaluator
                | Self::StationRemoved
        )
    }

    /// Whether it may speak for what is silent behind it, once someone has
    /// accepted the news of it.
    pub const fn is_way_in(self) -> bool {
        matches!(self, Self::Link | Self::Broker | Self::Subscription)
    }

    /// How long the first telling waits for more of the same, and at most.
    ///
    /// One silent station may be the first of many, which are told as one.
    pub(super) const fn settles(self) -> Option<Settling> {
        match self {
            Self::Silent => Some(Settling {
                calm: Duration::from_secs(4),
                most: Duration::from_secs(4),
            }),
            // Told with its whole list, but within a minute.
            Self::MassSilence => Some(Settling {
                calm: Duration::from_secs(10),
                most: Duration::from_secs(58),
            }),
            _ => None,
        }
    }
}

/// How long a first telling waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settling {
    /// After the last change.
    pub(super) calm: Duration,
    /// After the beginning.
    pub(super) most: Duration,
}

macro_rules! word {
    ($module:ident, $type:ty) => {
        pub(super) mod $module {
            use serde::de::Error as _;
            use serde::{Deserialize as _, Deserializer, Serializer};

            use super::*;

            pub(in super::super) fn serialize<S: Serializer>(
                value: &$type,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(value.as_str())
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$type, D::Error> {
                let word = String::deserialize(deserializer)?;
                <$type>::from_word(&word).ok_or_else(|| {
                    let word = crate::error::excerpt(&word, 32);
                    D::Error::custom(format_args!("unknown word `{word}`"))
                })
            }
        }
    };
}

word!(kind, FaultKind);
word!(priority, Priority);
