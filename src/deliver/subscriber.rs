//! One subscriber's task: takes offers, sends what the desk says when it says so.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::alertmanager::Alertmanager;
use super::cap::CapFolder;
use super::desk::{Desk, Ended, Letter};
use super::filter::{Filter, Quiet};
use super::log::{self, Language};
use super::mail::Mail;
use super::mqtt::{Chore, MqttPublisher};
use super::template::Templated;
use super::terminal::Terminal;
use super::webhook::Webhook;
use super::{Attempt, Outcome, Report};
use crate::activation::Event;
use crate::clock::{Clock, Mono};

/// How a subscriber is reached.
pub enum Kind {
    /// The daemon's log.
    Log(Language),
    /// Topics of the MQTT broker.
    Mqtt(Box<MqttPublisher>),
    /// An HTTP address.
    Webhook(Box<Webhook>),
    /// Alertmanager.
    Alertmanager(Box<Alertmanager>),
    /// A gateway with a form of its own.
    Templated(Box<Templated>),
    /// E-mail.
    Mail(Box<Mail>),
    /// A folder of CAP messages.
    Cap(CapFolder),
    /// A device that takes lines.
    Terminal(Terminal),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log(_) => "Log",
            Self::Mqtt(_) => "Mqtt",
            Self::Webhook(_) => "Webhook",
            Self::Alertmanager(_) => "Alertmanager",
            Self::Templated(_) => "Templated",
            Self::Mail(_) => "Mail",
            Self::Cap(_) => "Cap",
            Self::Terminal(_) => "Terminal",
        })
    }
}

/// What a subscriber wants to hear.
#[derive(Clone, Debug)]
pub struct SubscriberConfig {
    /// Its name.
    pub id: Arc<str>,
    /// Which events are for it.
    pub filter: Filter,
    /// When it wants to hear of emergencies only.
    pub quiet: Option<Quiet>,
    /// It gets few notifications, however much happens.
    pub is_paced: bool,
}

/// A subscriber and the means to reach it.
#[derive(Debug)]
pub struct Subscriber {
    /// What it wants.
    pub config: SubscriberConfig,
    /// How it is reached.
    pub kind: Kind,
    /// Where others see that it is tried in vain.
    pub trying: watch::Sender<Option<Trying>>,
}

/// Attempts since the last success, all in vain so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trying {
    /// When the first of them began.
    pub since: Mono,
    /// What the last one failed with; `None` while the first is under way.
    pub error: Option<String>,
}

/// Which subscribers are flooded with alarms; those without a pace are not in it.
pub type Floods = watch::Sender<BTreeMap<String, bool>>;

impl Subscriber {
    /// A subscriber that has not been told anything yet.
    pub fn new(config: SubscriberConfig, kind: Kind) -> Self {
        Self {
            config,
            kind,
            trying: watch::Sender::new(None),
        }
    }

