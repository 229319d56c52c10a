//! The command line: arguments, and what is printed.

mod verb;
mod world;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};
use firmware_mocks::families::FAMILIES;
use firmware_mocks::firmware::{Firmware, Station};
use firmware_mocks::mock::{self, Mock, MockHandle};
use firmware_mocks::mqtt::Broker;
use firmware_mocks::player;
use firmware_mocks::record::Recorder;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use verb::Verb;
use world::World;

/// Fake radiation instruments on pseudo-terminals, TCP and MQTT, and in recordings.
///
/// Prints the port to point a daemon at, then what happens, one JSON object a line.
#[derive(Debug, Parser)]
#[command(name = "firmware-mocks", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Args, Debug)]
struct Serial<F: Args> {
    #[command(flatten)]
    family: F,
    /// Keep this link pointing to the port
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    #[command(flatten)]
    world: World,
}

#[derive(Args, Debug)]
struct Tcp<F: Args> {
    #[command(flatten)]
    family: F,
    /// Where the daemon listens
    #[arg(long, value_name = "HOST:PORT")]
    connect: String,
    #[command(flatten)]
    world: World,
}

#[derive(Args, Debug)]
struct Server<F: Args> {
    #[command(flatten)]
    family: F,
    /// Where it listens; port 0 is any free one
    #[arg(long, default_value = "127.0.0.1:2947", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    #[command(flatten)]
    world: World,
}

#[derive(Args, Debug)]
struct Record<F: Args> {
    #[command(flatten)]
    family: F,
    /// Where the recording goes
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// As hexadecimal text, a piece a line
    #[arg(long)]
    hex: bool,
    #[command(flatten)]
    world: World,
}

#[derive(Args, Debug)]
struct Mqtt<F: Args> {
    #[command(flatten)]
    family: F,
    /// Where the broker listens
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "HOST:PORT", value_parser = broker)]
    broker: Broker,
    /// User name for the broker
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// File with the password, so that no process list shows it
    #[arg(long, value_name = "PATH", requires = "user")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    world: World,
}

#[derive(Args, Debug)]
struct Play {
    #[command(flatten)]
    options: player::Options,
    /// Tell of each line what became of it and when
    #[arg(long)]
    log: bool,
    /// Stop after this time
    #[arg(long = "for", value_name = "SECONDS", value_parser = world::seconds)]
    duration: Option<Duration>,
}

/// Events that wait to be printed. Full, the mock waits.
const EVENTS: usize = 256;

/// Runs what the arguments ask for, until it is done, the time is up, or SIGINT or
/// SIGTERM comes.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    arguments.verb.run().await
}

/// Prints an error with all its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    if writeln!(io::stderr().lock(), "firmware-mocks: {error:#}").is_err() {
        // Nobody reads it; the exit code still tells.
    }
}

impl<F: Args> Serial<F> {
    /// Runs what `build` makes of the options; `home` is its place in the demo.
    async fn run(
        self,
        build: fn(F, u64) -> Box<dyn Firmware>,
        home: &'static str,
    ) -> anyhow::Result<()> {
        let firmware = build(self.family, self.world.seed);
        run_mock(Mock::serial(firmware), self.link, self.world, home).await
    }
}

impl<F: Args> Tcp<F> {
    /// As [`Serial::run`], to the host.
    async fn run(
        self,
        build: fn(F, u64) -> Box<dyn Firmware>,
        home: &'static str,
    ) -> anyhow::Result<()> {
        let firmware = build(self.family, self.world.seed);
        run_mock(Mock::tcp(firmware, self.connect), None, self.world, home).await
    }
}

impl<F: Args> Server<F> {
    /// As [`Serial::run`], on a TCP address.
    async fn run(
        self,
        build: fn(F, u64) -> Box<dyn Firmware>,
        home: &'static str,
    ) -> anyhow::Result<()> {
        let firmware = build(self.family, self.world.seed);
        let mock = Mock::server(firmware, self.listen);
        run_mock(mock, None, self.world, home).await
    }
}

