//! Many events in one message: when there are more than anyone can take in one by
//! one.
//!
//! A digest leaves nothing out. Every activation that it is about has a line, with
//! the newest of what waited, and every message that it stands for is named there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::escalation::Reach;
use super::message::{Text, Words};
use super::sms;
use super::view::{ActivationView, Event, PlaceView};
use crate::clock::Wall;
use crate::criteria::Class;
use crate::language::{Bilingual, Language};
use crate::reading::Quantity;

/// What ids of faults begin with.
const FAULT: &str = "F-";

/// Lines that the short text names; the whole list is beside it.
const WORST: usize = 5;

/// What a digest says of one activation, case or fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestLine {
    /// The activation, case or fault.
    pub about: String,
    /// The messages that are told with it, the oldest first. One that was told
    /// by itself or in another digest is the same message.
    pub messages: Vec<String>,
    /// Why each of them: raised, risen and so on.
    pub why: Vec<String>,
    /// The activation after the last of them; none for a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<DigestView>,
    /// What is told beside its state, such as a clock that ran out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Bilingual>,
}

/// An activation in a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DigestView {
    /// Its version then.
    pub version: u32,
    /// RAISED, ACKED, CLEARED_UNACKED or CLOSED.
    pub state: String,
    /// The class that holds now; NORMAL when nothing does.
    pub class: String,
    /// The highest class since it opened.
    pub class_max: String,
    /// Where.
    pub place: PlaceView,
    /// Which instrument saw the highest value.
    pub instrument: String,
    /// The highest value; absent when over-range of unknown height.
    pub value: Option<f64>,
    /// The field is at least that high.
    pub at_least: bool,
    /// `uSv/h` or `cps`.
    pub unit: String,
    /// Seen by a second reading, a neighbour, or counts enough.
    pub confirmed: bool,
    /// Every source that holds it is silent.
    pub data_lost: bool,
    /// When it began, by the time of measurement.
    pub onset: String,
    /// The activation that it goes on as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
}

impl DigestView {
    fn of(view: &ActivationView) -> Self {
        Self {
            version: view.version,
            state: view.state.clone(),
            class: view.class.clone(),
            class_max: view.class_max.clone(),
            place: view.place.clone(),
            instrument: view.instrument.clone(),
            value: view.value,
            at_least: view.at_least,
            unit: view.unit.clone(),
            confirmed: view.confirmed,
            data_lost: view.data_lost,
            onset: view.onset.clone(),
            merged_into: view.merged_into.clone(),
        }
    }
}

impl DigestLine {
    fn of(about: &str, events: &[&Arc<Event>]) -> Self {
        let newest = events
            .iter()
            .filter_map(|event| event.activation.as_ref())
            .max_by_key(|view| view.version);
        let notices = events
            .iter()
            .filter(|event| event.deadline.is_some() || event.activation.is_none())
            .map(|event| Bilingual {
                id: event.text.id.headline.clone(),
                en: event.text.en.headline.clone(),
            });
        Self {
            about: about.to_owned(),
            messages: events.iter().map(|event| event.id.clone()).collect(),
            why: events.iter().map(|event| event.why.clone()).collect(),
            activation: newest.map(DigestView::of),
            notices: notices.collect(),
        }
    }

    /// The highest class of its activation; of a case, that which calls for a
    /// team; a fault has none.
    pub fn class_max(&self) -> Class {
        match &self.activation {
            Some(view) => Class::from_word(&view.class_max).unwrap_or(Class::PossibleEmergency),
            None if self.about.starts_with(FAULT) => Class::Normal,
            None => Class::PossibleEmergency,
        }
    }

    /// What it stands under in a list.
    fn heading(&self, language: Language) -> String {
        match &self.activation {
            Some(_) => self.class_max().to_string(),
            None if self.about.starts_with(FAULT) => language.pick("Gangguan", "Faults").to_owned(),
            None => language
                .pick("Kasus dan tenggat", "Cases and clocks")
                .to_owned(),
        }
    }

    fn class(&self) -> Class {
        self.activation
            .as_ref()
            .and_then(|view| Class::from_word(&view.class))
            .unwrap_or(Class::Normal)
    }

    /// The line for people.
    fn text(&self, language: Language) -> String {
        let mut parts = Vec::new();
        if let Some(view) = &self.activation {
            parts.push(format!("{} {}", place(view), amount(view, language)));
            parts.push(state(view, language));
            parts.push(format!("{} v{}", self.about, view.version));
        }
        let notices = self.notices.iter();
        parts.extend(notices.map(|notice| language.pick(&notice.id, &notice.en).to_owned()));
        format!("{} ({})", parts.join("; "), news(&self.why, language))
    }
}

