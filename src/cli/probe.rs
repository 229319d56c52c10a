//! `pantau probe`: what an instrument says, live, byte by byte.
//!
//! It reads as the daemon would, with the profile's dialogue, and never sends
//! what changes the instrument.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::explain::{Span, explain, hex, verdict};
use super::output::{Out, complain, format_or_default, table};
use super::profile::registry;
use super::{Args, Format, duration, runtime, start_log_for};
use crate::clock::Clock;
use crate::decode::Decoder;
use crate::dialogue::Permit;
use crate::exchange::Outcome;
use crate::profile::{Profile, SerialLine, Transport};
use crate::reading::InstrumentId;
use crate::recording::Player;
use crate::source::capture::Captured;
use crate::source::line::Line;
use crate::source::serial::Serial;
use crate::source::tcp::{Peer, Tcp};
use crate::source::{Frame, Input, LinkChange, serial, tcp};

/// Frames that may wait to be printed; then the line is not read.
const WAITING: usize = 64;
/// How long the exit script may take after the last frame.
const EXIT: Duration = Duration::from_secs(3);

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// The port, or `tcp:HOST:PORT`.
    port: String,
    /// Id of the profile.
    #[arg(long, value_name = "ID")]
    profile: String,
    /// Stop after this time, for example 30s; default: never.
    #[arg(long = "for", value_name = "DUR", value_parser = duration)]
    length: Option<Duration>,
    /// Stop after so many frames.
    #[arg(long, value_name = "N")]
    frames: Option<u64>,
    /// Bits per second; default the profile's.
    #[arg(long, value_name = "N")]
    baud: Option<u32>,
    /// Explain each frame byte by byte, and not only the first good one.
    #[arg(long)]
    explain: bool,
    /// How to print.
    #[arg(long)]
    format: Option<Format>,
    /// A directory with further profiles.
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
}

pub(super) fn probe(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let registry = registry(args, options.profiles.as_deref())?;
    let profile = Arc::clone(registry.get(&options.profile)?);
    let port = port(options, &profile)?;
    let _log = start_log_for(args, None)?;
    runtime()?.block_on(watch(options, profile, port))
}

/// What to listen to.
enum Port {
    Serial(PathBuf, SerialLine),
    Tcp(String),
}

fn port(options: &Options, profile: &Profile) -> anyhow::Result<Port> {
    if let Some(address) = options.port.strip_prefix("tcp:") {
        return Ok(Port::Tcp(address.to_owned()));
    }
    match &profile.transport {
        Transport::Serial(line) => {
            let baud = options.baud.unwrap_or(line.baud);
            let line = SerialLine { baud, ..*line };
            Ok(Port::Serial(PathBuf::from(&options.port), line))
        }
        other => anyhow::bail!(
            "the profile `{}` is of an instrument on {}, not on a serial port",
            profile.id,
            other.as_str()
        ),
    }
}

async fn watch(options: &Options, profile: Arc<Profile>, port: Port) -> anyhow::Result<ExitCode> {
    let clock = Clock::start();
    let stop = CancellationToken::new();
    let (inputs, mut heard) = mpsc::channel(WAITING);
    let line = Line {
        index: 0,
        instrument: InstrumentId::new("probe").expect("five letters name an instrument"),
        profile: Arc::clone(&profile),
        permit: Permit::default(),
    };
    let mut task = match port {
        Port::Serial(port, settings) => {
            let serial = Serial {
                line,
                port,
                usb_serial: None,
                settings,
            };
            tokio::spawn(serial::run(serial, clock, inputs, stop.clone()))
        }
        Port::Tcp(address) => {
            let peer = Peer::Connect(address);
            tokio::spawn(tcp::run(Tcp { line, peer }, clock, inputs, stop.clone()))
        }
    };
    let end = options.length.map(|length| Instant::now() + length);
    let mut screen = Screen::new(options, profile);
    loop {
        let next = tokio::select! {
            next = async {
                match end {
                    Some(end) => timeout_at(end, heard.recv()).await.ok().flatten(),
                    None => heard.recv().await,
                }
            } => next,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                None
            }
        };
        match next {
            Some(Input::Frame(frame)) => screen.frame(frame)?,
            Some(Input::Link(change)) => screen.link(&change)?,
            None => break,
        }
        if options.frames.is_some_and(|most| screen.frames >= most) {
            break;
        }
    }
    stop.cancel();
    // The source says the exit script; what it still delivers is not shown.
    heard.close();
    if tokio::time::timeout(EXIT, &mut task).await.is_err() {
        task.abort();
    }
    let code = screen.code();
    screen.out.finish()?;
    Ok(code)
}

