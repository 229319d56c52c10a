//! A sequence of readings through the hysteresis of an alarm.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Answer;
use super::error::CaseError;
use super::field::{self, Sent};
use super::reading::{clamped, shown_number};
use crate::activation::condition::{Condition, Sample};
use crate::clock::Mono;
use crate::criteria::{Input, Observation, Policy, Remarks, Rule, Setting, Status, Subject, judge};
use crate::quality::{Arrived, ClockCheck, TimeCheck};
use crate::reading::Quantity;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SequenceInput {
    readings: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Seconds.
    t_s: f64,
    /// µSv/h, environment at 1 m.
    value: Option<Value>,
    stale: Option<bool>,
    duplicate: Option<bool>,
}

pub(super) fn assess(input: Value, policy: &Policy) -> Result<Answer, CaseError> {
    let sequence: SequenceInput = field::input(input)?;
    let setting = Setting {
        subject: Some(Subject::Environment),
        distance_m: Some(1.0),
        ..Setting::default()
    };
    let start_s = sequence
        .readings
        .iter()
        .map(|step| step.t_s)
        .fold(f64::INFINITY, f64::min);
    let mut condition = Condition::new();
    let mut states = Vec::with_capacity(sequence.readings.len());
    for step in sequence.readings {
        let at = mono(step.t_s, start_s)?;
        let channels = [Input {
            quantity: Quantity::DoseRate,
            shown: shown_number(&Sent::new(step.value)?, clamped),
            noted: Remarks::EMPTY,
        }];
        let judgement = judge(
            &Observation {
                setting: &setting,
                channels: &channels,
                status: Status::default(),
                arrived: if step.duplicate == Some(true) {
                    Arrived::Duplicate
                } else {
                    Arrived::Fresh
                },
                time: TimeCheck {
                    clock: ClockCheck::Trusted,
                    is_stale: step.stale == Some(true),
                },
                has_position: true,
                noted: Remarks::EMPTY,
            },
            policy,
        );
        for verdict in &judgement.channels {
            condition.apply(at, Sample::of(verdict, &judgement));
        }
        states.push(condition.level().as_str());
    }
    Ok(Answer::Sequence {
        states,
        rule: Rule::Hy1.as_str(),
    })
}

fn mono(t_s: f64, start_s: f64) -> Result<Mono, CaseError> {
    Duration::try_from_secs_f64(t_s - start_s)
        .ok()
        .and_then(|since| u64::try_from(since.as_nanos()).ok())
        .map(Mono::from_nanos)
        .ok_or(CaseError::Number {
            field: "t_s",
            expected: "within 500 years of the first",
            value: t_s,
        })
}
