//! `pantau demo`: the main job with no server and no hardware.
//!
//! It starts an MQTT broker and mock instruments in this process, writes a
//! configuration for them, and runs the same daemon as `pantau run` on it. The
//! node is marked as an exercise; nothing else tells the daemon that it is one.

mod broker;
mod screen;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args as ClapArgs;
use firmware_mocks::families::{bgeigie, irdms, mightyohm};
use firmware_mocks::mock::{Mock, MockHandle};
use firmware_mocks::mqtt::Broker;
use firmware_mocks::scenario::{MIGHTYOHM, MOBILE, Place, STATIONS, Scenario};
use tokio::sync::broadcast::error::RecvError;

use super::{Args, duration, runtime, start_log_for};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::pipeline::{Books, Command, Daemon};
use screen::Screen;

/// The story's length at its own pace.
const STORY: Duration = Duration::from_secs(300);

/// How long the demo takes unless told otherwise.
const LENGTH: Duration = Duration::from_secs(60);

/// How often the instruments' values are shown, as shares of the demo.
const LOOKS: u32 = 10;

/// Shortest time between two looks.
const SHORTEST_LOOK: Duration = Duration::from_secs(2);

/// Names of the fixed stations, in the order of [`STATIONS`].
const STATION_NAMES: [&str; 3] = ["serpong-1", "serpong-2", "serpong-3"];

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// How long it takes, for example 30s, 2m; default 60s.
    #[arg(long = "for", value_name = "DUR", value_parser = duration)]
    length: Option<Duration>,
    /// Time in the story runs so many times faster than the clock; default: the
    /// whole story (5 min) fits into the demo.
    #[arg(long, value_name = "N", value_parser = speed)]
    speed: Option<f64>,
    /// Keep store and journal here; default a temporary folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Random numbers of the mock instruments begin here.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.01..=100.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.01 to 100".to_owned()),
    }
}

pub(super) fn demo(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let _log = start_log_for(args, None)?;
    let temporary = tempfile::tempdir()?;
    let folder = options
        .data
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    let outcome = runtime()?.block_on(play(options, &folder));
    temporary.close()?;
    outcome
}

async fn play(options: &Options, folder: &Path) -> anyhow::Result<ExitCode> {
    let told_in = match options.speed {
        Some(speed) => STORY.div_f64(speed),
        None => options.length.unwrap_or(LENGTH),
    };
    let length = options.length.unwrap_or(told_in);
    let scenario = Scenario::demo(told_in);
    let broker = broker::start()?;
    let (mocks, ports) = start_mocks(&scenario, &broker, options.seed)?;
    let config = configure(folder, &scenario, &broker, &ports)?;
    let mut screen = Screen::new(config.node.zone);
    let clock = Clock::start();
    let daemon = Daemon::start(config, clock).await?;
    screen.opening(length, daemon.http, &ports)?;

    watch(&daemon, length, &mut screen).await?;

    for mock in mocks {
        mock.stop().await?;
    }
    let mut stopping = daemon.stop().await;
    let books = stopping
        .books()
        .await
        .context("the core ended before its books")?;
    stopping.finish().await;
    screen.books(&books)?;
    Ok(verdict(&books))
}

fn verdict(books: &Books) -> ExitCode {
    if books.total.balanced && books.total.waiting == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Shows events as they are told, and the instruments now and then.
async fn watch(daemon: &Daemon, length: Duration, screen: &mut Screen) -> anyhow::Result<()> {
    let mut events = daemon.events();
    let end = tokio::time::sleep(length);
    tokio::pin!(end);
    let mut looks = tokio::time::interval((length / LOOKS).max(SHORTEST_LOOK));
    looks.tick().await;
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            () = &mut end => return Ok(()),
            _ = &mut interrupted => return Ok(()),
            event = events.recv() => match event {
                Ok(event) => screen.event(&event)?,
                Err(RecvError::Lagged(missed)) => screen.note(&format!("({missed} events not shown)"))?,
                Err(RecvError::Closed) => return Ok(()),
            },
            _ = looks.tick() => {
                let instruments = daemon.core.ask(Command::Instruments).await?;
                screen.instruments(&instruments)?;
            }
        }
    }
}

