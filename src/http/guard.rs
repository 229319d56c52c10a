//! Who may ask, and what.
//!
//! [`admit`] stands before every path but the health checks and finds out who
//! asks; [`allow`] stands before each and looks whether he may.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::warn;

use super::Context;
use super::keyring::{Entry, Key, Keyring, NoEntry};
use super::problem::Problem;
use crate::access::{Act, Caller};
use crate::clock::Clock;

/// Knows the tokens.
#[derive(Debug)]
pub struct Guard {
    keyring: Keyring,
    clock: Clock,
}

impl Guard {
    /// With these tokens; without any, whoever is on this machine may do all.
    pub fn new(keys: Vec<Key>, clock: Clock) -> Self {
        Self {
            keyring: Keyring::new(keys),
            clock,
        }
    }

    /// Whether a token is demanded.
    pub(super) fn demands_token(&self) -> bool {
        !self.keyring.is_empty()
    }

    fn entry(&self, request: &Request) -> Result<Entry, Problem> {
        if !self.demands_token() {
            return Ok(Entry {
                caller: Caller::local(),
                is_clock_doubted: false,
            });
        }
        self.keyring
            .find(bearer(request), self.clock.wall())
            .map_err(|no_entry| match no_entry {
                NoEntry::Missing | NoEntry::Unknown | NoEntry::Expired => unauthorized(),
            })
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let given = request.headers().get(header::AUTHORIZATION)?;
    given.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// The same for every token that opens nothing.
fn unauthorized() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "this needs `Authorization: Bearer <token>`",
    )
}

/// Who was let in, for those who serve him.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
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
        let (least, role) = (act.least(), caller.role);
        let who = caller.name.as_deref().unwrap_or("-");
        warn!(%act, %role, who, "Refused what the role may not do.");
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
    let entry = context.guard.entry(&request)?;
    request.extensions_mut().insert(Admitted { entry });
    Ok(next.run(request).await)
}

/// Lets a request through when whoever sends it may do this.
pub(super) async fn allow(act: Act, request: Request, next: Next) -> Result<Response, Problem> {
    admitted(request.extensions())?.ensure(act)?;
    Ok(next.run(request).await)
}

fn admitted(extensions: &axum::http::Extensions) -> Result<&Admitted, Problem> {
    // A path that nobody stands before serves nobody.
    extensions.get().ok_or_else(|| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "nobody asked who is asking",
        )
    })
}

impl<S: Sync> FromRequestParts<S> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        admitted(&parts.extensions).cloned()
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        match admitted(&parts.extensions) {
            Ok(admitted) => Ok(admitted.entry.caller.clone()),
            Err(problem) => Err(problem.into_response()),
        }
    }
}
