//! One stock or fund through one session: its book, its quote, its prints.
//!
//! The book follows the latent path: the queue that the path leans on grows thin, the touch moves
//! when the path has crossed it. Queues live by themselves too: the longer a queue, the more of it is
//! cancelled. Part of what trades was never shown: midpoint orders, hidden orders at the touch,
//! icebergs that fill up again.

use alphatrader_model::market::{Gap, Stream, TradeFlags};
use alphatrader_model::{
    Contract, Depth, Input, Instrument, InstrumentId, Payload, Price, Quantity, Quote, Session, Side, Span,
    Symbol, Timestamp, Trade, Venue,
};

use super::flow::{Flow, What};
use super::ladder::{Ladder, ROWS, Row, VENUES};
use super::path::{Mixture, Paths};
use super::profile::Profile;
use crate::random::Random;

/// What happens next to a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the opening cross.
    Before,
    /// Quoted and traded.
    Open,
    /// Halted until then.
    Halted(Timestamp),
    /// The closing cross is to come.
    Closing,
    /// Nothing more.
    After,
}

/// One symbol's session.
#[derive(Debug, Clone)]
pub(super) struct Stock {
    id: InstrumentId,
    symbol: Symbol,
    profile: &'static Profile,
    session: Session,
    of: Mixture,
    random: Random,
    flow: Flow,
    bids: Ladder,
    asks: Ladder,
    venues: [Venue; VENUES.len()],
    /// When the next thing happens.
    at: Timestamp,
    phase: Phase,
    /// The touch is off the path: the next event repairs it.
    repairing: bool,
    /// The spread that the book closes to now, cents.
    spread: i64,
    /// Halts to come, earliest first.
    halts: Vec<(Timestamp, Timestamp)>,
}

impl Stock {
    /// How far the path goes beyond the touch before the touch follows, spreads.
    const SLACK: f64 = 0.25;
    /// Mean time that a gap in the quotes lasts, seconds.
    const REPAIR: f64 = 0.006;
    /// Shares of marketable orders that meet what is not shown: at the midpoint, at the touch.
    const AT_MIDPOINT: f64 = 0.14;
    const HIDDEN: f64 = 0.09;
    /// Probability that an iceberg stands behind a new touch.
    const ICEBERG: f64 = 0.30;
    /// Resting orders that an order meets at one price, less one.
    const MOST_PIECES: usize = 60;
    /// Probability that an order sweeps.
    const SWEEP: f64 = 0.004;

    #[expect(clippy::too_many_arguments, reason = "each is a part of what a symbol's day is made of")]
    pub(super) fn new(
        id: InstrumentId,
        symbol: Symbol,
        profile: &'static Profile,
        session: Session,
        of: Mixture,
        seed: u64,
        halts: Vec<(Timestamp, Timestamp)>,
        news: Vec<(Timestamp, f64)>,
    ) -> Self {
        let venues = VENUES.map(|name| Venue::new(name).expect("venues are symbols"));
        let row = Row { cents: 1, size: 100, venue: venues[0] };
        let empty = |side| Ladder::new(id, side, [row; ROWS]);
        Self {
            id,
            symbol,
            profile,
            session,
            of,
            random: Random::new(seed),
            flow: Flow::new(session, profile, news),
            bids: empty(Side::Buy),
            asks: empty(Side::Sell),
            venues,
            at: session.open,
            phase: Phase::Before,
            repairing: false,
            spread: profile.spread as i64,
            halts,
        }
    }

