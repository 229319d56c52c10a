//! One month's file, open for reading.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::PathBuf;

use rusqlite::{Connection, params};

use super::dictionary;
use super::error::StoreError;
use super::extent::DAY_SECS;
use super::merge::{Fetch, Merge, Range};
use super::month::MonthPath;
use super::query::{Area, Order, Query};
use super::reader::{RefusedRecord, Visited};
use super::record::{Names, StoredReading};
use super::schema;
use crate::clock::Wall;
use crate::reading::InstrumentId;
use crate::store::NANOS_PER_MS;

const NANOS_PER_DAY: i64 = DAY_SECS * 1_000_000_000;

/// Every key there can be.
const ALL_KEYS: Range = (i64::MIN, i64::MAX);

/// One file, open for reading.
#[derive(Debug)]
pub(super) struct MonthReader {
    path: PathBuf,
    connection: Connection,
    pub(super) names: Names,
}

/// The keys of readings measured in a time, rounded out to whole milliseconds.
fn key_range(since: Option<Wall>, until: Option<Wall>) -> Range {
    let from = since.map_or(i64::MIN, |since| {
        since.as_millis().saturating_mul(NANOS_PER_MS)
    });
    let to = until.map_or(i64::MAX, |until| {
        until
            .as_millis()
            .saturating_add(1)
            .saturating_mul(NANOS_PER_MS)
    });
    (from, to)
}

impl MonthReader {
    /// `None` when there is nothing in it yet, or retention has deleted it since
    /// it was listed.
    ///
    /// # Errors
    ///
    /// When it cannot be opened or read.
    pub(super) fn open(month: &MonthPath) -> Result<Option<Self>, StoreError> {
        let path = month.path.clone();
        let connection = match schema::open_to_read(&path) {
            Ok(Some(connection)) => connection,
            Ok(None) => return Ok(None),
            Err(_) if !path.exists() => return Ok(None),
            Err(error) => return Err(error),
        };
        let names = match load_names(&connection) {
            Ok(names) => names,
            Err(source) => return Err(StoreError::Read { path, source }),
        };
        Ok(Some(Self {
            path,
            connection,
            names,
        }))
    }

