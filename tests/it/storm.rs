//! A storm of alarms: many stations cross a level at once and flap for an hour.
//!
//! Time is simulated: the machine and the desks of the subscribers are driven by
//! hand, in steps of 100 ms. One test sends a smaller storm through the daemon.

mod desk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use firmware_mocks::mqtt::Broker;
use pantau::activation::{
    Config, Coordinates, Effect, Event, EventContext, Judged, Machine, Mode, Person, PlaceContext,
    SiteRef, Timetable, Timetables,
};
use pantau::clock::{Mono, Received, Wall, Zone};
use pantau::criteria::{
    ChannelVerdict, Class, Disposition, Judgement, Recommendation, Remarks, Rule, Rules,
    SourceKind, Subject,
};
use pantau::deliver::{Attempt, Desk, Ended, Letter, Outcome};
use pantau::reading::{
    Amount, Channel, Channels, Delivery, DeviceTime, Flags, InstrumentId, Quantity, Reading,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::support::{
    Answer, Client, Daemon, PATIENCE, Webhook, broker, station_reading, wait_for,
};

/// 2026-03-14T03:00:00Z.
const START: i64 = 1_773_457_200;

const STEP_MS: u64 = 100;
const HOUR_MS: u64 = 3_600_000;
const WINDOW_MS: u64 = 600_000;

/// How often a station sends.
const EVERY_MS: u64 = 30_000;

/// The limit of the specification.
const MOST: usize = 10;

fn at(ms: u64) -> Received {
    let nanos = i64::try_from(ms).unwrap() * 1_000_000;
    Received {
        wall: Wall::from_secs(START)
            .unwrap()
            .saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap())),
        mono: Mono::from_nanos(u64::try_from(nanos).unwrap()),
    }
}

/// Stations, each at a site of its own, 10 km from the next.
struct Area {
    machine: Machine,
    sent: u64,
    context: EventContext,
}

impl Area {
    /// Nobody is asked again: what is told is what happens.
    fn new() -> Self {
        Self::of(Mode::Actual)
    }

    fn of(mode: Mode) -> Self {
        let never = Duration::from_secs(1_000_000_000);
        let never = Timetable {
            second: never,
            everyone: None,
            remind: never,
        };
        Self::with(Config {
            mode,
            escalation: Timetables {
                emergency: never,
                possible_emergency: never,
                elevated: never,
            },
            ..Config::default()
        })
    }

    /// With the next contacts and reminders while nobody acknowledges.
    fn asking() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        Self {
            machine: Machine::new(config),
            sent: 0,
            context: EventContext {
                node: "pusat".to_owned(),
                zone: Zone::Wib,
                recorded: true,
            },
        }
    }

    /// What people are told of one reading.
    fn hear(&mut self, station: u32, usv: f64, ms: u64) -> Vec<Arc<Event>> {
        self.sent += 1;
        let (reading, judgement) = (reading(station, usv, ms, self.sent), judgement(usv));
        let judged = Judged {
            reading: &reading,
            judgement: &judgement,
            place: &place(station),
            grounds: None,
        };
        let effects = self.machine.apply(at(ms), &judged);
        self.told(&effects)
    }

    fn tick(&mut self, ms: u64) -> Vec<Arc<Event>> {
        let effects = self.machine.tick(at(ms));
        self.told(&effects)
    }

    /// A person acknowledges all that is open.
    fn acknowledge(&mut self, ms: u64) -> Vec<Arc<Event>> {
        let open: Vec<_> = self
            .machine
            .open()
            .map(|activation| (activation.id.clone(), activation.version))
            .collect();
        let person = Person {
            by: "piket",
            note: "",
            channel: "cli",
        };
        let mut told = Vec::new();
        for (id, version) in open {
            let effects = self.machine.acknowledge(&id, version, person, at(ms));
            told.extend(self.told(&effects.unwrap()));
        }
        told
    }

    fn told(&self, effects: &[Effect]) -> Vec<Arc<Event>> {
        effects
            .iter()
            .filter_map(|effect| Event::of(effect.transition(), &self.context))
            .map(Arc::new)
            .collect()
    }
}

