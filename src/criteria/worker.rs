//! Dose of emergency workers (criteria.md section 4.8).

use super::compare::at_least;
use super::trace::{Against, Sign, Trace, Untraced, What, ask_against};
use super::words::{Remark, Remarks};
use crate::reading::words;

words! {
    /// How near a worker is to the limit.
    pub enum WorkerClass {
        /// At or above it.
        Limit = "WORKER_LIMIT",
        /// From 80 % of it.
        Approaching = "WORKER_APPROACHING",
        /// Below that.
        Ok = "WORKER_OK",
    }
}

words! {
    /// What the worker does there.
    pub enum Task {
        /// Anything not named below.
        General = "general",
        /// Saving life; preventing what would cause a general emergency.
        LifeSaving = "life_saving",
        /// Preventing severe deterministic effects.
        SevereDeterministic = "severe_deterministic",
        /// Preventing catastrophic conditions.
        Catastrophic = "catastrophic",
        /// Preventing severe injury.
        PreventSeriousInjury = "prevent_serious_injury",
        /// Averting a large collective dose.
        AvertCollectiveDose = "avert_collective_dose",
    }
}

/// W-50 and W-A8-1 to W-A8-5: effective dose not to be exceeded, in mSv.
///
/// | rule   | printed | from                                                     |
/// |--------|---------|----------------------------------------------------------|
/// | W-50   | 50 mSv  | PUK/DK2N.3/PT.17 rev. 0, 3.2.1(1), p. 32                 |
/// | W-A8-1 | 500 mSv | same, annex VIII, p. 105-106                             |
/// | W-A8-2 | 500 mSv | same; printed once for two rows                   |
/// | W-A8-3 | 500 mSv | same                                                     |
/// | W-A8-4 | 100 mSv | same                                                     |
/// | W-A8-5 | 100 mSv | same                                                     |
///
/// `worker_limits.<rule>` can lower each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkerLimits {
    /// General tasks.
    pub w_50: f64,
    /// Saving life.
    pub w_a8_1: f64,
    /// Preventing severe deterministic effects.
    pub w_a8_2: f64,
    /// Preventing catastrophic conditions.
    pub w_a8_3: f64,
    /// Preventing severe injury.
    pub w_a8_4: f64,
    /// Averting a large collective dose.
    pub w_a8_5: f64,
}

/// As printed.
const PRINTED: WorkerLimits = WorkerLimits {
    w_50: 50.0,
    w_a8_1: 500.0,
    w_a8_2: 500.0,
    w_a8_3: 500.0,
    w_a8_4: 100.0,
    w_a8_5: 100.0,
};

impl Default for WorkerLimits {
    fn default() -> Self {
        PRINTED
    }
}

impl WorkerLimits {
    /// The limit of a task, in mSv, and its rule.
    const fn of(&self, task: Task) -> (f64, &'static str) {
        match task {
            Task::General => (self.w_50, "W-50"),
            Task::LifeSaving => (self.w_a8_1, "W-A8-1"),
            Task::SevereDeterministic => (self.w_a8_2, "W-A8-2"),
            Task::Catastrophic => (self.w_a8_3, "W-A8-3"),
            Task::PreventSeriousInjury => (self.w_a8_4, "W-A8-4"),
            Task::AvertCollectiveDose => (self.w_a8_5, "W-A8-5"),
        }
    }
}

/// The printed limits and the other levels by name, for the record of what was
/// in force.
pub(super) const LEVELS: &[(&str, f64)] = &[
    ("W-50 mSv", PRINTED.w_50),
    ("W-A8-1 mSv", PRINTED.w_a8_1),
    ("W-A8-2 mSv", PRINTED.w_a8_2),
    ("W-A8-3 mSv", PRINTED.w_a8_3),
    ("W-A8-4 mSv", PRINTED.w_a8_4),
    ("W-A8-5 mSv", PRINTED.w_a8_5),
    ("WORKER_APPROACHING x limit", APPROACHING),
    ("informed volunteers from mSv", VOLUNTEERS_FROM_MSV),
];

/// Part of the limit from which it is approached (project, section 4.8).
const APPROACHING: f64 = 0.8;

/// From this dose on, in mSv, a record is expected that the worker was informed
/// and volunteered (section 4.8; GSR Part 3, 4.17), whatever the task.
const VOLUNTEERS_FROM_MSV: f64 = 50.0;

/// What a worker's dose means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerVerdict {
    /// The class.
    pub class: WorkerClass,
    /// The rule with the limit.
    pub rule: &'static str,
    /// Remarks.
    pub remarks: Remarks,
}

/// Compares an effective dose in mSv, finite and not negative, with the task's
/// limit.
pub fn assess_worker(
    dose_msv: f64,
    task: Task,
    is_informed_volunteer: bool,
    limits: &WorkerLimits,
) -> WorkerVerdict {
    assess_worker_with(dose_msv, task, is_informed_volunteer, limits, &Untraced)
}

/// The same, told step by step.
pub(super) fn assess_worker_with<T: Trace>(
    dose_msv: f64,
    task: Task,
    is_informed_volunteer: bool,
    limits: &WorkerLimits,
    trace: &T,
) -> WorkerVerdict {
    let (limit_msv, rule) = limits.of(task);
    let reaches = |level, basis| {
        ask_against(
            trace,
            What::WorkerDose,
            rule,
            (dose_msv, Sign::Ge, level),
            basis,
        )
    };
    let class = if reaches(limit_msv, Against::Gross) {
        WorkerClass::Limit
    } else if reaches(APPROACHING * limit_msv, Against::Part(limit_msv)) {
        WorkerClass::Approaching
    } else {
        WorkerClass::Ok
    };
    let needs_consent = at_least(dose_msv, VOLUNTEERS_FROM_MSV);
    let remarks = if needs_consent && !is_informed_volunteer {
        Remarks::EMPTY.with(Remark::ConsentNotRecorded)
    } else {
        Remarks::EMPTY
    };
    WorkerVerdict {
        class,
        rule,
        remarks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use WorkerClass::{Approaching, Limit, Ok as Fine};

    #[track_caller]
    fn check(dose_msv: f64, task: Task, class: WorkerClass, rule: &str, asks: bool) {
        let limits = WorkerLimits::default();
        let got = assess_worker(dose_msv, task, false, &limits);
        assert_eq!((got.class, got.rule), (class, rule), "{dose_msv} {task}");
        assert_eq!(got.remarks.contains(Remark::ConsentNotRecorded), asks);
        assert!(
            assess_worker(dose_msv, task, true, &limits)
                .remarks
                .is_empty()
        );
    }

    #[test]
    fn each_task_has_its_limit() {
        check(39.9, Task::General, Fine, "W-50", false);
        check(40.0, Task::General, Approaching, "W-50", false);
        check(49.9, Task::General, Approaching, "W-50", false);
        check(50.0, Task::General, Limit, "W-50", true);
        check(49.9, Task::LifeSaving, Fine, "W-A8-1", false);
        check(50.0, Task::LifeSaving, Fine, "W-A8-1", true);
        check(
            400.0,
            Task::SevereDeterministic,
            Approaching,
            "W-A8-2",
            true,
        );
        check(500.0, Task::Catastrophic, Limit, "W-A8-3", true);
        check(
            99.9,
            Task::PreventSeriousInjury,
            Approaching,
            "W-A8-4",
            true,
        );
        check(100.0, Task::AvertCollectiveDose, Limit, "W-A8-5", true);
    }
}
