//! `[broker]`: the MQTT broker that readings come from and events go to.

use std::time::Duration;

use super::node::Node;
use super::problem::Refused;
use super::secret::{Folders, Secret};
use super::section::Section;
use super::url::{HostPort, parse_mqtt};

/// `[broker]`. The session is always persistent, so that the broker keeps what
/// comes while the daemon is away; the client id must therefore stay the same.
#[derive(Clone, Debug)]
pub struct Broker {
    /// `url`: `mqtt://host:port`; port 1883 when none is written. Mandatory.
    pub address: HostPort,
    /// `client_id`: as a node's name. Default `pantau-<node.name>`.
    pub client_id: String,
    /// `username`, with `password_file`.
    pub login: Option<Login>,
    /// `keep_alive_secs`: 5 to 300 s. Default 30 s.
    pub keep_alive: Duration,
}

/// Who the broker takes us for.
#[derive(Clone, Debug)]
pub struct Login {
    /// `username`.
    pub username: String,
    /// From `password_file`; absent where the broker asks for none.
    pub password: Option<Secret>,
}

/// Gives `None` when there is no such table, or its mandatory keys are wrong.
pub(super) fn read(mut section: Section<'_>, node: &Node, folders: &Folders) -> Option<Broker> {
    let address = section.required("url", |s, key| s.parsed(key, parse_mqtt));
    let client_id = section.name("client_id");
    let username = section.text("username");
    let password = section.parsed("password_file", |text| folders.secret(text));
    if section.has("password_file") && !section.has("username") {
        let refused = Refused::new("a password needs a `username`");
        section.refuse("password_file", refused);
    }
    let keep_alive = section.seconds("keep_alive_secs", 5..=300);
    section.finish();
    Some(Broker {
        address: address?,
        client_id: client_id.map_or_else(|| format!("pantau-{}", node.name), |id| id.to_string()),
        login: username.map(|username| Login {
            username: username.to_owned(),
            password,
        }),
        keep_alive: keep_alive.unwrap_or(Duration::from_secs(30)),
    })
}
