//! Best bid and offer of a contract, put together from the ticks the broker sends.

use alphatrader_model::market::{ChainRow, Level, TradingState};
use alphatrader_model::{InstrumentId, Price, Quantity, Quote, Right};
use ibapi::contracts::tick_types::TickType;
use ibapi::market_data::MarketDataType;
use ibapi::market_data::realtime::TickTypes;

use crate::translate::number;

#[derive(Debug, Clone, Copy, Default)]
struct Half {
    price: Option<Price>,
    size: Option<Quantity>,
}

impl Half {
    fn level(self) -> Option<Level> {
        number::level(self.price, self.size)
    }
}

/// What became of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The quote may have changed.
    Quote,
    /// The chain row may have changed.
    Row,
    /// It says nothing we keep.
    Nothing,
    /// A price finer than our unit, or a size that is none: that side has no quote now.
    Refused,
    /// The feed became live, or stopped being it: frozen or delayed.
    Feed {
        /// Whether it is live now.
        live: bool,
    },
    /// Trading was stopped, or goes on.
    State(TradingState),
}

/// Ticks of delayed data (66 to 76): they say what the feed is, whatever it said of itself.
const fn is_delayed(tick: TickType) -> bool {
    matches!(tick as i32, 66..=76)
}

/// Quote and chain row of one contract.
#[derive(Debug, Clone)]
pub(crate) struct Ticker {
    instrument: InstrumentId,
    /// Call or put, where it is an option.
    right: Option<Right>,
    bid: Half,
    ask: Half,
    live: bool,
    /// Absent until the broker says.
    state: Option<TradingState>,
    open_interest: Option<u32>,
    volume: Option<u32>,
    sent: Option<Quote>,
    sent_row: Option<ChainRow>,
}

impl Ticker {
    /// Nothing known yet. The feed counts as live until the broker says otherwise.
    pub(crate) fn new(instrument: InstrumentId, right: Option<Right>) -> Self {
        Self {
            instrument,
            right,
            bid: Half::default(),
            ask: Half::default(),
            live: true,
            state: None,
            open_interest: None,
            volume: None,
            sent: None,
            sent_row: None,
        }
    }

    /// Takes a tick.
    pub(crate) fn take(&mut self, tick: &TickTypes) -> Taken {
        match tick {
            TickTypes::Price(tick) => self.price(tick.tick_type, tick.price, None),
            TickTypes::PriceSize(tick) => self.price(tick.price_tick_type, tick.price, Some(tick.size)),
            TickTypes::Size(tick) => self.size(tick.tick_type, tick.size),
            TickTypes::MarketDataType(kind) => self.feed(matches!(kind, MarketDataType::Realtime)),
            TickTypes::Generic(tick) if tick.tick_type == TickType::Halted => self.halted(tick.value),
            _ => Taken::Nothing,
        }
    }

    fn feed(&mut self, live: bool) -> Taken {
        let changed = live != self.live;
        self.live = live;
        if changed { Taken::Feed { live } } else { Taken::Nothing }
    }

    /// −1 is not known, 0 trades, 1 is halted, 2 pauses for its volatility.
    fn halted(&mut self, value: f64) -> Taken {
        let state = match value {
            0.0 => TradingState::Trading,
            1.0 => TradingState::Halted,
            2.0 => TradingState::VolatilityPause,
            _ => return Taken::Nothing,
        };
        // That it trades is news only after a halt.
        let before = self.state.replace(state).unwrap_or(TradingState::Trading);
        if before == state { Taken::Nothing } else { Taken::State(state) }
    }

    /// Whether trading was stopped.
    pub(crate) fn is_halted(&self) -> bool {
        matches!(self.state, Some(TradingState::Halted | TradingState::VolatilityPause))
    }

    fn half(&mut self, tick: TickType) -> Option<&mut Half> {
        match tick {
            TickType::Bid | TickType::BidSize => Some(&mut self.bid),
            TickType::Ask | TickType::AskSize => Some(&mut self.ask),
            _ => None,
        }
    }

    fn price(&mut self, tick: TickType, dollars: f64, units: Option<f64>) -> Taken {
        if is_delayed(tick) {
            return self.feed(false);
        }
        let Some(half) = self.half(tick) else { return Taken::Nothing };
        let read = number::price(dollars);
        let size = units.map(number::size).transpose();
        half.price = read.unwrap_or(None);
        match size {
            Ok(Some(size)) => half.size = size,
            Ok(None) => {}
            Err(_) => half.size = None,
        }
        if read.is_err() || size.is_err() { Taken::Refused } else { Taken::Quote }
    }

