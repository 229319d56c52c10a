//! Activations: named sequences, and properties over random scripts with
//! restarts, replays and steps of the wall clock in between.

mod drives;
mod levels;
mod lives;
mod model;
mod people;
mod properties;
mod scenarios;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrayvec::ArrayVec;
use pantau::activation::{
    AckError, Activation, ActivationId, ActivationView, Config, Coordinates, Effect, Event,
    EventContext, Judged, Machine, Mode, OutOfService, Person, PlaceContext, Reach, Saved,
    ServiceError, ShelveError, Shelved, Shelving, Shown, SiteRef, Stage, Transition, Why,
};
use pantau::clock::{Mono, Received, Wall, Zone};
use pantau::criteria::{
    ChannelVerdict, Class, Disposition, Judgement, Recommendation, Remark, Remarks, Rule, Rules,
    SourceKind, Subject,
};
use pantau::reading::{
    Amount, Channel, Channels, Delivery, DeviceTime, Factor, Flags, InstrumentId, Position,
    PositionSource, Quantity, Radiation, Reading, Sequence,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// 2026-03-14T03:00:00Z, the wall time of script second 0.
const START: i64 = 1_773_457_200;

/// Where an instrument of a script is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    /// At a fixed site of this number, 10 km from the next.
    Site(u8),
    /// On the move, so many metres north of a point far from every site.
    Metres(f64),
    /// On the move, so many metres north and east of that point, with a fix of
    /// this dilution that is so many seconds old.
    Fix {
        north: f64,
        east: f64,
        hdop: f64,
        age: f64,
    },
    /// On the move without a fix.
    Lost,
    /// At the thing of this number.
    Item(u8),
}

/// What an instrument of a script says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    /// µSv/h.
    Usv(f64),
    /// Beta counts per second.
    Beta(f64),
    /// Both in one frame.
    Both(f64, f64),
    /// In the band of T2.2-3 for an hour.
    Lasting,
    /// In that band, for a short time so far.
    Band,
    /// Over range, at least so many µSv/h.
    Over(f64),
    /// µSv/h, put aside for a person.
    Aside(f64),
    /// Exactly nothing, which no live detector measures.
    Zero,
    /// Not usable.
    Invalid,
    /// Not to be judged.
    Unclassified,
}

/// One reading of a script.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Heard {
    instrument: u8,
    at: At,
    says: Says,
    /// Measured this many seconds before it arrived; over 900 is old.
    age: u64,
}

fn usv(instrument: u8, at: At, value: f64) -> Heard {
    Heard {
        instrument,
        at,
        says: Says::Usv(value),
        age: 0,
    }
}

/// A fixed station of the site of the same number.
fn station(n: u8, value: f64) -> Heard {
    usv(n, At::Site(n), value)
}

fn class_of(value: f64, possible_at: f64, emergency_at: f64) -> Class {
    if value >= emergency_at {
        Class::Emergency
    } else if value >= possible_at {
        Class::PossibleEmergency
    } else {
        Class::Normal
    }
}

impl Heard {
    fn level(self) -> Class {
        match self.says {
            Says::Usv(value) | Says::Aside(value) => class_of(value, 1.0, 100.0),
            Says::Over(value) => class_of(value, 1.0, 100.0).max(Class::PossibleEmergency),
            Says::Beta(value) => class_of(value, 20.0, 200.0),
            Says::Both(usv, beta) => class_of(usv, 1.0, 100.0).max(class_of(beta, 20.0, 200.0)),
            Says::Lasting => Class::Elevated,
            Says::Band | Says::Zero | Says::Invalid | Says::Unclassified => Class::Normal,
        }
    }

    fn subject(self) -> Subject {
        match self.at {
            At::Item(_) => Subject::Object,
            At::Site(_) | At::Metres(_) | At::Fix { .. } | At::Lost => Subject::Environment,
        }
    }

