//! A recording through framing, decoding and normalising: what
//! `pantau profile decode` prints and the golden frames are compared with.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::{Mono, Received, Wall};
use crate::decode::{Decoded, Decoder, Ignored, RejectReason, Rejected};
use crate::exchange::{IgnoredRecord, Outcome, RejectedRecord, reading_record};
use crate::normalise::{Arrival, Calibration, Normaliser, fingerprint};
use crate::profile::Profile;
use crate::reading::{Delivery, InstrumentId, Reading};
use crate::source::capture::{self, Captured, Form, RecordingError};
use crate::units::GY_TO_SV;

/// What a frame of a recording turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Played {
    /// A reading.
    Reading(Box<Reading>),
    /// Legal, but no reading.
    Ignored(Ignored),
    /// Refused.
    Rejected(Rejected),
}

/// Decodes recordings of one kind of instrument, naming instruments by the
/// profile's rule.
#[derive(Debug)]
pub struct Player {
    decoder: Decoder,
    normalisers: HashMap<String, Normaliser>,
    frames: u64,
}

impl Player {
    /// A player that has seen nothing yet.
    pub fn new(profile: Arc<Profile>) -> Self {
        Self {
            decoder: Decoder::new(profile),
            normalisers: HashMap::new(),
            frames: 0,
        }
    }

    /// What one captured frame gives, each with its number from 1. A frame
    /// whose recording tells no time arrived at `received_at`.
    pub fn play(&mut self, captured: &Captured, received_at: Wall) -> Vec<(u64, Played)> {
        self.decoder.arrived(arrival_of(captured));
        let outcomes = self
            .decoder
            .decode_framed(&captured.framed, captured.topic.as_deref());
        let bytes = captured.framed.bytes();
        let received = Received {
            wall: captured.at.unwrap_or(received_at),
            mono: Mono::from_nanos(0),
        };
        outcomes
            .into_iter()
            .map(|(range, decoded)| {
                let arrival = Arrival {
                    received,
                    delivery: Delivery {
                        retained: captured.retained,
                        redelivered: false,
                    },
                    fingerprint: fingerprint(bytes.get(range).unwrap_or_default()),
                };
                self.frames += 1;
                (self.frames, self.normalise(decoded, &arrival))
            })
            .collect()
    }

    /// The same as records, as they are printed.
    pub fn records(&mut self, captured: &Captured, received_at: Wall) -> Vec<Outcome> {
        let played = self.play(captured, received_at);
        let profile = self.decoder.profile();
        played
            .into_iter()
            .map(|(frame, played)| outcome(profile, frame, played))
            .collect()
    }

    fn normalise(&mut self, decoded: Decoded, arrival: &Arrival) -> Played {
        let raw = match decoded {
            Decoded::Reading(raw) => raw,
            Decoded::Ignored(ignored) => return Played::Ignored(ignored),
            Decoded::Rejected(rejected) => return Played::Rejected(rejected),
        };
        if let Some(normaliser) = self.normalisers.get(&raw.device) {
            return Played::Reading(Box::new(normaliser.reading(&raw, arrival)));
        }
        let Some(instrument) = InstrumentId::new(&raw.device) else {
            return Played::Rejected(Rejected::new(
                RejectReason::Malformed,
                format!(
                    "`{}` cannot name an instrument",
                    crate::error::excerpt(&raw.device, 64)
                ),
            ));
        };
        let profile = Arc::clone(self.decoder.profile());
        let normaliser =
            Normaliser::new(instrument, profile, Calibration::default(), None, GY_TO_SV);
        let reading = normaliser.reading(&raw, arrival);
        self.normalisers.insert(raw.device, normaliser);
        Played::Reading(Box::new(reading))
    }
}

/// When a frame of a recording arrived, as far as the recording tells: rates of
/// running totals are taken over the recording's own time.
pub(crate) fn arrival_of(captured: &Captured) -> Mono {
    let nanos = captured.at.map_or(0, Wall::as_nanos);
    Mono::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

/// Decodes a whole recording into records.
///
/// # Errors
///
/// When the recording is not written as `form` says.
pub fn decode(
    profile: &Arc<Profile>,
    form: Form,
    bytes: &[u8],
    received_at: Wall,
) -> Result<Vec<Outcome>, RecordingError> {
    let mut player = Player::new(Arc::clone(profile));
    let mut records = Vec::new();
    for captured in capture::frames(profile, form, bytes)? {
        records.extend(player.records(&captured, received_at));
    }
    Ok(records)
}

fn outcome(profile: &Profile, frame: u64, played: Played) -> Outcome {
    match played {
        Played::Reading(reading) => {
            Outcome::Reading(Box::new(reading_record(&reading, Some(frame))))
        }
        Played::Ignored(ignored) => Outcome::Ignored(IgnoredRecord {
            profile: profile.id.to_string(),
            frame,
            kind: ignored.as_str(),
        }),
        Played::Rejected(rejected) => Outcome::Rejected(RejectedRecord {
            profile: profile.id.to_string(),
            frame,
            reason: rejected.reason.as_str(),
            error: rejected.text,
        }),
    }
}
