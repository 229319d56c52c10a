//! Clocks and deeds.

use serde_json::json;

use super::*;
use crate::clock::{Wall, Zone};
use crate::closing::ClosingView;
use crate::criteria::deadline::Deadline;

/// So many hours after the report.
fn at(hours: f64) -> Wall {
    let start = Wall::parse_rfc3339("2026-03-14T03:00:00Z").unwrap();
    start.saturating_add(std::time::Duration::from_secs_f64(hours * 3600.0))
}

fn known(exercise: bool) -> Known {
    Known {
        exercise,
        java: OnJava {
            is: Some(false),
            by: "site".to_owned(),
        },
    }
}

/// A case store in memory.
struct Desk {
    cases: Cases,
    /// What is proposed for the open matters of the first case.
    matters: Vec<(String, ClosingView)>,
}

impl Desk {
    fn new() -> Self {
        Self {
            cases: Cases::default(),
            matters: Vec::new(),
        }
    }

    /// Does what a request asks for, at so many hours.
    fn act(
        &mut self,
        hours: f64,
        about: Option<&str>,
        act: &str,
        mut body: serde_json::Value,
    ) -> Result<String, Refusal> {
        body["name"] = json!("Sari");
        body["note"] = json!("n");
        let draft = read(act, &body).map_err(Refusal::Invalid)?;
        let geography = Geography::default();
        let world = World {
            cases: &self.cases,
            geography: &geography,
            activation: &|id| match id {
                "A-1" | "A-2" => Some(known(false)),
                "X-1" => Some(known(true)),
                _ => None,
            },
            matters: &|about| match about {
                "C-000001" => self.matters.clone(),
                _ => Vec::new(),
            },
            exercise: false,
            now: at(hours),
            channel: "test",
        };
        let deeds = world.deeds(about, draft)?;
        let about = deeds[0].about.clone();
        for deed in deeds {
            self.cases.take(at(hours), deed);
        }
        Ok(about)
    }

    fn done(&mut self, hours: f64, id: &str, step: &str) {
        self.act(hours, Some(id), "step", json!({"step": step}))
            .unwrap();
    }

    fn raise(&mut self, hours: f64, id: &str) {
        let deed = Deed {
            about: id.to_owned(),
            by: "pantau".to_owned(),
            role: None,
            note: String::new(),
            channel: "readings".to_owned(),
            request: None,
            at: at(hours),
            act: Act::Raised {
                exercise: false,
                java: known(false).java,
            },
        };
        self.cases.take(at(hours), deed);
    }

    /// Rule, hours at start, hours at which it is due, and how it stands.
    fn clocks(&self, hours: f64, id: &str) -> Vec<(&'static str, f64, f64, &'static str)> {
        clocks(&self.cases, self.cases.get(id).unwrap())
            .iter()
            .map(|clock| {
                let hours_at = |wall: Wall| wall.secs_since(at(0.0)) / 3600.0;
                (
                    clock.rule.as_str(),
                    hours_at(clock.start),
                    hours_at(clock.due()),
                    clock.state(at(hours)).as_str(),
                )
            })
            .collect()
    }

    #[track_caller]
    fn check(&self, hours: f64, id: &str, rule: &str, start: f64, due: f64, state: &str) {
        let clocks = self.clocks(hours, id);
        let found = clocks.iter().find(|(found, ..)| *found == rule);
        let (_, found_start, found_due, found_state) = *found.expect(rule);
        assert_eq!(
            (found_start, found_due, found_state),
            (start, due, state),
            "{rule}"
        );
    }
}

#[test]
fn every_rule_has_its_words_and_its_start() {
    for rule in Deadline::ALL {
        let meaning = meaning(*rule);
        for both in [meaning.what, meaning.who, meaning.next] {
            assert!(!both.id.is_empty() && !both.en.is_empty(), "{rule}");
        }
        assert!(!meaning.source.is_empty(), "{rule}");
    }
    let mut started = std::collections::BTreeSet::new();
    for (track, java) in [("facility", true), ("special_event", false)] {
        let mut desk = Desk::new();
        let body = json!({"java": java, "report": {"form": "IV.a"}});
        let id = desk.act(0.0, None, "open", body).unwrap();
        desk.act(1.0, Some(&id), "decide", json!({"status": "SIAGA"}))
            .unwrap();
        for step in Step::ALL {
            desk.done(1.0, &id, step.as_str());
        }
        desk.act(1.0, Some(&id), "track", json!({"track": track}))
            .unwrap();
        started.extend(desk.clocks(1.0, &id).iter().map(|(rule, ..)| *rule));
    }
    assert_eq!(started.len(), Deadline::ALL.len(), "{started:?}");
}

