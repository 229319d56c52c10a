//! What a number of counts says of the rate behind it, exactly: radioactive
//! decay follows Poisson's law.

/// One-sided risk of the bounds here: 99.99 % (alarm semantics, section 3).
const RISK: f64 = 1e-4;

/// The normal quantile of the same risk.
const Z_9999: f64 = 3.719_016_485_455_68;

/// Above so many counts the approximation of Wilson and Hilferty is right to
/// one part in a hundred thousand, and takes no longer for more of them.
const EXACT_UP_TO: u64 = 10_000;

/// The least mean that is compatible with so many counts: below it, so many or
/// more would come in fewer than one of 10,000 tries.
///
/// The same as half the chi-squared quantile of 0.0001 with twice as many
/// degrees of freedom as there are counts. Unit: counts. Zero for none.
pub fn lower_bound(counts: u64) -> f64 {
    if counts == 0 {
        return 0.0;
    }
    let n = as_f64(counts);
    if counts > EXACT_UP_TO {
        return wilson_hilferty(n);
    }
    // The logarithm of the probability, over the logarithm of the mean, rises and
    // is bent downwards: Newton's steps come from below and never leave again.
    let factorial = ln_factorial(counts);
    let target = RISK.ln();
    let mut t = if counts < 5 {
        (target + factorial) / n
    } else {
        wilson_hilferty(n).ln()
    };
    for _ in 0..60 {
        let mean = t.exp();
        let tail = tail_series(n, mean);
        let ln_p = n * t - mean - factorial + tail.ln();
        let step = (target - ln_p) * tail / n;
        t += step;
        if step.abs() < 1e-13 {
            break;
        }
    }
    t.exp()
}

/// Whether a value made of so many counts lies at or above `level` for certain.
pub fn is_surely_at(value: f64, counts: u64, level: f64) -> bool {
    // Most values are far from a level: the bound is below the counts.
    counts > 0 && value >= level && value * lower_bound(counts) / as_f64(counts) >= level
}

/// Whether so few counts are too few for `mean` of them: they would come in at
/// most one of 10,000 tries.
pub fn is_too_few(counts: u64, mean: f64) -> bool {
    let n = as_f64(counts);
    if mean <= n {
        return false;
    }
    // From the largest term downwards.
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = n;
    while k > 0.0 && term > sum * 1e-17 {
        term *= k / mean;
        sum += term;
        k -= 1.0;
    }
    let ln_p = n * mean.ln() - mean - ln_factorial(counts) + sum.ln();
    ln_p <= RISK.ln()
}

fn wilson_hilferty(n: f64) -> f64 {
    let root = 1.0 - 1.0 / (9.0 * n) - Z_9999 / (3.0 * n.sqrt());
    n * root.max(0.0).powi(3)
}

/// The sum of mean^k n! / (n + k)! over all k from 0: what the first term of the
/// upper tail is to be multiplied by.
fn tail_series(n: f64, mean: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = n;
    while term > sum * 1e-17 {
        k += 1.0;
        term *= mean / k;
        sum += term;
    }
    sum
}

fn ln_factorial(counts: u64) -> f64 {
    if counts < 20 {
        return (2..=counts).map(as_f64).product::<f64>().ln();
    }
    // Stirling's series; the first term left out is below 1e-13.
    let n = as_f64(counts);
    let inverse = 1.0 / n;
    let square = inverse * inverse;
    n * n.ln() - n
        + 0.5 * (std::f64::consts::TAU * n).ln()
        + inverse
            * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a count above 2^53 is beyond every bound"
)]
const fn as_f64(counts: u64) -> f64 {
    counts as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked out apart from the code above, by bisection over the plain sum in
    /// 60-digit decimals; the first is -ln(0.9999).
    const KNOWN: &[(u64, f64)] = &[
        (1, 0.000100005000333),
        (2, 0.0142092376218),
        (3, 0.0861760550176),
        (4, 0.231796895173),
        (5, 0.444460178956),
        (6, 0.713747556805),
        (8, 1.38696926184),
        (10, 2.19758135822),
        (15, 4.62904558106),
        (20, 7.44153032531),
        (21, 8.03690655199),
        (30, 13.7484470206),
        (50, 27.8622992253),
        (100, 67.0077382355),
        (200, 151.628084764),
        (1000, 886.648261415),
        (5000, 4741.29270729),
    ];

    #[test]
    fn the_bound_is_that_of_the_sum_worked_out_by_hand() {
        for (counts, expected) in KNOWN {
            let got = lower_bound(*counts);
            assert!(
                (got / expected - 1.0).abs() < 1e-9,
                "{counts}: {got}, not {expected}"
            );
        }
        assert!(lower_bound(0).abs() < f64::EPSILON);
    }

    /// NIST/SEMATECH's table of the chi-squared distribution has the lower
    /// quantile of 0.001, not of 0.0001; what it must lie above is checked.
    #[test]
    fn the_bound_grows_with_the_counts_and_stays_below_them() {
        let mut last = 0.0;
        for counts in 1..2_000 {
            let bound = lower_bound(counts);
            assert!(last < bound && bound < as_f64(counts), "{counts}");
            last = bound;
        }
        for (counts, chi_squared_001) in [(1, 0.002), (5, 1.479), (10, 5.921), (50, 61.918)] {
            assert!(
                lower_bound(counts) < chi_squared_001 / 2.0 + 1e-3,
                "{counts}"
            );
        }
    }

    #[test]
    fn the_approximation_takes_over_without_a_step() {
        let exact = lower_bound(EXACT_UP_TO);
        let next = lower_bound(EXACT_UP_TO + 1);
        assert!((0.5..1.5).contains(&(next - exact)), "{exact} {next}");
        assert!(lower_bound(u64::MAX).is_finite());
    }

    #[test]
    fn few_counts_are_told_from_too_few() {
        // exp(-9.2103) is just above one in 10,000, exp(-9.2104) just below.
        assert!(!is_too_few(0, 9.2103) && is_too_few(0, 9.2104));
        assert!(!is_too_few(2, 13.8) && is_too_few(2, 14.0));
        assert!(!is_too_few(5, 4.0) && !is_too_few(5, 5.0));
        assert!(is_too_few(10, 5_000.0) && is_too_few(100_000, 200_000.0));
    }
}
