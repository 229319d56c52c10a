//! What people do with a matter: say what was recovered, and close it.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::Context;
use super::problem::Problem;
use crate::closing::ClosingView;
use crate::criteria::termination::{Recovered, Target, Track};
use crate::pipeline::{Command, Refusal};

type Answer = Result<Json<ClosingView>, Problem>;

/// What was recovered, by which procedure, and who says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecoveredBody {
    #[serde(alias = "name")]
    by: String,
    note: String,
    source: bool,
    environment: bool,
    /// `facility` or `orphan`.
    track: String,
}

pub(super) async fn recovered(
    State(context): State<Context>,
    Path(id): Path<String>,
    body: Result<Json<RecoveredBody>, JsonRejection>,
) -> Answer {
    let Json(body) = body.map_err(|error| bad(error.body_text()))?;
    ensure_named(&body.by, &body.note)?;
    let track = Track::from_word(&body.track)
        .ok_or_else(|| bad("`track` is facility or orphan".to_owned()))?;
    let asked = context.core.act(|answer| Command::Recovered {
        id,
        recovered: Recovered {
            source: body.source,
            environment: body.environment,
        },
        track,
        by: body.by,
        note: body.note,
        answer,
    });
    asked.await?.map(Json).map_err(problem)
}

/// To what a matter is closed, and by whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBody {
    #[serde(alias = "name")]
    by: String,
    note: String,
    /// `TERMINATE_NORMAL` or `TERMINATE_EXISTING`.
    to: String,
}

pub(super) async fn close(
    State(context): State<Context>,
    Path(id): Path<String>,
    body: Result<Json<CloseBody>, JsonRejection>,
) -> Answer {
    let Json(body) = body.map_err(|error| bad(error.body_text()))?;
    ensure_named(&body.by, &body.note)?;
    let to = Target::from_word(&body.to)
        .ok_or_else(|| bad("`to` is TERMINATE_NORMAL or TERMINATE_EXISTING".to_owned()))?;
    let asked = context.core.act(|answer| Command::Close {
        id,
        to,
        by: body.by,
        note: body.note,
        answer,
    });
    asked.await?.map(Json).map_err(problem)
}

fn ensure_named(by: &str, note: &str) -> Result<(), Problem> {
    if by.trim().is_empty() || note.trim().is_empty() {
        return Err(bad("`by` and `note` must not be empty".to_owned()));
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
