//! The latest of one contract: quote, last trade, statistics of the day, book.

use alphatrader_model::market::{ChainRow, Level, TradeFlags};
use alphatrader_model::{Depth, Money, Price, Quantity, Quote, Timestamp, Trade, Venue};

use super::rows::Rows;

/// The last print that counts as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    /// Price.
    pub price: Price,
    /// Shares or contracts.
    pub size: Quantity,
    /// When.
    pub time: Timestamp,
    /// Where.
    pub venue: Option<Venue>,
}

/// Prices of the day so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    /// First.
    pub open: Price,
    /// Highest.
    pub high: Price,
    /// Lowest.
    pub low: Price,
}

/// The latest of one contract.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticker {
    /// Best bid.
    pub bid: Option<Level>,
    /// Best offer.
    pub ask: Option<Level>,
    /// Last print.
    pub last: Option<Last>,
    /// Prices of the day; nothing before the first print.
    pub range: Option<DayRange>,
    /// Shares or contracts today.
    pub volume: u64,
    /// Prints today.
    pub trades: u64,
    /// Shares or contracts of the prints that were seen.
    printed: u64,
    /// Sum of price times size of the same, in price units.
    notional: i128,
    /// Last price of the day before.
    pub close: Option<Price>,
    /// Contracts open at the last clearing.
    pub open_interest: Option<u32>,
    /// The book, where the market shows one.
    pub rows: Rows,
    /// Counts changes of the book, so that a view knows whether it is behind.
    pub rows_version: u64,
}

impl Ticker {
    /// Takes a quote.
    pub fn quote(&mut self, quote: &Quote) {
        self.bid = quote.bid;
        self.ask = quote.ask;
    }

    /// Takes a print.
    pub fn trade(&mut self, trade: &Trade, time: Timestamp) {
        self.volume += trade.size.get();
        self.trades += 1;
        self.printed += trade.size.get();
        self.notional += i128::from(trade.price.raw()) * i128::from(trade.size.get());
        if trade.flags.contains(TradeFlags::NOT_LAST) {
            return;
        }
        self.last = Some(Last { price: trade.price, size: trade.size, time, venue: trade.venue });
        let range =
            self.range.get_or_insert(DayRange { open: trade.price, high: trade.price, low: trade.price });
        range.high = range.high.max(trade.price);
        range.low = range.low.min(trade.price);
    }

    /// Takes an edit of the book.
    pub fn depth(&mut self, edit: &Depth) {
        self.rows.apply(edit);
        self.rows_version += 1;
    }

    /// Takes a row of the option chain.
    pub fn chain(&mut self, row: &ChainRow) {
        self.open_interest = row.open_interest.or(self.open_interest);
        // A chain tells volume without its prints.
        self.volume = self.volume.max(u64::from(row.volume.unwrap_or(0)));
    }

    /// Volume-weighted mean price of the day in dollars; nothing before the first print.
    pub fn vwap(&self) -> Option<f64> {
        (self.printed > 0).then(|| self.notional as f64 / self.printed as f64 / Price::SCALE as f64)
    }

    /// Middle of the quote in dollars, when it has two sides.
    pub fn mid(&self) -> Option<f64> {
        Some(f64::midpoint(self.bid?.price.to_f64(), self.ask?.price.to_f64()))
    }

    /// What a unit is worth for the account: the middle of the quote, else the last price, else the
    /// price of the day before; nothing when none is known.
    pub fn mark(&self) -> Option<Price> {
        let middle =
            |bid: Level, ask: Level| Price::from_raw(i64::midpoint(bid.price.raw(), ask.price.raw()));
        match (self.bid, self.ask) {
            (Some(bid), Some(ask)) => Some(middle(bid, ask)),
            // A lone offer says an option is worth less than it; a lone bid is worth itself.
            (Some(bid), None) => Some(bid.price),
            (None, Some(ask)) => Some(Price::from_raw(ask.price.raw() / 2)),
            (None, None) => self.last.map(|last| last.price).or(self.close),
        }
    }

    /// Value of `quantity` units at the mark.
    pub fn value(&self, quantity: Quantity, multiplier: u32) -> Option<Money> {
        self.mark()?.notional(quantity, multiplier)
    }

    /// Forgets the day; its last price is the new day's reference.
    pub fn begin_day(&mut self) {
        let close = self.last.map(|last| last.price).or(self.close);
        *self = Self {
            close,
            open_interest: self.open_interest,
            rows_version: self.rows_version + 1,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::InstrumentId;

    fn trade(cents: i64, size: u64, flags: TradeFlags) -> Trade {
        Trade {
            instrument: InstrumentId(0),
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            aggressor: None,
            venue: None,
            flags,
        }
    }

    #[test]
    fn prints_that_do_not_set_the_last_price_count_as_volume_only() {
        let mut ticker = Ticker::default();
        assert_eq!((ticker.vwap(), ticker.mark()), (None, None));
        let at = Timestamp::from_seconds(1);
        ticker.trade(&trade(10_000, 100, TradeFlags::NONE), at);
        ticker.trade(&trade(10_200, 300, TradeFlags::NONE), at);
        ticker.trade(&trade(9_000, 100, TradeFlags::NOT_LAST), at);
        assert_eq!(ticker.last.unwrap().price, Price::from_cents(10_200));
        assert_eq!(ticker.range.unwrap().low, Price::from_cents(10_000));
        assert_eq!((ticker.volume, ticker.trades), (500, 3));
        assert!((ticker.vwap().unwrap() - 99.2).abs() < 1e-9);
        ticker.begin_day();
        assert_eq!(ticker.close, Some(Price::from_cents(10_200)));
        assert_eq!((ticker.volume, ticker.range), (0, None));
        assert_eq!(ticker.mark(), Some(Price::from_cents(10_200)));
    }
}
