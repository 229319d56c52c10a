//! The HTTP interface: status, API and metrics.
//!
//! It asks the core and the casework task and reads the store; it changes
//! nothing by itself. Each path says what a request to it does, and so who may
//! send it. Without a token it is only ever served on loopback.

mod api;
mod cases;
mod closing;
mod faults;
mod guard;
mod headers;
mod keyring;
mod limit;
mod metrics;
mod mute;
mod origin;
mod problem;
mod refusals;
mod routes;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::Request;
use axum::middleware;
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::access::Act;
use crate::pipeline::{Casework, Core};
use guard::Peer;
use routes::Routes;

pub use guard::Guard;
pub use keyring::Key;
pub use refusals::Reason;
pub use routes::Route;

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
    /// Stands before everything but the health checks.
    pub guard: Arc<Guard>,
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
        let Some((stream, peer, place)) = accepted else {
            continue;
        };
        let service = service.clone();
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            service.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), answer);
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
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            warn!(%error, "HTTP connection could not be accepted.");
            // Out of descriptors: trying again at once would only burn a core.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Every path but the health checks, and what a request to it does.
pub fn routes() -> Vec<Route> {
    guarded().into_parts().1
}

fn guarded() -> Routes {
    let mut routes = Routes::default()
        .get("/metrics", Act::Read, metrics::metrics)
        .get("/api/v1/status", Act::Read, api::status)
        .get("/api/v1/instruments", Act::Read, api::instruments)
        .get("/api/v1/readings", Act::Read, api::readings)
        .get("/api/v1/activations", Act::Read, api::activations)
        .get("/api/v1/activations/{id}", Act::Read, api::activation)
        .post(
            "/api/v1/activations/{id}/ack",
            Act::Acknowledge,
            api::acknowledge,
        )
        .post("/api/v1/activations/{id}/shelve", Act::Shelve, mute::shelve)
        .post(
            "/api/v1/activations/{id}/unshelve",
            Act::Unshelve,
            mute::unshelve,
        )
        .get("/api/v1/out-of-service", Act::Read, mute::services)
        .post(
            "/api/v1/instruments/{id}/out-of-service",
            Act::OutOfService,
            mute::out_of_service,
        )
        .post(
            "/api/v1/instruments/{id}/in-service",
            Act::OutOfService,
            mute::in_service,
        )
        .post(
            "/api/v1/activations/{id}/recovered",
            Act::Recovered,
            closing::recovered,
        )
        .post("/api/v1/activations/{id}/close", Act::Close, closing::close)
        .get("/api/v1/faults", Act::ReadFaults, faults::list)
        .post(
            "/api/v1/faults/{id}/ack",
            Act::Acknowledge,
            faults::acknowledge,
        )
        .get("/api/v1/books", Act::Read, api::books)
        .get("/api/v1/cases", Act::Read, cases::list)
        .post("/api/v1/cases", Act::OpenCase, cases::open)
        .get("/api/v1/cases/{id}", Act::Read, cases::show)
        .get("/api/v1/deadlines", Act::Read, cases::deadlines)
        .get("/api/v1/recap.csv", Act::Read, cases::recap);
    for (word, act) in cases::ON_ACTIVATIONS {
        let path = format!("/api/v1/activations/{{id}}/{word}");
        routes = routes.post(&path, *act, |context, caller, id, body| {
            cases::on_activation(word, context, caller, id, body)
        });
    }
    for (word, act) in cases::ON_CASES {
        let path = format!("/api/v1/cases/{{id}}/{word}");
        routes = routes.post(&path, *act, |context, caller, id, body| {
            cases::on_case(word, context, caller, id, body)
        });
    }
    routes
}

fn router(context: Context) -> Router {
    let (guarded, _) = guarded().into_parts();
    let guarded = guarded.layer(middleware::from_fn_with_state(
        context.clone(),
        guard::admit,
    ));
    Router::new()
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .merge(guarded)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::not_allowed)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::map_response(problem::only_problems))
        .layer(middleware::map_response(headers::harden))
        .with_state(context)
}
