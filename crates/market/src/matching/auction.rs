//! Crosses: orders collected for the opening or the closing, filled at one price.
//!
//! The price is the market's own cross print (a trade marked as an auction around the bell). A market
//! that prints none is taken at its word another way once [`MatchingConfig::cross_patience`] has
//! passed: the first print of the session for the opening, the last one for the closing. What its
//! cross passes by (a limit that the price did not reach, no price at all) expires.
//!
//! [`MatchingConfig::cross_patience`]: super::MatchingConfig::cross_patience

use alphatrader_model::market::TradeFlags;
use alphatrader_model::{InstrumentId, Price, Span, Trade};

use super::Exchange;
use super::handling::Auction;
use super::order::{LiveOrder, OrderKey, Standing};
use super::report::{CancelReason, Liquidity, Report};

impl Exchange {
    /// A cross print this long after its bell still is the official one.
    const LATE_CROSS: Span = Span::from_minutes(30);
    /// A cross print this long before the close is the closing one.
    const EARLY_CROSS: Span = Span::from_minutes(1);

    /// Takes a print that sets the last price: it may be a cross, or the first of a session whose
    /// opening cross nobody printed.
    pub(super) fn on_cross_print(&mut self, trade: &Trade, out: &mut Vec<Report>) {
        let Some(session) = self.session else { return };
        let now = self.now;
        let crossed = trade.flags.contains(TradeFlags::AUCTION);
        let opening = now < session.open + Self::LATE_CROSS && now + Span::SECOND >= session.open;
        let near_close = now + Self::EARLY_CROSS >= session.close && now < session.close + Self::LATE_CROSS;
        // However short the session is: what is printed before it opens closes nothing.
        let closing = near_close && now >= session.open;
        let Some(listing) = self.listing_mut(trade.instrument) else { return };
        if session.contains(now) && listing.first_print.is_none() {
            listing.first_print = Some(trade.price);
        }
        if now < session.close {
            listing.last_print = Some(trade.price);
        }
        if crossed && closing {
            self.cross(trade.instrument, Auction::Close, trade.price, out);
        } else if crossed && opening || self.rung.crossed_open && session.contains(now) {
            self.cross(trade.instrument, Auction::Open, trade.price, out);
        }
    }

    /// Fills what was collected for a cross, market orders first, and ends what it passed by.
    fn cross(&mut self, id: InstrumentId, auction: Auction, price: Price, out: &mut Vec<Report>) {
        for key in self.taking_part(id, auction) {
            self.cross_one(key, price, out);
        }
    }

    fn cross_one(&mut self, key: OrderKey, price: Price, out: &mut Vec<Report>) {
        // A fill before may have ended or reduced it: its group.
        let Some(order) = self.order(key).copied() else { return };
        if order.accepts(price) && order.open() > 0 {
            self.fill(key, order.open(), price, Liquidity::Removed, out);
        }
        if self.order(key).is_some() {
            self.end(key, CancelReason::Expired, out);
        }
    }

    /// Orders collected for a cross of the session, market orders first, then in order of arrival.
    fn taking_part(&self, id: InstrumentId, auction: Auction) -> Vec<OrderKey> {
        let Some(listing) = self.listing(id).filter(|listing| !listing.halted) else { return Vec::new() };
        let mut keys: Vec<_> = listing
            .live
            .iter()
            .filter(|order| self.takes_part(order, auction))
            .map(|order| (order.kind.limit().is_some(), order.key))
            .collect();
        keys.sort_by_key(|(limited, _)| *limited);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// Whether an order that is collected is for the cross of this session, not of the next.
    fn takes_part(&self, order: &LiveOrder, auction: Auction) -> bool {
        let bell = self.session.map(|session| match auction {
            Auction::Open => session.open,
            Auction::Close => session.close,
        });
        order.standing == Standing::Gathered
            && order.handling.auction == Some(auction)
            && bell.is_some_and(|bell| order.arrived < bell)
    }

    /// The time to wait for opening crosses is over: the first print of the session stands for each.
    pub(super) fn ring_crossed_open(&mut self, out: &mut Vec<Report>) {
        self.rung.crossed_open = true;
        for (id, first, _) in self.prints() {
            if let Some(price) = first {
                self.cross(id, Auction::Open, price, out);
            }
        }
        self.wake(out);
    }

    /// The time to wait for closing crosses is over: the last print of the session stands for each.
    pub(super) fn ring_crossed_close(&mut self, out: &mut Vec<Report>) {
        self.rung.crossed_close = true;
        for (id, _, last) in self.prints() {
            if let Some(price) = last {
                self.cross(id, Auction::Close, price, out);
            }
            // Without a price, or halted over it.
            self.pass_by(id, Auction::Close, out);
            self.pass_by(id, Auction::Open, out);
        }
        self.wake(out);
    }

    fn pass_by(&mut self, id: InstrumentId, auction: Auction, out: &mut Vec<Report>) {
        let missed: Vec<_> = self
            .listing(id)
            .map(|listing| listing.live.iter().filter(|o| self.takes_part(o, auction)).map(|o| o.key))
            .into_iter()
            .flatten()
            .collect();
        for key in missed {
            self.end(key, CancelReason::Expired, out);
        }
    }

    /// Instruments with collected orders, with their first and last print of the session.
    fn prints(&self) -> Vec<(InstrumentId, Option<Price>, Option<Price>)> {
        let mut ids: Vec<InstrumentId> = self
            .places
            .iter()
            .filter(|(key, id)| {
                self.listing(**id)
                    .and_then(|l| l.order(**key))
                    .is_some_and(|o| o.standing == Standing::Gathered)
            })
            .map(|(_, id)| *id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let of = |id: InstrumentId| self.listing(id).map(|l| (id, l.first_print, l.last_print));
        ids.into_iter().filter_map(of).collect()
    }
}
