//! The HTTP API under `/api/v1` and its OpenAPI document.

pub mod commands;
pub mod measures;
pub mod options;
pub mod page;
pub mod state;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::guard::OwnNames;
use crate::hub::Hub;
use crate::problem::{Problem, ProblemDocument};
use crate::protocol::SUBPROTOCOL;
use crate::stream;

/// What every handler reads from.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) hub: Arc<Hub>,
    pub(crate) names: OwnNames,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "AlphaTrader",
        description = "State of the trading system, and its halt. Money and prices are decimal text, quantities \
                       integers, times RFC 3339 in UTC with microseconds. Errors are problem+json. What changes \
                       fast comes by the WebSocket at /api/v1/stream, subprotocol at.v1.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "state", description = "What is"),
        (name = "commands", description = "What a person asks"),
        (name = "probes", description = "For supervisors")
    )
)]
struct Document;

/// Routes of the API and the document that describes them.
pub(crate) fn routes_and_document() -> (axum::Router<App>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(state::status))
        .routes(routes!(state::streams))
        .routes(routes!(state::account))
        .routes(routes!(state::positions))
        .routes(routes!(state::orders))
        .routes(routes!(state::executions))
        .routes(routes!(state::signals))
        .routes(routes!(state::features))
        .routes(routes!(state::book))
        .routes(routes!(state::bars))
        .routes(routes!(measures::catalogue))
        .routes(routes!(measures::measures))
        .routes(routes!(measures::depth))
        .routes(routes!(options::options))
        .routes(routes!(options::levels))
        .routes(routes!(options::sentiment))
        .routes(routes!(state::parameters))
        .routes(routes!(state::risk))
        .routes(routes!(commands::halt))
        .routes(routes!(commands::resume))
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .split_for_parts()
}

/// The OpenAPI document as it is served and committed.
pub fn openapi_json() -> String {
    let (_, document) = routes_and_document();
    let mut text = document.to_pretty_json().expect("the document has string keys");
    text.push('\n');
    text
}

/// Serves the document.
pub(crate) async fn openapi() -> impl IntoResponse {
    let (_, document) = routes_and_document();
    Json(document)
}

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "probes", responses((status = 200, description = "It answers", body = String, content_type = "text/plain")))]
async fn livez() -> &'static str {
    "ok\n"
}

/// The process may be given work.
#[utoipa::path(get, path = "/readyz", tag = "probes", responses(
    (status = 200, description = "Ready", body = String, content_type = "text/plain"),
    (status = 503, description = "Not ready; the status says why", body = ProblemDocument, content_type = "application/problem+json")
))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    match &app.hub.moment().published.ready {
        Ok(()) => Ok("ready\n"),
        Err(why) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", why.clone())),
    }
}

/// Upgrades to the stream.
pub(crate) async fn stream(
    State(app): State<App>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    app.names.check_upgrade(&headers)?;
    let offered = headers.get_all("sec-websocket-protocol").iter().filter_map(|value| value.to_str().ok());
    if !offered.flat_map(|value| value.split(',')).any(|name| name.trim() == SUBPROTOCOL) {
        let detail = format!("ask for the subprotocol `{SUBPROTOCOL}`");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "subprotocol", detail));
    }
    let place = ClientPlace::take(&app.hub)?;
    let hub = Arc::clone(&app.hub);
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .max_message_size(hub.limits.inbound_bytes)
        .max_frame_size(hub.limits.inbound_bytes);
    Ok(upgrade.on_upgrade(async move |socket| {
        stream::serve(socket, hub).await;
        drop(place);
    }))
}

/// One of the bounded number of connections; given back when dropped.
struct ClientPlace(Arc<Hub>);

impl ClientPlace {
    fn take(hub: &Arc<Hub>) -> Result<Self, Problem> {
        let taken = hub.clients.send_if_modified(|clients| {
            let free = *clients < hub.limits.connections;
            *clients += usize::from(free);
            free
        });
        let most = hub.limits.connections;
        let full = || {
            let detail = format!("{most} clients are connected, no more are taken; close one and try again");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_clients", detail)
        };
        taken.then(|| Self(Arc::clone(hub))).ok_or_else(full)
    }
}

impl Drop for ClientPlace {
    fn drop(&mut self) {
        self.0.clients.send_modify(|clients| *clients -= 1);
    }
}
