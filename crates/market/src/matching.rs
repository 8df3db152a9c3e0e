//! A price-time matching engine for our own orders against a market that others made, recorded or
//! synthetic.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`order`] | orders on their way in, and as they stand |
//! | [`report`] | what the engine says |
//! | `book` | what the market displays, less what our fills took |
//! | `listing` | one instrument: its market and the orders on it |
//! | `filling` | triggers and fills |
//! | `family` | parents, children and one-cancels-all groups |
//! | `admission` | arrivals: what is refused, changed, cancelled |
//! | [`handling`] | trailing stops, crosses, times, what else an order may ask |
//! | [`queue`] | where a resting limit stands in its queue |
//! | `auction` | the opening and the closing cross |
//! | `clock` | bells and alarms |
//!
//! Rules of filling, all on the careful side:
//! - What is marketable takes displayed size at its price: the touch, then deeper rows of the book
//!   where there is one. What is left takes again when the next quote comes.
//! - A resting limit fills at its own price when the opposite quote reaches it (up to the size
//!   displayed), when a print goes through it (up to the size printed), or when prints at its price
//!   have used up the size that stood there when it joined.
//! - How far a resting limit advances when others cancel is a [`QueueModel`]'s guess: by default the
//!   careful one, in which who cancels stood behind.
//! - Inside the session only, unless the order says otherwise; never while the instrument is halted.
//! - What is for a cross fills whole at the price of the cross.
//! - At one instant the market moves first, then orders arrive.

mod admission;
mod auction;
mod book;
mod clock;
mod family;
mod filling;
pub mod handling;
mod listing;
pub mod order;
pub mod queue;
pub mod report;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use alphatrader_model::market::{Stream, TradeFlags};
use alphatrader_model::{
    Contract, Instrument, InstrumentId, OrderKind, Payload, Price, Quantity, Quote, Session, Side, Span,
    TimeInForce, Timestamp, Trade,
};

use admission::Arrival;
pub use admission::RestoreError;
use clock::Rung;
use family::{Ended, Families};
pub use handling::{Auction, Handling, Trail, TrailBy};
use listing::Listing;
pub use order::{Group, GroupRule, LiveOrder, NewOrder, OrderKey, Standing, TriggerBy};
pub use queue::{QueueLaw, QueueModel};
pub use report::{CancelReason, Cause, Liquidity, Report, ReportKind};
use thiserror::Error;

use crate::random::{Random, mix};

/// What a matching engine is told once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MatchingConfig {
    /// What becomes of a resting order's place when others cancel.
    pub queue: QueueModel,
    /// Orders for the closing cross are refused this long before the close.
    pub closing_cutoff: Span,
    /// Orders for the opening cross are refused this long before the open.
    pub opening_cutoff: Span,
    /// How long after its bell a cross may be printed before the prints of the session stand for it.
    pub cross_patience: Span,
    /// Seed of what chance decides.
    pub seed: u64,
}

impl Default for MatchingConfig {
    /// The careful queue; ten minutes before the close, two before the open (the exchanges' own).
    fn default() -> Self {
        Self {
            queue: QueueModel::Conservative,
            closing_cutoff: Span::from_minutes(10),
            opening_cutoff: Span::from_minutes(2),
            cross_patience: Span::from_seconds(10),
            seed: 0,
        }
    }
}

/// A change of a live order: new total quantity (filled part included) and terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which order.
    pub key: OrderKey,
    /// How much in all, the filled part included.
    pub quantity: Quantity,
    /// How.
    pub kind: OrderKind,
    /// What it asks beyond its kind from here on; absent: as before. A cross, once asked, stays.
    pub handling: Option<Handling>,
    /// How long from here on; absent: as before.
    pub time_in_force: Option<TimeInForce>,
}

impl Change {
    /// A change of quantity and kind alone.
    pub const fn new(key: OrderKey, quantity: Quantity, kind: OrderKind) -> Self {
        Self { key, quantity, kind, handling: None, time_in_force: None }
    }
}

