//! Since when an instrument has been above normal without a break: what T2.2-3
//! waits for (criteria.md section 5). It goes on across restarts, for a restart
//! must not lengthen a wait.
//!
//! Rain excuses a small rise for a while (EX-RAIN). When the excuse has run out
//! and the rise is still there, it began when it did, not when the excuse ended
//! (alarm semantics, section 10). While it rains, more than rain explains begins
//! when that is seen: showers that touch twice the background call for no team.

use std::time::Duration;

use crate::clock::{Mono, Received, Wall};
use crate::criteria::{Class, Judgement, Remark, Rule};

/// The time above normal of one instrument.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Elevation {
    since: Option<Since>,
    /// Since when rain excuses it.
    excused: Option<Since>,
    has_changed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Since {
    /// For the record.
    wall: Wall,
    /// From here on this process counts …
    mono: Mono,
    /// … and so long before it did.
    before: Duration,
}

impl Since {
    const fn now(now: Received) -> Self {
        Self {
            wall: now.wall,
            mono: now.mono,
            before: Duration::ZERO,
        }
    }
}

impl Elevation {
    /// One that began before this process did, which starts at `now`.
    pub(super) fn resumed(began: Wall, now: Received) -> Self {
        let before = Duration::try_from_secs_f64(now.wall.secs_since(began));
        let since = Since {
            wall: began,
            mono: now.mono,
            before: before.unwrap_or_default(),
        };
        Self {
            since: Some(since),
            excused: None,
            has_changed: false,
        }
    }

    /// Minutes so far; `None` when it is not above normal.
    pub(super) fn minutes(&self, now: Mono) -> Option<f64> {
        self.since
            .map(|since| (since.before + now.since(since.mono)).as_secs_f64() / 60.0)
    }

    /// When it began.
    pub(super) fn began(&self) -> Option<Wall> {
        self.since.map(|since| since.wall)
    }

    /// Takes an accepted judgement. One that says nothing either way neither
    /// begins nor ends it.
    pub(super) fn note(&mut self, judgement: &Judgement, now: Received) {
        match judgement.class {
            Some(Class::Elevated | Class::PossibleEmergency | Class::Emergency) => {
                if self.since.is_none() {
                    let still_rains = judgement.remarks.contains(Remark::RainRatioExceeded);
                    let excused = self.excused.filter(|_| !still_rains);
                    self.since = Some(excused.unwrap_or_else(|| Since::now(now)));
                    self.has_changed = true;
                }
            }
            Some(Class::Exempt) if judgement.rule == Rule::ExRain => {
                let excused = self.since.take();
                self.has_changed |= excused.is_some();
                let began = self.excused.or(excused);
                self.excused = Some(began.unwrap_or_else(|| Since::now(now)));
            }
            Some(Class::Normal | Class::Exempt | Class::ExistingManaged) => {
                self.excused = None;
                self.has_changed |= self.since.take().is_some();
            }
            Some(Class::Unclassified | Class::Invalid) | None => {}
        }
    }

    /// Whether it began or ended since it was last asked.
    pub(super) fn take_change(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_does_not_lengthen_the_wait() {
        let at = |secs| Wall::from_secs(secs).expect("in range");
        let start = Received {
            wall: at(10_000),
            mono: Mono::from_secs(5),
        };
        let elevation = Elevation::resumed(at(10_000 - 3000), start);
        assert_eq!(elevation.minutes(Mono::from_secs(5)), Some(50.0));
        assert_eq!(elevation.minutes(Mono::from_secs(605)), Some(60.0));
        // A clock that was set back makes it no shorter than nothing.
        let elevation = Elevation::resumed(at(20_000), start);
        assert_eq!(elevation.minutes(Mono::from_secs(5)), Some(0.0));
    }
}
