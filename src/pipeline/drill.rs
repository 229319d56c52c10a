//! The daemon's own exercise: a reading that goes through input, rules, journal
//! and every subscriber that asked for it, marked throughout.
//!
//! It has an instrument, a machine and ids of its own (`X-…`), made anew for each
//! exercise: it can touch, acknowledge or mask nothing real. Whether something is
//! an exercise is decided here, never by what a message says.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::core::Place;
use super::fixes::Fixes;
use super::instrument::{Instrument, Taken};
use crate::activation::{
    self, Event, EventContext, Judged, Machine, Mode, Person, PlaceContext, SiteRef,
};
use crate::clock::{Clock, Received, Wall, Zone};
use crate::criteria::{Class, Policy, Rule, Setting, SourceKind, Subject};
use crate::decode::Decoder;
use crate::frame::Framed;
use crate::normalise::{Arrival, Calibration, Normaliser, fingerprint};
use crate::profile::{Profile, Registry};
use crate::reading::{Delivery, InstrumentId};
use crate::source::{Frame, Input, Inputs, SourceId};
use crate::store::embedded::Context;

/// Its instrument.
const NAME: &str = "pantau-drill";
const TOPIC: &str = "irdms/pantau-drill/reading";
const PROFILE: &str = "pantau-station";

/// At TIO3: an exercise wakes nobody whom a possible emergency would not.
const RAISES: &str = r#"{"dose_rate":{"value":2.0,"unit":"uSv/h"}}"#;
const ENDS: &str = r#"{"dose_rate":{"value":0.1,"unit":"uSv/h"}}"#;

/// What is judged each second, to see that judging works.
const PROBE: &str = r#"{"dose_rate":{"value":150.0,"unit":"uSv/h"}}"#;

/// After a start the ways in and out get this long to come up.
const AFTER_START: Duration = Duration::from_secs(20);

/// How often it is looked whether the time of day has come.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// How long an exercise lasts.
const LASTS: Duration = Duration::from_secs(30);

/// Steps of the simulated clock that end an exercise: three low readings over more
/// than ten minutes (HY-1).
const LOW_AFTER_SECS: [u64; 3] = [1, 302, 603];

/// The exercise, and the check that judging works.
pub(super) struct Drill {
    profile: Arc<Profile>,
    gy_to_sv: f64,
    probe: Instrument,
    /// What the probe was judged as at the start.
    expected: Option<(Option<Class>, Rule)>,
    open: Option<Open>,
}

struct Open {
    since: Received,
    instrument: Instrument,
    machine: Machine,
}

impl Drill {
    /// None under way. It uses the built-in profile, whatever the user's own are.
    pub(super) fn new(gy_to_sv: f64) -> Self {
        let registry = Registry::built_in();
        let profile = registry.get(PROFILE);
        let profile = profile.expect("invariant: the built-in profiles hold our own format");
        let probe = instrument(profile, gy_to_sv);
        Self {
            profile: Arc::clone(profile),
            gy_to_sv,
            probe,
            expected: None,
            open: None,
        }
    }

    /// Decodes and judges a reading; false when that gives another result than at
    /// the start.
    pub(super) fn can_judge(&mut self, policy: &Policy, now: Received) -> bool {
        let raw = Bytes::from_static(PROBE.as_bytes());
        let Some((_, judgement)) = judged(&mut self.probe, &raw, now, policy) else {
            return false;
        };
        let verdict = (judgement.class, judgement.rule);
        *self.expected.get_or_insert(verdict) == verdict
    }

    /// Takes the reading that opens an exercise.
    pub(super) fn begin(
        &mut self,
        frame: &Frame,
        policy: &Policy,
        context: &EventContext,
    ) -> Vec<Event> {
        let Framed::Frame(raw) = &frame.framed else {
            return Vec::new();
        };
        let config = activation::Config {
            mode: Mode::Exercise,
            ..activation::Config::default()
        };
        let mut open = Open {
            since: frame.received,
            instrument: instrument(&self.profile, self.gy_to_sv),
            machine: Machine::new(config),
        };
        let events = open.apply(raw, frame.received, policy, context);
        self.open = Some(open);
        events
    }

