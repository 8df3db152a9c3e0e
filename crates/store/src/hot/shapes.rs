//! The JSON of each key: what it holds is a view of the core, `as_of` the event time it speaks of.
//!
//! Prices and money are decimal text, times RFC 3339; what is not known is `null`.

#![allow(clippy::struct_field_names, reason = "field names are the names of the JSON")]

use std::borrow::Cow;
use std::collections::VecDeque;

use alphatrader_model::chain::Provider;
use alphatrader_model::event::HaltLevel;
use alphatrader_model::exposure::Unusual;
use alphatrader_model::features::BookState;
use alphatrader_model::market::TradingState;
use alphatrader_model::view::{
    BookRow, ContractGreeks, ContractView, OptionRow, PositionView, ShortBar, SymbolHistory, TapePrint,
    TradingView,
};
use alphatrader_model::{
    Account, Contract, Features, Fill, Money, Order, Price, Quantity, Signal, Symbol, Timestamp,
};
use serde::Serialize;

/// JSON text. Every shape here has text for keys and nothing else that JSON cannot say.
pub(super) fn json(shape: &impl Serialize) -> String {
    serde_json::to_string(shape).expect("shapes of the hot state have text keys")
}

/// An entity with the time it speaks of beside its own fields.
#[derive(Serialize)]
pub(super) struct Stamped<'a, T: Serialize> {
    pub(super) as_of: Timestamp,
    #[serde(flatten)]
    pub(super) value: &'a T,
}

#[derive(Serialize)]
pub(super) struct Book<'a> {
    pub(super) as_of: Timestamp,
    pub(super) state: BookState,
    pub(super) bids: &'a [BookRow],
    pub(super) asks: &'a [BookRow],
}

#[derive(Serialize)]
pub(super) struct Trades<'a> {
    pub(super) as_of: Timestamp,
    /// From a feed that samples: not every print is here.
    pub(super) sampled: bool,
    /// Newest last.
    pub(super) trades: &'a VecDeque<TapePrint>,
}

/// Bars keep their length beside them: a reader does not have to guess it.
#[derive(Serialize)]
pub(super) struct Bars<'a> {
    pub(super) as_of: Timestamp,
    pub(super) seconds: u32,
    /// Oldest first; the last one may be growing.
    pub(super) bars: &'a VecDeque<ShortBar>,
}

#[derive(Serialize)]
pub(super) struct Last {
    pub(super) as_of: Timestamp,
    pub(super) price: Price,
}

#[derive(Serialize)]
pub(super) struct Ticker {
    as_of: Timestamp,
    last: Option<Price>,
    bid: Option<Price>,
    ask: Option<Price>,
    session_open: Option<Price>,
    session_high: Option<Price>,
    session_low: Option<Price>,
    session_volume: u64,
    vwap: Option<f64>,
    /// What the feed itself counts, extended hours and all.
    day_volume: Option<Quantity>,
    day_vwap: Option<Price>,
    status: Option<TradingState>,
    sampled: bool,
}

impl Ticker {
    pub(super) fn of(features: &Features, history: Option<&SymbolHistory>) -> Self {
        let totals = history.and_then(|history| history.totals).map(|(_, totals)| totals);
        Self {
            as_of: features.as_of,
            last: features.last,
            bid: features.bid,
            ask: features.ask,
            session_open: features.session_open,
            session_high: history.and_then(|history| history.session_high),
            session_low: history.and_then(|history| history.session_low),
            session_volume: features.session_volume,
            vwap: features.vwap,
            day_volume: totals.and_then(|totals| totals.volume),
            day_vwap: totals.and_then(|totals| totals.vwap),
            status: history.and_then(|history| history.status),
            sampled: history.is_some_and(|history| history.sampled),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Spread {
    pub(super) as_of: Timestamp,
    pub(super) bid: Price,
    pub(super) ask: Price,
    pub(super) spread: Option<Price>,
    pub(super) spread_bp: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Imbalance {
    pub(super) as_of: Timestamp,
    pub(super) touch: Option<f64>,
    pub(super) levels_5: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct Vpin<'a> {
    pub(super) as_of: Timestamp,
    pub(super) vpin: Option<f64>,
    pub(super) buckets: u64,
    /// The same with its observations and quality, its rank, its level without information, its alert.
    pub(super) toxicity: &'a alphatrader_model::features::Toxicity,
}

#[derive(Serialize)]
pub(super) struct Swept<'a> {
    pub(super) as_of: Timestamp,
    /// Sweeps of the session so far.
    pub(super) sweeps: u64,
    /// The newest.
    #[serde(flatten)]
    pub(super) sweep: &'a alphatrader_model::view::Sweep,
}

#[derive(Serialize)]
pub(super) struct Greeks<'a> {
    pub(super) as_of: Timestamp,
    /// Those whose quote implies a volatility.
    pub(super) contracts: Vec<Cow<'a, ContractGreeks>>,
}

#[derive(Serialize)]
pub(super) struct Moment {
    pub(super) as_of: Timestamp,
}

#[derive(Serialize)]
pub(super) struct Chain {
    pub(super) as_of: Timestamp,
    /// Contracts known; those beyond the bound are not among the rows.
    pub(super) known: usize,
    pub(super) contracts: Vec<ChainRow>,
}

#[derive(Serialize)]
pub(super) struct ChainRow {
    contract: Contract,
    strike: Price,
    multiplier: Option<u32>,
    synthetic: bool,
    /// Whose quote it is.
    source: Provider,
    bid: Option<Price>,
    bid_size: Option<Quantity>,
    ask: Option<Price>,
    ask_size: Option<Quantity>,
    last: Option<Price>,
    quote_at: Option<Timestamp>,
    open_interest: Option<u32>,
    volume: Option<u32>,
    /// Older than a minute in the session, or delayed: never traded on.
    stale: bool,
    /// Another fresh source says another price.
    disagrees: bool,
}

/// Contracts that trade more than is open.
#[derive(Serialize)]
pub(super) struct UnusualActivity<'a> {
    pub(super) as_of: Timestamp,
    pub(super) degraded: bool,
    /// The highest ratio first.
    pub(super) contracts: &'a [Unusual],
}

impl ChainRow {
    /// A row of the chain from the broker's own quote; nothing for what is no option.
    pub(super) fn of(view: &ContractView) -> Option<Self> {
        let option = view.instrument.contract.option()?;
        let bid = view.quote.and_then(|quote| quote.bid);
        let ask = view.quote.and_then(|quote| quote.ask);
        Some(Self {
            contract: view.instrument.contract,
            strike: option.strike,
            multiplier: Some(view.instrument.multiplier),
            synthetic: view.instrument.synthetic,
            source: Provider::Ibkr,
            bid: bid.map(|level| level.price),
            bid_size: bid.map(|level| level.size),
            ask: ask.map(|level| level.price),
            ask_size: ask.map(|level| level.size),
            last: None,
            quote_at: view.quote_at,
            open_interest: view.open_interest,
            volume: view.volume,
            stale: false,
            disagrees: false,
        })
    }

