//! What the guideline says to do at each rule, in Indonesian and English.
//!
//! The words follow tables 3.1 and 3.2 of PUK/DK2N.3/PT.17 rev. 0, pages 30 and
//! 31, in short. Values are not repeated here but for the perimeter of TIO2,
//! which table 3.3 row 1 (page 37) ties to 100 µSv/h, and the first radii of the
//! IAEA's manual for first responders (EPR-First Responders), which hold until
//! somebody has measured where that contour runs.

use crate::criteria::{Class, Rule};
use crate::language::{Both, Language, both};

/// What a rule means for the people who are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guide {
    /// What it indicates.
    pub(super) meaning: Both,
    /// What to do first.
    pub(super) first: First,
}

/// What to do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct First {
    /// In full.
    pub(super) full: Both,
    /// In few words, for a text message.
    pub(super) short: Both,
    /// How far off, until the contour is measured.
    radius: Option<Both>,
}

impl First {
    /// In full, with the first radius where there is to be a perimeter.
    pub(super) fn in_full(&self, language: Language) -> String {
        let full = language.of(self.full);
        match self.radius {
            Some(radius) => format!("{full} {}", language.of(radius)),
            None => full.to_owned(),
        }
    }
}

const fn first(full: Both, short: Both) -> First {
    First {
        full,
        short,
        radius: None,
    }
}

/// How far a perimeter is to be, at first.
const FIRST_RADII: Both = both(
    "Sebelum kontur diukur: 30 m (sumber tanpa perisai), 100 m (tumpahan besar), 300 m (kebakaran, ledakan atau asap), 400 m atau lebih (dugaan bom) (IAEA EPR-First Responders).",
    "Until the contour is measured: 30 m (unshielded source), 100 m (major spill), 300 m (fire, explosion or fumes), 400 m or more (suspected bomb) (IAEA EPR-First Responders).",
);

const fn perimeter(full: Both, short: Both) -> First {
    First {
        full,
        short,
        radius: Some(FIRST_RADII),
    }
}

const TRACE: First = first(
    both(
        "Telusuri penyebabnya (investigasi) dan lakukan tindakan respons.",
        "Trace the cause (investigate) and take response actions.",
    ),
    both("Telusuri penyebab.", "Trace the cause."),
);
const PERIMETER_TIO2: First = perimeter(
    both(
        "Buat perimeter keselamatan pada kontur ≥ 100 µSv/jam dan lakukan tindakan respons.",
        "Set the safety perimeter at the contour of ≥ 100 µSv/h and take response actions.",
    ),
    both("Perimeter di 100 uSv/jam.", "Perimeter at 100 uSv/h."),
);
const PERIMETER: First = perimeter(
    both(
        "Buat perimeter dan lakukan tindakan respons.",
        "Set a perimeter and take response actions.",
    ),
    both("Buat perimeter.", "Set a perimeter."),
);
const PERIMETER_OBJECT: First = first(
    both(
        "Buat perimeter di sekitar benda. Telusuri penyebabnya (investigasi).",
        "Set a perimeter around the object. Trace the cause (investigate).",
    ),
    both("Perimeter, telusuri.", "Perimeter, trace."),
);
const ISOLATE: First = first(
    both(
        "Telusuri penyebabnya (investigasi) dan isolasi benda terkontaminasi.",
        "Trace the cause (investigate) and isolate the contaminated object.",
    ),
    both("Telusuri, isolasi.", "Trace, isolate."),
);
const RESPOND: First = first(
    both("Lakukan tindakan respons.", "Take response actions."),
    both("Lakukan respons.", "Respond."),
);
const PROTECT: First = first(
    both(
        "Lakukan tindakan protektif (3.3) dan tindakan respons.",
        "Take protective actions (3.3) and response actions.",
    ),
    both("Tindakan protektif.", "Protective actions."),
);
const VERIFY: First = first(
    both(
        "Verifikasi di lapangan dan telusuri penyebabnya.",
        "Verify in the field and trace the cause.",
    ),
    both("Verifikasi di lapangan.", "Verify in the field."),
);

const TIO3: Both = both(
    "Kemungkinan kedaruratan radiologik (kontaminasi): TIO3 terlewati",
    "Possible radiological emergency (contamination): TIO3 passed",
);
const TIO2: Both = both(
    "Kedaruratan radiologik: TIO2 terlewati",
    "Radiological emergency: TIO2 passed",
);
const TIO4: Both = both(
    "Kedaruratan radiologik: TIO4 terlewati",
    "Radiological emergency: TIO4 passed",
);
const POSSIBLE: Both = both(
    "Kemungkinan kedaruratan radiologik",
    "Possible radiological emergency",
);
const DANGEROUS: Both = both(
    "Kedaruratan radiologik: ada sumber berbahaya",
    "Radiological emergency: dangerous source",
);
const EMERGENCY: Both = both("Kedaruratan radiologik", "Radiological emergency");
const ELEVATED: Both = both(
    "Radiasi lingkungan meningkat dan menetap",
    "Environmental radiation elevated and lasting",
);

const fn guide(meaning: Both, first: First) -> Guide {
    Guide { meaning, first }
}

/// The guide of a rule. Rules that never decide a level are read by their class.
pub(super) const fn of(rule: Rule, class: Class) -> Guide {
    match rule {
        Rule::T31I1 => guide(TIO3, TRACE),
        Rule::T31I2 => guide(TIO2, PERIMETER_TIO2),
        Rule::T31II1 => guide(POSSIBLE, TRACE),
        Rule::T31III1 => guide(POSSIBLE, PERIMETER_OBJECT),
        Rule::T31III2 => guide(DANGEROUS, PERIMETER),
        Rule::T32I1 => guide(TIO3, TRACE),
        Rule::T32I2 => guide(TIO2, PERIMETER),
        Rule::T32II1 => guide(POSSIBLE, TRACE),
        Rule::T32II2 => guide(TIO4, RESPOND),
        Rule::T32III1 => guide(POSSIBLE, ISOLATE),
        Rule::T32III2 => guide(EMERGENCY, PERIMETER),
        Rule::EscTio2G => guide(TIO2, PERIMETER_TIO2),
        Rule::EscTio2B | Rule::EscTio2A => guide(TIO2, PERIMETER),
        Rule::EscTio3G | Rule::EscTio3B | Rule::EscTio3A => guide(TIO3, TRACE),
        Rule::EscTio4G | Rule::EscTio4B | Rule::EscTio4A => guide(TIO4, PROTECT),
        Rule::T223 => guide(ELEVATED, VERIFY),
        Rule::PbElev
        | Rule::PbExist
        | Rule::ExRain
        | Rule::ExMed
        | Rule::ExNorm
        | Rule::ExNhb
        | Rule::Sn1
        | Rule::Sn2
        | Rule::Sn3
        | Rule::Dq01
        | Rule::Dq02
        | Rule::Dq03
        | Rule::Dq04
        | Rule::Dq05
        | Rule::Dq06
        | Rule::Dq07
        | Rule::Dq08
        | Rule::Dq09
        | Rule::Dq10
        | Rule::Dq11
        | Rule::Dq12
        | Rule::Dq13
        | Rule::Hy1
        | Rule::Nr => match class {
            Class::Emergency => guide(EMERGENCY, PERIMETER),
            Class::PossibleEmergency => guide(POSSIBLE, TRACE),
            Class::Invalid
            | Class::Normal
            | Class::Exempt
            | Class::ExistingManaged
            | Class::Elevated
            | Class::Unclassified => guide(ELEVATED, VERIFY),
        },
    }
}
