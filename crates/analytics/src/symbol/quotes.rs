//! Quotes and rows of the book.

use alphatrader_model::features::Features;
use alphatrader_model::market::{Depth, Level, Quote};
use alphatrader_model::metric::Quality;
use alphatrader_model::time::Timestamp;

use crate::admission::QuoteUse;
use crate::classify::QuoteInForce;

use super::{SymbolAnalytics, touch};

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
                let first = !self.admission.quote_continues();
                let quality = if first { Quality::HALT_RESUME } else { Quality::GOOD };
                self.show_touch(features, ts, bid, ask, quality);
                features.quote_at = Some(ts);
                features.as_of = ts;
            }
            QuoteUse::OneSided => {
                self.quoted = true;
                self.hide_touch(features, ts);
                features.bid = quote.bid.map(|level| level.price);
                features.ask = quote.ask.map(|level| level.price);
                features.quote_at = Some(ts);
                features.as_of = ts;
            }
            QuoteUse::Crossed => {
                (self.quote, self.displayed) = (None, None);
                let (_, quality) = self.admission.quote_for_mid(ts);
                features.liquidity.imbalance_touch.quality = quality;
                features.liquidity.weighted_mid.quality = quality;
                if let Some(full) = &mut self.full {
                    full.touch.break_off(quality);
                    full.hidden.on_crossed();
                }
            }
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
        full.depths.apply(features, ts, depth);
        self.history.lost.depth = false;
        features.depth_at = Some(ts);
        features.as_of = ts;
        if !self.quoted {
            match full.depths.book.best() {
                Some((bid, ask)) => self.show_touch(features, ts, bid, ask, Quality::GOOD),
                None => self.hide_touch(features, ts),
            }
        }
    }

    #[inline]
    pub(super) fn show_touch(
        &mut self,
        features: &mut Features,
        ts: Timestamp,
        bid: Level,
        ask: Level,
        quality: Quality,
    ) {
        self.quote = Some(QuoteInForce { bid: bid.price, ask: ask.price, at: ts });
        self.displayed = Some((bid.size.get(), ask.size.get()));
        features.bid = Some(bid.price);
        features.ask = Some(ask.price);
        let (low, high) = (bid.price.raw(), ask.price.raw());
        features.spread_bp = Some(20_000.0 * (high - low) as f64 / (high + low) as f64);
        touch::show(features, bid, ask, quality);
        if let Some(full) = self.full.as_deref_mut() {
            let within = self.watch.holds(ts, false);
            full.on_touch(features, &mut self.history, ts, (bid, ask), quality, within);
            // What is quoted in a halt is no market's middle.
            if within && !self.clock.is_halted() {
                full.costs.on_touch(self.clock.at(ts), bid, ask, !quality.contains(Quality::HALT_RESUME));
            }
        }
    }

    pub(super) fn hide_touch(&mut self, features: &mut Features, ts: Timestamp) {
        (self.quote, self.displayed) = (None, None);
        (features.bid, features.ask, features.spread_bp) = (None, None, None);
        touch::hide(features);
        if let Some(full) = &mut self.full {
            full.touch.break_off(Quality::GOOD);
            full.costs.lose_mid(self.clock.at(ts));
        }
    }
}
