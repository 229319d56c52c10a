//! All matters: readings, transitions and people in, changed proposals out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::area::Ground;
use super::matter::Matter;
use super::point::Point;
use super::view::ClosingView;
use crate::activation::{Activation, ActivationId, Stamp};
use crate::background::Matters;
use crate::clock::{Mono, Received, Wall};
use crate::criteria::Class;
use crate::criteria::termination::{Closing, Proposal, Recovered, TerminationPolicy, Track};
use crate::reading::InstrumentId;

/// What may be proposed has changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// When.
    pub at: Wall,
    /// For which activation.
    pub activation: ActivationId,
    /// What was proposed before; absent when the matter is new.
    pub was: Option<Closing>,
    /// What is proposed now, and what is missing.
    pub now: ClosingView,
}

/// Why a person's act was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Nothing of this id is open.
    #[error("no matter of an activation `{0}` is open")]
    Unknown(ActivationId),
    /// Something is still at a level.
    #[error("`{0}` is still present: something is at a level there")]
    Present(ActivationId),
}

/// Everything, to be written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    stamp: Stamp,
    matters: Vec<Matter>,
}

/// Every matter that no person has closed.
#[derive(Clone, Debug)]
pub struct Closings {
    policy: TerminationPolicy,
    /// What is measured within this many metres belongs to a place.
    radius_m: f64,
    /// Matters whose activation is closed that are kept. Others have no limit.
    keep_closed: usize,
    /// Nanoseconds from the process's monotonic time to the matters' own, which
    /// goes on across restarts.
    offset: i128,
    matters: BTreeMap<ActivationId, Matter>,
    is_dirty: bool,
    /// What was written down would make a survey seem further than it is, or
    /// lacks what a person said.
    is_urgent: bool,
}

impl Closings {
    /// Without any matter.
    pub const fn new(policy: TerminationPolicy, radius_m: f64, keep_closed: usize) -> Self {
        Self {
            policy,
            radius_m,
            keep_closed,
            offset: 0,
            matters: BTreeMap::new(),
            is_dirty: false,
            is_urgent: false,
        }
    }

    /// The same as it was written down, going on at `now`. The time we were down
    /// is taken from the wall clock and is a gap like any other.
    #[must_use]
    pub fn resumed(mut self, saved: Saved, now: Received) -> Self {
        let Saved { stamp, matters } = saved;
        let down = now.wall.as_nanos().saturating_sub(stamp.wall.as_nanos());
        self.offset = i128::from(stamp.mono.as_nanos()) + i128::from(down.max(0))
            - i128::from(now.mono.as_nanos());
        let by_id = |matter: Matter| (matter.id.clone(), matter);
        self.matters = matters.into_iter().map(by_id).collect();
        self
    }

    /// Lets go of activations that nobody knows any longer, as when their journal
    /// was lost: nothing holds their matters but a person.
    pub fn let_go(&mut self, is_known: impl Fn(&ActivationId) -> bool) {
        let matters = self.matters.values_mut();
        for matter in matters.filter(|matter| !is_known(&matter.id)) {
            matter.is_present = false;
            matter.is_open = false;
        }
    }

    /// Everything as it is at `now`, if it changed since it was last asked for.
    pub fn unsaved(&mut self, now: Received) -> Option<Saved> {
        std::mem::take(&mut self.is_dirty).then(|| Saved {
            stamp: self.stamp(now),
            matters: self.matters.values().cloned().collect(),
        })
    }

    /// Whether everything ought to be written down at once; asked once.
    pub const fn is_urgent(&mut self) -> bool {
        std::mem::replace(&mut self.is_urgent, false)
    }

    /// Whether there is anything to do with a reading.
    pub fn is_empty(&self) -> bool {
        self.matters.is_empty()
    }

    /// Takes over what an activation has become. `ground` is that of the reading
    /// behind it, or of its place.
    pub fn follow(
        &mut self,
        now: Received,
        activation: &Activation,
        ground: &Ground,
    ) -> Option<Change> {
        let id = &activation.id;
        let merged_into = activation
            .closed
            .as_ref()
            .and_then(|closed| closed.merged_into.as_ref());
        if let Some(into) = merged_into {
            let gone = self.matters.remove(id)?;
            self.is_dirty = true;
            self.is_urgent = true;
            return match self.matters.get_mut(into) {
                Some(matter) => {
                    let was = matter.proposal(&self.policy);
                    matter.absorb(gone);
                    changed(now.wall, matter, Some(was), &self.policy)
                }
                None => None, // a person closed it: so is what goes on under its id
            };
        }
        if let Some(matter) = self.matters.get_mut(id) {
            matter.follow(activation);
            self.is_dirty = true;
            self.forget();
            return None;
        }
        if !(activation.is_open() && activation.is_present()) {
            return None;
        }
        self.is_dirty = true;
        self.is_urgent = true;
        let matter = Matter::new(activation, ground);
        let change = changed(now.wall, &matter, None, &self.policy);
        self.matters.insert(id.clone(), matter);
        change
    }

