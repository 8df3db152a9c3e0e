//! Option chains: real-time ones from the market's quotes, those of past sessions from its close.
//!
//! Prices, open interest and volume are the market's own; implied volatility and Greeks are solved from the
//! middle of the quote, as the gateway solves them for its clients.

pub mod ratios;

use alphatrader_analytics::options::{Terms, value, years_between};
use alphatrader_market::UniverseConfig;
use alphatrader_market::synthetic::universe::closing_chain;
use alphatrader_model::{
    Calendar, Contract, OptionContract, Payload, Price, Right, Session, Symbol, Timestamp,
};
use jiff::civil::Date;

use super::json::{Json, fixed};
use super::table::Table;
use crate::feed::history::History;
use crate::feed::option::{Rates, compute};

/// One contract, as it is told. Numbers are text already, so that a fault can make them anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The contract.
    pub contract: OptionContract,
    /// Contracts traded so far.
    pub volume: u64,
    /// Contracts open.
    pub open_interest: u32,
    /// Names and values, in order.
    pub fields: Vec<(&'static str, String)>,
}

impl Row {
    /// Gives a field another value, where it has it.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        if let Some(field) = self.fields.iter_mut().find(|(known, _)| *known == name) {
            field.1 = value.into();
        }
    }

    /// A field's value as a number.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.fields.iter().find(|(known, _)| *known == name)?.1.parse().ok()
    }
}

/// What the market says of a contract.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    contract: OptionContract,
    settles: Timestamp,
    bid: Option<(Price, u64)>,
    ask: Option<(Price, u64)>,
    last: Option<Price>,
    volume: u64,
    open_interest: u32,
}

/// What the market says of a chain.
#[derive(Debug, Clone)]
pub struct Chain {
    seen: Vec<Seen>,
    spot: Option<f64>,
    /// The instant of its quotes.
    at: Timestamp,
    /// The exchange date of its quotes.
    date: Date,
    rates: Rates,
}

/// Which contracts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this expiry alone.
    pub expiration: Option<Date>,
    /// This one alone.
    pub contract: Option<OptionContract>,
}

impl Filter {
    fn wants(&self, contract: &OptionContract) -> bool {
        self.expiration.is_none_or(|expiry| expiry == contract.expiry)
            && self.contract.is_none_or(|wanted| wanted == *contract)
    }
}

/// The chain as it is quoted now, by expiry, strike and right; nothing for a symbol that has none.
pub fn now(history: &History<'_>, symbol: Symbol, filter: &Filter) -> Option<Chain> {
    let catalogue = &history.feed.catalogue;
    let stock = catalogue.by_contract(&Contract::Stock(symbol))?;
    let spot = history.feed.ticker(stock.instrument.id).and_then(crate::feed::Ticker::mark);
    let mut seen: Vec<Seen> = catalogue
        .options_on(symbol)
        .filter_map(|listing| {
            let contract = *listing.instrument.contract.option().filter(|option| filter.wants(option))?;
            let ticker = history.feed.ticker(listing.instrument.id);
            let side =
                |level: Option<alphatrader_model::market::Level>| level.map(|l| (l.price, l.size.get()));
            Some(Seen {
                contract,
                settles: listing.instrument.expires?,
                bid: side(ticker.and_then(|t| t.bid)),
                ask: side(ticker.and_then(|t| t.ask)),
                last: ticker.and_then(|t| t.last).map(|last| last.price),
                volume: ticker.map_or(0, |t| t.volume),
                open_interest: ticker.and_then(|t| t.open_interest).unwrap_or(0),
            })
        })
        .collect();
    seen.sort_by_key(|row| order(&row.contract));
    Some(Chain {
        seen,
        spot: spot.map(Price::to_f64),
        at: history.now,
        date: history.calendar.date_of(history.now),
        rates: history.rates,
    })
}

