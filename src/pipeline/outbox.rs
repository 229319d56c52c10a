//! Decided changes are written down, then told, then their readings stored.
//!
//! A change waits for the journal's sync before it is told, but never long: a
//! disk that fails or hangs delays no first telling. It is then told at once,
//! marked as not recorded, and recorded when the disk takes it; the reading
//! behind it stays unacknowledged until then.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use tracing::{error, info, warn};

use super::acceptances::Acceptances;
use super::command::Command;
use super::heads::Mark;
use super::urgent::Urgent;
use crate::activation::{Effect, Event, EventContext};
use crate::clock::Clock;
use crate::criteria::Class;
use crate::deliver::{Offers, Outcome, Report, Rosters, SubscriberConfig};
use crate::error::Chain;
use crate::fault::{self, FaultId, FaultKind, FaultTransition};
use crate::journal::{self, Entry, Journal, Outgoing};
use crate::store::embedded::{Item, Writer};
use crate::supervision::JournalSeen;

/// Changes that may wait for the outbox; when full, the core keeps them.
pub(super) const RECORDED_BOUND: usize = 256;

/// Entries that may wait for the journal's thread.
const JOURNAL_BOUND: usize = 256;

/// How long a telling waits for the disk.
const SYNC_WITHIN: Duration = Duration::from_millis(500);

/// How often what could not be handed on is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// How long subscribers may take, at the end, to accept what is on its way.
const GRACE: Duration = Duration::from_secs(5);

/// How often a failing journal is tried again.
const RETRY_JOURNAL: Duration = Duration::from_secs(1);

/// Events that a slow listener of the live stream may lag behind.
pub const EVENT_BOUND: usize = 1024;

/// Changes of one instant, and the reading that brought them about.
#[derive(Debug)]
pub(super) struct Recorded {
    /// When they were decided: the telling waits for the disk no longer than
    /// [`SYNC_WITHIN`] from then.
    pub(super) decided: Instant,
    pub(super) effects: Vec<Effect>,
    pub(super) item: Option<Item>,
    /// What is told beside transitions.
    pub(super) notices: Vec<Event>,
    /// What else is written down beside them, and told to nobody.
    pub(super) notes: Vec<Entry>,
    /// Changes of faults.
    pub(super) faults: Vec<FaultTransition>,
    /// Who waits for this and all before it to be on disk.
    pub(super) written: Option<oneshot::Sender<()>>,
}

impl Recorded {
    /// Nothing, decided now.
    pub(super) fn now() -> Self {
        Self {
            decided: Instant::now(),
            effects: Vec::new(),
            item: None,
            notices: Vec::new(),
            notes: Vec::new(),
            faults: Vec::new(),
            written: None,
        }
    }
}

/// Messages given up at one subscriber: how many, and the last one with its reason.
pub(super) type DeadLetters = BTreeMap<String, (u64, String)>;

/// Accepted messages about faults that may wait for the core; beyond it they are
/// forgotten, which only means that what lies behind a fault is told by itself.
pub(super) const ACCEPTED_BOUND: usize = 256;

/// Entries for the journal's thread, and where to say how it went.
struct Job {
    entries: Vec<Entry>,
    done: oneshot::Sender<bool>,
}

/// A subscriber as the outbox sees it.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) config: SubscriberConfig,
    /// It is more than a record: somebody may hear of it.
    pub(super) reaches_people: bool,
    pub(super) offers: Offers,
    /// What its task could not take yet.
    pub(super) backlog: VecDeque<Arc<Event>>,
    pub(super) waiting: u64,
}

/// Starts the journal's thread.
///
/// An append that fails is tried again until it succeeds or the journal is
/// closed; later entries wait behind it, for the chain has one order.
/// After each sync it says where the journal stands.
pub(super) fn start_journal(
    mut journal: Journal,
    clock: Clock,
    marks: watch::Sender<Mark>,
) -> std::io::Result<JournalHandle> {
    let (jobs, mut queue) = mpsc::channel::<Job>(JOURNAL_BOUND);
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (seen_tx, seen) = watch::channel(None);
    let thread = std::thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || {
            let mut jobs = Vec::new();
            while queue.blocking_recv_many(&mut jobs, JOURNAL_BOUND) > 0 {
                let written = write(&mut journal, &clock, &jobs, &stopped, &seen_tx);
                if written {
                    mark(&journal, &jobs, &marks);
                }
                for job in jobs.drain(..) {
                    job.done.send(written).ok(); // an outbox that went on needs no answer
                }
            }
        })?;
    Ok(JournalHandle {
        jobs,
        seen,
        _stop: stop,
        thread,
    })
}

