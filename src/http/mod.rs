//! The HTTP interface: status, API and metrics.
//!
//! It asks the core and reads the store; it changes nothing by itself. Without
//! a token it is only ever served on loopback.

mod api;
mod guard;
mod metrics;
mod problem;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::error::Chain;
use crate::pipeline::Core;

pub use guard::Token;

/// Largest request body: 64 KiB.
const BODY_MAX: usize = 64 * 1024;

/// What the handlers need.
#[derive(Clone, Debug)]
pub struct Context {
    /// The core.
    pub core: Core,
    /// The embedded store's folder.
    pub store: PathBuf,
    /// Demanded of every request but the health checks, when set.
    pub token: Option<Arc<Token>>,
}

/// Serves until told to stop.
pub async fn serve(listener: TcpListener, context: Context, stop: CancellationToken) {
    match listener.local_addr() {
        Ok(address) => info!(%address, "HTTP interface ready."),
        Err(error) => warn!(%error, "HTTP interface has no address."),
    }
    let serving =
        axum::serve(listener, router(context)).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        warn!(error = %Chain(&error), "HTTP interface ended.");
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
        .route("/api/v1/books", get(api::books))
        .layer(middleware::from_fn_with_state(
            context.clone(),
            guard::demand_token,
        ));
    Router::new()
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .merge(guarded)
        .fallback(problem::not_found)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(context)
}