/// What the market of a seed says a minute before a session's close.
pub fn at_close(seed: u64, symbol: Symbol, session: Session, filter: &Filter, rates: Rates) -> Option<Chain> {
    let (cents, said) = closing_chain(&UniverseConfig::all(seed), symbol, session)?;
    let mut seen: std::collections::BTreeMap<_, Seen> = std::collections::BTreeMap::new();
    let mut at = session.close;
    for input in said {
        match input.payload {
            Payload::Instrument(instrument) => {
                let (Some(contract), Some(settles)) =
                    (instrument.contract.option().copied(), instrument.expires)
                else {
                    continue;
                };
                let (bid, ask, last) = (None, None, None);
                let row = Seen { contract, settles, bid, ask, last, volume: 0, open_interest: 0 };
                seen.insert(instrument.id, row);
            }
            Payload::Quote(quote) => {
                if let Some(row) = seen.get_mut(&quote.instrument) {
                    row.bid = quote.bid.map(|l| (l.price, l.size.get()));
                    row.ask = quote.ask.map(|l| (l.price, l.size.get()));
                    at = input.ts_event;
                }
            }
            Payload::Chain(told) => {
                if let Some(row) = seen.get_mut(&told.instrument) {
                    row.open_interest = told.open_interest.unwrap_or(0);
                    row.volume = u64::from(told.volume.unwrap_or(0));
                }
            }
            _ => {}
        }
    }
    let mut seen: Vec<Seen> = seen.into_values().filter(|row| filter.wants(&row.contract)).collect();
    for row in &mut seen {
        // Whoever traded last did so at the bid.
        row.last = row.bid.map(|(price, _)| price).filter(|_| row.volume > 0);
    }
    seen.sort_by_key(|row| order(&row.contract));
    Some(Chain { seen, spot: Some(cents / 100.0), at, date: session.date, rates })
}

fn order(contract: &OptionContract) -> (Date, Price, bool) {
    (contract.expiry, contract.strike, contract.right == Right::Put)
}

/// The session of a historical request: that of `date`, else the one before now.
pub fn session_of(calendar: &Calendar, now: Timestamp, date: Option<Date>) -> Option<Session> {
    let today = calendar.date_of(now);
    match date {
        Some(date) if date >= today => None,
        Some(date) => calendar.session(date),
        None => Some(calendar.previous_session(today)),
    }
}

/// The rows of a chain under the name `symbol`. With `greeks` implied volatility and Greeks too.
pub fn rows(chain: &Chain, symbol: &str, greeks: bool) -> Vec<Row> {
    chain.seen.iter().map(|seen| row(chain, seen, symbol, greeks)).collect()
}

fn row(chain: &Chain, seen: &Seen, symbol: &str, greeks: bool) -> Row {
    let money = |price: Option<Price>| fixed(price.map_or(0.0, Price::to_f64), 2);
    let contract = seen.contract;
    let mark = match (seen.bid, seen.ask) {
        (Some((bid, _)), Some((ask, _))) => f64::midpoint(bid.to_f64(), ask.to_f64()),
        (None, Some((ask, _))) => ask.to_f64() / 2.0,
        (Some((bid, _)), None) => bid.to_f64(),
        (None, None) => 0.0,
    };
    let name = contract.to_string();
    let name = name.strip_prefix(contract.root.as_str()).unwrap_or(&name);
    let mut fields = vec![
        ("contractID", format!("{symbol}{name}")),
        ("symbol", symbol.to_owned()),
        ("expiration", contract.expiry.to_string()),
        ("strike", fixed(contract.strike.to_f64(), 2)),
        ("type", if contract.right == Right::Call { "call" } else { "put" }.to_owned()),
        ("last", money(seen.last)),
        // Half a cent goes up, whatever the float makes of it.
        ("mark", fixed((mark * 100.0 + 1e-6).round() / 100.0, 2)),
        ("bid", money(seen.bid.map(|(price, _)| price))),
        ("bid_size", seen.bid.map_or(0, |(_, size)| size).to_string()),
        ("ask", money(seen.ask.map(|(price, _)| price))),
        ("ask_size", seen.ask.map_or(0, |(_, size)| size).to_string()),
        ("volume", seen.volume.to_string()),
        ("open_interest", seen.open_interest.to_string()),
        ("date", chain.date.to_string()),
    ];
    if greeks {
        let [volatility, delta, gamma, theta, vega, rho] = sensitivities(chain, seen, mark);
        let five = |value: f64| fixed(value, 5);
        fields.extend([
            ("implied_volatility", five(volatility)),
            ("delta", five(delta)),
            ("gamma", five(gamma)),
            ("theta", five(theta)),
            ("vega", five(vega)),
            ("rho", five(rho)),
        ]);
    }
    Row { contract, volume: seen.volume, open_interest: seen.open_interest, fields }
}

