//! When to try again.

use std::hash::Hasher;
use std::time::Duration;

use twox_hash::XxHash64;

/// An emergency is tried at least this often.
const EMERGENCY_MOST: Duration = Duration::from_secs(30);

/// Anything else is tried at least this often.
const OTHER_MOST: Duration = Duration::from_secs(300);

/// Anything but an emergency is given up after this.
pub(super) const OTHER_UNTIL: Duration = Duration::from_secs(72 * 3600);

/// How long to wait after the `attempts`-th failure: 1, 2, 4 … s, a tenth more
/// or less, so that many subscribers do not try in step.
///
/// The spread follows from the message, not from chance: the same run gives the
/// same waits.
pub(super) fn wait(
    message: &str,
    attempts: u32,
    emergency: bool,
    asked: Option<Duration>,
) -> Duration {
    let most = if emergency {
        EMERGENCY_MOST
    } else {
        OTHER_MOST
    };
    if let Some(asked) = asked {
        let cap = if emergency {
            Duration::from_secs(60)
        } else {
            OTHER_MOST
        };
        return asked.clamp(Duration::from_secs(1), cap);
    }
    let doubled = Duration::from_secs(1 << attempts.saturating_sub(1).min(16));
    let mut hasher = XxHash64::with_seed(u64::from(attempts));
    hasher.write(message.as_bytes());
    let spread = u32::try_from(hasher.finish() % 21).unwrap_or(10);
    doubled.min(most) * (90 + spread) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour without the subscriber: how often it is tried, and how long it is
    /// left alone at the most.
    #[track_caller]
    fn check_hour(emergency: bool, tries: std::ops::RangeInclusive<u32>, longest_s: u64) {
        for message in ["A-0123456789abcdef.1", "A-fedcba9876543210.7"] {
            let (mut tried, mut passed) = (0, Duration::ZERO);
            while passed < Duration::from_secs(3600) {
                tried += 1;
                let waited = wait(message, tried, emergency, None);
                assert!(waited <= Duration::from_secs(longest_s), "{waited:?}");
                passed += waited;
            }
            assert!(tries.contains(&tried), "{message}: {tried} times");
        }
    }

    #[test]
    fn an_hour_of_outage_is_tried_through_and_found_over_soon() {
        // 1 + 2 + 4 + 8 + 16 s, then every 30 s, a tenth more or less.
        check_hour(true, 113..=138, 33);
        // 1 + 2 + … + 256 s, then every 300 s.
        check_hour(false, 18..=21, 330);
    }

    #[test]
    fn waits_double_up_to_their_limit() {
        let secs = |attempts, emergency| wait("A-1.1", attempts, emergency, None).as_secs_f64();
        for (attempts, middle) in [(1, 1.0), (2, 2.0), (3, 4.0), (6, 30.0), (40, 30.0)] {
            let got = secs(attempts, true);
            assert!(
                (0.9 * middle..=1.1 * middle).contains(&got),
                "{attempts}: {got}"
            );
        }
        assert!(secs(40, false) >= 270.0);
    }

    #[test]
    fn a_subscriber_may_ask_for_time_but_not_for_ever() {
        let asked =
            |secs, emergency| wait("m", 1, emergency, Some(Duration::from_secs(secs))).as_secs();
        assert_eq!(asked(5, true), 5);
        assert_eq!(asked(86_400, true), 60);
        assert_eq!(asked(0, true), 1);
        assert_eq!(asked(86_400, false), 300);
    }
}