    /// An error of SQLite with the file it is about.
    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Read {
            path: self.path.clone(),
            source,
        }
    }

    /// Hands over the file's share of a visit.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn visit(
        &self,
        query: &Query,
        visited: &mut Visited,
        each: &mut impl FnMut(StoredReading) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let failed = |source| self.failed(source);
        let range = key_range(query.since, query.until);
        let instruments = self.ranges(query, range).map_err(failed)?;
        let left = query.limit.map(|limit| limit - visited.readings);
        let mut merge =
            Merge::new(&self.connection, query.order, instruments, left).map_err(failed)?;
        while let Some(raw) = merge.next().map_err(failed)? {
            let is_inside = query.area.as_ref().is_none_or(|area| {
                let place = self.names.coordinates(&raw);
                place.is_some_and(|(lat, lon)| area.contains(lat, lon))
            });
            if !is_inside {
                continue;
            }
            let Some(reading) = self.names.reading(&raw) else {
                visited.damaged += 1;
                continue;
            };
            let at = reading.at();
            if query.since.is_some_and(|since| at < since)
                || query.until.is_some_and(|until| at >= until)
            {
                continue; // the key is only good to the millisecond
            }
            visited.readings += 1;
            if each(reading).is_break() || query.limit == Some(visited.readings) {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Adds the last reading of each instrument that is not there yet.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn latest(
        &self,
        latest: &mut BTreeMap<InstrumentId, StoredReading>,
    ) -> Result<(), StoreError> {
        let failed = |source| self.failed(source);
        let mut fetch = Fetch::new(&self.connection, Order::NewestFirst).map_err(failed)?;
        for (id, name) in &self.names.instruments {
            if latest.contains_key(name) {
                continue;
            }
            let (readings, _) = fetch.fetch(*id, ALL_KEYS, 1).map_err(failed)?;
            if let Some(reading) = readings.front().and_then(|raw| self.names.reading(raw)) {
                latest.insert(name.clone(), reading);
            }
        }
        Ok(())
    }

    /// Which instruments to read, and which keys of each.
    fn ranges(&self, query: &Query, range: Range) -> rusqlite::Result<Vec<(i64, Vec<Range>)>> {
        let is_wanted =
            |name: &InstrumentId| query.instrument.as_ref().is_none_or(|only| only == name);
        let wanted: BTreeSet<_> = self
            .names
            .instruments
            .iter()
            .filter(|(_, name)| is_wanted(name))
            .map(|(id, _)| *id)
            .collect();
        let Some(area) = &query.area else {
            return Ok(wanted.into_iter().map(|id| (id, vec![range])).collect());
        };
        let mut found = BTreeMap::<i64, Vec<Range>>::new();
        for (id, day) in self.days_in(area)? {
            if wanted.contains(&id) {
                let start = day.saturating_mul(NANOS_PER_DAY);
                let from = start.max(range.0);
                let to = start.saturating_add(NANOS_PER_DAY).min(range.1);
                let ranges = found.entry(id).or_default();
                match ranges.last_mut() {
                    _ if from >= to => {}
                    Some(last) if last.1 == from => last.1 = to,
                    _ => ranges.push((from, to)),
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Instruments and days whose box touches the area, in order.
    fn days_in(&self, area: &Area) -> rusqlite::Result<Vec<(i64, i64)>> {
        let [south, north, west, east] = area.wide();
        let mut statement = self.connection.prepare(
            "SELECT instrument, day FROM extent
             WHERE south <= ?2 AND north >= ?1
               AND CASE WHEN ?3 <= ?4 THEN west <= ?4 AND east >= ?3
                        ELSE west <= ?4 OR east >= ?3 END
             ORDER BY instrument, day",
        )?;
        let rows = statement.query_map(params![south, north, west, east], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect()
    }

    /// Instrument, number of readings, first and last key.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn counts(&self) -> rusqlite::Result<Vec<(i64, u64, i64, i64)>> {
        let mut statement = self.connection.prepare(
            "SELECT instrument, count(*), min(at), max(at) FROM value
             WHERE channel < 32 GROUP BY instrument",
        )?;
        let rows = statement.query_map([], |row| {
            let readings = row.get::<_, i64>(1)?.unsigned_abs();
            Ok((row.get(0)?, readings, row.get(2)?, row.get(3)?))
        })?;
        rows.collect()
    }

    /// Refused frames received in a time (ns since 1970), newest first.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn refused(
        &self,
        from: i64,
        to: i64,
        limit: u64,
    ) -> rusqlite::Result<Vec<RefusedRecord>> {
        let mut statement = self.connection.prepare(
            "SELECT received, instrument, source, reason, error, raw, raw_len FROM refused
             WHERE received >= ?1 AND received < ?2 ORDER BY received DESC, id DESC LIMIT ?3",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![from, to, limit], |row| {
            let instrument: Option<String> = row.get(1)?;
            Ok(RefusedRecord {
                received: Wall::from_nanos(row.get(0)?),
                instrument: instrument.as_deref().and_then(InstrumentId::new),
                source: row.get(2)?,
                reason: row.get(3)?,
                error: row.get(4)?,
                raw: row.get(5)?,
                raw_len: row.get::<_, i64>(6)?.unsigned_abs(),
            })
        })?;
        rows.collect()
    }

    /// Number of refused frames for each reason.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn refused_by_reason(&self) -> rusqlite::Result<Vec<(String, u64)>> {
        let mut statement = self
            .connection
            .prepare("SELECT reason, count(*) FROM refused GROUP BY reason")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
        })?;
        rows.collect()
    }
}

/// Names that are none are left out; their readings count as damaged.
fn load_names(connection: &Connection) -> rusqlite::Result<Names> {
    let mut statement = connection.prepare("SELECT id, name FROM instrument")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut instruments = HashMap::new();
    for row in rows {
        let (id, name) = row?;
        if let Some(name) = InstrumentId::new(&name) {
            instruments.insert(id, name);
        }
    }
    Ok(Names {
        instruments,
        shared: dictionary::load(connection)?,
    })
}
