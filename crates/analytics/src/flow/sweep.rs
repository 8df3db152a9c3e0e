//! Sweeps: one order that takes several prices, or several exchanges, at once.
//!
//! Nobody marks all of them (the exchanges' flag stands on some prints of a sweep and not on others),
//! so prints are grouped: same inferred side, at most [`GAP`] after the print before and [`WHOLE`] after
//! the first, and never back by more than a cent against the side's direction. A group is a sweep once
//!
//! - it has two prints or more, and
//! - it took two prices or more, or traded on two exchanges or more, or a print was marked, and
//! - it took at least what the touch displayed when it began, and
//! - it is worth at least the floor, which keeps out odd lots that met by chance.
//!
//! Prints without an aggressor (auctions, prints in the middle that nothing decides) and those that the
//! gate in front excludes (average price, derivatively priced, late) do not come here. One open group a
//! side: constant work and memory.

use alphatrader_model::instrument::Symbol;
use alphatrader_model::market::Side;
use alphatrader_model::number::{Price, Quantity};
use alphatrader_model::time::{Span, Timestamp};
use alphatrader_model::view::Sweep;

/// Longest pause between two prints of a sweep.
pub const GAP: Span = Span::from_millis(5);
/// Longest sweep.
pub const WHOLE: Span = Span::from_millis(50);
/// Least worth of a sweep in a stock, dollars. It is a fixed number until the sizes of a symbol's own
/// bursts are measured.
pub const FLOOR: f64 = 100_000.0;
/// Exchanges of a group that are told apart.
const VENUES: usize = 8;

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
}

/// Prints that may come from one order. Most prints begin a group and end it, so beginning writes as
/// little as it can.
#[derive(Debug, Clone)]
struct Group {
    first: Timestamp,
    last: Timestamp,
    from: Price,
    furthest: Price,
    prints: u32,
    levels: u32,
    quantity: u64,
    marked: u64,
    /// Price units times shares.
    turnover: f64,
    /// Shares displayed at the touch when it began; zero when unknown.
    displayed: u64,
    /// The first `known` of them are its exchanges.
    venues: [Option<Symbol>; VENUES],
    known: usize,
    counted: bool,
}

const NONE: Group = Group {
    first: Timestamp::from_nanos(i64::MIN),
    last: Timestamp::from_nanos(i64::MIN),
    from: Price::ZERO,
    furthest: Price::ZERO,
    prints: 0,
    levels: 0,
    quantity: 0,
    marked: 0,
    turnover: 0.0,
    displayed: 0,
    venues: [None; VENUES],
    known: 0,
    counted: false,
};

/// Finds the sweeps of one symbol.
#[derive(Debug, Clone)]
pub struct Sweeps {
    floor: f64,
    buying: Group,
    selling: Group,
    count: u64,
}

impl Default for Sweeps {
    fn default() -> Self {
        Self::with_floor(FLOOR)
    }
}

impl Sweeps {
    /// Sweeps worth at least `floor` dollars.
    pub const fn with_floor(floor: f64) -> Self {
        Self { floor, buying: NONE, selling: NONE, count: 0 }
    }

    /// Adds a print; `displayed` is what the touch offers to its side, when known. Gives the sweep
    /// that it belongs to, grown by it, if it belongs to one.
    #[inline]
    pub fn add(&mut self, ts: Timestamp, print: &SweepPrint, displayed: Option<u64>) -> Option<Sweep> {
        let group = match print.side {
            Side::Buy => &mut self.buying,
            Side::Sell => &mut self.selling,
        };
        if !group.takes(ts, print) {
            group.begin(ts, print, displayed.unwrap_or(0));
            return None;
        }
        group.grow(ts, print);
        if !group.is_sweep(self.floor) {
            return None;
        }
        self.count += u64::from(!group.counted);
        group.counted = true;
        Some(group.sweep(print.side))
    }

