//! Events as the machine makes them, and changed to what a test needs.

use std::sync::Arc;
use std::time::Duration;

use pantau::activation::{
    Acknowledgement, ActivationId, Closed, Config, Event, EventContext, Grounds, Judged, Machine,
    Mode, Nameplate, Place, PlaceContext, SiteRef, Transition, Why,
};
use pantau::clock::{Mono, Received, Wall, Zone};
use pantau::criteria::{
    BackgroundFrom, BackgroundSource, Policy, Setting, SourceKind, Subject, judge_reading,
};
use pantau::reading::{
    Amount, Channel, Channels, Delivery, DeviceTime, Factor, Flags, InstrumentId, Position,
    PositionSource, Quantity, Reading, Sequence,
};

fn at(secs: u64) -> Received {
    let start = Wall::parse_rfc3339("2026-03-14T03:00:00Z").unwrap();
    Received {
        wall: start.saturating_add(Duration::from_secs(secs)),
        mono: Mono::from_secs(secs),
    }
}

/// A reading of a bGeigie on the move.
pub(crate) fn reading(secs: u64, usv_h: f64) -> Reading {
    let quantity = Quantity::DoseRate;
    let mut position = Position::new(-6.175_4, 106.827_2, PositionSource::Frame).unwrap();
    position.hdop = Some(1.5);
    Reading {
        instrument: InstrumentId::new("bgeigie-002").unwrap(),
        profile: "safecast-bgeigie".into(),
        received: at(secs),
        device_time: DeviceTime::At(at(secs).wall),
        sequence: Some(Sequence {
            boot: Some(1),
            seq: secs,
        }),
        channels: Channels::from_iter([Channel {
            quantity,
            measured: Ok(Amount::new(quantity, usv_h).unwrap()),
            at_least: None,
            raw: None,
            factor: Some(Arc::new(Factor {
                text: "334 cpm per uSv/h".to_owned(),
                source: "sheet".to_owned(),
            })),
            counting: None,
        }]),
        position: Some(position),
        flags: Flags::EMPTY,
        fingerprint: secs,
        delivery: Delivery::default(),
    }
}

fn place() -> PlaceContext {
    PlaceContext {
        site: None,
        item: None,
        subject: Subject::Environment,
        source: SourceKind::Mobile,
        silent_after: Duration::from_secs(300),
        last_fix: None,
    }
}

fn context() -> EventContext {
    EventContext {
        node: "n1".to_owned(),
        zone: Zone::Wib,
        recorded: true,
    }
}

fn setting() -> Setting {
    Setting {
        subject: Some(Subject::Environment),
        distance_m: Some(1.0),
        background_usv_h: Some(0.15),
        background_from: Some(BackgroundFrom::new(BackgroundSource::Measured)),
        ..Setting::default()
    }
}

/// Takes readings and gives the last change.
pub(crate) fn last(readings: &[Reading], until: Option<&str>) -> Transition {
    let mut machine = Machine::new(Config::default());
    let (setting, policy) = (setting(), Policy::default());
    let mut last = None;
    for reading in readings {
        let judged = Judged {
            reading,
            judgement: &judge_reading(reading, &setting, &policy),
            place: &place(),
            grounds: Some(Grounds {
                setting: &setting,
                policy: &policy,
                nameplate: Some(Nameplate {
                    model: "Safecast bGeigie Nano",
                    certificate: "cert 7",
                    valid_until: until.map(|until| Wall::parse_rfc3339(until).unwrap()),
                }),
            }),
        };
        let effects = machine.apply(reading.received, &judged);
        last = effects
            .last()
            .map(|effect| effect.transition().clone())
            .or(last);
    }
    last.unwrap()
}

/// What is told of a change.
pub(crate) fn told(transition: &Transition, why: Why) -> Event {
    let told = Transition {
        tell: Some(why),
        ..transition.clone()
    };
    Event::of(&told, &context()).unwrap()
}

/// An event in which everything that comes from outside is `text`: the site's
/// name, the factor and model of the instrument, its certificate, and who
/// acknowledged with which note. `n` tells its activation from others.
pub(crate) fn event_of(text: &str, n: u64) -> Event {
    let mut transition = last(&[reading(n, 300.0)], None);
    let activation = &mut transition.activation;
    activation.place = Place::Site(SiteRef {
        id: "s1".to_owned(),
        name: text.to_owned(),
        position: None,
    });
    for evidence in [&mut activation.highest, &mut activation.latest] {
        evidence.factor = Some(text.to_owned());
        evidence.behind.model = Some(text.to_owned());
        evidence.behind.certificate = Some(text.to_owned());
    }
    activation.ack = Some(Acknowledgement {
        version: 1,
        by: text.to_owned(),
        note: text.to_owned(),
        channel: "http".to_owned(),
        at: activation.opened,
    });
    told(&transition, Why::Raised)
}

/// All that may be told of an activation, in order: raised, risen, updated,
/// cleared, back again, and in the end closed or gone on as another.
pub(crate) fn life(name: &str, n: u64, mode: Mode, merged_into: Option<&str>) -> Vec<Event> {
    let mut transition = last(&[reading(n, 300.0)], None);
    transition.activation.mode = mode;
    transition.activation.place = Place::Site(SiteRef {
        id: "s1".to_owned(),
        name: name.to_owned(),
        position: None,
    });
    let end = match merged_into {
        Some(_) => Why::Merged,
        None => Why::Closed,
    };
    let whys = [
        Why::Raised,
        Why::Risen,
        Why::Updated,
        Why::Cleared,
        Why::Reopened,
        end,
    ];
    let told_as = |(version, why): (u32, Why)| {
        transition.activation.version = version;
        if why == end {
            transition.activation.closed = Some(Closed {
                at: transition.stamp,
                merged_into: merged_into.map(|id| ActivationId::parse(id).unwrap()),
            });
        }
        told(&transition, why)
    };
    (1..).zip(whys).map(told_as).collect()
}