fn reading(station: u32, usv: f64, ms: u64, number: u64) -> Reading {
    let quantity = Quantity::DoseRate;
    let received = at(ms);
    Reading {
        instrument: InstrumentId::new(&format!("st-{station}")).unwrap(),
        profile: "test".into(),
        received,
        device_time: DeviceTime::At(received.wall),
        sequence: None,
        channels: Channels::from_iter([Channel {
            quantity,
            measured: Ok(Amount::new(quantity, usv).unwrap()),
            at_least: None,
            raw: None,
            factor: None,
            counting: None,
        }]),
        position: None,
        flags: Flags::EMPTY,
        fingerprint: number,
        delivery: Delivery::default(),
    }
}

fn judgement(usv: f64) -> Judgement {
    let (class, rule) = match usv {
        usv if usv >= 100.0 => (Class::Emergency, Rule::T31I2),
        usv if usv >= 1.0 => (Class::PossibleEmergency, Rule::T31I1),
        _ => (Class::Normal, Rule::Nr),
    };
    let verdict = ChannelVerdict {
        quantity: Quantity::DoseRate,
        class,
        rule,
        value: Some(usv),
        possible_at: Some(1.0),
        emergency_at: Some(100.0),
    };
    Judgement {
        class: Some(class),
        rule,
        also: Rules::EMPTY,
        recommendation: Recommendation::None,
        disposition: Disposition::Accept,
        remarks: Remarks::EMPTY,
        canonical: Some(usv),
        channels: [verdict].into_iter().collect(),
    }
}

fn place(station: u32) -> PlaceContext {
    PlaceContext {
        site: Some(SiteRef {
            id: format!("s{station}"),
            name: format!("Stasiun {station}"),
            position: Some(Coordinates {
                lat: -8.0 + f64::from(station / 60) * 0.09,
                lon: 110.0 + f64::from(station % 60) * 0.09,
            }),
        }),
        item: None,
        subject: Subject::Environment,
        source: SourceKind::Irdms,
        silent_after: Duration::from_secs(90),
        last_fix: None,
    }
}

/// How a subscriber takes what it is told.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// At once.
    AtOnce,
    /// Each after two seconds, one at a time.
    Slowly,
    /// Nothing until 20 minutes after the start.
    AfterAWhile,
}

/// A subscriber, and what it was told when.
struct Phone {
    desk: Desk,
    takes: Takes,
    /// What is on its way, and until when.
    under_way: Option<(u64, Letter)>,
    offered: BTreeMap<String, u64>,
    ended: BTreeMap<String, Outcome>,
    told: Vec<(u64, Letter)>,
}

impl Phone {
    fn new(takes: Takes) -> Self {
        Self {
            desk: Desk::new(true),
            takes,
            under_way: None,
            offered: BTreeMap::new(),
            ended: BTreeMap::new(),
            told: Vec::new(),
        }
    }

    fn offer(&mut self, events: &[Arc<Event>], ms: u64) {
        for event in events {
            assert_eq!(self.offered.insert(event.id.clone(), ms), None);
            if let Some(old) = self.desk.offer(Arc::clone(event), at(ms).mono) {
                self.end(&old, Outcome::Superseded);
            }
        }
    }

    fn end(&mut self, event: &Event, outcome: Outcome) {
        let before = self.ended.insert(event.id.clone(), outcome);
        assert_eq!(before, None, "{} ended twice", event.id);
    }

    /// Sends what may be sent at `ms`.
    fn work(&mut self, ms: u64) {
        loop {
            match self.under_way.take() {
                Some((until, letter)) if until > ms => {
                    self.under_way = Some((until, letter));
                    return;
                }
                Some((_, letter)) => self.arrived(letter, ms),
                None => {}
            }
            let Some(letter) = self.desk.take(at(ms), None) else {
                return;
            };
            let takes_ms = match self.takes {
                Takes::Slowly => 2_000,
                Takes::AtOnce | Takes::AfterAWhile => 0,
            };
            self.under_way = Some((ms + takes_ms, letter));
        }
    }

