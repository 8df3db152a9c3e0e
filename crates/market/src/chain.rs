//! A synthetic option chain laid over any underlying, recorded or synthetic.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`plan`] | which options are listed on a day, out to sixty days |
//! | `config` | what a chain is made of |
//! | `clock` | variance until each expiry |
//! | [`smile`] | what an option is worth: a surface without arbitrage |
//! | `quote` | ticks, spreads, sizes |
//! | `interest` | open interest and volume |
//! | [`tape`] | prints, and the unusual buyer |
//!
//! Two kinds. [`ChainOverlay::new`] lists today's and the next session's expiry around spot and
//! follows it: for replays of one symbol. [`ChainOverlay::listed`] lists a whole plan at once.
//! Prices stand on a clock of variance that runs as the synthetic market moves: fast at the open and
//! the close, a jump over night. Quotes keep to ticks and to the bounds that arbitrage sets.
//!
//! Work is bounded: contracts near the money of the nearest expiries are quoted once a second, evenly
//! spread over the second, and a few of them when the underlying moves; all others once in
//! [`ChainOverlay::SLOW_ROUND`], and told only when the price changed. Everything is marked
//! `synthetic`.
//!
//! Fed with the underlying's events in time order: [`ChainOverlay::advance`] to the next event's
//! time, then [`ChainOverlay::on`] the event.

mod clock;
mod config;
mod interest;
pub mod plan;
mod quote;
pub mod smile;
pub mod tape;

use std::collections::BTreeMap;

use alphatrader_model::market::{ChainRow, Gap, Stream, TradeFlags};
use alphatrader_model::{
    Contract, Input, Instrument, InstrumentId, OptionContract, Payload, Price, Quantity, Quote, Right,
    Session, Side, Span, Timestamp, Trade, Venue,
};

use crate::random::{Random, mix};
use crate::synthetic::days::number;
use clock::VarianceClock;
pub use config::ChainConfig;
use interest::{Place, interest};
use plan::ChainPlan;
use quote::Maker;
use smile::Spot;
use tape::{Tape, Wanted};

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
    /// Contracts that the unusual buyer bought.
    unusual: u32,
    quote: Option<Quote>,
    row_at: Timestamp,
}

/// A round over contracts, evenly spread over its length.
#[derive(Debug, Clone, Copy)]
struct Round {
    due: Timestamp,
    cursor: usize,
}

/// A synthetic option chain that follows an underlying through one session.
#[derive(Debug, Clone)]
pub struct ChainOverlay {
    config: ChainConfig,
    session: Session,
    /// Today and the sessions ahead; the expiries by place.
    sessions: Vec<Session>,
    expiries: Vec<usize>,
    /// Which of them are monthly ones.
    monthly: Vec<bool>,
    width: i64,
    clock: VarianceClock,
    listed: Vec<Listed>,
    /// Contracts of each expiry's strikes: call and put.
    strikes: Vec<BTreeMap<Price, [usize; 2]>>,
    /// The plan's strikes, until they are listed; none for a chain that follows spot.
    plan: Option<Vec<Vec<Price>>>,
    follows: bool,
    /// Contracts quoted each second; of a chain that follows spot all.
    active: Vec<usize>,
    /// The strike around which they stand.
    centre: Option<Price>,
    /// Middle of the underlying's quote.
    spot: Option<Price>,
    round: Round,
    slow: Round,
    /// The first slow round is done.
    settled: bool,
    near_cursor: usize,
    tape: Tape,
    venues: [Venue; 4],
    random: Random,
}

