//! The configuration: `pantau.toml` and the environment become a [`Config`] in
//! which everything is resolved and within bounds, or a list of everything that
//! is wrong. `pantau check` and `pantau run` both call [`load`].
//!
//! | table               | what                                  | type                |
//! |---------------------|---------------------------------------|---------------------|
//! | `[node]`            | name, time zone, language, folders    | [`Node`]            |
//! | `[log]`             | format and level                      | [`Log`]             |
//! | `[criteria]`        | the rules' configurable numbers       | [`Policy`]          |
//! | `[[site]]`          | places with instruments               | [`Site`]            |
//! | `[[area]]`          | regions drawn in GeoJSON              | [`Area`]            |
//! | `[broker]`          | the MQTT broker                       | [`Broker`]          |
//! | `[[instrument]]`    | what is measured with, and where      | [`Instrument`]      |
//! | `[store.embedded]`  | where readings are kept               | [`embedded::Config`] |
//! | `[activation]`      | how readings are grouped and told     | [`activation::Config`] |
//! | `[supervision]`     | how stations and daemon are watched   | [`Supervision`]     |
//! | `[publish]`         | what is told on MQTT                  | [`Publish`]         |
//! | `[[subscriber]]`    | who is told                           | [`Subscriber`]      |
//! | `[[roster]]`        | who is told at once, and who next     | [`Rosters`]         |
//! | `[http]`            | status page and API                   | [`Http`]            |
//! | `[[http.token]]`    | who may ask, and as what              | [`HttpToken`]       |
//!
//! What holds throughout:
//!
//! - Every mistake is found at once, each with its path and, where there is one,
//!   a hint. Only a syntax error hides what comes after it.
//! - A key that does not exist is a mistake, at every level. So is one that can
//!   have no effect.
//! - `PANTAU_SECTION__KEY` goes before the file. It reaches every key except
//!   those in lists of tables, and those that are named by a rule.
//! - Relative paths begin at the folder of the configuration file.
//! - Secrets stand in files of their own that nobody else can read.
//! - Nothing is opened but files: no device, no network, no clock.

mod area;
mod background;
mod broker;
mod criteria;
mod input;
mod instrument;
mod layers;
mod line;
mod near;
mod node;
mod problem;
mod roster;
mod secret;
mod section;
mod service;
mod site;
mod subscriber;
mod supervision;
mod table_file;
mod token;
mod url;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use area::Area;
pub use broker::{Broker, Login};
pub use input::{CaptureInput, Claim, Input, MqttInput};
pub use instrument::{Background, CountBackground, Gps, Instrument, usual_source};
pub use line::{SerialInput, TcpInput};
pub use node::{Language, Log, LogFormat, LogLevel, Node};
pub use problem::{ConfigErrors, ConfigProblem};
pub use secret::Secret;
pub use service::{Http, Publish};
pub use site::{Site, Surroundings, SurveyRecord};
pub use subscriber::{Channel, Post, Subscriber};
pub use supervision::Supervision;
pub use token::HttpToken;
pub use url::{HostPort, HttpUrl};

use crate::activation;
use crate::clock::Wall;
use crate::criteria::loaded::ReferenceTables;
use crate::criteria::{Policy, PolicyHash};
use crate::deliver::Rosters;
use crate::profile::{ProfileError, Registry};
use crate::store::embedded;
use problem::{Problems, Refused};
use secret::Folders;
use section::{Section, Table};

/// Where a configuration is looked for when none is named; the first that is
/// there is read. The first of these is in the working folder.
const USUAL_FILES: &[&str] = &["pantau.toml", "/etc/pantau/pantau.toml"];

/// What problems of the built-in defaults are said to be in.
const BUILT_IN: &str = "built-in defaults";

/// Everything that a user can set, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it comes from; `None` for the built-in defaults.
    pub file: Option<PathBuf>,
    /// `[node]`.
    pub node: Node,
    /// `[log]`.
    pub log: Log,
    /// The device profiles: built-in ones, and the user's on top.
    pub registry: Registry,
    /// `[[site]]`, in the order of the file.
    pub sites: Vec<Arc<Site>>,
    /// `[[area]]`, in the order of the file.
    pub areas: Vec<Area>,
    /// `[broker]`; always there when an instrument or subscriber needs it.
    pub broker: Option<Broker>,
    /// `[[instrument]]`, in the order of the file.
    pub instruments: Vec<Instrument>,
    /// `[store.embedded]`.
    pub store: embedded::Config,
    /// `[criteria]`.
    pub criteria: Policy,
    /// The tables that `[criteria]` names.
    pub reference_tables: ReferenceTables,
    /// `[activation]`.
    pub activation: activation::Config,
    /// `[supervision]`.
    pub supervision: Supervision,
    /// `[publish]`.
    pub publish: Publish,
    /// `[[subscriber]]`; by default the log, and MQTT where there is a broker.
    pub subscribers: Vec<Subscriber>,
    /// `[[roster]]`.
    pub rosters: Rosters,
    /// `[http]`; `None` when it is off.
    pub http: Option<Http>,
}

impl Config {
    /// What is no mistake, and yet worth saying now: tokens near their end, or
    /// past it.
    pub fn cautions(&self, now: Wall) -> Vec<ConfigProblem> {
        let tokens = self.http.iter().flat_map(|http| &http.tokens);
        tokens.filter_map(|token| token.caution(now)).collect()
    }
}