    /// Ends the exercise when it has lasted long enough.
    pub(super) fn end(
        &mut self,
        now: Received,
        policy: &Policy,
        context: &EventContext,
    ) -> Vec<Event> {
        let is_due = |open: &mut Open| now.mono.since(open.since.mono) >= LASTS;
        let Some(mut open) = self.open.take_if(is_due) else {
            return Vec::new();
        };
        open.end(now, policy, context)
    }
}

impl Open {
    fn apply(
        &mut self,
        raw: &Bytes,
        now: Received,
        policy: &Policy,
        context: &EventContext,
    ) -> Vec<Event> {
        let Some((reading, judgement)) = judged(&mut self.instrument, raw, now, policy) else {
            return Vec::new();
        };
        let judged = Judged {
            reading: &reading,
            judgement: &judgement,
            place: &self.instrument.place,
            grounds: Some(self.instrument.grounds(policy)),
        };
        events(&self.machine.apply(now, &judged), context)
    }

    /// Acknowledges it and lets low readings follow, on a clock of its own.
    fn end(&mut self, now: Received, policy: &Policy, context: &EventContext) -> Vec<Event> {
        let open = self.machine.open().next();
        let Some((id, version)) = open.map(|open| (open.id.clone(), open.version)) else {
            return Vec::new();
        };
        let ourselves = Person {
            by: "pantau",
            note: "exercise",
            channel: "drill",
        };
        let acked = self.machine.acknowledge(&id, version, ourselves, now);
        let mut told = events(&acked.unwrap_or_default(), context);
        let raw = Bytes::from_static(ENDS.as_bytes());
        for secs in LOW_AFTER_SECS {
            let later = Received {
                // Each is a reading of its own.
                wall: now.wall.saturating_add(Duration::from_nanos(secs)),
                mono: now.mono.saturating_add(Duration::from_secs(secs)),
            };
            told.extend(self.apply(&raw, later, policy, context));
        }
        told
    }
}

fn events(effects: &[activation::Effect], context: &EventContext) -> Vec<Event> {
    let told = effects
        .iter()
        .filter_map(|effect| Event::of(effect.transition(), context));
    told.map(|event| Event {
        drill: true,
        ..event
    })
    .collect()
}

/// A reading of an instrument, decoded and judged as any other.
fn judged(
    instrument: &mut Instrument,
    raw: &Bytes,
    now: Received,
    policy: &Policy,
) -> Option<(
    Arc<crate::reading::Reading>,
    Box<crate::criteria::Judgement>,
)> {
    instrument.decoder.arrived(now.mono);
    let framed = Framed::Frame(raw.clone());
    let outcomes = instrument.decoder.decode_framed(&framed, Some(TOPIC));
    let (_, decoded) = outcomes.into_iter().next()?;
    let arrival = Arrival {
        received: now,
        delivery: Delivery::default(),
        fingerprint: fingerprint(raw),
    };
    const NOWHERE: &[Place] = &[];
    let taken = instrument.take(decoded, &arrival, policy, NOWHERE, &mut Fixes::default());
    match taken {
        Taken::Reading(reading, judgement) => Some((reading, judgement)),
        Taken::Ignored | Taken::Refused(_) => None,
    }
}

fn instrument(profile: &Arc<Profile>, gy_to_sv: f64) -> Instrument {
    let id = InstrumentId::new(NAME).expect("invariant: the name is one");
    let normaliser = Normaliser::new(
        id,
        Arc::clone(profile),
        Calibration::default(),
        None,
        gy_to_sv,
    );
    let place = PlaceContext {
        site: Some(SiteRef {
            id: NAME.to_owned(),
            name: "Latihan Pantau / Pantau exercise".to_owned(),
            position: None,
        }),
        item: None,
        subject: Subject::Environment,
        source: SourceKind::Irdms,
        silent_after: Duration::MAX,
        last_fix: None,
    };
    let setting = Setting {
        subject: Some(Subject::Environment),
        source: Some(SourceKind::Irdms),
        ..Setting::default()
    };
    let context = Context {
        site: None,
        source: SourceKind::Irdms,
        subject: Subject::Environment,
        policy: None,
    };
    let decoder = Decoder::new(Arc::clone(profile));
    Instrument::new(decoder, normaliser, setting, None, place, Arc::new(context))
}

