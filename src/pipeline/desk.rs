//! The duty officer's desk of a replay: clocks that start, run out and are done,
//! by what the recording raises and what people do.
//!
//! The deeds and the clocks are those of [`crate::casework`]; nothing is decided
//! here but when a clock is told of.

use std::collections::BTreeMap;
use std::time::Duration;

use super::build;
use super::people;
use crate::activation::{ActivationId, ActivationView, DeadlineView, Event, Mode};
use crate::casework::{
    Cases, Draft, Geography, Known, Look, Mask, Refusal, Said, State, What, World, activation_of,
    clocks, on_java, raised,
};
use crate::clock::{Wall, Zone};
use crate::config::Config;
use crate::criteria::deadline::Deadline;

/// The shortest time there is: a clock has run out when it is over its due time.
const TICK: Duration = Duration::from_nanos(1);

/// What was done so far, and what was told of it.
pub(super) struct Desk {
    cases: Cases,
    geography: Geography,
    zone: Zone,
    exercise: bool,
    views: BTreeMap<String, ActivationView>,
    /// Start and state of each clock as it was told last.
    told: BTreeMap<(String, Deadline), (Wall, State)>,
    next_due: Option<Wall>,
}

impl Desk {
    /// Before anything was raised.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            cases: Cases::default(),
            geography: build::geography(config),
            zone: config.node.zone,
            exercise: config.node.mode == Mode::Exercise,
            views: BTreeMap::new(),
            told: BTreeMap::new(),
            next_due: None,
        }
    }

    /// When the next clock runs out; `None` when none runs.
    pub(super) const fn next_due(&self) -> Option<Wall> {
        self.next_due
    }

    /// Takes notice of what was told of an activation; gives what that did to
    /// the clocks.
    pub(super) fn hear(&mut self, now: Wall, event: &Event) -> Vec<DeadlineView> {
        let Some((view, at)) = activation_of(event) else {
            return Vec::new();
        };
        self.views.insert(view.id.clone(), view.clone());
        match raised(&self.cases, &self.geography, view, at, now) {
            Some(deed) => {
                self.cases.take(now, deed);
                self.news(now)
            }
            None => Vec::new(),
        }
    }

    /// A person does something about an activation; gives what that did to the
    /// clocks.
    ///
    /// # Errors
    ///
    /// Why it cannot be done.
    pub(super) fn act(
        &mut self,
        id: &ActivationId,
        act: &people::Act,
        what: What,
    ) -> Result<Vec<DeadlineView>, String> {
        let draft = Draft {
            by: act.by.clone(),
            role: None,
            note: act.note.clone(),
            request: None,
            at: Some(act.at),
            what,
        };
        let known = |id: &str| {
            self.views.get(id).map(|view| Known {
                exercise: view.exercise,
                java: on_java(&self.geography, view),
            })
        };
        let world = World {
            cases: &self.cases,
            geography: &self.geography,
            activation: &known,
            matters: &|_| Vec::new(), // a replay opens no case
            exercise: self.exercise,
            now: act.at,
            channel: "replay",
        };
        let deeds = world.deeds(Some(id.as_str()), draft).map_err(text_of)?;
        for deed in deeds {
            self.cases.take(act.at, deed);
        }
        Ok(self.news(act.at))
    }

    /// What was recorded of the end of an activation.
    pub(super) fn said(&self, id: &ActivationId) -> Option<Said> {
        let dossier = self.cases.get(id.as_str())?;
        let mask = Mask::of(&dossier.report(), false);
        Said::of(id.as_str(), &self.cases.facts(dossier), &mask)
    }

    /// Lets the clocks run out that are due at `due`.
    pub(super) fn ring(&mut self, due: Wall) -> Vec<DeadlineView> {
        self.news(due.saturating_add(TICK))
    }

    /// Every clock that stands otherwise than it was told, in the order in which
    /// they are due.
    fn news(&mut self, now: Wall) -> Vec<DeadlineView> {
        let look = Look {
            cases: &self.cases,
            now,
            zone: self.zone,
            personal: false,
        };
        let (mut news, mut next_due) = (Vec::new(), None::<Wall>);
        for (id, dossier) in self.cases.with_clocks() {
            for clock in clocks(&self.cases, dossier) {
                let (due, stands) = (clock.due(), clock.state(now));
                if stands == State::Running {
                    next_due = Some(next_due.map_or(due, |next| next.min(due)));
                }
                let key = (id.to_owned(), clock.rule);
                let told = self.told.insert(key, (clock.start, stands));
                if told != Some((clock.start, stands)) {
                    news.push((due, look.deadline(id, dossier.is_exercise(), &clock)));
                }
            }
        }
        self.next_due = next_due;
        news.sort_by_key(|(due, _)| *due);
        news.into_iter().map(|(_, view)| view).collect()
    }
}

fn text_of(refusal: Refusal) -> String {
    match refusal {
        Refusal::Unknown(text) | Refusal::Unwritten(text) => text,
        Refusal::Invalid(problems) | Refusal::Conflict(problems) => problems
            .iter()
            .map(|one| format!("`{}` {}", one.at, one.problem))
            .collect::<Vec<_>>()
            .join("; "),
    }
}
