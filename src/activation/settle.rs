//! What became of the activations that something happened to: class now,
//! flags, version, and whether people are told.

use smallvec::SmallVec;

use super::machine::Machine;
use super::state::{Activation, ChannelKey, Closed, Stamp, Watch};
use super::transition::{Cause, Effect, Transition, Why};
use crate::criteria::Class;

/// What happened to one activation in this step.
#[derive(Clone, Debug, Default)]
pub(super) struct Touch {
    pub(super) order: u64,
    /// It is new.
    pub(super) opened: bool,
    /// Its highest class rose.
    pub(super) risen: bool,
    /// Something that people are told in time changed.
    pub(super) changed: bool,
    /// A person acknowledged it.
    pub(super) acked: bool,
    /// A clearing run or the places moved on and have to be recorded.
    pub(super) moved: bool,
    /// Younger ones that it took over.
    pub(super) merged: SmallVec<[u64; 1]>,
}

impl Touch {
    pub(super) fn of(order: u64) -> Self {
        Self {
            order,
            ..Self::default()
        }
    }

    /// The entry of one activation, made when there is none.
    pub(super) fn find(touched: &mut SmallVec<[Self; 2]>, order: u64) -> &mut Self {
        let n = touched
            .iter()
            .position(|touch| touch.order == order)
            .unwrap_or_else(|| {
                touched.push(Self::of(order));
                touched.len() - 1
            });
        touched.get_mut(n).expect("invariant: found or just pushed")
    }
}

/// How an activation changed.
enum Outcome {
    /// Tell at once.
    Tell(Why),
    /// Tell with the next bundle.
    Bundle,
    /// Record only.
    Record,
    /// Record, without a new version.
    Checkpoint,
    /// Nothing changed.
    Nothing,
}

impl Machine {
    /// Works out what the touched activations have become.
    pub(super) fn settle(&mut self, now: Stamp, cause: &Cause, touched: &[Touch]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for touch in touched {
            effects.extend(self.settle_one(now, cause, touch));
            // The one that lives on comes first: a crash in between must not
            // lose the members.
            for younger in &touch.merged {
                effects.extend(self.tell_merged(now, *younger));
            }
        }
        self.forget();
        effects
    }

    fn settle_one(&mut self, now: Stamp, cause: &Cause, touch: &Touch) -> Option<Effect> {
        let activation = self.open.get_mut(&touch.order)?;
        let was = activation.class;
        let refreshed = refresh(activation, |key| self.watches.get(key));
        let mut tell = None;
        match outcome(activation, was, refreshed, touch) {
            Outcome::Nothing => return None,
            Outcome::Tell(why) => tell = Some(why),
            Outcome::Bundle => {
                activation.untold_since.get_or_insert(now.mono);
            }
            Outcome::Checkpoint => {
                return self.transition(now, Cause::Checkpoint, None, touch.order);
            }
            Outcome::Record => {}
        }
        if !touch.opened {
            activation.version += 1;
        }
        if let Some(why) = tell {
            activation.told = activation.version;
            activation.untold_since = None;
            if matches!(why, Why::Risen | Why::Reopened) {
                activation.ack = None;
            }
        }
        let due = activation.untold_since;
        if tell == Some(Why::Closed) {
            activation.closed = Some(Closed {
                at: now,
                merged_into: None,
            });
        }
        let effect = self.transition(now, cause.clone(), tell, touch.order);
        if tell == Some(Why::Closed)
            && let Some(activation) = self.open.remove(&touch.order)
        {
            self.closed.insert(touch.order, activation);
        }
        if let Some(since) = due {
            self.wake_by(since.saturating_add(self.config.bundle));
        }
        effect
    }

    fn tell_merged(&mut self, now: Stamp, order: u64) -> Option<Effect> {
        let gone = self.closed.get(&order)?;
        let into = gone.closed.as_ref()?.merged_into.clone()?;
        self.transition(now, Cause::Merge { into }, Some(Why::Merged), order)
    }

    /// Marks channels that said nothing for too long. It lowers nothing.
    pub(super) fn fall_silent(&mut self, now: Stamp) -> Vec<Effect> {
        let mut touched = SmallVec::new();
        for watch in self.watches.values_mut() {
            if !watch.is_held() || watch.unknown || now.mono < watch.silent_at() {
                continue;
            }
            watch.unknown = true;
            for activation in self.open.values() {
                if activation
                    .member(&watch.key)
                    .is_some_and(|member| member.held)
                {
                    Touch::find(&mut touched, activation.order);
                }
            }
        }
        self.settle(now, &Cause::Silence, &touched)
    }

