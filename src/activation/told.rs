//! Who is told a version, and who has an earlier one: what only the outbox
//! knows, added to a message on its way.

use super::message::Words;
use super::view::Event;
use crate::language::Language;

/// What is known of those who accepted an earlier version, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted<'a> {
    /// These did, by name.
    By(&'a [String]),
    /// Nobody remembers: the daemon was started anew since.
    Unknown,
}

impl Event {
    /// The same, with the names of the subscribers that this version goes to, and
    /// of those that accepted an earlier one.
    #[must_use]
    pub fn told_to(mut self, told: Vec<String>, accepted: Accepted<'_>) -> Self {
        let has_earlier = self.deadline.is_none()
            && self
                .activation
                .as_ref()
                .is_some_and(|activation| activation.version > 1);
        let accepted = has_earlier.then_some(accepted);
        for (words, language) in [
            (&mut self.text.id, Language::Indonesian),
            (&mut self.text.en, Language::English),
        ] {
            add(words, &told, accepted, language);
        }
        self.told = told;
        if let Some(Accepted::By(names)) = accepted {
            self.accepted_by = names.to_vec();
        }
        self
    }
}

fn add(words: &mut Words, told: &[String], accepted: Option<Accepted<'_>>, language: Language) {
    let nobody = language.pick("tidak seorang pun", "nobody");
    let names = |names: &[String]| match names {
        [] => nobody.to_owned(),
        names => names.join(", "),
    };
    let mut line = format!("{}: {}", language.pick("Diberi tahu", "Told"), names(told));
    if let Some(accepted) = accepted {
        let earlier = match accepted {
            Accepted::By(by) => names(by),
            Accepted::Unknown => language.pick("tidak diketahui", "unknown").to_owned(),
        };
        let word = language.pick(
            "versi sebelumnya diterima oleh",
            "an earlier version accepted by",
        );
        line.push_str(&format!("; {word} {earlier}"));
    }
    words.lines.push(line);
}
