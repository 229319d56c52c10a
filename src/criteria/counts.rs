//! Table 3.2 and what the project adds to it: counts per second of one
//! radiation at a surface.

use super::compare::at_most;
use super::exempt;
use super::finding::{Bound, Finding, Fired, Levels, Rows, compare, net_offset};
use super::geometry::Fit;
use super::observation::Observation;
use super::policy::{Basis, Policy};
use super::tables::{
    Row, T3_2_I_1_ALPHA, T3_2_I_1_BETA, T3_2_I_2_ALPHA, T3_2_I_2_BETA, T3_2_II_1_ALPHA,
    T3_2_II_1_BETA, T3_2_II_2_ALPHA, T3_2_II_2_BETA, T3_2_III_1_RATIO, T3_2_III_2_ALPHA,
    T3_2_III_2_BETA,
};
use super::words::{Class, Remark, Rule, Subject};
use crate::reading::Radiation;

/// Which lines of the table a count is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// The alpha lines.
    Alpha,
    /// The beta lines.
    Beta,
    /// The beta lines, for alpha and beta not told apart.
    AlphaBeta,
}

impl Lines {
    /// The lines for a radiation; `None` when the table has none.
    pub(super) const fn of(radiation: Radiation) -> Option<Self> {
        match radiation {
            Radiation::Alpha => Some(Self::Alpha),
            Radiation::Beta => Some(Self::Beta),
            Radiation::AlphaBeta => Some(Self::AlphaBeta),
            Radiation::Gamma
            | Radiation::AlphaBetaGamma
            | Radiation::Neutron
            | Radiation::Unspecified => None,
        }
    }

    const fn is_alpha(self) -> bool {
        matches!(self, Self::Alpha)
    }
}

/// The rows of one subject and radiation, highest first.
const fn rows(subject: Subject, is_alpha: bool) -> &'static [Row] {
    match (subject, is_alpha) {
        (Subject::Environment, false) => &[T3_2_I_2_BETA, T3_2_I_1_BETA],
        (Subject::Environment, true) => &[T3_2_I_2_ALPHA, T3_2_I_1_ALPHA],
        (Subject::Person, false) => &[T3_2_II_2_BETA, T3_2_II_1_BETA],
        (Subject::Person, true) => &[T3_2_II_2_ALPHA, T3_2_II_1_ALPHA],
        (Subject::Object, false) => &[T3_2_III_2_BETA],
        (Subject::Object, true) => &[T3_2_III_2_ALPHA],
    }
}

/// A background that can be compared with, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Background {
    Usable(f64),
    Missing,
    Stale,
}

/// Counts and all that decides what they mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts<'a> {
    lines: Lines,
    cps: f64,
    bound: Bound,
    factor: Option<f64>,
    observation: &'a Observation<'a>,
    policy: &'a Policy,
}

impl<'a> Counts<'a> {
    /// Counts per second as the instrument shows them, finite and not negative.
    pub(super) fn new(
        lines: Lines,
        shown_cps: f64,
        bound: Bound,
        observation: &'a Observation<'a>,
        policy: &'a Policy,
    ) -> Self {
        let own = observation.setting.probe_factor;
        let factor = own.filter(|factor| factor.is_finite() && *factor > 0.0);
        let scale = factor.unwrap_or(policy.probe_factor);
        Self {
            lines,
            cps: (shown_cps * scale).min(f64::MAX),
            bound,
            factor,
            observation,
            policy,
        }
    }

    /// What they mean.
    pub(super) fn finding(&self) -> Finding {
        let rows = rows(self.observation.subject(), self.lines.is_alpha());
        // A probe lies on its surface; there is no distance to compare.
        let compared = compare(rows, self.cps, Fit::Matches, self.policy, |_| self.offset());
        let finding = match (compared, self.observation.subject()) {
            (Rows::Fires(fired), _) => Finding::of(&self.addressed(fired)),
            (Rows::Silent | Rows::Unknown, Subject::Environment) => self.band(),
            (Rows::Silent | Rows::Unknown, Subject::Person) => Finding::normal(),
            (Rows::Silent | Rows::Unknown, Subject::Object) => self.object(),
        };
        let finding = finding.about(self.cps, self.levels()).bounded(self.bound);
        let finding = if self.may_hide_alpha(finding.class) {
            finding.noting(Remark::AlphaNotExcluded)
        } else {
            finding
        };
        if self.factor.is_none() {
            finding.noting(Remark::ProbeNotNormalised)
        } else {
            finding
        }
    }

