//! Telling subscribers: each has its own task, queue and retries, so that none
//! waits for another.
//!
//! An event is offered to every subscriber; it counts as told to one of them
//! only when that one accepted it. Until then it is tried again, and the
//! journal keeps it over a restart. The promise is: at least once, under one
//! message id.
//!
//! A subscriber with a pace gets few notifications, however much happens: what is
//! too much to be told one by one goes out as a digest, which is accepted or not
//! for every event in it.

mod address;
mod alertmanager;
mod backoff;
mod cap;
mod desk;
mod filter;
mod http;
mod lane;
mod log;
mod mail;
mod mqtt;
mod news;
mod pace;
mod queue;
mod roster;
mod standing;
mod subscriber;
mod template;
mod terminal;
mod webhook;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::activation::Event;
use crate::clock::Wall;

pub use address::Allowed;
pub use alertmanager::Alertmanager;
pub use cap::CapFolder;
pub use desk::{Desk, Ended, Letter};
pub use filter::{Filter, Near, Quiet};
pub use http::Target;
pub use log::Language;
pub use mail::{Mail, MailConfig, Security, is_loopback};
pub use mqtt::{MqttPublisher, Notice};
pub use pace::{MOST as MOST_TOLD, WINDOW as TOLD_WITHIN};
pub use roster::{Roster, Rosters};
pub use standing::Standing;
pub use subscriber::{Floods, Kind, Subscriber, SubscriberConfig, Trying};
pub use template::{ContentType, Form, Templated, parse_template};
pub use terminal::Terminal;
pub use webhook::Webhook;

/// Events that may wait between the outbox and one subscriber's task. The task
/// only moves them into its own queue, so it drains at once.
pub const OFFER_BOUND: usize = 256;

/// Reports that may wait for the outbox.
pub const REPORT_BOUND: usize = 1024;

/// What became of one event at one subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The subscriber.
    pub subscriber: Arc<str>,
    /// The message: activation and version.
    pub message: String,
    /// When.
    pub at: Wall,
    /// What became of it.
    pub outcome: Outcome,
}

/// How an event ended at a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The subscriber has it.
    Accepted {
        /// How many attempts it took.
        attempts: u32,
    },
    /// A newer version of the same activation went out instead.
    Superseded,
    /// The subscriber refuses it for good, or it was tried long enough.
    DeadLetter {
        /// Why.
        error: String,
    },
}

impl Outcome {
    /// `accepted`, `superseded` or `dead_letter`: a metric label.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Superseded => "superseded",
            Self::DeadLetter { .. } => "dead_letter",
        }
    }
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The subscriber has it.
    Accepted,
    /// Not now; the subscriber may have said when.
    Later {
        /// Why.
        error: String,
        /// What the subscriber asked for.
        after: Option<std::time::Duration>,
    },
    /// Not this way: once more, then never.
    Refused {
        /// Why.
        error: String,
    },
    /// Not so much at once.
    TooLarge {
        /// Why.
        error: String,
    },
    /// Never again, neither this nor anything else.
    Gone {
        /// Why.
        error: String,
    },
}

impl Attempt {
    /// What went wrong, if anything.
    pub(crate) fn error(&self) -> Option<&str> {
        match self {
            Self::Accepted => None,
            Self::Later { error, .. }
            | Self::Refused { error }
            | Self::TooLarge { error }
            | Self::Gone { error } => Some(error),
        }
    }
}

/// Where the outbox offers events to a subscriber.
pub type Offers = mpsc::Sender<Arc<Event>>;
