//! Read models: what one half of the core shows the other, and the screen.

mod options;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::calendar::Session;
use crate::event::HaltLevel;
use crate::features::{Features, HiddenEvidence, HiddenOrder};
use crate::instrument::{Contract, Instrument, InstrumentId, Symbol};
use crate::market::{DayTotals, Level, Quote, Side, TradingState, Venue};
use crate::number::{Money, Price};
use crate::order::{Fill, Order};
use crate::position::{Account, Position};
use crate::sentiment::Sentiment;
use crate::signal::{Signal, Strategy};
use crate::time::{Span, Timestamp};

pub use options::{ChainSource, OptionRow, OptionsView};

/// What the market half knows: the one seam between MarketCore and TradingCore.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MarketView {
    /// Event time of the last change.
    pub as_of: Timestamp,
    /// Today's session, once known.
    pub session: Option<Session>,
    /// One entry per symbol that is analysed, in the order of the settings.
    pub features: Vec<Features>,
    /// One entry per contract, by [`InstrumentId`].
    pub contracts: Vec<ContractView>,
    /// One entry per symbol whose chain or news was told, in the order in which they first were.
    #[serde(default)]
    pub options: Vec<OptionsView>,
    /// Score of the news of the market as a whole.
    #[serde(default)]
    pub market_sentiment: Option<Arc<Sentiment>>,
}

/// A contract in use: what it is and what is known of it now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContractView {
    /// What it is.
    pub instrument: Instrument,
    /// Best bid and offer, once seen.
    pub quote: Option<Quote>,
    /// Event time of the quote.
    pub quote_at: Option<Timestamp>,
    /// Contracts open at the last clearing, when known.
    pub open_interest: Option<u32>,
    /// Contracts traded today, when known.
    pub volume: Option<u32>,
}

impl MarketView {
    /// Features of a symbol.
    pub fn of(&self, symbol: Symbol) -> Option<&Features> {
        self.features.iter().find(|f| f.symbol == symbol)
    }

    /// Options and news of a symbol.
    pub fn options_of(&self, symbol: Symbol) -> Option<&OptionsView> {
        self.options.iter().find(|options| options.symbol == symbol)
    }

    /// A contract by its number.
    pub fn contract(&self, id: InstrumentId) -> Option<&ContractView> {
        self.contracts.get(id.0 as usize)
    }

    /// A contract by its name.
    pub fn named(&self, contract: Contract) -> Option<&ContractView> {
        self.contracts.iter().find(|c| c.instrument.contract == contract)
    }
}

/// A row of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookRow {
    /// Price and size.
    pub level: Level,
    /// Exchange or market maker, where the feed names it.
    pub venue: Option<Venue>,
}

/// A one-minute candle of regular prints.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Candle {
    /// Start of the minute.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares.
    pub volume: u64,
    /// Session VWAP at the end of the candle (so far, for the open one), dollars.
    pub vwap: f64,
    /// Bought less sold shares of the minute.
    pub signed_volume: i64,
}

/// A print on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapePrint {
    /// When.
    pub time: Timestamp,
    /// Price.
    pub price: Price,
    /// Shares; more than fit are told as the most that do. Four bytes: a thousand prints of each symbol are kept.
    pub size: u32,
    /// Aggressor, stated by the feed or inferred by Lee-Ready; absent when neither says.
    pub side: Option<Side>,
    /// Where.
    pub venue: Option<Venue>,
}

/// Who made a five-second bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarSource {
    /// The broker, who sends it when it has ended.
    Broker,
    /// We, from the prints. It may be growing still.
    Prints,
}

/// A five-second bar. A span without a print has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortBar {
    /// Start of its five seconds.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares.
    pub volume: u64,
    /// Who made it.
    pub source: BarSource,
}

impl ShortBar {
    /// Length of a bar.
    pub const SPAN: Span = Span::from_seconds(5);
}

/// What the detector of hidden orders says of a print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrintMark {
    /// Against an order that was not displayed: the feed says so, or more traded than was displayed.
    Hidden,
    /// At the middle of bid and offer.
    Midpoint,
    /// Elsewhere inside the spread: a midpoint of an older quote, or a hidden order.
    MidpointOrHidden,
}