/// The matching engine: all instruments, all orders, one exchange clock.
///
/// The caller gives market events in exchange time and orders with the instant at which they arrive;
/// reports carry exchange time. Pure: the same calls give the same reports.
#[derive(Debug, Clone)]
pub struct Exchange {
    config: MatchingConfig,
    random: Random,
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
    /// When orders begin or end by themselves.
    alarms: BTreeSet<(Timestamp, OrderKey)>,
    count: u64,
    /// What ended, newest last; at most [`Exchange::REMEMBERED`].
    ended: BTreeMap<OrderKey, Ended>,
    ended_order: VecDeque<OrderKey>,
    /// Scratch of a matching round, empty between calls.
    wanting: Vec<OrderKey>,
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

    /// An exchange without instruments and without a session, with the default configuration.
    pub fn new() -> Self {
        Self::with(MatchingConfig::default())
    }

    /// An exchange without instruments and without a session.
    pub fn with(config: MatchingConfig) -> Self {
        Self {
            random: Random::new(mix(&[config.seed, 0x0071_7565_7565])),
            config,
            now: Timestamp::default(),
            session: None,
            rung: Rung::default(),
            listings: Vec::new(),
            names: BTreeMap::new(),
            places: BTreeMap::new(),
            families: Families::default(),
            arrivals: BTreeMap::new(),
            alarms: BTreeSet::new(),
            count: 0,
            ended: BTreeMap::new(),
            ended_order: VecDeque::new(),
            wanting: Vec::new(),
        }
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

    /// When the next order, change or cancel arrives, or an order begins or ends by its own time.
    pub fn next_arrival(&self) -> Option<Timestamp> {
        let arrival = self.arrivals.keys().next().map(|(time, _)| *time);
        let alarm = self.alarms.first().map(|(time, _)| *time);
        [arrival, alarm].into_iter().flatten().min()
    }

    /// Stops trading in an instrument, or lets it go on. Orders are taken and cancelled meanwhile;
    /// what must trade at once ends.
    pub fn halt(&mut self, id: InstrumentId, halted: bool, out: &mut Vec<Report>) {
        if let Some(listing) = self.listing_mut(id) {
            listing.halted = halted;
            self.on_display(id, out);
        }
    }

    /// Whether trading in an instrument is stopped.
    pub fn is_halted(&self, id: InstrumentId) -> bool {
        self.listing(id).is_some_and(|listing| listing.halted)
    }

    /// Lets an order fill up to `quantity` in all for now: what works an order in slices.
    pub fn pace(&mut self, key: OrderKey, quantity: Quantity, out: &mut Vec<Report>) {
        if let Some(order) = self.order_mut(key) {
            order.handling.paced = Some(quantity);
            self.work(key, out);
            self.wake(out);
        }
    }

    /// What is left of the touch of a side, less what our fills took.
    pub fn left(&self, id: InstrumentId, side: Side) -> Option<alphatrader_model::market::Level> {
        self.listing(id)?.market.best_left(side)
    }

    /// A trade outside the engine took `quantity` of a side at `price`: a leg of a combination.
    pub fn take(&mut self, id: InstrumentId, side: Side, price: Price, quantity: Quantity) {
        if let Some(listing) = self.listing_mut(id) {
            listing.market.take(side, price, quantity.get());
        }
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
        let (open, now, queue) = (self.is_open(), self.now, self.config.queue);
        let mut wanting = core::mem::take(&mut self.wanting);
        if let Some(listing) = self.listings.get_mut(id.0 as usize).and_then(Option::as_deref_mut)
            && !listing.live.is_empty()
            && !listing.halted
        {
            listing.trail(open, now, None, out);
            listing.want_of_display(open, queue, &mut self.random, &mut wanting);
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
        let (open, now) = (self.is_open(), self.now);
        if NO_PRICE.iter().any(|flag| trade.flags.contains(*flag)) {
            return;
        }
        let mut wanting = core::mem::take(&mut self.wanting);
        self.on_cross_print(trade, out);
        if let Some(listing) = self.listing_mut(trade.instrument)
            && !listing.live.is_empty()
            && !listing.halted
        {
            listing.trail(open, now, Some(trade.price), out);
            listing.want_of_print(open, trade, &mut wanting);
        }
        let mut printed = trade.size.get();
        for key in wanting.drain(..) {
            self.work_on_print(key, trade, &mut printed, out);
        }
        self.wanting = wanting;
        self.wake(out);
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
