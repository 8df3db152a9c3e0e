//! Displayed sizes that fall and come back: after a print at the level, and, for comparison, after a cancel.
//!
//! An episode begins when the size at an unchanged best price falls below four fifths of what it was. It is a
//! print's when the level was traded within the last 50 milliseconds, else a cancel's. It ends with a refill when
//! the size is back at four fifths within 300 milliseconds, and without one when that time is over or the best
//! price changes. The rate is refills by time watched.

use alphatrader_model::market::{Level, Side};
use alphatrader_model::{Price, Span, Timestamp};

const TRADED: Span = Span::from_millis(50);
const WATCHED: Span = Span::from_millis(300);
const BACK: f64 = 0.8;

/// Episodes of one cause.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cause {
    /// Episodes.
    pub episodes: u64,
    /// Of these, with a refill.
    pub refilled: u64,
    /// Seconds watched.
    pub watched: f64,
}

impl Cause {
    /// Adds another session's.
    pub fn add(&mut self, other: &Self) {
        self.episodes += other.episodes;
        self.refilled += other.refilled;
        self.watched += other.watched;
    }

    /// Refills per second; absent when nothing was watched.
    pub fn rate(&self) -> Option<f64> {
        (self.watched > 0.0).then(|| self.refilled as f64 / self.watched)
    }
}

/// Episodes of one session, and those that are open.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Refills {
    /// After prints.
    pub traded: Cause,
    /// After cancels.
    pub cancelled: Cause,
    /// By side of the book: bid, offer.
    open: [Option<Open>; 2],
    /// Last print at the bid, at the offer: when, and at which price.
    printed: [Option<(Timestamp, Price)>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Open {
    since: Timestamp,
    price: Price,
    before: f64,
    traded: bool,
}

impl Refills {
    /// A print whose aggressor is known.
    pub fn on_trade(&mut self, ts: Timestamp, aggressor: Side, price: Price) {
        self.printed[usize::from(aggressor == Side::Buy)] = Some((ts, price));
    }

    /// The touch changed.
    pub fn on_touch(&mut self, ts: Timestamp, before: (Level, Level), now: (Level, Level)) {
        self.side(0, ts, before.0, now.0);
        self.side(1, ts, before.1, now.1);
    }

    fn side(&mut self, side: usize, ts: Timestamp, before: Level, now: Level) {
        let size = now.size.get() as f64;
        if let Some(open) = self.open[side] {
            let watched = ts.since(open.since);
            let back = now.price == open.price && size >= BACK * open.before && watched <= WATCHED;
            if back || now.price != open.price || watched > WATCHED {
                self.end(side, open, watched, back);
            } else {
                return;
            }
        }
        let was = before.size.get() as f64;
        if now.price == before.price && size < BACK * was {
            let traded =
                self.printed[side].is_some_and(|(at, price)| price == now.price && ts.since(at) <= TRADED);
            self.open[side] = Some(Open { since: ts, price: now.price, before: was, traded });
        }
    }

    fn end(&mut self, side: usize, open: Open, watched: Span, refilled: bool) {
        self.open[side] = None;
        let cause = if open.traded { &mut self.traded } else { &mut self.cancelled };
        cause.episodes += 1;
        cause.refilled += u64::from(refilled);
        cause.watched += watched.as_seconds().clamp(0.0, WATCHED.as_seconds());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Quantity;

    #[test]
    fn what_comes_back_after_a_print_is_told_from_what_comes_back_by_itself() {
        let level = |cents, size| Level { price: Price::from_cents(cents), size: Quantity::new(size) };
        let at = Timestamp::from_millis;
        let mut refills = Refills::default();
        let mut touch = (level(100, 300), level(102, 300));
        let mut show = |refills: &mut Refills, ms, bid, ask| {
            refills.on_touch(at(ms), touch, (level(100, bid), level(102, ask)));
            touch = (level(100, bid), level(102, ask));
        };
        refills.on_trade(at(10), Side::Buy, Price::from_cents(102));
        show(&mut refills, 12, 300, 50);
        show(&mut refills, 62, 300, 300);
        show(&mut refills, 1_000, 100, 300);
        show(&mut refills, 2_000, 100, 310);
        let traded = Cause { episodes: 1, refilled: 1, watched: 0.05 };
        let cancelled = Cause { episodes: 1, refilled: 0, watched: 0.3 };
        assert_eq!((refills.traded, refills.cancelled), (traded, cancelled));
        assert_eq!(refills.traded.rate(), Some(20.0));
    }
}
