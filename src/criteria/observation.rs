//! A reading as the judge sees it: canonical numbers, and what the instrument
//! says of itself.

use smallvec::SmallVec;

use super::explain::{Explanation, explain};
use super::judge::judge;
use super::policy::Policy;
use super::setting::Setting;
use super::words::{Judgement, MAX_CHANNELS, Remark, Remarks, Subject};
use crate::quality::{Arrived, TimeCheck, time};
use crate::reading::{Channel, Flag, NoValue, Quantity, Reading};

/// What a channel shows, in the canonical unit of its quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    /// A number, as it came; it may still be negative or not finite.
    Number(f64),
    /// The field is beyond what the instrument can show, and at least this
    /// high when anything is known (SN-2).
    Overrange(Option<f64>),
    /// A text, a truth value or nothing where a number should be (DQ-01).
    NotANumber,
    /// A unit nobody told us about (DQ-03).
    UnknownUnit,
    /// A unit of another quantity (DQ-04).
    UnitMismatch,
    /// The instrument says that this detector is broken (DQ-09).
    Fault,
    /// The instrument has not measured yet.
    NotInitialised,
}

/// One channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// What is measured.
    pub quantity: Quantity,
    /// What it shows.
    pub shown: Shown,
    /// What happened to the number on its way here, such as `ROENTGEN_CONVERTED`.
    pub noted: Remarks,
}

/// What the instrument says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// A test or check-source mode.
    pub test_mode: bool,
    /// The instrument as a whole is broken.
    pub fault: bool,
    /// The instrument as a whole has not measured yet.
    pub not_initialised: bool,
    /// The values are upper bounds.
    pub below_detection_limit: bool,
    /// Rain at the instrument.
    pub rain: bool,
}

/// Everything that decides what a reading means.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// What is known beside the reading.
    pub setting: &'a Setting,
    /// Its channels.
    pub channels: &'a [Input],
    /// What the instrument says of itself.
    pub status: Status,
    /// How it stands to the messages before it.
    pub arrived: Arrived,
    /// What is thought of its time.
    pub time: TimeCheck,
    /// Whether it says where it was measured.
    pub has_position: bool,
    /// Remarks that change nothing, such as `LOW_BATTERY`.
    pub noted: Remarks,
}

impl Observation<'_> {
    /// Whose radiation is measured; the environment's when nobody says (section 5).
    pub fn subject(&self) -> Subject {
        self.setting.subject.unwrap_or(Subject::Environment)
    }
}

/// The lower bound of an over-range value: the larger of what is shown and the
/// end of the range (SN-2). Zero bounds nothing.
pub fn overrange_bound(shown: Option<f64>, range_max: Option<f64>) -> Option<f64> {
    let usable = |bound: Option<f64>| bound.filter(|bound| bound.is_finite() && *bound > 0.0);
    match (usable(shown), usable(range_max)) {
        (Some(shown), Some(range_max)) => Some(shown.max(range_max)),
        (shown, range_max) => shown.or(range_max),
    }
}

/// What a reading of the daemon means, with what is known beside it.
pub fn judge_reading(reading: &Reading, setting: &Setting, policy: &Policy) -> Judgement {
    observe(reading, setting, policy, |observation| {
        judge(observation, policy)
    })
}

/// Why a reading of the daemon means that, with what was known beside it then.
pub fn explain_reading(reading: &Reading, setting: &Setting, policy: &Policy) -> Explanation {
    observe(reading, setting, policy, |observation| {
        explain(observation, policy)
    })
}

/// Hands a reading to a judge, as the judge sees it.
fn observe<R>(
    reading: &Reading,
    setting: &Setting,
    policy: &Policy,
    judge: impl FnOnce(&Observation<'_>) -> R,
) -> R {
    let flags = reading.flags;
    // The decoder marks each value that an overload or a fault spoils. Where it
    // marked one, the others stand; where it marked none, the flag means all.
    let has_missing = |reason| {
        reading
            .channels
            .iter()
            .any(|channel| channel.measured == Err(reason))
    };
    let is_overrange = (flags.contains(Flag::Overload) || flags.contains(Flag::Overrange))
        && !has_missing(NoValue::Overrange);
    // Nothing reported is nothing to judge; alone, it makes an empty reading.
    let channels: SmallVec<[Input; MAX_CHANNELS]> = reading
        .channels
        .iter()
        .filter(|channel| channel.measured != Err(NoValue::NotReported))
        .map(|channel| input(channel, is_overrange, setting))
        .collect();

    // Over-range is evidence of a high field; a fault reported with it hides
    // nothing of that.
    let is_spoilt = !has_missing(NoValue::Overrange) && !is_overrange;
    let has_fault = flags.contains(Flag::DetectorFault) || flags.contains(Flag::HvFault);
    let status = Status {
        test_mode: flags.contains(Flag::TestMode),
        fault: has_fault && is_spoilt && !has_missing(NoValue::DetectorFault),
        not_initialised: flags.contains(Flag::NotInitialised)
            && is_spoilt
            && !has_missing(NoValue::NotInitialised),
        below_detection_limit: flags.contains(Flag::BelowDetectionLimit),
        rain: flags.contains(Flag::Rain),
    };
    let mut noted = Remarks::EMPTY;
    for (flag, remark) in [
        (Flag::LowBattery, Remark::LowBattery),
        (Flag::CalibrationExpired, Remark::CalibrationExpired),
        (Flag::RoentgenConverted, Remark::RoentgenConverted),
        (Flag::GrayConverted, Remark::GrayConverted),
    ] {
        if flags.contains(flag) {
            noted.insert(remark);
        }
    }
    let is_retained = flags.contains(Flag::Retained) || reading.delivery.retained;
    let mut time = time::check(
        reading.device_time,
        Some(reading.received.wall),
        is_retained,
        policy.time,
    );
    time.is_stale |= flags.contains(Flag::Stale);

    judge(&Observation {
        setting,
        channels: &channels,
        status,
        arrived: setting.arrived.unwrap_or(Arrived::Fresh),
        time,
        has_position: reading.position.is_some(),
        noted,
    })
}

fn input(channel: &Channel, is_overrange: bool, setting: &Setting) -> Input {
    let range_max = match channel.quantity {
        Quantity::DoseRate => setting.range_max_usv_h,
        Quantity::CountRate(_) => setting.range_max_cps,
        Quantity::Dose | Quantity::SurfaceActivity(_) => None,
    };
    let shown = match channel.measured {
        Ok(amount) if is_overrange => {
            Shown::Overrange(overrange_bound(Some(amount.number()), range_max))
        }
        Ok(amount) => Shown::Number(amount.number()),
        Err(NoValue::Overrange) => {
            let at_least = channel.at_least.map(crate::reading::Amount::number);
            Shown::Overrange(overrange_bound(at_least, range_max))
        }
        Err(NoValue::DetectorFault) => Shown::Fault,
        Err(NoValue::NotInitialised) => Shown::NotInitialised,
        Err(NoValue::NotReported) => Shown::NotANumber,
    };
    Input {
        quantity: channel.quantity,
        shown,
        noted: Remarks::EMPTY,
    }
}
