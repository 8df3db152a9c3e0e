//! Triggers and fills.

use alphatrader_model::{Price, Quantity, TimeInForce, Trade};

use super::family::Ended;
use super::listing::works;
use super::order::{LiveOrder, OrderKey, Standing, TriggerBy};
use super::report::{CancelReason, Liquidity, Report, ReportKind};
use super::{Exchange, book};

impl Exchange {
    /// Triggers an order if its trigger is reached, and fills of it what the display allows.
    pub(super) fn work(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let open = self.is_open();
        self.start_trail(key, out);
        let Some(listing) = self.places.get(&key).and_then(|id| self.listing(*id)) else { return };
        let Some(order) = listing.order(key).filter(|order| works(order, open)) else { return };
        if listing.halted {
            return;
        }
        if order.standing == Standing::Armed {
            // A sell watches the bid, a buy the ask: the price at which it would trade.
            let touch = |side| listing.market.touch(side).map(|level| level.price);
            let watched = order.trigger_by.of_quote(touch(order.side.opposite()), touch(order.side));
            if !watched.is_some_and(|price| order.reached(price)) {
                return;
            }
            self.trigger(key, out);
        }
        self.take_display(key, out);
        self.end_of_attempt(key, out);
    }

    /// Sets the first stop of a trailing order that has just been armed, where the market is known.
    fn start_trail(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let now = self.now;
        let Some(listing) = self.places.get(&key).copied().and_then(|id| self.listing_mut(id)) else {
            return;
        };
        let Some(place) = listing.live.iter().position(|order| order.key == key) else { return };
        let (order, instrument) = (&mut listing.live[place], &listing.instrument);
        if order.handling.trail.is_none_or(|trail| trail.started) {
            return;
        }
        let touch = |side| listing.market.touch(side).map(|level| level.price);
        let watched = match order.trigger_by {
            TriggerBy::Trade => listing.last_print,
            by => by.of_quote(touch(order.side.opposite()), touch(order.side)),
        };
        if watched.is_some_and(|price| order.follow(price, |at| instrument.tick_at(at))) {
            out.push(Report { time: now, key, what: ReportKind::Trailed { kind: order.kind } });
        }
    }

    fn trigger(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let now = self.now;
        let Some(order) = self.order_mut(key) else { return };
        order.triggered = true;
        order.standing = Standing::Working;
        out.push(Report { time: now, key, what: ReportKind::Triggered });
        out.push(Report { time: now, key, what: ReportKind::Working });
    }

    /// Fills what the opposite display allows. A resting limit fills at its own price.
    fn take_display(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let Some(id) = self.places.get(&key).copied() else { return };
        if let Some(listing) = self.listing(id)
            && let Some(order) = listing.order(key)
            && (order.time_in_force == TimeInForce::FillOrKill || order.handling.all_or_none)
            && listing.market.left(order.side.opposite(), |price| order.accepts(price)) < order.open()
        {
            return;
        }
        // One level a turn; each turn empties a level or the order.
        for _ in 0..=2 * book::Market::ROWS {
            let Some(listing) = self.listing_mut(id) else { return };
            let Some(order) = listing.order(key).copied() else { return };
            let opposite = order.side.opposite();
            let Some(level) = listing.market.best_left(opposite).filter(|l| order.accepts(l.price)) else {
                return;
            };
            let quantity = order.open().min(level.size.get());
            if quantity == 0 {
                return;
            }
            listing.market.take(opposite, level.price, quantity);
            let (price, liquidity) = match (order.resting, order.kind.limit()) {
                (true, Some(limit)) => (limit, Liquidity::Added),
                _ => (level.price, Liquidity::Removed),
            };
            self.fill(key, quantity, price, liquidity, out);
        }
    }

    pub(super) fn work_on_print(
        &mut self,
        key: OrderKey,
        trade: &Trade,
        printed: &mut u64,
        out: &mut Vec<Report>,
    ) {
        let Some(order) = self.order_mut(key) else { return };
        if order.standing == Standing::Armed {
            self.trigger(key, out);
            self.take_display(key, out);
            self.end_of_attempt(key, out);
            return;
        }
        let Some(limit) = order.kind.limit() else { return };
        let own = trade.size.get() - *printed;
        let surplus = if trade.price == limit {
            let Some(ahead) = order.queue_ahead else { return };
            order.printed = Quantity::new(order.printed.get() + trade.size.get());
            order.queue_ahead = Some(ahead.saturating_sub(trade.size));
            trade.size.get().saturating_sub(ahead.get())
        } else {
            trade.size.get()
        };
        let quantity = surplus.saturating_sub(own).min(order.open());
        let whole = !order.handling.all_or_none || quantity == order.open();
        if quantity > 0 && whole {
            *printed -= quantity;
            self.fill(key, quantity, limit, Liquidity::Added, out);
        }
    }

    /// What an attempt left: the rest of an immediate order goes, the rest of a limit rests.
    fn end_of_attempt(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let Some(id) = self.places.get(&key).copied() else { return };
        let Some(listing) = self.listing_mut(id) else { return };
        let Some(order) = listing.order(key).copied() else { return };
        match order.time_in_force {
            TimeInForce::ImmediateOrCancel => self.end(key, CancelReason::Immediate, out),
            TimeInForce::FillOrKill => self.end(key, CancelReason::Killed, out),
            TimeInForce::Day | TimeInForce::GoodTillCancelled => listing.join_queue(key),
        }
    }

    pub(super) fn order_mut(&mut self, key: OrderKey) -> Option<&mut LiveOrder> {
        let id = *self.places.get(&key)?;
        self.listing_mut(id)?.order_mut(key)
    }

    /// One execution, and what follows from it for the order's family.
    pub(super) fn fill(
        &mut self,
        key: OrderKey,
        quantity: u64,
        price: Price,
        liquidity: Liquidity,
        out: &mut Vec<Report>,
    ) {
        let order = self.order_mut(key).expect("only live orders are filled");
        let filled = order.filled.get() + quantity;
        assert!(quantity > 0 && filled <= order.quantity.get(), "{key:?} would fill more than its quantity");
        assert!(order.accepts(price), "{key:?} would fill at {price}, worse than its limit");
        order.filled = Quantity::new(filled);
        let order = *order;
        let what = ReportKind::Fill {
            quantity: Quantity::new(quantity),
            price,
            liquidity,
            filled: order.filled,
            remaining: order.remaining(),
        };
        out.push(Report { time: self.now, key, what });
        if order.remaining().is_zero() {
            self.remove(key);
        }
        self.spread_fill(&order, quantity, out);
    }

    /// Takes an order out of the market and remembers that it ended.
    fn remove(&mut self, key: OrderKey) -> Option<LiveOrder> {
        let id = self.places.remove(&key)?;
        let order = self.listing_mut(id)?.remove(key)?;
        self.clear_alarms(&order);
        if self.ended_order.len() == Self::REMEMBERED
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        self.ended.insert(key, Ended::new(&order));
        self.ended_order.push_back(key);
        Some(order)
    }

    /// Ends an order without its being filled whole.
    pub(super) fn end(&mut self, key: OrderKey, reason: CancelReason, out: &mut Vec<Report>) {
        let Some(order) = self.remove(key) else { return };
        let what = ReportKind::Cancelled { reason, filled: order.filled };
        out.push(Report { time: self.now, key, what });
        self.spread_end(&order, out);
    }
}
