//! Why a reading is judged as it is.

use super::rules;
use super::source::Source;
use super::words::{amount, capitalised, flags, sentence, subject_of};
use super::{Background, Cited, Exemption, Explanation, Recommended, flags_of};
use crate::criteria::dose::usable;
use crate::criteria::geometry::known;
use crate::criteria::judge::judge_with;
use crate::criteria::observation::Observation;
use crate::criteria::policy::Policy;
use crate::criteria::setting::{BackgroundFrom, BackgroundSource};
use crate::criteria::trace::{Against, Compared, Recorder, Step, Tried, What, Why, compared};
use crate::criteria::words::{Judgement, Recommendation, Remark, Rule, Subject};
use crate::language::{Bilingual, Language};
use crate::reading::{Quantity, Radiation};
use crate::units::rounded;

/// Why an observation means what it means.
pub fn explain(observation: &Observation<'_>, policy: &Policy) -> Explanation {
    let recorder = Recorder::default();
    let judgement = judge_with(observation, policy, &recorder);
    let steps = recorder.into_steps();
    let facts = Facts {
        observation,
        policy,
        compared: compared(&steps),
        judgement: &judgement,
        steps: &steps,
    };
    let text = Bilingual::of(|language| facts.text(language));
    let class = judgement.class.map(|class| class.as_str());
    let rule = judgement.rule.as_str();
    Explanation {
        backgrounds: facts.backgrounds(),
        also: facts.also().map(Cited::of).collect(),
        exemptions: facts.tried().map(exemption).collect(),
        flags: flags_of(judgement.remarks),
        recommendation: Some(Recommended {
            status: judgement.recommendation.to_string(),
            why: rules::recommended(judgement.recommendation, judgement.rule).into(),
        }),
        ..Explanation::of(rule, class, policy, &facts.compared, text)
    }
}

fn exemption(tried: &Tried) -> Exemption {
    let rule = tried.rule.as_str();
    Exemption {
        rule: rule.to_owned(),
        source: Source::of(rule),
        holds: tried.why == Why::Holds,
        why: tried.why.as_str().to_owned(),
        value: tried.compared.map(|(value, _)| rounded(value)),
        bound: tried.compared.map(|(_, bound)| rounded(bound)),
    }
}

/// What an explanation is made of.
struct Facts<'a> {
    observation: &'a Observation<'a>,
    policy: &'a Policy,
    judgement: &'a Judgement,
    compared: Vec<Compared>,
    steps: &'a [Step],
}

