//! What people do, and what is told when they do nothing: escalation, shelves,
//! stations out of service, and TIO3 beside a TIO2.

use super::*;

const PIKET: Person<'_> = Person {
    by: "Piket",
    note: "diperiksa",
    channel: "cli",
};
/// A role that may not be the second one.
const JUNIOR: Person<'_> = Person {
    by: "Junior",
    note: "bantu",
    channel: "http",
};
const KEPALA: Person<'_> = Person {
    by: "Kepala Seksi",
    note: "setuju",
    channel: "http",
};

/// Everything told: why, for which contacts, and with which message id.
fn said(transitions: &[Transition]) -> Vec<String> {
    let context = EventContext {
        node: "n".to_owned(),
        zone: Zone::Wib,
        recorded: true,
    };
    transitions
        .iter()
        .filter_map(|transition| {
            let event = Event::of(transition, &context)?;
            let Reach { above, to } = event.reach;
            let above = above.map_or(String::new(), |above| format!("{}<", above.as_str()));
            let id = transition.activation.id.to_string();
            let number = event.id.strip_prefix(&id).unwrap().to_owned();
            Some(format!("{} {above}{} {number}", event.why, to.as_str()))
        })
        .collect()
}

impl World {
    fn at(&mut self, secs: u64) -> Vec<String> {
        self.secs = secs;
        let transitions = self.tick();
        said(&transitions)
    }

    fn hear_at(&mut self, secs: u64, heard: Heard) -> Vec<String> {
        self.secs = secs;
        let transitions = self.hear(heard);
        said(&transitions)
    }

    fn shelve(
        &mut self,
        minutes: u64,
        one_shot: bool,
        person: Person<'_>,
    ) -> Result<(Shelved, Vec<String>), ShelveError> {
        let activation = self.machine.open().next().unwrap();
        let (id, version) = (activation.id.clone(), activation.version);
        let shelving = Shelving {
            lasting: Duration::from_secs(minutes * 60),
            one_shot,
            may_confirm: person != JUNIOR,
        };
        let now = self.now();
        let (shelved, effects) = self.machine.shelve(&id, version, shelving, person, now)?;
        let transitions = self.keep(effects);
        Ok((shelved, said(&transitions)))
    }

    fn take_out(&mut self, instrument: u8, hours: u64) -> Result<Vec<String>, ServiceError> {
        let id = InstrumentId::new(&format!("i{instrument}")).unwrap();
        let lasting = Duration::from_secs(hours * 3600);
        let now = self.now();
        let (out, effects) = self.machine.take_out_of_service(&id, lasting, PIKET, now)?;
        self.out_of_service.push(out);
        let transitions = self.keep(effects);
        Ok(said(&transitions))
    }

    fn first(&self) -> &Activation {
        self.machine.open().next().unwrap()
    }
}

const NOTHING: &[&str] = &[];

#[test]
fn a_tio2_that_nobody_acknowledges_goes_further_and_across_restarts() {
    for restarts in [false, true] {
        let mut world = World::new();
        assert_eq!(world.hear_at(0, station(1, 150.0)), ["raised first .1"]);
        for (secs, expected) in [
            (119_u64, NOTHING),
            (120, &["escalated first<second .1.r1"]),
            (299, NOTHING),
            (300, &["escalated everyone .1.r2"]),
            (599, NOTHING),
            (600, &["reminder everyone .1.r3"]),
            (900, &["reminder everyone .1.r4"]),
        ] {
            if restarts {
                world.secs = secs.saturating_sub(60).max(world.secs);
                world.restart(secs % 2 == 0);
            }
            assert_eq!(world.at(secs), *expected, "{secs} s, restarts: {restarts}");
        }
        world.ack(0).unwrap();
        assert_eq!(world.at(9_000), NOTHING);
        assert_eq!(world.first().escalation.stage, Stage::Everyone);
    }
}

#[test]
fn what_ran_out_while_the_daemon_was_down_is_told_once_at_the_start() {
    let mut world = World::new();
    world.hear_at(0, station(1, 150.0));
    world.secs = 7_000;
    world.restart(false);
    assert_eq!(world.at(7_000), ["escalated everyone .1.r1"]);
    assert_eq!(world.at(7_199), NOTHING);
    assert_eq!(world.at(7_200), ["reminder everyone .1.r2"]);
}

