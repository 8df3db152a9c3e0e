//! Contract details, option chain parameters, market rules, symbol search.

use std::collections::{BTreeMap, BTreeSet};

use alphatrader_market::synthetic::profile::profile;
use alphatrader_model::{Calendar, Contract, Instrument, Price, Session, Symbol, Timestamp};
use jiff::civil::Date;

use super::catalogue::{Catalogue, Listing, OPTION_EXCHANGES, primary_exchange};
use crate::wire::message::contract::{
    ContractData, ContractDescription, ContractDetails, DepthMarketDataDescription, MarketRule,
    PriceIncrement, SecDefOptParameter, SmartComponent,
};

const STOCK_ORDER_TYPES: &str = "ACTIVETIM,ALGO,ALLOC,AON,COND,CONDORDTYPE,DAY,FOK,GAT,GTC,GTD,HID,IOC,LIT,LMT,LOC,MIT,MKT,MOC,OCA,OPG,STP,STPLMT,TRAIL,TRAILLMT,WHATIF";
const ZONE: &str = "US/Eastern";

/// Days for which trading hours are told, today included.
const HOURS_TOLD: usize = 5;

/// The map of venue letters that `tickReqParams` names.
pub const BBO_EXCHANGE: &str = "9c0001";

/// Details of one contract, as told to a client that asked on `exchange`.
pub fn contract_data(
    listing: &Listing,
    exchange: &str,
    catalogue: &Catalogue,
    calendar: &Calendar,
    now: Timestamp,
) -> ContractData {
    let instrument = &listing.instrument;
    let exchange = if exchange.is_empty() { "SMART" } else { exchange };
    let rule = rule_id(instrument).to_string();
    let (trading, liquid) = hours(listing, calendar, now);
    let mut details = ContractDetails {
        market_name: listing.told(exchange).trading_class,
        min_tick: Some(instrument.tick.to_string()),
        order_types: Some(STOCK_ORDER_TYPES.to_owned()),
        valid_exchanges: Some(listing.exchanges().join(",")),
        price_magnifier: Some(1),
        time_zone_id: Some(ZONE.to_owned()),
        trading_hours: Some(trading),
        liquid_hours: Some(liquid),
        agg_group: Some(1),
        market_rule_ids: Some(vec![rule.as_str(); listing.exchanges().len()].join(",")),
        min_size: Some("1".to_owned()),
        size_increment: Some("1".to_owned()),
        suggested_size_increment: Some(
            if instrument.contract.option().is_some() { "1" } else { "100" }.to_owned(),
        ),
        long_name: Some(long_name(instrument)),
        ..ContractDetails::default()
    };
    match instrument.contract {
        Contract::Stock(symbol) => {
            details.stock_type = Some(stock_type(instrument).to_owned());
            if let Some(known) = profile(symbol.as_str()).filter(|known| !known.fund) {
                details.industry = Some(known.industry.0.to_owned());
                details.category = Some(known.industry.1.to_owned());
            }
        }
        Contract::Option(option) => {
            details.contract_month = Some(option.expiry.strftime("%Y%m").to_string());
            details.real_expiration_date = Some(option.expiry.strftime("%Y%m%d").to_string());
            details.under_symbol = Some(instrument.underlying.to_string());
            details.under_sec_type = Some("STK".to_owned());
            let underlying = catalogue.by_contract(&Contract::Stock(instrument.underlying));
            details.under_con_id = underlying.map(|listing| listing.con_id);
        }
    }
    ContractData { req_id: None, contract: Some(listing.told(exchange)), contract_details: Some(details) }
}

fn long_name(instrument: &Instrument) -> String {
    let symbol = instrument.underlying.as_str();
    let name = profile(symbol).map_or(symbol, |profile| profile.name);
    if instrument.synthetic { format!("{name} (SYNTHETIC)") } else { name.to_owned() }
}

fn stock_type(instrument: &Instrument) -> &'static str {
    if is_etf(instrument.underlying) { "ETF" } else { "COMMON" }
}

/// Whether a symbol is a fund that trades like a stock.
pub fn is_etf(symbol: Symbol) -> bool {
    profile(symbol.as_str()).is_some_and(|profile| profile.fund) || symbol.as_str() == "DIA"
}

/// Trading and liquid hours from today on: `YYYYMMDD:HHMM-YYYYMMDD:HHMM;YYYYMMDD:CLOSED`.
fn hours(listing: &Listing, calendar: &Calendar, now: Timestamp) -> (String, String) {
    let today = calendar.date_of(now);
    let days = std::iter::successors(Some(today), |day| day.tomorrow().ok()).take(HOURS_TOLD);
    let last = listing.instrument.contract.option().map(|option| option.expiry);
    let (mut trading, mut liquid) = (Vec::new(), Vec::new());
    for day in days.filter(|day| last.is_none_or(|last| *day <= last)) {
        let Some(session) = calendar.session(day) else {
            let closed = format!("{}:CLOSED", day.strftime("%Y%m%d"));
            trading.push(closed.clone());
            liquid.push(closed);
            continue;
        };
        let close = calendar.local(session.close);
        let regular = span(day, "0930", &close.strftime("%H%M").to_string());
        let option = listing.instrument.contract.option().is_some();
        trading.push(if option { regular.clone() } else { span(day, "0400", "2000") });
        liquid.push(regular);
    }
    (trading.join(";"), liquid.join(";"))
}

