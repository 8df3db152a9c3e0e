//! The first gate: what of a feed may be used, and for what. Everything refused is counted by reason.
//!
//! | case | rule |
//! | --- | --- |
//! | price or size of zero or less, or beyond any market's | refused |
//! | print more than 50 ms older than the last one | refused |
//! | print up to 50 ms older than the last one | signed and counted in volume; moves neither tick rule nor last price |
//! | [`TradeFlags::SUSPICIOUS`], [`TradeFlags::OUT_OF_SEQUENCE`], [`TradeFlags::NOT_LAST`] | excluded from everything, its volume counted apart |
//! | [`TradeFlags::AUCTION`] | no aggressor: not signed, not in VPIN; in volume, VWAP, last and extremes; forgets the last tick's direction |
//! | [`TradeFlags::ODD_LOT`] | informative, so signed and in VPIN, volume and VWAP; sets neither last nor extremes (practice of the US tape) |
//! | crossed or locked quote | not used; the last good one stays on show, prints meanwhile go by the tick rule |
//!
//! Duplicates cannot be told from equal prints of one instant without the feed's own sequence number,
//! which [`Trade`] does not carry: they are left to the edge that knows it.

use alphatrader_model::market::{Bar, Level, Quote, Trade, TradeFlags};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A print may be this much older than the last one and still count.
pub const LATE: Span = Span::from_millis(50);

/// Highest price admitted, a billion dollars: keeps every sum of prices inside its integers.
pub const MAX_PRICE: Price = Price::from_raw(10_000_000_000_000);

/// Largest size admitted, 10^12 shares or contracts: likewise.
pub const MAX_SIZE: Quantity = Quantity::new(1_000_000_000_000);

/// What was admitted, refused and excluded since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AdmissionCounts {
    /// Prints used, wholly or in part.
    pub trades: u64,
    /// Of these, auctions.
    pub auctions: u64,
    /// Of these, odd lots.
    pub odd_lots: u64,
    /// Of these, up to 50 ms late.
    pub slightly_late: u64,
    /// Prints refused for their price.
    pub trade_price: u64,
    /// Prints refused for their size.
    pub trade_size: u64,
    /// Prints refused for being more than 50 ms older than the last one.
    pub too_late: u64,
    /// Prints excluded because the feed doubts them.
    pub suspicious: u64,
    /// Prints excluded as out of sequence.
    pub out_of_sequence: u64,
    /// Prints excluded because their conditions do not set the last price.
    pub not_last: u64,
    /// Shares of excluded prints.
    pub excluded_volume: u64,
    /// Quotes used: both sides, not crossed.
    pub quotes: u64,
    /// Quotes with a side missing.
    pub one_sided: u64,
    /// Quotes with the bid above the offer.
    pub crossed: u64,
    /// Quotes with the bid at the offer.
    pub locked: u64,
    /// Quotes refused for a price or size.
    pub quote_value: u64,
    /// Bars used.
    pub bars: u64,
    /// Bars refused: a price out of order or range, no volume, or a span that does not fit a minute.
    pub bar_value: u64,
    /// Bars left aside because prints say more.
    pub bars_unused: u64,
}

/// What a print may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradeUse {
    /// It has an aggressor: classify it, count it in signed volume and VPIN.
    pub signed: bool,
    /// It may set last price, extremes and candles.
    pub sets_last: bool,
    /// The tick rule may compare with it.
    pub moves_tick: bool,
    /// It is an auction: the tick rule forgets its direction.
    pub auction: bool,
}

/// What a quote says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteUse {
    /// Both sides, bid below offer.
    Firm(Level, Level),
    /// A side is missing.
    OneSided,
    /// Crossed or locked.
    Crossed,
    /// A price or size that cannot be.
    Refused,
}

/// The gate of one symbol.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    counts: AdmissionCounts,
    /// Event time of the newest print.
    newest: Option<Timestamp>,
}

impl Admission {
    /// What was counted.
    pub const fn counts(&self) -> &AdmissionCounts {
        &self.counts
    }