/// A price level that is refilled again and again, as only part of a large order is displayed at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Iceberg {
    /// Side of the resting order: bids are [`Side::Buy`].
    pub side: Side,
    /// Of the level.
    pub price: Price,
    /// First trade at the level that belongs to it.
    pub since: Timestamp,
    /// Last trade.
    pub last: Timestamp,
    /// Refills so far.
    pub refills: u32,
    /// Usual size of a refill, shares: the median of the last eight.
    pub peak: u64,
    /// Shares executed at the level since its first trade.
    pub executed: u64,
    /// Of these, shares that were not displayed when they traded.
    pub hidden: u64,
    /// Log-likelihood ratio against refills as they come anyway; above ln 1000.
    pub score: f64,
    /// Probability of an iceberg when both were equally likely beforehand, in (0.999, 1].
    pub posterior: f64,
    /// Shares still hidden, as past icebergs suggest; unknown while too few of them were seen.
    pub remaining: Option<f64>,
    /// Past icebergs seen.
    pub past: u64,
}

/// What a group of prints may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepKind {
    /// From a feed that tells every print.
    #[default]
    Sweep,
    /// From a feed that samples: several orders may stand behind it, so it is never called a sweep.
    InferredBurst,
}

/// A sweep: prints of one side so close together, and taking so much, that one order seems to stand
/// behind them. The rule stands beside the code in `analytics`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Time of its first print.
    pub start: Timestamp,
    /// Time of its last print so far.
    pub end: Timestamp,
    /// Who crossed the spread.
    pub side: Side,
    /// Shares.
    pub quantity: u64,
    /// Price times shares, dollars.
    pub notional: f64,
    /// Prints; at least 2.
    pub prints: u32,
    /// Prices taken, one after the other; at least 1.
    pub levels: u32,
    /// Exchanges known by name, at most 8 are told apart.
    pub venues: u32,
    /// First price.
    pub from: Price,
    /// Furthest price.
    pub to: Price,
    /// Part of the shares that the exchange itself marked as a sweep, in [0, 1].
    pub marked: f64,
    /// What it may be called.
    #[serde(default)]
    pub kind: SweepKind,
    /// Ticks from the first price to the furthest.
    #[serde(default)]
    pub walked: u32,
    /// Part of the shares that traded at the touch or beyond it, of those whose touch was known, in
    /// [0, 1]; absent when it never was.
    #[serde(default)]
    pub at_or_through: Option<f64>,
    /// Chance that so many prints of the side come together when nothing stands behind them, at the rate
    /// in force before its first print; absent without a fitted rate.
    #[serde(default)]
    pub chance: Option<f64>,
    /// How often groups that look like it are marked by the exchange, where that was fitted, in [0, 1].
    #[serde(default)]
    pub confidence: Option<f64>,
}

/// The running minute against those before it. The rule stands beside the code in `analytics`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UnusualVolume {
    /// Start of the minute.
    pub minute: Timestamp,
    /// Shares of the minute so far.
    pub volume: u64,
    /// Whole minutes of the session it is compared with.
    pub minutes: u32,
    /// Their mean, shares.
    pub mean: f64,
    /// Volume so far over the mean.
    pub ratio: f64,
    /// Volume so far less the mean, in standard deviations; absent when those minutes were all equal.
    pub z: Option<f64>,
    /// Whether it is more than usual by the rule.
    pub unusual: bool,
}

/// Streams that were lost and have not spoken since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LostStreams {
    /// Best bid and offer.
    pub quotes: bool,
    /// Prints.
    pub trades: bool,
    /// Order book.
    pub depth: bool,
}

/// A hidden order and when it was first seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HiddenSeen {
    /// When it was first seen.
    pub first: Timestamp,
    /// As it was last seen.
    pub order: HiddenOrder,
}

/// What the admission gate kept out of the measures, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOut {
    /// Of what: `prints`, `quotes`, `bars`.
    pub of: Cow<'static, str>,
    /// Why, in words.
    pub reason: Cow<'static, str>,
    /// How many.
    pub count: u64,
}

