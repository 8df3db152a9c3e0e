//! What the market half knows of the options of a symbol and of its news.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::chain::Provider;
use crate::exposure::ChainExposure;
use crate::instrument::{OptionContract, Symbol};
use crate::number::Price;
use crate::sentiment::Sentiment;
use crate::time::{Span, Timestamp};

/// Options of one symbol. Large parts are shared, so that a copy of the view costs little.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptionsView {
    /// Whose.
    pub symbol: Symbol,
    /// The newest whole round of exposures; absent before the first.
    pub exposure: Option<Arc<ChainExposure>>,
    /// Every contract with its source, as the same round found it, sorted by expiry, strike and right.
    pub rows: Arc<Vec<OptionRow>>,
    /// Who tells the chain, in the order of [`Provider`]; a source that was never heard is not here.
    pub sources: Vec<ChainSource>,
    /// Contracts on which two fresh sources disagreed by more than a spread, in the newest round.
    pub disagreeing: u32,
    /// The same, counted at every quote that a source told, since the start.
    pub disagreements: u64,
    /// Rows that were refused since the start: of another underlying, or beyond the bound.
    pub refused: u64,
    /// Score of the news; absent before the first.
    pub sentiment: Option<Arc<Sentiment>>,
}

/// One source of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainSource {
    /// Who.
    pub provider: Provider,
    /// The newest instant it spoke of.
    pub as_of: Timestamp,
    /// When its whole chain was last told; absent where it tells contracts one by one.
    pub whole_at: Option<Timestamp>,
    /// Contracts that it told.
    pub rows: u32,
    /// It says that its quotes are delayed.
    pub delayed: bool,
    /// Not heard of for longer than [`OptionsView::STALE`].
    pub stale: bool,
}

/// One contract, merged from its sources.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OptionRow {
    /// The option.
    pub contract: OptionContract,
    /// Whose quote it is.
    pub source: Provider,
    /// The instant of the quote.
    pub quote_at: Timestamp,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best offer.
    pub ask: Option<Price>,
    /// Contracts bid for.
    pub bid_size: Option<u32>,
    /// Contracts offered.
    pub ask_size: Option<u32>,
    /// Last price.
    pub last: Option<Price>,
    /// Contracts traded in the session so far.
    pub volume: Option<u32>,
    /// Contracts open at the last clearing.
    pub open_interest: Option<u32>,
    /// Shares a contract delivers.
    pub multiplier: Option<u32>,
    /// Own implied volatility, a fraction a year.
    pub iv: Option<f64>,
    /// Own delta.
    pub delta: Option<f64>,
    /// Own gamma, per dollar.
    pub gamma: Option<f64>,
    /// Own theta, dollars a day.
    pub theta: Option<f64>,
    /// Own vega, dollars for a vol point.
    pub vega: Option<f64>,
    /// Two fresh sources disagree on its price by more than a spread.
    pub disagrees: bool,
    /// Its quote is older than [`OptionsView::STALE`], or delayed.
    pub stale: bool,
}

impl OptionsView {
    /// Age in a session at which a quote of a chain is old.
    pub const STALE: Span = Span::from_seconds(60);

    /// Nothing known yet.
    pub fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            exposure: None,
            rows: Arc::default(),
            sources: Vec::new(),
            disagreeing: 0,
            disagreements: 0,
            refused: 0,
            sentiment: None,
        }
    }

    /// The newest instant any source spoke of.
    pub fn chain_at(&self) -> Option<Timestamp> {
        self.sources.iter().map(|source| source.as_of).max()
    }

    /// Whether the breadth of the chain, which the broker's ticks near the money are not, is old, delayed or absent.
    pub fn is_stale(&self) -> bool {
        let mut breadth = self.sources.iter().filter(|source| source.provider != Provider::Ibkr).peekable();
        breadth.peek().is_none() || breadth.any(|source| source.stale || source.delayed)
    }

    /// Exposures that a decision may rest on: of a fresh chain that is not delayed, nothing of it degraded, computed
    /// less than [`OptionsView::STALE`] ago.
    pub fn tradable(&self, now: Timestamp) -> Option<&ChainExposure> {
        let exposure = self.exposure.as_deref()?;
        let usable = !self.is_stale() && !exposure.degraded && now.since(exposure.as_of) <= Self::STALE;
        usable.then_some(exposure)
    }
}
