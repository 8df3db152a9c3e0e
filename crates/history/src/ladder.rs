//! The top of a book as edits by position, which is how brokers send depth and how the system takes it.
//!
//! A reader says what the best rows of a side *are*; what goes out is the least that turns the rows told
//! before into them: rows that went (from the last to the first), then rows that came and sizes that
//! changed (from the first to the last). A side never has more than [`ROWS`] rows on the way.

use std::collections::VecDeque;

use alphatrader_model::market::Level;
use alphatrader_model::{Depth, DepthOperation, InstrumentId, Payload, Price, Quantity, Quote, Side, Venue};

/// Rows of a side that are told.
pub(crate) const ROWS: usize = 10;

/// A row of a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) price: Price,
    pub(crate) size: u64,
    pub(crate) venue: Option<Venue>,
}

impl Row {
    pub(crate) const fn new(price: Price, size: u64) -> Self {
        Self { price, size, venue: None }
    }

    /// Rows with the same key are the same row, of another size.
    fn is(&self, other: &Self) -> bool {
        self.price == other.price && self.venue == other.venue
    }
}

/// What was told of a book.
#[derive(Debug, Clone)]
pub(crate) struct Ladder {
    instrument: InstrumentId,
    bids: Vec<Row>,
    asks: Vec<Row>,
    fresh: Vec<Row>,
    touch: Option<Quote>,
}

impl Ladder {
    pub(crate) fn new(instrument: InstrumentId) -> Self {
        let rows = || Vec::with_capacity(ROWS);
        Self { instrument, bids: rows(), asks: rows(), fresh: rows(), touch: None }
    }

    /// Tells what the best rows of a side are, best first; those after the first [`ROWS`] are not looked at.
    pub(crate) fn show(&mut self, side: Side, rows: impl Iterator<Item = Row>, out: &mut VecDeque<Payload>) {
        let told = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        self.fresh.clear();
        self.fresh.extend(rows.take(ROWS));
        let fresh = &self.fresh;
        if told == fresh {
            return;
        }
        let edit = |position: usize, operation, row: &Row| {
            Payload::Depth(Depth {
                instrument: self.instrument,
                side,
                position: position as u8,
                operation,
                price: row.price,
                size: Quantity::new(row.size),
                venue: row.venue,
            })
        };
        for at in (0..told.len()).rev() {
            if !fresh.iter().any(|row| row.is(&told[at])) {
                let gone = told.remove(at);
                out.push_back(edit(at, DepthOperation::Delete, &gone));
            }
        }
        for (at, row) in fresh.iter().enumerate() {
            match told.get_mut(at) {
                Some(before) if before.is(row) => {
                    if before.size != row.size {
                        before.size = row.size;
                        out.push_back(edit(at, DepthOperation::Update, row));
                    }
                }
                _ => {
                    told.insert(at, *row);
                    out.push_back(edit(at, DepthOperation::Insert, row));
                }
            }
        }
        // Only rows that trade places (which no sorted feed has) can be left over.
        for at in (fresh.len()..told.len()).rev() {
            let left = told.remove(at);
            out.push_back(edit(at, DepthOperation::Delete, &left));
        }
    }

    /// Tells the best bid and offer, if they are others than those told before.
    pub(crate) fn quote(&mut self, bid: Option<Level>, ask: Option<Level>, out: &mut VecDeque<Payload>) {
        let quote = Quote { instrument: self.instrument, bid, ask };
        if self.touch != Some(quote) {
            self.touch = Some(quote);
            out.push_back(Payload::Quote(quote));
        }
    }

    /// Tells the first rows as best bid and offer.
    pub(crate) fn quote_of_rows(&mut self, out: &mut VecDeque<Payload>) {
        let level = |rows: &[Row]| rows.first().and_then(level);
        self.quote(level(&self.bids), level(&self.asks), out);
    }
}

/// A row as one side of a quote: its price and size are positive.
pub(crate) fn level(row: &Row) -> Option<Level> {
    let positive = row.price > Price::ZERO && row.size > 0;
    positive.then_some(Level { price: row.price, size: Quantity::new(row.size) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_analytics::book::{Book, BookCounts};
    use alphatrader_model::features::BookState;
    use proptest::prelude::*;

    const SPY: InstrumentId = InstrumentId(3);

    proptest! {
        /// Whoever applies the edits sees, after each round, the rows that were shown.
        #[test]
        fn edits_lead_to_the_rows_that_were_shown(
            rounds in proptest::collection::vec(
                (proptest::collection::btree_map(1_i64..40, 1_u64..5, 1..16), proptest::collection::btree_map(50_i64..90, 1_u64..5, 1..16)),
                1..20),
        ) {
            let (mut ladder, mut book, mut out) = (Ladder::new(SPY), Book::default(), VecDeque::new());
            for (bids, asks) in rounds {
                let row = |(price, size): (&i64, &u64)| Row::new(Price::from_raw(*price), *size);
                ladder.show(Side::Buy, bids.iter().rev().map(row), &mut out);
                ladder.show(Side::Sell, asks.iter().map(row), &mut out);
                ladder.quote_of_rows(&mut out);
                for payload in out.drain(..) {
                    match payload {
                        Payload::Depth(edit) => _ = book.apply(&edit),
                        Payload::Quote(quote) => {
                            prop_assert_eq!(quote.bid.unwrap().price.raw(), *bids.keys().next_back().unwrap());
                            prop_assert_eq!(quote.ask.unwrap().price.raw(), *asks.keys().next().unwrap());
                        }
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
                let rows = |side: &[alphatrader_model::view::BookRow]| -> Vec<(i64, u64)> {
                    side.iter().map(|row| (row.level.price.raw(), row.level.size.get())).collect()
                };
                let expected: Vec<_> = bids.iter().rev().take(ROWS).map(|(p, s)| (*p, *s)).collect();
                prop_assert_eq!(rows(book.bids()), expected);
                let expected: Vec<_> = asks.iter().take(ROWS).map(|(p, s)| (*p, *s)).collect();
                prop_assert_eq!(rows(book.asks()), expected);
                prop_assert_eq!(book.state(), BookState::Valid);
            }
            let BookCounts { applied, beyond, out_of_range, not_monotonic, bad_value, .. } = *book.counts();
            prop_assert!(applied > 0);
            prop_assert_eq!((beyond, out_of_range, not_monotonic, bad_value), (0, 0, 0, 0));
        }
    }
}