/// Appends all that waits with one sync, however long that takes; `false` when
/// told to stop first.
fn write(
    journal: &mut Journal,
    clock: &Clock,
    jobs: &[Job],
    stopped: &std::sync::mpsc::Receiver<()>,
    seen: &watch::Sender<Option<JournalSeen>>,
) -> bool {
    let mut said = false;
    let since = clock.mono();
    let is_at_work = |error| seen.send_replace(Some(JournalSeen { since, error }));
    is_at_work(None);
    loop {
        let entries = jobs.iter().flat_map(|job| &job.entries);
        match journal.append_all(clock.wall(), entries) {
            Ok(()) => {
                seen.send_replace(None);
                if said {
                    info!("Journal can be written again.");
                }
                return true;
            }
            Err(failure) => {
                is_at_work(Some(Chain(&failure).to_string()));
                if !std::mem::replace(&mut said, true) {
                    error!(error = %Chain(&failure), "Journal cannot be written; trying again.");
                }
                let waited = stopped.recv_timeout(RETRY_JOURNAL);
                if waited != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    return false;
                }
            }
        }
    }
}

/// Where the journal stands now.
fn mark(journal: &Journal, jobs: &[Job], marks: &watch::Sender<Mark>) {
    let entries = jobs.iter().flat_map(|job| &job.entries);
    let told = entries.filter(|entry| is_told_emergency(entry)).count();
    marks.send_modify(|mark| {
        mark.seq = journal.next_seq() - 1;
        mark.hash = journal.head();
        mark.emergencies += u64::try_from(told).unwrap_or(u64::MAX);
    });
}

fn is_told_emergency(entry: &Entry) -> bool {
    matches!(entry, Entry::Transition { transition, .. }
        if transition.tell.is_some() && transition.activation.class_max == Class::Emergency)
}

/// The journal's thread, from outside.
pub(super) struct JournalHandle {
    jobs: mpsc::Sender<Job>,
    /// What its thread works on.
    pub(super) seen: watch::Receiver<Option<JournalSeen>>,
    /// Dropped, it ends the waiting for a failing disk.
    _stop: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

/// Writes down and tells.
pub(super) struct Outbox {
    pub(super) journal: JournalHandle,
    pub(super) store: Writer,
    pub(super) listeners: Vec<Listener>,
    pub(super) events: broadcast::Sender<Arc<Event>>,
    /// Heads of the journal, for subscribers that keep them.
    pub(super) heads: mpsc::Receiver<Event>,
    pub(super) context: EventContext,
    /// Who accepted what so far of the activations that are open.
    pub(super) accepted: Acceptances,
    pub(super) waiting: watch::Sender<BTreeMap<String, u64>>,
    pub(super) dead_letters: watch::Sender<DeadLetters>,
    /// Faults that somebody has accepted the news of.
    pub(super) accepted_faults: mpsc::Sender<FaultId>,
    /// What keeps the journal's order while its thread is busy.
    pub(super) unwritten: VecDeque<Unwritten>,
    /// Readings that the store could not take yet.
    pub(super) unstored: VecDeque<Item>,
    /// Changes that were told before they were on disk.
    pub(super) held: VecDeque<Held>,
    /// Who is told at once, and who next.
    pub(super) rosters: Rosters,
    /// TIO2s on their way.
    pub(super) urgent: Urgent,
    /// Where it is said that nobody accepts one.
    pub(super) core: mpsc::Sender<Command>,
}

/// A job that the journal's thread could not take yet.
pub(super) struct Unwritten(Job);

/// A reading whose change is not on disk yet.
pub(super) struct Held {
    written: oneshot::Receiver<bool>,
    item: Option<Item>,
}

impl Outbox {
    /// Works until the core is gone and everything is written down; events that
    /// nobody accepted within the grace period stay in the journal.
    pub(super) async fn run(
        mut self,
        mut recorded: mpsc::Receiver<Recorded>,
        mut reports: mpsc::Receiver<Report>,
        leftover: Vec<(Arc<str>, Arc<Event>)>,
    ) {
        for (subscriber, event) in leftover {
            self.offer_again(&subscriber, event);
        }
        let mut changes = Vec::new();
        let mut retry = tokio::time::interval(RETRY);
        retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let unaccepted = self.urgent.next();
            tokio::select! {
                taken = recorded.recv_many(&mut changes, RECORDED_BOUND) => {
                    if taken == 0 {
                        break;
                    }
                    self.take_all(&mut changes).await;
                }
                Some(report) = reports.recv() => self.report(report),
                () = sleep_until(unaccepted), if unaccepted.is_some() => self.hurry(),
                Some(head) = self.heads.recv() => self.tell_head(head),
                _ = retry.tick(), if self.is_behind() => self.catch_up(),
            }
        }
        let grace = tokio::time::sleep(GRACE);
        tokio::pin!(grace);
        while self.is_behind() || self.listeners.iter().any(|listener| listener.waiting > 0) {
            tokio::select! {
                () = &mut grace => break,
                Some(report) = reports.recv() => self.report(report),
                _ = retry.tick() => self.catch_up(),
            }
        }
        self.finish().await;
    }