    fn verdicts(self) -> ArrayVec<ChannelVerdict, { pantau::criteria::MAX_CHANNELS }> {
        let dose = |value: f64| verdict(Quantity::DoseRate, value, 1.0, 100.0);
        let beta = |value| verdict(Quantity::CountRate(Radiation::Beta), value, 20.0, 200.0);
        let other = |class, rule, value| ChannelVerdict {
            class,
            rule,
            value,
            ..dose(0.0)
        };
        let mut verdicts = ArrayVec::new();
        match self.says {
            Says::Usv(value) | Says::Aside(value) => verdicts.push(dose(value)),
            Says::Over(value) => verdicts.push(ChannelVerdict {
                class: self.level(),
                ..dose(value)
            }),
            Says::Band => verdicts.push(other(Class::Elevated, Rule::PbElev, Some(0.3))),
            Says::Zero => verdicts.push(other(Class::Unclassified, Rule::Dq05, Some(0.0))),
            Says::Beta(value) => verdicts.push(beta(value)),
            Says::Both(one, two) => verdicts.extend([dose(one), beta(two)]),
            Says::Lasting => verdicts.push(other(Class::Elevated, Rule::T223, Some(0.3))),
            Says::Invalid => verdicts.push(other(Class::Invalid, Rule::Dq01, None)),
            Says::Unclassified => verdicts.push(other(Class::Unclassified, Rule::Dq11, None)),
        }
        verdicts
    }

    fn judgement(self) -> Judgement {
        let channels = self.verdicts();
        let highest = channels.iter().max_by_key(|verdict| verdict.class).unwrap();
        let (class, rule, canonical) = (highest.class, highest.rule, highest.value);
        let mut remarks = Remarks::EMPTY;
        if self.age > 900 {
            remarks.insert(Remark::Stale);
        }
        if self.at == At::Lost {
            remarks.insert(Remark::NoPosition);
        }
        if matches!(self.says, Says::Over(_)) {
            remarks.insert(Remark::Overrange);
        }
        Judgement {
            class: Some(class),
            rule,
            also: Rules::EMPTY,
            recommendation: if self.level() == Class::Normal {
                Recommendation::None
            } else {
                Recommendation::AktifParsial
            },
            disposition: match (self.says, self.age > 900) {
                (Says::Invalid, _) => Disposition::Reject,
                (Says::Aside(_) | Says::Zero, _) => Disposition::Quarantine,
                (_, true) => Disposition::Historical,
                (_, false) => Disposition::Accept,
            },
            remarks,
            canonical,
            channels,
        }
    }

    fn reading(self, received: Received, seq: u64) -> Reading {
        let position = match self.at {
            At::Site(_) | At::Lost | At::Item(_) => None,
            At::Metres(north) => {
                let (lat, lon) = degrees(north, 0.0);
                Position::new(lat, lon, PositionSource::Frame)
            }
            At::Fix {
                north,
                east,
                hdop,
                age,
            } => {
                let (lat, lon) = degrees(north, east);
                Position::new(lat, lon, PositionSource::Frame).map(|position| Position {
                    hdop: Some(hdop),
                    age_s: Some(age),
                    ..position
                })
            }
        };
        let channels: Channels = self
            .verdicts()
            .iter()
            .map(|verdict| Channel {
                quantity: verdict.quantity,
                measured: Ok(Amount::new(verdict.quantity, verdict.value.unwrap_or(0.0)).unwrap()),
                at_least: None,
                raw: None,
                factor: Some(Arc::new(Factor {
                    text: "334 cpm per uSv/h".to_owned(),
                    source: "sheet".to_owned(),
                })),
                counting: None,
            })
            .collect();
        Reading {
            instrument: InstrumentId::new(&format!("i{}", self.instrument)).unwrap(),
            profile: "test".into(),
            received,
            device_time: DeviceTime::At(
                received.wall.saturating_sub(Duration::from_secs(self.age)),
            ),
            sequence: Some(Sequence { boot: Some(1), seq }),
            channels,
            position,
            flags: Flags::EMPTY,
            fingerprint: seq,
            delivery: Delivery::default(),
        }
    }

    fn place(self) -> PlaceContext {
        let site = match self.at {
            At::Site(n) => Some(SiteRef {
                id: format!("s{n}"),
                name: format!("Stasiun {n}"),
                position: Some(Coordinates {
                    lat: site_degrees(n).0,
                    lon: site_degrees(n).1,
                }),
            }),
            At::Metres(_) | At::Fix { .. } | At::Lost | At::Item(_) => None,
        };
        PlaceContext {
            source: if site.is_some() {
                SourceKind::Irdms
            } else {
                SourceKind::Mobile
            },
            site,
            item: match self.at {
                At::Item(n) => Some(format!("barang {n}")),
                At::Site(_) | At::Metres(_) | At::Fix { .. } | At::Lost => None,
            },
            subject: self.subject(),
            silent_after: Duration::from_secs(1000),
            last_fix: None,
        }
    }
}

