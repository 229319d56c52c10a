//! The writing side: a bounded queue, and the handle to the thread behind it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use super::Config;
use super::error::StoreError;
use super::item::{Counters, Health, Item};
use super::worker::Worker;
use crate::clock::{Clock, Wall};

/// Items that may wait for the disk, some 6 MB of them. When it is full,
/// [`Writer::try_send`] hands the item back and [`Writer::send`] waits; the
/// source is then not acknowledged and slows down. Nothing is dropped.
pub const QUEUE_BOUND: usize = 8_192;

/// Name of the file whose lock marks the store as in use.
const LOCK_FILE: &str = "lock";

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Message {
    Item(Item),
    /// Answered once everything before it is on disk.
    Flush(oneshot::Sender<()>),
    Retention {
        now: Wall,
        done: oneshot::Sender<Result<Vec<PathBuf>, StoreError>>,
    },
    /// Take what is queued, then end.
    Close,
}

/// Puts readings into the queue; any number of tasks may hold one.
#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Queues an item without waiting.
    ///
    /// # Errors
    ///
    /// The item itself, its token unreleased, when [`QUEUE_BOUND`] items wait
    /// already or the store is closed.
    pub fn try_send(&self, item: Item) -> Result<(), Item> {
        self.queue
            .try_send(Message::Item(item))
            .map_err(|error| match error {
                TrySendError::Full(Message::Item(item))
                | TrySendError::Closed(Message::Item(item)) => item,
                TrySendError::Full(_) | TrySendError::Closed(_) => {
                    unreachable!("what was sent comes back, and that was an item")
                }
            })
    }

    /// Queues an item, waiting for room.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stopped`] when the store is closed; the item's token is
    /// dropped unreleased.
    pub async fn send(&self, item: Item) -> Result<(), StoreError> {
        self.message(Message::Item(item)).await
    }

    /// Whether the store is closed, or its thread has died: nothing sent will be
    /// stored any more.
    pub fn is_stopped(&self) -> bool {
        self.queue.is_closed()
    }

    /// Waits until everything queued before is on disk and acknowledged.
    ///
    /// # Errors
    ///
    /// [`StoreError::Stopped`] when the store is closed before that.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let (done, flushed) = oneshot::channel();
        self.message(Message::Flush(done)).await?;
        flushed.await.map_err(|_| StoreError::Stopped)
    }

    /// Deletes the months that lie wholly before `now` less the configured
    /// retention, and old identities. To be called about once a day.
    ///
    /// Returns the files deleted.
    ///
    /// # Errors
    ///
    /// When a file cannot be listed, deleted or written; what was not deleted
    /// is tried again at the next call.
    pub async fn apply_retention(&self, now: Wall) -> Result<Vec<PathBuf>, StoreError> {
        let (done, dropped) = oneshot::channel();
        self.message(Message::Retention { now, done }).await?;
        dropped.await.map_err(|_| StoreError::Stopped)?
    }

    async fn message(&self, message: Message) -> Result<(), StoreError> {
        self.queue
            .send(message)
            .await
            .map_err(|_| StoreError::Stopped)
    }
}

/// The open store. Dropping it ends the thread without waiting for it; use
/// [`Store::close`] to be sure of what is on disk.
#[derive(Debug)]
pub struct Store {
    writer: Writer,
    closing: Arc<Closing>,
    thread: Option<JoinHandle<Result<(), StoreError>>>,
    counters: watch::Receiver<Counters>,
    health: watch::Receiver<Health>,
}

impl Store {
    /// Makes the folder if needed, locks it and starts the writer's thread.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] when another process has it open, and whatever keeps
    /// one of the files from being used. A damaged file is set aside and does not
    /// keep the store from opening.
    pub fn open(config: Config, clock: Clock) -> Result<Self, StoreError> {
        create_folder(&config.folder)?;
        let lock = lock(&config.folder)?;
        let (queue, messages) = mpsc::channel(QUEUE_BOUND);
        let (counters_in, counters) = watch::channel(Counters::default());
        let (health_in, health) = watch::channel(Health::default());
        let closing = Arc::new(Closing::default());
        let mut worker = Worker::new(config, clock, counters_in, health_in, Arc::clone(&closing));
        worker.check_files()?;
        let thread = thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || {
                let ended = worker.run(messages);
                drop(lock); // only now may another process open the store
                ended
            })
            .map_err(StoreError::Thread)?;
        Ok(Self {
            writer: Writer { queue },
            closing,
            thread: Some(thread),
            counters,
            health,
        })
    }

    /// A handle for putting items into the queue.
    pub fn writer(&self) -> Writer {
        self.writer.clone()
    }

    /// What was counted since the store was opened; changes with each commit,
    /// before the tokens of that commit are released.
    pub fn counters(&self) -> watch::Receiver<Counters> {
        self.counters.clone()
    }

    /// Whether writes reach the disk.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Writes what is queued, merges the log into the database and ends. While
    /// writing fails, one more attempt is made.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsaved`] when that attempt failed too.
    pub async fn close(mut self) -> Result<(), StoreError> {
        self.closing.request();
        // A refusal means that the thread has ended already; its result tells.
        drop(self.writer.message(Message::Close).await);
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        tokio::task::spawn_blocking(move || thread.join())
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or(Err(StoreError::Stopped))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.closing.request();
    }
}

/// Tells the thread, even while it waits to try again, that it should end.
#[derive(Debug, Default)]
pub(super) struct Closing {
    requested: Mutex<bool>,
    wake: Condvar,
}

impl Closing {
    fn request(&self) {
        *self.guard() = true;
        self.wake.notify_all();
    }

    /// Waits for a request, at most so long; returns whether there is one.
    pub(super) fn wait(&self, at_most: Duration) -> bool {
        let (guard, _) = self
            .wake
            .wait_timeout_while(self.guard(), at_most, |requested| !*requested)
            .unwrap_or_else(PoisonError::into_inner);
        *guard
    }

    /// A flag cannot be left half changed, so a panic elsewhere does not matter.
    fn guard(&self) -> MutexGuard<'_, bool> {
        self.requested
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn create_folder(folder: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::CreateFolder {
        path: folder.to_owned(),
        source,
    };
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(failed)?;
    // The folder's own entry must survive a power cut as well.
    let parent = std::path::absolute(folder).map_err(failed)?;
    match parent.parent() {
        Some(parent) => File::open(parent)
            .and_then(|parent| parent.sync_all())
            .map_err(failed),
        None => Ok(()),
    }
}

fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK_FILE);
    let failed = |source| StoreError::Lock {
        path: path.clone(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            folder: folder.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
