//! A serial line: opened by its stable path, talked on until it is lost, opened
//! again.
//!
//! End of file means that the device went away, and so does any error; the
//! path may lead to another device when it comes back. Where the configuration
//! names the adapter's serial number, no other adapter is opened.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio_serial::{
    ClearBuffer, DataBits, FlowControl, Parity, SerialPort, SerialPortBuilderExt, SerialStream,
    StopBits,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::line::{Carrier, Ended, Line, Surroundings};
use super::ports::{self, WrongAdapter};
use super::{Backoff, Inputs};
use crate::clock::Clock;
use crate::error::Chain;
use crate::profile::SerialLine;

/// Longest wait between attempts to open a port.
const MOST_WAIT: Duration = Duration::from_secs(1);

/// One serial instrument.
#[derive(Clone, Debug)]
pub struct Serial {
    /// The instrument.
    pub line: Line,
    /// The port's stable path.
    pub port: PathBuf,
    /// Serial number of the USB adapter, where only that one will do.
    pub usb_serial: Option<String>,
    /// Settings of the line.
    pub settings: SerialLine,
}

/// Why a port was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system or the driver refused.
    #[error("failed to open `{}`", port.display())]
    Open {
        /// Which port.
        port: PathBuf,
        /// What it said.
        #[source]
        source: tokio_serial::Error,
    },
    /// Another adapter than the configured one.
    #[error(transparent)]
    WrongAdapter(#[from] WrongAdapter),
}

/// Talks on the line until told to stop.
pub async fn run(serial: Serial, clock: Clock, inputs: Inputs, stop: CancellationToken) {
    let around = Surroundings {
        clock,
        inputs,
        stop,
    };
    let instrument = &serial.line.instrument;
    let mut backoff = Backoff::new(MOST_WAIT);
    let mut said: Option<String> = None;
    loop {
        match serial.open() {
            Ok((mut port, path)) => {
                info!(%instrument, port = %path.display(), "Port opened.");
                backoff.reset();
                said = None;
                if !serial
                    .line
                    .tell(&around, true, "port opened".to_owned())
                    .await
                {
                    return;
                }
                if !serial.settle(&mut port, &around).await {
                    return;
                }
                let reason = match serial.line.converse(&mut port, &around).await {
                    Ended::Lost(reason) => reason,
                    Ended::Stopped => return,
                };
                warn!(%instrument, port = %path.display(), %reason, "Port lost.");
                if !serial.line.tell(&around, false, reason).await {
                    return;
                }
            }
            Err(error) => {
                let error = Chain(&error).to_string();
                // Again only when the reason is another one.
                if said.as_ref() != Some(&error) {
                    warn!(%instrument, port = %serial.port.display(), %error, "Port cannot be opened; trying again.");
                    if !serial.line.tell(&around, false, error.clone()).await {
                        return;
                    }
                    said = Some(error);
                }
            }
        }
        tokio::select! {
            () = around.stop.cancelled() => return,
            () = tokio::time::sleep(backoff.wait()) => {}
        }
    }
}

impl Serial {
    /// Opens the port, and says under which path.
    fn open(&self) -> Result<(SerialStream, PathBuf), OpenError> {
        let path = match &self.usb_serial {
            Some(number) => ports::find_adapter(&self.port, number)?,
            None => self.port.clone(),
        };
        match open(&path, &self.settings) {
            Ok(mut port) => {
                self.set_levels(&mut port);
                Ok((port, path))
            }
            Err(source) => Err(OpenError::Open { port: path, source }),
        }
    }

    /// Sets RTS and DTR, which power some cables.
    fn set_levels(&self, port: &mut SerialStream) {
        let rts = self
            .settings
            .rts
            .map(|level| port.write_request_to_send(level));
        let dtr = self
            .settings
            .dtr
            .map(|level| port.write_data_terminal_ready(level));
        for error in [rts, dtr].into_iter().flatten().filter_map(Result::err) {
            // A network box or a pseudo-terminal has no such lines, and may
            // still carry the bytes.
            let instrument = &self.line.instrument;
            warn!(%instrument, error = %Chain(&error), "RTS or DTR cannot be set.");
        }
    }

    /// Waits until the instrument has woken up; `false` when told to stop.
    async fn settle(&self, port: &mut SerialStream, around: &Surroundings) -> bool {
        let delay = self.settings.open_delay;
        if delay.is_zero() {
            return true;
        }
        tokio::select! {
            () = around.stop.cancelled() => return false,
            () = tokio::time::sleep(delay) => {}
        }
        if let Err(error) = port.flush_input() {
            // The conversation finds out by itself when the port is gone.
            let instrument = &self.line.instrument;
            warn!(%instrument, %error, "What came after opening cannot be dropped.");
        }
        true
    }
}

impl Carrier for SerialStream {
    fn flush_input(&mut self) -> io::Result<()> {
        Ok(self.clear(ClearBuffer::Input)?)
    }
}

/// Opens a port with these settings.
///
/// # Errors
///
/// What the system or the driver says.
pub fn open(port: &std::path::Path, line: &SerialLine) -> tokio_serial::Result<SerialStream> {
    tokio_serial::new(port.to_string_lossy(), line.baud)
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
