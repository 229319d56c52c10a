//! Message numbers that are missing and do not come late after all.

use std::time::Duration;

use super::lasting::Turn;
use crate::clock::Mono;

/// What is missing this long is lost.
const LOST_AFTER: Duration = Duration::from_secs(60);

/// Without a further loss for this long it is over.
const OVER_AFTER: Duration = Duration::from_secs(600);

/// The missing numbers of one instrument.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    /// Missing when it was last all right.
    accepted: u64,
    missing: u64,
    since: Option<Mono>,
    /// When a further number went missing.
    last: Option<Mono>,
    said: Option<Turn>,
}

impl Gaps {
    /// Before the first number.
    pub(super) const EMPTY: Self = Self {
        accepted: 0,
        missing: 0,
        since: None,
        last: None,
        said: None,
    };

    /// Takes the number of messages missing so far.
    pub(super) fn note(&mut self, now: Mono, missing: u64) {
        if missing > self.missing {
            self.since.get_or_insert(now);
            self.last = Some(now);
        }
        self.missing = missing;
        if missing <= self.accepted && self.said != Some(Turn::On) {
            // They came late after all.
            self.since = None;
        }
        self.accepted = self.accepted.min(missing);
    }

    /// How many are missing.
    pub(super) const fn lost(&self) -> u64 {
        self.missing - self.accepted
    }

    /// Looks whether they are lost, or whether that is over; gives what changed.
    pub(super) fn look(&mut self, now: Mono) -> Option<Turn> {
        let is_lost = self
            .since
            .is_some_and(|since| now.since(since) >= LOST_AFTER);
        let is_calm = self.last.is_none_or(|last| now.since(last) >= OVER_AFTER);
        let turn = match (is_lost, is_calm) {
            (true, false) => Turn::On,
            (_, true) => {
                self.accepted = self.missing;
                self.since = None;
                Turn::Off
            }
            (false, false) => return None,
        };
        (self.said.replace(turn) != Some(turn)).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_is_no_loss_and_a_loss_is_over_after_a_while() {
        let mut gaps = Gaps::EMPTY;
        let at = Mono::from_secs;
        gaps.note(at(0), 0);
        assert_eq!(gaps.look(at(0)), Some(Turn::Off));
        gaps.note(at(10), 2);
        assert_eq!(gaps.look(at(69)), None);
        gaps.note(at(69), 0);
        assert_eq!(gaps.look(at(70)), None, "both came late");
        gaps.note(at(100), 3);
        gaps.note(at(120), 2);
        assert_eq!(gaps.look(at(159)), None);
        assert_eq!(gaps.look(at(160)), Some(Turn::On));
        assert_eq!(gaps.lost(), 2);
        assert_eq!(gaps.look(at(699)), None);
        assert_eq!(gaps.look(at(700)), Some(Turn::Off));
    }
}