    fn arrived(&mut self, letter: Letter, ms: u64) {
        let is_down = matches!(self.takes, Takes::AfterAWhile) && ms < 1_200_000;
        let attempt = if is_down {
            Attempt::Later {
                error: "down".to_owned(),
                after: None,
            }
        } else {
            Attempt::Accepted
        };
        match self.desk.end(letter.is_urgent, &attempt, at(ms).mono) {
            Ended::Over(outcomes) => {
                for (event, outcome) in outcomes {
                    self.end(&event, outcome);
                }
                self.told.push((ms, letter));
            }
            Ended::Again => assert!(is_down),
            Ended::Smaller => panic!("nothing was too large"),
        }
    }

    /// Every message that it was told, by itself or in a digest, and when.
    fn messages(&self) -> BTreeMap<&str, u64> {
        let mut messages = BTreeMap::new();
        for (ms, letter) in &self.told {
            let lines = letter.event.digest.iter();
            let mut ids: Vec<&str> = lines
                .flat_map(|line| line.messages.iter().map(String::as_str))
                .collect();
            if ids.is_empty() {
                ids.push(&letter.event.id);
            }
            for id in ids {
                assert_eq!(messages.insert(id, *ms), None, "{id} told twice");
            }
        }
        messages
    }

    /// When emergencies were told, each by itself.
    fn emergencies(&self) -> Vec<u64> {
        let told = self.told.iter().filter(|(_, letter)| letter.is_urgent);
        told.map(|(ms, letter)| {
            let view = letter.event.activation.as_ref().unwrap();
            assert_eq!(view.class_max, "EMERGENCY");
            *ms
        })
        .collect()
    }

    /// What has to hold for every subscriber, whatever happened.
    fn check(&self, stations: u32) {
        // At most ten in any ten minutes, with one emergency among them; a second
        // one waits for nothing either.
        for (first, _) in &self.told {
            let within = self
                .told
                .iter()
                .filter(|(ms, _)| (*first..=first + WINDOW_MS).contains(ms));
            let (urgent, usual): (Vec<_>, Vec<_>) = within.partition(|(_, one)| one.is_urgent);
            assert!(
                usual.len() + urgent.len().min(1) <= MOST,
                "{:?}: {} and {} urgent from {first} ms",
                self.takes,
                usual.len(),
                urgent.len()
            );
        }
        // Everything ended, and what was accepted was told.
        assert!(self.desk.is_empty(), "{:?}", self.takes);
        let offered: BTreeSet<&str> = self.offered.keys().map(String::as_str).collect();
        let ended: BTreeSet<&str> = self.ended.keys().map(String::as_str).collect();
        assert_eq!(offered, ended);
        let accepted: BTreeSet<&str> = self
            .ended
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Accepted { .. }))
            .map(|(id, _)| id.as_str())
            .collect();
        let messages = self.messages();
        assert_eq!(accepted, messages.keys().copied().collect::<BTreeSet<_>>());
        // Every activation is listed, and its newest version known.
        let mut newest: BTreeMap<&str, u32> = BTreeMap::new();
        for id in self.offered.keys() {
            let (activation, version) = id.split_once('.').unwrap();
            let newest = newest.entry(activation).or_default();
            let version = version.split('.').next().unwrap();
            *newest = version.parse::<u32>().unwrap().max(*newest);
        }
        assert_eq!(newest.len(), usize::try_from(stations).unwrap());
        for (activation, version) in newest {
            let last = format!("{activation}.{version}");
            assert!(accepted.contains(last.as_str()), "{last} is not known");
        }
    }

    fn digests(&self) -> usize {
        let is_digest = |(_, letter): &&(u64, Letter)| letter.event.why == "digest";
        self.told.iter().filter(is_digest).count()
    }
}

/// What a station measures at a time of the storm: `None` is silence.
fn flapping(station: u32, ms: u64) -> Option<f64> {
    let minute = ms / 60_000;
    match station % 3 {
        // Up and down with every reading: HY-1 holds it.
        0 => Some(if (ms / EVERY_MS).is_multiple_of(2) {
            1.4
        } else {
            0.3
        }),
        // Down for so long that it clears, then back again.
        1 => Some(if minute.is_multiple_of(13) { 1.2 } else { 0.2 }),
        // Gone for minutes, and back.
        _ => (minute % 5 < 3).then_some(1.1),
    }
}

