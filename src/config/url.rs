//! Addresses of brokers and webhooks, parsed far enough to be relied on.
//!
//! Problems quote no address: it may hold a token.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::problem::Refused;

/// Port of MQTT without TLS.
const MQTT_PORT: u16 = 1883;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// A name or an address; IPv6 without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

/// An `http` or `https` address.
///
/// `Debug` and `Display` leave out path and query, which may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl {
    text: String,
    host: String,
    port: u16,
    is_tls: bool,
}

impl HttpUrl {
    /// The whole address. Not for logs.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// The name or address of the server; IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 80 or 443 when none is written.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it is `https`.
    pub const fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let form = || Refused::new("is no address").hint("as in `https://host/path`");
        let (scheme, rest) = text.split_once("://").ok_or_else(form)?;
        let is_tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(Refused::new("the scheme must be `http` or `https`")),
        };
        if !rest.chars().all(|c| c.is_ascii_graphic()) || rest.contains(['#', '\\', '"', '<', '>'])
        {
            return Err(Refused::new(
                "an address has no blanks, fragments or characters outside ASCII",
            ));
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, _) = rest.split_at_checked(end).ok_or_else(form)?;
        let (host, port) = host_and_port(authority)?;
        Ok(Self {
            text: text.to_owned(),
            host,
            port: port.unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
        })
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads `mqtt://host:port`.
pub(super) fn parse_mqtt(text: &str) -> Result<HostPort, Refused> {
    let form = "as in `mqtt://host:1883`";
    let (scheme, rest) = text
        .split_once("://")
        .ok_or_else(|| Refused::new("is no address").hint(form))?;
    if scheme != "mqtt" {
        return Err(Refused::new("the scheme must be `mqtt`").hint(form));
    }
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#']) {
        return Err(Refused::new("a broker's address has no path").hint(form));
    }
    let (host, port) = host_and_port(authority)?;
    Ok(HostPort {
        host,
        port: port.unwrap_or(MQTT_PORT),
    })
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), Refused> {
    if authority.contains('@') {
        return Err(
            Refused::new("a name or password does not belong in an address")
                .hint("secrets stand in files of their own"),
        );
    }
    let bad_host = || Refused::new("the address has no valid host");
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(bad_host)?;
        if host.parse::<Ipv6Addr>().is_err() {
            return Err(bad_host());
        }
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err(bad_host()),
        }
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        if !is_host(host) {
            return Err(bad_host());
        }
        (host, port)
    };
    let port = port.map(parse_port).transpose()?;
    Ok((host.to_owned(), port))
}

fn parse_port(text: &str) -> Result<u16, Refused> {
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(port) if is_number && port > 0 => Ok(port),
        _ => Err(Refused::new("the port must be 1 to 65535")),
    }
}

fn is_host(text: &str) -> bool {
    if text.len() > 253 {
        return false;
    }
    // What ends in a number is meant as an address, so it must be one, and written
    // as everybody reads it: `0x7f.1` is none.
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_hex = |digits: &str| digits.chars().all(|c| c.is_ascii_hexdigit());
    if last.chars().all(|c| c.is_ascii_digit())
        || last
            .strip_prefix(['0'])
            .and_then(|rest| rest.strip_prefix(['x', 'X']))
            .is_some_and(is_hex)
    {
        return text.parse::<Ipv4Addr>().is_ok();
    }
    text.split('.').all(|label| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !label.is_empty() && label.len() <= 63 && label.chars().all(good)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn mqtt(text: &str, expected: Option<(&str, u16)>) {
        let got = parse_mqtt(text).ok().map(|at| (at.host, at.port));
        let expected = expected.map(|(host, port)| (host.to_owned(), port));
        assert_eq!(got, expected, "`{text}`");
    }

    #[test]
    fn a_broker_is_a_host_and_a_port() {
        mqtt("mqtt://localhost:1884", Some(("localhost", 1884)));
        mqtt("mqtt://192.0.2.7", Some(("192.0.2.7", 1883)));
        mqtt("mqtt://[::1]:1883/", Some(("::1", 1883)));
        mqtt(
            "mqtt://station_1.example.id",
            Some(("station_1.example.id", 1883)),
        );
        for bad in [
            "localhost:1883",
            "mqtts://localhost",
            "tcp://localhost",
            "mqtt://",
            "mqtt://:1883",
            "mqtt://host:",
            "mqtt://host:0",
            "mqtt://host:65536",
            "mqtt://host:+1",
            "mqtt://host:18x3",
            "mqtt://256.1.1.1",
            "mqtt://a..b",
            "mqtt://[::1",
            "mqtt://[nonsense]",
            "mqtt://[::1]1883",
            "mqtt://user:pass@host",
            "mqtt://host/path",
            "mqtt://ho st",
        ] {
            mqtt(bad, None);
        }
    }

    #[track_caller]
    fn http(text: &str, expected: Option<(&str, u16, bool)>) {
        let got = HttpUrl::parse(text);
        let got = got.as_ref().ok().map(|u| (u.host(), u.port(), u.is_tls()));
        assert_eq!(got, expected, "`{text}`");
    }

    #[test]
    fn a_webhook_is_an_http_address() {
        http("http://h/x?y=z", Some(("h", 80, false)));
        http("https://h.example:8443", Some(("h.example", 8443, true)));
        http("https://[::1]?q", Some(("::1", 443, true)));
        for bad in [
            "h/x",
            "ftp://h/x",
            "http:///x",
            "http://h/ x",
            "http://h/#x",
            "http://a@h/",
            "http://h:99999/",
            "http://h/é",
        ] {
            http(bad, None);
        }
    }

    #[test]
    fn the_path_of_a_webhook_is_not_printed() {
        let url = HttpUrl::parse("https://h/hooks/s3cr3t?k=s3cr3t").unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://h:443 https://h:443");
        assert_eq!(url.expose(), "https://h/hooks/s3cr3t?k=s3cr3t");
        let url = HttpUrl::parse("http://[::1]:81/").unwrap();
        assert_eq!(url.to_string(), "http://[::1]:81");
    }
}
