//! Shelving: a person stops the notifications of one activation for a while
//! (alarm semantics, section 5). Evaluation, record, display and clocks go on.
//!
//! TIO2 is never muted by one person, and never for long. A shelf ends by time,
//! by a rise of class, by a person, when it cleared (one-shot), and after a
//! restart whose clock cannot be trusted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::ActivationId;
use super::machine::{AckError, Machine, Person, Said};
use super::state::{Activation, Stamp};
use super::transition::{Cause, Effect, Why};
use super::wire;
use crate::access;
use crate::clock::{Mono, Received, Wall};
use crate::criteria::Class;

/// The longest shelf there is, whatever the configuration says.
pub const SHELF_BOUND: Duration = Duration::from_secs(24 * 3600);

/// The longest shelf at TIO2.
pub const SHELF_BOUND_EMERGENCY: Duration = Duration::from_secs(3600);

/// A shelf at TIO2 waits this long for the second person.
const SECOND_WITHIN: Duration = Duration::from_secs(600);

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelving {
    /// How long at most.
    pub lasting: Duration,
    /// It ends when nothing holds the activation any longer.
    pub one_shot: bool,
    /// Whoever asks may be the second person of a TIO2.
    pub may_confirm: bool,
}

/// Notifications of an activation rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    /// Who.
    pub by: String,
    /// The second person, at TIO2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// Why.
    pub reason: String,
    /// Through which channel.
    pub channel: String,
    /// Since when.
    pub at: Stamp,
    /// Until when, in the machine's own time.
    #[serde(rename = "until_ns", with = "wire::mono")]
    pub until: Mono,
    /// The same by the wall clock of then, for people.
    #[serde(rename = "until", with = "wire::wall")]
    pub until_wall: Wall,
    /// It ends when nothing holds the activation any longer.
    pub one_shot: bool,
    /// The class then; anything higher ends it.
    #[serde(with = "wire::class")]
    pub class: Class,
}

/// What became of a request to shelve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelved {
    /// Notifications rest.
    Done,
    /// TIO2: a second person has to ask for the same.
    NeedsSecond,
}

/// Why a shelving was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShelveError {
    /// As for an acknowledgement.
    #[error(transparent)]
    Act(#[from] AckError),
    /// Nobody says why.
    #[error("a shelf needs a reason")]
    NoReason,
    /// It would last too long, or no time at all.
    #[error("a shelf of `{id}` lasts at most {} min", most.as_secs() / 60)]
    TooLong {
        /// The one named.
        id: ActivationId,
        /// The bound.
        most: Duration,
    },
    /// The same person cannot be the second one.
    #[error("`{0}` asked first; TIO2 needs a second, different person")]
    SamePerson(String),
    /// Whoever asks may not be the second one.
    #[error("the second person of a TIO2 needs another role")]
    MayNotConfirm,
    /// It is over.
    #[error("activation `{0}` is closed")]
    Closed(ActivationId),
    /// Nothing rests there.
    #[error("activation `{0}` is not shelved")]
    NotShelved(ActivationId),
}

impl Machine {
    /// A person shelves one version. At TIO2 the first request waits for a
    /// second person's, who names the same activation; the shorter time counts.
    ///
    /// # Errors
    ///
    /// When nobody or no reason is named, the version is not the current one, it
    /// would last too long, or the second person is the first.
    pub fn shelve(
        &mut self,
        id: &ActivationId,
        version: u32,
        shelving: Shelving,
        person: Person<'_>,
        now: Received,
    ) -> Result<(Shelved, Vec<Effect>), ShelveError> {
        let said = Said::by(person)?;
        if said.note.is_empty() {
            return Err(ShelveError::NoReason);
        }
        let now = self.stamp(now);
        let activation = self.current(id, version)?;
        if !activation.is_open() {
            return Err(ShelveError::Closed(id.clone()));
        }
        let is_emergency = activation.class_max >= Class::Emergency;
        let most = if is_emergency {
            self.config.shelf.min(SHELF_BOUND_EMERGENCY)
        } else {
            self.config.shelf.min(SHELF_BOUND)
        };
        if shelving.lasting > most || shelving.lasting < Duration::from_secs(1) {
            let id = id.clone();
            return Err(ShelveError::TooLong { id, most });
        }
        let order = activation.order;
        let mut shelf = Shelf {
            by: said.by.clone(),
            second: None,
            reason: said.note,
            channel: said.channel.clone(),
            at: now,
            until: now.mono.saturating_add(shelving.lasting),
            until_wall: now.wall.saturating_add(shelving.lasting),
            one_shot: shelving.one_shot,
            class: activation.class,
        };
        let first = activation.proposed_shelf.as_ref();
        let first = first.filter(|first| now.mono.since(first.at.mono) <= SECOND_WITHIN);
        let cause = Cause::Person {
            by: said.by.clone(),
            channel: said.channel,
        };
        if is_emergency {
            let Some(first) = first else {
                return Ok((Shelved::NeedsSecond, self.propose(now, cause, order, shelf)));
            };
            if are_one(&first.by, &said.by) {
                return Err(ShelveError::SamePerson(said.by));
            }
            if !shelving.may_confirm {
                return Err(ShelveError::MayNotConfirm);
            }
            shelf.second = Some(std::mem::replace(&mut shelf.by, first.by.clone()));
            if first.until < shelf.until {
                (shelf.until, shelf.until_wall) = (first.until, first.until_wall);
            }
            shelf.one_shot |= first.one_shot;
        }
        Ok((Shelved::Done, self.put_away(now, cause, order, shelf)))
    }

