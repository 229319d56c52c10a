//! What a verdict of the criteria means for an activation.

use super::behind::Behind;
use super::condition::{Sample, Weight};
use super::machine::Judged;
use super::state::Evidence;
use super::transition::Cause;
use crate::clock::Wall;
use crate::criteria::{ChannelVerdict, Class, Remark, Rule};
use crate::reading::{Channel, Flag, NoValue};

/// One-sided 99.99 % quantile of the normal distribution (alarm semantics, section 3).
const Z_9999: f64 = 3.719;

/// The level one channel of a reading reached: EMERGENCY, POSSIBLE_EMERGENCY,
/// ELEVATED when it lasts (T2.2-3), else NORMAL.
pub(super) fn reached(verdict: &ChannelVerdict) -> Class {
    match verdict.class {
        Class::Emergency | Class::PossibleEmergency => verdict.class,
        Class::Elevated if verdict.rule == Rule::T223 => Class::Elevated,
        Class::Elevated
        | Class::Invalid
        | Class::Normal
        | Class::Exempt
        | Class::ExistingManaged
        | Class::Unclassified => Class::Normal,
    }
}

/// What a reading says to the band of T2.2-3.
///
/// The band has no height of its own in a verdict, so its hysteresis runs on
/// 1 (in the band or above) and 0 (below), with the level at 1.
pub(super) fn band_sample(verdict: &ChannelVerdict, weight: Weight) -> Sample {
    let (value, weight) = match verdict.class {
        Class::Elevated | Class::PossibleEmergency | Class::Emergency => (1.0, weight),
        Class::Normal | Class::Exempt | Class::ExistingManaged => (0.0, weight),
        Class::Unclassified | Class::Invalid => (1.0, Weight::None),
    };
    let class = if reached(verdict) == Class::Elevated {
        Class::PossibleEmergency
    } else {
        Class::Normal
    };
    Sample {
        class,
        value: Some(value),
        possible_at: Some(1.0),
        emergency_at: None,
        weight,
    }
}

/// Where the class of a verdict begins, in the canonical unit.
fn level(verdict: &ChannelVerdict) -> Option<f64> {
    match verdict.class {
        Class::Emergency => verdict.emergency_at.or(verdict.possible_at),
        Class::PossibleEmergency => verdict.possible_at,
        Class::Elevated
        | Class::Invalid
        | Class::Normal
        | Class::Exempt
        | Class::ExistingManaged
        | Class::Unclassified => None,
    }
}

/// When it was measured, as far as it can be believed: an instrument whose clock
/// is ahead has measured by the time of arrival.
pub(super) fn measured(judged: &Judged<'_>) -> Wall {
    if judged.judgement.remarks.contains(Remark::ClockSkew) {
        judged.reading.received.wall
    } else {
        judged.reading.at()
    }
}

/// The verdict with everything a person asks about it.
pub(super) fn of(judged: &Judged<'_>, verdict: &ChannelVerdict) -> Evidence {
    let reading = judged.reading;
    let channel = reading.channel(verdict.quantity);
    let over = channel.is_some_and(|channel| channel.measured == Err(NoValue::Overrange))
        || reading.flags.contains(Flag::Overrange)
        || reading.flags.contains(Flag::Overload);
    Evidence {
        instrument: reading.instrument.clone(),
        quantity: verdict.quantity,
        value: verdict.value,
        at_least: over && judged.judgement.remarks.contains(Remark::Overrange),
        class: verdict.class,
        rule: verdict.rule,
        level: level(verdict),
        measured: measured(judged),
        received: reading.received.wall,
        factor: channel
            .and_then(|channel| channel.factor.as_ref())
            .map(|factor| factor.text.clone()),
        behind: Box::new(Behind::of(judged, verdict)),
    }
}

/// The reading, as the cause of a transition.
pub(super) fn cause(judged: &Judged<'_>) -> Cause {
    let Judged {
        reading, judgement, ..
    } = judged;
    Cause::Reading {
        instrument: reading.instrument.clone(),
        rule: judgement.rule,
        also: judgement.also,
        remarks: judgement.remarks,
        measured: measured(judged),
        received: reading.received.wall,
        frame: format!("{:016x}", reading.fingerprint),
    }
}

/// Whether the counts behind a value alone put it at or above its level: the
/// one-sided 99.99 % lower Poisson bound, scaled as the value is.
///
/// Wilson and Hilferty's approximation; it errs by less than a count from ten
/// counts on, and below that it refuses.
pub(super) fn counts_confirm(judged: &Judged<'_>, verdict: &ChannelVerdict) -> bool {
    let counting = judged
        .reading
        .channel(verdict.quantity)
        .and_then(|channel: &Channel| channel.counting);
    let (Some(counting), Some(value), Some(level)) = (counting, verdict.value, level(verdict))
    else {
        return false;
    };
    if counting.counts < 10 {
        return false;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count above 2^53 is beyond every bound"
    )]
    let counts = counting.counts as f64;
    let root = 1.0 - 1.0 / (9.0 * counts) - Z_9999 / (3.0 * counts.sqrt());
    value * root.powi(3) >= level
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Quantity;

    fn verdict(class: Class, rule: Rule) -> ChannelVerdict {
        ChannelVerdict {
            quantity: Quantity::DoseRate,
            class,
            rule,
            value: Some(1.0),
            possible_at: Some(1.0),
            emergency_at: Some(100.0),
        }
    }

    #[test]
    fn elevated_counts_only_when_it_lasts() {
        for (class, rule, expected) in [
            (Class::Emergency, Rule::T31I2, Class::Emergency),
            (
                Class::PossibleEmergency,
                Rule::T31I1,
                Class::PossibleEmergency,
            ),
            (Class::Elevated, Rule::T223, Class::Elevated),
            (Class::Elevated, Rule::PbElev, Class::Normal),
            (Class::Exempt, Rule::ExMed, Class::Normal),
            (Class::Unclassified, Rule::Dq11, Class::Normal),
        ] {
            assert_eq!(reached(&verdict(class, rule)), expected, "{class} {rule}");
        }
    }
}