impl Facts<'_> {
    fn tried(&self) -> impl Iterator<Item = &Tried> {
        self.steps.iter().filter_map(|step| match step {
            Step::Tried(tried) => Some(tried),
            Step::Compared(_) | Step::Passed(_) => None,
        })
    }

    fn also(&self) -> impl Iterator<Item = &'static str> {
        self.judgement.also.iter().map(Rule::as_str)
    }

    /// The channel that decided.
    fn quantity(&self) -> Option<Quantity> {
        self.judgement
            .channels
            .iter()
            .find(|verdict| {
                Some(verdict.class) == self.judgement.class && verdict.rule == self.judgement.rule
            })
            .map(|verdict| verdict.quantity)
    }

    fn text(&self, language: Language) -> String {
        let mut sentences = vec![self.verdict(language)];
        sentences.extend(self.reason(language));
        sentences.extend(self.comparisons(language));
        sentences.extend(self.also_text(language));
        sentences.extend(
            self.backgrounds()
                .iter()
                .map(|background| background_text(background, language)),
        );
        sentences.extend(self.tried().map(|tried| exemption_text(tried, language)));
        sentences.extend(self.passed(language));
        sentences.extend(flags(self.judgement.remarks, language));
        sentences.push(self.recommendation(language));
        let disposition = rules::disposition(self.judgement.disposition);
        sentences.extend(disposition.map(|both| language.of(both).to_owned()));
        sentences.join(" ")
    }

    fn verdict(&self, language: Language) -> String {
        let Some(class) = self.judgement.class else {
            return language
                .pick(
                    "Pembacaan ini tidak dinilai lagi.",
                    "The reading is not judged again.",
                )
                .to_owned();
        };
        let says = language.of(rules::class(class));
        let value = self.quantity().zip(self.judgement.canonical);
        let Some((quantity, value)) = value else {
            return match language {
                Language::Indonesian => format!("Pembacaan ini dinilai {class}: {says}."),
                Language::English => format!("The reading is judged {class}: {says}."),
            };
        };
        let bound = if self.judgement.remarks.contains(Remark::Overrange) {
            language.pick("sekurangnya ", "at least ")
        } else {
            ""
        };
        let what = capitalised(&language.quantity(quantity));
        let shown = amount(value, What::Quantity(quantity), language);
        let place = self.place(language);
        match language {
            Language::Indonesian => {
                format!("{what} {bound}{shown} {place} dinilai {class}: {says}.")
            }
            Language::English => {
                format!("{what} of {bound}{shown} {place} is judged {class}: {says}.")
            }
        }
    }

    fn place(&self, language: Language) -> String {
        let setting = self.observation.setting;
        let (id, en) = match (self.observation.subject(), setting.is_public()) {
            (Subject::Environment, _) => ("di lingkungan", "in the environment"),
            (Subject::Person, true) => ("pada anggota masyarakat", "on a member of the public"),
            (Subject::Person, false) => ("pada petugas", "on a responder or worker"),
            (Subject::Object, _) => ("pada barang", "on an object"),
        };
        let place = language.pick(id, en);
        known(setting.distance_m).map_or_else(
            || place.to_owned(),
            |metres| {
                let metres = language.number(metres);
                match language {
                    Language::Indonesian => format!("{place} pada jarak {metres} m"),
                    Language::English => format!("{place} at {metres} m"),
                }
            },
        )
    }

    /// The primary rule, where it is more than a level reached.
    fn reason(&self, language: Language) -> Option<String> {
        let rule = self.judgement.rule;
        let says = language.of(rules::reason(rule)?);
        Some(match language {
            _ if rule == Rule::Nr => format!("{}.", capitalised(says)),
            Language::Indonesian => format!(
                "Dasarnya aturan {rule} ({}): {says}.",
                Source::of(rule.as_str()).text(language)
            ),
            Language::English => format!(
                "The reason is rule {rule} ({}): {says}.",
                Source::of(rule.as_str()).text(language)
            ),
        })
    }

    /// The comparison that decided first; of an escalation value that has the
    /// number of a row, the row alone.
    fn comparisons(&self, language: Language) -> Vec<String> {
        let primary = self.judgement.rule.as_str();
        let it = subject_of(
            self.quantity()
                .filter(|_| self.judgement.canonical.is_some()),
        );
        let mut listed: Vec<&Compared> = self
            .compared
            .iter()
            .filter(|compared| !compared.rule.starts_with("ESC-") || compared.rule == primary)
            .collect();
        listed.sort_by_key(|compared| (compared.rule != primary, !compared.holds));
        let mut sentences: Vec<String> = listed
            .iter()
            .map(|compared| sentence(compared, it, language))
            .collect();
        let is_gross = |compared: &&Compared| {
            compared.basis == Against::Gross && matches!(compared.what, What::Quantity(_))
        };
        if listed.iter().any(is_gross) {
            let says = language.pick(
                "Dibandingkan apa adanya (bruto).",
                "Compared as measured (gross).",
            );
            sentences.push(says.to_owned());
        }
        sentences
    }

    /// What else matched and no comparison has said.
    fn also_text(&self, language: Language) -> Option<String> {
        let is_said = |rule: &&str| {
            let mut said = self.compared.iter().filter(|compared| compared.holds);
            !rule.starts_with("ESC-") && said.any(|compared| compared.rule == *rule)
        };
        let listed: Vec<String> = self
            .also()
            .filter(|rule| !is_said(rule))
            .map(|rule| format!("{rule} ({})", Source::of(rule).text(language)))
            .collect();
        (!listed.is_empty()).then(|| {
            let word = language.pick("Juga terpenuhi", "Also matched");
            format!("{word}: {}.", listed.join("; "))
        })
    }

    fn passed(&self, language: Language) -> Vec<String> {
        let quantities = self.steps.iter().filter_map(|step| match step {
            Step::Passed(quantity) => Some(*quantity),
            Step::Compared(_) | Step::Tried(_) => None,
        });
        quantities
            .map(|quantity| {
                let what = capitalised(&language.quantity(quantity));
                let says = language.pick(
                    "tidak mempunyai baris dan dilewati",
                    "has no row and was passed over",
                );
                format!("{what} {says}.")
            })
            .collect()
    }

    fn recommendation(&self, language: Language) -> String {
        let recommendation = self.judgement.recommendation;
        let why = language.of(rules::recommended(recommendation, self.judgement.rule));
        status(recommendation, why, language)
    }

    /// What is known without a source, and what is assumed in its place.
    fn backgrounds(&self) -> Vec<Background> {
        let setting = self.observation.setting;
        let dose_rate = match usable(setting.background_usv_h) {
            Some(value) => Some((value, setting.background_from)),
            None => self
                .judgement
                .remarks
                .contains(Remark::BackgroundAssumed)
                .then(|| {
                    let assumed = BackgroundFrom::new(BackgroundSource::Assumed);
                    (self.policy.background_fallback_usv_h, Some(assumed))
                }),
        };
        let dose_rate = dose_rate.map(|(value, from)| Background {
            source: from.map(|from| from.source.to_string()),
            taken_at: from.and_then(|from| from.taken_at).map(|at| at.to_string()),
            n_points: from.and_then(|from| from.n_points),
            ..Background::bare(Quantity::DoseRate, value)
        });
        let counts = setting.background_counts;
        let counted = |radiation, value: Option<f64>| {
            let background = Background::bare(Quantity::CountRate(radiation), value?);
            Some(Background {
                source: Some(BackgroundSource::Measured.to_string()),
                age_h: counts.age_h.map(rounded),
                ..background
            })
        };
        dose_rate
            .into_iter()
            .chain(counted(Radiation::Alpha, counts.alpha))
            .chain(counted(Radiation::Beta, counts.beta))
            .collect()
    }
}

