//! The casework task: what people do to cases is checked, written down and
//! answered here, and clocks that run out are told.
//!
//! It stands beside the alarm path: it hears of activations as every listener
//! does, and a case store that hangs or fails delays no alarm and no notice. A
//! deed of a person is answered only after the sync; one that could not be
//! written was not done. What follows from readings counts at once, and is
//! written when the disk takes it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::command::{Command, Core, Gone};
use super::outbox::Recorded;
use crate::activation::{ActivationView, Coordinates, Event, EventContext};
use crate::casework::{
    Act, CaseSummary, CaseView, Cases, Deed, Draft, Geography, Known, Look, Mask, Refusal, State,
    World, clocks, notice, notice_id,
};
use crate::clock::{Clock, Wall};
use crate::criteria::Class;
use crate::error::Chain;
use crate::exchange::recap_csv;
use crate::journal::{Entry, JournalError};
use crate::records::{CaseStore, RecordError, Sources, Written, write_record};

/// Requests that may wait; when full, the asker waits.
const REQUEST_BOUND: usize = 64;

/// How often clocks are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(10);

/// Most closing records of one case.
const RECORDS_MAX: u32 = 1000;

/// Who does what follows from readings.
const OURSELVES: &str = "pantau";

/// A question or a deed, with the way back for its answer.
#[derive(Debug)]
pub enum CaseRequest {
    /// All cases, the newest first.
    List(oneshot::Sender<Vec<CaseSummary>>),
    /// One case, or what was done about an activation.
    Show {
        /// Its id.
        id: String,
        /// The asker may see who reported.
        personal: bool,
        /// Where the answer goes.
        answer: oneshot::Sender<Option<CaseView>>,
    },
    /// The clocks: those that run or ran out, or all.
    Deadlines {
        /// The others, too.
        all: bool,
        /// Where the answer goes.
        answer: oneshot::Sender<Vec<crate::activation::DeadlineView>>,
    },
    /// The recapitulation of annex V.
    Recap(oneshot::Sender<String>),
    /// A person does something.
    Act {
        /// To which case or activation; `None` opens a case.
        about: Option<String>,
        /// What.
        draft: Box<Draft>,
        /// Through which channel.
        channel: &'static str,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<CaseView, Refusal>>,
    },
}

/// Asks the casework task.
#[derive(Clone, Debug)]
pub struct Casework {
    requests: mpsc::Sender<CaseRequest>,
}

impl Casework {
    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    ///
    /// [`Gone`] when the task has ended.
    pub async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> CaseRequest,
    ) -> Result<T, Gone> {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(request(answer))
            .await
            .map_err(|_| Gone)?;
        answered.await.map_err(|_| Gone)
    }
}

/// What the task needs from outside.
pub(super) struct CaseParts {
    pub(super) clock: Clock,
    pub(super) core: Core,
    /// Where cases, journal and readings are.
    pub(super) sources: Sources,
    /// Where closing records go.
    pub(super) records: PathBuf,
    pub(super) context: EventContext,
    /// What is opened here is a drill.
    pub(super) exercise: bool,
    pub(super) geography: Geography,
    pub(super) outbox: mpsc::Sender<Recorded>,
    pub(super) events: broadcast::Receiver<Arc<Event>>,
    /// Ids of the notices that were told before.
    pub(super) told: BTreeSet<String>,
}

/// What is to be written.
enum Job {
    Person {
        about: Option<String>,
        draft: Box<Draft>,
        channel: &'static str,
        answer: oneshot::Sender<Result<CaseView, Refusal>>,
    },
    /// Counts already.
    Ours(Vec<Deed>),
}

/// Deeds on their way to the disk.
struct Writing {
    deeds: Vec<Deed>,
    /// Whoever waits for it; `None` for what counts already.
    answer: Option<oneshot::Sender<Result<CaseView, Refusal>>>,
    task: JoinHandle<Outcome>,
}

/// What came of it: the store, all that was found in it when it was opened just
/// now, and when the deeds were written.
struct Outcome {
    store: Option<CaseStore>,
    found: Option<Cases>,
    written: Result<Wall, JournalError>,
}

