//! Prints that may come from one order.

use alphatrader_model::instrument::Symbol;
use alphatrader_model::market::{Level, Side};
use alphatrader_model::number::Price;
use alphatrader_model::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::chance::Growing;
use super::confidence::{Look, SweepModel};
use super::{Sweep, SweepKind, SweepPrint, SweepRules};

/// Exchanges of a group that are told apart.
pub(super) const VENUES: usize = 8;

/// Most prints begin a group and end it, so beginning writes as little as it can.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    pub(super) from: Price,
    pub(super) furthest: Price,
    pub(super) prints: u32,
    levels: u32,
    quantity: u64,
    marked: u64,
    /// Shares whose touch was known, and those of them that traded at it or beyond.
    judged: u64,
    through: u64,
    /// Price units times shares.
    turnover: f64,
    /// Shares displayed at the touch when it began; zero when unknown.
    displayed: u64,
    /// Prints a second before it began.
    rate: Option<f64>,
    /// How often so many come together by chance; absent for a print alone, and where no rate is known.
    chance: Option<Growing>,
    /// The first `known` of them are its exchanges.
    venues: [Option<Symbol>; VENUES],
    known: u32,
    sampled: bool,
    pub(super) counted: bool,
}

pub(super) const NONE: Group = Group {
    first: Timestamp::from_nanos(i64::MIN),
    last: Timestamp::from_nanos(i64::MIN),
    from: Price::ZERO,
    furthest: Price::ZERO,
    prints: 0,
    levels: 0,
    quantity: 0,
    marked: 0,
    judged: 0,
    through: 0,
    turnover: 0.0,
    displayed: 0,
    rate: None,
    chance: None,
    venues: [None; VENUES],
    known: 0,
    sampled: false,
    counted: false,
};

impl Group {
    #[inline]
    pub(super) fn begin(
        &mut self,
        ts: Timestamp,
        print: &SweepPrint,
        touch: Option<Level>,
        rate: Option<f64>,
    ) {
        let size = print.size.get();
        (self.first, self.last) = (ts, ts);
        (self.from, self.furthest) = (print.price, print.price);
        (self.prints, self.levels) = (1, 1);
        self.quantity = size;
        self.marked = if print.marked { size } else { 0 };
        (self.judged, self.through) = judge(print, touch);
        self.turnover = turnover(print);
        self.displayed = touch.map_or(0, |touch| touch.size.get());
        (self.rate, self.chance) = (rate, None);
        self.venues[0] = print.venue;
        self.known = u32::from(print.venue.is_some());
        (self.sampled, self.counted) = (print.sampled, false);
    }

    /// Whether the print may belong to it. A group that no print has begun takes none.
    #[inline]
    pub(super) fn takes(&self, ts: Timestamp, print: &SweepPrint, rules: &SweepRules) -> bool {
        let soon = self.prints > 0 && ts.since(self.last) <= rules.gap && ts.since(self.first) <= rules.whole;
        soon && self.advance(print) >= -rules.tick.raw()
    }

    /// How far the print goes beyond the furthest one, in price units.
    #[inline]
    const fn advance(&self, print: &SweepPrint) -> i64 {
        print.side.sign() * (print.price.raw() - self.furthest.raw())
    }

    #[cold]
    pub(super) fn grow(&mut self, ts: Timestamp, print: &SweepPrint, touch: Option<Level>, whole: Span) {
        self.last = self.last.max(ts);
        if self.advance(print) > 0 {
            self.furthest = print.price;
            self.levels += 1;
        }
        if self.prints == 1 {
            self.chance = self.rate.and_then(|rate| Growing::new(rate, whole));
        }
        if let Some(chance) = &mut self.chance {
            chance.grow();
        }
        let size = print.size.get();
        self.prints += 1;
        self.quantity = self.quantity.saturating_add(size);
        self.marked = self.marked.saturating_add(if print.marked { size } else { 0 });
        let (judged, through) = judge(print, touch);
        self.judged = self.judged.saturating_add(judged);
        self.through = self.through.saturating_add(through);
        self.turnover += turnover(print);
        self.sampled |= print.sampled;
        let known = self.known as usize;
        if print.venue.is_some() && known < VENUES && !self.venues[..known].contains(&print.venue) {
            self.venues[known] = print.venue;
            self.known += 1;
        }
    }

    /// Dollars.
    pub(super) fn notional(&self, rules: &SweepRules) -> f64 {
        self.turnover * f64::from(rules.multiplier) / Price::SCALE as f64
    }

    /// What it is by the rules; absent when it is no sweep.
    pub(super) fn sweep(&self, side: Side, rules: &SweepRules, model: Option<&SweepModel>) -> Option<Sweep> {
        let several = self.levels >= 2 || self.marked > 0 || self.known >= 2;
        let notional = self.notional(rules);
        if self.prints < 2 || !several || self.quantity < self.displayed || notional < rules.floor {
            return None;
        }
        let chance = self.chance.as_ref().map(Growing::chance);
        if chance.is_some_and(|chance| chance >= rules.chance) && self.marked == 0 {
            return None;
        }
        let distance = (self.furthest.raw() - self.from.raw()).unsigned_abs();
        let walked = distance / rules.tick.raw().unsigned_abs().max(1);
        let look = Look {
            prints: self.prints,
            levels: self.levels,
            venues: self.known,
            over_displayed: (self.displayed > 0).then(|| self.quantity as f64 / self.displayed as f64),
            duration: self.last.since(self.first),
        };
        Some(Sweep {
            start: self.first,
            end: self.last,
            side,
            quantity: self.quantity,
            notional,
            prints: self.prints,
            levels: self.levels,
            venues: self.known,
            from: self.from,
            to: self.furthest,
            marked: self.marked as f64 / self.quantity as f64,
            kind: if self.sampled { SweepKind::InferredBurst } else { SweepKind::Sweep },
            walked: u32::try_from(walked).unwrap_or(u32::MAX),
            at_or_through: (self.judged > 0).then(|| self.through as f64 / self.judged as f64),
            chance,
            confidence: model.map(|model| model.marked(&look)),
        })
    }
}

/// Shares of the print whose touch is known, and of these those at the touch or beyond it.
#[inline]
fn judge(print: &SweepPrint, touch: Option<Level>) -> (u64, u64) {
    let Some(touch) = touch else {
        return (0, 0);
    };
    let size = print.size.get();
    let beyond = print.side.sign() * (print.price.raw() - touch.price.raw()) >= 0;
    (size, if beyond { size } else { 0 })
}

/// Price units times shares: whole numbers below 2^53 for any print of a real market.
#[inline]
fn turnover(print: &SweepPrint) -> f64 {
    print.price.raw() as f64 * print.size.get() as f64
}
