//! What a market data feed says.

use serde::{Deserialize, Serialize};

use crate::instrument::{InstrumentId, Symbol};
use crate::number::{Price, Quantity};
use crate::time::Span;

/// Buy or sell; of a trade, the side of the aggressor; of a book, bids are [`Side::Buy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Buying; the bid side of a book.
    Buy,
    /// Selling; the ask side of a book.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// +1 for buying, −1 for selling.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

/// An exchange or market maker, as the feed names it (`NSDQ`, `P`).
pub type Venue = Symbol;

/// Price and size of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Price; positive.
    pub price: Price,
    /// Shares or contracts; positive.
    pub size: Quantity,
}

/// Best bid and offer of an instrument. A side without a quote is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What is quoted.
    pub instrument: InstrumentId,
    /// Best bid.
    pub bid: Option<Level>,
    /// Best offer.
    pub ask: Option<Level>,
}

impl Quote {
    /// Both sides, when both exist and do not cross or lock.
    pub fn firm(&self) -> Option<(Level, Level)> {
        match (self.bid, self.ask) {
            (Some(bid), Some(ask)) if bid.price < ask.price => Some((bid, ask)),
            _ => None,
        }
    }
}

/// What a print's conditions say about it, whatever the feed's own codes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TradeFlags(pub u16);

impl TradeFlags {
    /// Nothing special.
    pub const NONE: Self = Self(0);
    /// Does not set the last price (average price, derivatively priced, prior reference, late).
    pub const NOT_LAST: Self = Self(1);
    /// An opening, closing or re-opening cross: one price for all, no aggressor.
    pub const AUCTION: Self = Self(1 << 1);
    /// The feed itself doubts it.
    pub const SUSPICIOUS: Self = Self(1 << 2);
    /// Reported out of sequence.
    pub const OUT_OF_SEQUENCE: Self = Self(1 << 3);
    /// Smaller than a round lot.
    pub const ODD_LOT: Self = Self(1 << 4);
    /// An intermarket sweep order.
    pub const SWEEP: Self = Self(1 << 5);
    /// From a feed that samples: several prints may have become one, or none.
    pub const SAMPLED: Self = Self(1 << 6);
    /// Reported late, in sequence. Comes with [`Self::NOT_LAST`], as all below do.
    pub const LATE: Self = Self(1 << 7);
    /// An average of several prices.
    pub const AVERAGE_PRICE: Self = Self(1 << 8);
    /// Its price follows from another market's (derivatively priced), or it is one leg of a larger trade
    /// (contingent, tied to an option).
    pub const DERIVED: Self = Self(1 << 9);
    /// Its price was made earlier (prior reference) or lies off the market on purpose (price variation).
    pub const PRIOR_REFERENCE: Self = Self(1 << 10);
    /// Settles otherwise than its market does (cash, next day, seller's option).
    pub const SETTLEMENT: Self = Self(1 << 11);
    /// The feed says that it is not reported to the tape.
    pub const UNREPORTED: Self = Self(1 << 12);
    /// Not a print: says that an earlier one is cancelled or corrected.
    pub const BUST: Self = Self(1 << 13);
    /// Executed against an order that was not displayed: inside the spread or at the touch, and gone from
    /// no row of the book.
    pub const HIDDEN: Self = Self(1 << 14);

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any flag of `other` is set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets of flags.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// One print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// What was traded.
    pub instrument: InstrumentId,
    /// Price; positive.
    pub price: Price,
    /// Shares or contracts; positive.
    pub size: Quantity,
    /// Who crossed the spread, where the feed states it; never inferred here.
    pub aggressor: Option<Side>,
    /// Where it was reported.
    pub venue: Option<Venue>,
    /// What its conditions mean.
    pub flags: TradeFlags,
}

/// A bar of trades. The event's `ts_event` is the bar's *end*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// What was traded.
    pub instrument: InstrumentId,
    /// Length of the bar.
    pub span: Span,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares or contracts.
    pub volume: Quantity,
}

/// How a row of a book changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthOperation {
    /// A row appears at the position; rows below move down.
    Insert,
    /// The row at the position changes.
    Update,
    /// The row at the position goes; rows below move up.
    Delete,
}

/// One edit of a book, by position on a side (0 is the best), as brokers send depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Whose book.
    pub instrument: InstrumentId,
    /// Bids are [`Side::Buy`].
    pub side: Side,
    /// Row, counted from the best.
    pub position: u8,
    /// What happens to the row.
    pub operation: DepthOperation,
    /// Price of the row (of no meaning for a delete).
    pub price: Price,
    /// Size of the row (of no meaning for a delete).
    pub size: Quantity,
    /// Exchange or market maker of the row, where the feed names it.
    pub venue: Option<Venue>,
}

/// A row of an option chain that changes slowly: what the open and the day so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRow {
    /// The option.
    pub instrument: InstrumentId,
    /// Contracts open at the last clearing, when known.
    pub open_interest: Option<u32>,
    /// Contracts traded today, when known.
    pub volume: Option<u32>,
}

/// Whether an instrument trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// It trades.
    Trading,
    /// Trading is stopped by its market or its regulator, for news or otherwise.
    Halted,
    /// Trading pauses because its price moved too fast (limit up, limit down).
    VolatilityPause,
}

/// Trading in an instrument was stopped, or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradingStatus {
    /// What.
    pub instrument: InstrumentId,
    /// Whether it trades from here on.
    pub state: TradingState,
}

/// What the feed itself counts of the day, where it does; never computed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotals {
    /// Of what.
    pub instrument: InstrumentId,
    /// Shares or contracts traded today.
    pub volume: Option<Quantity>,
    /// Volume-weighted average price of the day, to the nearest 1/10 000 dollar.
    pub vwap: Option<Price>,
}

/// A stream of data about an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Best bid and offer.
    Quotes,
    /// Prints.
    Trades,
    /// Order book.
    Depth,
    /// Bars.
    Bars,
}

/// Something of a stream was lost, or its state must be built anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Whose stream.
    pub instrument: InstrumentId,
    /// Which stream.
    pub stream: Stream,
}
