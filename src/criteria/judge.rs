//! From an observation to a judgement, in the order of criteria.md section 3.
//!
//! Duplicate, test mode and fault end the matter for the whole reading; time and
//! position only add remarks; then each channel is judged by itself, and the
//! highest class speaks for the reading. One bad channel never hides a good one.

use super::counts::{Counts, Lines};
use super::dose::DoseRate;
use super::finding::{Bound, Finding};
use super::observation::{Input, Observation, Shown, overrange_bound};
use super::policy::Policy;
use super::words::{
    ChannelVerdict, Class, Disposition, Judgement, Recommendation, Remark, Remarks, Rule, Rules,
};
use crate::quality::{Arrived, ClockCheck};
use crate::reading::Quantity;

/// What an observation means.
///
/// Pure, and without an allocation.
pub fn judge(observation: &Observation<'_>, policy: &Policy) -> Judgement {
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
        if !company.hides(channel) {
            let channel = company.lifted(*channel);
            let finding = channel_finding(&channel, observation, policy);
            sum.add(channel.quantity, &finding);
        }
    }
    // Without any channel there is nothing to judge.
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

/// What the channels of one reading mean for each other.
#[derive(Clone, Copy, Debug, Default)]
struct Company {
    /// A rate of any kind.
    has_rate: bool,
    /// A usable value of a quantity with rows.
    can_compare: bool,
    /// A usable dose rate.
    has_dose_rate: bool,
    /// Counts without a row are over-range.
    overflows: bool,
}

impl Company {
    fn of(channels: &[Input]) -> Self {
        let mut company = Self::default();
        for channel in channels {
            let is_usable = is_usable(channel.shown);
            match channel.quantity {
                Quantity::DoseRate => {
                    company.has_rate = true;
                    company.can_compare |= is_usable;
                    company.has_dose_rate |= is_usable;
                }
                Quantity::CountRate(radiation) => {
                    company.has_rate = true;
                    let has_row = Lines::of(radiation).is_some();
                    company.can_compare |= is_usable && has_row;
                    company.overflows |= is_overrange(channel.shown) && !has_row;
                }
                Quantity::Dose | Quantity::SurfaceActivity(_) => {}
            }
        }
        company
    }

    /// Whether the channel has no row and others speak for it (DQ-13).
    fn hides(&self, channel: &Input) -> bool {
        match channel.quantity {
            Quantity::DoseRate => false,
            Quantity::CountRate(radiation) => {
                let is_spoken_for = self.has_dose_rate || !is_overrange(channel.shown);
                Lines::of(radiation).is_none() && self.can_compare && is_spoken_for
            }
            Quantity::Dose | Quantity::SurfaceActivity(_) => self.has_rate,
        }
    }

    /// A dose rate beside counts that are over-range is a lower bound: what the
    /// hidden channel says of the field is not lost.
    fn lifted(&self, channel: Input) -> Input {
        match (channel.quantity, channel.shown) {
            (Quantity::DoseRate, Shown::Number(number)) if self.overflows && number >= 0.0 => {
                Input {
                    shown: Shown::Overrange(overrange_bound(Some(number), None)),
                    ..channel
                }
            }
            _ => channel,
        }
    }
}

fn is_overrange(shown: Shown) -> bool {
    matches!(shown, Shown::Overrange(_))
}

fn is_usable(shown: Shown) -> bool {
    match shown {
        Shown::Number(number) => number.is_finite() && number >= 0.0,
        Shown::Overrange(_) => true,
        Shown::NotANumber
        | Shown::UnknownUnit
        | Shown::UnitMismatch
        | Shown::Fault
        | Shown::NotInitialised => false,
    }
}

fn channel_finding(channel: &Input, observation: &Observation<'_>, policy: &Policy) -> Finding {
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
        Some(number) => comparable(channel.quantity, number, bound, observation, policy),
        None => over_unknown_range(channel.quantity, observation, policy),
    };
    Finding {
        remarks: finding.remarks.union(channel.noted),
        ..finding
    }
}