#[test]
fn a_rise_starts_the_clock_of_the_higher_class() {
    let mut world = World::new();
    world.hear_at(0, station(1, 2.0));
    assert_eq!(world.at(899), NOTHING);
    world.ack(0).unwrap();
    assert_eq!(world.hear_at(1_000, station(1, 150.0)), ["risen first .3"]);
    assert_eq!(world.at(1_119), NOTHING);
    assert_eq!(world.at(1_120), ["escalated first<second .3.r1"]);
}

#[test]
fn nobody_accepted_is_told_to_the_next_contacts_at_once() {
    let mut world = World::new();
    world.hear_at(0, station(1, 150.0));
    let id = world.first().id.clone();
    world.secs = 30;
    for expected in [
        &["escalated first<second .1.r1"] as &[&str],
        &["escalated second<everyone .1.r2"],
        NOTHING,
    ] {
        let effects = world.machine.unaccepted(&id, world.now());
        let transitions = world.keep(effects);
        assert_eq!(said(&transitions), *expected);
    }
    assert_eq!(world.at(300), ["reminder everyone .1.r3"]);
}

#[test]
fn a_shelf_stops_notifications_and_ends_by_time() {
    let mut world = World::new();
    world.hear_at(0, station(1, 2.0));
    let (shelved, told) = world.shelve(60, false, PIKET).unwrap();
    assert_eq!(
        (shelved, told),
        (Shelved::Done, vec!["shelved first .2".to_owned()])
    );
    // Another station of the same site, silence and the clock of the escalation.
    assert_eq!(world.hear_at(10, usv(2, At::Site(1), 3.0)), NOTHING);
    assert_eq!(world.at(3_599), NOTHING);
    assert!(world.first().unknown && world.first().shelf.is_some());
    assert_eq!(world.at(3_600), ["unshelved first .5"]);
    assert!(world.first().shelf.is_none());
    assert_eq!(world.at(4_500), ["escalated second .5.r1"]);
}

#[test]
fn what_comes_and_goes_on_the_shelf_is_told_when_it_ends() {
    let mut world = World::new();
    world.hear_at(0, station(1, 2.0));
    world.shelve(120, false, PIKET).unwrap();
    for secs in [100, 400, 701] {
        assert_eq!(world.hear_at(secs, station(1, 0.1)), NOTHING);
    }
    assert_eq!(world.first().shown(), Shown::ClearedUnacked);
    assert_eq!(world.hear_at(800, station(1, 2.0)), NOTHING);
    assert_eq!(world.first().shown(), Shown::Raised);
    for secs in [900, 1_200, 1_501] {
        assert_eq!(world.hear_at(secs, station(1, 0.1)), NOTHING);
    }
    // Over by now, but nobody acknowledged: somebody has to.
    assert_eq!(world.at(7_200).len(), 1);
    assert_eq!(world.first().shown(), Shown::ClearedUnacked);
}

#[test]
fn a_rise_ends_a_shelf_at_once() {
    let mut world = World::new();
    world.hear_at(0, station(1, 2.0));
    world.shelve(720, false, PIKET).unwrap();
    assert_eq!(world.hear_at(10, station(1, 150.0)), ["risen first .3"]);
    assert!(world.first().shelf.is_none());
}

#[test]
fn a_one_shot_shelf_ends_when_nothing_holds() {
    let mut world = World::new();
    world.hear_at(0, station(1, 2.0));
    world.shelve(720, true, PIKET).unwrap();
    world.hear_at(100, station(1, 0.1));
    world.hear_at(400, station(1, 0.1));
    assert_eq!(world.hear_at(701, station(1, 0.1)), ["cleared first .3"]);
    assert_eq!(world.hear_at(800, station(1, 2.0)), ["reopened first .4"]);
}