#[test]
fn clocks_run_from_event_to_event() {
    let mut desk = Desk::new();
    let id = desk.act(0.0, None, "open", json!({})).unwrap();
    assert_eq!(id, "C-000001");
    assert_eq!(
        desk.clocks(0.5, &id),
        [("D-20", 0.0, 1.0, "running"), ("D-01", 0.0, 4.0, "running")]
    );
    assert_eq!(desk.clocks(1.5, &id)[0].3, "overdue");
    desk.done(1.5, &id, "forwarded");
    desk.check(1.5, &id, "D-20", 0.0, 1.0, "late");
    desk.done(2.0, &id, "answered");
    desk.check(9.0, &id, "D-01", 0.0, 4.0, "done");

    desk.act(3.0, Some(&id), "form", json!({"report": {"form": "IV.b"}}))
        .unwrap();
    desk.check(3.0, &id, "D-02", 3.0, 5.0, "running");
    desk.check(3.0, &id, "D-04", 3.0, 27.0, "running");
    desk.done(4.0, &id, "verified");
    desk.check(4.0, &id, "D-03", 4.0, 6.0, "running");
    desk.done(5.0, &id, "passed_on");
    desk.check(5.0, &id, "D-21", 5.0, 25.0, "running");
    desk.check(5.0, &id, "D-05", 5.0, 29.0, "running");

    desk.act(6.0, Some(&id), "decide", json!({"status": "AKTIF_PARSIAL"}))
        .unwrap();
    desk.check(6.0, &id, "D-05", 5.0, 29.0, "done");
    desk.check(6.0, &id, "D-07J", 6.0, 30.0, "running");
    desk.done(7.0, &id, "crime_suspected");
    desk.check(7.0, &id, "D-06", 7.0, 11.0, "running");

    desk.done(20.0, &id, "verification_ended");
    desk.check(20.0, &id, "D-07J", 6.0, 30.0, "done");
    desk.check(20.0, &id, "D-12", 20.0, 92.0, "running");
    desk.act(21.0, Some(&id), "track", json!({"track": "facility"}))
        .unwrap();
    desk.check(21.0, &id, "D-10", 20.0, 140.0, "running");
    desk.check(21.0, &id, "D-09", 20.0, 92.0, "running");
    assert!(
        !desk
            .clocks(21.0, &id)
            .iter()
            .any(|(rule, ..)| *rule == "D-12")
    );

    desk.act(30.0, Some(&id), "recovered", json!({"what": "both"}))
        .unwrap();
    desk.check(30.0, &id, "D-13", 30.0, 38.0, "running");
    desk.done(31.0, &id, "final_report");
    desk.check(31.0, &id, "D-18", 31.0, 55.0, "running");
}

#[test]
fn a_status_that_was_lowered_and_set_again_starts_its_clocks_again() {
    let mut desk = Desk::new();
    let id = desk.act(0.0, None, "open", json!({"java": false})).unwrap();
    for (hours, status) in [(1.0, "SIAGA"), (2.0, "AKTIF_TOTAL"), (3.0, "NONE")] {
        desk.act(hours, Some(&id), "decide", json!({"status": status}))
            .unwrap();
        let is_active = desk
            .clocks(3.0, &id)
            .iter()
            .any(|(rule, ..)| *rule == "D-07O");
        assert_eq!(is_active, status != "NONE");
    }
    desk.done(3.5, &id, "verification_ended");
    desk.act(
        10.0,
        Some(&id),
        "decide",
        json!({"status": "AKTIF_PARSIAL"}),
    )
    .unwrap();
    desk.check(10.0, &id, "D-07O", 10.0, 58.0, "running");
}

