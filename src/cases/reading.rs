//! A case of kind `reading`.

use serde::Deserialize;
use serde_json::{Number, Value};

use super::error::CaseError;
use super::field::{self, Sent};
use super::{Answer, Explain, Found, ReadingAnswer};
use crate::clock::{TimeError, Wall};
use crate::criteria::explain::explain;
use crate::criteria::{
    BackgroundFrom, BackgroundSource, CountBackground, ExistingArea, ExistingKind, Input,
    Judgement, Medical, Norm, NormItem, Observation, Policy, Rain, Remark, Remarks, Role, Rule,
    Setting, Shown, SourceKind, Status, Subject, judge, overrange_bound,
};
use crate::quality::{Arrived, Message, TimeCheck, time};
use crate::reading::{DeviceTime, Position, PositionSource, Quantity, Radiation};
use crate::units::{Convention, Dimension, Unit, rounded};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadingInput {
    quantity: Option<String>,
    #[serde(default, deserialize_with = "field::given")]
    value: Option<Option<Value>>,
    unit: Option<String>,
    radiation: Option<String>,
    channels: Option<Vec<ChannelInput>>,
    subject: Option<String>,
    person_role: Option<String>,
    #[serde(default, deserialize_with = "field::noted")]
    distance_m: Option<f64>,
    background: Option<BackgroundInput>,
    background_counts: Option<CountsInput>,
    source: Option<String>,
    #[serde(default, deserialize_with = "field::noted")]
    persistence_min: Option<f64>,
    days_since_onset: Option<f64>,
    rain: Option<RainInput>,
    high_background_area: Option<bool>,
    area_state: Option<String>,
    #[serde(default, deserialize_with = "field::noted")]
    area_baseline_usv_h: Option<f64>,
    medical: Option<MedicalInput>,
    norm: Option<NormInput>,
    #[serde(default, deserialize_with = "field::noted")]
    probe_factor: Option<f64>,
    status_flags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "field::noted")]
    range_max: Option<f64>,
    device_id: Option<String>,
    seq: Option<Number>,
    previous: Option<Vec<PreviousInput>>,
    #[serde(default, deserialize_with = "field::given")]
    t_measured: Option<Option<String>>,
    t_received: Option<String>,
    #[serde(default, deserialize_with = "field::given")]
    position: Option<Option<serde_json::Map<String, Value>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelInput {
    quantity: Option<String>,
    #[serde(default, deserialize_with = "field::given")]
    value: Option<Option<Value>>,
    unit: Option<String>,
    radiation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BackgroundInput {
    #[serde(default, deserialize_with = "field::noted")]
    value: Option<f64>,
    unit: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountsInput {
    #[serde(default, deserialize_with = "field::noted")]
    alpha: Option<f64>,
    #[serde(default, deserialize_with = "field::noted")]
    beta: Option<f64>,
    unit: Option<String>,
    #[serde(default, deserialize_with = "field::noted")]
    age_h: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RainInput {
    active: Option<bool>,
    #[serde(default, deserialize_with = "field::noted")]
    hours_since_end: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MedicalInput {
    claimed: Option<bool>,
    verified: Option<bool>,
    #[expect(dead_code, reason = "accepted; a person's verification decides")]
    nuclides: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NormInput {
    identified: Option<bool>,
    nuclides: Option<Vec<String>>,
    item: Option<String>,
    #[serde(default, deserialize_with = "field::noted")]
    hours_per_year: Option<f64>,
    #[serde(default, deserialize_with = "field::noted")]
    projected_msv: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviousInput {
    device_id: Option<String>,
    seq: Option<Number>,
    value: Option<Value>,
    t_measured: Option<String>,
}

/// The words of `status_flags`.
#[derive(Clone, Copy, Debug, Default)]
struct StatusFlags {
    is_overrange: bool,
    status: Status,
    noted: Remarks,
}

pub(super) fn assess(
    input: Value,
    policy: &Policy,
    explained: Explain,
) -> Result<Found, CaseError> {
    let mut case: ReadingInput = field::input(input)?;
    let sent = sent_channels(&mut case)?;
    let flags = status_flags(case.status_flags.as_deref().unwrap_or_default())?;
    let arrived = arrived(&mut case, &sent)?;
    let inputs = inputs(&sent, &case, flags, policy);
    let setting = setting(&mut case, policy)?;
    let observation = Observation {
        setting: &setting,
        channels: &inputs,
        status: flags.status,
        arrived,
        time: time_check(&case, policy)?,
        has_position: has_position(case.position.as_ref()),
        noted: flags.noted,
    };
    let judgement = judge(&observation, policy);
    Ok(Found {
        answer: Answer::Reading(Box::new(answer(&judgement))),
        explanation: explained.then(|| explain(&observation, policy)),
    })
}

fn answer(judgement: &Judgement) -> ReadingAnswer {
    ReadingAnswer {
        classification: judgement.class.map(|class| class.as_str()),
        rule: judgement.rule.as_str(),
        also: judgement.also.iter().map(Rule::as_str).collect(),
        std_status: judgement.recommendation.as_str(),
        disposition: judgement.disposition.as_str(),
        flags: judgement.remarks.iter().map(Remark::as_str).collect(),
        canonical: judgement.canonical.map(rounded),
    }
}

/// One channel as it was sent.
struct SentChannel {
    quantity: Quantity,
    value: Sent,
    /// The field was left out, which is not the same as null.
    is_left_out: bool,
    unit: Option<String>,
}

fn sent_channels(case: &mut ReadingInput) -> Result<Vec<SentChannel>, CaseError> {
    let own = ChannelInput {
        quantity: case.quantity.take(),
        value: case.value.take(),
        unit: case.unit.take(),
        radiation: case.radiation.take(),
    };
    let listed = case.channels.take().unwrap_or_default();
    let has_own = own.quantity.is_some() || own.value.is_some() || listed.is_empty();
    has_own
        .then_some(own)
        .into_iter()
        .chain(listed)
        .map(sent_channel)
        .collect()
}

fn sent_channel(channel: ChannelInput) -> Result<SentChannel, CaseError> {
    let radiation = field::word(
        "radiation",
        channel.radiation.as_deref(),
        Radiation::from_word,
    )?
    .unwrap_or(Radiation::Unspecified);
    let quantity = match channel.quantity.as_deref() {
        Some("dose_rate") => Quantity::DoseRate,
        Some("count_rate") => Quantity::CountRate(radiation),
        Some("dose") => Quantity::Dose,
        Some("surface_activity") => Quantity::SurfaceActivity(radiation),
        Some(other) => return Err(CaseError::word("quantity", other)),
        None => return Err(CaseError::Missing { field: "quantity" }),
    };
    Ok(SentChannel {
        quantity,
        is_left_out: channel.value.is_none(),
        value: Sent::new(channel.value.flatten())?,
        unit: channel.unit,
    })
}

fn status_flags(words: &[String]) -> Result<StatusFlags, CaseError> {
    let mut flags = StatusFlags::default();
    for word in words {
        match word.as_str() {
            "overrange" => flags.is_overrange = true,
            "below_detection_limit" => flags.status.below_detection_limit = true,
            "fault" => flags.status.fault = true,
            "test_mode" => flags.status.test_mode = true,
            "low_battery" => flags.noted.insert(Remark::LowBattery),
            "calibration_expired" => flags.noted.insert(Remark::CalibrationExpired),
            _ => return Err(CaseError::word("status_flags", word)),
        }
    }
    Ok(flags)
}

fn inputs(
    sent: &[SentChannel],
    case: &ReadingInput,
    flags: StatusFlags,
    policy: &Policy,
) -> Vec<Input> {
    // `range_max` speaks of the dose rate where there is one.
    let has_dose_rate = sent
        .iter()
        .any(|channel| channel.quantity == Quantity::DoseRate);
    sent.iter()
        .map(|channel| {
            let is_ranged = channel.quantity == Quantity::DoseRate || !has_dose_rate;
            let range_max = case.range_max.filter(|_| is_ranged);
            let overrange = flags.is_overrange.then_some(range_max);
            input(channel, overrange, policy)
        })
        .collect()
}

/// In the order of section 3: unit, then number, then over-range.
fn input(channel: &SentChannel, overrange: Option<Option<f64>>, policy: &Policy) -> Input {
    let unit = channel.unit.as_deref().map(Unit::parse);
    let (shown, noted) = match unit {
        None | Some(Err(_)) => (Shown::UnknownUnit, Remarks::EMPTY),
        Some(Ok(unit)) if unit.dimension != dimension(channel.quantity) => {
            (Shown::UnitMismatch, Remarks::EMPTY)
        }
        Some(Ok(unit)) => {
            let canonical = |number: f64| clamped(unit.canonical(number, policy.gy_to_sv));
            let shown = if channel.is_left_out && overrange.is_some() {
                Shown::Overrange(None)
            } else {
                shown_number(&channel.value, canonical)
            };
            let shown = match (shown, overrange) {
                (Shown::Number(number), Some(range_max)) if number >= 0.0 => {
                    Shown::Overrange(overrange_bound(Some(number), range_max.map(canonical)))
                }
                (Shown::Overrange(_), Some(range_max)) => {
                    Shown::Overrange(overrange_bound(None, range_max.map(canonical)))
                }
                (shown, _) => shown,
            };
            (shown, conversion(unit))
        }
    };
    let is_value = matches!(shown, Shown::Overrange(_))
        || matches!(shown, Shown::Number(number) if number >= 0.0);
    Input {
        quantity: channel.quantity,
        shown,
        noted: if is_value { noted } else { Remarks::EMPTY },
    }
}

/// A value as sent, or why there is no number.
pub(super) fn shown_number(sent: &Sent, canonical: impl Fn(f64) -> f64) -> Shown {
    match sent {
        Sent::Number(number) => Shown::Number(canonical(*number)),
        Sent::Text(_) | Sent::Nothing => Shown::NotANumber,
    }
}

/// A finite number that a conversion carried over the end of what a float
/// holds is still a number, and a very high one.
pub(super) fn clamped(number: f64) -> f64 {
    number.clamp(f64::MIN, f64::MAX)
}

const fn dimension(quantity: Quantity) -> Dimension {
    match quantity {
        Quantity::DoseRate => Dimension::DoseRate,
        Quantity::CountRate(_) => Dimension::CountRate,
        Quantity::Dose => Dimension::Dose,
        Quantity::SurfaceActivity(_) => Dimension::SurfaceActivity,
    }
}

fn conversion(unit: &Unit) -> Remarks {
    match unit.convention {
        Convention::None => Remarks::EMPTY,
        Convention::Roentgen => Remarks::EMPTY.with(Remark::RoentgenConverted),
        Convention::Gray => Remarks::EMPTY.with(Remark::GrayConverted),
    }
}

fn setting(case: &mut ReadingInput, policy: &Policy) -> Result<Setting, CaseError> {
    let kind = field::word(
        "area_state",
        case.area_state.as_deref(),
        ExistingKind::from_word,
    )?;
    let counts = case.background_counts.take().unwrap_or_default();
    let counts_unit = counts.unit.as_deref().unwrap_or("cps");
    let background_usv_h = case.background.as_ref().and_then(|background| {
        let unit = background.unit.as_deref().unwrap_or_default();
        in_canonical(background.value, unit, Dimension::DoseRate, policy)
    });
    let per_s =
        |counts: Option<f64>| in_canonical(counts, counts_unit, Dimension::CountRate, policy);
    Ok(Setting {
        subject: field::word("subject", case.subject.as_deref(), Subject::from_word)?,
        // Whoever is neither responder nor worker is of the public.
        role: case.person_role.as_deref().and_then(Role::from_word),
        distance_m: case.distance_m,
        source: field::word("source", case.source.as_deref(), SourceKind::from_word)?,
        persistence_min: case.persistence_min,
        days_since_onset: case.days_since_onset,
        background_usv_h,
        background_from: background_usv_h.map(|_| BackgroundFrom::new(BackgroundSource::Measured)),
        background_counts: CountBackground {
            alpha: per_s(counts.alpha),
            beta: per_s(counts.beta),
            age_h: counts.age_h,
        },
        probe_factor: case.probe_factor,
        rain: case.rain.as_ref().map_or_else(Rain::default, |rain| Rain {
            active: rain.active == Some(true),
            hours_since_end: rain.hours_since_end,
        }),
        high_background_area: case.high_background_area == Some(true),
        existing: kind.map(|kind| ExistingArea {
            kind,
            baseline_usv_h: case.area_baseline_usv_h,
        }),
        medical: case
            .medical
            .as_ref()
            .map_or_else(Medical::default, |medical| Medical {
                claimed: medical.claimed == Some(true),
                verified: medical.verified == Some(true),
            }),
        norm: case.norm.take().map(|norm| Norm {
            identified: norm.identified == Some(true),
            nuclides: norm.nuclides.unwrap_or_default(),
            item: norm.item.as_deref().and_then(NormItem::from_word),
            hours_per_year: norm.hours_per_year,
            projected_msv: norm.projected_msv,
        }),
        ..Setting::default()
    })
}

/// A background in its canonical unit; a unit that does not fit makes it
/// unusable, for it is never guessed.
fn in_canonical(
    value: Option<f64>,
    unit: &str,
    dimension: Dimension,
    policy: &Policy,
) -> Option<f64> {
    let unit = Unit::parse(unit)
        .ok()
        .filter(|unit| unit.dimension == dimension)?;
    value.map(|value| unit.canonical(value, policy.gy_to_sv))
}

/// A time as it was sent: the same instant may be written in two zones.
#[derive(Clone, Debug, PartialEq)]
enum SentTime {
    At(Wall),
    Text(String),
    Nothing,
}

impl SentTime {
    fn new(text: Option<&str>) -> Self {
        match text.map(|text| (text, Wall::parse_rfc3339(text))) {
            Some((_, Ok(at))) => Self::At(at),
            Some((text, Err(_))) => Self::Text(text.to_owned()),
            None => Self::Nothing,
        }
    }
}

fn arrived(case: &mut ReadingInput, sent: &[SentChannel]) -> Result<Arrived, CaseError> {
    let previous = case
        .previous
        .take()
        .unwrap_or_default()
        .into_iter()
        .map(|previous| {
            Ok(Message {
                device: previous.device_id,
                sequence: previous.seq,
                time: SentTime::new(previous.t_measured.as_deref()),
                value: Sent::new(previous.value)?,
            })
        })
        .collect::<Result<Vec<_>, CaseError>>()?;
    let message = Message {
        device: case.device_id.take(),
        sequence: case.seq.take(),
        time: SentTime::new(case.t_measured.as_ref().and_then(Option::as_deref)),
        value: sent
            .first()
            .map_or(Sent::Nothing, |channel| channel.value.clone()),
    };
    Ok(message.arrived(&previous))
}

fn time_check(case: &ReadingInput, policy: &Policy) -> Result<TimeCheck, CaseError> {
    let received = match case.t_received.as_deref().map(Wall::parse_rfc3339) {
        None | Some(Err(TimeError::Naive)) => None,
        Some(Ok(received)) => Some(received),
        Some(Err(source)) => {
            return Err(CaseError::Time {
                field: "t_received",
                source,
            });
        }
    };
    let device = match case.t_measured.as_ref().map(Option::as_deref) {
        Some(Some(text)) => match Wall::parse_rfc3339(text) {
            Ok(at) => DeviceTime::At(at),
            Err(TimeError::Naive) => DeviceTime::Naive,
            Err(TimeError::Invalid) => DeviceTime::Impossible,
        },
        // Left out together with the time of arrival, it stands for a fresh one.
        None if case.t_received.is_none() => return Ok(TimeCheck::default()),
        Some(None) | None => DeviceTime::Absent,
    };
    Ok(time::check(device, received, false, policy.time))
}

/// Left out means known; null, or no place on the Earth, means none.
fn has_position(position: Option<&Option<serde_json::Map<String, Value>>>) -> bool {
    match position {
        None => true,
        Some(None) => false,
        Some(Some(position)) => {
            let degrees = |name: &str| position.get(name).and_then(Value::as_f64);
            degrees("lat")
                .zip(degrees("lon"))
                .and_then(|(lat, lon)| Position::new(lat, lon, PositionSource::Frame))
                .is_some()
        }
    }
}