/// How long a recording is unless something else is said.
const RECORDING: Duration = Duration::from_secs(600);

impl<F: Args> Record<F> {
    /// As [`Serial::run`], into a file and without waiting; time ends now.
    fn run(self, build: fn(F, u64) -> Box<dyn Firmware>, home: &'static str) -> anyhow::Result<()> {
        let world = self.world;
        let (scenario, place) = world.recorded(home)?;
        let mut firmware = build(self.family, world.seed);
        let faults = world.faults();
        faults.check(firmware.family(), firmware.abilities())?;
        let length = world.duration().unwrap_or(RECORDING);
        let recorder = Recorder {
            scenario,
            place,
            faults,
            seed: world.seed,
            steady: world.steady,
            begin: Timestamp::now().checked_sub(length)?,
            length,
        };
        let pieces = recorder.record(firmware.as_mut());
        let bytes = if self.hex {
            hex(&pieces)
        } else {
            pieces.concat()
        };
        std::fs::write(&self.out, &bytes).map_err(|error| {
            anyhow::anyhow!("failed to write `{}`: {error}", self.out.display())
        })?;
        say(&json!({"event": "recorded", "file": self.out, "bytes": bytes.len()}))
    }
}

/// Each piece on a line of its own.
fn hex(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut text = String::new();
    for piece in pieces {
        for byte in piece {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
    }
    text.into_bytes()
}

impl<F: Args> Mqtt<F> {
    /// As [`Serial::run`], on the broker.
    async fn run(
        self,
        build: fn(F, u64) -> Box<dyn Station>,
        home: &'static str,
    ) -> anyhow::Result<()> {
        let broker = log_in(self.broker, self.user, self.password_file)?;
        let station = build(self.family, self.world.seed);
        run_mock(Mock::mqtt(station, broker), None, self.world, home).await
    }
}

fn list() -> anyhow::Result<()> {
    FAMILIES.iter().try_for_each(|family| {
        say(&json!({
            "family": family.name,
            "profile": family.profile,
            "transport": family.transport(),
            "about": family.about,
        }))
    })
}

/// Runs a mock; `home` is its place in the demo.
async fn run_mock(
    mock: Mock,
    link: Option<PathBuf>,
    world: World,
    home: &'static str,
) -> anyhow::Result<()> {
    let (to_us, mut events) = mpsc::channel(EVENTS);
    let (scenario, place) = world.scenario(home)?;
    let mut mock = mock
        .at(place)
        .seed(world.seed)
        .faults(world.faults())
        .events(to_us);
    if world.steady {
        mock = mock.steady();
    }
    if let Some(link) = link {
        mock = mock.link(link);
    }
    let handle = mock.spawn(&scenario)?;
    let mut end = std::pin::pin!(end(world.duration()));
    loop {
        tokio::select! {
            ended = &mut end => {
                ended?;
                break;
            }
            event = events.recv() => match event {
                Some(event) => say(&event.json())?,
                None => break, // the mock failed; `stop` tells why
            },
        }
    }
    say(&stopped(handle).await?)
}

async fn stopped(handle: MockHandle) -> Result<Value, mock::MockError> {
    let tally = handle.stop().await?;
    Ok(json!({
        "event": "stopped",
        "frames_sent": tally.line.frames_sent,
        "frames_unheard": tally.line.frames_unheard,
        "frames_dropped": tally.line.frames_dropped,
        "bytes_sent": tally.line.bytes_sent,
        "published": tally.published,
        "acknowledged": tally.acknowledged,
        "dropped": tally.dropped,
    }))
}

async fn play(args: Play) -> anyhow::Result<()> {
    let (to_us, mut events) = mpsc::channel(EVENTS);
    let mut player = args.options.spawn(to_us)?;
    let mut end = std::pin::pin!(end(args.duration));
    let mut is_done = false;
    let mut is_ending = false;
    loop {
        tokio::select! {
            ended = &mut end, if !is_ending => {
                ended?;
                is_ending = true;
                player.stop();
            }
            event = events.recv() => match event {
                Some(player::Event::Line(_)) if !args.log => {}
                Some(event) => {
                    is_done |= matches!(event, player::Event::Done(_));
                    say(&event.json())?;
                }
                None => break,
            },
        }
    }
    let played = player.finished().await?;
    if is_done {
        return Ok(());
    }
    say(&player::Event::Done(played).json())
}

/// Returns at SIGINT, at SIGTERM, or when the time is up.
async fn end(duration: Option<Duration>) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let time_is_up = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = time_is_up => {}
    }
    Ok(())
}

