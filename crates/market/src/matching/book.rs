//! What the market of one instrument displays, less what our own fills took of it.

use alphatrader_model::market::Level;
use alphatrader_model::{Depth, DepthOperation, Price, Quantity, Quote, Side};

/// One side of a market.
#[derive(Debug, Clone, Default)]
struct Displayed {
    touch: Option<Level>,
    /// Rows of the book, best first; at most [`Market::ROWS`].
    rows: Vec<Level>,
    /// Taken by our own fills since the level was last refreshed.
    taken: Vec<(Price, u64)>,
}

/// The displayed market of one instrument.
///
/// The quote is the touch; rows of the book extend it at strictly worse prices, so that a book and a
/// quote that arrive one after the other never show more than the quote says.
#[derive(Debug, Clone, Default)]
pub(super) struct Market {
    bids: Displayed,
    asks: Displayed,
    quoted: bool,
}

impl Market {
    /// Rows kept on each side.
    pub(super) const ROWS: usize = 20;

    fn side(&self, side: Side) -> &Displayed {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Displayed {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// A quote refreshes the touch of both sides.
    pub(super) fn on_quote(&mut self, quote: &Quote) {
        self.quoted = true;
        self.bids.refresh(quote.bid);
        self.asks.refresh(quote.ask);
    }

    /// An edit of the book. One that does not fit the rows empties the side until it is built anew.
    pub(super) fn on_depth(&mut self, depth: &Depth) {
        self.side_mut(depth.side).edit(depth);
    }

    /// The book must be built anew.
    pub(super) fn forget_rows(&mut self) {
        self.bids.rows.clear();
        self.asks.rows.clear();
    }

    /// The quote must come anew.
    pub(super) fn forget_quote(&mut self) {
        self.quoted = false;
        self.bids.touch = None;
        self.asks.touch = None;
    }

    /// The best price of a side: of the quote, or of the book where no quote ever came.
    pub(super) fn touch(&self, side: Side) -> Option<Level> {
        let displayed = self.side(side);
        if self.quoted { displayed.touch } else { displayed.rows.first().copied() }
    }

    /// Size displayed on `side` at `price`, when the market tells: at the touch, in the rows, or
    /// none because the touch is worse than the price.
    pub(super) fn displayed(&self, side: Side, price: Price) -> Option<u64> {
        let displayed = self.side(side);
        let in_rows: u64 = displayed.rows.iter().filter(|l| l.price == price).map(|l| l.size.get()).sum();
        match self.touch(side) {
            Some(touch) if touch.price == price => Some(touch.size.get().max(in_rows)),
            Some(touch) if better(side, price, touch.price) => Some(0),
            _ if in_rows > 0 => Some(in_rows),
            _ => None,
        }
    }

    /// The next level to take from `side`, best first: price and what is left of it.
    pub(super) fn best_left(&self, side: Side) -> Option<Level> {
        self.levels(side).find(|level| !level.size.is_zero())
    }

    /// What is left on `side` at prices that `accepts`.
    pub(super) fn left(&self, side: Side, accepts: impl Fn(Price) -> bool) -> u64 {
        self.levels(side).take_while(|l| accepts(l.price)).map(|l| l.size.get()).sum()
    }

    /// Levels of a side, best first, each price once, less what was taken.
    fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        let displayed = self.side(side);
        let touch = self.touch(side);
        let mut last = touch.map(|t| t.price);
        let rows = displayed.rows.iter().enumerate().filter_map(move |(place, row)| {
            // Rows at or better than the touch, and repeated prices, were counted already.
            if !last.is_some_and(|last| better(side, last, row.price)) {
                return None;
            }
            last = Some(row.price);
            let same = displayed.rows[place..].iter().take_while(|r| r.price == row.price);
            let size = same.map(|r| r.size.get()).sum();
            Some(Level { price: row.price, size: Quantity::new(size) })
        });
        touch.into_iter().chain(rows).map(|level| {
            let taken = displayed.taken.iter().find(|(price, _)| *price == level.price).map_or(0, |t| t.1);
            Level { size: level.size.saturating_sub(Quantity::new(taken)), ..level }
        })
    }

    /// Our own fill took `quantity` of `side` at `price`.
    pub(super) fn take(&mut self, side: Side, price: Price, quantity: u64) {
        let taken = &mut self.side_mut(side).taken;
        match taken.iter_mut().find(|(at, _)| *at == price) {
            Some((_, total)) => *total += quantity,
            // As many entries as there are levels, at most.
            None => taken.push((price, quantity)),
        }
    }
}

impl Displayed {
    fn refresh(&mut self, touch: Option<Level>) {
        self.touch = touch;
        if !self.taken.is_empty() {
            match touch {
                // Deeper rows that our fills took refill when the book says so.
                Some(level) => self.taken.retain(|(price, _)| {
                    *price != level.price && self.rows.iter().any(|row| row.price == *price)
                }),
                None => self.taken.clear(),
            }
        }
    }

