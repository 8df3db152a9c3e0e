use alphatrader_model::features::BookState;
use alphatrader_model::instrument::Symbol;
use alphatrader_model::market::{
    Bar, Depth, DepthOperation, Gap, Level, Quote, Side, Stream, Trade, TradeFlags, TradingStatus,
};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::settings::Analytics;
use alphatrader_model::time::Span;
use proptest::prelude::*;

use super::*;

mod costs;
mod shown;

const SPY: InstrumentId = InstrumentId(0);

fn symbol() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn session(date: &str) -> Session {
    let text = format!(r#"{{"date":"{date}","open":"{date}T13:30:00Z","close":"{date}T20:00:00Z"}}"#);
    serde_json::from_str(&text).unwrap()
}

/// So many seconds after the open of the first day.
fn at(seconds: f64) -> Timestamp {
    session("2013-10-07").open + Span::from_nanos((seconds * 1e9) as i64)
}

fn level(cents: i64, size: u64) -> Level {
    Level { price: Price::from_cents(cents), size: Quantity::new(size) }
}

fn quote(bid: i64, ask: i64, sizes: (u64, u64)) -> Quote {
    Quote { instrument: SPY, bid: Some(level(bid, sizes.0)), ask: Some(level(ask, sizes.1)) }
}

fn flagged(cents: i64, size: u64, flags: TradeFlags) -> Trade {
    Trade {
        instrument: SPY,
        price: Price::from_cents(cents),
        size: Quantity::new(size),
        aggressor: None,
        venue: None,
        flags,
    }
}

fn trade(cents: i64, size: u64) -> Trade {
    flagged(cents, size, TradeFlags::NONE)
}

fn parameters(bucket: u64, window: u32) -> Parameters {
    Parameters::of(&Analytics { vpin_bucket_volume: bucket, vpin_window: window })
}

/// Watched since ten seconds before the open.
fn open_day() -> Alone {
    let mut spy = Alone::new(symbol(), SPY, parameters(1_000, 10));
    spy.on_session(session("2013-10-07"));
    spy.on_timer(at(-10.0));
    spy
}

fn cents(price: Option<Price>) -> Option<i64> {
    price.map(|price| price.raw() / 100)
}

#[test]
fn a_quote_shows_touch_spread_and_imbalance() {
    let mut spy = open_day();
    spy.on_quote(at(1.0), &quote(16_800, 16_802, (300, 100)));
    let features = spy.features();
    assert_eq!((cents(features.bid), cents(features.ask)), (Some(16_800), Some(16_802)));
    assert_eq!(features.imbalance_touch, Some(0.5));
    assert!((features.spread_bp.unwrap() - 1.190_405_33).abs() < 1e-8);
    assert_eq!((features.quote_at, features.as_of), (Some(at(1.0)), at(1.0)));
}

#[test]
fn a_crossed_quote_leaves_the_last_good_one_on_show_and_prints_to_the_tick_rule() {
    let mut spy = open_day();
    spy.on_quote(at(1.0), &quote(16_800, 16_802, (300, 100)));
    spy.on_trade(at(1.1), &trade(16_801, 1));
    spy.on_trade(at(1.2), &trade(16_802, 1));
    spy.on_quote(at(1.3), &quote(16_805, 16_803, (1, 1)));
    // Far above the good quote, yet a downtick.
    spy.on_trade(at(1.4), &trade(16_810, 1));
    spy.on_trade(at(1.5), &trade(16_805, 1));
    let features = spy.features();
    assert_eq!((cents(features.bid), features.quote_at), (Some(16_800), Some(at(1.0))));
    let sides: Vec<_> = spy.analytics().history().tape.iter().map(|print| print.side).collect();
    assert_eq!(sides, [None, Some(Side::Buy), Some(Side::Buy), Some(Side::Sell)]);
    assert_eq!(spy.analytics().admission().crossed, 1);
}

#[test]
fn a_missing_side_is_absent() {
    let mut spy = open_day();
    spy.on_quote(at(1.0), &quote(16_800, 16_802, (300, 100)));
    spy.on_quote(at(2.0), &Quote { instrument: SPY, bid: Some(level(16_799, 5)), ask: None });
    let features = spy.features();
    assert_eq!((cents(features.bid), features.ask), (Some(16_799), None));
    assert_eq!((features.spread_bp, features.imbalance_touch), (None, None));
}

#[test]
fn extended_hours_move_only_the_last_price() {
    let mut spy = open_day();
    spy.on_trade(at(-5.0), &trade(16_790, 700));
    let features = spy.features();
    assert_eq!(cents(features.last), Some(16_790));
    assert_eq!((features.session_open, features.vwap, features.session_volume), (None, None, 0));
    assert!(spy.analytics().history().candles.is_empty() && spy.analytics().history().tape.len() == 1);
    spy.on_trade(at(0.0), &trade(16_800, 100));
    spy.on_trade(at(1.0), &trade(16_803, 200));
    spy.on_trade(at(23_400.0), &trade(16_900, 100));
    let features = spy.features();
    assert_eq!((cents(features.session_open), features.session_volume), (Some(16_800), 300));
    assert_eq!((cents(features.last), features.vwap), (Some(16_900), Some(168.02)));
    assert_eq!(spy.analytics().history().candles.len(), 1);
}

#[test]
fn extremes_wait_for_five_minutes_and_leave_a_break_a_break() {
    let mut spy = open_day();
    spy.on_trade(at(0.5), &trade(16_800, 100));
    spy.on_trade(at(200.0), &trade(16_810, 100));
    spy.on_timer(at(299.9));
    assert_eq!(spy.features().high_5m, None);
    spy.on_timer(at(300.0));
    assert_eq!((cents(spy.features().high_5m), cents(spy.features().low_5m)), (Some(16_810), Some(16_800)));
    // A break: the extreme it broke is still there to be compared with, until the second is over.
    spy.on_trade(at(300.5), &trade(16_811, 100));
    assert_eq!(cents(spy.features().high_5m), Some(16_810));
    spy.on_timer(at(301.0));
    assert_eq!((cents(spy.features().high_5m), cents(spy.features().low_5m)), (Some(16_811), Some(16_810)));
    spy.on_timer(at(23_400.0));
    assert_eq!(spy.features().high_5m, None);
}

#[test]
fn a_late_start_waits_from_its_first_whole_second() {
    let mut spy = Alone::new(symbol(), SPY, parameters(1_000, 10));
    spy.on_session(session("2013-10-07"));
    spy.on_trade(at(1_000.5), &trade(16_800, 100));
    spy.on_timer(at(1_060.9));
    assert_eq!(spy.features().signed_volume_1m, None);
    spy.on_timer(at(1_061.0));
    assert_eq!(spy.features().signed_volume_1m, Some(0));
    spy.on_timer(at(1_300.9));
    assert_eq!(spy.features().high_5m, None);
    spy.on_timer(at(1_301.0));
    assert_eq!(spy.features().high_5m, None, "the print is older than the window");
}

#[test]
fn signed_volume_comes_after_a_minute_and_goes_after_a_minute() {
    let mut spy = open_day();
    spy.on_quote(at(10.0), &quote(16_800, 16_802, (1, 1)));
    spy.on_trade(at(10.5), &trade(16_802, 500));
    spy.on_trade(at(11.0), &trade(16_800, 200));
    assert_eq!(spy.features().signed_volume_1m, None);
    spy.on_timer(at(60.0));
    assert_eq!(spy.features().signed_volume_1m, Some(300));
    spy.on_timer(at(70.0));
    assert_eq!((spy.features().signed_volume_1m, spy.features().as_of), (Some(-200), at(70.0)));
    spy.on_trade(at(70.5), &Trade { aggressor: Some(Side::Buy), ..trade(16_799, 50) });
    assert_eq!(spy.features().signed_volume_1m, Some(-150));
    spy.on_timer(at(131.0));
    assert_eq!(spy.features().signed_volume_1m, Some(0));
}

#[test]
fn an_auction_counts_in_volume_but_has_no_aggressor() {
    let mut spy = open_day();
    spy.on_trade(at(0.1), &flagged(16_800, 50_000, TradeFlags::AUCTION));
    let features = spy.features();
    assert_eq!((cents(features.last), features.session_volume), (Some(16_800), 50_000));
    assert_eq!((features.vwap, features.vpin_buckets), (Some(168.0), 0));
    spy.on_trade(at(23_399.0), &trade(16_810, 100));
    // The closing auction, printed after the close, belongs to the last minute; a plain print does not.
    spy.on_trade(at(23_402.0), &flagged(16_820, 100_000, TradeFlags::AUCTION));
    spy.on_trade(at(23_403.0), &trade(16_830, 100));
    spy.on_trade(at(24_001.0), &flagged(16_840, 100, TradeFlags::AUCTION));
    assert_eq!(spy.features().session_volume, 150_100);
    let last = spy.analytics().history().candles.back().unwrap();
    assert_eq!((last.start, last.volume), (at(23_340.0), 100_100));
    assert_eq!(last.close, Price::from_cents(16_820));
    assert_eq!(spy.analytics().history().candles.len(), 2);
}

#[test]
fn an_odd_lot_is_volume_and_flow_but_no_price() {
    let mut spy = open_day();
    spy.on_quote(at(1.0), &quote(16_800, 16_802, (1, 1)));
    spy.on_trade(at(1.1), &trade(16_800, 100));
    spy.on_trade(at(1.2), &flagged(16_900, 5_000, TradeFlags::ODD_LOT));
    let features = spy.features();
    assert_eq!((cents(features.last), features.session_volume), (Some(16_800), 5_100));
    assert_eq!(features.vpin_buckets, 5);
    assert_eq!(spy.analytics().history().candles[0].high, Price::from_cents(16_800));
    assert_eq!(spy.analytics().history().candles[0].signed_volume, 4_900);
}

#[test]
fn a_doubtful_print_leaves_no_trace_but_its_count() {
    let mut spy = open_day();
    let before = spy.features().clone();
    spy.on_trade(at(-9.5), &flagged(1, 5_000, TradeFlags::SUSPICIOUS));
    spy.on_trade(at(-9.5), &trade(0, 5_000));
    assert_eq!(spy.features().clone(), before);
    assert!(spy.analytics().history().tape.is_empty());
    assert_eq!((spy.analytics().admission().suspicious, spy.analytics().admission().trade_price), (1, 1));
}

#[test]
fn vpin_is_ready_with_its_window_and_goes_on_over_days() {
    let mut spy = open_day();
    let buy = |size| Trade { aggressor: Some(Side::Buy), ..trade(16_800, size) };
    spy.on_trade(at(1.0), &buy(9_500));
    assert_eq!((spy.features().vpin, spy.features().vpin_buckets), (None, 9));
    spy.on_session(session("2013-10-08"));
    assert_eq!((spy.features().last, spy.features().session_volume), (None, 0));
    let tomorrow = session("2013-10-08").open;
    spy.on_trade(tomorrow, &buy(500));
    assert_eq!((spy.features().vpin, spy.features().vpin_buckets), (Some(1.0), 10));
    assert_eq!(spy.analytics().history().vpin.iter().copied().collect::<Vec<_>>(), [(tomorrow, 1.0)]);
    assert_eq!(spy.features().session_volume, 500);
}

#[test]
fn new_parameters_wait_for_the_next_session() {
    let mut spy = open_day();
    spy.on_parameters(parameters(100, 10));
    spy.on_session(session("2013-10-07"));
    spy.on_trade(at(1.0), &trade(16_800, 2_500));
    assert_eq!(spy.features().vpin_buckets, 2);
    spy.on_session(session("2013-10-08"));
    spy.on_trade(session("2013-10-08").open, &trade(16_800, 250));
    assert_eq!(spy.features().vpin_buckets, 2);
    assert_eq!(spy.features().vpin, None);
}

#[test]
fn the_same_session_again_forgets_nothing() {
    let mut spy = open_day();
    spy.on_trade(at(1.0), &trade(16_800, 100));
    let before = spy.features().clone();
    spy.on_session(session("2013-10-07"));
    assert_eq!(spy.features().clone(), before);
}

#[test]
fn lost_prints_make_what_rests_on_them_unknown() {
    let mut spy = open_day();
    let buy = |size| Trade { aggressor: Some(Side::Buy), ..trade(16_800, size) };
    spy.on_trade(at(1.0), &buy(20_000));
    spy.on_timer(at(301.0));
    spy.on_gap(at(301.5), &Gap { instrument: SPY, stream: Stream::Trades });
    let features = spy.features();
    assert_eq!((features.vpin, features.vwap, features.signed_volume_1m), (None, None, None));
    assert_eq!((features.high_5m, features.session_volume), (None, 20_000));
    spy.on_trade(at(302.0), &buy(100));
    spy.on_timer(at(361.9));
    assert_eq!(spy.features().signed_volume_1m, None);
    spy.on_timer(at(362.0));
    assert_eq!((spy.features().signed_volume_1m, spy.features().vwap), (Some(0), None));
    spy.on_session(session("2013-10-08"));
    spy.on_trade(session("2013-10-08").open, &buy(100));
    assert_eq!(spy.features().vwap, Some(168.0));
}

fn depth(side: Side, position: u8, cents: i64, size: u64) -> Depth {
    Depth {
        instrument: SPY,
        side,
        position,
        operation: DepthOperation::Insert,
        price: Price::from_cents(cents),
        size: Quantity::new(size),
        venue: None,
    }
}

#[test]
fn the_book_stands_in_until_quotes_come() {
    let mut spy = open_day();
    for row in 0..12_u8 {
        spy.on_depth(at(1.0), &depth(Side::Buy, row, 16_800 - i64::from(row), 30));
        spy.on_depth(at(1.0), &depth(Side::Sell, row, 16_802 + i64::from(row), 10));
    }
    let features = spy.features();
    assert_eq!(features.book, BookState::Valid);
    assert_eq!((features.imbalance_touch, features.imbalance_5), (Some(0.5), Some(0.5)));
    assert_eq!((cents(features.bid), features.quote_at), (Some(16_800), None));
    spy.on_trade(at(1.5), &trade(16_802, 1));
    assert_eq!(spy.analytics().history().tape[0].side, Some(Side::Buy));
    assert!(spy.analytics().history().bids.is_empty());
    spy.refresh();
    spy.refresh();
    assert_eq!((spy.analytics().history().bids.len(), spy.analytics().history().asks.len()), (10, 10));
    assert_eq!(spy.analytics().history().asks[0].level, level(16_802, 10));

    spy.on_quote(at(2.0), &quote(16_799, 16_803, (1, 1)));
    spy.on_depth(at(2.1), &depth(Side::Buy, 0, 16_801, 500));
    assert_eq!((cents(spy.features().bid), spy.features().imbalance_touch), (Some(16_799), Some(0.0)));
    assert!(spy.features().imbalance_5.unwrap() > 0.8);

    spy.on_gap(at(3.0), &Gap { instrument: SPY, stream: Stream::Depth });
    assert_eq!((spy.features().book, spy.features().imbalance_5), (BookState::Rebuilding, None));
    assert_eq!(cents(spy.features().bid), Some(16_799));
    spy.on_gap(at(3.0), &Gap { instrument: SPY, stream: Stream::Quotes });
    assert_eq!((spy.features().bid, spy.features().imbalance_touch), (None, None));
}

#[test]
fn bars_serve_until_prints_come() {
    let mut spy = open_day();
    let bar = |close: i64| Bar {
        instrument: SPY,
        span: Span::MINUTE,
        open: Price::from_cents(16_800),
        high: Price::from_cents(16_810),
        low: Price::from_cents(16_790),
        close: Price::from_cents(close),
        volume: Quantity::new(1_000),
    };
    spy.on_bar(at(0.0), &bar(16_795));
    assert_eq!((cents(spy.features().last), spy.features().session_volume), (Some(16_795), 0));
    spy.on_bar(at(60.0), &bar(16_805));
    spy.on_bar(at(120.0), &bar(16_800));
    let features = spy.features();
    assert_eq!((cents(features.session_open), features.session_volume), (Some(16_800), 2_000));
    assert_eq!((features.vwap, spy.analytics().history().candles.len()), (None, 2));
    spy.on_trade(at(121.0), &trade(16_801, 10));
    spy.on_bar(at(180.0), &bar(16_792));
    assert_eq!(cents(spy.features().last), Some(16_801));
    assert_eq!(spy.analytics().history().candles.len(), 3);
    assert_eq!((spy.analytics().admission().bars, spy.analytics().admission().bars_unused), (4, 1));
}

#[test]
fn events_of_others_are_ignored() {
    let mut spy = open_day();
    let (before, other) = (spy.features().clone(), InstrumentId(9));
    spy.on_quote(at(1.0), &Quote { instrument: other, ..quote(1, 2, (1, 1)) });
    spy.on_trade(at(1.0), &Trade { instrument: other, ..trade(1, 1) });
    spy.on_depth(at(1.0), &Depth { instrument: other, ..depth(Side::Buy, 0, 1, 1) });
    spy.on_gap(at(1.0), &Gap { instrument: other, stream: Stream::Trades });
    assert_eq!(spy.features().clone(), before);
}

#[derive(Debug, Clone)]
enum Step {
    Trade { cents: i64, size: u64, side: Side, odd_lot: bool },
    Timer,
}

fn steps() -> impl Strategy<Value = Vec<(u32, Step)>> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let print = (16_700_i64..16_900, 1_u64..5_000, side, prop::bool::weighted(0.2))
        .prop_map(|(cents, size, side, odd_lot)| Step::Trade { cents, size, side, odd_lot });
    let step = prop_oneof![3 => print, 1 => Just(Step::Timer)];
    prop::collection::vec((0_u32..20_000, step), 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every sliding value equals a search of all that was printed.
    #[test]
    fn features_equal_a_search_of_the_prints(steps in steps(), start in -400_i32..100) {
        let mut spy = Alone::new(symbol(), SPY, parameters(1_000, 10));
        spy.on_session(session("2013-10-07"));
        let (open, mut now) = (at(0.0), at(f64::from(start)));
        spy.on_timer(now);
        let watched = now.max(open).seconds();
        let mut prints: Vec<(i64, i64, u64, Side, bool)> = vec![];
        for (millis, step) in steps {
            now = now + Span::from_millis(i64::from(millis));
            match step {
                Step::Timer => {
                    let before = spy.features().clone();
                    prop_assert!(spy.on_timer(now) || before == spy.features().clone());
                }
                Step::Trade { cents, size, side, odd_lot } => {
                    let flags = if odd_lot { TradeFlags::ODD_LOT } else { TradeFlags::NONE };
                    spy.on_trade(now, &Trade { aggressor: Some(side), ..flagged(cents, size, flags) });
                    if now >= open {
                        prints.push((now.seconds(), cents, size, side, odd_lot));
                    }
                }
            }
            let (features, second) = (spy.features(), now.seconds());
            let volume: u64 = prints.iter().map(|p| p.2).sum();
            prop_assert_eq!(features.session_volume, volume);
            let signed: i64 = prints.iter().filter(|p| p.0 > second - 60).map(|p| p.3.sign() * p.2 as i64).sum();
            prop_assert_eq!(features.signed_volume_1m, (second >= watched + 60).then_some(signed));
            let window = || prints.iter().filter(|p| !p.4 && (second - 300..second).contains(&p.0)).map(|p| p.1);
            let five = second >= watched + 300;
            prop_assert_eq!(cents(features.high_5m), window().max().filter(|_| five));
            prop_assert_eq!(cents(features.low_5m), window().min().filter(|_| five));
            let turnover: i64 = prints.iter().map(|p| p.1 * p.2 as i64).sum();
            prop_assert_eq!(features.vwap.is_some(), volume > 0);
            if let Some(vwap) = features.vwap {
                prop_assert!((vwap - turnover as f64 / volume as f64 / 100.0).abs() < 1e-9);
            }
            prop_assert_eq!(features.vpin_buckets, volume / 1_000);
            let candles = &spy.analytics().history().candles;
            if prints.iter().any(|p| !p.4) {
                prop_assert!(candles.iter().map(|c| c.volume).sum::<u64>() <= volume);
                prop_assert!(candles.iter().all(|c| c.low <= c.open && c.close <= c.high));
            }
        }
    }

    /// A copy that goes on is the original that goes on: nothing hides outside the value.
    #[test]
    fn a_copy_goes_on_as_the_original(steps in steps(), cut in 0_usize..300) {
        let mut spy = open_day();
        let mut now = at(0.0);
        let mut copy = None;
        for (place, (millis, step)) in steps.into_iter().enumerate() {
            if place == cut {
                copy = Some(spy.clone());
            }
            now = now + Span::from_millis(i64::from(millis));
            for spy in [Some(&mut spy), copy.as_mut()].into_iter().flatten() {
                match &step {
                    Step::Timer => _ = spy.on_timer(now),
                    Step::Trade { cents, size, .. } => spy.on_trade(now, &trade(*cents, *size)),
                }
            }
        }
        if let Some(copy) = copy {
            prop_assert_eq!(copy.features(), spy.features());
            prop_assert_eq!(copy.analytics().history(), spy.analytics().history());
        }
    }
}
