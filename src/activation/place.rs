//! Where an activation is: a site, an item, an area grown from positions, or,
//! without any position, the instrument alone.

use geo::{Distance as _, Haversine, Point as GeoPoint};
use serde::{Deserialize, Serialize};

use std::time::Duration;

use super::wire;
use crate::clock::{Mono, Wall};
use crate::criteria::{SourceKind, Subject};
use crate::reading::{InstrumentId, Position, PositionSource, Reading};

/// A point on the Earth: degrees north (-90 to 90) and east (-180 to 180), WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coordinates {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

impl Coordinates {
    /// Great-circle distance in metres.
    pub fn metres_to(self, other: Self) -> f64 {
        Haversine.distance(
            GeoPoint::new(self.lon, self.lat),
            GeoPoint::new(other.lon, other.lat),
        )
    }
}

/// A site of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteRef {
    /// Its id; the place key of its activations.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Where it is, when that is configured.
    pub position: Option<Coordinates>,
}

/// What is known of a reading's place and purpose beside the reading itself.
#[derive(Clone, Debug)]
pub struct PlaceContext {
    /// The site a fixed instrument stands at.
    pub site: Option<SiteRef>,
    /// The item or person reported, by a name without personal data.
    pub item: Option<String>,
    /// Whose radiation is measured.
    pub subject: Subject,
    /// How the instrument is used.
    pub source: SourceKind,
    /// Without a valid reading for this long, what the instrument last said is
    /// no longer known to hold: max(3 x interval, 30 s) for a fixed one,
    /// max(5 x interval, 5 min) for a mobile one.
    pub silent_after: Duration,
    /// Where an instrument on the move was last known to be, with the age of
    /// that position now: it stands in for a fix that is lost for a moment.
    pub last_fix: Option<Position>,
}

impl PlaceContext {
    /// Whether the instrument is where it says it is, rather than at its site.
    const fn moves(&self) -> bool {
        matches!(self.source, SourceKind::Mobile | SourceKind::Handheld)
    }
}

/// What an activation's place is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// A fixed site.
    Site(SiteRef),
    /// An item or person reported by name.
    Item {
        /// The name.
        name: String,
    },
    /// An area around positions.
    Area,
    /// No position: the instrument stands for its place.
    Instrument {
        /// Its name.
        #[serde(with = "wire::instrument")]
        id: InstrumentId,
    },
}

impl Place {
    /// Where a reading belongs.
    ///
    /// An instrument on the move is where it says it is, even when a home site
    /// is configured; a fixed one is at its site, whatever its frame says.
    pub fn of(reading: &Reading, context: &PlaceContext) -> Self {
        Self::by(reading, context, reading.position.as_ref())
    }

    /// The same, with the position that stands for the reading's.
    pub(super) fn by(
        reading: &Reading,
        context: &PlaceContext,
        position: Option<&Position>,
    ) -> Self {
        if context.subject != Subject::Environment
            && let Some(name) = &context.item
        {
            return Self::Item { name: name.clone() };
        }
        let located =
            position.is_some_and(|position| position.source != PositionSource::Configured);
        match &context.site {
            Some(site) if !(context.moves() && located) => Self::Site(site.clone()),
            _ if position.is_some() => Self::Area,
            _ => Self::Instrument {
                id: reading.instrument.clone(),
            },
        }
    }

    /// Whether both name the same place. Areas are compared by their points.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Site(a), Self::Site(b)) => a.id == b.id,
            (Self::Item { name: a }, Self::Item { name: b }) => a == b,
            (Self::Instrument { id: a }, Self::Instrument { id: b }) => a == b,
            (
                Self::Site(_) | Self::Item { .. } | Self::Area | Self::Instrument { .. },
                Self::Site(_) | Self::Item { .. } | Self::Area | Self::Instrument { .. },
            ) => false,
        }
    }

    /// Where it is, for a site whose position is configured.
    pub(super) const fn position(&self) -> Option<Coordinates> {
        match self {
            Self::Site(site) => site.position,
            Self::Item { .. } | Self::Area | Self::Instrument { .. } => None,
        }
    }

    /// The text that stands for the place in an activation's id.
    ///
    /// An area has no name of its own; where it began, to about 100 m, is one.
    pub fn key(&self, at: Option<Coordinates>) -> String {
        match (self, at) {
            (Self::Site(site), _) => format!("site:{}", site.id),
            (Self::Item { name }, _) => format!("item:{name}"),
            (Self::Area, Some(at)) => format!("area:{:.3},{:.3}", at.lat, at.lon),
            (Self::Area, None) => "area".to_owned(),
            (Self::Instrument { id }, _) => format!("instrument:{id}"),
        }
    }
}

/// How far a position is off for each unit of dilution above the ideal one, in metres.
const METRES_PER_HDOP: f64 = 5.0;

