//! When a station is silent: longer without a valid reading than it may be
//! (alarm-semantics.md section 9).

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Mono;
use crate::reading::Reading;

/// How often an instrument is expected to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// It is carried about.
    pub moves: bool,
    /// The configured time between readings.
    pub interval: Option<Duration>,
    /// What its profile says of the longest silence.
    pub profile: Option<Duration>,
}

/// Learned times between readings are believed up to here: what sends more rarely
/// than that is to be configured.
const LEARNED_MAX: Duration = Duration::from_secs(6 * 3600);

impl Expected {
    /// Without a valid reading for this long it is silent.
    ///
    /// max(3 × interval, 30 s) for a fixed one, max(5 × interval, 5 min) for a
    /// mobile one. A configured interval is what a person promised, and holds;
    /// without one the learned interval may lengthen what the profile says.
    pub fn limit(&self, learned: Option<Duration>) -> Duration {
        let (times, least) = if self.moves {
            (5, Duration::from_secs(300))
        } else {
            (3, Duration::from_secs(30))
        };
        if let Some(interval) = self.interval {
            return (interval * times).max(least);
        }
        let learned = learned.map(|learned| learned.min(LEARNED_MAX) * times);
        let known = self.profile.max(learned);
        known.unwrap_or(least).max(least)
    }
}

/// Intervals that are remembered.
const REMEMBERED: usize = 9;

/// From so many intervals on their median counts; before, the longest of them.
const ENOUGH: usize = 3;

/// The usual time between the readings of one instrument, learned.
#[derive(Clone, Debug)]
pub struct Cadence {
    last: Option<Heard>,
    intervals: VecDeque<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Mono,
    measured_ns: Option<i64>,
}

impl Cadence {
    /// Of one that was not heard yet.
    pub(super) const EMPTY: Self = Self {
        last: None,
        intervals: VecDeque::new(),
    };

    /// Whether a valid reading came.
    pub(super) const fn has_heard(&self) -> bool {
        self.last.is_some()
    }

    /// Notes a valid reading that arrived at `now`.
    ///
    /// Readings that waited somewhere arrive together: the longer of the times
    /// between arrivals and between measurements counts.
    pub fn note(&mut self, now: Mono, reading: &Reading) {
        let measured_ns = reading.device_time.trusted().map(|at| at.as_nanos());
        let heard = Heard {
            at: now,
            measured_ns,
        };
        let Some(last) = self.last.replace(heard) else {
            return;
        };
        let measured = measured_ns
            .zip(last.measured_ns)
            .and_then(|(now, last)| u64::try_from(now.saturating_sub(last)).ok())
            .map_or(Duration::ZERO, Duration::from_nanos);
        if self.intervals.len() == REMEMBERED {
            self.intervals.pop_front();
        }
        self.intervals.push_back(now.since(last.at).max(measured));
    }

    /// The usual interval; `None` before the second reading.
    pub fn usual(&self) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.intervals.iter().copied().collect();
        sorted.sort_unstable();
        let middle = if sorted.len() < ENOUGH {
            sorted.len().checked_sub(1)?
        } else {
            sorted.len() / 2
        };
        sorted.get(middle).copied()
    }
}