    /// Where the classes begin for this subject, for the hysteresis.
    pub(super) fn levels(&self) -> Levels {
        let subject = self.observation.subject();
        let level_of = |class| {
            rows(subject, self.lines.is_alpha())
                .iter()
                .find(|row| row.class == class)
                .map(|row| row.at_or_above + self.offset())
        };
        let possible_at = match subject {
            Subject::Environment | Subject::Person => level_of(Class::PossibleEmergency),
            Subject::Object => self.relative_level(),
        };
        Levels {
            possible_at,
            emergency_at: level_of(Class::Emergency),
        }
    }

    /// TIO4 speaks of the public only (3.2.1(5), p. 33).
    fn addressed(&self, fired: Fired) -> Fired {
        let is_for_public = matches!(fired.escalation, Some(Rule::EscTio4A | Rule::EscTio4B));
        Fired {
            escalation: fired
                .escalation
                .filter(|_| !is_for_public || self.observation.setting.is_public()),
            ..fired
        }
    }

    /// PB-ELEV for surface counts.
    fn band(&self) -> Finding {
        if self.bound != Bound::Exact {
            return Finding::normal();
        }
        match self.relative_level() {
            Some(level) if self.policy.reaches(Rule::PbElev, self.cps, level) => {
                Finding::elevated(self.observation.setting, self.policy)
            }
            Some(_) => Finding::normal(),
            None if self.background() == Background::Stale => {
                Finding::normal().noting(Remark::BackgroundStale)
            }
            None => Finding::normal(),
        }
    }

    /// T3.2-III-1, against the background.
    fn object(&self) -> Finding {
        match self.relative_level() {
            Some(level) if self.policy.reaches(Rule::T32III1, self.cps, level) => {
                let fired = Finding::new(Class::PossibleEmergency, Rule::T32III1);
                match self.bound {
                    Bound::Exact => exempt::norm(self.observation, self.policy, fired),
                    Bound::Lower | Bound::Upper => fired,
                }
            }
            Some(_) => Finding::normal(),
            None => {
                let finding =
                    Finding::new(Class::Unclassified, Rule::Dq11).noting(Remark::NeedsBackground);
                if self.background() == Background::Stale {
                    finding.noting(Remark::BackgroundStale)
                } else {
                    finding
                }
            }
        }
    }

    /// Where the 3 x rule begins, with its floor; absent without a background.
    fn relative_level(&self) -> Option<f64> {
        let Background::Usable(background) = self.background() else {
            return None;
        };
        let floor = if self.lines.is_alpha() {
            self.policy.min_net_cps.alpha
        } else {
            self.policy.min_net_cps.beta
        };
        Some((T3_2_III_1_RATIO * background).max(background + floor))
    }

    /// Counts not told apart that reach an alpha line, while the beta lines
    /// have raised nothing.
    fn may_hide_alpha(&self, class: Class) -> bool {
        let Some(lowest) = rows(self.observation.subject(), true).last() else {
            return false;
        };
        self.lines == Lines::AlphaBeta
            && class < Class::PossibleEmergency
            && self
                .policy
                .reaches(lowest.rule, self.cps, lowest.at_or_above)
    }

    fn background(&self) -> Background {
        let counts = self.observation.setting.background_counts;
        let shown = if self.lines.is_alpha() {
            counts.alpha
        } else {
            counts.beta
        };
        let Some(shown) = shown.filter(|cps| cps.is_finite() && *cps >= 0.0) else {
            return Background::Missing;
        };
        let is_fresh = counts
            .age_h
            .is_none_or(|age_h| at_most(age_h, self.policy.background_count_max_age_h));
        if is_fresh {
            let scale = self.factor.unwrap_or(self.policy.probe_factor);
            Background::Usable(shown * scale)
        } else {
            Background::Stale
        }
    }

    fn offset(&self) -> f64 {
        match (self.policy.count_basis, self.background()) {
            (Basis::Gross, _) | (_, Background::Missing | Background::Stale) => 0.0,
            (basis @ Basis::Net, Background::Usable(cps)) => net_offset(basis, Some(cps)),
        }
    }
}
