//! Clocks that ran out.

use super::CaseTask;
use crate::activation::ActivationView;
use crate::casework::{State, clocks, notice, notice_id};
use crate::clock::Wall;
use crate::criteria::Class;

impl CaseTask {
    /// Tells of every clock that ran out, once.
    pub(super) fn ring(&mut self) {
        let now = self.parts.clock.wall();
        if !self.changed && self.next_due.is_none_or(|due| now <= due) {
            return;
        }
        self.changed = false;
        self.next_due = None;
        let look = self.look(false);
        let (mut notices, mut next_due) = (Vec::new(), None::<Wall>);
        for (id, dossier) in self.cases.with_clocks() {
            for clock in clocks(&self.cases, dossier) {
                let due = clock.due();
                let message = notice_id(id, clock.rule.as_str(), due);
                match clock.state(now) {
                    State::Running => next_due = Some(next_due.map_or(due, |next| next.min(due))),
                    State::Overdue if !self.parts.told.contains(&message) => {
                        let view = look.deadline(id, dossier.is_exercise(), &clock);
                        let activation = self.worst_of(id, &dossier.activations());
                        let context = &self.parts.context;
                        notices.push(notice(message, view, activation, due, now, context));
                    }
                    _ => {}
                }
            }
        }
        self.next_due = next_due;
        for event in notices {
            let message = event.id.clone();
            if self.send(vec![event], Vec::new()) {
                self.parts.told.insert(message);
            } else {
                self.changed = true; // tried again at the next look
            }
        }
    }

    /// The highest of the activations that a clock is about.
    pub(super) fn worst_of(&self, id: &str, attached: &[&str]) -> Option<ActivationView> {
        let views = attached.iter().copied().chain([id]);
        let views = views.filter_map(|id| self.views.get(id));
        views
            .max_by_key(|view| Class::from_word(&view.class_max))
            .cloned()
    }
}