/// What is printed.
struct Screen {
    out: Out,
    format: Format,
    explains_all: bool,
    has_explained: bool,
    decoder: Decoder,
    player: Player,
    frames: u64,
    readings: u64,
}

/// One frame, as printed for programs.
#[derive(Serialize)]
struct Probed {
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    hex: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
    bytes: Vec<Span>,
    outcomes: Vec<Outcome>,
}

impl Screen {
    fn new(options: &Options, profile: Arc<Profile>) -> Self {
        Self {
            out: Out::new(),
            format: format_or_default(options.format),
            explains_all: options.explain,
            has_explained: false,
            decoder: Decoder::new(Arc::clone(&profile)),
            player: Player::new(profile),
            frames: 0,
            readings: 0,
        }
    }

    fn link(&mut self, change: &LinkChange) -> anyhow::Result<()> {
        match self.format {
            Format::Table => self.out.line(&format!("— {}", change.detail))?,
            Format::Ndjson => complain(&change.detail),
        }
        self.out.flush()
    }

    fn frame(&mut self, frame: Frame) -> anyhow::Result<()> {
        self.frames += 1;
        let bytes = frame.framed.bytes().clone();
        let label = frame.topic.as_deref().map(str::to_owned);
        let captured = Captured {
            framed: frame.framed,
            topic: label.clone(),
            retained: false,
            at: Some(frame.received.wall),
        };
        let outcomes = self.player.records(&captured, frame.received.wall);
        let is_reading = outcomes.iter().any(|o| matches!(o, Outcome::Reading(_)));
        self.readings += u64::from(is_reading);
        let is_explained = self.explains_all || is_reading && !self.has_explained;
        self.has_explained |= is_reading;
        let spans = if is_explained {
            explain(&self.decoder, &bytes, label.as_deref())
        } else {
            Vec::new()
        };
        let probed = Probed {
            received_at: frame.received.wall.to_string(),
            label,
            hex: hex(&bytes),
            text: bytes.escape_ascii().to_string(),
            checksum: verdict(&self.decoder, &bytes),
            bytes: spans,
            outcomes,
        };
        match self.format {
            Format::Ndjson => self.out.json(&probed)?,
            Format::Table => self.show(&probed)?,
        }
        self.out.flush()
    }

    fn show(&mut self, probed: &Probed) -> anyhow::Result<()> {
        let label = probed.label.as_deref().unwrap_or("pushed");
        let out = &mut self.out;
        out.line(&format!("{}  {label}", probed.received_at))?;
        out.line(&format!("  hex       {}", probed.hex))?;
        out.line(&format!("  text      {}", probed.text))?;
        if let Some(checksum) = &probed.checksum {
            out.line(&format!("  checksum  {checksum}"))?;
        }
        if !probed.bytes.is_empty() {
            out.text(&spans_table(&probed.bytes))?;
        }
        for outcome in &probed.outcomes {
            out.line(&format!("  {}", serde_json::to_string(outcome)?))?;
        }
        Ok(())
    }

    /// Failed when nothing could be read.
    fn code(&self) -> ExitCode {
        if self.readings > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// The explanation as a table.
pub(super) fn spans_table(spans: &[Span]) -> String {
    let head = ["  AT", "WHAT", "VALUE", "TEXT", "HEX"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(spans.iter().map(|span| {
        vec![
            format!("  {}", span.at),
            span.what.clone(),
            span.value.clone().unwrap_or_default(),
            span.text.clone(),
            span.hex.clone(),
        ]
    }));
    table(&rows)
}