/// When a station crosses the level, in milliseconds.
fn crossing(station: u32, stations: u32) -> u64 {
    u64::from(station) * 10_000 / u64::from(stations) / STEP_MS * STEP_MS
}

/// A storm over `stations`: flapping for so long, then an hour of calm.
///
/// The last station reaches TIO2 in the middle of the crossing, the one before
/// it when half of that time is over.
fn storm(mut area: Area, stations: u32, lasts_ms: u64, phones: &mut [Phone]) -> Area {
    let last = stations - 1;
    // All cross within the first ten seconds.
    let mut due: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for station in 0..stations {
        due.entry(crossing(station, stations))
            .or_default()
            .push(station);
    }
    let half = lasts_ms / 2;
    for step in 0..(lasts_ms + HOUR_MS) / STEP_MS {
        let ms = step * STEP_MS;
        let mut told = area.tick(ms);
        for &station in due.get(&(ms % EVERY_MS)).into_iter().flatten() {
            let usv = if ms >= lasts_ms {
                Some(0.1)
            } else if station == last && ms < 600_000 {
                Some(150.0)
            } else if station + 1 == last && (half..half + 600_000).contains(&ms) {
                Some(120.0)
            } else if ms < EVERY_MS {
                Some(1.3)
            } else {
                flapping(station, ms)
            };
            if let Some(usv) = usv {
                told.extend(area.hear(station, usv, ms));
            }
        }
        if ms == lasts_ms + 1_200_000 {
            told.extend(area.acknowledge(ms));
        }
        for phone in phones.iter_mut() {
            phone.offer(&told, ms);
            phone.work(ms);
        }
    }
    area
}

#[track_caller]
fn check_storm(stations: u32, lasts_ms: u64) {
    let takes = [Takes::AtOnce, Takes::Slowly, Takes::AfterAWhile];
    let mut phones = takes.map(Phone::new);
    let area = storm(Area::new(), stations, lasts_ms, &mut phones);
    assert_eq!(area.machine.open().count(), 0, "the storm is over");
    for phone in &phones {
        phone.check(stations);
        assert!(phone.digests() > 0);
    }
    let [at_once, slowly, after_a_while] = &phones;
    // The first within two seconds, and the emergencies in their very instants.
    assert_eq!(at_once.told.first().map(|(ms, _)| *ms), Some(0));
    let crossing = crossing(stations - 1, stations);
    let rise = at_once.emergencies()[1];
    assert_eq!(at_once.emergencies(), [crossing, rise]);
    let half = lasts_ms / 2;
    assert!((half..half + EVERY_MS).contains(&rise));
    // Where a message takes two seconds, behind the one on its way at most.
    assert!(slowly.told[0].0 <= 2_000);
    for (told, crossed) in slowly.emergencies().iter().zip([crossing, rise]) {
        assert!((crossed..=crossed + 4_000).contains(told), "{told}");
    }
    // After a failure, as soon as it is over and before all else.
    assert!(after_a_while.emergencies()[0] < 1_200_000 + 34_000);
    // A new place waits no longer than two digests are apart.
    let messages = at_once.messages();
    let raised = messages.iter().filter(|(id, _)| id.ends_with(".1"));
    for (id, told) in raised {
        assert!(told - at_once.offered[*id] <= 125_000, "{id}");
    }
}

#[test]
fn a_storm_of_a_thousand_stations_rings_ten_times_in_ten_minutes_at_most() {
    check_storm(1_000, HOUR_MS);
}

/// With the next contacts and reminders for each of them, until somebody answers.
#[test]
fn a_storm_that_nobody_acknowledges_rings_no_more_often() {
    let stations = 200;
    let mut phones = [Phone::new(Takes::AtOnce)];
    let area = storm(Area::asking(), stations, HOUR_MS, &mut phones);
    assert_eq!(area.machine.open().count(), 0, "the storm is over");
    for phone in &phones {
        phone.check(stations);
        let is_repeat = |id: &&String| id.contains(".r");
        assert!(phone.offered.keys().filter(is_repeat).count() > 200);
    }
}

