//! What is still missing before the end of an event may be proposed (criteria.md
//! section 4.7), for each activation and each of its areas, with every reading.
//!
//! A *matter* begins with an activation and goes on when that is closed, until a
//! person closes the matter: an activation ends when nothing is at a level any
//! longer, a case ends by the termination rules. The proposal is always that of
//! [`crate::criteria::termination::propose`]; what is missing stands beside it.
//!
//! How a survey is made of readings, for each area and each of the two targets:
//!
//! - It begins with the first point after the last one that blocks: a point with
//!   which the tables would not allow the target, whatever the others are.
//! - A point counts when it is an accepted dose rate of the environment, of the
//!   present, and dry. A copy counts for nothing. What is old, over-range or in
//!   quarantine may block and never counts.
//! - In rain, and for `rain.hours_after`, nothing counts; what rain explains
//!   (EX-RAIN) does not block either.
//! - The time between two points is measured time, unless it is longer than
//!   `termination.max_gap_h`, or a fixed instrument that blocked here was silent
//!   for longer than that: missing data is not low data.
//! - Each point is compared with the background of its own instrument, and never
//!   with the assumed one.
//!
//! Pure: time is an argument, changes are values.

mod area;
mod closings;
mod matter;
mod point;
mod run;
mod view;

pub use area::{AreaKey, Ground};
pub use closings::{Change, Closings, Refused, Saved};
pub use matter::Matter;
pub use point::Point;
pub use view::{AreaView, BlockedView, ClosingView, HighestView, MissingView, TargetView};

#[cfg(test)]
mod tests;
