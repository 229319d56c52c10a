//! Who may ask, and what.
//!
//! [`admit`] stands before every path but the health checks and finds out who
//! asks; [`allow`] stands before each and looks whether he may. Nothing here is
//! shared with the core: whoever knocks delays no alarm.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::warn;

use super::Context;
use super::keyring::{Entry, Key, Keyring, NoEntry};
use super::limit::Limiter;
use super::origin::is_own;
use super::problem::Problem;
use super::refusals::{Counts, Pace, Reason};
use crate::access::{Act, Caller};
use crate::clock::{Clock, Mono, Received};

/// The address that a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// Knows the tokens, and counts who came with others.
#[derive(Debug)]
pub struct Guard {
    keyring: Keyring,
    clock: Clock,
    limiter: Mutex<Limiter>,
    pace: Mutex<Pace>,
    pub(super) refused: Counts,
}

/// What somebody without a good token is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turned {
    /// It opens nothing; the same whatever it was.
    Away,
    /// That he should come back later.
    AwayFor(Duration),
}

impl Guard {
    /// With these tokens; without any, whoever is on this machine may do all.
    pub fn new(keys: Vec<Key>, clock: Clock) -> Self {
        Self {
            keyring: Keyring::new(keys),
            clock,
            limiter: Mutex::default(),
            pace: Mutex::default(),
            refused: Counts::default(),
        }
    }

    /// Whether a token is demanded.
    pub(super) fn demands_token(&self) -> bool {
        !self.keyring.is_empty()
    }

    /// Whose token it is that came from there.
    ///
    /// A token that is none is a guess and is counted; a request without one is
    /// none.
    fn entry(&self, given: Option<&str>, from: IpAddr, now: Received) -> Result<Entry, Turned> {
        let no_entry = match self.keyring.find(given, now.wall) {
            Ok(entry) => return Ok(entry),
            Err(no_entry) => no_entry,
        };
        let reason = match no_entry {
            NoEntry::Missing => {
                self.refuse(Reason::NoToken, from, now.mono);
                return Err(Turned::Away);
            }
            NoEntry::Unknown => Reason::WrongToken,
            NoEntry::Expired => Reason::ExpiredToken,
        };
        let mut limiter = self.limiter.lock().unwrap_or_else(PoisonError::into_inner);
        match limiter.failed(from, now.mono) {
            None => {
                self.refuse(reason, from, now.mono);
                Err(Turned::Away)
            }
            Some(wait) => {
                self.refuse(Reason::TooMany, from, now.mono);
                Err(Turned::AwayFor(wait))
            }
        }
    }

    /// Counts a refusal, and says so unless it has just spoken of another.
    fn refuse(&self, reason: Reason, source: IpAddr, now: Mono) {
        self.refused.count(reason);
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(withheld) = pace.say(now) {
            warn!(%reason, %source, withheld, "HTTP request refused.");
        }
    }

    fn admit(self: Arc<Self>, request: &Request) -> Result<Admitted, Problem> {
        let Some(Peer(from)) = request.extensions().get().copied() else {
            return Err(unguarded());
        };
        let now = self.clock.now();
        let headers = request.headers();
        let entry = if self.demands_token() {
            self.entry(bearer(headers), from, now).map_err(turned)?
        } else if is_own(request.uri(), headers) {
            Entry {
                caller: Caller::local(),
                is_clock_doubted: false,
            }
        } else {
            self.refuse(Reason::Origin, from, now.mono);
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "without a token only this machine may ask, under its own name, and no page of \
                 another site; set `[[http.token]]` for anything else",
            ));
        };
        if request.method() == Method::POST && !is_json(headers) {
            self.refuse(Reason::ContentType, from, now.mono);
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "this needs `Content-Type: application/json`",
            ));
        }
        Ok(Admitted {
            guard: self,
            from,
            entry,
        })
    }
}

/// The token that came; another scheme is no token, and so no guess.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    let token = Some(token.trim()).filter(|token| !token.is_empty())?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn turned(turned: Turned) -> Problem {
    match turned {
        Turned::Away => Problem::new(
            StatusCode::UNAUTHORIZED,
            "this needs `Authorization: Bearer <token>`",
        )
        .header(header::WWW_AUTHENTICATE, "Bearer"),
        Turned::AwayFor(wait) => {
            let secs = wait.as_secs().max(1).to_string();
            Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too many wrong tokens came from this address; a right one passes at once",
            )
            .header(header::RETRY_AFTER, secs)
        }
    }
}

/// A path that nobody stands before serves nobody.
fn unguarded() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "nobody asked who is asking",
    )
}

/// Who was let in, for those who serve him.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    guard: Arc<Guard>,
    from: IpAddr,
    entry: Entry,
}

impl Admitted {
    /// Whether he may do this.
    pub(super) fn ensure(&self, act: Act) -> Result<(), Problem> {
        let Entry {
            caller,
            is_clock_doubted,
        } = &self.entry;
        if caller.role.may(act) {
            return Ok(());
        }
        let mono = self.guard.clock.mono();
        self.guard.refuse(Reason::Role, self.from, mono);
        let (least, role) = (act.least(), caller.role);
        let text = if *is_clock_doubted {
            format!(
                "`{act}` needs the role {least}; this token expires, and as long as the \
                 machine's clock is not set it is good for reading alone"
            )
        } else {
            format!("`{act}` needs the role {least}; this token's role is {role}")
        };
        Err(Problem::new(StatusCode::FORBIDDEN, text).with("role", least.as_str().into()))
    }
}

