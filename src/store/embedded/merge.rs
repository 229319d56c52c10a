//! Reads one file's rows in the order of time, across instruments, with flat
//! memory: the table is ordered by instrument first, so a few readings of each
//! are held and the next in time is taken.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Statement, params};
use smallvec::{SmallVec, smallvec};

use super::query::Order;

/// Readings held in memory, over all instruments.
const HELD_MAX: usize = 16_384;

/// Most readings of one instrument fetched at a time.
const FETCH_MAX: usize = 512;

const ASCENDING: &str = "SELECT at, channel, context, value, class, flags, lat, lon, rest
  FROM value WHERE instrument = ?1 AND at >= ?2 AND at < ?3 ORDER BY at, channel";
const DESCENDING: &str = "SELECT at, channel, context, value, class, flags, lat, lon, rest
  FROM value WHERE instrument = ?1 AND at >= ?2 AND at < ?3 ORDER BY at DESC, channel DESC";

/// One row, as it stands in the file.
#[derive(Debug)]
pub(super) struct RawRow {
    pub(super) channel: i64,
    pub(super) context: i64,
    pub(super) value: Value,
    pub(super) class: Option<i64>,
    pub(super) flags: Option<i64>,
    pub(super) lat: Option<i64>,
    pub(super) lon: Option<i64>,
    pub(super) rest: SmallVec<[u8; 64]>,
}

/// The rows of one reading, in the order of its channels.
#[derive(Debug)]
pub(super) struct RawReading {
    pub(super) instrument: i64,
    pub(super) at: i64,
    pub(super) rows: SmallVec<[RawRow; 1]>,
}

/// A range of keys: from the first up to, and without, the second.
pub(super) type Range = (i64, i64);

/// Fetches single instruments' readings in order.
#[derive(Debug)]
pub(super) struct Fetch<'c> {
    statement: Statement<'c>,
    order: Order,
}

impl<'c> Fetch<'c> {
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn new(connection: &'c Connection, order: Order) -> rusqlite::Result<Self> {
        let statement = connection.prepare(match order {
            Order::OldestFirst => ASCENDING,
            Order::NewestFirst => DESCENDING,
        })?;
        Ok(Self { statement, order })
    }

    /// Up to `limit` readings of the range, and the range that is left.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn fetch(
        &mut self,
        instrument: i64,
        (from, to): Range,
        limit: usize,
    ) -> rusqlite::Result<(VecDeque<RawReading>, Option<Range>)> {
        let mut readings = VecDeque::<RawReading>::new();
        let mut rows = self.statement.query(params![instrument, from, to])?;
        let mut left = None;
        while let Some(row) = rows.next()? {
            let at = row.get(0)?;
            match readings.back_mut() {
                Some(reading) if reading.at == at => reading.rows.push(raw_row(row)?),
                last => {
                    if let Some(last) = last.map(|last| last.at)
                        && readings.len() >= limit
                    {
                        left = Some(match self.order {
                            Order::OldestFirst => (last.saturating_add(1), to),
                            Order::NewestFirst => (from, last),
                        });
                        break;
                    }
                    readings.push_back(RawReading {
                        instrument,
                        at,
                        rows: smallvec![raw_row(row)?],
                    });
                }
            }
        }
        if self.order == Order::NewestFirst {
            for reading in &mut readings {
                reading.rows.reverse();
            }
        }
        Ok((readings, left))
    }
}

fn raw_row(row: &Row<'_>) -> rusqlite::Result<RawRow> {
    Ok(RawRow {
        channel: row.get(1)?,
        context: row.get(2)?,
        value: row.get(3)?,
        class: row.get(4)?,
        flags: row.get(5)?,
        lat: row.get(6)?,
        lon: row.get(7)?,
        rest: SmallVec::from_slice(row.get_ref(8)?.as_blob()?),
    })
}

/// One instrument's place in the merge.
#[derive(Debug)]
struct Cursor {
    instrument: i64,
    /// What is still to be fetched, in the order of the merge.
    ranges: VecDeque<Range>,
    held: VecDeque<RawReading>,
}

/// The readings of many instruments in the order of time.
#[derive(Debug)]
pub(super) struct Merge<'c> {
    fetch: Fetch<'c>,
    fetch_max: usize,
    cursors: Vec<Cursor>,
    /// The next reading of each cursor; readings of one instant come in the
    /// order of their instruments.
    next: BinaryHeap<(i64, Reverse<usize>)>,
}

impl<'c> Merge<'c> {
    /// Of the given instruments and ranges, which are in ascending order.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn new(
        connection: &'c Connection,
        order: Order,
        instruments: Vec<(i64, Vec<Range>)>,
        limit: Option<u64>,
    ) -> rusqlite::Result<Self> {
        let wanted = limit.map_or(FETCH_MAX, |limit| {
            usize::try_from(limit).unwrap_or(FETCH_MAX)
        });
        let share = HELD_MAX / instruments.len().max(1);
        let mut merge = Self {
            fetch: Fetch::new(connection, order)?,
            fetch_max: share.min(wanted).clamp(1, FETCH_MAX),
            cursors: Vec::with_capacity(instruments.len()),
            next: BinaryHeap::with_capacity(instruments.len()),
        };
        for (place, (instrument, mut ranges)) in instruments.into_iter().enumerate() {
            if order == Order::NewestFirst {
                ranges.reverse();
            }
            let mut cursor = Cursor {
                instrument,
                ranges: ranges.into(),
                held: VecDeque::new(),
            };
            let next = cursor.peek(&mut merge.fetch, merge.fetch_max)?;
            merge.cursors.push(cursor);
            merge.queue(place, next);
        }
        Ok(merge)
    }

    /// The next reading.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub(super) fn next(&mut self) -> rusqlite::Result<Option<RawReading>> {
        let Some((_, Reverse(place))) = self.next.pop() else {
            return Ok(None);
        };
        let cursor = self
            .cursors
            .get_mut(place)
            .expect("the heap holds places of cursors");
        let reading = cursor.held.pop_front();
        let next = cursor.peek(&mut self.fetch, self.fetch_max)?;
        self.queue(place, next);
        Ok(reading)
    }

    fn queue(&mut self, place: usize, next: Option<i64>) {
        if let Some(at) = next {
            // The heap gives the greatest first; `!` turns the order round.
            let rank = match self.fetch.order {
                Order::OldestFirst => !at,
                Order::NewestFirst => at,
            };
            self.next.push((rank, Reverse(place)));
        }
    }
}

impl Cursor {
    /// The key of the next reading, fetched if needed.
    fn peek(&mut self, fetch: &mut Fetch<'_>, limit: usize) -> rusqlite::Result<Option<i64>> {
        while self.held.is_empty()
            && let Some(range) = self.ranges.pop_front()
        {
            let (held, left) = fetch.fetch(self.instrument, range, limit)?;
            self.held = held;
            if let Some(left) = left {
                self.ranges.push_front(left);
            }
        }
        Ok(self.held.front().map(|reading| reading.at))
    }
}
