//! Sweeps: one order that takes several prices, or several exchanges, at once.
//!
//! Nobody marks all of them (the exchanges' flag stands on some prints of a sweep and not on others),
//! so prints are grouped: same inferred side, at most [`SweepRules::gap`] after the print before and
//! [`SweepRules::whole`] after the first, and never back by more than a tick against the side's
//! direction. A group is a sweep once
//!
//! - it has two prints or more, and
//! - it took two prices or more, or traded on two exchanges or more, or a print was marked, and
//! - it took at least what the touch displayed when it began, and
//! - it is worth at least the floor, which keeps out odd lots that met by chance, and
//! - where the rate of prints is known ([`Sweeps::set_rates`]): a print was marked, or so many prints
//!   come together by [`chance`] less often than [`SweepRules::chance`].
//!
//! Prints without an aggressor (auctions, prints in the middle that nothing decides), those that the
//! gate in front excludes (average price, derivatively priced, late) and those that are part of something
//! larger (several legs, floor, tied to a stock) do not come here. A group with a print of a feed that
//! samples is an [`SweepKind::InferredBurst`]: several orders may be in it.
//!
//! One open group a side: constant work and memory. The sizes of all groups of two prints or more are
//! counted in [`BurstSizes`], from which discovery takes the floor; how often groups like this one are
//! marked is [`confidence`], fitted where exchanges mark.
//!
//! Defaults: stock prints one by one 5 ms and 50 ms, options with exchange and condition 50 ms and 250 ms
//! ([`SweepRules::options`]). Wider windows join orders that have nothing to do with each other.

pub mod chance;
pub mod confidence;
mod group;
mod sizes;

use alphatrader_model::instrument::Symbol;
use alphatrader_model::market::{Level, Side, TradeFlags};
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::{Sweep, SweepKind};
use serde::{Deserialize, Serialize};

use confidence::SweepModel;
use group::{Group, NONE};
pub use sizes::BurstSizes;

/// Longest pause between two prints of a sweep in a stock.
pub const GAP: Span = Span::from_millis(5);
/// Longest sweep in a stock.
pub const WHOLE: Span = Span::from_millis(50);
/// Least worth of a sweep in a stock, dollars, until the sizes of a symbol's own bursts are measured.
pub const FLOOR: f64 = 100_000.0;
/// By chance less often than this.
pub const CHANCE: f64 = 1e-3;

/// What makes prints a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SweepRules {
    /// Longest pause between two prints.
    pub gap: Span,
    /// Longest time from the first print to the last.
    pub whole: Span,
    /// Smallest step of the price; one against the direction is forgiven.
    pub tick: Price,
    /// Least worth, dollars.
    pub floor: f64,
    /// Dollars of worth for a dollar of price and a unit of size: 1 for stocks, 100 for options.
    pub multiplier: u32,
    /// With a known rate of prints: by chance less often than this, in (0, 1).
    pub chance: f64,
}

impl SweepRules {
    /// Stocks, prints one by one.
    pub const STOCKS: Self =
        Self { gap: GAP, whole: WHOLE, tick: Price::CENT, floor: FLOOR, multiplier: 1, chance: CHANCE };

    /// Options from a feed with exchange and condition.
    pub const fn options() -> Self {
        Self { gap: Span::from_millis(50), whole: Span::from_millis(250), multiplier: 100, ..Self::STOCKS }
    }
}

/// A print as sweeps see it.
#[derive(Debug, Clone, Copy)]
pub struct SweepPrint {
    /// Price; positive.
    pub price: Price,
    /// Shares; positive.
    pub size: Quantity,
    /// Who crossed the spread.
    pub side: Side,
    /// Where, when the feed says.
    pub venue: Option<Symbol>,
    /// The exchange marked it as part of a sweep.
    pub marked: bool,
    /// It comes from a feed that samples.
    pub sampled: bool,
}

impl SweepPrint {
    /// Whether a print with these flags may be part of a sweep: its price was made now, by an aggressor.
    pub const fn admits(flags: TradeFlags) -> bool {
        const NOT: TradeFlags = TradeFlags::NOT_LAST
            .with(TradeFlags::AUCTION)
            .with(TradeFlags::SUSPICIOUS)
            .with(TradeFlags::OUT_OF_SEQUENCE)
            .with(TradeFlags::DERIVED);
        !flags.intersects(NOT)
    }
}

/// Finds the sweeps of one symbol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweeps {
    rules: SweepRules,
    model: Option<SweepModel>,
    /// Prints a second of buyers and of sellers, where known.
    rates: (Option<f64>, Option<f64>),
    buying: Group,
    selling: Group,
    sizes: BurstSizes,
    count: u64,
}

impl Default for Sweeps {
    fn default() -> Self {
        Self::new(SweepRules::STOCKS)
    }
}

impl Sweeps {
    /// Sweeps by these rules.
    pub fn new(rules: SweepRules) -> Self {
        Self {
            rules,
            model: None,
            rates: (None, None),
            buying: NONE,
            selling: NONE,
            sizes: BurstSizes::default(),
            count: 0,
        }
    }

    /// Sweeps in a stock worth at least `floor` dollars.
    pub fn with_floor(floor: f64) -> Self {
        Self::new(SweepRules { floor, ..SweepRules::STOCKS })
    }

    /// A discovered floor, dollars; from the next print on.
    pub const fn set_floor(&mut self, floor: f64) {
        self.rules.floor = floor;
    }

    /// How often groups are marked by the exchange, as fitted; absent: nothing is said about it.
    pub const fn set_model(&mut self, model: Option<SweepModel>) {
        self.model = model;
    }

    /// Prints a second that buyers and sellers are about to start, from a fitted arrival process: the
    /// intensity *before* the next print, raised by what that print itself excites. Absent: the test of
    /// chance is left out. A group keeps the rate that was in force when it began.
    #[inline]
    pub const fn set_rates(&mut self, buying: Option<f64>, selling: Option<f64>) {
        self.rates = (buying, selling);
    }

    /// Adds a print; `touch` is the price and size that the touch offers to its side, when known. Gives
    /// the sweep that it belongs to, grown by it, if it belongs to one.
    #[inline]
    pub fn add(&mut self, ts: Timestamp, print: &SweepPrint, touch: Option<Level>) -> Option<Sweep> {
        let (group, rate) = match print.side {
            Side::Buy => (&mut self.buying, self.rates.0),
            Side::Sell => (&mut self.selling, self.rates.1),
        };
        if !group.takes(ts, print, &self.rules) {
            if group.prints >= 2 {
                self.sizes.add(group.notional(&self.rules));
            }
            group.begin(ts, print, touch, rate);
            return None;
        }
        group.grow(ts, print, touch, self.rules.whole);
        let sweep = group.sweep(print.side, &self.rules, self.model.as_ref())?;
        self.count += u64::from(!group.counted);
        group.counted = true;
        Some(sweep)
    }

    /// Sweeps since the start or the last [`Sweeps::restart`].
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Worth of the groups of two prints or more that have ended, swept or not, since the start.
    pub const fn sizes(&self) -> &BurstSizes {
        &self.sizes
    }

    /// Bytes outside the value itself.
    pub const fn heap_bytes(&self) -> usize {
        sizes::BINS * size_of::<u32>()
    }

    /// Something was missed: groups begin anew.
    pub fn clear(&mut self) {
        (self.buying, self.selling) = (NONE, NONE);
    }

    /// A new session: nothing has been counted. Sizes of bursts are kept.
    pub fn restart(&mut self) {
        self.clear();
        self.count = 0;
    }
}

#[cfg(test)]
mod tests;