impl Background {
    fn bare(quantity: Quantity, value: f64) -> Self {
        Self {
            what: quantity.as_str().to_owned(),
            radiation: quantity.radiation().map(|radiation| radiation.to_string()),
            value: rounded(value),
            unit: quantity.unit().to_owned(),
            source: None,
            taken_at: None,
            age_h: None,
            n_points: None,
        }
    }
}

fn background_text(background: &Background, language: Language) -> String {
    let quantity = match background
        .radiation
        .as_deref()
        .and_then(Radiation::from_word)
    {
        Some(radiation) => Quantity::CountRate(radiation),
        None => Quantity::DoseRate,
    };
    let what = language.quantity(quantity);
    let value = amount(background.value, What::Quantity(quantity), language);
    let source = background
        .source
        .as_deref()
        .and_then(BackgroundSource::from_word);
    let (id, en) = match source {
        Some(BackgroundSource::Measured) => (", diukur", ", measured"),
        Some(BackgroundSource::Learned) => (
            ", dipelajari dari pembacaan biasa alat ini",
            ", learned from what this instrument usually shows",
        ),
        Some(BackgroundSource::SiteSurvey) => (", dari survei lokasi", ", from a site survey"),
        Some(BackgroundSource::Assumed) => (
            ", hanya diandaikan karena tidak diukur",
            ", only assumed because nobody measured it",
        ),
        None => ("", ""),
    };
    let mut text = match language {
        Language::Indonesian => format!("Latar {what} {value}{id}"),
        Language::English => format!("The background {what} is {value}{en}"),
    };
    if let Some(at) = &background.taken_at {
        text.push_str(&format!(" {} {at}", language.pick("pada", "at")));
    }
    if let Some(hours) = background.age_h {
        let hours = language.number(hours);
        text.push_str(&match language {
            Language::Indonesian => format!(" {hours} jam sebelumnya"),
            Language::English => format!(" {hours} h before"),
        });
    }
    if let Some(points) = background.n_points {
        text.push_str(&match language {
            Language::Indonesian => format!(", dari {points} titik"),
            Language::English => format!(", from {points} points"),
        });
    }
    text.push('.');
    text
}

fn exemption_text(tried: &Tried, language: Language) -> String {
    let rule = tried.rule;
    let source = Source::of(rule.as_str()).text(language);
    let why = language.of(rules::exemption(tried.why));
    let holds = match (tried.why == Why::Holds, language) {
        (true, Language::Indonesian) => "berlaku",
        (false, Language::Indonesian) => "tidak berlaku",
        (true, Language::English) => "holds",
        (false, Language::English) => "does not hold",
    };
    let what = if rule == Rule::ExNorm {
        What::YearlyDose
    } else {
        What::Quantity(Quantity::DoseRate)
    };
    let numbers = tried.compared.map_or_else(String::new, |(value, bound)| {
        let (value, bound) = (amount(value, what, language), amount(bound, what, language));
        match language {
            Language::Indonesian => format!(" ({value}, batasnya {bound})"),
            Language::English => format!(" ({value}, its bound is {bound})"),
        }
    });
    match language {
        Language::Indonesian => {
            format!("Pengecualian {rule} ({source}) {holds}: {why}{numbers}.")
        }
        Language::English => format!("Exemption {rule} ({source}) {holds}: {why}{numbers}."),
    }
}

/// A recommended status as a sentence.
pub(super) fn status(recommendation: Recommendation, why: &str, language: Language) -> String {
    let word = match recommendation {
        Recommendation::None => {
            return match language {
                Language::Indonesian => format!("Tidak ada status yang disarankan: {why}."),
                Language::English => format!("No status is recommended: {why}."),
            };
        }
        Recommendation::Siaga => "SIAGA",
        Recommendation::AktifParsial => "AKTIF PARSIAL",
    };
    match language {
        Language::Indonesian => {
            format!("Status yang disarankan: {word}, sebab {why}; yang berwenang memutuskan.")
        }
        Language::English => {
            format!("Recommended status: {word}, because {why}; the named official decides.")
        }
    }
}
