//! What goes out next: order, digests, failures, quiet hours.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

const GATHERED: u64 = 10_000;

/// Events of so many stations that cross at `ms`, in order.
fn crossings(area: &mut Area, stations: std::ops::Range<u32>, ms: u64) -> Vec<Arc<Event>> {
    stations
        .flat_map(|station| area.hear(station, 1.5, ms))
        .collect()
}

fn offer(desk: &mut Desk, events: &[Arc<Event>], ms: u64) {
    for event in events {
        desk.offer(Arc::clone(event), at(ms).mono);
    }
}

/// Everything that goes at `ms`, accepted at once.
fn sent(desk: &mut Desk, ms: u64) -> Vec<Letter> {
    let mut letters = Vec::new();
    while let Some(letter) = desk.take(at(ms), None) {
        let ended = desk.end(letter.is_urgent, &Attempt::Accepted, at(ms).mono);
        assert!(matches!(ended, Ended::Over(_)), "{ended:?}");
        letters.push(letter);
    }
    letters
}

fn ids(letter: &Letter) -> Vec<&str> {
    letter.parts.iter().map(|part| part.id.as_str()).collect()
}

fn later() -> Attempt {
    Attempt::Later {
        error: "503".to_owned(),
        after: None,
    }
}

fn refused() -> Attempt {
    Attempt::Refused {
        error: "400".to_owned(),
    }
}

/// A desk with a digest of 26 stations on its way.
fn with_a_digest_under_way(area: &mut Area) -> (Desk, Letter) {
    let mut desk = Desk::new(true);
    let events = crossings(area, 0..30, 0);
    offer(&mut desk, &events, 0);
    assert_eq!(sent(&mut desk, 0).len(), 4);
    assert_eq!(desk.wake(at(0).mono, None), Some(at(GATHERED).mono));
    assert_eq!(desk.is_flood(), Some(true));
    let digest = desk.take(at(GATHERED), None).unwrap();
    assert_eq!(digest.parts.len(), 26);
    (desk, digest)
}

#[test]
fn an_emergency_goes_before_a_digest_that_fails() {
    let mut area = Area::new();
    let (mut desk, digest) = with_a_digest_under_way(&mut area);
    assert_eq!(desk.end(false, &later(), at(11_000).mono), Ended::Again);
    offer(&mut desk, &area.hear(100, 150.0, 11_000), 11_000);
    let letters = sent(&mut desk, 11_000);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].event.why, "raised");
    assert!(letters[0].is_urgent);
    // The digest comes again as it was.
    let again = sent(&mut desk, 13_000);
    assert_eq!(again[0].event.id, digest.event.id);
    assert_eq!(again[0].event, digest.event);
    assert!(desk.is_empty());
}

#[test]
fn what_waited_of_a_place_goes_with_its_emergency() {
    let mut area = Area::new();
    let (mut desk, _) = with_a_digest_under_way(&mut area);
    desk.end(false, &Attempt::Accepted, at(GATHERED).mono);
    let raised = area.hear(100, 1.5, 11_000);
    offer(&mut desk, &raised, 11_000);
    assert!(sent(&mut desk, 11_000).is_empty());
    let risen = area.hear(100, 150.0, 12_000);
    offer(&mut desk, &risen, 12_000);
    let letters = sent(&mut desk, 12_000);
    assert_eq!(letters.len(), 1);
    let event = &letters[0].event;
    assert_eq!((&event.id, event.why.as_str()), (&risen[0].id, "risen"));
    assert_eq!(event.activation, risen[0].activation);
    assert_eq!(ids(&letters[0]), [&raised[0].id, &risen[0].id]);
    assert_eq!(event.digest[0].messages, [&*raised[0].id, &*risen[0].id]);
    assert!(desk.is_empty());
}

/// In calm times nothing is held back, so nothing is put together either.
#[test]
fn a_place_and_its_rise_in_one_instant_are_two_messages_in_calm_times() {
    let (mut area, mut desk) = (Area::new(), Desk::new(true));
    let both = [area.hear(0, 1.5, 0), area.hear(0, 150.0, 0)].concat();
    offer(&mut desk, &both, 0);
    let letters = sent(&mut desk, 0);
    let told: Vec<&str> = letters.iter().map(|one| one.event.why.as_str()).collect();
    assert_eq!(told, ["raised", "risen"]);
    assert!(letters.iter().all(|one| one.event.digest.is_empty()));
}

#[test]
fn emergencies_that_wait_for_one_another_go_together() {
    let (mut area, mut desk) = (Area::new(), Desk::new(true));
    offer(&mut desk, &area.hear(0, 150.0, 0), 0);
    let first = desk.take(at(0), None).unwrap();
    let both = [area.hear(1, 150.0, 100), area.hear(2, 200.0, 200)].concat();
    offer(&mut desk, &both, 200);
    assert_eq!(
        desk.take(at(200), None)
            .map(|letter| letter.event.id.clone()),
        None
    );
    desk.end(first.is_urgent, &Attempt::Accepted, at(2_000).mono);
    let letters = sent(&mut desk, 2_000);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].event.why, "digest");
    assert!(letters[0].event.is_emergency());
    let headline = &letters[0].event.text.en.headline;
    assert_eq!(
        headline,
        "SUMMARY: 2 places; 2 EMERGENCY; worst Stasiun 2 200 µSv/h"
    );
}