#[test]
fn a_storm_of_three_thousand_stations_is_no_louder() {
    check_storm(3_000, HOUR_MS / 12);
}

#[test]
fn a_storm_of_thirty_stations_is_told_with_everyone_in_it() {
    check_storm(30, HOUR_MS);
}

/// Two places an hour are no flood: every message goes by itself, at once.
#[test]
fn in_quiet_times_everything_is_told_by_itself_at_once() {
    let (mut area, mut phone) = (Area::new(), Phone::new(Takes::AtOnce));
    for minute in 0..24 * 60 {
        let ms = minute * 60_000;
        let mut told = area.tick(ms);
        let hour = u32::try_from(minute / 60).unwrap();
        for (station, from) in [(2 * hour, 5), (2 * hour + 1, 35)] {
            let since = (minute % 60).checked_sub(from);
            match since {
                Some(0) => told.extend(area.hear(station, 2.0, ms)),
                Some(1..=20) => told.extend(area.hear(station, 0.1, ms)),
                _ => {}
            }
        }
        if minute % 60 == 58 {
            told.extend(area.acknowledge(ms));
        }
        phone.offer(&told, ms);
        phone.work(ms);
    }
    phone.check(48);
    assert_eq!(phone.digests(), 0);
    assert_eq!(phone.told.len(), phone.offered.len());
    for (id, told) in phone.messages() {
        assert_eq!(phone.offered[id], told, "{id}");
    }
}

/// One station that is lost and back every minute: the first is told, but not
/// each of them for ever.
#[test]
fn a_station_that_comes_and_goes_is_told_less_and_less_often() {
    let (mut area, mut phone) = (Area::new(), Phone::new(Takes::AtOnce));
    for second in 0..6 * 3600 {
        let ms = second * 1_000;
        let mut told = area.tick(ms);
        if second.is_multiple_of(150) {
            told.extend(area.hear(1, 2.0, ms));
        }
        phone.offer(&told, ms);
        phone.work(ms);
    }
    assert!(phone.offered.len() > 100, "{}", phone.offered.len());
    let last_hour = phone.told.iter().filter(|(ms, _)| *ms >= 5 * HOUR_MS);
    let count = last_hour.count();
    assert!((1..=6).contains(&count), "{count}");
}

/// What one more reading costs while so many places are at a level: the least of
/// several rounds, for the machine is busy with other things.
fn cost_of_a_reading(open: u32) -> Duration {
    let mut area = Area::new();
    for station in 0..open {
        area.hear(station, 1.5, 0);
    }
    let round = |area: &mut Area, ms: u64| {
        let begun = Instant::now();
        for station in (0..open).step_by(usize::try_from(open / 500).unwrap()) {
            assert!(area.hear(station, 1.5, ms).is_empty());
        }
        begun.elapsed() / 500
    };
    (1..=6).map(|n| round(&mut area, n * 1_000)).min().unwrap()
}

#[test]
fn a_reading_costs_the_same_however_much_is_open() {
    let [few, many] = [1_000, 10_000].map(cost_of_a_reading);
    println!("one reading among 1,000: {few:?}, among 10,000: {many:?}");
    assert!(many < few * 4, "{few:?} and {many:?}");
}

/// A daemon with so many stations, each at a site of its own, a webhook and the
/// broker as subscribers.
fn configuration(broker: &Broker, hook: &Webhook, stations: u32) -> String {
    let Broker { host, port, .. } = broker;
    let mut config = format!(
        "[node]\nname = \"serpong\"\n[broker]\nurl = \"mqtt://{host}:{port}\"\n\
         [[subscriber]]\nid = \"mqtt\"\nkind = \"mqtt\"\n\
         [[subscriber]]\nid = \"duty\"\nkind = \"webhook\"\nurl = \"{}\"\n\
         allow_inside = [\"127.0.0.1\"]\n",
        hook.url()
    );
    for n in 0..stations {
        let lat = -8.0 + f64::from(n) * 0.01;
        config.push_str(&format!(
            "[[site]]\nid = \"s{n}\"\nname = \"Stasiun {n}\"\n\
             position = {{ lat = {lat:.2}, lon = 110.5 }}\n\
             [[instrument]]\nid = \"st-{n}\"\nprofile = \"pantau-station\"\nsite = \"s{n}\"\n"
        ));
    }
    config
}