#[test]
fn an_activation_starts_the_duty_officers_clocks_and_a_case_takes_them_over() {
    let mut desk = Desk::new();
    desk.raise(0.0, "A-1");
    assert_eq!(
        desk.clocks(0.0, "A-1"),
        [
            ("D-20", 0.0, 1.0, "running"),
            ("D-02", 0.0, 2.0, "running"),
            ("D-03", 0.0, 2.0, "running"),
            ("D-01", 0.0, 4.0, "running"),
        ]
    );
    desk.done(1.5, "A-1", "verified");
    desk.check(1.5, "A-1", "D-03", 1.5, 3.5, "running");
    desk.act(
        1.6,
        Some("A-1"),
        "decide",
        json!({"status": "AKTIF_PARSIAL"}),
    )
    .unwrap();
    desk.check(2.0, "A-1", "D-07O", 1.6, 49.6, "running");

    // A case that is opened later, for it, lengthens nothing.
    let id = desk
        .act(3.0, None, "open", json!({"activation": "A-1"}))
        .unwrap();
    desk.check(3.0, &id, "D-01", 0.0, 4.0, "running");
    desk.check(3.0, &id, "D-02", 0.0, 2.0, "done");
    desk.check(3.0, &id, "D-07O", 1.6, 49.6, "running");
    let own: Vec<&str> = desk.cases.with_clocks().map(|(id, _)| id).collect();
    assert_eq!(own, ["C-000001"]);

    let twice = desk.act(3.0, None, "open", json!({"activation": "A-1"}));
    assert!(matches!(twice, Err(Refusal::Conflict(_))));
    let drill = desk.act(3.0, Some(&id), "attach", json!({"activation": "X-1"}));
    assert!(matches!(drill, Err(Refusal::Conflict(_))));
    let nobody = desk.act(3.0, Some(&id), "attach", json!({"activation": "A-9"}));
    assert!(matches!(nobody, Err(Refusal::Unknown(_))));
    desk.act(3.0, Some(&id), "attach", json!({"activation": "A-2"}))
        .unwrap();
    desk.act(3.0, Some(&id), "detach", json!({"activation": "A-1"}))
        .unwrap();
    assert_eq!(desk.cases.get(&id).unwrap().activations(), ["A-2"]);
    assert_eq!(desk.cases.case_of("A-1"), None);
}

#[test]
fn a_case_is_closed_by_a_person_after_report_and_statement() {
    let mut desk = Desk::new();
    let id = desk.act(0.0, None, "open", json!({})).unwrap();
    let Err(Refusal::Conflict(missing)) = desk.act(1.0, Some(&id), "close", json!({})) else {
        panic!("closed without report and statement");
    };
    assert_eq!(missing.len(), 2, "{missing:?}");
    desk.done(2.0, &id, "final_report");
    desk.done(3.0, &id, "close_statement");
    desk.act(4.0, Some(&id), "close", json!({})).unwrap();
    desk.check(99.0, &id, "D-20", 0.0, 1.0, "missed");
    desk.check(99.0, &id, "D-18", 2.0, 26.0, "ended");
    let late = desk.act(5.0, Some(&id), "decide", json!({"status": "NONE"}));
    assert!(matches!(late, Err(Refusal::Conflict(_))));
    desk.act(5.0, Some(&id), "note", json!({})).unwrap();

    let look = Look {
        cases: &desk.cases,
        now: at(6.0),
        zone: Zone::Wib,
        personal: false,
    };
    let view = look.case(&id).unwrap();
    let kept = view.retention.unwrap();
    assert_eq!(kept.active_until, "2031-03-14");
    assert_eq!(kept.keep_until, "2056-03-14");
    assert!(look.deadlines(false).is_empty());
}

#[test]
fn what_cannot_be_is_refused() {
    let mut desk = Desk::new();
    let future = desk.act(
        0.0,
        None,
        "open",
        json!({"received_at": "2026-03-15T03:00:00Z"}),
    );
    assert!(matches!(future, Err(Refusal::Invalid(_))));
    let id = desk.act(0.0, None, "open", json!({})).unwrap();
    let before = json!({"step": "answered", "at": "2026-03-14T02:00:00Z"});
    let before = desk.act(1.0, Some(&id), "step", before);
    assert!(matches!(before, Err(Refusal::Invalid(_))));
    for (id, act) in [("C-000002", "note"), ("A-9", "decide"), ("C-1", "note")] {
        let body = if act == "decide" {
            json!({"status": "SIAGA"})
        } else {
            json!({})
        };
        assert!(
            matches!(desk.act(1.0, Some(id), act, body), Err(Refusal::Unknown(_))),
            "{id}"
        );
    }
    let track = desk.act(1.0, Some("A-1"), "track", json!({"track": "facility"}));
    assert!(matches!(track, Err(Refusal::Conflict(_))));
}

