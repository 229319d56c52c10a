//! Recognises a reading without a time of its own when it comes again.
//!
//! Such a reading is stored under its time of arrival, which differs when a
//! broker sends it once more. So what was received is remembered beside it, in
//! the same file and the same transaction:
//!
//! - with a number: instrument, boot, number and fingerprint. Where the station
//!   does not count its restarts, the numbers may begin anew, so only a first
//!   one within [`WINDOW`] counts;
//! - without a number, where it can be sent again at all: instrument and
//!   fingerprint, asked only when the broker says that it may be a repetition
//!   (two equal messages are otherwise two readings), and within [`WINDOW`]; a
//!   message that the broker keeps comes at each connection, and is known for as
//!   long as anything is remembered.
//!
//! At the turn of a month the file before is asked too.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::statement::Lazy;
use crate::clock::Wall;
use crate::reading::{Reading, Sequence, TimeSource};

/// How long a reading is recognised by less than boot, number and content.
pub(super) const WINDOW: Duration = Duration::from_secs(24 * 3_600);

/// How long anything is remembered. Longer than a broker is down unnoticed;
/// short, because a row here costs as much as half a reading.
pub(super) const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);

const HOUR_SECS: i64 = 3_600;

const INSERT_NUMBERED: &str = "INSERT OR IGNORE INTO numbered
  (instrument, boot, seq, fingerprint, received) VALUES (?1, ?2, ?3, ?4, ?5)";
const FIND_NUMBERED: &str = "SELECT received FROM numbered
  WHERE instrument = ?1 AND boot = ?2 AND seq = ?3 AND fingerprint = ?4";
const RENEW_NUMBERED: &str = "UPDATE numbered SET received = ?5
  WHERE instrument = ?1 AND boot = ?2 AND seq = ?3 AND fingerprint = ?4";
const INSERT_ARRIVED: &str = "INSERT OR IGNORE INTO arrived
  (instrument, hour, fingerprint, received) VALUES (?1, ?2, ?3, ?4)";
const FIND_ARRIVED: &str = "SELECT received FROM arrived
  WHERE instrument = ?1 AND hour = ?2 AND fingerprint = ?3";
const FIND_INSTRUMENT: &str = "SELECT id FROM instrument WHERE name = ?1";

/// The file of the month before, read only.
#[derive(Debug)]
pub(super) struct Previous {
    connection: Connection,
    /// End of the time in which it matters: [`KEPT`] after its month.
    until: Wall,
}

impl Previous {
    /// With the end of its month.
    pub(super) fn new(connection: Connection, end: Wall) -> Self {
        Self {
            connection,
            until: end.saturating_add(KEPT),
        }
    }
}

/// The identities of one file, within one transaction.
#[derive(Debug)]
pub(super) struct Identities<'c> {
    insert_numbered: Lazy<'c>,
    find_numbered: Lazy<'c>,
    renew_numbered: Lazy<'c>,
    insert_arrived: Lazy<'c>,
    find_arrived: Lazy<'c>,
    previous: Option<(&'c Previous, Lazy<'c>, Lazy<'c>, Lazy<'c>)>,
}

impl<'c> Identities<'c> {
    /// Of a month's file and that of the month before, if there is one.
    pub(super) fn new(connection: &'c Connection, previous: Option<&'c Previous>) -> Self {
        Self {
            insert_numbered: Lazy::new(connection, INSERT_NUMBERED),
            find_numbered: Lazy::new(connection, FIND_NUMBERED),
            renew_numbered: Lazy::new(connection, RENEW_NUMBERED),
            insert_arrived: Lazy::new(connection, INSERT_ARRIVED),
            find_arrived: Lazy::new(connection, FIND_ARRIVED),
            previous: previous.map(|previous| {
                (
                    previous,
                    Lazy::new(&previous.connection, FIND_INSTRUMENT),
                    Lazy::new(&previous.connection, FIND_NUMBERED),
                    Lazy::new(&previous.connection, FIND_ARRIVED),
                )
            }),
        }
    }

    /// Whether this reading was stored before under another time; if not, it is
    /// remembered. Readings with a time of their own are known by that time.
    ///
    /// `can_repeat` says whether its source may send it again.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written.
    pub(super) fn seen_before(
        &mut self,
        instrument: i64,
        reading: &Reading,
        can_repeat: bool,
    ) -> rusqlite::Result<bool> {
        if reading.time_source() == TimeSource::Instrument {
            return Ok(false);
        }
        match reading.sequence {
            Some(sequence) => self.seen_numbered(instrument, reading, sequence),
            None => self.seen_arrived(instrument, reading, can_repeat),
        }
    }

