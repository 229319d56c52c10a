//! What stands behind a value beside the number: which instrument made it, how
//! it was calibrated, what it shows without a source, and the levels around it.

use serde::{Deserialize, Serialize};

use super::machine::{Grounds, Judged};
use super::wire;
use crate::clock::Wall;
use crate::criteria::{ChannelVerdict, Policy, Setting};
use crate::reading::{Quantity, Radiation};

/// Metres of error for each unit of HDOP: what a plain receiver is off by under
/// an open sky.
const METRES_PER_HDOP: f64 = 5.0;

/// What is known of the making of a value. All of it is absent in records of
/// before it was kept, and where nobody said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Behind {
    /// Id of the instrument's profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Maker and model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The certificate of its own calibration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Until when that is valid.
    #[serde(with = "wire::wall_option", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Wall>,
    /// What it shows here without a source, in the canonical unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<f64>,
    /// `measured`, `learned`, `site_survey` or `assumed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_from: Option<String>,
    /// Where POSSIBLE_EMERGENCY begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible_at: Option<f64>,
    /// Where EMERGENCY begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_at: Option<f64>,
    /// How far its position may be off, in metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_error_m: Option<f64>,
}

/// What is written on an instrument.
#[derive(Clone, Copy, Debug)]
pub struct Nameplate<'a> {
    /// Maker and model.
    pub model: &'a str,
    /// The certificate of its calibration; empty when it has none of its own.
    pub certificate: &'a str,
    /// Until when that is valid.
    pub valid_until: Option<Wall>,
}

impl Behind {
    /// Whether nothing is known.
    pub(super) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// What is known of one channel of a reading.
    pub(super) fn of(judged: &Judged<'_>, verdict: &ChannelVerdict) -> Self {
        let reading = judged.reading;
        let nameplate = judged.grounds.and_then(|grounds| grounds.nameplate);
        let certificate = nameplate.map(|plate| plate.certificate);
        let (background, background_from) = judged
            .grounds
            .and_then(
                |Grounds {
                     setting, policy, ..
                 }| { background(verdict.quantity, setting, policy) },
            )
            .unzip();
        let hdop = reading.position.and_then(|position| position.hdop);
        Self {
            profile: Some(reading.profile.to_string()),
            model: nameplate.map(|plate| plate.model.to_owned()),
            certificate: certificate
                .filter(|certificate| !certificate.is_empty())
                .map(str::to_owned),
            valid_until: nameplate.and_then(|plate| plate.valid_until),
            background,
            background_from: background_from.flatten(),
            possible_at: verdict.possible_at,
            emergency_at: verdict.emergency_at,
            position_error_m: hdop.map(|hdop| hdop * METRES_PER_HDOP),
        }
    }
}

/// The background that a value of this quantity is to be compared with, and
/// where it comes from.
fn background(
    quantity: Quantity,
    setting: &Setting,
    policy: &Policy,
) -> Option<(f64, Option<String>)> {
    let counts = setting.background_counts;
    let counted = match quantity {
        Quantity::DoseRate => {
            let from = setting.background_from.map(|from| from.source.to_string());
            return setting.background_usv_h.map(|usv_h| (usv_h, from));
        }
        Quantity::CountRate(Radiation::Alpha) => counts.alpha,
        Quantity::CountRate(Radiation::Beta | Radiation::AlphaBeta) => counts.beta,
        Quantity::CountRate(_) | Quantity::Dose | Quantity::SurfaceActivity(_) => None,
    };
    // Counts are compared as those of the reference probe.
    let scale = setting.probe_factor.unwrap_or(policy.probe_factor);
    counted.map(|cps| (cps * scale, Some("measured".to_owned())))
}
