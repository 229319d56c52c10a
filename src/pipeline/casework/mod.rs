//! The casework task: what people do to cases is checked, written down and
//! answered here, and clocks that run out are told.
//!
//! It stands beside the alarm path: it hears of activations as every listener
//! does, and a case store that hangs or fails delays no alarm and no notice. A
//! deed of a person is answered only after the sync; one that could not be
//! written was not done. What follows from readings counts at once, and is
//! written when the disk takes it.

mod disk;
mod matters;
mod record;
mod ring;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::command::{Command, Core, Gone};
use super::outbox::Recorded;
use crate::activation::{ActivationView, DeadlineView, Event, EventContext};
use crate::casework::{
    CaseSummary, CaseView, Cases, Deed, Draft, Geography, Look, Refusal, Said, activation_of,
    raised,
};
use crate::clock::{Clock, Mono, Wall};
use crate::closing::ClosingView;
use crate::error::Chain;
use crate::exchange::recap_csv;
use crate::journal::Entry;
use crate::records::{CaseStore, RecordError, Sources, Written};
use disk::{Job, Writing, end_of_writing};
use record::end_of_recording;

/// Requests that may wait; when full, the asker waits.
const REQUEST_BOUND: usize = 64;

/// How often clocks are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often what could not be written is tried again.
const RETRY: Duration = Duration::from_secs(10);

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
        answer: oneshot::Sender<Vec<DeadlineView>>,
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
    /// What is proposed for the matters that are open, by their activations.
    matters: BTreeMap<String, ClosingView>,
    /// What the core was told of each activation's matter.
    said: BTreeMap<String, Said>,
    /// The core may have to be told something.
    has_news: bool,
    /// Closed cases whose record is not written.
    unrecorded: VecDeque<String>,
    recording: Option<(String, JoinHandle<Result<Written, RecordError>>)>,
    record_at: Instant,
    /// When the next clock runs out; `None` when none runs.
    next_due: Option<Mono>,
    /// When the clocks that run will have run out, by the ids of their messages.
    timed: BTreeMap<String, Mono>,
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
            matters: BTreeMap::new(),
            said: BTreeMap::new(),
            has_news: true,
            unrecorded: VecDeque::new(),
            recording: None,
            record_at: now,
            next_due: None,
            timed: BTreeMap::new(),
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
            self.tell_matters().await;
            self.go_on().await;
            tokio::select! {
                () = stop.cancelled() => break,
                heard = self.parts.events.recv(), if hears => match heard {
                    Ok(event) => self.hear(&event),
                    Err(broadcast::error::RecvError::Lagged(_)) => self.look_around().await,
                    Err(broadcast::error::RecvError::Closed) => hears = false,
                },
                Some(request) = self.requests.recv() => self.request(request).await,
                (writing, outcome) = end_of_writing(&mut self.writing) => {
                    self.written(writing, outcome).await;
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
                self.written((deeds, answer), Ok(outcome)).await;
            }
        }
        if let Some((_, recording)) = self.recording.take() {
            drop(recording.await); // found again at the next start
        }
    }

    fn look(&self, personal: bool) -> Look<'_> {
        Look {
            personal,
            ..self.look_at(self.parts.clock.wall())
        }
    }

    /// What others may see, as it is at `now`.
    fn look_at(&self, now: Wall) -> Look<'_> {
        Look {
            cases: &self.cases,
            now,
            zone: self.parts.context.zone,
            personal: false,
        }
    }

    async fn request(&mut self, request: CaseRequest) {
        match request {
            CaseRequest::List(answer) => drop(answer.send(self.look(false).list())),
            CaseRequest::Show {
                id,
                personal,
                answer,
            } => {
                self.look_around().await;
                drop(answer.send(self.shown(&id, personal)));
            }
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
        self.matters = views
            .iter()
            .filter_map(|status| Some((status.activation.id.clone(), status.closing.clone()?)))
            .collect();
        let views = views.into_iter().map(|status| status.activation);
        self.views = views.map(|view| (view.id.clone(), view)).collect();
        for view in self.views.clone().values() {
            let opened = Wall::parse_rfc3339(&view.opened_at).ok();
            self.take_notice(view, opened);
        }
    }

    fn hear(&mut self, event: &Event) {
        let Some((view, at)) = activation_of(event) else {
            return;
        };
        self.take_notice(view, at);
        self.has_news |= view.merged_into.is_some();
        self.views.insert(view.id.clone(), view.clone());
    }

    fn take_notice(&mut self, view: &ActivationView, at: Option<Wall>) {
        let now = self.parts.clock.wall();
        if let Some(deed) = raised(&self.cases, &self.parts.geography, view, at, now) {
            self.take_ours(deed);
        }
    }

    /// A deed of the program itself: it counts at once.
    fn take_ours(&mut self, deed: Deed) {
        self.cases.take(self.parts.clock.wall(), deed.clone());
        self.changed = true;
        self.jobs.push_back(Job::Ours(vec![deed]));
    }

    /// Hands notices and notes to the outbox; `false` when it is full.
    fn send(&self, notices: Vec<Event>, notes: Vec<Entry>) -> bool {
        let recorded = Recorded {
            notices,
            notes,
            ..Recorded::now()
        };
        let sent = self.parts.outbox.try_send(recorded).is_ok();
        if !sent {
            warn!("Outbox is full.");
        }
        sent
    }
}
