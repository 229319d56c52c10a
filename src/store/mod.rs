//! Where readings are kept, and the key each one is kept under.
//!
//! A reading is acknowledged to its source only after a store has it on disk.
//! Nothing here judges a reading or decides what becomes of it.

pub mod embedded;
mod key;
pub mod replace;
pub mod sealed;

pub use key::{NANOS_PER_MS, point_time};
