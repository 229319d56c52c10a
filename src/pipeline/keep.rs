//! What is kept across restarts beside the journal: learned backgrounds, since
//! when instruments are above normal, and open matters, in `state/` of the data folder, off the way of the readings.
//!
//! The matters are written within a second of anything that would make a survey
//! seem further than it is, else every minute in which something changed; the
//! backgrounds whenever an hour has ended, and at once who rose above normal or
//! fell back; all at the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::command::{Command, Core};
use super::elevation::Elevation;
use super::instrument::Instrument;
use crate::background::Memory;
use crate::clock::{Received, Wall};
use crate::closing::Saved;
use crate::criteria::Learning;
use crate::error::Chain;
use crate::store::sealed::{self, SealedError};

/// How often what changed is written down.
const EVERY: Duration = Duration::from_secs(60);

/// Shortest time between two writes.
const NOT_BEFORE: Duration = Duration::from_secs(1);

const BACKGROUND: &str = "background";
const CLOSING: &str = "closing";
const ELEVATED: &str = "elevated";

/// What was kept, by place and instrument, of instruments not seen yet.
#[derive(Debug, Default)]
pub(super) struct Memories {
    learned: BTreeMap<String, Memory>,
    /// Since when above normal, RFC 3339.
    elevated: BTreeMap<String, String>,
}

impl Memories {
    /// Gives an instrument what was kept of it, at the place it stands at.
    pub(super) fn give(
        &mut self,
        instrument: &mut Instrument,
        policy: &Learning,
        started: Received,
    ) {
        let key = key(instrument);
        if let Some(memory) = self.learned.remove(&key) {
            instrument.background.resume(memory, policy);
            instrument.use_background();
        }
        let began = self.elevated.remove(&key);
        if let Some(began) = began.and_then(|text| Wall::parse_rfc3339(&text).ok()) {
            instrument.elevation = Elevation::resumed(began, started);
        }
    }

    /// Since when those are above normal that nobody has asked for.
    pub(super) fn elevated(&self) -> impl Iterator<Item = (String, Wall)> {
        self.elevated
            .iter()
            .filter_map(|(key, text)| Some((key.clone(), Wall::parse_rfc3339(text).ok()?)))
    }

    /// What nobody has asked for.
    pub(super) fn rest(&self) -> impl Iterator<Item = (String, Arc<Memory>)> {
        self.learned
            .iter()
            .map(|(key, memory)| (key.clone(), Arc::new(memory.clone())))
    }
}

/// Another place is another background.
pub(super) fn key(instrument: &Instrument) -> String {
    let site = instrument.place.site.as_ref();
    let site = site.map(|site| site.id.as_str()).unwrap_or_default();
    format!("{site}/{}", instrument.id)
}

/// What changed since it was last asked for.
#[derive(Debug, Default)]
pub struct Unsaved {
    /// Everything learned.
    pub(super) learned: Option<BTreeMap<String, Arc<Memory>>>,
    /// Since when instruments are above normal.
    pub(super) elevated: Option<BTreeMap<String, Wall>>,
    /// Every matter.
    pub(super) closings: Option<Saved>,
}

/// What was kept. A file that cannot be used is said, and is no reason not to
/// start.
pub(super) fn kept(folder: &Path) -> (Memories, Option<Saved>) {
    let memories = Memories {
        learned: read(folder, BACKGROUND).unwrap_or_default(),
        elevated: read(folder, ELEVATED).unwrap_or_default(),
    };
    (memories, read(folder, CLOSING))
}

fn read<T: DeserializeOwned>(folder: &Path, kind: &str) -> Option<T> {
    match sealed::read(&file(folder, kind), kind) {
        Ok(content) => content,
        Err(failure) => {
            error!(error = %Chain(&failure), "What was kept cannot be used; beginning anew.");
            None
        }
    }
}

fn file(folder: &Path, kind: &str) -> PathBuf {
    folder.join(format!("{kind}.json"))
}

/// Writes down what changes, until told to stop and once more then.
pub(super) async fn run(core: Core, folder: PathBuf, wake: Arc<Notify>, stop: CancellationToken) {
    let mut keeper = Keeper {
        folder,
        unsaved: Unsaved::default(),
        has_failed: false,
    };
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let is_over = tokio::select! {
            () = stop.cancelled() => true,
            _ = ticks.tick() => false,
            () = wake.notified() => false,
        };
        let Ok(fresh) = core.ask(Command::Unsaved).await else {
            return;
        };
        keeper.take(fresh).await;
        if is_over {
            return;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(NOT_BEFORE) => {}
        }
    }
}

struct Keeper {
    folder: PathBuf,
    /// What could not be written yet.
    unsaved: Unsaved,
    has_failed: bool,
}

impl Keeper {
    async fn take(&mut self, fresh: Unsaved) {
        if fresh.learned.is_some() {
            self.unsaved.learned = fresh.learned;
        }
        if fresh.elevated.is_some() {
            self.unsaved.elevated = fresh.elevated;
        }
        if fresh.closings.is_some() {
            self.unsaved.closings = fresh.closings;
        }
        let unsaved = std::mem::take(&mut self.unsaved);
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, unsaved)).await;
        let failure = match written {
            Ok(Ok(())) => {
                if std::mem::take(&mut self.has_failed) {
                    info!("Backgrounds and matters can be written down again.");
                }
                return;
            }
            Ok(Err(failure)) => failure,
            Err(_) => return, // the blocking threads are gone: the end
        };
        if !std::mem::replace(&mut self.has_failed, true) {
            error!(error = %Chain(&failure.error), "Backgrounds and matters cannot be written down; trying again.");
        }
        self.unsaved = failure.unsaved;
    }
}

struct Failure {
    error: SealedError,
    unsaved: Unsaved,
}

fn write(folder: &Path, mut unsaved: Unsaved) -> Result<(), Box<Failure>> {
    if let Some(closings) = &unsaved.closings {
        if let Err(error) = sealed::write(&file(folder, CLOSING), CLOSING, closings) {
            return Err(Box::new(Failure { error, unsaved }));
        }
        unsaved.closings = None;
    }
    if let Some(elevated) = &unsaved.elevated {
        let texts: BTreeMap<&str, String> = elevated
            .iter()
            .map(|(key, began)| (key.as_str(), began.to_string()))
            .collect();
        if let Err(error) = sealed::write(&file(folder, ELEVATED), ELEVATED, &texts) {
            return Err(Box::new(Failure { error, unsaved }));
        }
        unsaved.elevated = None;
    }
    if let Some(learned) = &unsaved.learned {
        let by_key: BTreeMap<&str, &Memory> = learned
            .iter()
            .map(|(key, memory)| (key.as_str(), &**memory))
            .collect();
        if let Err(error) = sealed::write(&file(folder, BACKGROUND), BACKGROUND, &by_key) {
            return Err(Box::new(Failure { error, unsaved }));
        }
    }
    Ok(())
}
