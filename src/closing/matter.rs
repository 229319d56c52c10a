//! One matter: what became of one activation, until a person closes it.

use serde::{Deserialize, Serialize};

use super::area::{Area, AreaKey, Ground};
use super::point::Point;
use super::run::Terms;
use crate::activation::{Activation, ActivationId, Place, Spots, Stamp, wire};
use crate::clock::Wall;
use crate::criteria::Class;
use crate::criteria::termination::{AreaKind, Proposal, Recovered, TerminationPolicy, Track};
use crate::reading::InstrumentId;

/// One matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matter {
    pub(super) id: ActivationId,
    place: Place,
    absorbed: Vec<Place>,
    spots: Spots,
    /// Instruments that reached a level here.
    members: Vec<String>,
    #[serde(with = "wire::class")]
    pub(super) class_max: Class,
    /// When the activation opened.
    #[serde(with = "wire::wall")]
    pub(super) opened: Wall,
    /// Something is at a level.
    pub(super) is_present: bool,
    /// The activation is not closed.
    pub(super) is_open: bool,
    /// The procedure; a special event until a person says otherwise.
    #[serde(with = "wire::track")]
    pub(super) track: Track,
    pub(super) source_recovered: bool,
    pub(super) environment_recovered: bool,
    pub(super) areas: Vec<Area>,
}

impl Matter {
    pub(super) fn new(activation: &Activation, ground: &Ground) -> Self {
        let mut matter = Self {
            id: activation.id.clone(),
            place: activation.place.clone(),
            absorbed: Vec::new(),
            spots: Spots::default(),
            members: Vec::new(),
            class_max: Class::Normal,
            opened: activation.opened,
            is_present: true,
            is_open: true,
            track: Track::Orphan,
            source_recovered: false,
            environment_recovered: false,
            areas: vec![Area::new(ground)],
        };
        matter.follow(activation);
        matter
    }

    /// Takes over what changed of the activation.
    pub(super) fn follow(&mut self, activation: &Activation) {
        self.place.clone_from(&activation.place);
        self.absorbed.clone_from(&activation.absorbed);
        self.spots.clone_from(&activation.spots);
        self.members = activation
            .members
            .iter()
            .map(|member| member.key.instrument.to_string())
            .collect();
        self.class_max = activation.class_max;
        self.is_present = activation.is_present();
        self.is_open = activation.is_open();
    }

    /// Takes a point from here; false when no area of this matter needs it.
    pub(super) fn take(
        &mut self,
        now: Stamp,
        point: &Point<'_>,
        ground: &Ground,
        policy: &TerminationPolicy,
    ) -> bool {
        let (track, recovered) = (self.track, self.recovered());
        let Some(area) = self.area_for(ground, point.is_high) else {
            return false;
        };
        let terms = Terms {
            area: area.kind,
            track,
            recovered,
            policy,
        };
        area.take(now, point, &terms);
        true
    }

    /// Whether a point was measured here, by the rules of place by which
    /// activations are grouped.
    pub(super) fn is_at(&self, point: &Point<'_>, radius_m: f64) -> bool {
        if self.place.is_same(&point.place)
            || self
                .absorbed
                .iter()
                .any(|other| other.is_same(&point.place))
        {
            return true;
        }
        let joins_spots = matches!(
            (&point.place, &self.place),
            (Place::Area, _) | (Place::Site(_), Place::Area)
        );
        let site = match &self.place {
            Place::Site(site) => site.position,
            Place::Item { .. } | Place::Area | Place::Instrument { .. } => None,
        };
        joins_spots
            && point.at.is_some_and(|at| {
                site.is_some_and(|site| site.metres_to(at) <= radius_m)
                    || self.spots.near(at, radius_m, |_| true)
            })
    }

    /// The area a point speaks of. What is measured around a site, in no region
    /// of its own, speaks of the site. A region joins when something is above
    /// normal there.
    fn area_for(&mut self, ground: &Ground, is_high: bool) -> Option<&mut Area> {
        let by_key = |area: &Area| area.key == ground.key;
        let stands_in =
            |area: &Area| ground.key == AreaKey::Open && matches!(area.key, AreaKey::Site(_));
        let at = self
            .areas
            .iter()
            .position(by_key)
            .or_else(|| self.areas.iter().position(stands_in));
        if let Some(at) = at {
            let area = self.areas.get_mut(at)?;
            if area.key == ground.key {
                area.kind = ground.kind; // as the configuration says now
            }
            return Some(area);
        }
        if is_high {
            self.areas.push(Area::new(ground));
            return self.areas.last_mut();
        }
        None
    }

    /// Points of all surveys; fewer than before when one began again.
    pub(super) fn points(&self) -> u64 {
        let of = |area: &Area| u64::from(area.normal.points) + u64::from(area.existing.points);
        self.areas.iter().map(of).sum()
    }

    /// What a person says was recovered.
    pub(super) const fn recovered(&self) -> Recovered {
        Recovered {
            source: self.source_recovered,
            environment: self.environment_recovered,
        }
    }

    pub(super) const fn terms<'p>(
        &self,
        area: AreaKind,
        policy: &'p TerminationPolicy,
    ) -> Terms<'p> {
        Terms {
            area,
            track: self.track,
            recovered: self.recovered(),
            policy,
        }
    }

    /// What may be proposed for each area.
    pub(super) fn proposals(&self, policy: &TerminationPolicy) -> impl Iterator<Item = Proposal> {
        self.areas
            .iter()
            .map(|area| area.proposal(&self.terms(area.kind, policy)))
    }

    /// What may be proposed for the whole: as for the area that is least far.
    pub(super) fn proposal(&self, policy: &TerminationPolicy) -> Proposal {
        self.proposals(policy)
            .reduce(|worst, next| {
                if next.closing > worst.closing {
                    next
                } else {
                    worst
                }
            })
            .expect("invariant: a matter has the area it began in")
    }

    /// Takes over another matter.
    pub(super) fn absorb(&mut self, other: Self) {
        for area in other.areas {
            match self.areas.iter_mut().find(|known| known.key == area.key) {
                Some(known) => known.absorb(area),
                None => self.areas.push(area),
            }
        }
        self.class_max = self.class_max.max(other.class_max);
    }

    /// Whether it concerns an instrument, at its site if it has one.
    pub(super) fn concerns(&self, instrument: &InstrumentId, site: Option<&str>) -> bool {
        let is_site = |place: &Place| match place {
            Place::Site(own) => Some(own.id.as_str()) == site,
            Place::Item { .. } | Place::Area | Place::Instrument { .. } => false,
        };
        is_site(&self.place)
            || self.absorbed.iter().any(is_site)
            || self
                .members
                .iter()
                .any(|member| member == instrument.as_str())
    }
}
