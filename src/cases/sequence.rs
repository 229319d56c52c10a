//! A sequence of readings through the hysteresis of an alarm.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::error::CaseError;
use super::field::{self, Sent};
use super::reading::{clamped, shown_number};
use super::{Answer, Explain, Found};
use crate::activation::condition::{Condition, LOW_RATIO, LOW_READINGS, LOW_SPAN, Sample};
use crate::clock::Mono;
use crate::criteria::{
    Class, Input, Judgement, Observation, Policy, Remarks, Rule, Setting, Status, Subject, explain,
    judge,
};
use crate::language::{Bilingual, Language};
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

pub(super) fn assess(input: Value, policy: &Policy, explain: Explain) -> Result<Found, CaseError> {
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
    let mut steps = Vec::new();
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
        let before = condition.clone();
        for verdict in &judgement.channels {
            condition.apply(at, Sample::of(verdict, &judgement));
        }
        if explain == Explain::Yes {
            steps.push(explained(step.t_s, &judgement, &before, &condition));
        }
        states.push(condition.level().as_str());
    }
    let level = condition.level().as_str();
    Ok(Found {
        answer: Answer::Sequence {
            states,
            rule: Rule::Hy1.as_str(),
        },
        explanation: explain.then(|| explain::sequence(level, steps, policy)),
    })
}

/// What one reading did to the level, in words.
fn explained(t_s: f64, judgement: &Judgement, before: &Condition, after: &Condition) -> Bilingual {
    Bilingual::of(|language| {
        let quantity = Quantity::DoseRate;
        let value = judgement.canonical.map_or_else(
            || language.pick("tanpa nilai", "no value").to_owned(),
            |value| format!("{} {}", language.number(value), language.unit(quantity)),
        );
        let (from, to) = (before.level(), after.level());
        let ratio = language.number(LOW_RATIO);
        let says = match language {
            Language::Indonesian if to > from => format!("seketika naik ke {to}"),
            Language::English if to > from => format!("it rises to {to} at once"),
            Language::Indonesian if to < from => {
                format!("cukup lama di bawah {ratio} tingkatnya: turun satu tingkat ke {to}")
            }
            Language::English if to < from => {
                format!("low for long enough below {ratio} of the level: one level down to {to}")
            }
            Language::Indonesian => held(before, after, language, "tetap"),
            Language::English => held(before, after, language, "stays"),
        };
        let t_s = language.number(t_s);
        match language {
            Language::Indonesian => format!("Pada {t_s} s, {value}: {says}."),
            Language::English => format!("At {t_s} s, {value}: {says}."),
        }
    })
}

/// A level that did not change, and why.
fn held(before: &Condition, after: &Condition, language: Language, stays: &str) -> String {
    let level = after.level();
    if level == Class::Normal {
        return format!("{stays} {level}");
    }
    let ratio = language.number(LOW_RATIO);
    let (id, en) = match (before.run(), after.run()) {
        (None, None) => (
            "bukan pembacaan rendah yang dihitung".to_owned(),
            "no low reading that counts".to_owned(),
        ),
        (before, after) if before == after => (
            "pembacaan ini tidak menurunkan apa pun".to_owned(),
            "this reading lowers nothing".to_owned(),
        ),
        (_, None) => (
            format!("tidak di bawah {ratio} tingkatnya, hitungan mulai lagi"),
            format!("not below {ratio} of the level, the count begins anew"),
        ),
        (_, Some(run)) => {
            let n = run.readings;
            let secs = run.last.since(run.first).as_secs();
            let span = LOW_SPAN.as_secs();
            (
                format!("pembacaan rendah ke-{n} dari {LOW_READINGS}, selama {secs} dari {span} s"),
                format!("low reading {n} of {LOW_READINGS}, over {secs} of {span} s"),
            )
        }
    };
    format!("{stays} {level} ({})", language.pick(&id, &en))
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
