//! Faults of the watch itself: shown, and taken notice of.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::Value;

use super::Context;
use super::api::AcknowledgeBody;
use super::problem::Problem;
use crate::access::Caller;
use crate::activation::FaultView;
use crate::pipeline::{Command, FaultRefusal};

/// All open ones, the most important first.
pub(super) async fn list(State(context): State<Context>) -> Result<Json<Vec<FaultView>>, Problem> {
    Ok(Json(context.core.ask(Command::Faults).await?))
}

/// A person takes notice of a version.
pub(super) async fn acknowledge(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Json<AcknowledgeBody>, JsonRejection>,
) -> Result<Json<FaultView>, Problem> {
    let bad = |text: String| Problem::new(StatusCode::BAD_REQUEST, text);
    let Json(body) = body.map_err(|error| bad(error.body_text()))?;
    let by = caller.person(body.by.as_deref())?.to_string();
    if body.note.trim().is_empty() {
        return Err(bad("`note` must not be empty".to_owned()));
    }
    let asked = context.core.act(|answer| Command::AcknowledgeFault {
        id,
        version: body.version,
        by,
        note: body.note,
        channel: "http",
        answer,
    });
    asked.await?.map(Json).map_err(|refusal| match refusal {
        FaultRefusal::Unknown(text) => Problem::new(StatusCode::NOT_FOUND, text),
        FaultRefusal::Invalid(text) => bad(text),
        FaultRefusal::Stale(current, text) => {
            let current = serde_json::to_value(current).unwrap_or(Value::Null);
            Problem::new(StatusCode::CONFLICT, text).with("current", current)
        }
    })
}
