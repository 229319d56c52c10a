//! uRADMonitor (catalogue section 24): the path of its HTTP requests each minute, as a
//! relay hands it on, or its own page.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "uradmonitor";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Eight hexadecimal digits: its number, which the request's header tells
    #[arg(long, default_value = "11000016")]
    pub id: String,
    /// Which tube it has
    #[arg(long, value_enum, default_value_t = Tube::Sbm20)]
    pub tube: Tube,
    /// Also sends temperature, pressure and humidity
    #[arg(long)]
    pub weather: bool,
    /// The page it shows in its own network, instead of the requests
    #[arg(long)]
    pub page: bool,
}

/// Some of the tubes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tube {
    /// SBM-20
    Sbm20,
    /// SI-29BG
    Si29bg,
    /// LND 712
    Lnd712,
    /// SI-22G
    Si22g,
    /// J305
    J305,
}

/// A uRADMonitor, as it runs.
#[derive(Debug)]
pub struct Uradmonitor {
    options: Options,
    client_id: String,
    detector: Detector,
    cpm: u64,
}

/// What it says of itself: hardware, software, tube voltage, duty of its inverter.
const HARDWARE: u8 = 5;
const SOFTWARE: u8 = 124;
const VOLTS: u16 = 380;
const DUTY: u16 = 260;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(Uradmonitor {
            client_id: format!("uradmonitor-{}", self.id),
            options: self,
            detector: Detector::new(seed),
            cpm: 0,
        })
    }
}

impl Tube {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sbm20 => "SBM20",
            Self::Si29bg => "SI29BG",
            Self::Lnd712 => "LND712",
            Self::Si22g => "SI22G",
            Self::J305 => "J305",
        }
    }

    /// µSv/h for one count per minute.
    pub const fn usv_h_per_cpm(self) -> f64 {
        match self {
            Self::Sbm20 => 0.006_315,
            Self::Si29bg => 0.010_000,
            Self::Lnd712 => 0.005_940,
            Self::Si22g => 0.001_714,
            Self::J305 => 0.008_120,
        }
    }
}

impl Uradmonitor {
    fn path(&self, moment: &Moment) -> String {
        let unix = moment.clock.as_second();
        let weather = if self.options.weather {
            "02/15.88/03/101325/04/40.20/"
        } else {
            ""
        };
        let (cpm, tube) = (self.cpm, self.options.tube.name());
        format!(
            "01/{unix}/{weather}0E/{HARDWARE}/0F/{SOFTWARE}/0B/{cpm}/0C/{VOLTS}/0D/{DUTY}/10/{tube}"
        )
    }

    fn page(&self, moment: &Moment) -> String {
        let Options { id, tube, .. } = &self.options;
        let (cpm, tube) = (self.cpm, tube.name());
        let uptime = moment.elapsed.as_secs();
        format!(
            r#"{{"data":{{ "id":"{id}","type":"1","detector":"{tube}","cpm":{cpm},"temperature":15.88,"uptime": {uptime}}}}}"#
        )
    }
}

impl Station for Uradmonitor {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.client_id
    }

    fn abilities(&self) -> Abilities {
        let page = self.options.page;
        Abilities {
            clock: !page,
            values: if page { &["cpm"] } else { &[] },
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
            let expected = moment.dose_rate_usv_h / self.options.tube.usv_h_per_cpm();
            self.cpm = self.detector.counts(expected, moment);
        }
        let id = &self.options.id;
        let message = if self.options.page {
            Message::plain(format!("uradmonitor/{id}/page"), self.page(moment))
        } else {
            Message::plain(format!("uradmonitor/{id}/path"), self.path(moment))
        };
        vec![message]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[track_caller]
    fn check(options: Options, topic: &str, payload: &str) {
        let moment = Moment {
            steady: true,
            ..test_moment(0.12)
        };
        let message = options.station(1).tick(&moment).remove(0);
        assert_eq!(message.topic, topic);
        assert_eq!(str::from_utf8(&message.payload).unwrap(), payload);
    }

    #[test]
    fn pairs_of_a_code_and_a_value() {
        check(
            Options::default(),
            "uradmonitor/11000016/path",
            "01/1773457200/0E/5/0F/124/0B/19/0C/380/0D/260/10/SBM20",
        );
        let options = Options {
            weather: true,
            tube: Tube::Lnd712,
            ..Options::default()
        };
        check(
            options,
            "uradmonitor/11000016/path",
            "01/1773457200/02/15.88/03/101325/04/40.20/0E/5/0F/124/0B/20/0C/380/0D/260/10/LND712",
        );
    }

    #[test]
    fn its_own_page() {
        let options = Options {
            page: true,
            ..Options::default()
        };
        check(
            options,
            "uradmonitor/11000016/page",
            r#"{"data":{ "id":"11000016","type":"1","detector":"SBM20","cpm":19,"temperature":15.88,"uptime": 60}}"#,
        );
    }
}