    fn edit(&mut self, depth: &Depth) {
        let place = usize::from(depth.position);
        let row = Level { price: depth.price, size: depth.size };
        match depth.operation {
            DepthOperation::Insert if place <= self.rows.len() && place < Market::ROWS => {
                self.rows.truncate(Market::ROWS - 1);
                self.rows.insert(place, row);
            }
            DepthOperation::Update if place < self.rows.len() => self.rows[place] = row,
            DepthOperation::Delete if place < self.rows.len() => {
                self.rows.remove(place);
                return;
            }
            _ => {
                self.rows.clear();
                return;
            }
        }
        if !self.taken.is_empty() && self.touch.is_none_or(|touch| touch.price != row.price) {
            self.taken.retain(|(price, _)| *price != row.price);
        }
    }
}

/// Whether `price` is strictly better than `other` for who quotes it on `side`.
pub(super) fn better(side: Side, price: Price, other: Price) -> bool {
    match side {
        Side::Buy => price > other,
        Side::Sell => price < other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::InstrumentId;

    fn level(cents: i64, size: u64) -> Level {
        Level { price: Price::from_cents(cents), size: Quantity::new(size) }
    }

    fn row(side: Side, position: u8, operation: DepthOperation, cents: i64, size: u64) -> Depth {
        Depth {
            instrument: InstrumentId(0),
            side,
            position,
            operation,
            price: Price::from_cents(cents),
            size: Quantity::new(size),
            venue: None,
        }
    }

    fn market() -> Market {
        let mut market = Market::default();
        for (position, (cents, size)) in [(101, 5), (102, 7), (102, 1), (103, 9)].into_iter().enumerate() {
            market.on_depth(&row(Side::Sell, position as u8, DepthOperation::Insert, cents, size));
        }
        let quote = Quote { instrument: InstrumentId(0), bid: Some(level(100, 3)), ask: Some(level(101, 4)) };
        market.on_quote(&quote);
        market
    }

    #[test]
    fn the_quote_is_the_touch_and_rows_extend_it() {
        let market = market();
        let sizes: Vec<_> = market.levels(Side::Sell).collect();
        assert_eq!(sizes, [level(101, 4), level(102, 8), level(103, 9)]);
        assert_eq!(market.left(Side::Sell, |p| p <= Price::from_cents(102)), 12);
        assert_eq!(market.displayed(Side::Buy, Price::from_cents(100)), Some(3));
        assert_eq!(market.displayed(Side::Buy, Price::from_cents(99)), None);
        assert_eq!(market.displayed(Side::Sell, Price::from_cents(100)), Some(0));
    }

    #[test]
    fn what_was_taken_returns_with_the_next_word_about_its_level() {
        let mut market = market();
        market.take(Side::Sell, Price::from_cents(101), 4);
        market.take(Side::Sell, Price::from_cents(102), 3);
        assert_eq!(market.best_left(Side::Sell), Some(level(102, 5)));
        market.on_quote(&Quote { instrument: InstrumentId(0), bid: None, ask: Some(level(101, 2)) });
        assert_eq!(market.best_left(Side::Sell), Some(level(101, 2)));
        assert_eq!(market.left(Side::Sell, |p| p <= Price::from_cents(102)), 2 + 5);
        market.on_depth(&row(Side::Sell, 1, DepthOperation::Update, 102, 7));
        assert_eq!(market.left(Side::Sell, |p| p <= Price::from_cents(102)), 2 + 8);
    }

    #[test]
    fn an_edit_that_does_not_fit_empties_the_side() {
        let mut market = market();
        market.on_depth(&row(Side::Sell, 9, DepthOperation::Update, 110, 1));
        assert_eq!(market.levels(Side::Sell).count(), 1, "only the quote is left");
    }
}
