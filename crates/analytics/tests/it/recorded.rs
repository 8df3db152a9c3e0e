//! A recorded day of SPY: 250 601 prints with one-second quotes, against the vendor's own minute bars.

#![allow(clippy::disallowed_methods, reason = "the test finds its recorded data through the environment")]

use std::path::{Path, PathBuf};

use alphatrader_analytics::{Alone, Parameters};
use alphatrader_history::{Progress, locate};
use alphatrader_model::calendar::{Calendar, Session};
use alphatrader_model::event::Payload;
use alphatrader_model::instrument::{InstrumentId, Symbol};
use alphatrader_model::market::{Bar, Side, Trade, TradeFlags};
use alphatrader_model::settings::Analytics;
use alphatrader_model::time::{Span, Timestamp};

const SPY: InstrumentId = InstrumentId(0);

/// LEAN's folder of the recorded data, where it is there.
pub(crate) fn lean() -> Option<PathBuf> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let folder = data.join("lean");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: recorded data absent");
    None
}

pub(crate) fn session() -> Session {
    let text = r#"{"date":"2013-10-07","open":"2013-10-07T13:30:00Z","close":"2013-10-07T20:00:00Z"}"#;
    serde_json::from_str(text).expect("a session is written above")
}

/// What a source below a folder, or in a file, says of the day.
pub(crate) fn events(source: &Path) -> impl Iterator<Item = (Timestamp, Payload)> {
    let symbol = Symbol::new("SPY").expect("SPY is a symbol");
    let located = locate(source, symbol, session().date).expect("the day is in the recorded data");
    let items = located.open(&Calendar::xnys(), SPY, &Progress::default()).expect("the files open");
    items.map(|item| item.expect("no line is malformed").input).map(|input| (input.ts_event, input.payload))
}

/// The day through the analytics, and what only the tape tells.
struct Day {
    spy: Alone,
    bought: u64,
    sold: u64,
    /// Shares of the session's auctions, which have no aggressor.
    auctions: u64,
}

fn replay(folder: &Path) -> Day {
    let settings = Analytics { vpin_bucket_volume: 100_000, vpin_window: 50 };
    let symbol = Symbol::new("SPY").expect("SPY is a symbol");
    let mut day =
        Day { spy: Alone::new(symbol, SPY, Parameters::of(&settings)), bought: 0, sold: 0, auctions: 0 };
    day.spy.on_session(session());
    for (ts, payload) in events(folder) {
        match payload {
            Payload::Quote(quote) => day.spy.on_quote(ts, &quote),
            Payload::Trade(trade) => day.print(ts, &trade),
            other => panic!("neither quote nor trade: {other:?}"),
        }
    }
    day
}

impl Day {
    fn print(&mut self, ts: Timestamp, trade: &Trade) {
        let before = self.spy.analytics().admission().trades;
        self.spy.on_trade(ts, trade);
        let auction = trade.flags.contains(TradeFlags::AUCTION);
        let grace = Span::from_minutes(if auction { 10 } else { 0 });
        let within = session().open <= ts && ts < session().close + grace;
        if self.spy.analytics().admission().trades == before || !within {
            return;
        }
        match self.spy.analytics().history().tape.back().and_then(|print| print.side) {
            Some(Side::Buy) => self.bought += trade.size.get(),
            Some(Side::Sell) => self.sold += trade.size.get(),
            None if auction => self.auctions += trade.size.get(),
            None => {}
        }
    }
}

#[test]
fn recorded_day_agrees_with_the_vendors_minute_bars() {
    let Some(folder) = lean() else { return };
    let day = replay(&folder);

    // Published for these files with these quotes: 39.8 million bought, 39.3 million sold, before conditions
    // are looked at and without the tick rule.
    let ratio = day.bought as f64 / day.sold as f64;
    assert!((ratio - 39.8 / 39.3).abs() < 0.005, "{} {}", day.bought, day.sold);
    let counts = day.spy.analytics().admission();
    assert_eq!(counts.trades + counts.excluded(), 250_601);
    let features = day.spy.features();
    assert_eq!(features.vpin_buckets, (features.session_volume - day.auctions) / 100_000);
    assert!(features.vpin.is_some_and(|vpin| (0.2..0.7).contains(&vpin)), "{features:?}");

    // The vendor leaves out a few prints more or less: extremes agree in nine minutes of ten, and nearly in all.
    let candles = &day.spy.analytics().history().candles;
    assert_eq!(candles.len(), 390);
    let minutes: Vec<(Timestamp, Bar)> = events(&folder.join("equity/usa/minute/spy/20131007_trade.zip"))
        .filter_map(|(end, payload)| match payload {
            Payload::Bar(bar) => Some((end - Span::MINUTE, bar)),
            _ => None,
        })
        .collect();
    let (mut highs, mut lows) = (0, 0);
    for candle in candles {
        let (_, bar) = minutes.iter().find(|(start, _)| *start == candle.start).unwrap();
        highs += usize::from(bar.high == candle.high);
        lows += usize::from(bar.low == candle.low);
        let gap = (bar.high.raw() - candle.high.raw()).abs().max((bar.low.raw() - candle.low.raw()).abs());
        assert!(gap <= 500, "five cents: {candle:?} {bar:?}");
    }
    assert!(highs >= 351 && lows >= 351, "{highs} {lows}");
}
