//! Many symbols with full chains behind the gateway, over real TCP.

use std::collections::BTreeMap;

use alphatrader_exchange::server::GatewayConfig;
use alphatrader_exchange::wire::message::contract::{
    Contract, ContractDataRequest, MarketRuleRequest, MatchingSymbolsRequest, SecDefOptParamsRequest,
};
use alphatrader_exchange::wire::message::market_data::MarketDataRequest;
use alphatrader_exchange::wire::{Reply, Request};

use crate::gateway::{config, start};
use crate::raw::Raw;

fn all() -> GatewayConfig {
    GatewayConfig { symbols: GatewayConfig::default().symbols, speed: 5.0, ..config(None) }
}

fn stock(symbol: &str) -> Contract {
    Contract { symbol: Some(symbol.to_owned()), sec_type: Some("STK".to_owned()), ..Contract::default() }
}

fn option(symbol: &str, expiry: &str, strike: f64) -> Contract {
    Contract {
        symbol: Some(symbol.to_owned()),
        sec_type: Some("OPT".to_owned()),
        last_trade_date_or_contract_month: Some(expiry.to_owned()),
        strike: Some(strike),
        right: Some("P".to_owned()),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        ..Contract::default()
    }
}

/// The contract's number, its tick's rule and that of its underlying.
fn details(raw: &mut Raw, contract: Contract) -> (i32, String, Option<i32>) {
    raw.send(&Request::ContractDetails(ContractDataRequest { req_id: Some(1), contract: Some(contract) }));
    raw.until(|reply| match reply {
        Reply::ContractDetails(data) => {
            let details = data.contract_details.clone()?;
            let con_id = data.contract.as_ref()?.con_id?;
            Some((con_id, details.market_rule_ids.unwrap_or_default(), details.under_con_id))
        }
        _ => None,
    })
}

/// Expiries and strikes of a stock's chain.
fn chain(raw: &mut Raw, symbol: &str, con_id: i32) -> (Vec<String>, Vec<f64>) {
    raw.send(&Request::SecDefOptParams(SecDefOptParamsRequest {
        req_id: Some(2),
        underlying_symbol: Some(symbol.to_owned()),
        underlying_sec_type: Some("STK".to_owned()),
        underlying_con_id: Some(con_id),
        ..SecDefOptParamsRequest::default()
    }));
    raw.until(|reply| match reply {
        Reply::SecDefOptParameter(chain) => Some((chain.expirations.clone(), chain.strikes.clone())),
        _ => None,
    })
}

/// The last bid told of each request until all have one.
fn bids(raw: &mut Raw, requests: &[i32]) -> BTreeMap<i32, f64> {
    let mut bids = BTreeMap::new();
    raw.until(|reply| {
        if let Reply::TickPrice(tick) = reply
            && tick.tick_type == Some(1)
        {
            bids.insert(tick.req_id.unwrap(), tick.price.unwrap());
        }
        requests.iter().all(|id| bids.contains_key(id)).then_some(())
    });
    bids
}

#[test]
fn thirteen_symbols_have_contracts_chains_and_quotes() {
    let handle = start(all());
    let mut raw = Raw::start(handle.local_addr(), 1);
    let mut requests = Vec::new();
    for (place, symbol) in all().symbols.iter().enumerate() {
        let name = symbol.as_str();
        let (con_id, rule, _) = details(&mut raw, stock(name));
        assert!(rule.starts_with("26"), "{name}: {rule}");
        let (expiries, strikes) = chain(&mut raw, name, con_id);
        assert!(
            expiries.len() >= 7 && expiries.last().unwrap().as_str() >= "20260508",
            "{name}: {expiries:?}"
        );
        // Funds expire today; stocks on Friday.
        let first = if place < 3 { "20260316" } else { "20260320" };
        assert_eq!(expiries[0], first, "{name}");
        let middle = strikes[strikes.len() / 2];
        let (_, rule, under) = details(&mut raw, option(name, first, middle));
        // The penny programme: funds in cents at every price, stocks in nickels from three dollars.
        assert!(rule.starts_with(if place < 3 { "26" } else { "109" }), "{name}: {rule}");
        assert_eq!(under, Some(con_id));
        for (id, contract) in [(100, stock(name)), (200, option(name, first, middle))] {
            let id = id + place as i32;
            requests.push(id);
            let contract = Some(contract);
            raw.send(&Request::MarketData(MarketDataRequest {
                req_id: Some(id),
                contract,
                ..MarketDataRequest::default()
            }));
        }
    }
    let bids = bids(&mut raw, &requests);
    assert!((400.0..800.0).contains(&bids[&100]), "SPY: {bids:?}");
    assert!(bids.values().all(|bid| *bid > 0.0), "{bids:?}");
    raw.send(&Request::MarketRule(MarketRuleRequest { market_rule_id: Some(109) }));
    let steps = raw.until(|reply| match reply {
        Reply::MarketRule(rule) => Some(rule.price_increments.len()),
        _ => None,
    });
    assert_eq!(steps, 2);
    raw.send(&Request::MatchingSymbols(MatchingSymbolsRequest {
        req_id: Some(5),
        pattern: Some("apple".to_owned()),
    }));
    let found = raw.until(|reply| match reply {
        Reply::SymbolSamples(samples) => {
            samples.contract_descriptions.first()?.contract.as_ref()?.symbol.clone()
        }
        _ => None,
    });
    assert_eq!(found, "AAPL");
    handle.shutdown().unwrap();
}

#[test]
fn a_contract_has_the_same_number_on_another_day_and_in_another_run() {
    let numbers = |day: &str| {
        let begin = format!("{day}T09:30:00-04:00").parse().unwrap();
        let handle = start(GatewayConfig { begin, ..config(None) });
        let mut raw = Raw::start(handle.local_addr(), 1);
        let (spy, ..) = details(&mut raw, stock("SPY"));
        let (_, strikes) = chain(&mut raw, "SPY", spy);
        let expiry = "20260327";
        // Near the money every expiry has every strike.
        let middle = strikes.len() / 2;
        let found: BTreeMap<i64, i32> = strikes[middle - 9..middle + 9]
            .iter()
            .filter(|strike| **strike % 5.0 == 0.0)
            .map(|strike| (*strike as i64, details(&mut raw, option("SPY", expiry, *strike)).0))
            .collect();
        handle.shutdown().unwrap();
        found
    };
    let (first, second) = (numbers("2026-03-16"), numbers("2026-03-17"));
    let shared: Vec<_> = first.iter().filter(|(strike, _)| second.contains_key(strike)).collect();
    assert!(!shared.is_empty(), "{first:?} {second:?}");
    assert!(shared.iter().all(|(strike, number)| second[strike] == **number));
}
