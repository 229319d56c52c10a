use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::activation::{EventContext, Person, Shown, Stage, Why};
use crate::clock::{Mono, Received, Wall, Zone};
use crate::language::Bilingual;

const OFFICER: Person<'_> = Person {
    by: "Duty officer",
    note: "seen",
    channel: "test",
};

fn at(secs: u64) -> Received {
    at_ms(secs * 1000)
}

fn at_ms(ms: u64) -> Received {
    let base = Wall::parse_rfc3339("2026-03-14T03:00:00Z").unwrap();
    Received {
        wall: base.saturating_add(Duration::from_millis(ms)),
        mono: Mono::from_nanos(ms * 1_000_000),
    }
}

fn key(kind: FaultKind, what: &str) -> FaultKey {
    FaultKey::new(kind, what)
}

fn report(kind: FaultKind, what: &str, priority: Priority) -> Report {
    Report::new(key(kind, what), priority, Bilingual::default())
}

/// A silent station behind the broker.
fn silent(what: &str) -> Report {
    Report {
        behind: Some(key(FaultKind::Broker, NETWORK)),
        patience: Duration::from_secs(30),
        ..report(FaultKind::Silent, what, Priority::Normal)
    }
}

/// What people are told, as `second why key state`.
#[derive(Default)]
struct Bench {
    faults: Faults,
    told: Vec<String>,
    saved: Vec<FaultTransition>,
    restarts: bool,
}

impl Bench {
    fn take(&mut self, transitions: Vec<FaultTransition>, now: Received) {
        for transition in transitions {
            if let Some(why) = transition.tell {
                let (why, fault) = (why.as_str(), &transition.fault);
                let second = now.mono.since(Mono::from_secs(0)).as_secs();
                let state = fault.shown().as_str();
                self.told
                    .push(format!("{second} {why} {} {state}", fault.key));
            }
            self.saved.push(transition);
        }
        if self.restarts {
            self.faults = Faults::restored(self.saved.iter().cloned(), now);
        }
    }

    fn raise(&mut self, secs: u64, report: Report) {
        let transitions = self.faults.raise(at(secs), report);
        self.take(transitions, at(secs));
    }

    fn clear(&mut self, secs: u64, key: &FaultKey) {
        let transitions = self.faults.clear(at(secs), key);
        self.take(transitions, at(secs));
    }

    fn ticks(&mut self, from: u64, until: u64) {
        for secs in from..until {
            let transitions = self.faults.tick(at(secs), false);
            self.take(transitions, at(secs));
        }
    }

    fn ack(&mut self, secs: u64, key: &FaultKey) -> Result<(), FaultAckError> {
        let fault = self.faults.open_at(key).unwrap();
        let (id, version) = (fault.id.clone(), fault.version);
        let transitions = self.faults.acknowledge(&id, version, OFFICER, at(secs))?;
        self.take(transitions, at(secs));
        Ok(())
    }

    #[track_caller]
    fn check(&mut self, told: &[&str]) {
        assert_eq!(std::mem::take(&mut self.told), told);
    }
}

#[test]
fn a_fault_is_told_once_and_stays_until_it_is_over_and_acknowledged() {
    for restarts in [false, true] {
        let mut bench = Bench {
            restarts,
            ..Bench::default()
        };
        let link = key(FaultKind::Link, "counter");
        let down = || report(FaultKind::Link, "counter", Priority::Normal);
        bench.raise(0, down());
        bench.raise(1, down());
        bench.ticks(1, 100);
        bench.check(&["0 raised link:counter RAISED"]);
        bench.clear(100, &link);
        bench.ticks(100, 200);
        bench.check(&["130 cleared link:counter CLEARED_UNACKED"]);
        bench.ack(200, &link).unwrap();
        bench.ticks(200, 300);
        bench.check(&["200 closed link:counter CLOSED"]);

        // The same again, acknowledged first.
        bench.raise(5_000, down());
        bench.ack(5_010, &link).unwrap();
        bench.ack(5_011, &link).unwrap();
        bench.clear(5_020, &link);
        bench.ticks(5_020, 5_100);
        bench.check(&[
            "5000 raised link:counter RAISED",
            "5050 closed link:counter CLOSED",
        ]);
        let ids: std::collections::BTreeSet<_> =
            bench.saved.iter().map(|saved| &saved.fault.id).collect();
        assert_eq!(ids.len(), 2, "later than an hour it is a new one");
    }
}

