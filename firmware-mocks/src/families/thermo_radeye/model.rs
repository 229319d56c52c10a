//! Models and units: which tokens stand where, and how large a step of them is.

use clap::ValueEnum;

use super::steps;

/// Which RadEye.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// PRD: dose rate, always in µR/h
    Prd,
    /// G and G-10 of older firmware: dose rate, always in µR/h
    G,
    /// G20: dose rate
    G20,
    /// B20, pancake for alpha, beta and gamma
    B20,
    /// B20-ER
    B20er,
    /// SX with a probe of two channels, alpha and beta
    Sx,
    /// AB100, alpha and beta
    Ab100,
    /// GN: gamma and neutrons
    Gn,
}

/// What a value is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Unit {
    /// Sv/h, in steps of 0.01 µSv/h
    Sv,
    /// R/h, in steps of 1 µR/h
    R,
    /// rem/h, in steps of 1 µrem/h
    Rem,
    /// Counts per minute, in steps of 0.1
    Cpm,
    /// Counts per second, in steps of 0.01
    Cps,
}

impl Model {
    /// The type tag in a frame.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Prd => "FH41PR",
            Self::G => "FH41B2",
            Self::G20 => "G20",
            Self::B20 => "B20",
            Self::B20er => "B20ER",
            Self::Sx => "SX",
            Self::Ab100 => "REAB10",
            Self::Gn => "GN",
        }
    }

    /// What the version command calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prd => "PRD",
            Self::G => "G",
            Self::G20 => "G20",
            Self::B20 => "B20",
            Self::B20er => "B20ER",
            Self::Sx => "SX",
            Self::Ab100 => "AB100",
            Self::Gn => "GN",
        }
    }

    /// What it shows unless set otherwise.
    pub const fn unit(self) -> Unit {
        match self {
            Self::Prd | Self::G => Unit::R,
            Self::G20 => Unit::Sv,
            Self::B20 | Self::B20er | Self::Sx | Self::Ab100 | Self::Gn => Unit::Cps,
        }
    }

    /// The unit of the second channel, if the model has one.
    pub fn second_unit(self, first: Unit) -> Option<Unit> {
        match self {
            Self::Sx | Self::Ab100 if !first.is_dose_rate() => Some(first),
            Self::Gn => Some(Unit::Cps),
            _ => None,
        }
    }

    /// The accumulated dose stands in the frame.
    pub const fn sends_dose(self) -> bool {
        !matches!(self, Self::Gn)
    }

    /// The unit code of the first channel: the old models send 2 whatever they show.
    pub const fn first_code(self, unit: Unit) -> u8 {
        match self {
            Self::Prd | Self::G => Unit::R.code(),
            _ => unit.code(),
        }
    }

    /// The first channel's value, of `value` in µSv/h or counts per second. Gamma of
    /// the GN is in whole counts per second.
    pub fn first_steps(self, unit: Unit, value: f64) -> u64 {
        match self {
            Self::Prd | Self::G => Unit::R.steps(value),
            Self::Gn if unit == Unit::Cps => steps(value, 1.0),
            _ => unit.steps(value),
        }
    }
}

impl Unit {
    /// The code in a frame.
    pub const fn code(self) -> u8 {
        match self {
            Self::Sv => 0,
            Self::R => 2,
            Self::Cpm => 3,
            Self::Cps => 5,
            Self::Rem => 10,
        }
    }

    /// The low nibble of the unit setting.
    pub const fn setting(self) -> u8 {
        match self {
            Self::Cps => 0,
            Self::Cpm => 1,
            Self::Sv => 5,
            Self::R => 6,
            Self::Rem => 7,
        }
    }

    /// The unit of a setting; `None` for one the mock cannot show.
    pub const fn of_setting(setting: u8) -> Option<Self> {
        match setting & 0x0F {
            0 => Some(Self::Cps),
            1 => Some(Self::Cpm),
            5 => Some(Self::Sv),
            6 => Some(Self::R),
            7 => Some(Self::Rem),
            _ => None,
        }
    }

    /// True for µSv/h and its relatives, false for counts.
    pub const fn is_dose_rate(self) -> bool {
        matches!(self, Self::Sv | Self::R | Self::Rem)
    }

    /// `value`, in µSv/h or counts per second, in the unit's steps. 1 µR/h and
    /// 1 µrem/h count as 0.01 µSv/h.
    pub fn steps(self, value: f64) -> u64 {
        match self {
            Self::Sv | Self::R | Self::Rem | Self::Cps => steps(value, 0.01),
            Self::Cpm => steps(value * 60.0, 0.1),
        }
    }

    /// A dose in µSv, in steps as large as those of the rate.
    pub fn dose_steps(self, dose_usv: f64) -> u64 {
        steps(dose_usv, 0.01)
    }
}
