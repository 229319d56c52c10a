//! What the tables say of one channel.

use super::geometry::{Fit, Outcome};
use super::policy::{Comparator, Policy};
use super::setting::{ExistingKind, Setting};
use super::tables::{self, Row};
use super::trace::{Against, Compared, Sign, Step, Trace, What, ask};
use super::words::{
    ChannelVerdict, Class, Disposition, Recommendation, Remark, Remarks, Rule, Rules, SourceKind,
};
use crate::reading::Quantity;

/// How a number stands to the amount it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// It is the amount.
    Exact,
    /// The amount is at least this: over-range.
    Lower,
    /// The amount is at most this: below the detection limit.
    Upper,
}

/// Where the classes begin for a channel, before geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Levels {
    pub(super) possible_at: Option<f64>,
    pub(super) emergency_at: Option<f64>,
}

/// The verdict on one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) class: Class,
    pub(super) rule: Rule,
    pub(super) also: Rules,
    pub(super) remarks: Remarks,
    pub(super) recommendation: Recommendation,
    pub(super) disposition: Disposition,
    pub(super) value: Option<f64>,
    pub(super) levels: Levels,
}

impl Finding {
    /// A class by one rule, accepted, and what the class recommends.
    pub(super) const fn new(class: Class, rule: Rule) -> Self {
        Self {
            class,
            rule,
            also: Rules::EMPTY,
            remarks: Remarks::EMPTY,
            recommendation: match class {
                Class::PossibleEmergency | Class::Emergency => Recommendation::AktifParsial,
                Class::Invalid
                | Class::Normal
                | Class::Exempt
                | Class::ExistingManaged
                | Class::Elevated
                | Class::Unclassified => Recommendation::None,
            },
            disposition: Disposition::Accept,
            value: None,
            levels: Levels {
                possible_at: None,
                emergency_at: None,
            },
        }
    }

    /// No rule matched.
    pub(super) const fn normal() -> Self {
        Self::new(Class::Normal, Rule::Nr)
    }

    /// The distance does not let the row be compared.
    pub(super) const fn needs_geometry() -> Self {
        Self::new(Class::Unclassified, Rule::Dq12).noting(Remark::NeedsGeometry)
    }

    /// The row that fired, with the escalation value beside it.
    pub(super) fn of(fired: &Fired) -> Self {
        let finding = Self::new(fired.class, fired.rule);
        let finding = match fired.escalation {
            Some(escalation) => finding.beside(escalation),
            None => finding,
        };
        if fired.is_higher_unknown {
            finding.noting(Remark::HigherLevelUnknown)
        } else {
            finding
        }
    }

    /// In the band between normal and TIO3 by `rule`; when it lasts at a fixed
    /// or mobile detector, T2.2-3 speaks first (table 2.2 row 3, p. 20; C-10).
    pub(super) fn elevated(setting: &Setting, policy: &Policy, trace: &impl Trace) -> Self {
        let watches = matches!(setting.source, Some(SourceKind::Irdms | SourceKind::Mobile));
        let lasts = setting
            .persistence_min
            .filter(|_| watches)
            .is_some_and(|minutes| {
                let asked = (minutes, Sign::Ge, policy.persistence_min);
                ask(trace, What::Minutes, Rule::T223.as_str(), asked)
            });
        if lasts {
            Self {
                recommendation: Recommendation::AktifParsial,
                ..Self::new(Class::Elevated, Rule::T223).beside(Rule::PbElev)
            }
        } else {
            Self::new(Class::Elevated, Rule::PbElev)
        }
    }

    /// The same with one more remark.
    pub(super) const fn noting(self, remark: Remark) -> Self {
        Self {
            remarks: self.remarks.with(remark),
            ..self
        }
    }

    /// The same with one more rule that matched.
    pub(super) const fn beside(self, rule: Rule) -> Self {
        Self {
            also: self.also.with(rule),
            ..self
        }
    }

    /// The same for a record that a person must review.
    pub(super) const fn quarantined(self) -> Self {
        Self {
            disposition: Disposition::Quarantine,
            ..self
        }
    }

    /// The same with the number that was compared.
    pub(super) const fn about(self, value: f64, levels: Levels) -> Self {
        Self {
            value: Some(value),
            levels,
            ..self
        }
    }

