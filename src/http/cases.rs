//! The handlers of cases, clocks and decisions.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::Value;

use super::Context;
use super::problem::Problem;
use crate::activation::DeadlineView;
use crate::casework::{self, CaseSummary, CaseView, Refusal};
use crate::pipeline::CaseRequest;

type Answer<T> = Result<Json<T>, Problem>;

/// The acts that a person can do to an activation without a case.
const ON_ACTIVATIONS: &[&str] = &["decide", "step", "note"];

/// How cases are looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShowQuery {
    /// With who reported and who was hurt; only where a token is demanded.
    #[serde(default)]
    personal: bool,
}

/// Which clocks.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadlinesQuery {
    /// Also those that are done or ended.
    #[serde(default)]
    all: bool,
}

pub(super) async fn list(State(context): State<Context>) -> Answer<Vec<CaseSummary>> {
    Ok(Json(context.casework.ask(CaseRequest::List).await?))
}

pub(super) async fn show(
    State(context): State<Context>,
    Path(id): Path<String>,
    query: Result<Query<ShowQuery>, QueryRejection>,
) -> Answer<CaseView> {
    let Query(query) = query.map_err(bad_query)?;
    if query.personal && context.token.is_none() {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "personal data are shown only where a token is demanded (`http.token_file`); \
             `pantau case show ID --personal` reads them from the case store",
        ));
    }
    let ask = |answer| CaseRequest::Show {
        id,
        personal: query.personal,
        answer,
    };
    let view = context.casework.ask(ask).await?;
    view.map(Json)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no case of this id"))
}

pub(super) async fn deadlines(
    State(context): State<Context>,
    query: Result<Query<DeadlinesQuery>, QueryRejection>,
) -> Answer<Vec<DeadlineView>> {
    let Query(DeadlinesQuery { all }) = query.map_err(bad_query)?;
    let ask = |answer| CaseRequest::Deadlines { all, answer };
    Ok(Json(context.casework.ask(ask).await?))
}

pub(super) async fn recap(State(context): State<Context>) -> Result<impl IntoResponse, Problem> {
    let text = context.casework.ask(CaseRequest::Recap).await?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text))
}

pub(super) async fn open(
    State(context): State<Context>,
    body: Bytes,
) -> Result<(StatusCode, Json<CaseView>), Problem> {
    let view = ask(&context, None, "open", &body).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn act(
    State(context): State<Context>,
    Path((id, act)): Path<(String, String)>,
    body: Bytes,
) -> Answer<CaseView> {
    if act == "open" {
        return Err(no_act());
    }
    Ok(Json(ask(&context, Some(id), &act, &body).await?))
}

pub(super) async fn act_on_activation(
    State(context): State<Context>,
    Path((id, act)): Path<(String, String)>,
    body: Bytes,
) -> Answer<CaseView> {
    if !ON_ACTIVATIONS.contains(&act.as_str()) || casework::case_number(&id).is_some() {
        return Err(no_act());
    }
    Ok(Json(ask(&context, Some(id), &act, &body).await?))
}

async fn ask(
    context: &Context,
    about: Option<String>,
    act: &str,
    body: &Bytes,
) -> Result<CaseView, Problem> {
    // Where it is no JSON is said, and never what stands there.
    let body: Value = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = format!("the body is no JSON, at line {line} column {column}");
        Problem::new(StatusCode::BAD_REQUEST, text)
    })?;
    let draft = casework::read(act, &body).map_err(|problems| {
        let is_unknown = problems.iter().any(|problem| problem.at.is_empty());
        if is_unknown && body.is_object() {
            return no_act();
        }
        problem(StatusCode::BAD_REQUEST, &problems)
    })?;
    let request = |answer| CaseRequest::Act {
        about,
        draft: Box::new(draft),
        channel: "http",
        answer,
    };
    context
        .casework
        .ask(request)
        .await?
        .map_err(|refusal| match refusal {
            Refusal::Unknown(text) => Problem::new(StatusCode::NOT_FOUND, text),
            Refusal::Invalid(problems) => problem(StatusCode::BAD_REQUEST, &problems),
            Refusal::Conflict(problems) => problem(StatusCode::CONFLICT, &problems),
            Refusal::Unwritten(error) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!("not done, for it could not be written down: {error}"),
            ),
        })
}

fn no_act() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such act")
}

fn bad_query(error: QueryRejection) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, error.body_text())
}

/// All problems, in the text and one by one.
fn problem(status: StatusCode, problems: &[casework::Problem]) -> Problem {
    let texts: Vec<String> = problems
        .iter()
        .map(|one| match one.at.as_str() {
            "" => one.problem.clone(),
            at => format!("`{at}` {}", one.problem),
        })
        .collect();
    let list = serde_json::to_value(problems).unwrap_or(Value::Null);
    Problem::new(status, texts.join("; ")).with("problems", list)
}
