//! Safecast bGeigie Zen over HTTP (catalogue section 23h): the body of its requests, as
//! a relay hands them on.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};
use crate::geo::Position;

/// The family's verb.
pub const NAME: &str = "safecast-zen";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Number of the device
    #[arg(long, default_value_t = 65_001)]
    pub device: u32,
    /// Name of the relay, a level of the topic
    #[arg(long, default_value = "relay-1")]
    pub relay: String,
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 334.0)]
    pub cpm_per_usv_h: f64,
    /// Altitude it reports when it stands
    #[arg(long, value_name = "METRES", default_value_t = 55.0)]
    pub height_m: f64,
    /// It stands; otherwise it roams, and its firmware writes the latitude into `height`
    #[arg(long)]
    pub fixed: bool,
    /// Scenario seconds between requests, 5 to 300
    #[arg(long, value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u32).range(5..=300))]
    pub seconds: u32,
}

/// One request's contents.
#[derive(Clone, Copy, Debug)]
pub struct Body {
    /// When it was measured.
    pub captured_at: Timestamp,
    /// Number of the device.
    pub device_id: u32,
    /// Counts per minute.
    pub cpm: u64,
    /// Metres, or the latitude.
    pub height: f64,
    /// Where.
    pub position: Position,
}

/// A Zen, as it runs.
#[derive(Debug)]
pub struct Zen {
    options: Options,
    client_id: String,
    detector: Detector,
    cpm: u64,
}

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(Zen {
            client_id: format!("zen-{}", self.device),
            options: self,
            detector: Detector::new(seed),
            cpm: 0,
        })
    }
}

impl Body {
    /// The JSON text.
    pub fn json(&self) -> String {
        let Self {
            device_id,
            cpm,
            height,
            ..
        } = self;
        let time = self.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ");
        let Position { lat, lon } = self.position;
        format!(
            r#"{{"captured_at":"{time}","device_id":{device_id},"value":{cpm},"unit":"cpm","height":{height:.6},"latitude":{lat:.6},"longitude":{lon:.6}}}"#
        )
    }
}

impl Station for Zen {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.client_id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
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
        self.cpm = 0;
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            let expected = moment.dose_rate_usv_h * self.options.cpm_per_usv_h;
            self.cpm = self.detector.counts(expected, moment);
        }
        let height = if self.options.fixed {
            self.options.height_m
        } else {
            moment.position.lat
        };
        let body = Body {
            captured_at: moment.clock,
            device_id: self.options.device,
            cpm: self.cpm,
            height,
            position: moment.position,
        };
        let topic = format!("safecast/zen/{}", self.options.relay);
        vec![Message::plain(topic, body.json())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    fn said(options: Options) -> String {
        let moment = Moment {
            steady: true,
            ..test_moment(0.1)
        };
        let message = options.station(1).tick(&moment).remove(0);
        assert_eq!(message.topic, "safecast/zen/relay-1");
        String::from_utf8(message.payload).unwrap()
    }

    #[test]
    fn roaming_the_height_is_the_latitude() {
        assert_eq!(
            said(Options::default()),
            r#"{"captured_at":"2026-03-14T03:00:00Z","device_id":65001,"value":33,"unit":"cpm","height":-6.350000,"latitude":-6.350000,"longitude":106.670000}"#
        );
        let options = Options {
            fixed: true,
            ..Options::default()
        };
        let text = said(options);
        assert!(text.contains(r#""height":55.000000,"#), "{text}");
    }
}