/// Lets a request through when no token is demanded, or a good one is given.
pub(super) async fn admit(
    State(context): State<Context>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let admitted = context.guard.admit(&request)?;
    request.extensions_mut().insert(admitted);
    Ok(next.run(request).await)
}

/// Lets a request through when whoever sends it may do this.
pub(super) async fn allow(act: Act, request: Request, next: Next) -> Result<Response, Problem> {
    let admitted: Option<&Admitted> = request.extensions().get();
    admitted.ok_or_else(unguarded)?.ensure(act)?;
    Ok(next.run(request).await)
}

impl<S: Sync> FromRequestParts<S> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(unguarded)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let admitted = Admitted::from_request_parts(parts, state).await;
        admitted
            .map(|admitted| admitted.entry.caller)
            .map_err(Problem::into_response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Role, TokenHash, token_of};
    use crate::clock::Wall;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn token(n: u8) -> String {
        token_of(&[n; 32])
    }

    fn key(n: u8, role: Role, expires: Option<&str>) -> Key {
        Key {
            name: Some(format!("person {n}").into()),
            role,
            hash: TokenHash::of(&token(n)),
            expires: expires.map(|at| Wall::parse_rfc3339(at).unwrap()),
        }
    }

    fn guard() -> Guard {
        let keys = vec![
            key(1, Role::Viewer, None),
            key(2, Role::Chief, Some("2027-01-01T00:00:00Z")),
            key(3, Role::Operator, Some("2026-12-01T00:00:00Z")),
        ];
        Guard::new(keys, Clock::start())
    }

    fn at(wall: &str, secs: u64) -> Received {
        Received {
            wall: Wall::parse_rfc3339(wall).unwrap(),
            mono: Mono::from_secs(secs),
        }
    }

    #[test]
    fn a_token_is_good_until_it_expires_and_no_second_longer() {
        let guard = guard();
        let role = |n: u8, wall: &str| {
            let entry = guard.entry(Some(&token(n)), HERE, at(wall, 0));
            entry.map(|entry| entry.caller.role)
        };
        assert_eq!(role(3, "2026-11-30T23:59:59.999Z"), Ok(Role::Operator));
        assert_eq!(role(3, "2026-12-01T00:00:00Z"), Err(Turned::Away));
        assert_eq!(role(2, "2026-12-01T00:00:00Z"), Ok(Role::Chief));
        assert_eq!(role(1, "2126-12-01T00:00:00Z"), Ok(Role::Viewer));
    }

    /// A machine that lost its clock wakes in 1970, and everything that ever
    /// expired is good again.
    #[test]
    fn as_long_as_the_clock_is_not_set_what_expires_only_reads() {
        let guard = guard();
        for n in [2, 3] {
            let entry = guard.entry(Some(&token(n)), HERE, at("1970-01-01T00:00:07Z", 0));
            let entry = entry.unwrap();
            assert_eq!(entry.caller.role, Role::Viewer);
            assert_eq!(entry.caller.name.as_deref(), Some(&*format!("person {n}")));
            assert!(entry.is_clock_doubted);
        }
    }

    #[test]
    fn a_password_opens_nothing_though_its_hash_is_configured() {
        let password = Key {
            hash: TokenHash::of("correct horse battery staple, as long as you like"),
            ..key(9, Role::Chief, None)
        };
        let shared = Key {
            name: None,
            ..password.clone()
        };
        let given = Some("correct horse battery staple, as long as you like");
        let now = at("2026-11-01T00:00:00Z", 0);
        let entry =
            |key: &Key| Guard::new(vec![key.clone()], Clock::start()).entry(given, HERE, now);
        assert_eq!(entry(&password), Err(Turned::Away));
        assert_eq!(entry(&shared).unwrap().caller, Caller::local());
    }

    /// Faults F79 and T11: whoever guesses gets nothing, slows himself, fills no
    /// memory, and locks nobody out.
    #[test]
    fn a_hundred_thousand_guesses_open_nothing_and_lock_nobody_out() {
        let guard = guard();
        let right = token(2);
        let (mut away, mut away_for) = (0, 0);
        for n in 0..100_000_u32 {
            let now = at("2026-11-01T00:00:00Z", u64::from(n) / 1000);
            // The right one but for a digit, rubbish, and none of the form.
            let wrong = match n % 4 {
                0 => format!(
                    "{}{:x}",
                    right.get(..right.len() - 1).unwrap(),
                    (n / 4) % 16
                ),
                1 => format!("pantau_{n:064x}"),
                2 => format!("{n}"),
                _ => String::new(),
            };
            if wrong == right {
                continue;
            }
            match guard.entry(Some(&wrong), HERE, now) {
                Ok(entry) => panic!("`{wrong}` opened the door for {entry:?}"),
                Err(Turned::Away) => away += 1,
                Err(Turned::AwayFor(_)) => away_for += 1,
            }
            if n % 1000 == 0 {
                let entry = guard.entry(Some(&right), HERE, now).unwrap();
                assert_eq!(entry.caller.role, Role::Chief);
            }
        }
        assert_eq!(away, 10, "{away_for}");
        let counts: u64 = guard.refused.all().map(|(_, count)| count).sum();
        assert_eq!(counts, away + away_for);
    }

    #[test]
    fn what_is_missing_is_no_guess() {
        let guard = guard();
        for n in 0..100 {
            let now = at("2026-11-01T00:00:00Z", n);
            assert_eq!(guard.entry(None, HERE, now), Err(Turned::Away));
        }
    }
}
