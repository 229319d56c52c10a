//! A raw reading becomes a [`Reading`]: canonical units, calibration, position.
//!
//! Each number is converted exactly once, here; what came off the wire and the
//! factor that was used stay beside the result.

use std::sync::Arc;

use twox_hash::XxHash64;

use crate::clock::{Received, Wall};
use crate::decode::{RawPosition, RawReading, RawValue};
use crate::profile::{Profile, Sensitivity};
use crate::reading::{
    Amount, Channel, Channels, Delivery, Factor, Flag, Flags, InstrumentId, NoValue, Number,
    Position, PositionSource, Quantity, Raw, Reading,
};
use crate::units::{Convention, Dimension};

/// What calibration says of one instrument; it goes before the profile's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    /// Dose rates and doses are multiplied by this.
    pub factor: Option<f64>,
    /// Counts per minute for each µSv/h, instead of the profile's.
    pub cpm_per_usv_h: Option<f64>,
    /// The certificate.
    pub source: String,
    /// Valid up to this instant.
    pub valid_until: Option<Wall>,
}

/// What normalising needs to know of an instrument; made once, used for every
/// frame of it.
#[derive(Clone, Debug)]
pub struct Normaliser {
    instrument: InstrumentId,
    profile: Arc<Profile>,
    gy_to_sv: f64,
    calibration: Calibration,
    /// The calibration's own factor text, for values without a sensitivity.
    factor: Option<Arc<Factor>>,
    position: Option<Position>,
    /// Sensitivities of the profile as changed by the calibration.
    sensitivities: Vec<(Arc<Factor>, f64, Arc<Factor>)>,
}

/// How and when a frame came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// When.
    pub received: Received,
    /// How.
    pub delivery: Delivery,
    /// From [`fingerprint`].
    pub fingerprint: u64,
}

/// A hash of a frame's bytes by which an instrument's message is known again. Not
/// a secret, and stable for ever: it is stored.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    XxHash64::oneshot(0, bytes)
}

impl Normaliser {
    /// For an instrument with its calibration, and its position if it is fixed.
    /// `gy_to_sv` is sievert per gray of air kerma, unless the profile sets it.
    pub fn new(
        instrument: InstrumentId,
        profile: Arc<Profile>,
        calibration: Calibration,
        position: Option<Position>,
        gy_to_sv: f64,
    ) -> Self {
        let gy_to_sv = profile.gy_to_sv.unwrap_or(gy_to_sv);
        let factor = calibration.factor.map(|factor| {
            Arc::new(Factor {
                text: format!("x {factor}"),
                source: calibration.source.clone(),
            })
        });
        let sensitivities = profile
            .messages
            .iter()
            .flat_map(|message| &message.values)
            .filter_map(|value| value.sensitivity.as_ref())
            .map(|sensitivity| calibrated(sensitivity, &calibration))
            .collect();
        Self {
            instrument,
            profile,
            gy_to_sv,
            calibration,
            factor,
            position,
            sensitivities,
        }
    }

    /// The instrument it makes readings of.
    pub const fn instrument(&self) -> &InstrumentId {
        &self.instrument
    }

    /// Converts a raw reading.
    pub fn reading(&self, raw: &RawReading, arrival: &Arrival) -> Reading {
        let mut flags = raw.flags;
        let channels: Channels = raw
            .values
            .iter()
            .map(|value| self.channel(value, &mut flags))
            .collect();
        if arrival.delivery.retained {
            flags.insert(Flag::Retained);
        }
        if self
            .calibration
            .valid_until
            .is_some_and(|until| arrival.received.wall > until)
        {
            flags.insert(Flag::CalibrationExpired);
        }
        Reading {
            instrument: self.instrument.clone(),
            profile: Arc::clone(&self.profile.id),
            received: arrival.received,
            device_time: raw.time,
            sequence: raw.sequence,
            channels,
            position: self.position(raw.position),
            flags,
            fingerprint: arrival.fingerprint,
            delivery: arrival.delivery,
        }
    }

    fn channel(&self, value: &RawValue, flags: &mut Flags) -> Channel {
        let (scale, factor) = self.conversion(value);
        let convert = |number: Number| {
            value
                .unit
                .canonical(number.as_f64() * value.scale, self.gy_to_sv)
                * scale
        };
        match value.unit.convention {
            Convention::None => {}
            Convention::Roentgen => flags.insert(Flag::RoentgenConverted),
            Convention::Gray => flags.insert(Flag::GrayConverted),
        }
        let measured = value.number.and_then(|number| {
            // Finite and not negative since decoding; only a conversion can
            // still push it over the end of what a float holds.
            Amount::new(value.quantity, convert(number)).map_err(|_| NoValue::Overrange)
        });
        if measured == Err(NoValue::Overrange) {
            flags.insert(Flag::Overrange);
        }
        Channel {
            quantity: value.quantity,
            measured,
            at_least: value
                .at_least
                .and_then(|number| Amount::new(value.quantity, convert(number)).ok()),
            raw: value.shown.map(|number| Raw {
                value: number,
                unit: value.unit.symbol,
            }),
            factor,
            counting: value.counting,
        }
    }

    /// What a canonical number is multiplied by, and why.
    fn conversion(&self, value: &RawValue) -> (f64, Option<Arc<Factor>>) {
        let from_counts =
            value.quantity == Quantity::DoseRate && value.unit.dimension == Dimension::CountRate;
        if from_counts
            && let Some(sensitivity) = &value.sensitivity
            && let Some((_, cpm_per_usv_h, factor)) = self
                .sensitivities
                .iter()
                .find(|(of, _, _)| Arc::ptr_eq(of, &sensitivity.factor))
        {
            // Counts are canonical by the second, the sensitivity by the minute.
            return (60.0 / cpm_per_usv_h, Some(Arc::clone(factor)));
        }
        match (value.quantity, self.calibration.factor) {
            (Quantity::DoseRate | Quantity::Dose, Some(scale)) => (scale, self.factor.clone()),
            _ => (1.0, None),
        }
    }

    fn position(&self, raw: RawPosition) -> Option<Position> {
        let RawPosition::At {
            lat,
            lon,
            alt_m,
            hdop,
        } = raw
        else {
            return self.position;
        };
        let position = Position::new(lat, lon, PositionSource::Frame)?;
        Some(Position {
            alt_m,
            hdop,
            ..position
        })
    }
}

/// A sensitivity with the instrument's own calibration applied: the key it is
/// found by, counts per minute for each µSv/h, and the text for the record.
fn calibrated(
    sensitivity: &Sensitivity,
    calibration: &Calibration,
) -> (Arc<Factor>, f64, Arc<Factor>) {
    let key = Arc::clone(&sensitivity.factor);
    let own = calibration.cpm_per_usv_h;
    let cpm_per_usv_h = own.unwrap_or(sensitivity.cpm_per_usv_h);
    let by_factor = calibration.factor.unwrap_or(1.0);
    if own.is_none() && calibration.factor.is_none() {
        return (Arc::clone(&key), cpm_per_usv_h, key);
    }
    let text = match calibration.factor {
        Some(factor) => format!("{cpm_per_usv_h} cpm per uSv/h x {factor}"),
        None => format!("{cpm_per_usv_h} cpm per uSv/h"),
    };
    let factor = Factor {
        text,
        source: calibration.source.clone(),
    };
    (key, cpm_per_usv_h / by_factor, Arc::new(factor))
}

#[cfg(test)]
mod tests;