/// How fast an instrument may have moved since its last fix, in metres a second:
/// a car on a country road.
const SPEED_M_S: f64 = 25.0;

/// The most that a position may be off, in metres. After a minute on the road the
/// last fix says nothing of the place any more.
const OFF_MAX_M: f64 = 1500.0;

/// Where a reading was made, as far as known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Located {
    pub(super) at: Coordinates,
    /// How far that may be off, in metres, beyond what the radius allows for.
    pub(super) off_m: f64,
}

/// A reading's own position; on the move, where it was a moment ago.
pub(super) fn position<'a>(
    reading: &'a Reading,
    context: &PlaceContext,
    last_fix: Option<&'a Position>,
) -> Option<&'a Position> {
    let last = last_fix.filter(|last| context.moves() && off_m(last) <= OFF_MAX_M);
    reading.position.as_ref().or(last)
}

/// How far a position may be off, by its dilution and its age.
fn off_m(position: &Position) -> f64 {
    let dilution = position.hdop.map_or(0.0, |hdop| (hdop - 1.0).max(0.0));
    let age_s = position.age_s.map_or(0.0, |age_s| age_s.max(0.0));
    METRES_PER_HDOP * dilution + SPEED_M_S * age_s
}

/// Where to draw a reading: its own position, else its site's.
pub(super) fn located(position: Option<&Position>, place: &Place) -> Option<Located> {
    let own = position.map(|position| Located {
        at: Coordinates {
            lat: position.lat,
            lon: position.lon,
        },
        off_m: off_m(position).min(OFF_MAX_M),
    });
    match place {
        Place::Site(site) => site.position.map(|at| Located { at, off_m: 0.0 }).or(own),
        Place::Item { .. } | Place::Area | Place::Instrument { .. } => own,
    }
}

/// A position at which a level was reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// Where.
    #[serde(flatten)]
    pub at: Coordinates,
    /// When it was first measured there.
    #[serde(with = "wire::wall")]
    pub first: Wall,
    /// When it was last measured there.
    #[serde(with = "wire::wall")]
    pub last: Wall,
    /// When the last reading from there arrived, in the machine's own time.
    #[serde(rename = "heard_ns", with = "wire::mono")]
    pub heard: Mono,
    /// How far it may be off, in metres: what is near it is that much further away.
    #[serde(default, skip_serializing_if = "is_exact")]
    pub off_m: f64,
}

fn is_exact(off_m: &f64) -> bool {
    *off_m <= 0.0
}

/// Positions closer than this to a known one, and as exact, only refresh its times.
const SAME_SPOT_M: f64 = 10.0;

/// Most positions kept of one activation. A drive through an area of 5 km needs
/// some hundreds; beyond the limit the one heard longest ago is dropped.
const MAX_SPOTS: usize = 2048;

/// A position this far from every recorded one is recorded at once, in metres: a
/// restart must not lose the way that led to the next.
const UNRECORDED_M: f64 = 100.0;

/// So is one that was not heard for this long: nor the time since.
const UNRECORDED: Duration = Duration::from_secs(600);

/// The positions of one activation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<Spot>", into = "Vec<Spot>")]
pub struct Spots {
    all: Vec<Spot>,
    /// How many of them are in a record.
    recorded: usize,
}

impl From<Vec<Spot>> for Spots {
    fn from(all: Vec<Spot>) -> Self {
        let recorded = all.len();
        Self { all, recorded }
    }
}

impl From<Spots> for Vec<Spot> {
    fn from(spots: Spots) -> Self {
        spots.all
    }
}

impl Spots {
    /// Adds a position or refreshes the one that is there already; true when it
    /// has to be recorded now.
    pub(super) fn add(&mut self, new: Spot) -> bool {
        let known = self.all.iter_mut().find(|spot| {
            spot.at.metres_to(new.at) <= SAME_SPOT_M
                && (spot.off_m - new.off_m).abs() <= SAME_SPOT_M
        });
        if let Some(spot) = known {
            spot.first = spot.first.min(new.first);
            spot.last = spot.last.max(new.last);
            let unheard_for = new.heard.since(spot.heard);
            spot.heard = spot.heard.max(new.heard);
            return unheard_for >= UNRECORDED;
        }
        if self.all.len() >= MAX_SPOTS
            && let Some(oldest) =
                (0..self.all.len()).min_by_key(|&n| self.all.get(n).map(|spot| spot.heard))
        {
            self.all.remove(oldest);
            self.recorded = self.recorded.min(self.all.len());
        }
        self.all.push(new);
        !self
            .all
            .iter()
            .take(self.recorded)
            .any(|spot| spot.at.metres_to(new.at) < UNRECORDED_M)
    }

