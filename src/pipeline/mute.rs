//! What people do against notifications: shelves, and stations out of service.
//! Every act is in the journal and is announced.

use std::time::Duration;

use super::command::{ActivationStatus, By, Refusal, ServiceView, ShelfStatus};
use super::core::CoreTask;
use super::matters::parse;
use super::outbox::Recorded;
use crate::activation::{
    Event, EventContext, Mode, OutOfService, ServiceError, ShelveError, Shelved, Shelving,
};
use crate::error::excerpt;
use crate::journal::Entry;
use crate::reading::InstrumentId;

impl CoreTask {
    pub(super) fn shelve(
        &mut self,
        id: &str,
        version: u32,
        shelving: Shelving,
        by: &By,
    ) -> Result<ShelfStatus, Refusal> {
        let id = parse(id)?;
        let now = self.parts.clock.now();
        let shelved = self
            .parts
            .machine
            .shelve(&id, version, shelving, by.person(), now);
        let (shelved, effects) = shelved.map_err(|error| self.not_shelved(error))?;
        self.changed(now, effects, Vec::new());
        Ok(ShelfStatus {
            needs_second_person: shelved == Shelved::NeedsSecond,
            status: self.status_of(&id)?,
        })
    }

    pub(super) fn unshelve(&mut self, id: &str, by: &By) -> Result<ActivationStatus, Refusal> {
        let id = parse(id)?;
        let now = self.parts.clock.now();
        let effects = self.parts.machine.unshelve(&id, by.person(), now);
        let effects = effects.map_err(|error| self.not_shelved(error))?;
        self.changed(now, effects, Vec::new());
        self.status_of(&id)
    }

    fn not_shelved(&self, error: ShelveError) -> Refusal {
        match error {
            ShelveError::Act(error) => self.refused(error),
            error => Refusal::Invalid(error.to_string()),
        }
    }

    pub(super) fn take_out_of_service(
        &mut self,
        instrument: &str,
        lasting: Duration,
        by: &By,
    ) -> Result<ServiceView, Refusal> {
        let id = self.known(instrument)?;
        let now = self.parts.clock.now();
        let machine = &mut self.parts.machine;
        let (out, effects) = machine
            .take_out_of_service(&id, lasting, by.person(), now)
            .map_err(not_changed)?;
        let event = Event::out_of_service(&out, self.is_exercise(), &self.context());
        let view = ServiceView::of(&out);
        let entry = Entry::OutOfService { out: Box::new(out) };
        let mut notes = self.follow(now, &effects);
        notes.push(entry);
        self.hand_on(Recorded {
            effects,
            notices: vec![event],
            notes,
            ..Recorded::now()
        });
        Ok(view)
    }

    pub(super) fn back_in_service(
        &mut self,
        instrument: &str,
        by: &By,
    ) -> Result<Vec<ServiceView>, Refusal> {
        let id = InstrumentId::new(instrument).ok_or_else(|| no_instrument(instrument))?;
        let now = self.parts.clock.now();
        let machine = &mut self.parts.machine;
        let out = machine.out_of_service().find(|out| out.instrument == id);
        let out: Option<OutOfService> = out.cloned();
        let effects = machine
            .back_in_service(&id, by.person(), now)
            .map_err(not_changed)?;
        let context = self.context();
        let is_exercise = self.is_exercise();
        let event =
            out.map(|out| Event::back_in_service(&out, &by.name, now.wall, is_exercise, &context));
        let mut notes = self.follow(now, &effects);
        notes.push(Entry::BackInService {
            instrument: id.to_string(),
            by: excerpt(by.name.trim(), 80),
            channel: by.channel.to_owned(),
            note: excerpt(&by.note, 500),
        });
        self.hand_on(Recorded {
            effects,
            notices: event.into_iter().collect(),
            notes,
            ..Recorded::now()
        });
        Ok(self.services())
    }

    pub(super) fn services(&self) -> Vec<ServiceView> {
        let machine = &self.parts.machine;
        machine.out_of_service().map(ServiceView::of).collect()
    }

    fn known(&self, instrument: &str) -> Result<InstrumentId, Refusal> {
        let mut instruments = self.parts.instruments.iter();
        instruments
            .find(|known| known.id.as_str() == instrument)
            .map(|known| known.id.clone())
            .ok_or_else(|| no_instrument(instrument))
    }

    fn is_exercise(&self) -> bool {
        self.parts.mode == Mode::Exercise
    }

    fn context(&self) -> EventContext {
        EventContext {
            node: self.parts.node.clone(),
            zone: self.parts.zone,
            recorded: true,
        }
    }
}

fn no_instrument(instrument: &str) -> Refusal {
    Refusal::Unknown(format!("no instrument `{}`", excerpt(instrument, 64)))
}

fn not_changed(error: ServiceError) -> Refusal {
    let text = error.to_string();
    match error {
        ServiceError::InService(_) => Refusal::Unknown(text),
        _ => Refusal::Invalid(text),
    }
}
