//! Calendar months of UTC, and the files named after them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::StoreError;
use crate::clock::Wall;

/// One calendar month of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Month {
    year: i16,
    /// 1 to 12.
    month: i8,
}

impl Month {
    /// The month an instant lies in.
    pub(super) fn of(at: Wall) -> Self {
        let date = jiff::tz::Offset::UTC.to_datetime(at.timestamp());
        Self {
            year: date.year(),
            month: date.month(),
        }
    }

    /// The month before.
    pub(super) const fn previous(self) -> Self {
        if self.month == 1 {
            Self {
                year: self.year - 1,
                month: 12,
            }
        } else {
            Self {
                month: self.month - 1,
                ..self
            }
        }
    }

    const fn next(self) -> Self {
        if self.month == 12 {
            Self {
                year: self.year + 1,
                month: 1,
            }
        } else {
            Self {
                month: self.month + 1,
                ..self
            }
        }
    }

    /// Its first instant, or the end of [`Wall`]'s range on that side.
    pub(super) fn start(self) -> Wall {
        let date =
            jiff::civil::date(self.year, self.month, 1).to_datetime(jiff::civil::Time::midnight());
        let end_of_range = if self.year < 1970 { i64::MIN } else { i64::MAX };
        let nanos = jiff::tz::Offset::UTC
            .to_timestamp(date)
            .ok()
            .and_then(|stamp| i64::try_from(stamp.as_nanosecond()).ok());
        Wall::from_nanos(nanos.unwrap_or(end_of_range))
    }

    /// The first instant after it, or the end of [`Wall`]'s range.
    pub(super) fn end(self) -> Wall {
        self.next().start()
    }

    /// Whether all of it lies `retention` or more before `now`.
    pub(super) fn is_expired(self, now: Wall, retention: Duration) -> bool {
        self.end() <= now.saturating_sub(retention)
    }

    /// The month's file.
    pub(super) fn path(self, folder: &Path) -> PathBuf {
        folder.join(format!("{:04}-{:02}.db", self.year, self.month))
    }

    fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return None;
        }
        let month = month
            .parse()
            .ok()
            .filter(|month| (1..=12).contains(month))?;
        let year = year.parse().ok()?;
        Some(Self { year, month })
    }
}

/// A file of the store, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MonthPath {
    pub(super) month: Month,
    /// Set aside because it was damaged: no longer read or written.
    pub(super) set_aside: bool,
    pub(super) path: PathBuf,
}

/// The files of months in the folder, oldest first; other files are left alone.
///
/// # Errors
///
/// [`StoreError::ListFolder`] when the folder cannot be read.
pub(super) fn list(folder: &Path) -> Result<Vec<MonthPath>, StoreError> {
    let failed = |source| StoreError::ListFolder {
        path: folder.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let stem = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".db"));
        let Some(stem) = stem else { continue };
        let (month, set_aside) = match stem.split_once(".damaged-") {
            Some((month, _)) => (month, true),
            None => (stem, false),
        };
        if let Some(month) = Month::parse(month) {
            found.push(MonthPath {
                month,
                set_aside,
                path,
            });
        }
    }
    found.sort();
    Ok(found)
}

/// A database's file and the two that SQLite may keep beside it. The database
/// comes last, so that deleting in this order never leaves a log without it.
pub(super) fn with_companions(path: &Path) -> [PathBuf; 3] {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    [beside("-wal"), beside("-shm"), path.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Wall {
        Wall::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn months_meet_without_a_gap() {
        let month = Month::of(at("2026-12-31T23:59:59.999999999Z"));
        assert_eq!(month.start(), at("2026-12-01T00:00:00Z"));
        assert_eq!(month.end(), at("2027-01-01T00:00:00Z"));
        assert_eq!(Month::of(month.end()).previous(), month);
        assert!(Month::of(Wall::from_nanos(i64::MIN)).start().as_nanos() == i64::MIN);
        assert!(Month::of(Wall::from_nanos(i64::MAX)).end().as_nanos() == i64::MAX);
    }

    #[test]
    fn a_month_expires_when_all_of_it_is_old_enough() {
        let month = Month::of(at("2026-02-10T00:00:00Z"));
        let day = Duration::from_secs(86_400);
        assert!(!month.is_expired(at("2026-03-01T23:59:59Z"), day));
        assert!(month.is_expired(at("2026-03-02T00:00:00Z"), day));
    }

    #[test]
    fn only_files_of_months_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "2026-11.db",
            "2011-07.db",
            "2026-11.damaged-1.db",
            "2026-11.db-wal",
            "2026-13.db",
            "26-11.db",
            "lock",
            "notes.db",
        ] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let names: Vec<_> = list(folder.path())
            .unwrap()
            .into_iter()
            .map(|file| (file.month.path(Path::new("")), file.set_aside))
            .collect();
        assert_eq!(
            names,
            [
                (PathBuf::from("2011-07.db"), false),
                (PathBuf::from("2026-11.db"), false),
                (PathBuf::from("2026-11.db"), true),
            ]
        );
    }
}
