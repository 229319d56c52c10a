//! Ludlum 375 area monitor with Ethernet (catalogue section 8): it connects to the host
//! and writes a document each 2 s.

use std::time::Duration;

use clap::Args;

use super::ludlum_375::{VALUE_MAX, rate_text};
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};

/// The family's verb.
pub const NAME: &str = "ludlum-375-xml";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Its serial number
    #[arg(long, default_value = "272137")]
    pub serial: String,
    /// Code of its unit; only 03, µSv/h, is documented
    #[arg(long, default_value = "03")]
    pub units_code: String,
    /// From this dose rate on alarm 1 is on
    #[arg(long, value_name = "USV_H", default_value_t = 20.0)]
    pub alarm1_usv_h: f64,
    /// From this dose rate on alarm 2 and the horn are on
    #[arg(long, value_name = "USV_H", default_value_t = 100.0)]
    pub alarm2_usv_h: f64,
    /// The monitor is not OK, with this error code, 1 to 9
    #[arg(long, value_name = "DIGIT", default_value_t = 0,
          value_parser = clap::value_parser!(u8).range(..=9))]
    pub error: u8,
}

/// A monitor, as it runs.
#[derive(Debug)]
pub struct Ludlum375Xml {
    options: Options,
    status: Status,
}

/// What the next document says.
#[derive(Clone, Copy, Debug, Default)]
struct Status {
    usv_h: f64,
    alarm1: bool,
    alarm2: bool,
    over_range: bool,
}

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options. It counts nothing, so there is no chance in it.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(Ludlum375Xml {
            options: self,
            status: Status::default(),
        })
    }
}

impl Ludlum375Xml {
    fn document(&self) -> String {
        let Options {
            serial,
            units_code,
            error,
            ..
        } = &self.options;
        let Status {
            usv_h,
            alarm1,
            alarm2,
            over_range,
        } = self.status;
        let rate = rate_text(usv_h);
        let digit = u8::from;
        let (alarm1, alarm2, over, ok) = (
            digit(alarm1),
            digit(alarm2),
            digit(over_range),
            digit(*error == 0),
        );
        format!(
            r#"<?xml version="1.0" encoding="us-ascii"?><area_monitor rev="1.0" serial="{serial}"><status><rate>{rate}</rate><units_code>{units_code}</units_code><audio>{alarm2}</audio><alarm1>{alarm1}</alarm1><alarm2>{alarm2}</alarm2><over_range>{over}</over_range><monitor>{ok}</monitor><error_code>{error}</error_code></status></area_monitor>"#
        )
    }
}

impl Firmware for Ludlum375Xml {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            line: true,
            overload: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.status = Status::default();
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let usv_h = moment.dose_rate_usv_h;
            self.status = Status {
                usv_h,
                alarm1: usv_h >= self.options.alarm1_usv_h,
                alarm2: usv_h >= self.options.alarm2_usv_h,
                over_range: moment.overload || usv_h > VALUE_MAX,
            };
        }
        vec![Frame::binary(self.document().into_bytes(), 0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_sample_byte_for_byte() {
        let mut unit = Options::default().firmware(1);
        let frames = unit.tick(&test_moment(0.5));
        let expected = r#"<?xml version="1.0" encoding="us-ascii"?><area_monitor rev="1.0" serial="272137"><status><rate>0000.5</rate><units_code>03</units_code><audio>0</audio><alarm1>0</alarm1><alarm2>0</alarm2><over_range>0</over_range><monitor>1</monitor><error_code>0</error_code></status></area_monitor>"#;
        assert_eq!(frames, [Frame::binary(expected.as_bytes().to_vec(), 0)]);
    }

    #[test]
    fn its_states() {
        let options = Options {
            error: 3,
            ..Options::default()
        };
        let moment = Moment {
            overload: true,
            ..test_moment(150.0)
        };
        let bytes = options.firmware(1).tick(&moment).remove(0).bytes;
        let text = String::from_utf8(bytes).unwrap();
        for part in [
            "<rate>0150.0</rate>",
            "<audio>1</audio><alarm1>1</alarm1><alarm2>1</alarm2>",
            "<over_range>1</over_range><monitor>0</monitor><error_code>3</error_code>",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
