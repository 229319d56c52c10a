//! gm10d, a daemon for GM-10 detectors, over MQTT (catalogue section 23e): JSON each 10 s.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "gm10-mqtt";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the detector, a level of its topics
    #[arg(long, default_value = "roof")]
    pub id: String,
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 150.0)]
    pub cpm_per_usv_h: f64,
    /// The daemon has lost its serial port
    #[arg(long)]
    pub disconnected: bool,
}

/// One message's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Counts of the last minute.
    pub cpm: u64,
    /// Counts of the last 10 s.
    pub counts_10s: u64,
    /// Counts since the daemon's start.
    pub total: u64,
    /// The daemon has its serial port.
    pub connected: bool,
}

/// The daemon, as it runs.
#[derive(Debug)]
pub struct Gm10Mqtt {
    options: Options,
    detector: Detector,
    /// Counts of the last minute by 10 s, newest last.
    bins: VecDeque<u64>,
    total: u64,
}

const SECONDS: u32 = 10;
const N_BINS: usize = 6;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(Gm10Mqtt {
            options: self,
            detector: Detector::new(seed),
            bins: VecDeque::new(),
            total: 0,
        })
    }
}

impl State {
    /// The JSON text.
    pub fn json(&self) -> String {
        let Self {
            cpm,
            counts_10s,
            total,
            connected,
        } = self;
        let cps = *cpm as f64 / 60.0;
        let cpm_10s = counts_10s.saturating_mul(6);
        format!(
            r#"{{"cpm":{cpm},"cps":{cps:.6},"counts_10s":{counts_10s},"cpm_10s":{cpm_10s},"pulses_total":{total},"serial_connected":{connected}}}"#
        )
    }
}

impl Gm10Mqtt {
    fn count(&mut self, moment: &Moment) {
        let cps = moment.dose_rate_usv_h * self.options.cpm_per_usv_h / 60.0;
        let expected = if self.options.disconnected {
            0.0
        } else {
            cps * f64::from(SECONDS)
        };
        let counts = self.detector.counts(expected, moment);
        if self.bins.len() == N_BINS {
            self.bins.pop_front();
        }
        self.bins.push_back(counts);
        self.total = self.total.saturating_add(counts);
    }

    fn state(&self) -> State {
        State {
            cpm: self.bins.iter().sum(),
            counts_10s: self.bins.back().copied().unwrap_or(0),
            total: self.total,
            connected: !self.options.disconnected,
        }
    }

    fn message(&self, leaf: &str, payload: &str, retain: bool) -> Message {
        Message {
            topic: format!("gm10/{}/{leaf}", self.options.id),
            payload: payload.as_bytes().to_vec(),
            acknowledged: false,
            retain,
            id: None,
        }
    }
}

impl Station for Gm10Mqtt {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.options.id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            values: &["cpm", "cps", "counts_10s", "cpm_10s", "pulses_total"],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(SECONDS))
    }

    /// The sheet names the topic; the words are those that the others use.
    fn last_will(&self) -> Option<Message> {
        Some(self.message("status", "offline", true))
    }

    fn greeting(&self) -> Vec<Message> {
        vec![self.message("status", "online", true)]
    }

    fn power_up(&mut self) {
        self.bins.clear();
        self.total = 0;
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            self.count(moment);
        }
        vec![self.message("state", &self.state().json(), false)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_sample_byte_for_byte() {
        let state = State {
            cpm: 15,
            counts_10s: 2,
            total: 1942,
            connected: true,
        };
        assert_eq!(
            state.json(),
            r#"{"cpm":15,"cps":0.250000,"counts_10s":2,"cpm_10s":12,"pulses_total":1942,"serial_connected":true}"#
        );
    }

    #[test]
    fn a_minute_of_bins() {
        let mut unit = Options::default().station(1);
        let moment = Moment {
            steady: true,
            ..test_moment(0.4)
        };
        let mut last = Vec::new();
        for _ in 0..9 {
            last = unit.tick(&moment);
        }
        assert_eq!(last[0].topic, "gm10/roof/state");
        let expected = State {
            cpm: 60,
            counts_10s: 10,
            total: 90,
            connected: true,
        };
        assert_eq!(last[0].payload, expected.json().into_bytes());
        assert_eq!(unit.greeting()[0].topic, "gm10/roof/status");
    }

    #[test]
    fn without_its_port_it_says_so() {
        let options = Options {
            disconnected: true,
            ..Options::default()
        };
        let message = options.station(1).tick(&test_moment(50.0)).remove(0);
        let text = String::from_utf8(message.payload).unwrap();
        assert!(text.starts_with(r#"{"cpm":0,"#), "{text}");
        assert!(text.ends_with(r#""serial_connected":false}"#), "{text}");
    }
}
