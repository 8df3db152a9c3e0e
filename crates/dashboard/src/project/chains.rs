//! Option chains and news of a moment, shared with whoever made them.

use std::sync::Arc;

use alphatrader_model::Symbol;
use alphatrader_model::exposure::ChainExposure;
use alphatrader_model::sentiment::Sentiment;

/// What is known of the options and of the news; nothing of it is copied.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chains<'a> {
    /// One for each symbol whose chain is known.
    pub exposures: &'a [Arc<ChainExposure>],
    /// One for each symbol whose news were read, and one of the market as a whole.
    pub sentiments: &'a [Arc<Sentiment>],
}

impl<'a> Chains<'a> {
    pub(super) fn of(&self, symbol: Symbol) -> Option<&'a Arc<ChainExposure>> {
        self.exposures.iter().find(|chain| chain.underlying == symbol)
    }

    pub(super) fn news_of(&self, symbol: Option<Symbol>) -> Option<&'a Arc<Sentiment>> {
        self.sentiments.iter().find(|news| news.symbol == symbol)
    }
}
