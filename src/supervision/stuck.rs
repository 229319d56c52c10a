//! A stuck detector: identical raw counts, again and again, beyond chance.
//!
//! Counts of a living detector differ by chance. The chance that the next one is
//! the same is at most that of the most probable one of a Poisson distribution
//! whose mean is the count itself. Readings whose counting times overlap say the
//! same counts twice: only as many count as fit into the time one after another.

use crate::clock::Mono;
use crate::reading::{Number, Quantity, Reading};

/// So many identical readings at least.
const REPEATS: u32 = 20;

/// ln(10⁻⁶): a chance below this is none.
const BEYOND_CHANCE: f64 = -13.815_510_557_964_274;

/// A run of identical counts.
#[derive(Clone, Debug)]
pub(super) struct Stuck {
    run: Option<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    count: Count,
    first: Mono,
    last: Mono,
    readings: u32,
}

/// Counts, and how many seconds they were collected in.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Count {
    quantity: Quantity,
    counts: u64,
    seconds: f64,
}

impl Stuck {
    /// Before the first reading.
    pub(super) const EMPTY: Self = Self { run: None };

    /// Takes a reading; gives the count that it is stuck at, if it is. A reading
    /// without counts says nothing.
    pub(super) fn take(&mut self, now: Mono, reading: &Reading) -> Option<u64> {
        let Some(count) = count_of(reading) else {
            return self.stuck_at();
        };
        match &mut self.run {
            Some(run) if run.count == count => {
                run.readings = run.readings.saturating_add(1);
                run.last = now;
            }
            run => {
                *run = Some(Run {
                    count,
                    first: now,
                    last: now,
                    readings: 1,
                });
            }
        }
        self.stuck_at()
    }

    fn stuck_at(&self) -> Option<u64> {
        let run = self.run?;
        let lasted = run.last.since(run.first).as_secs_f64();
        let fit = (lasted / run.count.seconds).floor();
        let repeats = f64::from(run.readings - 1).min(fit);
        let is_beyond = repeats * ln_most_probable(run.count.counts) < BEYOND_CHANCE;
        (run.readings >= REPEATS && is_beyond).then_some(run.count.counts)
    }
}

fn count_of(reading: &Reading) -> Option<Count> {
    reading.channels.iter().find_map(|channel| {
        let quantity = channel.quantity;
        let told = channel.counting.map(|counting| Count {
            quantity,
            counts: counting.counts,
            seconds: counting.seconds,
        });
        let raw = || {
            let raw = channel.raw?;
            let seconds = match raw.unit {
                "cps" => 1.0,
                "cpm" => 60.0,
                _ => return None,
            };
            let Number::Int(counts) = raw.value else {
                return None;
            };
            Some(Count {
                quantity,
                counts: u64::try_from(counts).ok()?,
                seconds,
            })
        };
        told.or_else(raw)
    })
}

/// The natural logarithm of the probability of `count` when that is the mean.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts stay far below 2^53, and only the order of magnitude counts"
)]
fn ln_most_probable(count: u64) -> f64 {
    let k = count as f64;
    if count == 0 {
        return 0.0; // whatever shows nothing shows it for ever
    }
    if count < 64 {
        let ln_factorial: f64 = (1..=count).map(|n| (n as f64).ln()).sum();
        return k * k.ln() - k - ln_factorial;
    }
    -0.5 * (std::f64::consts::TAU * k).ln() // Stirling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_of_the_most_probable_count_is_that_of_poisson() {
        for (count, chance) in [(0, 1.0), (1, 0.367_879), (7, 0.149_003), (100, 0.039_861)] {
            let given = ln_most_probable(count).exp();
            assert!((given - chance).abs() < 1e-4, "{count}: {given}");
        }
    }
}