/// Reads and checks the configuration: the file at `path`, which must exist, or
/// the first of the usual ones, or none; with the environment on top.
///
/// `env` is the process's environment. `std::env::vars` panics on a value that
/// is not Unicode: take `vars_os` and leave those out.
///
/// # Errors
///
/// Every problem found.
pub fn load(
    path: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigErrors> {
    match path {
        Some(path) => match fs::read_to_string(path) {
            Ok(text) => load_text(Some(path), &text, env),
            Err(error) => Err(unreadable(path, &error)),
        },
        None => load_first(USUAL_FILES.iter().map(Path::new), env),
    }
}

/// The first of the files that is there, else the defaults.
fn load_first<'p>(
    paths: impl Iterator<Item = &'p Path>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigErrors> {
    for path in paths {
        match fs::read_to_string(path) {
            Ok(text) => return load_text(Some(path), &text, env),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            // One that is there and cannot be read is never passed over: the
            // next would be another configuration.
            Err(error) => return Err(unreadable(path, &error)),
        }
    }
    load_text(None, "", env)
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigErrors {
    let shown = path.display().to_string();
    let problems = Problems::default();
    problems.add(
        shown.clone(),
        Refused::new(format!("cannot be read: {error}")),
    );
    ConfigErrors {
        file: shown,
        problems: problems.into_list(),
    }
}

/// Checks a configuration that is not in a file, without any environment.
/// Relative paths in it begin at `base_dir`.
///
/// # Errors
///
/// Every problem found.
pub fn from_toml(text: &str, base_dir: &Path) -> Result<Config, ConfigErrors> {
    let folders = Folders {
        base: base_dir.to_owned(),
        credentials: None,
    };
    check_text(None, text, std::iter::empty(), &folders)
}

fn load_text(
    path: Option<&Path>,
    text: &str,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Config, ConfigErrors> {
    let env: Vec<(String, String)> = env.collect();
    let credentials = env
        .iter()
        .find(|(name, _)| name == "CREDENTIALS_DIRECTORY")
        .map(|(_, value)| PathBuf::from(value));
    let folders = Folders {
        base: path
            .and_then(Path::parent)
            .map(Path::to_owned)
            .unwrap_or_default(),
        credentials,
    };
    check_text(path, text, env.into_iter(), &folders)
}

fn check_text(
    path: Option<&Path>,
    text: &str,
    env: impl Iterator<Item = (String, String)>,
    folders: &Folders,
) -> Result<Config, ConfigErrors> {
    let problems = Problems::default();
    let config =
        layers::merge(text, env, &problems).map(|table| check(&table, path, folders, &problems));
    let problems = problems.into_list();
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(ConfigErrors {
            file: path.map_or_else(|| BUILT_IN.to_owned(), |path| path.display().to_string()),
            problems,
        }),
    }
}

/// Checks every table. What it gives is good only if there were no problems.
fn check(table: &Table, path: Option<&Path>, folders: &Folders, problems: &Problems) -> Config {
    let mut root = Section::root(table, problems);
    let node = node::read(root.table("node"), folders);
    let log = node::read_log(root.table("log"));
    let registry = registry(&node, problems);
    let (criteria, reference_tables) = criteria::read(root.table("criteria"), folders);
    let unless_said = criteria.termination.area_default;
    let sites = site::read(root.tables("site"), unless_said);
    let areas = area::read(root.tables("area"), folders, unless_said);
    let has_broker = root.has("broker");
    let broker = broker::read(root.table("broker"), &node, folders);
    let references = instrument::References {
        registry: &registry,
        sites: &sites,
        folders,
        zone: node.zone,
    };
    let instruments = instrument::read(root.tables("instrument"), &references, problems);
    if let (false, Some(path)) = (has_broker, &instruments.needs_broker) {
        let hint = format!("{path} gets its readings from one");
        root.missing("broker", Some(&hint));
    }
    let store = service::read_store(root.table("store"), &node.data_dir, folders);
    let activation = activation::Config {
        policy: Some(PolicyHash::of(&criteria).to_string().into()),
        ..service::read_activation(root.table("activation"), node.mode)
    };
    let supervision = supervision::read(root.table("supervision"));
    let publish = service::read_publish(root.table("publish"), &node);
    let site_ids: Vec<String> = sites.sites.iter().map(|site| site.id.to_string()).collect();
    let has_subscribers = root.has("subscriber");
    let subscribers = root.tables("subscriber");
    let subscribers = subscriber::read(
        has_subscribers.then_some(subscribers),
        &subscriber::References {
            node: &node,
            has_broker,
            site_ids: &site_ids,
            folders,
        },
    );
    let rosters = roster::read(root.tables("roster"), &site_ids, &subscribers);
    let http = service::read_http(root.table("http"), folders, node.zone);
    root.finish();
    Config {
        file: path.map(Path::to_owned),
        node,
        log,
        registry,
        sites: sites.sites,
        areas,
        broker,
        instruments: instruments.instruments,
        store,
        criteria,
        reference_tables,
        activation,
        supervision,
        publish,
        subscribers,
        rosters,
        http,
    }
}

/// The built-in profiles with the user's on top.
fn registry(node: &Node, problems: &Problems) -> Registry {
    let mut registry = Registry::built_in();
    let at = "node.profiles_dir";
    match node
        .profiles_dir
        .as_deref()
        .map(|dir| registry.add_directory(dir))
    {
        None | Some(Ok(())) => {}
        Some(Err(ProfileError::Invalid(list))) => {
            for problem in list {
                let text: Vec<String> = problem.to_string().lines().map(str::to_owned).collect();
                problems.add(at, Refused::new(text.join(" ")));
            }
        }
        Some(Err(error)) => {
            let text = crate::error::Chain(&error).to_string();
            problems.add(at, Refused::new(text));
        }
    }
    registry
}

#[cfg(test)]
mod tests;