impl ChainOverlay {
    /// Each active contract is quoted at least this often.
    pub const ROUND: Span = Span::SECOND;
    /// Every other contract is looked at once in this time.
    pub const SLOW_ROUND: Span = Span::from_seconds(20);
    /// How long the first look at every contract takes.
    pub const FIRST_ROUND: Span = Span::from_seconds(3);
    /// Contracts near the money that are quoted anew at most for one move of the underlying.
    pub const PER_MOVE: usize = 4;
    /// Expiries whose contracts near the money are quoted each second.
    pub const ACTIVE_EXPIRIES: usize = 2;
    /// Strikes on each side of spot that count as near the money.
    const NEAR: i64 = 3;
    /// Open interest and volume of a contract are told again this often; of one that is not active,
    /// this often.
    const ROW_EVERY: Span = Span::from_seconds(10);
    const SLOW_ROW_EVERY: Span = Span::from_seconds(120);

    /// A chain for `session`, whose options expire at its close and at that of `next`. Silent until
    /// the underlying has a quote in the session.
    pub fn new(config: ChainConfig, session: Session, next: Session) -> Self {
        Self::with(config, vec![session, next], vec![0, 1], 1, None)
    }

    /// A chain of all contracts of a plan, for the plan's first session. Silent until the underlying
    /// has a quote in the session; then all are announced.
    pub fn listed(config: ChainConfig, plan: ChainPlan) -> Self {
        let ChainPlan { sessions, expiries, strikes, width } = plan;
        Self::with(config, sessions, expiries, width, Some(strikes))
    }

    fn with(
        config: ChainConfig,
        sessions: Vec<Session>,
        expiries: Vec<usize>,
        width: i64,
        plan: Option<Vec<Vec<Price>>>,
    ) -> Self {
        assert!(config.strike_step >= Price::CENT, "strikes are at least a cent apart");
        assert!((1..=50).contains(&config.strikes_each_side), "1 to 50 strikes on each side of spot");
        let session = sessions[0];
        let underlying = config.underlying.as_str().bytes().fold(0, |sum, byte| sum * 64 + u64::from(byte));
        let seed = mix(&[config.seed, number(session.date), 0x0063_6861_696e, underlying]);
        let round = Round { due: session.open, cursor: 0 };
        Self {
            clock: VarianceClock::new(&config, &sessions, &expiries),
            random: Random::new(seed),
            tape: Tape::new(mix(&[seed, 1]), config.prints, config.buyer),
            venues: ["CBOE", "ISE", "PHLX", "AMEX"].map(|name| Venue::new(name).expect("venues are symbols")),
            strikes: vec![BTreeMap::new(); expiries.len()],
            follows: plan.is_none(),
            monthly: expiries.iter().map(|place| plan::is_monthly(sessions[*place].date)).collect(),
            config,
            session,
            sessions,
            expiries,
            width,
            listed: Vec::new(),
            plan,
            active: Vec::new(),
            centre: None,
            spot: None,
            round,
            slow: round,
            settled: false,
            near_cursor: 0,
        }
    }

    /// The number that the next new contract will have; of a chain with a plan, the first number that
    /// it will never use.
    pub fn next_id(&self) -> InstrumentId {
        let planned: usize = self.plan.iter().flatten().map(|strikes| 2 * strikes.len()).sum();
        InstrumentId(self.config.first_id.0 + (self.listed.len() + planned) as u32)
    }

    /// When [`ChainOverlay::advance`] next has something to say; nothing before the first quote of
    /// the underlying, in a halt, and after the close.
    pub fn next_time(&self) -> Option<Timestamp> {
        self.spot?;
        let slow = (!self.follows).then_some(self.slow.due);
        let dues = [Some(self.round.due), slow, self.tape.next_time()];
        dues.into_iter().flatten().min().filter(|due| *due < self.session.close)
    }

    /// Adds a row and a quote of every contract to `out`.
    pub(crate) fn quote_all(&mut self, at: Timestamp, out: &mut Vec<Input>) {
        for place in 0..self.listed.len() {
            self.tell_row(place, at, Span::from_nanos(0), out);
            self.requote(place, at, true, out);
        }
    }

