//! Faults of the watch itself: what is silent, stuck, cut off or failing, and
//! who has taken notice.
//!
//! Pure: time is an argument, transitions come out. What holds throughout:
//!
//! - A fault has one id from its onset to an hour after its end; what comes and
//!   goes meanwhile is one fault with a count.
//! - One that anybody was told of stays until it is over **and** acknowledged,
//!   in either order; minor ones close when they are over.
//! - A fault may speak for others: many silent stations are one fault with their
//!   list, and a link that people have been told of stands for what lies behind it.
//!   Those are still recorded and shown.
//! - Nothing here knows of activations, so no fault can hold one back.
//!
//! Finding faults is the work of [`crate::supervision`].

mod id;
mod machine;
mod message;
mod restore;
mod state;
mod transition;
mod words;

pub use id::{FaultId, FaultKey};
pub use machine::{FaultAckError, Faults, Report};
pub use message::{NETWORK, event};
pub use state::Fault;
pub use transition::{FaultCause, FaultTransition};
pub use words::{FaultKind, Priority};

#[cfg(test)]
mod tests;
