//! A synthetic option chain laid over any underlying, recorded or synthetic.
//!
//! Every trading day has an expiry, as for the largest ETFs: today's and the next session's. Strikes
//! stand around spot and follow it. Prices are Black-Scholes with a smile, on a clock of variance
//! that runs as the synthetic market moves: fast at the open and the close, a jump over night.
//! Quotes keep to ticks and to the bounds that arbitrage sets. Each contract is quoted again at
//! least once a second, evenly spread over the second; contracts near the money also when the
//! underlying moves. Everything is marked `synthetic`.
//!
//! Fed with the underlying's events in time order: [`ChainOverlay::advance`] to the next event's
//! time, then [`ChainOverlay::on`] the event.

mod clock;
mod price;
mod quote;

use std::collections::BTreeMap;

use alphatrader_model::market::ChainRow;
use alphatrader_model::{
    Contract, Input, Instrument, InstrumentId, OptionContract, Payload, Price, Quote, Right, Session, Span,
    Symbol, Timestamp,
};

use crate::random::{Random, mix};
use clock::VarianceClock;
use quote::Maker;

/// What a chain is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct ChainConfig {
    /// The underlying.
    pub underlying: Symbol,
    /// Its number.
    pub underlying_id: InstrumentId,
    /// The first option's number; the others follow.
    pub first_id: InstrumentId,
    /// Distance between strikes; a whole number of cents.
    pub strike_step: Price,
    /// Strikes on each side of spot, 1 to 50.
    pub strikes_each_side: u32,
    /// Most strikes in all, however far spot moves.
    pub max_strikes: u32,
    /// Deviation of one session's return from open to close that prices stand for, a fraction.
    pub session_volatility: f64,
    /// Annual risk-free rate, continuous, a fraction.
    pub rate: f64,
    /// Seed of sizes, open interest and volume.
    pub seed: u64,
}

impl ChainConfig {
    /// A chain like that of a large ETF.
    pub fn new(underlying: Symbol, underlying_id: InstrumentId, first_id: InstrumentId, seed: u64) -> Self {
        Self {
            underlying,
            underlying_id,
            first_id,
            strike_step: Price::from_cents(100),
            strikes_each_side: 10,
            max_strikes: 61,
            session_volatility: 0.0070,
            rate: 0.04,
            seed,
        }
    }
}

/// One contract of the chain.
#[derive(Debug, Clone)]
struct Listed {
    id: InstrumentId,
    option: OptionContract,
    /// Place of its expiry.
    expiry: usize,
    log_strike: f64,
    maker: Maker,
    open_interest: u32,
    /// Contracts that trade in the whole day.
    day_volume: u32,
    quote: Option<Quote>,
    row_at: Timestamp,
}

/// A synthetic option chain that follows an underlying through one session.
#[derive(Debug, Clone)]
pub struct ChainOverlay {
    config: ChainConfig,
    session: Session,
    expiries: [Session; 2],
    clock: VarianceClock,
    listed: Vec<Listed>,
    /// Contracts of each strike: today's call and put, the next session's call and put.
    strikes: BTreeMap<Price, [usize; 4]>,
    /// Middle of the underlying's quote.
    spot: Option<Price>,
    /// When the next contract of the round is quoted.
    due: Timestamp,
    cursor: usize,
    near_cursor: usize,
    random: Random,
}

impl ChainOverlay {
    /// Each contract is quoted at least this often.
    pub const ROUND: Span = Span::SECOND;
    /// Contracts near the money that are quoted anew at most for one move of the underlying.
    pub const PER_MOVE: usize = 4;
    /// Strikes on each side of spot that count as near the money.
    const NEAR: i64 = 3;
    /// Open interest and volume of a contract are told again this often.
    const ROW_EVERY: Span = Span::from_seconds(10);

    /// A chain for `session`, whose options expire at its close and at that of `next`. Silent until
    /// the underlying has a quote in the session.
    pub fn new(config: ChainConfig, session: Session, next: Session) -> Self {
        assert!(config.strike_step >= Price::CENT, "strikes are at least a cent apart");
        assert!((1..=50).contains(&config.strikes_each_side), "1 to 50 strikes on each side of spot");
        let seed = mix(&[config.seed, day_number(&session), 0x0063_6861_696e]);
        Self {
            clock: VarianceClock::new(config.session_volatility, session, next),
            random: Random::new(seed),
            config,
            session,
            expiries: [session, next],
            listed: Vec::new(),
            strikes: BTreeMap::new(),
            spot: None,
            due: session.open,
            cursor: 0,
            near_cursor: 0,
        }
    }

