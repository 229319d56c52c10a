//! Steps of the wall clock, seen against the monotonic one.

use crate::clock::Received;

/// Smaller steps are what time synchronisation does every day.
const STEP_MS: i64 = 2_000;

/// Compares both clocks each time it looks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clocks {
    last: Option<Received>,
}

impl Clocks {
    /// Looks at both clocks; gives the step in milliseconds that the wall clock
    /// made since the last look, negative when backwards.
    pub(super) fn look(&mut self, now: Received) -> Option<i64> {
        let last = self.last.replace(now)?;
        let wall = i128::from(now.wall.as_nanos()) - i128::from(last.wall.as_nanos());
        let mono = i128::from(now.mono.as_nanos()) - i128::from(last.mono.as_nanos());
        let step = i64::try_from((wall - mono) / 1_000_000).unwrap_or(i64::MAX);
        (step.abs() > STEP_MS).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Mono, Wall};

    #[test]
    fn a_step_is_seen_once_and_slewing_is_none() {
        let mut clocks = Clocks::default();
        let mut look = |wall_ms: i64, mono_ms: u64| {
            clocks.look(Received {
                wall: Wall::from_nanos(wall_ms * 1_000_000),
                mono: Mono::from_nanos(mono_ms * 1_000_000),
            })
        };
        assert_eq!(look(50_000, 1_000), None);
        assert_eq!(look(51_500, 2_000), None, "half a second within a second");
        assert_eq!(
            look(54_500, 3_000),
            None,
            "two seconds are not more than two"
        );
        assert_eq!(look(58_000, 4_000), Some(2_500));
        assert_eq!(look(59_000, 5_000), None);
        assert_eq!(look(-3_540_000, 6_000), Some(-3_600_000));
    }
}