    /// When the next thing happens; nothing after the closing cross.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        (self.phase != Phase::After).then_some(self.at)
    }

    /// Makes what happens at [`Stock::next_time`].
    pub(super) fn happen(&mut self, paths: &mut Paths, out: &mut Vec<Input>) {
        match self.phase {
            Phase::Before => {
                self.announce(out);
                self.cross(paths, out);
                self.phase = Phase::Open;
                self.schedule(paths);
            }
            Phase::Open => {
                if self.halts.first().is_some_and(|(from, _)| *from <= self.at) {
                    return self.halt(out);
                }
                self.act(paths, out);
                self.schedule(paths);
            }
            Phase::Halted(_) => {
                self.cross(paths, out);
                self.phase = Phase::Open;
                self.schedule(paths);
            }
            Phase::Closing => {
                let touch = Price::from_cents(self.bids.touch());
                let size = self.auction_size(3.8);
                self.print(touch, size, None, TradeFlags::AUCTION, out);
                self.phase = Phase::After;
            }
            Phase::After => {}
        }
    }

    fn push(&self, payload: Payload, out: &mut Vec<Input>) {
        out.push(Input { ts_event: self.at, ts_recv: self.at, payload });
    }

    fn announce(&self, out: &mut Vec<Input>) {
        let instrument = Instrument {
            id: self.id,
            contract: Contract::Stock(self.symbol),
            underlying: self.symbol,
            multiplier: 1,
            tick: Price::CENT,
            tick_above: Price::CENT,
            tick_break: Price::CENT,
            expires: None,
            con_id: None,
            synthetic: true,
        };
        self.push(Payload::Instrument(Box::new(instrument)), out);
    }

    /// A book, a quote and a cross of all that waited: the opening, and the end of a halt.
    fn cross(&mut self, paths: &mut Paths, out: &mut Vec<Input>) {
        let fair = paths.cents(&self.of, self.at);
        let bid = (fair - 0.5 * (self.spread - 1) as f64).floor() as i64;
        self.bids = self.ladder(Side::Buy, bid);
        self.asks = self.ladder(Side::Sell, bid + self.spread);
        let rows: Vec<Depth> = self.bids.build().chain(self.asks.build()).collect();
        self.push_rows(&rows, out);
        self.push_quote(out);
        let share = if self.at == self.session.open { 1.0 } else { 0.1 };
        let size = self.auction_size(share);
        self.print(Price::from_cents(bid), size, None, TradeFlags::AUCTION, out);
    }

    /// Shares of a cross: about three quarters of a per cent of a day's volume, times `share`.
    fn auction_size(&mut self, share: f64) -> u64 {
        let day = 23_400.0 * self.profile.orders * self.profile.size * Flow::MEAN;
        let size = 0.0075 * share * day * libm::exp(0.35 * self.random.normal());
        (size / 100.0).max(1.0) as u64 * 100
    }

    fn ladder(&mut self, side: Side, touch: i64) -> Ladder {
        let mut cents = touch;
        let mut row = |place: usize| {
            let size = Flow::row_size(self.profile.touch * shape(place), &mut self.random);
            let row = Row { cents, size, venue: self.venues[0] };
            cents -= side.sign() * gap(self.profile.gap, &mut self.random);
            row
        };
        let rows = core::array::from_fn(&mut row);
        Ladder::new(self.id, side, rows)
    }

    /// Quotes and book are withdrawn until the halt is over.
    fn halt(&mut self, out: &mut Vec<Input>) {
        let (_, until) = self.halts.remove(0);
        for stream in [Stream::Quotes, Stream::Depth] {
            self.push(Payload::Gap(Gap { instrument: self.id, stream }), out);
        }
        self.at = until.min(self.session.close);
        self.phase = if until < self.session.close { Phase::Halted(until) } else { Phase::Closing };
    }

    fn push_rows(&self, rows: &[Depth], out: &mut Vec<Input>) {
        for row in rows {
            self.push(Payload::Depth(*row), out);
        }
    }

    fn push_quote(&self, out: &mut Vec<Input>) {
        let quote = Quote { instrument: self.id, bid: Some(self.bids.level()), ask: Some(self.asks.level()) };
        self.push(Payload::Quote(quote), out);
    }

    fn print(
        &mut self,
        price: Price,
        size: u64,
        aggressor: Option<Side>,
        flags: TradeFlags,
        out: &mut Vec<Input>,
    ) {
        let flags = if size < 100 { flags.with(TradeFlags::ODD_LOT) } else { flags };
        let trade = Trade {
            instrument: self.id,
            price,
            size: Quantity::new(size),
            aggressor,
            venue: Some(self.venue()),
            flags,
        };
        self.push(Payload::Trade(trade), out);
    }

    fn venue(&mut self) -> Venue {
        self.venues[self.random.below(VENUES.len() as u64) as usize]
    }

    fn side_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Says when the next thing happens: soon where the touch must be repaired or must follow the
    /// path, else when the flow says; at the close the closing cross.
    fn schedule(&mut self, paths: &mut Paths) {
        if self.flow.is_due(self.at) {
            let trend = paths.trend(&self.of, self.at);
            self.flow.refresh(self.at, trend, &mut self.random);
            self.spread = draw_spread(self.profile.spread, &mut self.random);
        }
        let fair = paths.cents(&self.of, self.at);
        self.repairing = self.width() > self.spread || self.is_off(fair);
        let wait = if self.repairing {
            Span::from_nanos(1 + (Self::REPAIR * self.random.exponential() * 1e9) as i64)
        } else {
            self.flow.wait(&mut self.random)
        };
        let now = self.at;
        self.at = now + wait;
        if let Some((from, _)) = self.halts.first() {
            self.at = self.at.min((*from).max(now));
        }
        if self.at >= self.session.close {
            self.at = self.session.close;
            self.phase = Phase::Closing;
        }
    }

    fn width(&self) -> i64 {
        self.asks.touch() - self.bids.touch()
    }

    fn is_off(&self, fair: f64) -> bool {
        let slack = Self::SLACK * self.profile.spread;
        fair > self.asks.touch() as f64 + slack || fair < self.bids.touch() as f64 - slack
    }

    fn act(&mut self, paths: &mut Paths, out: &mut Vec<Input>) {
        let fair = paths.cents(&self.of, self.at);
        if self.repairing {
            return self.repair(fair, out);
        }
        match self.flow.what(self.at, &mut self.random) {
            What::Order => self.order(out),
            What::Change => self.change(fair, out),
            What::Nothing => {}
        }
    }

    /// A gap is filled from the side that the path is on; a touch that the path crossed goes, taken
    /// by an order or cancelled.
    fn repair(&mut self, fair: f64, out: &mut Vec<Input>) {
        if self.width() > self.spread {
            let middle = 0.5 * (self.asks.touch() + self.bids.touch()) as f64;
            let side = if fair >= middle { Side::Buy } else { Side::Sell };
            let step = (self.width() - self.spread).min(2 * self.profile.gap);
            let size = Flow::row_size(0.6 * self.profile.touch, &mut self.random);
            let (venue, reserve) = (self.venue(), self.draw_reserve());
            let ladder = self.side_mut(side);
            let rows = ladder.improve(step, size, venue);
            ladder.reserve = reserve;
            self.push_rows(&rows, out);
            self.push_quote(out);
        } else if self.is_off(fair) {
            let aggressor = if fair > self.asks.touch() as f64 { Side::Buy } else { Side::Sell };
            let left = self.side_mut(aggressor.opposite()).size(0);
            if left as f64 <= 0.22 * self.profile.touch && self.random.chance(0.7) {
                self.trade(aggressor, left, false, out);
            } else {
                self.recede(aggressor.opposite(), out);
                self.push_quote(out);
            }
        }
    }

    fn draw_reserve(&mut self) -> u64 {
        if !self.random.chance(Self::ICEBERG) {
            return 0;
        }
        Flow::row_size(1.5 * self.profile.touch, &mut self.random)
    }

    /// The touch of a side goes.
    fn recede(&mut self, side: Side, out: &mut Vec<Input>) {
        let size = Flow::row_size(self.profile.touch * shape(ROWS - 1), &mut self.random);
        let (venue, gap, reserve) =
            (self.venue(), gap(self.profile.gap, &mut self.random), self.draw_reserve());
        let ladder = self.side_mut(side);
        let rows = ladder.recede(gap, size, venue);
        ladder.reserve = reserve;
        self.push_rows(&rows, out);
    }

    /// A marketable order comes: it meets what is shown, or what is not.
    fn order(&mut self, out: &mut Vec<Input>) {
        let side = self.flow.side(&mut self.random);
        let size = self.flow.size(&mut self.random);
        if self.random.chance(Self::SWEEP) {
            return self.trade(side, size * 20, true, out);
        }
        let draw = self.random.unit();
        if draw < Self::AT_MIDPOINT {
            let middle = Price::from_raw(50 * (self.bids.touch() + self.asks.touch()));
            self.print_pieces(middle, size, side, TradeFlags::NONE, out);
        } else if draw < Self::AT_MIDPOINT + Self::HIDDEN {
            let touch = Price::from_cents(self.side_mut(side.opposite()).touch());
            self.print_pieces(touch, size, side, TradeFlags::NONE, out);
        } else {
            self.trade(side, size, false, out);
        }
    }

    /// An order meets what is shown. A sweep goes through rows, any other takes what the touch has at
    /// most. An iceberg fills up again.
    fn trade(&mut self, aggressor: Side, size: u64, sweep: bool, out: &mut Vec<Input>) {
        let book = aggressor.opposite();
        let flags = if sweep { TradeFlags::SWEEP } else { TradeFlags::NONE };
        let mut left = size;
        for _ in 0..ROWS / 2 {
            let ladder = self.side_mut(book);
            let (touch, shown) = (ladder.touch(), ladder.size(0));
            let taken = left.min(shown);
            left -= taken;
            let refill = if sweep { 0 } else { ladder.reserve.min(taken) };
            self.print_pieces(Price::from_cents(touch), taken, aggressor, flags, out);
            if taken < shown || refill > 0 {
                if taken < shown {
                    let row = self.side_mut(book).resize(0, shown - taken);
                    self.push_rows(&[row], out);
                }
                if refill > 0 {
                    let ladder = self.side_mut(book);
                    ladder.reserve -= refill;
                    let row = ladder.resize(0, shown - taken + refill);
                    self.push_rows(&[row], out);
                }
            } else {
                self.recede(book, out);
            }
            if left == 0 || !sweep {
                break;
            }
        }
        self.push_quote(out);
    }

    /// An order's shares at one price, a print for each resting order that they meet.
    fn print_pieces(
        &mut self,
        price: Price,
        shares: u64,
        aggressor: Side,
        flags: TradeFlags,
        out: &mut Vec<Input>,
    ) {
        let mut left = shares;
        for _ in 0..Self::MOST_PIECES {
            let piece = (self.flow.piece(&mut self.random)).min(left);
            if piece == left {
                break;
            }
            self.print(price, piece, Some(aggressor), flags, out);
            left -= piece;
        }
        self.print(price, left, Some(aggressor), flags, out);
    }

    /// A limit order joins a row, or part of a row is cancelled: the longer the queue, the more
    /// likely. Near rows change more often: half of all changes are at the touch.
    fn change(&mut self, fair: f64, out: &mut Vec<Input>) {
        let side = if self.random.chance(0.5) { Side::Buy } else { Side::Sell };
        let row = if self.random.chance(0.5) { 0 } else { 1 + self.random.below(ROWS as u64 - 1) as usize };
        let mut mean = self.profile.touch * shape(row);
        if row == 0 {
            mean *= self.pressure(side, fair);
        }
        let old = self.side_mut(side).size(row);
        // In balance at the mean: cancels grow with the queue, arrivals do not.
        let cancels = self.random.chance(old as f64 / (old as f64 + mean));
        let part = Flow::row_size(0.25 * mean.max(0.3 * old as f64), &mut self.random);
        let size = if cancels { old.saturating_sub(part).max(100) } else { old + part };
        if size != old {
            let edit = self.side_mut(side).resize(row, size);
            self.push_rows(&[edit], out);
            if row == 0 {
                self.push_quote(out);
            }
        }
    }

    /// How thick the touch of a side is: thin where the path comes near it, thicker behind a trend.
    fn pressure(&self, side: Side, fair: f64) -> f64 {
        let (distance, lean) = match side {
            Side::Buy => (fair - self.bids.touch() as f64, self.flow.lean),
            Side::Sell => (self.asks.touch() as f64 - fair, -self.flow.lean),
        };
        let near = (distance / self.profile.spread + Self::SLACK) / (1.0 + 2.0 * Self::SLACK);
        (0.12 + 1.1 * near.clamp(0.0, 1.0)) * (1.0 + 0.45 * lean)
    }
}

/// Mean size of a row relative to the touch.
fn shape(row: usize) -> f64 {
    const SHAPE: [f64; ROWS] = [1.0, 1.35, 1.5, 1.5, 1.4, 1.3, 1.25, 1.2, 1.1, 1.1];
    SHAPE[row]
}

/// Distance to the next row, cents: around the mean, at least one.
fn gap(mean: i64, random: &mut Random) -> i64 {
    if mean == 1 { 1 } else { 1 + random.below(2 * mean as u64 - 1) as i64 }
}

/// The spread of the next second, cents.
fn draw_spread(mean: f64, random: &mut Random) -> i64 {
    if mean <= 1.0 {
        return 1;
    }
    let spread = mean * libm::exp(0.35 * random.normal() - 0.06) + random.unit() - 0.5;
    (spread.round() as i64).max(1)
}