/// Degrees of a point so far from the one that scripts on the move begin at. One
/// degree of latitude of geo's sphere is 111 195 m.
fn degrees(north: f64, east: f64) -> (f64, f64) {
    let lat = -6.5 + north / 111_195.0;
    (lat, 107.5 + east / (111_195.0 * lat.to_radians().cos()))
}

/// Degrees of a site.
fn site_degrees(n: u8) -> (f64, f64) {
    (-7.0 - f64::from(n) * 0.09, 110.0)
}

fn verdict(quantity: Quantity, value: f64, possible_at: f64, emergency_at: f64) -> ChannelVerdict {
    let class = class_of(value, possible_at, emergency_at);
    let rule = match (quantity, class) {
        (Quantity::DoseRate, Class::Emergency) => Rule::T31I2,
        (Quantity::DoseRate, Class::PossibleEmergency) => Rule::T31I1,
        (_, Class::Emergency) => Rule::T32I2,
        (_, Class::PossibleEmergency) => Rule::T32I1,
        _ => Rule::Nr,
    };
    ChannelVerdict {
        quantity,
        class,
        rule,
        value: Some(value),
        possible_at: Some(possible_at),
        emergency_at: Some(emergency_at),
    }
}

/// The machine with everything that came out of it, and two clocks.
struct World {
    machine: Machine,
    /// Seconds of the script, and by how much the wall clock is off.
    secs: u64,
    wall_off: i64,
    /// When the process started, in script seconds.
    booted: u64,
    /// Every reading so far, to be replayed.
    heard: Vec<(Heard, Reading)>,
    transitions: Vec<Transition>,
    /// Whether they are kept, and records are read back from text: both cost time.
    records: bool,
    as_text: bool,
    /// Where each instrument was last, and the second when it said so.
    fixes: BTreeMap<u8, (u64, Position)>,
    /// Stations that went out of service, as recorded.
    out_of_service: Vec<OutOfService>,
}

impl World {
    fn new() -> Self {
        Self::of(Config::default())
    }

    fn of(config: Config) -> Self {
        Self {
            machine: Machine::new(config),
            secs: 0,
            wall_off: 0,
            booted: 0,
            heard: Vec::new(),
            transitions: Vec::new(),
            records: true,
            as_text: true,
            fixes: BTreeMap::new(),
            out_of_service: Vec::new(),
        }
    }

    fn now(&self) -> Received {
        let secs = i64::try_from(self.secs).unwrap();
        Received {
            wall: Wall::from_secs(START + secs + self.wall_off).unwrap(),
            mono: Mono::from_secs(self.secs - self.booted),
        }
    }

    fn hear(&mut self, heard: Heard) -> Vec<Transition> {
        let seq = u64::try_from(self.heard.len()).unwrap();
        let reading = heard.reading(self.now(), seq);
        self.heard.push((heard, reading.clone()));
        if let (Some(position), 0) = (reading.position, heard.age) {
            self.fixes.insert(heard.instrument, (self.secs, position));
        }
        self.give(heard, &reading)
    }

    /// Where an instrument was last, as the pipeline tells it.
    fn last_fix(&self, instrument: u8) -> Option<Position> {
        let (secs, position) = self.fixes.get(&instrument)?;
        let age = u32::try_from(self.secs - secs).unwrap();
        Some(Position {
            age_s: Some(position.age_s.unwrap_or(0.0) + f64::from(age)),
            ..*position
        })
    }

    fn give(&mut self, heard: Heard, reading: &Reading) -> Vec<Transition> {
        self.judge(heard, reading, &heard.judgement())
    }

    /// A reading that the quality check has seen before.
    fn give_copy(&mut self, heard: Heard, reading: &Reading) -> Vec<Transition> {
        let judgement = Judgement {
            class: None,
            rule: Rule::Dq07,
            disposition: Disposition::Duplicate,
            ..heard.judgement()
        };
        self.judge(heard, reading, &judgement)
    }

    fn judge(&mut self, heard: Heard, reading: &Reading, judgement: &Judgement) -> Vec<Transition> {
        let judged = Judged {
            reading,
            judgement,
            place: &PlaceContext {
                last_fix: self.last_fix(heard.instrument),
                ..heard.place()
            },
            grounds: None,
        };
        let effects = self.machine.apply(self.now(), &judged);
        self.keep(effects)
    }