/// What a chart of a symbol shows beyond its features. Kept by MarketCore, bounded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SymbolHistory {
    /// Whose.
    pub symbol: Symbol,
    /// One-minute candles of the session, oldest first; at most [`SymbolHistory::CANDLES`].
    pub candles: VecDeque<Candle>,
    /// Five-second bars of the day, oldest first; at most [`SymbolHistory::BARS`].
    pub bars: VecDeque<ShortBar>,
    /// Last prints, newest last; at most [`SymbolHistory::TAPE`].
    pub tape: VecDeque<TapePrint>,
    /// Prints that were on the tape since the start.
    pub prints: u64,
    /// VPIN at each completed bucket, newest last; at most [`SymbolHistory::VPIN`].
    pub vpin: VecDeque<(Timestamp, f64)>,
    /// Bids, best first; at most [`SymbolHistory::ROWS`].
    pub bids: Vec<BookRow>,
    /// Offers, best first; at most [`SymbolHistory::ROWS`].
    pub asks: Vec<BookRow>,
    /// Highest regular print of the session; absent when prints were lost.
    pub session_high: Option<Price>,
    /// Lowest regular print of the session, likewise.
    pub session_low: Option<Price>,
    /// The newest sweep of the session.
    pub sweep: Option<Sweep>,
    /// Sweeps of the session.
    pub sweeps: u64,
    /// The newest sweeps of the session, newest last; at most [`SymbolHistory::SWEEPS`].
    #[serde(default)]
    pub recent_sweeps: VecDeque<Sweep>,
    /// The newest hidden orders of the session, newest last; at most [`SymbolHistory::HIDDEN`].
    #[serde(default)]
    pub recent_hidden: VecDeque<HiddenSeen>,
    /// What the admission gate kept out since the start, by reason; only reasons that happened. At most
    /// [`SymbolHistory::REASONS`].
    #[serde(default)]
    pub kept_out: Vec<KeptOut>,
    /// The running minute against those before it; absent until enough of them were watched.
    pub unusual_volume: Option<UnusualVolume>,
    /// What is not heard of at this moment.
    pub lost: LostStreams,
    /// The newest print came from a feed that samples: prints, bars and what rests on them are not whole.
    pub sampled: bool,
    /// Whether it trades, once its market has said so.
    pub status: Option<TradingState>,
    /// What the feed itself counts of the day, and when it said so.
    pub totals: Option<(Timestamp, DayTotals)>,
}

impl SymbolHistory {
    /// Candles kept: the minutes of a full session, and a few more.
    pub const CANDLES: usize = 400;
    /// Five-second bars kept.
    pub const BARS: usize = 100;
    /// Prints kept.
    pub const TAPE: usize = 1_000;
    /// VPIN points kept.
    pub const VPIN: usize = 460;
    /// Book rows kept on each side.
    pub const ROWS: usize = 10;
    /// Sweeps kept.
    pub const SWEEPS: usize = 64;
    /// Hidden orders kept.
    pub const HIDDEN: usize = 64;
    /// Reasons for keeping something out.
    pub const REASONS: usize = 48;

    /// Knows nothing yet, and has room for everything.
    pub fn new(symbol: Symbol) -> Self {
        let mut history = Self::without_room(symbol);
        history.make_room();
        history
    }

    /// Knows nothing yet and holds no memory: [`Self::make_room`] is due before the first entry of a list.
    pub const fn without_room(symbol: Symbol) -> Self {
        Self {
            symbol,
            candles: VecDeque::new(),
            bars: VecDeque::new(),
            tape: VecDeque::new(),
            prints: 0,
            vpin: VecDeque::new(),
            bids: Vec::new(),
            asks: Vec::new(),
            session_high: None,
            session_low: None,
            sweep: None,
            sweeps: 0,
            recent_sweeps: VecDeque::new(),
            recent_hidden: VecDeque::new(),
            kept_out: Vec::new(),
            unusual_volume: None,
            lost: LostStreams { quotes: false, trades: false, depth: false },
            sampled: false,
            status: None,
            totals: None,
        }
    }

    /// Takes the memory that its lists may ever need.
    pub fn make_room(&mut self) {
        self.candles.reserve_exact(Self::CANDLES.saturating_sub(self.candles.len()));
        self.bars.reserve_exact(Self::BARS.saturating_sub(self.bars.len()));
        self.tape.reserve_exact(Self::TAPE.saturating_sub(self.tape.len()));
        self.vpin.reserve_exact(Self::VPIN.saturating_sub(self.vpin.len()));
        self.bids.reserve_exact(Self::ROWS.saturating_sub(self.bids.len()));
        self.asks.reserve_exact(Self::ROWS.saturating_sub(self.asks.len()));
        self.recent_sweeps.reserve_exact(Self::SWEEPS.saturating_sub(self.recent_sweeps.len()));
        self.recent_hidden.reserve_exact(Self::HIDDEN.saturating_sub(self.recent_hidden.len()));
        self.kept_out.reserve_exact(Self::REASONS.saturating_sub(self.kept_out.len()));
    }

