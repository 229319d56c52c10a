//! Rad Pro behind its WiFi bridge (catalogue section 23d): one retained topic per value.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "radpro-mqtt";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the bridge, a level of its topics
    #[arg(long, default_value = "b5706d93")]
    pub id: String,
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 153.8)]
    pub cpm_per_usv_h: f64,
    /// Pulses counted before power-up
    #[arg(long, value_name = "PULSES", default_value_t = 1500)]
    pub pulses: u32,
}

/// The bridge, as it runs.
#[derive(Debug)]
pub struct RadproMqtt {
    options: Options,
    detector: Detector,
    usv_h: f64,
    /// Wraps at 2^32, as the instrument's.
    pulses: u32,
}

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(RadproMqtt {
            pulses: self.pulses,
            options: self,
            detector: Detector::new(seed),
            usv_h: 0.0,
        })
    }
}

impl RadproMqtt {
    fn leaf(&self, name: &str, value: String) -> Message {
        Message {
            topic: format!("stat/radpro/{}/{name}", self.options.id),
            payload: value.into_bytes(),
            acknowledged: false,
            retain: true,
            id: None,
        }
    }
}

impl Station for RadproMqtt {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.options.id
    }

    fn abilities(&self) -> Abilities {
        Abilities::default()
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn last_will(&self) -> Option<Message> {
        None
    }

    fn greeting(&self) -> Vec<Message> {
        Vec::new()
    }

    /// The pulse count outlives a power cut.
    fn power_up(&mut self) {
        self.usv_h = 0.0;
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            self.usv_h = moment.dose_rate_usv_h;
            let expected = self.usv_h * self.options.cpm_per_usv_h / 60.0;
            let counts = self.detector.counts(expected, moment);
            let wrapped = counts % (u64::from(u32::MAX) + 1);
            self.pulses = self
                .pulses
                .wrapping_add(u32::try_from(wrapped).unwrap_or(0));
        }
        let cpm = self.usv_h * self.options.cpm_per_usv_h;
        vec![
            self.leaf("tubeRate", format!("{cpm:.3}")),
            self.leaf("tubeDoseRate", format!("{:.4}", self.usv_h)),
            self.leaf("tubePulseCount", self.pulses.to_string()),
            self.leaf("deviceBatteryVoltage", "1.421".to_owned()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn four_retained_topics_with_plain_numbers() {
        let mut unit = Options::default().station(1);
        let moment = Moment {
            steady: true,
            ..test_moment(142.857 / 153.8)
        };
        let messages = unit.tick(&moment);
        assert!(messages.iter().all(|message| message.retain));
        let said: Vec<(&str, &str)> = messages
            .iter()
            .map(|message| {
                let leaf = message.topic.strip_prefix("stat/radpro/b5706d93/").unwrap();
                (leaf, std::str::from_utf8(&message.payload).unwrap())
            })
            .collect();
        assert_eq!(
            said,
            [
                ("tubeRate", "142.857"),
                ("tubeDoseRate", "0.9288"),
                ("tubePulseCount", "1502"),
                ("deviceBatteryVoltage", "1.421"),
            ]
        );
    }

    #[test]
    fn the_pulse_count_wraps_and_outlives_a_power_cut() {
        let options = Options {
            pulses: u32::MAX,
            ..Options::default()
        };
        let mut unit = options.station(1);
        let moment = Moment {
            steady: true,
            ..test_moment(60.0 / 153.8)
        };
        unit.tick(&moment);
        unit.power_up();
        assert_eq!(unit.tick(&moment)[2].payload, b"1");
    }
}
