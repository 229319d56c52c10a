//! OpenRadiation (catalogue section 23j): a measurement as the service takes it, as a
//! relay hands it on. People measure by hand; here it is each minute.

use std::time::Duration;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};
use crate::geo::Position;

/// The family's verb.
pub const NAME: &str = "openradiation";

/// How this unit is built and used.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Number of the apparatus
    #[arg(long, default_value = "2000-17")]
    pub apparatus: String,
    /// Name of the relay, a level of the topic
    #[arg(long, default_value = "relay-1")]
    pub relay: String,
    /// Counts per second in 1 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 4.76)]
    pub cps_per_usv_h: f64,
    /// Altitude it reports
    #[arg(long, value_name = "METRES", default_value_t = 48)]
    pub altitude_m: u16,
    /// Scenario seconds a measurement takes; the next one follows at once
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub seconds: u32,
}

/// One measurement.
#[derive(Clone, Debug)]
pub struct Measurement<'a> {
    /// Number of the apparatus.
    pub apparatus: &'a str,
    /// µSv/h.
    pub usv_h: f64,
    /// Counts.
    pub hits: u64,
    /// From.
    pub start: Timestamp,
    /// To.
    pub end: Timestamp,
    /// Where.
    pub position: Position,
    /// Metres.
    pub altitude_m: u16,
    /// An expression in `cps`.
    pub calibration: &'a str,
}

/// The apparatus and its telephone, as they run.
#[derive(Debug)]
pub struct OpenRadiation {
    options: Options,
    client_id: String,
    calibration: String,
    detector: Detector,
    hits: u64,
}

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(OpenRadiation {
            client_id: format!("openradiation-{}", self.apparatus),
            calibration: format!("cps/{}", self.cps_per_usv_h),
            options: self,
            detector: Detector::new(seed),
            hits: 0,
        })
    }

    /// The length of a measurement; zero, which the command line refuses, counts as
    /// one second.
    fn length_secs(&self) -> u32 {
        self.seconds.max(1)
    }
}

impl Measurement<'_> {
    /// The JSON text.
    pub fn json(&self) -> String {
        let Self {
            apparatus,
            usv_h,
            hits,
            altitude_m,
            calibration,
            ..
        } = self;
        let time = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ");
        let (start, end) = (time(self.start), time(self.end));
        let Position { lat, lon } = self.position;
        format!(
            r#"{{"apparatusId":"{apparatus}","value":{usv_h:.4},"hitsNumber":{hits},"startTime":"{start}","endTime":"{end}","latitude":{lat:.6},"longitude":{lon:.6},"altitude":{altitude_m},"accuracy":5,"calibrationFunction":"{calibration}"}}"#
        )
    }
}

impl Station for OpenRadiation {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.client_id
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            values: &["value", "hitsNumber"],
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.options.length_secs()))
    }

    fn last_will(&self) -> Option<Message> {
        None
    }

    fn greeting(&self) -> Vec<Message> {
        Vec::new()
    }

    fn power_up(&mut self) {
        self.hits = 0;
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        let seconds = self.options.length_secs();
        if !moment.frozen {
            let cps = moment.dose_rate_usv_h * self.options.cps_per_usv_h;
            self.hits = self.detector.counts(cps * f64::from(seconds), moment);
        }
        let length = SignedDuration::from_secs(i64::from(seconds));
        let measurement = Measurement {
            apparatus: &self.options.apparatus,
            usv_h: self.hits as f64 / f64::from(seconds) / self.options.cps_per_usv_h,
            hits: self.hits,
            // A clock out of all range shows the earliest time there is.
            start: moment.clock.checked_sub(length).unwrap_or(moment.clock),
            end: moment.clock,
            position: moment.position,
            altitude_m: self.options.altitude_m,
            calibration: &self.calibration,
        };
        let topic = format!("openradiation/{}", self.options.relay);
        vec![Message::plain(topic, measurement.json())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_fields_of_the_catalogue() {
        let mut unit = Options::default().station(1);
        let moment = Moment {
            steady: true,
            ..test_moment(0.12)
        };
        let message = unit.tick(&moment).remove(0);
        assert_eq!(message.topic, "openradiation/relay-1");
        assert_eq!(
            str::from_utf8(&message.payload).unwrap(),
            r#"{"apparatusId":"2000-17","value":0.1190,"hitsNumber":34,"startTime":"2026-03-14T02:59:00Z","endTime":"2026-03-14T03:00:00Z","latitude":-6.350000,"longitude":106.670000,"altitude":48,"accuracy":5,"calibrationFunction":"cps/4.76"}"#
        );
    }
}
