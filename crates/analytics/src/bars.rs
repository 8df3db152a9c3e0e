//! Five-second bars: the broker's where it sends them, else made from prints.
//!
//! Prints make the bar of the running five seconds. When the broker's own bar of the same five seconds
//! comes (when they are over), it takes the place of ours, and later prints of that span change it no
//! more. Five seconds without a print have no bar of ours.

use std::collections::VecDeque;

use alphatrader_model::market::Bar;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::Timestamp;
use alphatrader_model::view::{BarSource, ShortBar, SymbolHistory};
use serde::{Deserialize, Serialize};

/// Builds bars at the end of a list that holds at most [`SymbolHistory::BARS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortBarMaker {
    start: Timestamp,
    /// End of the running five seconds; the first print moves it.
    end: Timestamp,
    /// They have their bar at the end of the list, and it is ours.
    open: bool,
    /// Their volume before their first price.
    pending: u64,
    /// The broker has told everything before.
    told: Timestamp,
}

const LONG_AGO: Timestamp = Timestamp::from_nanos(i64::MIN);

impl Default for ShortBarMaker {
    fn default() -> Self {
        Self { start: LONG_AGO, end: LONG_AGO, open: false, pending: 0, told: LONG_AGO }
    }
}

impl ShortBarMaker {
    /// Adds a print. One from before the running bar (slightly late) counts in the running one;
    /// `sets_last` says whether it sets prices, or only adds its volume.
    #[inline]
    pub fn on_print(
        &mut self,
        bars: &mut VecDeque<ShortBar>,
        ts: Timestamp,
        price: Price,
        size: Quantity,
        sets_last: bool,
    ) {
        if ts >= self.end {
            self.turn(ts);
        }
        if self.open
            && let Some(bar) = bars.back_mut()
        {
            if sets_last {
                bar.high = bar.high.max(price);
                bar.low = bar.low.min(price);
                bar.close = price;
            }
            bar.volume = bar.volume.saturating_add(size.get());
        } else if self.end > self.told {
            self.pending = self.pending.saturating_add(size.get());
            if sets_last {
                self.open = true;
                let (start, volume) = (self.start, self.pending);
                let source = BarSource::Prints;
                let bar =
                    ShortBar { start, open: price, high: price, low: price, close: price, volume, source };
                make_room(bars);
                bars.push_back(bar);
            }
        }
    }

    #[cold]
    fn turn(&mut self, ts: Timestamp) {
        self.start = ts.floor_to(ShortBar::SPAN);
        self.end = self.start + ShortBar::SPAN;
        (self.open, self.pending) = (false, 0);
    }

    /// Takes the broker's bar that ended at `end`; false when it has another length, or is older than
    /// all that is kept.
    pub fn on_bar(&mut self, bars: &mut VecDeque<ShortBar>, end: Timestamp, bar: &Bar) -> bool {
        if bar.span != ShortBar::SPAN {
            return false;
        }
        let start = end - bar.span;
        let Bar { open, high, low, close, volume, .. } = *bar;
        let told =
            ShortBar { start, open, high, low, close, volume: volume.get(), source: BarSource::Broker };
        // The newest are at the end: a step or two.
        let mut place = bars.len();
        while place > 0 && bars[place - 1].start > start {
            place -= 1;
        }
        if place > 0 && bars[place - 1].start == start {
            bars[place - 1] = told;
        } else if bars.len() < SymbolHistory::BARS {
            bars.insert(place, told);
        } else if place > 0 {
            bars.pop_front();
            bars.insert(place - 1, told);
        } else {
            return false;
        }
        self.told = self.told.max(end);
        if self.end <= end {
            self.open = false;
        }
        true
    }
}

