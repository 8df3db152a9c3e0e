//! A price-time matching engine for our own orders against a market that others made, recorded or
//! synthetic.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`order`] | orders on their way in, and as they stand |
//! | [`report`] | what the engine says |
//! | `book` | what the market displays, less what our fills took |
//! | `listing` | one instrument: its market and the orders on it |
//! | `family` | parents, children and one-cancels-all groups |
//! | `admission` | arrivals: what is refused, changed, cancelled |
//!
//! Rules of filling, all on the careful side:
//! - What is marketable takes displayed size at its price: the touch, then deeper rows of the book
//!   where there is one. What is left takes again when the next quote comes.
//! - A resting limit fills at its own price when the opposite quote reaches it (up to the size
//!   displayed), when a print goes through it (up to the size printed), or when prints at its price
//!   have used up the size that stood there when it joined.
//! - Inside the session only, unless the order says otherwise.
//! - At one instant the market moves first, then orders arrive.

mod admission;
mod book;
mod family;
mod listing;
pub mod order;
pub mod report;

use std::collections::{BTreeMap, VecDeque};

use alphatrader_model::market::{Stream, TradeFlags};
use alphatrader_model::{
    Contract, Instrument, InstrumentId, OrderKind, Payload, Price, Quantity, Quote, Session, Side,
    TimeInForce, Timestamp, Trade,
};

use admission::Arrival;
pub use admission::RestoreError;
use family::{Ended, Families};
use listing::{Listing, works};
pub use order::{Group, GroupRule, LiveOrder, NewOrder, OrderKey, Standing, TriggerBy};
pub use report::{CancelReason, Cause, Liquidity, Report, ReportKind};
use thiserror::Error;

/// A change of a live order: new total quantity (filled part included) and terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which order.
    pub key: OrderKey,
    /// How much in all, the filled part included.
    pub quantity: Quantity,
    /// How.
    pub kind: OrderKind,
}

/// The matching engine: all instruments, all orders, one exchange clock.
///
/// The caller gives market events in exchange time and orders with the instant at which they arrive;
/// reports carry exchange time. Pure: the same calls give the same reports.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    now: Timestamp,
    session: Option<Session>,
    rung: Rung,
    /// By [`InstrumentId`].
    listings: Vec<Option<Box<Listing>>>,
    names: BTreeMap<Contract, InstrumentId>,
    /// Where each live order is.
    places: BTreeMap<OrderKey, InstrumentId>,
    families: Families,
    arrivals: BTreeMap<(Timestamp, u64), Arrival>,
    count: u64,
    /// What ended, newest last; at most [`Exchange::REMEMBERED`].
    ended: BTreeMap<OrderKey, Ended>,
    ended_order: VecDeque<OrderKey>,
    /// Scratch of a matching round, empty between calls.
    wanting: Vec<OrderKey>,
}

/// Which bells of the session were rung.
#[derive(Debug, Clone, Copy, Default)]
struct Rung {
    open: bool,
    close: bool,
    night: bool,
}

/// Too much is on its way: [`Exchange::MAX_ARRIVALS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "{} orders, changes and cancels are on their way to the exchange already: let some arrive first",
    Exchange::MAX_ARRIVALS
)]
pub struct Full;

impl Exchange {
    /// Most live orders; the next is rejected.
    pub const MAX_LIVE: usize = 10_000;
    /// Most orders, changes and cancels on their way; the next is [`Full`].
    pub const MAX_ARRIVALS: usize = 20_000;
    /// Highest instrument number; higher ones are not listed.
    pub const MAX_INSTRUMENTS: u32 = 1 << 20;
    /// Ended orders remembered, so that a key or a parent that ended is known as such.
    pub const REMEMBERED: usize = 20_000;

    /// An exchange without instruments and without a session.
    pub fn new() -> Self {
        Self::default()
    }

    /// The exchange's clock: the latest instant it was told of.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Today's session, once known.
    pub const fn session(&self) -> Option<Session> {
        self.session
    }

