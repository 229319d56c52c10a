//! How often one subscriber is told: few notifications by themselves, then many
//! events in one.
//!
//! What holds, at any time and whatever arrives:
//!
//! - No more than [`MOST`] notifications within [`WINDOW`], counted over every
//!   stretch of that length. Urgent ones (an emergency that is new or back) are
//!   none of them: they wait for nothing and are not asked for here.
//! - The first [`SINGLES`] go at once and by themselves; what comes then is
//!   gathered for [`GATHER`], and later for [`GAP`] and more, so that something
//!   can still be said to the end of the window.
//! - The flood mark, after ISA-18.2, bundles; it leaves nothing out.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Mono;

/// Over which the notifications are counted.
pub const WINDOW: Duration = Duration::from_secs(600);

/// Most notifications within the window that are not urgent: one below the ten
/// that a person can take in, so that a first emergency is the tenth.
pub const MOST: usize = 9;

/// Within the window so many go by themselves; the rest is left to digests.
const SINGLES: usize = 4;

/// Up to so many within the window, a rise of class waits for nothing but a pause
/// of [`GATHER`] after the one before.
const QUICK: usize = 7;

/// How long the first digest gathers.
const GATHER: Duration = Duration::from_secs(10);

/// From one digest to the next, at least.
const GAP: Duration = Duration::from_secs(120);

/// More alarms than this within the window are a flood.
const FLOOD_ABOVE: usize = 10;

/// Fewer than this end it.
const CALM_BELOW: usize = 5;

/// After the first message that only says that data were lost or came back, the
/// next waits so long; each further one twice as long.
const DULL_FIRST: Duration = Duration::from_secs(30);

/// … up to this.
const DULL_MOST: Duration = Duration::from_secs(600);

/// How much an event that may wait has to say, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Data were lost, or are back; all else is as it was told.
    Flap,
    /// Something changed or ended.
    Update,
    /// A new place, one that is back, or a clock that ran out.
    News,
    /// A higher class.
    Rise,
}

/// When the next notification may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Going {
    /// Not before.
    pub(super) at: Mono,
    /// One event by itself; else all that waits, in one.
    pub(super) alone: bool,
}

/// A notification that went.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Mono,
    alone: bool,
}

/// The pace of one subscriber.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// When alarms came, within the window.
    arrivals: VecDeque<Mono>,
    /// What was told, within the window.
    told: VecDeque<Told>,
    is_flood: bool,
    /// How many messages without news went lately, and when the last one did.
    dull: Option<(u32, Mono)>,
}

impl Pace {
    /// An alarm came: a place or a class that is new.
    pub(super) fn arrived(&mut self, now: Mono) {
        self.arrivals.push_back(now);
        self.look(now);
    }

    /// A notification went.
    pub(super) fn told(&mut self, now: Mono, weight: Weight, alone: bool) {
        self.look(now);
        self.told.push_back(Told { at: now, alone });
        if weight == Weight::Flap {
            let before = self.dull.map_or(0, |(count, _)| count);
            self.dull = Some((before.saturating_add(1), now));
        }
    }

    /// Forgets what lies behind the window, and moves the flood mark.
    pub(super) fn look(&mut self, now: Mono) {
        let is_past = |at: Mono| now.since(at) > WINDOW;
        while self.arrivals.front().is_some_and(|at| is_past(*at)) {
            self.arrivals.pop_front();
        }
        // More than set the mark are nothing more to it.
        while self.arrivals.len() > FLOOD_ABOVE + 1 {
            self.arrivals.pop_front();
        }
        while self.told.front().is_some_and(|told| is_past(told.at)) {
            self.told.pop_front();
        }
        if self
            .dull
            .is_some_and(|(_, at)| now.since(at) > DULL_MOST * 2)
        {
            self.dull = None;
        }
        self.is_flood = if self.is_flood {
            self.arrivals.len() >= CALM_BELOW
        } else {
            self.arrivals.len() > FLOOD_ABOVE
        };
    }

    /// Whether more comes than a person can take in.
    pub(super) const fn is_flood(&self) -> bool {
        self.is_flood
    }

    /// When the flood mark falls, if nothing more comes.
    pub(super) fn calm_at(&self) -> Option<Mono> {
        let last = self.arrivals.len().checked_sub(CALM_BELOW)?;
        let at = self.arrivals.get(last).filter(|_| self.is_flood)?;
        Some(after_window(*at))
    }

