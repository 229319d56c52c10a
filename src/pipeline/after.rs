//! What a judged reading does beside the activations: it moves the matters that
//! are open, and the background is learned from it.

use super::core::Place;
use super::instrument::Instrument;
use crate::activation::{self, Effect};
use crate::clock::Received;
use crate::closing::{AreaKey, Change, Closings, Ground, Point};
use crate::config::Config;
use crate::criteria::termination::AreaKind;
use crate::criteria::{Judgement, Policy};
use crate::guard::Slow;
use crate::reading::Reading;

/// What lies around an instrument.
pub(super) struct Around<'a> {
    pub(super) closings: &'a mut Closings,
    pub(super) areas: &'a [Place],
    pub(super) policy: &'a Policy,
}

/// What a reading did.
#[derive(Debug, Default)]
pub(super) struct After {
    /// Proposals that changed.
    pub(super) changes: Vec<Change>,
    /// An hour of the background counted.
    pub(super) has_learned: bool,
}

/// Where people live, or not.
pub(super) const fn kind(is_residential: bool) -> AreaKind {
    if is_residential {
        AreaKind::Residential
    } else {
        AreaKind::NonResidential
    }
}

/// No matter yet, by the configuration.
pub(super) fn no_matters(config: &Config) -> Closings {
    let activation = &config.activation;
    Closings::new(
        config.criteria.termination,
        activation.radius_m,
        activation.keep_closed,
    )
}

/// What an activation's place stands on.
pub(super) fn ground_of(place: &activation::Place, config: &Config) -> Ground {
    let activation::Place::Site(site) = place else {
        return Ground::UNKNOWN;
    };
    let known = config.sites.iter().find(|known| *known.id == *site.id);
    Ground {
        key: AreaKey::Site(site.id.clone()),
        kind: known.map_or(AreaKind::Residential, |site| {
            kind(site.surroundings.is_residential)
        }),
    }
}

impl Instrument {
    /// Hands a reading that was just judged, and what it did to the activations,
    /// to the matters, and learns from it.
    pub(super) fn follow(
        &mut self,
        now: Received,
        reading: &Reading,
        judgement: &Judgement,
        effects: &[Effect],
        around: &mut Around<'_>,
    ) -> After {
        let mut after = After::default();
        let is_wet = self.is_wet(reading, around.policy);
        if !(effects.is_empty() && around.closings.is_empty()) {
            let ground = self.ground(reading, around.areas);
            for effect in effects {
                let activation = &effect.transition().activation;
                let change = around.closings.follow(now, activation, &ground);
                after.changes.extend(change);
            }
            let judged = self.judged(reading, judgement, around.policy);
            let known = self.background.look_up().map(|(usv_h, _)| usv_h);
            if let Some(point) = Point::of(&judged, known, is_wet) {
                after
                    .changes
                    .extend(around.closings.observe(now, &point, &ground));
            }
        }
        let site = self.place.site.as_ref().map(|site| site.id.as_str());
        let (closings, id) = (&*around.closings, &self.id);
        let slowly = match &self.slow {
            Slow::AsJudged => Some(judgement),
            Slow::Minute(minute) => Some(&minute.judgement),
            Slow::NotYet => None,
        };
        if let Some(judgement) = slowly {
            after.has_learned = self.background.learn(
                now.wall,
                judgement,
                is_wet,
                || closings.open_at(id, site),
                &around.policy.learning,
            );
        }
        if after.has_learned {
            self.use_background();
        }
        after
    }

    /// What a reading stands on: a site, else the region that holds it.
    fn ground(&self, reading: &Reading, areas: &[Place]) -> Ground {
        if let activation::Place::Site(_) = activation::Place::of(reading, &self.place)
            && let Some(ground) = &self.site_ground
        {
            return ground.clone();
        }
        Self::area_of(reading, areas).map_or(Ground::UNKNOWN, |area| area.ground.clone())
    }
}
