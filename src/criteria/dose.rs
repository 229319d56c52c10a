//! Table 3.1 and what the project adds to it: a dose rate in µSv/h.

use super::compare::at_least;
use super::exempt;
use super::finding::{Bound, Finding, Fired, Levels, Rows, Scale, compare, existing_row, lifted};
use super::geometry::{Fit, known};
use super::observation::Observation;
use super::policy::Policy;
use super::setting::ExistingArea;
use super::tables::{
    DQ_06, ESC_TIO4_G, OBJECT_DISTANCE_M, PERSON_DISTANCE_M, Row, SN_1, T3_1_I_1, T3_1_I_2,
    T3_1_II_1, T3_1_III_1, T3_1_III_2,
};
use super::trace::{Against, Compared, Sign, Step, Trace, What};
use super::words::{Class, Remark, Rule, Subject};
use crate::reading::Quantity;

/// A dose rate and all that decides what it means.
#[derive(Debug)]
pub(super) struct DoseRate<'a, T> {
    pub(super) usv_h: f64,
    pub(super) bound: Bound,
    pub(super) observation: &'a Observation<'a>,
    pub(super) policy: &'a Policy,
    pub(super) trace: &'a T,
}

impl<T: Trace> DoseRate<'_, T> {
    /// What it means. The number is finite and not negative.
    pub(super) fn finding(&self) -> Finding {
        let finding = if self.bound != Bound::Lower && self.usv_h <= 0.0 {
            // A live detector never shows exactly nothing.
            Finding::new(Class::Unclassified, Rule::Dq05)
                .noting(Remark::SuspectZero)
                .quarantined()
        } else if at_least(self.usv_h, DQ_06.at_or_above) {
            self.tell(DQ_06.rule.as_str(), DQ_06.at_or_above);
            Finding::new(DQ_06.class, DQ_06.rule)
                .noting(Remark::Implausible)
                .quarantined()
        } else {
            self.by_tables()
        };
        let finding = if self.is_above_oil1() {
            finding.noting(Remark::AboveOil1)
        } else {
            finding
        };
        let finding = finding.about(self.usv_h, self.levels());
        match (self.bound, finding.rule) {
            // Neither was compared with a row.
            (Bound::Upper, Rule::Dq05 | Rule::Dq06) => finding.noting(Remark::BelowDl),
            (bound, _) => finding.bounded(bound),
        }
    }

    /// Where the classes begin for this subject, for the hysteresis.
    pub(super) fn levels(&self) -> Levels {
        let at = |row: Row| Some(lifted(row.at_or_above, self.net_of(row.rule)).0);
        match self.subject() {
            Subject::Environment => {
                let emergency_at = at(self.tio2());
                let possible_at = match self.observation.setting.existing {
                    Some(area) => at(existing_row(area.kind)),
                    None => exempt::nhb_level(self).or(at(T3_1_I_1)),
                };
                Levels {
                    possible_at,
                    emergency_at,
                }
            }
            Subject::Person => Levels {
                possible_at: at(T3_1_II_1),
                emergency_at: at(ESC_TIO4_G).filter(|_| self.is_public()),
            },
            Subject::Object => Levels {
                possible_at: at(T3_1_III_1),
                emergency_at: at(T3_1_III_2),
            },
        }
    }

    fn by_tables(&self) -> Finding {
        match self.subject() {
            Subject::Environment => self.environment(),
            Subject::Person => self.person(),
            Subject::Object => self.object(),
        }
    }

    fn environment(&self) -> Finding {
        let setting = self.observation.setting;
        let fit = Fit::in_area(setting.distance_m, self.policy);
        let finding = match setting.existing {
            Some(area) => self.existing(area, fit),
            None => match self.compare(&[self.tio2(), T3_1_I_1], fit) {
                Rows::Fires(fired) => self.environment_fired(&fired),
                Rows::Unknown => Finding::needs_geometry(),
                Rows::Silent if self.bound == Bound::Exact => self.band(),
                Rows::Silent => Finding::normal(),
            },
        };
        if known(setting.distance_m).is_none() {
            finding.noting(Remark::GeometryAssumed)
        } else {
            finding
        }
    }

    fn environment_fired(&self, fired: &Fired) -> Finding {
        let exempted = (self.bound == Bound::Exact
            && fired.class == Class::PossibleEmergency
            && !fired.is_higher_unknown)
            .then(|| exempt::naturally_high(self))
            .flatten();
        let finding = exempted.unwrap_or_else(|| Finding::of(fired));
        exempt::rain_over_a_row(self, finding)
    }

    /// PB-ELEV, with the rain exemption.
    fn band(&self) -> Finding {
        let (background, is_assumed) = match self.background() {
            Some(background) => (background, false),
            None => (self.policy.background_fallback_usv_h, true),
        };
        let begins_at = background + self.policy.elevated_net_usv_h;
        let basis = Against::Net(background);
        let scale = self.scale();
        let finding = if scale.reaches(Rule::PbElev, begins_at, basis, Fit::Matches) {
            exempt::rain(self)
        } else {
            Finding::normal()
        };
        if is_assumed {
            finding.noting(Remark::BackgroundAssumed)
        } else {
            finding
        }
    }

    /// PB-EXIST: the area's own level stands in for TIO3.
    fn existing(&self, area: ExistingArea, fit: Fit) -> Finding {
        match self.compare(&[self.tio2(), existing_row(area.kind)], fit) {
            Rows::Fires(fired) if fired.rule == Rule::PbExist => {
                Finding::of(&fired).beside(Rule::T223)
            }
            Rows::Fires(fired) => Finding::of(&fired),
            Rows::Unknown => Finding::needs_geometry(),
            Rows::Silent => {
                let rises = usable(area.baseline_usv_h).is_some_and(|baseline| {
                    let level = baseline * self.policy.existing_ratio;
                    let basis = Against::Baseline(baseline);
                    self.scale()
                        .reaches(Rule::PbExist, level, basis, Fit::Matches)
                });
                let class = if rises {
                    Class::Elevated
                } else {
                    Class::ExistingManaged
                };
                Finding::new(class, Rule::PbExist)
            }
        }
    }

    fn person(&self) -> Finding {
        let distance_m = self.observation.setting.distance_m;
        let fit = Fit::at(distance_m, PERSON_DISTANCE_M, self.policy);
        let rows: &[Row] = if self.is_public() {
            &[ESC_TIO4_G, T3_1_II_1]
        } else {
            &[T3_1_II_1]
        };
        match self.compare(rows, fit) {
            Rows::Fires(fired) => {
                let finding = Finding::of(&fired);
                // One value, two clauses: the table and the escalation (C-02).
                let finding = if fired.rule == Rule::EscTio4G && self.reaches(T3_1_II_1, fit) {
                    finding.beside(Rule::T31II1)
                } else {
                    finding
                };
                exempt::medical(self, finding)
            }
            Rows::Silent => Finding::normal(),
            Rows::Unknown => self.far_or_unknown(fit),
        }
    }

    fn object(&self) -> Finding {
        let distance_m = self.observation.setting.distance_m;
        let fit = Fit::at(distance_m, OBJECT_DISTANCE_M, self.policy);
        match self.compare(&[T3_1_III_2, T3_1_III_1], fit) {
            Rows::Fires(fired) => {
                let finding = Finding::of(&fired);
                let is_certain = self.bound == Bound::Exact && !fired.is_higher_unknown;
                if is_certain && fired.class == Class::PossibleEmergency {
                    exempt::norm(self.observation, self.policy, finding, self.trace)
                } else {
                    exempt::never_norm(self.observation, self.trace);
                    finding
                }
            }
            Rows::Silent => Finding::normal(),
            Rows::Unknown => self.far_or_unknown(fit),
        }
    }

    /// No row can be compared: SN-1 for a high value at an unknown distance,
    /// the note on natural material for one at 10 cm, else DQ-12.
    fn far_or_unknown(&self, fit: Fit) -> Finding {
        if fit == Fit::Unknown && self.reaches(SN_1, Fit::Matches) {
            let finding = Finding::new(SN_1.class, SN_1.rule).noting(Remark::GeometryUnknown);
            return match self.subject() {
                Subject::Person => exempt::medical(self, finding),
                Subject::Environment | Subject::Object => finding,
            };
        }
        let finding = Finding::needs_geometry();
        let may_be_natural = self.subject() == Subject::Object
            && exempt::is_at_norm_distance(self)
            && !self.reaches(T3_1_III_2, fit);
        if may_be_natural && self.bound == Bound::Exact {
            exempt::norm(self.observation, self.policy, finding, self.trace)
        } else {
            finding
        }
    }

    /// The measured background, if it can be one (criteria.md section 5).
    pub(super) fn background(&self) -> Option<f64> {
        usable(self.observation.setting.background_usv_h)
    }

    /// T3.1-I-2, at the level of `tio2_schedule` when its time has come.
    fn tio2(&self) -> Row {
        let days = self.observation.setting.days_since_onset;
        Row {
            at_or_above: self.policy.tio2_schedule.level(T3_1_I_2.at_or_above, days),
            ..T3_1_I_2
        }
    }

    /// a note of severity, for the environment alone.
    fn is_above_oil1(&self) -> bool {
        let is_asked = self.subject() == Subject::Environment && self.bound != Bound::Upper;
        let level = self.policy.oil1_usv_h.filter(|_| is_asked);
        let reached = level.filter(|level| at_least(self.usv_h, *level));
        if let Some(level) = reached {
            self.tell("A-10", level);
        }
        reached.is_some()
    }

    /// Tells of a level that was reached whatever the comparator.
    fn tell(&self, rule: &'static str, level: f64) {
        self.trace.step(|| {
            let what = What::Quantity(Quantity::DoseRate);
            Step::Compared(Compared::plain(
                what,
                rule,
                (self.usv_h, Sign::Ge, level),
                true,
            ))
        });
    }

    fn scale(&self) -> Scale<'_, T> {
        Scale {
            quantity: Quantity::DoseRate,
            value: self.usv_h,
            policy: self.policy,
            trace: self.trace,
        }
    }

    fn reaches(&self, row: Row, fit: Fit) -> bool {
        let (level, basis) = lifted(row.at_or_above, self.net_of(row.rule));
        self.scale().reaches(row.rule, level, basis, fit)
    }

    fn compare(&self, rows: &[Row], fit: Fit) -> Rows {
        compare(rows, &self.scale(), fit, |rule| self.net_of(rule))
    }

    /// The background to take off where a rule compares net.
    fn net_of(&self, rule: Rule) -> Option<f64> {
        self.background()
            .filter(|_| self.policy.net_dose.contains(rule))
    }

    fn subject(&self) -> Subject {
        self.observation.subject()
    }

    fn is_public(&self) -> bool {
        self.observation.setting.is_public()
    }
}

/// A number that can be a dose rate of its own: finite and above zero.
pub(super) fn usable(usv_h: Option<f64>) -> Option<f64> {
    usv_h.filter(|usv_h| usv_h.is_finite() && *usv_h > 0.0)
}
