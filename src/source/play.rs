//! A recording played into the daemon as if its instrument were there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::capture::{Form, frames};
use super::{Frame, Input, Inputs, InstrumentIndex, LinkChange, SourceId, Stamper};
use crate::clock::Clock;
use crate::error::Chain;
use crate::profile::Profile;
use crate::reading::{Delivery, InstrumentId};

/// A recording and how to play it.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Index of its instrument in the configuration.
    pub index: InstrumentIndex,
    /// Its instrument's name, for the log.
    pub instrument: InstrumentId,
    /// Its instrument's profile.
    pub profile: Arc<Profile>,
    /// The file.
    pub file: PathBuf,
    /// How it is written.
    pub form: Form,
    /// Time between two frames; zero plays as fast as the core takes them.
    pub every: Duration,
}

/// Plays the recording once.
pub async fn run(recording: Recording, clock: Clock, inputs: Inputs, stop: CancellationToken) {
    let file = recording.file.display();
    let ended = match tokio::fs::read(&recording.file).await {
        Ok(bytes) => match frames(&recording.profile, recording.form, &bytes) {
            Ok(frames) => {
                info!(instrument = %recording.instrument, %file, frames = frames.len(), "Recording opened.");
                if !tell(
                    &recording,
                    &clock,
                    &inputs,
                    true,
                    "recording opened".to_owned(),
                )
                .await
                {
                    return;
                }
                let mut stamper = Stamper::new(clock);
                for captured in frames {
                    let frame = Frame {
                        source: SourceId::Instrument(recording.index),
                        received: stamper.stamp(),
                        framed: captured.framed,
                        topic: captured.topic.map(Arc::from),
                        delivery: Delivery {
                            retained: captured.retained,
                            redelivered: false,
                        },
                        unguarded: false,
                        ack: None,
                    };
                    tokio::select! {
                        () = stop.cancelled() => return,
                        sent = inputs.send(Input::Frame(frame)) => if sent.is_err() { return },
                    }
                    if !recording.every.is_zero() {
                        tokio::select! {
                            () = stop.cancelled() => return,
                            () = tokio::time::sleep(recording.every) => {}
                        }
                    }
                }
                "recording ended".to_owned()
            }
            Err(error) => {
                warn!(instrument = %recording.instrument, %file, error = %Chain(&error), "Recording cannot be read.");
                error.to_string()
            }
        },
        Err(error) => {
            warn!(instrument = %recording.instrument, %file, %error, "Recording cannot be opened.");
            error.to_string()
        }
    };
    tell(&recording, &clock, &inputs, false, ended).await;
}

async fn tell(
    recording: &Recording,
    clock: &Clock,
    inputs: &Inputs,
    up: bool,
    detail: String,
) -> bool {
    let change = LinkChange {
        source: SourceId::Instrument(recording.index),
        received: clock.now(),
        up,
        is_reached: up,
        detail,
    };
    inputs.send(Input::Link(change)).await.is_ok()
}