    /// The number that the next new contract will have.
    pub fn next_id(&self) -> InstrumentId {
        InstrumentId(self.config.first_id.0 + self.listed.len() as u32)
    }

    /// When [`ChainOverlay::advance`] next has something to say; nothing before the first quote of
    /// the underlying and after the close.
    pub fn next_time(&self) -> Option<Timestamp> {
        (self.spot.is_some() && self.due < self.session.close).then_some(self.due)
    }

    /// Adds to `out` the quotes of the round that are due up to and at `to`.
    pub fn advance(&mut self, to: Timestamp, out: &mut Vec<Input>) {
        while let Some(at) = self.next_time().filter(|due| *due <= to) {
            self.cursor = if self.cursor + 1 < self.listed.len() { self.cursor + 1 } else { 0 };
            self.requote(self.cursor, at, true, out);
            self.tell_row(self.cursor, at, false, out);
            self.due = at + Span::from_nanos(Self::ROUND.nanos() / self.listed.len().max(1) as i64);
        }
    }

    /// Hears an event of the underlying's feed; adds to `out` what follows from it at the same
    /// instant: new strikes, quotes near the money. Everything else is left alone.
    pub fn on(&mut self, input: &Input, out: &mut Vec<Input>) {
        let Payload::Quote(quote) = &input.payload else { return };
        let at = input.ts_event;
        if quote.instrument != self.config.underlying_id || !self.session.contains(at) {
            return;
        }
        let Some((bid, ask)) = quote.firm() else { return };
        let spot = Price::from_raw(i64::midpoint(bid.price.raw(), ask.price.raw()));
        if self.spot == Some(spot) {
            return;
        }
        if self.spot.is_none() {
            self.due = at;
        }
        self.spot = Some(spot);
        self.list_strikes(spot, at, out);
        self.quote_near(spot, at, out);
    }

    /// Lists the strikes around spot that are not listed yet, lowest first.
    fn list_strikes(&mut self, spot: Price, at: Timestamp, out: &mut Vec<Input>) {
        let step = self.config.strike_step;
        let half = Price::from_raw(step.raw() / 2);
        let centre = Price::from_raw(spot.raw() + half.raw()).floor_to(step);
        let reach = i64::from(self.config.strikes_each_side);
        for place in -reach..=reach {
            let strike = Price::from_raw(centre.raw() + place * step.raw());
            let room = self.strikes.len() < self.config.max_strikes as usize;
            if strike > Price::ZERO && room && !self.strikes.contains_key(&strike) {
                self.list_strike(strike, centre, at, out);
            }
        }
    }

    fn list_strike(&mut self, strike: Price, centre: Price, at: Timestamp, out: &mut Vec<Input>) {
        let mut places = [0; 4];
        for (place, slot) in places.iter_mut().enumerate() {
            let (expiry, right) = (place / 2, if place % 2 == 0 { Right::Call } else { Right::Put });
            *slot = self.listed.len();
            let date = self.expiries[expiry].date;
            let option = OptionContract { root: self.config.underlying, expiry: date, strike, right };
            let steps = (strike.raw() - centre.raw()) / self.config.strike_step.raw();
            let interest = interest(self.config.seed, &option, steps, expiry);
            let listed = Listed {
                id: self.next_id(),
                option,
                expiry,
                log_strike: libm::log(strike.to_f64()),
                maker: Maker::new(mix(&[self.config.seed, strike.raw() as u64, place as u64])),
                open_interest: interest.open,
                day_volume: interest.day_volume,
                quote: None,
                row_at: at,
            };
            self.announce(&listed, at, out);
            self.listed.push(listed);
            self.tell_row(*slot, at, true, out);
            self.requote(*slot, at, true, out);
        }
        self.strikes.insert(strike, places);
    }

