//! A TCP connection that carries what a serial line would.
//!
//! Some instruments connect to us (`listen`), others and most serial servers
//! wait for us (`connect`). An instrument has one connection: a new one takes
//! the place of the old, because the far end would not have made it if the old
//! one still worked.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::ErrorKind;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::line::{Carrier, Ended, Line, Surroundings};
use super::{Backoff, Inputs};
use crate::clock::Clock;

/// Longest wait between attempts to connect or listen.
const MOST_WAIT: Duration = Duration::from_secs(5);
/// How long the far end may take to accept a connection.
const MOST_CONNECTING: Duration = Duration::from_secs(10);

/// One instrument behind a TCP connection.
#[derive(Clone, Debug)]
pub struct Tcp {
    /// The instrument.
    pub line: Line,
    /// Who connects to whom.
    pub peer: Peer,
}

/// Who connects to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The instrument connects to this address of ours.
    Listen(SocketAddr),
    /// We connect to this host and port.
    Connect(String),
}

/// Talks over the connection until told to stop.
pub async fn run(tcp: Tcp, clock: Clock, inputs: Inputs, stop: CancellationToken) {
    let around = Surroundings {
        clock,
        inputs,
        stop,
    };
    match &tcp.peer {
        Peer::Listen(address) => listen(&tcp.line, *address, &around).await,
        Peer::Connect(address) => connect(&tcp.line, address, &around).await,
    }
}

async fn listen(line: &Line, address: SocketAddr, around: &Surroundings) {
    let instrument = &line.instrument;
    let mut backoff = Backoff::new(MOST_WAIT);
    let mut is_said = false;
    let listener = loop {
        match TcpListener::bind(address).await {
            Ok(listener) => break listener,
            Err(error) => {
                if !is_said {
                    is_said = true;
                    warn!(%instrument, %address, %error, "Address cannot be listened on; trying again.");
                    if !line
                        .tell(around, false, format!("{address}: {error}"))
                        .await
                    {
                        return;
                    }
                }
            }
        }
        if !wait(&mut backoff, around).await {
            return;
        }
    };
    info!(%instrument, %address, "Waiting for the instrument to connect.");
    let mut next = accept(&listener, around).await;
    while let Some((mut stream, far)) = next {
        info!(%instrument, %far, "Instrument connected.");
        if !line
            .tell(around, true, format!("connected from {far}"))
            .await
        {
            return;
        }
        let (ended, newer) = tokio::select! {
            ended = line.converse(&mut stream, around) => (ended, None),
            newer = accept(&listener, around), if !around.stop.is_cancelled() => {
                (Ended::Lost("it connected anew".to_owned()), newer)
            }
        };
        let reason = match ended {
            Ended::Lost(reason) => reason,
            Ended::Stopped => return,
        };
        warn!(%instrument, %far, %reason, "Connection lost.");
        if !line.tell(around, false, reason).await {
            return;
        }
        next = match newer {
            Some(newer) => Some(newer),
            None => accept(&listener, around).await,
        };
    }
}

/// The next connection; `None` when told to stop.
async fn accept(listener: &TcpListener, around: &Surroundings) -> Option<(TcpStream, SocketAddr)> {
    let mut backoff = Backoff::new(MOST_WAIT);
    loop {
        tokio::select! {
            () = around.stop.cancelled() => return None,
            accepted = listener.accept() => if let Ok(accepted) = accepted {
                return Some(accepted);
            }
        }
        // Out of descriptors, or the far end changed its mind.
        if !wait(&mut backoff, around).await {
            return None;
        }
    }
}

async fn connect(line: &Line, address: &str, around: &Surroundings) {
    let instrument = &line.instrument;
    let mut backoff = Backoff::new(MOST_WAIT);
    let mut said: Option<String> = None;
    loop {
        let connected = tokio::select! {
            () = around.stop.cancelled() => return,
            connected = timeout(MOST_CONNECTING, TcpStream::connect(address)) => connected,
        };
        let connected = connected.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        match connected {
            Ok(mut stream) => {
                info!(%instrument, %address, "Connected.");
                backoff.reset();
                said = None;
                if !line
                    .tell(around, true, format!("connected to {address}"))
                    .await
                {
                    return;
                }
                let reason = match line.converse(&mut stream, around).await {
                    Ended::Lost(reason) => reason,
                    Ended::Stopped => return,
                };
                warn!(%instrument, %address, %reason, "Connection lost.");
                if !line.tell(around, false, reason).await {
                    return;
                }
            }
            Err(error) => {
                let error = error.to_string();
                if said.as_ref() != Some(&error) {
                    warn!(%instrument, %address, %error, "Cannot connect; trying again.");
                    let detail = format!("{address}: {error}");
                    if !line.tell(around, false, detail).await {
                        return;
                    }
                    said = Some(error);
                }
            }
        }
        if !wait(&mut backoff, around).await {
            return;
        }
    }
}

/// Waits before the next attempt; `false` when told to stop.
async fn wait(backoff: &mut Backoff, around: &Surroundings) -> bool {
    tokio::select! {
        () = around.stop.cancelled() => false,
        () = tokio::time::sleep(backoff.wait()) => true,
    }
}

impl Carrier for TcpStream {
    fn flush_input(&mut self) -> io::Result<()> {
        let mut buffer = [0; 512];
        loop {
            match self.try_read(&mut buffer) {
                // The end is found by the next read.
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