    /// A row merged from all sources.
    pub(super) fn merged(row: &OptionRow, synthetic: bool) -> Self {
        let size = |size: Option<u32>| size.map(|size| Quantity::new(u64::from(size)));
        Self {
            contract: Contract::Option(row.contract),
            strike: row.contract.strike,
            multiplier: row.multiplier,
            synthetic,
            source: row.source,
            bid: row.bid,
            bid_size: size(row.bid_size),
            ask: row.ask,
            ask_size: size(row.ask_size),
            last: row.last,
            quote_at: Some(row.quote_at),
            open_interest: row.open_interest,
            volume: row.volume,
            stale: row.stale,
            disagrees: row.disagrees,
        }
    }
}

/// Sensitivities of a merged row; nothing where its quote implies none.
pub(super) fn greeks_of(row: &OptionRow, underlying: Symbol, spot: f64) -> Option<ContractGreeks> {
    let mid = row.bid.zip(row.ask).map(|(bid, ask)| f64::midpoint(bid.to_f64(), ask.to_f64()))?;
    Some(ContractGreeks {
        contract: Contract::Option(row.contract),
        underlying,
        quote_at: row.quote_at,
        mid,
        spot,
        implied_volatility: row.iv?,
        delta: row.delta?,
        gamma: row.gamma?,
        theta: row.theta?,
        vega: row.vega?,
    })
}

#[derive(Serialize)]
pub(super) struct Orders<'a> {
    pub(super) as_of: Timestamp,
    pub(super) orders: &'a [Order],
}

#[derive(Serialize)]
pub(super) struct Executions<'a> {
    pub(super) as_of: Timestamp,
    /// Newest first.
    pub(super) executions: &'a [Fill],
}

#[derive(Serialize)]
pub(super) struct Positions<'a> {
    pub(super) as_of: Timestamp,
    pub(super) positions: &'a [PositionView],
}

#[derive(Serialize)]
pub(super) struct LatestSignal<'a> {
    pub(super) as_of: Timestamp,
    pub(super) signal: &'a Signal,
}

#[derive(Serialize)]
pub(super) struct AccountSummary<'a> {
    as_of: Timestamp,
    account_id: Option<&'a str>,
    account: Option<&'a Account>,
    day_start_equity: Option<Money>,
    realized_today: Money,
    commissions_today: Money,
    unrealized: Option<Money>,
}

impl<'a> AccountSummary<'a> {
    pub(super) fn of(view: &'a TradingView) -> Self {
        Self {
            as_of: view.as_of,
            account_id: view.account_id.as_deref(),
            account: view.account.as_ref(),
            day_start_equity: view.day_start_equity,
            realized_today: view.realized_today,
            commissions_today: view.commissions_today,
            unrealized: view.unrealized,
        }
    }
}

#[derive(Serialize)]
pub(super) struct RiskState<'a> {
    as_of: Timestamp,
    halt: HaltLevel,
    loss_budget_left: Option<Money>,
    premium_at_risk: Money,
    positions: usize,
    orders: usize,
    refusals: &'a [(String, u64)],
}

impl<'a> RiskState<'a> {
    pub(super) fn of(view: &'a TradingView) -> Self {
        Self {
            as_of: view.as_of,
            halt: view.halt,
            loss_budget_left: view.loss_budget_left,
            premium_at_risk: view.premium_at_risk,
            positions: view.positions.len(),
            orders: view.orders.len(),
            refusals: &view.refusals,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Halt<'a> {
    pub(super) as_of: Timestamp,
    pub(super) level: HaltLevel,
    pub(super) reason: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Connected {
    pub(super) as_of: Timestamp,
    pub(super) connected: bool,
    pub(super) reconciled_at: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct AccountId<'a> {
    pub(super) as_of: Timestamp,
    pub(super) account_id: &'a str,
}

#[derive(Serialize)]
pub(super) struct Heartbeat<'a> {
    pub(super) as_of: Timestamp,
    pub(super) health: &'static str,
    pub(super) reason: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct ModuleMetrics<'a> {
    pub(super) as_of: Timestamp,
    pub(super) health: &'static str,
    pub(super) reason: Option<&'a str>,
    pub(super) errors: u64,
    pub(super) figures: std::collections::BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
pub(super) struct ModuleError<'a> {
    pub(super) as_of: Timestamp,
    pub(super) error: &'a str,
}
