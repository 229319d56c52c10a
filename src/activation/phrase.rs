//! The answers of a message, one phrase for each thing a person asks.

use std::time::Duration;

use super::inert;
use super::message::Telling;
use super::place::{Coordinates, Place};
use super::state::{Activation, ConfirmedBy, Evidence, Shown};
use super::view::{NAME_CHARS, where_now};
use crate::clock::{Wall, Zone};
use crate::criteria::explain::flag_says;
use crate::criteria::{BackgroundSource, Class, Recommendation, Source, Subject};
use crate::language::Language;

const fn unknown(language: Language) -> &'static str {
    match language {
        Language::Indonesian => "tidak diketahui",
        Language::English => "unknown",
    }
}

/// What it is shown as: the word that programs use, and what it says.
pub(super) fn state(telling: &Telling<'_>, language: Language) -> String {
    let activation = telling.activation;
    let shown = activation.shown();
    let says = match shown {
        Shown::Raised => language.pick("berlangsung, belum diakui", "present, not acknowledged"),
        Shown::Acked => language.pick("berlangsung, sudah diakui", "present, acknowledged"),
        Shown::ClearedUnacked => language.pick(
            "tidak lagi berlangsung, belum diakui",
            "no longer present, not acknowledged",
        ),
        Shown::Closed => language.pick("selesai", "over"),
    };
    let mut text = format!("{} ({says})", shown.as_str());
    if activation.class != Class::Normal && activation.class != activation.class_max {
        let now = language.pick("kini", "now");
        text.push_str(&format!("; {now} {}", activation.class));
    }
    if activation.unknown {
        text.push_str("; ");
        text.push_str(language.pick(
            "data hilang, keadaan tidak diketahui",
            "data lost, state not known",
        ));
    }
    if let Some(ack) = &activation.ack {
        let by = language.pick("diakui oleh", "acknowledged by");
        text.push_str(&format!("; {by} {}", inert(&ack.by, NAME_CHARS)));
    }
    if let Some(shelf) = &activation.shelf {
        let word = language.pick("notifikasi ditunda sampai", "shelved until");
        let by = language.pick("oleh", "by");
        let until = both_zones(shelf.until_wall, telling.zone);
        let name = inert(&shelf.by, NAME_CHARS);
        text.push_str(&format!("; {word} {until}, {by} {name}"));
        if let Some(second) = &shelf.second {
            text.push_str(&format!(" + {}", inert(second, NAME_CHARS)));
        }
        text.push_str(&format!(": {}", inert(&shelf.reason, NAME_CHARS)));
    }
    if activation.out_of_service {
        text.push_str("; ");
        text.push_str(language.pick("alat sedang tidak bertugas", "station out of service"));
    }
    if let Some(by) = &activation.inhibited_by {
        let word = language.pick("di samping", "beside");
        text.push_str(&format!("; {word} {by}"));
    }
    let into = activation
        .closed
        .as_ref()
        .and_then(|closed| closed.merged_into.as_ref());
    if let Some(into) = into {
        let word = language.pick("berlanjut sebagai", "goes on as");
        text.push_str(&format!("; {word} {into}"));
    }
    text
}

pub(super) fn amount(evidence: &Evidence, language: Language) -> String {
    let Some(value) = evidence.value else {
        return language
            .pick(
                "di atas jangkauan alat",
                "beyond the range of the instrument",
            )
            .to_owned();
    };
    let sign = if evidence.at_least { "≥ " } else { "" };
    let unit = language.unit(evidence.quantity);
    format!("{sign}{} {unit}", language.number(value))
}

/// The value with its unit, and what it is of.
pub(super) fn how_much(evidence: &Evidence, language: Language) -> String {
    format!(
        "{} {}",
        language.quantity(evidence.quantity),
        amount(evidence, language)
    )
}

