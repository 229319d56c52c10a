//! The response status that a report recommends (criteria.md section 4.1).

use super::words::{Recommendation, Remark, Remarks};
use crate::reading::words;

words! {
    /// What was reported.
    pub enum ReportEvent {
        /// A facility lost a source.
        LossFacility = "loss_facility",
        /// A source was found at a facility.
        FoundFacility = "found_facility",
        /// A source without a known owner was found.
        FoundOrphan = "found_orphan",
        /// A source was lost abroad.
        LossAbroad = "loss_abroad",
    }
}

/// The category of a source, 1 (most dangerous) to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Category(u8);

impl Category {
    /// From its number; `None` outside 1 to 5.
    pub fn new(number: u8) -> Option<Self> {
        (1..=5).contains(&number).then_some(Self(number))
    }

    /// Its number, 1 to 5.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What a report recommends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportVerdict {
    /// The status to recommend; a person sets it.
    pub recommendation: Recommendation,
    /// The rule that decided.
    pub rule: &'static str,
    /// Remarks.
    pub remarks: Remarks,
}

/// Looks a report up in tables 2.1 (p. 18) and 2.2 (p. 20) of
/// PUK/DK2N.3/PT.17 rev. 0, and in PG-1 to PG-4 for what they leave out.
///
/// `is_dangerous`: potentially dangerous to the public and the environment; for
/// a loss abroad, to Indonesia. Unknown counts as yes, and an unknown category
/// as 1 to 3 (section 4.1).
pub fn assess_report(
    event: ReportEvent,
    category: Option<Category>,
    is_dangerous: Option<bool>,
) -> ReportVerdict {
    use Recommendation::{AktifParsial, None as Nothing, Siaga};

    let is_dangerous = is_dangerous.unwrap_or(true);
    let is_category_1_to_3 = category.is_none_or(|category| category.number() <= 3);
    let (recommendation, rule) = match (event, is_category_1_to_3, is_dangerous) {
        (ReportEvent::LossFacility, false, false) => (Siaga, "T2.1-1"),
        // C-12: the text says "Siaga/Aktif Parsial".
        (ReportEvent::LossFacility, true, true) => (AktifParsial, "T2.1-2"),
        (ReportEvent::LossFacility, false, true) => (AktifParsial, "PG-1"),
        (ReportEvent::LossFacility, true, false) => (Siaga, "PG-2"),
        (ReportEvent::FoundFacility, _, false) => (Siaga, "T2.1-3"),
        (ReportEvent::FoundFacility, _, true) => (AktifParsial, "T2.1-4"),
        (ReportEvent::FoundOrphan, _, true) => (AktifParsial, "T2.2-2"),
        (ReportEvent::FoundOrphan, _, false) => (Siaga, "PG-3"),
        (ReportEvent::LossAbroad, true, true) => (Siaga, "T2.2-1"),
        (ReportEvent::LossAbroad, _, _) => (Nothing, "PG-4"),
    };
    let asks_for_category = matches!(event, ReportEvent::LossFacility | ReportEvent::LossAbroad);
    let remarks = if asks_for_category && category.is_none() {
        Remarks::EMPTY.with(Remark::CategoryUnknown)
    } else {
        Remarks::EMPTY
    };
    ReportVerdict {
        recommendation,
        rule,
        remarks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Recommendation::{AktifParsial, None as Nothing, Siaga};
    use ReportEvent::{FoundFacility, FoundOrphan, LossAbroad, LossFacility};

    #[track_caller]
    fn check(
        event: ReportEvent,
        category: Option<u8>,
        is_dangerous: Option<bool>,
        recommendation: Recommendation,
        rule: &str,
    ) {
        let category = category.map(|number| Category::new(number).unwrap());
        let got = assess_report(event, category, is_dangerous);
        assert_eq!((got.recommendation, got.rule), (recommendation, rule));
        let asks = matches!(event, LossFacility | LossAbroad) && category.is_none();
        assert_eq!(got.remarks.contains(Remark::CategoryUnknown), asks);
    }

    #[test]
    fn every_row_and_every_gap() {
        check(LossFacility, Some(4), Some(false), Siaga, "T2.1-1");
        check(LossFacility, Some(5), Some(false), Siaga, "T2.1-1");
        check(LossFacility, Some(1), Some(true), AktifParsial, "T2.1-2");
        check(LossFacility, Some(3), Some(true), AktifParsial, "T2.1-2");
        check(LossFacility, Some(4), Some(true), AktifParsial, "PG-1");
        check(LossFacility, Some(3), Some(false), Siaga, "PG-2");
        check(LossFacility, None, None, AktifParsial, "T2.1-2");
        check(LossFacility, None, Some(false), Siaga, "PG-2");
        check(LossFacility, Some(5), None, AktifParsial, "PG-1");
        check(FoundFacility, None, Some(false), Siaga, "T2.1-3");
        check(FoundFacility, Some(5), Some(true), AktifParsial, "T2.1-4");
        check(FoundFacility, None, None, AktifParsial, "T2.1-4");
        check(FoundOrphan, None, Some(true), AktifParsial, "T2.2-2");
        check(FoundOrphan, Some(5), Some(false), Siaga, "PG-3");
        check(LossAbroad, Some(2), Some(true), Siaga, "T2.2-1");
        check(LossAbroad, None, None, Siaga, "T2.2-1");
        check(LossAbroad, Some(2), Some(false), Nothing, "PG-4");
        check(LossAbroad, Some(4), Some(true), Nothing, "PG-4");
    }

    #[test]
    fn there_are_five_categories() {
        assert!(Category::new(0).is_none() && Category::new(6).is_none());
    }
}