    /// What the print may be used for; nothing when it is refused or excluded.
    #[inline]
    pub fn trade(&mut self, ts: Timestamp, trade: &Trade) -> Option<TradeUse> {
        if trade.price <= Price::ZERO || trade.price > MAX_PRICE {
            self.counts.trade_price += 1;
            return None;
        }
        if trade.size.is_zero() || trade.size > MAX_SIZE {
            self.counts.trade_size += 1;
            return None;
        }
        let mut usage = TradeUse { signed: true, sets_last: true, moves_tick: true, auction: false };
        if trade.flags != TradeFlags::NONE {
            usage = self.flagged(trade)?;
        }
        match self.newest {
            Some(newest) if ts < newest => usage = self.late(newest.since(ts), usage)?,
            _ => self.newest = Some(ts),
        }
        self.counts.trades += 1;
        Some(usage)
    }

    fn flagged(&mut self, trade: &Trade) -> Option<TradeUse> {
        let excluded = if trade.flags.contains(TradeFlags::SUSPICIOUS) {
            Some(&mut self.counts.suspicious)
        } else if trade.flags.contains(TradeFlags::OUT_OF_SEQUENCE) {
            Some(&mut self.counts.out_of_sequence)
        } else if trade.flags.contains(TradeFlags::NOT_LAST) {
            Some(&mut self.counts.not_last)
        } else {
            None
        };
        if let Some(reason) = excluded {
            *reason += 1;
            self.counts.excluded_volume = self.counts.excluded_volume.saturating_add(trade.size.get());
            return None;
        }
        let auction = trade.flags.contains(TradeFlags::AUCTION);
        let odd_lot = trade.flags.contains(TradeFlags::ODD_LOT);
        self.counts.auctions += u64::from(auction);
        self.counts.odd_lots += u64::from(odd_lot);
        Some(TradeUse { signed: !auction, sets_last: !odd_lot, moves_tick: true, auction })
    }

    fn late(&mut self, by: Span, usage: TradeUse) -> Option<TradeUse> {
        if by > LATE {
            self.counts.too_late += 1;
            return None;
        }
        self.counts.slightly_late += 1;
        Some(TradeUse { sets_last: false, moves_tick: false, auction: false, ..usage })
    }

    /// What the quote says.
    #[inline]
    pub fn quote(&mut self, quote: &Quote) -> QuoteUse {
        let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else {
            return self.half_quote(quote);
        };
        if !(sound(bid) && sound(ask)) {
            self.counts.quote_value += 1;
            return QuoteUse::Refused;
        }
        if bid.price < ask.price {
            self.counts.quotes += 1;
            return QuoteUse::Firm(bid, ask);
        }
        if bid.price == ask.price {
            self.counts.locked += 1;
        } else {
            self.counts.crossed += 1;
        }
        QuoteUse::Crossed
    }

    fn half_quote(&mut self, quote: &Quote) -> QuoteUse {
        if quote.bid.or(quote.ask).is_none_or(sound) {
            self.counts.one_sided += 1;
            QuoteUse::OneSided
        } else {
            self.counts.quote_value += 1;
            QuoteUse::Refused
        }
    }

    /// Whether a bar makes sense and fits a candle of one minute.
    pub fn bar(&mut self, bar: &Bar) -> bool {
        let (low, high) = (bar.low, bar.high);
        let inside = |price: Price| low <= price && price <= high;
        let prices = low > Price::ZERO && high <= MAX_PRICE && inside(bar.open) && inside(bar.close);
        let volume = !bar.volume.is_zero() && bar.volume <= MAX_SIZE;
        let nanos = bar.span.nanos();
        let span = nanos > 0 && nanos <= Span::MINUTE.nanos();
        let good = prices && volume && span;
        if good {
            self.counts.bars += 1;
        } else {
            self.counts.bar_value += 1;
        }
        good
    }

    /// Counts a good bar that is not needed.
    pub fn bar_unused(&mut self) {
        self.counts.bars_unused += 1;
    }

    /// Prints start anew (a new day or a gap): the next one is not late.
    pub fn restart(&mut self) {
        self.newest = None;
    }
}

