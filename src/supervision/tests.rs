use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::activation::{Config, Judged, Machine, PlaceContext, Stamp};
use crate::clock::Wall;
use crate::criteria::{Policy, Setting, SourceKind, Subject, judge_reading};
use crate::fault::{FaultTransition, Faults};
use crate::reading::{
    Amount, Channel, Channels, Counting, Delivery, DeviceTime, Flags, Quantity, Reading,
};

fn at(ms: u64) -> Received {
    let base = Wall::parse_rfc3339("2026-03-14T03:00:00Z").unwrap();
    Received {
        wall: base.saturating_add(Duration::from_millis(ms)),
        mono: Mono::from_nanos(ms * 1_000_000),
    }
}

fn reading(now: Received, usv_h: f64, counting: Option<Counting>) -> Reading {
    let mut channels = Channels::new();
    channels.push(Channel {
        quantity: Quantity::DoseRate,
        measured: Ok(Amount::new(Quantity::DoseRate, usv_h).unwrap()),
        at_least: None,
        raw: None,
        factor: None,
        counting,
    });
    Reading {
        instrument: InstrumentId::new("st").unwrap(),
        profile: Arc::from("pantau-station"),
        received: now,
        device_time: DeviceTime::Absent,
        sequence: None,
        channels,
        position: None,
        flags: Flags::EMPTY,
        fingerprint: 0,
        delivery: Delivery::default(),
    }
}

const GOOD: BrokerSeen<'_> = BrokerSeen {
    is_up: true,
    is_reached: true,
    detail: "subscribed",
};

/// Stations, their watchers and the faults, on one simulated clock.
struct Network {
    supervision: Supervision,
    faults: Faults,
    now_ms: u64,
    /// `second why key`.
    told: Vec<String>,
    saved: Vec<FaultTransition>,
    levels: BTreeMap<String, Class>,
}

impl Network {
    fn new() -> Self {
        Self {
            supervision: Supervision::new(Many::default()),
            faults: Faults::default(),
            now_ms: 0,
            told: Vec::new(),
            saved: Vec::new(),
            levels: BTreeMap::new(),
        }
    }

    fn of(stations: usize, expected: Expected) -> Self {
        let mut network = Self::new();
        for n in 0..stations {
            network.add(&format!("st-{n:03}"), expected, Way::Broker);
        }
        network
    }

    fn add(&mut self, id: &str, expected: Expected, way: Way) {
        let id = InstrumentId::new(id).unwrap();
        let now = at(self.now_ms).mono;
        self.supervision.watch(id, expected, way, now);
    }

    fn hear_as(&mut self, station: usize, usv_h: f64, heard: impl Fn(Heard<'_>) -> Heard<'_>) {
        let now = at(self.now_ms);
        let reading = reading(now, usv_h, None);
        let plain = Heard {
            reading: &reading,
            is_valid: true,
            is_suspect_zero: false,
            background: None,
            missing: 0,
            has_collapsed: false,
        };
        self.supervision.hear(station, now.mono, &heard(plain));
    }

    fn hear(&mut self, station: usize) {
        self.hear_as(station, 0.1, |heard| heard);
    }

    /// One second: a look, and what it does.
    fn look(&mut self, seen: &Seen<'_>) {
        self.now_ms += 1000;
        let now = at(self.now_ms);
        let levels = &self.levels;
        let level = |id: &InstrumentId| levels.get(id.as_str()).copied();
        let look = self.supervision.look(now, seen, level);
        let mut made = Vec::new();
        for sign in look.signs {
            made.extend(match sign {
                Sign::On(report) => self.faults.raise(now, report),
                Sign::Off(key) => self.faults.clear(now, &key),
            });
        }
        made.extend(self.faults.tick(now, look.is_forming));
        for transition in made {
            if let Some(why) = transition.tell {
                let second = self.now_ms / 1000;
                let why = why.as_str();
                self.told
                    .push(format!("{second} {why} {}", transition.fault.key));
            }
            self.saved.push(transition);
        }
    }

    fn looks(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.look(&Seen::default());
        }
    }

    #[track_caller]
    fn check(&mut self, told: &[&str]) {
        assert_eq!(std::mem::take(&mut self.told), told);
    }

    fn is_present(&self, kind: FaultKind, what: &str) -> bool {
        let key = FaultKey::new(kind, what);
        self.faults.open_at(&key).is_some_and(|fault| fault.present)
    }
}

fn every(secs: u64) -> Expected {
    Expected {
        interval: Some(Duration::from_secs(secs)),
        ..Expected::default()
    }
}

