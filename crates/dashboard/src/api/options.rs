//! Options and news of a symbol.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::App;
use super::state::{followed, of_symbol};
use crate::problem::{Problem, ProblemDocument};
use crate::project;
use crate::view::{LevelsView, OptionsView, SentimentView};

/// What a symbol's option chain says: exposures by strike and expiry, levels, volatilities, unusual activity.
///
/// Strikes and expiries around spot; `alphatrader options exposure` computes whole chains.
#[utoipa::path(get, path = "/api/v1/options/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol")), responses(
    (status = 200, body = OptionsView),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "No chain of it has come yet", body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn options(
    State(app): State<App>,
    Path(symbol): Path<String>,
) -> Result<Json<OptionsView>, Problem> {
    let moment = app.hub.moment();
    let known = followed(&moment.published, &symbol)?.options.as_ref();
    known.and_then(project::options::options).map(Json).ok_or_else(no_chain)
}

/// Levels of a symbol's option chain: flip, walls, max pain, pin.
#[utoipa::path(get, path = "/api/v1/levels/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol")), responses(
    (status = 200, body = LevelsView),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, description = "No chain of it has come yet", body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn levels(
    State(app): State<App>,
    Path(symbol): Path<String>,
) -> Result<Json<LevelsView>, Problem> {
    let moment = app.hub.moment();
    let chain = followed(&moment.published, &symbol)?.chain();
    chain.and_then(project::options::levels).map(Json).ok_or_else(no_chain)
}

/// News of a symbol beside the market's.
#[utoipa::path(get, path = "/api/v1/sentiment/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol")), responses(
    (status = 200, body = SentimentView),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn sentiment(
    State(app): State<App>,
    Path(symbol): Path<String>,
) -> Result<Json<SentimentView>, Problem> {
    let market = app.hub.moment().published.sentiment.clone();
    of_symbol(&app, &symbol, |s| project::sentiment::sentiment(s.sentiment(), market.as_deref()))
}

fn no_chain() -> Problem {
    let detail = "no chain of this symbol has come yet; the feeds of the status say what is awaited";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "chain_unknown", detail)
}