    /// Sweeps since the start or the last [`Sweeps::restart`].
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Something was missed: groups begin anew.
    pub fn clear(&mut self) {
        (self.buying, self.selling) = (NONE, NONE);
    }

    /// A new session: nothing has been counted.
    pub fn restart(&mut self) {
        self.clear();
        self.count = 0;
    }
}

impl Group {
    #[inline]
    fn begin(&mut self, ts: Timestamp, print: &SweepPrint, displayed: u64) {
        (self.first, self.last) = (ts, ts);
        (self.from, self.furthest) = (print.price, print.price);
        (self.prints, self.levels) = (1, 1);
        self.quantity = print.size.get();
        self.marked = if print.marked { print.size.get() } else { 0 };
        self.turnover = turnover(print);
        self.displayed = displayed;
        self.venues[0] = print.venue;
        self.known = usize::from(print.venue.is_some());
        self.counted = false;
    }

    /// Whether the print may belong to it. A group that no print has begun takes none.
    #[inline]
    fn takes(&self, ts: Timestamp, print: &SweepPrint) -> bool {
        let soon = self.prints > 0 && ts.since(self.last) <= GAP && ts.since(self.first) <= WHOLE;
        soon && print.side.sign() * (print.price.raw() - self.furthest.raw()) >= -Price::CENT.raw()
    }

    #[cold]
    fn grow(&mut self, ts: Timestamp, print: &SweepPrint) {
        self.last = self.last.max(ts);
        if print.side.sign() * (print.price.raw() - self.furthest.raw()) > 0 {
            self.furthest = print.price;
            self.levels += 1;
        }
        let size = print.size.get();
        self.prints += 1;
        self.quantity = self.quantity.saturating_add(size);
        self.marked = self.marked.saturating_add(if print.marked { size } else { 0 });
        self.turnover += turnover(print);
        let new = print.venue.is_some() && !self.venues[..self.known].contains(&print.venue);
        if new && self.known < VENUES {
            self.venues[self.known] = print.venue;
            self.known += 1;
        }
    }

    fn notional(&self) -> f64 {
        self.turnover / Price::SCALE as f64
    }

    fn is_sweep(&self, floor: f64) -> bool {
        self.prints >= 2
            && self.quantity >= self.displayed
            && (self.levels >= 2 || self.marked > 0 || self.known >= 2)
            && self.notional() >= floor
    }

    fn sweep(&self, side: Side) -> Sweep {
        Sweep {
            start: self.first,
            end: self.last,
            side,
            quantity: self.quantity,
            notional: self.notional(),
            prints: self.prints,
            levels: self.levels,
            venues: self.known as u32,
            from: self.from,
            to: self.furthest,
            marked: self.marked as f64 / self.quantity as f64,
        }
    }
}

