//! The Rust `ibapi` crate as a foreign program: the past, calculations, news, scans, refusals.

use std::time::Duration;

use ibapi::accounts::types::{AccountGroup, AccountId};
use ibapi::market_data::historical::{BarSize, BarTimestamp, HistoricalBarUpdate, ToDuration, WhatToShow};
use ibapi::market_data::{IgnoreSize, TradingHours};
use ibapi::prelude::*;
use ibapi::scanner::ScannerSubscription;
use ibapi::subscriptions::SubscriptionItem;

use crate::gateway::{config, start};

async fn connect(handle: &alphatrader_exchange::server::GatewayHandle) -> Client {
    Client::connect(&handle.local_addr().to_string(), 7).await.expect("the foreign client connects")
}

/// The middle strike of today's calls.
async fn option(client: &Client) -> Contract {
    let chain = client.option_chain("SPY", SecurityType::Stock, 756_733).subscribe().await.unwrap();
    let strikes = chain.filter_data().next().await.expect("a chain").unwrap().strikes;
    Contract::call("SPY").strike(strikes[strikes.len() / 2]).expires_on(2026, 3, 16).build()
}

#[tokio::test]
async fn bars_of_the_past() {
    let handle = start(config(None));
    let client = connect(&handle).await;
    let stock = Contract::stock("SPY").build();
    let daily = |what| {
        let bars = client.historical_data(&stock, BarSize::Day).what_to_show(what).duration(1.months());
        bars.trading_hours(TradingHours::Regular).fetch()
    };
    let bars = daily(WhatToShow::Trades).await.unwrap().bars;
    assert!((18..=22).contains(&bars.len()), "{}", bars.len());
    for pair in bars.windows(2) {
        assert!(pair[0].low <= pair[0].open.min(pair[0].close), "{:?}", pair[0]);
        assert!((pair[1].open / pair[0].close - 1.0).abs() < 0.03, "{pair:?}");
        assert!(matches!(pair[0].date, BarTimestamp::Date(_)));
    }
    for what in [WhatToShow::MidPoint, WhatToShow::BidAsk, WhatToShow::HistoricalVolatility] {
        assert!(daily(what).await.unwrap().bars.len() >= 18, "{what:?}");
    }
    assert!(daily(WhatToShow::FeeRate).await.unwrap_err().to_string().contains("162"));

    let hours = client.historical_data(&stock, BarSize::Hour).duration(5.days()).fetch().await.unwrap();
    assert!(hours.bars.len() >= 28, "{}", hours.bars.len());
    let years = client.historical_data(&stock, BarSize::Week).duration(2.years()).fetch().await.unwrap();
    assert!((100..=106).contains(&years.bars.len()), "{}", years.bars.len());
    let head = client.head_timestamp(&stock, WhatToShow::Trades, TradingHours::Regular).await.unwrap();
    assert!((2010..2026).contains(&head.year()), "{head}");
    let schedule = client.historical_schedules(&stock, 5.days()).fetch().await.unwrap();
    assert_eq!(schedule.sessions.len(), 5);
    let histogram = client.histogram_data(&stock, TradingHours::Regular, BarSize::Week).await.unwrap();
    assert!(histogram.len() > 10);

    let option = option(&client).await;
    let bars = client.historical_data(&option, BarSize::Min30).what_to_show(WhatToShow::MidPoint);
    assert!(bars.duration(3.days()).fetch().await.unwrap().bars.len() > 20);
    let unknown = Contract::stock("NOSUCH").build();
    let refused = client.historical_data(&unknown, BarSize::Day).duration(1.days()).fetch().await;
    assert!(refused.unwrap_err().to_string().contains("200"));
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn bars_that_grow_are_those_that_are_fetched() {
    let handle = start(config(None));
    let client = connect(&handle).await;
    let stock = Contract::stock("SPY").build();
    let bars = client.historical_data(&stock, BarSize::Sec5).duration(600.seconds());
    let mut bars = bars.stream().await.unwrap().filter_data();
    let HistoricalBarUpdate::Historical(first) = bars.next().await.unwrap().unwrap() else {
        panic!("the past comes first");
    };
    assert!(first.bars.len() > 50);
    let mut told = std::collections::BTreeMap::new();
    while told.len() < 8 {
        if let HistoricalBarUpdate::Update(bar) = bars.next().await.unwrap().unwrap() {
            let BarTimestamp::DateTime(at) = bar.date else { panic!("a bar of seconds has a time") };
            told.insert(at, bar);
        }
    }
    told.pop_last();
    let again = client.historical_data(&stock, BarSize::Sec5).duration(600.seconds()).fetch().await.unwrap();
    for bar in again.bars {
        let BarTimestamp::DateTime(at) = bar.date else { panic!("a bar of seconds has a time") };
        if let Some(told) = told.remove(&at) {
            assert_eq!((told.open, told.high, told.low), (bar.open, bar.high, bar.low));
            assert_eq!((told.close, told.volume), (bar.close, bar.volume));
        }
    }
    assert!(told.is_empty(), "{told:?}");
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn ticks_of_the_past_are_those_that_were_streamed() {
    let handle = start(config(None));
    let client = connect(&handle).await;
    let stock = Contract::stock("SPY").build();
    let mut live = client.tick_by_tick(&stock, 0).all_last().await.unwrap().filter_data();
    let mut streamed = Vec::new();
    while streamed.len() < 60 {
        let trade = live.next().await.expect("trades go on").unwrap();
        streamed.push((trade.time, trade.price, Some(trade.size)));
    }
    let start_of_all = streamed[0].0;
    let past = client.historical_ticks(&stock, 1_000).starting(start_of_all);
    let mut past = past.trade().await.unwrap();
    let mut found = Vec::new();
    while let Some(tick) = past.next().await {
        let SubscriptionItem::Data(tick) = tick.unwrap() else { continue };
        found.push((tick.timestamp, tick.price, tick.size));
    }
    // The second of the first print may hold earlier ones.
    let first =
        found.windows(3).position(|w| w[0] == streamed[0] && w[1] == streamed[1] && w[2] == streamed[2]);
    let first = first.expect("the streamed prints are among the past ones");
    assert_eq!(found[first..first + streamed.len()], streamed);

    let now = client.server_time().await.unwrap();
    let mut quotes = client.historical_ticks(&stock, 100).ending(now).bid_ask(IgnoreSize::No).await.unwrap();
    let SubscriptionItem::Data(quote) = quotes.next().await.unwrap().unwrap() else { panic!("a quote") };
    assert!(quote.price_bid < quote.price_ask);
    let yesterday = now - Duration::from_hours(3 * 24);
    let mut middles = client.historical_ticks(&stock, 100).ending(yesterday).mid_point().await.unwrap();
    let SubscriptionItem::Data(middle) = middles.next().await.unwrap().unwrap() else { panic!("a middle") };
    assert!(middle.price > 100.0);
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn calculations_scans_and_news() {
    let handle = start(config(None));
    let client = connect(&handle).await;
    let option = option(&client).await;
    let implied = client.calculate_implied_volatility(&option, 5.0, option.strike).await.unwrap();
    let volatility = implied.implied_volatility.unwrap();
    let priced = client.calculate_option_price(&option, volatility, option.strike).await.unwrap();
    assert!((priced.option_price.unwrap() - 5.0).abs() < 0.01);

    assert!(client.scanner_parameters().await.unwrap().contains("TOP_PERC_GAIN"));
    let scan = |code: &str| ScannerSubscription {
        instrument: Some("STK".to_owned()),
        location_code: Some("STK.US.MAJOR".to_owned()),
        scan_code: Some(code.to_owned()),
        ..ScannerSubscription::default()
    };
    let mut found = client.scanner_subscription(&scan("MOST_ACTIVE"), &[]).await.unwrap().filter_data();
    let rows = found.next().await.unwrap().unwrap();
    assert_eq!(rows[0].rank, 0);
    assert!(rows[0].contract_details.contract.contract_id > 0);
    let refused =
        client.scanner_subscription(&scan("NO_SUCH_SCAN"), &[]).await.unwrap().filter_data().next().await;
    assert!(refused.unwrap().unwrap_err().to_string().contains("162"));

    let providers = client.news_providers().await.unwrap();
    let codes: Vec<&str> = providers.iter().map(|provider| provider.code.as_str()).collect();
    let now = client.server_time().await.unwrap();
    let headlines =
        client.historical_news(756_733, &codes, now - Duration::from_hours(30 * 24), now, 10).await;
    let mut headlines = headlines.unwrap().filter_data();
    let first = headlines.next().await.unwrap().unwrap();
    let article = client.news_article(&first.provider_code, &first.article_id).await.unwrap();
    assert!(article.article_text.contains(&first.headline));
    assert!(client.news_article("BRFG", "BRFG$000000").await.is_err());
    let mut bulletins = client.news_bulletins(true).await.unwrap().filter_data();
    assert_eq!(bulletins.next().await.unwrap().unwrap().message_type, 3);
    handle.shutdown().unwrap();
}

#[tokio::test]
async fn what_a_paper_account_does_not_have_is_refused() {
    let handle = start(config(None));
    let client = connect(&handle).await;
    assert!(client.wsh_metadata().await.unwrap_err().to_string().contains("10276"));
    assert_eq!(client.family_codes().await.unwrap().len(), 1);
    assert!(client.soft_dollar_tiers().await.unwrap().is_empty());
    assert!(client.user_info().await.is_ok());
    assert_eq!(client.display_groups().await.unwrap().len(), 7);
    let mut group = client.subscribe_to_group_events(1).await.unwrap();
    assert!(group.next().await.is_some());
    let account = AccountId("DU0000001".to_owned());
    let all = AccountGroup("All".to_owned());
    let mut summary = client.account_summary(&all, &["$LEDGER"]).await.unwrap().filter_data();
    assert!(summary.next().await.unwrap().is_ok());
    let mut pnl = client.pnl(&account, None).await.unwrap().filter_data();
    assert!(pnl.next().await.unwrap().is_ok());
    handle.shutdown().unwrap();
}