    /// Adds to `out` what is due up to and at `to`: quotes of the rounds, prints.
    pub fn advance(&mut self, to: Timestamp, out: &mut Vec<Input>) {
        while let Some(at) = self.next_time().filter(|due| *due <= to) {
            if self.round.due == at {
                self.step_round(at, out);
            } else if !self.follows && self.slow.due == at {
                self.step_slow(at, out);
            } else {
                self.print(at, out);
            }
        }
    }

    fn step_round(&mut self, at: Timestamp, out: &mut Vec<Input>) {
        let count = self.active.len();
        self.round.cursor = if self.round.cursor + 1 < count { self.round.cursor + 1 } else { 0 };
        if let Some(place) = self.active.get(self.round.cursor).copied() {
            self.requote(place, at, true, out);
            self.tell_row(place, at, Self::ROW_EVERY, out);
        }
        self.round.due = at + Span::from_nanos(Self::ROUND.nanos() / count.max(1) as i64);
    }

    fn step_slow(&mut self, at: Timestamp, out: &mut Vec<Input>) {
        let place = self.slow.cursor;
        if place < self.listed.len() {
            self.requote(place, at, false, out);
            self.tell_row(place, at, Self::SLOW_ROW_EVERY, out);
        }
        self.slow.cursor = if place + 1 < self.listed.len() { place + 1 } else { 0 };
        self.settled |= self.slow.cursor == 0;
        let length = if self.settled { Self::SLOW_ROUND } else { Self::FIRST_ROUND };
        self.slow.due = at + Span::from_nanos(length.nanos() / self.listed.len().max(1) as i64);
    }

    /// Hears an event of the underlying's feed; adds to `out` what follows from it at the same
    /// instant: new strikes, quotes near the money; the end of all quotes when the underlying's are
    /// gone. Everything else is left alone.
    pub fn on(&mut self, input: &Input, out: &mut Vec<Input>) {
        let at = input.ts_event;
        match &input.payload {
            Payload::Quote(quote) if quote.instrument == self.config.underlying_id => {
                if let Some((bid, ask)) = quote.firm().filter(|_| self.session.contains(at)) {
                    let spot = Price::from_raw(i64::midpoint(bid.price.raw(), ask.price.raw()));
                    self.on_spot(spot, at, out);
                }
            }
            Payload::Gap(gap) if gap.instrument == self.config.underlying_id => self.withdraw(at, out),
            _ => {}
        }
    }

    fn on_spot(&mut self, spot: Price, at: Timestamp, out: &mut Vec<Input>) {
        if self.spot == Some(spot) {
            return;
        }
        if self.spot.is_none() {
            self.round.due = at;
            self.slow.due = at;
            self.tape.begin(at, self.clock.volume_rate(at));
        }
        self.spot = Some(spot);
        if let Some(plan) = self.plan.take() {
            self.list_plan(&plan, spot, at, out);
        }
        if self.follows {
            self.list_strikes(spot, at, out);
        } else {
            self.follow(spot, at, out);
        }
        self.quote_near(spot, at, out);
    }

    /// The underlying is no longer quoted, and neither are its options.
    fn withdraw(&mut self, at: Timestamp, out: &mut Vec<Input>) {
        if self.spot.take().is_none() {
            return;
        }
        for listed in &mut self.listed {
            if listed.quote.take().is_some() {
                let gap = Gap { instrument: listed.id, stream: Stream::Quotes };
                out.push(at_once(at, Payload::Gap(gap)));
            }
        }
        self.settled = false;
        self.slow.cursor = 0;
        self.centre = None;
    }

    fn nearest(&self, spot: Price) -> Price {
        let step = self.config.strike_step;
        Price::from_raw(spot.raw() + step.raw() / 2).floor_to(step)
    }

