//! BDKG-05 behind its MQTT bridge (catalogue section 23b): JSON each 10 s.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "bdkg05-mqtt";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the bridge, a level of its topics
    #[arg(long, default_value = "bdkg05-1")]
    pub id: String,
    /// Counts per second in 1 µSv/h; by default 41 in 0.112 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 366.0)]
    pub cps_per_usv_h: f64,
    /// The bridge has lost its detector
    #[arg(long)]
    pub gone: bool,
}

/// One message's contents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// Mean dose rate, in µSv/h.
    pub usv_h: f64,
    /// Its error, in per cent.
    pub usv_h_error: f64,
    /// Counts per second.
    pub cps: f64,
    /// Their error, in per cent.
    pub cps_error: f64,
    /// Degrees Celsius.
    pub celsius: f64,
    /// µSv.
    pub dose_usv: f64,
}

/// The bridge, as it runs.
#[derive(Debug)]
pub struct Bdkg05Mqtt {
    options: Options,
    detector: Detector,
    state: State,
}

const SECONDS: u32 = 10;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(Bdkg05Mqtt {
            options: self,
            detector: Detector::new(seed),
            state: State::default(),
        })
    }
}

impl State {
    /// The JSON text. `conn` is text, not a number.
    pub fn json(&self) -> String {
        let Self {
            usv_h,
            usv_h_error,
            cps,
            cps_error,
            celsius,
            dose_usv,
        } = self;
        format!(
            r#"{{"med":{usv_h:.3},"med_err":{usv_h_error:.1},"cps":{cps:.1},"cps_err":{cps_error:.1},"temp":{celsius:.1},"dose":{dose_usv:.2},"conn":"1"}}"#
        )
    }
}

impl Bdkg05Mqtt {
    fn measure(&mut self, moment: &Moment) {
        let seconds = f64::from(SECONDS);
        let usv_h = moment.dose_rate_usv_h;
        let expected = usv_h * self.options.cps_per_usv_h * seconds;
        let counts = self.detector.counts(expected, moment) as f64;
        // Two standard deviations; all of it when nothing was counted.
        let error = if counts > 0.0 {
            (200.0 / counts.sqrt()).min(100.0)
        } else {
            100.0
        };
        self.state = State {
            usv_h,
            usv_h_error: error,
            cps: counts / seconds,
            cps_error: error,
            celsius: 24.9,
            dose_usv: self.state.dose_usv + usv_h * seconds / 3600.0,
        };
    }

    fn availability(&self, word: &str) -> Message {
        Message {
            topic: format!("bdkg05/{}/availability", self.options.id),
            payload: word.as_bytes().to_vec(),
            acknowledged: false,
            retain: true,
            id: None,
        }
    }
}

impl Station for Bdkg05Mqtt {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.options.id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            values: &["med", "med_err", "cps", "cps_err", "dose"],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(SECONDS))
    }

    fn last_will(&self) -> Option<Message> {
        Some(self.availability("offline"))
    }

    fn greeting(&self) -> Vec<Message> {
        vec![self.availability("online")]
    }

    /// The bridge starts again, not the detector, which keeps its dose.
    fn power_up(&mut self) {
        self.state = State {
            dose_usv: self.state.dose_usv,
            ..State::default()
        };
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            self.measure(moment);
        }
        let payload = if self.options.gone {
            r#"{"conn":"0"}"#.to_owned()
        } else {
            self.state.json()
        };
        vec![Message {
            topic: format!("bdkg05/{}/state", self.options.id),
            payload: payload.into_bytes(),
            acknowledged: false,
            retain: false,
            id: None,
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_computed_sample_byte_for_byte() {
        let state = State {
            usv_h: 0.112,
            usv_h_error: 8.5,
            cps: 41.0,
            cps_error: 5.0,
            celsius: 24.9,
            dose_usv: 3.01,
        };
        assert_eq!(
            state.json(),
            r#"{"med":0.112,"med_err":8.5,"cps":41.0,"cps_err":5.0,"temp":24.9,"dose":3.01,"conn":"1"}"#
        );
    }

    #[test]
    fn topics_values_and_availability() {
        let mut unit = Options::default().station(1);
        let will = unit.last_will().unwrap();
        assert_eq!(will.topic, "bdkg05/bdkg05-1/availability");
        assert_eq!((&will.payload[..], will.retain), (&b"offline"[..], true));
        assert_eq!(unit.greeting()[0].payload, b"online");
        let moment = Moment {
            steady: true,
            ..test_moment(0.112)
        };
        let message = unit.tick(&moment).remove(0);
        assert_eq!(message.topic, "bdkg05/bdkg05-1/state");
        let start = br#"{"med":0.112,"med_err":9.9,"cps":40.9,"#;
        assert!(message.payload.starts_with(start), "{message:?}");
    }

    #[test]
    fn without_its_detector_the_bridge_says_only_that() {
        let options = Options {
            gone: true,
            ..Options::default()
        };
        let message = options.station(1).tick(&test_moment(0.1)).remove(0);
        assert_eq!(message.payload, br#"{"conn":"0"}"#);
    }
}