    /// When the heaviest of what waits since `since` may go, as things are now.
    pub(super) fn next(&self, weight: Weight, since: Mono) -> Going {
        let is_news = weight >= Weight::News;
        let alone = self.told.len() < SINGLES && (is_news || !self.is_flood);
        let paced = if alone {
            since
        } else {
            self.digest_at(weight, since)
        };
        let lively = match self.dull {
            Some((count, last)) if weight == Weight::Flap => {
                let doubled = DULL_FIRST.saturating_mul(1 << count.saturating_sub(1).min(16));
                last.saturating_add(doubled.min(DULL_MOST))
            }
            _ => since,
        };
        Going {
            at: paced.max(lively),
            alone,
        }
    }

    fn digest_at(&self, weight: Weight, since: Mono) -> Mono {
        let gathered = since.saturating_add(GATHER);
        let (Some(first), Some(last)) = (self.told.front(), self.told.back()) else {
            return gathered;
        };
        if let Some(full) = self.told.len().checked_sub(MOST)
            && let Some(leaving) = self.told.get(full)
        {
            return gathered.max(after_window(leaving.at));
        }
        let is_early = self.told.len() < QUICK;
        if weight == Weight::Rise && is_early {
            return since.max(last.at.saturating_add(GATHER));
        }
        let is_first = self.told.iter().all(|told| told.alone);
        let gap = if is_first || (weight == Weight::News && !self.is_flood && is_early) {
            GATHER
        } else {
            // What is left is spread over what is left of the window.
            let left = u32::try_from(MOST - self.told.len()).unwrap_or(1);
            let even = after_window(first.at).since(last.at) / (left + 1);
            GAP.max(even)
        };
        gathered.max(last.at.saturating_add(gap))
    }
}

/// The first instant at which something is no longer within the window.
fn after_window(at: Mono) -> Mono {
    at.saturating_add(WINDOW)
        .saturating_add(Duration::from_nanos(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono::from_secs(secs)
    }

    /// Tells as soon as it may, with something of `weight` always waiting.
    fn told_in(secs: u64, weight: Weight, pace: &mut Pace) -> Vec<u64> {
        let mut told = Vec::new();
        for now in 0..secs {
            if weight >= Weight::News {
                pace.arrived(at(now));
            }
            pace.look(at(now));
            let since = told.last().copied().unwrap_or(0);
            let going = pace.next(weight, at(since));
            if going.at <= at(now) {
                pace.told(at(now), weight, going.alone);
                told.push(now);
            }
        }
        told
    }

    #[track_caller]
    fn check_limit(told: &[u64]) {
        for first in told {
            let within = told.iter().filter(|at| (*first..=first + 600).contains(at));
            assert!(within.count() <= MOST, "from {first} on: {told:?}");
        }
    }

    #[test]
    fn whatever_waits_no_stretch_of_ten_minutes_has_too_many() {
        for weight in [Weight::Flap, Weight::Update, Weight::News, Weight::Rise] {
            let told = told_in(7200, weight, &mut Pace::default());
            check_limit(&told);
            let longest = told.windows(2).map(|two| two[1] - two[0]).max();
            assert!(longest <= Some(600), "{weight:?}: {told:?}");
        }
    }

    #[test]
    fn four_go_at_once_and_the_first_digest_after_ten_seconds() {
        let told = told_in(600, Weight::News, &mut Pace::default());
        assert_eq!(told.get(..6), Some(&[0, 1, 2, 3, 13, 133][..]), "{told:?}");
    }

    #[test]
    fn a_rise_takes_along_at_once_what_waits_in_a_flood() {
        let mut pace = Pace::default();
        assert_eq!(told_in(30, Weight::News, &mut pace), [0, 1, 2, 3, 13]);
        assert!(pace.is_flood());
        let news = pace.next(Weight::News, at(40));
        let rise = pace.next(Weight::Rise, at(40));
        assert_eq!((news.at, news.alone), (at(133), false));
        assert_eq!((rise.at, rise.alone), (at(40), false));
    }

    #[test]
    fn the_flood_mark_comes_above_ten_and_goes_below_five() {
        let mut pace = Pace::default();
        for n in 0..10 {
            pace.arrived(at(n));
        }
        assert!(!pace.is_flood());
        pace.arrived(at(10));
        assert!(pace.is_flood());
        // Those of second 6 on are five.
        assert_eq!(pace.calm_at(), Some(after_window(at(6))));
        pace.look(at(606));
        assert!(pace.is_flood());
        pace.look(at(607));
        assert!(!pace.is_flood());
    }

    #[test]
    fn what_only_flaps_is_told_less_and_less_often() {
        let told = told_in(24 * 3600, Weight::Flap, &mut Pace::default());
        let gaps: Vec<u64> = told.windows(2).map(|two| two[1] - two[0]).collect();
        assert_eq!(
            gaps.get(..5),
            Some(&[30, 60, 120, 240, 480][..]),
            "{told:?}"
        );
        assert!(gaps.iter().skip(5).all(|gap| *gap == 600), "{told:?}");
    }
}
