//! Stations that people work on (alarm semantics, section 4.6): readings are
//! stored and evaluated, what they raise below TIO2 is not announced, TIO2 is
//! raised and marked. It always ends by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::machine::{AckError, Machine, Person, Said};
use super::state::{Activation, Stamp};
use super::transition::{Cause, Effect, Why};
use super::wire;
use crate::clock::{Mono, Received, Wall};
use crate::criteria::Class;
use crate::reading::InstrumentId;

/// The longest time out of service.
pub const SERVICE_BOUND: Duration = Duration::from_secs(8 * 3600);

/// A station that is out of service, by a person's word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutOfService {
    /// The instrument.
    #[serde(with = "wire::instrument")]
    pub instrument: InstrumentId,
    /// Who.
    pub by: String,
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
}

/// Why a station stays in service, or out of it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Nobody is named.
    #[error(transparent)]
    Act(#[from] AckError),
    /// Nobody says why.
    #[error("taking a station out of service needs a reason")]
    NoReason,
    /// It would last too long, or no time at all.
    #[error("a station is out of service for at most {} h", SERVICE_BOUND.as_secs() / 3600)]
    TooLong,
    /// It is in service.
    #[error("`{0}` is not out of service")]
    InService(InstrumentId),
}

impl Machine {
    /// A person takes a station out of service; once more changes until when.
    ///
    /// # Errors
    ///
    /// When nobody or no reason is named, or it would last too long.
    pub fn take_out_of_service(
        &mut self,
        instrument: &InstrumentId,
        lasting: Duration,
        person: Person<'_>,
        now: Received,
    ) -> Result<(OutOfService, Vec<Effect>), ServiceError> {
        let said = Said::by(person)?;
        if said.note.is_empty() {
            return Err(ServiceError::NoReason);
        }
        if lasting > SERVICE_BOUND || lasting < Duration::from_secs(1) {
            return Err(ServiceError::TooLong);
        }
        let now = self.stamp(now);
        let out = OutOfService {
            instrument: instrument.clone(),
            by: said.by.clone(),
            reason: said.note,
            channel: said.channel.clone(),
            at: now,
            until: now.mono.saturating_add(lasting),
            until_wall: now.wall.saturating_add(lasting),
        };
        self.wake_by(out.until);
        self.out_of_service.insert(instrument.clone(), out.clone());
        let cause = Cause::Person {
            by: said.by,
            channel: said.channel,
        };
        let effects = self.look_at_service(now, &cause, instrument);
        Ok((out, effects))
    }

    /// A person takes it into service again.
    ///
    /// # Errors
    ///
    /// When nobody is named, or it is in service.
    pub fn back_in_service(
        &mut self,
        instrument: &InstrumentId,
        person: Person<'_>,
        now: Received,
    ) -> Result<Vec<Effect>, ServiceError> {
        let said = Said::by(person)?;
        if self.out_of_service.remove(instrument).is_none() {
            return Err(ServiceError::InService(instrument.clone()));
        }
        let now = self.stamp(now);
        let cause = Cause::Person {
            by: said.by,
            channel: said.channel,
        };
        Ok(self.look_at_service(now, &cause, instrument))
    }

    /// Every station that is out of service.
    pub fn out_of_service(&self) -> impl Iterator<Item = &OutOfService> {
        self.out_of_service.values()
    }

    /// Ends what is over.
    pub(super) fn end_services(&mut self, now: Stamp) -> Vec<Effect> {
        let over: Vec<InstrumentId> = self
            .out_of_service
            .values()
            .filter(|out| out.until <= now.mono)
            .map(|out| out.instrument.clone())
            .collect();
        let mut effects = Vec::new();
        for instrument in over {
            self.out_of_service.remove(&instrument);
            effects.extend(self.look_at_service(now, &Cause::ServiceEnded, &instrument));
        }
        effects
    }

    /// What an instrument holds is muted, or told again.
    fn look_at_service(
        &mut self,
        now: Stamp,
        cause: &Cause,
        instrument: &InstrumentId,
    ) -> Vec<Effect> {
        let is_behind = |activation: &&Activation| {
            let mut members = activation.members.iter();
            members.any(|member| member.key.instrument == *instrument)
        };
        let behind: Vec<u64> = self
            .open
            .values()
            .filter(is_behind)
            .map(|activation| activation.order)
            .collect();
        let mut effects = Vec::new();
        for order in behind {
            let Some(activation) = self.open.get_mut(&order) else {
                continue;
            };
            let was = activation.out_of_service;
            activation.out_of_service = is_all_out(activation, &self.out_of_service);
            if was == activation.out_of_service {
                continue;
            }
            if was {
                effects.extend(self.tell_again(now, cause, Why::BackInService, order));
            } else {
                activation.version += 1;
                effects.extend(self.transition(now, cause.clone(), None, order));
            }
        }
        effects
    }
}

/// Whether everything that holds it is out of service. What was a TIO2 never
/// counts as that, for somebody has to answer it first.
pub(super) fn is_all_out(
    activation: &Activation,
    out: &std::collections::BTreeMap<InstrumentId, OutOfService>,
) -> bool {
    let mut of_interest = activation
        .members
        .iter()
        .filter(|member| member.held || !activation.is_present())
        .peekable();
    activation.class_max < Class::Emergency
        && of_interest.peek().is_some()
        && of_interest.all(|member| out.contains_key(&member.key.instrument))
}
