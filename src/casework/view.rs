//! What programs read of cases and clocks. Fields may be added, never renamed.

use serde::Serialize;
use serde_json::Value;

use super::act::{Act, OnJava, Status, Step};
use super::case::{Cases, Dossier, Filed, case_number};
use super::check::missing_for_closing;
use super::clocks::{Assumed, Clock, State, clocks};
use super::mask::Mask;
use super::words::{Both, meaning};
use crate::activation::{Bilingual, DeadlineView};
use crate::clock::{Wall, Zone};
use crate::closing::ClosingView;
use crate::criteria::report::{Category, assess_report};

/// A case in a list: nobody's data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseSummary {
    /// `C-000001`, for drills `XC-000001`; or the id of an activation.
    pub id: String,
    /// open or closed.
    pub state: &'static str,
    /// Not real.
    pub exercise: bool,
    /// When the report was received, or the activation reached TIO3.
    pub received_at: Option<String>,
    /// The same, local.
    pub received_local: Option<String>,
    /// facility or special_event, once it is set.
    pub track: Option<&'static str>,
    /// The status that a person decided last.
    pub status: Option<&'static str>,
    /// Activations that belong to it.
    pub activations: Vec<String>,
    /// Clocks that ran out and are not done.
    pub overdue: usize,
    /// When the next clock runs out.
    pub next_due: Option<String>,
    /// When it was closed.
    pub closed_at: Option<String>,
}

/// What a report recommends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecommendationView {
    /// NONE, SIAGA or AKTIF_PARSIAL; a person decides.
    pub status: &'static str,
    /// The row of table 2.1 or 2.2, or the project's rule.
    pub rule: &'static str,
    /// Remarks.
    pub flags: Vec<&'static str>,
}

/// A decision of a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DecisionView {
    /// What was decided.
    pub status: &'static str,
    /// When.
    pub at: String,
    /// By whom.
    pub by: String,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActView {
    /// When.
    pub at: String,
    /// When it was written down.
    pub recorded_at: String,
    /// By whom.
    pub by: String,
    /// In which office.
    pub role: Option<String>,
    /// Through which channel.
    pub channel: String,
    /// What.
    pub what: String,
    /// Remark.
    pub note: String,
}

/// How long the records of a closed case are kept (4.2.1(7), 4.2.2(6)): 30
/// years from the close statement, 5 active and 25 passive.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RetentionView {
    /// The close statement.
    pub from: String,
    /// Last day of the active years, local.
    pub active_until: String,
    /// Last day of all, local.
    pub keep_until: String,
}

/// What may be proposed for the end of one of a case's activations. The system
/// proposes, a named person closes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatterView {
    /// The activation.
    pub activation: String,
    /// The proposal, and what is missing.
    #[serde(flatten)]
    pub closing: ClosingView,
}

/// A case, whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseView {
    /// What a list says of it.
    #[serde(flatten)]
    pub summary: CaseSummary,
    /// Whether it is on Java, and who says so.
    pub java: OnJava,
    /// What the report recommends.
    pub recommendation: Option<RecommendationView>,
    /// The report, without what may not be shown.
    pub report: Option<Value>,
    /// The response statuses.
    pub decisions: Vec<DecisionView>,
    /// When the source was recovered.
    pub source_recovered_at: Option<String>,
    /// When the environment was.
    pub environment_recovered_at: Option<String>,
    /// All clocks that have begun.
    pub deadlines: Vec<DeadlineView>,
    /// Everything that was done, in order.
    pub acts: Vec<ActView>,
    /// Steps that are missing before it can be closed; none for activations.
    pub missing_for_closing: Vec<&'static str>,
    /// Whether the closing record was written and nothing is missing in it.
    pub record_complete: Option<bool>,
    /// How long its records are kept.
    pub retention: Option<RetentionView>,
    /// What is proposed now for the matters of its activations that are open;
    /// absent where no running daemon was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closing: Option<Vec<MatterView>>,
}

/// How cases are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'c> {
    /// All of them.
    pub cases: &'c Cases,
    /// Now.
    pub now: Wall,
    /// The zone of the people who read it.
    pub zone: Zone,
    /// The reader may see who reported and who was hurt. Identity numbers are
    /// shown to nobody.
    pub personal: bool,
}

