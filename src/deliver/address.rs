//! Which addresses a message may go to: what an outsider writes into a name
//! must not let this machine speak to its own network.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The inside addresses that the configuration lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed(Arc<[IpNet]>);

impl Allowed {
    /// Only these inside networks, beside all that is outside.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// Whether a message may go there: outside, or listed.
    pub fn allows(&self, address: IpAddr) -> bool {
        let plain = unwrapped(address);
        !is_inside(plain) || self.0.iter().any(|net| net.contains(&plain))
    }

    /// Those of a name's addresses that a message may go to.
    fn only(&self, found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        found.filter(|address| self.allows(address.ip())).collect()
    }
}

/// Resolves a name once and gives only addresses that are allowed, so that the
/// connection goes to what was looked at.
impl Resolve for Allowed {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found = allowed.only(found);
            if found.is_empty() {
                let text =
                    "the name stands for inside addresses only, which `allow_inside` does not list";
                return Err(io::Error::other(text).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// An IPv4 address that is written as an IPv6 one, as itself.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let low = Ipv4Addr::from((u32::from(g) << 16) | u32::from(h));
    match (a, b, c, d, e, f) {
        // Mapped and compatible forms, and NAT64 (RFC 6052).
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => IpAddr::V4(low),
        (0, 0, 0, 0, 0, 0) if u32::from(low) > 1 => IpAddr::V4(low),
        // 6to4 (RFC 3056).
        (0x2002, ..) => IpAddr::V4(Ipv4Addr::from((u32::from(b) << 16) | u32::from(c))),
        _ => IpAddr::V6(v6),
    }
}

/// Whether an address belongs to this machine, its network, or to no host of
/// the public network (IANA special-purpose registries).
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_inside_v4(v4),
        IpAddr::V6(v6) => is_inside_v6(v6),
    }
}

const fn is_inside_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || matches!(
            (a, b, c),
            (0, _, _)
                | (100, 64..=127, _)
                | (192, 0, 0)
                | (192, 88, 99)
                | (198, 18..=19, _)
                | (224..=255, _, _)
        )
}

const fn is_inside_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    if let (0x64, 0xff9b, 1) = (a, b, c) {
        return true; // NAT64 of a network's own (RFC 8215)
    }
    matches!(
        (a, b),
        // Unspecified, loopback and the like; discard; Teredo and protocol
        // assignments; documentation; unique local; link and site local; multicast.
        (0, _)
            | (0x100, 0)
            | (0x2001, 0..=0x1ff | 0xdb8)
            | (0x3fff, 0..=0xfff)
            | (0xfc00..=0xfdff, _)
            | (0xfe80..=0xfeff, _)
            | (0xff00..=0xffff, _)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_addresses_are_refused_however_they_are_written() {
        let nobody = Allowed::default();
        for inside in [
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::808:808",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!nobody.allows(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "8.8.8.8",
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(nobody.allows(outside.parse().unwrap()), "{outside}");
        }
    }

    /// A name may stand for an outside and an inside address, or for another one
    /// at each question: it is asked once, and what is inside is left out.
    #[test]
    fn of_a_names_addresses_only_the_allowed_are_spoken_to() {
        let answer = [
            "8.8.8.8:0",
            "10.0.0.1:0",
            "[::1]:0",
            "[::ffff:192.168.0.1]:0",
        ];
        let answer = answer.map(|address| address.parse().unwrap());
        let nobody = Allowed::default().only(answer.into_iter());
        assert_eq!(nobody, ["8.8.8.8:0".parse().unwrap()]);
        assert!(
            Allowed::default()
                .only(answer.into_iter().skip(1))
                .is_empty()
        );
    }

    #[test]
    fn what_is_listed_is_allowed_and_nothing_beside_it() {
        let listed = Allowed::new(vec![
            "127.0.0.1/32".parse().unwrap(),
            "10.8.0.0/16".parse().unwrap(),
        ]);
        for (address, expected) in [
            ("127.0.0.1", true),
            ("::ffff:127.0.0.1", true),
            ("127.0.0.2", false),
            ("10.8.200.1", true),
            ("10.9.0.1", false),
        ] {
            assert_eq!(
                listed.allows(address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
    }
}
