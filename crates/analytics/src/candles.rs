//! One-minute candles of the session, from prints or, where a source has nothing finer, from bars.
//!
//! A minute without a print that may set the last price has no candle.

use std::collections::VecDeque;

use alphatrader_model::market::Bar;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::{Candle, SymbolHistory};
use serde::{Deserialize, Serialize};

/// A print of the session as candles see it.
#[derive(Debug, Clone, Copy)]
pub struct CandlePrint {
    /// Price; positive.
    pub price: Price,
    /// Shares; positive.
    pub size: Quantity,
    /// Bought less sold shares: the size, its negative, or zero when nobody knows.
    pub signed: i64,
    /// Whether it sets prices of the candle, or only its volume.
    pub sets_last: bool,
    /// VWAP of the session with this print, dollars.
    pub vwap: f64,
}

/// Builds candles at the end of a list that holds at most [`SymbolHistory::CANDLES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandleMaker {
    start: Timestamp,
    /// End of the minute; the first print moves it.
    end: Timestamp,
    /// The minute has its candle at the end of the list.
    open: bool,
    /// Volume of the minute before its first price.
    pending_volume: u64,
    pending_signed: i64,
    /// Of bars: sums of (high + low + close) times volume, and of volume.
    bar_turnover: u128,
    bar_volume: u64,
    /// The candle at the end was made from bars.
    from_bars: bool,
}

impl Default for CandleMaker {
    fn default() -> Self {
        Self {
            start: Timestamp::from_nanos(i64::MIN),
            end: Timestamp::from_nanos(i64::MIN),
            open: false,
            pending_volume: 0,
            pending_signed: 0,
            bar_turnover: 0,
            bar_volume: 0,
            from_bars: false,
        }
    }
}

impl CandleMaker {
    /// Adds a print. One from before the open minute (slightly late) counts in the open one.
    #[inline]
    pub fn on_print(&mut self, candles: &mut VecDeque<Candle>, ts: Timestamp, print: &CandlePrint) {
        if ts >= self.end {
            self.turn(ts.floor_to(Span::MINUTE));
        } else if self.from_bars {
            // The same minute told twice: the prints say more.
            self.open = false;
            candles.pop_back();
        }
        self.from_bars = false;
        if self.open
            && let Some(candle) = candles.back_mut()
        {
            if print.sets_last {
                candle.high = candle.high.max(print.price);
                candle.low = candle.low.min(print.price);
                candle.close = print.price;
            }
            candle.volume = candle.volume.saturating_add(print.size.get());
            candle.signed_volume += print.signed;
            candle.vwap = print.vwap;
        } else {
            self.first(candles, print);
        }
    }

    #[cold]
    fn first(&mut self, candles: &mut VecDeque<Candle>, print: &CandlePrint) {
        self.pending_volume = self.pending_volume.saturating_add(print.size.get());
        self.pending_signed += print.signed;
        if print.sets_last {
            self.open = true;
            let candle = Candle {
                start: self.start,
                open: print.price,
                high: print.price,
                low: print.price,
                close: print.price,
                volume: self.pending_volume,
                vwap: print.vwap,
                signed_volume: self.pending_signed,
            };
            push(candles, candle);
        }
    }

    /// Adds a bar that ended at `end` and is at most a minute long; it belongs to the minute it began in.
    /// What bars do not tell is made of what they do: signed volume is zero, VWAP weighs the middle of
    /// high, low and close. A bar from before the open minute is left out.
    pub fn on_bar(&mut self, candles: &mut VecDeque<Candle>, end: Timestamp, bar: &Bar) {
        let start = (end - bar.span).floor_to(Span::MINUTE);
        if start < self.start {
            return;
        }
        if start >= self.end {
            self.turn(start);
        }
        let thrice =
            [bar.high, bar.low, bar.close].iter().map(|p| u128::from(p.raw().unsigned_abs())).sum::<u128>();
        self.bar_turnover += thrice * u128::from(bar.volume.get());
        self.bar_volume = self.bar_volume.saturating_add(bar.volume.get());
        let vwap = self.bar_turnover as f64 / (3.0 * Price::SCALE as f64 * self.bar_volume as f64);
        self.from_bars = true;
        if self.open
            && let Some(candle) = candles.back_mut()
        {
            candle.high = candle.high.max(bar.high);
            candle.low = candle.low.min(bar.low);
            candle.close = bar.close;
            candle.volume = candle.volume.saturating_add(bar.volume.get());
            candle.vwap = vwap;
            return;
        }
        self.open = true;
        let Bar { open, high, low, close, volume, .. } = *bar;
        let volume = volume.get();
        push(candles, Candle { start, open, high, low, close, volume, vwap, signed_volume: 0 });
    }

