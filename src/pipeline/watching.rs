//! The watch over stations and daemon, from inside the core: once a second it
//! looks at everything, after it has shown that it can still judge.

use tokio::sync::{mpsc, watch};

use super::command::FaultRefusal;
use super::core::{CoreTask, OVERFLOW_BOUND};
use super::instrument::Instrument;
use super::outbox::DeadLetters;
use crate::activation::{FaultView, Person};
use crate::clock::Received;
use crate::criteria::{Class, Disposition, Judgement, Remark};
use crate::deliver::Trying;
use crate::error::excerpt;
use crate::fault::{
    FaultAckError, FaultId, FaultKey, FaultKind, FaultTransition, Faults, NETWORK, Priority, Report,
};
use crate::journal::Entry;
use crate::language::Bilingual;
use crate::reading::{InstrumentId, Reading};
use crate::store::embedded::Health;
use crate::supervision::{
    BrokerSeen, Heard, JournalSeen, Look, Seen, Sign, SubscriberSeen, Supervision,
};

/// One who is told, and whether that is tried in vain.
pub(super) type Delivering = (String, watch::Receiver<Option<Trying>>);

/// What the watch needs from outside.
pub(super) struct Watching {
    pub(super) faults: Faults,
    pub(super) supervision: Supervision,
    /// What was found at the start.
    pub(super) found: Vec<Report>,
    /// Whether instruments may come that nobody configured.
    pub(super) is_open: bool,
    pub(super) journal: watch::Receiver<Option<JournalSeen>>,
    pub(super) deliveries: Vec<Delivering>,
    pub(super) dead_letters: watch::Receiver<DeadLetters>,
    /// Faults that somebody has accepted the news of.
    pub(super) accepted: mpsc::Receiver<FaultId>,
    /// Counts looks that were taken after real work: what the service's watchdog
    /// hangs on.
    pub(super) progress: watch::Sender<u64>,
}

impl CoreTask {
    /// Takes up what is known of faults: what was found at the start is one, and
    /// what nobody watches any longer is none.
    pub(super) fn begin_watch(&mut self) {
        let now = self.parts.clock.now();
        for instrument in &self.parts.instruments {
            let (id, expected, way) = (&instrument.id, instrument.expected, instrument.way);
            self.parts
                .watching
                .supervision
                .watch(id.clone(), expected, way, now.mono);
        }
        let gone = self.unwatched();
        let watching = &mut self.parts.watching;
        let mut transitions = Vec::new();
        for key in gone {
            transitions.extend(watching.faults.clear(now, &key));
        }
        for report in std::mem::take(&mut watching.found) {
            transitions.extend(watching.faults.raise(now, report));
        }
        self.record_faults(transitions, Vec::new());
    }

    /// Faults of instruments, subscribers and configurations that are no more.
    fn unwatched(&self) -> Vec<FaultKey> {
        let watching = &self.parts.watching;
        let has_instrument = |what: &str| {
            let mut known = watching.supervision.instruments();
            watching.is_open || known.any(|id| id.as_str() == what)
        };
        let has_subscriber = |what: &str| watching.deliveries.iter().any(|(id, _)| id == what);
        let is_gone = |key: &FaultKey| match key.kind {
            FaultKind::Delivery => !has_subscriber(&key.what),
            // It runs with a good one.
            FaultKind::Configuration => true,
            kind => kind.is_of_an_instrument() && !has_instrument(&key.what),
        };
        let open = watching.faults.open().filter(|fault| fault.present);
        open.map(|fault| fault.key.clone())
            .filter(is_gone)
            .collect()
    }

    /// Once a second: looks at everything, and shows that it is alive.
    pub(super) fn watch(&mut self) {
        let now = self.parts.clock.now();
        let look = self.look(now);
        let mut transitions = self.take_signs(now, look.signs);
        if let Some(report) = self.bug.take() {
            transitions.extend(self.parts.watching.faults.raise(now, report));
        }
        let watching = &mut self.parts.watching;
        while let Ok(id) = watching.accepted.try_recv() {
            transitions.extend(watching.faults.accepted(now, &id));
        }
        transitions.extend(watching.faults.tick(now, look.is_forming));
        let step = look.step_ms.map(|step_ms| Entry::ClockStepped { step_ms });
        self.record_faults(transitions, step.into_iter().collect());
        self.end_drill(now);
        if self.parts.drill.can_judge(&self.parts.policy, now) {
            let progress = &self.parts.watching.progress;
            progress.send_modify(|looks| *looks = looks.wrapping_add(1));
        }
    }

    fn look(&mut self, now: Received) -> Look {
        let subscribers = self.subscribers_seen();
        let health = self.parts.health.borrow().clone();
        let journal = self.parts.watching.journal.borrow().clone();
        let store = match &health {
            Health::Ok => None,
            Health::Failing { error, .. } => Some(error.as_str()),
        };
        let broker = self.broker.as_ref().map(|link| BrokerSeen {
            is_up: link.up,
            is_reached: self.is_broker_reached,
            detail: &link.detail,
        });
        let seen = Seen {
            broker,
            store,
            backlog: (self.overflow_len(), OVERFLOW_BOUND),
            journal: journal.as_ref(),
            subscribers: &subscribers,
        };
        let machine = &self.parts.machine;
        let level = |id: &InstrumentId| -> Option<Class> {
            let watches = machine.watches();
            let held = watches.filter(|watch| watch.key.instrument == *id && watch.is_held());
            held.map(|watch| watch.class()).max()
        };
        self.parts.watching.supervision.look(now, &seen, level)
    }