/// The task and its state.
pub(super) struct CaseTask {
    parts: CaseParts,
    requests: mpsc::Receiver<CaseRequest>,
    cases: Cases,
    /// Absent while it is being written, and when it could not be opened.
    store: Option<CaseStore>,
    writing: Option<Writing>,
    jobs: VecDeque<Job>,
    /// Nothing is written before.
    retry_at: Instant,
    said_failing: bool,
    /// The activations that are remembered, by their ids.
    views: BTreeMap<String, ActivationView>,
    /// Closed cases whose record is not written.
    unrecorded: VecDeque<String>,
    recording: Option<(String, JoinHandle<Result<Written, RecordError>>)>,
    record_at: Instant,
    /// When the next clock runs out; `None` when none runs.
    next_due: Option<Wall>,
    /// `next_due` has to be found again.
    changed: bool,
}

impl CaseTask {
    /// Opens the case store; one that cannot be opened is tried again, and
    /// until then nothing that a person does is taken.
    pub(super) fn open(parts: CaseParts) -> (Self, Casework) {
        let (sender, requests) = mpsc::channel(REQUEST_BOUND);
        let opened = CaseStore::open(&parts.sources.cases, parts.clock.wall());
        let (store, cases) = match opened {
            Ok((store, cases, found)) => {
                if let Some(bad) = &found.first_bad {
                    error!(error = %bad, "Case store is damaged; a new chain was begun.");
                }
                if let Some(torn) = &found.torn {
                    warn!(
                        bytes = torn.bytes,
                        "Torn tail of the case store was cut and kept."
                    );
                }
                (Some(store), cases)
            }
            Err(error) => {
                error!(error = %Chain(&error), "Case store cannot be opened; trying again. Alarms do not depend on it.");
                (None, Cases::default())
            }
        };
        let now = Instant::now();
        let mut task = Self {
            parts,
            requests,
            cases,
            store,
            writing: None,
            jobs: VecDeque::new(),
            retry_at: now,
            said_failing: false,
            views: BTreeMap::new(),
            unrecorded: VecDeque::new(),
            recording: None,
            record_at: now,
            next_due: None,
            changed: true,
        };
        task.find_unrecorded();
        (task, Casework { requests: sender })
    }

