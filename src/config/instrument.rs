//! `[[instrument]]`: what is measured with, where, and what that means.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::background;
use super::input::{self, Claim, Input};
use super::problem::{Problems, Refused};
use super::secret::Folders;
use super::section::Section;
use super::site::{Site, Sites, read_position};
use crate::clock::{Wall, Zone};
use crate::criteria::{Role, SourceKind, Subject};
use crate::error::excerpt;
use crate::normalise::Calibration;
use crate::profile::schema::DeviceClass;
use crate::profile::{LookupError, Profile, Registry};
use crate::reading::{InstrumentId, Position};
use crate::units::{CountRate, DoseRate};

/// One instrument, or with [`Claim::Each`] all devices of one kind.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// `id`: unique among instruments; 1 to 64 letters, digits, `-`, `_`, `.`
    /// or `:`. Mandatory.
    pub id: InstrumentId,
    /// `profile`: id of the device profile. Mandatory.
    pub profile: Arc<Profile>,
    /// `serial`, `tcp`, `mqtt` or `capture`.
    pub input: Input,
    /// `site`: id of the site it stands at.
    pub site: Option<Arc<Site>>,
    /// `position` (`lat`, `lon`, `alt_m`) of an instrument that stays where it
    /// is. Default: the site's; always absent for a mobile one.
    pub position: Option<Position>,
    /// `gps`: the receiver beside it.
    pub gps: Option<Gps>,
    /// `source`: `irdms`, `mobile`, `handheld` or `probe`. Default: by the
    /// profile's class.
    pub source_kind: SourceKind,
    /// `subject`: `environment`, `person` or `object`. When absent the rules
    /// take the environment, and say so.
    pub subject: Option<Subject>,
    /// `person_role`: only with `subject = "person"`.
    pub person_role: Option<Role>,
    /// `geometry.distance_m`: metres between source or surface and detector, above the
    /// ground for the environment; 0.001 to 100.
    pub distance_m: Option<f64>,
    /// `probe_factor`: counts are multiplied by it before they are compared;
    /// 0.01 to 100. When absent the rules use 1, and say so.
    pub probe_factor: Option<f64>,
    /// `range_max`: the highest dose rate it can show, 0.1 to 10⁹ µSv/h.
    pub range_max: Option<DoseRate>,
    /// `interval_secs`: expected time between readings, 1 to 86 400 s. When
    /// absent, the profile's `silence_s` says how long silence is normal.
    pub interval: Option<Duration>,
    /// `background`.
    pub background: Background,
    /// `calibration`.
    pub calibration: Calibration,
}

/// The receiver that tells where an instrument is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gps {
    /// `receiver`: id of the instrument that is the receiver. Mandatory.
    pub receiver: InstrumentId,
    /// `max_age_secs`: a fix further away in time is not used, 1 to 3600 s;
    /// default 10.
    pub max_age: Duration,
}

/// What the instrument shows where nothing has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Background {
    /// `dose_rate_usv_h`: 0.001 to 100 µSv/h.
    pub dose_rate: Option<DoseRate>,
    /// `recorded_at`: when the dose rate was taken.
    pub recorded_at: Option<Wall>,
    /// `alpha_cps`, `beta_cps` and `counted_at`.
    pub counts: Option<CountBackground>,
}

/// Background counts; at least one of the two rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountBackground {
    /// `alpha_cps`: 0 to 10⁶; zero is legitimate.
    pub alpha: Option<CountRate>,
    /// `beta_cps`: 0.001 to 10⁶.
    pub beta: Option<CountRate>,
    /// `counted_at`: when; counts soon grow too old to be used. Mandatory with
    /// either rate.
    pub counted_at: Wall,
}

/// What instruments refer to.
#[derive(Debug)]
pub(super) struct References<'a> {
    pub(super) registry: &'a Registry,
    pub(super) sites: &'a Sites,
    pub(super) folders: &'a Folders,
    pub(super) zone: Zone,
}

/// The instruments, and what is known of them all though one be wrong.
#[derive(Debug, Default)]
pub(super) struct Instruments {
    pub(super) instruments: Vec<Instrument>,
    /// The path of the first that needs a broker.
    pub(super) needs_broker: Option<String>,
}

