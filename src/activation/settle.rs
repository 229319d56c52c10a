//! What became of the activations that something happened to: class now,
//! flags, version, and whether people are told.

use std::collections::HashSet;

use smallvec::SmallVec;

use super::escalation::{Reach, Timetables};
use super::machine::Machine;
use super::service::is_all_out;
use super::shelf::Shelf;
use super::state::{Activation, ChannelKey, Closed, Member, Stamp, Watch};
use super::transition::{Cause, Effect, Transition, Why};
use crate::clock::Mono;
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
        effects.extend(self.release(now));
        self.forget();
        effects
    }

    fn settle_one(&mut self, now: Stamp, cause: &Cause, touch: &Touch) -> Option<Effect> {
        let table = self.config.escalation;
        let activation = self.open.get_mut(&touch.order)?;
        let was = activation.class;
        let refreshed = refresh(activation, |key| self.watches.get(key));
        let was_muted = activation.is_muted();
        if activation.is_present() {
            activation.out_of_service = is_all_out(activation, &self.out_of_service);
        }
        end_shelf(activation, was);
        let news = match outcome(activation, was, refreshed, touch) {
            Outcome::Nothing => return None,
            Outcome::Tell(why) => Some(why),
            Outcome::Bundle => {
                if !activation.is_muted() {
                    activation.untold_since.get_or_insert(now.mono);
                }
                None
            }
            Outcome::Checkpoint => {
                return self.transition(now, Cause::Checkpoint, None, touch.order);
            }
            Outcome::Record => None,
        };
        // A station in service joined: what was kept back is told now.
        let kept_back = activation.withheld.filter(|_| was_muted);
        let news = news.or(kept_back.filter(|_| !activation.is_muted()));
        if let Some(why) = news {
            follow(activation, why, now, &table);
        }
        let tell = news.filter(|why| why.is_always_told() || !activation.is_muted());
        if !touch.opened {
            activation.version += 1;
        }
        if tell.is_some() {
            activation.told = activation.version;
            activation.untold_since = None;
        }
        if news == Some(Why::Closed) {
            activation.closed = Some(Closed {
                at: now,
                merged_into: None,
            });
        }
        let bundle = activation
            .untold_since
            .map(|since| since.saturating_add(self.config.bundle));
        let next = self.stand_behind(touch.order, news, tell);
        let effect = self.transition(now, cause.clone(), tell, touch.order);
        if news == Some(Why::Closed)
            && let Some(activation) = self.open.remove(&touch.order)
        {
            self.inhibited.remove(&touch.order);
            self.emergencies.remove(&touch.order);
            self.closed.insert(touch.order, activation);
        }
        bundle
            .into_iter()
            .chain(next)
            .for_each(|at| self.wake_by(at));
        effect
    }

    /// Works out which TIO2 speaks for it, and remembers what is kept back;
    /// gives when its escalation goes on.
    fn stand_behind(&mut self, order: u64, news: Option<Why>, tell: Option<Why>) -> Option<Mono> {
        let activation = self.open.get(&order)?;
        if activation.class >= Class::Emergency {
            self.emergencies.insert(order);
        } else {
            self.emergencies.remove(&order);
        }
        let next = Self::escalates_at(activation);
        let inhibitor = self.inhibitor_of(activation);
        if inhibitor.is_none() && news.is_none() && activation.inhibited_by.is_some() {
            return next; // `release` tells what was kept back
        }
        if inhibitor.is_some() {
            self.inhibited.insert(order);
        } else {
            self.inhibited.remove(&order);
        }
        let activation = self.open.get_mut(&order)?;
        activation.inhibited_by = inhibitor;
        let is_kept_back = tell.is_none() || activation.inhibited_by.is_some();
        if news.is_some() {
            activation.withheld = news.filter(|_| is_kept_back);
        }
        next
    }

    fn tell_merged(&mut self, now: Stamp, order: u64) -> Option<Effect> {
        let gone = self.closed.get(&order)?;
        let into = gone.closed.as_ref()?.merged_into.clone()?;
        self.transition(now, Cause::Merge { into }, Some(Why::Merged), order)
    }

    /// Marks channels that said nothing for too long. It lowers nothing.
    pub(super) fn fall_silent(&mut self, now: Stamp) -> Vec<Effect> {
        let mut silent = HashSet::new();
        for watch in self.watches.values_mut() {
            if !watch.is_held() || watch.unknown || now.mono < watch.silent_at() {
                continue;
            }
            watch.unknown = true;
            silent.insert(watch.key.clone());
        }
        if silent.is_empty() {
            return Vec::new();
        }
        let is_silent = |member: &Member| member.held && silent.contains(&member.key);
        let touched: Vec<Touch> = self
            .open
            .values()
            .filter(|activation| activation.members.iter().any(is_silent))
            .map(|activation| Touch::of(activation.order))
            .collect();
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
            .filter(|activation| is_due(activation) && !activation.is_muted())
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

    pub(super) fn transition(
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
            reach: Reach::up_to(activation.escalation.stage),
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
        let named: HashSet<&ChannelKey> = self
            .open
            .values()
            .chain(self.closed.values())
            .flat_map(|activation| &activation.members)
            .map(|member| &member.key)
            .collect();
        self.watches
            .retain(|key, watch| watch.is_held() || named.contains(key));
    }
}

/// A rise ends a shelf, and so does the end of what a one-shot shelf was for.
fn end_shelf(activation: &mut Activation, was: Class) {
    let class = activation.class;
    let has_cleared = was != Class::Normal && class == Class::Normal;
    let ends = |shelf: &Shelf| shelf.is_broken_by(was, class) || (shelf.one_shot && has_cleared);
    activation.shelf.take_if(|shelf| ends(shelf));
}

/// What news does to acknowledgement and escalation, told or not.
fn follow(activation: &mut Activation, why: Why, now: Stamp, table: &Timetables) {
    match why {
        Why::Raised => {}
        Why::Risen | Why::Reopened => activation.ack = None,
        Why::Closed => return activation.escalation.stop(),
        _ => return,
    }
    let table = table.of(activation.class_max);
    activation.escalation.start(now.mono, table);
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
        let here = watch.map(|watch| watch.class().min(member.most_here()));
        here.into_iter().for_each(|here| member.holds_here(here));
        class = class.max(here.unwrap_or(Class::Normal));
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
