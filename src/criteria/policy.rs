//! What the guideline leaves open, with the project's defaults (criteria.md
//! sections 5 and 7). Every number here is configuration.

use super::compare::{above, at_least};
use super::termination::TerminationPolicy;
use super::words::{Rule, Rules};
use super::worker::WorkerLimits;
use crate::quality::Limits;
use crate::units::GY_TO_SV;

/// Whether the background is taken off before a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// As measured: the protective side.
    #[default]
    Gross,
    /// Less a measured, fresh background; as measured where there is none.
    Net,
}

/// How a value is compared with a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// At or above.
    Ge,
    /// Above only, as the tables print it.
    Gt,
}

/// A number for each of the two radiations that have rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ByRadiation {
    /// Alpha, counts per second.
    pub alpha: f64,
    /// Beta, counts per second; also for alpha and beta not told apart.
    pub beta: f64,
}

/// How learning is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learning {
    /// `background.learn_hours`: hours that must have counted before anything is
    /// known. Default: 24, a day with its night.
    pub min_hours: f64,
    /// `background.days`: days of counted hours that are kept. Default: 30.
    pub days: f64,
    /// `background.drift_ratio`: most that is learned, times the value first
    /// learned. Default: 1.5, as for `existing.ratio`: what rises further than
    /// that is not weather and season, and a person has to look.
    pub drift_ratio: f64,
}

impl Default for Learning {
    fn default() -> Self {
        Self {
            min_hours: 24.0,
            days: 30.0,
            drift_ratio: 1.5,
        }
    }
}

/// `tio2_schedule`: from when on TIO2 of the environment is lower. Off
/// unless both are there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tio2Schedule {
    /// `after_days`: days since the onset of the event.
    pub after_days: Option<f64>,
    /// `usv_h`: the level from then on, in µSv/h.
    pub usv_h: Option<f64>,
}

impl Tio2Schedule {
    /// The level that many days after the onset. It is never above `level`, and
    /// `level` itself where nobody knows of an onset.
    pub fn level(self, level: f64, days_since_onset: Option<f64>) -> f64 {
        match (self.after_days, self.usv_h, days_since_onset) {
            (Some(after), Some(later), Some(days)) if at_least(days, after) => later.min(level),
            _ => level,
        }
    }
}

/// The project's choices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// `comparator.<rule>`: the rules that compare with "above" only.
    /// Default: none.
    pub strict: Rules,
    /// `dose_basis.<rule>`: the dose-rate rules that compare net.
    /// Default: none.
    pub net_dose: Rules,
    /// `count_basis` of the absolute count rows. Default: gross.
    pub count_basis: Basis,
    /// `gy_to_sv`: sievert per gray of air kerma, for units in gray. Default: 1.2.
    pub gy_to_sv: f64,
    /// `persistence_min`: minutes after which the band calls for T2.2-3.
    /// Default: 60.
    pub persistence_min: f64,
    /// `elevated_net_usv_h`: where PB-ELEV begins, µSv/h above
    /// background. Default: 0.11, which is 1 mSv over 8760 h (8.1).
    pub elevated_net_usv_h: f64,
    /// `background.fallback_usv_h`: stands in for PB-ELEV alone. Default: 0.10.
    pub background_fallback_usv_h: f64,
    /// `background.count_max_age_h`: oldest count background. Default: 12.
    pub background_count_max_age_h: f64,
    /// `rain.ratio`: most that rain explains, times background.
    /// Default: 2.0, "doubles" in the note of table 3.1, p. 30.
    pub rain_ratio: f64,
    /// `rain.hours_after`: "some hours" after rain. Default: 3.
    pub rain_hours_after: f64,
    /// `nhb.ratio`: most that EX-NHB explains, times background. Default: 1.5.
    pub nhb_ratio: f64,
    /// `existing.ratio`: PB-EXIST, times the recorded baseline. Default: 1.5.
    pub existing_ratio: f64,
    /// `min_net_cps.*`: least net counts of the 3 x rule. Default: alpha
    /// 0.1, beta 0.5.
    pub min_net_cps: ByRadiation,
    /// `medical.require_verification`. Default: true.
    pub medical_require_verification: bool,
    /// `norm.hours`: hours a year near natural material. Default: 2000.
    pub norm_hours: f64,
    /// `env_max_height_m`: up to here a reading is "in the area".
    /// Default: 3.
    pub env_max_height_m: f64,
    /// `geometry_tolerance`: part of a row's distance by which a measurement
    /// may miss it. Default: 0.2.
    pub geometry_tolerance: f64,
    /// `probe_factor` of instruments without one of their own.
    /// Default: 1.0.
    pub probe_factor: f64,
    /// `tio2_schedule.*`. Default: off.
    pub tio2_schedule: Tio2Schedule,
    /// `oil1_usv_h`: from here on, in µSv/h, a dose rate of the environment
    /// is flagged as very severe. Default: off.
    pub oil1_usv_h: Option<f64>,
    /// `time.*`: where a time stops being fresh. Default: 900 s and 120 s.
    pub time: Limits,
    /// `background.*`: learning a background.
    pub learning: Learning,
    /// Closing a case.
    pub termination: TerminationPolicy,
    /// `worker_limits.*`. Default: as printed.
    pub worker: WorkerLimits,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            strict: Rules::EMPTY,
            net_dose: Rules::EMPTY,
            count_basis: Basis::Gross,
            gy_to_sv: GY_TO_SV,
            persistence_min: 60.0,
            elevated_net_usv_h: 0.11,
            background_fallback_usv_h: 0.10,
            background_count_max_age_h: 12.0,
            rain_ratio: 2.0,
            rain_hours_after: 3.0,
            nhb_ratio: 1.5,
            existing_ratio: 1.5,
            min_net_cps: ByRadiation {
                alpha: 0.1,
                beta: 0.5,
            },
            medical_require_verification: true,
            norm_hours: 2000.0,
            env_max_height_m: 3.0,
            geometry_tolerance: 0.2,
            probe_factor: 1.0,
            tio2_schedule: Tio2Schedule::default(),
            oil1_usv_h: None,
            time: Limits::default(),
            learning: Learning::default(),
            termination: TerminationPolicy::default(),
            worker: WorkerLimits::default(),
        }
    }
}

impl Policy {
    /// The default policy with the comparators that the tables print: above,
    /// and not at, for every upward rule.
    pub fn strict_text() -> Self {
        Self {
            strict: Rule::ALL.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// How `rule` compares.
    pub fn comparator(&self, rule: Rule) -> Comparator {
        if self.strict.contains(rule) {
            Comparator::Gt
        } else {
            Comparator::Ge
        }
    }

    /// Whether `value` reaches `level` by the comparator of `rule`.
    pub fn reaches(&self, rule: Rule, value: f64, level: f64) -> bool {
        match self.comparator(rule) {
            Comparator::Ge => at_least(value, level),
            Comparator::Gt => above(value, level),
        }
    }
}
