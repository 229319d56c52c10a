//! What people record in cases, for the matters of the activations: what was
//! recovered, by which procedure the case goes, and that it is closed.
//!
//! What a case says adds to what a person said of the matter itself, and takes
//! nothing of it back. It is sent again when it changes, when an activation is
//! attached or goes on as another, and at start; what the matter knows already
//! is not sent.

use std::collections::BTreeMap;

use tracing::warn;

use super::CaseTask;
use crate::casework::{CaseView, ClosedTo, Dossier, Mask, MatterView, Said, case_number};
use crate::closing::ClosingView;
use crate::criteria::termination::{Recovered, Track};
use crate::pipeline::command::{Command, Core, Refusal};

impl CaseTask {
    /// Tells the core what the cases say of the matters that are open.
    pub(super) async fn tell_matters(&mut self) {
        if !std::mem::take(&mut self.has_news) {
            return;
        }
        let said = self.sayings();
        let is_new = |id: &String, said: &Said| self.said.get(id) != Some(said);
        if said.iter().any(|(id, said)| is_new(id, said)) {
            self.look_around().await;
            for (id, said) in &said {
                let matter = self
                    .matters
                    .get(id)
                    .filter(|_| self.said.get(id) != Some(said));
                if let Some((recovered, track)) = matter.and_then(|matter| said.news(matter)) {
                    tell_recovered(&self.parts.core, id, said, recovered, track).await;
                }
            }
            self.look_around().await;
        }
        self.said = said;
    }

    /// What all open cases say, by the activation whose matter it is for.
    fn sayings(&self) -> BTreeMap<String, Said> {
        let mut all: BTreeMap<String, Said> = BTreeMap::new();
        let open = self
            .cases
            .with_clocks()
            .filter(|(_, dossier)| dossier.closing().is_none());
        for (id, dossier) in open {
            let mask = Mask::of(&dossier.report(), false);
            let Some(said) = Said::of(id, &self.cases.facts(dossier), &mask) else {
                continue;
            };
            for activation in self.matters_of(id, dossier) {
                let known = all.remove(&activation).unwrap_or_default();
                all.insert(activation, known.and(said.clone()));
            }
        }
        all
    }

    /// The activations whose matters belong to a case, or to what was done about
    /// one activation. One that goes on as another has its matter there, unless
    /// that belongs to a case of its own.
    fn matters_of(&self, id: &str, dossier: &Dossier) -> Vec<String> {
        let itself = case_number(id).is_none().then_some(id);
        let mut found = Vec::new();
        for activation in dossier.activations().into_iter().chain(itself) {
            let lives = self.lives_on_as(activation);
            let is_others =
                lives != activation && self.cases.case_of(lives).is_some_and(|case| case != id);
            if !is_others && !found.iter().any(|known| known == lives) {
                found.push(lives.to_owned());
            }
        }
        found
    }

    fn lives_on_as<'t>(&'t self, activation: &'t str) -> &'t str {
        let mut id = activation;
        // Each goes on as an older one, so this ends; the bound is for records
        // that say otherwise.
        for _ in 0..self.views.len() {
            match self
                .views
                .get(id)
                .and_then(|view| view.merged_into.as_deref())
            {
                Some(into) => id = into,
                None => break,
            }
        }
        id
    }

    /// Closes the matters of a case that a person closed. One where something is
    /// at a level again, or still, stays open: the answer shows it.
    pub(super) async fn close_matters(&mut self, about: &str, closed: Vec<ClosedTo>) {
        if closed.is_empty() {
            return;
        }
        let by = self.closer_of(about);
        for ClosedTo { activation, to, .. } in closed {
            let id = activation.clone();
            let told = self.parts.core.ask(|answer| Command::Close {
                id,
                to,
                by: by.clone(),
                note: format!("with case {about}"),
                answer,
            });
            if let Ok(Err(refusal)) = told.await {
                say_refused(&activation, &refusal);
            }
        }
        self.look_around().await;
    }

    fn closer_of(&self, about: &str) -> String {
        let dossier = self.cases.get(about);
        let mask = Mask::of(&dossier.map(Dossier::report).unwrap_or_default(), false);
        let deed = dossier.and_then(Dossier::closing);
        deed.map_or_else(String::new, |deed| mask.text(&deed.by))
    }

    /// A case, or what was done about an activation, with what is proposed now.
    pub(super) fn shown(&self, id: &str, personal: bool) -> Option<CaseView> {
        let mut view = self.look(personal).case(id)?;
        let matters = self.open_matters(id).into_iter();
        let matters = matters.map(|(activation, closing)| MatterView {
            activation,
            closing,
        });
        view.closing = Some(matters.collect());
        Some(view)
    }

    /// What is proposed for the open matters of a case, by their activations.
    pub(super) fn open_matters(&self, id: &str) -> Vec<(String, ClosingView)> {
        let dossier = self.cases.get(id);
        let matters = dossier.map(|dossier| self.matters_of(id, dossier));
        let matters = matters.unwrap_or_default().into_iter();
        matters
            .filter_map(|activation| {
                let closing = self.matters.get(&activation)?.clone();
                Some((activation, closing))
            })
            .collect()
    }
}

async fn tell_recovered(core: &Core, id: &str, said: &Said, recovered: Recovered, track: Track) {
    let told = core.ask(|answer| Command::Recovered {
        id: id.to_owned(),
        recovered,
        track,
        by: said.by.clone(),
        note: format!("recorded for {}", said.about),
        answer,
    });
    if let Ok(Err(refusal)) = told.await {
        say_refused(id, &refusal);
    }
}

fn say_refused(id: &str, refusal: &Refusal) {
    let (Refusal::Unknown(error) | Refusal::Invalid(error) | Refusal::Stale(_, error)) = refusal;
    warn!(activation = %id, %error, "The core did not take what a case says of a matter.");
}
