//! Clocks that ran out.

use std::time::Duration;

use super::CaseTask;
use crate::activation::ActivationView;
use crate::casework::{State, clocks, notice, notice_id};
use crate::clock::{Mono, Received, Wall};
use crate::criteria::Class;

/// The shortest time by which anything is late.
const MOMENT: Duration = Duration::from_nanos(1);

impl CaseTask {
    /// Tells of every clock that ran out, once.
    ///
    /// A clock is timed by the wall clock when it is first seen, which is when it
    /// begins or when the daemon starts; from then on by monotonic time, so that
    /// nobody who sets the wall clock makes it run out or stand still.
    pub(super) fn ring(&mut self) {
        let now = self.parts.clock.now();
        if !self.changed && self.next_due.is_none_or(|due| now.mono <= due) {
            return;
        }
        self.changed = false;
        self.next_due = None;
        let (mut notices, mut next_due) = (Vec::new(), None::<Mono>);
        let known = std::mem::take(&mut self.timed);
        for (id, dossier) in self.cases.with_clocks() {
            for clock in clocks(&self.cases, dossier) {
                let due = clock.due();
                if !matches!(clock.state(now.wall), State::Running | State::Overdue) {
                    continue;
                }
                let message = notice_id(id, clock.rule.as_str(), due);
                let rings = known.get(&message).copied();
                let rings = rings.unwrap_or_else(|| mono_of(due, now));
                self.timed.insert(message.clone(), rings);
                if now.mono <= rings {
                    next_due = Some(next_due.map_or(rings, |next| next.min(rings)));
                } else if !self.parts.told.contains(&message) {
                    // It is over, even where the wall clock says that it is not yet.
                    let told = now.wall.max(due.saturating_add(MOMENT));
                    let view = self
                        .look_at(told)
                        .deadline(id, dossier.is_exercise(), &clock);
                    let activation = self.worst_of(id, &dossier.activations());
                    let context = &self.parts.context;
                    notices.push(notice(message, view, activation, due, told, context));
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

/// When the wall clock will show `at` if nobody sets it.
fn mono_of(at: Wall, now: Received) -> Mono {
    let left = i128::from(at.as_nanos()) - i128::from(now.wall.as_nanos());
    let nanos = i128::from(now.mono.as_nanos()) + left;
    Mono::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}
