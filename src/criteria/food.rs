//! Food, milk and water (criteria.md section 4.6).
//!
//! The TIO6 values (annex VII, p. 99-104) are not part of the supplied text:
//! there is no built-in table, and no other publication's numbers stand in.

use super::trace::{Sign, Trace, Untraced, What, ask};
use super::words::{Remark, Remarks};
use crate::reading::words;

words! {
    /// What a sample may be used for.
    pub enum FoodClass {
        /// Ban consumption.
        Restrict = "FOOD_RESTRICT",
        /// Analyse it against TIO6.
        LabAnalysis = "FOOD_LAB_ANALYSIS",
        /// Cannot be said.
        Indeterminate = "FOOD_INDETERMINATE",
        /// Safe to eat.
        Safe = "FOOD_SAFE",
    }
}

/// T3.4-TIO5-B and T3.4-TIO5-A: gross counts that call for the laboratory.
///
/// | what        | at or above | from                                      |
/// |-------------|-------------|-------------------------------------------|
/// | gross beta  | 100 Bq/kg   | PUK/DK2N.3/PT.17 rev. 0, table 3.4, p. 38 |
/// | gross alpha | 5 Bq/kg     | same, "or"                                |
const TIO5_BETA_BQ_KG: f64 = 100.0;
const TIO5_ALPHA_BQ_KG: f64 = 5.0;

/// T3.4-TIO6: sum over nuclides of concentration by its TIO6 value.
///
/// | what | at or above | from                                               |
/// |------|-------------|----------------------------------------------------|
/// | sum  | 1           | criteria.md section 4.6; the formula of table 3.4, |
/// |      |             | p. 38, is a picture that is missing                |
const TIO6_SUM: f64 = 1.0;

/// The levels above by name, for the record of what was in force.
pub(super) const LEVELS: &[(&str, f64)] = &[
    ("T3.4-TIO5-B Bq/kg", TIO5_BETA_BQ_KG),
    ("T3.4-TIO5-A Bq/kg", TIO5_ALPHA_BQ_KG),
    ("T3.4-TIO6 sum", TIO6_SUM),
];

/// What a sample is, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoodVerdict {
    /// The class.
    pub class: FoodClass,
    /// The rule that decided.
    pub rule: &'static str,
    /// A further rule that matched.
    pub also: Option<&'static str>,
    /// Remarks.
    pub remarks: Remarks,
}

/// Gross beta and alpha against TIO5, in Bq/kg; `k40_beta` is a measured
/// potassium contribution to beta. Numbers are finite and not negative.
pub fn tio5(beta: Option<f64>, alpha: Option<f64>, k40_beta: Option<f64>) -> FoodVerdict {
    tio5_with(beta, alpha, k40_beta, &Untraced)
}

/// The same, told step by step.
pub(super) fn tio5_with<T: Trace>(
    beta: Option<f64>,
    alpha: Option<f64>,
    k40_beta: Option<f64>,
    trace: &T,
) -> FoodVerdict {
    let mut remarks = Remarks::EMPTY;
    let beta = match (beta, k40_beta) {
        (Some(beta), Some(k40)) => {
            remarks.insert(Remark::K40Subtracted);
            Some((beta - k40).max(0.0))
        }
        (beta, _) => beta,
    };
    let by_beta = beta.is_some_and(|beta| {
        let asked = (beta, Sign::Ge, TIO5_BETA_BQ_KG);
        ask(trace, What::GrossBeta, "T3.4-TIO5-B", asked)
    });
    let by_alpha = alpha.is_some_and(|alpha| {
        let asked = (alpha, Sign::Ge, TIO5_ALPHA_BQ_KG);
        ask(trace, What::GrossAlpha, "T3.4-TIO5-A", asked)
    });
    let (class, rule, also) = match (by_beta, by_alpha) {
        (true, by_alpha) => (
            FoodClass::LabAnalysis,
            "T3.4-TIO5-B",
            by_alpha.then_some("T3.4-TIO5-A"),
        ),
        (false, true) => (FoodClass::LabAnalysis, "T3.4-TIO5-A", None),
        (false, false) if beta.is_some() && alpha.is_some() => (FoodClass::Safe, "T3.4-TIO5", None),
        (false, false) => {
            remarks.insert(Remark::ChannelMissing);
            (FoodClass::Indeterminate, "T3.4-TIO5", None)
        }
    };
    FoodVerdict {
        class,
        rule,
        also,
        remarks,
    }
}

