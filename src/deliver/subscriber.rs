//! One subscriber's task: takes offers, sends them in order, tries again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::alertmanager::Alertmanager;
use super::backoff::{OTHER_UNTIL, wait};
use super::cap::CapFolder;
use super::filter::{Filter, Quiet};
use super::log::{self, Language};
use super::mail::Mail;
use super::mqtt::{Chore, MqttPublisher};
use super::queue::Queue;
use super::template::Templated;
use super::terminal::Terminal;
use super::webhook::Webhook;
use super::{Attempt, Outcome, Report};
use crate::activation::Event;
use crate::clock::{Clock, Mono};

/// Quiet hours are looked at again this often, as the wall clock may be set.
const QUIET_LOOK: Duration = Duration::from_secs(60);

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

/// The event being sent.
struct Sending {
    attempts: u32,
    refusals: u32,
    since: Instant,
    next: Instant,
}

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
        stop: CancellationToken,
    ) {
        let mut queue = Queue::default();
        let mut sending: Option<Sending> = None;
        let mut said_failing = false;
        let mut gone: Option<String> = None;
        loop {
            if sending.is_none() && queue.first().is_some() {
                let now = Instant::now();
                sending = Some(Sending {
                    attempts: 0,
                    refusals: 0,
                    since: now,
                    next: now,
                });
            }
            let next = sending.as_ref().map(|sending| sending.next);
            let chore = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                offer = offers.recv() => {
                    let Some(event) = offer else { return };
                    let in_flight = sending.as_ref().is_some_and(|s| s.attempts > 0);
                    let is_emergency = event.is_emergency();
                    if let Some(sending) = sending.as_mut().filter(|_| is_emergency) {
                        sending.next = Instant::now(); // it waits for nobody's back-off
                    }
                    if let Some(replaced) = queue.push(event, in_flight) {
                        self.report(&reports, &clock, &replaced, Outcome::Superseded).await;
                    }
                    continue;
                }
                () = until(next), if next.is_some() => None,
                chore = next_work(&mut self.kind) => Some(chore),
            };
            if let Some(chore) = chore {
                self.do_chore(chore, &clock).await;
                continue;
            }
            let (Some(event), Some(state)) = (queue.first().cloned(), sending.as_mut()) else {
                continue;
            };
            let quiet = self
                .config
                .quiet
                .and_then(|quiet| quiet.lasts(clock.wall()));
            if let (Some(left), false) = (quiet, queue.has_emergency()) {
                state.next = Instant::now() + left.min(QUIET_LOOK);
                self.trying.send_replace(None); // it waits on purpose
                continue;
            }
            state.attempts += 1;
            self.begin_trying(&clock);
            let attempt = match &gone {
                Some(error) => Attempt::Gone {
                    error: error.clone(),
                },
                None => tokio::select! {
                    () = stop.cancelled() => return,
                    attempt = self.attempt(&event, &clock) => attempt,
                },
            };
            if let Attempt::Gone { error } = &attempt
                && gone.is_none()
            {
                error!(subscriber = %self.config.id, %error, "Subscriber wants nothing any more; it is told nothing until the next start.");
                gone = Some(error.clone());
            }
            self.tried(&attempt);
            match self.settle(&event, state, attempt, &mut said_failing, &queue) {
                None => {}
                Some(outcome) => {
                    queue.done();
                    sending = None;
                    if queue.first().is_none() {
                        self.trying.send_replace(None); // nothing waits any longer
                    }
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
        self.trying.send_modify(|trying| match attempt {
            Attempt::Accepted => *trying = None,
            Attempt::Later { error, .. } | Attempt::Refused { error } | Attempt::Gone { error } => {
                if let Some(trying) = trying {
                    trying.error = Some(error.clone());
                }
            }
        });
    }

    async fn do_chore(&mut self, work: Work, clock: &Clock) {
        match (work, &mut self.kind) {
            (Work::Mqtt(chore), Kind::Mqtt(mqtt)) => mqtt.do_chore(chore, clock),
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
        match self.attempt(event, clock).await {
            Attempt::Accepted => Ok(()),
            Attempt::Later { error, .. } | Attempt::Refused { error } | Attempt::Gone { error } => {
                Err(error)
            }
        }
    }

    async fn attempt(&mut self, event: &Event, clock: &Clock) -> Attempt {
        match &mut self.kind {
            Kind::Log(language) => {
                log::write(event, *language);
                Attempt::Accepted
            }
            Kind::Mqtt(mqtt) => mqtt.publish(event, clock).await,
            Kind::Webhook(webhook) => webhook.post(event, clock).await,
            Kind::Alertmanager(manager) => manager.post(event, clock).await,
            Kind::Templated(templated) => templated.post(event).await,
            Kind::Mail(mail) => mail.send(event).await,
            Kind::Cap(folder) => folder.write(event, clock).await,
            Kind::Terminal(terminal) => terminal.write(event).await,
        }
    }

    /// What an attempt means: an outcome, or another attempt later.
    fn settle(
        &self,
        event: &Event,
        state: &mut Sending,
        attempt: Attempt,
        said_failing: &mut bool,
        queue: &Queue,
    ) -> Option<Outcome> {
        let emergency = event.is_emergency();
        let waiting = queue.len();
        let (error, after) = match attempt {
            Attempt::Accepted => {
                if std::mem::take(said_failing) {
                    info!(subscriber = %self.config.id, "Subscriber accepts again.");
                }
                return Some(Outcome::Accepted {
                    attempts: state.attempts,
                });
            }
            Attempt::Later { error, after } => (error, after),
            Attempt::Gone { error } => return Some(Outcome::DeadLetter { error }),
            Attempt::Refused { error } => {
                state.refusals += 1;
                if state.refusals > 1 {
                    warn!(subscriber = %self.config.id, message = %event.id, %error, "Subscriber refuses an event for good.");
                    return Some(Outcome::DeadLetter { error });
                }
                (error, None)
            }
        };
        if !emergency && state.since.elapsed() >= OTHER_UNTIL {
            warn!(subscriber = %self.config.id, message = %event.id, %error, "Event given up.");
            return Some(Outcome::DeadLetter { error });
        }
        if !std::mem::replace(said_failing, true) {
            warn!(subscriber = %self.config.id, message = %event.id, %error, waiting, "Subscriber does not accept; trying again.");
        }
        let urgent = queue.has_emergency();
        state.next = Instant::now() + wait(&event.id, state.attempts, urgent, after);
        None
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