fn span(day: Date, from: &str, to: &str) -> String {
    let day = day.strftime("%Y%m%d");
    format!("{day}:{from}-{day}:{to}")
}

/// Expirations and strikes of an underlying, one message per exchange.
pub fn option_parameters(catalogue: &Catalogue, underlying: &Listing) -> Vec<SecDefOptParameter> {
    let mut classes: BTreeMap<(Symbol, u32), (BTreeSet<Date>, BTreeSet<Price>)> = BTreeMap::new();
    for listing in catalogue.options_on(underlying.instrument.underlying) {
        if let Contract::Option(option) = listing.instrument.contract {
            let class = (option.root, listing.instrument.multiplier);
            let (expirations, strikes) = classes.entry(class).or_default();
            expirations.insert(option.expiry);
            strikes.insert(option.strike);
        }
    }
    let mut parameters = Vec::new();
    for exchange in OPTION_EXCHANGES {
        for ((class, multiplier), (expirations, strikes)) in &classes {
            parameters.push(SecDefOptParameter {
                req_id: None,
                exchange: Some((*exchange).to_owned()),
                underlying_con_id: Some(underlying.con_id),
                trading_class: Some(class.to_string()),
                multiplier: Some(multiplier.to_string()),
                expirations: expirations.iter().map(|day| day.strftime("%Y%m%d").to_string()).collect(),
                strikes: strikes.iter().map(|strike| strike.to_f64()).collect(),
            });
        }
    }
    parameters
}

/// Stocks whose symbol or name begins with `pattern`.
pub fn matching_symbols(catalogue: &Catalogue, pattern: &str) -> Vec<ContractDescription> {
    let pattern = pattern.to_ascii_uppercase();
    let begins = |listing: &&Listing| {
        let stock = listing.instrument.underlying;
        stock.as_str().starts_with(&pattern)
            || profile(stock.as_str()).is_some_and(|known| known.name.starts_with(&pattern))
    };
    let stocks = catalogue.stocks().filter(begins);
    let described = |listing: &Listing| {
        let mut told = listing.told("");
        told.exchange = None;
        told.primary_exch = Some(primary_exchange(listing.instrument.underlying).to_owned());
        let has_options = catalogue.options_on(listing.instrument.underlying).next().is_some();
        let derivatives = if has_options { vec!["OPT".to_owned()] } else { Vec::new() };
        ContractDescription { contract: Some(told), derivative_sec_types: derivatives }
    };
    stocks.take(16).map(described).collect()
}

/// The number of the rule by which a contract's prices move: the broker's where it has one for the
/// same steps, else one made of the steps.
pub fn rule_id(instrument: &Instrument) -> i32 {
    match (instrument.tick.raw(), instrument.tick_above.raw(), instrument.tick_break.raw()) {
        (100, 100, _) => 26,
        (100, 500, 30_000) => 109,
        (500, 1000, 30_000) => 110,
        (tick, above, at) => 10_000 + (tick % 1_000 * 31 + above % 1_000 * 7 + at % 10_000) as i32,
    }
}

/// A rule that some listed contract follows.
pub fn market_rule(catalogue: &Catalogue, id: i32) -> Option<MarketRule> {
    // Stocks first: most ask for theirs.
    let all = catalogue.stocks().chain(catalogue.iter());
    let instrument = all.map(|listing| &listing.instrument).find(|instrument| rule_id(instrument) == id)?;
    let mut increments =
        vec![PriceIncrement { low_edge: Some(0.0), increment: Some(instrument.tick.to_f64()) }];
    if instrument.tick_above != instrument.tick {
        let edge = instrument.tick_break.to_f64();
        increments
            .push(PriceIncrement { low_edge: Some(edge), increment: Some(instrument.tick_above.to_f64()) });
    }
    Some(MarketRule { market_rule_id: Some(id), price_increments: increments })
}

/// Exchanges whose book is shown.
pub fn depth_exchanges() -> Vec<DepthMarketDataDescription> {
    let describe = |exchange: &&str| DepthMarketDataDescription {
        exchange: Some((*exchange).to_owned()),
        sec_type: Some("STK".to_owned()),
        listing_exch: Some(String::new()),
        service_data_type: Some("Deep2".to_owned()),
        agg_group: None,
    };
    super::catalogue::STOCK_EXCHANGES.iter().filter(|exchange| **exchange != "SMART").map(describe).collect()
}