#[test]
fn an_acknowledged_one_is_closed_and_told_though_it_is_shelved() {
    let mut world = World::new();
    world.hear_at(0, station(1, 2.0));
    world.shelve(720, false, PIKET).unwrap();
    world.ack(0).unwrap();
    world.hear_at(100, station(1, 0.1));
    world.hear_at(400, station(1, 0.1));
    assert_eq!(world.hear_at(701, station(1, 0.1)).len(), 1);
    assert_eq!(world.machine.open().count(), 0);
}

#[test]
fn tio2_takes_two_different_people_and_an_hour_at_most() {
    let mut world = World::new();
    world.hear_at(0, station(1, 150.0));
    let too_long = world.shelve(61, false, PIKET);
    assert!(matches!(too_long, Err(ShelveError::TooLong { .. })));
    let (shelved, told) = world.shelve(60, false, PIKET).unwrap();
    assert_eq!((shelved, told.len()), (Shelved::NeedsSecond, 0));
    assert!(!world.first().is_muted());
    let again = Person {
        by: " piket ",
        ..PIKET
    };
    let same = world.shelve(60, false, again);
    assert!(matches!(same, Err(ShelveError::SamePerson(_))), "{same:?}");
    let junior = world.shelve(60, false, JUNIOR);
    assert!(
        matches!(junior, Err(ShelveError::MayNotConfirm)),
        "{junior:?}"
    );
    assert_eq!(world.at(120), ["escalated first<second .1.r1"]);
    let (shelved, told) = world.shelve(30, false, KEPALA).unwrap();
    assert_eq!(
        (shelved, told),
        (Shelved::Done, vec!["shelved second .2".to_owned()])
    );
    let shelf = world.first().shelf.clone().unwrap();
    assert_eq!(
        (shelf.by.as_str(), shelf.second.as_deref()),
        ("Piket", Some("Kepala Seksi"))
    );
    assert_eq!(world.at(120 + 1_799), NOTHING);
    assert_eq!(world.at(120 + 1_800), ["unshelved second .4"]);
}

#[test]
fn a_request_that_waited_too_long_for_the_second_person_is_void() {
    let mut world = World::new();
    world.hear_at(0, station(1, 150.0));
    world.shelve(60, false, PIKET).unwrap();
    world.secs = 601;
    let (shelved, _) = world.shelve(60, false, KEPALA).unwrap();
    assert_eq!(shelved, Shelved::NeedsSecond);
}

#[test]
fn a_shelf_that_ends_while_the_daemon_is_down_is_told_at_the_start() {
    for from_snapshot in [false, true] {
        let mut world = World::new();
        world.hear_at(0, station(1, 2.0));
        world.shelve(10, false, PIKET).unwrap();
        world.secs = 500;
        world.restart(from_snapshot);
        assert_eq!(world.at(500), NOTHING, "it goes on");
        world.secs = 5_000;
        world.restart(from_snapshot);
        assert_eq!(world.at(5_000), ["unshelved first .3"]);
    }
}

#[test]
fn a_shelf_does_not_outlive_a_restart_whose_clock_went_back_or_far_ahead() {
    for off in [-3_600, 86_400, -1_700_000_000] {
        let mut world = World::new();
        world.hear_at(0, station(1, 2.0));
        world.shelve(60, false, PIKET).unwrap();
        world.secs = 100;
        world.wall_off = off;
        assert_eq!(
            world.at(101),
            NOTHING,
            "a running daemon counts its own time"
        );
        world.restart(false);
        assert_eq!(world.at(102), ["unshelved first .3"], "off by {off} s");
    }
}

#[test]
fn a_shelf_needs_a_name_a_reason_the_version_and_a_bound() {
    let mut world = World::new();
    world.hear_at(0, station(1, 2.0));
    let nobody = world.shelve(60, false, Person { by: " ", ..PIKET });
    assert!(matches!(nobody, Err(ShelveError::Act(AckError::Nameless))));
    let silent = world.shelve(60, false, Person { note: "", ..PIKET });
    assert!(matches!(silent, Err(ShelveError::NoReason)));
    let long = world.shelve(12 * 60 + 1, false, PIKET);
    assert!(matches!(long, Err(ShelveError::TooLong { .. })));
    let shelving = Shelving {
        lasting: Duration::from_secs(60),
        one_shot: false,
        may_confirm: true,
    };
    let id = world.first().id.clone();
    let old = world.machine.shelve(&id, 7, shelving, PIKET, world.now());
    assert!(matches!(
        old,
        Err(ShelveError::Act(AckError::Version { .. }))
    ));
}