    fn turn(&mut self, start: Timestamp) {
        self.start = start;
        self.end = start + Span::MINUTE;
        self.open = false;
        self.from_bars = false;
        (self.pending_volume, self.pending_signed) = (0, 0);
    }
}

fn push(candles: &mut VecDeque<Candle>, candle: Candle) {
    if candles.len() >= SymbolHistory::CANDLES {
        candles.pop_front();
    }
    candles.push_back(candle);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::instrument::InstrumentId;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn print(cents: i64, size: u64, signed: i64) -> CandlePrint {
        CandlePrint {
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            signed,
            sets_last: true,
            vwap: 1.0,
        }
    }

    fn bar(open: i64, high: i64, low: i64, close: i64, volume: u64) -> Bar {
        let price = Price::from_cents;
        Bar {
            instrument: InstrumentId(0),
            span: Span::from_seconds(5),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Quantity::new(volume),
        }
    }

    #[test]
    fn prints_make_a_candle_a_minute() {
        let (mut maker, mut candles) = (CandleMaker::default(), VecDeque::new());
        maker.on_print(&mut candles, at(60), &print(100, 10, 10));
        maker.on_print(&mut candles, at(100), &print(103, 5, -5));
        maker.on_print(&mut candles, at(119), &CandlePrint { vwap: 1.01, ..print(99, 1, 0) });
        maker.on_print(&mut candles, at(240), &print(101, 7, 7));
        assert_eq!(candles.len(), 2);
        let price = Price::from_cents;
        let expected = Candle {
            start: at(60),
            open: price(100),
            high: price(103),
            low: price(99),
            close: price(99),
            volume: 16,
            vwap: 1.01,
            signed_volume: 5,
        };
        assert_eq!(candles[0], expected);
        assert_eq!((candles[1].start, candles[1].volume), (at(240), 7));
    }

    #[test]
    fn volume_waits_for_the_first_price() {
        let (mut maker, mut candles) = (CandleMaker::default(), VecDeque::new());
        let odd_lot = CandlePrint { sets_last: false, ..print(90, 3, 3) };
        maker.on_print(&mut candles, at(60), &odd_lot);
        assert!(candles.is_empty());
        maker.on_print(&mut candles, at(61), &print(100, 10, -10));
        maker.on_print(&mut candles, at(62), &odd_lot);
        assert_eq!((candles[0].low, candles[0].volume), (Price::from_cents(100), 16));
        assert_eq!(candles[0].signed_volume, -4);
    }

    #[test]
    fn bars_make_candles_where_nothing_is_finer() {
        let (mut maker, mut candles) = (CandleMaker::default(), VecDeque::new());
        maker.on_bar(&mut candles, at(65), &bar(100, 102, 99, 102, 30));
        maker.on_bar(&mut candles, at(120), &bar(102, 105, 101, 102, 10));
        maker.on_bar(&mut candles, at(125), &bar(102, 103, 101, 103, 1));
        maker.on_bar(&mut candles, at(70), &bar(1, 1, 1, 1, 1));
        assert_eq!(candles.len(), 2);
        let first = candles[0];
        assert_eq!((first.start, first.volume, first.signed_volume), (at(60), 40, 0));
        assert_eq!(
            (first.high, first.low, first.close),
            (Price::from_cents(105), Price::from_cents(99), Price::from_cents(102))
        );
        // (3.03 * 30 + 3.08 * 10) / (3 * 40)
        assert!((first.vwap - 1.014_166_666).abs() < 1e-8, "{}", first.vwap);
    }

    #[test]
    fn prints_replace_the_bars_of_their_minute() {
        let (mut maker, mut candles) = (CandleMaker::default(), VecDeque::new());
        maker.on_bar(&mut candles, at(60), &bar(99, 99, 99, 99, 5));
        maker.on_bar(&mut candles, at(65), &bar(100, 102, 99, 102, 30));
        maker.on_print(&mut candles, at(66), &print(103, 10, 10));
        assert_eq!(candles.len(), 2);
        assert_eq!((candles[0].volume, candles[1].volume), (5, 10));
        assert_eq!(candles[1].open, Price::from_cents(103));
    }

    #[test]
    fn the_list_is_bounded() {
        let (mut maker, mut candles) = (CandleMaker::default(), VecDeque::new());
        for minute in 0..2_000 {
            maker.on_print(&mut candles, at(minute * 60), &print(100, 1, 0));
        }
        assert_eq!(candles.len(), SymbolHistory::CANDLES);
        assert_eq!(candles.back().unwrap().start, at(1_999 * 60));
    }
}