/// Where the input of an instrument is written.
struct Tap {
    path: String,
    profile: Arc<Profile>,
    input: Input,
}

/// Where an instrument names its receiver.
struct Receiver {
    at: String,
    id: InstrumentId,
}

/// How long a fix stands for where an instrument is, unless it says otherwise: at
/// a walk that is some ten metres, in a car some hundred.
const MAX_FIX_AGE: Duration = Duration::from_secs(10);

/// Reads the list.
pub(super) fn read(
    sections: Vec<Section<'_>>,
    references: &References<'_>,
    problems: &Problems,
) -> Instruments {
    let mut ids: BTreeMap<InstrumentId, String> = BTreeMap::new();
    let mut taps = Vec::new();
    let mut receivers = Vec::new();
    let mut instruments = Vec::new();
    for mut section in sections {
        let first_path = section.path().to_owned();
        let id = section.required("id", Section::name);
        if let Some(id) = &id {
            section.called(id.as_str());
            if let Some(other) = ids.get(id) {
                let text = format!("`{id}` is the id of {other} already");
                section.refuse("id", Refused::new(text));
            } else {
                ids.insert(id.clone(), first_path);
            }
        }
        instruments.extend(read_one(section, id, references, &mut taps, &mut receivers));
    }
    reject_shared_inputs(&taps, problems);
    for receiver in receivers {
        if !ids.contains_key(&receiver.id) {
            let text = format!("no instrument named `{}`", receiver.id);
            let refused = Refused::new(text).hint("it is the `id` of another [[instrument]]");
            problems.add(receiver.at, refused);
        }
    }
    let needs_broker = taps
        .into_iter()
        .find(|tap| matches!(tap.input, Input::Mqtt(_)))
        .map(|tap| tap.path);
    Instruments {
        instruments,
        needs_broker,
    }
}

fn read_one(
    mut section: Section<'_>,
    id: Option<InstrumentId>,
    references: &References<'_>,
    taps: &mut Vec<Tap>,
    receivers: &mut Vec<Receiver>,
) -> Option<Instrument> {
    let profile = section
        .required("profile", |s, key| {
            s.parsed(key, |text| {
                references.registry.get(text).map_err(unknown_profile)
            })
        })
        .map(Arc::clone);
    let id_text = id.as_ref().map(InstrumentId::as_str);
    let input = input::read(
        &mut section,
        id_text,
        profile.as_deref(),
        references.folders,
    );
    if let (Some(profile), Some(input)) = (&profile, &input) {
        taps.push(Tap {
            path: section.path().to_owned(),
            profile: Arc::clone(profile),
            input: input.clone(),
        });
    }
    let site_id = section.parsed("site", |text| {
        references
            .sites
            .ensure_known(text)
            .map(|()| text.to_owned())
    });
    let site = site_id.and_then(|id| references.sites.get(&id)).cloned();
    let source = section.word("source", SourceKind::from_word, SourceKind::ALL);
    let source = source.or_else(|| profile.as_ref().map(|p| usual_source(p.class)));
    let subject = section.word("subject", Subject::from_word, Subject::ALL);
    let person_role = person_role(&mut section, subject);
    let is_each = matches!(&input, Some(Input::Mqtt(mqtt)) if mqtt.claim == Claim::Each);
    let gps = gps(section.table("gps"), receivers);
    let position = position(&mut section, source, is_each, gps.as_ref(), site.as_deref());
    let mut geometry = section.table("geometry");
    let distance_m = geometry.number("distance_m", 0.001..=100.0);
    geometry.finish();
    let probe_factor = section.number("probe_factor", 0.01..=100.0);
    let range_max = dose_rate(&mut section, "range_max", 0.1..=1e9);
    let interval = section.seconds("interval_secs", 1..=86_400);
    let background = shown_here(section.table("background"));
    let calibration = calibration(
        section.table("calibration"),
        references.zone,
        profile.as_deref(),
    );
    section.finish();
    Some(Instrument {
        id: id?,
        profile: profile?,
        input: input?,
        site,
        position,
        gps,
        source_kind: source?,
        subject,
        person_role,
        distance_m,
        probe_factor,
        range_max,
        interval,
        background,
        calibration,
    })
}