    fn size(&mut self, tick: TickType, units: f64) -> Taken {
        if is_delayed(tick) {
            return self.feed(false);
        }
        if let Some(half) = self.half(tick) {
            let read = number::size(units);
            half.size = read.unwrap_or(None);
            return if read.is_err() { Taken::Refused } else { Taken::Quote };
        }
        let count = (units >= 0.0 && units <= f64::from(u32::MAX)).then_some(units as u32);
        let (interest, volume) = match self.right {
            Some(Right::Call) => (TickType::OptionCallOpenInterest, TickType::OptionCallVolume),
            Some(Right::Put) => (TickType::OptionPutOpenInterest, TickType::OptionPutVolume),
            None => return Taken::Nothing,
        };
        if tick == interest || tick == TickType::OpenInterest {
            self.open_interest = count;
        } else if tick == volume || tick == TickType::Volume {
            self.volume = count;
        } else {
            return Taken::Nothing;
        }
        Taken::Row
    }

    /// The quote, when it differs from the last one taken from here and the feed is live.
    pub(crate) fn changed_quote(&mut self) -> Option<Quote> {
        let quote = Quote { instrument: self.instrument, bid: self.bid.level(), ask: self.ask.level() };
        let never_quoted = self.sent.is_none() && quote.bid.is_none() && quote.ask.is_none();
        if !self.live || self.is_halted() || never_quoted || self.sent == Some(quote) {
            return None;
        }
        self.sent = Some(quote);
        Some(quote)
    }

    /// The chain row, when it differs from the last one taken from here and the feed is live.
    pub(crate) fn changed_row(&mut self) -> Option<ChainRow> {
        let row =
            ChainRow { instrument: self.instrument, open_interest: self.open_interest, volume: self.volume };
        let empty = row.open_interest.is_none() && row.volume.is_none();
        if !self.live || empty || self.sent_row == Some(row) {
            return None;
        }
        self.sent_row = Some(row);
        Some(row)
    }

