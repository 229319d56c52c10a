//! What people are told when a station goes out of service, and when a person
//! takes it back.

use super::inert;
use super::message::{Text, Words};
use super::phrase::both_zones;
use super::service::OutOfService;
use super::sms;
use super::view::{Event, EventContext, NAME_CHARS};
use crate::clock::Wall;
use crate::language::Language;

impl Event {
    /// A station went out of service.
    pub fn out_of_service(out: &OutOfService, exercise: bool, context: &EventContext) -> Self {
        let about = About {
            out,
            at: out.at.wall,
            by: &out.by,
            is_out: true,
            exercise,
            context,
        };
        about.event("out_of_service")
    }

    /// A person took it into service again.
    pub fn back_in_service(
        out: &OutOfService,
        by: &str,
        at: Wall,
        exercise: bool,
        context: &EventContext,
    ) -> Self {
        let about = About {
            out,
            at,
            by,
            is_out: false,
            exercise,
            context,
        };
        about.event("in_service")
    }
}

struct About<'a> {
    out: &'a OutOfService,
    at: Wall,
    by: &'a str,
    is_out: bool,
    exercise: bool,
    context: &'a EventContext,
}

impl About<'_> {
    fn event(&self, why: &str) -> Event {
        let id = format!("{}.{why}.{}", self.out.instrument, self.at.as_millis());
        let text = Text {
            id: self.words(Language::Indonesian),
            en: self.words(Language::English),
        };
        Event {
            exercise: self.exercise,
            ..Event::plain(id, why, self.at, self.context, text)
        }
    }

    fn words(&self, language: Language) -> Words {
        let news = if self.is_out {
            language.pick("ALAT TIDAK BERTUGAS", "STATION OUT OF SERVICE")
        } else {
            language.pick("ALAT BERTUGAS LAGI", "STATION BACK IN SERVICE")
        };
        let drill = if self.exercise {
            "LATIHAN / EXERCISE: "
        } else {
            ""
        };
        let headline = format!("{drill}{news}: {}", self.out.instrument);
        let zone = self.context.zone;
        let mut lines = vec![
            headline.clone(),
            format!(
                "{}: {}",
                language.pick("Sejak", "Since"),
                both_zones(self.at, zone)
            ),
            format!(
                "{}: {}",
                language.pick("Oleh", "By"),
                inert(self.by, NAME_CHARS)
            ),
        ];
        if self.is_out {
            lines.push(format!(
                "{}: {}",
                language.pick("Sampai", "Until"),
                both_zones(self.out.until_wall, zone)
            ));
            lines.push(format!(
                "{}: {}",
                language.pick("Alasan", "Reason"),
                inert(&self.out.reason, 200)
            ));
            lines.push(
                language
                    .pick(
                        "Di bawah TIO2 tidak diberitahukan; TIO2 tetap dibunyikan.",
                        "Below TIO2 nothing is announced; TIO2 is raised all the same.",
                    )
                    .to_owned(),
            );
        }
        let until = zone.short(self.out.until_wall);
        let tail = if self.is_out {
            format!(" < {until}")
        } else {
            String::new()
        };
        Words {
            sms: sms::fitted(&format!("{headline}, "), &inert(self.by, NAME_CHARS), &tail),
            log: format!("{headline} | {}", inert(self.by, NAME_CHARS)),
            headline,
            lines,
        }
    }
}
