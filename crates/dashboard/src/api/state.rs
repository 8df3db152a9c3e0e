//! What is: reads of the newest published moment.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::page::{Page, PageQuery};
use crate::channel::EventChannel;
use crate::problem::{Problem, ProblemDocument};
use crate::published::{Published, SymbolPublished};
use crate::view::{
    AccountView, BarView, BookView, ExecutionView, FeaturesView, OrderView, ParametersView, PositionView,
    RiskView, SignalView, StatusView, StreamsView,
};

/// Status and what belongs to the interface itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusReport {
    /// Name of this process's stream; changes with each start.
    epoch: String,
    /// Whether everything that must run does.
    ready: bool,
    /// Why not.
    not_ready: Option<String>,
    /// The system.
    #[serde(flatten)]
    status: StatusView,
}

/// The system as a whole. Answers from the first moment.
#[utoipa::path(get, path = "/api/v1/status", tag = "state", responses((status = 200, body = StatusReport)))]
pub(crate) async fn status(State(app): State<App>) -> Json<StatusReport> {
    let moment = app.hub.moment();
    let not_ready = moment.published.ready.clone().err();
    Json(StatusReport {
        epoch: app.hub.epoch.clone(),
        ready: not_ready.is_none(),
        not_ready,
        status: moment.published.status.clone(),
    })
}

/// Streams of market data: the plan of what the broker rations, and how each stream does.
#[utoipa::path(get, path = "/api/v1/streams", tag = "state", responses((status = 200, body = StreamsView)))]
pub(crate) async fn streams(State(app): State<App>) -> Json<StreamsView> {
    Json(app.hub.moment().published.streams.clone())
}

/// The account.
#[utoipa::path(get, path = "/api/v1/account", tag = "state", responses(
    (status = 200, body = AccountView),
    (status = 503, description = "The broker has not told it yet", body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn account(State(app): State<App>) -> Result<Json<AccountView>, Problem> {
    let unknown = || {
        let detail = "the broker has not told the account yet; ask again in a second";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "account_unknown", detail)
    };
    app.hub.moment().published.account.clone().map(Json).ok_or_else(unknown)
}

/// Open positions.
#[utoipa::path(get, path = "/api/v1/positions", tag = "state", params(PageQuery), responses(
    (status = 200, body = Page<PositionView>),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn positions(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<PositionView>>, Problem> {
    query.cut(&app.hub.moment().published.positions, |p| &p.id).map(Json)
}

/// Working orders.
#[utoipa::path(get, path = "/api/v1/orders", tag = "state", params(PageQuery), responses(
    (status = 200, body = Page<OrderView>),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn orders(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<OrderView>>, Problem> {
    query.cut(&app.hub.moment().published.orders, |o| &o.id).map(Json)
}

/// Fills, newest first.
#[utoipa::path(get, path = "/api/v1/executions", tag = "state", params(PageQuery), responses(
    (status = 200, body = Page<ExecutionView>),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn executions(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<EventPage>, Problem> {
    event_page(&app, EventChannel::Executions, &query)
}

/// Signals, newest first.
#[utoipa::path(get, path = "/api/v1/signals", tag = "state", params(PageQuery), responses(
    (status = 200, body = Page<SignalView>),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn signals(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<EventPage>, Problem> {
    event_page(&app, EventChannel::Signals, &query)
}

/// A page of an event channel, whose entities are kept as JSON text.
#[derive(Debug, Serialize)]
pub(crate) struct EventPage {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

fn event_page(app: &App, channel: EventChannel, query: &PageQuery) -> Result<Json<EventPage>, Problem> {
    let limit = query.limit()?;
    let (items, next_cursor) = app.hub.with_events(channel, |log| log.page(limit, query.cursor()));
    Ok(Json(EventPage { items, next_cursor }))
}

/// Analytics of a symbol.
#[utoipa::path(get, path = "/api/v1/features/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol")), responses(
    (status = 200, body = FeaturesView),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn features(
    State(app): State<App>,
    Path(symbol): Path<String>,
) -> Result<Json<FeaturesView>, Problem> {
    of_symbol(&app, &symbol, |s| s.features.clone())
}

/// Book of a symbol.
#[utoipa::path(get, path = "/api/v1/book/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol")), responses(
    (status = 200, body = BookView),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn book(
    State(app): State<App>,
    Path(symbol): Path<String>,
) -> Result<Json<BookView>, Problem> {
    of_symbol(&app, &symbol, |s| s.book.clone())
}

/// Which candles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BarsQuery {
    /// Length of a candle: `1m`.
    #[param(pattern = "^1m$")]
    tf: Option<String>,
    /// First start, RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Starts before this, RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// Candles of the session, oldest first.
#[utoipa::path(get, path = "/api/v1/bars/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol"), BarsQuery), responses(
    (status = 200, body = Page<BarView>),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn bars(
    State(app): State<App>,
    Path(symbol): Path<String>,
    Query(query): Query<BarsQuery>,
) -> Result<Json<Page<BarView>>, Problem> {
    if let Some(tf) = query.tf.as_deref().filter(|tf| *tf != "1m") {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "bad_tf", "`tf` is `1m`");
        return Err(problem.field("tf", format!("`{tf}` is not kept")));
    }
    let from = instant("from", query.from.as_deref())?;
    let to = instant("to", query.to.as_deref())?;
    let inside = |bar: &&BarView| {
        from.is_none_or(|from| bar.start.micros() >= from) && to.is_none_or(|to| bar.start.micros() < to)
    };
    of_symbol(&app, &symbol, |s| Page {
        items: s.bars.iter().filter(inside).cloned().collect(),
        next_cursor: None,
    })
}

/// Reads an instant of the query, microseconds since the epoch.
fn instant(name: &str, text: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => Ok(Some(at.as_microsecond())),
        Err(e) => {
            let detail = format!("`{name}` is RFC 3339, for example 2026-11-23T14:30:00Z");
            Err(Problem::new(StatusCode::BAD_REQUEST, "bad_instant", detail).field(name, e.to_string()))
        }
    }
}

/// A part of what is known of a symbol.
///
/// # Errors
/// The symbol is not followed.
pub(super) fn of_symbol<T>(
    app: &App,
    name: &str,
    take: impl FnOnce(&SymbolPublished) -> T,
) -> Result<Json<T>, Problem> {
    let moment = app.hub.moment();
    followed(&moment.published, name).map(|symbol| Json(take(symbol)))
}

/// What is known of a symbol.
///
/// # Errors
/// The symbol is not followed.
pub(super) fn followed<'a>(published: &'a Published, name: &str) -> Result<&'a SymbolPublished, Problem> {
    published.symbols.get(name).ok_or_else(|| {
        let known = published.status.symbols.join(", ");
        let detail = format!("this symbol is not followed; followed are: {known}");
        Problem::new(StatusCode::NOT_FOUND, "unknown_symbol", detail)
    })
}

/// Found parameters beside their defaults: which are in force and why.
#[utoipa::path(get, path = "/api/v1/parameters", tag = "state", responses((status = 200, body = ParametersView)))]
pub(crate) async fn parameters(State(app): State<App>) -> Json<ParametersView> {
    Json(app.hub.moment().published.parameters.as_ref().clone())
}

/// What holds trading back.
#[utoipa::path(get, path = "/api/v1/risk", tag = "state", responses((status = 200, body = RiskView)))]
pub(crate) async fn risk(State(app): State<App>) -> Json<RiskView> {
    Json(app.hub.moment().published.risk.clone())
}