#[test]
fn a_station_out_of_service_is_not_announced_below_tio2() {
    let mut world = World::new();
    assert_eq!(world.take_out(1, 8).unwrap(), NOTHING);
    assert_eq!(world.hear_at(10, station(1, 2.0)), NOTHING);
    assert!(world.first().out_of_service);
    assert_eq!(world.hear_at(20, station(1, 150.0)), ["risen first .2"]);
    assert!(world.take_out(1, 9).is_err());
}

#[test]
fn what_a_station_held_is_told_when_it_is_in_service_again() {
    for restarts in [false, true] {
        let mut world = World::new();
        world.take_out(1, 1).unwrap();
        assert_eq!(world.hear_at(10, station(1, 2.0)), NOTHING);
        if restarts {
            world.restart(true);
        }
        assert_eq!(world.at(3_599), NOTHING);
        assert_eq!(world.at(3_600).len(), 1);
        assert!(!world.first().out_of_service);
    }
}

#[test]
fn another_station_at_the_place_is_announced_though_one_is_out_of_service() {
    let mut world = World::new();
    world.take_out(1, 8).unwrap();
    assert_eq!(world.hear_at(10, station(1, 2.0)), NOTHING);
    let told = world.hear_at(20, usv(2, At::Site(1), 3.0));
    assert_eq!(told, ["raised first .2"]);
}

/// F68, between two activations: the far end of a chain that was split.
#[test]
fn a_tio3_beside_a_tio2_is_told_when_the_tio2_no_longer_speaks_for_it() {
    let mut world = World::new();
    let person = |value| Heard {
        says: Says::Usv(value),
        ..usv(3, At::Site(1), value)
    };
    world.hear_at(0, station(1, 150.0));
    world.hear_subject(10, person(2.0), Subject::Person);
    let beside = world.machine.open().nth(1).unwrap();
    assert_eq!(beside.inhibited_by.as_ref(), Some(&world.first().id));
    for secs in [300, 600, 1_000] {
        world.hear_at(secs, station(1, 2.0));
    }
    let last: Vec<_> = world.transitions.iter().rev().take(2).cloned().collect();
    assert!(
        said(&last)
            .iter()
            .any(|line| line.starts_with("uninhibited")),
        "{:?}",
        said(&last)
    );
    let beside = world.machine.open().nth(1).unwrap();
    assert_eq!(
        (beside.inhibited_by.as_ref(), beside.withheld),
        (None, None)
    );
}

#[test]
fn what_is_shelved_or_silent_speaks_for_nobody() {
    let mut world = World::new();
    world.hear_at(0, station(1, 150.0));
    world.hear_subject(10, station(1, 2.0), Subject::Person);
    world.shelve(60, false, PIKET).unwrap();
    let (_, told) = world.shelve(60, false, KEPALA).unwrap();
    assert_eq!(told, ["shelved first .2", "uninhibited first .2"]);

    let mut world = World::new();
    world.hear_at(0, station(1, 150.0));
    world.hear_subject(10, station(1, 2.0), Subject::Person);
    let told = world.at(1_001);
    assert!(
        told.iter().any(|line| line.starts_with("uninhibited")),
        "{told:?}"
    );
}

#[test]
fn a_tio3_far_away_is_nobodys_business() {
    let mut world = World::new();
    world.hear_at(0, station(1, 150.0));
    world.hear_at(10, station(2, 2.0));
    assert!(world.machine.open().all(|one| one.inhibited_by.is_none()));
}

impl World {
    fn hear_subject(&mut self, secs: u64, heard: Heard, subject: Subject) {
        self.secs = secs;
        let seq = u64::try_from(self.heard.len()).unwrap();
        let reading = heard.reading(self.now(), seq);
        let judged = Judged {
            reading: &reading,
            judgement: &heard.judgement(),
            place: &PlaceContext {
                subject,
                ..heard.place()
            },
            grounds: None,
        };
        let effects = self.machine.apply(self.now(), &judged);
        self.keep(effects);
    }
}

