//! Cases and the clocks of activations: the fold of everything that was done.

use std::collections::BTreeMap;

use super::act::{Act, Deed, OnJava, Status, Step, Track};
use super::report::Report;
use crate::clock::Wall;

/// One deed and when it was written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Filed {
    /// When it was written down.
    pub recorded: Wall,
    /// What.
    pub deed: Deed,
}

/// All that was done about one case or one activation, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dossier {
    /// Never empty.
    pub deeds: Vec<Filed>,
}

impl Dossier {
    fn acts(&self) -> impl DoubleEndedIterator<Item = (&Deed, &Act)> {
        self.deeds
            .iter()
            .map(|filed| (&filed.deed, &filed.deed.act))
    }

    /// The report, with all that later forms said.
    pub fn report(&self) -> Report {
        self.acts()
            .fold(Report::default(), |known, (_, act)| match act {
                Act::Opened { report, .. } | Act::Form { report, .. } => known.updated(report),
                _ => known,
            })
    }

    /// When the form according to annex IV arrived.
    pub fn form_at(&self) -> Option<Wall> {
        self.acts().find_map(|(deed, act)| match act {
            Act::Form { .. } => Some(deed.at),
            Act::Opened { report, .. } => report.form.map(|_| deed.at),
            _ => None,
        })
    }

    /// The deed that opened it: of a case its report, of an activation the
    /// reaching of TIO3.
    pub fn opening(&self) -> Option<&Deed> {
        self.acts()
            .find(|(_, act)| matches!(act, Act::Opened { .. } | Act::Raised { .. }))
            .map(|(deed, _)| deed)
    }

    /// Whether it is a drill.
    pub fn is_exercise(&self) -> bool {
        self.acts().any(|(_, act)| {
            matches!(
                act,
                Act::Opened { exercise: true, .. } | Act::Raised { exercise: true, .. }
            )
        })
    }

    /// The deed that closed the case.
    pub fn closing(&self) -> Option<&Deed> {
        self.acts()
            .find(|(_, act)| matches!(act, Act::Closed { .. }))
            .map(|(deed, _)| deed)
    }

    /// When its clocks ended: at closing, or when the activation was taken over.
    fn ended(&self) -> Option<Wall> {
        self.acts()
            .find(|(_, act)| matches!(act, Act::Closed { .. } | Act::Merged { .. }))
            .map(|(deed, _)| deed.at)
    }

    /// The activations that belong to the case, in the order of attaching.
    pub fn activations(&self) -> Vec<&str> {
        let mut attached: Vec<&str> = Vec::new();
        for (_, act) in self.acts() {
            match act {
                Act::Attached { activation } if !attached.contains(&activation.as_str()) => {
                    attached.push(activation);
                }
                Act::Detached { activation } => attached.retain(|id| id != activation),
                _ => {}
            }
        }
        attached
    }

    /// Where instruments without a position stood: name, degrees north and east.
    pub fn located(&self) -> BTreeMap<&str, (f64, f64)> {
        self.acts()
            .filter_map(|(_, act)| match act {
                Act::Located {
                    instrument,
                    lat,
                    lon,
                } => Some((instrument.as_str(), (*lat, *lon))),
                _ => None,
            })
            .collect()
    }

    /// The closing records that were written: hash of the sums of each, and
    /// whether nothing is missing in it.
    pub fn records(&self) -> Vec<(&str, bool)> {
        self.acts()
            .filter_map(|(_, act)| match act {
                Act::Recorded { sums, complete } => Some((sums.as_str(), *complete)),
                _ => None,
            })
            .collect()
    }

    /// When a step was done last.
    pub fn last(&self, wanted: Step) -> Option<Wall> {
        self.acts().rev().find_map(|(deed, act)| match act {
            Act::Steps { steps } if steps.contains(&wanted) => Some(deed.at),
            _ => None,
        })
    }

    fn java(&self) -> Option<&OnJava> {
        self.acts().rev().find_map(|(_, act)| match act {
            Act::Opened { java, .. } | Act::Form { java, .. } | Act::Raised { java, .. } => {
                Some(java)
            }
            Act::Decision { java, .. } => java.as_ref(),
            _ => None,
        })
    }
}

/// Something that was done: when, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done<'c> {
    /// When.
    pub at: Wall,
    /// By whom.
    pub by: &'c str,
}

/// What the clocks hang on.
#[derive(Clone, Debug)]
pub struct Facts<'c> {
    /// A case, not an activation alone.
    pub is_case: bool,
    /// When the report was received, or the activation reached TIO3.
    pub received: Option<Wall>,
    /// When the form arrived; readings need none.
    pub form: Option<Wall>,
    /// The form's place is taken by readings.
    pub from_readings: bool,
    /// Facility or special event.
    pub track: Option<(Track, Done<'c>)>,
    /// Whether it is on Java, as far as known.
    pub on_java: Option<bool>,
    /// Response statuses in the order of time.
    pub decisions: Vec<(Status, Done<'c>)>,
    /// Steps in the order of time.
    pub steps: Vec<(Step, Done<'c>)>,
    /// When all clocks ended.
    pub ended: Option<Wall>,
}

impl<'c> Facts<'c> {
    /// The first time that a step was done.
    pub fn first(&self, wanted: Step) -> Option<Done<'c>> {
        self.since(wanted, Wall::from_nanos(i64::MIN))
    }

    /// The first time at or after an instant.
    pub fn since(&self, wanted: Step, start: Wall) -> Option<Done<'c>> {
        self.steps
            .iter()
            .find(|(step, done)| *step == wanted && done.at >= start)
            .map(|(_, done)| *done)
    }

    /// The status that a person decided last.
    pub fn status(&self) -> Option<(Status, Done<'c>)> {
        self.decisions.last().copied()
    }

    /// Since when the response is active: the first decision that was not for
    /// NONE after the last one that was.
    pub fn active_since(&self) -> Option<Wall> {
        let active = self
            .decisions
            .iter()
            .rev()
            .take_while(|(status, _)| *status != Status::None);
        active.last().map(|(_, done)| done.at)
    }
}

