//! Sentences about comparisons, in both languages.

use super::source::Source;
use crate::criteria::geometry::Outcome;
use crate::criteria::trace::{Against, Compared, Sign, What};
use crate::criteria::words::Remarks;
use crate::language::Language;
use crate::reading::Quantity;

/// What a value is of, as a word for programs.
pub(super) const fn name(what: What) -> &'static str {
    match what {
        What::Quantity(quantity) => quantity.as_str(),
        What::YearlyDose => "yearly_dose",
        What::WorkerDose => "effective_dose",
        What::GrossBeta => "gross_beta",
        What::GrossAlpha => "gross_alpha",
        What::Tio6Sum => "tio6_sum",
        What::Hours => "hours",
        What::Points => "points",
        What::Minutes => "minutes",
        What::ActivityRatio => "a_over_d",
    }
}

/// Its unit, as records print it.
pub(super) const fn canonical_unit(what: What) -> Option<&'static str> {
    match what {
        What::Quantity(quantity) => Some(quantity.unit()),
        What::YearlyDose | What::WorkerDose => Some("mSv"),
        What::GrossBeta | What::GrossAlpha => Some("Bq/kg"),
        What::Hours => Some("h"),
        What::Minutes => Some("min"),
        What::Tio6Sum | What::Points | What::ActivityRatio => None,
    }
}

/// What a value is of, for people.
fn noun(what: What, language: Language) -> String {
    let (id, en) = match what {
        What::Quantity(quantity) => return language.quantity(quantity),
        What::YearlyDose => ("dosis setahun", "yearly dose"),
        What::WorkerDose => ("dosis efektif", "effective dose"),
        What::GrossBeta => ("beta total", "gross beta concentration"),
        What::GrossAlpha => ("alfa total", "gross alpha concentration"),
        What::Tio6Sum => ("jumlah C/TIO6", "sum of C/TIO6"),
        What::Hours => ("lama pengukuran", "time of measurement"),
        What::Points => ("jumlah titik", "number of points"),
        What::Minutes => ("lama kenaikan", "duration of the rise"),
        What::ActivityRatio => ("nisbah A/D", "ratio A/D"),
    };
    language.pick(id, en).to_owned()
}

fn unit(what: What, language: Language) -> &'static str {
    match what {
        What::Quantity(quantity) => language.unit(quantity),
        What::Hours => language.pick("jam", "h"),
        What::Minutes => language.pick("menit", "min"),
        other => canonical_unit(other).unwrap_or_default(),
    }
}

/// A number with its unit.
pub(super) fn amount(value: f64, what: What, language: Language) -> String {
    with_unit(language.number(value), what, language)
}

fn with_unit(number: String, what: What, language: Language) -> String {
    match unit(what, language) {
        "" => number,
        unit => format!("{number} {unit}"),
    }
}

/// A value so that it does not look like the level when it is not.
fn value(compared: &Compared, language: Language) -> String {
    let shown = language.number(compared.value);
    let looks_equal = shown == language.number(compared.level);
    let differs = (compared.value - compared.level).abs() > 1e-9 * compared.level.abs();
    let number = if looks_equal && differs {
        let exact = compared.value.to_string();
        match language {
            Language::Indonesian => exact.replace('.', ","),
            Language::English => exact,
        }
    } else {
        shown
    };
    with_unit(number, compared.what, language)
}

const fn verb(sign: Sign, holds: bool) -> (&'static str, &'static str) {
    match (sign, holds) {
        (Sign::Ge, true) => ("mencapai", "reaches"),
        (Sign::Ge, false) => ("tetap di bawah", "stays below"),
        (Sign::Gt, true) | (Sign::Le, false) => ("melebihi", "exceeds"),
        (Sign::Gt, false) => ("tidak melebihi", "does not exceed"),
        (Sign::Lt, true) => ("berada di bawah", "lies below"),
        (Sign::Lt, false) => ("tidak berada di bawah", "does not lie below"),
        (Sign::Le, true) => ("tidak melebihi", "is at most"),
    }
}

/// What a level is made of, as the end of a sentence.
fn basis(compared: &Compared, language: Language) -> String {
    let amount = |value| amount(value, compared.what, language);
    match (compared.basis, language) {
        (Against::Gross, _) => String::new(),
        (Against::Net(background), Language::Indonesian) => format!(
            ", yaitu {} di atas latar {} (neto)",
            amount(compared.level - background),
            amount(background)
        ),
        (Against::Net(background), Language::English) => format!(
            ", which is {} above the background of {} (net)",
            amount(compared.level - background),
            amount(background)
        ),
        (Against::Times(background), Language::Indonesian) => {
            format!(", yang dihitung dari latar {}", amount(background))
        }
        (Against::Times(background), Language::English) => {
            format!(
                ", which follows from the background of {}",
                amount(background)
            )
        }
        (Against::Baseline(baseline), Language::Indonesian) => format!(
            ", yang dihitung dari nilai {} saat penutupan",
            amount(baseline)
        ),
        (Against::Baseline(baseline), Language::English) => {
            format!(", which follows from {} at closing", amount(baseline))
        }
        (Against::Part(limit), Language::Indonesian) => {
            format!(", bagian dari batas {}", amount(limit))
        }
        (Against::Part(limit), Language::English) => {
            format!(", part of the limit of {}", amount(limit))
        }
    }
}

/// A comparison as a sentence. `it` is what the text speaks of already; a
/// comparison that holds is cited with its source.
pub(super) fn sentence(compared: &Compared, it: Option<What>, language: Language) -> String {
    let outcome = compared.fit.outcome(compared.holds);
    let subject = if it == Some(compared.what) {
        language.pick("nilai ini", "it").to_owned()
    } else {
        let noun = noun(compared.what, language);
        match language {
            Language::Indonesian => format!("{noun} {}", value(compared, language)),
            Language::English => format!("the {noun} of {}", value(compared, language)),
        }
    };
    let level = amount(compared.level, compared.what, language);
    let rule = compared.rule;
    if outcome == Outcome::Unknown {
        return match language {
            Language::Indonesian => {
                format!(
                    "Apakah {subject} mencapai {level} menurut aturan {rule} tidak dapat dikatakan dari jarak ini."
                )
            }
            Language::English => {
                format!(
                    "Whether {subject} reaches the {level} of rule {rule} cannot be said from this distance."
                )
            }
        };
    }
    let (id, en) = verb(compared.sign, compared.holds);
    let verb = language.pick(id, en);
    let cited = if compared.holds {
        format!(" ({})", Source::of(rule).text(language))
    } else {
        String::new()
    };
    let basis = basis(compared, language);
    let text = match language {
        Language::Indonesian => {
            format!("{subject} {verb} {level} menurut aturan {rule}{cited}{basis}.")
        }
        Language::English => format!("{subject} {verb} the {level} of rule {rule}{cited}{basis}."),
    };
    capitalised(&text)
}

/// With a capital letter at the beginning.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// The flags in one sentence; none without flags.
pub(super) fn flags(remarks: Remarks, language: Language) -> Option<String> {
    let listed: Vec<String> = remarks
        .iter()
        .map(|remark| format!("{remark} ({})", language.of(super::flags::says(remark))))
        .collect();
    (!listed.is_empty()).then(|| {
        let word = language.pick("Catatan", "Flags");
        format!("{word}: {}.", listed.join("; "))
    })
}

/// Whether a sentence may call a quantity "it".
pub(super) const fn subject_of(quantity: Option<Quantity>) -> Option<What> {
    match quantity {
        Some(quantity) => Some(What::Quantity(quantity)),
        None => None,
    }
}
