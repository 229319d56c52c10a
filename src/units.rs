//! One newtype for each quantity, and the units instruments send them in.
//!
//! Canonical units: µSv/h, counts per second, µSv, Bq/cm². An unknown unit is
//! refused, never guessed; the case of a prefix matters (mSv is not MSv).

use std::fmt;

/// Ambient dose equivalent rate H*(10), in microsieverts per hour (µSv/h).
///
/// Always finite and never negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct DoseRate {
    usv_per_h: f64,
}

/// Count rate of one radiation, in counts per second (cps).
///
/// Always finite and never negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct CountRate {
    per_s: f64,
}

/// Accumulated ambient dose equivalent, in microsieverts (µSv).
///
/// Always finite and never negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Dose {
    usv: f64,
}

/// Surface activity, in becquerels per square centimetre, as the instrument
/// sent it; never converted to a count rate.
///
/// Always finite and never negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct SurfaceActivity {
    bq_per_cm2: f64,
}

/// Why a number is not an amount of a physical quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// NaN or infinite.
    #[error("not a finite number")]
    NotFinite,
    /// Below zero.
    #[error("negative")]
    Negative,
}

fn amount(value: f64) -> Result<f64, AmountError> {
    if !value.is_finite() {
        Err(AmountError::NotFinite)
    } else if value < 0.0 {
        Err(AmountError::Negative)
    } else {
        Ok(value + 0.0) // -0.0 becomes 0.0
    }
}

macro_rules! quantity {
    ($name:ident, $field:ident, $new:ident, $get:ident, $unit:literal) => {
        impl $name {
            #[doc = concat!("From a number of ", $unit, ".")]
            ///
            /// # Errors
            ///
            /// When it is negative, NaN or infinite.
            pub fn $new(value: f64) -> Result<Self, AmountError> {
                Ok(Self {
                    $field: amount(value)?,
                })
            }

            #[doc = concat!("The number of ", $unit, ".")]
            pub const fn $get(self) -> f64 {
                self.$field
            }
        }
    };
}

quantity!(DoseRate, usv_per_h, from_usv_per_h, usv_per_h, "µSv/h");
quantity!(CountRate, per_s, from_per_s, per_s, "counts per second");
quantity!(Dose, usv, from_usv, usv, "µSv");
quantity!(
    SurfaceActivity,
    bq_per_cm2,
    from_bq_per_cm2,
    bq_per_cm2,
    "Bq/cm²"
);

impl fmt::Display for DoseRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} µSv/h", rounded(self.usv_per_h))
    }
}

impl fmt::Display for CountRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cps", rounded(self.per_s))
    }
}

/// Rounds to six decimals, the resolution of every value Pantau prints or
/// stores: 1 pSv/h, one count in twelve days.
pub fn rounded(value: f64) -> f64 {
    let scaled = (value * 1e6).round();
    if scaled.is_finite() {
        scaled / 1e6
    } else {
        value
    }
}

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Ambient dose equivalent rate, or a quantity taken for it.
    DoseRate,
    /// Counts by time.
    CountRate,
    /// Accumulated dose.
    Dose,
    /// Activity by area.
    SurfaceActivity,
    /// Activity by mass or volume.
    Concentration,
}

/// A conversion that is a convention rather than a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convention {
    /// Sievert from the same quantity: a definition.
    None,
    /// 1 R taken as 10 mSv (flag `ROENTGEN_CONVERTED`).
    Roentgen,
    /// Air kerma in gray times `gy_to_sv` (flag `GRAY_CONVERTED`).
    Gray,
}

/// Sievert per gray of air kerma, unless a profile or configuration says
/// otherwise (criteria.md section 2: about right for Cs-137).
pub const GY_TO_SV: f64 = 1.2;

/// A unit as an instrument names it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// The spelling Pantau prints.
    pub symbol: &'static str,
    /// What it measures.
    pub dimension: Dimension,
    /// Canonical units per unit, before [`Convention::Gray`] is applied.
    pub factor: f64,
    /// Whether the conversion is only a convention.
    pub convention: Convention,
}

/// A unit nobody told us about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown unit `{0}`")]
pub struct UnknownUnit(pub String);

impl Unit {
    /// Finds a unit by the text an instrument sent.
    ///
    /// `µ` (U+00B5), `μ` (U+03BC) and `u` are the same prefix; the case of
    /// letters matters, and so does every blank.
    ///
    /// # Errors
    ///
    /// [`UnknownUnit`] with an excerpt of the text.
    pub fn parse(text: &str) -> Result<&'static Self, UnknownUnit> {
        let ascii: String = text
            .chars()
            .map(|c| {
                if matches!(c, '\u{b5}' | '\u{3bc}') {
                    'u'
                } else {
                    c
                }
            })
            .collect();
        UNITS
            .iter()
            .find(|(spelling, _)| *spelling == ascii)
            .map(|(_, unit)| unit)
            .ok_or_else(|| UnknownUnit(crate::error::excerpt(text, 24)))
    }

    /// A number of this unit in the canonical unit of its dimension, with
    /// `gy_to_sv` sievert per gray of air kerma.
    pub fn canonical(&self, value: f64, gy_to_sv: f64) -> f64 {
        let converted = value * self.factor;
        match self.convention {
            Convention::Gray => converted * gy_to_sv,
            Convention::None | Convention::Roentgen => converted,
        }
    }
}

