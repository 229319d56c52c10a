//! A serial line: opened by its stable path, read until it is lost, opened
//! again.
//!
//! End of file means that the device went away, and so does any error; the
//! path may lead to another device when it comes back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio_serial::{DataBits, FlowControl, Parity, SerialPortBuilderExt, SerialStream, StopBits};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Backoff, Frame, Input, Inputs, InstrumentIndex, LinkChange, SourceId, Stamper};
use crate::clock::{Clock, Mono, Received};
use crate::error::Chain;
use crate::frame::{Framed, Framer};
use crate::profile::{Profile, SerialLine};
use crate::reading::{Delivery, InstrumentId};

/// Longest wait between attempts to open a port.
const MOST_WAIT: Duration = Duration::from_secs(2);

/// Bytes taken from the port at once.
const READ_BYTES: usize = 4096;

/// One serial instrument.
#[derive(Clone, Debug)]
pub struct Serial {
    /// Its index in the configuration.
    pub index: InstrumentIndex,
    /// Its name, for the log.
    pub instrument: InstrumentId,
    /// The port's stable path.
    pub port: PathBuf,
    /// Settings of the line.
    pub line: SerialLine,
    /// How the instrument speaks.
    pub profile: Arc<Profile>,
}

/// Reads the line until told to stop.
pub async fn run(serial: Serial, clock: Clock, inputs: Inputs, stop: CancellationToken) {
    let mut backoff = Backoff::new(MOST_WAIT);
    let mut said_missing = false;
    loop {
        match open(&serial) {
            Ok(mut port) => {
                info!(instrument = %serial.instrument, port = %serial.port.display(), "Port opened.");
                backoff.reset();
                said_missing = false;
                if !tell(&serial, &clock, &inputs, true, "port opened".to_owned()).await {
                    return;
                }
                let Some(lost) = read(&mut port, &serial, &clock, &inputs, &stop).await else {
                    return;
                };
                warn!(instrument = %serial.instrument, port = %serial.port.display(), reason = %lost, "Port lost.");
                if !tell(&serial, &clock, &inputs, false, lost).await {
                    return;
                }
            }
            Err(error) => {
                if !said_missing {
                    let error = Chain(&error).to_string();
                    warn!(instrument = %serial.instrument, port = %serial.port.display(), %error, "Port cannot be opened; trying again.");
                    said_missing = true;
                    let detail = format!("{}: {error}", serial.port.display());
                    if !tell(&serial, &clock, &inputs, false, detail).await {
                        return;
                    }
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(backoff.wait()) => {}
        }
    }
}

fn open(serial: &Serial) -> tokio_serial::Result<SerialStream> {
    let line = serial.line;
    tokio_serial::new(serial.port.to_string_lossy(), line.baud)
        .data_bits(match line.data_bits {
            5 => DataBits::Five,
            6 => DataBits::Six,
            7 => DataBits::Seven,
            _ => DataBits::Eight,
        })
        .parity(match line.parity {
            'E' => Parity::Even,
            'O' => Parity::Odd,
            _ => Parity::None,
        })
        .stop_bits(match line.stop_bits {
            2 => StopBits::Two,
            _ => StopBits::One,
        })
        .flow_control(if line.rtscts {
            FlowControl::Hardware
        } else {
            FlowControl::None
        })
        .open_native_async()
}

/// Reads until the port is lost (`Some` reason) or the daemon stops.
async fn read(
    port: &mut SerialStream,
    serial: &Serial,
    clock: &Clock,
    inputs: &Inputs,
    stop: &CancellationToken,
) -> Option<String> {
    let mut framer = Framer::new(&serial.profile);
    let mut stamper = Stamper::new(*clock);
    let mut buffer = vec![0; READ_BYTES];
    let lost = loop {
        let deadline = framer.deadline();
        let outcome = tokio::select! {
            () = stop.cancelled() => return None,
            outcome = port.read(&mut buffer) => Some(outcome),
            () = reached(clock, deadline) => None,
        };
        match outcome {
            Some(Ok(0)) => break "end of file: the device went away".to_owned(),
            Some(Ok(n)) => framer.push(buffer.get(..n).unwrap_or_default(), clock.mono()),
            Some(Err(error)) => break error.to_string(),
            None => framer.tick(clock.mono()),
        }
        while let Some(framed) = framer.next_frame() {
            let frame = frame(serial, stamper.stamp(), framed);
            if inputs.send(frame).await.is_err() {
                return None; // core gone: shutting down
            }
        }
    };
    while let Some(framed) = framer.finish() {
        let frame = frame(serial, stamper.stamp(), framed);
        if inputs.send(frame).await.is_err() {
            return None; // core gone: shutting down
        }
    }
    Some(lost)
}

/// Waits until `deadline`, or for ever without one.
async fn reached(clock: &Clock, deadline: Option<Mono>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(clock.instant_at(deadline)).await,
        None => std::future::pending().await,
    }
}

fn frame(serial: &Serial, received: Received, framed: Framed) -> Input {
    Input::Frame(Frame {
        source: SourceId::Instrument(serial.index),
        received,
        framed,
        topic: None,
        delivery: Delivery::default(),
        unguarded: false,
        ack: None,
    })
}

/// Reports the link; `false` when nobody listens any more.
async fn tell(serial: &Serial, clock: &Clock, inputs: &Inputs, up: bool, detail: String) -> bool {
    let change = LinkChange {
        source: SourceId::Instrument(serial.index),
        received: clock.now(),
        up,
        detail,
    };
    inputs.send(Input::Link(change)).await.is_ok()
}
