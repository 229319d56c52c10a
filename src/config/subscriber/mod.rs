//! `[[subscriber]]`: who is told.

mod kind;

use std::collections::BTreeMap;

pub use kind::{Channel, Post};

use super::node::{Language, Node};
use super::problem::Refused;
use super::secret::Folders;
use super::section::Section;
use crate::criteria::Class;
use crate::deliver::{Filter, Near, Quiet};
use crate::fault::Priority;
use kind::Surroundings;

/// One who is told.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// `id`: unique among subscribers; as a node's name. Mandatory.
    pub id: String,
    /// What is told.
    ///
    /// | key              | what                                                | default              |
    /// |------------------|-----------------------------------------------------|----------------------|
    /// | `min_class`      | `ELEVATED`, `POSSIBLE_EMERGENCY` or `EMERGENCY`     | `POSSIBLE_EMERGENCY` |
    /// | `sites`          | ids of `[[site]]`: nothing from elsewhere           | everywhere           |
    /// | `near`           | `{ lat, lon, radius_km }`: nothing known to be farther | everywhere        |
    /// | `faults`         | `high`, `normal`, `low`: faults of the watch itself from there on; or `none` | `normal`; CAP takes none |
    /// | `drills`         | the daily exercise, too                             | `false`              |
    /// | `heads`          | `true`: signed heads of the journal, too (`webhook`, `http`, `mail`, `log`) | `false` |
    pub filter: Filter,
    /// `quiet = { from = "22:00", until = "06:00" }`, in the node's zone: only
    /// emergencies are told then, the rest waits. Default: never.
    pub quiet: Option<Quiet>,
    /// `pace`: at most 10 notifications in 10 minutes, what is more in digests;
    /// an emergency waits for nothing. Default: true, but for `log` and `cap`,
    /// which are records and take every event by itself.
    pub is_paced: bool,
    /// `kind`, with the keys of that kind. Mandatory.
    pub channel: Channel,
}

/// Classes that can be the lowest one told.
const MIN_CLASSES: &[Class] = &[Class::Elevated, Class::PossibleEmergency, Class::Emergency];

/// From which priority on faults are told.
const FAULTS: &[(&str, Option<Priority>)] = &[
    ("high", Some(Priority::High)),
    ("normal", Some(Priority::Normal)),
    ("low", Some(Priority::Low)),
    ("none", None),
];

/// What a subscriber may refer to.
#[derive(Clone, Copy, Debug)]
pub(super) struct References<'a> {
    pub(super) node: &'a Node,
    pub(super) has_broker: bool,
    pub(super) site_ids: &'a [String],
    pub(super) folders: &'a Folders,
}

/// Reads the list. Without one, the log is told, and MQTT if there is a broker:
/// what is raised never stays unsaid for want of a table.
pub(super) fn read(
    sections: Option<Vec<Section<'_>>>,
    references: &References<'_>,
) -> Vec<Subscriber> {
    let Some(sections) = sections else {
        return defaults(references.node.language, references.has_broker);
    };
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    sections
        .into_iter()
        .filter_map(|section| read_one(section, references, &mut ids))
        .collect()
}

fn defaults(language: Option<Language>, has_broker: bool) -> Vec<Subscriber> {
    let subscriber = |id: &str, channel| Subscriber {
        id: id.to_owned(),
        filter: Filter::from_class(Class::PossibleEmergency),
        quiet: None,
        is_paced: is_for_people(&channel),
        channel,
    };
    let mut subscribers = vec![subscriber("log", Channel::Log { language })];
    if has_broker {
        subscribers.push(subscriber("mqtt", Channel::Mqtt));
    }
    subscribers
}

fn read_one(
    mut section: Section<'_>,
    references: &References<'_>,
    ids: &mut BTreeMap<String, String>,
) -> Option<Subscriber> {
    let first_path = section.path().to_owned();
    let id = section
        .required("id", Section::name)
        .map(|id| id.to_string());
    if let Some(id) = &id {
        section.called(id);
        if let Some(other) = ids.get(id) {
            let text = format!("`{id}` is the id of {other} already");
            section.refuse("id", Refused::new(text));
        } else {
            ids.insert(id.clone(), first_path);
        }
    }
    let min_class = section.word("min_class", told_class, MIN_CLASSES);
    let filter = Filter {
        min_class: min_class.unwrap_or(Class::PossibleEmergency),
        sites: sites(&mut section, references.site_ids),
        near: near(section.table("near")),
        deadlines: true,
        faults: None,
        drills: section.boolean("drills").unwrap_or(false),
        heads: false,
    };
    let quiet = quiet(section.table("quiet"), references.node);
    let surroundings = Surroundings {
        node: references.node,
        has_broker: references.has_broker,
        folders: references.folders,
    };
    let channel = kind::read(&mut section, &surroundings);
    // A CAP message tells of a hazard, not of an office that is late.
    let is_cap = matches!(channel, Some(Channel::Cap { .. }));
    let faults = if is_cap {
        None // nor of a cable
    } else {
        let told = section.meaning("faults", FAULTS);
        told.unwrap_or(Some(Priority::Normal))
    };
    let filter = Filter {
        deadlines: !is_cap,
        faults,
        heads: heads(&mut section, channel.as_ref()),
        ..filter
    };
    let is_paced = pace(&mut section, channel.as_ref());
    section.finish();
    Some(Subscriber {
        id: id?,
        filter,
        quiet,
        is_paced,
        channel: channel?,
    })
}