#[test]
fn java_is_what_a_person_says_else_what_the_place_says() {
    let mut desk = Desk::new();
    let open = |desk: &mut Desk, body| desk.act(0.0, None, "open", body).unwrap();
    let jakarta = json!({"lat": -6.175, "lon": 106.827});
    for (body, rule) in [
        (json!({"report": {"position": jakarta}}), "D-07J"),
        (
            json!({"report": {"position": {"lat": -8.65, "lon": 115.2}}}),
            "D-07O",
        ),
        (
            json!({"java": false, "report": {"position": jakarta}}),
            "D-07O",
        ),
        (json!({}), "D-07J"),
    ] {
        let id = open(&mut desk, body);
        desk.act(1.0, Some(&id), "decide", json!({"status": "SIAGA"}))
            .unwrap();
        assert!(
            desk.clocks(1.0, &id)
                .iter()
                .any(|(found, ..)| *found == rule),
            "{rule}"
        );
    }
    let unknown = &clocks(&desk.cases, desk.cases.get("C-000004").unwrap());
    let d07 = unknown
        .iter()
        .find(|clock| clock.rule == Deadline::D07J)
        .unwrap();
    assert_eq!(d07.assumed, [Assumed::Java]);
}

#[test]
fn a_notice_says_what_since_when_how_late_and_who() {
    let mut desk = Desk::new();
    let id = desk.act(0.0, None, "open", json!({})).unwrap();
    let look = Look {
        cases: &desk.cases,
        now: at(6.5),
        zone: Zone::Wib,
        personal: false,
    };
    let views = look.deadlines(false);
    let view = views
        .iter()
        .find(|view| view.rule == "D-01")
        .unwrap()
        .clone();
    assert_eq!((view.left_s, view.overdue), (Some(-9000), true));
    assert_eq!(view.due_local, "2026-03-14 14:00:00 WIB");
    let context = crate::activation::EventContext {
        node: "n1".to_owned(),
        zone: Zone::Wib,
        recorded: true,
    };
    let message = notice_id(&id, "D-01", at(4.0));
    assert_eq!(message, "C-000001.D-01.1773471600");
    let event = notice(message, view, None, at(4.0), at(6.5), &context);
    assert_eq!((event.why.as_str(), event.about()), ("overdue", "C-000001"));
    assert!(event.text.id.headline.contains("terlambat 2 jam 30 menit"));
    assert!(
        event
            .text
            .en
            .headline
            .contains("OVERDUE D-01: answer the report; Duty officer")
    );
    let all = event.text.en.lines.join("\n");
    for part in [
        "Since: 2026-03-14 10:00:00 WIB (2026-03-14 03:00:00 UTC)",
        "p. 16",
        "Tell:",
    ] {
        assert!(all.contains(part), "`{part}` is not in {all}");
    }
}

/// What is proposed is taken; where no end is, a person has to say which.
#[test]
fn a_case_closes_the_matters_of_its_activations() {
    let proposed = |proposal: &'static str, rule: &'static str| ClosingView {
        proposal,
        rule,
        flags: Vec::new(),
        track: "orphan",
        source_recovered: false,
        environment_recovered: false,
        areas: Vec::new(),
    };
    let mut desk = Desk::new();
    let id = desk.act(0.0, None, "open", json!({})).unwrap();
    let steps = json!({"steps": ["final_report", "close_statement"]});
    desk.act(1.0, Some(&id), "step", steps).unwrap();
    desk.matters = vec![
        ("A-1".to_owned(), proposed("TERMINATE_EXISTING", "T4.2-RE")),
        ("A-2".to_owned(), proposed("NOT_TERMINABLE", "PT-DATA")),
    ];
    let refused = desk.act(2.0, Some(&id), "close", json!({})).unwrap_err();
    let Refusal::Conflict(problems) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].at, "to");
    assert!(
        problems[0]
            .problem
            .contains("for `A-2` NOT_TERMINABLE (PT-DATA)"),
        "{problems:?}"
    );

    let mut proposed_is_taken = Desk {
        cases: desk.cases.clone(),
        matters: desk.matters[..1].to_vec(),
    };
    let both = json!({"to": "TERMINATE_NORMAL"});
    for (desk, body, to) in [
        (
            &mut proposed_is_taken,
            json!({}),
            "A-1 to TERMINATE_EXISTING",
        ),
        (&mut desk, both, "A-1 to TERMINATE_NORMAL"),
    ] {
        desk.act(2.0, Some(&id), "close", body).unwrap();
        let closed = desk.cases.get(&id).unwrap().closing().unwrap();
        let summary = closed.act.summary();
        assert!(summary.contains(to), "{summary}");
        assert_eq!(
            summary.contains("; A-2 to TERMINATE_NORMAL (proposed was NOT_TERMINABLE, PT-DATA)"),
            to.ends_with("NORMAL"),
            "{summary}"
        );
    }
}