    /// A listed instrument.
    pub fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.listing(id).map(|listing| &listing.instrument)
    }

    /// The number of a listed contract.
    pub fn find(&self, contract: &Contract) -> Option<InstrumentId> {
        self.names.get(contract).copied()
    }

    /// The market as it was last told, without what our fills took.
    pub fn quote(&self, id: InstrumentId) -> Option<Quote> {
        let market = &self.listing(id)?.market;
        let quote = Quote { instrument: id, bid: market.touch(Side::Buy), ask: market.touch(Side::Sell) };
        (quote.bid.is_some() || quote.ask.is_some()).then_some(quote)
    }

    /// A live order.
    pub fn order(&self, key: OrderKey) -> Option<&LiveOrder> {
        self.listing(*self.places.get(&key)?)?.order(key)
    }

    /// All live orders, by key.
    pub fn orders(&self) -> impl Iterator<Item = &LiveOrder> {
        self.places.keys().filter_map(|key| self.order(*key))
    }

    /// Whether any order lives.
    pub fn has_orders(&self) -> bool {
        !self.places.is_empty()
    }

    /// When the next order, change or cancel arrives.
    pub fn next_arrival(&self) -> Option<Timestamp> {
        self.arrivals.keys().next().map(|(time, _)| *time)
    }

    /// Sends an order that arrives at `arrives_at`.
    ///
    /// # Errors
    /// [`Full`].
    pub fn submit(&mut self, arrives_at: Timestamp, order: NewOrder) -> Result<(), Full> {
        self.send(arrives_at, Arrival::Submit(order))
    }

    /// Sends a change that arrives at `arrives_at`. A higher price, a lower price or a larger size
    /// loses the place in the queue; a smaller size keeps it.
    ///
    /// # Errors
    /// [`Full`].
    pub fn change(&mut self, arrives_at: Timestamp, change: Change) -> Result<(), Full> {
        self.send(arrives_at, Arrival::Change(change))
    }

    /// Sends a cancel that arrives at `arrives_at`.
    ///
    /// # Errors
    /// [`Full`].
    pub fn cancel(&mut self, arrives_at: Timestamp, key: OrderKey) -> Result<(), Full> {
        self.send(arrives_at, Arrival::Cancel(key))
    }

    fn send(&mut self, at: Timestamp, arrival: Arrival) -> Result<(), Full> {
        if self.arrivals.len() == Self::MAX_ARRIVALS {
            return Err(Full);
        }
        self.count += 1;
        self.arrivals.insert((at, self.count), arrival);
        Ok(())
    }

    /// Moves the clock to `to`: everything that arrives up to and at it arrives, bells ring.
    pub fn advance(&mut self, to: Timestamp, out: &mut Vec<Report>) {
        self.run(to, true, out);
        self.now = self.now.max(to);
    }

    /// The market moves at `at`: an instant not before the clock (an earlier one counts as now).
    /// What arrives before `at` arrives first, what arrives at `at` comes after.
    pub fn on_market(&mut self, at: Timestamp, payload: &Payload, out: &mut Vec<Report>) {
        self.run(at, false, out);
        self.now = self.now.max(at);
        match payload {
            Payload::Session(session) => self.begin_session(*session, out),
            Payload::Instrument(instrument) => self.list(instrument),
            Payload::Quote(quote) => self.on_quote(quote, out),
            Payload::Trade(trade) => self.on_trade(trade, out),
            Payload::Depth(depth) => {
                if let Some(listing) = self.listing_mut(depth.instrument) {
                    listing.market.on_depth(depth);
                    self.on_display(depth.instrument, out);
                }
            }
            Payload::Gap(gap) => {
                if let Some(listing) = self.listing_mut(gap.instrument) {
                    match gap.stream {
                        Stream::Quotes => listing.market.forget_quote(),
                        Stream::Depth => listing.market.forget_rows(),
                        Stream::Trades | Stream::Bars => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn listing(&self, id: InstrumentId) -> Option<&Listing> {
        self.listings.get(id.0 as usize)?.as_deref()
    }

    fn listing_mut(&mut self, id: InstrumentId) -> Option<&mut Listing> {
        self.listings.get_mut(id.0 as usize)?.as_deref_mut()
    }

    fn list(&mut self, instrument: &Instrument) {
        let place = instrument.id.0 as usize;
        if instrument.id.0 >= Self::MAX_INSTRUMENTS {
            return;
        }
        if self.listings.len() <= place {
            self.listings.resize_with(place + 1, || None);
        }
        match &mut self.listings[place] {
            Some(listing) => listing.instrument = instrument.clone(),
            empty => *empty = Some(Box::new(Listing::new(instrument.clone()))),
        }
        self.names.insert(instrument.contract, instrument.id);
    }

    /// Whether orders for the session trade now.
    pub fn is_open(&self) -> bool {
        self.session.is_some_and(|session| session.contains(self.now))
    }

    fn on_quote(&mut self, quote: &Quote, out: &mut Vec<Report>) {
        if let Some(listing) = self.listing_mut(quote.instrument) {
            listing.market.on_quote(quote);
            self.on_display(quote.instrument, out);
        }
    }

    /// The displayed market of an instrument changed.
    fn on_display(&mut self, id: InstrumentId, out: &mut Vec<Report>) {
        let open = self.is_open();
        let mut wanting = core::mem::take(&mut self.wanting);
        if let Some(listing) = self.listing_mut(id)
            && !listing.live.is_empty()
        {
            listing.want_of_display(open, &mut wanting);
        }
        for key in wanting.drain(..) {
            self.work(key, out);
        }
        self.wanting = wanting;
        self.wake(out);
    }

    fn on_trade(&mut self, trade: &Trade, out: &mut Vec<Report>) {
        const NO_PRICE: [TradeFlags; 3] =
            [TradeFlags::NOT_LAST, TradeFlags::OUT_OF_SEQUENCE, TradeFlags::SUSPICIOUS];
        let open = self.is_open();
        let mut wanting = core::mem::take(&mut self.wanting);
        if let Some(listing) = self.listing(trade.instrument)
            && !listing.live.is_empty()
            && !NO_PRICE.iter().any(|flag| trade.flags.contains(*flag))
        {
            listing.want_of_print(open, trade, &mut wanting);
        }
        let mut printed = trade.size.get();
        for key in wanting.drain(..) {
            self.work_on_print(key, trade, &mut printed, out);
        }
        self.wanting = wanting;
        self.wake(out);
    }

    /// Triggers an order if its trigger is reached, and fills of it what the display allows.
    fn work(&mut self, key: OrderKey, out: &mut Vec<Report>) {
        let open = self.is_open();
        let Some(listing) = self.places.get(&key).and_then(|id| self.listing(*id)) else { return };
        let Some(order) = listing.order(key).filter(|order| works(order, open)) else { return };
        if order.standing == Standing::Armed {
            // A sell watches the bid, a buy the ask: the price at which it would trade.
            let watched = listing.market.touch(order.side.opposite());
            if order.trigger_by != TriggerBy::Quote || !watched.is_some_and(|l| order.reached(l.price)) {
                return;
            }
            self.trigger(key, out);
        }
        self.take_display(key, out);
        self.end_of_attempt(key, out);
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
            && order.time_in_force == TimeInForce::FillOrKill
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

    fn work_on_print(&mut self, key: OrderKey, trade: &Trade, printed: &mut u64, out: &mut Vec<Report>) {
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
            order.queue_ahead = Some(ahead.saturating_sub(trade.size));
            trade.size.get().saturating_sub(ahead.get())
        } else {
            trade.size.get()
        };
        let quantity = surplus.saturating_sub(own).min(order.open());
        if quantity > 0 {
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

    fn order_mut(&mut self, key: OrderKey) -> Option<&mut LiveOrder> {
        let id = *self.places.get(&key)?;
        self.listing_mut(id)?.order_mut(key)
    }

    /// One execution, and what follows from it for the order's family.
    fn fill(
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
        if self.ended_order.len() == Self::REMEMBERED
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        self.ended.insert(key, Ended::new(order));
        self.ended_order.push_back(key);
        Some(order)
    }

    /// Ends an order without its being filled whole.
    fn end(&mut self, key: OrderKey, reason: CancelReason, out: &mut Vec<Report>) {
        let Some(order) = self.remove(key) else { return };
        let what = ReportKind::Cancelled { reason, filled: order.filled };
        out.push(Report { time: self.now, key, what });
        self.spread_end(&order, out);
    }
}

#[cfg(test)]
mod tests;