/// Price units times shares: whole numbers below 2^53 for any print of a real market.
#[inline]
fn turnover(print: &SweepPrint) -> f64 {
    print.price.raw() as f64 * print.size.get() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn print(price: i64, size: u64, venue: &str, marked: bool) -> SweepPrint {
        SweepPrint {
            price: Price::from_cents(price),
            size: Quantity::new(size),
            side: Side::Buy,
            venue: Symbol::new(venue).ok(),
            marked,
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    /// Asks 10.00 x 5 (A), 10.00 x 3 (B), 10.05 x 10 (A), and the prints that take them.
    #[test]
    fn the_worked_example() {
        let prints = [
            (0, print(1_000, 5, "A", false)),
            (1, print(1_000, 3, "B", true)),
            (3, print(1_005, 4, "A", false)),
        ];
        let mut sweeps = Sweeps::with_floor(0.0);
        let last = prints.iter().map(|(ts, print)| sweeps.add(at(*ts), print, Some(8))).last().flatten();
        let expected = Sweep {
            start: at(0),
            end: at(3),
            side: Side::Buy,
            quantity: 12,
            notional: 120.2,
            prints: 3,
            levels: 2,
            venues: 2,
            from: Price::from_cents(1_000),
            to: Price::from_cents(1_005),
            marked: 0.25,
        };
        assert_eq!((last, sweeps.count()), (Some(expected), 1));
        let mut apart = Sweeps::with_floor(0.0);
        let found = [0, 400, 900]
            .iter()
            .zip(&prints)
            .filter_map(|(ts, (_, print))| apart.add(at(*ts), print, Some(8)));
        assert_eq!(found.count(), 0, "the same prints far apart are three orders");
    }

    #[test]
    fn what_is_too_small_or_turns_back_is_none() {
        let add = |prints: &[SweepPrint], displayed, floor| {
            let mut sweeps = Sweeps::with_floor(floor);
            prints
                .iter()
                .enumerate()
                .filter_map(|(n, print)| sweeps.add(at(n as i64), print, displayed))
                .count()
        };
        let two = [print(1_000, 5, "A", false), print(1_001, 5, "A", false)];
        assert_eq!(add(&two, Some(10), 0.0), 1);
        assert_eq!(add(&two, None, 100.0), 1);
        assert_eq!(add(&two, Some(11), 0.0), 0, "less than was displayed");
        assert_eq!(add(&two, None, 101.0), 0, "worth less than the floor");
        let one_price = [print(1_000, 5, "A", false), print(1_000, 5, "A", false)];
        assert_eq!(add(&one_price, None, 0.0), 0, "one price, one exchange, no mark");
        let back = [print(1_005, 5, "A", false), print(1_003, 5, "B", false)];
        assert_eq!(add(&back, None, 0.0), 0, "buying does not become cheaper");
        let a_cent = [print(1_005, 5, "A", false), print(1_004, 5, "B", false)];
        assert_eq!(add(&a_cent, None, 0.0), 1);
    }

    #[test]
    fn the_two_sides_do_not_end_each_other() {
        let mut sweeps = Sweeps::with_floor(0.0);
        let sold = SweepPrint { side: Side::Sell, ..print(999, 5, "A", false) };
        sweeps.add(at(0), &print(1_000, 5, "A", false), None);
        sweeps.add(at(1), &sold, None);
        assert!(sweeps.add(at(2), &print(1_001, 5, "A", false), None).is_some());
        let lower = SweepPrint { price: Price::from_cents(998), ..sold };
        assert_eq!(sweeps.add(at(3), &lower, None).map(|s| (s.side, s.levels)), Some((Side::Sell, 2)));
        assert_eq!(sweeps.count(), 2);
        sweeps.restart();
        assert_eq!((sweeps.add(at(4), &lower, None), sweeps.count()), (None, 0));
    }

    proptest! {
        #[test]
        fn a_sweep_keeps_to_its_rule(
            steps in prop::collection::vec((0_i64..8, 0_i64..4, 1_u64..50, any::<bool>(), 0_u8..12), 1..300),
        ) {
            let mut sweeps = Sweeps::with_floor(5_000.0);
            let (mut now, mut found) = (0, 0);
            for (pause, price, size, buys, venue) in steps {
                now += pause;
                let side = if buys { Side::Buy } else { Side::Sell };
                let venue = format!("V{venue}");
                let print = SweepPrint { side, ..print(10_000 + price, size, &venue, false) };
                if let Some(sweep) = sweeps.add(at(now), &print, None) {
                    found += 1;
                    prop_assert!(sweep.prints >= 2 && sweep.notional >= 5_000.0);
                    prop_assert!(sweep.end.since(sweep.start) <= WHOLE);
                    prop_assert!(sweep.levels >= 2 || sweep.venues >= 2);
                    prop_assert!(sweep.venues as usize <= VENUES);
                    prop_assert!(side.sign() * (sweep.to.raw() - sweep.from.raw()) >= 0);
                    prop_assert_eq!((sweep.side, sweep.end), (side, at(now)));
                }
            }
            prop_assert!(sweeps.count() <= found);
        }
    }
}