#[test]
fn without_an_acknowledgement_the_second_contacts_are_told_and_all_are_reminded() {
    let mut bench = Bench::default();
    let link = key(FaultKind::Link, "counter");
    bench.raise(0, report(FaultKind::Link, "counter", Priority::Normal));
    bench.ticks(1, 8_000);
    bench.check(&[
        "0 raised link:counter RAISED",
        "1800 escalated link:counter RAISED",
        "3600 reminder link:counter RAISED",
        "7200 reminder link:counter RAISED",
    ]);
    let reach = |at: usize| {
        let told: Vec<_> = bench.saved.iter().filter(|s| s.tell.is_some()).collect();
        told[at].reach
    };
    assert!(reach(0).includes(Stage::First) && !reach(0).includes(Stage::Second));
    assert!(!reach(1).includes(Stage::First) && reach(1).includes(Stage::Second));
    assert!(reach(2).includes(Stage::First) && reach(2).includes(Stage::Second));
    bench.ack(8_000, &link).unwrap();
    bench.ticks(8_000, 12_000);
    bench.check(&[]);
}

#[test]
fn a_minor_one_closes_by_itself() {
    let mut bench = Bench::default();
    bench.raise(0, report(FaultKind::SequenceGap, "st-1", Priority::Low));
    bench.clear(100, &key(FaultKind::SequenceGap, "st-1"));
    bench.ticks(100, 200);
    bench.check(&[
        "0 raised sequence_gap:st-1 RAISED",
        "130 closed sequence_gap:st-1 CLOSED",
    ]);
}

#[test]
fn within_an_hour_it_is_the_same_one_and_its_acknowledgement_is_void() {
    let mut bench = Bench::default();
    let link = key(FaultKind::Link, "counter");
    let down = || report(FaultKind::Link, "counter", Priority::Normal);
    bench.raise(0, down());
    bench.ack(10, &link).unwrap();
    bench.clear(20, &link);
    bench.ticks(20, 100);
    bench.raise(3_500, down());
    bench.check(&[
        "0 raised link:counter RAISED",
        "50 closed link:counter CLOSED",
        "3500 reopened link:counter RAISED",
    ]);
    let fault = bench.faults.open_at(&link).unwrap();
    assert_eq!((fault.times, fault.ack.is_some()), (2, false));
    assert_eq!(fault.id, bench.saved[0].fault.id);
}

#[test]
fn what_comes_and_goes_is_one_fault_with_a_count() {
    let mut bench = Bench::default();
    let link = key(FaultKind::Link, "counter");
    // Every 20 s, for an hour.
    for n in 0..180 {
        bench.raise(n * 20, report(FaultKind::Link, "counter", Priority::Normal));
        bench.ticks(n * 20, n * 20 + 10);
        bench.clear(n * 20 + 10, &link);
        bench.ticks(n * 20 + 10, n * 20 + 20);
    }
    let is_again = |told: &String| told.contains("escalated") || told.contains("reminder");
    bench.told.retain(|told| !is_again(told));
    assert!(bench.told.len() <= 4, "{:?}", bench.told);
    let ids: std::collections::BTreeSet<_> =
        bench.saved.iter().map(|saved| &saved.fault.id).collect();
    assert_eq!(ids.len(), 1);
    bench.told.clear();
    bench.ticks(3_600, 4_000);
    bench.told.retain(|told| !is_again(told));
    bench.check(&["3920 cleared link:counter CLEARED_UNACKED"]);
    assert!(bench.faults.open_at(&link).unwrap().times >= 4);
}