fn person_role(section: &mut Section<'_>, subject: Option<Subject>) -> Option<Role> {
    let role = section.word("person_role", Role::from_word, Role::ALL);
    // A wrong subject has been named already; that is one problem, not two.
    let is_subject_wrong = section.has("subject") && subject.is_none();
    if section.has("person_role") && subject != Some(Subject::Person) && !is_subject_wrong {
        let refused = Refused::new("is of use only with `subject = \"person\"`");
        section.refuse("person_role", refused);
    }
    role
}

fn unknown_profile(error: LookupError) -> Refused {
    let hint = if error.near.is_empty() {
        "`pantau profile list` shows them all".to_owned()
    } else {
        format!("near: {}", error.near.join(", "))
    };
    Refused::new(format!("no profile named `{}`", error.id)).hint(hint)
}

/// How an instrument of this class is used, unless the configuration says
/// otherwise.
pub const fn usual_source(class: DeviceClass) -> SourceKind {
    match class {
        DeviceClass::FixedStation => SourceKind::Irdms,
        DeviceClass::Mobile => SourceKind::Mobile,
        DeviceClass::Contamination => SourceKind::Probe,
        DeviceClass::SurveyMeter | DeviceClass::Personal | DeviceClass::Gps => SourceKind::Handheld,
    }
}

fn gps(mut table: Section<'_>, receivers: &mut Vec<Receiver>) -> Option<Gps> {
    let is_present = table.is_present();
    let receiver = is_present
        .then(|| table.required("receiver", Section::name))
        .flatten();
    let max_age = table.seconds("max_age_secs", 1..=3600);
    if let Some(receiver) = &receiver {
        receivers.push(Receiver {
            at: table.at("receiver"),
            id: receiver.clone(),
        });
    }
    table.finish();
    Some(Gps {
        receiver: receiver?,
        max_age: max_age.unwrap_or(MAX_FIX_AGE),
    })
}

/// The position that readings without one of their own get. A mobile detector
/// gets none: a wrong place is worse than no place.
fn position(
    section: &mut Section<'_>,
    source: Option<SourceKind>,
    is_each: bool,
    gps: Option<&Gps>,
    site: Option<&Site>,
) -> Option<Position> {
    let mut table = section.table("position");
    let own = read_position(&mut table);
    let is_written = table.is_present();
    table.finish();
    if is_written && source == Some(SourceKind::Mobile) {
        let refused = Refused::new("a mobile instrument has no fixed position");
        section.refuse("position", refused.hint("its frames tell where it is"));
    } else if is_written && gps.is_some() {
        let refused = Refused::new("`gps` says where it is");
        section.refuse("position", refused.hint("leave one of the two out"));
    } else if is_written && is_each {
        let refused = Refused::new("with `mqtt.each` one position would be given to every device");
        section.refuse(
            "position",
            refused.hint("write an [[instrument]] for each device"),
        );
    }
    own.or_else(|| {
        let moves = source == Some(SourceKind::Mobile) || gps.is_some();
        site.filter(|_| !section.has("position") && !moves)
            .map(|site| site.position)
    })
}

/// A dose rate within bounds, in µSv/h.
fn dose_rate(
    section: &mut Section<'_>,
    key: &'static str,
    bounds: RangeInclusive<f64>,
) -> Option<DoseRate> {
    let number = section.number(key, bounds)?;
    DoseRate::from_usv_per_h(number).ok()
}

fn shown_here(mut table: Section<'_>) -> Background {
    let recorded = background::read(&mut table);
    let alpha = table.number("alpha_cps", 0.0..=1e6);
    let beta = table.number("beta_cps", 0.001..=1e6);
    let counted_at = table.parsed("counted_at", background::instant);
    let has_counts = table.has("alpha_cps") || table.has("beta_cps");
    if has_counts && !table.has("counted_at") {
        table.missing("counted_at", Some("counts soon grow too old to be used"));
    }
    if table.has("counted_at") && !has_counts {
        let refused = Refused::new("is of use only with `alpha_cps` or `beta_cps`");
        table.refuse("counted_at", refused);
    }
    table.finish();
    let rate = |number: Option<f64>| number.and_then(|n| CountRate::from_per_s(n).ok());
    Background {
        dose_rate: recorded.map(|(dose_rate, _)| dose_rate),
        recorded_at: recorded.and_then(|(_, recorded_at)| recorded_at),
        counts: counted_at
            .filter(|_| has_counts)
            .map(|counted_at| CountBackground {
                alpha: rate(alpha),
                beta: rate(beta),
                counted_at,
            }),
    }
}