/// The value against its level, against the levels of the criteria, and against
/// what this instrument shows without a source.
pub(super) fn compared(activation: &Activation, language: Language) -> String {
    let evidence = &activation.highest;
    let behind = &evidence.behind;
    let unit = language.unit(evidence.quantity);
    let number = |value: f64| format!("{} {unit}", language.number(value));
    let mut parts = Vec::new();
    if let Some((value, level)) = evidence.value.zip(evidence.level) {
        let of = language.pick("tingkat", "the level of");
        parts.push(format!(
            "{} {of} {}",
            times(value, level, language),
            number(level)
        ));
    } else if let Some(level) = evidence.level {
        let word = language.pick("tingkat", "level");
        parts.push(format!("{word} {}", number(level)));
    }
    let (possible, emergency) = level_names(activation.subject, language);
    let levels = [
        (possible, behind.possible_at),
        (emergency, behind.emergency_at),
    ];
    let stands = levels.into_iter().filter_map(|(name, level)| {
        let (value, level) = (evidence.value?, level?);
        let word = if value > level {
            language.pick("di atas", "above")
        } else if value < level {
            language.pick("di bawah", "below")
        } else {
            language.pick("tepat pada", "at")
        };
        Some(format!("{word} {name} ({})", number(level)))
    });
    parts.extend(stands);
    parts.push(match (evidence.value, behind.background) {
        (Some(value), Some(background)) => {
            let of = language.pick("latar alat ini", "this instrument's background");
            let from = background_from(behind.background_from.as_deref(), language);
            format!(
                "{} {of} ({}, {from})",
                times(value, background, language),
                number(background)
            )
        }
        (None, Some(background)) => {
            let of = language.pick("latar alat ini", "this instrument's background");
            let from = background_from(behind.background_from.as_deref(), language);
            format!("{of} {}, {from}", number(background))
        }
        (_, None) => format!(
            "{} {}",
            language.pick("latar alat ini", "this instrument's background"),
            unknown(language)
        ),
    });
    parts.join("; ")
}

/// `1.43 ×`, as precisely as it means something.
fn times(value: f64, of: f64, language: Language) -> String {
    let ratio = value / of;
    if !ratio.is_finite() {
        let word = language.pick("lebih tinggi dari", "higher than");
        return word.to_owned();
    }
    let step = match ratio {
        r if r >= 100.0 => 1.0,
        r if r >= 10.0 => 10.0,
        _ => 100.0,
    };
    format!("{} ×", language.number((ratio * step).round() / step))
}

/// What the two levels are called for a subject.
const fn level_names(subject: Subject, language: Language) -> (&'static str, &'static str) {
    let plain = match language {
        Language::Indonesian => ("tingkat kemungkinan kedaruratan", "tingkat kedaruratan"),
        Language::English => (
            "the level of a possible emergency",
            "the level of an emergency",
        ),
    };
    match subject {
        Subject::Environment => ("TIO3", "TIO2"),
        Subject::Person => (plain.0, "TIO4"),
        Subject::Object => plain,
    }
}

fn background_from(source: Option<&str>, language: Language) -> &'static str {
    match source.and_then(BackgroundSource::from_word) {
        Some(BackgroundSource::Measured) => language.pick("diukur", "measured"),
        Some(BackgroundSource::Learned) => {
            language.pick("median yang dipelajari", "learned median")
        }
        Some(BackgroundSource::SiteSurvey) => language.pick("survei tapak", "site survey"),
        Some(BackgroundSource::Assumed) => language.pick("diandaikan", "assumed"),
        None => language.pick("asalnya tidak diketahui", "of unknown origin"),
    }
}

/// The place by its name, else by its coordinates.
pub(super) fn short_place(activation: &Activation, language: Language) -> String {
    match (&activation.place, where_now(activation)) {
        (Place::Site(site), _) => inert(&site.name, NAME_CHARS),
        (Place::Item { name }, _) => inert(name, NAME_CHARS),
        (Place::Area | Place::Instrument { .. }, Some(at)) => degrees(at, language),
        (Place::Area | Place::Instrument { .. }, None) => language
            .pick("tanpa posisi", "without a position")
            .to_owned(),
    }
}

