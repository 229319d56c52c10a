//! From the configuration to instruments, sources and subscribers.

use std::sync::Arc;
use std::time::Duration;

use super::after;
use super::background::{Background, Recorded};
use super::core::{Admit, Place};
use super::instrument::Instrument;
use super::router::Router;
use crate::access::{Role, TokenHash};
use crate::activation::{Coordinates, PlaceContext, SiteRef};
use crate::background::Learner;
use crate::casework::Geography;
use crate::clock::Wall;
use crate::closing::{AreaKey, Ground};
use crate::config::{self, Claim, Config, Input};
use crate::criteria::{CountBackground, Setting, SourceKind, Subject};
use crate::decode::Decoder;
use crate::dialogue::Permit;
use crate::http::Key;
use crate::normalise::{Calibration, Normaliser};
use crate::profile::{Profile, Transport};
use crate::reading::InstrumentId;
use crate::source::line::Line;
use crate::source::mqtt::Mqtt;
use crate::source::play::Recording;
use crate::source::serial::Serial;
use crate::source::tcp::Tcp;
use crate::store::embedded::Context;
use crate::supervision::{Expected, Way};

/// Everything that a configuration's instruments become.
pub(super) struct Built {
    pub(super) instruments: Vec<Instrument>,
    pub(super) router: Router,
    pub(super) admit: Admit,
    pub(super) areas: Vec<Place>,
    pub(super) serials: Vec<Serial>,
    pub(super) tcps: Vec<Tcp>,
    pub(super) recordings: Vec<Recording>,
    pub(super) mqtt: Option<Mqtt>,
}

/// Builds all instruments and their sources.
pub(super) fn instruments(config: &Config) -> Built {
    let mut built = Built {
        instruments: Vec::new(),
        router: Router::default(),
        admit: admit(config),
        areas: areas(config),
        serials: Vec::new(),
        tcps: Vec::new(),
        recordings: Vec::new(),
        mqtt: None,
    };
    let mut filters: Vec<String> = Vec::new();
    let judging = Judging::of(config);
    for (entry, configured) in config.instruments.iter().enumerate() {
        let index = built.instruments.len();
        let one = || instrument(configured, configured.id.clone(), &judging);
        match &configured.input {
            Input::Serial(serial) => {
                built.serials.push(Serial {
                    line: line(index, configured, &serial.permit),
                    port: serial.port.clone(),
                    usb_serial: serial.usb_serial.clone(),
                    settings: serial.line,
                });
                let device = device(configured, &serial.permit);
                built.instruments.push(one().only_from(device));
            }
            Input::Tcp(tcp) => {
                built.tcps.push(Tcp {
                    line: line(index, configured, &tcp.permit),
                    peer: tcp.peer.clone(),
                });
                let device = device(configured, &tcp.permit);
                built.instruments.push(one().only_from(device));
            }
            Input::Capture(capture) => {
                built.recordings.push(Recording {
                    index,
                    instrument: configured.id.clone(),
                    profile: Arc::clone(&configured.profile),
                    file: capture.file.clone(),
                    form: capture.form,
                    every: capture
                        .lines_per_s
                        .map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
                });
                built.instruments.push(one());
            }
            Input::Mqtt(input) => {
                let each = input.claim == Claim::Each;
                let target = (!each).then_some(index);
                let profile = Arc::clone(&configured.profile);
                built.router.add(input.clone(), profile, entry, target);
                if !each {
                    built.instruments.push(one());
                }
                // The whole family is subscribed to, so that a station nobody
                // configured is counted and kept instead of going unnoticed.
                for filter in configured.profile.topics().map(|topic| topic.filter()) {
                    if !filters.contains(&filter) {
                        filters.push(filter);
                    }
                }
            }
        }
    }
    if !filters.is_empty() {
        built.mqtt = broker(config, filters);
    }
    built
}

fn line(index: usize, configured: &config::Instrument, permit: &Permit) -> Line {
    Line {
        index,
        instrument: configured.id.clone(),
        profile: Arc::clone(&configured.profile),
        permit: permit.clone(),
    }
}

/// The regions that say something about what is measured in them.
pub(super) fn areas(config: &Config) -> Vec<Place> {
    let place = |area: &config::Area| Place {
        polygons: area.polygons.clone(),
        high_background: area.surroundings.high_background.is_some(),
        existing: area.surroundings.existing,
        ground: Ground {
            key: AreaKey::Area(area.name.clone()),
            kind: after::kind(area.surroundings.is_residential),
        },
    };
    config.areas.iter().map(place).collect()
}

