//! What a person asks for, before it is checked against the case.

use super::act::{Status, Step, Track};
use super::report::Report;
use crate::activation::Coordinates;
use crate::clock::Wall;
use crate::criteria::termination::Target;
use crate::reading::InstrumentId;

/// A request of a named person.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Name; not empty.
    pub by: String,
    /// In which office.
    pub role: Option<String>,
    /// Remark; not empty.
    pub note: String,
    /// What the sender calls it, so that it can be sent twice.
    pub request: Option<String>,
    /// When it happened, or the report was received; absent: now.
    pub at: Option<Wall>,
    /// What.
    pub what: What,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Open a case.
    Open {
        /// From this report.
        report: Box<Report>,
        /// With this activation.
        activation: Option<String>,
        /// Whether it happened on Java, where the person says so.
        java: Option<bool>,
    },
    /// The form arrived, or more of it.
    Form {
        /// It.
        report: Box<Report>,
        /// Whether it happened on Java, where the person says so.
        java: Option<bool>,
    },
    /// Steps were done.
    Steps(Vec<Step>),
    /// Facility or special event.
    Track(Track),
    /// A response status is decided.
    Decide(Status),
    /// An activation belongs to the case.
    Attach(String),
    /// It does not.
    Detach(String),
    /// Where an instrument without a position stood.
    Locate {
        /// Which.
        instrument: InstrumentId,
        /// Where.
        at: Coordinates,
    },
    /// Something to remember.
    Note,
    /// Close the case, and the matters of its activations.
    Close {
        /// To which exposure situation; absent: what is proposed for each.
        to: Option<Target>,
    },
}
