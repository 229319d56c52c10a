//! What comes out of the store.

use std::collections::HashMap;
use std::sync::Arc;

use super::dictionary::{DEGREE, Shared};
use super::item::{Context, Verdict};
use super::merge::{RawReading, RawRow};
use super::pack::Unpack;
use super::row::{CHANNEL_STEP, Fix, NO_CHANNEL, quantity_from_code, take_channel, take_reading};
use crate::clock::Wall;
use crate::reading::{
    Amount, Counting, Delivery, DeviceTime, Factor, Flags, InstrumentId, Measured, Number,
    Position, PositionSource, Quantity, Sequence, TimeSource,
};

/// A reading as it was stored. Amounts have six decimals, degrees seven; all
/// else is as it was, bar the monotonic time of receipt, which means nothing
/// after a restart.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredReading {
    /// The instant it is stored under: see [`crate::store::point_time`]. Unique
    /// for the instrument.
    pub key: Wall,
    /// The instrument.
    pub instrument: InstrumentId,
    /// Id of the profile that decoded it.
    pub profile: Arc<str>,
    /// What the configuration knew of the instrument.
    pub context: Arc<Context>,
    /// When it arrived.
    pub received: Wall,
    /// What the instrument said of the time of measurement.
    pub device_time: DeviceTime,
    /// The instrument's number for the message.
    pub sequence: Option<Sequence>,
    /// The values, in their order in the frame.
    pub channels: Vec<StoredChannel>,
    /// Where it was measured.
    pub position: Option<Position>,
    /// What decoding and normalising said about it.
    pub flags: Flags,
    /// Hash of the raw frame.
    pub fingerprint: u64,
    /// How it was delivered.
    pub delivery: Delivery,
    /// What it was judged to mean.
    pub verdict: Verdict,
}

/// One quantity of a stored reading.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredChannel {
    /// What is measured.
    pub quantity: Quantity,
    /// The amount, or why there is none.
    pub measured: Measured<Amount>,
    /// The field is at least this high.
    pub at_least: Option<Amount>,
    /// As the instrument sent it.
    pub raw: Option<StoredRaw>,
    /// The calibration factor, where one was used.
    pub factor: Option<Arc<Factor>>,
    /// Counts and counting time.
    pub counting: Option<Counting>,
}

/// What came off the wire for one value.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRaw {
    /// The number as sent.
    pub value: Number,
    /// Its unit.
    pub unit: String,
}

impl StoredReading {
    /// When it was measured, as far as we know.
    pub fn at(&self) -> Wall {
        self.device_time.trusted().unwrap_or(self.received)
    }

    /// Whose clock [`StoredReading::at`] comes from.
    pub const fn time_source(&self) -> TimeSource {
        match self.device_time {
            DeviceTime::At(_) => TimeSource::Instrument,
            DeviceTime::Naive | DeviceTime::Impossible | DeviceTime::Absent => TimeSource::Arrival,
        }
    }

    /// The channel of one quantity.
    pub fn channel(&self, quantity: Quantity) -> Option<&StoredChannel> {
        self.channels
            .iter()
            .find(|channel| channel.quantity == quantity)
    }
}

/// The names and shared texts of one file.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) instruments: HashMap<i64, InstrumentId>,
    pub(super) shared: HashMap<i64, Shared>,
}

impl Names {
    /// Where a reading was measured, in degrees, without unpacking the rest.
    pub(super) fn coordinates(&self, raw: &RawReading) -> Option<(f64, f64)> {
        let head = raw.rows.first()?;
        let (lat, lon) = match (head.lat, head.lon) {
            (Some(lat), Some(lon)) => (lat, lon),
            _ => {
                let place = self.shared.get(&head.context)?.place?;
                (place.lat, place.lon)
            }
        };
        Some((degrees(lat), degrees(lon)))
    }

    /// The reading; `None` when its rows are damaged.
    pub(super) fn reading(&self, raw: &RawReading) -> Option<StoredReading> {
        let key = Wall::from_nanos(raw.at);
        let (head, others) = raw.rows.split_first()?;
        let mut channels = Vec::with_capacity(raw.rows.len());
        let mut rest = Unpack::new(&head.rest);
        channels.extend(self.channel(head, 0, &mut rest)?);
        let part = take_reading(&mut rest, key, head.class)?;
        let mut is_whole = rest.is_empty();
        for (index, row) in (1_i64..).zip(others) {
            let mut rest = Unpack::new(&row.rest);
            channels.extend(self.channel(row, index, &mut rest)?);
            is_whole &= rest.is_empty();
        }
        if !is_whole {
            return None; // bytes too many are damage as well
        }
        let shared = self.shared.get(&head.context)?;
        let flags = u32::try_from(head.flags?).ok()?;
        Some(StoredReading {
            key,
            instrument: self.instruments.get(&raw.instrument)?.clone(),
            profile: Arc::clone(&shared.profile),
            context: Arc::clone(&shared.context),
            received: part.received,
            device_time: part.device_time,
            sequence: part.sequence,
            channels,
            position: self.position(raw, head, part.fix),
            flags: Flags::from_bits(flags),
            fingerprint: part.fingerprint,
            delivery: part.delivery,
            verdict: part.verdict,
        })
    }

    /// The row's channel, which must stand at `index`; `Some(None)` for the row
    /// of a reading without channels.
    fn channel(
        &self,
        row: &RawRow,
        index: i64,
        rest: &mut Unpack<'_>,
    ) -> Option<Option<StoredChannel>> {
        if row.channel.div_euclid(CHANNEL_STEP) != index {
            return None;
        }
        let code = row.channel.rem_euclid(CHANNEL_STEP);
        if code == NO_CHANNEL {
            return Some(None);
        }
        let part = take_channel(rest, quantity_from_code(code)?, &row.value)?;
        let shared = self.shared.get(&row.context)?;
        let raw = part.raw.zip(shared.raw_unit.as_deref());
        Some(Some(StoredChannel {
            quantity: part.quantity,
            measured: part.measured,
            at_least: part.at_least,
            raw: raw.map(|(value, unit)| StoredRaw {
                value,
                unit: unit.to_owned(),
            }),
            factor: shared.factor.clone(),
            counting: part.counting,
        }))
    }

    fn position(&self, raw: &RawReading, head: &RawRow, fix: Option<Fix>) -> Option<Position> {
        let (lat, lon) = self.coordinates(raw)?;
        let fix = match fix {
            Some(fix) => fix,
            None => Fix {
                source: PositionSource::Configured,
                alt_m: self.shared.get(&head.context)?.place?.alt_m(),
                age_s: None,
                hdop: None,
            },
        };
        Some(Position {
            lat,
            lon,
            alt_m: fix.alt_m,
            source: fix.source,
            age_s: fix.age_s,
            hdop: fix.hdop,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "degrees times 10⁷ need 31 bits")]
fn degrees(steps: i64) -> f64 {
    steps as f64 / DEGREE
}