/// Volatility, delta, gamma, theta a day, vega and rho a point. Where the quote has no volatility all of
/// them are zeros, and delta that of what is in the money for certain, as the vendor has it.
fn sensitivities(chain: &Chain, seen: &Seen, mark: f64) -> [f64; 6] {
    /// A change of the rate that is small against a point.
    const NUDGE: f64 = 1e-4;
    let Some(spot) = chain.spot else { return [0.0; 6] };
    let terms = Terms {
        right: seen.contract.right,
        spot,
        strike: seen.contract.strike.to_f64(),
        years: years_between(chain.at, seen.settles),
        rate: chain.rates.rate,
        dividend_yield: chain.rates.dividend_yield,
    };
    let computed = terms.check().ok().and_then(|()| compute(&terms, mark));
    let Some(computed) = computed else {
        let intrinsic = match terms.right {
            Right::Call => spot - terms.strike,
            Right::Put => terms.strike - spot,
        };
        let sign = if terms.right == Right::Call { 1.0 } else { -1.0 };
        return [0.0, if intrinsic > 0.0 { sign } else { 0.0 }, 0.0, 0.0, 0.0, 0.0];
    };
    let of = computed.valuation;
    let nudged = |by: f64| value(&Terms { rate: terms.rate + by, ..terms }, computed.volatility);
    let rho = match (nudged(NUDGE), nudged(-NUDGE)) {
        (Ok(up), Ok(down)) => (up.price - down.price) / (2.0 * NUDGE) / 100.0,
        _ => 0.0,
    };
    [computed.volatility, of.delta, of.gamma, of.theta / 365.0, of.vega / 100.0, rho]
}

/// The rows as a body.
pub fn body(endpoint: &'static str, rows: &[Row]) -> Json {
    let data = rows
        .iter()
        .map(|row| Json::object(row.fields.iter().map(|(name, value)| (*name, Json::text(value.clone())))));
    Json::object([
        ("endpoint", Json::text(endpoint)),
        ("message", Json::text("success")),
        ("data", Json::Array(data.collect())),
    ])
}

/// The rows as text; the columns are those of the first.
pub fn text(rows: &[Row], greeks: bool) -> String {
    const NAMES: [&str; 20] = [
        "contractID",
        "symbol",
        "expiration",
        "strike",
        "type",
        "last",
        "mark",
        "bid",
        "bid_size",
        "ask",
        "ask_size",
        "volume",
        "open_interest",
        "date",
        "implied_volatility",
        "delta",
        "gamma",
        "theta",
        "vega",
        "rho",
    ];
    let names = if greeks { &NAMES[..] } else { &NAMES[..14] };
    let mut table = Table::new(names.iter().copied());
    for row in rows {
        let value = |name: &&str| {
            row.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
        };
        table.row(names.iter().map(value));
    }
    table.finish()
}

/// The payload that stands in the place of a premium function's answer: an ordinary envelope with rows
/// that were never traded.
pub fn sample(endpoint: &'static str) -> Json {
    let fields = [
        ("contractID", "XXYYZZ999999C00020000"),
        ("symbol", "XXYYZZ"),
        ("expiration", "2099-99-99"),
        ("strike", "20.00"),
        ("type", "call"),
        ("last", "0.00"),
        ("mark", "9.10"),
        ("bid", "9.05"),
        ("bid_size", "10"),
        ("ask", "9.15"),
        ("ask_size", "12"),
        ("volume", "0"),
        ("open_interest", "100"),
        ("date", "2099-99-99"),
        ("implied_volatility", "0.35000"),
        ("delta", "0.90000"),
        ("gamma", "0.01000"),
        ("theta", "-0.01000"),
        ("vega", "0.01000"),
        ("rho", "0.01000"),
    ];
    let row = || Json::object(fields.map(|(name, value)| (name, Json::text(value))));
    Json::object([
        ("endpoint", Json::text(endpoint)),
        (
            "message",
            Json::text(
                "This is a premium endpoint. ***THE SAMPLE DATA SCHEMA BELOW IS ARTIFICIAL AND FOR ILLUSTRATION \
                 PURPOSES ONLY***. Please subscribe to any of the premium plans with realtime US market data at \
                 https://www.alphavantage.co/premium/ to unlock realtime options data.",
            ),
        ),
        ("data", Json::Array(vec![row(), row()])),
    ])
}
