//! What is kept only to be shown.

use alphatrader_model::market::{DayTotals, TradingState};
use alphatrader_model::view::SweepKind;

use super::*;

#[test]
fn what_is_only_shown_is_kept_too() {
    let mut spy = open_day();
    for minute in 0..6 {
        let start = 60.0 * f64::from(minute);
        spy.on_quote(at(start), &quote(16_800, 16_802, (300, 100)));
        spy.on_trade(at(start + 7.0), &trade(16_802, 200));
        spy.on_trade(at(start + 8.0), &trade(16_800 - i64::from(minute), 200));
    }
    spy.on_quote(at(310.0), &quote(16_800, 16_802, (300, 900)));
    spy.on_trade(at(310.0), &trade(16_802, 600));
    spy.on_trade(at(310.001), &trade(16_803, 600));
    spy.on_timer(at(311.0));
    spy.refresh();
    let history = spy.analytics().history();
    let sweep = history.sweep.unwrap();
    assert_eq!((sweep.side, sweep.quantity, sweep.levels, history.sweeps), (Side::Buy, 1_200, 2, 1));
    let (low, high) = (cents(history.session_low), cents(history.session_high));
    assert_eq!((low, high), (Some(16_795), Some(16_803)));
    assert_eq!(history.bars.len(), 7, "two prints a second apart share five seconds");
    let volume = history.unusual_volume.unwrap();
    assert_eq!((volume.mean, volume.volume, volume.unusual), (400.0, 1_600, true));
    spy.on_session(session("2013-10-08"));
    spy.refresh();
    let history = spy.analytics().history();
    assert_eq!((history.sweep, history.sweeps, history.session_high), (None, 0, None));
    assert!(history.bars.is_empty() && history.unusual_volume.is_none());
}

#[test]
fn a_lost_stream_is_marked_until_it_speaks() {
    let mut spy = open_day();
    let gap = |stream| Gap { instrument: SPY, stream };
    spy.on_trade(at(1.0), &trade(16_802, 200));
    for stream in [Stream::Quotes, Stream::Trades, Stream::Depth] {
        spy.on_gap(at(2.0), &gap(stream));
    }
    let lost = spy.analytics().history().lost;
    assert!(lost.quotes && lost.trades && lost.depth);
    spy.refresh();
    assert_eq!(spy.analytics().history().session_high, None, "what was missed may have been higher");
    spy.on_quote(at(3.0), &quote(16_800, 16_802, (300, 100)));
    spy.on_trade(at(3.0), &trade(16_802, 200));
    let lost = spy.analytics().history().lost;
    assert!(!lost.quotes && !lost.trades && lost.depth);
}

#[test]
fn the_feeds_own_word_is_shown_and_changes_nothing() {
    let mut spy = open_day();
    spy.on_quote(at(1.0), &quote(16_800, 16_802, (300, 100)));
    spy.on_trade(at(1.0), &flagged(16_802, 50_000, TradeFlags::SAMPLED));
    spy.on_trade(at(1.001), &flagged(16_803, 50_000, TradeFlags::SAMPLED));
    let totals = DayTotals { instrument: SPY, volume: Some(Quantity::new(1_000_000)), vwap: None };
    spy.on_totals(at(2.0), &totals);
    spy.on_status(at(2.0), &TradingStatus { instrument: SPY, state: TradingState::Halted });
    spy.on_totals(at(3.0), &DayTotals { instrument: InstrumentId(1), ..totals });
    let history = spy.analytics().history();
    assert_eq!((history.totals, history.status), (Some((at(2.0), totals)), Some(TradingState::Halted)));
    let kind = history.sweep.map(|sweep| sweep.kind);
    assert!(history.sampled, "{history:?}");
    assert_eq!(kind, Some(SweepKind::InferredBurst), "several orders may be in what was sampled");
    let sweeps = &spy.features().sweeps;
    assert_eq!((sweeps.bought, sweeps.sold, sweeps.inferred_bursts), (0, 0, 1));
    assert_eq!((spy.features().session_volume, history.prints), (100_000, 2));
    spy.on_trade(at(4.0), &trade(16_803, 1));
    assert!(!spy.analytics().history().sampled);
}
