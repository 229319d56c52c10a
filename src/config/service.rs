//! The tables with a default for everything: `[store.embedded]`, `[activation]`,
//! `[publish]` and `[http]`.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::node::Node;
use super::problem::Refused;
use super::secret::{Folders, Secret};
use super::section::Section;
use super::token::{self, HttpToken};
use crate::activation::{self, Timetable, Timetables};
use crate::clock::Zone;
use crate::error::excerpt;
use crate::store::embedded;

/// Folder of the store inside the data folder.
const STORE_DIR: &str = "store";

/// Longest retention, in days: a hundred years.
const MAX_RETENTION_DAYS: u64 = 36_525;

/// Reads `[store.embedded]`.
///
/// | key              | unit | range       | default              |
/// |------------------|------|-------------|----------------------|
/// | `path`           | -    | a folder    | `<data_dir>/store`   |
/// | `retention_days` | days | 1 to 36 525 | everything is kept   |
pub(super) fn read_store(
    mut section: Section<'_>,
    data_dir: &Path,
    folders: &Folders,
) -> embedded::Config {
    let mut table = section.table("embedded");
    let path = table.text("path").map(|text| folders.path(text));
    let folder = path.unwrap_or_else(|| data_dir.join(STORE_DIR));
    if folder.exists() && !folder.is_dir() {
        let text = format!("`{}` is not a folder", folder.display());
        table.refuse("path", Refused::new(text));
    }
    let days = table.whole("retention_days", 1..=MAX_RETENTION_DAYS);
    table.finish();
    section.finish();
    embedded::Config {
        retention: days.map(|days| Duration::from_secs(days * 24 * 60 * 60)),
        ..embedded::Config::new(folder)
    }
}

/// Reads `[activation]`.
///
/// | key                              | unit         | range        | default |
/// |----------------------------------|--------------|--------------|---------|
/// | `group_radius_m`                 | m            | 50 to 5 000  | 500     |
/// | `group_window_secs`              | s            | 60 to 86 400 | 1 800   |
/// | `elevated_false_alarms_per_year` | by a station | 0.001 to 100 | 1       |
/// | `shelf_max_secs`                 | s            | 60 to 86 400 | 43 200  |
///
/// And `[activation.escalation.<class>]` with `<class>` one of `emergency`,
/// `possible_emergency` and `elevated`: seconds without an acknowledgement after
/// which contacts are told. The default is also the most: a station may be
/// stricter than alarm-semantics.md section 6, never slower.
///
/// | key             | told               | emergency | possible_emergency | elevated |
/// |-----------------|--------------------|-----------|--------------------|----------|
/// | `second_secs`   | the second contact | 120       | 900                | 3 600    |
/// | `everyone_secs` | everyone           | 300       | 2 700              | -        |
/// | `remind_secs`   | all, again         | 300       | 900                | 3 600    |
pub(super) fn read_activation(
    mut section: Section<'_>,
    mode: activation::Mode,
) -> activation::Config {
    let default = activation::Config::default();
    let radius_m = section.number("group_radius_m", 50.0..=5_000.0);
    let window = section.seconds("group_window_secs", 60..=86_400);
    let shelf = section.seconds("shelf_max_secs", 60..=activation::SHELF_BOUND.as_secs());
    let escalation = read_escalation(section.table("escalation"));
    let false_alarms = section.number("elevated_false_alarms_per_year", 0.001..=100.0);
    section.finish();
    activation::Config {
        mode,
        radius_m: radius_m.unwrap_or(default.radius_m),
        window: window.unwrap_or(default.window),
        shelf: shelf.unwrap_or(default.shelf),
        escalation,
        elevated_false_alarms_per_year: false_alarms
            .unwrap_or(default.elevated_false_alarms_per_year),
        ..default
    }
}

fn read_escalation(mut section: Section<'_>) -> Timetables {
    let default = Timetables::default();
    let timetables = Timetables {
        emergency: read_timetable(section.table("emergency"), default.emergency),
        possible_emergency: read_timetable(
            section.table("possible_emergency"),
            default.possible_emergency,
        ),
        elevated: read_timetable(section.table("elevated"), default.elevated),
    };
    section.finish();
    timetables
}

/// Shortest time that is given to people.
const MIN_ESCALATION_SECS: u64 = 5;

fn read_timetable(mut section: Section<'_>, default: Timetable) -> Timetable {
    let mut at_most = |key, most: Duration| {
        let secs = section.seconds(key, MIN_ESCALATION_SECS..=most.as_secs());
        secs.unwrap_or(most)
    };
    let timetable = Timetable {
        second: at_most("second_secs", default.second),
        everyone: default.everyone.map(|most| at_most("everyone_secs", most)),
        remind: at_most("remind_secs", default.remind),
    };
    if timetable
        .everyone
        .is_some_and(|everyone| everyone < timetable.second)
    {
        let refused = Refused::new("must not be shorter than `second_secs`");
        section.refuse("everyone_secs", refused);
    }
    section.finish();
    timetable
}