    fn tick(&mut self) -> Vec<Transition> {
        let effects = self.machine.tick(self.now());
        self.keep(effects)
    }

    fn keep(&mut self, effects: Vec<Effect>) -> Vec<Transition> {
        let transitions: Vec<_> = effects
            .into_iter()
            .map(|Effect::Transition(transition)| *transition)
            .collect();
        if self.records {
            self.transitions.extend(transitions.iter().cloned());
        }
        transitions
    }

    fn ack(&mut self, n: usize) -> Result<Vec<Transition>, AckError> {
        let Some((id, version)) = self
            .machine
            .open()
            .nth(n)
            .map(|activation| (activation.id.clone(), activation.version))
        else {
            return Ok(Vec::new());
        };
        self.ack_version(&id, version)
    }

    fn ack_version(
        &mut self,
        id: &ActivationId,
        version: u32,
    ) -> Result<Vec<Transition>, AckError> {
        let person = Person {
            by: "piket",
            note: "sedang diperiksa",
            channel: "cli",
        };
        let effects = self.machine.acknowledge(id, version, person, self.now())?;
        Ok(self.keep(effects))
    }

    /// As it is read back from a record.
    fn written<T: serde::Serialize + serde::de::DeserializeOwned>(&self, record: T) -> T {
        if !self.as_text {
            return record;
        }
        serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap()
    }

    /// Stops and starts the process; state goes through its written form.
    fn restart(&mut self, from_snapshot: bool) {
        let saved: Vec<Saved> = if from_snapshot {
            let snapshot = self.machine.snapshot(self.now());
            vec![Saved::Snapshot(Box::new(self.written(snapshot)))]
        } else {
            let transitions = self.transitions.iter().cloned();
            let transitions = transitions.map(|one| Saved::Transition(Box::new(self.written(one))));
            let out = self.out_of_service.iter().cloned();
            let out = out.map(|one| Saved::OutOfService(Box::new(self.written(one))));
            transitions.chain(out).collect()
        };
        self.booted = self.secs;
        self.machine = Machine::restored(Config::default(), saved, self.now());
    }
}

/// One step of a named sequence.
enum Do {
    Hear(Heard),
    Tick,
    /// Acknowledge the current version of the n-th open one.
    Ack(usize),
    Restart,
}
use Do::{Ack, Hear, Restart, Tick};

/// What people are told, but for what only says it again: that is the subject of
/// scripts of its own.
fn told(transitions: &[Transition]) -> Vec<String> {
    transitions
        .iter()
        .filter(|transition| !transition.tell.is_some_and(Why::is_repeat))
        .filter_map(|transition| {
            let activation = &transition.activation;
            Some(format!(
                "{} {} {}",
                transition.tell?.as_str(),
                activation.class_max,
                activation.shown().as_str()
            ))
        })
        .collect()
}

/// Runs a script: second, step, and what people are told.
#[track_caller]
fn check(script: &[(u64, Do, &[&str])]) -> World {
    let mut world = World::new();
    for (n, (secs, step, expected)) in script.iter().enumerate() {
        world.secs = *secs;
        let transitions = match step {
            Hear(heard) => world.hear(*heard),
            Tick => world.tick(),
            Ack(of) => world.ack(*of).unwrap(),
            Restart => {
                world.restart(n % 2 == 0);
                Vec::new()
            }
        };
        assert_eq!(told(&transitions), *expected, "step {n} at {secs} s");
    }
    world
}

const RAISED_E: &[&str] = &["raised EMERGENCY RAISED"];
const RAISED_P: &[&str] = &["raised POSSIBLE_EMERGENCY RAISED"];
const RISEN_E: &[&str] = &["risen EMERGENCY RAISED"];
const CLEARED_P: &[&str] = &["cleared POSSIBLE_EMERGENCY CLEARED_UNACKED"];
const CLOSED_P: &[&str] = &["closed POSSIBLE_EMERGENCY CLOSED"];
const UPDATED_P: &[&str] = &["updated POSSIBLE_EMERGENCY RAISED"];

fn only(world: &World) -> &Activation {
    let all: Vec<_> = world.machine.open().chain(world.machine.closed()).collect();
    assert_eq!(all.len(), 1, "one activation expected");
    all[0]
}
