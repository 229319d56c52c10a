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
use super::guard::Admitted;
use super::problem::Problem;
use crate::access::{Act, Caller};
use crate::activation::DeadlineView;
use crate::casework::{self, CaseSummary, CaseView, Refusal};
use crate::pipeline::CaseRequest;

type Answer<T> = Result<Json<T>, Problem>;

/// What a person can do to a case: the last part of the path, and what it is.
pub(super) const ON_CASES: &[(&str, Act)] = &[
    ("form", Act::WorkOnCase),
    ("step", Act::WorkOnCase),
    ("recovered", Act::Recovered),
    ("track", Act::WorkOnCase),
    ("attach", Act::WorkOnCase),
    ("detach", Act::WorkOnCase),
    ("locate", Act::WorkOnCase),
    ("note", Act::WorkOnCase),
    ("decide", Act::Decide),
    ("close", Act::Close),
];

/// What a person can do to an activation without a case.
pub(super) const ON_ACTIVATIONS: &[(&str, Act)] = &[
    ("decide", Act::Decide),
    ("step", Act::WorkOnCase),
    ("note", Act::WorkOnCase),
];

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
    admitted: Admitted,
    Path(id): Path<String>,
    query: Result<Query<ShowQuery>, QueryRejection>,
) -> Answer<CaseView> {
    let Query(query) = query.map_err(bad_query)?;
    if query.personal {
        if !context.guard.demands_token() {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "personal data are shown only where a token is demanded (`http.token`); \
                 `pantau case show ID --personal` reads them from the case store",
            ));
        }
        admitted.ensure(Act::ReadPersonal)?;
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
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<CaseView>), Problem> {
    let view = ask(&context, &caller, None, "open", &body).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// What is done to a case: the last part of the path says what.
pub(super) async fn on_case(
    word: &str,
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<CaseView> {
    ask(&context, &caller, Some(id), word, &body)
        .await
        .map(Json)
}

/// What is done to an activation without a case.
pub(super) async fn on_activation(
    word: &str,
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<CaseView> {
    if casework::case_number(&id).is_some() {
        return Err(no_act());
    }
    ask(&context, &caller, Some(id), word, &body)
        .await
        .map(Json)
}

async fn ask(
    context: &Context,
    caller: &Caller,
    about: Option<String>,
    act: &str,
    body: &Bytes,
) -> Result<CaseView, Problem> {
    // Where it is no JSON is said, and never what stands there.
    let mut body: Value = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text = format!("the body is no JSON, at line {line} column {column}");
        Problem::new(StatusCode::BAD_REQUEST, text)
    })?;
    sign(&mut body, caller);
    let mut draft = casework::read(act, &body)
        .map_err(|problems| problem(StatusCode::BAD_REQUEST, &problems))?;
    draft.by = caller.person(Some(&draft.by))?.to_string();
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

/// Puts the token's name where nobody is named.
fn sign(body: &mut Value, caller: &Caller) {
    let (Some(name), Some(members)) = (&caller.name, body.as_object_mut()) else {
        return;
    };
    let is_blank =
        |value: &Value| value.is_null() || value.as_str().is_some_and(|t| t.trim().is_empty());
    if ["name", "by"]
        .iter()
        .all(|key| members.get(*key).is_none_or(is_blank))
    {
        members.remove("by");
        members.insert("name".to_owned(), name.as_ref().into());
    }
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