impl Event {
    /// Several events in one message, told at `at`. They are all real, or all a
    /// drill. Its id follows from theirs.
    ///
    /// # Panics
    ///
    /// When there are none.
    pub fn digest(events: &[Arc<Self>], at: Wall, is_flood: bool) -> Self {
        let first = events.first().expect("invariant: a digest is of something");
        let lines = lines(events);
        let exercise = events.iter().all(|event| event.exercise);
        let text = Text {
            id: words(&lines, is_flood, exercise, Language::Indonesian),
            en: words(&lines, is_flood, exercise, Language::English),
        };
        Self {
            id: id(events),
            why: "digest".to_owned(),
            reach: Reach::up_to(
                events
                    .iter()
                    .map(|one| one.reach.to)
                    .max()
                    .unwrap_or_default(),
            ),
            at: at.to_string(),
            node: first.node.clone(),
            exercise,
            recorded: events.iter().all(|event| event.recorded),
            activation: None,
            deadline: None,
            head: None,
            fault: None,
            drill: events.iter().all(|event| event.drill),
            digest: lines,
            text,
            told: first.told.clone(),
            accepted_by: Vec::new(),
        }
    }
}

impl Event {
    /// The `last` of several events of one activation, which stands for all of
    /// them: it is told as it is, and names their messages.
    pub(crate) fn with_earlier(events: &[Arc<Self>], last: &Self) -> Self {
        Self {
            digest: lines(events),
            ..last.clone()
        }
    }
}

/// The whole list for people, the worst class first, with a heading for each.
/// Nothing for anything but a digest.
pub(crate) fn digest_list(event: &Event, language: Language) -> Vec<String> {
    let mut list = Vec::new();
    if event.activation.is_some() {
        return list; // it speaks for itself
    }
    let mut heading = None;
    for line in &event.digest {
        let of = line.heading(language);
        if heading.as_ref() != Some(&of) {
            let of_it = |one: &&DigestLine| one.heading(language) == of;
            let count = event.digest.iter().filter(of_it).count();
            list.push(format!("{of} ({count}):"));
            heading = Some(of);
        }
        list.push(format!("- {}", line.text(language)));
    }
    list
}

