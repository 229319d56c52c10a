//! The thread that writes: groups what is queued into commits, releases tokens
//! once they are synced, and tries again for as long as it takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::Config;
use super::error::StoreError;
use super::file::{Job, MonthFile, Outcome};
use super::identity;
use super::item::{Counters, Health, Item, Refused, Tally};
use super::month::{self, Month, with_companions};
use super::schema;
use super::writer::{Closing, Message};
use crate::ack::Ack;
use crate::clock::{Clock, Wall};
use crate::error::Chain;
use crate::reading::InstrumentId;
use crate::store::point_time;

/// Most items in one commit; more only makes the first one wait.
const BATCH_MAX: usize = 8_192;

/// Months that are kept open: the current one, the one before for what comes
/// late, and one for a recording that is read in.
const OPEN_MAX: usize = 3;

/// First wait after a failed commit; doubles up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(250);

/// Longest wait before a failed commit is tried again.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// The state of the thread.
#[derive(Debug)]
pub(super) struct Worker {
    config: Config,
    clock: Clock,
    /// The one used last comes last.
    open: Vec<MonthFile>,
    counters: watch::Sender<Counters>,
    health: watch::Sender<Health>,
    closing: Arc<Closing>,
}

/// An item and where it goes.
#[derive(Debug)]
struct Pending {
    month: Month,
    content: Content,
    ack: Option<Ack>,
}

#[derive(Debug)]
enum Content {
    Item(Item),
    /// A reading that retention would delete at once.
    BeyondRetention(Refused),
}

impl Worker {
    pub(super) const fn new(
        config: Config,
        clock: Clock,
        counters: watch::Sender<Counters>,
        health: watch::Sender<Health>,
        closing: Arc<Closing>,
    ) -> Self {
        Self {
            config,
            clock,
            open: Vec::new(),
            counters,
            health,
            closing,
        }
    }