/// The tokens that open the HTTP interface.
pub(super) fn keys(config: &Config) -> Vec<Key> {
    let Some(http) = &config.http else {
        return Vec::new();
    };
    let shared = http.token.iter().map(|token| Key {
        name: None,
        role: Role::Chief,
        hash: TokenHash::of(token.expose()),
        expires: None,
    });
    let own = http.tokens.iter().map(|token| Key {
        name: Some(Arc::clone(&token.name)),
        role: token.role,
        hash: token.hash,
        expires: token.expires,
    });
    shared.chain(own).collect()
}

/// What the configuration says of places on Java and outside it.
pub(super) fn geography(config: &Config) -> Geography {
    let site =
        |site: &Arc<config::Site>| Some((site.id.to_string(), site.surroundings.is_on_java?));
    let area = |area: &config::Area| Some((area.polygons.clone(), area.surroundings.is_on_java?));
    Geography {
        sites: config.sites.iter().filter_map(site).collect(),
        areas: config.areas.iter().filter_map(area).collect(),
    }
}

/// The name that each frame of an instrument must tell. One that is asked for
/// its number is compared by its dialogue.
fn device(configured: &config::Instrument, permit: &Permit) -> Option<String> {
    let is_told = configured.profile.identity.is_from_frame();
    permit.device.clone().filter(|_| is_told)
}

pub(super) fn broker(config: &Config, filters: Vec<String>) -> Option<Mqtt> {
    let broker = config.broker.as_ref()?;
    Some(Mqtt {
        host: broker.address.host.clone(),
        port: broker.address.port,
        client_id: broker.client_id.clone(),
        credentials: broker.login.as_ref().map(|login| {
            let password = login.password.as_ref().map_or("", |p| p.expose());
            (login.username.clone(), password.to_owned())
        }),
        keep_alive: broker.keep_alive,
        filters,
        max_bytes: config
            .instruments
            .iter()
            .map(|configured| configured.profile.framing.max_bytes)
            .max()
            .unwrap_or(0),
    })
}

/// Lets in devices of entries that take each one.
fn admit(config: &Config) -> Admit {
    let entries = config.instruments.clone();
    let judging = Judging::of(config);
    Box::new(move |entry, name| {
        let configured = entries.get(entry)?;
        Some(instrument(configured, InstrumentId::new(name)?, &judging))
    })
}

/// An instrument of a recording: as configured under its name, else as its
/// profile's class suggests.
pub(super) fn replayed(config: &Config, profile: &Arc<Profile>, id: InstrumentId) -> Instrument {
    let known = config
        .instruments
        .iter()
        .find(|configured| configured.id == id && configured.profile.id == profile.id);
    if let Some(configured) = known {
        return instrument(configured, id, &Judging::of(config));
    }
    let source = config::usual_source(profile.class);
    let place = PlaceContext {
        site: None,
        item: None,
        subject: Subject::Environment,
        source,
        silent_after: Duration::from_secs(300),
        last_fix: None,
    };
    let context = Context {
        site: None,
        source,
        subject: Subject::Environment,
        policy: config.activation.policy.clone(),
    };
    let setting = Setting {
        subject: Some(Subject::Environment),
        source: Some(source),
        ..Setting::default()
    };
    let calibration = Calibration::default();
    let background = Background {
        learner: learner(source, Subject::Environment),
        ..Background::default()
    };
    Instrument::new(
        Decoder::new(Arc::clone(profile)),
        Normaliser::new(
            id,
            Arc::clone(profile),
            calibration,
            None,
            config.criteria.gy_to_sv,
        ),
        setting,
        None,
        place,
        Arc::new(context),
    )
    .standing(background, None)
    .guarded(config.activation.elevated_false_alarms_per_year)
}

/// What of the policy an instrument is built with.
struct Judging {
    gy_to_sv: f64,
    /// The policy's hash.
    policy: Option<Arc<str>>,
    /// False alarms of the band that a station may raise in a year.
    false_alarms: f64,
}

impl Judging {
    fn of(config: &Config) -> Self {
        Self {
            gy_to_sv: config.criteria.gy_to_sv,
            policy: config.activation.policy.clone(),
            false_alarms: config.activation.elevated_false_alarms_per_year,
        }
    }
}

