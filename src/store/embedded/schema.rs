//! The layout of a month's file, and how one is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::month::with_companions;

/// Marks a database as ours (`PNTU` in ASCII).
const APPLICATION_ID: i64 = 0x504e_5455;

/// The layout below, and of the packed column (see `row`). A change to either
/// is a new number.
///
/// - 1: `context` had no `policy`. Such files are read; the one that is written
///   on gets the column first.
/// - 2: this.
pub(super) const LAYOUT: i64 = 2;

/// The oldest layout that can be read.
const OLDEST_LAYOUT: i64 = 1;

/// From layout 1 to 2.
const ADD_POLICY: &str = "ALTER TABLE context ADD COLUMN policy TEXT";

/// How long to wait for a lock of another process, such as a reader that
/// recovers the log after a crash.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Pages of log after which it is copied into the database: 16 MiB, so that a
/// page that changes with every commit is copied once for many.
const CHECKPOINT_PAGES: u32 = 4_096;

/// Kibibytes of pages kept in memory by the writer, for each open month: one
/// page for each of a few thousand instruments that write at the same time.
const CACHE_KIB: u32 = 16_384;

/// Bytes in a page, SQLite's default.
const PAGE_BYTES: u64 = 4_096;

const TABLES: &str = "
CREATE TABLE instrument (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- Texts that many rows share. Coordinates are those of a configured position;
-- policy is the hash of the policy that judged.
CREATE TABLE context (
  id INTEGER PRIMARY KEY,
  profile TEXT NOT NULL, site TEXT, source TEXT NOT NULL, subject TEXT NOT NULL,
  raw_unit TEXT, factor TEXT, factor_source TEXT,
  lat INTEGER, lon INTEGER, alt_m REAL, policy TEXT);

-- One row for each channel of a reading. at: ns since 1970; channel: place in
-- the reading * 32 + quantity; value: millionths of the canonical unit; lat and
-- lon: degrees * 10^7; rest: packed.
CREATE TABLE value (
  instrument INTEGER NOT NULL, at INTEGER NOT NULL, channel INTEGER NOT NULL,
  context INTEGER NOT NULL, value, class INTEGER, flags INTEGER,
  lat INTEGER, lon INTEGER, rest BLOB NOT NULL,
  PRIMARY KEY (instrument, at, channel)) WITHOUT ROWID;

-- Where an instrument was on a day (days since 1970), as the smallest box.
CREATE TABLE extent (
  instrument INTEGER NOT NULL, day INTEGER NOT NULL,
  south INTEGER NOT NULL, north INTEGER NOT NULL,
  west INTEGER NOT NULL, east INTEGER NOT NULL,
  PRIMARY KEY (instrument, day)) WITHOUT ROWID;

-- Readings without a time of their own, to know them when they come again.
CREATE TABLE numbered (
  instrument INTEGER NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL,
  fingerprint INTEGER NOT NULL, received INTEGER NOT NULL,
  PRIMARY KEY (instrument, boot, seq, fingerprint)) WITHOUT ROWID;
CREATE TABLE arrived (
  instrument INTEGER NOT NULL, hour INTEGER NOT NULL, fingerprint INTEGER NOT NULL,
  received INTEGER NOT NULL,
  PRIMARY KEY (instrument, hour, fingerprint)) WITHOUT ROWID;

CREATE TABLE refused (
  id INTEGER PRIMARY KEY, received INTEGER NOT NULL, instrument TEXT,
  source TEXT NOT NULL, reason TEXT NOT NULL, error TEXT NOT NULL,
  raw BLOB NOT NULL, raw_len INTEGER NOT NULL);
CREATE INDEX refused_received ON refused (received);

-- For people and dashboards: real numbers, epoch seconds.
CREATE VIEW readings AS SELECT
  v.at / 1e9 AS time, i.name AS instrument, c.site AS site, c.profile AS profile,
  c.source AS source, c.subject AS subject,
  CASE (v.channel & 31) / 8 WHEN 1 THEN 'count_rate' WHEN 2 THEN 'surface_activity'
    ELSE CASE v.channel & 31 WHEN 0 THEN 'dose_rate' WHEN 1 THEN 'dose' END END AS quantity,
  CASE WHEN (v.channel & 31) BETWEEN 8 AND 23 THEN CASE v.channel & 7 WHEN 0 THEN 'alpha'
    WHEN 1 THEN 'beta' WHEN 2 THEN 'gamma' WHEN 3 THEN 'alpha_beta'
    WHEN 4 THEN 'alpha_beta_gamma' WHEN 5 THEN 'neutron' ELSE 'unspecified' END END AS radiation,
  CASE typeof(v.value) WHEN 'integer' THEN v.value / 1e6 ELSE v.value END AS value,
  h.class AS class, h.flags AS flags,
  coalesce(h.lat, hc.lat) / 1e7 AS lat, coalesce(h.lon, hc.lon) / 1e7 AS lon
FROM value v
  JOIN value h ON h.instrument = v.instrument AND h.at = v.at AND h.channel < 32
  JOIN context hc ON hc.id = h.context
  JOIN instrument i ON i.id = v.instrument
  JOIN context c ON c.id = v.context;
";

/// Opens a month's file for writing and makes its tables when it is new.
/// `bytes_max` caps its size.
///
/// # Errors
///
/// [`StoreError::Foreign`] or [`StoreError::Layout`] for a file that must not
/// be touched, else [`StoreError::Open`].
pub(super) fn open_to_write(path: &Path, bytes_max: Option<u64>) -> Result<Connection, StoreError> {
    let failed = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let is_new = is_empty(&connection).map_err(failed)?;
    if !is_new {
        check_layout(&connection, path)?;
    }
    prepare(&connection, is_new, bytes_max).map_err(failed)?;
    Ok(connection)
}

fn prepare(connection: &Connection, is_new: bool, bytes_max: Option<u64>) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "cache_size", -i64::from(CACHE_KIB))?;
    if let Some(bytes) = bytes_max {
        let pages = u32::try_from(bytes / PAGE_BYTES)
            .unwrap_or(u32::MAX - 1)
            .max(1);
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    if is_new {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.commit()?;
    } else if layout(connection)? < LAYOUT {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(ADD_POLICY)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Opens a month's file for reading, whether or not the daemon runs; `None` when
/// it has no tables yet, because the writer has only just begun it.
///
/// SQLite reads a file with a log only where it may write beside it; where the
/// folder is read-only and there is no log, the file is taken as it stands.
///
/// # Errors
///
/// As [`open_to_write`].
pub(super) fn open_to_read(path: &Path) -> Result<Option<Connection>, StoreError> {
    let failed = |source| StoreError::Open {
        path: path.to_owned(),
        source,
    };
    let shared = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let refused = match open_and_look(path, shared | OpenFlags::SQLITE_OPEN_READ_WRITE) {
        Ok(connection) => return checked(connection, path),
        Err(error) => error,
    };
    let read_only = shared | OpenFlags::SQLITE_OPEN_READ_ONLY;
    if let Ok(connection) = open_and_look(path, read_only) {
        return checked(connection, path);
    }
    let [log, ..] = with_companions(path);
    if !log.exists()
        && let Some(uri) = immutable_uri(path)
        && let Ok(connection) =
            open_and_look(Path::new(&uri), read_only | OpenFlags::SQLITE_OPEN_URI)
    {
        return checked(connection, path);
    }
    Err(failed(refused))
}

fn checked(connection: Connection, path: &Path) -> Result<Option<Connection>, StoreError> {
    let is_new = is_empty(&connection).map_err(|source| StoreError::Open {
        path: path.to_owned(),
        source,
    })?;
    if is_new {
        return Ok(None);
    }
    check_layout(&connection, path)?;
    Ok(Some(connection))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)",
        [],
        |row| row.get(0),
    )
}

/// Opening alone reads nothing; a first query shows whether the file is usable.
fn open_and_look(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn immutable_uri(path: &Path) -> Option<String> {
    let mut uri = String::from("file:");
    for byte in std::path::absolute(path).ok()?.to_str()?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    Some(uri)
}

/// The number of a file's layout.
///
/// # Errors
///
/// When the file cannot be read.
pub(super) fn layout(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn check_layout(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let pragma = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|source| StoreError::Open {
                path: path.to_owned(),
                source,
            })
    };
    if pragma("application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
        });
    }
    let found = pragma("user_version")?;
    if !(OLDEST_LAYOUT..=LAYOUT).contains(&found) {
        return Err(StoreError::Layout {
            path: path.to_owned(),
            found,
            expected: LAYOUT,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_whatever_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b%20?#é.db");
        open_to_write(&path, None).unwrap().close().unwrap();
        let uri = immutable_uri(&path).unwrap();
        let connection = open_and_look(
            Path::new(&uri),
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI,
        );
        assert!(checked(connection.unwrap(), &path).unwrap().is_some());
    }
}
