//! Safecast bGeigie (catalogue section 4): a sentence with position each 5 s.

mod sentence;

pub use sentence::{Model, Sentence};

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::prng::whole;

/// The family's verb.
pub const NAME: &str = "bgeigie";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Which unit, and so which header and order of fields
    #[arg(long, value_enum, default_value_t = Model::Nano)]
    pub model: Model,
    /// Device id, three or four digits
    #[arg(long, value_name = "DIGITS", default_value = "0002")]
    pub id: String,
    /// Header instead of the model's own, such as BNXRDD, PNTDD or CZRDD
    #[arg(long, value_name = "WORD")]
    pub header: Option<String>,
    /// Altitude it reports
    #[arg(long, value_name = "METRES", default_value_t = 50.0)]
    pub altitude_m: f64,
    /// Without a GPS fix: position and its flag are void, a Nano knows no date
    #[arg(long)]
    pub no_fix: bool,
    /// Signs angles although the hemisphere is there, as old TinyGPS did
    #[arg(long)]
    pub tinygps: bool,
    /// Leaves dead time in the counts; only the Nano and the Zen can correct it
    #[arg(long)]
    pub raw_counts: bool,
    /// Without the comment lines at power-up
    #[arg(long)]
    pub no_comments: bool,
}

/// A bGeigie, as it runs.
#[derive(Debug)]
pub struct Bgeigie {
    options: Options,
    detector: Detector,
    /// Counts of the last twelve 5 s bins, newest last.
    bins: VecDeque<u64>,
    /// Bins since power-up.
    n_bins: u64,
    total: u64,
}

/// Counts per minute of the LND 7317 in 1 µSv/h.
const CPM_PER_USV_H: f64 = 334.0;

/// Dead time in minutes per count: the divisor's factor in `# deadtime=on`.
const DEAD_TIME_MIN: f64 = 1.8833e-6;

/// The unit is good to about 350 000 cpm, 1 mSv/h; the mock counts no faster.
const CPM_MAX: f64 = 350_000.0;

const N_BINS: usize = 12;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Bgeigie {
            options: self,
            detector: Detector::new(seed),
            bins: VecDeque::new(),
            n_bins: 0,
            total: 0,
        })
    }
}

impl Bgeigie {
    fn count(&mut self, moment: &Moment) {
        let true_cpm = moment.dose_rate_usv_h * CPM_PER_USV_H;
        let counted_cpm = (true_cpm / (1.0 + true_cpm * DEAD_TIME_MIN)).min(CPM_MAX);
        let counts = self.detector.counts(counted_cpm / N_BINS as f64, moment);
        if self.bins.len() == N_BINS {
            self.bins.pop_front();
        }
        self.bins.push_back(counts);
        self.n_bins = self.n_bins.saturating_add(1);
        self.total = self.total.saturating_add(counts);
    }

    fn cpm(&self) -> u64 {
        let counted: u64 = self.bins.iter().sum();
        if !self.corrects_dead_time() {
            return counted;
        }
        let counted = counted as f64;
        whole((counted / (1.0 - counted * DEAD_TIME_MIN)).round())
    }

    fn corrects_dead_time(&self) -> bool {
        self.options.model.corrects_dead_time() && !self.options.raw_counts
    }

    fn sentence(&self, moment: &Moment) -> Sentence<'_> {
        let options = &self.options;
        let fix = !options.no_fix;
        Sentence {
            model: options.model,
            header: options.header.as_deref().unwrap_or(options.model.header()),
            id: &options.id,
            time: (fix || !options.model.loses_date()).then_some(moment.clock),
            cpm: self.cpm(),
            counts_5s: self.bins.back().copied().unwrap_or(0),
            total: self.total,
            // Recordings turn valid with the first bin that drops out of the sum.
            count_valid: self.n_bins > N_BINS as u64,
            position: fix.then_some(moment.position),
            altitude_m: if fix { options.altitude_m } else { 0.0 },
            fix_valid: fix,
            hdop: if fix { 1.2 } else { 0.0 },
            quality: u32::from(fix),
            satellites: if fix { 8 } else { 0 },
            signed_angles: options.tinygps,
        }
    }
}

impl Firmware for Bgeigie {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            clock: true,
            line: true,
            terminator: true,
            overload: false,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.bins.clear();
        self.n_bins = 0;
        self.total = 0;
        if self.options.no_comments {
            return Vec::new();
        }
        let comments = self.options.model.comments(self.corrects_dead_time());
        comments.into_iter().map(Frame::line).collect()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            self.count(moment);
        }
        vec![self.sentence(moment).frame()]
    }
}

#[cfg(test)]
mod tests;
