//! Why what is not a reading is judged as it is.

use super::reading::status;
use super::source::Source;
use super::words::{amount, flags, sentence};
use super::{Cited, Explanation, Recommended, flags_of};
use crate::clock::Wall;
use crate::criteria::category::category_with;
use crate::criteria::deadline::Deadline;
use crate::criteria::food::{FoodClass, FoodVerdict, tio5_with, tio6_with};
use crate::criteria::policy::Policy;
use crate::criteria::report::{Category, ReportEvent, assess_report};
use crate::criteria::termination::{AreaKind, Closing, Survey, Track, propose_with};
use crate::criteria::trace::{Compared, Recorder, What};
use crate::criteria::words::{Recommendation, Remarks};
use crate::criteria::worker::{Task, WorkerClass, assess_worker_with};
use crate::language::{Bilingual, Both, Language, both};
use crate::reading::Quantity;

/// What all these texts are made of: the class first, then the rule, then the
/// numbers.
struct Facts<'a> {
    /// What was judged, as the beginning of the first sentence.
    subject: &'a dyn Fn(Language) -> String,
    class: &'static str,
    says: Both,
    rule: &'static str,
    /// Why the rule decided, where the comparisons alone do not say it.
    because: Option<Both>,
    remarks: Remarks,
    /// The last sentence.
    finally: Option<Both>,
}

impl Facts<'_> {
    fn explanation(&self, policy: &Policy, compared: &[Compared]) -> Explanation {
        let text = Bilingual::of(|language| self.text(compared, language));
        Explanation {
            flags: flags_of(self.remarks),
            ..Explanation::of(self.rule, Some(self.class), policy, compared, text)
        }
    }

    fn text(&self, compared: &[Compared], language: Language) -> String {
        let subject = (self.subject)(language);
        let says = language.of(self.says);
        let class = self.class;
        let rule = self.rule;
        let source = Source::of(rule).text(language);
        let because = self.because.map(|both| language.of(both));
        let because = because.map_or_else(String::new, |because| format!(": {because}"));
        let mut sentences = match language {
            Language::Indonesian => vec![
                format!("{subject} dinilai {class}: {says}."),
                format!("Dasarnya aturan {rule} ({source}){because}."),
            ],
            Language::English => vec![
                format!("{subject} is judged {class}: {says}."),
                format!("The reason is rule {rule} ({source}){because}."),
            ],
        };
        sentences.extend(
            compared
                .iter()
                .map(|compared| sentence(compared, None, language)),
        );
        sentences.extend(flags(self.remarks, language));
        sentences.extend(self.finally.map(|both| language.of(both).to_owned()));
        sentences.join(" ")
    }
}

/// Why a case may be proposed for closing, or not.
pub fn termination(survey: &Survey, policy: &Policy) -> Explanation {
    let recorder = Recorder::default();
    let proposal = propose_with(survey, &policy.termination, &recorder);
    let says = match proposal.closing {
        Closing::Normal => both(
            "dapat diusulkan ditutup ke paparan normal",
            "it may be proposed for closing to normal exposure",
        ),
        Closing::Existing => both(
            "dapat diusulkan ditutup ke paparan eksisting, dengan pemantauan berkala",
            "it may be proposed for closing to existing exposure, with periodic monitoring",
        ),
        Closing::NotTerminable => both("belum dapat diusulkan", "it cannot be proposed yet"),
    };
    let because = match (proposal.rule, survey.track) {
        ("P4.1-REC", Track::Facility) => Some(both(
            "jalur fasilitas meminta sumber atau lingkungan dipulihkan",
            "the facility track asks for source or environment to be recovered",
        )),
        ("P4.1-REC", Track::Orphan) => Some(both(
            "kejadian khusus meminta sumber dan lingkungan dipulihkan",
            "a special event asks for source and environment to be recovered",
        )),
        ("PT-DATA", _) => Some(both(
            "data belum cukup untuk menilai",
            "there are not enough data to judge by",
        )),
        _ => None,
    };
    let subject = |language: Language| {
        let (id, en) = match survey.area {
            AreaKind::Residential => ("daerah pemukiman", "residential area"),
            AreaKind::NonResidential => ("daerah non pemukiman", "non-residential area"),
        };
        let area = language.pick(id, en);
        let what = What::Quantity(Quantity::DoseRate);
        let value = survey.max_usv_h.map(|max| amount(max, what, language));
        match (value, language) {
            (Some(value), Language::Indonesian) => {
                format!("Penutupan kasus di {area} dengan titik tertinggi {value}")
            }
            (Some(value), Language::English) => {
                format!("Closing the case in a {area} with {value} at the highest point")
            }
            (None, Language::Indonesian) => format!("Penutupan kasus di {area}"),
            (None, Language::English) => format!("Closing the case in a {area}"),
        }
    };
    let facts = Facts {
        subject: &subject,
        class: proposal.closing.as_str(),
        says,
        rule: proposal.rule,
        because,
        remarks: proposal.remarks,
        finally: Some(both(
            "Ini hanya usulan: penutupan memerlukan laporan akhir dan surat penutupan kasus.",
            "This is a proposal: closing needs a final report and a close statement.",
        )),
    };
    facts.explanation(policy, &recorder.into_compared())
}

