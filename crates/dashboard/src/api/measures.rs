//! Measured numbers of a symbol, and the book over time.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::page::Page;
use super::state::of_symbol;
use crate::problem::{Problem, ProblemDocument};
use crate::project;
use crate::view::{DepthColumn, ExclusionView, Instant, MarkView, MeasureInfo, MeasureView, StateView};

/// All that is measured of a symbol now.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasuresReport {
    /// The symbol.
    symbol: String,
    /// Event time of what follows.
    at: Instant,
    /// Numbers by key; `GET /api/v1/measures` says what each is.
    measures: BTreeMap<String, MeasureView>,
    /// What stands behind them.
    state: StateView,
    /// Sweeps and hidden orders, oldest first.
    marks: Vec<MarkView>,
    /// What the admission gate kept out.
    exclusions: Vec<ExclusionView>,
}

/// What each measured number is: unit, range, meaning, source.
#[utoipa::path(get, path = "/api/v1/measures", tag = "state", responses((status = 200, body = Page<MeasureInfo>)))]
pub(crate) async fn catalogue() -> Json<Page<MeasureInfo>> {
    Json(Page { items: project::catalogue(), next_cursor: None })
}

/// Measured numbers of a symbol.
#[utoipa::path(get, path = "/api/v1/measures/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol")), responses(
    (status = 200, body = MeasuresReport),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn measures(
    State(app): State<App>,
    Path(symbol): Path<String>,
) -> Result<Json<MeasuresReport>, Problem> {
    of_symbol(&app, &symbol, |s| MeasuresReport {
        symbol: s.features.symbol.clone(),
        at: s.features.at,
        measures: s.measured.rows().collect(),
        state: s.state.clone(),
        marks: s.marks.clone(),
        exclusions: s.exclusions.clone(),
    })
}

/// The book of the last ten minutes, once a second, oldest first.
#[utoipa::path(get, path = "/api/v1/depth/{symbol}", tag = "state", params(("symbol" = String, Path, description = "A followed symbol")), responses(
    (status = 200, body = Page<DepthColumn>),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json")
))]
pub(crate) async fn depth(
    State(app): State<App>,
    Path(symbol): Path<String>,
) -> Result<Json<Page<DepthColumn>>, Problem> {
    of_symbol(&app, &symbol, |s| Page {
        items: s.trails.depth.values().cloned().collect(),
        next_cursor: None,
    })
}
