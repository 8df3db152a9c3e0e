//! A synthetic market in one ETF and its options: quotes, prints with their aggressor, a ten-row
//! book, a chain. Seeded: a day is a function of seed and date, so it can be made again and run
//! forward to any time.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `path` | where the price goes: the latent path of a day |
//! | `flow` | who comes to trade: rates, sides, sizes |
//! | `ladder` | the ten-row book and its edits |
//!
//! The book follows the latent path: the queue that the path leans on grows thin, the touch moves
//! when the path has crossed it. The order flow leans the same way, so that breaks come with
//! agreeing flow. No strategy should be judged by what it earns here.

mod flow;
mod ladder;
mod path;

use alphatrader_model::market::TradeFlags;
use alphatrader_model::{
    Calendar, Contract, Depth, Input, Instrument, InstrumentId, Payload, Price, Quantity, Quote, Session,
    Side, Span, Symbol, Timestamp, Trade, Venue,
};

use crate::chain::{ChainConfig, ChainOverlay};
use crate::random::{Random, mix};
use flow::Flow;
use ladder::{Ladder, ROWS, VENUES};
use path::Path;

/// What a synthetic market is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticConfig {
    /// Seed of everything.
    pub seed: u64,
    /// The underlying's symbol.
    pub symbol: Symbol,
    /// Its number.
    pub underlying_id: InstrumentId,
    /// The first option's number; the others follow.
    pub first_option_id: InstrumentId,
    /// The price that anchors stay within 7 % of.
    pub base_price: Price,
    /// Whether there is an option chain.
    pub with_chain: bool,
}

impl SyntheticConfig {
    /// SPY around 600 dollars, number 0, with a chain whose numbers begin at 1.
    pub fn spy(seed: u64) -> Self {
        Self {
            seed,
            symbol: Symbol::new("SPY").expect("SPY is a symbol"),
            underlying_id: InstrumentId(0),
            first_option_id: InstrumentId(1),
            base_price: Price::from_cents(60_000),
            with_chain: true,
        }
    }
}

/// One day of a synthetic market, event by event in time order, from the open to the close.
/// `ts_recv` repeats `ts_event`.
#[derive(Debug, Clone)]
pub struct SyntheticMarket {
    config: SyntheticConfig,
    session: Session,
    random: Random,
    path: Path,
    flow: Flow,
    bids: Ladder,
    asks: Ladder,
    venues: [Venue; VENUES.len()],
    /// When the next thing happens to the underlying.
    at: Timestamp,
    /// The touch is off the path: the next event repairs it.
    repairing: bool,
    began: bool,
    chain: Option<ChainOverlay>,
    /// Made and not yet handed over: `made[given..]`.
    made: Vec<Input>,
    given: usize,
}

impl SyntheticMarket {
    /// Mean size of the touch where the path is in the middle, shares.
    const TOUCH: f64 = 13_400.0;
    /// How far the path goes beyond the touch before the touch follows, cents.
    const SLACK: f64 = 0.25;
    /// Mean time that a gap in the quotes lasts, seconds.
    const REPAIR: f64 = 0.006;

    /// The market of a session.
    pub fn new(config: SyntheticConfig, session: Session) -> Self {
        let calendar = Calendar::xnys();
        let (previous, next) = (calendar.previous_session(session.date), calendar.next_session(session.date));
        let mut random = Random::new(mix(&[config.seed, path::number(&session), 4]));
        let base = config.base_price.to_f64() * 100.0;
        let mut path = Path::new(config.seed, &session, &previous, base);
        let venues = VENUES.map(|name| Venue::new(name).expect("venues are symbols"));
        let bid = path.at(session.open).floor() as i64;
        let mut sizes = || core::array::from_fn(|row| Flow::row_size(mean_size(row), &mut random));
        let bids = Ladder::new(config.underlying_id, Side::Buy, bid, sizes(), venues[0]);
        let asks = Ladder::new(config.underlying_id, Side::Sell, bid + 1, sizes(), venues[1]);
        let chain = config.with_chain.then(|| {
            let chain =
                ChainConfig::new(config.symbol, config.underlying_id, config.first_option_id, config.seed);
            ChainOverlay::new(chain, session, next)
        });
        Self {
            flow: Flow::new(session),
            at: session.open,
            repairing: false,
            began: false,
            made: Vec::with_capacity(1_024),
            given: 0,
            config,
            session,
            random,
            path,
            bids,
            asks,
            venues,
            chain,
        }
    }

