//! The shipped scenarios, each played to a client over real TCP.

mod data;
mod expiry;
mod link;
mod orders;
mod rates;

use std::net::TcpStream;

use alphatrader_exchange::scenario::library;
use alphatrader_exchange::server::{GatewayConfig, GatewayHandle};
use alphatrader_exchange::wire::message::market_data::{
    MarketDataRequest, MarketDepthRequest, TickByTickRequest,
};
use alphatrader_exchange::wire::message::session::CurrentTimeRequest;
use alphatrader_exchange::wire::{Reply, Request};

use crate::gateway::{config, start};
use crate::raw::{Raw, spy};

/// A gateway that plays a shipped scenario, so many times faster than the wall.
fn play(name: &str, speed: f64) -> GatewayHandle {
    let scenario = Some(library::find(name).expect("it is shipped"));
    start(GatewayConfig { scenario, speed, ..config(None) })
}

/// A client that is ready.
fn client(handle: &GatewayHandle, client_id: i32) -> Raw {
    let mut raw = Raw::start(handle.local_addr(), client_id);
    raw.until_next_id();
    raw
}

fn market_data(id: i32) -> Request {
    Request::MarketData(MarketDataRequest {
        req_id: Some(id),
        contract: Some(spy()),
        ..MarketDataRequest::default()
    })
}

fn depth(id: i32) -> Request {
    Request::MarketDepth(MarketDepthRequest {
        req_id: Some(id),
        contract: Some(spy()),
        num_rows: Some(5),
        is_smart_depth: Some(true),
        ..MarketDepthRequest::default()
    })
}

fn ticks(id: i32) -> Request {
    Request::TickByTick(TickByTickRequest {
        req_id: Some(id),
        contract: Some(spy()),
        tick_type: Some("AllLast".to_owned()),
        ..TickByTickRequest::default()
    })
}

/// Asks for the time and reads until it is told: everything that was said before has been read.
fn settle(raw: &mut Raw) -> i64 {
    raw.send(&Request::CurrentTime(CurrentTimeRequest {}));
    raw.until(|reply| match reply {
        Reply::CurrentTime(time) => time.current_time,
        _ => None,
    })
}

/// Reads until the gateway closed the connection.
fn until_closed(raw: &mut Raw) {
    while raw.reply().is_some() {}
}

/// The codes of errors and notices that were received, in order.
fn codes(raw: &Raw) -> Vec<i32> {
    let code = |reply: &Reply| match reply {
        Reply::Error(error) => error.error_code,
        _ => None,
    };
    raw.seen.iter().filter_map(code).collect()
}

/// Tries until a connection is taken; how often it was refused.
fn refusals(handle: &GatewayHandle) -> u32 {
    let mut refused = 0;
    while TcpStream::connect(handle.local_addr()).is_err() {
        refused += 1;
        std::thread::yield_now();
    }
    refused
}
