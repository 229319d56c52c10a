//! Matters, from judged readings on a made-up site.

use std::time::Duration;

use super::*;
use crate::activation::{
    Activation, ActivationId, Config, Coordinates, Judged, Machine, Person, Place, PlaceContext,
    SiteRef,
};
use crate::background::Matters;
use crate::clock::{Mono, Received, Wall};
use crate::criteria::termination::{AreaKind, Recovered, TerminationPolicy, Track};
use crate::criteria::{Policy, Rain, Setting, SourceKind, Subject, judge_reading};
use crate::reading::{
    Amount, Channel, Channels, Delivery, DeviceTime, Flag, Flags, InstrumentId, NoValue, Position,
    PositionSource, Quantity, Reading,
};

const BACKGROUND: f64 = 0.08;

const SITE: Coordinates = Coordinates {
    lat: -6.35,
    lon: 106.66,
};

/// A reading before it is one.
#[derive(Clone, Copy)]
struct Sent {
    instrument: &'static str,
    /// Absent: over-range.
    usv_h: Option<f64>,
    background: Option<f64>,
    flags: Flags,
    /// How long ago it was measured, in seconds.
    age_s: i64,
    at: Option<Coordinates>,
    ground: fn() -> Ground,
}

const STATION: Sent = Sent {
    instrument: "gate-north",
    usv_h: Some(BACKGROUND),
    background: Some(BACKGROUND),
    flags: Flags::EMPTY,
    age_s: 0,
    at: None,
    ground: gate,
};

fn low(usv_h: f64) -> Sent {
    Sent {
        usv_h: Some(usv_h),
        ..STATION
    }
}

fn gate() -> Ground {
    Ground {
        key: AreaKey::Site("gate".to_owned()),
        kind: AreaKind::Residential,
    }
}

fn beach() -> Ground {
    Ground {
        key: AreaKey::Area("Beach".to_owned()),
        kind: AreaKind::NonResidential,
    }
}

struct Stage {
    machine: Machine,
    closings: Closings,
    secs: u64,
    changes: Vec<Change>,
}

impl Stage {
    fn new() -> Self {
        Self {
            machine: Machine::new(Config::default()),
            closings: Closings::new(TerminationPolicy::default(), 500.0, 1000),
            secs: 1_000_000,
            changes: Vec::new(),
        }
    }

    /// A site whose station has just seen 150 µSv/h, everything recovered.
    fn after_event() -> Self {
        let mut stage = Self::new();
        stage.send(low(150.0));
        stage.recover(true, true, Track::Orphan);
        stage
    }

    fn now(&self) -> Received {
        Received {
            wall: Wall::from_secs(i64::try_from(self.secs).unwrap()).unwrap(),
            mono: Mono::from_secs(self.secs),
        }
    }

    fn wait(&mut self, secs: u64) -> &mut Self {
        self.secs += secs;
        self
    }

    fn send(&mut self, sent: Sent) -> &mut Self {
        let now = self.now();
        let quantity = Quantity::DoseRate;
        let reading = Reading {
            instrument: InstrumentId::new(sent.instrument).unwrap(),
            profile: "pantau-station".into(),
            received: now,
            device_time: DeviceTime::At(Wall::from_nanos(
                now.wall.as_nanos() - sent.age_s * 1_000_000_000,
            )),
            sequence: None,
            channels: Channels::from_iter([Channel {
                quantity,
                measured: sent.usv_h.map_or(Err(NoValue::Overrange), |usv_h| {
                    Ok(Amount::new(quantity, usv_h).unwrap())
                }),
                at_least: None,
                raw: None,
                factor: None,
                counting: None,
            }]),
            position: sent
                .at
                .and_then(|at| Position::new(at.lat, at.lon, PositionSource::Frame)),
            flags: sent.flags,
            fingerprint: self.secs,
            delivery: Delivery::default(),
        };
        let is_mobile = sent.at.is_some();
        let place = PlaceContext {
            site: (!is_mobile).then(|| SiteRef {
                id: "gate".to_owned(),
                name: "Main gate".to_owned(),
                position: Some(SITE),
            }),
            item: None,
            subject: Subject::Environment,
            source: if is_mobile {
                SourceKind::Mobile
            } else {
                SourceKind::Irdms
            },
            silent_after: Duration::from_secs(1800),
            last_fix: None,
        };
        let is_wet = sent.flags.contains(Flag::Rain);
        let setting = Setting {
            source: Some(place.source),
            distance_m: Some(1.0),
            background_usv_h: sent.background,
            rain: Rain {
                active: is_wet,
                hours_since_end: None,
            },
            ..Setting::default()
        };
        let judgement = judge_reading(&reading, &setting, &Policy::default());
        let judged = Judged {
            reading: &reading,
            judgement: &judgement,
            place: &place,
            grounds: None,
        };
        let ground = (sent.ground)();
        for effect in self.machine.apply(now, &judged) {
            let activation = &effect.transition().activation;
            self.changes
                .extend(self.closings.follow(now, activation, &ground));
        }
        if let Some(point) = Point::of(&judged, sent.background, is_wet) {
            let changes = self.closings.observe(now, &point, &ground);
            self.changes.extend(changes);
        }
        self
    }

