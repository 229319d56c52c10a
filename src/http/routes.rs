//! Every path with what a request to it does: nothing is served without.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::routing::{MethodRouter, get, post};

use super::{Context, guard};
use crate::access::Act;

/// One way to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with `{…}` for what varies.
    pub path: String,
    /// What a request does there, and so who may send it.
    pub act: Act,
}

/// Paths, each with an act. There is no way to add one without.
#[derive(Debug, Default)]
pub(super) struct Routes {
    router: Router<Context>,
    routes: Vec<Route>,
}

impl Routes {
    /// A path that is looked at.
    pub(super) fn get<H, T>(self, path: &str, act: Act, handler: H) -> Self
    where
        H: Handler<T, Context>,
        T: 'static,
    {
        self.add("GET", path, act, get(handler))
    }

    /// A path to which something is done.
    pub(super) fn post<H, T>(self, path: &str, act: Act, handler: H) -> Self
    where
        H: Handler<T, Context>,
        T: 'static,
    {
        self.add("POST", path, act, post(handler))
    }

    fn add(
        mut self,
        method: &'static str,
        path: &str,
        act: Act,
        route: MethodRouter<Context>,
    ) -> Self {
        let route = route.route_layer(middleware::from_fn(move |request: Request, next: Next| {
            guard::allow(act, request, next)
        }));
        self.router = self.router.route(path, route);
        self.routes.push(Route {
            method,
            path: path.to_owned(),
            act,
        });
        self
    }

    pub(super) fn into_parts(self) -> (Router<Context>, Vec<Route>) {
        (self.router, self.routes)
    }
}