/// What one person may try, and what instruments do meanwhile.
#[derive(Clone, Debug)]
enum Try {
    Reading(u8, f64),
    Wait(u64),
    Ack,
    Shelve(u64, bool, &'static str),
    Unshelve,
    OutOfService(u8, u64),
    Restart,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let value = prop::sample::select(vec![0.1, 0.5, 2.0, 5.0, 120.0, 300.0]);
    let name = prop::sample::select(vec!["Piket", "piket", " PIKET. ", "Pi\u{200b}ket", "?"]);
    let one = prop_oneof![
        6 => (1..4_u8, value).prop_map(|(n, value)| Try::Reading(n, value)),
        3 => prop::sample::select(vec![1_u64, 60, 300, 601, 3_600, 40_000]).prop_map(Try::Wait),
        2 => Just(Try::Ack),
        4 => (1..1_500_u64, any::<bool>(), name).prop_map(|(m, o, n)| Try::Shelve(m, o, n)),
        1 => Just(Try::Unshelve),
        2 => (1..4_u8, 1..9_u64).prop_map(|(n, hours)| Try::OutOfService(n, hours)),
        1 => Just(Try::Restart),
    ];
    prop::collection::vec(one, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(9),
        ..ProptestConfig::default()
    })]

    /// *Mute* (T09): whatever one person does, a rise to TIO2 is told at that very
    /// reading, and one that nobody acknowledged goes to the next contacts in time.
    #[test]
    fn no_sequence_of_one_persons_commands_prevents_a_tio2_notification(tries in tries()) {
        let mut world = World::new();
        for one in tries {
            match one {
                Try::Reading(n, value) => {
                    world.secs += 7;
                    let was = world.class_at(n);
                    let transitions = world.hear(station(n, value));
                    if value >= 100.0 && was < Class::Emergency {
                        let is_told = |one: &Transition| {
                            let why = one.tell.filter(|why| !why.is_repeat());
                            why.is_some() && one.activation.class == Class::Emergency
                        };
                        prop_assert!(transitions.iter().any(is_told), "{:?}", said(&transitions));
                    }
                }
                Try::Wait(secs) => {
                    world.secs += secs;
                    world.tick();
                }
                Try::Ack => drop(world.ack(0)),
                Try::Shelve(minutes, one_shot, by) => {
                    if world.machine.open().next().is_some() {
                        let person = Person { by, ..PIKET };
                        world.shelve(minutes, one_shot, person).ok();
                    }
                }
                Try::Unshelve => {
                    let id = world.machine.open().next().map(|one| one.id.clone());
                    if let Some(id) = id {
                        let now = world.now();
                        if let Ok(effects) = world.machine.unshelve(&id, PIKET, now) {
                            world.keep(effects);
                        }
                    }
                }
                Try::OutOfService(n, hours) => drop(world.take_out(n, hours)),
                Try::Restart => {
                    world.secs += 1;
                    world.restart(true);
                    world.tick();
                }
            }
            for activation in world.machine.open() {
                if activation.class_max == Class::Emergency {
                    prop_assert!(!activation.is_muted(), "muted by one person");
                }
            }
        }
        let unacked: Vec<_> = world
            .machine
            .open()
            .filter(|one| one.class_max == Class::Emergency && one.ack.is_none())
            .map(|one| one.id.clone())
            .collect();
        world.secs += 300;
        world.tick();
        for id in unacked {
            let stage = world.machine.activation(&id).unwrap().escalation.stage;
            prop_assert_eq!(stage, Stage::Everyone);
        }
    }
}

impl World {
    /// The class now at the site of a station.
    fn class_at(&self, n: u8) -> Class {
        let site = format!("s{n}");
        let is_there = |one: &&Activation| matches!(&one.place, pantau::activation::Place::Site(of) if of.id == site);
        let there = self.machine.open().filter(is_there);
        there.map(|one| one.class).max().unwrap_or(Class::Normal)
    }
}
