//! One month's file, as the writer holds it.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::dictionary::{Dictionary, Place, Shared, coordinates};
use super::error::StoreError;
use super::extent::{self, Extent};
use super::identity::{self, Identities, Previous};
use super::item::{Context, REFUSED_BYTES_MAX, Refused, Verdict};
use super::month::{Month, with_companions};
use super::pack::Unpack;
use super::row::{
    CHANNEL_STEP, Fix, NO_CHANNEL, put_channel, put_reading, quantity_code, quantity_from_code,
    take_channel, take_reading, value_column,
};
use super::schema;
use super::statement::Lazy;
use crate::clock::Wall;
use crate::reading::{InstrumentId, Reading, TimeSource};
use crate::store::{NANOS_PER_MS, point_time};

const INSERT_VALUE: &str = "INSERT INTO value
  (instrument, at, channel, context, value, class, flags, lat, lon, rest)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const FIND_VALUE: &str = "SELECT channel, value, class, rest FROM value
  WHERE instrument = ?1 AND at = ?2 ORDER BY channel LIMIT 1";
const INSERT_REFUSED: &str = "INSERT INTO refused
  (received, instrument, source, reason, error, raw, raw_len)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// One thing to write into a file.
#[derive(Debug)]
pub(super) enum Job<'a> {
    Reading {
        reading: &'a Reading,
        verdict: &'a Verdict,
        context: &'a Arc<Context>,
        /// Whether its source may send it again.
        can_repeat: bool,
    },
    Refused(&'a Refused),
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored,
    Duplicate,
    Refused,
}

/// A month's file, open for writing. After an error it must be dropped: what it
/// remembers may be ahead of what the file holds.
#[derive(Debug)]
pub(super) struct MonthFile {
    pub(super) month: Month,
    path: PathBuf,
    inode: u64,
    connection: Connection,
    previous: Option<Previous>,
    dictionary: Dictionary,
    instruments: HashMap<InstrumentId, Known>,
}

/// What is remembered of an instrument, so that a reading costs one insertion.
#[derive(Clone, Debug)]
struct Known {
    id: i64,
    /// The latest key in the file; anything later is new without asking.
    last: Option<i64>,
    /// Where it was on the day written last.
    extent: Option<Extent>,
}

impl MonthFile {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// As [`schema::open_to_write`]; also when the file cannot be read.
    pub(super) fn open(
        folder: &Path,
        month: Month,
        bytes_max: Option<u64>,
    ) -> Result<Self, StoreError> {
        let path = month.path(folder);
        let connection = schema::open_to_write(&path, bytes_max)?;
        let inode = inode(&path).ok_or_else(|| StoreError::Replaced { path: path.clone() })?;
        let dictionary = Dictionary::load(&connection).map_err(|source| StoreError::Read {
            path: path.clone(),
            source,
        })?;
        let before = month.previous().path(folder);
        let previous = if before.exists() {
            match schema::open_to_read(&before) {
                Ok(found) => found.map(|connection| Previous::new(connection, month.start())),
                // A damaged file holds no identity that could be relied on, and
                // must not keep this month from being written.
                Err(error) if error.is_damage() => None,
                Err(error) => return Err(error),
            }
        } else {
            None
        };
        Ok(Self {
            month,
            path,
            inode,
            connection,
            previous,
            dictionary,
            instruments: HashMap::new(),
        })
    }

