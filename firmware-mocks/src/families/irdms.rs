//! An IRDMS station in pantau's own station format (interface, section 5): JSON each
//! 10 s with boot and sequence numbers, QoS 1.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, MessageId, Moment, Station};
use crate::geo::Position;

/// The family's verb.
pub const NAME: &str = "irdms";

/// How this station is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the station, a level of its topic
    #[arg(long, default_value = "serpong-1")]
    pub station: String,
    /// Power-ups so far
    #[arg(long, default_value_t = 1)]
    pub boot: u64,
    /// Sends its position with each reading
    #[arg(long)]
    pub position: bool,
    /// Altitude it reports with the position
    #[arg(long, value_name = "METRES", default_value_t = 50.0)]
    pub altitude_m: f64,
    /// Also counts alpha, with this background
    #[arg(long, value_name = "CPS")]
    pub alpha_cps: Option<f64>,
    /// Also counts beta, with this background
    #[arg(long, value_name = "CPS")]
    pub beta_cps: Option<f64>,
    /// A word for the status list, such as `rain`; may be repeated
    #[arg(long, value_name = "WORD")]
    pub status: Vec<String>,
    /// Scenario seconds between readings
    #[arg(long, value_name = "SECONDS", default_value_t = SECONDS,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
}

/// One message's contents; what is `None` is left out.
#[derive(Clone, Debug)]
pub struct Reading<'a> {
    /// Which message of which power-up.
    pub id: MessageId,
    /// RFC 3339, UTC.
    pub measured_at: String,
    /// µSv/h, and the counts and seconds it comes from.
    pub dose_rate: (f64, u64, u32),
    /// Counts per second.
    pub alpha_cps: Option<f64>,
    /// Counts per second.
    pub beta_cps: Option<f64>,
    /// Where the station is, and its altitude in metres.
    pub position: Option<(Position, f64)>,
    /// Left out when empty.
    pub status: Vec<&'a str>,
}

/// A station, as it runs.
#[derive(Debug)]
pub struct Irdms {
    options: Options,
    client_id: String,
    gamma: Detector,
    alpha: Detector,
    beta: Detector,
    boot: u64,
    seq: u64,
    counts: Counts,
}

/// Counts of the last interval.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    gamma: u64,
    alpha: Option<u64>,
    beta: Option<u64>,
}

/// The detector behind the interface's sample: 41 counts in 10 s are 0.112 µSv/h.
const CPS_PER_USV_H: f64 = 36.6;

const SECONDS: u32 = 10;

/// Keep the detectors of one station apart.
const ALPHA: u64 = 0xA1 << 32;
const BETA: u64 = 0xBE << 32;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The station with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(Irdms {
            client_id: format!("irdms-{}", self.station),
            boot: self.boot,
            options: self,
            gamma: Detector::new(seed),
            alpha: Detector::new(seed ^ ALPHA),
            beta: Detector::new(seed ^ BETA),
            seq: 0,
            counts: Counts::default(),
        })
    }

    /// The length of an interval; zero, which the command line refuses, counts as
    /// one second.
    fn interval_secs(&self) -> u32 {
        self.seconds.max(1)
    }
}

impl Reading<'_> {
    /// The JSON text; values are rounded to 6 decimals.
    pub fn json(&self) -> String {
        let (value, counts, seconds) = self.dose_rate;
        let mut reading = json!({
            "seq": self.id.seq,
            "boot": self.id.boot,
            "measured_at": self.measured_at,
            "dose_rate": {
                "value": rounded(value),
                "unit": "uSv/h",
                "counts": counts,
                "seconds": seconds,
            },
        });
        for (key, cps) in [("alpha", self.alpha_cps), ("beta", self.beta_cps)] {
            if let Some(cps) = cps {
                reading[key] = json!({"value": rounded(cps), "unit": "cps"});
            }
        }
        if let Some((position, alt_m)) = self.position {
            reading["position"] = json!({
                "lat": rounded(position.lat),
                "lon": rounded(position.lon),
                "alt_m": rounded(alt_m),
            });
        }
        if !self.status.is_empty() {
            reading["status"] = Value::from(self.status.clone());
        }
        reading.to_string()
    }
}

impl Irdms {
    fn count(&mut self, moment: &Moment) {
        let seconds = f64::from(self.options.interval_secs());
        let counts = |detector: &mut Detector, cps| detector.counts(cps * seconds, moment);
        let gamma_cps = moment.dose_rate_usv_h * CPS_PER_USV_H;
        self.counts = Counts {
            gamma: counts(&mut self.gamma, gamma_cps),
            alpha: self
                .options
                .alpha_cps
                .map(|cps| counts(&mut self.alpha, cps)),
            beta: self.options.beta_cps.map(|cps| counts(&mut self.beta, cps)),
        };
    }