    /// Bytes of its lists.
    pub fn heap_bytes(&self) -> usize {
        self.candles.capacity() * size_of::<Candle>()
            + self.bars.capacity() * size_of::<ShortBar>()
            + self.tape.capacity() * size_of::<TapePrint>()
            + self.vpin.capacity() * size_of::<(Timestamp, f64)>()
            + (self.bids.capacity() + self.asks.capacity()) * size_of::<BookRow>()
            + self.recent_sweeps.capacity() * size_of::<Sweep>()
            + self.recent_hidden.capacity() * size_of::<HiddenSeen>()
            + self.kept_out.capacity() * size_of::<KeptOut>()
    }

    /// A new session: forgets what is of the day. VPIN goes on by volume, the book is the feed's.
    pub fn begin_session(&mut self) {
        self.candles.clear();
        self.bars.clear();
        self.tape.clear();
        self.recent_sweeps.clear();
        (self.sweep, self.sweeps, self.totals) = (None, 0, None);
    }

    /// Keeps a sweep, or what has become of the newest one: it is told anew with each of its prints.
    pub fn note_sweep(&mut self, sweep: Sweep) {
        let grown = self.recent_sweeps.back().is_some_and(|s| (s.start, s.side) == (sweep.start, sweep.side));
        if grown {
            self.recent_sweeps.pop_back();
        } else if self.recent_sweeps.len() == Self::SWEEPS {
            self.recent_sweeps.pop_front();
        }
        self.recent_sweeps.push_back(sweep);
        self.sweep = Some(sweep);
    }

    /// Keeps a hidden order. An iceberg that is told again with more refills stays one.
    pub fn note_hidden(&mut self, order: HiddenOrder) {
        let same = |seen: &&mut HiddenSeen| {
            (seen.order.evidence, seen.order.side, seen.order.price)
                == (HiddenEvidence::Iceberg, order.side, order.price)
                && order.evidence == HiddenEvidence::Iceberg
                && order.refills > seen.order.refills
        };
        if let Some(seen) = self.recent_hidden.iter_mut().rev().find(same) {
            seen.order = order;
            return;
        }
        if self.recent_hidden.len() == Self::HIDDEN {
            self.recent_hidden.pop_front();
        }
        self.recent_hidden.push_back(HiddenSeen { first: order.time, order });
    }
}

/// Price and sensitivities of an option contract at the middle of its quote.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ContractGreeks {
    /// Which.
    pub contract: Contract,
    /// The symbol whose price moves it.
    pub underlying: Symbol,
    /// Event time of the quote they come from.
    pub quote_at: Timestamp,
    /// Middle of the quote, dollars.
    pub mid: f64,
    /// Price of the underlying they were computed with, dollars.
    pub spot: f64,
    /// Implied volatility, a year.
    pub implied_volatility: f64,
    /// Dollars of the option for a dollar of the underlying.
    pub delta: f64,
    /// Change of delta for a dollar of the underlying.
    pub gamma: f64,
    /// Dollars a day.
    pub theta: f64,
    /// Dollars for a hundredth of volatility.
    pub vega: f64,
}

/// How a gate stands at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// Lets through.
    Passed,
    /// Stops the signal here.
    Blocked,
    /// Not looked at: an earlier gate stopped it.
    NotReached,
}

/// One gate of a strategy for a symbol, as it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateView {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: GateState,
    /// In words, with the numbers it saw.
    pub text: String,
    /// How often it stopped a signal today.
    pub blocked_today: u64,
}

/// "Why no signal": all gates of a strategy for a symbol, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyView {
    /// Whose.
    pub strategy: Strategy,
    /// For which symbol.
    pub symbol: Symbol,
    /// Times it was looked at today.
    pub checks_today: u64,
    /// In order.
    pub gates: Vec<GateView>,
}