    /// Tells what waited long enough, all changes of one activation together.
    pub(super) fn tell_bundles(&mut self, now: Stamp) -> Vec<Effect> {
        let bundle = self.config.bundle;
        let is_due = |activation: &Activation| {
            activation
                .untold_since
                .is_some_and(|since| now.mono.since(since) >= bundle)
        };
        let due: Vec<u64> = self
            .open
            .values_mut()
            .filter(|activation| is_due(activation))
            .map(|activation| {
                activation.told = activation.version;
                activation.untold_since = None;
                activation.order
            })
            .collect();
        due.into_iter()
            .filter_map(|order| self.transition(now, Cause::Bundle, Some(Why::Updated), order))
            .collect()
    }

    /// Records the clearing runs under way.
    pub(super) fn checkpoint(&mut self, now: Stamp) -> Vec<Effect> {
        for watch in self.watches.values_mut().filter(|watch| watch.is_fading()) {
            watch.saved = Some(now.mono);
        }
        let is_fading = |activation: &Activation| {
            activation.members.iter().any(|member| {
                member.held && self.watches.get(&member.key).is_some_and(Watch::is_fading)
            })
        };
        let fading: Vec<u64> = self
            .open
            .values()
            .filter(|activation| is_fading(activation))
            .map(|activation| activation.order)
            .collect();
        fading
            .into_iter()
            .filter_map(|order| self.transition(now, Cause::Checkpoint, None, order))
            .collect()
    }

    fn transition(
        &mut self,
        stamp: Stamp,
        cause: Cause,
        tell: Option<Why>,
        order: u64,
    ) -> Option<Effect> {
        let activation = self
            .open
            .get_mut(&order)
            .or_else(|| self.closed.get_mut(&order))?;
        activation.spots.record();
        let watches = activation
            .members
            .iter()
            .filter_map(|member| self.watches.get(&member.key))
            .cloned()
            .collect();
        Some(Effect::Transition(Box::new(Transition {
            stamp,
            cause,
            tell,
            activation: activation.clone(),
            watches,
            policy: self.config.policy.as_deref().map(str::to_owned),
        })))
    }

    /// Drops the oldest closed activations beyond the limit, and channels that
    /// nothing names any longer.
    pub(super) fn forget(&mut self) {
        if self.closed.len() <= self.config.keep_closed {
            return;
        }
        while self.closed.len() > self.config.keep_closed {
            self.closed.pop_first();
        }
        let (open, closed) = (&self.open, &self.closed);
        self.watches.retain(|key, watch| {
            watch.is_held()
                || open
                    .values()
                    .chain(closed.values())
                    .any(|activation| activation.member(key).is_some())
        });
    }
}

/// Brings members, class and silence up to date; true when one of them changed.
fn refresh<'a>(
    activation: &mut Activation,
    watch_of: impl Fn(&ChannelKey) -> Option<&'a Watch>,
) -> bool {
    let mut changed = false;
    let mut class = Class::Normal;
    let mut all_unknown = true;
    for member in &mut activation.members {
        let watch = watch_of(&member.key).filter(|watch| member.held && watch.is_held());
        let (held, unknown) = (watch.is_some(), watch.is_some_and(|watch| watch.unknown));
        changed |= (held, unknown) != (member.held, member.unknown);
        (member.held, member.unknown) = (held, unknown);
        // Its readings from elsewhere say nothing about this place.
        member.class_here = watch.map_or(Class::Normal, |watch| {
            watch.class().min(member.class_here).min(member.class_max)
        });
        class = class.max(member.class_here);
        all_unknown &= unknown || !held;
    }
    changed |= class != activation.class;
    activation.class = class;
    activation.unknown = activation.is_present() && all_unknown;
    changed
}

fn outcome(activation: &Activation, was: Class, refreshed: bool, touch: &Touch) -> Outcome {
    let was_present = was != Class::Normal;
    let is_acked = activation.ack.is_some();
    if touch.opened {
        return Outcome::Tell(Why::Raised);
    }
    match (was_present, activation.is_present()) {
        (false, true) => Outcome::Tell(Why::Reopened),
        _ if touch.risen || (was_present && activation.class > was) => Outcome::Tell(Why::Risen),
        (true, false) if is_acked => Outcome::Tell(Why::Closed),
        (true, false) => Outcome::Tell(Why::Cleared),
        (false, false) if touch.acked => Outcome::Tell(Why::Closed),
        _ if touch.changed || refreshed => Outcome::Bundle,
        _ if touch.acked => Outcome::Record,
        _ if touch.moved => Outcome::Checkpoint,
        (true, true) | (false, false) => Outcome::Nothing,
    }
}
