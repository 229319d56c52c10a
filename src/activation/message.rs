//! What people read, in Indonesian and English.
//!
//! One headline, then what, where, how much, since when, how sure, by which
//! instrument and rule, what is recommended and what to do first. Text from
//! outside is made inert: it can neither break a line nor steer a terminal.

use serde::{Deserialize, Serialize};

use super::guide::{self, Guide};
use super::id::Mode;
use super::place::{Coordinates, Place};
use super::state::{Activation, Evidence};
use super::transition::{Transition, Why};
use super::view::{EventContext, NAME_CHARS, next_contacts, where_now};
use crate::clock::{Wall, Zone};
use crate::criteria::{Class, Recommendation, Source, Subject};
use crate::error::excerpt;
use crate::language::Language;

/// One message in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// The whole in one line, for a subject or a pager.
    pub headline: String,
    /// Everything, a line each: `label: text`.
    pub lines: Vec<String>,
    /// One line for the log.
    pub log: String,
}

/// One message in both languages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// Indonesian.
    pub id: Words,
    /// English.
    pub en: Words,
}

/// A message about what a transition did, told because of `why`.
pub(super) fn text(transition: &Transition, why: Why, context: &EventContext) -> Text {
    let telling = Telling {
        activation: &transition.activation,
        why,
        at: transition.stamp.wall,
        next_contacts: next_contacts(transition),
        zone: context.zone,
        recorded: context.recorded,
    };
    Text {
        id: words(&telling, Language::Indonesian),
        en: words(&telling, Language::English),
    }
}

/// Makes foreign text safe to show: at most `max` characters, on one line,
/// control characters escaped, invisible and direction marks replaced.
pub(crate) fn inert(text: &str, max: usize) -> String {
    excerpt(text, max)
        .chars()
        .map(|c| match c {
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => '\u{fffd}',
            _ => c,
        })
        .collect()
}

struct Telling<'a> {
    activation: &'a Activation,
    why: Why,
    at: Wall,
    next_contacts: Option<Wall>,
    zone: Zone,
    recorded: bool,
}

fn words(telling: &Telling<'_>, language: Language) -> Words {
    let activation = telling.activation;
    let guide = guide::of(activation.rule, activation.class_max);
    let headline = headline(telling, &guide, language);
    let lines = lines(telling, &guide, language);
    let log = format!(
        "{headline} | {} v{} | {} | {}",
        activation.id,
        activation.version,
        activation.rule,
        place(activation, language),
    );
    Words {
        headline,
        lines,
        log,
    }
}

fn headline(telling: &Telling<'_>, guide: &Guide, language: Language) -> String {
    let activation = telling.activation;
    let mut text = String::new();
    if activation.mode == Mode::Exercise {
        text.push_str("LATIHAN / EXERCISE: ");
    }
    let news = match telling.why {
        Why::Raised if activation.late => language.pick("DITERIMA TERLAMBAT", "RECEIVED LATE"),
        Why::Raised => language.pick("BARU", "NEW"),
        Why::Risen => language.pick("NAIK TINGKAT", "RISEN"),
        Why::Reopened => language.pick("TERJADI LAGI", "BACK AGAIN"),
        Why::Cleared => language.pick("MEREDA, BELUM DIAKUI", "CLEARED, NOT ACKNOWLEDGED"),
        Why::Closed => language.pick("DITUTUP", "CLOSED"),
        Why::Merged => language.pick("DIGABUNG", "MERGED"),
        Why::Updated => language.pick("PEMUTAKHIRAN", "UPDATE"),
        Why::Escalated => language.pick(
            "BELUM DIAKUI, KONTAK BERIKUTNYA",
            "NOT ACKNOWLEDGED, NEXT CONTACTS",
        ),
        Why::Reminder => language.pick("MASIH BELUM DIAKUI", "STILL NOT ACKNOWLEDGED"),
        Why::Shelved => language.pick("NOTIFIKASI DITUNDA", "NOTIFICATIONS SHELVED"),
        Why::Unshelved => language.pick("PENUNDAAN BERAKHIR", "NO LONGER SHELVED"),
        Why::BackInService => language.pick("ALAT BERTUGAS LAGI", "STATION BACK IN SERVICE"),
        Why::Uninhibited => language.pick("MASIH BERLANGSUNG", "STILL GOING ON"),
    };
    let highest = &activation.highest;
    text.push_str(&format!(
        "{news}: {}; {} {}, {}",
        language.of(guide.meaning),
        language.quantity(highest.quantity),
        amount(highest, language),
        short_place(activation, language),
    ));
    text
}

