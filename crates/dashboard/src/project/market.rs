//! Market half: features, candles, book, tape, gates.

use alphatrader_model::exposure::ChainExposure;
use alphatrader_model::features::BookState;
use alphatrader_model::view::{self as model, MarketView, SymbolHistory, TradingView};
use alphatrader_model::{Contract, Features, Price, Settings};

use super::measures::{self, Measured};
use super::options;
use super::trails::SymbolTrails;
use crate::published::SymbolPublished;
use crate::view::{
    Aggressor, BarView, BookLevelView, BookView, Decimal, FeaturesView, GateState, GateView, GatesView,
    Instant, QuoteView, TapeView, TradeView, VpinPoint, VpinView, statistic,
};

/// All that is shown of one symbol.
pub(super) fn symbol(
    features: &Features,
    history: Option<&SymbolHistory>,
    trails: SymbolTrails,
    market: &MarketView,
    settings: &Settings,
    trading: &TradingView,
) -> SymbolPublished {
    let options = market.options_of(features.symbol).cloned();
    let gates = trading.strategies.iter().filter(|s| s.symbol == features.symbol).map(gates).collect();
    SymbolPublished {
        quote: quote(features, market, options.as_ref().and_then(|known| known.exposure.as_deref())),
        features: self::features(features, settings),
        bars: history.map(bars).unwrap_or_default(),
        vpin: history.map(|history| vpin(history, features.vpin_buckets)).unwrap_or_default(),
        book: book(features, history),
        tape: TapeView { symbol: features.symbol.to_string(), trades: history.map(tape).unwrap_or_default() },
        gates,
        measured: Measured::of(features),
        state: measures::state(features, history),
        marks: measures::marks(history),
        exclusions: measures::exclusions(history),
        trails,
        options,
    }
}

fn quote(features: &Features, market: &MarketView, chain: Option<&ChainExposure>) -> QuoteView {
    let sizes = market.named(Contract::Stock(features.symbol)).and_then(|contract| contract.quote);
    let change = match (features.last, features.session_open) {
        (Some(last), Some(open)) if open > Price::ZERO => Some((last.raw() - open.raw(), open.raw())),
        _ => None,
    };
    let spread = match (features.bid, features.ask) {
        (Some(bid), Some(ask)) => Some(Price::from_raw(ask.raw() - bid.raw())),
        _ => None,
    };
    QuoteView {
        symbol: features.symbol.to_string(),
        last: features.last.map(Decimal::from),
        change: change.map(|(change, _)| Decimal::from(Price::from_raw(change))),
        change_fraction: change.and_then(|(change, open)| statistic(change as f64 / open as f64)),
        bid: features.bid.map(Decimal::from),
        bid_size: sizes.and_then(|quote| quote.bid).map(|level| level.size.get()),
        ask: features.ask.map(Decimal::from),
        ask_size: sizes.and_then(|quote| quote.ask).map(|level| level.size.get()),
        spread: spread.map(Decimal::from),
        vpin: features.vpin.and_then(statistic),
        quote_at: features.quote_at.map(Instant::from),
        trade_at: features.trade_at.map(Instant::from),
        gex: chain.and_then(options::net_gamma),
        chain_at: chain.map(|chain| chain.as_of.into()),
    }
}

fn features(features: &Features, settings: &Settings) -> FeaturesView {
    FeaturesView {
        symbol: features.symbol.to_string(),
        at: features.as_of.into(),
        touch_imbalance: features.imbalance_touch.and_then(statistic),
        depth_imbalance: features.imbalance_5.and_then(statistic),
        vpin: vpin_now(features, settings),
        signed_volume_1m: features.signed_volume_1m,
        vwap: features.vwap.and_then(dollars),
        high_5m: features.high_5m.map(Decimal::from),
        low_5m: features.low_5m.map(Decimal::from),
        quote_at: features.quote_at.map(Instant::from),
        depth_at: features.depth_at.map(Instant::from),
        trade_at: features.trade_at.map(Instant::from),
    }
}

fn vpin_now(features: &Features, settings: &Settings) -> VpinView {
    let toxicity = &features.toxicity;
    let null_level = match (features.vpin, toxicity.null_ratio.value) {
        (Some(vpin), Some(ratio)) if ratio > 0.0 => statistic(vpin / ratio),
        _ => None,
    };
    VpinView {
        value: features.vpin.and_then(statistic),
        ready: features.vpin.is_some(),
        buckets: if toxicity.window > 0 { toxicity.window } else { settings.analytics.vpin_window },
        completed: features.vpin_buckets,
        cdf: toxicity.cdf.value.and_then(statistic),
        null_level,
        alert_level: toxicity.alert_level.and_then(statistic),
        alert: toxicity.alert,
    }
}

