//! A recorded day of Nasdaq's own order events (AMZN, 2012-06-21): order flow against the mid, hidden orders
//! against those the exchange states.

#![allow(clippy::disallowed_methods, reason = "the test finds its recorded data through the environment")]

use std::path::PathBuf;

use alphatrader_analytics::fair::counts::MicroCounts;
use alphatrader_analytics::fair::fit::{Gates, fit};
use alphatrader_analytics::fair::micro::{FairSource, MicroShape, unfitted};
use alphatrader_analytics::hidden::{Finding, Hidden, HiddenParameters, HiddenPrint};
use alphatrader_analytics::ofi::{Ofi, OfiParameters};
use alphatrader_history::lobster::Reader;
use alphatrader_history::{Context, Limits, Progress, SourceId};
use alphatrader_model::calendar::Calendar;
use alphatrader_model::event::Payload;
use alphatrader_model::instrument::InstrumentId;
use alphatrader_model::market::{Level, TradeFlags};
use alphatrader_model::metric::Quality;
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::PrintMark;

/// The day's events, where the recorded data is there.
fn events() -> Option<impl Iterator<Item = (Timestamp, Payload)>> {
    let workspace = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data =
        std::env::var_os("ALPHATRADER_DATA").map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let path = data.join("lobster/AMZN_2012-06-21_34200000_57600000_message_1.csv.zst");
    if !path.is_file() {
        println!("skipped: recorded data absent");
        return None;
    }
    let (calendar, progress) = (Calendar::xnys(), Progress::default());
    let context = Context {
        calendar: &calendar,
        instrument: InstrumentId(0),
        limits: Limits::default(),
        progress: &progress,
    };
    let reader = Reader::open(&path, SourceId(0), context).expect("the file opens");
    Some(reader.filter_map(Result::ok).map(|item| (item.input.ts_event, item.input.payload)))
}

/// Ordinary least squares of y on x: slope and R².
fn regress(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|(a, b)| of(a - x, b - y)).sum::<f64>();
    let (xx, yy, xy) = (sum(&|a, _| a * a), sum(&|_, b| b * b), sum(&|a, b| a * b));
    (xy / xx, xy * xy / (xx * yy))
}

/// What is measured of the day.
struct Day {
    ofi: Ofi,
    hidden: Hidden,
    counts: MicroCounts,
    touch: Option<(Level, Level)>,
    /// End of the running ten seconds, and the mid where they began.
    window: Option<(Timestamp, f64)>,
    /// Normalised flow and the mid's move, of each ten seconds.
    points: Vec<(f64, f64)>,
    icebergs: u64,
    executions: u64,
    stated: u64,
}

impl Day {
    fn on_quote(&mut self, ts: Timestamp, bid: Level, ask: Level) {
        let mid = (bid.price.raw() + ask.price.raw()) as f64 / 2.0;
        let (end, begun) =
            *self.window.get_or_insert((ts.floor_to(Span::from_seconds(10)) + Span::from_seconds(10), mid));
        if ts >= end {
            // The window's last whole slot ends here: what is inside is the ten seconds' flow.
            self.ofi.advance(end - Span::from_nanos(1));
            if let Some(flow) = self.ofi.normalised(0).value {
                let before =
                    self.touch.map_or(mid, |(bid, ask)| (bid.price.raw() + ask.price.raw()) as f64 / 2.0);
                self.points.push((flow, before - begun));
                self.window = Some((ts.floor_to(Span::from_seconds(10)) + Span::from_seconds(10), before));
            } else {
                self.window = Some((ts.floor_to(Span::from_seconds(10)) + Span::from_seconds(10), mid));
            }
        }
        self.ofi.on_touch(ts, bid, ask, Quality::GOOD);
        self.counts.observe(bid, ask);
        self.touch = Some((bid, ask));
        match self.hidden.on_touch(ts, bid, ask) {
            Some(Finding::Iceberg(_)) => self.icebergs += 1,
            Some(Finding::Hidden { .. }) => self.executions += 1,
            None => {}
        }
    }
}

#[test]
fn recorded_orders_of_a_day() {
    let Some(events) = events() else { return };
    let mut day = Day {
        ofi: Ofi::new(OfiParameters::default()),
        hidden: Hidden::new(HiddenParameters::default()),
        counts: MicroCounts::new(MicroShape::new(8, 4, Price::CENT)),
        touch: None,
        window: None,
        points: vec![],
        icebergs: 0,
        executions: 0,
        stated: 0,
    };
    for (ts, payload) in events {
        match payload {
            Payload::Quote(quote) => {
                if let Some((bid, ask)) = quote.firm() {
                    day.on_quote(ts, bid, ask);
                } else {
                    day.ofi.on_crossed(Quality::CROSSED);
                    day.hidden.on_crossed();
                }
            }
            Payload::Trade(trade) if !trade.flags.contains(TradeFlags::AUCTION) => {
                let (price, size, side, flags) = (trade.price, trade.size, trade.aggressor, trade.flags);
                let print = HiddenPrint { price, size, side, venue: trade.venue, flags };
                let (mark, _) = day.hidden.on_print(ts, &print);
                day.stated +=
                    u64::from(mark == Some(PrintMark::Hidden) && flags.contains(TradeFlags::HIDDEN));
            }
            _ => {}
        }
    }
    let (slope, fit_of_flow) = regress(&day.points);
    println!("{} windows, slope {slope:.1}, R2 {fit_of_flow:.3}", day.points.len());
    println!(
        "{:?} share {:?} icebergs {} of {:?}",
        day.hidden.counts(),
        day.hidden.share(),
        day.icebergs,
        day.hidden.rates()
    );

    // Buyers' flow moves the price up, at the same time; how well depends on the stock (the paper's fifty: 65 %).
    assert!(day.points.len() > 1_500 && slope > 0.0 && fit_of_flow > 0.3, "{slope} {fit_of_flow}");
    // The recording's own description: 2 445 executions of hidden orders beside 8 974 of displayed ones.
    assert_eq!((day.stated, day.hidden.counts().prints), (2_445, 8_974 + 2_445));
    let share = day.hidden.counts().stated as f64 / day.hidden.counts().volume as f64;
    assert!((0.20..0.30).contains(&share), "{share}");
    // Every displayed execution happened at the touch: inside the spread there are only the stated ones.
    assert_eq!(day.hidden.counts().inside_prints, 0);
    // And none took more than was displayed: the exchange tells its hidden executions apart, so inferring one
    // would be an error.
    assert_eq!((day.executions, day.hidden.counts().inferred), (0, 0));

    // A spread of a dozen cents leaves most touches outside the table: the rest are too few, or say so.
    let (bid, ask) = day.touch.expect("the day has quotes");
    match fit(&day.counts, Gates::default()) {
        Ok(table) => assert!(table.fitted() < table.shape().states()),
        Err(refusal) => assert!(refusal.to_string().contains("too") || refusal.to_string().contains("often")),
    }
    assert_eq!(unfitted(bid, ask).map(|price| price.source), Some(FairSource::WeightedMid));
}