impl Look<'_> {
    /// All cases, the newest first.
    pub fn list(&self) -> Vec<CaseSummary> {
        let cases = self.cases.cases();
        cases
            .into_iter()
            .rev()
            .map(|(id, dossier)| self.summary(id, dossier))
            .collect()
    }

    fn summary(&self, id: &str, dossier: &Dossier) -> CaseSummary {
        let facts = self.cases.facts(dossier);
        let clocks = clocks(self.cases, dossier);
        let count = |wanted| {
            clocks
                .iter()
                .filter(|c| c.state(self.now) == wanted)
                .count()
        };
        let next = clocks.iter().find(|c| c.state(self.now) == State::Running);
        let closed = dossier.closing();
        CaseSummary {
            id: id.to_owned(),
            state: if closed.is_some() { "closed" } else { "open" },
            exercise: dossier.is_exercise(),
            received_at: facts.received.map(|at| at.to_string()),
            received_local: facts.received.map(|at| self.zone.local(at)),
            track: facts.track.map(|(track, _)| track.as_str()),
            status: facts.status().map(|(status, _)| status.as_str()),
            activations: dossier
                .activations()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            overdue: count(State::Overdue),
            next_due: next.map(|clock| clock.due().to_string()),
            closed_at: closed.map(|deed| deed.at.to_string()),
        }
    }

    /// One case, or what was done about one activation.
    pub fn case(&self, id: &str) -> Option<CaseView> {
        let dossier = self.cases.get(id)?;
        let facts = self.cases.facts(dossier);
        let report = dossier.report();
        let mask = Mask::of(&report, self.personal);
        let is_case = case_number(id).is_some();
        let decisions = facts.decisions.iter();
        Some(CaseView {
            summary: self.summary(id, dossier),
            java: OnJava {
                is: facts.on_java,
                by: said_by(dossier),
            },
            recommendation: report.event.map(|event| {
                let category = report.category.and_then(Category::new);
                let verdict = assess_report(event, category, report.dangerous);
                RecommendationView {
                    status: verdict.recommendation.as_str(),
                    rule: verdict.rule,
                    flags: verdict
                        .remarks
                        .iter()
                        .map(|remark| remark.as_str())
                        .collect(),
                }
            }),
            report: is_case.then(|| mask.report(&report)),
            decisions: decisions
                .map(|(status, done)| DecisionView {
                    status: Status::as_str(*status),
                    at: done.at.to_string(),
                    by: mask.text(done.by),
                })
                .collect(),
            source_recovered_at: dossier.last(Step::SourceRecovered).map(|at| at.to_string()),
            environment_recovered_at: dossier
                .last(Step::EnvironmentRecovered)
                .map(|at| at.to_string()),
            deadlines: self.deadlines_of(id, dossier),
            acts: dossier
                .deeds
                .iter()
                .map(|filed| act_view(filed, &mask))
                .collect(),
            missing_for_closing: missing_for_closing(dossier)
                .into_iter()
                .filter(|_| is_case)
                .map(Step::as_str)
                .collect(),
            record_complete: dossier.records().last().map(|(_, complete)| *complete),
            retention: dossier
                .last(Step::CloseStatement)
                .map(|from| retention(from, self.zone)),
            closing: None,
        })
    }

    /// The clocks of one case or activation.
    fn deadlines_of(&self, id: &str, dossier: &Dossier) -> Vec<DeadlineView> {
        let exercise = dossier.is_exercise();
        clocks(self.cases, dossier)
            .iter()
            .map(|clock| self.deadline(id, exercise, clock))
            .collect()
    }

    /// The clocks of all, the first due first: those that run or ran out, or
    /// with `all` also the others.
    pub fn deadlines(&self, all: bool) -> Vec<DeadlineView> {
        let mut found = Vec::new();
        for (id, dossier) in self.cases.with_clocks() {
            let exercise = dossier.is_exercise();
            for clock in clocks(self.cases, dossier) {
                let stands = clock.state(self.now);
                if all || matches!(stands, State::Running | State::Overdue) {
                    found.push((clock.due(), self.deadline(id, exercise, &clock)));
                }
            }
        }
        found.sort_by_key(|(due, _)| *due);
        found.into_iter().map(|(_, view)| view).collect()
    }

    /// One clock.
    pub fn deadline(&self, id: &str, exercise: bool, clock: &Clock<'_>) -> DeadlineView {
        let meaning = meaning(clock.rule);
        let stands = clock.state(self.now);
        let due = clock.due();
        let is_case = case_number(id).is_some();
        let left = (due.as_nanos() - self.now.as_nanos()).div_euclid(1_000_000_000);
        DeadlineView {
            rule: clock.rule.to_string(),
            case: is_case.then(|| id.to_owned()),
            activation: (!is_case).then(|| id.to_owned()),
            exercise,
            what: bilingual(meaning.what),
            who: bilingual(meaning.who),
            next: bilingual(meaning.next),
            source: format!("PUK/DK2N.3/PT.17 rev. 0, {}", meaning.source),
            hours: clock.rule.hours(),
            start: clock.start.to_string(),
            start_local: self.zone.local(clock.start),
            due: due.to_string(),
            due_local: self.zone.local(due),
            done_at: clock.done.map(|done| done.at.to_string()),
            done_by: clock
                .done
                .map(|done| Mask::of(&super::Report::default(), false).text(done.by)),
            state: stands.as_str().to_owned(),
            overdue: stands == State::Overdue,
            left_s: matches!(stands, State::Running | State::Overdue).then_some(left),
            flags: clock
                .assumed
                .iter()
                .map(|assumed| Assumed::as_str(*assumed).to_owned())
                .collect(),
        }
    }
}

fn bilingual(both: Both) -> Bilingual {
    Bilingual {
        id: both.id.to_owned(),
        en: both.en.to_owned(),
    }
}

fn said_by(dossier: &Dossier) -> String {
    let said = dossier
        .deeds
        .iter()
        .rev()
        .find_map(|filed| match &filed.deed.act {
            Act::Opened { java, .. } | Act::Form { java, .. } | Act::Raised { java, .. } => {
                Some(java.by.clone())
            }
            _ => None,
        });
    said.unwrap_or_else(|| OnJava::unknown().by)
}

fn act_view(filed: &Filed, mask: &Mask) -> ActView {
    let deed = &filed.deed;
    ActView {
        at: deed.at.to_string(),
        recorded_at: filed.recorded.to_string(),
        by: mask.text(&deed.by),
        role: deed.role.as_deref().map(|role| mask.text(role)),
        channel: deed.channel.clone(),
        what: mask.text(&deed.act.summary()),
        note: mask.text(&deed.note),
    }
}

/// How long records are kept from a close statement on.
pub fn retention(from: Wall, zone: Zone) -> RetentionView {
    let last_day = |years: i16| {
        let local = zone.local(from);
        let day = local.get(..10).unwrap_or_default();
        let date = day.parse::<jiff::civil::Date>();
        let last = date.and_then(|date| date.checked_add(jiff::Span::new().years(years)));
        last.map_or_else(|_| String::new(), |date| date.to_string())
    };
    RetentionView {
        from: from.to_string(),
        active_until: last_day(5),
        keep_until: last_day(30),
    }
}