/// Why a sample is judged so by its gross counts.
pub fn food_tio5(
    beta: Option<f64>,
    alpha: Option<f64>,
    k40_beta: Option<f64>,
    policy: &Policy,
) -> Explanation {
    let recorder = Recorder::default();
    let verdict = tio5_with(beta, alpha, k40_beta, &recorder);
    food(&verdict, policy, &recorder.into_compared())
}

/// Why a sample is judged so by its nuclides.
pub fn food_tio6(
    nuclides: impl IntoIterator<Item = (f64, Option<f64>)>,
    policy: &Policy,
) -> Explanation {
    let recorder = Recorder::default();
    let verdict = tio6_with(nuclides, &recorder);
    food(&verdict, policy, &recorder.into_compared())
}

fn food(verdict: &FoodVerdict, policy: &Policy, compared: &[Compared]) -> Explanation {
    let (says, finally) = match verdict.class {
        FoodClass::Restrict => (
            both("larang konsumsinya", "its consumption is to be banned"),
            None,
        ),
        FoodClass::LabAnalysis => (
            both(
                "perlu analisis laboratorium terhadap TIO6",
                "the laboratory has to analyse it against TIO6",
            ),
            None,
        ),
        FoodClass::Indeterminate => (
            both("belum dapat dikatakan aman", "it cannot be called safe"),
            Some(both(
                "Ukur yang belum ada, lalu nilai lagi.",
                "Measure what is missing and judge again.",
            )),
        ),
        FoodClass::Safe => (both("aman dikonsumsi", "it is safe to eat"), None),
    };
    let subject = |language: Language| language.pick("Cuplikan", "The sample").to_owned();
    let facts = Facts {
        subject: &subject,
        class: verdict.class.as_str(),
        says,
        rule: verdict.rule,
        because: None,
        remarks: verdict.remarks,
        finally,
    };
    Explanation {
        also: verdict.also.map(Cited::of).into_iter().collect(),
        ..facts.explanation(policy, compared)
    }
}