#[test]
fn an_acknowledgement_names_the_version_and_a_name() {
    let mut bench = Bench::default();
    bench.raise(0, report(FaultKind::Delivery, "duty", Priority::Normal));
    let id = bench.saved[0].fault.id.clone();
    let nobody = Person { by: " ", ..OFFICER };
    let refused = bench.faults.acknowledge(&id, 1, nobody, at(1));
    assert_eq!(refused.unwrap_err(), FaultAckError::Nameless);
    let other = FaultId::parse("F-0123456789abcdef").unwrap();
    let refused = bench.faults.acknowledge(&other, 1, OFFICER, at(1));
    assert_eq!(refused.unwrap_err(), FaultAckError::Unknown(other));
    let refused = bench.faults.acknowledge(&id, 7, OFFICER, at(1));
    let FaultAckError::Version { given: 7, current } = refused.unwrap_err() else {
        panic!("the current version comes back");
    };
    assert_eq!(current.version, 1);
    assert!(bench.faults.acknowledge(&id, 1, OFFICER, at(1)).is_ok());
    for bad in ["F-12", "A-0123456789abcdef", "F-0123456789ABCDEF", ""] {
        assert_eq!(FaultId::parse(bad), None);
    }
}

#[test]
fn a_rise_of_priority_voids_the_acknowledgement_and_is_told_at_once() {
    let mut bench = Bench::default();
    let backlog = key(FaultKind::Backlog, NETWORK);
    bench.raise(0, report(FaultKind::Backlog, NETWORK, Priority::Low));
    bench.ack(5, &backlog).unwrap();
    bench.raise(6, report(FaultKind::Backlog, NETWORK, Priority::High));
    bench.check(&[
        "0 raised backlog:network RAISED",
        "6 risen backlog:network RAISED",
    ]);
}

#[test]
fn a_momentary_one_waits_for_a_person_and_the_next_is_counted() {
    let mut bench = Bench::default();
    let lost = key(FaultKind::StateLost, "journal");
    bench.raise(0, report(FaultKind::StateLost, "journal", Priority::High));
    bench.raise(100, report(FaultKind::StateLost, "journal", Priority::High));
    bench.ack(200, &lost).unwrap();
    bench.check(&[
        "0 raised state_lost:journal CLEARED_UNACKED",
        "100 reopened state_lost:journal CLEARED_UNACKED",
        "200 closed state_lost:journal CLOSED",
    ]);
}

#[test]
fn a_stream_of_momentary_ones_is_damped() {
    let mut bench = Bench::default();
    for secs in 0..3_600 {
        bench.raise(
            secs,
            report(FaultKind::Evaluator, NETWORK, Priority::Normal),
        );
        bench.ticks(secs, secs + 1);
    }
    assert!(bench.told.len() <= 12, "{:#?}", bench.told);
    assert!(bench.saved.len() <= 24, "{}", bench.saved.len());
    let fault = bench.faults.open_at(&key(FaultKind::Evaluator, NETWORK));
    assert_eq!(fault.unwrap().times, 3_600);
}

#[test]
fn a_blip_that_nobody_was_told_of_leaves_nothing_to_acknowledge() {
    let mut bench = Bench::default();
    bench.raise(0, silent("st-1"));
    bench.ticks(0, 3);
    bench.clear(3, &key(FaultKind::Silent, "st-1"));
    bench.ticks(3, 100);
    bench.check(&[]);
    assert_eq!(bench.faults.open().count(), 0);
    assert_eq!(bench.faults.closed().count(), 1);
}

#[test]
fn a_single_silent_station_is_told_within_five_seconds() {
    let mut bench = Bench::default();
    bench.raise(10, silent("st-1"));
    bench.ticks(10, 100);
    bench.check(&["14 raised silent:st-1 RAISED"]);
    let urgent = Report {
        urgent: true,
        ..silent("st-2")
    };
    bench.raise(100, urgent);
    bench.check(&["100 raised silent:st-2 RAISED"]);
}

