//! The arguments that all mocks share: field, place, time and faults.

use std::time::Duration;

use clap::Args;
use firmware_mocks::faults::{Faults, Timed};
use firmware_mocks::geo::Position;
use firmware_mocks::scenario::{
    DEMO_SOURCE, Place, Route, Scenario, Source, Speed, Waypoint, World as Field,
};

/// Field, place, time and faults.
#[derive(Args, Debug)]
#[command(next_help_heading = "World")]
pub(crate) struct World {
    /// Counts follow from this number
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Stop after this time; by default at the demo's end, or never
    #[arg(long = "for", value_name = "SECONDS", value_parser = seconds)]
    stop_after: Option<Duration>,
    /// Counts without chance: as many as the field lets expect
    #[arg(long)]
    pub(crate) steady: bool,
    /// What goes wrong: KIND[=VALUE][@FROM[..UNTIL]], in seconds; may be repeated.
    /// Kinds: silence, rubbish, cut, bad-checksum, glued, slow, frozen, collapse,
    /// overload, clock, flood, reboot, unplug; for a broker also duplicate, retained,
    /// null, unit
    #[arg(long = "fault", value_name = "FAULT", allow_hyphen_values = true)]
    faults: Vec<Timed>,
    /// The ready demonstration, told in this time, from its place for this family
    #[arg(long, value_name = "SECONDS", value_parser = seconds,
          conflicts_with_all = ["speed", "background", "sources", "at", "waypoints"])]
    demo: Option<Duration>,
    /// Scenario seconds in a second
    #[arg(long, default_value = "1", value_name = "FACTOR")]
    speed: Speed,
    /// Natural dose rate
    #[arg(long, default_value_t = 0.1, value_name = "USV_H")]
    background: f64,
    /// A hidden source and its dose rate at 1 m; may be repeated
    #[arg(long = "source", value_name = "LAT,LON,USV_H", value_parser = source,
          allow_hyphen_values = true)]
    sources: Vec<Source>,
    /// Where the instrument stands
    #[arg(
        long,
        value_name = "LAT,LON",
        allow_hyphen_values = true,
        conflicts_with = "waypoints"
    )]
    at: Option<Position>,
    /// A point of its drive, with the seconds it stops there; repeat for each
    #[arg(long = "waypoint", value_name = "LAT,LON[:STOP]", value_parser = waypoint,
          allow_hyphen_values = true)]
    waypoints: Vec<Waypoint>,
    /// How fast it drives
    #[arg(long, default_value_t = 30.0, value_name = "KM_H")]
    kmh: f64,
}

impl World {
    /// What goes wrong.
    pub(crate) fn faults(&self) -> Faults {
        self.faults.iter().copied().collect()
    }

    /// How long to run; `None` for ever.
    pub(crate) fn duration(&self) -> Option<Duration> {
        self.stop_after.or(self.demo)
    }

    /// The scenario and the instrument's place in it, which is `home` in the demo.
    pub(crate) fn scenario(&self, home: &'static str) -> anyhow::Result<(Scenario, Place)> {
        if let Some(duration) = self.demo {
            let scenario = Scenario::demo(duration);
            let place = scenario.places.get(home).cloned();
            let place = place.ok_or_else(|| anyhow::anyhow!("the demo has no place `{home}`"))?;
            return Ok((scenario, place));
        }
        let scenario = Scenario {
            world: Field {
                background_usv_h: self.background,
                sources: self.sources.clone(),
            },
            speed: self.speed,
            ..Scenario::quiet(self.background)
        };
        let place = if self.waypoints.is_empty() {
            Place::Fixed(self.at.unwrap_or(DEMO_SOURCE))
        } else {
            Place::Drive(Route::new(&self.waypoints, self.kmh / 3.6)?)
        };
        Ok((scenario, place))
    }

    /// As [`World::scenario`], for a recording, which is written in no time.
    pub(crate) fn recorded(&self, home: &'static str) -> anyhow::Result<(Scenario, Place)> {
        if self.demo.is_some() || self.speed != Speed::WALL {
            anyhow::bail!("a recording takes no time: `--demo` and `--speed` are not for it");
        }
        self.scenario(home)
    }
}

/// Reads seconds, also with a fraction.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.trim().parse().map_err(|_| not_seconds(text))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| not_seconds(text))
}

fn not_seconds(text: &str) -> String {
    format!("expected seconds, found `{text}`")
}

fn source(text: &str) -> Result<Source, String> {
    let wrong =
        || format!("expected `LAT,LON,USV_H` with a dose rate of 0 or more, found `{text}`");
    let (position, strength) = text.rsplit_once(',').ok_or_else(wrong)?;
    let usv_h_at_1m: f64 = strength.trim().parse().map_err(|_| wrong())?;
    if !usv_h_at_1m.is_finite() || usv_h_at_1m < 0.0 {
        return Err(wrong());
    }
    Ok(Source {
        position: position.parse().map_err(|_| wrong())?,
        usv_h_at_1m,
        profile: None,
    })
}

fn waypoint(text: &str) -> Result<Waypoint, String> {
    let (position, stop) = match text.split_once(':') {
        Some((position, stop)) => (position, seconds(stop)?),
        None => (text, Duration::ZERO),
    };
    let position = position
        .parse::<Position>()
        .map_err(|error| error.to_string())?;
    Ok(Waypoint { position, stop })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sources_and_waypoints() {
        let source = source("-6.35,106.67,400").unwrap();
        assert!((source.usv_h_at_1m - 400.0).abs() < 1e-9);
        assert!((source.position.lat + 6.35).abs() < 1e-9);
        let waypoint = waypoint("-6.35,106.67:90").unwrap();
        assert_eq!(waypoint.stop, Duration::from_secs(90));
    }

    #[test]
    fn refuses_what_is_neither() {
        for bad in ["", "1,2", "1,2,x", "1,2,-3", "1,2,NaN", "95,2,3"] {
            assert!(source(bad).is_err(), "{bad}");
        }
        for bad in ["", "1", "1,2:x", "1,2:-1"] {
            assert!(waypoint(bad).is_err(), "{bad}");
        }
    }
}
