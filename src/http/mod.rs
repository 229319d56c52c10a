//! The HTTP interface: status, API and metrics.
//!
//! It asks the core and the casework task and reads the store; it changes
//! nothing by itself. Without
//! a token it is only ever served on loopback.

mod api;
mod cases;
mod closing;
mod faults;
mod guard;
mod metrics;
mod problem;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::pipeline::{Casework, Core};

pub use guard::Token;

/// Largest request body: 64 KiB.
const BODY_MAX: usize = 64 * 1024;

/// What the handlers need.
#[derive(Clone, Debug)]
pub struct Context {
    /// The core.
    pub core: Core,
    /// The casework task.
    pub casework: Casework,
    /// The embedded store's folder.
    pub store: PathBuf,
    /// Demanded of every request but the health checks, when set.
    pub token: Option<Arc<Token>>,
}

/// Most connections at once; further ones wait in the system's queue. The alarm
/// path needs descriptors, too.
const CONNECTIONS_MAX: usize = 64;

/// A client that has not sent the head of its request by then is slow on purpose.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// How long requests under way may take when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// Serves until told to stop.
pub async fn serve(listener: TcpListener, context: Context, stop: CancellationToken) {
    match listener.local_addr() {
        Ok(address) => info!(%address, "HTTP interface ready."),
        Err(error) => warn!(%error, "HTTP interface has no address."),
    }
    let service = TowerToHyperService::new(router(context));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else {
            continue;
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that breaks off is nobody's business but its own.
            connection.await.ok();
            drop(place);
        });
    }
    // Whoever is still being answered then is left.
    drop(tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await);
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            warn!(%error, "HTTP connection could not be accepted.");
            // Out of descriptors: trying again at once would only burn a core.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

fn router(context: Context) -> Router {
    let guarded = Router::new()
        .route("/metrics", get(metrics::metrics))
        .route("/api/v1/status", get(api::status))
        .route("/api/v1/instruments", get(api::instruments))
        .route("/api/v1/readings", get(api::readings))
        .route("/api/v1/activations", get(api::activations))
        .route("/api/v1/activations/{id}", get(api::activation))
        .route("/api/v1/activations/{id}/ack", post(api::acknowledge))
        .route(
            "/api/v1/activations/{id}/recovered",
            post(closing::recovered),
        )
        .route("/api/v1/activations/{id}/close", post(closing::close))
        .route(
            "/api/v1/activations/{id}/{act}",
            post(cases::act_on_activation),
        )
        .route("/api/v1/faults", get(faults::list))
        .route("/api/v1/faults/{id}/ack", post(faults::acknowledge))
        .route("/api/v1/books", get(api::books))
        .route("/api/v1/cases", get(cases::list).post(cases::open))
        .route("/api/v1/cases/{id}", get(cases::show))
        .route("/api/v1/cases/{id}/{act}", post(cases::act))
        .route("/api/v1/deadlines", get(cases::deadlines))
        .route("/api/v1/recap.csv", get(cases::recap))
        .layer(middleware::from_fn_with_state(
            context.clone(),
            guard::demand_token,
        ));
    Router::new()
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .merge(guarded)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::not_allowed)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(context)
}
