//! What a fixed instrument shows where nothing has happened, learned from its
//! own readings: pure, time is an argument.
//!
//! - An hour counts with its median once it is over. The background is the
//!   median of the hours that counted, the last 30 days of them.
//! - An hour with anything above normal in it counts for nothing, nor does the
//!   one after it; nor does an hour with rain. While a matter is open at the
//!   place nothing is learned: ground that an event left contaminated must not
//!   become the background by which that event is closed.
//! - A slow rise is not learned away: what is learned never goes above the value
//!   first learned times `background.drift_ratio`.
//! - Nothing at or above TIO3 is ever learned.
//! - Where the natural background lies above the assumed one, every reading is in
//!   the band of PB-ELEV, and nothing would ever be learned. Such hours make a
//!   *candidate* instead: it is shown and decides nothing, until a person who has
//!   looked writes it into the configuration.

mod evidence;
mod hour;
mod learner;

pub use evidence::{Evidence, Matters, evidence};
pub use hour::Hour;
pub use learner::{Candidate, Learned, Learner, Memory};
