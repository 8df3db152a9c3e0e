//! A made-up price that wanders, with a book, prints, candles and measures around it.

use alphatrader_model::features::BookState;
use alphatrader_model::market::Level;
use alphatrader_model::view::{BookRow, Candle, SymbolHistory, TapePrint};
use alphatrader_model::{Features, Price, Quantity, Side, Span, Symbol, Timestamp};

use crate::measures::Wander;

/// A small generator: the page needs movement, not statistics.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Between -1 and 1, more often near 0.
    pub(crate) fn swing(&mut self) -> f64 {
        let one = |d: &mut Self| d.below(2_001) as f64 / 1_000.0 - 1.0;
        (one(self) + one(self) + one(self)) / 3.0
    }
}

pub(crate) struct Walk {
    pub(crate) features: Features,
    pub(crate) history: SymbolHistory,
    mid: f64,
    drift: f64,
    dice: Dice,
    dollars: f64,
    shares: f64,
    bucket: u64,
    vpin: f64,
    wander: Wander,
}

impl Walk {
    pub(crate) fn new(symbol: Symbol, mid: f64, seed: u64, open: Timestamp) -> Self {
        Self {
            features: Features::new(symbol),
            history: SymbolHistory::new(symbol),
            mid,
            drift: 0.0,
            dice: Dice::new(seed),
            dollars: 0.0,
            shares: 0.0,
            bucket: 0,
            vpin: 0.28,
            wander: Wander::new(open),
        }
    }

    pub(crate) fn step(&mut self, now: Timestamp) {
        self.drift = self.drift * 0.998 + self.dice.swing() * 0.000_06;
        self.mid += self.drift + self.dice.swing() * 0.007;
        let bid = Price::from_cents((self.mid * 100.0) as i64);
        self.book(bid);
        let f = &mut self.features;
        f.as_of = now;
        f.quote_at = Some(now);
        f.depth_at = Some(now);
        f.book = BookState::Valid;
        f.bid = Some(bid);
        f.ask = Some(Price::from_raw(bid.raw() + 100));
        f.spread_bp = Some(0.17);
        if self.dice.below(10) < 6 {
            self.print(now, bid);
        }
        self.measure();
        self.wander.step(now, &mut self.features, &mut self.history, &mut self.dice);
    }

    fn book(&mut self, bid: Price) {
        let venues = ["NSDQ", "ARCA", "EDGX", "BATS", "IEX", "MEMX"];
        let mut rows = |sign: i64, from: Price| -> Vec<BookRow> {
            (0..10)
                .map(|level| BookRow {
                    level: Level {
                        price: Price::from_raw(from.raw() + sign * 100 * level),
                        size: Quantity::new(200 + self.dice.below(1_500) + 500 * level.unsigned_abs().min(6)),
                    },
                    venue: venues[self.dice.below(6) as usize].parse().ok(),
                })
                .collect()
        };
        let bids = rows(-1, bid);
        let asks = rows(1, Price::from_raw(bid.raw() + 100));
        self.history.bids = bids;
        self.history.asks = asks;
    }

    fn print(&mut self, now: Timestamp, bid: Price) {
        let buy = self.dice.swing() + self.drift * 200.0 > 0.0;
        let price = if buy { Price::from_raw(bid.raw() + 100) } else { bid };
        let told: u32 = [100, 100, 100, 200, 300, 400, 800, 1_200, 8_200][self.dice.below(9) as usize];
        let size = u64::from(told);
        let side = if buy { Side::Buy } else { Side::Sell };
        let venue = ["NSDQ", "ARCA", "EDGX", "BATS"][self.dice.below(4) as usize].parse().ok();
        self.history.tape.push_back(TapePrint { time: now, price, size: told, side: Some(side), venue });
        if self.history.tape.len() > SymbolHistory::TAPE {
            self.history.tape.pop_front();
        }
        self.dollars += price.to_f64() * size as f64;
        self.shares += size as f64;
        let f = &mut self.features;
        f.last = Some(price);
        f.session_open = f.session_open.or(Some(price));
        f.trade_at = Some(now);
        f.session_volume += size;
        f.vwap = Some(self.dollars / self.shares);
        self.candle(now, price, size, side);
        self.bucket += size;
        if self.bucket > 20_000 {
            self.bucket = 0;
            self.vpin = (self.vpin + self.dice.swing() * 0.02).clamp(0.12, 0.6);
            self.features.vpin_buckets += 1;
            if self.features.vpin_buckets >= 50 {
                self.features.vpin = Some(self.vpin);
                self.history.vpin.push_back((now, self.vpin));
            }
        }
    }

    fn candle(&mut self, now: Timestamp, price: Price, size: u64, side: Side) {
        let start = now.floor_to(Span::MINUTE);
        let signed = side.sign() * size as i64;
        let vwap = self.dollars / self.shares;
        match self.history.candles.back_mut() {
            Some(candle) if candle.start == start => {
                candle.high = candle.high.max(price);
                candle.low = candle.low.min(price);
                candle.close = price;
                candle.volume += size;
                candle.vwap = vwap;
                candle.signed_volume += signed;
            }
            _ => self.history.candles.push_back(Candle {
                start,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: size,
                vwap,
                signed_volume: signed,
            }),
        }
    }

    fn measure(&mut self) {
        let imbalance = |rows: usize, bids: &[BookRow], asks: &[BookRow]| {
            let sum = |rows_of: &[BookRow]| -> f64 {
                rows_of.iter().take(rows).map(|row| row.level.size.get() as f64).sum()
            };
            let (bid, ask) = (sum(bids), sum(asks));
            (bid - ask) / (bid + ask)
        };
        let recent = self.history.candles.iter().rev();
        let f = &mut self.features;
        f.imbalance_touch = Some(imbalance(1, &self.history.bids, &self.history.asks));
        f.imbalance_5 = Some(imbalance(5, &self.history.bids, &self.history.asks));
        f.signed_volume_1m = recent.clone().next().map(|candle| candle.signed_volume);
        if self.history.candles.len() > 6 {
            f.high_5m = recent.clone().skip(1).take(5).map(|candle| candle.high).max();
            f.low_5m = recent.skip(1).take(5).map(|candle| candle.low).min();
        }
    }
}
