//! What the news says, as a number with its age, and the headlines behind it.

use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

use super::Instant;

/// News of a symbol beside the news of the whole market.
#[derive(Debug, Clone, PartialEq, Default, Serialize, TS, ToSchema)]
#[ts(export_to = "Sentiment.ts")]
pub struct SentimentView {
    /// Of the symbol; absent until its news were read.
    pub symbol: Option<NewsView>,
    /// Of the market as a whole.
    pub market: Option<NewsView>,
}

/// A score and what stands behind it.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Sentiment.ts")]
pub struct NewsView {
    /// When it was computed.
    pub at: Instant,
    /// In [-1, 1], newer and more relevant articles weighing more; absent without articles.
    pub score: Option<f64>,
    /// Articles behind it, duplicates not counted.
    pub articles: u32,
    /// When the newest of them was published.
    pub newest: Option<Instant>,
    /// The newest first; at most 20.
    pub headlines: Vec<HeadlineView>,
}

/// One article. Its text was written by strangers: it is text, never markup.
#[derive(Debug, Clone, PartialEq, Serialize, TS, ToSchema)]
#[ts(export_to = "Sentiment.ts")]
pub struct HeadlineView {
    /// Its title, one line of at most 300 characters.
    pub title: String,
    /// Where it stands: `http` or `https`; absent where the address is anything else.
    pub url: Option<String>,
    /// Who published it.
    pub source: String,
    /// When.
    pub published: Instant,
    /// Its score for this symbol in [-1, 1].
    pub score: Option<f64>,
    /// How much it is about this symbol, in (0, 1].
    pub relevance: Option<f64>,
}