    /// Writes all jobs in one synced transaction, or none of them. The outcomes
    /// are in the order of the jobs.
    ///
    /// # Errors
    ///
    /// [`StoreError::Write`] when anything could not be written,
    /// [`StoreError::Replaced`] when it was written to a file that is no longer
    /// in its place.
    pub(super) fn write(&mut self, jobs: &[Job<'_>]) -> Result<Vec<Outcome>, StoreError> {
        let outcomes = self.transact(jobs).map_err(|source| StoreError::Write {
            path: self.path.clone(),
            source,
        })?;
        let [log, ..] = with_companions(&self.path);
        if inode(&self.path) == Some(self.inode) && log.exists() {
            Ok(outcomes)
        } else {
            Err(StoreError::Replaced {
                path: self.path.clone(),
            })
        }
    }

    fn transact(&mut self, jobs: &[Job<'_>]) -> rusqlite::Result<Vec<Outcome>> {
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let mut writing = Writing {
            connection: &self.connection,
            dictionary: &mut self.dictionary,
            instruments: &mut self.instruments,
            identities: Identities::new(&self.connection, self.previous.as_ref()),
            insert_value: Lazy::new(&self.connection, INSERT_VALUE),
            find_value: Lazy::new(&self.connection, FIND_VALUE),
            widen_extent: Lazy::new(&self.connection, extent::WIDEN),
            insert_refused: Lazy::new(&self.connection, INSERT_REFUSED),
            rest: Vec::with_capacity(64),
        };
        let outcomes = jobs
            .iter()
            .map(|job| writing.job(job))
            .collect::<rusqlite::Result<_>>()?;
        writing.write_extents()?;
        drop(writing);
        transaction.commit()?;
        Ok(outcomes)
    }

    /// Forgets identities received before `horizon`.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(super) fn forget(&self, horizon: Wall) -> Result<(), StoreError> {
        identity::forget(&self.connection, horizon).map_err(|source| StoreError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Copies the log into the database and closes it.
    ///
    /// # Errors
    ///
    /// When that fails; nothing is lost then, the log is read at the next start.
    pub(super) fn close(self) -> Result<(), StoreError> {
        let failed = |source| StoreError::Write {
            path: self.path.clone(),
            source,
        };
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .map_err(failed)?;
        self.connection
            .close()
            .map_err(|(_, source)| failed(source))
    }
}

fn inode(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

/// One transaction.
struct Writing<'c, 'm> {
    connection: &'c Connection,
    dictionary: &'m mut Dictionary,
    instruments: &'m mut HashMap<InstrumentId, Known>,
    identities: Identities<'c>,
    insert_value: Lazy<'c>,
    find_value: Lazy<'c>,
    widen_extent: Lazy<'c>,
    insert_refused: Lazy<'c>,
    /// The packed column, kept for its room.
    rest: Vec<u8>,
}

impl Writing<'_, '_> {
    fn job(&mut self, job: &Job<'_>) -> rusqlite::Result<Outcome> {
        match job {
            Job::Reading {
                reading,
                verdict,
                context,
                can_repeat,
            } => self.reading(reading, verdict, context, *can_repeat),
            Job::Refused(refused) => self.refused(refused),
        }
    }

    fn refused(&mut self, refused: &Refused) -> rusqlite::Result<Outcome> {
        let kept = refused.raw.len().min(REFUSED_BYTES_MAX);
        self.insert_refused.get()?.execute(params![
            refused.received.as_nanos(),
            refused.instrument.as_ref().map(InstrumentId::as_str),
            refused.source,
            refused.reason,
            refused.error,
            refused.raw.slice(..kept).as_ref(),
            i64::try_from(refused.raw.len()).unwrap_or(i64::MAX),
        ])?;
        Ok(Outcome::Refused)
    }

    fn reading(
        &mut self,
        reading: &Reading,
        verdict: &Verdict,
        context: &Arc<Context>,
        can_repeat: bool,
    ) -> rusqlite::Result<Outcome> {
        let known = self.known(&reading.instrument)?;
        let (instrument, last) = (known.id, known.last);
        if self
            .identities
            .seen_before(instrument, reading, can_repeat)?
        {
            return Ok(Outcome::Duplicate);
        }
        let key = point_time(reading).as_nanos();
        let at = if last.is_none_or(|last| key > last) {
            key
        } else {
            match self.free_key(instrument, key, reading)? {
                Some(at) => at,
                None => return Ok(Outcome::Duplicate),
            }
        };
        self.insert(instrument, at, reading, verdict, context)?;
        self.remember(reading, at)?;
        Ok(Outcome::Stored)
    }

    /// The first free key from `key` on within its millisecond; `None` when this
    /// very reading is there already.
    fn free_key(
        &mut self,
        instrument: i64,
        key: i64,
        reading: &Reading,
    ) -> rusqlite::Result<Option<i64>> {
        let statement = self.find_value.get()?;
        let offset = key.rem_euclid(NANOS_PER_MS);
        for step in 0..NANOS_PER_MS {
            let at = key - offset + (offset + step) % NANOS_PER_MS;
            let there = statement
                .query_row(params![instrument, at], |row| {
                    let rest: Vec<u8> = row.get(3)?;
                    Ok(is_same(
                        reading,
                        at,
                        row.get(0)?,
                        &row.get(1)?,
                        row.get(2)?,
                        &rest,
                    ))
                })
                .optional()?;
            match there {
                None => return Ok(Some(at)),
                Some(true) => return Ok(None),
                Some(false) => {}
            }
        }
        // A million different readings of one instrument in one millisecond.
        Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL),
            Some("no free key in this millisecond".into()),
        ))
    }

    fn insert(
        &mut self,
        instrument: i64,
        at: i64,
        reading: &Reading,
        verdict: &Verdict,
        context: &Arc<Context>,
    ) -> rusqlite::Result<()> {
        let place = reading.position.as_ref().and_then(Place::of);
        let (coordinates, fix) = match &reading.position {
            Some(position) if place.is_none() => (
                coordinates(position),
                coordinates(position).map(|_| Fix {
                    source: position.source,
                    alt_m: position.alt_m,
                    age_s: position.age_s,
                    hdop: position.hdop,
                }),
            ),
            _ => (None, None),
        };
        let none = reading.channels.is_empty().then_some(None);
        let channels = reading.channels.iter().map(Some).chain(none);
        for (index, channel) in (0_i64..).zip(channels) {
            let shared = Shared::of(reading, channel, context, place);
            let context = self.dictionary.number(self.connection, shared)?;
            let quantity = channel.map_or(NO_CHANNEL, |channel| quantity_code(channel.quantity));
            let is_head = index == 0;
            self.rest.clear();
            if let Some(channel) = channel {
                put_channel(&mut self.rest, channel);
            }
            if is_head {
                put_reading(
                    &mut self.rest,
                    reading,
                    verdict,
                    Wall::from_nanos(at),
                    fix.as_ref(),
                );
            }
            self.insert_value.get()?.execute(params![
                instrument,
                at,
                index * CHANNEL_STEP + quantity,
                context,
                channel.map(|channel| value_column(channel.measured)),
                verdict
                    .class
                    .filter(|_| is_head)
                    .map(|class| i64::from(class.code())),
                is_head.then(|| i64::from(reading.flags.bits())),
                coordinates.filter(|_| is_head).map(|(lat, _)| lat),
                coordinates.filter(|_| is_head).map(|(_, lon)| lon),
                self.rest.as_slice(),
            ])?;
        }
        Ok(())
    }

    /// What is remembered of an instrument, read from the file the first time.
    fn known(&mut self, name: &InstrumentId) -> rusqlite::Result<&mut Known> {
        if !self.instruments.contains_key(name) {
            let found = self
                .connection
                .query_row(
                    "SELECT id, (SELECT max(at) FROM value WHERE instrument = id)
                     FROM instrument WHERE name = ?1",
                    [name.as_str()],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            let (id, last) = if let Some(found) = found {
                found
            } else {
                self.connection
                    .execute("INSERT INTO instrument (name) VALUES (?1)", [name.as_str()])?;
                (self.connection.last_insert_rowid(), None)
            };
            let known = Known {
                id,
                last,
                extent: None,
            };
            self.instruments.insert(name.clone(), known);
        }
        Ok(self
            .instruments
            .get_mut(name)
            .expect("inserted just now if it was missing"))
    }

    /// Notes what was just written.
    fn remember(&mut self, reading: &Reading, at: i64) -> rusqlite::Result<()> {
        let place = reading.position.as_ref().and_then(coordinates);
        let known = self.known(&reading.instrument)?;
        known.last = known.last.max(Some(at));
        let Some((lat, lon)) = place else {
            return Ok(());
        };
        let point = Extent::point(Wall::from_nanos(at), lat, lon);
        let id = known.id;
        let before = known
            .extent
            .replace(known.extent.map_or(point, |extent| extent.with(point)));
        match before {
            Some(mut extent) if !extent.is_same_day(&point) => {
                extent.write(&mut self.widen_extent, id)
            }
            _ => Ok(()),
        }
    }

    /// Writes the boxes that have grown.
    fn write_extents(&mut self) -> rusqlite::Result<()> {
        for known in self.instruments.values_mut() {
            if let Some(extent) = &mut known.extent {
                extent.write(&mut self.widen_extent, known.id)?;
            }
        }
        Ok(())
    }
}

/// Whether the row stored under `at` is this very reading. One without a time
/// of its own must also have arrived at the same nanosecond.
fn is_same(
    reading: &Reading,
    at: i64,
    channel: i64,
    value: &rusqlite::types::Value,
    class: Option<i64>,
    rest: &[u8],
) -> bool {
    let mut rest = Unpack::new(rest);
    if let Some(quantity) = quantity_from_code(channel.rem_euclid(CHANNEL_STEP))
        && take_channel(&mut rest, quantity, value).is_none()
    {
        return false;
    }
    take_reading(&mut rest, Wall::from_nanos(at), class).is_some_and(|stored| {
        stored.fingerprint == reading.fingerprint
            && stored.sequence == reading.sequence
            && match reading.time_source() {
                TimeSource::Instrument => stored.device_time == reading.device_time,
                TimeSource::Arrival => stored.received == reading.received.wall,
            }
    })
}
