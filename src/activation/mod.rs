//! From judged readings to what people are told: conditions grouped by place
//! into activations that are raised at once, told once, and closed only by low
//! readings together with a person.
//!
//! Pure: time is an argument, effects are values. What holds throughout:
//!
//! - A reading at a level raises at once. Nothing is lowered or closed for want
//!   of data, by a restart or by a step of the wall clock.
//! - An id follows from the opening reading; each version of an id is told at
//!   most once; the highest class never falls while the activation is open.
//! - No number of open activations pushes one out. Only closed ones are
//!   forgotten, the oldest first.
//!
//! Writing transitions down is the journal's work, sending them that of the
//! deliveries.

pub mod condition;

mod behind;
mod collapse;
mod deadline;
mod digest;
mod escalate;
mod escalation;
mod evidence;
mod fault;
mod group;
mod guide;
mod head;
mod id;
mod inhibit;
mod machine;
mod message;
mod open;
mod phrase;
mod place;
mod restore;
mod service;
mod service_notice;
mod settle;
mod shelf;
mod sms;
mod state;
mod take;
mod told;
mod transition;
mod trial;
mod view;
pub(crate) mod wire;

pub(crate) use crate::error::excerpt as inert;
pub use behind::{Behind, Nameplate};
pub use deadline::{Bilingual, DeadlineView};
pub(crate) use digest::digest_list;
pub use digest::{DigestLine, DigestView};
pub use escalation::{Due, Escalation, Reach, Stage, Timetable, Timetables};
pub use fault::FaultView;
pub use head::SignedHead;
pub use id::{ActivationId, Mode};
pub use machine::{AckError, Config, Grounds, Judged, Machine, Person};
pub use message::{Text, Words};
pub(crate) use phrase::both_zones;
pub use place::{Coordinates, Place, PlaceContext, SiteRef, Spot, Spots};
pub use restore::{Saved, Snapshot};
pub use service::{OutOfService, SERVICE_BOUND, ServiceError};
pub use shelf::{SHELF_BOUND, SHELF_BOUND_EMERGENCY, Shelf, ShelveError, Shelved, Shelving};
pub(crate) use sms::fitted as sms_fitted;
pub use state::{
    Acknowledgement, Activation, ChannelKey, Closed, ConfirmedBy, Evidence, Member, Note, Shown,
    Stamp, Watch,
};
pub use told::Accepted;
pub use transition::{Cause, Effect, Transition, Why};
pub use view::{ActivationView, Event, EventContext, MemberView, PlaceView};

#[cfg(test)]
mod tests;
