//! The kinds of case that are not readings.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::CaseError;
use super::{Answer, Explain, Found, field};
use crate::clock::Wall;
use crate::criteria::category::category as category_of;
use crate::criteria::deadline::Deadline;
use crate::criteria::food::{FoodVerdict, tio5, tio6};
use crate::criteria::report::{Category, ReportEvent, assess_report};
use crate::criteria::termination::{AreaKind, Recovered, Survey, Track, propose};
use crate::criteria::worker::{Task, assess_worker};
use crate::criteria::{Policy, Remark, Remarks, explain};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TerminationInput {
    area: Option<String>,
    max_usv_h: Option<f64>,
    uncertainty_usv_h: Option<f64>,
    background_usv_h: Option<f64>,
    projected_msv: Option<f64>,
    track: Option<String>,
    recovered: Option<RecoveredInput>,
    duration_h: Option<f64>,
    n_points: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecoveredInput {
    source: Option<bool>,
    environment: Option<bool>,
}

pub(super) fn termination(
    input: Value,
    policy: &Policy,
    explain: Explain,
) -> Result<Found, CaseError> {
    let case: TerminationInput = field::input(input)?;
    let area = field::word("area", case.area.as_deref(), AreaKind::from_word)?;
    let track = field::word("track", case.track.as_deref(), Track::from_word)?;
    let recovered = case
        .recovered
        .map_or_else(Recovered::default, |recovered| Recovered {
            source: recovered.source == Some(true),
            environment: recovered.environment == Some(true),
        });
    let survey = Survey {
        area: area.unwrap_or(policy.termination.area_default),
        // The stricter of the two: both source and environment.
        track: track.unwrap_or(Track::Orphan),
        recovered,
        duration_h: case.duration_h.unwrap_or(0.0),
        n_points: case.n_points.unwrap_or(0.0),
        max_usv_h: field::amount("max_usv_h", case.max_usv_h)?,
        uncertainty_usv_h: field::amount("uncertainty_usv_h", case.uncertainty_usv_h)?,
        background_usv_h: case.background_usv_h,
        projected_msv: field::amount("projected_msv", case.projected_msv)?,
    };
    let proposal = propose(&survey, &policy.termination);
    Ok(Found {
        answer: Answer::Verdict {
            classification: proposal.closing.as_str(),
            rule: proposal.rule,
            also: Vec::new(),
            flags: flags(proposal.remarks),
        },
        explanation: explain.then(|| explain::termination(&survey, policy)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FoodInput {
    test: Option<String>,
    gross_beta_bq_kg: Option<f64>,
    gross_alpha_bq_kg: Option<f64>,
    k40_beta_bq_kg: Option<f64>,
    nuclides_bq_kg: Option<BTreeMap<String, f64>>,
    tio6_table_bq_kg: Option<BTreeMap<String, Option<f64>>>,
}

pub(super) fn food(input: Value, policy: &Policy, explain: Explain) -> Result<Found, CaseError> {
    let case: FoodInput = field::input(input)?;
    let (verdict, explanation): (FoodVerdict, _) = match case.test.as_deref() {
        Some("TIO5") => {
            let beta = field::amount("gross_beta_bq_kg", case.gross_beta_bq_kg)?;
            let alpha = field::amount("gross_alpha_bq_kg", case.gross_alpha_bq_kg)?;
            let k40_beta = field::amount("k40_beta_bq_kg", case.k40_beta_bq_kg)?;
            (
                tio5(beta, alpha, k40_beta),
                explain.then(|| explain::food_tio5(beta, alpha, k40_beta, policy)),
            )
        }
        Some("TIO6") => {
            let table = case.tio6_table_bq_kg.unwrap_or_default();
            let nuclides = case.nuclides_bq_kg.unwrap_or_default();
            for concentration in nuclides.values() {
                field::amount("nuclides_bq_kg", Some(*concentration))?;
            }
            let listed = || {
                nuclides.iter().map(|(nuclide, concentration)| {
                    (*concentration, table.get(nuclide).copied().flatten())
                })
            };
            (
                tio6(listed()),
                explain.then(|| explain::food_tio6(listed(), policy)),
            )
        }
        Some(other) => return Err(CaseError::word("test", other)),
        None => return Err(CaseError::Missing { field: "test" }),
    };
    Ok(Found {
        answer: Answer::Verdict {
            classification: verdict.class.as_str(),
            rule: verdict.rule,
            also: verdict.also.into_iter().collect(),
            flags: flags(verdict.remarks),
        },
        explanation,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkerInput {
    dose_msv: Option<f64>,
    task: Option<String>,
    informed_volunteer: Option<bool>,
}

pub(super) fn worker(input: Value, policy: &Policy, explain: Explain) -> Result<Found, CaseError> {
    let case: WorkerInput = field::input(input)?;
    let dose_msv = field::amount("dose_msv", case.dose_msv)?
        .ok_or(CaseError::Missing { field: "dose_msv" })?;
    let task = field::word("task", case.task.as_deref(), Task::from_word)?;
    let task = task.unwrap_or(Task::General);
    let is_volunteer = case.informed_volunteer == Some(true);
    let verdict = assess_worker(dose_msv, task, is_volunteer, &policy.worker);
    Ok(Found {
        answer: Answer::Verdict {
            classification: verdict.class.as_str(),
            rule: verdict.rule,
            also: Vec::new(),
            flags: flags(verdict.remarks),
        },
        explanation: explain.then(|| explain::worker(dose_msv, task, is_volunteer, policy)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReportInput {
    event: Option<String>,
    category: Option<u8>,
    potentially_dangerous: Option<bool>,
}

pub(super) fn report(input: Value, policy: &Policy, explain: Explain) -> Result<Found, CaseError> {
    let case: ReportInput = field::input(input)?;
    let event = field::word("event", case.event.as_deref(), ReportEvent::from_word)?
        .ok_or(CaseError::Missing { field: "event" })?;
    let category = case
        .category
        .map(|number| {
            Category::new(number).ok_or(CaseError::Number {
                field: "category",
                expected: "1 to 5",
                value: f64::from(number),
            })
        })
        .transpose()?;
    let verdict = assess_report(event, category, case.potentially_dangerous);
    let is_dangerous = case.potentially_dangerous;
    Ok(Found {
        answer: Answer::Report {
            std_status: verdict.recommendation.as_str(),
            rule: verdict.rule,
            flags: flags(verdict.remarks),
        },
        explanation: explain.then(|| explain::report(event, category, is_dangerous, policy)),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeadlineInput {
    rule: Option<String>,
    start: Option<String>,
    now: Option<String>,
}

pub(super) fn deadline(
    input: Value,
    policy: &Policy,
    explain: Explain,
) -> Result<Found, CaseError> {
    let case: DeadlineInput = field::input(input)?;
    let deadline = field::word("rule", case.rule.as_deref(), Deadline::from_word)?
        .ok_or(CaseError::Missing { field: "rule" })?;
    let start =
        instant("start", case.start.as_deref())?.ok_or(CaseError::Missing { field: "start" })?;
    let now = instant("now", case.now.as_deref())?;
    Ok(Found {
        answer: Answer::Deadline {
            rule: deadline.as_str(),
            due: deadline.due(start).to_string(),
            overdue: now.map(|now| deadline.is_overdue(start, now)),
        },
        explanation: explain.then(|| explain::deadline(deadline, start, now, policy)),
    })
}

fn instant(field: &'static str, text: Option<&str>) -> Result<Option<Wall>, CaseError> {
    text.map(|text| Wall::parse_rfc3339(text).map_err(|source| CaseError::Time { field, source }))
        .transpose()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryInput {
    a_over_d: Option<f64>,
    above_exemption: Option<bool>,
}

pub(super) fn category(
    input: Value,
    policy: &Policy,
    explain: Explain,
) -> Result<Found, CaseError> {
    let case: CategoryInput = field::input(input)?;
    let a_over_d = field::amount("a_over_d", case.a_over_d)?
        .ok_or(CaseError::Missing { field: "a_over_d" })?;
    let is_above_exemption = case.above_exemption.unwrap_or(true);
    Ok(Found {
        answer: Answer::Category {
            category: category_of(a_over_d, is_above_exemption).map(Category::number),
            rule: "CAT-AD",
        },
        explanation: explain.then(|| explain::category(a_over_d, is_above_exemption, policy)),
    })
}

fn flags(remarks: Remarks) -> Vec<&'static str> {
    remarks.iter().map(Remark::as_str).collect()
}
