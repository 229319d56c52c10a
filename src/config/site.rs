//! `[[site]]`: places with instruments, and what is known of a place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::background;
use super::near::near;
use super::problem::Refused;
use super::section::Section;
use crate::clock::Wall;
use crate::criteria::termination::AreaKind;
use crate::criteria::{ExistingArea, ExistingKind};
use crate::error::excerpt;
use crate::reading::{Position, PositionSource};
use crate::units::DoseRate;

/// One place with instruments.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// `id`: unique among sites; as a node's name. Mandatory.
    pub id: Arc<str>,
    /// `name`, for people. Mandatory.
    pub name: String,
    /// `position`: `lat`, `lon` (degrees, WGS 84) and `alt_m`. Mandatory.
    pub position: Position,
    /// What is known of the place.
    pub surroundings: Surroundings,
    /// `background`: the record of a survey, for instruments without one of
    /// their own (criteria.md section 5).
    pub background: Option<SurveyRecord>,
    /// `neighbours`: ids of other sites that are expected to see the same.
    pub neighbours: Vec<Arc<str>>,
}

/// The dose rate that a survey of the site found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurveyRecord {
    /// `dose_rate_usv_h`: 0.001 to 100 µSv/h. Mandatory.
    pub dose_rate: DoseRate,
    /// `recorded_at`: when it was taken.
    pub recorded_at: Option<Wall>,
}

/// What is known of a place and bears on the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    /// `residential`: pemukiman or not. Default: `criteria.area_type_default`
    /// (criteria.md, A-21).
    pub is_residential: bool,
    /// `java`: whether it lies on Java, which sets deadlines. Default: unknown.
    pub is_on_java: Option<bool>,
    /// `survey`: the evidence for `high_background = true`, an area registered
    /// as naturally high (EX-NHB). Absent where it is not.
    pub high_background: Option<String>,
    /// `existing`: closed to existing exposure (PB-EXIST).
    ///
    /// Its `closed` says by which limits, `residential` or `non_residential`,
    /// and is mandatory in it; `baseline_usv_h` is the dose rate recorded at
    /// closing, 0.001 to 10 µSv/h.
    pub existing: Option<ExistingArea>,
}

/// `existing.closed`.
const CLOSED: &[(&str, ExistingKind)] = &[
    ("residential", ExistingKind::Residential),
    ("non_residential", ExistingKind::NonResidential),
];

/// The sites, and every id written, so that a site with a mistake of its own
/// does not make its instruments seem wrong.
#[derive(Debug, Default)]
pub(super) struct Sites {
    pub(super) sites: Vec<Arc<Site>>,
    ids: BTreeMap<String, String>,
}

impl Sites {
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Site>> {
        self.sites.iter().find(|site| &*site.id == id)
    }

    /// # Errors
    ///
    /// When no site of this id is written anywhere.
    pub(super) fn ensure_known(&self, id: &str) -> Result<(), Refused> {
        if self.ids.contains_key(id) {
            return Ok(());
        }
        let refused = Refused::new(format!("no site named `{}`", excerpt(id, 64)));
        let hint = near(id, self.ids.keys().map(String::as_str));
        Err(refused.hint(hint.unwrap_or_else(|| "sites are [[site]] tables with an id".to_owned())))
    }
}

pub(super) fn read(sections: Vec<Section<'_>>, unless_said: AreaKind) -> Sites {
    let mut sites = Sites::default();
    let mut pending = Vec::new();
    for mut section in sections {
        let first_path = section.path().to_owned();
        let id = section.required("id", Section::name);
        if let Some(id) = &id {
            section.called(id.as_str());
            if let Some(other) = sites.ids.get(id.as_str()) {
                let text = format!("`{id}` is the id of {other} already");
                section.refuse("id", Refused::new(text));
            } else {
                sites.ids.insert(id.to_string(), first_path);
            }
        }
        pending.push((section, id));
    }
    // Neighbours may stand further down, so they are looked up at the end.
    for (section, id) in pending {
        let id = id.as_ref().map(|id| id.as_str());
        if let Some(site) = read_one(section, id, &sites, unless_said) {
            sites.sites.push(Arc::new(site));
        }
    }
    sites
}