/// The activations that a message is about.
fn about(event: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let lines = event["digest"].as_array().into_iter().flatten();
    let listed = lines.filter_map(|line| text(&line["about"]));
    text(&event["activation"]["id"])
        .into_iter()
        .chain(listed)
        .collect()
}

#[tokio::test]
async fn two_hundred_stations_are_told_in_few_messages_over_the_wire() {
    const STATIONS: u32 = 200;
    let (broker, hook) = (broker(), Webhook::start(Answer::Status(204)).await);
    let mut client = Client::connect(&broker, "test", &["pantau/#"]).await;
    let daemon = Daemon::start(&configuration(&broker, &hook, STATIONS)).await;
    let is_up = |status: &Value| (status["broker"]["up"] == true).then_some(());
    daemon
        .wait("the subscriptions", "/api/v1/status", is_up)
        .await;

    let begun = Instant::now();
    client
        .publish("irdms/st-0/reading", station_reading(1, 5.0))
        .await;
    hook.wait(1).await;
    let first = begun.elapsed();
    assert!(first <= Duration::from_secs(2), "{first:?}");
    for n in 1..STATIONS - 1 {
        let topic = format!("irdms/st-{n}/reading");
        client.publish(&topic, station_reading(1, 5.0)).await;
    }
    // In the middle of it, an emergency.
    let crossed = Instant::now();
    let topic = format!("irdms/st-{}/reading", STATIONS - 1);
    client.publish(&topic, station_reading(1, 150.0)).await;
    let is_emergency = |event: &Value| event["activation"]["class"] == "EMERGENCY";
    wait_for("the emergency", PATIENCE, async || {
        let received = hook.received();
        let has_come = received.iter().any(|one| is_emergency(&one.document));
        if has_come { Ok(()) } else { Err(hook.ids()) }
    })
    .await;
    let emergency = crossed.elapsed();
    assert!(emergency <= Duration::from_secs(2), "{emergency:?}");

    let (_, open) = daemon.get("/api/v1/activations").await;
    let open: BTreeSet<String> = open
        .as_array()
        .unwrap_or_else(|| panic!("{open:#}"))
        .iter()
        .map(|view| view["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(open.len(), usize::try_from(STATIONS).unwrap());
    let told = async |what: &str, events: &dyn Fn() -> Vec<Value>| {
        wait_for(what, PATIENCE, async || {
            let told: BTreeSet<String> = events().iter().flat_map(about).collect();
            if told == open {
                Ok(())
            } else {
                Err(told.len())
            }
        })
        .await;
    };
    let posted = || {
        hook.received()
            .into_iter()
            .map(|one| one.document)
            .collect()
    };
    told("every station at the webhook", &posted).await;
    let published = || {
        let events = client.heard("pantau/v1/serpong/event");
        events.into_iter().map(|one| one.document).collect()
    };
    told("every station on the broker", &published).await;
    for events in [posted(), published()] {
        assert!(events.len() <= MOST, "{}", events.len());
    }
    let states = client.heard("pantau/v1/serpong/activation/");
    let shown: BTreeSet<String> = states
        .iter()
        .map(|state| state.document["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(shown, open, "every state is published, event or not");

    let digest = posted().into_iter().find(|event| event["why"] == "digest");
    let digest = digest.unwrap();
    let headline = digest["text"]["id"]["headline"].as_str().unwrap();
    assert!(headline.starts_with("BANJIR ALARM: 19"), "{headline}");
    let (_, status) = daemon.get("/api/v1/status").await;
    assert_eq!(status["alarm_flood"]["duty"], true, "{status:#}");
    let (_, metrics) = daemon.get("/metrics").await;
    let line = "pantau_alarm_flood{subscriber=\"duty\"} 1";
    assert!(metrics.as_str().unwrap().contains(line), "{metrics}");
    println!("first after {first:?}, emergency after {emergency:?}");
}