    /// All positions are in a record now.
    pub(super) fn record(&mut self) {
        self.recorded = self.all.len();
    }

    /// Takes over another activation's positions.
    pub(super) fn absorb(&mut self, other: &Self) {
        for spot in &other.all {
            self.add(*spot);
        }
    }

    /// Whether one of the positions that pass `wanted` lies within `radius_m`, give
    /// or take how far it may be off.
    pub fn near(&self, at: Coordinates, radius_m: f64, wanted: impl Fn(&Spot) -> bool) -> bool {
        self.all.iter().any(|spot| {
            let radius_m = radius_m + spot.off_m;
            may_be_near(spot.at, at, radius_m) && wanted(spot) && spot.at.metres_to(at) <= radius_m
        })
    }

    /// Size in metres, corner to corner of the box around all positions of this
    /// set and of `others`.
    pub fn extent_with(&self, others: impl Iterator<Item = Coordinates>) -> f64 {
        let mut all = self.all.iter().map(|spot| spot.at).chain(others);
        let Some(first) = all.next() else {
            return 0.0;
        };
        let (low, high) = all.fold((first, first), |(low, high), at| {
            (
                Coordinates {
                    lat: low.lat.min(at.lat),
                    lon: low.lon.min(at.lon),
                },
                Coordinates {
                    lat: high.lat.max(at.lat),
                    lon: high.lon.max(at.lon),
                },
            )
        });
        low.metres_to(high)
    }

    /// All positions.
    pub fn iter(&self) -> impl Iterator<Item = &Spot> {
        self.all.iter()
    }
}

/// A cheap refusal: a degree of latitude is never below 110 km.
fn may_be_near(a: Coordinates, b: Coordinates, radius_m: f64) -> bool {
    (a.lat - b.lat).abs() * 110_000.0 <= radius_m
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(lat: f64, lon: f64) -> Spot {
        Spot {
            at: Coordinates { lat, lon },
            first: Wall::from_nanos(0),
            last: Wall::from_nanos(0),
            heard: Mono::from_secs(0),
            off_m: 0.0,
        }
    }

    #[test]
    fn distance_is_in_metres() {
        let monas = spot(-6.1754, 106.8272).at;
        let serpong = spot(-6.3500, 106.6667).at;
        let metres = monas.metres_to(serpong);
        assert!((26_000.0..26_500.0).contains(&metres), "{metres}");
    }

    #[test]
    fn near_is_at_most_the_radius_away() {
        let mut spots = Spots::default();
        spots.add(spot(0.0, 100.0));
        // 0.0044966 degrees of the equator are 500 m on the sphere geo uses.
        for (lon, near) in [(100.004_49, true), (100.004_51, false)] {
            let at = Coordinates { lat: 0.0, lon };
            assert_eq!(spots.near(at, 500.0, |_| true), near, "{lon}");
        }
        assert!(!spots.near(spots.all[0].at, 500.0, |_| false));
    }

    #[test]
    fn a_poor_or_old_fix_is_further_off_and_a_long_lost_one_nowhere() {
        let of = |hdop, age_s| {
            let position = Position::new(-6.2, 106.8, PositionSource::Fix).unwrap();
            off_m(&Position {
                hdop,
                age_s,
                ..position
            })
        };
        for (hdop, age_s, expected) in [
            (None, None, 0.0),
            (Some(0.8), Some(0.0), 0.0),
            (Some(9.0), None, 40.0),
            (Some(3.0), Some(10.0), 260.0),
            (None, Some(61.0), 1525.0),
        ] {
            assert!(
                (of(hdop, age_s) - expected).abs() < 1e-9,
                "{hdop:?} {age_s:?}"
            );
        }
    }

    #[test]
    fn what_may_be_off_is_near_from_further_away() {
        let mut spots = Spots::default();
        spots.add(Spot {
            off_m: 100.0,
            ..spot(0.0, 100.0)
        });
        // 599 m and 601 m along the equator.
        for (lon, near) in [(100.005_387, true), (100.005_405, false)] {
            let at = Coordinates { lat: 0.0, lon };
            assert_eq!(spots.near(at, 500.0, |_| true), near, "{lon}");
        }
        // A better fix of the same spot does not say where the poor one was.
        spots.add(spot(0.0, 100.0));
        assert_eq!(spots.all.len(), 2);
    }

    #[test]
    fn a_stay_is_one_spot_and_the_number_is_bounded() {
        let mut spots = Spots::default();
        for _ in 0..5 {
            spots.add(spot(-6.2, 106.8));
        }
        assert_eq!(spots.all.len(), 1);
        for n in 0..3000_u32 {
            spots.add(spot(-6.0 + f64::from(n) * 1e-3, 106.8));
        }
        assert_eq!(spots.all.len(), MAX_SPOTS);
    }
}