/// Why a worker's dose is judged so.
pub fn worker(
    dose_msv: f64,
    task: Task,
    is_informed_volunteer: bool,
    policy: &Policy,
) -> Explanation {
    let recorder = Recorder::default();
    let verdict = assess_worker_with(
        dose_msv,
        task,
        is_informed_volunteer,
        &policy.worker,
        &recorder,
    );
    let says = match verdict.class {
        WorkerClass::Limit => both(
            "batas tercapai; hentikan tugas",
            "the limit is reached; the task must end",
        ),
        WorkerClass::Approaching => both("mendekati batas", "the limit is near"),
        WorkerClass::Ok => both("di bawah batas", "below the limit"),
    };
    let doing = match task {
        Task::General => both("tugas umum", "a general task"),
        Task::LifeSaving => both("penyelamatan jiwa", "saving life"),
        Task::SevereDeterministic => both(
            "pencegahan efek deterministik parah",
            "preventing severe deterministic effects",
        ),
        Task::Catastrophic => both(
            "pencegahan kondisi katastrofik",
            "preventing catastrophic conditions",
        ),
        Task::PreventSeriousInjury => both("pencegahan cedera parah", "preventing severe injury"),
        Task::AvertCollectiveDose => both(
            "pencegahan dosis kolektif besar",
            "averting a large collective dose",
        ),
    };
    let subject = |language: Language| {
        let dose = amount(dose_msv, What::WorkerDose, language);
        let doing = language.of(doing);
        match language {
            Language::Indonesian => format!("Dosis efektif {dose} pada {doing}"),
            Language::English => format!("An effective dose of {dose} in {doing}"),
        }
    };
    let facts = Facts {
        subject: &subject,
        class: verdict.class.as_str(),
        says,
        rule: verdict.rule,
        because: None,
        remarks: verdict.remarks,
        finally: None,
    };
    facts.explanation(policy, &recorder.into_compared())
}

/// Why a report recommends a status.
pub fn report(
    event: ReportEvent,
    category: Option<Category>,
    is_dangerous: Option<bool>,
    policy: &Policy,
) -> Explanation {
    let verdict = assess_report(event, category, is_dangerous);
    let text = Bilingual::of(|language| {
        let what = language.of(event_says(event));
        let category = category_says(category, language);
        let danger = language.of(danger_says(event, is_dangerous));
        let source = Source::of(verdict.rule).text(language);
        let rule = verdict.rule;
        let why = match language {
            Language::Indonesian => format!("demikian bunyi aturan {rule} ({source})"),
            Language::English => format!("rule {rule} ({source}) says so"),
        };
        let mut sentences = vec![
            format!("{what}{category}, {danger}."),
            status(verdict.recommendation, &why, language),
        ];
        sentences.extend(flags(verdict.remarks, language));
        sentences.join(" ")
    });
    let why = match verdict.recommendation {
        Recommendation::None => both(
            "tidak ada dampak yang meminta pengaktifan",
            "no impact asks for an activation",
        ),
        Recommendation::Siaga => both(
            "pemantauan dari kantor mencukupi",
            "watching from the office is enough",
        ),
        Recommendation::AktifParsial => both(
            "sumber dapat berbahaya: tim diperlukan di lokasi",
            "the source may be dangerous: a team is needed at the scene",
        ),
    };
    Explanation {
        flags: flags_of(verdict.remarks),
        recommendation: Some(Recommended {
            status: verdict.recommendation.to_string(),
            why: why.into(),
        }),
        ..Explanation::of(
            verdict.rule,
            Some(verdict.recommendation.as_str()),
            policy,
            &[],
            text,
        )
    }
}

const fn event_says(event: ReportEvent) -> Both {
    match event {
        ReportEvent::LossFacility => both(
            "Sebuah fasilitas melaporkan kehilangan sumber",
            "A facility reports the loss of a source",
        ),
        ReportEvent::FoundFacility => both(
            "Sebuah sumber ditemukan di fasilitas",
            "A source was found at a facility",
        ),
        ReportEvent::FoundOrphan => both(
            "Sebuah sumber tanpa pemilik ditemukan",
            "A source without a known owner was found",
        ),
        ReportEvent::LossAbroad => both(
            "Sebuah sumber hilang di luar negeri",
            "A source was lost abroad",
        ),
    }
}

fn category_says(category: Option<Category>, language: Language) -> String {
    match (category, language) {
        (Some(category), Language::Indonesian) => format!(", kategori {}", category.number()),
        (Some(category), Language::English) => format!(", category {}", category.number()),
        (None, Language::Indonesian) => ", kategori tidak diketahui".to_owned(),
        (None, Language::English) => ", category unknown".to_owned(),
    }
}