#[test]
fn a_digest_names_everything_the_worst_first() {
    let mut area = Area::new();
    let mut desk = Desk::new(true);
    let events = crossings(&mut area, 0..12, 0);
    offer(&mut desk, &events, 0);
    sent(&mut desk, 0);
    // One of those that wait is lost, another one is worse.
    let worse = area.hear(12, 9.5, 1_000);
    offer(&mut desk, &worse, 1_000);
    let letters = sent(&mut desk, GATHERED);
    let event = &letters[0].event;
    assert_eq!(event.digest.len(), 9);
    assert_eq!(event.digest[0].about, worse[0].about());
    let view = event.digest[0].activation.as_ref().unwrap();
    assert_eq!((view.state.as_str(), view.value), ("RAISED", Some(9.5)));
    assert_eq!(view.place.name.as_deref(), Some("Stasiun 12"));
    assert_eq!(
        event.text.id.headline,
        "BANJIR ALARM: 9 tempat; 9 POSSIBLE_EMERGENCY; terparah Stasiun 12 9,5 µSv/jam"
    );
    assert_eq!(event.text.en.lines[1], "Changes: 9 new");
    let written = serde_json::to_string(&**event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), **event);
}

#[test]
fn a_digest_that_is_too_large_goes_in_smaller_ones() {
    let mut area = Area::new();
    let (mut desk, digest) = with_a_digest_under_way(&mut area);
    let mut ms = GATHERED;
    let large = Attempt::TooLarge {
        error: "413".to_owned(),
    };
    let mut told: Vec<String> = Vec::new();
    let mut letter = Some(digest.clone());
    while ms < HOUR_MS && !desk.is_empty() {
        if let Some(letter) = letter.take() {
            let fits = letter.parts.len() <= 7;
            let attempt = if fits {
                Attempt::Accepted
            } else {
                large.clone()
            };
            let ended = desk.end(false, &attempt, at(ms).mono);
            assert_eq!(matches!(ended, Ended::Smaller), !fits);
            if fits {
                told.extend(ids(&letter).iter().map(ToString::to_string));
            }
        }
        ms += 1_000;
        letter = desk.take(at(ms), None);
    }
    assert_eq!(told, ids(&digest));
}

#[test]
fn a_refused_digest_is_a_dead_letter_for_all_in_it() {
    let mut area = Area::new();
    let (mut desk, digest) = with_a_digest_under_way(&mut area);
    assert_eq!(desk.end(false, &refused(), at(GATHERED).mono), Ended::Again);
    desk.take(at(12_000), None).unwrap();
    let Ended::Over(outcomes) = desk.end(false, &refused(), at(12_000).mono) else {
        panic!("it goes on");
    };
    let dead: Vec<&str> = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::DeadLetter { .. }))
        .map(|(event, _)| event.id.as_str())
        .collect();
    assert_eq!(dead, ids(&digest));
    assert!(desk.is_empty());
}

#[test]
fn in_quiet_hours_only_emergencies_go() {
    let (mut area, mut desk) = (Area::new(), Desk::new(true));
    let quiet = Some(Duration::from_secs(3600));
    let events = crossings(&mut area, 0..3, 0);
    offer(&mut desk, &events, 0);
    assert!(desk.take(at(0), quiet).is_none());
    assert_eq!(desk.wake(at(0).mono, quiet), Some(at(60_000).mono));
    offer(&mut desk, &area.hear(9, 150.0, 1_000), 1_000);
    assert_eq!(desk.wake(at(1_000).mono, quiet), Some(at(1_000).mono));
    let letter = desk.take(at(1_000), quiet).unwrap();
    assert!(letter.event.is_emergency());
    desk.end(letter.is_urgent, &Attempt::Accepted, at(1_000).mono);
    assert!(desk.take(at(1_000), quiet).is_none());
    assert_eq!(sent(&mut desk, HOUR_MS).len(), 3);
}

#[test]
fn nothing_real_stands_beside_a_drill() {
    let mut desk = Desk::new(true);
    let mut drill = Area::of(Mode::Exercise);
    let (drilled, real) = (
        crossings(&mut drill, 0..10, 0),
        crossings(&mut Area::new(), 10..20, 0),
    );
    for (one, other) in drilled.iter().zip(&real) {
        offer(&mut desk, &[Arc::clone(one), Arc::clone(other)], 0);
    }
    let mut letters = sent(&mut desk, 0);
    for ms in [GATHERED, 130_000, 250_000] {
        letters.extend(sent(&mut desk, ms));
    }
    assert!(desk.is_empty());
    for letter in &letters {
        let is_drill = letter.event.exercise;
        assert!(letter.parts.iter().all(|part| part.exercise == is_drill));
        let headline = &letter.event.text.en.headline;
        assert_eq!(headline.starts_with("LATIHAN / EXERCISE"), is_drill);
    }
}