    /// The same reading every ten minutes for so many hours, first after ten.
    fn hours(&mut self, hours: u64, sent: Sent) -> &mut Self {
        for _ in 0..hours * 6 {
            self.wait(600).send(sent);
        }
        self
    }

    fn recover(&mut self, source: bool, environment: bool, track: Track) {
        let (id, now) = (self.id(), self.now());
        let recovered = Recovered {
            source,
            environment,
        };
        let change = self.closings.recovered(now, &id, recovered, track).unwrap();
        self.changes.extend(change);
    }

    /// The site's matter.
    fn id(&self) -> ActivationId {
        let of_site = |id: &&ActivationId| {
            let activation = self.machine.activation(id).unwrap();
            matches!(activation.place, Place::Site(_))
        };
        self.closings.ids().find(of_site).unwrap().clone()
    }

    fn view(&self) -> ClosingView {
        self.closings.view(&self.id()).unwrap()
    }

    #[track_caller]
    fn check(&self, proposal: &str, rule: &str) {
        let view = self.view();
        assert_eq!((view.proposal, view.rule), (proposal, rule), "{view:#?}");
    }

    /// Towards normal and towards existing exposure, in the first area.
    fn targets(&self) -> [TargetView; 2] {
        self.view().areas.remove(0).targets.try_into().unwrap()
    }
}

#[test]
fn a_day_of_low_points_after_recovery_allows_normal() {
    let mut stage = Stage::new();
    stage.hours(30, STATION);
    assert!(stage.closings.is_empty());
    stage.wait(600).send(low(150.0));
    stage.check("NOT_TERMINABLE", "P4.1-REC");
    stage.recover(true, false, Track::Orphan);
    let missing = &stage.targets()[0].missing;
    assert_eq!(missing.recovered, ["environment"]);
    assert_eq!((missing.hours, missing.points), (24.0, 10.0));
    stage.recover(true, true, Track::Orphan);
    stage.check("NOT_TERMINABLE", "PT-DATA");
    // From the first point after the last that blocks.
    stage.hours(24, STATION);
    stage.check("NOT_TERMINABLE", "PT-DATA");
    let [normal, existing] = stage.targets();
    assert!(
        (normal.missing.hours - 1.0 / 6.0).abs() < 1e-6,
        "{normal:?}"
    );
    assert_eq!(
        (normal.points, normal.hours),
        (existing.points, existing.hours)
    );
    stage.wait(600).send(STATION);
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
    let last = stage.changes.last().unwrap();
    assert_eq!(last.was.map(|was| was.as_str()), Some("NOT_TERMINABLE"));
    assert_eq!(last.at, stage.now().wall);
    // Nothing else was proposed on the way.
    let rules: Vec<&str> = stage.changes.iter().map(|change| change.now.rule).collect();
    assert_eq!(rules, ["P4.1-REC", "PT-DATA", "T4.2-RN"]);
}

#[test]
fn the_point_that_blocks_is_named_with_what_it_misses() {
    let mut stage = Stage::after_event();
    stage.hours(30, low(0.5));
    stage.check("TERMINATE_EXISTING", "T4.2-RE");
    let blocked_at = stage.now().wall.to_string();
    let [normal, existing] = stage.targets();
    let blocked = normal.blocked_by.unwrap();
    // 3 x 0.08 is 0.24, and 0.11 above 0.08 is 0.19.
    assert_eq!(
        (blocked.limit_usv_h, blocked.over_usv_h),
        (0.19, Some(0.31))
    );
    assert_eq!((blocked.usv_h, blocked.at), (Some(0.5), blocked_at));
    assert_eq!(blocked.instrument, "gate-north");
    assert_eq!((normal.points, normal.hours, normal.met), (0, 0.0, false));
    let highest = existing.highest.unwrap();
    assert_eq!(
        (highest.usv_h, highest.background_usv_h),
        (0.5, Some(BACKGROUND))
    );
    assert!(existing.met);
    assert_eq!(existing.blocked_by.unwrap().usv_h, Some(150.0));
    // One high point takes it all back.
    stage.wait(600).send(low(2.3));
    stage.check("NOT_TERMINABLE", "PT-DATA");
}

#[test]
fn a_facility_needs_one_of_the_two() {
    let mut stage = Stage::after_event();
    stage.recover(false, false, Track::Facility);
    stage.hours(25, STATION);
    stage.check("NOT_TERMINABLE", "P4.1-REC");
    let missing = &stage.targets()[0].missing;
    assert_eq!(missing.recovered, ["source or environment"]);
    stage.recover(false, true, Track::Facility);
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
}

