//! The reading side, for commands, exports and the API.
//!
//! It needs no running daemon and takes no lock that would keep the writer
//! waiting. Each file is read in many short transactions, so a long export does
//! not keep the log from being merged; what is stored meanwhile may or may not
//! be in it. Calls block, so a task of a runtime makes them from a blocking one.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::month::{self, Month, MonthPath};
use super::month_reader::MonthReader;
use super::query::{Order, Query};
use super::record::StoredReading;
use crate::clock::Wall;
use crate::reading::InstrumentId;

/// How a visit went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Visited {
    /// Readings handed over.
    pub readings: u64,
    /// Readings left out because their rows are damaged.
    pub damaged: u64,
    /// Files of which the whole or the rest was left out because SQLite calls
    /// them damaged.
    pub damaged_files: u64,
}

/// How much there is of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentCount {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Readings stored.
    pub readings: u64,
    /// The instant the first one is stored under.
    pub first: Wall,
    /// The instant the last one is stored under.
    pub last: Wall,
}

/// A refused frame as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRecord {
    /// When it arrived.
    pub received: Wall,
    /// The instrument, where it was known.
    pub instrument: Option<InstrumentId>,
    /// Where it came from.
    pub source: String,
    /// Why, from a closed list.
    pub reason: String,
    /// The error, for a person.
    pub error: String,
    /// The frame's first [`super::REFUSED_BYTES_MAX`] bytes.
    pub raw: Vec<u8>,
    /// The frame's full length in bytes.
    pub raw_len: u64,
}

/// Reads what is stored.
#[derive(Clone, Debug)]
pub struct Reader {
    folder: PathBuf,
}

impl Reader {
    /// Of the store in a folder; nothing is held open between calls.
    ///
    /// # Errors
    ///
    /// [`StoreError::ListFolder`] when there is no such folder.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        month::list(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The readings asked for.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn readings(&self, query: &Query) -> Result<Vec<StoredReading>, StoreError> {
        let mut readings = Vec::new();
        self.visit(query, |reading| {
            readings.push(reading);
            ControlFlow::Continue(())
        })?;
        Ok(readings)
    }

    /// Hands over the readings asked for, one by one in the order of their keys,
    /// until `each` breaks off; memory stays flat however many there are. What is
    /// damaged is left out and counted.
    ///
    /// # Errors
    ///
    /// When a file cannot be read; what was handed over before stands.
    pub fn visit(
        &self,
        query: &Query,
        mut each: impl FnMut(StoredReading) -> ControlFlow<()>,
    ) -> Result<Visited, StoreError> {
        let mut visited = Visited::default();
        if query.limit == Some(0) {
            return Ok(visited);
        }
        for month in self.months(query.order, query.since, query.until)? {
            let flow = match MonthReader::open(&month) {
                Ok(Some(open)) => open.visit(query, &mut visited, &mut each),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            match flow {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break,
                Err(error) if error.is_damage() => visited.damaged_files += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(visited)
    }

    /// The last reading of each instrument, by name. Files are read from the
    /// newest back to the oldest, as an instrument may have been silent for long;
    /// what is damaged is passed over.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn latest(&self) -> Result<Vec<StoredReading>, StoreError> {
        let mut latest = BTreeMap::new();
        for month in self.months(Order::NewestFirst, None, None)? {
            let added = match MonthReader::open(&month) {
                Ok(Some(open)) => open.latest(&mut latest),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            match added {
                Err(error) if !error.is_damage() => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(latest.into_values().collect())
    }

    /// How much there is of each instrument, by name. Reads every row.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn counts(&self) -> Result<Vec<InstrumentCount>, StoreError> {
        let mut counts = BTreeMap::<InstrumentId, InstrumentCount>::new();
        for month in self.months(Order::OldestFirst, None, None)? {
            let Some(open) = MonthReader::open(&month)? else {
                continue;
            };
            for (id, readings, first, last) in open.counts().map_err(|error| open.failed(error))? {
                let Some(instrument) = open.names.instruments.get(&id) else {
                    continue;
                };
                let (first, last) = (Wall::from_nanos(first), Wall::from_nanos(last));
                counts
                    .entry(instrument.clone())
                    .and_modify(|count| {
                        count.readings += readings;
                        count.first = count.first.min(first);
                        count.last = count.last.max(last);
                    })
                    .or_insert_with(|| InstrumentCount {
                        instrument: instrument.clone(),
                        readings,
                        first,
                        last,
                    });
            }
        }
        Ok(counts.into_values().collect())
    }

    /// Refused frames received from `since` on and before `until`, newest first,
    /// at most `limit`.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn refused(
        &self,
        since: Option<Wall>,
        until: Option<Wall>,
        limit: u64,
    ) -> Result<Vec<RefusedRecord>, StoreError> {
        let from = since.map_or(i64::MIN, Wall::as_nanos);
        let to = until.map_or(i64::MAX, Wall::as_nanos);
        let mut found = Vec::new();
        for month in self.months(Order::NewestFirst, since, until)? {
            let Some(open) = MonthReader::open(&month)? else {
                continue;
            };
            let left = limit.saturating_sub(u64::try_from(found.len()).unwrap_or(u64::MAX));
            if left == 0 {
                break;
            }
            let refused = open.refused(from, to, left);
            found.extend(refused.map_err(|error| open.failed(error))?);
        }
        Ok(found)
    }

    /// How many frames were refused for each reason.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn refused_by_reason(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for month in self.months(Order::OldestFirst, None, None)? {
            let Some(open) = MonthReader::open(&month)? else {
                continue;
            };
            for (reason, number) in open
                .refused_by_reason()
                .map_err(|error| open.failed(error))?
            {
                *counts.entry(reason).or_default() += number;
            }
        }
        Ok(counts)
    }

    /// The files that hold readings of the time asked for, in that order.
    fn months(
        &self,
        order: Order,
        since: Option<Wall>,
        until: Option<Wall>,
    ) -> Result<Vec<MonthPath>, StoreError> {
        let first = since.map(Month::of);
        let last = until.map(Month::of);
        let mut months = month::list(&self.folder)?;
        months.retain(|file| {
            !file.set_aside
                && first.is_none_or(|first| first <= file.month)
                && last.is_none_or(|last| file.month <= last)
        });
        if order == Order::NewestFirst {
            months.reverse();
        }
        Ok(months)
    }
}
