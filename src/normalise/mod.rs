//! A raw reading becomes a [`Reading`]: canonical units, calibration, position.
//!
//! Each number is converted exactly once, here; what came off the wire and the
//! factor that was used stay beside the result.

use std::sync::Arc;

use twox_hash::XxHash64;

use crate::clock::{Received, Wall};
use crate::decode::{RawPosition, RawReading, RawValue};
use crate::profile::{Profile, Response, Sensitivity, SensitivityRule};
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
    /// Sensitivities of the profile as changed by the calibration, by their
    /// factors.
    sensitivities: Vec<(Arc<Factor>, Calibrated)>,
}

/// A sensitivity with the instrument's own calibration applied.
#[derive(Clone, Debug)]
struct Calibrated {
    response: Response,
    /// The result times this is the dose rate.
    scale: f64,
    factor: Arc<Factor>,
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
            .flat_map(SensitivityRule::known)
            .map(|known| (Arc::clone(&known.factor), calibrated(known, &calibration)))
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

    /// Maker and model of the instrument.
    pub fn model(&self) -> &str {
        &self.profile.title
    }

    /// Its own calibration.
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
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
        let (conversion, calibration) = self.conversion(value);
        let convert = |number: Number| {
            let number = number.as_f64() * value.scale + value.offset;
            let canonical = value.unit.canonical(number, self.gy_to_sv);
            let live = match &value.dead_time {
                Some(dead_time) => dead_time.correct(canonical),
                None => Ok(canonical),
            };
            match live {
                Ok(live) => conversion.apply(live).ok_or(None),
                Err(bound) => Err(conversion.apply(bound)),
            }
        };
        if value.dead_time.is_some() {
            flags.insert(Flag::DeadTimeCorrected);
        }
        match value.unit.convention {
            Convention::None => {}
            Convention::Roentgen => flags.insert(Flag::RoentgenConverted),
            Convention::Gray => flags.insert(Flag::GrayConverted),
        }
        let amount = |number: f64| Amount::new(value.quantity, number).ok();
        let mut bound = None;
        let measured = value.number.and_then(|number| match convert(number) {
            // Finite and not negative since decoding; only a conversion can
            // still push it over the end of what a float holds.
            Ok(converted) => amount(converted).ok_or(NoValue::Overrange),
            Err(least) => {
                bound = least.and_then(amount);
                Err(NoValue::Overrange)
            }
        });
        if measured == Err(NoValue::Overrange) {
            flags.insert(Flag::Overrange);
        }
        let told = value.at_least.and_then(|number| match convert(number) {
            Ok(converted) => amount(converted),
            Err(least) => least.and_then(amount),
        });
        Channel {
            quantity: value.quantity,
            measured,
            at_least: told.or(bound),
            raw: value.shown.map(|number| Raw {
                value: number,
                unit: value.unit.symbol,
            }),
            factor: self.factor(value, calibration),
            counting: value.counting,
        }
    }

    /// What makes a value of a canonical number, and why.
    fn conversion(&self, value: &RawValue) -> (Conversion, Option<Arc<Factor>>) {
        let from_counts =
            value.quantity == Quantity::DoseRate && value.unit.dimension == Dimension::CountRate;
        if from_counts && let Some(sensitivity) = &value.sensitivity {
            let known = self
                .sensitivities
                .iter()
                .find(|(of, _)| Arc::ptr_eq(of, &sensitivity.factor));
            let calibrated = match known {
                Some((_, calibrated)) => calibrated.clone(),
                // The frame told it.
                None => calibrated(sensitivity, &self.calibration),
            };
            let Calibrated {
                response,
                scale,
                factor,
            } = calibrated;
            return (Conversion::Response(response, scale), Some(factor));
        }
        match (value.quantity, self.calibration.factor) {
            (Quantity::DoseRate | Quantity::Dose, Some(scale)) => {
                (Conversion::Scale(scale), self.factor.clone())
            }
            _ => {
                let dead_time = value.dead_time.as_ref();
                let factor = dead_time.map(|dead_time| Arc::clone(&dead_time.factor));
                (Conversion::Scale(1.0), factor)
            }
        }
    }

    /// All that was done to the number but for its unit: the wire's scale, a
    /// convention, and a sensitivity or calibration.
    fn factor(&self, value: &RawValue, calibration: Option<Arc<Factor>>) -> Option<Arc<Factor>> {
        let mut texts = Vec::new();
        let mut sources = Vec::new();
        let is_scaled = (value.scale - 1.0).abs() > f64::EPSILON;
        if is_scaled || value.offset != 0.0 {
            texts.push(match value.offset {
                offset if offset > 0.0 => format!("x {} + {offset}", value.scale),
                offset if offset < 0.0 => format!("x {} - {}", value.scale, -offset),
                _ => format!("x {}", value.scale),
            });
            sources.extend(
                self.profile
                    .sources
                    .first()
                    .map(|source| source.what.clone()),
            );
        }
        let convention = match value.unit.convention {
            Convention::None => None,
            Convention::Roentgen => Some("10 mSv per R".to_owned()),
            Convention::Gray => Some(format!("{} Sv per Gy", self.gy_to_sv)),
        };
        if let Some(text) = convention {
            texts.push(text);
            sources.push("convention".to_owned());
        }
        if texts.is_empty() {
            return calibration;
        }
        if let Some(factor) = calibration {
            texts.push(factor.text.clone());
            sources.push(factor.source.clone());
        }
        Some(Arc::new(Factor {
            text: texts.join(", "),
            source: sources.join("; "),
        }))
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

/// What makes a value of a canonical number.
enum Conversion {
    /// A factor.
    Scale(f64),
    /// A sensitivity, and then a factor.
    Response(Response, f64),
}

impl Conversion {
    /// The value; `None` where the sensitivity says nothing.
    fn apply(&self, canonical: f64) -> Option<f64> {
        match self {
            Self::Scale(scale) => Some(canonical * scale),
            Self::Response(response, scale) => Some(response.usv_per_h(canonical)? * scale),
        }
    }
}

/// A sensitivity with the instrument's own calibration applied, and the text for
/// the record.
fn calibrated(sensitivity: &Sensitivity, calibration: &Calibration) -> Calibrated {
    let scale = calibration.factor.unwrap_or(1.0);
    let (response, text) = match calibration.cpm_per_usv_h {
        Some(own) => (Response::Constant(own), format!("{own} cpm per uSv/h")),
        None => (
            sensitivity.response.clone(),
            sensitivity.factor.text.clone(),
        ),
    };
    if calibration.cpm_per_usv_h.is_none() && calibration.factor.is_none() {
        return Calibrated {
            response,
            scale,
            factor: Arc::clone(&sensitivity.factor),
        };
    }
    let text = match calibration.factor {
        Some(factor) => format!("{text} x {factor}"),
        None => text,
    };
    let source = calibration.source.clone();
    Calibrated {
        response,
        scale,
        factor: Arc::new(Factor { text, source }),
    }
}

#[cfg(test)]
mod tests;