    fn subscribers_seen(&self) -> Vec<SubscriberSeen> {
        let watching = &self.parts.watching;
        let dead_letters = watching.dead_letters.borrow();
        let one = |(id, trying): &Delivering| {
            let trying = trying.borrow().clone();
            let dead = dead_letters.get(id);
            SubscriberSeen {
                id: id.clone(),
                trying_since: trying.as_ref().map(|trying| trying.since),
                error: trying.and_then(|trying| trying.error),
                dead_letters: dead.map_or(0, |(count, _)| *count),
                last_dead: dead.map(|(_, last)| last.clone()),
            }
        };
        watching.deliveries.iter().map(one).collect()
    }

    /// What a station that people work on shows is listed, and rings nobody.
    fn weighed(&self, report: Report) -> Report {
        let mut out = self.parts.machine.out_of_service();
        let is_out = out.any(|out| out.instrument.as_str() == report.key.what);
        if is_out && report.key.kind.is_of_an_instrument() {
            Report {
                priority: Priority::Low,
                ..report
            }
        } else {
            report
        }
    }

    fn take_signs(&mut self, now: Received, signs: Vec<Sign>) -> Vec<FaultTransition> {
        let signs: Vec<Sign> = signs
            .into_iter()
            .map(|sign| match sign {
                Sign::On(report) => Sign::On(self.weighed(report)),
                Sign::Off(key) => Sign::Off(key),
            })
            .collect();
        let faults = &mut self.parts.watching.faults;
        let mut transitions = Vec::new();
        for sign in signs {
            transitions.extend(match sign {
                Sign::On(report) => faults.raise(now, report),
                Sign::Off(key) => faults.clear(now, &key),
            });
        }
        transitions
    }

    /// Something outside the core is at fault.
    pub(super) fn report_fault(&mut self, report: Report) {
        let now = self.parts.clock.now();
        let transitions = self.parts.watching.faults.raise(now, report);
        self.record_faults(transitions, Vec::new());
    }

    /// A frame met a bug: told at the next look.
    pub(super) fn note_bug(&mut self, source: &str) {
        let key = FaultKey::new(FaultKind::Evaluator, NETWORK);
        let detail = Bilingual {
            id: format!("pesan dari `{source}`"),
            en: format!("a frame of `{source}`"),
        };
        self.bug = Some(Report::new(key, Priority::Normal, detail));
    }

    /// A person takes notice of a fault.
    pub(super) fn acknowledge_fault(
        &mut self,
        id: &str,
        version: u32,
        person: Person<'_>,
    ) -> Result<FaultView, FaultRefusal> {
        let unknown = || FaultRefusal::Unknown(format!("no fault `{}`", excerpt(id, 40)));
        let id = FaultId::parse(id).ok_or_else(unknown)?;
        let now = self.parts.clock.now();
        let faults = &mut self.parts.watching.faults;
        match faults.acknowledge(&id, version, person, now) {
            Ok(transitions) => {
                self.record_faults(transitions, Vec::new());
                let faults = &self.parts.watching.faults;
                let fault = faults.fault(&id).ok_or_else(unknown)?;
                Ok(faults.view(fault))
            }
            Err(error) => {
                let text = error.to_string();
                Err(match error {
                    FaultAckError::Version { current, .. } => {
                        FaultRefusal::Stale(Box::new(faults.view(&current)), text)
                    }
                    FaultAckError::Unknown(_) => FaultRefusal::Unknown(text),
                    FaultAckError::Nameless => FaultRefusal::Invalid(text),
                })
            }
        }
    }

    /// What a reading tells its watcher; gives the activations the new limit of
    /// its silence.
    pub(super) fn hear(
        &mut self,
        at: usize,
        now: Received,
        reading: &Reading,
        is_valid: bool,
        is_zero: bool,
    ) {
        let Some(instrument) = self.parts.instruments.get_mut(at) else {
            return;
        };
        let heard = Heard {
            reading,
            is_valid,
            is_suspect_zero: is_zero,
            background: instrument.own_background(),
            missing: instrument.ledger.gaps,
            has_collapsed: instrument.has_collapsed(),
        };
        let limit = self.parts.watching.supervision.hear(at, now.mono, &heard);
        if let Some(limit) = limit {
            instrument.place.silent_after = limit;
        }
    }
}

impl Instrument {
    /// The background that its own readings are compared with.
    fn own_background(&self) -> Option<f64> {
        self.background.look_up().map(|(usv_h, _)| usv_h)
    }
}

/// Whether a reading says that its instrument is well and measures now.
pub(super) fn is_valid(reading: &Reading, judgement: &Judgement) -> bool {
    judgement.disposition == Disposition::Accept
        && judgement.class.is_some_and(|class| class != Class::Invalid)
        && !judgement.remarks.contains(Remark::Stale)
        && !reading.delivery.retained
}

#[cfg(test)]
mod tests;
