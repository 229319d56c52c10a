//! What people read of a fault, in Indonesian and English: what, since when,
//! which stations, what to do.

use super::state::Fault;
use super::transition::FaultTransition;
use super::words::{FaultKind, Priority};
use crate::activation::{
    Event, EventContext, FaultView, Text, Why, Words, both_zones, inert, sms_fitted,
};
use crate::clock::Wall;
use crate::language::{Bilingual, Language};

/// The network as a whole, where a fault needs a name of it.
pub const NETWORK: &str = "network";

/// Longest name, and longest text, that are passed on, in characters.
const NAME_CHARS: usize = 80;
const TEXT_CHARS: usize = 500;

/// Names of a list that people read; programs get all.
const NAMED: usize = 50;

/// What a transition tells; `None` when it is only recorded.
pub fn event(transition: &FaultTransition, context: &EventContext) -> Option<Event> {
    let why = transition.tell?;
    let fault = &transition.fault;
    let at = transition.stamp.wall;
    let words = |language| words(fault, why, at, context, language);
    let text = Text {
        id: words(Language::Indonesian),
        en: words(Language::English),
    };
    // What says a version again is a message of its own.
    let id = if matches!(why, Why::Escalated | Why::Reminder) {
        let said = fault.escalation.said;
        format!("{}.{}.r{said}", fault.id, fault.version)
    } else {
        format!("{}.{}", fault.id, fault.version)
    };
    Some(Event {
        reach: transition.reach,
        fault: Some(view(fault, None)),
        ..Event::plain(id, why.as_str(), at, context, text)
    })
}

/// The outside of a fault, and the one that speaks for it.
pub(super) fn view(fault: &Fault, inhibitor: Option<&Fault>) -> FaultView {
    let both = |text: (&str, &str)| Bilingual {
        id: text.0.to_owned(),
        en: text.1.to_owned(),
    };
    FaultView {
        id: fault.id.to_string(),
        version: fault.version,
        state: fault.shown().as_str().to_owned(),
        kind: fault.key.kind.to_string(),
        what: inert(&fault.key.what, NAME_CHARS),
        priority: fault.priority.to_string(),
        present: fault.present,
        acked: fault.ack.is_some(),
        acked_by: fault.ack.as_ref().map(|ack| inert(&ack.by, NAME_CHARS)),
        onset: fault.onset.to_string(),
        ended_at: fault.ended.map(|ended| ended.wall.to_string()),
        times: fault.times,
        detail: Bilingual {
            id: inert(&fault.detail.id, TEXT_CHARS),
            en: inert(&fault.detail.en, TEXT_CHARS),
        },
        list: fault
            .list
            .iter()
            .map(|name| inert(name, NAME_CHARS))
            .collect(),
        inhibited_by: inhibitor.map(|fault| fault.id.to_string()),
        meaning: both(meaning(fault.key.kind)),
        advice: both(advice(fault.key.kind)),
    }
}

