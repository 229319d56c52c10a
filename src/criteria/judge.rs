//! From an observation to a judgement, in the order of criteria.md section 3.
//!
//! Duplicate, test mode and fault end the matter for the whole reading; time and
//! position only add remarks; then each channel is judged by itself, and the
//! highest class speaks for the reading. One bad channel never hides a good one.

use super::company::Company;
use super::counts::{Counts, Lines};
use super::dose::DoseRate;
use super::finding::{Bound, Finding};
use super::observation::{Input, Observation, Shown};
use super::policy::Policy;
use super::sum::Sum;
use super::trace::{Step, Trace, Untraced};
use super::words::{Class, Disposition, Judgement, Recommendation, Remark, Remarks, Rule, Rules};
use crate::quality::Arrived;
use crate::reading::Quantity;

/// What an observation means.
///
/// Pure, and without an allocation.
pub fn judge(observation: &Observation<'_>, policy: &Policy) -> Judgement {
    judge_with(observation, policy, &Untraced)
}

/// The same, told step by step.
pub(super) fn judge_with<T: Trace>(
    observation: &Observation<'_>,
    policy: &Policy,
    trace: &T,
) -> Judgement {
    if observation.arrived == Arrived::Duplicate {
        return Judgement {
            class: None,
            rule: Rule::Dq07,
            also: Rules::EMPTY,
            recommendation: Recommendation::None,
            disposition: Disposition::Duplicate,
            remarks: Remarks::EMPTY.with(Remark::Duplicate),
            canonical: None,
            channels: arrayvec::ArrayVec::new(),
        };
    }
    let mut sum = Sum::new(observation);
    if let Some(spoilt) = spoilt(observation) {
        for channel in observation.channels {
            sum.add(channel.quantity, &spoilt);
        }
        return sum.judgement(spoilt);
    }
    sum.take_circumstances(observation);
    let company = Company::of(observation.channels);
    for channel in observation.channels {
        if company.hides(channel) {
            trace.step(|| Step::Passed(channel.quantity));
        } else {
            let channel = company.lifted(*channel);
            let finding = channel_finding(&channel, observation, policy, trace);
            sum.add(channel.quantity, &finding);
        }
    }
    // A reading without a value is no number either.
    sum.judgement(rejected(Rule::Dq01, Remark::NotANumber))
}

/// What ends the matter for every channel at once.
fn spoilt(observation: &Observation<'_>) -> Option<Finding> {
    let status = observation.status;
    if status.test_mode {
        Some(invalid(Rule::Dq10).noting(Remark::TestMode))
    } else if status.fault {
        Some(invalid(Rule::Dq09).noting(Remark::DeviceFault))
    } else if status.not_initialised {
        Some(invalid(Rule::Dq09))
    } else {
        None
    }
}

fn invalid(rule: Rule) -> Finding {
    Finding::new(Class::Invalid, rule).quarantined()
}

fn rejected(rule: Rule, remark: Remark) -> Finding {
    Finding {
        disposition: Disposition::Reject,
        ..Finding::new(Class::Invalid, rule).noting(remark)
    }
}

fn channel_finding<T: Trace>(
    channel: &Input,
    observation: &Observation<'_>,
    policy: &Policy,
    trace: &T,
) -> Finding {
    let upper_or_exact = if observation.status.below_detection_limit {
        Bound::Upper
    } else {
        Bound::Exact
    };
    let (number, bound) = match channel.shown {
        Shown::UnknownUnit => return rejected(Rule::Dq03, Remark::UnknownUnit),
        Shown::UnitMismatch => return rejected(Rule::Dq04, Remark::UnitMismatch),
        Shown::Fault => return invalid(Rule::Dq09).noting(Remark::DeviceFault),
        Shown::NotInitialised => return invalid(Rule::Dq09),
        Shown::NotANumber => return rejected(Rule::Dq01, Remark::NotANumber),
        Shown::Number(number) if !number.is_finite() => {
            return rejected(Rule::Dq01, Remark::NotANumber);
        }
        Shown::Number(number) if number < 0.0 => return rejected(Rule::Dq02, Remark::Negative),
        Shown::Number(number) => (Some(number + 0.0), upper_or_exact), // -0.0 becomes 0.0
        Shown::Overrange(bound) => (bound, Bound::Lower),
    };
    let finding = match number {
        Some(number) => comparable(
            channel.quantity,
            number,
            bound,
            (observation, policy),
            trace,
        ),
        None => over_unknown_range(channel.quantity, observation, policy),
    };
    Finding {
        remarks: finding.remarks.union(channel.noted),
        ..finding
    }
}

/// A finite number that is not negative, by the tables of its quantity.
fn comparable<T: Trace>(
    quantity: Quantity,
    number: f64,
    bound: Bound,
    (observation, policy): (&Observation<'_>, &Policy),
    trace: &T,
) -> Finding {
    match quantity {
        Quantity::DoseRate => DoseRate {
            usv_h: number,
            bound,
            observation,
            policy,
            trace,
        }
        .finding(),
        Quantity::CountRate(radiation) => match Lines::of(radiation) {
            Some(lines) => Counts::new(lines, number, bound, observation, policy, trace).finding(),
            None => {
                let without_row = Finding::new(Class::Unclassified, Rule::Dq13)
                    .noting(Remark::RadiationUnspecified);
                let without_row = Finding {
                    value: Some(number),
                    ..without_row
                };
                match bound {
                    Bound::Lower => without_row.bounded(bound),
                    Bound::Upper => without_row.noting(Remark::BelowDl),
                    Bound::Exact => without_row,
                }
            }
        },
        Quantity::Dose | Quantity::SurfaceActivity(_) => Finding {
            value: Some(number),
            ..Finding::new(Class::Unclassified, Rule::Nr)
        },
    }
}

/// SN-2 without any bound: at least a possible emergency, of unknown height.
fn over_unknown_range(
    quantity: Quantity,
    observation: &Observation<'_>,
    policy: &Policy,
) -> Finding {
    let bound = Bound::Lower;
    let levels = match quantity {
        Quantity::DoseRate => DoseRate {
            usv_h: 0.0,
            bound,
            observation,
            policy,
            trace: &Untraced,
        }
        .levels(),
        Quantity::CountRate(radiation) => Lines::of(radiation)
            .map_or_else(Default::default, |lines| {
                Counts::new(lines, 0.0, bound, observation, policy, &Untraced).levels()
            }),
        // A full dose counter says nothing of the field now.
        Quantity::Dose | Quantity::SurfaceActivity(_) => {
            return Finding::new(Class::Unclassified, Rule::Nr);
        }
    };
    Finding {
        levels,
        ..Finding::normal().bounded(bound)
    }
}