fn make_room(bars: &mut VecDeque<ShortBar>) {
    if bars.len() >= SymbolHistory::BARS {
        bars.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::instrument::InstrumentId;
    use alphatrader_model::time::Span;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_381_152_600_000 + millis)
    }

    fn cents(cents: i64) -> Price {
        Price::from_cents(cents)
    }

    fn bar(open: i64, high: i64, low: i64, close: i64, volume: u64) -> Bar {
        Bar {
            instrument: InstrumentId(0),
            span: ShortBar::SPAN,
            open: cents(open),
            high: cents(high),
            low: cents(low),
            close: cents(close),
            volume: Quantity::new(volume),
        }
    }

    struct Made {
        maker: ShortBarMaker,
        bars: VecDeque<ShortBar>,
    }

    impl Made {
        fn new() -> Self {
            Self { maker: ShortBarMaker::default(), bars: VecDeque::with_capacity(SymbolHistory::BARS) }
        }
        fn print(&mut self, millis: i64, price: i64, size: u64, sets_last: bool) {
            self.maker.on_print(&mut self.bars, at(millis), cents(price), Quantity::new(size), sets_last);
        }
        /// Start in seconds, open, high, low, close in cents, volume.
        fn rows(&self) -> Vec<(i64, [i64; 4], u64)> {
            let row = |b: &ShortBar| {
                let prices = [b.open, b.high, b.low, b.close].map(|p| p.raw() / 100);
                (b.start.since(at(0)).nanos() / Span::SECOND.nanos(), prices, b.volume)
            };
            self.bars.iter().map(row).collect()
        }
    }

    #[test]
    fn prints_make_bars() {
        let mut made = Made::new();
        made.print(100, 50, 7, false);
        made.print(200, 100, 10, true);
        made.print(4_999, 103, 5, true);
        made.print(5_000, 101, 1, true);
        made.print(4_990, 99, 2, true);
        made.print(16_000, 98, 3, true);
        let expected = [(0, [100, 103, 100, 103], 22), (5, [101, 101, 99, 99], 3), (15, [98, 98, 98, 98], 3)];
        assert_eq!(made.rows(), expected);
        assert!(made.bars.iter().all(|bar| bar.source == BarSource::Prints));
    }

    #[test]
    fn the_brokers_bar_takes_the_place_of_ours() {
        let mut made = Made::new();
        made.print(100, 100, 10, true);
        made.print(5_100, 101, 1, true);
        assert!(made.maker.on_bar(&mut made.bars, at(5_000), &bar(100, 104, 99, 101, 12)));
        made.print(5_200, 102, 1, true);
        assert_eq!(made.rows(), [(0, [100, 104, 99, 101], 12), (5, [101, 102, 101, 102], 2)]);
        assert!(made.maker.on_bar(&mut made.bars, at(10_000), &bar(101, 102, 101, 102, 3)));
        made.print(9_990, 500, 1, true);
        assert_eq!(made.rows()[1], (5, [101, 102, 101, 102], 3), "what the broker told stays");
        made.print(10_010, 103, 1, true);
        assert_eq!(made.rows().len(), 3);
        assert!(
            made.maker.on_bar(&mut made.bars, at(-5_000), &bar(1, 1, 1, 1, 1)),
            "an older one finds its place"
        );
        assert_eq!(made.rows()[0].0, -10);
        let minute = Bar { span: Span::MINUTE, ..bar(1, 1, 1, 1, 1) };
        assert!(!made.maker.on_bar(&mut made.bars, at(60_000), &minute));
    }

    proptest! {
        #[test]
        fn bars_are_bounded_and_in_order(steps in prop::collection::vec((0_i64..9_000, 1_i64..50, 0_u8..6), 1..400)) {
            let mut made = Made::new();
            let room = made.bars.capacity();
            let mut now = 0;
            for (pause, price, what) in steps {
                now += pause;
                if what == 0 {
                    let end = at(now).floor_to(ShortBar::SPAN);
                    made.maker.on_bar(&mut made.bars, end, &bar(price, price, price, price, 1));
                } else {
                    made.print(now, price, 1, what > 1);
                }
                prop_assert!(made.bars.len() <= SymbolHistory::BARS);
                prop_assert!(made.bars.iter().zip(made.bars.iter().skip(1)).all(|(a, b)| a.start < b.start));
                prop_assert!(made.bars.iter().all(|b| b.low <= b.open && b.open <= b.high && b.low <= b.close && b.close <= b.high));
            }
            prop_assert_eq!(made.bars.capacity(), room);
        }
    }
}