    /// Works until told to stop; what is being written then is still written.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut hears = true;
        self.look_around().await;
        loop {
            self.go_on().await;
            tokio::select! {
                () = stop.cancelled() => break,
                heard = self.parts.events.recv(), if hears => match heard {
                    Ok(event) => self.hear(&event),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.look_around().await,
                    Err(broadcast::error::RecvError::Closed) => hears = false,
                },
                Some(request) = self.requests.recv() => self.request(request),
                (writing, outcome) = end_of_writing(&mut self.writing) => {
                    self.written(writing, outcome);
                }
                (id, outcome) = end_of_recording(&mut self.recording) => {
                    self.recorded(id, outcome);
                }
                _ = ticks.tick() => self.ring(),
            }
        }
        if let Some(writing) = self.writing.take() {
            let Writing {
                deeds,
                answer,
                task,
            } = writing;
            if let Ok(outcome) = task.await {
                self.written((deeds, answer), Ok(outcome));
            }
        }
        if let Some((_, recording)) = self.recording.take() {
            drop(recording.await); // found again at the next start
        }
    }

    fn look(&self, personal: bool) -> Look<'_> {
        Look {
            cases: &self.cases,
            now: self.parts.clock.wall(),
            zone: self.parts.context.zone,
            personal,
        }
    }

    fn request(&mut self, request: CaseRequest) {
        match request {
            CaseRequest::List(answer) => drop(answer.send(self.look(false).list())),
            CaseRequest::Show {
                id,
                personal,
                answer,
            } => drop(answer.send(self.look(personal).case(&id))),
            CaseRequest::Deadlines { all, answer } => {
                drop(answer.send(self.look(false).deadlines(all)));
            }
            CaseRequest::Recap(answer) => {
                drop(answer.send(recap_csv(&self.cases, self.parts.context.zone)));
            }
            CaseRequest::Act {
                about,
                draft,
                channel,
                answer,
            } => self.jobs.push_back(Job::Person {
                about,
                draft,
                channel,
                answer,
            }),
        }
    }

    /// Asks the core for all activations: what was told before we listened.
    async fn look_around(&mut self) {
        let Ok(views) = self.parts.core.ask(Command::Activations).await else {
            return;
        };
        let views = views.into_iter().map(|status| status.activation);
        self.views = views.map(|view| (view.id.clone(), view)).collect();
        for view in self.views.clone().values() {
            let opened = Wall::parse_rfc3339(&view.opened_at).ok();
            self.take_notice(view, opened);
        }
    }

    fn hear(&mut self, event: &Event) {
        let Some(view) = event
            .activation
            .as_ref()
            .filter(|_| event.deadline.is_none())
        else {
            return;
        };
        let at = if event.why == "risen" {
            &event.at
        } else {
            &view.opened_at
        };
        self.take_notice(view, Wall::parse_rfc3339(at).ok());
        self.views.insert(view.id.clone(), view.clone());
    }

    /// Starts the duty officer's clocks of an activation at TIO3 or above, and
    /// ends those of one that goes on as another.
    fn take_notice(&mut self, view: &ActivationView, at: Option<Wall>) {
        let is_at_level = Class::from_word(&view.class_max)
            .is_some_and(|class| class >= Class::PossibleEmergency);
        let dossier = self.cases.get(&view.id);
        let has = |wanted: fn(&Act) -> bool| {
            dossier.is_some_and(|d| d.deeds.iter().any(|filed| wanted(&filed.deed.act)))
        };
        let is_raised = has(|act| matches!(act, Act::Raised { .. }));
        let is_merged = has(|act| matches!(act, Act::Merged { .. }));
        let act = match &view.merged_into {
            None if is_at_level && !is_raised => Act::Raised {
                exercise: view.exercise,
                java: self.java_of(view),
            },
            Some(into) if is_raised && !is_merged => Act::Merged { into: into.clone() },
            _ => return,
        };
        let now = self.parts.clock.wall();
        let at = at.filter(|_| !is_raised).unwrap_or(now);
        self.do_ourselves(view.id.clone(), at, act);
    }

    fn java_of(&self, view: &ActivationView) -> crate::casework::OnJava {
        let position = view.place.lat.zip(view.place.lon);
        let position = position.map(|(lat, lon)| Coordinates { lat, lon });
        let site = view.place.site.as_deref();
        self.parts.geography.on_java(site, position)
    }

    /// A deed of the program itself: it counts at once.
    fn do_ourselves(&mut self, about: String, at: Wall, act: Act) {
        let deed = Deed {
            about,
            by: OURSELVES.to_owned(),
            role: None,
            note: String::new(),
            channel: "readings".to_owned(),
            request: None,
            at,
            act,
        };
        self.cases.take(self.parts.clock.wall(), deed.clone());
        self.changed = true;
        self.jobs.push_back(Job::Ours(vec![deed]));
    }

    /// Starts writing what waits, when nothing is being written.
    async fn go_on(&mut self) {
        self.go_on_recording();
        while self.writing.is_none() {
            let is_time = Instant::now() >= self.retry_at;
            let is_ours = matches!(self.jobs.front(), Some(Job::Ours(_)));
            if is_ours && !is_time {
                // A person is answered all the same, if only by a refusal.
                let person = self
                    .jobs
                    .iter()
                    .position(|job| matches!(job, Job::Person { .. }));
                match person.and_then(|at| self.jobs.remove(at)) {
                    Some(job) => self.jobs.push_front(job),
                    None => return,
                }
            }
            match self.jobs.pop_front() {
                None => return,
                Some(Job::Ours(deeds)) => self.write(deeds, None),
                Some(Job::Person {
                    about,
                    draft,
                    channel,
                    answer,
                }) => {
                    self.look_around().await;
                    match self.deeds(about.as_deref(), *draft, channel) {
                        Ok(deeds) => self.write(deeds, Some(answer)),
                        Err(answered) => drop(answer.send(*answered)),
                    }
                }
            }
        }
    }

    /// The deeds of a request, or its answer when there is nothing to do.
    fn deeds(
        &self,
        about: Option<&str>,
        draft: Draft,
        channel: &'static str,
    ) -> Result<Vec<Deed>, Box<Result<CaseView, Refusal>>> {
        let before = draft.request.as_deref();
        let before = before.and_then(|request| self.cases.answered(request));
        if let Some(view) = before.and_then(|id| self.look(false).case(id)) {
            return Err(Box::new(Ok(view)));
        }
        let known = |id: &str| {
            self.views.get(id).map(|view| Known {
                exercise: view.exercise,
                java: self.java_of(view),
            })
        };
        let world = World {
            cases: &self.cases,
            geography: &self.parts.geography,
            activation: &known,
            exercise: self.parts.exercise,
            now: self.parts.clock.wall(),
            channel,
        };
        world
            .deeds(about, draft)
            .map_err(|refusal| Box::new(Err(refusal)))
    }

    fn write(
        &mut self,
        deeds: Vec<Deed>,
        answer: Option<oneshot::Sender<Result<CaseView, Refusal>>>,
    ) {
        let (store, folder) = (self.store.take(), self.parts.sources.cases.clone());
        let (clock, copy) = (self.parts.clock, deeds.clone());
        let task = tokio::task::spawn_blocking(move || {
            let now = clock.wall();
            let (mut store, found) = match store {
                Some(store) => (store, None),
                None => match CaseStore::open(&folder, now) {
                    Ok((store, found, _)) => (store, Some(found)),
                    Err(error) => {
                        return Outcome {
                            store: None,
                            found: None,
                            written: Err(error),
                        };
                    }
                },
            };
            let written = store.append(now, &copy).map(|()| now);
            Outcome {
                store: Some(store),
                found,
                written,
            }
        });
        self.writing = Some(Writing {
            deeds,
            answer,
            task,
        });
    }

    fn written(
        &mut self,
        (deeds, answer): Waiting,
        outcome: Result<Outcome, tokio::task::JoinError>,
    ) {
        let written = match outcome {
            Ok(outcome) => {
                self.store = outcome.store;
                if let Some(found) = outcome.found {
                    self.take_found(found, &deeds, answer.is_none());
                }
                outcome.written.map_err(|error| Chain(&error).to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        match (written, answer) {
            (Ok(recorded), answer) => {
                if std::mem::take(&mut self.said_failing) {
                    info!("Case store can be written again.");
                }
                if let Some(answer) = answer {
                    self.do_it(recorded, deeds, answer);
                }
            }
            (Err(error), answer) => {
                if !std::mem::replace(&mut self.said_failing, true) {
                    error!(%error, "Case store cannot be written; nothing that people do is taken. Trying again.");
                }
                match answer {
                    Some(answer) => drop(answer.send(Err(Refusal::Unwritten(error)))),
                    None => {
                        self.retry_at = Instant::now() + RETRY;
                        self.jobs.push_front(Job::Ours(deeds));
                    }
                }
            }
        }
    }

    /// A store that could be opened only now: what was in it, and what counted
    /// meanwhile.
    fn take_found(&mut self, found: Cases, deeds: &[Deed], ours: bool) {
        self.cases = found;
        let now = self.parts.clock.wall();
        let waiting = self.jobs.iter().filter_map(|job| match job {
            Job::Ours(deeds) => Some(deeds),
            Job::Person { .. } => None,
        });
        let under_way = deeds.iter().filter(|_| ours);
        for deed in under_way.chain(waiting.flatten()) {
            self.cases.take(now, deed.clone());
        }
        self.changed = true;
        self.find_unrecorded();
    }

    /// What a person did is on the disk: now it counts.
    fn do_it(
        &mut self,
        recorded: Wall,
        deeds: Vec<Deed>,
        answer: oneshot::Sender<Result<CaseView, Refusal>>,
    ) {
        let Some(about) = deeds.first().map(|deed| deed.about.clone()) else {
            return;
        };
        let mut notes = Vec::new();
        for deed in deeds {
            if matches!(deed.act, Act::Closed) {
                self.unrecorded.push_back(about.clone());
            }
            let what = format!("{about}: {}", deed.act.summary());
            let (by, channel) = (deed.by.clone(), deed.channel.clone());
            self.cases.take(recorded, deed);
            let report = self.cases.get(&about).map(crate::casework::Dossier::report);
            let mask = Mask::of(&report.unwrap_or_default(), false);
            notes.push(Entry::Action {
                by: mask.text(&by),
                channel,
                what: mask.text(&what),
                note: String::new(), // it may hold somebody's data
            });
        }
        self.changed = true;
        self.send(Vec::new(), notes);
        if let Some(view) = self.look(false).case(&about) {
            answer.send(Ok(view)).ok(); // an asker that went away needs none
        }
    }

    /// Hands notices and notes to the outbox; `false` when it is full.
    fn send(&self, notices: Vec<Event>, notes: Vec<Entry>) -> bool {
        let recorded = Recorded {
            decided: Instant::now(),
            effects: Vec::new(),
            item: None,
            notices,
            notes,
        };
        let sent = self.parts.outbox.try_send(recorded).is_ok();
        if !sent {
            warn!("Outbox is full.");
        }
        sent
    }

    /// Tells of every clock that ran out, once.
    fn ring(&mut self) {
        let now = self.parts.clock.wall();
        if !self.changed && self.next_due.is_none_or(|due| now <= due) {
            return;
        }
        self.changed = false;
        self.next_due = None;
        let look = self.look(false);
        let (mut notices, mut next_due) = (Vec::new(), None::<Wall>);
        for (id, dossier) in self.cases.with_clocks() {
            for clock in clocks(&self.cases, dossier) {
                let due = clock.due();
                let message = notice_id(id, clock.rule.as_str(), due);
                match clock.state(now) {
                    State::Running => next_due = Some(next_due.map_or(due, |next| next.min(due))),
                    State::Overdue if !self.parts.told.contains(&message) => {
                        let view = look.deadline(id, dossier.is_exercise(), &clock);
                        let activation = self.worst_of(id, &dossier.activations());
                        let context = &self.parts.context;
                        notices.push(notice(message, view, activation, due, now, context));
                    }
                    _ => {}
                }
            }
        }
        self.next_due = next_due;
        for event in notices {
            let message = event.id.clone();
            if self.send(vec![event], Vec::new()) {
                self.parts.told.insert(message);
            } else {
                self.changed = true; // tried again at the next look
            }
        }
    }

    /// The highest of the activations that a clock is about.
    fn worst_of(&self, id: &str, attached: &[&str]) -> Option<ActivationView> {
        let views = attached.iter().copied().chain([id]);
        let views = views.filter_map(|id| self.views.get(id));
        views
            .max_by_key(|view| Class::from_word(&view.class_max))
            .cloned()
    }

    fn find_unrecorded(&mut self) {
        let closed = self
            .cases
            .cases()
            .into_iter()
            .filter(|(_, dossier)| dossier.closing().is_some() && dossier.records().is_empty())
            .map(|(id, _)| id.to_owned())
            .collect();
        self.unrecorded = closed;
    }

    /// Writes the next closing record, when none is being written.
    fn go_on_recording(&mut self) {
        if self.recording.is_some() || Instant::now() < self.record_at {
            return;
        }
        let Some(id) = self.unrecorded.pop_front() else {
            return;
        };
        let (sources, records) = (self.parts.sources.clone(), self.parts.records.clone());
        let (clock, case) = (self.parts.clock, id.clone());
        let task = tokio::task::spawn_blocking(move || {
            let names = (2..RECORDS_MAX).map(|n| format!("{case}-{n}"));
            let mut folders = std::iter::once(case.clone())
                .chain(names)
                .map(|n| records.join(n));
            let to = folders.find(|folder| !folder.exists());
            let to = to.ok_or_else(|| RecordError::Exists(records.join(&case)))?;
            write_record(&sources, &case, &to, clock.wall())
        });
        self.recording = Some((id, task));
    }

    fn recorded(
        &mut self,
        id: String,
        outcome: Result<Result<Written, RecordError>, tokio::task::JoinError>,
    ) {
        let failure = match outcome {
            Ok(Ok(written)) => {
                info!(case = %id, folder = %written.folder.display(), readings = written.readings, complete = written.missing.is_empty(), "Closing record written.");
                let act = Act::Recorded {
                    sums: written.sums,
                    complete: written.missing.is_empty(),
                };
                self.do_ourselves(id, self.parts.clock.wall(), act);
                return;
            }
            Ok(Err(error)) => Chain(&error).to_string(),
            Err(error) => error.to_string(),
        };
        error!(case = %id, error = %failure, "Closing record cannot be written; trying again.");
        self.record_at = Instant::now() + RETRY;
        self.unrecorded.push_back(id);
    }
}

/// What was to be written, and whoever waits for it.
type Waiting = (
    Vec<Deed>,
    Option<oneshot::Sender<Result<CaseView, Refusal>>>,
);

/// Waits for what is being written. Can be dropped at any time.
async fn end_of_writing(
    writing: &mut Option<Writing>,
) -> (Waiting, Result<Outcome, tokio::task::JoinError>) {
    let outcome = match writing {
        Some(writing) => (&mut writing.task).await,
        None => std::future::pending().await,
    };
    let done = writing
        .take()
        .map(|writing| (writing.deeds, writing.answer));
    (done.unwrap_or_default(), outcome)
}

/// Waits for the record that is being written. Can be dropped at any time.
async fn end_of_recording(
    recording: &mut Option<(String, JoinHandle<Result<Written, RecordError>>)>,
) -> (
    String,
    Result<Result<Written, RecordError>, tokio::task::JoinError>,
) {
    let outcome = match recording {
        Some((_, task)) => task.await,
        None => std::future::pending().await,
    };
    let id = recording.take().map(|(id, _)| id);
    (id.unwrap_or_default(), outcome)
}
