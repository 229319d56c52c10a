//! The readings of a case, as its record has them: one line for each value, the
//! unit in the head of each column.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::activation::Coordinates;
use crate::clock::{Wall, Zone};
use crate::exchange::csv_text;
use crate::reading::{NoValue, Quantity};
use crate::store::embedded::{Area, StoredChannel, StoredReading};
use crate::units::rounded;

/// The first line.
pub(super) const HEADER: &str = "time_utc,time_local,latitude_deg,longitude_deg,altitude_m,\
position_source,nuclide,dose_rate_uSv_per_h,count_rate_per_s,dose_uSv,surface_activity_Bq_per_cm2,\
radiation,at_least,missing,instrument,profile,site,subject,received_utc,class,rule,disposition,\
flags,remarks,policy\n";

/// How far around a place of the case readings belong to it, in degrees: about
/// 1.1 km.
const AROUND: f64 = 0.01;

/// Which readings belong to a case, and where those without a position were
/// taken.
#[derive(Debug)]
pub(super) struct Selection<'c> {
    /// Instruments that reached a level.
    pub(super) instruments: BTreeSet<String>,
    /// Around the places of the case.
    pub(super) around: Vec<Area>,
    /// What people said of instruments without a position.
    pub(super) located: BTreeMap<&'c str, (f64, f64)>,
    pub(super) zone: Zone,
}

/// What is missing in the readings written so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) readings: u64,
    /// Readings without a position, by instrument, with the first and the last.
    pub(super) unplaced: BTreeMap<String, (u64, Wall, Wall)>,
    /// Hashes of the policies that judged them.
    pub(super) policies: BTreeSet<String>,
}

/// The surroundings of a place.
pub(super) fn around(at: Coordinates) -> Option<Area> {
    let clamp = |value: f64, limit: f64| value.clamp(-limit, limit);
    Area::bounds(
        clamp(at.lat - AROUND, 90.0),
        clamp(at.lon - AROUND, 180.0),
        clamp(at.lat + AROUND, 90.0),
        clamp(at.lon + AROUND, 180.0),
    )
    .ok()
}

impl Selection<'_> {
    /// Whether a reading belongs to the case.
    pub(super) fn has(&self, reading: &StoredReading) -> bool {
        let is_near = |at: crate::reading::Position| {
            self.around.iter().any(|area| area.contains(at.lat, at.lon))
        };
        self.instruments.contains(reading.instrument.as_str())
            || reading.position.is_some_and(is_near)
    }

    /// Its lines.
    pub(super) fn rows(&self, reading: &StoredReading, tally: &mut Tally) -> String {
        tally.readings += 1;
        if let Some(policy) = reading.context.policy.as_deref()
            && !tally.policies.contains(policy)
        {
            tally.policies.insert(policy.to_owned());
        }
        let told = self.located.get(reading.instrument.as_str());
        let place = match (reading.position, told) {
            (Some(at), _) => Some((at.lat, at.lon, at.alt_m, at.source.as_str())),
            (None, Some((lat, lon))) => Some((*lat, *lon, None, "person")),
            (None, None) => {
                let at = reading.at();
                let entry = tally.unplaced.entry(reading.instrument.to_string());
                let unplaced = entry.or_insert((0, at, at));
                *unplaced = (unplaced.0 + 1, unplaced.1.min(at), unplaced.2.max(at));
                None
            }
        };
        let mut out = String::new();
        for channel in &reading.channels {
            self.row(&mut out, reading, channel, place);
        }
        out
    }

    fn row(
        &self,
        out: &mut String,
        reading: &StoredReading,
        channel: &StoredChannel,
        place: Option<(f64, f64, Option<f64>, &'static str)>,
    ) {
        let number = |value: Option<f64>| value.map_or(String::new(), |v| rounded(v).to_string());
        let value = number(channel.measured.ok().map(|amount| amount.number()));
        let only = |is_it: bool| if is_it { value.clone() } else { String::new() };
        let mut flags: Vec<&str> = reading.flags.iter().map(|flag| flag.as_str()).collect();
        if place.is_none() {
            flags.push("NO_POSITION");
        }
        let remarks: Vec<&str> = reading.verdict.remarks.iter().map(|r| r.as_str()).collect();
        let columns = [
            reading.at().to_string(),
            self.zone.local(reading.at()),
            number(place.map(|(lat, ..)| lat)),
            number(place.map(|(_, lon, ..)| lon)),
            number(place.and_then(|(_, _, alt, _)| alt)),
            place.map_or("", |(.., source)| source).to_owned(),
            // No instrument here identifies nuclides.
            "unknown".to_owned(),
            only(channel.quantity == Quantity::DoseRate),
            only(matches!(channel.quantity, Quantity::CountRate(_))),
            only(channel.quantity == Quantity::Dose),
            only(matches!(channel.quantity, Quantity::SurfaceActivity(_))),
            channel
                .quantity
                .radiation()
                .map_or("", |r| r.as_str())
                .to_owned(),
            number(channel.at_least.map(|amount| amount.number())),
            channel
                .measured
                .err()
                .map_or("", NoValue::as_str)
                .to_owned(),
            csv_text(reading.instrument.as_str()),
            csv_text(&reading.profile),
            csv_text(reading.context.site.as_deref().unwrap_or_default()),
            reading.context.subject.to_string(),
            reading.received.to_string(),
            reading
                .verdict
                .class
                .map_or(String::new(), |class| class.to_string()),
            reading.verdict.rule.to_string(),
            reading.verdict.disposition.to_string(),
            flags.join(" "),
            remarks.join(" "),
            // Empty in what was stored before readings named it.
            csv_text(reading.context.policy.as_deref().unwrap_or_default()),
        ];
        writeln!(out, "{}", columns.join(",")).expect("a string takes everything");
    }
}
