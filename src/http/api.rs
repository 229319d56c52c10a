//! The handlers of `/api/v1` and the health checks.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::Context;
use super::problem::Problem;
use crate::access::Caller;
use crate::clock::Wall;
use crate::exchange::{StoredRecord, stored_record};
use crate::pipeline::{ActivationStatus, Books, Command, InstrumentView, Refusal, Status};
use crate::reading::InstrumentId;
use crate::store::embedded::{self, Area, Order, Reader};

/// Readings given when the request names no limit.
const LIMIT: u64 = 1000;

/// Most readings given at once.
const LIMIT_MAX: u64 = 100_000;

type Answer<T> = Result<Json<T>, Problem>;

/// The process is alive.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The core answers, what it receives reaches the disk, and the broker has
/// confirmed the subscriptions.
pub(super) async fn readyz(State(context): State<Context>) -> Result<&'static str, Problem> {
    let status = context.core.ask(Command::Status).await?;
    let store = status
        .store
        .error
        .map(|error| format!("the store cannot be written: {error}"));
    let broker = status
        .broker
        .filter(|link| !link.up)
        .map(|link| format!("the broker's link is down: {}", link.detail));
    let reasons: Vec<String> = store.into_iter().chain(broker).collect();
    if reasons.is_empty() {
        Ok("ready\n")
    } else {
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            reasons.join("; "),
        ))
    }
}

pub(super) async fn status(State(context): State<Context>) -> Answer<Status> {
    Ok(Json(context.core.ask(Command::Status).await?))
}

pub(super) async fn instruments(State(context): State<Context>) -> Answer<Vec<InstrumentView>> {
    Ok(Json(context.core.ask(Command::Instruments).await?))
}

pub(super) async fn books(State(context): State<Context>) -> Answer<Books> {
    Ok(Json(context.core.ask(Command::Books).await?))
}

pub(super) async fn activations(State(context): State<Context>) -> Answer<Vec<ActivationStatus>> {
    Ok(Json(context.core.ask(Command::Activations).await?))
}

pub(super) async fn activation(
    State(context): State<Context>,
    Path(id): Path<String>,
) -> Answer<ActivationStatus> {
    let all = context.core.ask(Command::Activations).await?;
    all.into_iter()
        .find(|status| status.activation.id == id)
        .map(Json)
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no activation of this id"))
}

/// Who takes notice of which version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcknowledgeBody {
    pub(super) version: u32,
    /// May be left out by somebody whose token has a name.
    #[serde(alias = "name")]
    pub(super) by: Option<String>,
    pub(super) note: String,
}

pub(super) async fn acknowledge(
    State(context): State<Context>,
    caller: Caller,
    Path(id): Path<String>,
    body: Result<Json<AcknowledgeBody>, JsonRejection>,
) -> Answer<ActivationStatus> {
    let Json(body) =
        body.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    let by = caller.person(body.by.as_deref())?.to_string();
    if body.note.trim().is_empty() {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "`note` must not be empty",
        ));
    }
    let asked = context.core.act(|answer| Command::Acknowledge {
        id,
        version: body.version,
        by,
        note: body.note,
        channel: "http",
        answer,
    });
    asked.await?.map(Json).map_err(refused)
}

/// A refusal of the core as a problem.
pub(super) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Unknown(text) => Problem::new(StatusCode::NOT_FOUND, text),
        Refusal::Invalid(text) => Problem::new(StatusCode::BAD_REQUEST, text),
        Refusal::Stale(current, text) => {
            let current = serde_json::to_value(current).unwrap_or(Value::Null);
            Problem::new(StatusCode::CONFLICT, text).with("current", current)
        }
    }
}

/// Which readings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadingsQuery {
    instrument: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<u64>,
    /// `south,west,north,east` in degrees.
    bbox: Option<String>,
    /// `newest` (default) or `oldest` first.
    order: Option<String>,
}

pub(super) async fn readings(
    State(context): State<Context>,
    query: Result<Query<ReadingsQuery>, QueryRejection>,
) -> Answer<Vec<StoredRecord>> {
    let bad = |text: String| Problem::new(StatusCode::BAD_REQUEST, text);
    let Query(query) = query.map_err(|error| bad(error.body_text()))?;
    let query = store_query(query).map_err(bad)?;
    let read = tokio::task::spawn_blocking(move || Reader::open(&context.store)?.readings(&query));
    let failed = |text: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, text);
    let readings = read
        .await
        .map_err(|error| failed(error.to_string()))?
        .map_err(|error| failed(crate::error::Chain(&error).to_string()))?;
    Ok(Json(readings.iter().map(stored_record).collect()))
}

fn store_query(query: ReadingsQuery) -> Result<embedded::Query, String> {
    let instrument = match query.instrument {
        Some(name) => Some(InstrumentId::new(&name).ok_or("`instrument` is no instrument's name")?),
        None => None,
    };
    let time = |name: &str, text: Option<String>| {
        text.map(|text| Wall::parse_rfc3339(&text).map_err(|error| format!("`{name}`: {error}")))
            .transpose()
    };
    let area = match query.bbox {
        Some(text) => {
            let sides: Result<Vec<f64>, _> =
                text.split(',').map(|side| side.trim().parse()).collect();
            match sides.ok().as_deref() {
                Some([south, west, north, east]) => Some(
                    Area::bounds(*south, *west, *north, *east)
                        .map_err(|e| format!("`bbox`: {e}"))?,
                ),
                _ => return Err("`bbox` is south,west,north,east in degrees".to_owned()),
            }
        }
        None => None,
    };
    let limit = query.limit.unwrap_or(LIMIT);
    if limit > LIMIT_MAX {
        return Err(format!("`limit` is at most {LIMIT_MAX}"));
    }
    Ok(embedded::Query {
        instrument,
        since: time("since", query.since)?,
        until: time("until", query.until)?,
        area,
        limit: Some(limit),
        order: match query.order.as_deref() {
            None | Some("newest") => Order::NewestFirst,
            Some("oldest") => Order::OldestFirst,
            Some(_) => return Err("`order` is newest or oldest".to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> ReadingsQuery {
        ReadingsQuery {
            instrument: None,
            since: None,
            until: None,
            limit: None,
            bbox: None,
            order: None,
        }
    }

    #[track_caller]
    fn refused(query: ReadingsQuery, part: &str) {
        let error = store_query(query).unwrap_err();
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }

    #[test]
    fn questions_that_make_no_sense_are_refused_by_name() {
        assert_eq!(store_query(query()).unwrap().limit, Some(LIMIT));
        refused(
            ReadingsQuery {
                instrument: Some("a/b".into()),
                ..query()
            },
            "instrument",
        );
        refused(
            ReadingsQuery {
                since: Some("yesterday".into()),
                ..query()
            },
            "since",
        );
        refused(
            ReadingsQuery {
                until: Some("2026-01-01T00:00:00".into()),
                ..query()
            },
            "until",
        );
        refused(
            ReadingsQuery {
                limit: Some(LIMIT_MAX + 1),
                ..query()
            },
            "limit",
        );
        refused(
            ReadingsQuery {
                bbox: Some("1,2,3".into()),
                ..query()
            },
            "bbox",
        );
        refused(
            ReadingsQuery {
                bbox: Some("9,2,3,4".into()),
                ..query()
            },
            "bbox",
        );
        refused(
            ReadingsQuery {
                order: Some("random".into()),
                ..query()
            },
            "order",
        );
    }
}
