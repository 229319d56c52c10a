//! Cases: what people do from a report to the close statement, and the clocks
//! D-01 to D-21 that run meanwhile.
//!
//! - A case is the fold of its deeds, and so is what was done about one
//!   activation. Nothing is decided here but whether a deed is possible: a
//!   status is set, lowered and a case closed by a named person, with a remark.
//! - Clocks follow from the deeds, not from timers: whoever reads the same deeds
//!   sees the same clocks, after any restart. They run by the wall clock, for
//!   they are hours that people count by it.
//! - What personal data may be seen outside the store is decided in one place,
//!   [`Mask`].

mod act;
mod case;
mod check;
mod clocks;
mod draft;
mod java;
mod mask;
mod notice;
mod raised;
mod read;
mod read_report;
mod report;
mod said;
mod view;
mod words;

pub use act::{Act, ClosedTo, Deed, OnJava, Status, Step, Track};
pub use case::{Cases, Done, Dossier, Facts, Filed, case_number};
pub use check::{Known, Refusal, World, missing_for_closing};
pub use clocks::{Assumed, Clock, State, clocks};
pub use draft::{Draft, What};
pub use java::{Geography, is_on_java};
pub use mask::{Mask, ON_FILE};
pub use notice::{notice, notice_id};
pub use raised::{activation_of, on_java, our_deed, raised};
pub use read::{Problem, read};
pub use report::{
    Casualty, EmergencyClass, Exposure, Facility, FacilityCategory, Form, Matter, Report, Reporter,
    ReporterKind, Source,
};
pub use said::Said;
pub use view::{
    ActView, CaseSummary, CaseView, DecisionView, Look, MatterView, RecommendationView,
    RetentionView, retention,
};
pub use words::{Both, Meaning, meaning};

#[cfg(test)]
mod tests;