#[test]
fn a_broker_that_somebody_knows_to_be_down_speaks_for_the_stations_behind() {
    let mut bench = Bench::default();
    let broker = key(FaultKind::Broker, NETWORK);
    bench.raise(0, report(FaultKind::Broker, NETWORK, Priority::High));
    // Nobody has accepted it yet: the first station is told by itself.
    bench.raise(1, silent("st-1"));
    bench.ticks(1, 6);
    bench.check(&[
        "0 raised broker:network RAISED",
        "5 raised silent:st-1 RAISED",
    ]);
    let id = bench.faults.open_at(&broker).unwrap().id.clone();
    let transitions = bench.faults.accepted(at(6), &id);
    bench.take(transitions, at(6));
    for n in 2..9 {
        bench.raise(7, silent(&format!("st-{n}")));
    }
    bench.ticks(7, 100);
    bench.check(&["31 updated broker:network RAISED"]);
    assert_eq!(bench.faults.open_at(&broker).unwrap().list.len(), 8);
    let views = bench.faults.views();
    assert_eq!(views[0].kind, "broker");
    assert!(views[1..].iter().all(|view| view.inhibited_by.is_some()));

    // It comes back, all but st-2 are heard again: that one is told then.
    bench.clear(100, &broker);
    for n in 1..9 {
        if n != 2 {
            bench.clear(101, &key(FaultKind::Silent, &format!("st-{n}")));
        }
    }
    bench.ticks(101, 200);
    let told = std::mem::take(&mut bench.told);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.contains(&"130 cleared broker:network CLEARED_UNACKED".to_owned()));
    assert!(told.contains(&"131 cleared silent:st-1 CLEARED_UNACKED".to_owned()));
    assert!(told.iter().any(|told| told.contains("raised silent:st-2")));
}

#[test]
fn what_people_read_names_the_stations_and_what_to_do() {
    let mut faults = Faults::default();
    let list = (0..60).map(|n| format!("st-{n:02}")).collect();
    let many = report(FaultKind::MassSilence, NETWORK, Priority::High);
    faults.raise(at(0), many.listing(list));
    let told: Vec<_> = (0..60)
        .flat_map(|secs| faults.tick(at(secs), false))
        .collect();
    let [transition] = told.as_slice() else {
        panic!("{told:#?}");
    };
    let context = EventContext {
        node: "node".to_owned(),
        zone: Zone::Wib,
        recorded: true,
    };
    let event = event(transition, &context).unwrap();
    assert_eq!(event.id, format!("{}.1", transition.fault.id));
    assert!(!event.exercise && event.activation.is_none() && !event.is_emergency());
    assert_eq!(event.about(), transition.fault.id.as_str());
    assert_eq!(event.class_max(), None);
    let view = event.fault.unwrap();
    assert_eq!((view.list.len(), view.priority.as_str()), (60, "high"));
    for (words, parts) in [
        (
            &event.text.id,
            ["GANGGUAN: banyak stasiun diam; 60 stasiun", "dan 10 lagi"],
        ),
        (
            &event.text.en,
            ["FAULT: many stations silent; 60 stations", "and 10 more"],
        ),
    ] {
        let text = format!("{}\n{}", words.headline, words.lines.join("\n"));
        for part in parts
            .iter()
            .copied()
            .chain(["2026-03-14 10:00:00 WIB", "st-49"])
        {
            assert!(text.contains(part), "`{part}` is not in:\n{text}");
        }
    }
}

#[test]
fn a_record_without_later_fields_is_read_and_a_record_is_read_back() {
    let mut faults = Faults::default();
    let saved = faults.raise(at(0), silent("st-1"));
    let line = serde_json::to_string(&saved[0]).unwrap();
    let read: FaultTransition = serde_json::from_str(&line).unwrap();
    assert_eq!(read, saved[0]);
}

/// What may happen to faults.
#[derive(Clone, Debug)]
enum Step {
    Raise(usize, Priority),
    Clear(usize),
    Ack(usize),
    Accept(usize),
    Wait(u64),
    Restart,
    Wall(i64),
}

const KEYS: [(FaultKind, &str); 6] = [
    (FaultKind::Silent, "st-1"),
    (FaultKind::Silent, "st-2"),
    (FaultKind::MassSilence, NETWORK),
    (FaultKind::Broker, NETWORK),
    (FaultKind::ClockStep, NETWORK),
    (FaultKind::Delivery, "duty"),
];