    /// Ends the journal's thread; a reading whose change is not on disk by then
    /// is not stored either, so its source keeps it.
    async fn finish(mut self) {
        drop(self.write(vec![Entry::Stopped {
            why: "told to".to_owned(),
        }]));
        let JournalHandle {
            jobs,
            _stop: stop,
            thread,
            ..
        } = self.journal;
        drop((jobs, stop));
        drop(tokio::task::spawn_blocking(move || thread.join()).await);
        for mut held in self.held {
            if held.written.try_recv() == Ok(true) {
                self.unstored.extend(held.item);
            }
        }
        for item in self.unstored {
            self.store.send(item).await.ok(); // a closed store leaves it unacknowledged
        }
    }

    fn is_behind(&self) -> bool {
        !(self.unwritten.is_empty() && self.unstored.is_empty() && self.held.is_empty())
            || self
                .listeners
                .iter()
                .any(|listener| !listener.backlog.is_empty())
    }

    fn catch_up(&mut self) {
        while let Some(Unwritten(job)) = self.unwritten.pop_front() {
            if let Err(error) = self.journal.jobs.try_send(job) {
                self.unwritten.push_front(Unwritten(error.into_inner()));
                break;
            }
        }
        self.release();
        while let Some(item) = self.unstored.pop_front() {
            if let Err(item) = self.store.try_send(item) {
                self.unstored.push_front(item);
                break;
            }
        }
        for listener in &mut self.listeners {
            listener.offer_backlog();
        }
    }

    fn write(&mut self, entries: Vec<Entry>) -> oneshot::Receiver<bool> {
        let (done, written) = oneshot::channel();
        let job = Job { entries, done };
        if !self.unwritten.is_empty() {
            self.unwritten.push_back(Unwritten(job));
        } else if let Err(error) = self.journal.jobs.try_send(job) {
            self.unwritten.push_back(Unwritten(error.into_inner()));
        }
        written
    }

    /// Writes down all changes, then tells them in order: they share their syncs.
    async fn take_all(&mut self, changes: &mut Vec<Recorded>) {
        let mut written: Vec<_> = Vec::with_capacity(changes.len());
        for change in changes.drain(..) {
            let entries = change
                .effects
                .iter()
                .map(|effect| Entry::Transition {
                    transition: Box::new(effect.transition().clone()),
                    outbox: self.outgoing(Event::of(effect.transition(), &self.context)),
                })
                .chain(change.notices.iter().map(|event| Entry::Notice {
                    event: Box::new(event.clone()),
                    outbox: self.outgoing(Some(event.clone())),
                }))
                .chain(change.faults.iter().map(|transition| Entry::Fault {
                    transition: Box::new(transition.clone()),
                    outbox: self.outgoing(fault::event(transition, &self.context)),
                }))
                .chain(change.notes.iter().cloned())
                .collect();
            let answer = self.write(entries);
            written.push((change, answer));
        }
        for (change, answer) in written {
            self.take(change, answer).await;
        }
    }

