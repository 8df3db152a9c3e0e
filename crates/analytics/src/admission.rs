//! The first gate: what of a feed may be used, and for what. Everything refused is counted by reason.
//!
//! | case | rule |
//! | --- | --- |
//! | price or size of zero or less, or beyond any market's | refused |
//! | a condition of [`EXCLUDED`](alphatrader_model::condition::EXCLUDED) | excluded from everything, its volume counted apart |
//! | [`TradeFlags::BUST`] | no print: counted with its volume, nothing is taken back |
//! | sent again after a break of the stream | refused ([`repeats`]) |
//! | print more than 50 ms older than the last one | refused |
//! | print up to 50 ms older than the last one | signed and counted in volume; moves neither tick rule nor last price |
//! | [`TradeFlags::AUCTION`] | no aggressor: not signed, not in VPIN; in volume, VWAP, last and extremes; forgets the last tick's direction |
//! | [`TradeFlags::ODD_LOT`] | informative, so signed and in VPIN, volume and VWAP; sets neither last nor extremes (practice of the US tape) |
//! | print while trading is stopped, no auction | in volume only |
//! | first print and first quote after a halt | not compared with what was before it |
//! | crossed or locked quote | not used: prints go by the tick rule; the last good one stays the middle for [`GRACE`] |
//!
//! Which conditions mean which flags is the table of [`alphatrader_model::condition`]. [`Admit::All`] lets
//! every print pass that could be one, for comparison.

pub mod counts;
pub mod repeats;

use alphatrader_model::condition::{Exclusion, Gate};
use alphatrader_model::market::{Bar, Level, Quote, Trade, TradeFlags, TradingState};
use alphatrader_model::metric::Quality;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::classify::QuoteInForce;

pub use counts::AdmissionCounts;
pub use repeats::Repeats;

/// A print may be this much older than the last one and still count.
pub const LATE: Span = Span::from_millis(50);

/// The last good quote is the middle of the market for this long after it came, when those after it cross or lock.
pub const GRACE: Span = Span::from_seconds(2);

/// Highest price admitted, a billion dollars: keeps every sum of prices inside its integers.
pub const MAX_PRICE: Price = Price::from_raw(10_000_000_000_000);

/// Largest size admitted, 10^12 shares or contracts: likewise.
pub const MAX_SIZE: Quantity = Quantity::new(1_000_000_000_000);

/// Which prints pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admit {
    /// Those of the rules above.
    #[default]
    Gated,
    /// All that have a possible price and size and are no busts, as if they were regular, in time and their own.
    All,
}

/// How strict the gate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Which prints pass.
    pub admit: Admit,
    /// Which equal prints are repetitions.
    pub repeats: Repeats,
}

/// What a print may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "uses are independent of each other")]
pub struct TradeUse {
    /// It has an aggressor: classify it, count it in signed volume and VPIN.
    pub signed: bool,
    /// It may set last price, extremes and candles.
    pub sets_last: bool,
    /// The tick rule may compare with it.
    pub moves_tick: bool,
    /// It is an auction: the tick rule forgets its direction.
    pub auction: bool,
    /// It may be compared with the print before: false for the first after a halt.
    pub continues: bool,
    /// What is wrong with it.
    pub quality: Quality,
}

const REGULAR: TradeUse = TradeUse {
    signed: true,
    sets_last: true,
    moves_tick: true,
    auction: false,
    continues: true,
    quality: Quality::GOOD,
};

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

/// What a change of the trading state means to what waits or decays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltEdge {
    /// Trading stops: clocks stand still.
    Stops,
    /// Trading goes on.
    Resumes,
}

/// The gate of one symbol.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Admission {
    policy: Policy,
    counts: AdmissionCounts,
    /// Event time of the newest print.
    newest: Option<Timestamp>,
    memory: repeats::Memory,
    halted: bool,
    /// The next print, and the next quote, are the first after a halt.
    first_print: bool,
    first_quote: bool,
    /// The last firm quote came right after a halt, or is the first of all.
    quote_is_first: bool,
    firm: Option<QuoteInForce>,
    /// What is wrong with the quote of this moment.
    quote_state: Quality,
}

impl Admission {
    /// A gate of this strictness.
    pub fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// What was counted.
    pub const fn counts(&self) -> &AdmissionCounts {
        &self.counts
    }

    /// Bytes outside the value itself.
    pub const fn heap_bytes(&self) -> usize {
        repeats::Memory::BYTES
    }

    /// How strict the gate is.
    pub const fn policy(&self) -> Policy {
        self.policy
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
        let mut usage = REGULAR;
        if trade.flags != TradeFlags::NONE {
            usage = self.flagged(trade)?;
        }
        if self.policy.admit == Admit::Gated {
            if self.memory.repeats(ts, trade, self.policy.repeats) {
                self.counts.duplicates += 1;
                return None;
            }
            match self.newest {
                Some(newest) if ts < newest => usage = self.late(newest.since(ts), usage)?,
                _ => self.newest = Some(ts),
            }
            if self.halted || self.first_print {
                usage = self.around_a_halt(usage);
            }
        }
        self.counts.trades += 1;
        self.counts.admitted_volume = self.counts.admitted_volume.saturating_add(trade.size.get());
        Some(usage)
    }