/// Exchanges of a consolidated quote, as this market and as clients name them, and their letters.
const LETTERS: [(&str, &str, &str); 8] = [
    ("NSDQ", "NASDAQ", "Q"),
    ("ARCA", "ARCA", "P"),
    ("BATS", "BATS", "Z"),
    ("EDGX", "DRCTEDGE", "K"),
    ("NYSE", "NYSE", "N"),
    ("IEX", "IEX", "V"),
    ("MEMX", "MEMX", "U"),
    ("BEX", "BEX", "B"),
];

/// The letter of a venue in a consolidated quote.
pub fn letter(venue: &str) -> Option<&'static str> {
    LETTERS.iter().find(|(ours, theirs, _)| *ours == venue || *theirs == venue).map(|(.., letter)| *letter)
}

/// The venue of this market that a client's name of an exchange means; the name itself where it is none.
pub fn venue_of(exchange: &str) -> &str {
    let exchange = if exchange == "ISLAND" { "NASDAQ" } else { exchange };
    LETTERS.iter().find(|(_, theirs, _)| *theirs == exchange).map_or(exchange, |(ours, ..)| ours)
}

/// Which exchange stands behind each bit and letter of a consolidated quote.
pub fn smart_components() -> Vec<SmartComponent> {
    (0..)
        .zip(LETTERS)
        .map(|(bit, (_, exchange, letter))| SmartComponent {
            bit_number: Some(bit),
            exchange: Some(exchange.to_owned()),
            exchange_letter: Some(letter.to_owned()),
        })
        .collect()
}

/// The session that orders for `now` would trade in: today's, or the next one.
pub fn session_ahead(calendar: &Calendar, now: Timestamp) -> Session {
    let today = calendar.date_of(now);
    match calendar.session(today) {
        Some(session) if now < session.close => session,
        _ => calendar.next_session(today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::catalogue::tests::{catalogue, instrument};
    use alphatrader_model::Price;

    fn at_noon() -> Timestamp {
        "2026-11-23T12:00:00-05:00".parse().unwrap()
    }

    #[test]
    fn details_say_what_an_option_is() {
        let catalogue = catalogue();
        let calendar = Calendar::xnys();
        let listing = catalogue.by_contract(&"SPY261123C00600000".parse().unwrap()).unwrap();
        let data = contract_data(listing, "SMART", &catalogue, &calendar, at_noon());
        let details = data.contract_details.unwrap();
        assert_eq!(details.under_con_id, Some(1000));
        assert_eq!(details.min_tick.as_deref(), Some("0.01"));
        assert_eq!(details.liquid_hours.as_deref(), Some("20261123:0930-20261123:1600"));
        assert_eq!(data.contract.unwrap().local_symbol.as_deref(), Some("SPY   261123C00600000"));
        assert!(details.long_name.unwrap().ends_with("(SYNTHETIC)"));
    }

    #[test]
    fn hours_know_holidays_and_half_days() {
        let catalogue = catalogue();
        let stock = catalogue.by_contract(&"SPY".parse().unwrap()).unwrap();
        let (trading, liquid) =
            hours(stock, &Calendar::xnys(), at_noon() + alphatrader_model::Span::from_minutes(60 * 24 * 3));
        assert!(
            liquid.starts_with("20261126:CLOSED;20261127:0930-20261127:1300;20261128:CLOSED"),
            "{liquid}"
        );
        assert!(trading.contains("20261127:0400-20261127:2000"));
    }

    #[test]
    fn chains_are_listed_per_exchange() {
        let catalogue = catalogue();
        let stock = catalogue.by_contract(&"SPY".parse().unwrap()).unwrap();
        let parameters = option_parameters(&catalogue, stock);
        assert_eq!(parameters.len(), OPTION_EXCHANGES.len());
        assert_eq!(parameters[0].expirations, ["20261123", "20261124"]);
        assert_eq!(parameters[0].strikes, [600.0, 601.0]);
    }

    #[test]
    fn rules_give_the_steps_of_the_contract() {
        let mut catalogue = catalogue();
        let mut nickel = instrument(9, "SPY261123C00700000");
        (nickel.tick, nickel.tick_above) = (Price::from_cents(5), Price::from_cents(10));
        catalogue.list(Listing { instrument: nickel, con_id: 9 });
        assert_eq!(market_rule(&catalogue, 26).unwrap().price_increments.len(), 1);
        let rule = market_rule(&catalogue, 110).unwrap();
        assert_eq!(rule.price_increments[1], PriceIncrement { low_edge: Some(3.0), increment: Some(0.1) });
        assert_eq!(market_rule(&catalogue, 5), None);
    }

    #[test]
    fn symbols_are_found_by_their_beginning() {
        let found = matching_symbols(&catalogue(), "sp");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].derivative_sec_types, ["OPT"]);
        assert!(matching_symbols(&catalogue(), "XX").is_empty());
    }
}
