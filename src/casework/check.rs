//! Whether what a person asks for can be done, and the deeds it becomes.

use super::act::{Act, ClosedTo, Deed, OnJava, Step};
use super::case::{Cases, Dossier, case_number};
use super::draft::{Draft, What};
use super::java::Geography;
use super::read::Problem;
use super::report::Report;
use crate::activation::Coordinates;
use crate::clock::Wall;
use crate::closing::ClosingView;
use crate::criteria::termination::{Closing, Target};
use crate::error::excerpt;

/// How far ahead of our clock a stated time may be: 120 s, as
/// for stations.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(120);

/// What has to be done before a case can be closed (4.1.1, 4.1.2).
const BEFORE_CLOSING: &[Step] = &[Step::FinalReport, Step::CloseStatement];

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such case or activation.
    Unknown(String),
    /// The request itself is wrong.
    Invalid(Vec<Problem>),
    /// It cannot be done as things are.
    Conflict(Vec<Problem>),
    /// It could not be written down, so it was not done.
    Unwritten(String),
}

/// What is known of an activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// A drill.
    pub exercise: bool,
    /// Whether it is on Java.
    pub java: OnJava,
}

/// What a request is checked against.
pub struct World<'w> {
    /// What was done so far.
    pub cases: &'w Cases,
    /// Places.
    pub geography: &'w Geography,
    /// The activations there are.
    pub activation: &'w dyn Fn(&str) -> Option<Known>,
    /// What is proposed for the open matters of a case, by their activations.
    pub matters: &'w dyn Fn(&str) -> Vec<(String, ClosingView)>,
    /// Whether what is opened here is a drill.
    pub exercise: bool,
    /// Now.
    pub now: Wall,
    /// Through which channel the request came.
    pub channel: &'w str,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World({})", self.now)
    }
}

fn conflict(at: &str, problem: impl Into<String>) -> Refusal {
    Refusal::Conflict(vec![problem_at(at, problem)])
}

fn problem_at(at: &str, problem: impl Into<String>) -> Problem {
    Problem {
        at: at.to_owned(),
        problem: problem.into(),
    }
}

