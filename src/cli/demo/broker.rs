//! An MQTT broker inside this process, on a free port of the loopback.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use firmware_mocks::mqtt::Broker;
use rumqttd::{Config, ConnectionSettings, RouterConfig, ServerSettings};

/// Starts it; it ends with the process.
pub(super) fn start() -> anyhow::Result<Broker> {
    let listen = free_address()?;
    let server = ServerSettings {
        name: "demo".to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 5000,
            max_payload_size: 1 << 20,
            max_inflight_count: 100,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = Config {
        router: RouterConfig {
            max_connections: 64,
            max_outgoing_packet_count: 200,
            max_segment_size: 1 << 20,
            max_segment_count: 10,
            ..RouterConfig::default()
        },
        v4: Some(HashMap::from([("demo".to_owned(), server)])),
        ..Config::default()
    };
    let mut broker = rumqttd::Broker::new(config);
    std::thread::Builder::new()
        .name("broker".to_owned())
        .spawn(move || {
            if let Err(error) = broker.start() {
                tracing::error!(error = %crate::error::Chain(&error), "The demo's broker ended.");
            }
        })?;
    Ok(Broker {
        host: listen.ip().to_string(),
        port: listen.port(),
        login: None,
    })
}

/// The broker takes an address, not a socket: a free port is looked up first.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}
