//! The end of an option over the wire.

use alphatrader_exchange::feed::source::{Source, SyntheticSource};
use alphatrader_exchange::scenario::library;
use alphatrader_exchange::server::{Gateway, GatewayConfig};
use alphatrader_exchange::wire::message::account::PositionsRequest;
use alphatrader_exchange::wire::message::contract::{Contract, ContractDataRequest};
use alphatrader_exchange::wire::message::execution::ExecutionRequest;
use alphatrader_exchange::wire::{Reply, Request};
use alphatrader_market::SyntheticConfig;

use super::{client, codes};
use crate::gateway::config;
use crate::raw::{Raw, order};

fn call(expiry: Option<String>, strike: Option<f64>) -> Contract {
    let text = |text: &str| Some(text.to_owned());
    Contract {
        symbol: text("SPY"),
        sec_type: text("OPT"),
        last_trade_date_or_contract_month: expiry,
        strike,
        right: text("C"),
        exchange: text("SMART"),
        currency: text("USD"),
        ..Contract::default()
    }
}

/// The call of today with the lowest strike, deep in the money.
fn lowest(raw: &mut Raw) -> (Contract, f64) {
    let today = Some("20260316".to_owned());
    raw.send(&Request::ContractDetails(ContractDataRequest {
        req_id: Some(1),
        contract: Some(call(today.clone(), None)),
    }));
    let mut lowest = f64::MAX;
    raw.until(|reply| match reply {
        Reply::ContractDetails(details) => {
            lowest = lowest.min(details.contract.as_ref()?.strike?);
            None
        }
        Reply::ContractDetailsEnd(_) => Some(()),
        _ => None,
    });
    (call(today, Some(lowest)), lowest)
}

#[test]
fn an_option_becomes_shares_behind_a_lost_link() {
    let config = GatewayConfig {
        scenario: Some(library::find("expiry-day").unwrap()),
        begin: "2026-03-16T15:58:00-04:00".parse().unwrap(),
        speed: 20.0,
        ..config(None)
    };
    // SPY alone: the day up to its last minutes is made in no time.
    let spy = |seed| -> Box<dyn Source> { Box::new(SyntheticSource::new(SyntheticConfig::spy(seed))) };
    let handle = Gateway::start_on(config, spy).unwrap();
    let mut raw = client(&handle, 0);
    let (call, strike) = lowest(&mut raw);
    raw.send(&Request::Positions(PositionsRequest {}));
    raw.place(1, &call, order("BUY", 1, "MKT", None, None));
    raw.until_status(1, "Filled");
    raw.until_error(1100);
    raw.until_error(1102);
    // What happened meanwhile is told when the link is back: the option is gone, the shares are there.
    let mut held = std::collections::BTreeMap::new();
    raw.until(|reply| {
        if let Reply::Position(position) = reply {
            let kind = position.contract.as_ref()?.sec_type.clone()?;
            held.insert(kind, position.position.clone()?);
        }
        let done = held.get("OPT").is_some_and(|n| n == "0") && held.get("STK").is_some_and(|n| n == "100");
        done.then_some(())
    });
    raw.send(&Request::Executions(ExecutionRequest { req_id: Some(9), execution_filter: None }));
    let mut ends = Vec::new();
    raw.until(|reply| match reply {
        Reply::ExecutionDetails(details) if details.req_id == Some(9) => {
            let execution = details.execution.clone()?;
            let kind = execution.opt_exercise_or_lapse_type?;
            ends.push((kind, execution.price?, execution.shares?));
            None
        }
        Reply::ExecutionDetailsEnd(_) => Some(()),
        _ => None,
    });
    ends.dedup();
    assert_eq!(ends, [(101, 0.0, "1".to_owned()), (101, strike, "100".to_owned())]);
    assert!(!codes(&raw).contains(&2161), "the account can afford the shares");
    handle.shutdown().unwrap();
}