/// Ports of the serial mocks.
#[derive(Debug)]
struct Ports {
    bgeigie: PathBuf,
    mightyohm: PathBuf,
}

fn start_mocks(
    scenario: &Scenario,
    broker: &Broker,
    seed: u64,
) -> anyhow::Result<(Vec<MockHandle>, Ports)> {
    let place = |name: &str| -> anyhow::Result<Place> {
        let place = scenario.places.get(name);
        place
            .cloned()
            .with_context(|| format!("the story has no place `{name}`"))
    };
    let mobile = Mock::serial(bgeigie::Options::default().firmware(seed))
        .at(place(MOBILE)?)
        .spawn(scenario)?;
    let fixed = Mock::serial(mightyohm::Options::default().firmware(seed + 1))
        .at(place(MIGHTYOHM)?)
        .spawn(scenario)?;
    let ports = Ports {
        bgeigie: mobile.port().context("the bGeigie is not plugged in")?,
        mightyohm: fixed.port().context("the MightyOhm is not plugged in")?,
    };
    let mut mocks = vec![mobile, fixed];
    for ((name, at), seed) in STATION_NAMES.into_iter().zip(STATIONS).zip(seed + 2..) {
        let station = irdms::Options {
            station: name.to_owned(),
            ..irdms::Options::default()
        };
        let mock = Mock::mqtt(station.station(seed), broker.clone());
        mocks.push(mock.at(place(at)?).spawn(scenario)?);
    }
    Ok((mocks, ports))
}

/// Writes the configuration and reads it as `pantau run` would.
fn configure(
    folder: &Path,
    scenario: &Scenario,
    broker: &Broker,
    ports: &Ports,
) -> anyhow::Result<Config> {
    let mut text = format!(
        r#"# Written by `pantau demo`.
[node]
name = "demo"
exercise = true
data_dir = "data"

[broker]
url = "mqtt://{}:{}"

[http]
listen = "127.0.0.1:0"

[[instrument]]
id = "team-1"
profile = "safecast-bgeigie"
serial.port = "{}"
source = "mobile"
geometry.distance_m = 1.0
background = {{ dose_rate_usv_h = 0.1 }}

[[instrument]]
id = "window"
profile = "mightyohm"
serial.port = "{}"
site = "office"
source = "irdms"
background = {{ dose_rate_usv_h = 0.1 }}
"#,
        broker.host,
        broker.port,
        ports.bgeigie.display(),
        ports.mightyohm.display(),
    );
    let mut site = |id: &str, name: &str, place: Option<&Place>| {
        if let Some(Place::Fixed(at)) = place {
            text.push_str(&format!(
                "\n[[site]]\nid = \"{id}\"\nname = \"{name}\"\nposition = {{ lat = {:.6}, lon = {:.6} }}\n",
                at.lat, at.lon
            ));
        }
    };
    site(
        "office",
        "Serpong, office window",
        scenario.places.get(MIGHTYOHM),
    );
    for (name, at) in STATION_NAMES.into_iter().zip(STATIONS) {
        site(name, &format!("IRDMS {name}"), scenario.places.get(at));
    }
    for name in STATION_NAMES {
        text.push_str(&format!(
            "\n[[instrument]]\nid = \"{name}\"\nprofile = \"pantau-station\"\nsite = \"{name}\"\n\
             background = {{ dose_rate_usv_h = 0.1 }}\n"
        ));
    }
    std::fs::create_dir_all(folder)?;
    let path = folder.join("pantau.toml");
    std::fs::write(&path, text)?;
    Ok(config::load(Some(&path), std::iter::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        for bad in ["30", "s", "30x", "0s", "100h", "-5s", "NaNs"] {
            assert!(duration(bad).is_err(), "`{bad}` passed");
        }
    }
}