    /// The session.
    pub const fn session(&self) -> Session {
        self.session
    }

    /// When the next event happens; nothing after the last.
    pub fn peek_time(&mut self) -> Option<Timestamp> {
        if self.given == self.made.len() {
            self.make();
        }
        self.made.get(self.given).map(|input| input.ts_event)
    }

    /// Makes the next events, unless the day is over.
    fn make(&mut self) {
        self.made.clear();
        self.given = 0;
        if !self.began {
            self.began = true;
            self.open();
            self.schedule();
            return;
        }
        while self.made.is_empty() && self.at < self.session.close {
            self.tell_chain_until(self.at);
            let first = self.made.len();
            self.happen();
            self.tell_chain_of(first);
            self.schedule();
        }
        if self.made.is_empty() {
            self.tell_chain_until(self.session.close - Span::from_nanos(1));
        }
    }

    fn tell_chain_until(&mut self, at: Timestamp) {
        if let Some(chain) = &mut self.chain {
            chain.advance(at, &mut self.made);
        }
    }

    /// Lets the chain hear what was made from place `first` on. Only the last quote of an instant
    /// counts: the others were never in force.
    fn tell_chain_of(&mut self, first: usize) {
        let Some(chain) = &mut self.chain else { return };
        let last = self.made[first..].iter().rposition(|input| matches!(input.payload, Payload::Quote(_)));
        if let Some(place) = last {
            let quote = self.made[first + place].clone();
            chain.on(&quote, &mut self.made);
        }
    }

    fn push(&mut self, payload: Payload) {
        self.made.push(Input { ts_event: self.at, ts_recv: self.at, payload });
    }

    /// Session, instrument, book, quote and the opening cross.
    fn open(&mut self) {
        self.push(Payload::Session(self.session));
        let instrument = Instrument {
            id: self.config.underlying_id,
            contract: Contract::Stock(self.config.symbol),
            underlying: self.config.symbol,
            multiplier: 1,
            tick: Price::CENT,
            tick_above: Price::CENT,
            tick_break: Price::CENT,
            expires: None,
            con_id: None,
            synthetic: true,
        };
        self.push(Payload::Instrument(Box::new(instrument)));
        let rows: Vec<Depth> = self.bids.build().chain(self.asks.build()).collect();
        self.push_rows(&rows);
        let first = self.made.len();
        self.push_quote();
        let size = 400_000 + 100 * self.random.below(6_000);
        let cross = self.print(self.bids.touch, size, None, TradeFlags::AUCTION);
        self.push(cross);
        self.tell_chain_of(first);
    }

    fn push_rows(&mut self, rows: &[Depth]) {
        for row in rows {
            self.push(Payload::Depth(*row));
        }
    }

    fn push_quote(&mut self) {
        let quote = Quote {
            instrument: self.config.underlying_id,
            bid: Some(self.bids.level()),
            ask: Some(self.asks.level()),
        };
        self.push(Payload::Quote(quote));
    }

    fn print(&mut self, cents: i64, size: u64, aggressor: Option<Side>, flags: TradeFlags) -> Payload {
        let flags = if size < 100 { flags.with(TradeFlags::ODD_LOT) } else { flags };
        Payload::Trade(Trade {
            instrument: self.config.underlying_id,
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            aggressor,
            venue: Some(self.venue()),
            flags,
        })
    }

    fn venue(&mut self) -> Venue {
        self.venues[self.random.below(VENUES.len() as u64) as usize]
    }

