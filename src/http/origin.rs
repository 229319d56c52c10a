//! Where a request comes from, as a browser tells it.
//!
//! Without a token, whoever is on this machine may ask, and so could any page
//! that is open in a browser here: by posting to us, or by pointing a name of
//! its own at 127.0.0.1 (DNS rebinding). A browser always says `Host`, and
//! `Origin` with a post; what is not a browser need say neither.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header};

/// What a browser says of where the page stands that asks.
const SITE: &str = "sec-fetch-site";

/// Whether the request names this machine, and comes from no other site's page.
pub(super) fn is_own(uri: &Uri, headers: &HeaderMap) -> bool {
    let hosts = || texts(headers, header::HOST.as_str());
    let is_here = uri.host().is_none_or(is_loopback)
        && hosts().all(|host| host.is_some_and(|host| is_loopback(without_port(host))));
    let is_own_page = texts(headers, header::ORIGIN.as_str()).all(|origin| {
        let page = origin.and_then(|origin| origin.split_once("://"));
        page.is_some_and(|(_, page)| {
            hosts()
                .flatten()
                .any(|host| host.eq_ignore_ascii_case(page))
        })
    });
    let is_same_site =
        texts(headers, SITE).all(|site| matches!(site, Some("same-origin" | "none")));
    is_here && is_own_page && is_same_site
}

/// Every value of a header; `None` for one that is no text.
fn texts<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = Option<&'h str>> {
    let values = headers.get_all(name).into_iter();
    values.map(|value| value.to_str().ok().map(str::trim))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    let address: Result<IpAddr, _> = address.unwrap_or(&name).parse();
    name == "localhost"
        || name.ends_with(".localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(own: bool, headers: &[(&'static str, &str)]) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let uri = Uri::from_static("/api/v1/status");
        assert_eq!(is_own(&uri, &map), own, "{headers:?}");
    }

    #[test]
    fn only_names_of_this_machine_are_its_host() {
        for host in [
            "127.0.0.1:8080",
            "127.0.0.1",
            "127.8.8.8:1",
            "[::1]:8080",
            "[::1]",
            "localhost",
            "LocalHost:9",
            "localhost.:80",
            "pantau.localhost:8080",
        ] {
            check(true, &[("host", host)]);
        }
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "evillocalhost",
            "192.0.2.1:8080",
            "[2001:db8::1]:8080",
            "",
            "127.0.0.1:8080@evil.example",
        ] {
            check(false, &[("host", host)]);
        }
        check(false, &[("host", "127.0.0.1"), ("host", "evil.example")]);
        // Not a browser.
        check(true, &[]);
        let absolute = Uri::from_static("http://evil.example/api/v1/status");
        assert!(!is_own(&absolute, &HeaderMap::new()));
    }

    #[test]
    fn a_page_of_another_origin_is_foreign() {
        let host = ("host", "127.0.0.1:8080");
        check(true, &[host, ("origin", "http://127.0.0.1:8080")]);
        check(true, &[host, ("sec-fetch-site", "same-origin")]);
        check(true, &[host, ("sec-fetch-site", "none")]);
        for origin in [
            "http://evil.example",
            "https://evil.example:8080",
            "http://localhost:8080",
            "http://127.0.0.1:3000",
            "http://127.0.0.1",
            "null",
            "",
            "file://",
        ] {
            check(false, &[host, ("origin", origin)]);
        }
        for site in ["cross-site", "same-site", "", "x"] {
            check(false, &[host, ("sec-fetch-site", site)]);
            let own = ("origin", "http://127.0.0.1:8080");
            check(false, &[host, own, ("sec-fetch-site", site)]);
        }
    }
}
