//! The Rust `ibapi` crate as a foreign program: time, contracts, market data.

use std::collections::BTreeSet;

use ibapi::contracts::tick_types::TickType;
use ibapi::market_data::realtime::{MarketDepths, WhatToShow};
use ibapi::market_data::{IgnoreSize, SmartDepth, TradingHours};
use ibapi::prelude::*;

use crate::gateway::{config, start};

async fn connect(handle: &alphatrader_exchange::server::GatewayHandle, client_id: i32) -> Client {
    Client::connect(&handle.local_addr().to_string(), client_id).await.expect("the foreign client connects")
}

fn call(strike: f64) -> Contract {
    Contract::call("SPY").strike(strike).expires_on(2026, 3, 16).build()
}

#[tokio::test]
async fn time_accounts_and_contracts() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    assert_eq!(client.server_version(), 213);
    assert_eq!(client.managed_accounts().await.unwrap(), ["DU0000001"]);
    assert_eq!(client.next_valid_order_id().await.unwrap(), 1);
    let (seconds, millis) = (client.server_time().await.unwrap(), client.server_time_millis().await.unwrap());
    assert_eq!(seconds.date().to_string(), "2026-03-16");
    assert!(millis >= seconds);

    let details = client.contract_details(&Contract::stock("SPY").build()).await.unwrap();
    assert_eq!(details.len(), 1);
    assert_eq!(details[0].contract.contract_id, 756_733);
    assert_eq!(details[0].min_tick, 0.01);
    let chain = client.option_chain("SPY", SecurityType::Stock, 756_733).subscribe().await.unwrap();
    let mut chain = chain.filter_data();
    let first = chain.next().await.expect("a chain").unwrap();
    assert_eq!(first.expirations[..3], ["20260316", "20260317", "20260318"]);
    assert_eq!(first.expirations.last().unwrap(), "20260515");
    assert!(first.strikes.len() >= 60);

    let middle = first.strikes[first.strikes.len() / 2];
    let option = client.contract_details(&call(middle)).await.unwrap();
    assert_eq!(option.len(), 1);
    assert_eq!(option[0].under_contract_id, 756_733);
    assert_eq!(option[0].contract.multiplier, "100");
    let error = client.contract_details(&call(1.0)).await.unwrap_err();
    assert!(error.to_string().contains("200"), "{error}");
    let rule = client.market_rule(26).await.unwrap();
    assert_eq!(rule.price_increments[0].increment, 0.01);
    let found = client.matching_symbols("SP").await.unwrap();
    assert_eq!(found[0].contract.symbol.to_string(), "SPY");
    assert!(!client.market_depth_exchanges().await.unwrap().is_empty());
    assert!(!client.smart_components("9c0001").await.unwrap().is_empty());
    client.disconnect().await;
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn quotes_trades_and_option_computations() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let subscription =
        client.market_data(&stock).generic_ticks(&["233", "100", "101"]).subscribe().await.unwrap();
    let mut data = subscription.filter_data();
    let mut seen = BTreeSet::new();
    let wanted = ["Bid", "Ask", "Last", "Volume", "RtVolume", "OptionCallOpenInterest", "OptionPutVolume"];
    let mut middle = 0.0;
    while !wanted.iter().all(|name| seen.contains(*name)) {
        match data.next().await.expect("ticks go on").unwrap() {
            TickTypes::Price(tick) => {
                if tick.tick_type == TickType::Bid {
                    middle = tick.price;
                }
                seen.insert(format!("{:?}", tick.tick_type));
            }
            TickTypes::PriceSize(tick) => {
                if tick.price_tick_type == TickType::Bid {
                    middle = tick.price;
                }
                seen.insert(format!("{:?}", tick.price_tick_type));
            }
            TickTypes::Size(tick) => {
                seen.insert(format!("{:?}", tick.tick_type));
            }
            TickTypes::String(tick) => {
                if tick.tick_type == TickType::RtVolume {
                    assert_eq!(tick.value.split(';').count(), 6, "{}", tick.value);
                }
                seen.insert(format!("{:?}", tick.tick_type));
            }
            _ => {}
        }
    }
    assert!((500.0..700.0).contains(&middle), "{middle}");

    let option = call(middle.round());
    let subscription =
        client.market_data(&option).generic_ticks(&["100", "101", "106"]).subscribe().await.unwrap();
    let mut data = subscription.filter_data();
    loop {
        if let TickTypes::OptionComputation(computation) = data.next().await.expect("ticks go on").unwrap()
            && computation.field == TickType::ModelOption
        {
            let delta = computation.delta.expect("a delta at the money");
            assert!((0.2..0.8).contains(&delta), "{computation:?}");
            assert!(computation.implied_volatility.is_some_and(|iv| (0.02..1.0).contains(&iv)));
            break;
        }
    }
    let snapshot =
        client.market_data(&option).snapshot_once(std::time::Duration::from_secs(30)).await.unwrap();
    assert!(!snapshot.is_empty());
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn each_trade_each_quote_books_and_bars() {
    let handle = start(config(None));
    let client = connect(&handle, 7).await;
    let stock = Contract::stock("SPY").build();
    let mut trades = client.tick_by_tick(&stock, 0).all_last().await.unwrap().filter_data();
    let trade = trades.next().await.expect("trades go on").unwrap();
    assert!(trade.price > 0.0 && trade.size > 0.0 && !trade.exchange.is_empty());
    let mut quotes = client.tick_by_tick(&stock, 0).bid_ask(IgnoreSize::No).await.unwrap().filter_data();
    let quote = quotes.next().await.expect("quotes go on").unwrap();
    assert!(quote.bid_price < quote.ask_price);
    let mut middles = client.tick_by_tick(&stock, 0).mid_point().await.unwrap().filter_data();
    assert!(middles.next().await.expect("midpoints go on").unwrap().mid_point > 0.0);
    // As at the broker: no tick-by-tick of options.
    let refused = client.tick_by_tick(&call(600.0), 0).all_last().await;
    let refused = match refused {
        Err(error) => error,
        Ok(stream) => stream.filter_data().next().await.expect("an answer").unwrap_err(),
    };
    assert!(refused.to_string().contains("10189"), "{refused}");

    let depth = client.market_depth(&stock, 10).smart_depth(SmartDepth::Yes).subscribe().await.unwrap();
    let mut depth = depth.filter_data();
    let (mut bids, mut asks) = (Vec::<(f64, f64)>::new(), Vec::<(f64, f64)>::new());
    for _ in 0..200 {
        let MarketDepths::MarketDepthL2(row) = depth.next().await.expect("edits go on").unwrap() else {
            panic!("smart depth has venues");
        };
        assert!(row.operation == 2 || !row.market_maker.is_empty());
        let side = if row.side == 1 { &mut bids } else { &mut asks };
        let place = usize::try_from(row.position).unwrap();
        match row.operation {
            0 => side.insert(place, (row.price, row.size)),
            1 => side[place] = (row.price, row.size),
            _ => {
                side.remove(place);
            }
        }
        assert!(side.len() <= 10);
    }
    assert!(bids.len() >= 9 && asks.len() >= 9);
    assert!(bids.windows(2).all(|pair| pair[0].0 >= pair[1].0), "{bids:?}");
    assert!(asks.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{asks:?}");

    let bars =
        client.realtime_bars(&stock).what_to_show(WhatToShow::Trades).trading_hours(TradingHours::Regular);
    let mut bars = bars.subscribe().await.unwrap().filter_data();
    let (first, second) = (bars.next().await.unwrap().unwrap(), bars.next().await.unwrap().unwrap());
    assert!(first.low <= first.open && first.open <= first.high);
    assert_eq!((second.date - first.date).whole_seconds(), 5);
    handle.shutdown().unwrap();
}
