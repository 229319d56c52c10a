//! The closing records of cases that were closed.

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tracing::{error, info};

use super::{CaseTask, RETRY};
use crate::casework::{Act, our_deed};
use crate::error::Chain;
use crate::records::{RecordError, Written, write_record};

/// Most closing records of one case.
const RECORDS_MAX: u32 = 1000;

impl CaseTask {
    pub(super) fn find_unrecorded(&mut self) {
        let closed = self
            .cases
            .cases()
            .into_iter()
            .filter(|(_, dossier)| dossier.closing().is_some() && dossier.records().is_empty())
            .map(|(id, _)| id.to_owned())
            .collect();
        self.unrecorded = closed;
    }

    /// Writes the next closing record, when none is being written.
    pub(super) fn go_on_recording(&mut self) {
        if self.recording.is_some() || Instant::now() < self.record_at {
            return;
        }
        let Some(id) = self.unrecorded.pop_front() else {
            return;
        };
        let (sources, records) = (self.parts.sources.clone(), self.parts.records.clone());
        let (clock, case) = (self.parts.clock, id.clone());
        let task = tokio::task::spawn_blocking(move || {
            let names = (2..RECORDS_MAX).map(|n| format!("{case}-{n}"));
            let mut folders = std::iter::once(case.clone())
                .chain(names)
                .map(|n| records.join(n));
            let to = folders.find(|folder| !folder.exists());
            let to = to.ok_or_else(|| RecordError::Exists(records.join(&case)))?;
            write_record(&sources, &case, &to, clock.wall())
        });
        self.recording = Some((id, task));
    }

    pub(super) fn recorded(
        &mut self,
        id: String,
        outcome: Result<Result<Written, RecordError>, JoinError>,
    ) {
        let failure = match outcome {
            Ok(Ok(written)) => {
                info!(case = %id, folder = %written.folder.display(), readings = written.readings, complete = written.missing.is_empty(), "Closing record written.");
                let act = Act::Recorded {
                    sums: written.sums,
                    complete: written.missing.is_empty(),
                };
                self.take_ours(our_deed(id, self.parts.clock.wall(), act));
                return;
            }
            Ok(Err(error)) => Chain(&error).to_string(),
            Err(error) => error.to_string(),
        };
        error!(case = %id, error = %failure, "Closing record cannot be written; trying again.");
        self.record_at = Instant::now() + RETRY;
        self.unrecorded.push_back(id);
    }
}

/// Waits for the record that is being written. Can be dropped at any time.
pub(super) async fn end_of_recording(
    recording: &mut Option<(String, JoinHandle<Result<Written, RecordError>>)>,
) -> (String, Result<Result<Written, RecordError>, JoinError>) {
    let outcome = match recording {
        Some((_, task)) => task.await,
        None => std::future::pending().await,
    };
    let id = recording.take().map(|(id, _)| id);
    (id.unwrap_or_default(), outcome)
}
