//! From one trading day to the next, over real TCP.

use alphatrader_exchange::wire::message::account::PositionsRequest;
use alphatrader_exchange::wire::message::contract::{Contract, ContractDataRequest, SecDefOptParamsRequest};
use alphatrader_exchange::wire::message::session::CurrentTimeRequest;
use alphatrader_exchange::wire::{Reply, Request};
use alphatrader_model::Timestamp;

use crate::gateway::{config, start};
use crate::raw::{Raw, order, spy};

/// The option chain's first expiry and its middle strike.
fn nearest(raw: &mut Raw) -> (String, f64) {
    raw.send(&Request::SecDefOptParams(SecDefOptParamsRequest {
        req_id: Some(1),
        underlying_symbol: Some("SPY".to_owned()),
        underlying_sec_type: Some("STK".to_owned()),
        underlying_con_id: Some(756_733),
        ..SecDefOptParamsRequest::default()
    }));
    raw.until(|reply| match reply {
        Reply::SecDefOptParameter(chain) => {
            Some((chain.expirations[0].clone(), chain.strikes[chain.strikes.len() / 2]))
        }
        _ => None,
    })
}

fn call(expiry: &str, strike: f64) -> Contract {
    Contract {
        symbol: Some("SPY".to_owned()),
        sec_type: Some("OPT".to_owned()),
        last_trade_date_or_contract_month: Some(expiry.to_owned()),
        strike: Some(strike),
        right: Some("C".to_owned()),
        exchange: Some("SMART".to_owned()),
        currency: Some("USD".to_owned()),
        ..Contract::default()
    }
}

fn holds(raw: &mut Raw) -> Vec<String> {
    raw.send(&Request::Positions(PositionsRequest {}));
    let mut held = Vec::new();
    raw.until(|reply| match reply {
        Reply::Position(position) => {
            held.extend(position.contract.as_ref().and_then(|contract| contract.local_symbol.clone()));
            None
        }
        Reply::PositionEnd(_) => Some(()),
        _ => None,
    });
    held
}

#[test]
fn options_expire_overnight_and_the_next_day_has_a_chain_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.state");
    let mut config = config(Some(&path));
    // One minute before the close of the half day after Thanksgiving, a Friday; the evening takes half a
    // second of wall time.
    config.begin = "2026-11-27T12:59:00-05:00".parse().unwrap();
    config.speed = 60.0;
    let handle = start(config.clone());
    let mut raw = Raw::start(handle.local_addr(), 1);
    raw.until_next_id();
    let (expiry, strike) = nearest(&mut raw);
    assert_eq!(expiry, "20261127");
    raw.place(1, &call(&expiry, strike), order("BUY", 2, "MKT", None, None));
    raw.until_status(1, "Filled");
    raw.place(2, &spy(), order("BUY", 1, "LMT", Some(400.0), None));
    let mut lasting = order("BUY", 1, "LMT", Some(401.0), None);
    lasting.tif = Some("GTC".to_owned());
    raw.place(3, &spy(), lasting);
    assert_eq!(holds(&mut raw).len(), 1);
    // The bell: the day's order goes, the option is settled, the night passes.
    assert_eq!(raw.until_error(202).id, Some(2));
    raw.until(|reply| match reply {
        Reply::Position(position) => (position.position.as_deref() == Some("0")).then_some(()),
        _ => None,
    });
    raw.until_error(1100);
    raw.until_error(1102);
    raw.send(&Request::CurrentTime(CurrentTimeRequest {}));
    let now = raw.until(|reply| match reply {
        Reply::CurrentTime(time) => time.current_time,
        _ => None,
    });
    let open: Timestamp = "2026-11-30T09:30:00-05:00".parse().unwrap();
    assert!(now >= open.seconds() && now < open.seconds() + 3_600, "{now}");
    assert_eq!(nearest(&mut raw).0, "20261130");
    assert!(!holds(&mut raw).iter().any(|name| name.contains("261127")), "no option is left");
    raw.send(&Request::ContractDetails(ContractDataRequest {
        req_id: Some(2),
        contract: Some(call("20261127", strike)),
    }));
    assert_eq!(raw.until_error(200).id, Some(2));
    // A kill in the new day: it goes on there, with the order that lasts.
    handle.kill().unwrap();
    let handle = start(config);
    let mut raw = Raw::start(handle.local_addr(), 1);
    raw.until_status(3, "Submitted");
    assert_eq!(nearest(&mut raw).0, "20261130");
    raw.cancel(3);
    raw.until_status(3, "Cancelled");
    handle.shutdown().unwrap();
}
