//! What people are told when a clock ran out.

use std::time::Duration;

use crate::activation::{
    ActivationView, DeadlineView, Event, EventContext, Reach, Stage, Text, Words, both_zones,
    sms_fitted,
};
use crate::clock::Wall;

/// The id of the message that tells of a clock: once for each time it is due.
pub fn notice_id(about: &str, rule: &str, due: Wall) -> String {
    format!("{about}.{rule}.{}", due.as_secs())
}

/// The message that tells of a clock that ran out, with the activation that it
/// belongs to, if any.
pub fn notice(
    id: String,
    view: DeadlineView,
    activation: Option<ActivationView>,
    due: Wall,
    now: Wall,
    context: &EventContext,
) -> Event {
    let late = Duration::from_nanos(u64::try_from(now.as_nanos() - due.as_nanos()).unwrap_or(0));
    let told = Told {
        view: &view,
        due,
        late,
        context,
    };
    let text = Text {
        id: told.words(true),
        en: told.words(false),
    };
    Event {
        reach: Reach::up_to(Stage::Second), // the next role has to hear of it
        exercise: view.exercise,
        activation,
        deadline: Some(view),
        ..Event::plain(id, "overdue", now, context, text)
    }
}

struct Told<'t> {
    view: &'t DeadlineView,
    due: Wall,
    late: Duration,
    context: &'t EventContext,
}

impl Told<'_> {
    fn words(&self, indonesian: bool) -> Words {
        let view = self.view;
        let pick = |id: &'static str, en: &'static str| if indonesian { id } else { en };
        let of = |both: &crate::activation::Bilingual| {
            if indonesian { &both.id } else { &both.en }.clone()
        };
        let about = view.case.as_ref().or(view.activation.as_ref());
        let about = about.map_or("", |id| id.as_str());
        let drill = if view.exercise {
            "LATIHAN / EXERCISE: "
        } else {
            ""
        };
        let late = spoken(self.late, indonesian);
        let headline = format!(
            "{drill}{} {}: {}; {}; {about}, {} {late}",
            pick("TENGGAT TERLEWATI", "OVERDUE"),
            view.rule,
            of(&view.what),
            of(&view.who),
            pick("terlambat", "late by"),
        );
        let start = Wall::parse_rfc3339(&view.start).unwrap_or(self.due);
        let mut lines = vec![
            format!("{}: {}", pick("Apa", "What"), of(&view.what)),
            format!("{}: {about}", pick("Tentang", "About")),
            format!(
                "{}: {}",
                pick("Siapa bertindak", "Who must act"),
                of(&view.who)
            ),
            format!("{}: {}", pick("Beri tahu", "Tell"), of(&view.next)),
            format!(
                "{}: {}",
                pick("Sejak", "Since"),
                both_zones(start, self.context.zone)
            ),
            format!(
                "{}: {}",
                pick("Tenggat", "Due"),
                both_zones(self.due, self.context.zone)
            ),
            format!("{}: {late}", pick("Terlambat", "Late by")),
            format!(
                "{}: {} ({})",
                pick("Aturan", "Rule"),
                view.rule,
                view.source
            ),
        ];
        if !view.flags.is_empty() {
            lines.push(format!(
                "{}: {}",
                pick("Anggapan", "Assumed"),
                view.flags.join(", ")
            ));
        }
        if view.exercise {
            let text = pick("bukan kejadian nyata", "not a real event");
            lines.insert(0, format!("LATIHAN / EXERCISE: {text}"));
        }
        let sms = sms_fitted(
            &format!(
                "{drill}{} {}: ",
                pick("TENGGAT TERLEWATI", "OVERDUE"),
                view.rule
            ),
            &format!("{}; {}", of(&view.what), of(&view.who)),
            &format!(", {} {late}. {about}", pick("terlambat", "late by"),),
        );
        Words {
            log: headline.clone(),
            headline,
            lines,
            sms,
        }
    }
}

/// Hours and minutes, rounded down.
fn spoken(duration: Duration, indonesian: bool) -> String {
    let minutes = duration.as_secs() / 60;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let (hour, minute) = if indonesian {
        ("jam", "menit")
    } else {
        ("h", "min")
    };
    if hours > 0 {
        format!("{hours} {hour} {minutes} {minute}")
    } else {
        format!("{minutes} {minute}")
    }
}