#[test]
fn a_station_is_silent_within_five_seconds_of_its_limit() {
    let mobile = |expected| Expected {
        moves: true,
        ..expected
    };
    for (expected, limit) in [
        (every(1), 30),
        (every(10), 30),
        (every(60), 180),
        (mobile(every(10)), 300),
        (mobile(every(120)), 600),
        (Expected::default(), 30),
    ] {
        let mut network = Network::of(1, expected);
        network.hear(0);
        for second in 1..limit + 5 {
            network.looks(1);
            let is_silent = network.is_present(FaultKind::Silent, "st-000");
            assert_eq!(is_silent, second >= limit, "{expected:?} at {second}");
        }
        let told = format!("{} raised silent:st-000", limit + 4);
        network.check(&[&told]);
        network.hear(0);
        network.looks(1);
        assert!(!network.is_present(FaultKind::Silent, "st-000"));
    }
}

#[test]
fn only_valid_readings_break_a_silence() {
    let mut network = Network::of(1, every(10));
    network.hear(0);
    for _ in 0..40 {
        network.looks(1);
        network.hear_as(0, 0.1, |heard| Heard {
            is_valid: false,
            ..heard
        });
    }
    network.check(&["34 raised silent:st-000"]);
}

#[test]
fn one_that_was_never_heard_is_silent_and_one_that_signed_off_is_not() {
    let mobile = Expected {
        moves: true,
        ..every(10)
    };
    let mut network = Network::new();
    network.add("fixed", every(10), Way::Broker);
    network.add("mobile", mobile, Way::Broker);
    network.add("recording", every(10), Way::Recording);
    network.supervision.signed(1, false);
    network.looks(1_000);
    network.check(&["34 raised silent:fixed"]);
    // Signed on again, it has its time from the last reading.
    network.hear(1);
    network.supervision.signed(1, true);
    network.looks(305);
    network.check(&["1304 raised silent:mobile"]);
}

#[test]
fn the_usual_interval_is_learned_where_nobody_configured_one() {
    let profile = Some(Duration::from_secs(180));
    let expected = Expected {
        profile,
        ..Expected::default()
    };
    let mut network = Network::of(1, expected);
    network.hear(0);
    let mut silences = 0;
    for _ in 0..20 {
        for _ in 0..600 {
            network.looks(1);
        }
        silences += usize::from(network.is_present(FaultKind::Silent, "st-000"));
        network.hear(0);
    }
    assert_eq!(silences, 1, "after the first interval it is known");
    network.looks(1_790);
    assert!(!network.is_present(FaultKind::Silent, "st-000"));
    network.looks(20);
    assert!(network.is_present(FaultKind::Silent, "st-000"));

    let limit = |learned: u64| expected.limit(Some(Duration::from_secs(learned)));
    assert_eq!(limit(1).as_secs(), 180, "never below what the profile says");
    assert_eq!(
        limit(86_400).as_secs(),
        3 * 6 * 3600,
        "believed up to a bound"
    );
    let promised = every(10).limit(Some(Duration::from_secs(600)));
    assert_eq!(promised.as_secs(), 30, "a promise stays one");
}

#[test]
fn a_source_that_falls_silent_at_a_level_is_told_at_once_and_as_urgent() {
    let mut network = Network::of(1, every(10));
    network.hear(0);
    network.levels.insert("st-000".to_owned(), Class::Emergency);
    network.looks(31);
    network.check(&["30 raised silent:st-000"]);
    let fault = network.faults.open().next().unwrap();
    assert_eq!(fault.priority, Priority::High);
}

/// F77: 300 of 800 stations fall silent within a minute.
#[test]
fn f77_three_hundred_of_eight_hundred_are_one_notification_with_their_list() {
    let mut network = Network::of(800, every(10));
    let is_lost = |n: usize| n % 8 < 3;
    for second in 0..300_usize {
        for n in (0..800).filter(|n| n % 10 == second % 10) {
            // Those that are lost say their last word between 60 s and 120 s.
            let last = 70 + n * 50 / 800;
            if !(is_lost(n) && second > last) {
                network.hear(n);
            }
        }
        network.looks(1);
    }
    let told = std::mem::take(&mut network.told);
    let [told] = told.as_slice() else {
        panic!("{} notifications: {told:#?}", told.len());
    };
    let (second, what) = told.split_once(' ').unwrap();
    assert_eq!(what, "raised mass_silence:network");
    // The twentieth is silent some 4 s after the first, which is silent 30 s after
    // its last reading.
    let many = network
        .saved
        .iter()
        .find(|saved| saved.fault.key.kind == FaultKind::MassSilence);
    let began = many.unwrap().stamp.mono.since(Mono::from_secs(0)).as_secs();
    let second: u64 = second.parse().unwrap();
    assert!(second - began <= 60, "told at {second}, many since {began}");
    let mass = network.saved.iter().rfind(|saved| saved.tell.is_some());
    let mass = &mass.unwrap().fault;
    let lost: Vec<String> = (0..800)
        .filter(|n| is_lost(*n))
        .map(|n| format!("st-{n:03}"))
        .collect();
    assert_eq!(mass.list, lost);
    assert_eq!(mass.priority, Priority::High);

    // All come back: one more, and nothing of the three hundred.
    for second in 300..500_usize {
        for n in (0..800).filter(|n| n % 10 == second % 10) {
            network.hear(n);
        }
        network.looks(1);
    }
    let told = std::mem::take(&mut network.told);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].ends_with("cleared mass_silence:network"));
}

