//! Where GPS receivers were, for the instruments beside them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Wall;
use crate::config::Gps;
use crate::reading::{InstrumentId, Position, PositionSource};

/// Fixes of one receiver that are kept: with two sentences a second, ten minutes.
const KEPT: usize = 1200;

/// Some receivers tell the dilution and the altitude in a sentence of their own,
/// which this much later still belong to the position.
const ONE_FIX: f64 = 2.0;

/// The last fixes of each receiver.
#[derive(Debug, Default)]
pub(super) struct Fixes {
    by_receiver: HashMap<InstrumentId, Track>,
}

/// Where one receiver was.
#[derive(Debug, Default)]
struct Track {
    /// When each fix arrived, and where it is; the oldest first.
    fixes: VecDeque<(Wall, Position)>,
    /// The time that the receiver told last, and when that time came first.
    told: Option<(Wall, Wall)>,
}

impl Track {
    /// Whether a fix that arrives at `at` and tells the time `own` is an old one
    /// that is told once more.
    fn is_repeated(&mut self, at: Wall, own: Wall) -> bool {
        match self.told {
            Some((told, since)) if told == own => at.secs_since(since) > ONE_FIX,
            _ => {
                self.told = Some((own, at));
                false
            }
        }
    }
}

impl Fixes {
    /// Notes where a receiver is at `at`, by a fix that tells the time `own`.
    pub(super) fn note(
        &mut self,
        receiver: &InstrumentId,
        at: Wall,
        own: Option<Wall>,
        mut position: Position,
    ) {
        let track = self.by_receiver.entry(receiver.clone()).or_default();
        if own.is_some_and(|own| track.is_repeated(at, own)) {
            return;
        }
        let fixes = &mut track.fixes;
        if let Some((last, before)) = fixes.back()
            && at.secs_since(*last).abs() <= ONE_FIX
        {
            position.hdop = position.hdop.or(before.hdop);
            position.alt_m = position.alt_m.or(before.alt_m);
        }
        if fixes.len() == KEPT {
            fixes.pop_front();
        }
        fixes.push_back((at, position));
    }

    /// The fix nearest to `at`, unless it is further away than `gps` allows. What
    /// lies between two fixes is not made up.
    pub(super) fn near(&self, gps: &Gps, at: Wall) -> Option<Position> {
        let fixes = &self.by_receiver.get(&gps.receiver)?.fixes;
        let age = |wall: Wall| wall.secs_since(at).abs();
        let (wall, position) = fixes
            .iter()
            .min_by(|(a, _), (b, _)| age(*a).total_cmp(&age(*b)))?;
        let age_s = age(*wall);
        (age_s <= Duration::as_secs_f64(&gps.max_age)).then_some(Position {
            source: PositionSource::Fix,
            age_s: Some(age_s),
            ..*position
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(lat: f64, hdop: Option<f64>) -> Position {
        let position = Position::new(lat, 106.8, PositionSource::Frame).unwrap();
        Position { hdop, ..position }
    }

    #[test]
    fn the_nearest_fix_within_its_age() {
        let receiver = InstrumentId::new("gps").unwrap();
        let wall = |secs: i64| Wall::from_secs(1_700_000_000 + secs).unwrap();
        let mut fixes = Fixes::default();
        fixes.note(&receiver, wall(0), None, position(-6.0, Some(0.9)));
        fixes.note(&receiver, wall(1), None, position(-6.1, None));
        fixes.note(&receiver, wall(30), None, position(-6.2, None));
        let gps = Gps {
            receiver,
            max_age: Duration::from_secs(10),
        };
        let near = |secs: i64| {
            fixes
                .near(&gps, wall(secs))
                .map(|found| (found.lat, found.age_s, found.hdop, found.source))
        };
        let fix = PositionSource::Fix;
        assert_eq!(near(0), Some((-6.0, Some(0.0), Some(0.9), fix)));
        // The dilution came just before; half a minute later it is another fix.
        assert_eq!(near(4), Some((-6.1, Some(3.0), Some(0.9), fix)));
        assert_eq!(near(11), Some((-6.1, Some(10.0), Some(0.9), fix)));
        assert_eq!(near(12), None);
        assert_eq!(near(20), Some((-6.2, Some(10.0), None, fix)));
        assert_eq!(near(41), None);
        let other = Gps {
            receiver: InstrumentId::new("other").unwrap(),
            ..gps.clone()
        };
        assert_eq!(fixes.near(&other, wall(0)), None);
    }

    /// The receiver's clock is a minute late, which says nothing of its fixes.
    #[test]
    fn a_fix_that_is_told_again_and_again_grows_old() {
        let receiver = InstrumentId::new("gps").unwrap();
        let wall = |secs: i64| Wall::from_secs(1_700_000_000 + secs).unwrap();
        let mut fixes = Fixes::default();
        for secs in 0..20 {
            let own = wall(secs.min(5) - 60);
            fixes.note(&receiver, wall(secs), Some(own), position(-6.0, None));
        }
        let gps = Gps {
            receiver: receiver.clone(),
            max_age: Duration::from_secs(10),
        };
        let age = |fixes: &Fixes| fixes.near(&gps, wall(20)).map(|fix| fix.age_s);
        assert_eq!(age(&fixes), None);
        fixes.note(&receiver, wall(19), Some(wall(-41)), position(-6.0, None));
        assert_eq!(age(&fixes), Some(Some(1.0)));
    }
}