    fn flagged(&mut self, trade: &Trade) -> Option<TradeUse> {
        let flags = trade.flags;
        let mut usage = REGULAR;
        if flags.contains(TradeFlags::SAMPLED) {
            usage.quality = Quality::SNAPSHOT_FEED;
        }
        let exclusion = match self.policy.admit {
            Admit::Gated => Exclusion::of(flags),
            Admit::All => flags.contains(TradeFlags::BUST).then_some(Exclusion::Bust),
        };
        if let Some(reason) = exclusion {
            *self.counts.of(reason) += 1;
            let volume = match reason {
                Exclusion::Bust => &mut self.counts.busted_volume,
                _ => &mut self.counts.excluded_volume,
            };
            *volume = volume.saturating_add(trade.size.get());
            return None;
        }
        if self.policy.admit == Admit::All {
            return Some(usage);
        }
        usage.auction = flags.contains(TradeFlags::AUCTION);
        usage.signed = !Gate::Flow.drops(flags);
        usage.sets_last = !Gate::Last.drops(flags);
        if usage.auction {
            usage.quality = usage.quality.with(Quality::AUCTION);
        }
        self.counts.auctions += u64::from(usage.auction);
        self.counts.odd_lots += u64::from(flags.contains(TradeFlags::ODD_LOT));
        Some(usage)
    }

    fn late(&mut self, by: Span, usage: TradeUse) -> Option<TradeUse> {
        if by > LATE {
            self.counts.too_late += 1;
            return None;
        }
        self.counts.slightly_late += 1;
        let quality = usage.quality.with(Quality::OUT_OF_SEQ);
        Some(TradeUse { sets_last: false, moves_tick: false, auction: false, quality, ..usage })
    }

    fn around_a_halt(&mut self, usage: TradeUse) -> TradeUse {
        let quality = usage.quality.with(Quality::HALT_RESUME);
        if self.halted {
            self.counts.while_halted += 1;
            // The re-opening cross is printed before trading goes on.
            let auction = usage.auction;
            let sets_last = auction && usage.sets_last;
            let moves_tick = auction && usage.moves_tick;
            return TradeUse { signed: false, sets_last, moves_tick, continues: false, quality, ..usage };
        }
        self.first_print = false;
        self.counts.after_halt += 1;
        TradeUse { continues: false, quality, ..usage }
    }

    /// What the quote of this moment says.
    #[inline]
    pub fn quote(&mut self, ts: Timestamp, quote: &Quote) -> QuoteUse {
        let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else {
            return self.half_quote(quote);
        };
        if !(sound(bid) && sound(ask)) {
            self.counts.quote_value += 1;
            return QuoteUse::Refused;
        }
        if bid.price < ask.price {
            self.counts.quotes += 1;
            self.quote_is_first = self.first_quote || self.firm.is_none();
            self.first_quote = false;
            self.firm = Some(QuoteInForce { bid: bid.price, ask: ask.price, at: ts });
            self.quote_state = Quality::GOOD;
            return QuoteUse::Firm(bid, ask);
        }
        if bid.price == ask.price {
            self.counts.locked += 1;
            self.quote_state = Quality::LOCKED;
        } else {
            self.counts.crossed += 1;
            self.quote_state = Quality::CROSSED;
        }
        QuoteUse::Crossed
    }

    fn half_quote(&mut self, quote: &Quote) -> QuoteUse {
        if quote.bid.or(quote.ask).is_none_or(sound) {
            self.counts.one_sided += 1;
            self.forget_quote();
            QuoteUse::OneSided
        } else {
            self.counts.quote_value += 1;
            QuoteUse::Refused
        }
    }

    /// Quotes were lost, or a side of them: none is in force.
    pub fn forget_quote(&mut self) {
        (self.firm, self.quote_state) = (None, Quality::GOOD);
    }

    /// Whether the last firm quote may be compared with the one before; false for the first of all, and
    /// for the first after a halt.
    pub const fn quote_continues(&self) -> bool {
        !self.quote_is_first
    }

    /// The quote that decides the side of a print: the last firm one, as long as nothing crossed or locked it.
    pub fn quote_for_side(&self) -> Option<&QuoteInForce> {
        if self.quote_state == Quality::GOOD { self.firm.as_ref() } else { None }
    }

    /// The quote whose middle is the market's at `ts`, and what is wrong with it: the last firm one, while
    /// crossed or locked only for [`GRACE`] after it came. Without a crossing it stands however old, and says so.
    pub fn quote_for_mid(&self, ts: Timestamp) -> (Option<&QuoteInForce>, Quality) {
        let Some(quote) = &self.firm else {
            return (None, self.quote_state);
        };
        let stale = ts.since(quote.at) > GRACE;
        let quality = if stale { self.quote_state.with(Quality::STALE_QUOTE) } else { self.quote_state };
        let usable = !stale || self.quote_state == Quality::GOOD;
        (usable.then_some(quote), quality)
    }

    /// Trading was stopped, or goes on; nothing when that was known.
    pub fn status(&mut self, state: TradingState) -> Option<HaltEdge> {
        let halted = state != TradingState::Trading;
        if halted == self.halted {
            return None;
        }
        self.halted = halted;
        if halted {
            return Some(HaltEdge::Stops);
        }
        (self.first_print, self.first_quote) = (true, true);
        Some(HaltEdge::Resumes)
    }

    /// Whether trading is stopped.
    pub const fn halted(&self) -> bool {
        self.halted
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

    /// Prints start anew (a new day or a gap): the next one is not late, and may be a repetition.
    pub fn restart(&mut self) {
        self.memory.broke(self.newest.take());
    }
}

/// A level whose price and size can be.
#[inline]
pub(crate) fn sound(level: Level) -> bool {
    level.price > Price::ZERO && level.price <= MAX_PRICE && !level.size.is_zero() && level.size <= MAX_SIZE
}

#[cfg(test)]
mod tests;