    /// Sends what is offered until told to stop; what is not accepted by then
    /// stays in the journal.
    pub async fn run(
        mut self,
        clock: Clock,
        mut offers: mpsc::Receiver<Arc<Event>>,
        reports: mpsc::Sender<Report>,
        floods: Floods,
        stop: CancellationToken,
    ) {
        let mut desk = Desk::new(self.config.is_paced);
        let mut voice = Voice::default();
        let mut gone: Option<String> = None;
        loop {
            if let Some(error) = &gone {
                for event in desk.give_up() {
                    let error = error.clone();
                    let outcome = Outcome::DeadLetter { error };
                    self.report(&reports, &clock, &event, outcome).await;
                }
            }
            let now = clock.now();
            self.show_flood(&floods, &desk);
            let quiet = self.config.quiet.and_then(|quiet| quiet.lasts(now.wall));
            let wake = desk.wake(now.mono, quiet).map(|at| clock.instant_at(at));
            let work = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                offer = offers.recv() => {
                    let Some(event) = offer else { return };
                    let now = clock.mono();
                    let replaced = desk.offer(Arc::clone(&event), now);
                    if let (Kind::Mqtt(mqtt), true) = (&mut self.kind, desk.holds_back(now)) {
                        mqtt.show(event);
                    }
                    if let Some(replaced) = replaced {
                        self.report(&reports, &clock, &replaced, Outcome::Superseded).await;
                    }
                    continue;
                }
                () = until(wake), if wake.is_some() => None,
                work = next_work(&mut self.kind) => Some(work),
            };
            if let Some(work) = work {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.do_chore(work, &clock) => {}
                }
                continue;
            }
            let Some(letter) = desk.take(clock.now(), quiet) else {
                if quiet.is_some() {
                    self.trying.send_replace(None); // it waits on purpose
                }
                continue;
            };
            self.begin_trying(&clock);
            let attempt = tokio::select! {
                () = stop.cancelled() => return,
                attempt = self.attempt(&letter, &clock) => attempt,
            };
            if let Attempt::Gone { error } = &attempt {
                error!(subscriber = %self.config.id, %error, "Subscriber wants nothing any more; it is told nothing until the next start.");
                gone = Some(error.clone());
            }
            self.tried(&attempt);
            let ended = desk.end(letter.is_urgent, &attempt, clock.mono());
            if desk.is_empty() {
                self.trying.send_replace(None); // nothing waits any longer
            }
            voice.say(&self.config.id, &letter, &attempt, &ended, desk.len());
            if let Ended::Over(outcomes) = ended {
                for (event, outcome) in outcomes {
                    self.report(&reports, &clock, &event, outcome).await;
                }
            }
        }
    }

    fn begin_trying(&self, clock: &Clock) {
        self.trying.send_if_modified(|trying| {
            let is_first = trying.is_none();
            trying.get_or_insert_with(|| Trying {
                since: clock.mono(),
                error: None,
            });
            is_first
        });
    }

    fn tried(&self, attempt: &Attempt) {
        self.trying.send_modify(|trying| match attempt.error() {
            None => *trying = None,
            Some(error) => {
                if let Some(trying) = trying {
                    trying.error = Some(error.to_owned());
                }
            }
        });
    }

    fn show_flood(&self, floods: &Floods, desk: &Desk) {
        let Some(is_flood) = desk.is_flood() else {
            return;
        };
        let id = &*self.config.id;
        let mut was = None;
        floods.send_if_modified(|all| {
            was = all.insert(id.to_owned(), is_flood);
            was != Some(is_flood)
        });
        match (was.unwrap_or(false), is_flood) {
            (false, true) => {
                warn!(subscriber = %id, "More alarms than a person can take in; they are told together from now on.");
            }
            (true, false) => info!(subscriber = %id, "The flood of alarms is over."),
            (true, true) | (false, false) => {}
        }
    }

    async fn do_chore(&mut self, work: Work, clock: &Clock) {
        match (work, &mut self.kind) {
            (Work::Mqtt(chore), Kind::Mqtt(mqtt)) => mqtt.do_chore(chore, clock).await,
            (Work::Renew, Kind::Alertmanager(manager)) => manager.refresh(clock).await,
            _ => {}
        }
    }

    /// Tells one event now, outside any queue.
    ///
    /// # Errors
    ///
    /// What the subscriber or the way to it answered.
    pub async fn tell_once(&mut self, event: &Event, clock: &Clock) -> Result<(), String> {
        let letter = Letter::of(Arc::new(event.clone()));
        let attempt = self.attempt(&letter, clock).await;
        match attempt.error() {
            None => Ok(()),
            Some(error) => Err(error.to_owned()),
        }
    }

    async fn attempt(&mut self, letter: &Letter, clock: &Clock) -> Attempt {
        let event = &*letter.event;
        match &mut self.kind {
            Kind::Log(language) => {
                log::write(event, *language);
                Attempt::Accepted
            }
            Kind::Mqtt(mqtt) => mqtt.publish(letter, clock).await,
            Kind::Webhook(webhook) => webhook.post(event, clock).await,
            Kind::Alertmanager(manager) => manager.post(&letter.parts, clock).await,
            Kind::Templated(templated) => templated.post(event).await,
            Kind::Mail(mail) => mail.send(event).await,
            Kind::Cap(folder) => folder.write(event, clock).await,
            Kind::Terminal(terminal) => terminal.write(event).await,
        }
    }

    async fn report(
        &self,
        reports: &mpsc::Sender<Report>,
        clock: &Clock,
        event: &Event,
        outcome: Outcome,
    ) {
        let report = Report {
            subscriber: Arc::clone(&self.config.id),
            message: event.id.clone(),
            at: clock.wall(),
            outcome,
        };
        reports.send(report).await.ok(); // outbox gone: shutting down
    }
}

/// What is said in the log of a subscriber's failures: once until it accepts again.
#[derive(Debug, Default)]
struct Voice {
    said_failing: bool,
}

impl Voice {
    fn say(&mut self, id: &str, letter: &Letter, attempt: &Attempt, ended: &Ended, waiting: usize) {
        let message = &letter.event.id;
        match (attempt, ended) {
            (Attempt::Accepted, _) => {
                if std::mem::take(&mut self.said_failing) {
                    info!(subscriber = %id, "Subscriber accepts again.");
                }
            }
            (Attempt::Gone { .. }, _) => {} // said already
            (Attempt::Refused { error } | Attempt::TooLarge { error }, Ended::Over(_)) => {
                warn!(subscriber = %id, %message, %error, "Subscriber refuses an event for good.");
            }
            (Attempt::Later { error, .. }, Ended::Over(_)) => {
                warn!(subscriber = %id, %message, %error, "Event given up.");
            }
            (Attempt::TooLarge { error }, Ended::Smaller) => {
                warn!(subscriber = %id, %message, %error, "A digest is too large for the subscriber; it gets smaller ones.");
            }
            (
                Attempt::Later { error, .. }
                | Attempt::Refused { error }
                | Attempt::TooLarge { error },
                Ended::Again | Ended::Smaller,
            ) => {
                if !std::mem::replace(&mut self.said_failing, true) {
                    warn!(subscriber = %id, %message, %error, waiting, "Subscriber does not accept; trying again.");
                }
            }
        }
    }
}

/// What is to be done between events.
enum Work {
    /// For the publisher on the broker.
    Mqtt(Chore),
    /// Open alerts at Alertmanager are to be renewed.
    Renew,
}

/// Waits for something to do between events; most kinds never have anything.
async fn next_work(kind: &mut Kind) -> Work {
    match kind {
        Kind::Mqtt(mqtt) => Work::Mqtt(mqtt.next_chore().await),
        Kind::Alertmanager(manager) => {
            tokio::time::sleep_until(manager.refresh_at()).await;
            Work::Renew
        }
        Kind::Log(_)
        | Kind::Webhook(_)
        | Kind::Templated(_)
        | Kind::Mail(_)
        | Kind::Cap(_)
        | Kind::Terminal(_) => std::future::pending().await,
    }
}

async fn until(next: Option<Instant>) {
    let never = || Instant::now() + Duration::from_secs(86_400);
    tokio::time::sleep_until(next.unwrap_or_else(never)).await;
}
