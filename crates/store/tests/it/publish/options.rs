//! Options and news in the hot state: their keys, their expiries, and what is lost with its source.

use alphatrader_model::chain::Provider;
use alphatrader_model::exposure::{DealerSign, GreeksSource, RowCounts, Sums, Unusual};
use alphatrader_model::view::{ChainSource, OptionRow, OptionsView};
use alphatrader_model::{ChainExposure, Sentiment, Session, Span};

use super::*;
use crate::redis_server::Server;

fn spy() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn exposure(as_of: Timestamp) -> ChainExposure {
    let unusual = Unusual {
        contract: "SPY131007C00168000".parse().unwrap(),
        ratio: Some(2.5),
        new_strike: false,
        volume: 2_500,
        open_interest: 1_000,
        premium_usd: 125_000.0,
        ask_share: None,
        side: None,
        seen_at: None,
        zero_dte: true,
    };
    ChainExposure {
        underlying: spy(),
        as_of,
        spot: 168.02,
        providers: vec![Provider::Ibkr, Provider::AlphaVantage],
        oldest: Some(as_of),
        dealer_sign: DealerSign::Naive,
        greeks: GreeksSource::Own,
        rows: RowCounts { rows: 2, included: 2, ..RowCounts::default() },
        flagged_share: 0.0,
        degraded: false,
        total: Sums { gex: 1.5e6, ..Sums::default() },
        buckets: Vec::new(),
        by_expiry: Vec::new(),
        cells: Vec::new(),
        unusual: vec![unusual],
        pin: None,
    }
}

fn row(contract: &str, source: Provider, at: Timestamp) -> OptionRow {
    OptionRow {
        contract: contract.parse().unwrap(),
        source,
        quote_at: at,
        bid: Some(Price::from_cents(49)),
        ask: Some(Price::from_cents(51)),
        bid_size: Some(12),
        ask_size: None,
        last: None,
        volume: Some(2_500),
        open_interest: Some(1_000),
        multiplier: Some(100),
        iv: Some(0.2),
        delta: Some(0.4),
        gamma: Some(0.1),
        theta: Some(-0.3),
        vega: Some(0.05),
        disagrees: source == Provider::Ibkr,
        stale: false,
    }
}

fn sentiment(symbol: Option<Symbol>, as_of: Timestamp) -> Arc<Sentiment> {
    let score = Some(-0.125);
    Arc::new(Sentiment { symbol, as_of, score, articles: 3, newest: Some(as_of), headlines: Vec::new() })
}

