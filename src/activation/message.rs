//! What people read, in Indonesian and English.
//!
//! One headline, then a line for each thing a person asks: what, where, how
//! much and against what, since when, how sure, by which instrument and rule,
//! what is recommended and what to do first. What is not known is said to be
//! unknown. Text from outside is made inert: it can neither break a line nor
//! steer a terminal.

use serde::{Deserialize, Serialize};

use super::guide::{self, Guide};
use super::id::Mode;
use super::phrase::{self, both_zones};
use super::sms;
use super::state::Activation;
use super::transition::{Transition, Why};
use super::view::{EventContext, next_contacts};
use crate::clock::{Wall, Zone};
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
    /// One text message: at most 160 characters of the basic GSM alphabet.
    /// Empty in records of before there was one.
    #[serde(default)]
    pub sms: String,
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

/// What is told, and to whom in which zone.
pub(super) struct Telling<'a> {
    pub(super) activation: &'a Activation,
    pub(super) why: Why,
    pub(super) at: Wall,
    pub(super) next_contacts: Option<Wall>,
    pub(super) zone: Zone,
    pub(super) recorded: bool,
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
        phrase::place(activation, language),
    );
    Words {
        headline,
        lines,
        log,
        sms: sms::sms(telling, &guide, language),
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
        phrase::amount(highest, language),
        phrase::short_place(activation, language),
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
        let text = language.pick("bukan kejadian nyata", "not a real event");
        line("LATIHAN / EXERCISE", "LATIHAN / EXERCISE", text.to_owned());
    }
    let class = format!("{} ({})", language.of(guide.meaning), activation.class_max);
    line("Apa", "What", class);
    line("Keadaan", "State", phrase::state(telling, language));
    line("Di mana", "Where", phrase::place(activation, language));
    line("Peta", "Map", phrase::map(activation, language));
    line("Berapa", "How much", phrase::how_much(highest, language));
    line(
        "Dibandingkan",
        "Compared",
        phrase::compared(activation, language),
    );
    line("Sejak", "Since", phrase::since(telling, language));
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
    line(
        "Keyakinan",
        "How sure",
        phrase::how_sure(activation, language),
    );
    line("Catatan", "Flags", phrase::flags(activation, language));
    line(
        "Alat",
        "Instrument",
        phrase::instrument(activation, language),
    );
    line(
        "Kalibrasi",
        "Calibration",
        phrase::calibration(telling, language),
    );
    line("Aturan", "Rule", phrase::rules(activation, language));
    line(
        "Status yang disarankan",
        "Recommended status",
        phrase::status(activation.recommendation, language),
    );
    line(
        "Tindakan pertama",
        "Do first",
        guide.first.in_full(language),
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
        line("Saluran", "Channels", phrase::members(activation, language));
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
