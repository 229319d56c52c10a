//! Indonesian and English: what every text for people is made of.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::reading::{Quantity, Radiation};

/// One of the two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Bahasa Indonesia.
    Indonesian,
    /// English.
    English,
}

/// One fixed text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Both {
    pub(crate) id: &'static str,
    pub(crate) en: &'static str,
}

/// A fixed text.
pub(crate) const fn both(id: &'static str, en: &'static str) -> Both {
    Both { id, en }
}

/// One text in both languages, as it is kept and sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilingual {
    /// Indonesian.
    pub id: String,
    /// English.
    pub en: String,
}

impl Bilingual {
    /// The same said in each language.
    pub(crate) fn of(say: impl Fn(Language) -> String) -> Self {
        Self {
            id: say(Language::Indonesian),
            en: say(Language::English),
        }
    }
}

impl From<Both> for Bilingual {
    fn from(both: Both) -> Self {
        Self {
            id: both.id.to_owned(),
            en: both.en.to_owned(),
        }
    }
}

impl Language {
    /// One of two texts.
    pub(crate) fn pick<'a>(self, indonesian: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Indonesian => indonesian,
            Self::English => english,
        }
    }

    /// The text in this language.
    pub(crate) const fn of(self, both: Both) -> &'static str {
        match self {
            Self::Indonesian => both.id,
            Self::English => both.en,
        }
    }

    /// A number with the decimal mark of the language, and no other mark: a
    /// thousands point would be read as a decimal one by half the readers.
    pub(crate) fn number(self, value: f64) -> String {
        let text = significant(value);
        match self {
            Self::Indonesian => text.replace('.', ","),
            Self::English => text,
        }
    }

    /// A length of time in its two greatest units.
    pub(crate) fn duration(self, duration: Duration) -> String {
        let secs = duration.as_secs();
        let (day, hour, minute) = match self {
            Self::Indonesian => ("hari", "jam", "menit"),
            Self::English => ("d", "h", "min"),
        };
        let (days, hours, minutes) = (secs / 86_400, secs / 3600 % 24, secs / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => format!("{secs} {}", self.pick("detik", "s")),
            (0, 0, minutes) => format!("{minutes} {minute}"),
            (0, hours, minutes) => format!("{hours} {hour} {minutes} {minute}"),
            (days, hours, _) => format!("{days} {day} {hours} {hour}"),
        }
    }

    /// The canonical unit of a quantity.
    pub(crate) const fn unit(self, quantity: Quantity) -> &'static str {
        match quantity {
            Quantity::DoseRate => match self {
                Self::Indonesian => "µSv/jam",
                Self::English => "µSv/h",
            },
            Quantity::CountRate(_) => "cps",
            Quantity::Dose => "µSv",
            Quantity::SurfaceActivity(_) => "Bq/cm²",
        }
    }

    /// The name of a quantity.
    pub(crate) fn quantity(self, quantity: Quantity) -> String {
        let counted = |radiation: Radiation| match radiation {
            Radiation::Alpha => "alfa",
            Radiation::Beta => "beta",
            Radiation::Gamma => "gamma",
            Radiation::AlphaBeta => "alfa-beta",
            Radiation::AlphaBetaGamma => "alfa-beta-gamma",
            Radiation::Neutron => "neutron",
            Radiation::Unspecified => "tak disebut",
        };
        match (quantity, self) {
            (Quantity::DoseRate, Self::Indonesian) => "laju dosis".to_owned(),
            (Quantity::DoseRate, Self::English) => "dose rate".to_owned(),
            (Quantity::CountRate(what), Self::Indonesian) => {
                format!("cacah {}", counted(what))
            }
            (Quantity::CountRate(what), Self::English) => format!("{what} count rate"),
            (Quantity::Dose, Self::Indonesian) => "dosis".to_owned(),
            (Quantity::Dose, Self::English) => "dose".to_owned(),
            (Quantity::SurfaceActivity(what), Self::Indonesian) => {
                format!("aktivitas permukaan {}", counted(what))
            }
            (Quantity::SurfaceActivity(what), Self::English) => {
                format!("{what} surface activity")
            }
        }
    }
}

/// From here on a number is written with its power of ten: nobody counts digits.
const POWER_FROM: f64 = 1e9;

/// Three to four significant digits and no zeros at the end: what an instrument
/// can mean, and a person can take in.
fn significant(value: f64) -> String {
    if value.abs() >= POWER_FROM {
        return format!("{value:.2e}");
    }
    let decimals = match value {
        v if v >= 1000.0 => 0,
        v if v >= 100.0 => 1,
        v if v >= 10.0 => 2,
        v if v >= 1.0 => 3,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
