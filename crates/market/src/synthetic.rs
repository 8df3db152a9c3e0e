//! A synthetic market: quotes, prints with their aggressor, ten-row books, option chains, news, halts.
//! Seeded: a day is a function of seed and date, so it can be made again and run forward to any time,
//! and no earlier day has to be made for it.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`universe`] | the whole market: thirteen symbols with full chains, one stream in order of time |
//! | [`chronicle`] | what is known beside the stream: news, halts, bars of any day |
//! | [`profile`] | the symbols: what moves each, how it trades |
//! | [`days`] | the years, a day at a time: opens, closes, volatility |
//! | `path` | where prices go inside a day |
//! | `flow` | who comes to trade: times, sides, sizes |
//! | `stock` | a symbol's session: crosses, book, prints, halts |
//! | `ladder` | one side of a ten-row book and its edits |
//! | [`statistics`] | what the market measures like, beside what was measured |
//!
//! [`SyntheticMarket`] is one symbol with the two nearest expiries, for the core's tests and for
//! replays; its underlying's events are those of the same symbol in the whole market. No strategy
//! should be judged by what it earns here. How each statistic is made, and how near it comes to the
//! measured one, is in `docs/synthetic-market.md`.

pub mod chronicle;
pub mod days;
mod flow;
mod ladder;
mod path;
pub mod profile;
pub mod statistics;
mod stock;
pub mod universe;

use alphatrader_model::{Calendar, Input, InstrumentId, Payload, Price, Session, Span, Symbol, Timestamp};

use crate::chain::{ChainConfig, ChainOverlay};
use crate::random::mix;
use chronicle::Halt;
use days::{Days, number};
use path::{Mixture, Paths, Series, profile_of};
use profile::Profile;
use stock::Stock;

/// What a synthetic market of one symbol is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SyntheticConfig {
    /// Seed of everything.
    pub seed: u64,
    /// The underlying's symbol. One without a profile trades as SPY does.
    pub symbol: Symbol,
    /// Its number.
    pub underlying_id: InstrumentId,
    /// The first option's number; the others follow.
    pub first_option_id: InstrumentId,
    /// The price that the years move around.
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

/// One day of one symbol of a synthetic market, event by event in time order, from the open to the
/// closing cross, which is at the close. `ts_recv` repeats `ts_event`.
#[derive(Debug, Clone)]
pub struct SyntheticMarket {
    session: Session,
    paths: Paths,
    line: Line,
    began: bool,
}

impl SyntheticMarket {
    /// The market of a session.
    pub fn new(config: SyntheticConfig, session: Session) -> Self {
        let calendar = Calendar::xnys();
        let next = calendar.next_session(session.date);
        let profile = profile_of(config.symbol);
        let days = Days::to(config.seed, &calendar, &session);
        let (series, of) = Series::new(config.seed, days, &[(profile, config.base_price.to_f64())]);
        let paths = series.paths(&session);
        let of = of.into_iter().next().expect("one symbol has one mixture");
        let chain = config.with_chain.then(|| {
            let chain =
                ChainConfig::new(config.symbol, config.underlying_id, config.first_option_id, config.seed);
            ChainOverlay::new(chain, session, next)
        });
        let stock = stock_of(config, profile, session, &paths, of, &[]);
        Self { session, paths, line: Line::new(stock, chain, session), began: false }
    }

    /// The session.
    pub const fn session(&self) -> Session {
        self.session
    }

    /// When the next event happens; nothing after the last.
    pub fn peek_time(&mut self) -> Option<Timestamp> {
        if !self.began {
            self.began = true;
            let at = self.session.open;
            self.line.made.push(Input { ts_event: at, ts_recv: at, payload: Payload::Session(self.session) });
        }
        self.line.peek_time(&mut self.paths)
    }
}

impl Iterator for SyntheticMarket {
    type Item = Input;

    fn next(&mut self) -> Option<Input> {
        self.peek_time()?;
        self.line.take()
    }
}

fn stock_of(
    config: SyntheticConfig,
    profile: &'static Profile,
    session: Session,
    paths: &Paths,
    of: Mixture,
    halts: &[Halt],
) -> Stock {
    let name = config.symbol.as_str().bytes().fold(0_u64, |sum, byte| sum * 64 + u64::from(byte));
    let seed = mix(&[config.seed, number(session.date), 4, name]);
    let usual = paths.session_deviation(&of);
    let stirs = paths.shocks(&of).into_iter().map(|(at, size)| (at, (4.0 * size.abs() / usual).min(8.0)));
    let news = stirs.filter(|(_, much)| *much > 0.3).collect();
    let own = halts.iter().filter(|halt| halt.symbol == config.symbol);
    let halts = own.map(|halt| (halt.from, halt.until)).collect();
    Stock::new(config.underlying_id, config.symbol, profile, session, of, seed, halts, news)
}

/// A symbol and its chain: what they say, in order.
#[derive(Debug, Clone)]
struct Line {
    stock: Stock,
    chain: Option<ChainOverlay>,
    session: Session,
    /// Made and not yet handed over: `made[given..]`.
    made: Vec<Input>,
    given: usize,
}

impl Line {
    fn new(stock: Stock, chain: Option<ChainOverlay>, session: Session) -> Self {
        Self { stock, chain, session, made: Vec::with_capacity(1_024), given: 0 }
    }

    fn peek_time(&mut self, paths: &mut Paths) -> Option<Timestamp> {
        if self.given == self.made.len() {
            self.make(paths);
        }
        self.made.get(self.given).map(|input| input.ts_event)
    }

    fn take(&mut self) -> Option<Input> {
        let place = self.made.get_mut(self.given)?;
        self.given += 1;
        let (ts_event, ts_recv) = (place.ts_event, place.ts_recv);
        Some(Input { ts_event, ts_recv, payload: core::mem::replace(&mut place.payload, Payload::Timer) })
    }

    /// Makes the next events, unless the day is over.
    fn make(&mut self, paths: &mut Paths) {
        self.made.clear();
        self.given = 0;
        while self.made.is_empty()
            && let Some(at) = self.stock.next_time()
        {
            let until = at.min(self.session.close - Span::from_nanos(1));
            if let Some(chain) = &mut self.chain {
                chain.advance(until, &mut self.made);
            }
            let first = self.made.len();
            self.stock.happen(paths, &mut self.made);
            self.tell_chain(first);
        }
    }

    /// Lets the chain hear what was made from place `first` on. Only the last quote of an instant
    /// counts: the others were never in force.
    fn tell_chain(&mut self, first: usize) {
        let Some(chain) = &mut self.chain else { return };
        let tells = |input: &Input| matches!(input.payload, Payload::Quote(_) | Payload::Gap(_));
        if let Some(place) = self.made[first..].iter().rposition(tells) {
            let told = self.made[first + place].clone();
            chain.on(&told, &mut self.made);
        }
    }
}