/// Whether it keeps heads; only where they arrive as they were signed, and nobody
/// takes them for an alert.
fn heads(section: &mut Section<'_>, channel: Option<&Channel>) -> bool {
    let heads = section.boolean("heads").unwrap_or(false);
    let hint = match channel {
        Some(
            Channel::Log { .. }
            | Channel::Webhook { .. }
            | Channel::Http { .. }
            | Channel::Mail { .. },
        )
        | None => return heads,
        Some(Channel::Mqtt) => "leave it out: the broker keeps every head under `journal/head`",
        Some(Channel::Alertmanager { .. } | Channel::Cap { .. } | Channel::Terminal { .. }) => {
            "a subscriber of kind `webhook`, `http`, `mail` or `log` can keep heads"
        }
    };
    if heads {
        let refused = Refused::new("this kind keeps no heads").hint(hint);
        section.refuse("heads", refused);
    }
    false
}

/// Whether a channel rings somebody, rather than keeping a record.
const fn is_for_people(channel: &Channel) -> bool {
    !matches!(channel, Channel::Log { .. } | Channel::Cap { .. })
}

fn pace(section: &mut Section<'_>, channel: Option<&Channel>) -> bool {
    let wanted = section.boolean("pace");
    let is_for_people = channel.is_none_or(is_for_people);
    if wanted == Some(true) && !is_for_people {
        let refused = Refused::new("is not for a record, which takes every event by itself");
        section.refuse("pace", refused);
    }
    wanted.unwrap_or(is_for_people)
}

fn told_class(word: &str) -> Option<Class> {
    Class::from_word(word).filter(|class| MIN_CLASSES.contains(class))
}

fn sites(section: &mut Section<'_>, known: &[String]) -> Vec<String> {
    let mut sites = Vec::new();
    for (at, text) in section.texts("sites") {
        if known.iter().any(|site| site == text) {
            sites.push(text.to_owned());
        } else {
            let refused = Refused::new(format!("no site `{}`", crate::error::excerpt(text, 64)))
                .hint("the id of a [[site]]");
            section.refuse_at(at, refused);
        }
    }
    sites
}

fn near(mut table: Section<'_>) -> Option<Near> {
    let lat = table.required("lat", |s, key| s.number(key, -90.0..=90.0));
    let lon = table.required("lon", |s, key| s.number(key, -180.0..=180.0));
    let radius_km = table.required("radius_km", |s, key| s.number(key, 0.1..=20_000.0));
    table.finish();
    Some(Near {
        lat: lat?,
        lon: lon?,
        radius_km: radius_km?,
    })
}

fn quiet(mut table: Section<'_>, node: &Node) -> Option<Quiet> {
    let from_min = table.required("from", |s, key| s.parsed(key, minutes));
    let until_min = table.required("until", |s, key| s.parsed(key, minutes));
    if from_min.is_some() && from_min == until_min {
        table.refuse("until", Refused::new("must be another time than `from`"));
    }
    table.finish();
    Some(Quiet {
        from_min: from_min?,
        until_min: until_min?,
        zone: node.zone,
    })
}

/// `22:30` as minutes after midnight.
pub(super) fn minutes(text: &str) -> Result<u32, Refused> {
    let two =
        |text: &str| -> Option<u32> { (text.len() == 2).then(|| text.parse().ok()).flatten() };
    text.split_once(':')
        .and_then(|(hours, minutes)| Some((two(hours)?, two(minutes)?)))
        .filter(|(hours, minutes)| *hours < 24 && *minutes < 60)
        .map(|(hours, minutes)| hours * 60 + minutes)
        .ok_or_else(|| Refused::new("is no time of day").hint("as in `22:30`"))
}
