//! Wall time, monotonic time, and the only place that reads a clock.
//!
//! Records show wall time; every run, hold and deadline uses monotonic time, so
//! that a step of the wall clock changes stamps and nothing else.

use std::fmt;
use std::time::Duration;

/// An instant of UTC, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// Range: about 1677 to 2262. Leap seconds are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall {
    nanos: i64,
}

/// Why a text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// A date and time without `Z` or an offset.
    #[error("the time has no zone; add `Z` or an offset")]
    Naive,
    /// Not a date, or one that does not exist.
    #[error("not a date and time as in `2026-03-14T03:00:00Z`")]
    Invalid,
}

impl Wall {
    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self { nanos }
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> i64 {
        self.nanos
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.nanos.div_euclid(1_000_000_000)
    }

    /// Whole milliseconds since 1970, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.nanos.div_euclid(1_000_000)
    }

    /// From whole seconds since 1970; `None` outside the range.
    pub fn from_secs(secs: i64) -> Option<Self> {
        secs.checked_mul(1_000_000_000).map(Self::from_nanos)
    }

    /// `self - earlier` in seconds; negative when `earlier` is later.
    #[expect(
        clippy::cast_precision_loss,
        reason = "ages are compared with whole seconds; 52 bits are plenty"
    )]
    pub fn secs_since(self, earlier: Self) -> f64 {
        (i128::from(self.nanos) - i128::from(earlier.nanos)) as f64 / 1e9
    }

    /// `self + duration`, stopping at the end of the range.
    pub fn saturating_add(self, duration: Duration) -> Self {
        let nanos = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self::from_nanos(self.nanos.saturating_add(nanos))
    }

    /// `self - duration`, stopping at the start of the range.
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let nanos = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self::from_nanos(self.nanos.saturating_sub(nanos))
    }

    /// Reads RFC 3339 with a zone (`Z` or an offset).
    ///
    /// # Errors
    ///
    /// [`TimeError::Naive`] when date and time are there without a zone,
    /// [`TimeError::Invalid`] for anything else, such as a month 00.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return i64::try_from(stamp.as_nanosecond())
                .map(Self::from_nanos)
                .map_err(|_| TimeError::Invalid);
        }
        match text.parse::<jiff::civil::DateTime>() {
            Ok(_) => Err(TimeError::Naive),
            Err(_) => Err(TimeError::Invalid),
        }
    }

    /// The same instant as a `jiff` time stamp, for formatting.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.nanos))
            .expect("64-bit nanoseconds lie inside jiff's range")
    }
}

/// RFC 3339 in UTC with `Z`; a fraction only when there is one.
impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// A reading of the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Only differences mean anything, and only within one boot of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono {
    nanos: u64,
}

impl Mono {
    /// From nanoseconds since the arbitrary start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self { nanos }
    }

    /// From seconds since the arbitrary start.
    pub const fn from_secs(secs: u64) -> Self {
        Self {
            nanos: secs.saturating_mul(1_000_000_000),
        }
    }

    /// Nanoseconds since the arbitrary start.
    pub const fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// Time from `earlier` to `self`; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(earlier.nanos))
    }

    /// `self + duration`, stopping at the end of the range.
    pub fn saturating_add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self::from_nanos(self.nanos.saturating_add(nanos))
    }
}

/// The moment bytes arrived, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Wall time, for the record.
    pub wall: Wall,
    /// Monotonic time, for deadlines.
    pub mono: Mono,
}

/// Reads the machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: tokio::time::Instant,
}

impl Clock {
    /// A clock whose monotonic time starts now.
    pub fn start() -> Self {
        Self {
            start: tokio::time::Instant::now(),
        }
    }

    /// Both clocks, read together.
    pub fn now(&self) -> Received {
        Received {
            wall: self.wall(),
            mono: self.mono(),
        }
    }

    /// Wall time, as the system believes it to be.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    pub fn wall(&self) -> Wall {
        let nanos = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos)
            }
        };
        Wall::from_nanos(nanos)
    }

    /// Monotonic time since this clock was started.
    pub fn mono(&self) -> Mono {
        Mono::from_nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// The tokio instant at which this clock's monotonic time reaches `mono`.
    pub fn instant_at(&self, mono: Mono) -> tokio::time::Instant {
        self.start + Duration::from_nanos(mono.as_nanos())
    }
}

/// The Indonesian time zones, and UTC: fixed offsets, no daylight saving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated universal time.
    Utc,
    /// Waktu Indonesia Barat, UTC+7.
    #[default]
    Wib,
    /// Waktu Indonesia Tengah, UTC+8.
    Wita,
    /// Waktu Indonesia Timur, UTC+9.
    Wit,
}

impl Zone {
    /// Reads `UTC`, `WIB`, `WITA`, `WIT` or the zone's IANA name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "UTC" | "Etc/UTC" => Some(Self::Utc),
            "WIB" | "Asia/Jakarta" | "Asia/Pontianak" => Some(Self::Wib),
            "WITA" | "Asia/Makassar" => Some(Self::Wita),
            "WIT" | "Asia/Jayapura" => Some(Self::Wit),
            _ => None,
        }
    }

    /// The zone's abbreviation, as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Wib => "WIB",
            Self::Wita => "WITA",
            Self::Wit => "WIT",
        }
    }

    /// Hours that the zone is ahead of UTC.
    pub const fn offset_hours(self) -> i8 {
        match self {
            Self::Utc => 0,
            Self::Wib => 7,
            Self::Wita => 8,
            Self::Wit => 9,
        }
    }

    /// `14/03 10:00 WIB`: the same in few characters.
    pub fn short(self, at: Wall) -> String {
        let civil = jiff::tz::offset(self.offset_hours()).to_datetime(at.timestamp());
        format!("{} {}", civil.strftime("%d/%m %H:%M"), self.name())
    }

    /// `2026-03-14 10:00:05 WIB`: an instant as a person in this zone reads it.
    pub fn local(self, at: Wall) -> String {
        let civil = jiff::tz::offset(self.offset_hours()).to_datetime(at.timestamp());
        format!("{} {}", civil.strftime("%Y-%m-%d %H:%M:%S"), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_needs_a_zone_and_a_real_date() {
        let at = Wall::parse_rfc3339("2011-07-05T13:51:48Z").unwrap();
        assert_eq!(at.to_string(), "2011-07-05T13:51:48Z");
        assert_eq!(
            Wall::parse_rfc3339("2026-03-14T23:30:00+07:00")
                .unwrap()
                .to_string(),
            "2026-03-14T16:30:00Z"
        );
        assert_eq!(
            Wall::parse_rfc3339("2026-03-14T23:30:00"),
            Err(TimeError::Naive)
        );
        assert_eq!(
            Wall::parse_rfc3339("2012-00-00T00:00:00Z"),
            Err(TimeError::Invalid)
        );
        assert_eq!(
            Wall::parse_rfc3339("9999-12-31T23:59:59Z"),
            Err(TimeError::Invalid)
        );
    }

    #[test]
    fn local_time_names_its_zone() {
        let at = Wall::parse_rfc3339("2026-03-14T16:30:05.25Z").unwrap();
        assert_eq!(Zone::Wib.local(at), "2026-03-14 23:30:05 WIB");
        assert_eq!(Zone::Wit.local(at), "2026-03-15 01:30:05 WIT");
    }
}
