//! Deeds on their way to the disk.

use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tracing::{error, info};

use super::{CaseTask, RETRY};
use crate::casework::{
    Act, CaseView, Cases, Deed, Dossier, Draft, Known, Mask, Refusal, World, on_java,
};
use crate::clock::Wall;
use crate::error::Chain;
use crate::journal::{Entry, JournalError};
use crate::records::CaseStore;

/// What is to be written.
pub(super) enum Job {
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
pub(super) struct Writing {
    pub(super) deeds: Vec<Deed>,
    /// Whoever waits for it; `None` for what counts already.
    pub(super) answer: Option<oneshot::Sender<Result<CaseView, Refusal>>>,
    pub(super) task: JoinHandle<Outcome>,
}

/// What came of it: the store, all that was found in it when it was opened just
/// now, and when the deeds were written.
pub(super) struct Outcome {
    store: Option<CaseStore>,
    found: Option<Cases>,
    written: Result<Wall, JournalError>,
}

impl CaseTask {
    /// Starts writing what waits, when nothing is being written.
    pub(super) async fn go_on(&mut self) {
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
    pub(super) fn deeds(
        &self,
        about: Option<&str>,
        draft: Draft,
        channel: &'static str,
    ) -> Result<Vec<Deed>, Box<Result<CaseView, Refusal>>> {
        let before = draft.request.as_deref();
        let before = before.and_then(|request| self.cases.answered(request));
        if let Some(view) = before.and_then(|id| self.shown(id, false)) {
            return Err(Box::new(Ok(view)));
        }
        let known = |id: &str| {
            self.views.get(id).map(|view| Known {
                exercise: view.exercise,
                java: on_java(&self.parts.geography, view),
            })
        };
        let world = World {
            cases: &self.cases,
            geography: &self.parts.geography,
            activation: &known,
            matters: &|about| self.open_matters(about),
            exercise: self.parts.exercise,
            now: self.parts.clock.wall(),
            channel,
        };
        world
            .deeds(about, draft)
            .map_err(|refusal| Box::new(Err(refusal)))
    }

    pub(super) fn write(
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

    pub(super) async fn written(
        &mut self,
        (deeds, answer): Waiting,
        outcome: Result<Outcome, JoinError>,
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
                    self.do_it(recorded, deeds, answer).await;
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
    pub(super) fn take_found(&mut self, found: Cases, deeds: &[Deed], ours: bool) {
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
        self.has_news = true;
        self.find_unrecorded();
    }

    /// What a person did is on the disk: now it counts.
    async fn do_it(
        &mut self,
        recorded: Wall,
        deeds: Vec<Deed>,
        answer: oneshot::Sender<Result<CaseView, Refusal>>,
    ) {
        let Some(about) = deeds.first().map(|deed| deed.about.clone()) else {
            return;
        };
        let (mut notes, mut closed) = (Vec::new(), Vec::new());
        for deed in deeds {
            if let Act::Closed { matters } = &deed.act {
                self.unrecorded.push_back(about.clone());
                closed.extend(matters.iter().cloned());
            }
            let what = format!("{about}: {}", deed.act.summary());
            let (by, channel) = (deed.by.clone(), deed.channel.clone());
            self.cases.take(recorded, deed);
            let report = self.cases.get(&about).map(Dossier::report);
            let mask = Mask::of(&report.unwrap_or_default(), false);
            notes.push(Entry::Action {
                by: mask.text(&by),
                channel,
                what: mask.text(&what),
                note: String::new(), // it may hold somebody's data
            });
        }
        self.changed = true;
        self.has_news = true;
        self.send(Vec::new(), notes);
        self.tell_matters().await;
        self.close_matters(&about, closed).await;
        if let Some(view) = self.shown(&about, false) {
            answer.send(Ok(view)).ok(); // an asker that went away needs none
        }
    }
}

/// What was to be written, and whoever waits for it.
pub(super) type Waiting = (
    Vec<Deed>,
    Option<oneshot::Sender<Result<CaseView, Refusal>>>,
);

/// Waits for what is being written. Can be dropped at any time.
pub(super) async fn end_of_writing(
    writing: &mut Option<Writing>,
) -> (Waiting, Result<Outcome, JoinError>) {
    let outcome = match writing {
        Some(writing) => (&mut writing.task).await,
        None => std::future::pending().await,
    };
    let done = writing
        .take()
        .map(|writing| (writing.deeds, writing.answer));
    (done.unwrap_or_default(), outcome)
}
