//! What a mock tells about itself while it runs.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::firmware::MessageId;

/// Something happened to a mock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The port is there.
    Plugged {
        /// Path of the far end.
        port: PathBuf,
        /// The link to it, if one was asked for.
        link: Option<PathBuf>,
    },
    /// The port, or the connection to the broker, was taken away.
    Unplugged,
    /// Somebody opened the port.
    Opened,
    /// Nobody has the port open any more.
    Closed,
    /// The broker accepted the connection.
    Connected,
    /// The connection to the broker is gone or could not be made. Told once, not at
    /// each try.
    Disconnected {
        /// What the client said.
        error: String,
    },
    /// The broker acknowledged a QoS 1 message.
    Acknowledged {
        /// Where it went.
        topic: String,
        /// How the station numbers it, if it does.
        id: Option<MessageId>,
    },
}

impl Event {
    /// As a JSON object: `{"port":…}` for the port, `{"event":…}` for all others.
    pub fn json(&self) -> Value {
        match self {
            Self::Plugged { port, link } => match link {
                Some(link) => json!({"port": port, "link": link}),
                None => json!({"port": port}),
            },
            Self::Unplugged => json!({"event": "unplugged"}),
            Self::Opened => json!({"event": "opened"}),
            Self::Closed => json!({"event": "closed"}),
            Self::Connected => json!({"event": "connected"}),
            Self::Disconnected { error } => json!({"event": "disconnected", "error": error}),
            Self::Acknowledged { topic, id } => match id {
                Some(id) => {
                    json!({"event": "acknowledged", "topic": topic, "boot": id.boot, "seq": id.seq})
                }
                None => json!({"event": "acknowledged", "topic": topic}),
            },
        }
    }
}