/// A level whose price and size can be.
#[inline]
pub(crate) fn sound(level: Level) -> bool {
    level.price > Price::ZERO && level.price <= MAX_PRICE && !level.size.is_zero() && level.size <= MAX_SIZE
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::instrument::InstrumentId;

    fn trade(price: i64, size: u64, flags: TradeFlags) -> Trade {
        Trade {
            instrument: InstrumentId(0),
            price: Price::from_cents(price),
            size: Quantity::new(size),
            aggressor: None,
            venue: None,
            flags,
        }
    }

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn impossible_prices_and_sizes_are_refused_by_reason() {
        let mut gate = Admission::default();
        let mut refused = |price, size| gate.trade(at(0), &trade(price, size, TradeFlags::NONE)).is_none();
        assert!(refused(0, 100) && refused(-1, 100) && refused(200_000_000_000, 100));
        assert!(refused(100, 0) && refused(100, u64::MAX));
        assert_eq!(gate.counts().trade_price, 3);
        assert_eq!(gate.counts().trade_size, 2);
        assert_eq!(gate.counts().trades, 0);
    }

    #[test]
    fn doubtful_prints_are_excluded_and_their_volume_counted() {
        let mut gate = Admission::default();
        for flags in [TradeFlags::SUSPICIOUS, TradeFlags::OUT_OF_SEQUENCE, TradeFlags::NOT_LAST] {
            assert_eq!(gate.trade(at(0), &trade(100, 7, flags.with(TradeFlags::AUCTION))), None);
        }
        let counts = gate.counts();
        assert_eq!((counts.suspicious, counts.out_of_sequence, counts.not_last), (1, 1, 1));
        assert_eq!((counts.excluded_volume, counts.auctions), (21, 0));
    }

    #[test]
    fn auctions_and_odd_lots_are_used_in_part() {
        let mut gate = Admission::default();
        let auction = gate.trade(at(0), &trade(100, 7, TradeFlags::AUCTION)).unwrap();
        assert!(!auction.signed && auction.sets_last && auction.auction);
        let odd = gate.trade(at(0), &trade(100, 7, TradeFlags::ODD_LOT)).unwrap();
        assert!(odd.signed && !odd.sets_last && odd.moves_tick);
        let sweep = gate.trade(at(0), &trade(100, 700, TradeFlags::SWEEP)).unwrap();
        assert!(sweep.signed && sweep.sets_last);
    }

    #[test]
    fn a_late_print_counts_up_to_fifty_milliseconds() {
        let mut gate = Admission::default();
        gate.trade(at(1_000), &trade(100, 1, TradeFlags::NONE)).unwrap();
        let late = gate.trade(at(950), &trade(100, 1, TradeFlags::NONE)).unwrap();
        assert!(late.signed && !late.sets_last && !late.moves_tick);
        assert_eq!(gate.trade(at(949), &trade(100, 1, TradeFlags::NONE)), None);
        assert_eq!((gate.counts().slightly_late, gate.counts().too_late), (1, 1));
        gate.restart();
        assert!(gate.trade(at(0), &trade(100, 1, TradeFlags::NONE)).unwrap().sets_last);
    }

    #[test]
    fn only_a_firm_quote_is_used() {
        let level = |cents| Some(Level { price: Price::from_cents(cents), size: Quantity::new(1) });
        let mut gate = Admission::default();
        let mut quote = |bid, ask| gate.quote(&Quote { instrument: InstrumentId(0), bid, ask });
        assert!(matches!(quote(level(100), level(101)), QuoteUse::Firm(..)));
        assert_eq!(quote(level(101), level(101)), QuoteUse::Crossed);
        assert_eq!(quote(level(102), level(101)), QuoteUse::Crossed);
        assert_eq!(quote(None, level(101)), QuoteUse::OneSided);
        assert_eq!(quote(None, None), QuoteUse::OneSided);
        assert_eq!(quote(level(0), level(101)), QuoteUse::Refused);
        assert_eq!(quote(None, level(-1)), QuoteUse::Refused);
        let counts = gate.counts();
        assert_eq!((counts.quotes, counts.locked, counts.crossed), (1, 1, 1));
        assert_eq!((counts.one_sided, counts.quote_value), (2, 2));
    }

    #[test]
    fn a_bar_keeps_its_prices_in_order() {
        let price = Price::from_cents;
        let good = Bar {
            instrument: InstrumentId(0),
            span: Span::SECOND,
            open: price(100),
            high: price(102),
            low: price(99),
            close: price(101),
            volume: Quantity::new(10),
        };
        let mut gate = Admission::default();
        assert!(gate.bar(&good));
        for bad in [
            Bar { high: price(100), ..good },
            Bar { low: price(0), ..good },
            Bar { span: Span::from_minutes(2), ..good },
            Bar { span: Span::ZERO, ..good },
            Bar { volume: Quantity::ZERO, ..good },
        ] {
            assert!(!gate.bar(&bad), "{bad:?}");
        }
        assert_eq!((gate.counts().bars, gate.counts().bar_value), (1, 5));
    }
}
