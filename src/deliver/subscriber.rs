//! One subscriber's task: takes offers, sends them in order, tries again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::backoff::{OTHER_UNTIL, wait};
use super::log::{self, Language};
use super::mqtt::{Chore, MqttPublisher};
use super::queue::Queue;
use super::webhook::Webhook;
use super::{Attempt, Outcome, Report};
use crate::activation::Event;
use crate::clock::Clock;
use crate::criteria::Class;

/// How a subscriber is reached.
pub enum Kind {
    /// The daemon's log.
    Log(Language),
    /// Topics of the MQTT broker.
    Mqtt(Box<MqttPublisher>),
    /// An HTTP address.
    Webhook(Box<Webhook>),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log(_) => "Log",
            Self::Mqtt(_) => "Mqtt",
            Self::Webhook(_) => "Webhook",
        })
    }
}

/// What a subscriber wants to hear.
#[derive(Clone, Debug)]
pub struct SubscriberConfig {
    /// Its name.
    pub id: Arc<str>,
    /// Events of activations that never reached this class are not for it.
    pub min_class: Class,
}

impl SubscriberConfig {
    /// Whether an event is for this subscriber. Where a team is recommended to
    /// go (T2.2-3) it is for those who want possible emergencies, whatever the
    /// class.
    pub fn wants(&self, event: &Event) -> bool {
        let class = event.class_max();
        class.is_some_and(|class| class >= self.min_class)
            || (event.sends_a_team() && self.min_class <= Class::PossibleEmergency)
    }
}

/// A subscriber and the means to reach it.
#[derive(Debug)]
pub struct Subscriber {
    /// What it wants.
    pub config: SubscriberConfig,
    /// How it is reached.
    pub kind: Kind,
}

/// The event being sent.
struct Sending {
    attempts: u32,
    refusals: u32,
    since: Instant,
    next: Instant,
}

impl Subscriber {
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
                chore = next_chore(&mut self.kind) => Some(chore),
            };
            if let (Some(chore), Kind::Mqtt(mqtt)) = (chore, &mut self.kind) {
                mqtt.do_chore(chore, &clock);
                continue;
            }
            let (Some(event), Some(state)) = (queue.first().cloned(), sending.as_mut()) else {
                continue;
            };
            state.attempts += 1;
            let attempt = tokio::select! {
                () = stop.cancelled() => return,
                attempt = self.attempt(&event, &clock) => attempt,
            };
            match self.settle(&event, state, attempt, &mut said_failing, &queue) {
                None => {}
                Some(outcome) => {
                    queue.done();
                    sending = None;
                    self.report(&reports, &clock, &event, outcome).await;
                }
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

/// Only the publisher on the broker has anything to do between events.
async fn next_chore(kind: &mut Kind) -> Chore {
    match kind {
        Kind::Mqtt(mqtt) => mqtt.next_chore().await,
        Kind::Log(_) | Kind::Webhook(_) => std::future::pending().await,
    }
}

async fn until(next: Option<Instant>) {
    let never = || Instant::now() + Duration::from_secs(86_400);
    tokio::time::sleep_until(next.unwrap_or_else(never)).await;
}
