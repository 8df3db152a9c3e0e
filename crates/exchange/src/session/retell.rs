//! Streams by kind: what a client has open, and its loss.

use super::Session;
use crate::scenario::kind::Kind;

impl Session {
    /// Whether it asked for delayed data where there are no live ones.
    pub fn takes_delayed(&self) -> bool {
        matches!(self.market_data_type, 3 | 4)
    }

    /// The request ids of the streams of a kind.
    pub fn stream_ids(&self, kind: Kind) -> Vec<i32> {
        match kind {
            Kind::MarketData => self.market.keys().copied().collect(),
            Kind::Depth => self.books.keys().copied().collect(),
            Kind::TickByTick => self.ticks.keys().copied().collect(),
            Kind::Bars => self.bars.keys().copied().collect(),
            _ => Vec::new(),
        }
    }

    /// Sampled ticks and books are told anew, as if the client knew nothing.
    pub fn retell(&mut self, what: &[Kind]) {
        if what.contains(&Kind::MarketData) {
            self.market.values_mut().for_each(super::market_data::MarketStream::forget_told);
        }
        if what.contains(&Kind::Depth) {
            self.books.values_mut().for_each(super::depth::DepthStream::forget_view);
        }
    }

    /// Account summaries that stream.
    pub fn summaries(&self) -> usize {
        self.account.summaries()
    }

    /// Whether a stream of account summaries has this request id.
    pub fn has_summary(&self, id: i32) -> bool {
        self.account.has_summary(id)
    }

    /// Order books end.
    pub fn drop_books(&mut self) {
        self.books.clear();
    }

    /// Every stream of the market ends.
    pub fn drop_streams(&mut self) {
        self.market.clear();
        self.books.clear();
        self.ticks.clear();
        self.bars.clear();
        self.history.retain(|_| false);
    }
}