/// A restart in the middle of it tells nothing again.
#[test]
fn f77_a_mass_silence_goes_on_across_a_restart() {
    let mut network = Network::of(100, every(60));
    for n in 0..100 {
        network.hear(n);
    }
    network.looks(400);
    network.check(&["190 raised mass_silence:network"]);
    let mut after = Network::of(100, every(60));
    after.now_ms = network.now_ms + 5_000;
    after.faults = Faults::restored(network.saved, at(after.now_ms));
    after.looks(600);
    after.check(&[]);
    // Nearly all come back: one end, and the others one by one.
    for _ in 0..20 {
        for n in 0..96 {
            after.hear(n);
        }
        after.looks(20);
    }
    let told = std::mem::take(&mut after.told);
    let of = |kind: &str| told.iter().filter(|told| told.contains(kind)).count();
    assert_eq!(of("cleared mass_silence"), 1, "{told:#?}");
    assert_eq!((of("raised silent"), told.len()), (4, 5), "{told:#?}");
}

#[test]
fn f77_a_few_of_many_are_told_one_by_one() {
    let mut network = Network::of(800, every(10));
    for second in 0..120_usize {
        for n in (0..800).filter(|n| n % 10 == second % 10) {
            if n >= 19 || second < 10 {
                network.hear(n);
            }
        }
        network.looks(1);
    }
    let told = std::mem::take(&mut network.told);
    assert_eq!(told.len(), 19, "{told:#?}");
    assert!(told.iter().all(|told| told.contains("raised silent:")));
}

#[test]
fn those_that_stay_silent_are_told_when_the_others_are_back() {
    let mut network = Network::of(30, every(10));
    for second in 0..400_usize {
        for n in (0..30).filter(|n| n % 10 == second % 10) {
            let is_lost = (20..200).contains(&second) || (n == 7 && second >= 20);
            if !is_lost {
                network.hear(n);
            }
        }
        network.looks(1);
    }
    let told = std::mem::take(&mut network.told);
    assert_eq!(told.len(), 3, "{told:#?}");
    assert!(told[0].ends_with("raised mass_silence:network"));
    for what in ["cleared mass_silence:network", "raised silent:st-007"] {
        assert!(
            told[1..].iter().any(|told| told.ends_with(what)),
            "{told:#?}"
        );
    }
}

/// F53: a frozen value within ten minutes, a dead tube within three.
#[test]
fn f53_a_frozen_counter_is_stuck_within_ten_minutes() {
    // Counts, seconds of counting, seconds between readings.
    for (counts, seconds, interval) in [
        (7, 1.0, 1),
        (7, 60.0, 1),
        (30, 60.0, 5),
        (41, 10.0, 10),
        (1_000, 60.0, 1),
        (20, 60.0, 30),
    ] {
        let mut network = Network::of(1, every(interval));
        let hear = |network: &mut Network, counts| {
            let now = at(network.now_ms);
            let counting = Some(Counting { counts, seconds });
            let reading = reading(now, 0.1, counting);
            let heard = Heard {
                reading: &reading,
                is_valid: true,
                is_suspect_zero: false,
                background: Some(0.1),
                missing: 0,
                has_collapsed: false,
            };
            network.supervision.hear(0, now.mono, &heard);
        };
        let mut stuck_after = None;
        for second in 0..900 {
            if second % interval == 0 {
                hear(&mut network, counts);
            }
            network.looks(1);
            if network.is_present(FaultKind::Stuck, "st-000") {
                stuck_after = Some(second);
                break;
            }
        }
        let stuck_after = stuck_after.expect("stuck");
        assert!(stuck_after <= 600, "{counts} in {seconds} s: {stuck_after}");
        assert!(stuck_after >= 19 * interval, "twenty readings at least");
        hear(&mut network, counts + 1);
        network.looks(1);
        assert!(!network.is_present(FaultKind::Stuck, "st-000"));
    }
}