fn step() -> impl Strategy<Value = Step> {
    let which = 0..KEYS.len();
    let priority = prop_oneof![
        Just(Priority::Low),
        Just(Priority::Normal),
        Just(Priority::High)
    ];
    prop_oneof![
        4 => (which.clone(), priority).prop_map(|(n, priority)| Step::Raise(n, priority)),
        4 => which.clone().prop_map(Step::Clear),
        2 => which.clone().prop_map(Step::Ack),
        1 => which.prop_map(Step::Accept),
        4 => (1..400_u64).prop_map(Step::Wait),
        1 => Just(Step::Restart),
        1 => (-100_000..100_000_i64).prop_map(Step::Wall),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Versions grow, no version is told twice, a closed one was acknowledged or
    /// needed nobody, and what lasts is told in the end.
    #[test]
    fn any_sequence_keeps_the_promises(steps in prop::collection::vec(step(), 1..80)) {
        let mut faults = Faults::default();
        let mut saved: Vec<FaultTransition> = Vec::new();
        let (mut mono, mut wall) = (0_u64, 0_i64);
        let base = at(0).wall.as_nanos();
        let now = |mono: u64, wall: i64| Received {
            wall: Wall::from_nanos(base + (i64::try_from(mono).unwrap() + wall) * 1_000_000_000),
            mono: Mono::from_secs(mono),
        };
        for step in steps {
            let at = now(mono, wall);
            let made = match step {
                Step::Raise(n, priority) => {
                    let (kind, what) = KEYS[n];
                    let list = if kind == FaultKind::MassSilence { vec!["st-1".to_owned()] } else { vec![] };
                    let behind = (kind == FaultKind::Silent).then(|| key(FaultKind::Broker, NETWORK));
                    faults.raise(at, Report { behind, ..report(kind, what, priority).listing(list) })
                }
                Step::Clear(n) => faults.clear(at, &key(KEYS[n].0, KEYS[n].1)),
                Step::Ack(n) => {
                    let found = faults.open_at(&key(KEYS[n].0, KEYS[n].1)).map(|f| (f.id.clone(), f.version));
                    found.map_or_else(Vec::new, |(id, version)| faults.acknowledge(&id, version, OFFICER, at).unwrap())
                }
                Step::Accept(n) => {
                    let found = faults.open_at(&key(KEYS[n].0, KEYS[n].1)).map(|f| f.id.clone());
                    found.map_or_else(Vec::new, |id| faults.accepted(at, &id))
                }
                Step::Wait(secs) => {
                    let mut made = Vec::new();
                    for _ in 0..secs {
                        mono += 1;
                        made.extend(faults.tick(now(mono, wall), false));
                    }
                    made
                }
                Step::Restart => {
                    faults = Faults::restored(saved.iter().cloned(), at);
                    Vec::new()
                }
                Step::Wall(by) => {
                    wall += by;
                    Vec::new()
                }
            };
            saved.extend(made);
        }
        for _ in 0..900 {
            mono += 1;
            saved.extend(faults.tick(now(mono, wall), false));
        }
        let mut told: BTreeMap<String, u32> = BTreeMap::new();
        let mut versions: BTreeMap<String, u32> = BTreeMap::new();
        for transition in &saved {
            let fault = &transition.fault;
            let last = versions.entry(fault.id.to_string()).or_insert(0);
            prop_assert!(fault.version >= *last, "a version fell");
            *last = fault.version;
            let is_again = matches!(transition.tell, Some(Why::Escalated | Why::Reminder));
            if transition.tell.is_some() && !is_again {
                let last = told.insert(fault.id.to_string(), fault.version);
                prop_assert!(last.is_none_or(|last| last < fault.version), "told twice");
            }
            if fault.shown() == Shown::Closed && fault.priority > Priority::Low && fault.told > 0 && transition.tell == Some(Why::Closed) {
                prop_assert!(fault.ack.is_some(), "closed without anybody's notice");
            }
        }
        for fault in faults.open().filter(|fault| fault.present) {
            let is_told = fault.told == fault.version;
            prop_assert!(is_told || faults.inhibitor(fault).is_some(), "kept quiet: {fault:?}");
        }
    }
}
