//! RadiaCode behind its MQTT bridge (catalogue section 23c): JSON each second.

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "radiacode-mqtt";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the bridge, a level of its topics
    #[arg(long, default_value = "rc-102")]
    pub id: String,
    /// Counts per second in 1 µSv/h; by default 200 in 5 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 40.0)]
    pub cps_per_usv_h: f64,
}

/// The bridge, as it runs.
#[derive(Debug)]
pub struct RadiacodeMqtt {
    options: Options,
    detector: Detector,
    cps: u64,
    usv_h: f64,
    dose_usv: f64,
}

/// The detector's own unit is rem/h: 1 µSv/h is 1e-4 of it.
const REM_PER_USV: f64 = 1e-4;

/// What the bridge multiplies it with when set to `micro`: µrem/h, although it says µSv/h.
const MICRO: f64 = 1e6;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(RadiacodeMqtt {
            options: self,
            detector: Detector::new(seed),
            cps: 0,
            usv_h: 0.0,
            dose_usv: 0.0,
        })
    }
}

impl RadiacodeMqtt {
    fn state(&self, moment: &Moment) -> Value {
        let cps = self.cps as f64;
        let error = if self.cps > 0 {
            rounded(100.0 / cps.sqrt())
        } else {
            100.0
        };
        let rem_h = self.usv_h * REM_PER_USV;
        let mut state = Map::new();
        state.insert("ts".to_owned(), json!(moment.clock.as_second()));
        state.insert("dose_rate".to_owned(), json!(rounded(rem_h * MICRO)));
        state.insert("cps".to_owned(), json!(cps));
        state.insert("count_rate_err".to_owned(), json!(error));
        state.insert("dose_rate_err".to_owned(), json!(error));
        state.insert("flags".to_owned(), json!(0));
        state.insert("dose_total".to_owned(), json!(rounded(self.dose_usv)));
        state.insert("dose_total_unit".to_owned(), json!("uSv"));
        let raw = json!({"dose_rate": rem_h, "count_rate": cps});
        state.insert("raw".to_owned(), raw);
        Value::Object(state)
    }

    fn message(&self, leaf: &str, payload: String, retain: bool) -> Message {
        Message {
            topic: format!("radiacode/{}/{leaf}", self.options.id),
            payload: payload.into_bytes(),
            acknowledged: false,
            retain,
            id: None,
        }
    }
}

impl Station for RadiacodeMqtt {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.options.id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            values: &["dose_rate", "cps", "count_rate", "dose_total"],
            units: &["dose_total_unit"],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn last_will(&self) -> Option<Message> {
        Some(self.message("availability", "offline".to_owned(), true))
    }

    fn greeting(&self) -> Vec<Message> {
        vec![self.message("availability", "online".to_owned(), true)]
    }

    /// The bridge starts again, not the detector, which keeps its dose.
    fn power_up(&mut self) {
        self.usv_h = 0.0;
        self.cps = 0;
    }

    /// The sheet names the heartbeat's topic and not its contents; here it is the time.
    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            self.usv_h = moment.dose_rate_usv_h;
            self.dose_usv += self.usv_h / 3600.0;
            let expected = self.usv_h * self.options.cps_per_usv_h;
            self.cps = self.detector.counts(expected, moment);
        }
        let beat = moment.clock.as_second().to_string();
        vec![
            self.message("state", self.state(moment).to_string(), false),
            self.message("heartbeat", beat, false),
        ]
    }
}

/// To six decimals, far below what the detector knows.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_raw_values_are_the_catalogues() {
        let mut unit = Options::default().station(1);
        let moment = Moment {
            steady: true,
            ..test_moment(5.0)
        };
        let messages = unit.tick(&moment);
        assert_eq!(messages[0].topic, "radiacode/rc-102/state");
        assert_eq!(messages[1].topic, "radiacode/rc-102/heartbeat");
        let state: Value = serde_json::from_slice(&messages[0].payload).unwrap();
        let raw = &state["raw"];
        let rem_h = raw["dose_rate"].as_f64().unwrap();
        assert!((rem_h - 0.0005).abs() < 1e-12, "{raw}");
        assert_eq!(raw["count_rate"], 200.0);
        assert_eq!(state["dose_rate"], 500.0, "µrem/h under the name of µSv/h");
        assert_eq!(state["ts"], 1_773_457_200);
        assert_eq!(state["cps"], 200.0);
        let keys: Vec<&String> = state.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 9, "{keys:?}");
    }

    #[test]
    fn availability_is_retained() {
        let unit = Options::default().station(1);
        let will = unit.last_will().unwrap();
        assert_eq!(will.topic, "radiacode/rc-102/availability");
        assert_eq!((&will.payload[..], will.retain), (&b"offline"[..], true));
        assert_eq!(unit.greeting()[0].payload, b"online");
    }
}
