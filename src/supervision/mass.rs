//! Many stations that fall silent together: one fault, not one for each.

use std::time::Duration;

use super::lasting::Turn;
use crate::clock::Mono;

/// Stations that fell silent within this time did so together.
const TOGETHER: Duration = Duration::from_secs(120);

/// Fewer than these are never many, whatever their share.
const LEAST: usize = 3;

/// After a start, stations get so long before what was silent together counts as
/// back: it may be that of before the restart, and nobody is told of each one then.
const AFTER_START: Duration = Duration::from_secs(300);

/// How many are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Many {
    /// Per cent of all watched stations …
    pub percent: usize,
    /// … or so many, whichever is fewer.
    pub stations: usize,
}

impl Default for Many {
    fn default() -> Self {
        Self {
            percent: 10,
            stations: 20,
        }
    }
}

impl Many {
    fn of(self, watched: usize) -> usize {
        let share = watched.saturating_mul(self.percent).div_ceil(100);
        share.min(self.stations).max(LEAST)
    }
}

/// What is known of all stations at one look.
#[derive(Clone, Debug, Default)]
pub(super) struct Silence {
    /// Stations that are watched.
    pub(super) watched: usize,
    /// Since when each silent one is.
    pub(super) since: Vec<(Mono, usize)>,
    /// Not silent yet, but overdue.
    pub(super) overdue: usize,
    /// Neither heard since the start nor silent.
    pub(super) unheard: usize,
}

/// Whether many are silent.
#[derive(Clone, Debug)]
pub(super) struct Mass {
    many: Many,
    /// Those that fell silent since then belong to it.
    from: Option<Mono>,
    said: Option<Turn>,
    /// When it first looked.
    first: Option<Mono>,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// What changed; an `On` comes again while stations are added or taken off.
    pub(super) turn: Option<Turn>,
    /// The stations that are silent together, by their index.
    pub(super) members: Vec<usize>,
    /// Many are about to be silent.
    pub(super) is_forming: bool,
}

impl Mass {
    pub(super) const fn new(many: Many) -> Self {
        Self {
            many,
            from: None,
            said: None,
            first: None,
        }
    }

    pub(super) fn look(&mut self, now: Mono, silence: &Silence) -> Found {
        let many = self.many.of(silence.watched);
        let together = |from: Mono| {
            let since = silence.since.iter();
            since
                .filter(move |(since, _)| *since >= from)
                .map(|(_, station)| *station)
        };
        let window = Mono::from_nanos(
            now.as_nanos()
                .saturating_sub(Duration::as_nanos(&TOGETHER).try_into().unwrap_or(u64::MAX)),
        );
        let recent = together(window).count();
        let from = match self.from {
            // It is over when most of them are back.
            Some(from) => (together(from).count() * 2 >= many).then_some(from),
            None => (recent >= many).then_some(window),
        };
        self.from = from;
        let turn = from.map_or(Turn::Off, |_| Turn::On);
        let first = *self.first.get_or_insert(now);
        let is_early = now.since(first) < AFTER_START || silence.unheard >= many;
        let is_known = turn == Turn::On || self.said.is_some() || !is_early;
        let is_repeated = turn == Turn::Off && self.said == Some(Turn::Off);
        if is_known {
            self.said = Some(turn);
        }
        Found {
            turn: (is_known && !is_repeated).then_some(turn),
            members: from.map_or_else(Vec::new, |from| together(from).collect()),
            is_forming: from.is_none() && silence.overdue > 0 && recent + silence.overdue >= many,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_a_tenth_or_twenty_but_never_two() {
        let many = Many::default();
        for (watched, expected) in [(1, 3), (20, 3), (31, 4), (150, 15), (199, 20), (800, 20)] {
            assert_eq!(many.of(watched), expected, "{watched}");
        }
    }
}
