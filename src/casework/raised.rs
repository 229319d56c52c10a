//! What an activation does to the clocks by itself: readings start them.

use super::act::{Act, Deed, OnJava};
use super::case::Cases;
use super::java::Geography;
use crate::activation::{ActivationView, Coordinates, Event};
use crate::clock::Wall;
use crate::criteria::Class;

/// Who does what follows from readings.
const OURSELVES: &str = "pantau";

/// A deed of the program itself.
pub fn our_deed(about: String, at: Wall, act: Act) -> Deed {
    Deed {
        about,
        by: OURSELVES.to_owned(),
        role: None,
        note: String::new(),
        channel: "readings".to_owned(),
        request: None,
        at,
        act,
    }
}

/// The activation that an event is about, and when it came to its level; `None`
/// when the event is about a clock, or the daemon's own exercise.
pub fn activation_of(event: &Event) -> Option<(&ActivationView, Option<Wall>)> {
    let view = event.activation.as_ref();
    let view = view.filter(|_| event.deadline.is_none() && !event.drill)?;
    let at = if event.why == "risen" {
        &event.at
    } else {
        &view.opened_at
    };
    Some((view, Wall::parse_rfc3339(at).ok()))
}

/// The deed that starts the duty officer's clocks of an activation at TIO3 or
/// above, since `at`, or that ends those of one that goes on as another; `None`
/// when it was done before.
pub fn raised(
    cases: &Cases,
    geography: &Geography,
    view: &ActivationView,
    at: Option<Wall>,
    now: Wall,
) -> Option<Deed> {
    let is_at_level =
        Class::from_word(&view.class_max).is_some_and(|class| class >= Class::PossibleEmergency);
    let dossier = cases.get(&view.id);
    let has = |wanted: fn(&Act) -> bool| {
        dossier.is_some_and(|d| d.deeds.iter().any(|filed| wanted(&filed.deed.act)))
    };
    let is_raised = has(|act| matches!(act, Act::Raised { .. }));
    let is_merged = has(|act| matches!(act, Act::Merged { .. }));
    let act = match &view.merged_into {
        None if is_at_level && !is_raised => Act::Raised {
            exercise: view.exercise,
            java: on_java(geography, view),
        },
        Some(into) if is_raised && !is_merged => Act::Merged { into: into.clone() },
        _ => return None,
    };
    let at = at.filter(|_| !is_raised).unwrap_or(now);
    Some(our_deed(view.id.clone(), at, act))
}

/// Whether an activation is on Java.
pub fn on_java(geography: &Geography, view: &ActivationView) -> OnJava {
    let position = view.place.lat.zip(view.place.lon);
    let position = position.map(|(lat, lon)| Coordinates { lat, lon });
    geography.on_java(view.place.site.as_deref(), position)
}
