//! Who may ask.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use sha2::{Digest, Sha256};

use super::Context;
use super::problem::Problem;

/// A bearer token, kept as its hash.
pub struct Token {
    hash: [u8; 32],
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

impl Token {
    /// Keeps the token's hash.
    pub fn new(token: &str) -> Self {
        Self {
            hash: Sha256::digest(token.as_bytes()).into(),
        }
    }

    /// Whether `given` is the token. Hashes are compared, so the time taken
    /// tells nothing about the token.
    fn is(&self, given: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(given.as_bytes()).into();
        self.hash
            .iter()
            .zip(given)
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
    }
}

/// Lets a request through when no token is set, or the right one is given.
pub(super) async fn demand_token(
    State(context): State<Context>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let Some(token) = &context.token else {
        return Ok(next.run(request).await);
    };
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if given.is_some_and(|given| token.is(given.trim())) {
        Ok(next.run(request).await)
    } else {
        Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "this needs `Authorization: Bearer <token>`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_passes() {
        let token = Token::new("correct horse");
        assert!(token.is("correct horse"));
        assert!(!token.is("correct horsf"));
        assert!(!token.is(""));
        assert_eq!(format!("{token:?}"), "Token(***)");
    }
}