/// A position with its mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PositionView {
    /// The position.
    pub position: Position,
    /// Middle of the quote, when there is one.
    pub mark: Option<Price>,
    /// Profit of what is held at the mark, before commissions.
    pub unrealized: Option<Money>,
    /// Delta of the whole position in shares of the underlying, when it can be computed.
    pub delta: Option<f64>,
}

/// What the trading half knows, for the screen and the store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TradingView {
    /// Event time of the last change.
    pub as_of: Timestamp,
    /// Whether the broker's picture and ours agree, and since when.
    pub reconciled_at: Option<Timestamp>,
    /// Whether a session with the broker exists.
    pub connected: bool,
    /// Account number, when known.
    pub account_id: Option<String>,
    /// The account as the broker states it.
    pub account: Option<Account>,
    /// Equity at the start of the trading day.
    pub day_start_equity: Option<Money>,
    /// Realised profit of the day, before commissions.
    pub realized_today: Money,
    /// Commissions of the day.
    pub commissions_today: Money,
    /// Profit of all that is held at its marks; absent when a mark is missing.
    pub unrealized: Option<Money>,
    /// What the day may still lose before it halts.
    pub loss_budget_left: Option<Money>,
    /// Premium paid for what is held and what is being bought.
    pub premium_at_risk: Money,
    /// How far new risk is allowed.
    pub halt: HaltLevel,
    /// Why.
    pub halt_reason: Option<String>,
    /// What is held.
    pub positions: Vec<PositionView>,
    /// Orders that may still fill.
    pub orders: Vec<Order>,
    /// Signals of the day, newest first; at most [`TradingView::SIGNALS`].
    pub signals: Vec<Signal>,
    /// Fills of the day, newest first; at most [`TradingView::FILLS`].
    pub fills: Vec<Fill>,
    /// "Why no signal".
    pub strategies: Vec<StrategyView>,
    /// How often each pre-trade check refused, by name.
    pub refusals: Vec<(String, u64)>,
}

impl TradingView {
    /// Signals shown.
    pub const SIGNALS: usize = 50;
    /// Fills shown.
    pub const FILLS: usize = 100;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(start: i64, prints: u32) -> Sweep {
        Sweep {
            start: Timestamp::from_seconds(start),
            end: Timestamp::from_seconds(start),
            side: Side::Buy,
            quantity: 100,
            notional: 100.0,
            prints,
            levels: 2,
            venues: 1,
            from: Price::from_cents(100),
            to: Price::from_cents(101),
            marked: 0.0,
            kind: SweepKind::Sweep,
            walked: 0,
            at_or_through: None,
            chance: None,
            confidence: None,
        }
    }

    #[test]
    fn a_sweep_that_grows_stays_one() {
        let mut history = SymbolHistory::new(Symbol::new("SPY").unwrap());
        history.note_sweep(sweep(1, 2));
        history.note_sweep(sweep(1, 3));
        assert_eq!(history.recent_sweeps, [sweep(1, 3)]);
        for start in 2..=100 {
            history.note_sweep(sweep(start, 2));
        }
        assert_eq!(history.recent_sweeps.len(), SymbolHistory::SWEEPS);
        assert_eq!(history.sweep, history.recent_sweeps.back().copied());
    }

    #[test]
    fn an_iceberg_that_goes_on_stays_one() {
        let mut history = SymbolHistory::new(Symbol::new("SPY").unwrap());
        let iceberg = |second, refills| HiddenOrder {
            time: Timestamp::from_seconds(second),
            side: Side::Sell,
            price: Price::from_cents(5_000),
            evidence: HiddenEvidence::Iceberg,
            executed: 300,
            refills,
            peak: 300,
            posterior: Some(0.999),
            remaining: None,
        };
        history.note_hidden(iceberg(1, 3));
        history.note_hidden(iceberg(2, 4));
        history.note_hidden(HiddenOrder { evidence: HiddenEvidence::HiddenExecution, ..iceberg(3, 0) });
        let seen: Vec<_> = history.recent_hidden.iter().map(|s| (s.first, s.order.time)).collect();
        let at = Timestamp::from_seconds;
        assert_eq!(seen, [(at(1), at(2)), (at(3), at(3))]);
        history.note_hidden(iceberg(9, 3));
        assert_eq!(history.recent_hidden.len(), 3, "fewer refills: another one");
    }
}
