//! Pantau watches radiation instruments and raises activations.

pub mod clock;
pub mod error;
pub mod units;

pub mod ack;
pub mod criteria;
pub mod reading;
