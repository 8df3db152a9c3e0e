//! What the news says of a symbol, as a number with its age.

use serde::{Deserialize, Serialize};

use crate::instrument::Symbol;
use crate::time::Timestamp;

/// Headlines that travel with a score.
pub const MOST_HEADLINES: usize = 20;

/// One article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headline {
    /// Its title; untrusted text, at most 300 characters.
    pub title: String,
    /// Where it stands; `http` or `https` only.
    pub url: String,
    /// Who published it.
    pub source: String,
    /// When it was published.
    pub published: Timestamp,
    /// Its score for this symbol in [-1, 1].
    pub score: f64,
    /// How much it is about this symbol, in (0, 1].
    pub relevance: f64,
}

/// Score of the news of one symbol, or of the whole market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// Of which symbol; absent for the market as a whole.
    pub symbol: Option<Symbol>,
    /// When it was computed.
    pub as_of: Timestamp,
    /// Mean of the articles' scores, weighted by relevance and by age with its half-life, in [-1, 1]; absent without articles.
    pub score: Option<f64>,
    /// Articles behind the score, duplicates not counted.
    pub articles: u32,
    /// When the newest of them was published.
    pub newest: Option<Timestamp>,
    /// The newest first, at most [`MOST_HEADLINES`].
    pub headlines: Vec<Headline>,
}
