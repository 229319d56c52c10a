//! Errors as RFC 9457 problem documents.

use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::access::NoPerson;
use crate::error::excerpt;
use crate::pipeline::Gone;

/// Longest account of what is wrong, in characters; it may repeat a part of what
/// was asked.
const DETAIL_CHARS: usize = 4000;

/// What is wrong, in the shape that every client gets.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    extra: Option<(&'static str, Value)>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            extra: None,
        }
    }

    /// With one more member.
    pub(super) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.extra = Some((name, value));
        self
    }
}

impl From<NoPerson> for Problem {
    fn from(nobody: NoPerson) -> Self {
        Self::new(StatusCode::BAD_REQUEST, nobody.to_string())
    }
}

impl From<Gone> for Problem {
    fn from(gone: Gone) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, gone.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": excerpt(&self.detail, DETAIL_CHARS),
        });
        if let (Some((name, value)), Some(members)) = (self.extra, body.as_object_mut()) {
            members.insert(name.to_owned(), value);
        }
        let headers = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, headers, body.to_string()).into_response()
    }
}

/// The path is there, and takes another method.
pub(super) async fn not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("`{method}` is not for `{}`", excerpt(uri.path(), 120)),
    )
}

/// No such path.
pub(super) async fn not_found(uri: Uri) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        format!("nothing is at `{}`", excerpt(uri.path(), 120)),
    )
}