/// A world whose chain comes from two sources, in the session of its day.
fn optioned() -> World {
    let mut world = World::new();
    let as_of = samples::time(8);
    let rows = vec![
        row("SPY131007C00168000", Provider::Ibkr, as_of),
        row("SPY131018P00160000", Provider::AlphaVantage, samples::time(3)),
    ];
    let source = ChainSource {
        provider: Provider::AlphaVantage,
        as_of,
        whole_at: Some(as_of),
        rows: 2,
        delayed: false,
        stale: false,
    };
    world.market.options = vec![OptionsView {
        exposure: Some(Arc::new(exposure(as_of))),
        rows: Arc::new(rows),
        sources: vec![source],
        sentiment: Some(sentiment(Some(spy()), as_of)),
        ..OptionsView::new(spy())
    }];
    world.market.market_sentiment = Some(sentiment(None, as_of));
    let open = samples::time(0);
    let date = jiff::civil::date(2013, 10, 7);
    world.market.session = Some(Session { date, open, close: open + Span::from_minutes(390) });
    let json = format!(r#"{{"as_of":"{as_of}","gex":1500000.0,"levels":{{"gamma_flip":167.9}}}}"#);
    world.exposures = vec![ExposureText { symbol: spy(), as_of, json }];
    world
}

const KEYS: [&str; 6] = [
    "options:SPY:chain",
    "options:SPY:exposure",
    "options:SPY:greeks",
    "options:SPY:unusual",
    "sentiment:SPY",
    "sentiment:market",
];

#[test]
fn a_merged_chain_says_of_each_contract_whose_quote_it_is_and_how_old() {
    let mut world = optioned();
    world.publish(true).unwrap();
    let chain = world.read("options:SPY:chain");
    let rows = chain["contracts"].as_array().unwrap();
    assert_eq!((rows.len(), &chain["known"]), (2, &2.into()));
    assert_eq!((&rows[0]["source"], &rows[0]["disagrees"]), (&"ibkr".into(), &true.into()));
    assert_eq!(
        (&rows[1]["source"], &rows[1]["quote_at"]),
        (&"alpha_vantage".into(), &"2013-10-07T13:30:00.003Z".into())
    );
    assert_eq!(rows[0]["synthetic"], true, "the underlying is");
    let greeks = world.read("options:SPY:greeks");
    assert_eq!(greeks["contracts"].as_array().unwrap().len(), 2);
    assert_eq!(greeks["contracts"][0]["delta"], 0.5, "the broker's own quote is the fresher one");
    assert_eq!(greeks["contracts"][1]["implied_volatility"], 0.2);
    assert_eq!(world.read("options:SPY:exposure")["levels"]["gamma_flip"], 167.9);
    assert_eq!(world.read("options:SPY:unusual")["contracts"][0]["ratio"], 2.5);
    assert_eq!(world.read("sentiment:SPY")["score"], -0.125);
    assert_eq!(world.read("sentiment:market")["symbol"], Value::Null);
    for key in KEYS {
        assert!(world.read(key)["as_of"].is_string(), "{key}");
    }
}

#[test]
fn exposures_and_news_outlive_the_broker_and_are_renewed_with_their_old_time() {
    let mut world = optioned();
    world.publish(true).unwrap();
    let before = world.get("options:SPY:exposure").unwrap();
    for _ in 0..10 {
        world.pass(29_000);
        world.publish(false).unwrap();
        assert_eq!(world.get("options:SPY:exposure").unwrap(), before, "not gone, and not changed");
    }
    assert!(world.get("sentiment:SPY").unwrap().is_some());
    assert!(world.get("options:SPY:chain").unwrap().is_none(), "it holds quotes of the broker");
    world.pass(60_000);
    assert!(world.get("options:SPY:exposure").unwrap().is_none(), "nobody renewed it for a minute");
    world.pass(240_000);
    assert!(world.get("sentiment:SPY").unwrap().is_none(), "nor this for five");
}

#[test]
fn what_lost_its_source_is_removed_in_a_session_and_stays_after_it() {
    let mut world = optioned();
    world.publish(true).unwrap();
    world.market.as_of = samples::time(8) + Publisher::CHAIN_LOST + Span::SECOND;
    world.pass(1_000);
    world.publish(true).unwrap();
    for key in ["options:SPY:exposure", "options:SPY:unusual"] {
        assert!(world.get(key).unwrap().is_none(), "{key}");
    }
    let chain = world.read("options:SPY:chain");
    assert!(chain["contracts"].as_array().unwrap().iter().all(|row| row["source"] == "ibkr"), "{chain}");
    assert!(world.get("sentiment:SPY").unwrap().is_some(), "news are slower");
    // After the close nobody is asked: what is known stays.
    world.market.session = None;
    world.publish(true).unwrap();
    assert!(world.get("options:SPY:exposure").unwrap().is_some());
    world.market.as_of = samples::time(8) + Publisher::NEWS_LOST + Span::SECOND;
    world.publish(true).unwrap();
    assert!(
        world.get("sentiment:SPY").unwrap().is_none() && world.get("sentiment:market").unwrap().is_none()
    );
}

#[test]
fn a_long_chain_is_cut_at_its_bound_and_made_less_often() {
    let mut world = optioned();
    let many = (0..5_000).map(|n| {
        row(&format!("SPY131018C{:08}", 100_000 + n * 10), Provider::AlphaVantage, samples::time(8))
    });
    world.market.options[0].rows = Arc::new(many.collect());
    world.publish(true).unwrap();
    let chain = world.read("options:SPY:chain");
    assert_eq!(chain["contracts"].as_array().unwrap().len(), Publisher::CHAIN_ROWS);
    assert_eq!(chain["known"], 5_000);
    world.market.options[0].rows = Arc::default();
    world.pass(4_900);
    world.publish(true).unwrap();
    assert_eq!(world.read("options:SPY:chain"), chain, "not made anew before five seconds are over");
    world.pass(200);
    world.publish(true).unwrap();
    assert_ne!(world.read("options:SPY:chain"), chain);
}

#[test]
fn a_real_server_keeps_them_for_as_long_as_it_should() {
    let server = Server::start();
    let store = server.connect(0);
    let mut world = optioned();
    let picture = Picture {
        market: &world.market,
        histories: &world.histories,
        greeks: &world.greeks,
        exposures: &world.exposures,
        trading: &world.trading,
        market_lives: true,
    };
    world.publisher.publish(&store, Clock::instant(), &picture).unwrap();
    for (key, seconds) in KEYS.into_iter().zip([10, 60, 10, 60, 300, 300]) {
        let left: i64 = server.ask(&["PTTL", key]);
        let least = if seconds == 10 {
            0
        } else if seconds == 60 {
            10_000
        } else {
            60_000
        };
        assert!((least + 1..=seconds * 1_000).contains(&left), "{key}: {left}");
    }
    let text: String = server.ask(&["GET", "options:SPY:exposure"]);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["gex"], 1_500_000.0);
}