const fn danger_says(event: ReportEvent, is_dangerous: Option<bool>) -> Both {
    match (event, is_dangerous) {
        (ReportEvent::LossAbroad, Some(true)) => both(
            "yang dapat berdampak ke Indonesia",
            "with a possible impact on Indonesia",
        ),
        (ReportEvent::LossAbroad, Some(false)) => both(
            "tanpa dampak ke Indonesia",
            "without an impact on Indonesia",
        ),
        (_, Some(true)) => both(
            "yang dapat membahayakan masyarakat dan lingkungan",
            "potentially dangerous to the public and the environment",
        ),
        (_, Some(false)) => both(
            "yang tidak membahayakan masyarakat dan lingkungan",
            "not dangerous to the public and the environment",
        ),
        (_, None) => both(
            "bahayanya tidak diketahui dan dianggap ada",
            "whether it is dangerous is unknown and taken as yes",
        ),
    }
}

/// Why a step is due when it is.
pub fn deadline(
    deadline: Deadline,
    start: Wall,
    now: Option<Wall>,
    policy: &Policy,
) -> Explanation {
    let due = deadline.due(start);
    let text = Bilingual::of(|language| {
        let (what, from) = deadline.says();
        let (what, from) = (language.of(what), language.of(from));
        let source = Source::of(deadline.as_str()).text(language);
        let hours = deadline.hours();
        let mut text = match language {
            Language::Indonesian => format!(
                "{what} ({deadline}, {source}): batasnya {hours} jam sejak {from} pada {start}, yaitu {due}."
            ),
            Language::English => format!(
                "{what} ({deadline}, {source}): {hours} h from when {from} at {start}, so it is due at {due}."
            ),
        };
        if let Some(now) = now {
            let (id, en) = if deadline.is_overdue(start, now) {
                (" sudah terlambat.", " it is late.")
            } else {
                (" belum terlambat.", " it is not late.")
            };
            text.push_str(&match language {
                Language::Indonesian => format!(" Pada {now}{id}"),
                Language::English => format!(" At {now}{en}"),
            });
        }
        text
    });
    Explanation::of(deadline.as_str(), None, policy, &[], text)
}

/// Why a source has its category.
pub fn category(a_over_d: f64, is_above_exemption: bool, policy: &Policy) -> Explanation {
    let recorder = Recorder::default();
    let category = category_with(a_over_d, is_above_exemption, &recorder);
    let compared = recorder.into_compared();
    let number = category.map(|category| category.number().to_string());
    let text = Bilingual::of(|language| {
        let ratio = language.number(a_over_d);
        let found = match (&number, language) {
            (Some(number), Language::Indonesian) => {
                format!("Sumber dengan A/D {ratio} termasuk kategori {number}.")
            }
            (Some(number), Language::English) => {
                format!("A source with A/D {ratio} is of category {number}.")
            }
            (None, Language::Indonesian) => format!(
                "Sumber dengan A/D {ratio} di bawah tingkat pengecualian tidak berkategori."
            ),
            (None, Language::English) => {
                format!("A source with A/D {ratio}, below the exemption level, has no category.")
            }
        };
        let mut sentences = vec![found];
        sentences.extend(
            compared
                .iter()
                .map(|compared| sentence(compared, None, language)),
        );
        sentences.join(" ")
    });
    Explanation::of("CAT-AD", number.as_deref(), policy, &compared, text)
}

/// Why a sequence of readings ends at its level: each step in words.
pub fn sequence(level: &str, steps: Vec<Bilingual>, policy: &Policy) -> Explanation {
    let join = |say: fn(&Bilingual) -> &str| steps.iter().map(say).collect::<Vec<_>>().join(" ");
    let text = Bilingual {
        id: join(|step| &step.id),
        en: join(|step| &step.en),
    };
    Explanation {
        steps,
        ..Explanation::of("HY-1", Some(level), policy, &[], text)
    }
}