/// What does not count takes time, and what may block does.
#[test]
fn missing_data_is_not_low_data() {
    let mut stage = Stage::after_event();
    stage.hours(13, STATION);
    let [normal, _] = stage.targets();
    let before = (normal.points, normal.hours);
    // A gap of more than three hours, a copy's worth of nothing, old readings.
    stage.wait(4 * 3600).send(STATION);
    let [normal, _] = stage.targets();
    assert_eq!((normal.points, normal.hours), (before.0 + 1, before.1));
    let points = normal.points;
    for sent in [
        low(0.0),
        Sent {
            age_s: 1000,
            ..STATION
        },
        Sent {
            flags: Flags::EMPTY.with(Flag::TestMode),
            ..STATION
        },
        Sent {
            age_s: -200,
            ..STATION
        },
    ] {
        stage.wait(60).send(sent);
        assert_eq!(stage.targets()[0].points, points);
    }
    // Old, but measured after the survey began.
    stage.wait(60).send(Sent {
        age_s: 1000,
        ..low(0.9)
    });
    assert_eq!(stage.targets()[0].points, 0);
    assert_eq!(stage.targets()[1].points, points);
    // Old, and of the time before.
    let event = i64::try_from(stage.secs).unwrap() - 1_000_000;
    stage.wait(60).send(STATION).send(Sent {
        age_s: event,
        ..low(0.9)
    });
    assert_eq!(stage.targets()[0].points, 1);
    let overrange = Sent {
        usv_h: None,
        ..STATION
    };
    stage.wait(60).send(overrange);
    let [_, existing] = stage.targets();
    let blocked = existing.blocked_by.unwrap();
    assert_eq!(
        (existing.points, blocked.usv_h, blocked.at_least),
        (0, None, true)
    );
}

#[test]
fn rain_counts_for_nothing_and_excuses_no_more_than_it_explains() {
    let mut stage = Stage::after_event();
    stage.hours(13, STATION);
    let before = stage.targets()[0].hours;
    let wet = |usv_h| Sent {
        flags: Flags::EMPTY.with(Flag::Rain),
        ..low(usv_h)
    };
    stage.hours(5, wet(0.15)).wait(600).send(STATION);
    let [normal, _] = stage.targets();
    assert!((normal.hours - before).abs() < 1e-9, "{normal:?}");
    stage.hours(12, STATION);
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
    // More than twice the background is not the rain's.
    stage.wait(600).send(wet(0.3));
    assert_eq!(stage.targets()[0].points, 0);
    stage.check("TERMINATE_EXISTING", "T4.2-RE");
}

/// A station that rings and then falls silent is not replaced by its neighbour.
#[test]
fn whoever_blocked_has_to_go_on_measuring() {
    let mut stage = Stage::after_event();
    let other = Sent {
        instrument: "gate-south",
        ..STATION
    };
    stage.hours(48, other);
    let [normal, _] = stage.targets();
    assert_eq!(normal.points, 48 * 6);
    // The first hours count until the silence is known to be one.
    assert!((2.5..=3.0).contains(&normal.hours), "{normal:?}");
    stage.check("NOT_TERMINABLE", "PT-DATA");
    for _ in 0..24 * 6 {
        stage.wait(600).send(other).send(STATION);
    }
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
}

/// Each instrument is compared with its own background, and none with the
/// assumed one.
#[test]
fn backgrounds_are_those_of_the_instruments() {
    let mut stage = Stage::after_event();
    let tube = Sent {
        instrument: "gate-south",
        background: Some(0.3),
        ..low(0.35)
    };
    for _ in 0..25 * 6 {
        stage.wait(600).send(STATION).send(tube);
    }
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
    let unknown = Sent {
        background: None,
        ..tube
    };
    stage.wait(600).send(unknown);
    stage.check("TERMINATE_EXISTING", "T4.2-RE");
}

/// A team around the site: what it finds counts there, and in a region of its own
/// where something is above normal.
#[test]
fn each_area_has_its_survey() {
    let mut stage = Stage::after_event();
    let near = Coordinates {
        lat: SITE.lat + 0.001,
        ..SITE
    };
    let far = Coordinates {
        lat: SITE.lat + 0.1,
        ..SITE
    };
    let team = Sent {
        instrument: "team-1",
        at: Some(near),
        ground: || Ground::UNKNOWN,
        ..STATION
    };
    stage.hours(25, STATION);
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
    let points = stage.targets()[0].points;
    stage.wait(60).send(team).send(Sent {
        at: Some(far),
        ..team
    });
    assert_eq!(stage.targets()[0].points, points + 1);
    let on_beach = Sent {
        ground: beach,
        ..team
    };
    stage.wait(60).send(on_beach);
    assert_eq!(stage.view().areas.len(), 1);
    stage.wait(60).send(Sent {
        usv_h: Some(3.0),
        ..on_beach
    });
    let view = stage.view();
    assert_eq!(view.areas.len(), 2);
    assert_eq!(view.areas[0].proposal, "TERMINATE_NORMAL");
    assert_eq!(view.areas[1].surroundings, "non_residential");
    // The team's own event is a matter beside it; the whole of this one is no
    // further than its last area.
    assert_eq!(stage.closings.ids().count(), 2);
    stage.check("NOT_TERMINABLE", "PT-DATA");
}

