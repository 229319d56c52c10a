//! How often a source may try tokens that open nothing.
//!
//! The hash is compared even while a source is limited: behind one address may
//! sit an attacker and the duty officer, and the one must not lock out the
//! other. So the limit does not stop guessing; the size of a token does. It
//! tells a client that went wrong to wait, and tells us that somebody tries.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use crate::clock::Mono;

/// Failures that a source may have within [`WINDOW`].
const FAILURES_MAX: u32 = 10;

const WINDOW: Duration = Duration::from_secs(60);

/// The first wait; each further one is twice as long.
const WAIT_FIRST: Duration = Duration::from_secs(30);

/// The longest wait. A source that is quiet for as long begins anew.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// Most sources that are remembered. When there are more, the half that has
/// been quiet the longest is forgotten: whoever has thousands of addresses needs
/// no second try from any, and must not fill memory.
const SOURCES_MAX: usize = 4096;

/// One source.
#[derive(Clone, Copy, Debug)]
struct Source {
    window: Mono,
    failures: u32,
    last: Mono,
    wait: Option<Wait>,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    long: Duration,
    until: Mono,
}

/// Counts failures by source.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    sources: HashMap<IpAddr, Source>,
}

impl Limiter {
    /// Counts a failure; gives how long the source should wait, when it had too
    /// many.
    pub(super) fn failed(&mut self, from: IpAddr, now: Mono) -> Option<Duration> {
        let from = network(from);
        if !self.sources.contains_key(&from) {
            self.make_room();
        }
        let source = self.sources.entry(from).or_insert(Source {
            window: now,
            failures: 0,
            last: now,
            wait: None,
        });
        if now.since(source.window) >= WINDOW {
            source.window = now;
            source.failures = 0;
        }
        source.wait = source.wait.filter(|wait| now.since(wait.until) < WAIT_MAX);
        source.last = now;
        source.failures += 1;
        if source.failures > FAILURES_MAX {
            let long = source
                .wait
                .map_or(WAIT_FIRST, |wait| (wait.long * 2).min(WAIT_MAX));
            let until = now.saturating_add(long);
            source.wait = Some(Wait { long, until });
            source.window = now;
            source.failures = 0;
        }
        let left = source.wait?.until.since(now);
        (left > Duration::ZERO).then_some(left)
    }

    fn make_room(&mut self) {
        if self.sources.len() < SOURCES_MAX {
            return;
        }
        let mut times: Vec<Mono> = self.sources.values().map(|source| source.last).collect();
        let half = times.len() / 2;
        let (_, middle, _) = times.select_nth_unstable(half);
        let middle = *middle;
        self.sources.retain(|_, source| source.last > middle);
    }
}

/// An IPv6 client has a whole /64 to itself.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(from) => IpAddr::V4(from),
        IpAddr::V6(from) => IpAddr::V6(Ipv6Addr::from_bits(from.to_bits() & (!0 << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(secs: u64) -> Mono {
        Mono::from_secs(1000 + secs)
    }

    /// What so many failures at one moment end with, in seconds.
    fn fail(limiter: &mut Limiter, from: IpAddr, secs: u64, times: u32) -> Option<u64> {
        let waits = (0..times).map(|_| limiter.failed(from, at(secs)));
        waits.last().flatten().map(|wait| wait.as_secs())
    }

    #[test]
    fn ten_failures_a_minute_pass_and_the_eleventh_waits() {
        let mut limiter = Limiter::default();
        assert_eq!(fail(&mut limiter, HERE, 0, 10), None);
        assert_eq!(fail(&mut limiter, HERE, 60, 10), None);
        assert_eq!(fail(&mut limiter, HERE, 119, 1), Some(30));
        assert_eq!(fail(&mut limiter, HERE, 129, 1), Some(20));
        assert_eq!(
            fail(&mut limiter, "192.0.2.2".parse().unwrap(), 129, 1),
            None
        );
        assert_eq!(fail(&mut limiter, HERE, 149, 1), None);
    }

    #[test]
    fn who_goes_on_waits_twice_as_long_each_time_up_to_a_quarter_of_an_hour() {
        let mut limiter = Limiter::default();
        for wait in [30, 60, 120, 240, 480, 900, 900] {
            assert_eq!(fail(&mut limiter, HERE, 0, 11), Some(wait));
        }
        assert_eq!(fail(&mut limiter, HERE, 899, 1), Some(1));
        // Quiet for as long as the longest wait: forgiven.
        assert_eq!(fail(&mut limiter, HERE, 1800, 11), Some(30));
    }

    #[test]
    fn many_addresses_do_not_fill_memory() {
        let mut limiter = Limiter::default();
        let mut limited = 0;
        for n in 0..200_000_u32 {
            let from = IpAddr::V4(n.into());
            limited += u32::from(limiter.failed(from, Mono::from_nanos(n.into())).is_some());
            assert!(limiter.sources.len() <= SOURCES_MAX);
        }
        assert_eq!(limited, 0);
        // All at one moment, too.
        for n in 0..10_000_u32 {
            limiter.failed(IpAddr::V4(n.into()), at(0));
            assert!(limiter.sources.len() <= SOURCES_MAX);
        }
    }

    #[test]
    fn addresses_of_one_customer_are_one_source() {
        let mut limiter = Limiter::default();
        for n in 0..10_u128 {
            let from = Ipv6Addr::from_bits((0x2001_0db8 << 96) + n);
            assert_eq!(limiter.failed(from.into(), at(0)), None);
        }
        assert_eq!(
            fail(&mut limiter, "2001:db8::1:0:0:1".parse().unwrap(), 0, 1),
            Some(30)
        );
        assert_eq!(
            fail(&mut limiter, "::ffff:192.0.2.1".parse().unwrap(), 0, 10),
            None
        );
        assert_eq!(fail(&mut limiter, HERE, 0, 1), Some(30));
    }
}