/// Nuclide concentrations against TIO6: each with its TIO6 value from a
/// configured table, both in Bq/kg. Concentrations are finite and not negative.
pub fn tio6(nuclides: impl IntoIterator<Item = (f64, Option<f64>)>) -> FoodVerdict {
    tio6_with(nuclides, &Untraced)
}

/// The same, told step by step.
pub(super) fn tio6_with<T: Trace>(
    nuclides: impl IntoIterator<Item = (f64, Option<f64>)>,
    trace: &T,
) -> FoodVerdict {
    let mut sum = 0.0;
    let mut n_nuclides = 0_usize;
    let mut is_value_missing = false;
    for (concentration, limit) in nuclides {
        n_nuclides += 1;
        match limit.filter(|limit| limit.is_finite() && *limit > 0.0) {
            Some(limit) => sum += concentration / limit,
            None => is_value_missing = true,
        }
    }
    let mut remarks = Remarks::EMPTY;
    let asked = (sum, Sign::Ge, TIO6_SUM);
    let class = if ask(trace, What::Tio6Sum, "T3.4-TIO6", asked) {
        FoodClass::Restrict
    } else if is_value_missing {
        remarks.insert(Remark::Tio6ValueMissing);
        FoodClass::Indeterminate
    } else if n_nuclides == 0 {
        remarks.insert(Remark::ChannelMissing);
        FoodClass::Indeterminate
    } else {
        FoodClass::Safe
    };
    FoodVerdict {
        class,
        rule: "T3.4-TIO6",
        also: None,
        remarks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FoodClass::{Indeterminate, LabAnalysis, Restrict, Safe};

    #[track_caller]
    fn check_tio5(
        beta: Option<f64>,
        alpha: Option<f64>,
        k40: Option<f64>,
        expected: (FoodClass, &str, &[Remark]),
    ) {
        let got = tio5(beta, alpha, k40);
        assert_eq!((got.class, got.rule), (expected.0, expected.1));
        assert_eq!(got.remarks, expected.2.iter().copied().collect());
    }

    #[test]
    fn tio5_needs_both_channels_below() {
        use Remark::{ChannelMissing, K40Subtracted};
        check_tio5(Some(99.9), Some(4.9), None, (Safe, "T3.4-TIO5", &[]));
        check_tio5(
            Some(100.0),
            Some(4.9),
            None,
            (LabAnalysis, "T3.4-TIO5-B", &[]),
        );
        check_tio5(
            Some(99.9),
            Some(5.0),
            None,
            (LabAnalysis, "T3.4-TIO5-A", &[]),
        );
        check_tio5(None, Some(5.0), None, (LabAnalysis, "T3.4-TIO5-A", &[]));
        check_tio5(
            None,
            Some(1.0),
            None,
            (Indeterminate, "T3.4-TIO5", &[ChannelMissing]),
        );
        check_tio5(
            None,
            None,
            Some(1.0),
            (Indeterminate, "T3.4-TIO5", &[ChannelMissing]),
        );
        check_tio5(
            Some(150.0),
            Some(1.0),
            Some(60.0),
            (Safe, "T3.4-TIO5", &[K40Subtracted]),
        );
        check_tio5(
            Some(150.0),
            Some(1.0),
            Some(50.0),
            (LabAnalysis, "T3.4-TIO5-B", &[K40Subtracted]),
        );
        assert_eq!(tio5(Some(100.0), Some(5.0), None).also, Some("T3.4-TIO5-A"));
    }

    #[test]
    fn tio6_sums_what_has_a_value() {
        use Remark::{ChannelMissing, Tio6ValueMissing};
        let check = |nuclides: &[(f64, Option<f64>)], class, remarks: &[Remark]| {
            let got = tio6(nuclides.iter().copied());
            assert_eq!(got.class, class, "{nuclides:?}");
            assert_eq!(got.remarks, remarks.iter().copied().collect());
        };
        check(&[(600.0, Some(1000.0)), (80.0, Some(200.0))], Restrict, &[]);
        check(&[(600.0, Some(1000.0)), (79.9, Some(200.0))], Safe, &[]);
        check(&[(1.0, None)], Indeterminate, &[Tio6ValueMissing]);
        check(&[(1.0, Some(0.0))], Indeterminate, &[Tio6ValueMissing]);
        check(&[(5.0, Some(5.0)), (1.0, None)], Restrict, &[]);
        check(&[], Indeterminate, &[ChannelMissing]);
    }
}
