//! Pantau watches radiation instruments and raises activations.

pub mod clock;
pub mod error;
pub mod units;

pub mod ack;
pub mod criteria;
pub mod reading;

pub mod decode;
pub mod exchange;
pub mod frame;
pub mod normalise;
pub mod profile;
pub mod recording;
pub mod source;
