//! A conversation with one instrument over an open line, whatever carries it:
//! moves bytes between the line and the [`Dialogue`], and frames to the core.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{Frame, Input, Inputs, InstrumentIndex, LinkChange, SourceId, Stamper};
use crate::clock::Clock;
use crate::dialogue::{Dialogue, Effect, Incident, Permit};
use crate::frame::Framed;
use crate::profile::Profile;
use crate::reading::{Delivery, InstrumentId};

/// Bytes taken from the line at once.
const READ_BYTES: usize = 4096;
/// How long an instrument may refuse to take bytes (flow control) before the
/// line counts as lost.
const MOST_WRITING: Duration = Duration::from_secs(5);
/// How long the exit script may take.
const MOST_EXIT: Duration = Duration::from_secs(2);

/// An instrument on a line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its index in the configuration.
    pub index: InstrumentIndex,
    /// Its name, for the log.
    pub instrument: InstrumentId,
    /// How it speaks.
    pub profile: Arc<Profile>,
    /// What may be said to it.
    pub permit: Permit,
}

/// What carries the bytes.
pub(super) trait Carrier: AsyncRead + AsyncWrite + Unpin {
    /// Throws away what arrived and was not read.
    fn flush_input(&mut self) -> io::Result<()>;
}

/// Where a line delivers, and when it ends.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) clock: Clock,
    pub(super) inputs: Inputs,
    pub(super) stop: CancellationToken,
}

/// How a conversation ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The line was lost.
    Lost(String),
    /// The daemon stops.
    Stopped,
}

impl Line {
    /// Talks until the line is lost or the daemon stops.
    pub(super) async fn converse(
        &self,
        carrier: &mut impl Carrier,
        around: &Surroundings,
    ) -> Ended {
        let mut talk = Talk {
            line: self,
            dialogue: Dialogue::new(&self.profile, self.permit.clone()),
            stamper: Stamper::new(around.clock),
            around,
        };
        let mut buffer = vec![0; READ_BYTES];
        let mut exit_limit: Option<Instant> = None;
        let mut effects = talk.dialogue.start(around.clock.mono());
        loop {
            match talk.perform(effects, carrier).await {
                Ok(()) => {}
                Err(Ended::Lost(reason)) => return talk.lost(reason).await,
                Err(Ended::Stopped) => return Ended::Stopped,
            }
            let due = talk.dialogue.next_deadline();
            let due = due.map(|due| around.clock.instant_at(due));
            effects = tokio::select! {
                () = around.stop.cancelled(), if exit_limit.is_none() => {
                    exit_limit = Some(Instant::now() + MOST_EXIT);
                    talk.dialogue.stop(around.clock.mono())
                }
                () = until(exit_limit) => return Ended::Stopped,
                outcome = carrier.read(&mut buffer) => match outcome {
                    Ok(0) => {
                        return talk.lost("end of file: the device went away".to_owned()).await;
                    }
                    Ok(n) => {
                        let bytes = buffer.get(..n).unwrap_or_default();
                        talk.dialogue.receive(around.clock.mono(), bytes)
                    }
                    Err(error) => return talk.lost(error.to_string()).await,
                },
                () = until(due) => talk.dialogue.tick(around.clock.mono()),
            };
        }
    }

    /// Reports the link; `false` when nobody listens any more.
    pub(super) async fn tell(&self, around: &Surroundings, up: bool, detail: String) -> bool {
        let change = LinkChange {
            source: SourceId::Instrument(self.index),
            received: around.clock.now(),
            up,
            is_reached: up,
            detail,
        };
        around.inputs.send(Input::Link(change)).await.is_ok()
    }
}

/// Waits until then; for ever without a time.
async fn until(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
        None => pending().await,
    }
}

/// One conversation under way.
struct Talk<'a> {
    line: &'a Line,
    dialogue: Dialogue,
    stamper: Stamper,
    around: &'a Surroundings,
}

impl Talk<'_> {
    /// Does what the dialogue says.
    async fn perform(
        &mut self,
        effects: Vec<Effect>,
        carrier: &mut impl Carrier,
    ) -> Result<(), Ended> {
        for effect in effects {
            match effect {
                Effect::Flush => carrier
                    .flush_input()
                    .map_err(|error| Ended::Lost(error.to_string()))?,
                Effect::Send(bytes) => {
                    let written = timeout(MOST_WRITING, async {
                        carrier.write_all(&bytes).await?;
                        carrier.flush().await
                    });
                    match written.await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => return Err(Ended::Lost(error.to_string())),
                        Err(_) => {
                            let text = "the instrument takes no bytes; look at the flow control";
                            return Err(Ended::Lost(text.to_owned()));
                        }
                    }
                }
                Effect::Frame { label, framed } => self.deliver(label, framed).await?,
                Effect::Incident(incident) => self.note(incident).await?,
                Effect::Done => return Err(Ended::Stopped),
            }
        }
        Ok(())
    }

    async fn deliver(&mut self, label: Option<String>, framed: Framed) -> Result<(), Ended> {
        let frame = Frame {
            source: SourceId::Instrument(self.line.index),
            received: self.stamper.stamp(),
            framed,
            topic: label.map(Arc::from),
            delivery: Delivery::default(),
            unguarded: false,
            ack: None,
        };
        let sent = self.around.inputs.send(Input::Frame(frame)).await;
        // The core is gone only when the daemon shuts down.
        sent.map_err(|_| Ended::Stopped)
    }

    async fn note(&self, incident: Incident) -> Result<(), Ended> {
        let instrument = &self.line.instrument;
        match incident {
            Incident::Started => debug!(%instrument, "Start script done."),
            Incident::NoAnswer { what } => {
                warn!(%instrument, request = %what, "No answer; asking on.");
            }
            Incident::Withheld { what } => {
                info!(%instrument, request = %what, "Not sent: it changes the instrument.");
            }
            Incident::OtherInstrument { expected, found } => {
                warn!(%instrument, %expected, %found, "Another instrument is on this line; its readings are refused.");
                let detail = format!("this is `{found}`, the configuration expects `{expected}`");
                if !self.line.tell(self.around, false, detail).await {
                    return Err(Ended::Stopped);
                }
            }
        }
        Ok(())
    }

    /// Delivers what is left of the last frame.
    async fn lost(&mut self, reason: String) -> Ended {
        for effect in self.dialogue.finish() {
            if let Effect::Frame { label, framed } = effect
                && self.deliver(label, framed).await.is_err()
            {
                return Ended::Stopped;
            }
        }
        Ended::Lost(reason)
    }
}