/// The place, its coordinates, and whose radiation it is.
pub(super) fn place(activation: &Activation, language: Language) -> String {
    let mut text = short_place(activation, language);
    if matches!(activation.place, Place::Site(_) | Place::Item { .. }) {
        text.push_str(", ");
        match where_now(activation) {
            Some(at) => text.push_str(&degrees(at, language)),
            None => text.push_str(language.pick("tanpa posisi", "without a position")),
        }
    }
    let subject = match activation.subject {
        Subject::Environment => language.pick("lingkungan", "environment"),
        Subject::Person => language.pick("personil", "person"),
        Subject::Object => language.pick("barang", "object"),
    };
    text.push_str(&format!(" ({subject})"));
    text
}

/// A link that opens a map (RFC 5870), with the error of the position where
/// that is known.
pub(super) fn map(activation: &Activation, language: Language) -> String {
    let Some(at) = where_now(activation) else {
        return unknown(language).to_owned();
    };
    // The position of a site is no reading's.
    let error = match activation.place {
        Place::Site(_) => None,
        Place::Item { .. } | Place::Area | Place::Instrument { .. } => {
            activation.latest.behind.position_error_m
        }
    };
    let error = error.map_or(String::new(), |metres| format!(";u={metres:.0}"));
    format!("geo:{:.5},{:.5}{error}", at.lat, at.lon)
}

/// Degrees with their hemispheres, to about a metre.
fn degrees(at: Coordinates, language: Language) -> String {
    let (north, south, east, west) = match language {
        Language::Indonesian => ("LU", "LS", "BT", "BB"),
        Language::English => ("N", "S", "E", "W"),
    };
    let one = |value: f64, plus: &str, minus: &str| {
        let number = format!("{:.5}", value.abs());
        let number = match language {
            Language::Indonesian => number.replace('.', ","),
            Language::English => number,
        };
        format!("{number}° {}", if value < 0.0 { minus } else { plus })
    };
    format!("{} {}", one(at.lat, north, south), one(at.lon, east, west))
}

/// `2026-03-14 10:00:05 WIB (2026-03-14 03:00:05 UTC)`.
pub(crate) fn both_zones(at: Wall, zone: Zone) -> String {
    let utc = Zone::Utc.local(at);
    match zone {
        Zone::Utc => utc,
        Zone::Wib | Zone::Wita | Zone::Wit => format!("{} ({utc})", zone.local(at)),
    }
}

/// When it began, and how long it lasts or lasted.
pub(super) fn since(telling: &Telling<'_>, language: Language) -> String {
    let activation = telling.activation;
    let onset = both_zones(activation.onset, telling.zone);
    let lasted = |until: Wall| {
        let nanos = until.as_nanos() - activation.onset.as_nanos();
        language.duration(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)))
    };
    if activation.is_present() {
        let word = language.pick("sudah", "for");
        format!("{onset}; {word} {}", lasted(telling.at))
    } else {
        let last = activation.last_measured();
        format!(
            "{onset}; {} {}; {} {}",
            language.pick("selama", "lasted"),
            lasted(last),
            language.pick("terakhir pada tingkat", "last at a level"),
            both_zones(last, telling.zone)
        )
    }
}

/// Whether anything but one reading says so, and what.
pub(super) fn how_sure(activation: &Activation, language: Language) -> String {
    if !activation.confirmed {
        let text = language.pick(
            "belum terkonfirmasi (satu pembacaan)",
            "unconfirmed (one reading)",
        );
        return text.to_owned();
    }
    let by = match activation.confirmed_by {
        Some(ConfirmedBy::Counts) => language.pick(
            "oleh jumlah cacahnya sendiri (batas bawah 99,99 % mencapai tingkat)",
            "by its own counts (99.99 % lower bound at the level)",
        ),
        Some(ConfirmedBy::SecondReading) => {
            language.pick("oleh pembacaan kedua", "by a second reading")
        }
        Some(ConfirmedBy::Neighbour) => {
            language.pick("oleh alat lain di dekatnya", "by another instrument nearby")
        }
        None => unknown(language),
    };
    format!("{} {by}", language.pick("terkonfirmasi", "confirmed"))
}