fn read_one(
    mut section: Section<'_>,
    id: Option<&str>,
    sites: &Sites,
    unless_said: AreaKind,
) -> Option<Site> {
    let name = section.required("name", Section::text);
    let position = section.required("position", |section, key| {
        let mut table = section.table(key);
        let position = read_position(&mut table);
        table.finish();
        position
    });
    let surroundings = read_surroundings(&mut section, unless_said);
    let mut table = section.table("background");
    let recorded = background::read(&mut table);
    table.finish();
    let mut neighbours: Vec<Arc<str>> = Vec::new();
    for (at, neighbour) in section.texts("neighbours") {
        let refused = if Some(neighbour) == id {
            Some(Refused::new("a site is not its own neighbour"))
        } else if neighbours.iter().any(|known| &**known == neighbour) {
            let text = format!("`{}` is named twice", excerpt(neighbour, 64));
            Some(Refused::new(text))
        } else {
            sites.ensure_known(neighbour).err()
        };
        match refused {
            Some(refused) => section.refuse_at(at, refused),
            None => neighbours.push(neighbour.into()),
        }
    }
    section.finish();
    Some(Site {
        id: id?.into(),
        name: name?.to_owned(),
        position: position?,
        surroundings,
        background: recorded.map(|(dose_rate, recorded_at)| SurveyRecord {
            dose_rate,
            recorded_at,
        }),
        neighbours,
    })
}

/// Reads `lat`, `lon` and `alt_m` of a table that is there.
pub(super) fn read_position(section: &mut Section<'_>) -> Option<Position> {
    let any = |s: &mut Section<'_>, key| s.number(key, f64::MIN..=f64::MAX);
    let lat = section.required("lat", any);
    let lon = section.required("lon", any);
    let alt_m = section.number("alt_m", -500.0..=9_000.0);
    let (lat, lon) = lat.zip(lon)?;
    let is_lat = (-90.0..=90.0).contains(&lat);
    let is_lon = (-180.0..=180.0).contains(&lon);
    let swapped = "latitude and longitude swapped?";
    if !is_lat {
        let refused = Refused::new(format!("must be -90 to 90 degrees, is {lat}"));
        let looks_swapped = (-180.0..=180.0).contains(&lat) && (-90.0..=90.0).contains(&lon);
        let hint = looks_swapped.then_some(swapped);
        section.refuse("lat", hint.into_iter().fold(refused, Refused::hint));
    }
    if !is_lon {
        let text = format!("must be -180 to 180 degrees, is {lon}");
        section.refuse("lon", Refused::new(text));
    }
    if lat.abs() < 1e-9 && lon.abs() < 1e-9 {
        let refused = Refused::new("latitude and longitude 0 stand for a missing position")
            .hint("leave the position out where it is not known");
        section.refuse("lat", refused);
        return None;
    }
    let position = Position::new(lat, lon, PositionSource::Configured)?;
    Some(Position { alt_m, ..position })
}

/// Reads `residential`, `java`, `high_background`, `survey` and `existing`.
///
/// `unless_said` is what an area is that does not say whether people live there.
pub(super) fn read_surroundings(section: &mut Section<'_>, unless_said: AreaKind) -> Surroundings {
    let is_residential = section
        .boolean("residential")
        .unwrap_or(unless_said == AreaKind::Residential);
    let is_on_java = section.boolean("java");
    let is_high = section.boolean("high_background").unwrap_or(false);
    let survey = section.text("survey");
    if is_high && !section.has("survey") {
        let hint = "the document that shows that the background is high by nature";
        section.missing("survey", Some(hint));
    }
    if section.has("survey") && !section.has("high_background") {
        let refused = Refused::new("is of use only with `high_background = true`");
        section.refuse("survey", refused);
    }
    let mut table = section.table("existing");
    let closed = table.required("closed", |s, key| s.meaning(key, CLOSED));
    let baseline_usv_h = table.number("baseline_usv_h", 0.001..=10.0);
    table.finish();
    Surroundings {
        is_residential,
        is_on_java,
        high_background: survey.filter(|_| is_high).map(str::to_owned),
        existing: closed.map(|kind| ExistingArea {
            kind,
            baseline_usv_h,
        }),
    }
}
