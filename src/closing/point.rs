//! A reading as a survey sees it.

use crate::activation::{Coordinates, Judged, Place};
use crate::clock::Wall;
use crate::criteria::{Class, Disposition, Remark, SourceKind, Subject};
use crate::reading::{InstrumentId, Quantity};

/// What a point may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Count, or block.
    Full,
    /// Block only.
    Blocks,
    /// Block what began before it was measured.
    BlocksSince,
    /// Neither: rain explains it.
    Nothing,
}

/// One dose rate of the environment.
#[derive(Clone, Debug)]
pub struct Point<'a> {
    pub(super) instrument: &'a InstrumentId,
    /// It stands where it is.
    pub(super) is_fixed: bool,
    pub(super) place: Place,
    pub(super) at: Option<Coordinates>,
    /// When it was measured, as far as known.
    pub(super) measured: Wall,
    /// In µSv/h; absent when over-range of unknown height.
    pub(super) usv_h: Option<f64>,
    /// The field is at least that high.
    pub(super) is_bound: bool,
    /// Its instrument's background, in µSv/h, unless only assumed.
    pub(super) background_usv_h: Option<f64>,
    /// It rains, or did not long ago.
    pub(super) is_wet: bool,
    /// Above normal.
    pub(super) is_high: bool,
    pub(super) weight: Weight,
}

impl<'a> Point<'a> {
    /// The dose rate of a judged reading; `None` when there is none to be used.
    pub fn of(judged: &Judged<'a>, background_usv_h: Option<f64>, is_wet: bool) -> Option<Self> {
        let (reading, judgement) = (judged.reading, judged.judgement);
        if judged.place.subject != Subject::Environment || judgement.class.is_none() {
            return None;
        }
        let verdict = judgement
            .channels
            .iter()
            .find(|verdict| verdict.quantity == Quantity::DoseRate)?;
        let is_high = match verdict.class {
            Class::Invalid | Class::Unclassified => return None,
            Class::Elevated | Class::PossibleEmergency | Class::Emergency => true,
            Class::Normal | Class::Exempt | Class::ExistingManaged => false,
        };
        let is_bound = judgement.remarks.contains(Remark::Overrange);
        let is_late = judgement.remarks.contains(Remark::Stale)
            || judgement.disposition == Disposition::Historical;
        let weight = if is_wet && !is_high && verdict.class != Class::ExistingManaged {
            Weight::Nothing
        } else if is_late {
            Weight::BlocksSince
        } else if is_wet || is_bound || judgement.disposition != Disposition::Accept {
            Weight::Blocks
        } else {
            Weight::Full
        };
        Some(Self {
            instrument: &reading.instrument,
            is_fixed: judged.place.source == SourceKind::Irdms,
            place: Place::of(reading, judged.place),
            at: reading.position.map(|position| Coordinates {
                lat: position.lat,
                lon: position.lon,
            }),
            measured: reading.at(),
            usv_h: verdict.value,
            is_bound,
            background_usv_h,
            is_wet,
            is_high,
            weight,
        })
    }
}