/// A finite number that is not negative, by the tables of its quantity.
fn comparable(
    quantity: Quantity,
    number: f64,
    bound: Bound,
    observation: &Observation<'_>,
    policy: &Policy,
) -> Finding {
    match quantity {
        Quantity::DoseRate => DoseRate {
            usv_h: number,
            bound,
            observation,
            policy,
        }
        .finding(),
        Quantity::CountRate(radiation) => match Lines::of(radiation) {
            Some(lines) => Counts::new(lines, number, bound, observation, policy).finding(),
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
        }
        .levels(),
        Quantity::CountRate(radiation) => Lines::of(radiation)
            .map_or_else(Default::default, |lines| {
                Counts::new(lines, 0.0, bound, observation, policy).levels()
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

/// The reading so far.
struct Sum {
    best: Option<Finding>,
    rules: Rules,
    remarks: Remarks,
    recommendation: Recommendation,
    disposition: Disposition,
    channels: arrayvec::ArrayVec<ChannelVerdict, { super::words::MAX_CHANNELS }>,
}

impl Sum {
    fn new(observation: &Observation<'_>) -> Self {
        let mut sum = Self {
            best: None,
            rules: Rules::EMPTY,
            remarks: observation.noted,
            recommendation: Recommendation::None,
            disposition: Disposition::Accept,
            channels: arrayvec::ArrayVec::new(),
        };
        if observation.setting.calibration_expired {
            sum.remarks.insert(Remark::CalibrationExpired);
        }
        if observation.arrived == Arrived::Conflict {
            sum.note(Disposition::Quarantine, Remark::SeqConflict);
        }
        sum
    }

    /// Time, position and subject: remarks, and what becomes of the record.
    fn take_circumstances(&mut self, observation: &Observation<'_>) {
        if observation.time.is_stale {
            self.note(Disposition::Historical, Remark::Stale);
        }
        match observation.time.clock {
            ClockCheck::Trusted => {}
            ClockCheck::Ahead => self.note(Disposition::Quarantine, Remark::ClockSkew),
            ClockCheck::Naive => self.note(Disposition::Quarantine, Remark::NaiveTime),
            ClockCheck::Assumed => self.note(Disposition::Accept, Remark::TimeAssumed),
        }
        if !observation.has_position {
            self.remarks.insert(Remark::NoPosition);
        }
        if observation.setting.subject.is_none() {
            self.remarks.insert(Remark::SubjectAssumedEnvironment);
        }
    }

    fn note(&mut self, disposition: Disposition, remark: Remark) {
        self.disposition = self.disposition.max(disposition);
        self.remarks.insert(remark);
    }

    fn add(&mut self, quantity: Quantity, finding: &Finding) {
        self.rules = self.rules.union(finding.also).with(finding.rule);
        self.remarks = self.remarks.union(finding.remarks);
        self.recommendation = self.recommendation.max(finding.recommendation);
        // Of equals, the first one speaks.
        if self.best.is_none_or(|best| finding.class > best.class) {
            self.best = Some(*finding);
        }
        self.keep(finding.verdict(quantity));
    }

    /// Keeps the verdict; when there is no room, the lowest one gives way.
    fn keep(&mut self, verdict: ChannelVerdict) {
        let Err(full) = self.channels.try_push(verdict) else {
            return;
        };
        let verdict = full.element();
        if let Some(lowest) = self.channels.iter_mut().min_by_key(|kept| kept.class)
            && lowest.class < verdict.class
        {
            *lowest = verdict;
        }
    }

    fn judgement(mut self, without_channels: Finding) -> Judgement {
        let best = self.best.unwrap_or_else(|| {
            self.remarks = self.remarks.union(without_channels.remarks);
            without_channels
        });
        // SN-2 lifts a channel; it is no match of its own beside a table's.
        let also = self
            .rules
            .iter()
            .filter(|rule| *rule != best.rule && !matches!(rule, Rule::Nr | Rule::Sn2))
            .collect();
        Judgement {
            class: Some(best.class),
            rule: best.rule,
            also,
            recommendation: self.recommendation,
            disposition: self.disposition.max(best.disposition),
            remarks: self.remarks,
            canonical: best.value,
            channels: self.channels,
        }
    }
}