/// Everything in the case store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cases {
    dossiers: BTreeMap<String, Dossier>,
    /// Which case an activation belongs to.
    attached: BTreeMap<String, String>,
    /// What a request that was named led to.
    requests: BTreeMap<String, String>,
    last_number: u64,
}

/// The number of a case by its id, `C-000001` or, for drills, `XC-000001`;
/// `None` for the id of anything else.
pub fn case_number(id: &str) -> Option<u64> {
    let digits = id.strip_prefix("XC-").or_else(|| id.strip_prefix("C-"))?;
    let is_number = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

impl Cases {
    /// Takes what was written down. Anything can follow anything: what was
    /// allowed is decided before.
    pub fn take(&mut self, recorded: Wall, deed: Deed) {
        if let Some(number) = case_number(&deed.about) {
            self.last_number = self.last_number.max(number);
        }
        match &deed.act {
            Act::Attached { activation } => {
                self.attached.insert(activation.clone(), deed.about.clone());
            }
            Act::Detached { activation } => {
                self.attached.remove(activation);
            }
            _ => {}
        }
        if let Some(request) = &deed.request {
            self.requests.insert(request.clone(), deed.about.clone());
        }
        let dossier = self.dossiers.entry(deed.about.clone()).or_default();
        dossier.deeds.push(Filed { recorded, deed });
    }

    /// The id of the next case.
    pub fn next_id(&self, exercise: bool) -> String {
        let prefix = if exercise { "XC" } else { "C" };
        format!("{prefix}-{:06}", self.last_number + 1)
    }

    /// What a request of this name led to before.
    pub fn answered(&self, request: &str) -> Option<&str> {
        self.requests.get(request).map(String::as_str)
    }

    /// The case that an activation belongs to.
    pub fn case_of(&self, activation: &str) -> Option<&str> {
        self.attached.get(activation).map(String::as_str)
    }

    /// One dossier.
    pub fn get(&self, id: &str) -> Option<&Dossier> {
        self.dossiers.get(id)
    }

    /// All cases in the order of their numbers.
    pub fn cases(&self) -> Vec<(&str, &Dossier)> {
        let mut cases: Vec<(u64, &str, &Dossier)> = self
            .dossiers
            .iter()
            .filter_map(|(id, dossier)| Some((case_number(id)?, id.as_str(), dossier)))
            .collect();
        cases.sort_by_key(|(number, _, _)| *number);
        cases
            .into_iter()
            .map(|(_, id, dossier)| (id, dossier))
            .collect()
    }

    /// Everything with clocks of its own: cases, and activations that belong to
    /// none.
    pub fn with_clocks(&self) -> impl Iterator<Item = (&str, &Dossier)> {
        self.dossiers
            .iter()
            .filter(|(id, _)| !self.attached.contains_key(*id))
            .map(|(id, dossier)| (id.as_str(), dossier))
    }

    /// What the clocks of a case, or of an activation, hang on. A case knows
    /// what was done about its activations, too: attaching one takes over its
    /// clocks and lengthens none.
    pub fn facts<'c>(&'c self, dossier: &'c Dossier) -> Facts<'c> {
        let attached = dossier
            .activations()
            .into_iter()
            .filter_map(|id| self.dossiers.get(id));
        let all: Vec<&Dossier> = std::iter::once(dossier).chain(attached).collect();
        let raised = all
            .iter()
            .filter_map(|one| one.opening())
            .filter(|deed| matches!(deed.act, Act::Raised { .. }))
            .map(|deed| deed.at)
            .min();
        let opened = dossier.opening().map(|deed| deed.at);
        let form = dossier.form_at();
        let mut facts = Facts {
            is_case: dossier
                .acts()
                .any(|(_, act)| matches!(act, Act::Opened { .. })),
            received: opened.into_iter().chain(raised).min(),
            form: form.into_iter().chain(raised).min(),
            from_readings: raised.is_some() && form.is_none_or(|form| raised <= Some(form)),
            track: None,
            on_java: on_java(&all),
            decisions: Vec::new(),
            steps: Vec::new(),
            ended: dossier.ended(),
        };
        for (deed, act) in all.iter().flat_map(|one| one.acts()) {
            let done = Done {
                at: deed.at,
                by: &deed.by,
            };
            match act {
                Act::Steps { steps } => facts.steps.extend(steps.iter().map(|step| (*step, done))),
                Act::Decision { status, .. } => facts.decisions.push((*status, done)),
                Act::Track { track } => facts.track = Some((*track, done)),
                _ => {}
            }
        }
        facts.steps.sort_by_key(|(_, done)| done.at);
        facts.decisions.sort_by_key(|(_, done)| done.at);
        facts
    }
}

/// A person's word goes first, then whoever says yes: the shorter clock.
fn on_java(all: &[&Dossier]) -> Option<bool> {
    let said = || all.iter().filter_map(|one| one.java());
    let by_person = said().find(|java| java.by == "person" && java.is.is_some());
    by_person
        .and_then(|java| java.is)
        .or_else(|| said().filter_map(|java| java.is).max())
}