/// An average in dollars, shown to the price unit.
pub(super) fn dollars(value: f64) -> Option<Decimal> {
    value.is_finite().then(|| Decimal::from(Price::from_raw((value * 10_000.0).round() as i64)))
}

fn bars(history: &SymbolHistory) -> Vec<BarView> {
    let skip = history.candles.len().saturating_sub(SymbolPublished::BARS);
    let bar = |candle: &model::Candle| BarView {
        start: candle.start.into(),
        open: candle.open.into(),
        high: candle.high.into(),
        low: candle.low.into(),
        close: candle.close.into(),
        volume: candle.volume,
        vwap: dollars(candle.vwap),
        signed_volume: candle.signed_volume,
    };
    history.candles.iter().skip(skip).map(bar).collect()
}

/// The newest point belongs to the bucket that was completed last.
fn vpin(history: &SymbolHistory, completed: u64) -> Vec<VpinPoint> {
    let skip = history.vpin.len().saturating_sub(SymbolPublished::VPIN);
    let first = completed.saturating_sub(history.vpin.len() as u64) + 1;
    history
        .vpin
        .iter()
        .zip(first..)
        .skip(skip)
        .filter_map(|((at, value), bucket)| {
            Some(VpinPoint { bucket, at: (*at).into(), value: statistic(*value)? })
        })
        .collect()
}

fn book(features: &Features, history: Option<&SymbolHistory>) -> BookView {
    let reason = match features.book {
        BookState::Valid => None,
        BookState::Absent => Some("no depth is subscribed or recorded"),
        BookState::Rebuilding => Some("the book is being rebuilt"),
        BookState::Crossed => Some("best bid at or above best ask"),
    };
    let levels = |rows: &[model::BookRow]| {
        let level = |row: &model::BookRow| BookLevelView {
            price: row.level.price.into(),
            size: row.level.size.get(),
            venue: row.venue.map(|venue| venue.to_string()),
        };
        rows.iter().take(SymbolPublished::ROWS).map(level).collect()
    };
    BookView {
        symbol: features.symbol.to_string(),
        at: features.depth_at.map(Instant::from),
        valid: reason.is_none(),
        reason: reason.map(str::to_owned),
        bids: history.map(|history| levels(&history.bids)).unwrap_or_default(),
        asks: history.map(|history| levels(&history.asks)).unwrap_or_default(),
    }
}

fn tape(history: &SymbolHistory) -> Vec<TradeView> {
    let trade = |print: &model::TapePrint| TradeView {
        at: print.time.into(),
        price: print.price.into(),
        size: print.size.into(),
        side: print.side.map_or(Aggressor::Unknown, measures::aggressor),
        venue: print.venue.map(|venue| venue.to_string()),
    };
    history.tape.iter().rev().take(SymbolPublished::TAPE).map(trade).collect()
}

fn gates(strategy: &model::StrategyView) -> GatesView {
    let gate = |gate: &model::GateView| GateView {
        name: gate.name.clone(),
        state: match gate.state {
            model::GateState::Passed => GateState::Passed,
            model::GateState::Blocked => GateState::Blocked,
            model::GateState::NotReached => GateState::NotReached,
        },
        text: gate.text.clone(),
        blocked_today: gate.blocked_today,
    };
    GatesView {
        strategy: strategy.strategy.label().to_owned(),
        symbol: strategy.symbol.to_string(),
        checks_today: strategy.checks_today,
        gates: strategy.gates.iter().map(gate).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::{Side, Symbol, Timestamp};

    fn history() -> SymbolHistory {
        SymbolHistory::new(Symbol::new("SPY").unwrap())
    }

    #[test]
    fn vpin_points_are_numbered_by_their_bucket() {
        let mut history = history();
        history.vpin = (0..3).map(|n| (Timestamp::from_seconds(n), 0.25)).collect();
        let buckets: Vec<u64> = vpin(&history, 52).iter().map(|point| point.bucket).collect();
        assert_eq!(buckets, [50, 51, 52]);
    }

    #[test]
    fn the_tape_starts_with_the_newest() {
        let mut history = history();
        for n in 1..=3 {
            history.tape.push_back(model::TapePrint {
                time: Timestamp::from_seconds(n),
                price: Price::from_cents(100),
                size: n as u32,
                side: Some(Side::Sell),
                venue: None,
            });
        }
        let sizes: Vec<u64> = tape(&history).iter().map(|trade| trade.size).collect();
        assert_eq!(sizes, [3, 2, 1]);
    }

    #[test]
    fn averages_are_shown_to_the_price_unit() {
        assert_eq!(dollars(601.234_567).map(|d| d.to_string()).as_deref(), Some("601.2346"));
        assert_eq!(dollars(f64::NAN), None);
    }
}
