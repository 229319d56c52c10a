//! Dose of emergency workers (criteria.md section 4.8).

use super::compare::at_least;
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
/// | rule   | limit   | from                                                     |
/// |--------|---------|----------------------------------------------------------|
/// | W-50   | 50 mSv  | PUK/DK2N.3/PT.17 rev. 0, 3.2.1(1), p. 32                 |
/// | W-A8-1 | 500 mSv | same, annex VIII, p. 105-106                             |
/// | W-A8-2 | 500 mSv | same; printed once for two rows                   |
/// | W-A8-3 | 500 mSv | same                                                     |
/// | W-A8-4 | 100 mSv | same                                                     |
/// | W-A8-5 | 100 mSv | same                                                     |
const fn limit(task: Task) -> (f64, &'static str) {
    match task {
        Task::General => (50.0, "W-50"),
        Task::LifeSaving => (500.0, "W-A8-1"),
        Task::SevereDeterministic => (500.0, "W-A8-2"),
        Task::Catastrophic => (500.0, "W-A8-3"),
        Task::PreventSeriousInjury => (100.0, "W-A8-4"),
        Task::AvertCollectiveDose => (100.0, "W-A8-5"),
    }
}

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
pub fn assess_worker(dose_msv: f64, task: Task, is_informed_volunteer: bool) -> WorkerVerdict {
    let (limit_msv, rule) = limit(task);
    let class = if at_least(dose_msv, limit_msv) {
        WorkerClass::Limit
    } else if at_least(dose_msv, APPROACHING * limit_msv) {
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
        let got = assess_worker(dose_msv, task, false);
        assert_eq!((got.class, got.rule), (class, rule), "{dose_msv} {task}");
        assert_eq!(got.remarks.contains(Remark::ConsentNotRecorded), asks);
        assert!(assess_worker(dose_msv, task, true).remarks.is_empty());
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