fn id(events: &[Arc<Event>]) -> String {
    let mut ids: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    ids.sort_unstable();
    let mut hasher = Sha256::new();
    for id in ids {
        hasher.update(id.as_bytes());
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    digest.iter().take(8).fold("G-".to_owned(), |mut id, byte| {
        id.push_str(&format!("{byte:02x}"));
        id
    })
}

/// One line for each activation or case, the worst first.
fn lines(events: &[Arc<Event>]) -> Vec<DigestLine> {
    let mut about: Vec<&str> = Vec::new();
    let mut of: HashMap<&str, Vec<&Arc<Event>>> = HashMap::new();
    for event in events {
        let what = match event.about() {
            "" => &event.id,
            what => what,
        };
        of.entry(what)
            .or_insert_with(|| {
                about.push(what);
                Vec::new()
            })
            .push(event);
    }
    let mut lines: Vec<DigestLine> = about
        .into_iter()
        .map(|what| DigestLine::of(what, of.get(what).map_or(&[][..], Vec::as_slice)))
        .collect();
    // Of one class, what is at it still goes before what is over.
    lines.sort_by(|a, b| {
        let height = |line: &DigestLine| {
            let view = line.activation.as_ref();
            view.map_or(0.0, |view| view.value.unwrap_or(f64::INFINITY))
        };
        let rank = |line: &DigestLine| (line.class_max(), line.class());
        rank(b).cmp(&rank(a)).then(height(b).total_cmp(&height(a)))
    });
    lines
}

fn words(lines: &[DigestLine], is_flood: bool, exercise: bool, language: Language) -> Words {
    let mut headline = String::new();
    if exercise {
        headline.push_str("LATIHAN / EXERCISE: ");
    }
    headline.push_str(match is_flood {
        true => language.pick("BANJIR ALARM", "ALARM FLOOD"),
        false => language.pick("RINGKASAN", "SUMMARY"),
    });
    let count = lines.len();
    let places = language.pick("tempat", if count == 1 { "place" } else { "places" });
    let classes = counts(lines.iter().map(|line| line.class_max().to_string()));
    headline.push_str(&format!(": {count} {places}; {classes}"));
    if let Some(view) = lines.first().and_then(|line| line.activation.as_ref()) {
        let worst = language.pick("terparah", "worst");
        headline.push_str(&format!(
            "; {worst} {} {}",
            place(view),
            amount(view, language)
        ));
    }
    let mut said = vec![
        format!("{}: {classes}", language.pick("Tingkat", "Classes")),
        format!(
            "{}: {}",
            language.pick("Perubahan", "Changes"),
            counts(
                lines
                    .iter()
                    .flat_map(|line| line.why.iter())
                    .map(|why| one_news(why, language).to_owned())
            )
        ),
    ];
    let lost = lines.iter().filter_map(|line| line.activation.as_ref());
    let lost = lost.filter(|view| view.data_lost).count();
    if lost > 0 {
        said.push(format!(
            "{}: {lost}",
            language.pick("Data hilang", "Data lost")
        ));
    }
    for (n, line) in lines.iter().take(WORST).enumerate() {
        said.push(format!("{}. {}", n + 1, line.text(language)));
    }
    if count > WORST {
        said.push(
            language
                .pick(
                    "Semuanya: dalam daftar pesan ini (`digest`), di halaman status dan dengan `pantau activations`.",
                    "All of them: in the list of this message (`digest`), on the status page and by `pantau activations`.",
                )
                .to_owned(),
        );
    }
    let worst = lines.first().map(|line| line.text(language));
    let sms = sms::fitted(&headline, &format!(": {}", worst.unwrap_or_default()), "");
    Words {
        sms,
        log: headline.clone(),
        headline,
        lines: said,
    }
}

/// `3 EMERGENCY, 5 POSSIBLE_EMERGENCY`, in the order of first appearance.
fn counts(words: impl Iterator<Item = String>) -> String {
    let mut order = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in words {
        if !counts.contains_key(&word) {
            order.push(word.clone());
        }
        *counts.entry(word).or_default() += 1;
    }
    order
        .iter()
        .map(|word| format!("{} {word}", counts.get(word).copied().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn news(why: &[String], language: Language) -> String {
    let mut words: Vec<&str> = why.iter().map(|why| one_news(why, language)).collect();
    words.dedup();
    words.join(", ")
}

fn one_news(why: &str, language: Language) -> &str {
    match why {
        "raised" => language.pick("baru", "new"),
        "risen" => language.pick("naik tingkat", "risen"),
        "reopened" => language.pick("terjadi lagi", "back again"),
        "cleared" => language.pick("mereda", "cleared"),
        "closed" => language.pick("ditutup", "closed"),
        "merged" => language.pick("digabung", "merged"),
        "updated" => language.pick("pemutakhiran", "update"),
        "overdue" => language.pick("tenggat terlewati", "overdue"),
        "escalated" | "reminder" => language.pick("belum diakui", "not acknowledged"),
        "shelved" => language.pick("notifikasi ditunda", "shelved"),
        "unshelved" => language.pick("tidak lagi ditunda", "no longer shelved"),
        "uninhibited" => language.pick("masih berlangsung", "still going on"),
        "out_of_service" => language.pick("alat tidak bertugas", "out of service"),
        "in_service" | "back_in_service" => language.pick("alat bertugas lagi", "in service again"),
        other => other,
    }
}

fn place(view: &DigestView) -> String {
    let at = &view.place;
    match (&at.name, at.lat, at.lon) {
        (Some(name), _, _) => name.clone(),
        (None, Some(lat), Some(lon)) => format!("geo:{lat:.5},{lon:.5}"),
        (None, _, _) => view.instrument.clone(),
    }
}

fn amount(view: &DigestView, language: Language) -> String {
    let unit = match view.unit.as_str() {
        "uSv/h" => language.unit(Quantity::DoseRate),
        other => other,
    };
    match view.value {
        Some(value) => {
            let sign = if view.at_least { "≥ " } else { "" };
            format!("{sign}{} {unit}", language.number(value))
        }
        None => language
            .pick("di atas jangkauan alat", "beyond the instrument's range")
            .to_owned(),
    }
}

fn state(view: &DigestView, language: Language) -> String {
    let mut text = format!("{} {}", view.class_max, view.state);
    if view.class != view.class_max && view.class != Class::Normal.to_string() {
        let now = language.pick("kini", "now");
        text.push_str(&format!(", {now} {}", view.class));
    }
    if view.data_lost {
        text.push_str(language.pick(", data hilang", ", data lost"));
    }
    if let Some(into) = &view.merged_into {
        let word = language.pick("berlanjut sebagai", "goes on as");
        text.push_str(&format!(", {word} {into}"));
    }
    text
}
