//! The books: what came in of each instrument, and what became of it.
//!
//! `received = stored + waiting + dead_lettered + refused`, exact at rest.
//! A message that is sent twice is one reading: duplicates stand beside.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::decode::RejectReason;
use crate::reading::Sequence;
use crate::store::embedded::{BEYOND_RETENTION, Tally};

/// What the core itself counts of one instrument.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Frames that became readings, duplicates included.
    pub readings: u64,
    /// Frames that became none, by reason.
    pub refused: BTreeMap<RejectReason, u64>,
    /// Legal frames without a reading; not part of what was received.
    pub ignored: u64,
    /// Readings handed to the store.
    pub handed_over: u64,
    /// Readings that were old when they arrived.
    pub late: u64,
    /// Message numbers missing so far.
    pub gaps: u64,
    /// Readings whose loss nobody would have noticed (QoS 0).
    pub unguarded: u64,
    last: Option<Sequence>,
}

impl Ledger {
    /// Notes that a frame was refused.
    pub fn refuse(&mut self, reason: RejectReason) {
        *self.refused.entry(reason).or_default() += 1;
    }

    /// Notes a message number: counts what is missing before it, and takes back
    /// what comes late after all.
    pub fn number(&mut self, sequence: Sequence) {
        let Some(last) = self.last else {
            self.last = Some(sequence);
            return;
        };
        if last.boot != sequence.boot {
            self.last = Some(sequence);
        } else if sequence.seq > last.seq {
            // A station may send any number: a nonsense one must not end the core.
            self.gaps = self.gaps.saturating_add(sequence.seq - last.seq - 1);
            self.last = Some(sequence);
        } else if sequence.seq < last.seq {
            self.gaps = self.gaps.saturating_sub(1);
        }
    }
}

/// The books of one instrument, or the sum of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Readings and refused frames, each once.
    pub received: u64,
    /// Readings in the store.
    pub stored: u64,
    /// On the way to it.
    pub waiting: u64,
    /// Given up, with a reason, for a person to look at.
    pub dead_lettered: u64,
    /// Refused in all.
    pub refused: u64,
    /// Refused, by reason.
    pub refused_by_reason: BTreeMap<String, u64>,
    /// Came again.
    pub duplicates: u64,
    /// Were old when they arrived.
    pub late: u64,
    /// Message numbers missing.
    pub gaps: u64,
    /// Legal frames without a reading.
    pub ignored: u64,
    /// Readings whose loss nobody would have noticed (QoS 0).
    pub unguarded: u64,
    /// Whether `received = stored + waiting + dead_lettered + refused`.
    pub balanced: bool,
}

impl Account {
    /// Puts what the core counted beside what the store counted.
    pub fn of(ledger: &Ledger, tally: &Tally) -> Self {
        let mut refused_by_reason: BTreeMap<String, u64> = ledger
            .refused
            .iter()
            .map(|(reason, count)| (reason.to_string(), *count))
            .collect();
        if tally.beyond_retention > 0 {
            refused_by_reason.insert(BEYOND_RETENTION.to_owned(), tally.beyond_retention);
        }
        let refused = refused_by_reason.values().sum();
        let frames_refused: u64 = ledger
            .refused
            .iter()
            .filter(|(reason, _)| **reason != RejectReason::Backlog)
            .map(|(_, count)| count)
            .sum();
        let ended = tally.stored + tally.duplicates + tally.beyond_retention;
        let mut account = Self {
            received: (ledger.readings + frames_refused).saturating_sub(tally.duplicates),
            stored: tally.stored,
            waiting: ledger.handed_over.saturating_sub(ended),
            dead_lettered: 0,
            refused,
            refused_by_reason,
            duplicates: tally.duplicates,
            late: ledger.late,
            gaps: ledger.gaps,
            ignored: ledger.ignored,
            unguarded: ledger.unguarded,
            balanced: false,
        };
        account.balance();
        account
    }

    /// Adds another account.
    pub fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.stored += other.stored;
        self.waiting += other.waiting;
        self.dead_lettered += other.dead_lettered;
        self.refused += other.refused;
        for (reason, count) in &other.refused_by_reason {
            *self.refused_by_reason.entry(reason.clone()).or_default() += count;
        }
        self.duplicates += other.duplicates;
        self.late += other.late;
        self.gaps = self.gaps.saturating_add(other.gaps);
        self.ignored += other.ignored;
        self.unguarded += other.unguarded;
        self.balance();
    }

    const fn balance(&mut self) {
        self.balanced =
            self.received == self.stored + self.waiting + self.dead_lettered + self.refused;
    }
}

/// The books of the whole daemon, since it started.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Books {
    /// Since when, RFC 3339.
    pub since: String,
    /// The sum.
    pub total: Account,
    /// Each instrument.
    pub instruments: BTreeMap<String, Account>,
    /// Frames that belong to no configured instrument.
    pub unattributed: Account,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seq(boot: u64, seq: u64) -> Sequence {
        Sequence {
            boot: Some(boot),
            seq,
        }
    }

    #[test]
    fn missing_numbers_are_counted_and_taken_back() {
        let mut ledger = Ledger::default();
        for (boot, number, gaps) in [
            (1, 5, 0),
            (1, 6, 0),
            (1, 10, 3),
            (1, 8, 2),
            (2, 1, 2),
            (2, 3, 3),
        ] {
            ledger.number(seq(boot, number));
            assert_eq!(ledger.gaps, gaps, "after {boot}/{number}");
        }
    }

    #[test]
    fn nonsense_numbers_end_nothing() {
        let mut ledger = Ledger::default();
        for boot in 0..4 {
            ledger.number(seq(boot, 0));
            ledger.number(seq(boot, u64::MAX));
        }
        assert_eq!(ledger.gaps, u64::MAX);
        let account = Account::of(&ledger, &Tally::default());
        let mut sum = account.clone();
        sum.add(&account);
        assert_eq!(sum.gaps, u64::MAX);
    }

    #[test]
    fn an_account_balances_with_duplicates_backlog_and_retention() {
        let mut ledger = Ledger {
            readings: 100,
            handed_over: 97,
            ..Ledger::default()
        };
        ledger.refuse(RejectReason::Checksum);
        for _ in 0..3 {
            ledger.refuse(RejectReason::Backlog);
        }
        let tally = Tally {
            stored: 80,
            duplicates: 5,
            refused: 1,
            beyond_retention: 2,
        };
        let account = Account::of(&ledger, &tally);
        assert!(account.balanced, "{account:?}");
        assert_eq!(
            (account.received, account.waiting, account.refused),
            (96, 10, 6)
        );
        let mut sum = Account::default();
        sum.add(&account);
        sum.add(&account);
        assert!(sum.balanced);
        assert_eq!(sum.received, 192);
    }
}
