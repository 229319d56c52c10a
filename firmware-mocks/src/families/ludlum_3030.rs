//! Ludlum 3030 sample counter (catalogue section 10): alpha and beta counts of samples,
//! asked for line by line.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "ludlum-3030";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Alpha counts per second in a field of 1 µSv/h: the scenario's sample
    #[arg(long, value_name = "CPS", default_value_t = 0.5)]
    pub alpha_cps_per_usv_h: f64,
    /// Beta counts per second in a field of 1 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 8.0)]
    pub beta_cps_per_usv_h: f64,
    /// Seconds a sample counts; it recycles, so the next one follows at once
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..=99_999))]
    pub count_secs: u32,
    /// At most ten characters, in every sample
    #[arg(long, default_value = "")]
    pub comment: String,
}

/// A stored sample, counted as a scaler.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// 1 to 9999.
    pub number: u32,
    /// When it ended: `MM/DD/YY HH:MM:SS`.
    pub time: String,
    /// Counts.
    pub alpha: u64,
    /// Counts.
    pub beta: u64,
    /// Seconds.
    pub seconds: f64,
    /// At most ten characters.
    pub comment: String,
}

/// A 3030, as it runs.
#[derive(Debug)]
pub struct Ludlum3030 {
    options: Options,
    alpha: Detector,
    beta: Detector,
    inbox: Inbox,
    samples: VecDeque<Sample>,
    n_samples: u32,
    /// Alpha and beta counts of the sample under way.
    running: (u64, u64),
    elapsed_secs: u32,
    subtracts: bool,
}

/// Samples kept; the sheet does not say how many.
const SAMPLES_MAX: usize = 20;

const COUNTS_MAX: u64 = 999_999;
const NUMBER_MAX: u32 = 9_999;

/// Keeps the two channels apart.
const BETA: u64 = 0xBE << 32;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Ludlum3030 {
            options: self,
            alpha: Detector::new(seed),
            beta: Detector::new(seed ^ BETA),
            inbox: Inbox::default(),
            samples: VecDeque::new(),
            n_samples: 0,
            running: (0, 0),
            elapsed_secs: 0,
            subtracts: false,
        })
    }
}

impl Sample {
    /// The 57 characters before CR LF.
    pub fn text(&self) -> String {
        let Self {
            number,
            time,
            alpha,
            beta,
            seconds,
            comment,
        } = self;
        format!("{number:04} {time} {alpha:06} {beta:06} {seconds:07.1} S {comment:<10.10}")
    }
}

impl Ludlum3030 {
    fn count(&mut self, moment: &Moment) {
        let expected = |per_usv_h: f64| moment.dose_rate_usv_h * per_usv_h;
        let alpha = expected(self.options.alpha_cps_per_usv_h);
        let beta = expected(self.options.beta_cps_per_usv_h);
        let (alphas, betas) = self.running;
        self.running = (
            alphas.saturating_add(self.alpha.counts(alpha, moment)),
            betas.saturating_add(self.beta.counts(beta, moment)),
        );
    }

    fn store(&mut self, moment: &Moment) {
        self.n_samples = self.n_samples % NUMBER_MAX + 1;
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        let (alpha, beta) = self.running;
        self.samples.push_back(Sample {
            number: self.n_samples,
            time: moment.clock.strftime("%m/%d/%y %H:%M:%S").to_string(),
            alpha: alpha.min(COUNTS_MAX),
            beta: beta.min(COUNTS_MAX),
            seconds: f64::from(self.options.count_secs),
            comment: self.options.comment.clone(),
        });
    }

    /// The lines of the answer. The command that reads the running scaler is not on the
    /// sheet, so there is none.
    fn answer(&mut self, command: &str) -> Vec<Frame> {
        let command = command.to_ascii_uppercase();
        let line = match command.as_str() {
            "RS" => {
                let samples = self
                    .samples
                    .iter()
                    .map(|sample| Frame::line(&sample.text()));
                return samples.chain([Frame::line("$")]).collect();
            }
            "B0" | "B1" | "B2" => {
                if command != "B2" {
                    self.subtracts = command == "B1";
                }
                if self.subtracts { "ON" } else { "OFF" }.to_owned()
            }
            "RT" => format!("{:07.1}", f64::from(self.options.count_secs)),
            "RU" => self.options.comment.clone(),
            "RV" => "0750".to_owned(),
            "RX1" | "RX2" => "0100".to_owned(),
            "RY" => "ON".to_owned(),
            _ => match command.as_bytes() {
                [b'R', b'0'..=b'9'] => "000500".to_owned(),
                _ => format!("ERROR-{command:.2}"),
            },
        };
        vec![Frame::line(&line)]
    }
}

impl Firmware for Ludlum3030 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            line: true,
            terminator: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Stored samples outlive a power cut, the one under way does not.
    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.running = (0, 0);
        self.elapsed_secs = 0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        // Frozen, the counts of the last sample come again.
        if !moment.frozen {
            self.count(moment);
        }
        self.elapsed_secs += 1;
        if self.elapsed_secs >= self.options.count_secs {
            if moment.frozen
                && let Some(last) = self.samples.back()
            {
                self.running = (last.alpha, last.beta);
            }
            self.store(moment);
            self.running = (0, 0);
            self.elapsed_secs = 0;
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = self.inbox.line() {
            said.extend(self.answer(&command));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[track_caller]
    fn check(unit: &mut Box<dyn Firmware>, command: &str, expected: &[&str]) {
        let asked = format!("{command}\n");
        let frames = unit.hear(asked.as_bytes(), &test_moment(0.1));
        let expected: Vec<Frame> = expected.iter().map(|text| Frame::line(text)).collect();
        assert_eq!(frames, expected, "{command}");
    }

    #[test]
    fn a_sample_is_59_bytes_and_the_list_ends_with_a_dollar() {
        let options = Options {
            comment: "filter 7".to_owned(),
            count_secs: 10,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        check(&mut unit, "rs", &["$"]);
        let moment = Moment {
            steady: true,
            ..test_moment(2.0)
        };
        for _ in 0..10 {
            unit.tick(&moment);
        }
        let sample = "0001 03/14/26 03:00:00 000010 000160 00010.0 S filter 7  ";
        check(&mut unit, "RS\r", &[sample, "$"]);
        assert_eq!(Frame::line(sample).bytes.len(), 59);
        unit.power_up();
        for _ in 0..9 {
            unit.tick(&moment);
        }
        check(&mut unit, "RS", &[sample, "$"]);
    }

    #[test]
    fn settings_are_told_and_the_rest_is_an_error() {
        let mut unit = Options::default().firmware(1);
        check(&mut unit, "B2", &["OFF"]);
        check(&mut unit, "b1", &["ON"]);
        check(&mut unit, "B2", &["ON"]);
        check(&mut unit, "RT", &["00060.0"]);
        check(&mut unit, "RV", &["0750"]);
        check(&mut unit, "RY", &["ON"]);
        check(&mut unit, "R3", &["000500"]);
        check(&mut unit, "QWERTY", &["ERROR-QW"]);
        check(&mut unit, "RX3", &["ERROR-RX"]);
    }
}