    fn announce(&self, listed: &Listed, at: Timestamp, out: &mut Vec<Input>) {
        let instrument = Instrument {
            id: listed.id,
            contract: Contract::Option(listed.option),
            underlying: self.config.underlying,
            multiplier: 100,
            // Classes in the penny programme of the largest ETFs trade in cents at every price.
            tick: Price::CENT,
            tick_above: Price::CENT,
            tick_break: Price::from_cents(300),
            expires: Some(self.expiries[listed.expiry].close),
            con_id: None,
            synthetic: true,
        };
        out.push(at_once(at, Payload::Instrument(Box::new(instrument))));
    }

    /// Contracts near the money, a few a move in turn.
    fn quote_near(&mut self, spot: Price, at: Timestamp, out: &mut Vec<Input>) {
        let reach = Self::NEAR * self.config.strike_step.raw();
        let near = Price::from_raw(spot.raw() - reach)..=Price::from_raw(spot.raw() + reach);
        let mut places = [0; 2 * (2 * Self::NEAR as usize + 1)];
        let mut count = 0;
        for contracts in self.strikes.range(near).map(|(_, contracts)| contracts) {
            for place in &contracts[..2] {
                if count < places.len() {
                    places[count] = *place;
                    count += 1;
                }
            }
        }
        for _ in 0..Self::PER_MOVE.min(count) {
            self.near_cursor = (self.near_cursor + 1) % count;
            self.requote(places[self.near_cursor], at, false, out);
        }
    }

    /// Quotes a contract; unless `always`, only when a price changed.
    fn requote(&mut self, place: usize, at: Timestamp, always: bool, out: &mut Vec<Input>) {
        let Some(spot) = self.spot else { return };
        let listed = &mut self.listed[place];
        let left = self.clock.left(listed.expiry, at);
        let value = price::value(&listed.option, spot.to_f64(), listed.log_strike, left, self.config.rate);
        let quote = listed.maker.quote(listed.id, &listed.option, spot, value, &mut self.random);
        let prices = |q: &Quote| (q.bid.map(|l| l.price), q.ask.map(|l| l.price));
        if always || listed.quote.as_ref().map(prices) != Some(prices(&quote)) {
            listed.quote = Some(quote);
            out.push(at_once(at, Payload::Quote(quote)));
        }
    }

    /// Tells open interest and volume so far, when it is time to.
    fn tell_row(&mut self, place: usize, at: Timestamp, first: bool, out: &mut Vec<Input>) {
        let traded = self.clock.volume_share(at);
        let listed = &mut self.listed[place];
        if !first && at.since(listed.row_at) < Self::ROW_EVERY {
            return;
        }
        listed.row_at = at;
        let row = ChainRow {
            instrument: listed.id,
            open_interest: Some(listed.open_interest),
            volume: Some((f64::from(listed.day_volume) * traded) as u32),
        };
        out.push(at_once(at, Payload::Chain(row)));
    }
}

/// How much a contract is held and traded.
struct Interest {
    open: u32,
    day_volume: u32,
}

/// Open interest in the thousands, larger at round strikes and near the money; volume of the day a
/// few times that for what expires today, where the money is.
fn interest(seed: u64, option: &OptionContract, steps: i64, expiry: usize) -> Interest {
    let right = u64::from(option.right == Right::Put);
    let date = option.expiry.year() as u64 * 512 + u64::from(option.expiry.day_of_year().unsigned_abs());
    let mut random = Random::new(mix(&[seed, option.strike.raw() as u64, right, date]));
    let round = match option.strike.raw() / Price::SCALE {
        dollars if dollars % 10 == 0 => 4.0,
        dollars if dollars % 5 == 0 => 2.2,
        _ => 1.0,
    };
    let distance = steps as f64 / 6.0;
    let near = libm::exp(-0.5 * distance * distance);
    let open = 900.0 + 4_000.0 * round * (0.25 + near) * libm::exp(0.5 * random.normal());
    let turnover = if expiry == 0 { 4.0 } else { 1.0 } * near * libm::exp(0.4 * random.normal());
    let day_volume = 400.0 + open * turnover;
    Interest { open: open.min(900_000.0) as u32, day_volume: day_volume.min(2_000_000.0) as u32 }
}

fn day_number(session: &Session) -> u64 {
    session.date.year() as u64 * 512 + u64::from(session.date.day_of_year().unsigned_abs())
}

/// An input of our own making: it is received when it happens.
fn at_once(at: Timestamp, payload: Payload) -> Input {
    Input { ts_event: at, ts_recv: at, payload }
}
