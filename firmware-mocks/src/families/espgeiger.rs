//! ESPGeiger over MQTT (catalogue section 23a): JSON each minute.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "espgeiger";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the unit, the part of its topics after `ESPGeiger-`
    #[arg(long, default_value = "a1b2c3")]
    pub id: String,
    /// Counts per minute of the tube in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = CPM_PER_USV_H)]
    pub cpm_per_usv_h: f64,
    /// From this on it warns
    #[arg(long, value_name = "CPM", default_value_t = WARN_CPM)]
    pub warn_cpm: f64,
    /// From this on it alerts
    #[arg(long, value_name = "CPM", default_value_t = ALERT_CPM)]
    pub alert_cpm: f64,
    /// Publishes its readings with QoS 1
    #[arg(long)]
    pub qos1: bool,
}

/// One message's contents.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// Counts per minute, and the same per second.
    pub cpm: f64,
    /// µSv/h.
    pub usv_h: f64,
    /// Mean counts per minute of the last 5 minutes.
    pub cpm5: f64,
    /// Mean counts per minute of the last 15 minutes.
    pub cpm15: f64,
    /// `cpm` reached the level of a warning.
    pub warn: bool,
    /// `cpm` reached the level of an alert.
    pub alert: bool,
}

/// An ESPGeiger, as it runs.
#[derive(Debug)]
pub struct EspGeiger {
    options: Options,
    client_id: String,
    detector: Detector,
    /// Counts of the last 15 minutes, newest last.
    minutes: VecDeque<u64>,
}

/// The tube factor behind the catalogue's sample: 87 cpm are 0.51 µSv/h.
const CPM_PER_USV_H: f64 = 170.6;

/// The sheet's sample warns and does not alert at 87 cpm; it gives no levels.
const WARN_CPM: f64 = 50.0;
const ALERT_CPM: f64 = 100.0;

const MINUTES: usize = 15;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(EspGeiger {
            client_id: format!("ESPGeiger-{}", self.id),
            options: self,
            detector: Detector::new(seed),
            minutes: VecDeque::new(),
        })
    }
}

impl Sensor {
    /// The JSON text: numbers with two decimals, flags as 0 and 1.
    pub fn json(&self) -> String {
        let Self {
            cpm,
            usv_h,
            cpm5,
            cpm15,
            ..
        } = self;
        let (cps, warn, alert) = (cpm / 60.0, u8::from(self.warn), u8::from(self.alert));
        format!(
            r#"{{"cpm":{cpm:.2},"usv":{usv_h:.2},"cps":{cps:.2},"cpm5":{cpm5:.2},"cpm15":{cpm15:.2},"warn":{warn},"alert":{alert}}}"#
        )
    }
}

impl EspGeiger {
    fn count(&mut self, moment: &Moment) {
        let expected = moment.dose_rate_usv_h * self.options.cpm_per_usv_h;
        let counts = self.detector.counts(expected, moment);
        if self.minutes.len() == MINUTES {
            self.minutes.pop_front();
        }
        self.minutes.push_back(counts);
    }

    fn sensor(&self) -> Sensor {
        let cpm = self.mean(1);
        Sensor {
            cpm,
            usv_h: cpm / self.options.cpm_per_usv_h,
            cpm5: self.mean(5),
            cpm15: self.mean(MINUTES),
            warn: cpm >= self.options.warn_cpm,
            alert: cpm >= self.options.alert_cpm,
        }
    }

    /// Mean over the last `n` minutes, or as many as there are.
    fn mean(&self, n: usize) -> f64 {
        let n = n.min(self.minutes.len()).max(1);
        self.minutes.iter().rev().take(n).sum::<u64>() as f64 / n as f64
    }

    fn availability(&self, word: &str) -> Message {
        Message {
            topic: format!("{}/tele/lwt", self.client_id),
            payload: word.as_bytes().to_vec(),
            acknowledged: self.options.qos1,
            retain: true,
            id: None,
        }
    }
}

impl Station for EspGeiger {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.client_id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            values: &["cpm", "usv", "cps", "cpm5", "cpm15"],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn last_will(&self) -> Option<Message> {
        Some(self.availability("Offline"))
    }

    fn greeting(&self) -> Vec<Message> {
        vec![self.availability("Online")]
    }

    fn power_up(&mut self) {
        self.minutes.clear();
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            self.count(moment);
        }
        vec![Message {
            topic: format!("{}/tele/sensor", self.client_id),
            payload: self.sensor().json().into_bytes(),
            acknowledged: self.options.qos1,
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
    fn the_catalogues_sample_byte_for_byte() {
        let sensor = Sensor {
            cpm: 87.0,
            usv_h: 87.0 / CPM_PER_USV_H,
            cpm5: 149.76,
            cpm15: 212.07,
            warn: true,
            alert: false,
        };
        assert_eq!(
            sensor.json(),
            r#"{"cpm":87.00,"usv":0.51,"cps":1.45,"cpm5":149.76,"cpm15":212.07,"warn":1,"alert":0}"#
        );
    }

    #[test]
    fn topics_and_availability() {
        let mut unit = Options::default().station(1);
        let will = unit.last_will().expect("it has a last will");
        assert_eq!(will.topic, "ESPGeiger-a1b2c3/tele/lwt");
        assert_eq!(
            (will.payload.as_slice(), will.retain),
            (&b"Offline"[..], true)
        );
        let greeting = unit.greeting();
        assert_eq!(greeting[0].payload, b"Online");
        let reading = unit.tick(&test_moment(0.1)).remove(0);
        assert_eq!(reading.topic, "ESPGeiger-a1b2c3/tele/sensor");
        assert!(!reading.retain && !reading.acknowledged);
    }

    #[test]
    fn the_averages_are_of_the_minutes_there_are() {
        let mut unit = EspGeiger {
            options: Options::default(),
            client_id: String::new(),
            detector: Detector::new(1),
            minutes: VecDeque::from([10, 20, 30, 40, 50, 60]),
        };
        let sensor = unit.sensor();
        assert_eq!(
            sensor.json(),
            r#"{"cpm":60.00,"usv":0.35,"cps":1.00,"cpm5":40.00,"cpm15":35.00,"warn":1,"alert":0}"#
        );
        unit.power_up();
        assert!(unit.sensor().json().starts_with(r#"{"cpm":0.00,"#));
    }
}