#[test]
fn identical_counts_within_chance_are_not_stuck() {
    let mut network = Network::of(1, every(1));
    for _ in 0..600 {
        let now = at(network.now_ms);
        // Nothing counted in a second: what a small tube shows half the time.
        let counting = Some(Counting {
            counts: 0,
            seconds: 1.0,
        });
        let reading = reading(now, 0.1, counting);
        let heard = Heard {
            reading: &reading,
            is_valid: true,
            is_suspect_zero: false,
            background: None,
            missing: 0,
            has_collapsed: false,
        };
        network.supervision.hear(0, now.mono, &heard);
        network.looks(1);
    }
    network.check(&[]);
}

#[test]
fn f53_a_dead_tube_is_told_within_three_minutes() {
    let mut network = Network::of(1, every(10));
    for second in 0..400_u64 {
        if second.is_multiple_of(10) {
            let usv_h = if second < 100 { 0.1 } else { 0.01 };
            network.hear_as(0, usv_h, |heard| Heard {
                background: Some(0.1),
                ..heard
            });
        }
        network.looks(1);
    }
    network.check(&["281 raised dead:st-000"]);
}

#[test]
fn collapse_and_lost_numbers_are_faults() {
    let mut network = Network::of(2, every(10));
    for second in 0..100_u64 {
        if second.is_multiple_of(10) {
            network.hear_as(0, 0.1, |heard| Heard {
                has_collapsed: true,
                ..heard
            });
            let missing = if second >= 10 { 4 } else { 0 };
            network.hear_as(1, 0.1, |heard| Heard { missing, ..heard });
        }
        network.looks(1);
    }
    network.check(&["1 raised collapse:st-000", "70 raised sequence_gap:st-001"]);
}

#[test]
fn links_broker_and_subscription_are_faults_after_thirty_seconds() {
    let mut network = Network::new();
    network.add("counter", every(10), Way::Line);
    network.supervision.line(0, true, "open");
    let seen = |is_up, is_reached| Seen {
        broker: Some(BrokerSeen {
            is_up,
            is_reached,
            detail: "refused",
        }),
        ..Seen::default()
    };
    for second in 1..=200_u64 {
        network.hear(0);
        match second {
            50 => network.supervision.line(0, false, "gone"),
            90 => network.supervision.line(0, true, "open"),
            _ => {}
        }
        let seen = match second {
            100..140 => seen(false, false),
            140..180 => seen(false, true),
            _ => seen(true, true),
        };
        network.look(&seen);
    }
    network.check(&[
        "80 raised link:counter",
        "120 cleared link:counter",
        "130 raised broker:network",
        "170 raised subscription:network",
        "170 cleared broker:network",
    ]);
}

#[test]
fn store_journal_and_backlog_are_faults_within_five_seconds() {
    let mut network = Network::new();
    let journal = JournalSeen {
        since: Mono::from_secs(20),
        error: None,
    };
    for second in 1..=40 {
        let seen = Seen {
            broker: Some(GOOD),
            store: (second >= 10).then_some("no space left"),
            journal: (second >= 20).then_some(&journal),
            backlog: (if second >= 30 { 51_000 } else { 49_000 }, 100_000),
            ..Seen::default()
        };
        network.look(&seen);
    }
    network.check(&[
        "10 raised store:network",
        "22 raised journal:network",
        "30 raised backlog:network",
    ]);
    let high = Seen {
        backlog: (95_000, 100_000),
        ..Seen::default()
    };
    network.look(&high);
    network.check(&["41 risen backlog:network"]);
}

#[test]
fn a_subscriber_that_accepts_nothing_for_a_minute_is_a_fault() {
    let mut network = Network::new();
    let seen = |trying_since: Option<u64>, dead_letters| SubscriberSeen {
        id: "duty".to_owned(),
        trying_since: trying_since.map(Mono::from_secs),
        error: Some("connection refused".to_owned()),
        dead_letters,
        last_dead: Some("A-1.1: 404".to_owned()),
    };
    for second in 1..=200 {
        let one = match second {
            // Accepts each time after 50 s.
            ..100 => seen(Some(second / 50 * 50), 0),
            100..170 => seen(Some(100), 0),
            _ => seen(None, 1),
        };
        network.look(&Seen {
            subscribers: &[one],
            ..Seen::default()
        });
    }
    network.check(&[
        "160 raised delivery:duty",
        "170 raised dead_letter:duty",
        "200 cleared delivery:duty",
    ]);
}

