//! Texts that many rows share, kept once and named by a small number.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use super::item::Context;
use super::row::scaled;
use super::schema::{LAYOUT, layout};
use crate::criteria::{SourceKind, Subject};
use crate::reading::{Channel, Factor, Position, PositionSource, Reading};

/// Degrees are kept as whole multiples of 10⁻⁷.
pub(super) const DEGREE: f64 = 1e7;

/// The columns of `context`, in the order [`Shared::from_row`] reads them.
const SELECT: &str = "SELECT id, profile, site, source, subject, raw_unit, factor,
  factor_source, lat, lon, alt_m, policy FROM context";

/// The same of a file of layout 1, which names no policy.
const SELECT_1: &str = "SELECT id, profile, site, source, subject, raw_unit, factor,
  factor_source, lat, lon, alt_m, NULL FROM context";

const INSERT: &str = "INSERT INTO context (profile, site, source, subject, raw_unit, factor,
  factor_source, lat, lon, alt_m, policy) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// Everything about a row that seldom changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shared {
    pub(super) profile: Arc<str>,
    pub(super) context: Arc<Context>,
    pub(super) raw_unit: Option<Cow<'static, str>>,
    pub(super) factor: Option<Arc<Factor>>,
    pub(super) place: Option<Place>,
}

/// A configured position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    /// Degrees × 10⁷.
    pub(super) lat: i64,
    /// Degrees × 10⁷.
    pub(super) lon: i64,
    /// Bits of the altitude in metres, so that places can be compared.
    alt_m_bits: Option<u64>,
}

impl Place {
    /// The position, where it is one that the dictionary keeps: that of a fixed
    /// station, with nothing that changes from reading to reading.
    pub(super) fn of(position: &Position) -> Option<Self> {
        let is_fixed = position.source == PositionSource::Configured
            && position.age_s.is_none()
            && position.hdop.is_none();
        let (lat, lon) = coordinates(position)?;
        is_fixed.then_some(Self {
            lat,
            lon,
            alt_m_bits: position.alt_m.map(f64::to_bits),
        })
    }

    /// Metres above mean sea level.
    pub(super) fn alt_m(self) -> Option<f64> {
        self.alt_m_bits.map(f64::from_bits)
    }
}

/// Latitude and longitude in degrees × 10⁷; `None` off the Earth.
pub(super) fn coordinates(position: &Position) -> Option<(i64, i64)> {
    // The constructor's rule, since the fields can be set without it.
    Position::new(position.lat, position.lon, position.source)?;
    Some((scaled(position.lat, DEGREE)?, scaled(position.lon, DEGREE)?))
}

impl Shared {
    /// What a channel's row shares with others of its kind.
    pub(super) fn of(
        reading: &Reading,
        channel: Option<&Channel>,
        context: &Arc<Context>,
        place: Option<Place>,
    ) -> Self {
        Self {
            profile: Arc::clone(&reading.profile),
            context: Arc::clone(context),
            raw_unit: channel
                .and_then(|channel| channel.raw)
                .map(|raw| Cow::Borrowed(raw.unit)),
            factor: channel.and_then(|channel| channel.factor.clone()),
            place,
        }
    }

    /// From a row of [`SELECT`]; an unknown word counts as damage.
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let context = Context {
            site: row.get::<_, Option<Arc<str>>>(2)?,
            source: known(row, 3, SourceKind::from_word)?,
            subject: known(row, 4, Subject::from_word)?,
            policy: row.get::<_, Option<Arc<str>>>(11)?,
        };
        let factor = match (row.get(6)?, row.get(7)?) {
            (Some(text), Some(source)) => Some(Arc::new(Factor { text, source })),
            _ => None,
        };
        let place = match (row.get(8)?, row.get(9)?) {
            (Some(lat), Some(lon)) => Some(Place {
                lat,
                lon,
                alt_m_bits: row.get::<_, Option<f64>>(10)?.map(f64::to_bits),
            }),
            _ => None,
        };
        Ok(Self {
            profile: row.get(1)?,
            context: Arc::new(context),
            raw_unit: row.get::<_, Option<String>>(5)?.map(Cow::Owned),
            factor,
            place,
        })
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<i64> {
        connection.execute(
            INSERT,
            params![
                self.profile,
                self.context.site,
                self.context.source.as_str(),
                self.context.subject.as_str(),
                self.raw_unit.as_deref(),
                self.factor.as_ref().map(|factor| factor.text.as_str()),
                self.factor.as_ref().map(|factor| factor.source.as_str()),
                self.place.map(|place| place.lat),
                self.place.map(|place| place.lon),
                self.place.and_then(Place::alt_m),
                self.context.policy,
            ],
        )?;
        Ok(connection.last_insert_rowid())
    }
}

fn known<T>(
    row: &Row<'_>,
    column: usize,
    from_word: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    from_word(&word).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            format!("unknown word `{}`", crate::error::excerpt(&word, 24)).into(),
        )
    })
}

/// All shared texts of a file.
///
/// # Errors
///
/// When the table cannot be read.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<HashMap<i64, Shared>> {
    let names_policy = layout(connection)? >= LAYOUT;
    let mut statement = connection.prepare(if names_policy { SELECT } else { SELECT_1 })?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, Shared::from_row(row)?)))?;
    rows.collect()
}

/// The writer's side: finds the number of a text, or gives it one.
#[derive(Debug)]
pub(super) struct Dictionary {
    numbers: HashMap<Shared, i64>,
}

impl Dictionary {
    /// With what the file holds already.
    ///
    /// # Errors
    ///
    /// When the table cannot be read.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let numbers = load(connection)?
            .into_iter()
            .map(|(id, shared)| (shared, id));
        Ok(Self {
            numbers: numbers.collect(),
        })
    }

    /// The number of `shared`, written to the file when it is new there.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn number(
        &mut self,
        connection: &Connection,
        shared: Shared,
    ) -> rusqlite::Result<i64> {
        if let Some(number) = self.numbers.get(&shared) {
            return Ok(*number);
        }
        let number = shared.insert(connection)?;
        self.numbers.insert(shared, number);
        Ok(number)
    }
}