    /// The words of the options; the value beside `overload` is what it still counts.
    fn status(&self, moment: &Moment) -> Vec<&str> {
        let mut status: Vec<&str> = self.options.status.iter().map(String::as_str).collect();
        if moment.overload {
            status.push("overload");
        }
        status
    }

    fn reading(&self, moment: &Moment) -> Reading<'_> {
        let seconds = self.options.interval_secs();
        let per_second = |counts: u64| counts as f64 / f64::from(seconds);
        let Counts { gamma, alpha, beta } = self.counts;
        Reading {
            id: MessageId {
                boot: self.boot,
                seq: self.seq,
            },
            measured_at: format!("{:.3}", moment.clock),
            dose_rate: (per_second(gamma) / CPS_PER_USV_H, gamma, seconds),
            alpha_cps: alpha.map(per_second),
            beta_cps: beta.map(per_second),
            position: self
                .options
                .position
                .then_some((moment.position, self.options.altitude_m)),
            status: self.status(moment),
        }
    }
}

impl Station for Irdms {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.client_id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            overload: true,
            values: &["value"],
            units: &["unit"],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.options.interval_secs()))
    }

    fn last_will(&self) -> Option<Message> {
        None
    }

    fn greeting(&self) -> Vec<Message> {
        Vec::new()
    }

    fn power_up(&mut self) {
        self.boot = self.boot.saturating_add(1);
        self.seq = 0;
        self.counts = Counts::default();
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            self.count(moment);
        }
        self.seq = self.seq.saturating_add(1);
        let reading = self.reading(moment);
        vec![Message {
            topic: format!("irdms/{}/reading", self.options.station),
            payload: reading.json().into_bytes(),
            acknowledged: true,
            retain: false,
            id: Some(reading.id),
        }]
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    fn parsed(message: &Message) -> Value {
        serde_json::from_slice(&message.payload).expect("JSON")
    }

    #[test]
    fn the_interfaces_sample_part_by_part() {
        let reading = Reading {
            id: MessageId { boot: 3, seq: 17 },
            measured_at: "2026-03-14T03:00:00Z".to_owned(),
            dose_rate: (0.112, 41, 10),
            alpha_cps: Some(0.1),
            beta_cps: Some(0.25),
            position: Some((
                Position {
                    lat: -6.35,
                    lon: 106.67,
                },
                52.0,
            )),
            status: vec!["rain"],
        };
        let expected = json!({
            "seq": 17, "boot": 3, "measured_at": "2026-03-14T03:00:00Z",
            "dose_rate": {"value": 0.112, "unit": "uSv/h", "counts": 41, "seconds": 10},
            "alpha": {"value": 0.1, "unit": "cps"},
            "beta": {"value": 0.25, "unit": "cps"},
            "position": {"lat": -6.35, "lon": 106.67, "alt_m": 52.0},
            "status": ["rain"],
        });
        let found: Value = serde_json::from_str(&reading.json()).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn optional_parts_are_left_out() {
        let mut station = Options::default().station(1);
        let message = station.tick(&test_moment(0.1)).remove(0);
        let reading = parsed(&message);
        let keys: Vec<&String> = reading.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["boot", "dose_rate", "measured_at", "seq"]);
        assert_eq!(message.topic, "irdms/serpong-1/reading");
        assert!(message.acknowledged && !message.retain);
    }

    #[test]
    fn the_value_follows_from_the_counts() {
        let mut station = Options::default().station(1);
        let reading = parsed(&station.tick(&test_moment(50.0)).remove(0));
        let dose_rate = &reading["dose_rate"];
        let counts = dose_rate["counts"].as_f64().unwrap();
        let value = dose_rate["value"].as_f64().unwrap();
        assert!((value - counts / 366.0).abs() < 1e-6, "{dose_rate}");
        assert!((value - 50.0).abs() < 2.0, "{dose_rate}");
    }

    #[test]
    fn messages_are_numbered_from_one_in_each_boot() {
        let mut station = Options::default().station(1);
        let mut id = || station.tick(&test_moment(0.1)).remove(0).id.unwrap();
        assert_eq!(id(), MessageId { boot: 1, seq: 1 });
        assert_eq!(id(), MessageId { boot: 1, seq: 2 });
        station.power_up();
        let id = station.tick(&test_moment(0.1)).remove(0).id.unwrap();
        assert_eq!(id, MessageId { boot: 2, seq: 1 });
    }

    #[test]
    fn the_time_is_utc_with_milliseconds() {
        let mut station = Options::default().station(1);
        let reading = parsed(&station.tick(&test_moment(0.1)).remove(0));
        assert_eq!(reading["measured_at"], "2026-03-14T03:00:00.000Z");
    }
}