    /// The same, read as a bound of the amount rather than the amount.
    pub(super) fn bounded(self, bound: Bound) -> Self {
        match bound {
            Bound::Exact => self,
            // SN-2: at least a possible emergency, however low the bound.
            Bound::Lower => Self {
                remarks: self.remarks.with(Remark::Overrange),
                ..self.at_least_possible()
            },
            // DQ-08: an amount that may lie below every row fires none of them.
            Bound::Upper => {
                let (class, rule) = match self.class {
                    Class::PossibleEmergency | Class::Emergency => {
                        (Class::Unclassified, Rule::Dq08)
                    }
                    Class::Unclassified => (Class::Unclassified, self.rule),
                    Class::Invalid
                    | Class::Normal
                    | Class::Exempt
                    | Class::ExistingManaged
                    | Class::Elevated => (Class::Normal, Rule::Dq08),
                };
                Self {
                    class,
                    rule,
                    also: Rules::EMPTY,
                    remarks: self.remarks.with(Remark::BelowDl),
                    recommendation: Recommendation::None,
                    ..self
                }
            }
        }
    }

    fn at_least_possible(self) -> Self {
        if self.class >= Class::PossibleEmergency {
            return self;
        }
        Self {
            remarks: self.remarks,
            disposition: self.disposition,
            value: self.value,
            levels: self.levels,
            ..Self::new(Class::PossibleEmergency, Rule::Sn2)
        }
    }

    /// The channel by itself, for its hysteresis.
    pub(super) const fn verdict(&self, quantity: Quantity) -> ChannelVerdict {
        ChannelVerdict {
            quantity,
            class: self.class,
            rule: self.rule,
            value: self.value,
            possible_at: self.levels.possible_at,
            emergency_at: self.levels.emergency_at,
        }
    }
}

/// A row that fired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fired {
    pub(super) class: Class,
    pub(super) rule: Rule,
    pub(super) escalation: Option<Rule>,
    /// A higher row exists, and the distance does not let it be compared.
    pub(super) is_higher_unknown: bool,
}

/// What all rows together say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rows {
    Fires(Fired),
    Silent,
    Unknown,
}

/// A value that is compared upwards, and who hears of it.
#[derive(Debug)]
pub(super) struct Scale<'a, T> {
    pub(super) quantity: Quantity,
    pub(super) value: f64,
    pub(super) policy: &'a Policy,
    pub(super) trace: &'a T,
}

impl<T: Trace> Scale<'_, T> {
    /// Whether the value reaches `level` by the comparator of `rule`. `fit` says
    /// for the record whether that can be said from its distance.
    pub(super) fn reaches(&self, rule: Rule, level: f64, basis: Against, fit: Fit) -> bool {
        let holds = self.policy.reaches(rule, self.value, level);
        self.trace.step(|| {
            Step::Compared(Compared {
                what: What::Quantity(self.quantity),
                rule: rule.as_str(),
                value: self.value,
                sign: match self.policy.comparator(rule) {
                    Comparator::Ge => Sign::Ge,
                    Comparator::Gt => Sign::Gt,
                },
                level,
                basis,
                fit,
                holds,
            })
        });
        holds
    }
}

/// Compares a value with `rows`, highest first. `net_of` gives the background by
/// which a rule's level is lifted where it compares net.
pub(super) fn compare<T: Trace>(
    rows: &[Row],
    scale: &Scale<'_, T>,
    fit: Fit,
    net_of: impl Fn(Rule) -> Option<f64>,
) -> Rows {
    let mut is_unknown = false;
    for row in rows {
        let reaches = |rule| {
            let (level, basis) = lifted(row.at_or_above, net_of(rule));
            scale.reaches(rule, level, basis, fit)
        };
        let escalation = row.escalation.filter(|rule| reaches(*rule));
        let by_row = reaches(row.rule);
        match fit.outcome(by_row || escalation.is_some()) {
            Outcome::Fires => {
                let (rule, escalation) = match escalation {
                    Some(escalation) if !by_row => (escalation, None),
                    escalation => (row.rule, escalation),
                };
                return Rows::Fires(Fired {
                    class: row.class,
                    rule,
                    escalation,
                    is_higher_unknown: is_unknown,
                });
            }
            Outcome::Silent => {}
            Outcome::Unknown => is_unknown = true,
        }
    }
    if is_unknown {
        Rows::Unknown
    } else {
        Rows::Silent
    }
}

/// A printed level, above a background where there is one to take off.
pub(super) fn lifted(level: f64, net_of: Option<f64>) -> (f64, Against) {
    match net_of {
        Some(background) => (level + background, Against::Net(background)),
        None => (level, Against::Gross),
    }
}

/// The row of PB-EXIST for a kind of area.
pub(super) const fn existing_row(kind: ExistingKind) -> Row {
    match kind {
        ExistingKind::Residential => tables::PB_EXIST_RESIDENTIAL,
        ExistingKind::NonResidential => tables::PB_EXIST_NON_RESIDENTIAL,
    }
}