    /// Lists a plan's contracts, nearest expiry first, lowest strike first.
    fn list_plan(&mut self, plan: &[Vec<Price>], spot: Price, at: Timestamp, out: &mut Vec<Input>) {
        let centre = self.nearest(spot);
        for (expiry, strikes) in plan.iter().enumerate() {
            for strike in strikes {
                let places =
                    [Right::Call, Right::Put].map(|right| self.list(expiry, *strike, right, centre, at, out));
                self.strikes[expiry].insert(*strike, places);
            }
        }
    }

    /// Of a chain with a plan: the active contracts are those around spot.
    fn follow(&mut self, spot: Price, at: Timestamp, out: &mut Vec<Input>) {
        let centre = self.nearest(spot);
        if self.centre == Some(centre) {
            return;
        }
        let first = self.centre.is_none();
        self.centre = Some(centre);
        let reach = i64::from(self.config.strikes_each_side) * self.config.strike_step.raw();
        let range = Price::from_raw(centre.raw() - reach)..=Price::from_raw(centre.raw() + reach);
        self.active.clear();
        for strikes in self.strikes.iter().take(Self::ACTIVE_EXPIRIES) {
            self.active.extend(strikes.range(range.clone()).flat_map(|(_, places)| *places));
        }
        if first {
            for place in self.active.clone() {
                self.requote(place, at, true, out);
            }
        }
    }

    /// Of a chain that follows spot: lists the strikes around spot that are not listed yet, lowest
    /// first.
    fn list_strikes(&mut self, spot: Price, at: Timestamp, out: &mut Vec<Input>) {
        let step = self.config.strike_step;
        let centre = self.nearest(spot);
        let reach = i64::from(self.config.strikes_each_side);
        for place in -reach..=reach {
            let strike = Price::from_raw(centre.raw() + place * step.raw());
            let room = self.strikes[0].len() < self.config.max_strikes as usize;
            if strike > Price::ZERO && room && !self.strikes[0].contains_key(&strike) {
                for expiry in 0..self.expiries.len() {
                    let places = [Right::Call, Right::Put].map(|right| {
                        let place = self.list(expiry, strike, right, centre, at, out);
                        self.requote(place, at, true, out);
                        self.active.push(place);
                        place
                    });
                    self.strikes[expiry].insert(strike, places);
                }
            }
        }
    }

    /// Lists a contract, announces it and tells its row. Its place.
    fn list(
        &mut self,
        expiry: usize,
        strike: Price,
        right: Right,
        centre: Price,
        at: Timestamp,
        out: &mut Vec<Input>,
    ) -> usize {
        let place = self.listed.len();
        let session = &self.sessions[self.expiries[expiry]];
        let option = OptionContract { root: self.config.underlying, expiry: session.date, strike, right };
        let step = self.config.strike_step;
        let terms = Place {
            steps: (strike.raw() - centre.raw()) / step.raw(),
            step,
            sessions: self.expiries[expiry],
            monthly: self.monthly[expiry],
            scale: self.config.interest,
        };
        let interest = interest(self.config.seed, &option, &terms);
        let number = (2 * expiry + usize::from(right == Right::Put)) as u64;
        let listed = Listed {
            id: InstrumentId(self.config.first_id.0 + place as u32),
            option,
            expiry,
            log_strike: libm::log(strike.to_f64()),
            maker: Maker::new(mix(&[self.config.seed, strike.raw() as u64, number]), self.width),
            open_interest: interest.open,
            day_volume: interest.day_volume,
            unusual: 0,
            quote: None,
            row_at: at,
        };
        self.announce(&listed, session.close, at, out);
        self.listed.push(listed);
        self.tell_row(place, at, Span::from_nanos(0), out);
        place
    }

    fn announce(&self, listed: &Listed, expires: Timestamp, at: Timestamp, out: &mut Vec<Input>) {
        let instrument = Instrument {
            id: listed.id,
            contract: Contract::Option(listed.option),
            underlying: self.config.underlying,
            multiplier: 100,
            tick: Price::CENT,
            tick_above: self.config.tick_above,
            tick_break: self.config.tick_break,
            expires: Some(expires),
            con_id: None,
            synthetic: true,
        };
        out.push(at_once(at, Payload::Instrument(Box::new(instrument))));
    }

