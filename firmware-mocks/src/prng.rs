//! Seeded random numbers: the same seed gives the same counts on every machine.

/// A SplitMix64 generator.
///
/// Good enough for counting statistics and rubbish bytes; not for secrets.
#[derive(Clone, Debug)]
pub struct Prng {
    state: u64,
}

impl Prng {
    /// Starts at `seed`; any seed will do, also 0.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0.0 .. 1.0`, 0 included.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what the fraction of an f64 holds.
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number below `bound`; 0 when `bound` is 0.
    ///
    /// The remainder's bias is far below what a mock could show.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        self.next_u64() % bound
    }

    /// `len` random bytes, every value possible.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(len);
        while bytes.len() < len {
            let missing = len - bytes.len();
            bytes.extend(self.next_u64().to_le_bytes().into_iter().take(missing));
        }
        bytes
    }

    /// A Poisson draw: how many events come when `mean` are expected.
    ///
    /// A `mean` that is negative or not a number gives 0. Above
    /// [`EXACT_MEAN_MAX`] the normal approximation is used; above [`MEAN_MAX`] that
    /// mean is.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean.is_nan() {
            return 0;
        }
        let mean = mean.min(MEAN_MAX);
        if mean > EXACT_MEAN_MAX {
            let normal = (-2.0 * (1.0 - self.unit()).ln()).sqrt()
                * (std::f64::consts::TAU * self.unit()).cos();
            return whole((mean + mean.sqrt() * normal).round());
        }
        let limit = (-mean).exp();
        let mut events = 0;
        let mut product = self.unit();
        while mean > 0.0 && product > limit {
            events += 1;
            product *= self.unit();
        }
        events
    }
}

/// Largest mean drawn event by event, in events.
///
/// Up to here the loop is short and `exp(-mean)` far from underflow; above, the
/// normal approximation is off by less than counting noise shows.
pub const EXACT_MEAN_MAX: f64 = 64.0;

/// Largest mean, in events: far beyond any detector, and sums of some draws still
/// fit into 64 bits.
pub const MEAN_MAX: f64 = 1e15;

/// The whole part of `value`: 0 for negatives and NaN, `u64::MAX` past the end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is what the doc promises"
)]
pub const fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_poisson(mean: f64) {
        let mut prng = Prng::new(7);
        let n = 20_000_u32;
        let draws: Vec<f64> = (0..n).map(|_| prng.poisson(mean) as f64).collect();
        let average = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|d| (d - average).powi(2)).sum::<f64>() / f64::from(n);
        // Five standard errors of the average, and a loose bound on the variance:
        // in a Poisson law both equal the mean.
        let error = 5.0 * (mean / f64::from(n)).sqrt();
        assert!((average - mean).abs() < error, "{mean}: average {average}");
        assert!(
            (variance / mean - 1.0).abs() < 0.1,
            "{mean}: variance {variance}"
        );
    }

    #[test]
    fn counts_have_poisson_mean_and_variance() {
        for mean in [0.5, 4.0, 63.9, 64.1, 4_000.0] {
            check_poisson(mean);
        }
    }

    #[test]
    fn no_field_no_counts() {
        let mut prng = Prng::new(1);
        for mean in [0.0, -3.0, f64::NAN] {
            assert_eq!(prng.poisson(mean), 0, "{mean}");
        }
    }

    #[test]
    fn an_absurd_field_stays_in_range() {
        let mut prng = Prng::new(1);
        for mean in [1e16, 1e300, f64::INFINITY] {
            let events = prng.poisson(mean) as f64;
            assert!((events / MEAN_MAX - 1.0).abs() < 1e-6, "{mean}: {events}");
        }
    }

    #[test]
    fn splitmix_reference_values() {
        let mut prng = Prng::new(0);
        assert_eq!(prng.next_u64(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(prng.next_u64(), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn bytes_have_the_length_asked_for() {
        for len in [0, 1, 7, 8, 9, 1000] {
            assert_eq!(Prng::new(3).bytes(len).len(), len);
        }
    }
}