/// Prints one line and lets the reader have it at once.
fn say(value: &Value) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

fn broker(text: &str) -> Result<Broker, String> {
    let wrong = || format!("expected `HOST:PORT`, found `{text}`");
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    Ok(Broker {
        host: host.to_owned(),
        port: port.parse().map_err(|_| wrong())?,
        login: None,
    })
}

fn log_in(
    broker: Broker,
    user: Option<String>,
    password_file: Option<PathBuf>,
) -> anyhow::Result<Broker> {
    let (Some(user), Some(path)) = (user, password_file) else {
        return Ok(broker);
    };
    let password = std::fs::read_to_string(&path)
        .map_err(|error| anyhow::anyhow!("failed to read `{}`: {error}", path.display()))?;
    let login = Some((user, password.trim_end().to_owned()));
    Ok(Broker { login, ..broker })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_family_has_a_verb() {
        let command = Arguments::command();
        for family in FAMILIES {
            let verb = command.find_subcommand(family.name);
            assert!(verb.is_some(), "no verb `{}`", family.name);
        }
    }

    #[test]
    fn reads_what_the_help_promises() {
        for line in [
            "x bgeigie --link port --speed 5 --seed 3 --fault cut=2@1..5 --at -6.35,106.67",
            "x bgeigie --waypoint -6.35,106.67:5 --waypoint -6.36,106.67 --kmh 40",
            "x mightyohm --demo 60 --for 10",
            "x gpsd --listen [::1]:0 --hdop 1.5 --no-fix",
            "x irdms --broker [::1]:1884 --station a --position --status rain --seconds 2",
            "x play FILE --rate 50 --wait-open --loop --log",
            "x ludlum-375-xml --connect 127.0.0.1:9001 --fault unplug@5..9",
            "x se-monitor --out FILE --hex --for 60 --mode mr-h",
            "x uradmonitor --page --fault null@5 --fault duplicate=2 --fault retained --tube j305",
        ] {
            let read = Arguments::try_parse_from(line.split(' '));
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
        }
        for line in [
            "x mightyohm --demo 60 --speed 2",
            "x irdms --seconds 0",
            "x irdms --user me",
            "x play FILE --rate 0",
            "x ludlum-375-xml",
            "x se-monitor",
            "x radex-rd1212 --out FILE --minutes 7",
        ] {
            assert!(
                Arguments::try_parse_from(line.split(' ')).is_err(),
                "{line}"
            );
        }
    }

    #[tokio::test]
    async fn a_recording_is_written_and_takes_no_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("track.rctrk");
        let out = file.to_str().unwrap();
        let line = ["x", "radiacode-track", "--out", out, "--for", "30"];
        run(Arguments::try_parse_from(line).unwrap()).await.unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().count(), 2 + 30, "{text}");
        let line = ["x", "se-monitor", "--out", out, "--for", "2", "--hex"];
        run(Arguments::try_parse_from(line).unwrap()).await.unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let widths: Vec<usize> = text.lines().map(str::len).collect();
        assert_eq!(widths, [30, 30], "{text}");
        let line = ["x", "se-monitor", "--out", out, "--speed", "2"];
        assert!(run(Arguments::try_parse_from(line).unwrap()).await.is_err());
    }

    #[test]
    fn reads_brokers() {
        let read = broker("example.org:1883").unwrap();
        assert_eq!((read.host.as_str(), read.port), ("example.org", 1883));
        for bad in ["example.org", "x:port", ""] {
            assert!(broker(bad).is_err(), "{bad}");
        }
    }
}