    async fn take(&mut self, change: Recorded, mut written: oneshot::Receiver<bool>) {
        // While earlier changes are late, no later one waits for the disk.
        let recorded = self.held.is_empty()
            && timeout_at(change.decided + SYNC_WITHIN, &mut written).await == Ok(Ok(true));
        let context = EventContext {
            recorded,
            ..self.context.clone()
        };
        let changed = change.effects.iter();
        let events = changed.filter_map(|effect| Event::of(effect.transition(), &context));
        let faults = change.faults.iter();
        let faults = faults.filter_map(|transition| fault::event(transition, &context));
        for event in events.chain(change.notices).chain(faults) {
            self.tell(Event { recorded, ..event });
        }
        if let Some(answer) = change.written {
            answer.send(()).ok(); // whoever asked may have gone
        }
        if recorded {
            self.store(change.item);
        } else {
            if self.held.is_empty() {
                warn!("Journal is late; telling first, recording when it can be written.");
            }
            self.held.push_back(Held {
                written,
                item: change.item,
            });
        }
    }

    /// Stores the readings whose changes reached the disk meanwhile.
    fn release(&mut self) {
        while let Some(first) = self.held.front_mut() {
            match first.written.try_recv() {
                Ok(true) => {
                    let item = self.held.pop_front().and_then(|held| held.item);
                    self.store(item);
                }
                // Given up while closing: the reading stays unacknowledged.
                Ok(false) | Err(oneshot::error::TryRecvError::Closed) => {
                    self.held.pop_front();
                }
                Err(oneshot::error::TryRecvError::Empty) => return,
            }
        }
    }

    /// Never waits: what the store cannot take is kept in order.
    fn store(&mut self, item: Option<Item>) {
        let Some(item) = item else { return };
        if !self.unstored.is_empty() {
            self.unstored.push_back(item);
        } else if let Err(item) = self.store.try_send(item) {
            self.unstored.push_back(item);
        }
    }

    fn outgoing(&self, event: Option<Event>) -> Vec<Outgoing> {
        let Some(event) = event else {
            return Vec::new();
        };
        self.receivers(&event)
            .into_iter()
            .filter_map(|at| self.listeners.get(at))
            .map(|listener| Outgoing {
                message: event.id.clone(),
                subscriber: listener.config.id.to_string(),
            })
            .collect()
    }

    /// Who is told of an event, by index.
    ///
    /// That a subscriber accepts nothing is told to others: to those who want
    /// faults, or, where nobody else does, to everyone who takes any.
    fn receivers(&self, event: &Event) -> Vec<usize> {
        let all = || self.listeners.iter().enumerate();
        let wanting = all().filter(|(_, listener)| self.is_for(&listener.config, event));
        let wanting: Vec<usize> = wanting.map(|(at, _)| at).collect();
        let Some(failing) = failing(event) else {
            return wanting;
        };
        let is_other = |at: &usize| {
            let listener = self.listeners.get(*at);
            listener.is_some_and(|listener| *listener.config.id != *failing)
        };
        let others: Vec<usize> = wanting.iter().copied().filter(is_other).collect();
        if !others.is_empty() {
            return others;
        }
        let takes_faults = all().filter(|(_, listener)| listener.config.filter.faults.is_some());
        let takes_faults = takes_faults.map(|(at, _)| at).filter(is_other);
        let others: Vec<usize> = takes_faults.collect();
        if others.is_empty() { wanting } else { others }
    }

    fn tell(&mut self, event: Event) {
        let receivers = self.receivers(&event);
        self.urgent.told(&event, Instant::now());
        let told = receivers.iter().filter_map(|at| self.listeners.get(*at));
        let told = told
            .map(|listener| listener.config.id.to_string())
            .collect();
        let event = Arc::new(self.accepted.tell(event, told));
        for at in receivers {
            if let Some(listener) = self.listeners.get_mut(at) {
                listener.offer(Arc::clone(&event));
            }
        }
        self.events.send(event).ok(); // nobody may be listening to the live stream
        self.show_waiting();
    }

    fn is_for(&self, config: &SubscriberConfig, event: &Event) -> bool {
        is_for(config, event, &self.rosters, &self.urgent)
    }

    /// Tells the core which TIO2s nobody accepts. A core that has no room now is
    /// told by the next round.
    fn hurry(&mut self) {
        for id in self.urgent.unaccepted(Instant::now()) {
            error!(activation = %id, "No subscriber accepts a TIO2; the next contacts are told.");
            if self.core.try_send(Command::Unaccepted(id.clone())).is_err() {
                self.urgent.put_back(&id, Instant::now() + RETRY);
            }
        }
    }

