//! What a reading means: the guideline's tables and the project's rules, pure.
//!
//! The three kinds of statement stay apart: what the guideline says is in
//! [`tables`], what the project chose is in [`Policy`], and a conflict inside
//! the guideline is named where it is settled (C- and A- ids).
//!
//! ```text
//! words        classes, rules, remarks, the judgement
//! tables       every level, once, with its page
//! policy       what the guideline leaves open
//! reference    every key of the policy, its canonical text and its hash
//! setting      what is known beside the reading
//! observation  a reading as the judge sees it
//! judge        the order of evaluation
//! company, sum channels among each other
//! dose, counts tables 3.1 and 3.2
//! exempt       the notes of table 3.1
//! geometry     values measured at another distance
//! trace        what the judges tell of their way
//! explain      why a judgement is what it is, in sentences and for programs
//! compare      numbers that went through a conversion
//!
//! termination, food, worker, report, deadline, category: what is not a reading
//! reference    tables that are loaded from files, with their origin
//! ```
//!
//! Nothing here reads a clock, logs or allocates while it judges.

mod words;

pub mod category;
pub mod compare;
pub mod deadline;
pub mod explain;
pub mod food;
pub mod geometry;
pub mod loaded;
pub mod nuclide;
pub mod reference;
pub mod report;
pub mod tables;
pub mod termination;
pub mod worker;

mod company;
mod counts;
mod dose;
mod exempt;
mod finding;
mod judge;
mod observation;
mod policy;
mod setting;
mod sum;
mod trace;

pub use explain::{Explanation, Source};
pub use judge::judge;
pub use observation::{
    Input, Observation, Shown, Status, explain_reading, judge_reading, overrange_bound,
};
pub use policy::{Basis, ByRadiation, Comparator, Learning, Policy, Tio2Schedule};
pub use reference::PolicyHash;
pub use setting::{
    BackgroundFrom, BackgroundSource, CountBackground, ExistingArea, ExistingKind, Medical, Norm,
    NormItem, Rain, Role, Setting,
};
pub use words::{
    ChannelVerdict, Class, Disposition, Judgement, MAX_CHANNELS, Recommendation, Remark, Remarks,
    Rule, Rules, SourceKind, Subject,
};

#[cfg(test)]
mod tests;