    /// Looks at every file, so that one that cannot be used is told at start and
    /// not when a late reading needs it; a damaged one is set aside.
    ///
    /// # Errors
    ///
    /// As [`MonthFile::open`], but for damage.
    pub(super) fn check_files(&mut self) -> Result<(), StoreError> {
        let mut files = month::list(&self.config.folder)?;
        files.retain(|file| !file.set_aside);
        let newest = files.last().map(|file| file.month);
        for file in files {
            let checked = if Some(file.month) == newest {
                self.file(file.month).map(|_| ())
            } else {
                schema::open_to_read(&file.path).map(|_| ())
            };
            match checked {
                Ok(()) => {}
                Err(error) if error.is_damage() => self.set_aside(file.month)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Works until the queue is closed and empty.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsaved`] when the store is closed while writing fails.
    pub(super) fn run(mut self, mut messages: mpsc::Receiver<Message>) -> Result<(), StoreError> {
        while let Some(first) = messages.blocking_recv() {
            let (batch, other) = gather(first, &mut messages);
            self.commit_all(batch)?;
            match other {
                None | Some(Message::Item(_)) => {}
                // Whoever asked may have stopped waiting; nothing follows from that.
                Some(Message::Flush(done)) => drop(done.send(())),
                Some(Message::Retention { now, done }) => {
                    drop(done.send(self.apply_retention(now)));
                }
                Some(Message::Close) => messages.close(),
            }
        }
        self.open.drain(..).try_for_each(MonthFile::close)
    }

    /// Writes a batch, however often it takes.
    fn commit_all(&mut self, batch: Vec<Item>) -> Result<(), StoreError> {
        let mut pending: Vec<_> = batch.into_iter().map(|item| self.route(item)).collect();
        let mut wait = RETRY_MIN;
        while !pending.is_empty() {
            let error = match self.commit_months(&mut pending) {
                Ok(()) => break,
                Err(error) => error,
            };
            self.counters
                .send_modify(|counters| counters.failed_commits += 1);
            self.open.clear(); // what the files remember may be ahead of the disk
            self.report_failure(&error);
            if self.closing.wait(wait) {
                // The request may have come long after the failure: once more.
                return self
                    .commit_months(&mut pending)
                    .map_err(|source| StoreError::Unsaved {
                        unsaved: pending.len(),
                        source: Box::new(source),
                    });
            }
            wait = (wait * 2).min(RETRY_MAX);
            // On a full disk this is what heals; if it fails, so does the commit.
            drop(self.drop_expired(self.clock.wall()));
        }
        self.health.send_if_modified(|health| {
            let was_failing = *health != Health::Ok;
            *health = Health::Ok;
            was_failing
        });
        Ok(())
    }

    /// Writes what is pending, a month at a time; what is written is removed.
    fn commit_months(&mut self, pending: &mut Vec<Pending>) -> Result<(), StoreError> {
        while let Some(month) = pending.first().map(|pending| pending.month) {
            let written = match self.commit_month(month, pending) {
                Err(error) if error.is_damage() => {
                    self.set_aside(month)?;
                    self.commit_month(month, pending)
                }
                written => written,
            }?;
            self.settle(month, pending, &written);
        }
        Ok(())
    }

    /// One synced transaction with everything pending for a month.
    fn commit_month(
        &mut self,
        month: Month,
        pending: &[Pending],
    ) -> Result<Vec<Outcome>, StoreError> {
        let jobs: Vec<_> = pending
            .iter()
            .filter(|pending| pending.month == month)
            .map(Pending::job)
            .collect();
        self.file(month)?.write(&jobs)
    }

    /// Counts and acknowledges what was written.
    fn settle(&self, month: Month, pending: &mut Vec<Pending>, written: &[Outcome]) {
        let (settled, later) = pending
            .drain(..)
            .partition::<Vec<_>, _>(|pending| pending.month == month);
        *pending = later;
        self.counters.send_modify(|counters| {
            counters.commits += 1;
            for (pending, outcome) in settled.iter().zip(written) {
                pending.count(*outcome, counters);
            }
        });
        for ack in settled.into_iter().filter_map(|pending| pending.ack) {
            ack.release();
        }
    }

    /// Finds the month a thing belongs to.
    fn route(&self, mut item: Item) -> Pending {
        let ack = match &mut item {
            Item::Reading { ack, .. } | Item::Refused { ack, .. } => ack.take(),
        };
        let (month, content) = match item {
            Item::Refused { ref refused, .. } => (Month::of(refused.received), Content::Item(item)),
            Item::Reading { ref reading, .. } => {
                let month = Month::of(point_time(reading));
                let received = reading.received.wall;
                let is_expired = self
                    .config
                    .retention
                    .is_some_and(|retention| month.is_expired(received, retention));
                if is_expired {
                    let refused = Refused {
                        instrument: Some(reading.instrument.clone()),
                        source: reading.profile.as_ref().to_owned(),
                        received,
                        reason: super::BEYOND_RETENTION.to_owned(),
                        error: format!("measured at {}, older than is kept", reading.at()),
                        raw: Bytes::new(),
                    };
                    (Month::of(received), Content::BeyondRetention(refused))
                } else {
                    (month, Content::Item(item))
                }
            }
        };
        Pending {
            month,
            content,
            ack,
        }
    }

    /// The month's file, opened if needed.
    fn file(&mut self, month: Month) -> Result<&mut MonthFile, StoreError> {
        if let Some(place) = self.open.iter().position(|file| file.month == month) {
            self.open
                .get_mut(place..)
                .into_iter()
                .for_each(|used| used.rotate_left(1));
        } else {
            if self.open.len() >= OPEN_MAX {
                self.open.remove(0).close()?;
            }
            let opened = MonthFile::open(&self.config.folder, month, self.config.month_bytes_max)?;
            self.open.push(opened);
        }
        Ok(self
            .open
            .last_mut()
            .expect("moved or pushed there just now"))
    }

    fn report_failure(&self, error: &StoreError) {
        let text = Chain(error).to_string();
        self.health.send_modify(|health| {
            let since = match health {
                Health::Ok => self.clock.wall(),
                Health::Failing { since, .. } => *since,
            };
            *health = Health::Failing { since, error: text };
        });
    }

    /// Renames a damaged file, so that a fresh one can take its place and a
    /// person can recover from the old one what SQLite still reads.
    fn set_aside(&mut self, month: Month) -> Result<(), StoreError> {
        self.open.clear();
        let path = month.path(&self.config.folder);
        let aside = (1..u32::MAX)
            .map(|number| path.with_extension(format!("damaged-{number}.db")))
            .find(|aside| !aside.exists())
            .expect("a folder cannot hold that many files");
        for (from, to) in with_companions(&path).iter().zip(with_companions(&aside)) {
            if from.exists() {
                fs::rename(from, to).map_err(|source| StoreError::Remove {
                    path: from.clone(),
                    source,
                })?;
            }
        }
        self.counters
            .send_modify(|counters| counters.set_aside += 1);
        Ok(())
    }

    /// Deletes what is older than the retention and forgets old identities.
    fn apply_retention(&mut self, now: Wall) -> Result<Vec<PathBuf>, StoreError> {
        let dropped = self.drop_expired(now)?;
        // Identities live a week, so they are in this month or the one before.
        let horizon = now.saturating_sub(identity::KEPT);
        let current = Month::of(now);
        for month in [current.previous(), current] {
            if month.path(&self.config.folder).exists() {
                self.file(month)?.forget(horizon)?;
            }
        }
        Ok(dropped)
    }

    fn drop_expired(&mut self, now: Wall) -> Result<Vec<PathBuf>, StoreError> {
        let Some(retention) = self.config.retention else {
            return Ok(Vec::new());
        };
        let mut dropped = Vec::new();
        for file in month::list(&self.config.folder)? {
            if file.month.is_expired(now, retention) {
                self.open.clear(); // also whoever holds it as the month before
                delete(&file.path)?;
                self.counters
                    .send_modify(|counters| counters.months_dropped += 1);
                dropped.push(file.path);
            }
        }
        Ok(dropped)
    }
}

/// Takes what is queued, up to a full batch or a message that is no item.
fn gather(first: Message, messages: &mut mpsc::Receiver<Message>) -> (Vec<Item>, Option<Message>) {
    let mut batch = Vec::new();
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Item(item) => batch.push(item),
            other => return (batch, Some(other)),
        }
        next = if batch.len() < BATCH_MAX {
            messages.try_recv().ok()
        } else {
            None
        };
    }
    (batch, None)
}

fn delete(path: &Path) -> Result<(), StoreError> {
    for path in with_companions(path) {
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(StoreError::Remove { path, source }),
        }
    }
    Ok(())
}

impl Pending {
    fn job(&self) -> Job<'_> {
        match &self.content {
            Content::BeyondRetention(refused) => Job::Refused(refused),
            Content::Item(Item::Refused { refused, .. }) => Job::Refused(refused),
            Content::Item(Item::Reading {
                reading,
                verdict,
                context,
                ..
            }) => Job::Reading {
                reading,
                verdict,
                context,
                can_repeat: self.ack.is_some(),
            },
        }
    }

    fn instrument(&self) -> Option<&InstrumentId> {
        match &self.content {
            Content::Item(Item::Reading { reading, .. }) => Some(&reading.instrument),
            Content::Item(Item::Refused { refused, .. }) => refused.instrument.as_ref(),
            Content::BeyondRetention(refused) => refused.instrument.as_ref(),
        }
    }

    fn count(&self, outcome: Outcome, counters: &mut Counters) {
        let tally = match self.instrument() {
            Some(name) => match counters.by_instrument.get_mut(name) {
                Some(tally) => tally,
                None => counters.by_instrument.entry(name.clone()).or_default(),
            },
            None => &mut counters.unattributed,
        };
        let Tally {
            stored,
            duplicates,
            refused,
            beyond_retention,
        } = tally;
        let counter = match (outcome, &self.content) {
            (Outcome::Stored, _) => stored,
            (Outcome::Duplicate, _) => duplicates,
            (Outcome::Refused, Content::Item(_)) => refused,
            (Outcome::Refused, Content::BeyondRetention(_)) => beyond_retention,
        };
        *counter += 1;
    }
}