    fn seen_numbered(
        &mut self,
        instrument: i64,
        reading: &Reading,
        sequence: Sequence,
    ) -> rusqlite::Result<bool> {
        let fingerprint = reading.fingerprint.cast_signed();
        let boot = boot_column(sequence.boot);
        let seq = sequence.seq.cast_signed();
        let received = reading.received.wall;
        let counts = |first: i64| {
            sequence.boot.is_some() || is_within(received, Wall::from_nanos(first), WINDOW)
        };

        let row = params![instrument, boot, seq, fingerprint, received.as_nanos()];
        if self.insert_numbered.get()?.execute(row)? == 0 {
            let first = self
                .find_numbered
                .get()?
                .query_row(params![instrument, boot, seq, fingerprint], |row| {
                    row.get(0)
                })?;
            if counts(first) {
                return Ok(true);
            }
            self.renew_numbered.get()?.execute(row)?;
        }
        let Some((previous, find_instrument, find_numbered, _)) = &mut self.previous else {
            return Ok(false);
        };
        if received > previous.until {
            return Ok(false);
        }
        let Some(instrument) = instrument_id(find_instrument, reading)? else {
            return Ok(false);
        };
        let first = find_numbered
            .get()?
            .query_row(params![instrument, boot, seq, fingerprint], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(first.is_some_and(counts))
    }

    fn seen_arrived(
        &mut self,
        instrument: i64,
        reading: &Reading,
        can_repeat: bool,
    ) -> rusqlite::Result<bool> {
        let fingerprint = reading.fingerprint.cast_signed();
        let received = reading.received.wall;
        let retained = reading.delivery.retained;
        let span = if retained { KEPT } else { WINDOW };
        if reading.delivery.redelivered || retained {
            if find_arrived(
                &mut self.find_arrived,
                instrument,
                fingerprint,
                received,
                span,
            )? {
                return Ok(true);
            }
            if let Some((previous, find_instrument, _, find)) = &mut self.previous
                && received <= previous.until
                && let Some(instrument) = instrument_id(find_instrument, reading)?
                && find_arrived(find, instrument, fingerprint, received, span)?
            {
                return Ok(true);
            }
        }
        if can_repeat || retained {
            self.insert_arrived.get()?.execute(params![
                instrument,
                hour(received),
                fingerprint,
                received.as_nanos()
            ])?;
        }
        Ok(false)
    }
}

/// Asks every hour of the span. Rows are grouped by hour so that writing
/// stays in one place of the file; asking is rare.
fn find_arrived(
    find: &mut Lazy<'_>,
    instrument: i64,
    fingerprint: i64,
    received: Wall,
    span: Duration,
) -> rusqlite::Result<bool> {
    let statement = find.get()?;
    let from = hour(received.saturating_sub(span));
    let to = hour(received.saturating_add(WINDOW));
    for hour in from..=to {
        let first = statement
            .query_row(params![instrument, hour, fingerprint], |row| row.get(0))
            .optional()?;
        if first.is_some_and(|first| is_within(received, Wall::from_nanos(first), span)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The file of the month before has numbers of its own for instruments.
fn instrument_id(find: &mut Lazy<'_>, reading: &Reading) -> rusqlite::Result<Option<i64>> {
    find.get()?
        .query_row([reading.instrument.as_str()], |row| row.get(0))
        .optional()
}

/// Forgets what was received before `horizon`.
///
/// # Errors
///
/// When the file cannot be written.
pub(super) fn forget(connection: &Connection, horizon: Wall) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute(
        "DELETE FROM numbered WHERE received < ?1",
        [horizon.as_nanos()],
    )?;
    // By hour, so that whole ranges of the key go and nothing else is read.
    let mut instruments = transaction.prepare("SELECT id FROM instrument")?;
    let mut delete =
        transaction.prepare("DELETE FROM arrived WHERE instrument = ?1 AND hour < ?2")?;
    let ids = instruments.query_map([], |row| row.get::<_, i64>(0))?;
    for id in ids {
        delete.execute(params![id?, hour(horizon)])?;
    }
    drop((instruments, delete));
    transaction.commit()
}

fn hour(at: Wall) -> i64 {
    at.as_secs().div_euclid(HOUR_SECS)
}

/// 0 for a station that does not count its restarts, else one more than the count.
const fn boot_column(boot: Option<u64>) -> i64 {
    match boot {
        Some(boot) => boot.saturating_add(1).cast_signed(),
        None => 0,
    }
}

/// In either direction, since the wall clock may have been set back.
fn is_within(one: Wall, other: Wall, span: Duration) -> bool {
    one.saturating_sub(span) <= other && other <= one.saturating_add(span)
}
