//! Safecast Pointcast (catalogue section 23f): the body of its HTTP requests each
//! 5 minutes, one for each channel, as a relay hands them on. All its numbers are texts.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "safecast-pointcast";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Number of the unit; its channels are the last digit behind it
    #[arg(long, default_value_t = 10_013)]
    pub unit: u32,
    /// Name of the relay, a level of the topic
    #[arg(long, default_value = "relay-1")]
    pub relay: String,
    /// Counts per minute of the LND 7318 in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 334.0)]
    pub cpm_per_usv_h: f64,
    /// Counts per minute of the LND 7128 in 1 µSv/h; the sheet gives none
    #[arg(long, value_name = "CPM", default_value_t = 108.0)]
    pub ec_cpm_per_usv_h: f64,
    /// Altitude it reports
    #[arg(long, value_name = "METRES", default_value_t = 94)]
    pub height_m: u16,
    /// Also sends temperature, from the channel of its status
    #[arg(long)]
    pub weather: bool,
    /// Scenario seconds between requests
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
}

/// One request's contents.
#[derive(Clone, Debug)]
pub struct Body {
    /// Degrees east and north, as written.
    pub longitude: String,
    /// As `longitude`.
    pub latitude: String,
    /// Number of the unit, then of the channel.
    pub device_id: u32,
    /// As written.
    pub value: String,
    /// `cpm`, `celcius` or `status`.
    pub unit: &'static str,
    /// Metres.
    pub height_m: u16,
}

/// A Pointcast, as it runs.
#[derive(Debug)]
pub struct Pointcast {
    options: Options,
    client_id: String,
    first: Detector,
    second: Detector,
    cpm: (u64, u64),
}

/// The channels: LND 7318, LND 7128 with energy compensation, temperature and status.
const CHANNEL_7318: u32 = 1;
const CHANNEL_7128: u32 = 2;
const CHANNEL_STATUS: u32 = 9;

/// Keeps the two tubes apart.
const SECOND: u64 = 0x5EC << 32;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(Pointcast {
            client_id: format!("pointcast-{}", self.unit),
            options: self,
            first: Detector::new(seed),
            second: Detector::new(seed ^ SECOND),
            cpm: (0, 0),
        })
    }
}

impl Body {
    /// The JSON text.
    pub fn json(&self) -> String {
        let Self {
            longitude,
            latitude,
            device_id,
            value,
            unit,
            height_m,
        } = self;
        format!(
            r#"{{"longitude":"{longitude}","latitude":"{latitude}","device_id":"{device_id}","value":"{value}","unit":"{unit}","height":"{height_m}"}}"#
        )
    }
}

impl Pointcast {
    fn message(&self, moment: &Moment, channel: u32, value: String, unit: &'static str) -> Message {
        let body = Body {
            longitude: format!("{:.6}", moment.position.lon),
            latitude: format!("{:.6}", moment.position.lat),
            device_id: self.options.unit * 10 + channel,
            value,
            unit,
            height_m: self.options.height_m,
        };
        let topic = format!("safecast/pointcast/{}", self.options.relay);
        Message::plain(topic, body.json())
    }
}

impl Station for Pointcast {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.client_id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            values: &["value"],
            units: &["unit"],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.options.seconds.max(1)))
    }

    fn last_will(&self) -> Option<Message> {
        None
    }

    fn greeting(&self) -> Vec<Message> {
        Vec::new()
    }

    fn power_up(&mut self) {
        self.cpm = (0, 0);
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            let usv_h = moment.dose_rate_usv_h;
            self.cpm = (
                self.first
                    .counts(usv_h * self.options.cpm_per_usv_h, moment),
                self.second
                    .counts(usv_h * self.options.ec_cpm_per_usv_h, moment),
            );
        }
        let (first, second) = self.cpm;
        let mut messages = vec![
            self.message(moment, CHANNEL_7318, first.to_string(), "cpm"),
            self.message(moment, CHANNEL_7128, second.to_string(), "cpm"),
        ];
        if self.options.weather {
            messages.push(self.message(moment, CHANNEL_STATUS, "24.6".to_owned(), "celcius"));
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_sample_byte_for_byte() {
        let body = Body {
            longitude: "140.995519".to_owned(),
            latitude: "37.495123".to_owned(),
            device_id: 100_132,
            value: "24".to_owned(),
            unit: "cpm",
            height_m: 94,
        };
        assert_eq!(
            body.json(),
            r#"{"longitude":"140.995519","latitude":"37.495123","device_id":"100132","value":"24","unit":"cpm","height":"94"}"#
        );
    }

    #[test]
    fn each_channel_has_a_message_of_its_own() {
        let options = Options {
            weather: true,
            ..Options::default()
        };
        let mut unit = options.station(1);
        let moment = Moment {
            steady: true,
            ..test_moment(0.5)
        };
        let messages = unit.tick(&moment);
        let texts: Vec<&str> = messages
            .iter()
            .map(|message| str::from_utf8(&message.payload).unwrap())
            .collect();
        assert_eq!(messages[0].topic, "safecast/pointcast/relay-1");
        assert!(
            texts[0].contains(r#""device_id":"100131","value":"167","unit":"cpm""#),
            "{texts:?}"
        );
        assert!(
            texts[1].contains(r#""device_id":"100132","value":"54","unit":"cpm""#),
            "{texts:?}"
        );
        assert!(texts[2].contains(r#""device_id":"100139""#), "{texts:?}");
        assert!(texts[2].contains(r#""unit":"celcius""#), "{texts:?}");
    }
}