    /// A person ends a shelf.
    ///
    /// # Errors
    ///
    /// When nobody is named, or nothing rests there.
    pub fn unshelve(
        &mut self,
        id: &ActivationId,
        person: Person<'_>,
        now: Received,
    ) -> Result<Vec<Effect>, ShelveError> {
        let said = Said::by(person)?;
        let now = self.stamp(now);
        let unknown = || AckError::Unknown(id.clone());
        let activation = self.activation(id).ok_or_else(unknown)?;
        if activation.shelf.is_none() {
            return Err(ShelveError::NotShelved(id.clone()));
        }
        let order = activation.order;
        let cause = Cause::Person {
            by: said.by,
            channel: said.channel,
        };
        Ok(self.take_down(now, &cause, order).into_iter().collect())
    }

    /// Records who asked; nothing rests yet.
    fn propose(&mut self, now: Stamp, cause: Cause, order: u64, shelf: Shelf) -> Vec<Effect> {
        if let Some(activation) = self.open.get_mut(&order) {
            activation.proposed_shelf = Some(shelf);
        }
        self.transition(now, cause, None, order)
            .into_iter()
            .collect()
    }

    /// From here on its notifications rest; that they do is told.
    fn put_away(&mut self, now: Stamp, cause: Cause, order: u64, shelf: Shelf) -> Vec<Effect> {
        let Some(activation) = self.open.get_mut(&order) else {
            return Vec::new();
        };
        let until = shelf.until;
        activation.shelf = Some(shelf);
        activation.proposed_shelf = None;
        activation.is_told(Why::Shelved);
        self.wake_by(until);
        let mut effects: Vec<_> = self
            .transition(now, cause, Some(Why::Shelved), order)
            .into_iter()
            .collect();
        effects.extend(self.release(now)); // what is shelved inhibits nothing
        effects
    }

    /// Ends a shelf; what is still there, or was kept back, is told at once.
    fn take_down(&mut self, now: Stamp, cause: &Cause, order: u64) -> Option<Effect> {
        let activation = self.open.get_mut(&order)?;
        activation.shelf = None;
        self.tell_again(now, cause, Why::Unshelved, order)
    }

    /// Tells what may be told again, when there is something to tell.
    pub(super) fn tell_again(
        &mut self,
        now: Stamp,
        cause: &Cause,
        why: Why,
        order: u64,
    ) -> Option<Effect> {
        let table = self.config.escalation;
        let activation = self.open.get_mut(&order)?;
        let is_news = activation.withheld.is_some() || activation.is_present();
        if activation.is_muted() || !is_news {
            activation.version += 1;
            return self.transition(now, cause.clone(), None, order);
        }
        activation.is_told(why);
        if activation.ack.is_none() {
            let table = table.of(activation.class_max);
            activation.escalation.start(now.mono, table);
            let next = activation.escalation.next();
            next.into_iter().for_each(|at| self.wake_by(at));
        }
        self.transition(now, cause.clone(), Some(why), order)
    }

    /// Ends the shelves whose time is over.
    pub(super) fn end_shelves(&mut self, now: Stamp) -> Vec<Effect> {
        let is_over = |activation: &&Activation| {
            let shelf = activation.shelf.as_ref();
            shelf.is_some_and(|shelf| shelf.until <= now.mono)
        };
        let over: Vec<u64> = self
            .open
            .values()
            .filter(is_over)
            .map(|activation| activation.order)
            .collect();
        over.into_iter()
            .filter_map(|order| self.take_down(now, &Cause::ShelfEnded, order))
            .collect()
    }
}

/// Whether two names of records may be those of one person; in doubt they are.
fn are_one(a: &str, b: &str) -> bool {
    match (access::Person::recorded(a), access::Person::recorded(b)) {
        (Some(a), Some(b)) => access::is_same_person(&a, &b),
        _ => true,
    }
}

impl Shelf {
    /// Of two shelves of what became one activation, the one that ends first.
    pub(super) fn both((one, other): (Self, Self)) -> Self {
        if one.until <= other.until { one } else { other }
    }

    /// Whether a class that was reached ends it: anything higher, and TIO2
    /// whenever it comes back.
    pub(super) fn is_broken_by(&self, was: Class, class: Class) -> bool {
        class > self.class || (class > was && class >= Class::Emergency)
    }

    /// After a restart: whether it goes on. It does not when the wall clock went
    /// backwards since `last`, for then nobody knows how long we were down.
    pub(super) fn is_sound(&self, last: Stamp, now: Wall) -> bool {
        now >= last.wall && self.at.wall <= now && now < self.until_wall
    }
}
