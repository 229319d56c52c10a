//! The journal's head, signed and sent outside: at the start, hourly, with every
//! emergency that is told, and at the end.
//!
//! Nothing waits for it. What could not be sent or kept is made up for by the next
//! one, for each head vouches for every record before it.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tracing::{error, info};

use crate::activation::{Event, EventContext, SignedHead};
use crate::clock::Clock;
use crate::deliver::Notice;
use crate::error::Chain;
use crate::journal::{HeadsFile, Signer};

/// How often a head goes out.
const EVERY: Duration = Duration::from_secs(3600);

/// When the first one goes out: when the links had time to come up.
const FIRST: Duration = Duration::from_secs(1);

/// Shortest time between two: one head speaks for all emergencies before it.
const NOT_BEFORE: Duration = Duration::from_secs(1);

/// Topic below the prefix.
const TOPIC: &str = "journal/head";

/// Heads that may wait for the outbox; a newer one says all that they say.
pub(super) const HEAD_BOUND: usize = 16;

/// Where the journal stands, as its thread says after each sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Number of the last record.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: String,
    /// Emergencies told so far.
    pub(super) emergencies: u64,
}

/// Signs and sends.
pub(super) struct HeadTask {
    pub(super) signer: Signer,
    pub(super) file: HeadsFile,
    pub(super) clock: Clock,
    pub(super) context: EventContext,
    pub(super) exercise: bool,
    pub(super) marks: watch::Receiver<Mark>,
    /// Topics of the broker, if there is one.
    pub(super) notices: Option<mpsc::Sender<Notice>>,
    /// The outbox, for subscribers that keep heads.
    pub(super) events: mpsc::Sender<Event>,
    /// The head in the file.
    pub(super) kept: Option<u64>,
    pub(super) is_failing: bool,
}

impl HeadTask {
    /// Works until the journal's thread has ended, and keeps the last head.
    pub(super) async fn run(mut self) {
        let mut ticks = interval_at(Instant::now() + FIRST, EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut emergencies = self.marks.borrow().emergencies;
        loop {
            let mark = tokio::select! {
                _ = ticks.tick() => self.marks.borrow_and_update().clone(),
                changed = self.marks.changed() => {
                    let mark = self.marks.borrow_and_update().clone();
                    if changed.is_err() {
                        return self.tell(mark).await;
                    }
                    if mark.emergencies == emergencies {
                        continue;
                    }
                    mark
                }
            };
            emergencies = mark.emergencies;
            self.tell(mark).await;
            tokio::select! {
                () = sleep(NOT_BEFORE) => {}
                () = ended(self.marks.clone()) => {}
            }
        }
    }

    async fn tell(&mut self, mark: Mark) {
        let at = self.clock.wall();
        let head = self.signer.sign(mark.seq, &mark.hash, at);
        if let Some(notices) = &self.notices
            && let Ok(payload) = serde_json::to_vec(&head)
        {
            let notice = Notice {
                topic: TOPIC.to_owned(),
                retain: true,
                payload,
            };
            notices.try_send(notice).ok(); // the next head says all that it says
        }
        let event = Event::head(head.clone(), at, self.exercise, &self.context);
        self.events.try_send(event).ok(); // likewise
        if self.kept != Some(mark.seq) {
            self.keep(head).await;
        }
    }

    async fn keep(&mut self, head: SignedHead) {
        let (file, seq) = (self.file.clone(), head.seq);
        let added = tokio::task::spawn_blocking(move || file.add(&head)).await;
        match added {
            Ok(Ok(())) => {
                self.kept = Some(seq);
                if std::mem::take(&mut self.is_failing) {
                    info!("Heads of the journal can be kept again.");
                }
            }
            Ok(Err(failure)) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    error!(error = %Chain(&failure), "A head of the journal cannot be kept here; it is sent all the same.");
                }
            }
            Err(_) => {} // the runtime is ending
        }
    }
}

/// Waits until nobody writes the journal any more.
async fn ended(mut marks: watch::Receiver<Mark>) {
    while marks.changed().await.is_ok() {}
}
