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

mod deadline;
mod evidence;
mod fault;
mod group;
mod guide;
mod id;
mod machine;
mod message;
mod place;
mod restore;
mod settle;
mod state;
mod take;
mod transition;
mod trial;
mod view;
pub(crate) mod wire;

pub use deadline::{Bilingual, DeadlineView};
pub use fault::FaultView;
pub use id::{ActivationId, Mode};
pub use machine::{AckError, Config, Grounds, Judged, Machine, Person};
pub use message::{Text, Words};
pub(crate) use message::{both_zones, inert};
pub use place::{Coordinates, Place, PlaceContext, SiteRef, Spot, Spots};
pub use restore::{Saved, Snapshot};
pub use state::{
    Acknowledgement, Activation, ChannelKey, Closed, Evidence, Member, Note, Shown, Stamp, Watch,
};
pub use transition::{Cause, Effect, Transition, Why};
pub use view::{ActivationView, Event, EventContext, MemberView, PlaceView};

#[cfg(test)]
mod tests;