    fn ladder(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Says when the next thing happens: soon where the touch must be repaired or must follow the
    /// path, else when the flow says.
    fn schedule(&mut self) {
        if self.flow.is_due(self.at) {
            let trend = self.path.trend(self.at);
            self.flow.refresh(self.at, trend, &mut self.random);
        }
        let fair = self.path.at(self.at);
        self.repairing = self.asks.touch - self.bids.touch > 1 || self.is_off(fair);
        let mean = if self.repairing { Self::REPAIR } else { 1.0 / self.flow.rate() };
        let wait = Span::from_nanos(1 + (mean * self.random.exponential() * 1e9) as i64);
        self.at = self.at + wait;
    }

    fn is_off(&self, fair: f64) -> bool {
        fair > self.asks.touch as f64 + Self::SLACK || fair < self.bids.touch as f64 - Self::SLACK
    }

    fn happen(&mut self) {
        let fair = self.path.at(self.at);
        if self.repairing {
            self.repair(fair);
        } else if self.flow.is_order(&mut self.random) {
            let side = self.flow.side(&mut self.random);
            let sweep = self.random.chance(0.004);
            let size = Flow::size(&mut self.random);
            self.trade(side, if sweep { size * 20 } else { size }, sweep);
        } else {
            self.change(fair);
        }
    }

    /// A gap is filled from the side that the path is on; a touch that the path crossed goes, taken
    /// by an order or cancelled.
    fn repair(&mut self, fair: f64) {
        if self.asks.touch - self.bids.touch > 1 {
            let middle = 0.5 * (self.asks.touch + self.bids.touch) as f64;
            let side = if fair >= middle { Side::Buy } else { Side::Sell };
            let size = Flow::row_size(0.6 * Self::TOUCH, &mut self.random);
            let venue = self.venue();
            let rows = self.ladder(side).improve(size, venue);
            self.push_rows(&rows);
            self.push_quote();
        } else if self.is_off(fair) {
            let aggressor = if fair > self.asks.touch as f64 { Side::Buy } else { Side::Sell };
            let left = self.ladder(aggressor.opposite()).sizes[0];
            if left <= 3_000 && self.random.chance(0.7) {
                self.trade(aggressor, left, false);
            } else {
                self.recede(aggressor.opposite());
                self.push_quote();
            }
        }
    }

    /// The touch of a side goes.
    fn recede(&mut self, side: Side) {
        let size = Flow::row_size(mean_size(ROWS - 1), &mut self.random);
        let venue = self.venue();
        let rows = self.ladder(side).recede(size, venue);
        self.push_rows(&rows);
    }

    /// A marketable order. A sweep goes through rows, any other takes what the touch has at most.
    fn trade(&mut self, aggressor: Side, size: u64, sweep: bool) {
        let book = aggressor.opposite();
        let flags = if sweep { TradeFlags::SWEEP } else { TradeFlags::NONE };
        let mut left = size;
        for _ in 0..ROWS / 2 {
            let ladder = self.ladder(book);
            let (price, shown) = (ladder.touch, ladder.sizes[0]);
            let taken = left.min(shown);
            left -= taken;
            let print = self.print(price, taken, Some(aggressor), flags);
            self.push(print);
            if taken < shown {
                let row = self.ladder(book).resize(0, shown - taken);
                self.push_rows(&[row]);
            } else {
                self.recede(book);
            }
            if left == 0 || !sweep {
                break;
            }
        }
        self.push_quote();
    }

    /// A row changes its size.
    fn change(&mut self, fair: f64) {
        let side = if self.random.chance(0.5) { Side::Buy } else { Side::Sell };
        // Near rows change more often: half of all changes are at the touch.
        let row = if self.random.chance(0.5) { 0 } else { 1 + self.random.below(ROWS as u64 - 1) as usize };
        let mut mean = mean_size(row);
        if row == 0 {
            mean *= self.pressure(side, fair);
        }
        let old = self.ladder(side).sizes[row];
        let wanted = Flow::row_size(mean, &mut self.random);
        // Part of the queue is replaced; round lots stay round lots.
        let size = (old + wanted) / 200 * 100;
        let size = size.max(100);
        if size != old {
            let edit = self.ladder(side).resize(row, size);
            self.push_rows(&[edit]);
            if row == 0 {
                self.push_quote();
            }
        }
    }

    /// How thick the touch of a side is: thin where the path comes near it, thicker behind a trend.
    fn pressure(&self, side: Side, fair: f64) -> f64 {
        let (distance, lean) = match side {
            Side::Buy => (fair - self.bids.touch as f64, self.flow.lean),
            Side::Sell => (self.asks.touch as f64 - fair, -self.flow.lean),
        };
        let near = ((distance + Self::SLACK) / (1.0 + 2.0 * Self::SLACK)).clamp(0.0, 1.0);
        (0.12 + 1.1 * near) * (1.0 + 0.45 * lean)
    }
}

impl Iterator for SyntheticMarket {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        self.peek_time()?;
        self.given += 1;
        let place = &mut self.made[self.given - 1];
        let (ts_event, ts_recv) = (place.ts_event, place.ts_recv);
        Some(Input { ts_event, ts_recv, payload: core::mem::replace(&mut place.payload, Payload::Timer) })
    }
}

/// Mean size of a row, shares.
fn mean_size(row: usize) -> f64 {
    const SHAPE: [f64; ROWS] = [1.0, 1.35, 1.5, 1.5, 1.4, 1.3, 1.25, 1.2, 1.1, 1.1];
    SyntheticMarket::TOUCH * SHAPE[row]
}
