//! Errors as RFC 9457 problem documents.

use axum::http::{HeaderName, Method, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::{Value, json};

use crate::access::NoPerson;
use crate::error::excerpt;
use crate::pipeline::Gone;

/// Media type of a problem document.
const PROBLEM: &str = "application/problem+json";

/// Longest account of what is wrong, in characters; it may repeat a part of what
/// was asked.
const DETAIL_CHARS: usize = 4000;

/// What is wrong, in the shape that every client gets.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    header: Option<Box<(HeaderName, String)>>,
    extra: Option<(&'static str, Value)>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            header: None,
            extra: None,
        }
    }

    /// With one more header.
    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.header = Some(Box::new((name, value.into())));
        self
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
        let headers = [(header::CONTENT_TYPE, PROBLEM)];
        let more = AppendHeaders(self.header.map(|header| *header));
        (self.status, headers, more, body.to_string()).into_response()
    }
}

/// A problem document instead of what the library answers by itself, such as to a
/// path that is no UTF-8 or to a body that is too long.
pub(super) async fn only_problems(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE);
    if !is_error || kind.is_some_and(|kind| kind == PROBLEM) {
        return response;
    }
    Problem::new(status, "the request cannot be read").into_response()
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