fn words(fault: &Fault, why: Why, at: Wall, context: &EventContext, language: Language) -> Words {
    let pick = |id: &'static str, en: &'static str| language.pick(id, en);
    let of = |both: (&'static str, &'static str)| language.pick(both.0, both.1);
    let news = match why {
        Why::Raised => pick("GANGGUAN", "FAULT"),
        Why::Risen => pick("GANGGUAN MEMBURUK", "FAULT RISEN"),
        Why::Reopened => pick("GANGGUAN TERJADI LAGI", "FAULT BACK AGAIN"),
        Why::Cleared => pick(
            "GANGGUAN BERAKHIR, BELUM DIAKUI",
            "FAULT OVER, NOT ACKNOWLEDGED",
        ),
        Why::Closed | Why::Merged => pick("GANGGUAN DITUTUP", "FAULT CLOSED"),
        Why::Escalated | Why::Reminder => pick("GANGGUAN BELUM DIAKUI", "FAULT NOT ACKNOWLEDGED"),
        Why::Updated | Why::Shelved | Why::Unshelved | Why::BackInService | Why::Uninhibited => {
            pick("GANGGUAN, PEMUTAKHIRAN", "FAULT, UPDATE")
        }
    };
    let what = inert(&fault.key.what, NAME_CHARS);
    let meaning = of(meaning(fault.key.kind));
    let subject = if fault.list.is_empty() {
        what.clone()
    } else {
        format!("{} {}", fault.list.len(), pick("stasiun", "stations"))
    };
    let headline = format!("{news}: {meaning}; {subject}");
    let mut lines = Vec::new();
    let mut line = |id: &'static str, en: &'static str, text: String| {
        lines.push(format!("{}: {text}", language.pick(id, en)));
    };
    line(
        "Apa",
        "What",
        format!("{meaning} ({}, {what})", fault.key.kind),
    );
    line("Keadaan", "State", state(fault, language));
    line(
        "Prioritas",
        "Priority",
        priority(fault.priority, language).to_owned(),
    );
    line("Sejak", "Since", both_zones(fault.onset, context.zone));
    let detail = language.pick(&fault.detail.id, &fault.detail.en);
    if !detail.is_empty() {
        line("Terlihat", "Seen", inert(detail, TEXT_CHARS));
    }
    if !fault.list.is_empty() {
        line("Stasiun", "Stations", named(fault, language));
    }
    line(
        "Tindakan",
        "What to do",
        of(advice(fault.key.kind)).to_owned(),
    );
    let identity = format!(
        "{} v{}, {}",
        fault.id,
        fault.version,
        both_zones(at, context.zone)
    );
    line("Gangguan", "Fault", identity);
    if !context.recorded {
        let text = pick(
            "jurnal tidak dapat ditulis",
            "the journal could not be written",
        );
        line("Tidak tercatat", "Not recorded", text.to_owned());
    }
    let log = format!(
        "{headline} | {} v{} | {}",
        fault.id, fault.version, fault.priority
    );
    let sms = sms_fitted(
        &format!("{news}: {meaning}; "),
        &subject,
        &format!(". {} {}", fault.id, context.zone.short(at)),
    );
    Words {
        headline,
        lines,
        log,
        sms,
    }
}

fn state(fault: &Fault, language: Language) -> String {
    let mut text = fault.shown().as_str().to_owned();
    if fault.times > 1 {
        let times = fault.times;
        text.push_str(&match language {
            Language::Indonesian => format!("; {times} kali"),
            Language::English => format!("; {times} times"),
        });
    }
    if let Some(ack) = &fault.ack {
        let by = language.pick("diakui oleh", "acknowledged by");
        text.push_str(&format!("; {by} {}", inert(&ack.by, NAME_CHARS)));
    }
    text
}

fn named(fault: &Fault, language: Language) -> String {
    let names = fault.list.iter().take(NAMED);
    let names: Vec<String> = names.map(|name| inert(name, NAME_CHARS)).collect();
    let mut text = format!("{}: {}", fault.list.len(), names.join(", "));
    let more = fault.list.len().saturating_sub(NAMED);
    if more > 0 {
        text.push_str(&match language {
            Language::Indonesian => format!(" dan {more} lagi"),
            Language::English => format!(" and {more} more"),
        });
    }
    text
}

fn priority(priority: Priority, language: Language) -> &'static str {
    match priority {
        Priority::High => language.pick("tinggi", "high"),
        Priority::Normal => language.pick("biasa", "normal"),
        Priority::Low => language.pick("rendah", "low"),
    }
}

/// In Indonesian and English.
const fn meaning(kind: FaultKind) -> (&'static str, &'static str) {
    match kind {
        FaultKind::Silent => ("stasiun diam", "station silent"),
        FaultKind::Stuck => ("nilai macet", "value stuck"),
        FaultKind::Dead => ("detektor mati", "detector dead"),
        FaultKind::ZeroRepeated => ("nilai nol berulang", "zero again and again"),
        FaultKind::Collapse => (
            "nilai jatuh setelah naik: detektor jenuh",
            "value collapsed after a rise: detector overloaded",
        ),
        FaultKind::SequenceGap => ("nomor pesan hilang", "message numbers missing"),
        FaultKind::MassSilence => ("banyak stasiun diam", "many stations silent"),
        FaultKind::Link => ("jalur alat putus", "instrument's line down"),
        FaultKind::Broker => ("broker tidak terjangkau", "broker out of reach"),
        FaultKind::Subscription => ("langganan tidak dikonfirmasi", "subscription not confirmed"),
        FaultKind::Store => ("penyimpanan gagal", "store failing"),
        FaultKind::Backlog => ("antrean penyimpanan penuh", "readings waiting for the disk"),
        FaultKind::Journal => ("jurnal tidak tertulis", "journal not written"),
        FaultKind::ClockStep => ("jam melompat", "clock jumped"),
        FaultKind::Delivery => ("penerima tidak menerima", "subscriber accepts nothing"),
        FaultKind::DeadLetter => ("pesan tidak terkirim", "message given up"),
        FaultKind::StateLost => ("keadaan alarm hilang", "alarm state lost"),
        FaultKind::Restart => ("Pantau dimulai ulang", "Pantau was down"),
        FaultKind::Evaluator => ("kesalahan program", "bug of the program"),
        FaultKind::Configuration => ("konfigurasi ditolak", "configuration refused"),
        FaultKind::StationRemoved => ("stasiun dihapus", "stations removed"),
    }
}