/// | key             | unit            | range        | mandatory |
/// |-----------------|-----------------|--------------|-----------|
/// | `source`        | -               | text         | yes       |
/// | `factor`        | -               | 0.1 to 10    | no        |
/// | `cpm_per_usv_h` | cpm per µSv/h   | 0.01 to 10⁷  | no        |
/// | `valid_until`   | `YYYY-MM-DD`    | a day        | no        |
///
/// The narrow range of the factor keeps a slip of the pen from hiding an
/// emergency; a calibration by more than ten means the wrong profile.
fn calibration(mut table: Section<'_>, zone: Zone, profile: Option<&Profile>) -> Calibration {
    let source = table.required("source", Section::text);
    let factor = table.number("factor", 0.1..=10.0);
    let cpm_per_usv_h = table.number("cpm_per_usv_h", 0.01..=1e7);
    let counts = |profile: &Profile| {
        let mut values = profile.messages.iter().flat_map(|message| &message.values);
        values.any(|value| value.sensitivity.is_some())
    };
    if table.has("cpm_per_usv_h")
        && let Some(profile) = profile.filter(|profile| !counts(profile))
    {
        let text = format!(
            "the profile `{}` makes no dose rate from counts",
            profile.id
        );
        table.refuse(
            "cpm_per_usv_h",
            Refused::new(text).hint("`factor` applies to any value"),
        );
    }
    let valid_until = table.parsed("valid_until", |text| end_of_day(text, zone));
    table.finish();
    Calibration {
        factor,
        cpm_per_usv_h,
        source: source.unwrap_or_default().to_owned(),
        valid_until,
    }
}

/// The last instant of a day in the node's zone.
fn end_of_day(text: &str, zone: Zone) -> Result<Wall, Refused> {
    let offset = match zone {
        Zone::Utc => "+00:00",
        Zone::Wib => "+07:00",
        Zone::Wita => "+08:00",
        Zone::Wit => "+09:00",
    };
    let refused =
        || Refused::new(format!("`{}` is no day", excerpt(text, 64))).hint("as in `2027-03-31`");
    if text.len() != "YYYY-MM-DD".len() {
        return Err(refused());
    }
    Wall::parse_rfc3339(&format!("{text}T23:59:59.999999999{offset}")).map_err(|_| refused())
}

/// Two instruments cannot read one port, and no message is two instruments'.
fn reject_shared_inputs(taps: &[Tap], problems: &Problems) {
    for (n, tap) in taps.iter().enumerate() {
        let earlier = taps.iter().take(n);
        for other in earlier {
            if let Some(key) = shared_key(tap, other) {
                let text = format!("{} takes the same input already", other.path);
                problems.add(format!("{}.{key}", tap.path), Refused::new(text));
                break;
            }
        }
    }
}

/// The key by which two instruments take the same input.
fn shared_key(one: &Tap, other: &Tap) -> Option<&'static str> {
    match (&one.input, &other.input) {
        (Input::Serial(one), Input::Serial(other)) => {
            (one.port == other.port).then_some("serial.port")
        }
        (Input::Tcp(one), Input::Tcp(other)) => (one.peer == other.peer).then_some("tcp"),
        (Input::Mqtt(first), Input::Mqtt(second)) => {
            // Who claims one device goes before who claims each.
            let is_same_kind = (first.claim == Claim::Each) == (second.claim == Claim::Each);
            let meets = first.filters.iter().any(|f| second.filters.contains(f));
            (is_same_kind && meets && one.profile.id == other.profile.id).then_some("mqtt")
        }
        _ => None,
    }
}