/// `[publish]`: what is told on MQTT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// `prefix` of every topic, without a slash at the end. Default
    /// `pantau/v1/<node.name>`.
    pub prefix: String,
    /// `heartbeat_secs`: time between signs of life, 5 to 30 s. Default 30 s.
    pub heartbeat: Duration,
    /// `readings`: whether every reading is published too. Default false.
    pub has_readings: bool,
}

/// Longest prefix, in bytes; leaves room for the longest topic below it.
const MAX_PREFIX_BYTES: usize = 200;

pub(super) fn read_publish(mut section: Section<'_>, node: &Node) -> Publish {
    let prefix = section.parsed("prefix", |text| {
        let is_plain = !text.contains(['+', '#'])
            && !text.starts_with('$')
            && text.split('/').all(|level| !level.is_empty())
            && text.len() <= MAX_PREFIX_BYTES;
        if is_plain {
            Ok(text.to_owned())
        } else {
            Err(
                Refused::new(format!("`{}` is no start of a topic", excerpt(text, 64))).hint(
                    format!(
                        "levels with `/` between them, without `+`, `#` or a leading `$`, \
                         at most {MAX_PREFIX_BYTES} bytes"
                    ),
                ),
            )
        }
    });
    let heartbeat = section.seconds("heartbeat_secs", 5..=30);
    let has_readings = section.boolean("readings");
    section.finish();
    Publish {
        prefix: prefix.unwrap_or_else(|| format!("pantau/v1/{}", node.name)),
        heartbeat: heartbeat.unwrap_or(Duration::from_secs(30)),
        has_readings: has_readings.unwrap_or(false),
    }
}

/// `[http]`, unless `listen = "off"`.
#[derive(Clone, Debug)]
pub struct Http {
    /// `listen`: address and port; port 0 takes a free one. Default
    /// `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// From `token_file`: one token that all share, at least 16 characters; who
    /// has it is the chief and has no name. Not beside `tokens`.
    pub token: Option<Secret>,
    /// `[[http.token]]`: a token for each person or service. These, or `token`,
    /// are there when `listen` is not a loopback address.
    pub tokens: Vec<HttpToken>,
}

/// Where the status page is by default: seen from this machine only.
const LISTEN: &str = "127.0.0.1:8080";

/// What to write instead of a token.
const HINT: &str =
    "[[http.token]] tables, which `pantau token new` prints; or `token_file` for one of all";

/// Shortest token, in characters.
const MIN_TOKEN_CHARS: usize = 16;

pub(super) fn read_http(mut section: Section<'_>, folders: &Folders, zone: Zone) -> Option<Http> {
    let has_listen = section.has("listen");
    let listen = section.parsed("listen", |text| match text {
        "off" => Ok(None),
        _ => listen_address(text).map(Some),
    });
    let token = section.parsed("token_file", |text| {
        let token = folders.secret(text)?;
        if token.expose().chars().count() < MIN_TOKEN_CHARS {
            return Err(Refused::new(format!(
                "the token has fewer than {MIN_TOKEN_CHARS} characters"
            ))
            .hint("openssl rand -hex 32"));
        }
        Ok(token)
    });
    let tokens = if section.is_text("token") {
        section.let_pass("token");
        // What stands there is not repeated.
        let refused = Refused::new("a token never stands in the configuration");
        section.refuse("token", refused.hint(HINT));
        Vec::new()
    } else {
        token::read(section.tables("token"), folders, zone)
    };
    if section.has("token") && section.has("token_file") {
        let refused = Refused::new("is given beside [[http.token]]");
        let hint = "whoever has the shared token could act under any name; give everybody one";
        section.refuse("token_file", refused.hint(hint));
    }
    let listen = if has_listen {
        listen.flatten()
    } else {
        listen_address(LISTEN).ok()
    };
    let is_open = listen.is_some_and(|at| !at.ip().to_canonical().is_loopback());
    if is_open && !section.has("token_file") && !section.has("token") {
        let hint = "anyone who reaches the address could act; or [[http.token]], or listen on \
                    127.0.0.1";
        section.missing("token_file", Some(hint));
    }
    section.finish();
    listen.map(|listen| Http {
        listen,
        token,
        tokens,
    })
}

fn listen_address(text: &str) -> Result<SocketAddr, Refused> {
    text.parse().map_err(|_| {
        Refused::new(format!("`{}` is no address with a port", excerpt(text, 64)))
            .hint("as in `127.0.0.1:8080`, `[::1]:8080` or `off`")
    })
}
