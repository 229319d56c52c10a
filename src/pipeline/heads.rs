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

/// How often a head goes out, whatever happens.
pub(super) const EVERY: Duration = Duration::from_secs(3600);

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
    pub(super) every: Duration,
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
        let mut ticks = interval_at(Instant::now() + FIRST, self.every);
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

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;
    use crate::clock::Zone;
    use crate::journal::{Entry, Journal};
    use crate::journal::{Heads, examine, is_signed_by, open_keys, public_keys};

    /// How long anything may take that is sure to come.
    const PATIENCE: Duration = Duration::from_secs(30);

    /// The task with a journal of its own, and all that it talks to.
    struct Bench {
        folder: tempfile::TempDir,
        journal: Journal,
        marks: watch::Sender<Mark>,
        notices: mpsc::Receiver<Notice>,
        events: mpsc::Receiver<Event>,
        task: tokio::task::JoinHandle<()>,
    }

    impl Bench {
        fn start(every: Duration) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let clock = Clock::start();
            let path = folder.path().join("journal");
            let (journal, _) = Journal::open(&path, clock.wall()).unwrap();
            let keys = open_keys(&folder.path().join("state"), "serpong", None);
            assert!(keys.problems.is_empty(), "{:?}", keys.problems);
            let (marks, marked) = watch::channel(Mark {
                seq: 0,
                hash: journal.head(),
                emergencies: 0,
            });
            let (notices_tx, notices) = mpsc::channel(16);
            let (events_tx, events) = mpsc::channel(HEAD_BOUND);
            let task = HeadTask {
                signer: keys.signer.unwrap(),
                file: HeadsFile::of(&path),
                clock,
                context: EventContext {
                    node: "serpong".to_owned(),
                    zone: Zone::Wib,
                    recorded: true,
                },
                exercise: false,
                every,
                marks: marked,
                notices: Some(notices_tx),
                events: events_tx,
                kept: None,
                is_failing: false,
            };
            Self {
                folder,
                journal,
                marks,
                notices,
                events,
                task: tokio::spawn(task.run()),
            }
        }

        /// One record more, as the journal's thread says.
        fn write(&mut self, emergencies: u64) {
            let entry = Entry::ClockStepped { step_ms: 1 };
            let seq = self.journal.append(Clock::start().wall(), &entry).unwrap();
            let hash = self.journal.head();
            self.marks.send_modify(|mark| {
                *mark = Mark {
                    seq,
                    hash,
                    emergencies: mark.emergencies + emergencies,
                };
            });
        }

        async fn next(&mut self) -> SignedHead {
            let notice = timeout(PATIENCE, self.notices.recv())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (notice.topic.as_str(), notice.retain),
                ("journal/head", true)
            );
            let head = serde_json::from_slice(&notice.payload).unwrap();
            let event = timeout(PATIENCE, self.events.recv())
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                (event.why.as_str(), event.head.as_ref()),
                ("head", Some(&head))
            );
            head
        }
    }

    #[tokio::test]
    async fn a_head_goes_out_at_the_start_with_emergencies_and_at_the_end() {
        let mut bench = Bench::start(EVERY);
        bench.write(0);
        assert_eq!(bench.next().await.seq, 1);
        // A record like any other waits for the hour.
        bench.write(0);
        bench.write(1);
        let head = bench.next().await;
        assert_eq!(head.seq, 3);
        let public = bench.folder.path().join("state/journal.pub");
        let keys = public_keys(&std::fs::read_to_string(public).unwrap());
        assert!(is_signed_by(&head, &keys[0]));
        // Several within a second have one head together; none is left out.
        for _ in 0..5 {
            bench.write(1);
        }
        let mut seq = bench.next().await.seq;
        if seq < 8 {
            seq = bench.next().await.seq;
        }
        assert_eq!(seq, 8);
        bench.write(0);
        let Bench {
            folder,
            journal,
            marks,
            mut notices,
            task,
            ..
        } = bench;
        drop((marks, journal));
        timeout(PATIENCE, task).await.unwrap().unwrap();
        let last: SignedHead =
            serde_json::from_slice(&notices.recv().await.unwrap().payload).unwrap();
        assert_eq!(last.seq, 9);

        let path = folder.path().join("journal");
        let text = std::fs::read(path.join("heads.ndjson")).unwrap();
        let mut heads = Heads::default();
        heads.read(&path, &text);
        let found = examine(&path, heads, Some(&keys), &[]).unwrap();
        assert!(found.is_intact(), "{found:?}");
        assert_eq!(found.vouched.map(|(seq, _)| seq), Some(9));
    }

    #[tokio::test]
    async fn a_head_goes_out_again_and_again_and_is_kept_once() {
        let mut bench = Bench::start(Duration::from_millis(50));
        bench.write(0);
        for _ in 0..3 {
            assert_eq!(bench.next().await.seq, 1);
        }
        let path = bench.folder.path().join("journal/heads.ndjson");
        assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 1);
    }

    #[tokio::test]
    async fn a_head_that_cannot_be_kept_here_is_sent_all_the_same() {
        let mut bench = Bench::start(EVERY);
        let path = bench.folder.path().join("journal/heads.ndjson");
        std::fs::create_dir(&path).unwrap();
        bench.write(0);
        assert_eq!(bench.next().await.seq, 1);
        std::fs::remove_dir(&path).unwrap();
        bench.write(1);
        assert_eq!(bench.next().await.seq, 2);
    }
}
