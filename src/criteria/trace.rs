//! What a judge tells of its way to those who ask why.
//!
//! The judges are written once, for any [`Trace`]: in the daemon nobody listens
//! and the compiler leaves it out; an explanation is the same run with a
//! [`Recorder`], so the two cannot disagree.

use std::cell::RefCell;

use super::compare::{above, at_least, at_most, below};
use super::geometry::Fit;
use super::words::Rule;
use crate::reading::Quantity;

/// Somebody who may want to know each step.
pub(super) trait Trace {
    /// Takes a step; it is only made when somebody listens.
    fn step(&self, make: impl FnOnce() -> Step);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untraced;

impl Trace for Untraced {
    fn step(&self, _make: impl FnOnce() -> Step) {}
}

/// Writes every step down.
#[derive(Debug, Default)]
pub(super) struct Recorder(RefCell<Vec<Step>>);

impl Recorder {
    /// The comparisons alone, each once, in order.
    pub(super) fn into_compared(self) -> Vec<Compared> {
        compared(&self.into_steps())
    }

    /// The steps, in order.
    pub(super) fn into_steps(self) -> Vec<Step> {
        self.0.into_inner()
    }
}

/// The comparisons among steps, each once, in order.
pub(super) fn compared(steps: &[Step]) -> Vec<Compared> {
    let mut compared: Vec<Compared> = Vec::new();
    for step in steps {
        if let Step::Compared(step) = step
            && !compared.contains(step)
        {
            compared.push(*step);
        }
    }
    compared
}

impl Trace for Recorder {
    fn step(&self, make: impl FnOnce() -> Step) {
        self.0.borrow_mut().push(make());
    }
}

/// One step on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Two numbers were compared.
    Compared(Compared),
    /// An exemption was tried.
    Tried(Tried),
    /// A channel has no row, and others speak for the reading (DQ-13).
    Passed(Quantity),
}

/// What was compared with what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Compared {
    /// What the value is of.
    pub(super) what: What,
    /// The rule that asks.
    pub(super) rule: &'static str,
    /// The value.
    pub(super) value: f64,
    /// What was asked.
    pub(super) sign: Sign,
    /// The level, background included where the rule adds one.
    pub(super) level: f64,
    /// What the level is made of.
    pub(super) basis: Against,
    /// How the distance stands to the rule's.
    pub(super) fit: Fit,
    /// Whether it is so.
    pub(super) holds: bool,
}

impl Compared {
    /// A comparison with a bare level, where distance plays no part.
    pub(super) const fn plain(
        what: What,
        rule: &'static str,
        (value, sign, level): (f64, Sign, f64),
        holds: bool,
    ) -> Self {
        Self {
            what,
            rule,
            value,
            sign,
            level,
            basis: Against::Gross,
            fit: Fit::Matches,
            holds,
        }
    }
}

/// What a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A quantity of a reading.
    Quantity(Quantity),
    /// Dose in a year, mSv.
    YearlyDose,
    /// Effective dose of a worker, mSv.
    WorkerDose,
    /// Gross beta of a sample, Bq/kg.
    GrossBeta,
    /// Gross alpha of a sample, Bq/kg.
    GrossAlpha,
    /// Sum of concentrations by their TIO6 values.
    Tio6Sum,
    /// Hours of measurement.
    Hours,
    /// Points of measurement.
    Points,
    /// Minutes for which a rise has lasted.
    Minutes,
    /// Activity by danger value.
    ActivityRatio,
}

/// What is asked of a value and a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// At or above.
    Ge,
    /// Above.
    Gt,
    /// Below.
    Lt,
    /// At or below.
    Le,
}

impl Sign {
    /// As it is printed.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ge => ">=",
            Self::Gt => ">",
            Self::Lt => "<",
            Self::Le => "<=",
        }
    }
}

/// What a level is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Against {
    /// The printed level; the value is compared as measured.
    Gross,
    /// The printed level above this background.
    Net(f64),
    /// A multiple of this background.
    Times(f64),
    /// A multiple of the baseline recorded when the area was closed.
    Baseline(f64),
    /// A part of the limit.
    Part(f64),
}

/// An exemption that was tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tried {
    /// Its rule.
    pub(super) rule: Rule,
    /// Why it holds or not.
    pub(super) why: Why,
    /// What was compared with its bound, where it came to that: value and bound.
    pub(super) compared: Option<(f64, f64)>,
}

/// Why an exemption holds or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It holds.
    Holds,
    /// It does not rain, and has not for long enough.
    NoRain,
    /// No measured background to compare with.
    NoBaseline,
    /// The value is too high for it at all.
    TooHigh,
    /// More than its ratio over the background.
    RatioExceeded,
    /// Too high even above the background.
    NetTooHigh,
    /// Nobody speaks of a treatment.
    NotClaimed,
    /// Somebody speaks of a treatment, nobody confirmed it.
    Unverified,
    /// The value is only a bound.
    OnlyABound,
    /// Nothing is known of natural material.
    NothingKnown,
    /// No spectrometer identified the nuclides.
    NotIdentified,
    /// A nuclide is not natural.
    OtherNuclide,
    /// The thing is not one that the note names.
    NotListed,
    /// The yearly dose is not known.
    DoseUnknown,
    /// The yearly dose is too high.
    DoseExceeded,
    /// Never for this row.
    NeverHere,
}

impl Why {
    /// The word for it in records.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NoRain => "no_rain",
            Self::NoBaseline => "no_baseline",
            Self::TooHigh => "too_high",
            Self::RatioExceeded => "ratio_exceeded",
            Self::NetTooHigh => "net_too_high",
            Self::NotClaimed => "not_claimed",
            Self::Unverified => "unverified",
            Self::OnlyABound => "only_a_bound",
            Self::NothingKnown => "nothing_known",
            Self::NotIdentified => "not_identified",
            Self::OtherNuclide => "other_nuclide",
            Self::NotListed => "not_listed",
            Self::DoseUnknown => "dose_unknown",
            Self::DoseExceeded => "dose_exceeded",
            Self::NeverHere => "never_here",
        }
    }
}

/// Compares a value with a bare level, and tells the trace.
pub(super) fn ask<T: Trace>(
    trace: &T,
    what: What,
    rule: &'static str,
    (value, sign, level): (f64, Sign, f64),
) -> bool {
    ask_against(trace, what, rule, (value, sign, level), Against::Gross)
}

/// The same with a level that is made of something.
pub(super) fn ask_against<T: Trace>(
    trace: &T,
    what: What,
    rule: &'static str,
    (value, sign, level): (f64, Sign, f64),
    basis: Against,
) -> bool {
    let holds = match sign {
        Sign::Ge => at_least(value, level),
        Sign::Gt => above(value, level),
        Sign::Lt => below(value, level),
        Sign::Le => at_most(value, level),
    };
    trace.step(|| {
        Step::Compared(Compared {
            basis,
            ..Compared::plain(what, rule, (value, sign, level), holds)
        })
    });
    holds
}
