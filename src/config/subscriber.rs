//! `[[subscriber]]`: who is told.

use std::collections::BTreeMap;
use std::time::Duration;

use super::node::Language;
use super::problem::Refused;
use super::secret::{Folders, Secret};
use super::section::Section;
use super::url::HttpUrl;
use crate::criteria::Class;

/// `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Log,
    Mqtt,
    Webhook,
}

const KINDS: &[(&str, Kind)] = &[
    ("log", Kind::Log),
    ("mqtt", Kind::Mqtt),
    ("webhook", Kind::Webhook),
];

/// One who is told.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// `id`: unique among subscribers; as a node's name. Mandatory.
    pub id: String,
    /// `min_class`: nothing below it is told. `ELEVATED`, `POSSIBLE_EMERGENCY`
    /// or `EMERGENCY`; default `POSSIBLE_EMERGENCY`.
    pub min_class: Class,
    /// `kind`, with the keys of that kind. Mandatory.
    pub channel: Channel,
}

/// How somebody is told.
#[derive(Clone, Debug)]
pub enum Channel {
    /// `log`: a line in the log.
    Log {
        /// `language`: `id` or `en`. Default: the node's; `None` is both.
        language: Option<Language>,
    },
    /// `mqtt`: the broker of `[broker]`, under the prefix of `[publish]`.
    Mqtt,
    /// `webhook`: an HTTP POST.
    Webhook(Webhook),
}

/// Where and how an HTTP POST goes.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `url`: `http` or `https`. Mandatory.
    pub url: HttpUrl,
    /// From `secret_file`: the key of the HMAC that proves the sender.
    pub secret: Option<Secret>,
    /// `timeout_secs`: 1 to 60 s for the whole exchange. Default 10 s.
    pub timeout: Duration,
}

/// Classes that can be the lowest one told.
const MIN_CLASSES: &[Class] = &[Class::Elevated, Class::PossibleEmergency, Class::Emergency];

/// Reads the list. Without one, the log is told, and MQTT if there is a broker:
/// what is raised never stays unsaid for want of a table.
pub(super) fn read(
    sections: Option<Vec<Section<'_>>>,
    language: Option<Language>,
    has_broker: bool,
    folders: &Folders,
) -> Vec<Subscriber> {
    let Some(sections) = sections else {
        return defaults(language, has_broker);
    };
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    sections
        .into_iter()
        .filter_map(|section| read_one(section, language, has_broker, folders, &mut ids))
        .collect()
}

fn defaults(language: Option<Language>, has_broker: bool) -> Vec<Subscriber> {
    let subscriber = |id: &str, channel| Subscriber {
        id: id.to_owned(),
        min_class: Class::PossibleEmergency,
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
    language: Option<Language>,
    has_broker: bool,
    folders: &Folders,
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
    let kind = section.required("kind", |s, key| s.meaning(key, KINDS));
    let channel = match kind {
        // Until the kind is known, the keys of every kind are let pass, and
        // checked, but none is asked for.
        None => {
            section.word("language", Language::from_word, Language::ALL);
            let url = section.parsed("url", HttpUrl::parse);
            webhook(&mut section, url, folders).map(Channel::Webhook)
        }
        Some(Kind::Log) => Some(Channel::Log {
            language: section
                .word("language", Language::from_word, Language::ALL)
                .or(language),
        }),
        Some(Kind::Mqtt) => {
            if !has_broker {
                let refused = Refused::new("needs a [broker], and there is none");
                section.refuse("kind", refused);
            }
            Some(Channel::Mqtt)
        }
        Some(Kind::Webhook) => {
            let url = section.required("url", |s, key| s.parsed(key, HttpUrl::parse));
            webhook(&mut section, url, folders).map(Channel::Webhook)
        }
    };
    section.finish();
    Some(Subscriber {
        id: id?,
        min_class: min_class.unwrap_or(Class::PossibleEmergency),
        channel: channel?,
    })
}

fn told_class(word: &str) -> Option<Class> {
    Class::from_word(word).filter(|class| MIN_CLASSES.contains(class))
}

fn webhook(section: &mut Section<'_>, url: Option<HttpUrl>, folders: &Folders) -> Option<Webhook> {
    let secret = section.parsed("secret_file", |text| folders.secret(text));
    let timeout = section.seconds("timeout_secs", 1..=60);
    Some(Webhook {
        url: url?,
        secret,
        timeout: timeout.unwrap_or(Duration::from_secs(10)),
    })
}
