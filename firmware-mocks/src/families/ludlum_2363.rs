//! Ludlum 2363 (catalogue section 9): gamma and neutrons, asked for line by line.

use std::time::Duration;

use clap::Args;

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "ludlum-2363";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Neutron dose rate, the same everywhere
    #[arg(long, value_name = "USV_H", default_value_t = 0.03)]
    pub neutron_usv_h: f64,
    /// Dose at power-up
    #[arg(long, value_name = "USV", default_value_t = 0.0)]
    pub dose_usv: f64,
    /// The four alarm set points
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    pub set_point: u32,
}

/// The answer to `RR`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// µSv/h.
    pub neutron: f64,
    /// µSv/h.
    pub gamma: f64,
    /// µSv.
    pub dose: f64,
}

/// A 2363, as it runs.
#[derive(Debug)]
pub struct Ludlum2363 {
    options: Options,
    inbox: Inbox,
    rates: Rates,
    overload: bool,
}

/// Six digits and no more; also what stands for an overload.
const FULL_SCALE: u64 = 999_999;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options. It shows filtered rates without chance.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(Ludlum2363 {
            rates: Rates {
                dose: self.dose_usv,
                ..Rates::default()
            },
            options: self,
            inbox: Inbox::default(),
            overload: false,
        })
    }
}

impl Rates {
    /// Three numbers with two, two and one decimals left out.
    pub fn text(&self) -> String {
        let digits = |value: f64, scale: f64| whole((value * scale).round()).min(FULL_SCALE);
        format!(
            "{:06} {:06} {:06}",
            digits(self.neutron, 100.0),
            digits(self.gamma, 100.0),
            digits(self.dose, 10.0),
        )
    }
}

impl Ludlum2363 {
    /// The answer; `None` for what it does not know.
    ///
    /// `RS` tells the end of the samples at once: it has stored none. The text of the
    /// header is not on the sheet.
    fn answer(&self, command: &str) -> Option<String> {
        let answer = match command {
            "RH1" => "LUDLUM 2363".to_owned(),
            "RR" if self.overload => Rates {
                gamma: f64::INFINITY,
                ..self.rates
            }
            .text(),
            "RR" => self.rates.text(),
            "RT" => "02 02".to_owned(),
            "R1" | "R2" | "R3" | "R4" => format!("{:06}", self.options.set_point),
            "RS" => "$".to_owned(),
            _ => return None,
        };
        Some(answer)
    }
}

impl Firmware for Ludlum2363 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            line: true,
            terminator: true,
            overload: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let neutron = self.options.neutron_usv_h;
            let gamma = moment.dose_rate_usv_h;
            let dose = self.rates.dose + (neutron + gamma) / 3600.0;
            self.overload = moment.overload;
            self.rates = Rates {
                neutron,
                gamma,
                dose,
            };
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = self.inbox.line() {
            let answer = self.answer(&command);
            said.extend(answer.map(|text| Frame::line(&text)));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_sample_byte_for_byte() {
        let rates = Rates {
            neutron: 0.03,
            gamma: 23.05,
            dose: 1245.6,
        };
        assert_eq!(rates.text(), "000003 002305 012456");
        assert_eq!(Frame::line(&rates.text()).bytes.len(), 22);
    }

    #[track_caller]
    fn check(unit: &mut Box<dyn Firmware>, command: &str, expected: &[&str]) {
        let asked = format!("{command}\r\n");
        let frames = unit.hear(asked.as_bytes(), &test_moment(0.1));
        let expected: Vec<Frame> = expected.iter().map(|text| Frame::line(text)).collect();
        assert_eq!(frames, expected, "{command}");
    }

    #[test]
    fn it_answers_what_it_is_asked() {
        let options = Options {
            dose_usv: 1245.6,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        assert_eq!(unit.tick(&test_moment(23.05)), []);
        check(&mut unit, "RR", &["000003 002305 012456"]);
        check(&mut unit, "RT", &["02 02"]);
        check(&mut unit, "R3", &["000500"]);
        check(&mut unit, "RS", &["$"]);
        check(&mut unit, "R9", &[]);
        check(&mut unit, "RH1", &["LUDLUM 2363"]);
    }

    #[test]
    fn an_overload_is_full_scale() {
        let mut unit = Options::default().firmware(1);
        unit.tick(&Moment {
            overload: true,
            ..test_moment(5.0)
        });
        check(&mut unit, "RR", &["000003 999999 000000"]);
        unit.tick(&test_moment(1e6));
        check(&mut unit, "RR", &["000003 999999 002778"]);
    }
}