impl World<'_> {
    /// The deeds of a request about a case or an activation; without `about`, of
    /// one that opens a case. All of them are done, or none.
    ///
    /// # Errors
    ///
    /// [`Refusal`], with every problem of its kind.
    pub fn deeds(&self, about: Option<&str>, draft: Draft) -> Result<Vec<Deed>, Refusal> {
        let at = draft.at.unwrap_or(self.now);
        if at > self.now.saturating_add(AHEAD) {
            let field = if about.is_none() { "received_at" } else { "at" };
            let problems = vec![problem_at(field, "lies in the future")];
            return Err(Refusal::Invalid(problems));
        }
        let about = match about {
            Some(about) => {
                self.ensure_open(about, &draft.what, at)?;
                about.to_owned()
            }
            None => self.cases.next_id(self.exercise),
        };
        let acts = self.acts(&about, draft.what)?;
        Ok(acts
            .into_iter()
            .map(|act| Deed {
                about: about.clone(),
                by: draft.by.clone(),
                role: draft.role.clone(),
                note: draft.note.clone(),
                channel: self.channel.to_owned(),
                request: draft.request.clone(),
                at,
                act,
            })
            .collect())
    }

    fn ensure_open(&self, about: &str, what: &What, at: Wall) -> Result<(), Refusal> {
        let is_case = case_number(about).is_some();
        let dossier = self.cases.get(about);
        let is_known = dossier.is_some() || (!is_case && (self.activation)(about).is_some());
        if !is_known {
            let kind = if is_case {
                "case"
            } else {
                "case or activation"
            };
            let text = format!("no {kind} `{}`", excerpt(about, 40));
            return Err(Refusal::Unknown(text));
        }
        let for_activations = matches!(what, What::Steps(_) | What::Decide(_) | What::Note);
        if !is_case && !for_activations {
            return Err(conflict(
                "",
                "this is for cases; open one and attach the activation",
            ));
        }
        let Some(dossier) = dossier else {
            return Ok(());
        };
        if dossier.closing().is_some() && !matches!(what, What::Note) {
            return Err(conflict("", format!("case `{about}` is closed")));
        }
        if dossier.opening().is_some_and(|opening| at < opening.at) {
            let problems = vec![problem_at("at", "lies before it began")];
            return Err(Refusal::Invalid(problems));
        }
        Ok(())
    }

    fn acts(&self, about: &str, what: What) -> Result<Vec<Act>, Refusal> {
        let dossier = self.cases.get(about);
        Ok(match what {
            What::Open {
                report,
                activation,
                java,
            } => {
                let mut acts = vec![Act::Opened {
                    java: self.java(java, &report),
                    report,
                    exercise: self.exercise,
                }];
                if let Some(activation) = activation {
                    self.ensure_free(&activation, self.exercise)?;
                    acts.push(Act::Attached { activation });
                }
                acts
            }
            What::Form { report, java } => {
                let known = dossier.map(Dossier::report).unwrap_or_default();
                let java = self.java(java, &known.updated(&report));
                vec![Act::Form { report, java }]
            }
            What::Steps(steps) => vec![Act::Steps { steps }],
            What::Track(track) => vec![Act::Track { track }],
            What::Decide(status) => vec![Act::Decision {
                status,
                java: (self.activation)(about).map(|known| known.java),
            }],
            What::Attach(activation) => {
                let exercise = dossier.is_some_and(Dossier::is_exercise);
                self.ensure_free(&activation, exercise)?;
                vec![Act::Attached { activation }]
            }
            What::Detach(activation) => {
                if self.cases.case_of(&activation) != Some(about) {
                    return Err(conflict("activation", "does not belong to this case"));
                }
                vec![Act::Detached { activation }]
            }
            What::Locate { instrument, at } => vec![Act::Located {
                instrument: instrument.to_string(),
                lat: at.lat,
                lon: at.lon,
            }],
            What::Note => vec![Act::Note],
            What::Close { to } => vec![self.closed(about, to)?],
        })
    }

    /// The closing of a case with the matters of its activations that are open.
    fn closed(&self, about: &str, to: Option<Target>) -> Result<Act, Refusal> {
        let dossier = self.cases.get(about);
        let missing = dossier.map(missing_for_closing).unwrap_or_default();
        let mut problems: Vec<Problem> = missing
            .iter()
            .map(|step| problem_at("step", format!("`{step}` is not recorded yet")))
            .collect();
        let mut matters = Vec::new();
        for (activation, closing) in (self.matters)(about) {
            let (proposed, rule) = (closing.proposal, closing.rule);
            match to.or_else(|| proposed_target(proposed)) {
                Some(to) => matters.push(ClosedTo {
                    activation,
                    to,
                    proposed: proposed.to_owned(),
                    rule: rule.to_owned(),
                }),
                None => problems.push(problem_at(
                    "to",
                    format!(
                        "must be given, {} or {}: for `{activation}` {proposed} ({rule}) is proposed",
                        Target::Normal,
                        Target::Existing
                    ),
                )),
            }
        }
        if problems.is_empty() {
            Ok(Act::Closed { matters })
        } else {
            Err(Refusal::Conflict(problems))
        }
    }

    fn ensure_free(&self, activation: &str, exercise: bool) -> Result<(), Refusal> {
        let Some(known) = (self.activation)(activation) else {
            let text = format!("no activation `{}`", excerpt(activation, 40));
            return Err(Refusal::Unknown(text));
        };
        if known.exercise != exercise {
            return Err(conflict("activation", "a drill and a real case do not mix"));
        }
        match self.cases.case_of(activation) {
            Some(case) => Err(conflict(
                "activation",
                format!("belongs to case `{case}` already"),
            )),
            None => Ok(()),
        }
    }

    fn java(&self, said: Option<bool>, report: &Report) -> OnJava {
        if let Some(is) = said {
            return OnJava {
                is: Some(is),
                by: "person".to_owned(),
            };
        }
        let position: Option<Coordinates> = report.position;
        self.geography.on_java(None, position)
    }
}

/// What a proposal is for, if it is for an end.
fn proposed_target(proposed: &str) -> Option<Target> {
    match Closing::from_word(proposed)? {
        Closing::Normal => Some(Target::Normal),
        Closing::Existing => Some(Target::Existing),
        Closing::NotTerminable => None,
    }
}

/// The steps that are missing before a case can be closed.
pub fn missing_for_closing(dossier: &Dossier) -> Vec<Step> {
    let is_missing = |step: &Step| dossier.last(*step).is_none();
    BEFORE_CLOSING.iter().copied().filter(is_missing).collect()
}
