//! What the core answers when it is asked.

use std::collections::BTreeMap;

use super::books::{Account, Books};
use super::command::{
    ActivationStatus, Command, InstrumentCounts, InstrumentView, LinkView, Refusal, Status,
    StoreView,
};
use super::core::CoreTask;
use super::instrument::Link;
use super::outbox::Recorded;
use crate::activation::{
    AckError, Activation, ActivationId, ActivationView, Effect, Event, Mode, Person,
};
use crate::clock::Received;
use crate::error::excerpt;
use crate::exchange::reading_record;
use crate::store::embedded::{Health, Tally};

impl CoreTask {
    /// Answers; an asker that went away needs none.
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Status(answer) => drop(answer.send(self.status())),
            Command::Instruments(answer) => drop(answer.send(self.instruments())),
            Command::Activations(answer) => drop(answer.send(self.activations())),
            Command::Books(answer) => drop(answer.send(self.books())),
            Command::Acknowledge {
                id,
                version,
                by,
                note,
                channel,
                answer,
            } => {
                let person = Person {
                    by: &by,
                    note: &note,
                    channel,
                };
                drop(answer.send(self.acknowledge(&id, version, person)));
            }
            Command::Shelve {
                id,
                version,
                shelving,
                by,
                answer,
            } => drop(answer.send(self.shelve(&id, version, shelving, &by))),
            Command::Unshelve { id, by, answer } => drop(answer.send(self.unshelve(&id, &by))),
            Command::OutOfService {
                instrument,
                lasting,
                by,
                answer,
            } => drop(answer.send(self.take_out_of_service(&instrument, lasting, &by))),
            Command::BackInService {
                instrument,
                by,
                answer,
            } => drop(answer.send(self.back_in_service(&instrument, &by))),
            Command::Services(answer) => drop(answer.send(self.services())),
            Command::Unaccepted(id) => {
                let now = self.parts.clock.now();
                let effects = self.parts.machine.unaccepted(&id, now);
                self.changed(now, effects, Vec::new());
            }
            Command::Recovered {
                id,
                recovered,
                track,
                by,
                note,
                answer,
            } => {
                let person = by_http(&by, &note);
                drop(answer.send(self.recovered(&id, recovered, track, person)));
            }
            Command::Close {
                id,
                to,
                by,
                note,
                answer,
            } => drop(answer.send(self.close(&id, to, by_http(&by, &note)))),
            Command::Faults(answer) => {
                drop(answer.send(self.parts.watching.faults.views()));
            }
            Command::AcknowledgeFault {
                id,
                version,
                by,
                note,
                channel,
                answer,
            } => {
                let person = Person {
                    by: &by,
                    note: &note,
                    channel,
                };
                drop(answer.send(self.acknowledge_fault(&id, version, person)));
            }
            Command::Report(report) => self.report_fault(*report),
            #[cfg(test)]
            Command::Hang(until) => drop(until.recv()),
            Command::Unsaved(answer) => drop(answer.send(self.unsaved())),
            Command::Written(answer) => self.hand_on(Recorded {
                written: Some(answer),
                ..Recorded::now()
            }),
        }
    }

    fn acknowledge(
        &mut self,
        id: &str,
        version: u32,
        person: Person<'_>,
    ) -> Result<ActivationStatus, Refusal> {
        let unknown = || Refusal::Unknown(format!("no activation `{}`", excerpt(id, 40)));
        let id = ActivationId::parse(id).ok_or_else(unknown)?;
        let now = self.parts.clock.now();
        match self.parts.machine.acknowledge(&id, version, person, now) {
            Ok(effects) => {
                self.changed(now, effects, Vec::new());
                self.status_of(&id)
            }
            Err(error) => Err(self.refused(error)),
        }
    }

    /// Records what a person or time brought about.
    pub(super) fn changed(&mut self, now: Received, effects: Vec<Effect>, notices: Vec<Event>) {
        if effects.is_empty() && notices.is_empty() {
            return;
        }
        let notes = self.follow(now, &effects);
        self.hand_on(Recorded {
            effects,
            notices,
            notes,
            ..Recorded::now()
        });
    }

    /// One activation, as it is now.
    pub(super) fn status_of(&self, id: &ActivationId) -> Result<ActivationStatus, Refusal> {
        self.parts
            .machine
            .activation(id)
            .map(|activation| self.shown(activation))
            .ok_or_else(|| Refusal::Unknown(format!("no activation `{id}`")))
    }

    /// Why a person's act was refused.
    pub(super) fn refused(&self, error: AckError) -> Refusal {
        let text = error.to_string();
        match error {
            AckError::Version { current, .. } => {
                Refusal::Stale(Box::new(self.shown(&current)), text)
            }
            AckError::Unknown(_) => Refusal::Unknown(text),
            _ => Refusal::Invalid(text),
        }
    }

    fn shown(&self, activation: &Activation) -> ActivationStatus {
        ActivationStatus {
            activation: ActivationView::of(activation),
            closing: self.parts.closings.view(&activation.id),
        }
    }

    fn activations(&self) -> Vec<ActivationStatus> {
        let machine = &self.parts.machine;
        let mut all: Vec<ActivationStatus> = machine
            .open()
            .chain(machine.closed())
            .map(|activation| self.shown(activation))
            .collect();
        all.sort_by(|a, b| {
            let (a, b) = (&a.activation, &b.activation);
            b.onset.cmp(&a.onset).then_with(|| a.id.cmp(&b.id))
        });
        all
    }

    fn books(&self) -> Books {
        let counters = self.parts.counters.borrow();
        let mut books = Books {
            since: self.parts.started.wall.to_string(),
            unattributed: Account::of(&self.unattributed, &Tally::default()),
            ..Books::default()
        };
        books.total.add(&books.unattributed);
        for instrument in &self.parts.instruments {
            let tally = counters
                .by_instrument
                .get(&instrument.id)
                .copied()
                .unwrap_or_default();
            let account = Account::of(&instrument.ledger, &tally);
            books.total.add(&account);
            books.instruments.insert(instrument.id.to_string(), account);
        }
        books
    }

    fn status(&self) -> Status {
        let now = self.parts.clock.now();
        let machine = &self.parts.machine;
        let mut activations = BTreeMap::new();
        for activation in machine.open() {
            let class = ActivationView::of(activation).class_max;
            *activations.entry(class).or_default() += 1;
        }
        let mut faults = BTreeMap::new();
        for fault in self.parts.watching.faults.open() {
            *faults.entry(fault.key.kind.to_string()).or_default() += 1;
        }
        let broker_up = self.broker.as_ref().is_some_and(|link| link.up);
        let mut counts = InstrumentCounts::default();
        for instrument in &self.parts.instruments {
            counts.total += 1;
            let up = instrument.link.as_ref().map_or(broker_up, |link| link.up);
            counts.connected += u64::from(up);
            counts.heard += u64::from(instrument.last.is_some());
        }
        Status {
            node: self.parts.node.clone(),
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.parts.started.wall.to_string(),
            now: now.wall.to_string(),
            uptime_s: now.mono.since(self.parts.started.mono).as_secs(),
            exercise: self.parts.mode == Mode::Exercise,
            broker: self.broker.as_ref().map(link_view),
            store: self.store_view(),
            instruments: counts,
            activations,
            faults,
            shelved: count(
                machine
                    .open()
                    .filter(|activation| activation.shelf.is_some()),
            ),
            out_of_service: count(machine.out_of_service()),
            outbox_waiting: self.parts.outbox_waiting.borrow().clone(),
            alarm_flood: self.parts.floods.borrow().clone(),
        }
    }

    fn store_view(&self) -> StoreView {
        let commits = self.parts.counters.borrow().commits;
        let (ok, error) = match &*self.parts.health.borrow() {
            Health::Ok => (true, None),
            Health::Failing { since, error } => (false, Some(format!("since {since}: {error}"))),
        };
        StoreView { ok, error, commits }
    }

    fn instruments(&self) -> Vec<InstrumentView> {
        let now = self.parts.clock.now();
        self.parts
            .instruments
            .iter()
            .map(|instrument| {
                let last = instrument.last.as_ref();
                InstrumentView {
                    id: instrument.id.to_string(),
                    profile: instrument.decoder.profile().id.to_string(),
                    site: instrument.place.site.as_ref().map(|site| site.id.clone()),
                    source: instrument.place.source.as_str(),
                    link: instrument
                        .link
                        .as_ref()
                        .or(self.broker.as_ref())
                        .map(link_view),
                    online: instrument.online,
                    age_s: last
                        .map(|last| now.mono.since(last.reading.received.mono).as_secs_f64()),
                    class: last.and_then(|last| last.class).map(|class| class.as_str()),
                    background: instrument.background.view(now.wall, &self.parts.policy),
                    last: last.map(|last| reading_record(&last.reading, None)),
                }
            })
            .collect()
    }
}

const fn by_http<'p>(by: &'p str, note: &'p str) -> Person<'p> {
    let channel = "http";
    Person { by, note, channel }
}

fn link_view(link: &Link) -> LinkView {
    LinkView {
        up: link.up,
        since: link.since.wall.to_string(),
        detail: link.detail.clone(),
    }
}

fn count<T>(of: impl Iterator<Item = T>) -> u64 {
    u64::try_from(of.count()).unwrap_or(u64::MAX)
}
