//! A Safecast device as the ingest server publishes it (catalogue section 23g): JSON each
//! minute, with other data in between.

use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};
use crate::geo::Position;

/// The family's verb.
pub const NAME: &str = "safecast-ingest";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Number of the device
    #[arg(long, default_value_t = 10_018)]
    pub device: u32,
    /// What comes before it in its name
    #[arg(long, default_value = "pointcast")]
    pub class: String,
    /// Which tube it has
    #[arg(long, value_enum, default_value_t = Tube::Lnd7318u)]
    pub tube: Tube,
    /// Counts per minute in 1 µSv/h
    #[arg(long, value_name = "CPM", default_value_t = 334.0)]
    pub cpm_per_usv_h: f64,
    /// Altitude it reports
    #[arg(long, value_name = "METRES", default_value_t = 24)]
    pub altitude_m: u16,
    /// Also sends messages with temperature only
    #[arg(long)]
    pub weather: bool,
}

/// The tubes, by their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tube {
    /// LND 7318, uncovered
    Lnd7318u,
    /// LND 7318, covered
    Lnd7318c,
    /// LND 7128, energy-compensated
    Lnd7128ec,
    /// LND 712
    Lnd712u,
    /// LND 78017
    Lnd78017w,
}

/// What all messages of a device have.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// `pointcast:10018`.
    pub urn: &'a str,
    /// 10018.
    pub device: u32,
    /// When it was measured.
    pub captured: Timestamp,
    /// Where.
    pub position: Position,
    /// Metres.
    pub altitude_m: u16,
}

/// The device, as it runs.
#[derive(Debug)]
pub struct SafecastIngest {
    options: Options,
    urn: String,
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
        Box::new(SafecastIngest {
            urn: format!("{}:{}", self.class, self.device),
            options: self,
            detector: Detector::new(seed),
            cpm: 0,
        })
    }
}

impl Tube {
    /// The key of its counts per minute.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Lnd7318u => "lnd_7318u",
            Self::Lnd7318c => "lnd_7318c",
            Self::Lnd7128ec => "lnd_7128ec",
            Self::Lnd712u => "lnd_712u",
            Self::Lnd78017w => "lnd_78017w",
        }
    }
}

impl Head<'_> {
    /// The JSON text with one more value.
    pub fn json(&self, key: &str, value: &str) -> String {
        let Self {
            urn,
            device,
            altitude_m,
            ..
        } = self;
        let time = self.captured.strftime("%Y-%m-%dT%H:%M:%SZ");
        let Position { lat, lon } = self.position;
        format!(
            r#"{{"device_urn":"{urn}","device":{device},"when_captured":"{time}","loc_lat":{lat:.6},"loc_lon":{lon:.6},"loc_alt":{altitude_m},"{key}":{value}}}"#
        )
    }
}

impl Station for SafecastIngest {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.urn
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            values: &[
                "lnd_7318u",
                "lnd_7318c",
                "lnd_7128ec",
                "lnd_712u",
                "lnd_78017w",
            ],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
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
        let head = Head {
            urn: &self.urn,
            device: self.options.device,
            captured: moment.clock,
            position: moment.position,
            altitude_m: self.options.altitude_m,
        };
        let mut payloads = vec![head.json(self.options.tube.key(), &self.cpm.to_string())];
        if self.options.weather {
            payloads.push(head.json("env_temp", "24.6"));
        }
        let message = |payload: String| Message {
            topic: format!("device/{}", self.urn),
            payload: payload.into_bytes(),
            acknowledged: false,
            retain: false,
            id: None,
        };
        payloads.into_iter().map(message).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_sample_byte_for_byte() {
        let head = Head {
            urn: "pointcast:10018",
            device: 10_018,
            captured: "2021-01-12T21:18:34Z".parse().unwrap(),
            position: Position {
                lat: 35.615_814,
                lon: 139.625_711,
            },
            altitude_m: 24,
        };
        assert_eq!(
            head.json(Tube::Lnd7318u.key(), "55"),
            r#"{"device_urn":"pointcast:10018","device":10018,"when_captured":"2021-01-12T21:18:34Z","loc_lat":35.615814,"loc_lon":139.625711,"loc_alt":24,"lnd_7318u":55}"#
        );
    }

    #[test]
    fn messages_with_weather_have_no_counts() {
        let options = Options {
            weather: true,
            tube: Tube::Lnd7128ec,
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
            .map(|message| std::str::from_utf8(&message.payload).unwrap())
            .collect();
        assert_eq!(messages[0].topic, "device/pointcast:10018");
        assert!(texts[0].ends_with(r#","lnd_7128ec":167}"#), "{texts:?}");
        assert!(texts[1].ends_with(r#","env_temp":24.6}"#), "{texts:?}");
        assert!(!texts[1].contains("lnd_"), "{texts:?}");
    }
}
