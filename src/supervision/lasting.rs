//! A condition that is a fault when it lasts.

use std::time::Duration;

use crate::clock::Mono;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is a fault from now on.
    On,
    /// It is none, or none any longer.
    Off,
}

/// A condition, since when it holds, and what was said of it.
#[derive(Clone, Debug)]
pub(super) struct Lasting {
    after: Duration,
    since: Option<Mono>,
    said: Option<Turn>,
}

impl Lasting {
    /// A fault when it has held for `after`.
    pub(super) const fn new(after: Duration) -> Self {
        Self {
            after,
            since: None,
            said: None,
        }
    }

    /// Looks at it; gives what changed. The first look that finds it good says so
    /// too: there may be a fault from before a restart.
    pub(super) fn look(&mut self, now: Mono, is_bad: bool) -> Option<Turn> {
        let turn = if is_bad {
            let since = *self.since.get_or_insert(now);
            (now.since(since) >= self.after).then_some(Turn::On)?
        } else {
            self.since = None;
            Turn::Off
        };
        (self.said.replace(turn) != Some(turn)).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bad_for_a_moment_is_no_fault_and_each_change_is_said_once() {
        let mut lasting = Lasting::new(Duration::from_secs(30));
        let mut look = |s, bad| lasting.look(Mono::from_secs(s), bad);
        assert_eq!(look(0, true), None);
        assert_eq!(look(10, false), Some(Turn::Off));
        assert_eq!(look(11, false), None);
        assert_eq!(look(12, true), None);
        assert_eq!(look(41, true), None);
        assert_eq!(look(42, true), Some(Turn::On));
        assert_eq!(look(99, true), None);
        assert_eq!(look(100, false), Some(Turn::Off));
    }
}
