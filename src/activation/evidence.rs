//! What a verdict of the criteria means for an activation.

use std::time::Duration;

use super::behind::Behind;
use super::condition::{Sample, Weight};
use super::machine::Judged;
use super::place::Coordinates;
use super::state::Evidence;
use super::transition::Cause;
use crate::clock::Wall;
use crate::criteria::{ChannelVerdict, Class, Remark, Remarks, Rule};
use crate::quality::poisson::is_surely_at;
use crate::reading::{Channel, Flag, NoValue, Quantity};

/// The level one channel of a reading reached: EMERGENCY, POSSIBLE_EMERGENCY,
/// ELEVATED when it lasts (T2.2-3) or counts confirm it, else NORMAL.
pub(super) fn reached(verdict: &ChannelVerdict, remarks: Remarks) -> Class {
    match verdict.class {
        Class::Emergency | Class::PossibleEmergency => verdict.class,
        Class::Elevated if verdict.rule == Rule::T223 || is_confirmed(verdict, remarks) => {
            Class::Elevated
        }
        Class::Elevated
        | Class::Invalid
        | Class::Normal
        | Class::Exempt
        | Class::ExistingManaged
        | Class::Unclassified => Class::Normal,
    }
}

/// Whether the cumulative sum of counts confirms that a small rise is real.
fn is_confirmed(verdict: &ChannelVerdict, remarks: Remarks) -> bool {
    verdict.rule == Rule::PbElev
        && verdict.quantity == Quantity::DoseRate
        && remarks.contains(Remark::CusumConfirmed)
}

/// What a reading says to the band of T2.2-3.
///
/// The band has no height of its own in a verdict, so its hysteresis runs on
/// 1 (in the band or above) and 0 (below), with the level at 1. The counts of ten
/// seconds touch the band by chance every few minutes: without the cumulative sum
/// or the hour of T2.2-3 beside them they say nothing.
pub(super) fn band_sample(verdict: &ChannelVerdict, remarks: Remarks, weight: Weight) -> Sample {
    let is_band = reached(verdict, remarks) == Class::Elevated;
    let (value, weight) = match verdict.class {
        Class::Elevated if !is_band && remarks.contains(Remark::SummedCounts) => {
            (1.0, Weight::None)
        }
        Class::Elevated | Class::PossibleEmergency | Class::Emergency => (1.0, weight),
        Class::Normal | Class::Exempt | Class::ExistingManaged => (0.0, weight),
        Class::Unclassified | Class::Invalid => (1.0, Weight::None),
    };
    let class = if is_band {
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
        at: reading.position.map(|position| Coordinates {
            lat: position.lat,
            lon: position.lon,
        }),
    }
}

/// When what a reading tells of began: its own time or, where it was in the band
/// without a break, that of the first reading there.
pub(super) fn began(judged: &Judged<'_>, verdict: &ChannelVerdict) -> Wall {
    let measured = measured(judged);
    let minutes = judged
        .grounds
        .and_then(|grounds| grounds.setting.persistence_min)
        .filter(|_| verdict.class == Class::Elevated);
    let since = Duration::try_from_secs_f64(minutes.unwrap_or_default() * 60.0);
    measured.saturating_sub(since.unwrap_or_default())
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

/// Whether the counts behind a value alone put it at or above its level: by the
/// one-sided 99.99 % lower Poisson bound, scaled as the value is; in the band, by
/// the cumulative sum.
pub(super) fn counts_confirm(judged: &Judged<'_>, verdict: &ChannelVerdict) -> bool {
    let counting = judged
        .reading
        .channel(verdict.quantity)
        .and_then(|channel: &Channel| channel.counting);
    if is_confirmed(verdict, judged.judgement.remarks) {
        return true;
    }
    let (Some(counting), Some(value), Some(level)) = (counting, verdict.value, level(verdict))
    else {
        return false;
    };
    is_surely_at(value, counting.counts, level)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let got = reached(&verdict(class, rule), Remarks::EMPTY);
            assert_eq!(got, expected, "{class} {rule}");
        }
        let confirmed = Remarks::EMPTY.with(Remark::CusumConfirmed);
        let elevated = verdict(Class::Elevated, Rule::PbElev);
        assert_eq!(reached(&elevated, confirmed), Class::Elevated);
        let counts = ChannelVerdict {
            quantity: Quantity::CountRate(crate::reading::Radiation::Beta),
            ..elevated
        };
        assert_eq!(reached(&counts, confirmed), Class::Normal);
    }
}