    /// Contracts of the nearest expiry near the money, a few a move in turn.
    fn quote_near(&mut self, spot: Price, at: Timestamp, out: &mut Vec<Input>) {
        let reach = Self::NEAR * self.config.strike_step.raw();
        let near = Price::from_raw(spot.raw() - reach)..=Price::from_raw(spot.raw() + reach);
        let mut places = [0; 2 * (2 * Self::NEAR as usize + 1)];
        let mut count = 0;
        for contracts in self.strikes[0].range(near).map(|(_, contracts)| contracts) {
            for place in contracts {
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
        let underlying = Spot::new(spot.to_f64(), self.config.rate);
        let value = self.config.smile.value(&listed.option, &underlying, listed.log_strike, left);
        let quote = listed.maker.quote(listed.id, &listed.option, spot, value, &mut self.random);
        let quote = quote::on_ticks(quote, &self.config);
        let prices = |q: &Quote| (q.bid.map(|l| l.price), q.ask.map(|l| l.price));
        if always || listed.quote.as_ref().map(prices) != Some(prices(&quote)) {
            listed.quote = Some(quote);
            out.push(at_once(at, Payload::Quote(quote)));
        }
    }

    /// Somebody trades a contract at its quote.
    fn print(&mut self, at: Timestamp, out: &mut Vec<Input>) {
        let rate = self.clock.volume_rate(at);
        let wanted = self.tape.take(at, rate, self.expiries.len());
        let Some(place) = self.find(&wanted) else { return };
        let listed = &mut self.listed[place];
        let Some(quote) = listed.quote else { return };
        let (side, level) = if wanted.buys { (Side::Buy, quote.ask) } else { (Side::Sell, quote.bid) };
        let Some(level) = level else { return };
        let size = if wanted.unusual { wanted.size } else { wanted.size.min(level.size.get()) };
        if wanted.unusual {
            listed.unusual += size as u32;
        }
        let flags = if wanted.unusual { TradeFlags::SWEEP } else { TradeFlags::NONE };
        let venue = self.venues[self.random.below(self.venues.len() as u64) as usize];
        let trade = Trade {
            instrument: listed.id,
            price: level.price,
            size: Quantity::new(size.max(1)),
            aggressor: Some(side),
            venue: Some(venue),
            flags,
        };
        out.push(at_once(at, Payload::Trade(trade)));
    }

    /// The listed contract nearest to what is wanted; nothing without one on that side of it.
    fn find(&self, wanted: &Wanted) -> Option<usize> {
        let centre = self.nearest(self.spot?);
        let strike = Price::from_raw(centre.raw() + wanted.steps * self.config.strike_step.raw());
        let strikes = self.strikes.get(wanted.expiry)?;
        let places = if wanted.steps >= 0 {
            strikes.range(strike..).next()
        } else {
            strikes.range(..=strike).next_back()
        };
        places.map(|(_, places)| places[usize::from(wanted.right == Right::Put)])
    }

    /// Tells open interest and volume so far, unless they were told less than `every` ago.
    fn tell_row(&mut self, place: usize, at: Timestamp, every: Span, out: &mut Vec<Input>) {
        let traded = self.clock.volume_share(at);
        let listed = &mut self.listed[place];
        if at.since(listed.row_at) < every {
            return;
        }
        listed.row_at = at;
        let row = ChainRow {
            instrument: listed.id,
            open_interest: Some(listed.open_interest),
            volume: Some((f64::from(listed.day_volume) * traded) as u32 + listed.unusual),
        };
        out.push(at_once(at, Payload::Chain(row)));
    }
}

/// An input of our own making: it is received when it happens.
fn at_once(at: Timestamp, payload: Payload) -> Input {
    Input { ts_event: at, ts_recv: at, payload }
}