fn instrument(configured: &config::Instrument, id: InstrumentId, judging: &Judging) -> Instrument {
    let profile = &configured.profile;
    let normaliser = Normaliser::new(
        id,
        Arc::clone(profile),
        configured.calibration.clone(),
        configured.position,
        judging.gy_to_sv,
    );
    let site = configured.site.as_ref();
    let subject = configured.subject.unwrap_or(Subject::Environment);
    let place = PlaceContext {
        site: site.map(|site| SiteRef {
            id: site.id.to_string(),
            name: site.name.clone(),
            position: Some(Coordinates {
                lat: site.position.lat,
                lon: site.position.lon,
            }),
        }),
        item: None,
        subject,
        source: configured.source_kind,
        silent_after: expected(configured).limit(None),
        last_fix: None,
    };
    let context = Context {
        site: site.map(|site| Arc::clone(&site.id)),
        source: configured.source_kind,
        subject,
        policy: judging.policy.clone(),
    };
    Instrument::new(
        Decoder::new(Arc::clone(profile)),
        normaliser,
        setting(configured),
        counted_at(configured),
        place,
        Arc::new(context),
    )
    .standing(
        background(configured, subject),
        site.map(|site| ground(site)),
    )
    .beside(configured.gps.clone())
    .guarded(judging.false_alarms)
    .coming(expected(configured), way(&configured.input))
}

const fn way(input: &Input) -> Way {
    match input {
        Input::Serial(_) | Input::Tcp(_) => Way::Line,
        Input::Mqtt(_) => Way::Broker,
        Input::Capture(_) => Way::Recording,
    }
}

/// How often an instrument is expected to send.
fn expected(configured: &config::Instrument) -> Expected {
    let profile = match &configured.profile.transport {
        Transport::Serial(line) => line.silence,
        Transport::Tcp { silence } | Transport::Mqtt { silence } => *silence,
        Transport::File => None,
    };
    let moves = matches!(
        configured.source_kind,
        SourceKind::Mobile | SourceKind::Handheld
    );
    Expected {
        moves,
        interval: configured.interval,
        profile,
    }
}

/// A station and a detector on the move measure the environment; what the
/// others measure is only assumed when nobody says it.
fn subject(configured: &config::Instrument) -> Option<Subject> {
    let usual = match configured.source_kind {
        SourceKind::Irdms | SourceKind::Mobile => Some(Subject::Environment),
        SourceKind::Handheld | SourceKind::Probe => None,
    };
    configured.subject.or(usual)
}

fn setting(configured: &config::Instrument) -> Setting {
    let background = &configured.background;
    let surroundings = configured.site.as_ref().map(|site| &site.surroundings);
    Setting {
        subject: subject(configured),
        role: configured.person_role,
        distance_m: configured.distance_m,
        source: Some(configured.source_kind),
        background_counts: background
            .counts
            .map_or_else(CountBackground::default, |counts| CountBackground {
                alpha: counts.alpha.map(|rate| rate.per_s()),
                beta: counts.beta.map(|rate| rate.per_s()),
                age_h: None,
            }),
        probe_factor: configured.probe_factor,
        range_max_usv_h: configured.range_max.map(|rate| rate.usv_per_h()),
        high_background_area: surroundings.is_some_and(|s| s.high_background.is_some()),
        existing: surroundings.and_then(|s| s.existing),
        ..Setting::default()
    }
}

/// The backgrounds that people wrote down, and room to learn one.
fn background(configured: &config::Instrument, subject: Subject) -> Background {
    let own = &configured.background;
    let site = configured.site.as_ref();
    Background {
        measured: own.dose_rate.map(|rate| Recorded {
            usv_h: rate.usv_per_h(),
            at: own.recorded_at,
        }),
        // One on the move is not at its site.
        surveyed: site
            .filter(|_| configured.source_kind != SourceKind::Mobile && configured.gps.is_none())
            .and_then(|site| site.background)
            .map(|survey| Recorded {
                usv_h: survey.dose_rate.usv_per_h(),
                at: survey.recorded_at,
            }),
        learner: learner(configured.source_kind, subject),
    }
}

/// A fixed station learns; what others show depends on where they are.
fn learner(source: SourceKind, subject: Subject) -> Option<Learner> {
    let learns = source == SourceKind::Irdms && subject == Subject::Environment;
    learns.then(Learner::default)
}

fn ground(site: &config::Site) -> Ground {
    Ground {
        key: AreaKey::Site(site.id.to_string()),
        kind: after::kind(site.surroundings.is_residential),
    }
}

/// When the background counts were taken; their age is worked out for each
/// reading.
fn counted_at(configured: &config::Instrument) -> Option<Wall> {
    configured.background.counts.map(|counts| counts.counted_at)
}
