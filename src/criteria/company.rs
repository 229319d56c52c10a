//! What the channels of one reading mean for each other.

use super::counts::Lines;
use super::observation::{Input, Shown, overrange_bound};
use crate::reading::Quantity;

/// What the channels of one reading mean for each other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Company {
    /// A rate of any kind.
    has_rate: bool,
    /// A usable value of a quantity with rows.
    can_compare: bool,
    /// A usable dose rate.
    has_dose_rate: bool,
    /// Counts without a row are over-range.
    overflows: bool,
}

impl Company {
    pub(super) fn of(channels: &[Input]) -> Self {
        let mut company = Self::default();
        for channel in channels {
            let is_usable = is_usable(channel.shown);
            match channel.quantity {
                Quantity::DoseRate => {
                    company.has_rate = true;
                    company.can_compare |= is_usable;
                    company.has_dose_rate |= is_usable;
                }
                Quantity::CountRate(radiation) => {
                    company.has_rate = true;
                    let has_row = Lines::of(radiation).is_some();
                    company.can_compare |= is_usable && has_row;
                    company.overflows |= is_overrange(channel.shown) && !has_row;
                }
                Quantity::Dose | Quantity::SurfaceActivity(_) => {}
            }
        }
        company
    }

    /// Whether the channel has no row and others speak for it (DQ-13).
    pub(super) fn hides(&self, channel: &Input) -> bool {
        match channel.quantity {
            Quantity::DoseRate => false,
            Quantity::CountRate(radiation) => {
                let is_spoken_for = self.has_dose_rate || !is_overrange(channel.shown);
                Lines::of(radiation).is_none() && self.can_compare && is_spoken_for
            }
            Quantity::Dose | Quantity::SurfaceActivity(_) => self.has_rate,
        }
    }

    /// A dose rate beside counts that are over-range is a lower bound: what the
    /// hidden channel says of the field is not lost.
    pub(super) fn lifted(&self, channel: Input) -> Input {
        match (channel.quantity, channel.shown) {
            (Quantity::DoseRate, Shown::Number(number))
                if self.overflows && is_usable(channel.shown) =>
            {
                Input {
                    shown: Shown::Overrange(overrange_bound(Some(number), None)),
                    ..channel
                }
            }
            _ => channel,
        }
    }
}

fn is_overrange(shown: Shown) -> bool {
    matches!(shown, Shown::Overrange(_))
}

fn is_usable(shown: Shown) -> bool {
    match shown {
        Shown::Number(number) => number.is_finite() && number >= 0.0,
        Shown::Overrange(_) => true,
        Shown::NotANumber
        | Shown::UnknownUnit
        | Shown::UnitMismatch
        | Shown::Fault
        | Shown::NotInitialised => false,
    }
}