/// The flags of the readings, each with what it says.
pub(super) fn flags(activation: &Activation, language: Language) -> String {
    let flags: Vec<String> = activation
        .remarks
        .iter()
        .map(|flag| format!("{flag} ({})", language.of(flag_says(flag))))
        .collect();
    if flags.is_empty() {
        language.pick("tidak ada", "none").to_owned()
    } else {
        flags.join("; ")
    }
}

/// Which instrument saw the highest value.
pub(super) fn instrument(activation: &Activation, language: Language) -> String {
    let evidence = &activation.highest;
    let behind = &evidence.behind;
    let model = match &behind.model {
        Some(model) => inert(model, NAME_CHARS),
        None => format!("{} {}", language.pick("model", "model"), unknown(language)),
    };
    let mut text = format!("{}, {model}", evidence.instrument);
    if let Some(profile) = &behind.profile {
        let word = language.pick("profil", "profile");
        text.push_str(&format!(" ({word} {})", inert(profile, NAME_CHARS)));
    }
    if let Place::Site(site) = &activation.place {
        let word = language.pick("di", "at");
        text.push_str(&format!(", {word} {}", inert(&site.name, NAME_CHARS)));
    }
    text
}

/// What made the number out of the instrument's own, and how long that holds.
pub(super) fn calibration(telling: &Telling<'_>, language: Language) -> String {
    let evidence = &telling.activation.highest;
    let behind = &evidence.behind;
    let factor = match &evidence.factor {
        Some(factor) => {
            let word = language.pick("faktor", "factor");
            format!("{word} {}", inert(factor, NAME_CHARS))
        }
        None => language
            .pick(
                "tanpa faktor, nilai alat sendiri",
                "no factor, the instrument's own value",
            )
            .to_owned(),
    };
    let certificate = match &behind.certificate {
        Some(certificate) => inert(certificate, NAME_CHARS),
        None => unknown(language).to_owned(),
    };
    let valid = match behind.valid_until {
        Some(until) => {
            let word = if until < telling.at {
                language.pick("LEWAT MASA BERLAKU sejak", "EXPIRED since")
            } else {
                language.pick("berlaku sampai", "valid until")
            };
            format!("{word} {}", both_zones(until, telling.zone))
        }
        None => format!(
            "{} {}",
            language.pick("masa berlaku", "validity"),
            unknown(language)
        ),
    };
    let word = language.pick("sertifikat", "certificate");
    format!("{factor}; {word} {certificate}; {valid}")
}

/// The rule with document, table and page, and those beside it.
pub(super) fn rules(activation: &Activation, language: Language) -> String {
    let source = Source::of(activation.rule.as_str()).text(language);
    let mut text = format!("{} ({source})", activation.rule);
    let mut word = language.pick("; juga ", "; also ");
    for rule in activation.also.iter() {
        text.push_str(word);
        text.push_str(rule.as_str());
        word = ", ";
    }
    text
}

/// The recommended status; a person sets it.
pub(super) fn status(recommendation: Recommendation, language: Language) -> String {
    let word = match recommendation {
        Recommendation::None => language.pick("tidak ada", "none"),
        Recommendation::Siaga => "SIAGA",
        Recommendation::AktifParsial => "AKTIF PARSIAL",
    };
    let who = language.pick(
        "saran; yang berwenang memutuskan",
        "advice; the named official decides",
    );
    format!("{word} ({who})")
}

/// Every channel and its highest value.
pub(super) fn members(activation: &Activation, language: Language) -> String {
    activation
        .members
        .iter()
        .map(|member| {
            format!(
                "{} {} {}",
                member.key.instrument,
                language.quantity(member.key.quantity),
                amount(&member.highest, language)
            )
        })
        .collect::<Vec<_>>()
        .join("; ")
}