/// In Indonesian and English.
const fn advice(kind: FaultKind) -> (&'static str, &'static str) {
    match kind {
        FaultKind::Silent => (
            "Periksa daya dan jaringan stasiun; tempat itu kini tidak terpantau.",
            "Check the station's power and network; the place is not watched now.",
        ),
        FaultKind::Stuck | FaultKind::ZeroRepeated => (
            "Periksa alat; jangan percaya nilainya sampai jelas.",
            "Check the instrument; do not trust its values until it is clear.",
        ),
        FaultKind::Dead => (
            "Ganti atau periksa detektor; nilainya terlalu rendah untuk latar setempat.",
            "Check or replace the detector; its values are too low for this place.",
        ),
        FaultKind::Collapse => (
            "Anggap medan tinggi; ukur dengan alat lain dari jarak aman.",
            "Take the field as high; measure with another instrument from a safe distance.",
        ),
        FaultKind::SequenceGap => (
            "Periksa jaringan antara stasiun dan broker.",
            "Check the network between station and broker.",
        ),
        FaultKind::MassSilence => (
            "Periksa jaringan dan broker segera; pikirkan pula gangguan yang disengaja.",
            "Check network and broker at once; consider interference on purpose, too.",
        ),
        FaultKind::Link => (
            "Periksa kabel, port dan daya alat.",
            "Check the instrument's cable, port and power.",
        ),
        FaultKind::Broker | FaultKind::Subscription => (
            "Periksa broker dan jaringan; stasiun di belakangnya tidak terpantau.",
            "Check broker and network; the stations behind are not watched.",
        ),
        FaultKind::Store | FaultKind::Backlog => (
            "Periksa disk; alarm tetap berjalan, pembacaan menunggu.",
            "Check the disk; alarms go on, readings wait.",
        ),
        FaultKind::Journal => (
            "Periksa disk; alarm tetap dikirim, tetapi belum tercatat.",
            "Check the disk; alarms are told all the same, but not recorded yet.",
        ),
        FaultKind::ClockStep => (
            "Periksa sinkronisasi waktu; cap waktu di sekitarnya meragukan.",
            "Check time synchronisation; time stamps around it are in doubt.",
        ),
        FaultKind::Delivery | FaultKind::DeadLetter => (
            "Periksa saluran ini; sampaikan alarm yang tertunda dengan cara lain.",
            "Check this channel; pass on what waits by another way.",
        ),
        FaultKind::StateLost => (
            "Periksa aktivasi yang terbuka; yang masih berlaku akan dinyatakan lagi.",
            "Check open activations; what is still true is raised again.",
        ),
        FaultKind::Restart => (
            "Periksa apakah ada yang terlewat selama mati.",
            "Check whether anything was missed while it was down.",
        ),
        FaultKind::Evaluator => (
            "Laporkan kepada pengembang; pesan itu disimpan sebagai ditolak.",
            "Report it to the developers; the frame is kept as refused.",
        ),
        FaultKind::Configuration => (
            "Perbaiki berkas konfigurasi; yang lama tetap berlaku.",
            "Mend the configuration file; the old one stays in force.",
        ),
        FaultKind::StationRemoved => (
            "Pastikan penghapusan ini disengaja dan disetujui.",
            "Make sure that this was meant and agreed upon.",
        ),
    }
}
