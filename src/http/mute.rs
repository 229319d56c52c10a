//! The handlers of shelves and of stations out of service.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::Context;
use super::api::refused;
use super::problem::Problem;
use crate::access::{Act, Caller};
use crate::activation::Shelving;
use crate::pipeline::{ActivationStatus, By, Command, ServiceView, ShelfStatus};

type Answer<T> = Result<Json<T>, Problem>;
type Body<T> = Result<Json<T>, JsonRejection>;

/// What is to rest, for how long, and who says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShelveBody {
    version: u32,
    /// For how long at most.
    seconds: u64,
    /// It ends when nothing holds the activation any longer.
    #[serde(default)]
    one_shot: bool,
    /// May be left out by somebody whose token has a name.
    #[serde(alias = "name")]
    by: Option<String>,
    note: String,
}

/// For how long, and who says so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceBody {
    seconds: u64,
    /// May be left out by somebody whose token has a name.
    #[serde(alias = "name")]
    by: Option<String>,
    note: String,
}

/// Who, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonBody {
    /// May be left out by somebody whose token has a name.
    #[serde(alias = "name")]
    by: Option<String>,
    note: String,
}

pub(super) async fn shelve(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<ShelveBody>,
) -> Answer<ShelfStatus> {
    let body = read(body)?;
    let by = person(&caller, body.by.as_deref(), body.note)?;
    let shelving = Shelving {
        lasting: Duration::from_secs(body.seconds),
        one_shot: body.one_shot,
        may_confirm: caller.role.may(Act::ConfirmShelf),
    };
    let asked = context.core.act(|answer| Command::Shelve {
        id,
        version: body.version,
        shelving,
        by,
        answer,
    });
    asked.await?.map(Json).map_err(refused)
}

pub(super) async fn unshelve(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body<PersonBody>,
) -> Answer<ActivationStatus> {
    let body = read(body)?;
    let by = person(&caller, body.by.as_deref(), body.note)?;
    let asked = context
        .core
        .act(|answer| Command::Unshelve { id, by, answer });
    asked.await?.map(Json).map_err(refused)
}

pub(super) async fn services(State(context): State<Context>) -> Answer<Vec<ServiceView>> {
    Ok(Json(context.core.ask(Command::Services).await?))
}

pub(super) async fn out_of_service(
    State(context): State<Context>,
    caller: Caller,
    Path(instrument): Path<String>,
    body: Body<ServiceBody>,
) -> Answer<ServiceView> {
    let body = read(body)?;
    let by = person(&caller, body.by.as_deref(), body.note)?;
    let asked = context.core.act(|answer| Command::OutOfService {
        instrument,
        lasting: Duration::from_secs(body.seconds),
        by,
        answer,
    });
    asked.await?.map(Json).map_err(refused)
}

pub(super) async fn in_service(
    State(context): State<Context>,
    caller: Caller,
    Path(instrument): Path<String>,
    body: Body<PersonBody>,
) -> Answer<Vec<ServiceView>> {
    let body = read(body)?;
    let by = person(&caller, body.by.as_deref(), body.note)?;
    let asked = context.core.act(|answer| Command::BackInService {
        instrument,
        by,
        answer,
    });
    asked.await?.map(Json).map_err(refused)
}

fn read<T>(body: Body<T>) -> Result<T, Problem> {
    body.map(|Json(body)| body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))
}

/// A name and a note are mandatory for whatever a person does.
fn person(caller: &Caller, by: Option<&str>, note: String) -> Result<By, Problem> {
    let name = caller.person(by)?.to_string();
    if note.trim().is_empty() {
        let text = "`note` must not be empty";
        return Err(Problem::new(StatusCode::BAD_REQUEST, text));
    }
    Ok(By {
        name,
        note,
        channel: "http",
    })
}
