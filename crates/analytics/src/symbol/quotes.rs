//! Quotes and rows of the book.

use alphatrader_model::features::{BookState, Features};
use alphatrader_model::market::{Depth, Level, Quote};
use alphatrader_model::time::Timestamp;

use crate::admission::QuoteUse;
use crate::classify::QuoteInForce;
use crate::imbalance;

use super::SymbolAnalytics;

impl SymbolAnalytics {
    /// Best bid and offer changed.
    #[inline]
    pub fn on_quote(&mut self, features: &mut Features, ts: Timestamp, quote: &Quote) {
        if quote.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        match self.admission.quote(ts, quote) {
            QuoteUse::Firm(bid, ask) => {
                self.quoted = true;
                self.show_touch(features, ts, bid, ask);
                features.quote_at = Some(ts);
                features.as_of = ts;
            }
            QuoteUse::OneSided => {
                self.quoted = true;
                self.hide_touch(features);
                features.bid = quote.bid.map(|level| level.price);
                features.ask = quote.ask.map(|level| level.price);
                features.quote_at = Some(ts);
                features.as_of = ts;
            }
            QuoteUse::Crossed => (self.quote, self.displayed) = (None, None),
            QuoteUse::Refused => return,
        }
        self.history.lost.quotes = false;
    }

    /// A row of the book changed.
    #[inline]
    pub fn on_depth(&mut self, features: &mut Features, ts: Timestamp, depth: &Depth) {
        if depth.instrument != self.instrument {
            return;
        }
        self.advance(features, ts);
        if self.full.is_none() {
            self.begin_full(ts);
        }
        let Some(full) = self.full.as_deref_mut() else { return };
        let state = full.book.apply(depth);
        let deep = usize::from(depth.position) >= imbalance::LEVELS && state == features.book;
        features.book = state;
        self.history.lost.depth = false;
        features.depth_at = Some(ts);
        features.as_of = ts;
        if !deep {
            features.imbalance_5 = if state == BookState::Valid {
                imbalance::of_levels(full.book.bids(), full.book.asks())
            } else {
                None
            };
        }
        if !self.quoted {
            match full.book.best() {
                Some((bid, ask)) => self.show_touch(features, ts, bid, ask),
                None => self.hide_touch(features),
            }
        }
    }

    #[inline]
    pub(super) fn show_touch(&mut self, features: &mut Features, ts: Timestamp, bid: Level, ask: Level) {
        self.quote = Some(QuoteInForce { bid: bid.price, ask: ask.price, at: ts });
        self.displayed = Some((bid.size.get(), ask.size.get()));
        features.bid = Some(bid.price);
        features.ask = Some(ask.price);
        let (low, high) = (bid.price.raw(), ask.price.raw());
        features.spread_bp = Some(20_000.0 * (high - low) as f64 / (high + low) as f64);
        features.imbalance_touch = imbalance::of_sizes(bid.size.get(), ask.size.get());
    }

    pub(super) fn hide_touch(&mut self, features: &mut Features) {
        (self.quote, self.displayed) = (None, None);
        (features.bid, features.ask) = (None, None);
        (features.spread_bp, features.imbalance_touch) = (None, None);
    }
}
