//! From the configuration to instruments, sources and subscribers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::StartError;
use super::core::{Admit, Place};
use super::instrument::Instrument;
use super::router::Router;
use crate::activation::{ActivationView, Coordinates, PlaceContext, SiteRef};
use crate::clock::Wall;
use crate::config::{self, Channel, Claim, Config, Input};
use crate::criteria::{
    BackgroundFrom, BackgroundSource, CountBackground, Setting, SourceKind, Subject,
};
use crate::decode::Decoder;
use crate::deliver::{
    Kind, Language, MqttPublisher, Notice, Subscriber, SubscriberConfig, Webhook,
};
use crate::dialogue::Permit;
use crate::normalise::{Calibration, Normaliser};
use crate::profile::{Profile, Transport};
use crate::reading::InstrumentId;
use crate::source::line::Line;
use crate::source::mqtt::Mqtt;
use crate::source::play::Recording;
use crate::source::serial::Serial;
use crate::source::tcp::Tcp;
use crate::store::embedded::Context;

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
    };
    config.areas.iter().map(place).collect()
}

/// The name that each frame of an instrument must tell. One that is asked for
/// its number is compared by its dialogue.
fn device(configured: &config::Instrument, permit: &Permit) -> Option<String> {
    let is_told = configured.profile.identity.is_from_frame();
    permit.device.clone().filter(|_| is_told)
}

fn broker(config: &Config, filters: Vec<String>) -> Option<Mqtt> {
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
}

/// What of the policy an instrument is built with.
struct Judging {
    gy_to_sv: f64,
    /// The policy's hash.
    policy: Option<Arc<str>>,
}

impl Judging {
    fn of(config: &Config) -> Self {
        Self {
            gy_to_sv: config.criteria.gy_to_sv,
            policy: config.activation.policy.clone(),
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
        silent_after: silent_after(configured),
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
    .beside(configured.gps.clone())
}

/// When silence means that what the instrument last said is no longer known to
/// hold (alarm-semantics.md section 9).
fn silent_after(configured: &config::Instrument) -> Duration {
    let from_profile = match &configured.profile.transport {
        Transport::Serial(line) => line.silence,
        Transport::Tcp { silence } | Transport::Mqtt { silence } => *silence,
        Transport::File => None,
    };
    let moves = matches!(
        configured.source_kind,
        SourceKind::Mobile | SourceKind::Handheld
    );
    let (times, least) = if moves {
        (5, Duration::from_secs(300))
    } else {
        (3, Duration::from_secs(30))
    };
    configured
        .interval
        .map(|interval| interval * times)
        .or(from_profile)
        .unwrap_or(least)
        .max(least)
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
        background_usv_h: background.dose_rate.map(|rate| rate.usv_per_h()),
        background_from: background.dose_rate.map(|_| BackgroundFrom {
            taken_at: background.recorded_at,
            ..BackgroundFrom::new(BackgroundSource::Measured)
        }),
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

/// When the background counts were taken; their age is worked out for each
/// reading.
fn counted_at(configured: &config::Instrument) -> Option<Wall> {
    configured.background.counts.map(|counts| counts.counted_at)
}

/// Builds a subscriber; one on the broker also takes notices.
pub(super) fn subscriber(
    configured: &config::Subscriber,
    config: &Config,
    open: &[ActivationView],
    notice_bound: usize,
) -> Result<(Subscriber, Option<mpsc::Sender<Notice>>), StartError> {
    let mut notices = None;
    let kind = match &configured.channel {
        Channel::Log { language } => Kind::Log(match language {
            Some(config::Language::Indonesian) => Language::Indonesian,
            Some(config::Language::English) => Language::English,
            None => Language::Both,
        }),
        Channel::Mqtt => {
            let broker = broker(config, Vec::new())
                .expect("invariant: a checked configuration has a broker for its subscribers");
            // Two publishers under one name would throw each other out.
            let client_id = format!("{}-{}", broker.client_id, configured.id);
            let (sender, receiver) = mpsc::channel(notice_bound);
            notices = Some(sender);
            let prefix = config.publish.prefix.clone();
            let publisher = MqttPublisher::new(broker.options(&client_id), prefix, open, receiver);
            Kind::Mqtt(Box::new(publisher))
        }
        Channel::Webhook(webhook) => {
            let secret = webhook
                .secret
                .as_ref()
                .map(|s| s.expose().as_bytes().to_vec());
            let webhook = Webhook::new(webhook.url.expose().to_owned(), secret, webhook.timeout)
                .map_err(|source| StartError::Subscriber {
                    subscriber: configured.id.clone(),
                    source,
                })?;
            Kind::Webhook(Box::new(webhook))
        }
    };
    let config = SubscriberConfig {
        id: configured.id.as_str().into(),
        min_class: configured.min_class,
    };
    Ok((Subscriber { config, kind }, notices))
}
