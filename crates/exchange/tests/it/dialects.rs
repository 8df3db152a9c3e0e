//! The same conversation in every dialect: what clients of three versions are told is one story.

use std::io::Write as _;

use alphatrader_exchange::server::GatewayConfig;
use alphatrader_exchange::wire::message::contract::ContractDataRequest;
use alphatrader_exchange::wire::message::market_data::MarketDataRequest;
use alphatrader_exchange::wire::message::order::{CompletedOrdersRequest, OpenOrdersRequest};
use alphatrader_exchange::wire::message::session::CurrentTimeRequest;
use alphatrader_exchange::wire::{Reply, Request};

use crate::gateway::{config, start};
use crate::raw::{Raw, order, spy};

const CLIENTS: [(&str, i32); 5] =
    [("v100..157", 157), ("v157..163", 163), ("v157..178", 178), ("v100..212", 178), ("v213..226", 213)];

/// Contract details as far as every version tells them.
fn details(raw: &mut Raw) -> (Option<i32>, Option<String>, Option<String>, Option<String>) {
    raw.send(&Request::ContractDetails(ContractDataRequest { req_id: Some(1), contract: Some(spy()) }));
    let data = raw.until(|reply| match reply {
        Reply::ContractDetails(data) => Some(data.clone()),
        _ => None,
    });
    let (contract, details) = (data.contract.unwrap(), data.contract_details.unwrap());
    (contract.con_id, details.min_tick, details.long_name, details.market_rule_ids)
}

/// Buys at the market: shares executed, order and client as the execution names them.
fn buy(raw: &mut Raw) -> (Option<String>, Option<i32>, Option<i32>) {
    raw.place(900, &spy(), order("BUY", 10, "MKT", None, None));
    let mut executed = None;
    raw.until(|reply| {
        if let Reply::ExecutionDetails(details) = reply {
            let execution = details.execution.clone().unwrap();
            executed = Some((execution.cum_qty, execution.order_id, execution.client_id));
        }
        matches!(reply, Reply::CommissionReport(_)).then_some(())
    });
    executed.unwrap()
}

#[test]
fn all_versions_hear_one_story() {
    let handle = start(config(None));
    let mut stories = Vec::new();
    for (client_id, (offer, version)) in (1..).zip(CLIENTS) {
        let mut raw = Raw::offering(handle.local_addr(), offer, version).started(client_id);
        assert!(raw.until_next_id() > 0);
        let (shares, order_id, owner) = buy(&mut raw);
        assert_eq!((order_id, owner), (Some(900), Some(client_id)), "version {version}");
        raw.place(901, &spy(), order("BUY", 7, "LMT", Some(100.0), None));
        raw.until_status(901, "Submitted");
        raw.send(&Request::OpenOrders(OpenOrdersRequest {}));
        let open = raw.until(|reply| match reply {
            Reply::OpenOrder(open) if open.order_id == Some(901) => open.order.clone(),
            _ => None,
        });
        raw.cancel(901);
        let cancelled = raw.until_error(202);
        assert_eq!(cancelled.id, Some(901), "version {version}");
        raw.send(&Request::CompletedOrders(CompletedOrdersRequest { api_only: Some(false) }));
        raw.until(|reply| matches!(reply, Reply::CompletedOrdersEnd(_)).then_some(()));
        stories.push((details(&mut raw), shares, open.lmt_price, open.total_quantity, open.order_type));
    }
    assert!(stories.windows(2).all(|pair| pair[0] == pair[1]), "{stories:#?}");
    handle.shutdown().unwrap();
}

#[test]
fn sizes_are_whole_for_those_who_read_integers() {
    let handle = start(config(None));
    let mut raw = Raw::offering(handle.local_addr(), "v100..157", 157).started(1);
    raw.send(&Request::MarketData(MarketDataRequest {
        req_id: Some(5),
        contract: Some(spy()),
        ..MarketDataRequest::default()
    }));
    let size = raw.until(|reply| match reply {
        Reply::TickPrice(tick) if tick.tick_type == Some(1) => tick.size.clone(),
        _ => None,
    });
    assert!(size.parse::<u64>().is_ok(), "{size}");
    handle.shutdown().unwrap();
}

#[test]
fn a_pinned_version_is_offered_to_everybody() {
    let handle = start(GatewayConfig { server_version: 163, ..config(None) });
    Raw::offering(handle.local_addr(), "v100..225", 163).started(1).until_next_id();
    handle.shutdown().unwrap();
}

#[test]
fn what_a_text_client_garbles_disturbs_nobody() {
    let handle = start(config(None));
    let mut garbler = Raw::offering(handle.local_addr(), "v157..178", 178).started(1);
    garbler.until_next_id();
    // No number, a count that lies, a message nobody knows, bytes that are no text.
    let bodies: [&[u8]; 4] = [
        b"1\x0011\x00x\x00",
        b"3\x001\x000\x00SPY\x00BAG\x00\x000\x00\x00\x00SMART\x00\x00USD\x00\x00\x00\x00\x00BUY\x001\x00LMT\x001\x001\x00DAY\x00\x00\x00O\x000\x00\x001\x000\x000\x000\x000\x000\x000\x000\x0099999999\x00",
        b"72\x001\x00\x00",
        b"\xFF\xFE\x00",
    ];
    for (body, code) in bodies.into_iter().zip([320, 320, 505, 320]) {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        garbler.stream.write_all(&[&length, body].concat()).unwrap();
        assert_eq!(garbler.until_error(code).id, Some(-1));
    }
    garbler.send(&Request::CurrentTime(CurrentTimeRequest {}));
    garbler.until(|reply| matches!(reply, Reply::CurrentTime(_)).then_some(()));
    let mut other = Raw::start(handle.local_addr(), 2);
    other.until_next_id();
    handle.shutdown().unwrap();
}