#[test]
fn a_record_takes_every_event_by_itself_in_order() {
    let (mut area, mut desk) = (Area::new(), Desk::new(false));
    let events = crossings(&mut area, 0..50, 0);
    offer(&mut desk, &events, 0);
    let letters = sent(&mut desk, 0);
    let told: Vec<&str> = letters.iter().flat_map(ids).collect();
    let offered: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(told, offered);
    assert_eq!(desk.is_flood(), None);
}

/// One step of a random life.
#[derive(Clone, Debug)]
enum Step {
    Hear(u32, f64),
    Acknowledge,
    /// An attempt ends in some way.
    End(u8),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let usv = prop_oneof![Just(0.1), Just(1.5), Just(3.0), Just(150.0)];
    let step = prop_oneof![
        6 => (0..40_u32, usv).prop_map(|(station, usv)| Step::Hear(station, usv)),
        1 => Just(Step::Acknowledge),
        4 => (0..12_u8).prop_map(Step::End),
        2 => (0..120_u64).prop_map(Step::Pass),
        1 => Just(Step::Pass(700)),
    ];
    proptest::collection::vec(step, 1..250)
}

/// Everything that a desk was given, and what became of it.
#[derive(Default)]
struct Books {
    offered: usize,
    ended: BTreeMap<String, Outcome>,
    emergencies_waiting: BTreeSet<String>,
}

impl Books {
    fn end(&mut self, event: &Event, outcome: Outcome) {
        self.emergencies_waiting.remove(&event.id);
        let before = self.ended.insert(event.id.clone(), outcome);
        assert_eq!(before, None, "{} ended twice", event.id);
    }

    fn offer(&mut self, desk: &mut Desk, events: Vec<Arc<Event>>, ms: u64) {
        for event in events {
            self.offered += 1;
            let view = event.activation.as_ref().unwrap();
            if view.class == "EMERGENCY" && matches!(&*event.why, "raised" | "risen" | "reopened") {
                self.emergencies_waiting.insert(event.id.clone());
            }
            if let Some(old) = desk.offer(event, at(ms).mono) {
                let why = old.why.clone();
                assert!(!matches!(&*why, "raised" | "risen" | "closed"), "{why}");
                self.end(&old, Outcome::Superseded);
            }
        }
    }
}

fn attempt(kind: u8) -> Attempt {
    match kind {
        0..=5 => Attempt::Accepted,
        6 | 7 => later(),
        8 => refused(),
        9 => Attempt::TooLarge {
            error: "413".to_owned(),
        },
        _ => Attempt::Later {
            error: "429".to_owned(),
            after: Some(Duration::from_secs(7)),
        },
    }
}

fn live(script: &[Step]) {
    let (mut area, mut desk, mut books) = (Area::new(), Desk::new(true), Books::default());
    let mut under_way: Option<Letter> = None;
    let mut usual_told: Vec<u64> = Vec::new();
    let mut ms = 0;
    let wind_up = [Step::Pass(200), Step::End(0)]
        .into_iter()
        .cycle()
        .take(300);
    for step in script.iter().cloned().chain(wind_up) {
        let told = area.tick(ms);
        books.offer(&mut desk, told, ms);
        match step {
            Step::Hear(station, usv) => {
                let told = area.hear(station, usv, ms);
                books.offer(&mut desk, told, ms);
            }
            Step::Acknowledge => {
                let told = area.acknowledge(ms);
                books.offer(&mut desk, told, ms);
            }
            Step::Pass(secs) => ms += secs * 1_000,
            Step::End(kind) => {
                if let Some(letter) = under_way.take() {
                    let attempt = attempt(kind);
                    let ended = desk.end(letter.is_urgent, &attempt, at(ms).mono);
                    if attempt == Attempt::Accepted && !letter.is_urgent {
                        usual_told.push(ms);
                    }
                    if let Ended::Over(outcomes) = ended {
                        assert_eq!(outcomes.len(), letter.parts.len());
                        for (event, outcome) in outcomes {
                            books.end(&event, outcome);
                        }
                    }
                }
            }
        }
        if under_way.is_none() {
            under_way = desk.take(at(ms), None);
        }
        assert_eq!(books.offered, books.ended.len() + desk.len());
    }
    assert!(desk.is_empty(), "{}", desk.len());
    assert!(books.emergencies_waiting.is_empty());
    for first in &usual_told {
        let within = |told: &&u64| (*first..=first + WINDOW_MS).contains(told);
        assert!(usual_told.iter().filter(within).count() < MOST);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(66),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// The books of one subscriber: every event is accepted, waits, is superseded
    /// or a dead letter, whatever the far end answers.
    #[test]
    fn the_books_of_a_desk_balance(script in steps()) {
        live(&script);
    }
}