const fn unit(symbol: &'static str, dimension: Dimension, factor: f64) -> Unit {
    Unit {
        symbol,
        dimension,
        factor,
        convention: Convention::None,
    }
}

const fn rate(symbol: &'static str, factor: f64) -> Unit {
    unit(symbol, Dimension::DoseRate, factor)
}

const fn dose(symbol: &'static str, factor: f64) -> Unit {
    unit(symbol, Dimension::Dose, factor)
}

const fn counts(symbol: &'static str, factor: f64) -> Unit {
    unit(symbol, Dimension::CountRate, factor)
}

const fn by(convention: Convention, unit: Unit) -> Unit {
    Unit { convention, ..unit }
}

use Convention::{Gray, Roentgen};

/// Every unit that is understood, by its ASCII spelling (`u` for `µ`).
///
/// Source: criteria.md section 2 and instruments.md section 0.
const UNITS: &[(&str, Unit)] = &[
    ("nSv/h", rate("nSv/h", 1e-3)),
    ("uSv/h", rate("uSv/h", 1.0)),
    ("mSv/h", rate("mSv/h", 1e3)),
    ("Sv/h", rate("Sv/h", 1e6)),
    ("Sv/s", rate("Sv/s", 3.6e9)),
    ("urem/h", rate("urem/h", 0.01)),
    ("mrem/h", rate("mrem/h", 10.0)),
    ("rem/h", rate("rem/h", 1e4)),
    ("uR/h", by(Roentgen, rate("uR/h", 0.01))),
    ("mR/h", by(Roentgen, rate("mR/h", 10.0))),
    ("R/h", by(Roentgen, rate("R/h", 1e4))),
    ("nGy/h", by(Gray, rate("nGy/h", 1e-3))),
    ("uGy/h", by(Gray, rate("uGy/h", 1.0))),
    ("mGy/h", by(Gray, rate("mGy/h", 1e3))),
    ("Gy/h", by(Gray, rate("Gy/h", 1e6))),
    ("cps", counts("cps", 1.0)),
    ("s-1", counts("s-1", 1.0)),
    ("s⁻¹", counts("s-1", 1.0)),
    ("kcps", counts("kcps", 1e3)),
    ("cpm", counts("cpm", 1.0 / 60.0)),
    ("kcpm", counts("kcpm", 1e3 / 60.0)),
    ("nSv", dose("nSv", 1e-3)),
    ("uSv", dose("uSv", 1.0)),
    ("mSv", dose("mSv", 1e3)),
    ("Sv", dose("Sv", 1e6)),
    ("urem", dose("urem", 0.01)),
    ("mrem", dose("mrem", 10.0)),
    ("rem", dose("rem", 1e4)),
    ("uR", by(Roentgen, dose("uR", 0.01))),
    ("mR", by(Roentgen, dose("mR", 10.0))),
    ("R", by(Roentgen, dose("R", 1e4))),
    ("uGy", by(Gray, dose("uGy", 1.0))),
    ("mGy", by(Gray, dose("mGy", 1e3))),
    ("Gy", by(Gray, dose("Gy", 1e6))),
    ("Bq/cm2", unit("Bq/cm2", Dimension::SurfaceActivity, 1.0)),
    ("Bq/cm²", unit("Bq/cm2", Dimension::SurfaceActivity, 1.0)),
    ("Bq/kg", unit("Bq/kg", Dimension::Concentration, 1.0)),
    ("Bq/L", unit("Bq/L", Dimension::Concentration, 1.0)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, value: f64, canonical: f64) {
        let got = Unit::parse(text).unwrap().canonical(value, GY_TO_SV);
        assert!(
            (got - canonical).abs() <= 1e-12 * canonical.abs(),
            "{value} {text} gave {got}, expected {canonical}"
        );
    }

    #[test]
    fn units_convert_as_the_specification_says() {
        check("uSv/h", 0.5, 0.5);
        check("\u{b5}Sv/h", 0.5, 0.5);
        check("\u{3bc}Sv/h", 0.5, 0.5);
        check("nSv/h", 1000.0, 1.0);
        check("mSv/h", 0.1, 100.0);
        check("Sv/s", 1.0, 3.6e9);
        check("mrem/h", 9.9, 99.0);
        check("uR/h", 120.0, 1.2);
        check("mGy/h", 1.0, 1200.0);
        check("cpm", 1200.0, 20.0);
        check("kcpm", 1.2, 20.0);
        check("s-1", 20.0, 20.0);
        check("s\u{207b}\u{b9}", 20.0, 20.0);
    }

    #[test]
    fn an_unknown_unit_is_refused() {
        for text in [
            "", "uSievert", "MSv/h", "msv/h", " uSv/h", "USV/H", "uSv /h", "count",
        ] {
            assert!(Unit::parse(text).is_err(), "`{text}` passed");
        }
    }

    #[test]
    fn no_amount_is_negative_or_unbounded() {
        assert_eq!(DoseRate::from_usv_per_h(-0.1), Err(AmountError::Negative));
        assert_eq!(CountRate::from_per_s(f64::NAN), Err(AmountError::NotFinite));
        assert!(Dose::from_usv(f64::INFINITY).is_err());
        assert!(
            SurfaceActivity::from_bq_per_cm2(-0.0)
                .unwrap()
                .bq_per_cm2()
                .is_sign_positive()
        );
    }
}
