//! The case store, and the closing record of each case.
//!
//! - **Store.** A folder of its own that nobody but its owner can read: records
//!   of one line each, chained by SHA-256 like the journal's and by the same
//!   code. It holds everything, personal data included; no other file does.
//! - **Closing record.** A folder that can be read without Pantau for 30 years
//!   text, JSON and CSV, with the SHA-256 of each file.

mod closing;
mod policy;
mod readings;
mod store;
mod sums;

pub use closing::{RecordError, Sources, Written, write_record};
pub use store::{CaseEntry, CaseStore, read_cases, verify_cases};
pub use sums::{Difference, SUMS, verify_record};

#[cfg(test)]
mod tests;