    /// Not written down: a head that is lost in a crash is followed by another.
    fn tell_head(&mut self, head: Event) {
        let head = Arc::new(head);
        for listener in &mut self.listeners {
            if listener.config.filter.wants(&head) {
                listener.offer(Arc::clone(&head));
            }
        }
        self.show_waiting();
    }

    /// Offers what was not accepted before a restart.
    fn offer_again(&mut self, subscriber: &str, event: Arc<Event>) {
        self.urgent.told(&event, Instant::now());
        if let Some(listener) = self
            .listeners
            .iter_mut()
            .find(|l| &*l.config.id == subscriber)
        {
            listener.offer(event);
        }
        self.show_waiting();
    }

    fn report(&mut self, report: Report) {
        if let Some(listener) = self
            .listeners
            .iter_mut()
            .find(|listener| listener.config.id == report.subscriber)
        {
            listener.waiting = listener.waiting.saturating_sub(1);
        }
        if matches!(report.outcome, Outcome::Accepted { .. }) {
            self.accepted.note(&report.message, &report.subscriber);
            // A log or a file takes everything, and wakes nobody.
            let mut listeners = self.listeners.iter();
            if listeners.any(|one| one.config.id == report.subscriber && one.reaches_people) {
                self.urgent.accepted(&report.message, &report.subscriber);
            }
        }
        self.show_waiting();
        self.show_outcome(&report);
        let entry = Entry::Result {
            outgoing: Outgoing {
                message: report.message,
                subscriber: report.subscriber.to_string(),
            },
            outcome: match report.outcome {
                Outcome::Accepted { .. } => journal::Outcome::Accepted,
                Outcome::Superseded => journal::Outcome::Superseded,
                Outcome::DeadLetter { error } => journal::Outcome::DeadLetter { error },
            },
        };
        // Nothing waits for it: lost in a crash, the event is told once more
        // under the same message id.
        drop(self.write(vec![entry]));
    }

    /// What the core has to know of it.
    fn show_outcome(&self, report: &Report) {
        match &report.outcome {
            Outcome::Accepted { .. } => {
                let id = report.message.split_once('.').map(|(id, _)| id);
                if let Some(id) = id.and_then(FaultId::parse) {
                    self.accepted_faults.try_send(id).ok(); // see ACCEPTED_BOUND
                }
            }
            Outcome::DeadLetter { error } => self.dead_letters.send_modify(|dead| {
                let (count, last) = dead.entry(report.subscriber.to_string()).or_default();
                *count += 1;
                *last = format!("{}: {error}", report.message);
            }),
            Outcome::Superseded => {}
        }
    }

    fn show_waiting(&self) {
        let waiting = self
            .listeners
            .iter()
            .map(|listener| (listener.config.id.to_string(), listener.waiting))
            .collect();
        self.waiting.send_replace(waiting);
    }
}

/// The subscriber whose failure an event tells of.
fn failing(event: &Event) -> Option<&str> {
    let fault = event.fault.as_ref()?;
    let kinds = [FaultKind::Delivery, FaultKind::DeadLetter];
    let is_one = kinds.iter().any(|kind| kind.as_str() == fault.kind);
    is_one.then_some(fault.what.as_str())
}

/// Whether a subscriber is told: what it wants, at its place in the rosters, and
/// no TIO2 that it knows of speaks for it.
fn is_for(config: &SubscriberConfig, event: &Event, rosters: &Rosters, urgent: &Urgent) -> bool {
    config.filter.wants(event)
        && rosters.include(&config.id, event)
        && !urgent.speaks_for(event, &config.id)
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Listener {
    /// Never waits: what the subscriber's task cannot take is kept in order.
    fn offer(&mut self, event: Arc<Event>) {
        self.waiting += 1;
        if !self.backlog.is_empty() {
            self.backlog.push_back(event);
        } else if let Err(error) = self.offers.try_send(event) {
            self.backlog.push_back(error.into_inner());
        }
    }

    fn offer_backlog(&mut self) {
        while let Some(event) = self.backlog.pop_front() {
            if let Err(error) = self.offers.try_send(event) {
                self.backlog.push_front(error.into_inner());
                break;
            }
        }
    }
}
