//! What every answer tells a browser: it is what it says it is, and nothing in it
//! is to be run, shown in a frame, or told to other pages.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// Answers hold texts from outside; nothing of them is a page.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Adds them, but for those that an answer sets by itself.
pub(super) async fn harden(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