fn lines(telling: &Telling<'_>, guide: &Guide, language: Language) -> Vec<String> {
    let activation = telling.activation;
    let highest = &activation.highest;
    let mut lines = Vec::new();
    let mut line = |id: &str, en: &str, text: String| {
        lines.push(format!("{}: {text}", language.pick(id, en)));
    };

    if activation.mode == Mode::Exercise {
        line(
            "LATIHAN / EXERCISE",
            "LATIHAN / EXERCISE",
            language
                .pick("bukan kejadian nyata", "not a real event")
                .to_owned(),
        );
    }
    let class = format!("{} ({})", language.of(guide.meaning), activation.class_max);
    line("Apa", "What", class);
    line("Keadaan", "State", state(telling, language));
    line("Di mana", "Where", place(activation, language));
    line("Berapa", "How much", how_much(highest, language));
    line("Sejak", "Since", both_zones(activation.onset, telling.zone));
    if activation.late {
        let text = format!(
            "{} {}; {} {}",
            language.pick("teramati", "observed"),
            both_zones(highest.measured, telling.zone),
            language.pick("diterima", "received"),
            both_zones(highest.received, telling.zone),
        );
        line("Terlambat", "Late", text);
    }
    line("Keyakinan", "How sure", how_sure(activation, language));
    line("Alat", "Instrument", instrument(highest, language));
    line("Aturan", "Rule", rules(activation, language));
    line(
        "Status yang disarankan",
        "Recommended status",
        status(activation.recommendation, language),
    );
    line(
        "Tindakan pertama",
        "Do first",
        language.of(guide.first).to_owned(),
    );
    if let Some(at) = telling.next_contacts {
        let text = format!(
            "{} {}",
            language.pick(
                "bila belum diakui, kontak berikutnya diberi tahu pada",
                "unless acknowledged, the next contacts are told at"
            ),
            both_zones(at, telling.zone),
        );
        line("Selanjutnya", "Next", text);
    }
    if activation.members.len() > 1 {
        line("Saluran", "Channels", members(activation, language));
    }
    let identity = format!(
        "{} v{}, {}",
        activation.id,
        activation.version,
        both_zones(telling.at, telling.zone)
    );
    line("Aktivasi", "Activation", identity);
    if !telling.recorded {
        let text = language.pick(
            "jurnal tidak dapat ditulis",
            "the journal could not be written",
        );
        line("Tidak tercatat", "Not recorded", text.to_owned());
    }
    lines
}

fn state(telling: &Telling<'_>, language: Language) -> String {
    let activation = telling.activation;
    let mut text = activation.shown().as_str().to_owned();
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
        text.push_str(&format!(
            "; {word} {until}, {by} {}",
            inert(&shelf.by, NAME_CHARS)
        ));
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

fn amount(evidence: &Evidence, language: Language) -> String {
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

fn how_much(evidence: &Evidence, language: Language) -> String {
    let mut text = format!(
        "{} {}",
        language.quantity(evidence.quantity),
        amount(evidence, language)
    );
    if let Some(level) = evidence.level {
        let word = language.pick("tingkat", "level");
        let unit = language.unit(evidence.quantity);
        text.push_str(&format!(" ({word} ≥ {} {unit})", language.number(level)));
    }
    text
}

fn short_place(activation: &Activation, language: Language) -> String {
    match (&activation.place, where_now(activation)) {
        (Place::Site(site), _) => inert(&site.name, NAME_CHARS),
        (Place::Item { name }, _) => inert(name, NAME_CHARS),
        (Place::Area | Place::Instrument { .. }, Some(at)) => degrees(at, language),
        (Place::Area | Place::Instrument { .. }, None) => language
            .pick("tanpa posisi", "without a position")
            .to_owned(),
    }
}

fn place(activation: &Activation, language: Language) -> String {
    let mut text = short_place(activation, language);
    if let Some(at) = where_now(activation) {
        if matches!(activation.place, Place::Site(_) | Place::Item { .. }) {
            text.push_str(", ");
            text.push_str(&degrees(at, language));
        }
        text.push_str(&format!(", geo:{:.5},{:.5}", at.lat, at.lon));
    }
    let subject = match activation.subject {
        Subject::Environment => language.pick("lingkungan", "environment"),
        Subject::Person => language.pick("personil", "person"),
        Subject::Object => language.pick("barang", "object"),
    };
    text.push_str(&format!(" ({subject})"));
    text
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

fn how_sure(activation: &Activation, language: Language) -> String {
    let mut text = if activation.confirmed {
        language.pick("terkonfirmasi", "confirmed")
    } else {
        language.pick(
            "belum terkonfirmasi (satu pembacaan)",
            "unconfirmed (one reading)",
        )
    }
    .to_owned();
    for remark in activation.remarks.iter() {
        text.push_str(", ");
        text.push_str(remark.as_str());
    }
    text
}

fn instrument(evidence: &Evidence, language: Language) -> String {
    let factor = evidence.factor.as_ref().map_or_else(
        || {
            language
                .pick("tanpa faktor kalibrasi", "no calibration factor")
                .to_owned()
        },
        |factor| {
            let word = language.pick("faktor kalibrasi", "calibration factor");
            format!("{word} {}", inert(factor, NAME_CHARS))
        },
    );
    format!("{}, {factor}", evidence.instrument)
}

fn rules(activation: &Activation, language: Language) -> String {
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

fn status(recommendation: Recommendation, language: Language) -> String {
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

fn members(activation: &Activation, language: Language) -> String {
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
