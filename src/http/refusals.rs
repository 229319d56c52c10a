//! What was refused at the door: counted each time, said now and then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Mono;
use crate::reading::words;

words! {
    /// Why a request was refused before anybody looked at it.
    pub enum Reason {
        /// No token where one is demanded.
        NoToken = "no_token",
        /// A token that opens nothing, or never did.
        WrongToken = "wrong_token",
        /// A token that was good once.
        ExpiredToken = "expired_token",
        /// The same from a source that had too many.
        TooMany = "too_many",
        /// The role may not do it.
        Role = "role",
        /// A page of another site, or a foreign name for this machine.
        Origin = "origin",
        /// A body that says it is no JSON.
        ContentType = "content_type",
    }
}

/// How often refusals are spoken of: whoever tries must not fill the log.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// Refusals since the start, by reason.
#[derive(Debug, Default)]
pub(super) struct Counts([AtomicU64; Reason::ALL.len()]);

impl Counts {
    pub(super) fn count(&self, reason: Reason) {
        if let Some(count) = self.0.get(reason as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every reason, those that never came too.
    pub(super) fn all(&self) -> impl Iterator<Item = (Reason, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        Reason::ALL.iter().copied().zip(counts)
    }
}

/// Keeps the log short.
#[derive(Debug, Default)]
pub(super) struct Pace {
    said: Option<Mono>,
    withheld: u64,
}

impl Pace {
    /// Whether a refusal is spoken of now; with how many were not since the last
    /// that was.
    pub(super) fn say(&mut self, now: Mono) -> Option<u64> {
        if self.said.is_some_and(|said| now.since(said) < SAY_EVERY) {
            self.withheld += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.withheld))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_line_now_and_then_that_says_how_many_there_were() {
        let mut pace = Pace::default();
        let lines: Vec<u64> = (0..25_000)
            .filter_map(|n| pace.say(Mono::from_nanos(n * 1_000_000)))
            .collect();
        assert_eq!(lines, [0, 9_999, 9_999]);
    }

    #[test]
    fn every_reason_has_its_own_count() {
        let counts = Counts::default();
        for (n, reason) in Reason::ALL.iter().enumerate() {
            (0..n).for_each(|_| counts.count(*reason));
        }
        for (n, (reason, count)) in counts.all().enumerate() {
            assert_eq!((reason, count), (Reason::ALL[n], n as u64));
        }
    }
}
