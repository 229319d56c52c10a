//! CAT-AD: the category of a source by its activity (criteria.md section 9).

use super::report::Category;
use super::trace::{Sign, Trace, Untraced, What, ask};

/// CAT-AD: where each category begins, as activity by danger value A/D.
///
/// | category | A/D      | from                                                 |
/// |----------|----------|------------------------------------------------------|
/// | 1        | >= 1000  | Government Regulation 58/2015, annex VII, table 1    |
/// | 2        | >= 10    | same                                                 |
/// | 3        | >= 1     | same                                                 |
/// | 4        | >= 0.01  | same                                                 |
/// | 5        | below    | same, above the exemption level                      |
const BEGINS_AT: [(f64, u8); 4] = [(1000.0, 1), (10.0, 2), (1.0, 3), (0.01, 4)];

/// The levels above by name, for the record of what was in force.
pub(super) const LEVELS: &[(&str, f64)] = {
    let [first, second, third, fourth] = BEGINS_AT;
    &[
        ("CAT-AD 1", first.0),
        ("CAT-AD 2", second.0),
        ("CAT-AD 3", third.0),
        ("CAT-AD 4", fourth.0),
    ]
};

/// The category for A/D, finite and not negative; `None` for a source that is
/// below the exemption level as well.
pub fn category(a_over_d: f64, is_above_exemption: bool) -> Option<Category> {
    category_with(a_over_d, is_above_exemption, &Untraced)
}

/// The same, told step by step.
pub(super) fn category_with<T: Trace>(
    a_over_d: f64,
    is_above_exemption: bool,
    trace: &T,
) -> Option<Category> {
    let number = BEGINS_AT
        .iter()
        .find(|(begins_at, _)| {
            let asked = (a_over_d, Sign::Ge, *begins_at);
            ask(trace, What::ActivityRatio, "CAT-AD", asked)
        })
        .map(|(_, number)| *number);
    match number {
        Some(number) => Category::new(number),
        None if is_above_exemption => Category::new(5),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_begin_at_their_ratio() {
        for (a_over_d, is_above, expected) in [
            (1000.0, true, Some(1)),
            (999.9, true, Some(2)),
            (10.0, true, Some(2)),
            (9.99, true, Some(3)),
            (1.0, true, Some(3)),
            (0.99, true, Some(4)),
            (0.01, true, Some(4)),
            (0.01, false, Some(4)),
            (0.0099, true, Some(5)),
            (0.0099, false, None),
            (0.0, false, None),
        ] {
            let got = category(a_over_d, is_above).map(Category::number);
            assert_eq!(got, expected, "{a_over_d} {is_above}");
        }
    }
}