#[test]
fn a_step_of_the_wall_clock_is_a_fault_and_moves_no_limit() {
    let mut network = Network::of(1, every(10));
    network.hear(0);
    let stepped = |ms: u64| Received {
        wall: at(0).wall,
        ..at(ms)
    };
    network.looks(5);
    let look = network
        .supervision
        .look(stepped(6_000), &Seen::default(), |_| None);
    assert_eq!(look.step_ms, Some(-6_000));
    let Some(Sign::On(report)) = look.signs.first() else {
        panic!("{look:?}");
    };
    assert_eq!(report.key, FaultKey::new(FaultKind::ClockStep, NETWORK));
    assert_eq!(report.detail.id, "-6,0 s");
    let look = network
        .supervision
        .look(stepped(29_000), &Seen::default(), |_| None);
    assert!(
        !look.signs.iter().any(|sign| matches!(sign, Sign::On(report)
        if report.key.kind == FaultKind::Silent))
    );
}

#[test]
fn stamps_of_faults_come_from_both_clocks() {
    let mut network = Network::of(1, every(10));
    network.looks(40);
    let stamp = network.saved[0].stamp;
    let expected = Stamp {
        wall: at(30_000).wall,
        mono: at(30_000).mono,
    };
    assert_eq!(stamp, expected);
}

/// What may happen around a station.
#[derive(Clone, Debug)]
enum Step {
    Read(f64),
    Wait(u64),
    Broker(bool, bool),
    Store(bool),
    Journal(bool),
    Subscriber(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let values = prop_oneof![Just(0.1), Just(0.5), Just(2.0), Just(150.0), Just(0.0)];
    prop_oneof![
        4 => values.prop_map(Step::Read),
        4 => (1..200_u64).prop_map(Step::Wait),
        1 => any::<(bool, bool)>().prop_map(|(up, reached)| Step::Broker(up, reached)),
        1 => any::<bool>().prop_map(Step::Store),
        1 => any::<bool>().prop_map(Step::Journal),
        1 => any::<bool>().prop_map(Step::Subscriber),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is at fault meanwhile, and whoever is told of it: the activations
    /// are the same, transition by transition.
    #[test]
    fn no_fault_changes_any_activation(steps in prop::collection::vec(step(), 1..60)) {
        let policy = Policy::default();
        let setting = Setting {
            subject: Some(Subject::Environment),
            source: Some(SourceKind::Irdms),
            ..Setting::default()
        };
        let place = PlaceContext {
            site: None,
            item: None,
            subject: Subject::Environment,
            source: SourceKind::Irdms,
            silent_after: Duration::from_secs(30),
            last_fix: None,
        };
        let mut watched = Machine::new(Config::default());
        let mut alone = watched.clone();
        let mut network = Network::of(1, every(10));
        let journal = JournalSeen { since: Mono::from_secs(0), error: None };
        let (mut broker, mut store, mut late, mut failing) = (GOOD, None, false, false);
        for step in steps {
            match step {
                Step::Read(usv_h) => {
                    network.now_ms += 1;
                    let now = at(network.now_ms);
                    let reading = reading(now, usv_h, None);
                    let judgement = judge_reading(&reading, &setting, &policy);
                    let judged = Judged { reading: &reading, judgement: &judgement, place: &place, grounds: None };
                    network.hear_as(0, usv_h, |heard| heard);
                    prop_assert_eq!(watched.apply(now, &judged), alone.apply(now, &judged));
                }
                Step::Wait(seconds) => for _ in 0..seconds {
                    let held = watched.watches().filter(|watch| watch.is_held());
                    network.levels = held.map(|watch| ("st-000".to_owned(), watch.class())).collect();
                    let trying_since = failing.then_some(Mono::from_secs(0));
                    let one = SubscriberSeen { id: "duty".to_owned(), trying_since, ..SubscriberSeen::default() };
                    network.look(&Seen {
                        broker: Some(broker),
                        store,
                        journal: late.then_some(&journal),
                        subscribers: &[one],
                        ..Seen::default()
                    });
                    let now = at(network.now_ms);
                    prop_assert_eq!(watched.tick(now), alone.tick(now));
                },
                Step::Broker(is_up, is_reached) => broker = BrokerSeen { is_up, is_reached, detail: "" },
                Step::Store(is_failing) => store = is_failing.then_some("full"),
                Step::Journal(is_late) => late = is_late,
                Step::Subscriber(is_failing) => failing = is_failing,
            }
        }
        let now = at(network.now_ms);
        prop_assert_eq!(watched.snapshot(now), alone.snapshot(now));
    }
}