    /// Forgets what is known: the stream is opened anew.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.instrument, self.right);
    }

    /// What is known counts as not told yet.
    pub(crate) fn repeat(&mut self) {
        self.sent = None;
        self.sent_row = None;
    }

    /// A quote of a feed that is not live, which is dropped.
    pub(crate) fn is_dropped(&self, taken: Taken) -> bool {
        !self.live && matches!(taken, Taken::Quote)
    }

    /// Whether the feed is live: neither frozen nor delayed.
    pub(crate) const fn is_live(&self) -> bool {
        self.live
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ibapi::market_data::realtime::{TickAttribute, TickPriceSize, TickSize};
    use proptest::prelude::*;

    fn attributes() -> TickAttribute {
        TickAttribute { can_auto_execute: false, past_limit: false, pre_open: false }
    }

    fn both(kind: TickType, price: f64, size: f64) -> TickTypes {
        let size_tick_type = if kind == TickType::Bid { TickType::BidSize } else { TickType::AskSize };
        TickTypes::PriceSize(TickPriceSize {
            price_tick_type: kind,
            price,
            attributes: attributes(),
            size_tick_type,
            size,
        })
    }

    fn size(kind: TickType, size: f64) -> TickTypes {
        TickTypes::Size(TickSize { tick_type: kind, size })
    }

    fn level(cents: i64, size: u64) -> Level {
        Level { price: Price::from_cents(cents), size: Quantity::new(size) }
    }

    #[test]
    fn sides_appear_change_and_go() {
        let mut ticker = Ticker::new(InstrumentId(3), None);
        assert_eq!(ticker.changed_quote(), None);
        assert_eq!(ticker.take(&both(TickType::Bid, 589.01, 300.0)), Taken::Quote);
        assert_eq!(ticker.take(&both(TickType::Ask, 589.02, 500.0)), Taken::Quote);
        let quote = ticker.changed_quote().unwrap();
        assert_eq!((quote.bid, quote.ask), (Some(level(58_901, 300)), Some(level(58_902, 500))));
        // TWS repeats the size in a tick of its own.
        assert_eq!(ticker.take(&size(TickType::BidSize, 300.0)), Taken::Quote);
        assert_eq!(ticker.changed_quote(), None);
        ticker.take(&size(TickType::BidSize, 100.0));
        assert_eq!(ticker.changed_quote().unwrap().bid, Some(level(58_901, 100)));
        ticker.take(&both(TickType::Bid, -1.0, 0.0));
        let quote = ticker.changed_quote().unwrap();
        assert_eq!((quote.bid, quote.ask), (None, Some(level(58_902, 500))));
    }

    #[test]
    fn a_price_too_fine_takes_its_side_away() {
        let mut ticker = Ticker::new(InstrumentId(3), None);
        ticker.take(&both(TickType::Bid, 1.25, 10.0));
        ticker.changed_quote().unwrap();
        assert_eq!(ticker.take(&both(TickType::Bid, 1.250_05, 10.0)), Taken::Refused);
        assert_eq!(ticker.changed_quote().unwrap().bid, None);
    }

    #[test]
    fn delayed_data_never_becomes_a_quote() {
        let mut ticker = Ticker::new(InstrumentId(3), None);
        let delayed = TickTypes::MarketDataType(MarketDataType::Delayed);
        assert_eq!(ticker.take(&delayed), Taken::Feed { live: false });
        ticker.take(&both(TickType::Bid, 589.01, 300.0));
        ticker.take(&both(TickType::DelayedBid, 589.01, 300.0));
        assert_eq!(ticker.changed_quote(), None);
        let live = TickTypes::MarketDataType(MarketDataType::Realtime);
        assert_eq!(ticker.take(&live), Taken::Feed { live: true });
        assert!(ticker.is_live() && ticker.changed_quote().is_some());
    }

    #[test]
    fn delayed_ticks_make_a_feed_that_calls_itself_live_delayed() {
        let mut ticker = Ticker::new(InstrumentId(3), None);
        ticker.take(&both(TickType::Bid, 589.01, 300.0));
        ticker.changed_quote().unwrap();
        assert_eq!(ticker.take(&both(TickType::DelayedBid, 588.0, 1.0)), Taken::Feed { live: false });
        assert_eq!(ticker.take(&size(TickType::DelayedVolume, 1.0)), Taken::Nothing);
        ticker.take(&both(TickType::Bid, 589.05, 300.0));
        assert_eq!(ticker.changed_quote(), None);
    }

    #[test]
    fn a_halt_takes_the_quote_away_until_trading_goes_on() {
        let halted = |value| {
            TickTypes::Generic(ibapi::market_data::realtime::TickGeneric {
                tick_type: TickType::Halted,
                value,
            })
        };
        let mut ticker = Ticker::new(InstrumentId(3), None);
        assert_eq!(ticker.take(&halted(0.0)), Taken::Nothing);
        assert_eq!(ticker.take(&halted(-1.0)), Taken::Nothing);
        assert_eq!(ticker.take(&halted(2.0)), Taken::State(TradingState::VolatilityPause));
        ticker.take(&both(TickType::Bid, 589.01, 300.0));
        assert_eq!(ticker.changed_quote(), None);
        assert_eq!(ticker.take(&halted(0.0)), Taken::State(TradingState::Trading));
        assert!(ticker.changed_quote().is_some());
    }

    #[test]
    fn what_was_told_can_be_told_again_and_forgotten() {
        let mut ticker = Ticker::new(InstrumentId(3), None);
        ticker.take(&both(TickType::Bid, 589.01, 300.0));
        let quote = ticker.changed_quote();
        assert_eq!(ticker.changed_quote(), None);
        ticker.repeat();
        assert_eq!(ticker.changed_quote(), quote);
        ticker.forget();
        ticker.repeat();
        assert_eq!(ticker.changed_quote(), None);
    }

    #[test]
    fn a_call_keeps_the_rows_of_calls() {
        let mut ticker = Ticker::new(InstrumentId(9), Some(Right::Call));
        assert_eq!(ticker.take(&size(TickType::OptionPutOpenInterest, 5.0)), Taken::Nothing);
        assert_eq!(ticker.take(&size(TickType::OptionCallOpenInterest, 1_200.0)), Taken::Row);
        assert_eq!(ticker.take(&size(TickType::Volume, 340.0)), Taken::Row);
        let row = ticker.changed_row().unwrap();
        assert_eq!((row.open_interest, row.volume), (Some(1_200), Some(340)));
        assert_eq!(ticker.changed_row(), None);
    }

    proptest! {
        #[test]
        fn any_ticks_leave_levels_that_are_levels(ticks in proptest::collection::vec((0_u8..4, any::<f64>(), any::<f64>()), 0..40)) {
            let mut ticker = Ticker::new(InstrumentId(0), Some(Right::Put));
            for (kind, first, second) in ticks {
                let tick = match kind {
                    0 => both(TickType::Bid, first, second),
                    1 => both(TickType::Ask, first, second),
                    2 => size(TickType::AskSize, first),
                    _ => size(TickType::Volume, first),
                };
                ticker.take(&tick);
                if let Some(quote) = ticker.changed_quote() {
                    for level in [quote.bid, quote.ask].into_iter().flatten() {
                        prop_assert!(level.price > Price::ZERO && !level.size.is_zero());
                    }
                }
            }
        }
    }
}