/// Whether the time of day has come since the last exercise.
fn is_due(last: Wall, now: Wall, at_min: u32, zone: Zone) -> bool {
    let day = |at: Wall| {
        let local = at.as_secs() + i64::from(zone.offset_hours()) * 3600;
        (local - i64::from(at_min) * 60).div_euclid(86_400)
    };
    day(now) > day(last)
}

/// Sends the reading of an exercise, shortly after the start and each day.
pub(super) async fn run(
    at_min: u32,
    zone: Zone,
    clock: Clock,
    inputs: Inputs,
    stop: CancellationToken,
) {
    let mut wait = AFTER_START;
    let mut last: Option<Wall> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = LOOK_EVERY;
        let now = clock.now();
        if last.is_some_and(|last| !is_due(last, now.wall, at_min, zone)) {
            continue;
        }
        last = Some(now.wall);
        let frame = Frame {
            source: SourceId::Drill,
            received: now,
            framed: Framed::Frame(Bytes::from_static(RAISES.as_bytes())),
            topic: Some(TOPIC.into()),
            delivery: Delivery::default(),
            unguarded: false,
            ack: None,
        };
        if inputs.send(Input::Frame(frame)).await.is_err() {
            return; // core gone: shutting down
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Mono;

    fn at(secs: u64) -> Received {
        let base = Wall::parse_rfc3339("2026-03-14T01:00:00Z").unwrap();
        Received {
            wall: base.saturating_add(Duration::from_secs(secs)),
            mono: Mono::from_secs(secs),
        }
    }

    fn frame(now: Received) -> Frame {
        Frame {
            source: SourceId::Drill,
            received: now,
            framed: Framed::Frame(Bytes::from_static(RAISES.as_bytes())),
            topic: Some(TOPIC.into()),
            delivery: Delivery::default(),
            unguarded: false,
            ack: None,
        }
    }

    #[test]
    fn an_exercise_is_raised_and_ended_under_an_id_of_its_own_and_marked() {
        let policy = Policy::default();
        let context = EventContext {
            node: "node".to_owned(),
            zone: Zone::Wib,
            recorded: true,
        };
        let mut drill = Drill::new(policy.gy_to_sv);
        let mut ids = Vec::new();
        for start in [0, 86_400] {
            let raised = drill.begin(&frame(at(start)), &policy, &context);
            assert!(drill.end(at(start + 29), &policy, &context).is_empty());
            let ended = drill.end(at(start + 30), &policy, &context);
            let told: Vec<&Event> = raised.iter().chain(&ended).collect();
            let whys: Vec<&str> = told.iter().map(|event| event.why.as_str()).collect();
            assert_eq!(whys, ["raised", "closed"]);
            for event in &told {
                assert!(event.exercise && event.drill && !event.is_emergency());
                assert!(event.about().starts_with("X-"));
                assert!(event.text.id.headline.starts_with("LATIHAN / EXERCISE: "));
            }
            ids.push(told[0].about().to_owned());
            assert!(drill.end(at(start + 31), &policy, &context).is_empty());
        }
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn judging_is_tried_again_and_again_with_the_same_result() {
        let policy = Policy::default();
        let mut drill = Drill::new(policy.gy_to_sv);
        for secs in 0..8_000 {
            assert!(drill.can_judge(&policy, at(secs)), "{secs}");
        }
        drill.expected = Some((Some(Class::Normal), Rule::Nr));
        assert!(!drill.can_judge(&policy, at(8_000)));
    }

    #[test]
    fn the_time_of_day_comes_once_a_day_by_the_local_clock() {
        let time = |text: &str| Wall::parse_rfc3339(text).unwrap();
        let due = |last, now| is_due(time(last), time(now), 8 * 60, Zone::Wib);
        assert!(!due("2026-03-14T01:00:00Z", "2026-03-14T23:00:00Z"));
        assert!(due("2026-03-14T00:59:00Z", "2026-03-14T01:00:00Z"));
        assert!(!due("2026-03-14T01:00:00Z", "2026-03-15T00:59:00Z"));
        assert!(due("2026-03-14T01:00:00Z", "2026-03-15T01:00:00Z"));
        assert!(!due("2026-03-15T01:00:00Z", "2026-03-14T02:00:00Z"));
    }
}
