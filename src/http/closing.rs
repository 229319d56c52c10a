//! What people do with a matter: say what was recovered, and close it.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::Context;
use super::problem::Problem;
use crate::access::Caller;
use crate::closing::ClosingView;
use crate::criteria::termination::{Recovered, Target, Track};
use crate::pipeline::{Command, Refusal};

type Answer = Result<Json<ClosingView>, Problem>;

/// What was recovered, by which procedure, and who says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecoveredBody {
    /// May be left out by somebody whose token has a name.
    #[serde(alias = "name")]
    by: Option<String>,
    note: String,
    source: bool,
    environment: bool,
    /// `facility` or `orphan`.
    track: String,
}

pub(super) async fn recovered(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Json<RecoveredBody>, JsonRejection>,
) -> Answer {
    let Json(body) = body.map_err(|error| bad(error.body_text()))?;
    let by = caller.person(body.by.as_deref())?.to_string();
    ensure_noted(&body.note)?;
    let track = Track::from_word(&body.track)
        .ok_or_else(|| bad("`track` is facility or orphan".to_owned()))?;
    let asked = context.core.act(|answer| Command::Recovered {
        id,
        recovered: Recovered {
            source: body.source,
            environment: body.environment,
        },
        track,
        by,
        note: body.note,
        answer,
    });
    asked.await?.map(Json).map_err(problem)
}

/// To what a matter is closed, and by whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    /// May be left out by somebody whose token has a name.
    #[serde(alias = "name")]
    by: Option<String>,
    note: String,
    /// `TERMINATE_NORMAL` or `TERMINATE_EXISTING`.
    to: String,
}

pub(super) async fn close(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Json<CloseBody>, JsonRejection>,
) -> Answer {
    let Json(body) = body.map_err(|error| bad(error.body_text()))?;
    let by = caller.person(body.by.as_deref())?.to_string();
    ensure_noted(&body.note)?;
    let to = Target::from_word(&body.to)
        .ok_or_else(|| bad("`to` is TERMINATE_NORMAL or TERMINATE_EXISTING".to_owned()))?;
    let asked = context.core.act(|answer| Command::Close {
        id,
        to,
        by,
        note: body.note,
        answer,
    });
    asked.await?.map(Json).map_err(problem)
}

fn ensure_noted(note: &str) -> Result<(), Problem> {
    if note.trim().is_empty() {
        return Err(bad("`note` must not be empty".to_owned()));
    }
    Ok(())
}

fn bad(text: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, text)
}

fn problem(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Unknown(text) => Problem::new(StatusCode::NOT_FOUND, text),
        // Something is still at a level: true now, not a mistake of the request.
        Refusal::Invalid(text) | Refusal::Stale(_, text) => {
            Problem::new(StatusCode::CONFLICT, text)
        }
    }
}
