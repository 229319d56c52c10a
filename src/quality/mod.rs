//! Checks of a reading against the readings and the clock around it. They add
//! facts; none drops a reading.

pub mod collapse;
pub mod poisson;
pub mod sequence;
pub mod time;
pub mod window;

pub use sequence::{Arrived, Message};
pub use time::{ClockCheck, Limits, TimeCheck};