fn acknowledge(stage: &mut Stage) {
    let (id, now) = (stage.id(), stage.now());
    let version = stage.machine.activation(&id).map(|known| known.version);
    let person = Person {
        by: "Duty officer",
        note: "seen",
        channel: "test",
    };
    let effects = stage
        .machine
        .acknowledge(&id, version.unwrap(), person, now);
    for effect in effects.unwrap() {
        let activation = &effect.transition().activation;
        stage.closings.follow(now, activation, &Ground::UNKNOWN);
    }
}

#[test]
fn a_matter_outlives_its_activation_until_a_person_closes_it() {
    let mut stage = Stage::after_event();
    let id = stage.id();
    let station = InstrumentId::new("gate-north").unwrap();
    let open_at = |stage: &Stage, site| stage.closings.open_at(&station, site);
    assert_eq!(stage.closings.close(&id), Err(Refused::Present(id.clone())));
    acknowledge(&mut stage);
    stage.hours(25, STATION);
    assert!(
        !stage
            .machine
            .activation(&id)
            .is_some_and(Activation::is_open)
    );
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
    assert_eq!(open_at(&stage, Some("gate")), Matters::Level);
    assert_eq!(open_at(&stage, Some("school")), Matters::Level); // it is a member
    let other = InstrumentId::new("school").unwrap();
    assert_eq!(
        stage.closings.open_at(&other, Some("school")),
        Matters::None
    );
    let last = stage.closings.close(&id).unwrap();
    assert_eq!(last.proposal, "TERMINATE_NORMAL");
    assert_eq!(open_at(&stage, Some("gate")), Matters::None);
    assert_eq!(stage.closings.close(&id), Err(Refused::Unknown(id)));
    // What happens next is a new matter.
    stage.hours(2, STATION).send(low(150.0));
    stage.check("NOT_TERMINABLE", "P4.1-REC");
}

/// A restart loses nothing and adds nothing but its own length as a gap.
#[test]
fn a_restart_goes_on_where_it_was() {
    let mut stage = Stage::after_event();
    stage.hours(20, STATION);
    let before = stage.view();
    let saved = stage.closings.unsaved(stage.now()).unwrap();
    assert_eq!(stage.closings.unsaved(stage.now()), None);
    let text = serde_json::to_string(&saved).unwrap();
    // The monotonic clock of the next process begins anew.
    stage.wait(1200);
    let now = Received {
        mono: Mono::from_secs(3),
        ..stage.now()
    };
    let fresh = Closings::new(TerminationPolicy::default(), 500.0, 1000);
    let resumed = fresh.resumed(serde_json::from_str(&text).unwrap(), now);
    assert_eq!(resumed.view(&stage.id()), Some(before));
    stage.closings = resumed;
    // The stage's clock runs on; so the offset is taken back.
    let saved = serde_json::from_str(&text).unwrap();
    let fresh = Closings::new(TerminationPolicy::default(), 500.0, 1000);
    stage.closings = fresh.resumed(saved, stage.now());
    stage.send(STATION);
    let [normal, _] = stage.targets();
    assert!((normal.hours - 20.0 - 1.0 / 6.0).abs() < 1e-6, "{normal:?}");
    stage.hours(4, STATION);
    stage.check("TERMINATE_NORMAL", "T4.2-RN");
}

/// Without its journal an activation is never seen to end.
#[test]
fn a_matter_of_an_activation_that_is_lost_can_be_closed() {
    let mut stage = Stage::after_event();
    let id = stage.id();
    stage.closings.let_go(|known| *known == id);
    assert_eq!(stage.closings.close(&id), Err(Refused::Present(id.clone())));
    stage.closings.let_go(|_| false);
    assert!(stage.closings.close(&id).is_ok());
}

/// What would make a survey seem further than it is has to be written at once.
#[test]
fn a_point_that_blocks_is_urgent() {
    let mut stage = Stage::after_event();
    assert!(stage.closings.is_urgent());
    stage.hours(1, STATION);
    assert!(!stage.closings.is_urgent());
    stage.wait(600).send(low(0.5));
    assert!(stage.closings.is_urgent());
    assert!(!stage.closings.is_urgent());
}