    /// Takes a point; gives the matters of which something else may be proposed
    /// now.
    pub fn observe(&mut self, now: Received, point: &Point<'_>, ground: &Ground) -> Vec<Change> {
        let stamp = self.stamp(now);
        let mut changes = Vec::new();
        for matter in self.matters.values_mut() {
            if !matter.is_at(point, self.radius_m) {
                continue;
            }
            let was = matter.proposal(&self.policy);
            let had = matter.points();
            if matter.take(stamp, point, ground, &self.policy) {
                self.is_dirty = true;
                self.is_urgent |= matter.points() < had;
                changes.extend(changed(now.wall, matter, Some(was), &self.policy));
            }
        }
        changes
    }

    /// A person says what was recovered, and by which procedure the case goes.
    ///
    /// # Errors
    ///
    /// When there is no such matter.
    pub fn recovered(
        &mut self,
        now: Received,
        id: &ActivationId,
        recovered: Recovered,
        track: Track,
    ) -> Result<Option<Change>, Refused> {
        let unknown = || Refused::Unknown(id.clone());
        let matter = self.matters.get_mut(id).ok_or_else(unknown)?;
        let was = matter.proposal(&self.policy);
        matter.source_recovered = recovered.source;
        matter.environment_recovered = recovered.environment;
        matter.track = track;
        self.is_dirty = true;
        self.is_urgent = true;
        Ok(changed(now.wall, matter, Some(was), &self.policy))
    }

    /// A person closes a matter, whatever is proposed; gives what was.
    ///
    /// # Errors
    ///
    /// When there is no such matter, or something is still at a level there.
    pub fn close(&mut self, id: &ActivationId) -> Result<ClosingView, Refused> {
        let unknown = || Refused::Unknown(id.clone());
        let matter = self.matters.get(id).ok_or_else(unknown)?;
        if matter.is_present {
            return Err(Refused::Present(matter.id.clone()));
        }
        let last = ClosingView::of(matter, &self.policy);
        self.matters.remove(id);
        self.is_dirty = true;
        self.is_urgent = true;
        Ok(last)
    }

    /// What may be proposed for an activation, and what is missing; absent when
    /// a person closed it.
    pub fn view(&self, id: &ActivationId) -> Option<ClosingView> {
        let matter = self.matters.get(id)?;
        Some(ClosingView::of(matter, &self.policy))
    }

    /// The ids of all matters.
    pub fn ids(&self) -> impl Iterator<Item = &ActivationId> {
        self.matters.keys()
    }

    /// What is open where an instrument stands: nothing is learned there.
    pub fn open_at(&self, instrument: &InstrumentId, site: Option<&str>) -> Matters {
        self.matters
            .values()
            .filter(|matter| matter.concerns(instrument, site))
            .map(|matter| {
                if matter.class_max > Class::Elevated {
                    Matters::Level
                } else {
                    Matters::Band
                }
            })
            .max()
            .unwrap_or_default()
    }

    fn stamp(&self, now: Received) -> Stamp {
        let nanos = i128::from(now.mono.as_nanos()) + self.offset;
        Stamp {
            wall: now.wall,
            mono: Mono::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)),
        }
    }

    /// Drops the oldest matters of closed activations beyond the limit.
    fn forget(&mut self) {
        let closed = || self.matters.values().filter(|matter| !matter.is_open);
        if closed().count() <= self.keep_closed {
            return;
        }
        let oldest = closed().min_by_key(|matter| matter.opened);
        if let Some(id) = oldest.map(|matter| matter.id.clone()) {
            self.matters.remove(&id);
        }
    }
}

/// A change, if anything but the remarks is another than before.
fn changed(
    at: Wall,
    matter: &Matter,
    was: Option<Proposal>,
    policy: &TerminationPolicy,
) -> Option<Change> {
    let now = matter.proposal(policy);
    let is_same = was.is_some_and(|was| (was.closing, was.rule) == (now.closing, now.rule));
    (!is_same).then(|| Change {
        at,
        activation: matter.id.clone(),
        was: was.map(|was| was.closing),
        now: ClosingView::of(matter, policy),
    })
}
