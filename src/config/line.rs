//! Inputs that carry a stream of bytes: serial ports and TCP connections.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::input::Input;
use super::problem::Refused;
use super::section::Section;
use crate::dialogue::Permit;
use crate::error::excerpt;
use crate::profile::dialogue::Dialogue;
use crate::profile::{Profile, SerialLine};
use crate::source::tcp::Peer;

/// A serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialInput {
    /// `serial.port`: absolute path of the device; one under
    /// `/dev/serial/by-id/` stays the same when devices are plugged in another
    /// order. Mandatory.
    pub port: PathBuf,
    /// The profile's settings, with `serial.baud` (50 to 4 000 000 bits per
    /// second) where it is given.
    pub line: SerialLine,
    /// How the instrument is spoken to.
    pub permit: Permit,
    /// `serial.usb_serial`: serial number of the USB adapter. When the port's
    /// path is gone, or leads to an adapter with another number, the port of
    /// the adapter with this number is taken instead.
    pub usb_serial: Option<String>,
}

/// A TCP connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpInput {
    /// `tcp.listen`, an address of ours as in `0.0.0.0:4001`, or
    /// `tcp.connect`, a host and port; one of them is mandatory.
    pub peer: Peer,
    /// How the instrument is spoken to.
    pub permit: Permit,
}

pub(super) struct RawSerial {
    port: Option<PathBuf>,
    baud: Option<u32>,
    usb_serial: Option<String>,
    permit: Permit,
}

impl RawSerial {
    pub(super) fn read(mut table: Section<'_>) -> Option<Self> {
        let is_present = table.is_present();
        let port = table.required("port", |s, key| {
            s.parsed(key, |text| {
                if text.starts_with('/') {
                    Ok(PathBuf::from(text))
                } else {
                    Err(
                        Refused::new(format!("`{}` is no absolute path", excerpt(text, 64)))
                            .hint("as in `/dev/serial/by-id/…`; `pantau ports` shows them"),
                    )
                }
            })
        });
        let baud = table.whole("baud", 50..=4_000_000);
        let usb_serial = table.text("usb_serial").map(str::to_owned);
        let permit = read_permit(&mut table);
        table.finish();
        is_present.then_some(Self {
            port,
            baud,
            usb_serial,
            permit,
        })
    }

    pub(super) fn check(
        self,
        section: &Section<'_>,
        line: &SerialLine,
        profile: &Profile,
    ) -> Option<Input> {
        ensure_effect(&self.permit, section, "serial", profile);
        Some(Input::Serial(SerialInput {
            port: self.port?,
            line: SerialLine {
                baud: self.baud.unwrap_or(line.baud),
                ..*line
            },
            permit: self.permit,
            usb_serial: self.usb_serial,
        }))
    }
}

pub(super) struct RawTcp {
    listen: Option<SocketAddr>,
    connect: Option<String>,
    permit: Permit,
}

impl RawTcp {
    pub(super) fn read(mut table: Section<'_>) -> Option<Self> {
        let is_present = table.is_present();
        let listen = table.parsed("listen", |text| {
            text.parse::<SocketAddr>().map_err(|_| {
                Refused::new(format!("`{}` is no address", excerpt(text, 64)))
                    .hint("an address and a port, as in `0.0.0.0:4001`")
            })
        });
        let connect = table.parsed("connect", |text| {
            ensure_host_and_port(text).map(|()| text.to_owned())
        });
        if is_present && table.has("listen") == table.has("connect") {
            table.refuse_all(Refused::new("takes one of `listen` and `connect`"));
        }
        let permit = read_permit(&mut table);
        table.finish();
        is_present.then_some(Self {
            listen,
            connect,
            permit,
        })
    }

    pub(super) fn check(self, section: &Section<'_>, profile: &Profile) -> Option<Input> {
        ensure_effect(&self.permit, section, "tcp", profile);
        let peer = match (self.listen, self.connect) {
            (Some(address), None) => Peer::Listen(address),
            (None, Some(address)) => Peer::Connect(address),
            _ => return None,
        };
        Some(Input::Tcp(TcpInput {
            peer,
            permit: self.permit,
        }))
    }
}

/// `host:port`; the host may be a name, which is looked up on every attempt.
fn ensure_host_and_port(text: &str) -> Result<(), Refused> {
    let parts = text.rsplit_once(':');
    let is_good = parts.is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    if is_good {
        return Ok(());
    }
    let text = format!("`{}` is no host and port", excerpt(text, 64));
    Err(Refused::new(text).hint("as in `192.0.2.7:4001` or `monitor.example.org:4001`"))
}

/// How an instrument on a line is spoken to, by keys that `serial` and `tcp`
/// share:
///
/// | key       | meaning                                          | default       |
/// |-----------|--------------------------------------------------|---------------|
/// | `address` | number of the instrument on its bus, 0 to 255    | the profile's |
/// | `changes` | whether its settings may be changed              | false         |
/// | `device`  | the serial number it must tell, or it is refused | any           |
fn read_permit(table: &mut Section<'_>) -> Permit {
    Permit {
        address: table.whole("address", 0..=255),
        changes: table.boolean("changes").unwrap_or(false),
        device: table.text("device").map(str::to_owned),
    }
}

/// Refuses keys that would have no effect with this profile.
fn ensure_effect(permit: &Permit, section: &Section<'_>, key: &str, profile: &Profile) {
    let dialogue = profile.dialogue.as_deref();
    let keys = [
        ("address", permit.address.is_some() && dialogue.is_none()),
        ("changes", permit.changes && dialogue.is_none()),
        (
            "device",
            permit.device.is_some()
                && !profile.identity.is_from_frame()
                && !dialogue.is_some_and(Dialogue::tells_device),
        ),
    ];
    for (name, is_idle) in keys {
        if is_idle {
            let text = format!("has no effect with the profile `{}`", profile.id);
            section.refuse(&format!("{key}.{name}"), Refused::new(text));
        }
    }
}
