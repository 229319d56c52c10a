//! Table 3.2 and what the project adds to it: counts per second of one
//! radiation at a surface.

use arrayvec::ArrayVec;

use super::compare::at_most;
use super::exempt;
use super::finding::{Bound, Finding, Levels, Rows, Scale, compare, lifted};
use super::geometry::Fit;
use super::observation::Observation;
use super::policy::{Basis, Policy};
use super::tables::{
    Row, T3_2_I_1_ALPHA, T3_2_I_1_BETA, T3_2_I_2_ALPHA, T3_2_I_2_BETA, T3_2_II_1_ALPHA,
    T3_2_II_1_BETA, T3_2_II_2_ALPHA, T3_2_II_2_BETA, T3_2_III_1_RATIO, T3_2_III_2_ALPHA,
    T3_2_III_2_BETA,
};
use super::trace::{Against, Trace};
use super::words::{Class, Remark, Rule, Subject};
use crate::reading::{Quantity, Radiation};

/// Most rows of one subject and radiation.
const MAX_ROWS: usize = 2;

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

    const fn radiation(self) -> Radiation {
        match self {
            Self::Alpha => Radiation::Alpha,
            Self::Beta => Radiation::Beta,
            Self::AlphaBeta => Radiation::AlphaBeta,
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
#[derive(Debug)]
pub(super) struct Counts<'a, T> {
    lines: Lines,
    scale: Scale<'a, T>,
    bound: Bound,
    factor: Option<f64>,
    observation: &'a Observation<'a>,
}

impl<'a, T: Trace> Counts<'a, T> {
    /// Counts per second as the instrument shows them, finite and not negative.
    pub(super) fn new(
        lines: Lines,
        shown_cps: f64,
        bound: Bound,
        observation: &'a Observation<'a>,
        policy: &'a Policy,
        trace: &'a T,
    ) -> Self {
        let own = observation.setting.probe_factor;
        let factor = own.filter(|factor| factor.is_finite() && *factor > 0.0);
        let scale = factor.unwrap_or(policy.probe_factor);
        Self {
            lines,
            scale: Scale {
                quantity: Quantity::CountRate(lines.radiation()),
                value: (shown_cps * scale).min(f64::MAX),
                policy,
                trace,
            },
            bound,
            factor,
            observation,
        }
    }

    /// What they mean.
    pub(super) fn finding(&self) -> Finding {
        let rows = rows(self.observation.subject(), self.lines.is_alpha());
        let rows: ArrayVec<Row, MAX_ROWS> = rows.iter().map(|row| self.addressed(*row)).collect();
        // A probe lies on its surface; there is no distance to compare.
        let compared = compare(&rows, &self.scale, Fit::Matches, |_| self.net_of());
        let finding = match (compared, self.observation.subject()) {
            (Rows::Fires(fired), _) => Finding::of(&fired),
            (Rows::Silent | Rows::Unknown, Subject::Environment) => self.band(),
            (Rows::Silent | Rows::Unknown, Subject::Person) => Finding::normal(),
            (Rows::Silent | Rows::Unknown, Subject::Object) => self.object(),
        };
        let finding = finding
            .about(self.scale.value, self.levels())
            .bounded(self.bound);
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
                .map(|row| lifted(row.at_or_above, self.net_of()).0)
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
    fn addressed(&self, row: Row) -> Row {
        let is_for_public = matches!(row.escalation, Some(Rule::EscTio4A | Rule::EscTio4B));
        Row {
            escalation: row
                .escalation
                .filter(|_| !is_for_public || self.observation.setting.is_public()),
            ..row
        }
    }

    /// PB-ELEV for surface counts.
    fn band(&self) -> Finding {
        if self.bound != Bound::Exact {
            return Finding::normal();
        }
        match self.reaches_relative(Rule::PbElev) {
            Some(true) => {
                let Scale { policy, trace, .. } = self.scale;
                Finding::elevated(self.observation.setting, policy, trace)
            }
            Some(false) => Finding::normal(),
            None if self.background() == Background::Stale => {
                Finding::normal().noting(Remark::BackgroundStale)
            }
            None => Finding::normal(),
        }
    }

    /// T3.2-III-1, against the background.
    fn object(&self) -> Finding {
        match self.reaches_relative(Rule::T32III1) {
            Some(true) => {
                let fired = Finding::new(Class::PossibleEmergency, Rule::T32III1);
                match self.bound {
                    Bound::Exact => {
                        let Scale { policy, trace, .. } = self.scale;
                        exempt::norm(self.observation, policy, fired, trace)
                    }
                    Bound::Lower | Bound::Upper => fired,
                }
            }
            Some(false) => Finding::normal(),
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

    /// Whether the value reaches the 3 x rule; absent without a background.
    fn reaches_relative(&self, rule: Rule) -> Option<bool> {
        let level = self.relative_level()?;
        let Background::Usable(background) = self.background() else {
            return None;
        };
        let basis = Against::Times(background);
        Some(self.scale.reaches(rule, level, basis, Fit::Matches))
    }

    /// Where the 3 x rule begins, with its floor; absent without a background.
    fn relative_level(&self) -> Option<f64> {
        let Background::Usable(background) = self.background() else {
            return None;
        };
        let floor = if self.lines.is_alpha() {
            self.scale.policy.min_net_cps.alpha
        } else {
            self.scale.policy.min_net_cps.beta
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
                .scale
                .policy
                .reaches(lowest.rule, self.scale.value, lowest.at_or_above)
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
            .is_none_or(|age_h| at_most(age_h, self.scale.policy.background_count_max_age_h));
        if is_fresh {
            let scale = self.factor.unwrap_or(self.scale.policy.probe_factor);
            Background::Usable(shown * scale)
        } else {
            Background::Stale
        }
    }

    /// The background to take off where counts compare net.
    fn net_of(&self) -> Option<f64> {
        match (self.scale.policy.count_basis, self.background()) {
            (Basis::Net, Background::Usable(cps)) => Some(cps),
            (Basis::Gross | Basis::Net, _) => None,
        }
    }
}
