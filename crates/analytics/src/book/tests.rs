use alphatrader_model::instrument::InstrumentId;
use alphatrader_model::market::DepthOperation::{Delete, Insert, Update};
use alphatrader_model::market::{Depth, DepthOperation};
use alphatrader_model::number::{Price, Quantity};
use proptest::prelude::*;

use super::*;

fn edit(side: Side, operation: DepthOperation, position: u8, cents: i64, size: u64) -> Depth {
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

fn cents(rows: &[BookRow]) -> Vec<i64> {
    rows.iter().map(|row| row.level.price.raw() / 100).collect()
}

/// A valid book: bids 99, 98, ... and offers 101, 102, ..., `depth` rows each.
fn full(depth: u8) -> Book {
    let mut book = Book::default();
    for row in 0..depth {
        book.apply(&edit(Side::Buy, Insert, row, 99 - i64::from(row), 10));
        book.apply(&edit(Side::Sell, Insert, row, 101 + i64::from(row), 10));
    }
    assert_eq!(book.state(), BookState::Valid);
    book
}

#[test]
fn it_is_rebuilding_until_both_sides_have_rows() {
    let mut book = Book::default();
    assert_eq!(book.state(), BookState::Absent);
    assert_eq!(book.apply(&edit(Side::Buy, Insert, 0, 99, 10)), BookState::Rebuilding);
    assert_eq!(book.best(), None);
    assert_eq!(book.apply(&edit(Side::Sell, Insert, 0, 101, 20)), BookState::Valid);
    let (bid, ask) = book.best().unwrap();
    assert_eq!((bid.price, ask.size), (Price::from_cents(99), Quantity::new(20)));
}

#[test]
fn rows_move_down_and_up() {
    let mut book = full(3);
    book.apply(&edit(Side::Buy, Insert, 0, 100, 5));
    assert_eq!(cents(book.bids()), [100, 99, 98, 97]);
    book.apply(&edit(Side::Buy, Delete, 1, 0, 0));
    assert_eq!(cents(book.bids()), [100, 98, 97]);
    book.apply(&edit(Side::Buy, Update, 2, 96, 7));
    assert_eq!(cents(book.bids()), [100, 98, 96]);
    assert_eq!(book.bids()[2].level.size, Quantity::new(7));
    assert_eq!(book.counts().applied, 9);
}

#[test]
fn equal_prices_of_several_venues_are_no_contradiction() {
    let mut book = full(2);
    book.apply(&edit(Side::Sell, Insert, 1, 101, 3));
    assert_eq!(cents(book.asks()), [101, 101, 102]);
    assert_eq!(book.state(), BookState::Valid);
}

#[test]
fn a_crossed_book_says_so_and_heals() {
    let mut book = full(3);
    assert_eq!(book.apply(&edit(Side::Buy, Insert, 0, 101, 5)), BookState::Crossed);
    assert_eq!(book.best(), None);
    assert_eq!(book.apply(&edit(Side::Sell, Delete, 0, 0, 0)), BookState::Valid);
}

#[test]
fn a_row_after_the_end_drops_the_side_until_it_is_as_deep_again() {
    let mut book = full(3);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 3, 90, 5)), BookState::Rebuilding);
    assert!(book.bids().is_empty());
    assert_eq!(cents(book.asks()), [101, 102, 103]);
    assert_eq!(book.counts().out_of_range, 1);
    // The feed goes on as if nothing had happened; from the touch outwards the side is known again.
    assert_eq!(book.apply(&edit(Side::Buy, Update, 2, 97, 5)), BookState::Rebuilding);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 0, 99, 5)), BookState::Rebuilding);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 1, 98, 5)), BookState::Rebuilding);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 2, 97, 5)), BookState::Valid);
    assert_eq!(cents(book.bids()), [99, 98, 97]);
    assert_eq!((book.counts().beyond, book.counts().out_of_range), (1, 1));
}

#[test]
fn a_price_worse_than_the_next_row_proves_the_rest_stale() {
    // A bid side that falls by two ticks, told row by row from the best.
    let mut book = full(3);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 0, 97, 5)), BookState::Rebuilding);
    assert_eq!(cents(book.bids()), [97]);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 1, 96, 5)), BookState::Rebuilding);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 2, 95, 5)), BookState::Valid);
    assert_eq!(cents(book.bids()), [97, 96, 95]);
    assert_eq!(book.counts().not_monotonic, 1);
}

#[test]
fn a_price_better_than_the_row_before_drops_the_side() {
    let mut book = full(3);
    assert_eq!(book.apply(&edit(Side::Sell, Update, 2, 100, 5)), BookState::Rebuilding);
    assert!(book.asks().is_empty());
    let mut book = full(3);
    assert_eq!(book.apply(&edit(Side::Sell, Insert, 3, 102, 5)), BookState::Rebuilding);
    assert_eq!(book.counts().not_monotonic, 1);
}

#[test]
fn a_price_or_size_that_cannot_be_drops_the_side() {
    for (cents, size) in [(0, 5), (-1, 5), (99, 0), (99, u64::MAX)] {
        let mut book = full(3);
        assert_eq!(book.apply(&edit(Side::Buy, Update, 0, cents, size)), BookState::Rebuilding);
        assert_eq!(book.counts().bad_value, 1);
    }
}

#[test]
fn a_side_that_thins_out_while_it_is_rebuilt_asks_for_less() {
    let mut book = full(3);
    book.apply(&edit(Side::Buy, Update, 3, 90, 5));
    book.apply(&edit(Side::Buy, Delete, 2, 0, 0));
    book.apply(&edit(Side::Buy, Delete, 1, 0, 0));
    assert_eq!(book.apply(&edit(Side::Buy, Update, 0, 99, 5)), BookState::Valid);
}

#[test]
fn a_reset_waits_for_both_sides() {
    let mut book = full(5);
    book.reset();
    assert_eq!(book.state(), BookState::Rebuilding);
    assert!(book.bids().is_empty() && book.asks().is_empty());
    assert_eq!(book.apply(&edit(Side::Sell, Insert, 0, 101, 5)), BookState::Rebuilding);
    assert_eq!(book.apply(&edit(Side::Buy, Insert, 0, 99, 5)), BookState::Valid);
}

#[test]
fn a_feed_deeper_than_what_is_kept_is_no_contradiction() {
    let depth = MAX_ROWS as u8 + 5;
    let mut book = full(depth);
    assert_eq!(book.bids().len(), MAX_ROWS);
    assert_eq!(book.counts().out_of_range, 0);
    // A row goes; the feed's row 19 becomes known when it is next told.
    book.apply(&edit(Side::Buy, Delete, 0, 0, 0));
    assert_eq!(book.bids().len(), MAX_ROWS - 1);
    assert_eq!(book.apply(&edit(Side::Buy, Update, 19, 79, 5)), BookState::Valid);
    assert_eq!(book.bids().len(), MAX_ROWS);
}

fn operation() -> impl Strategy<Value = DepthOperation> {
    prop_oneof![Just(Insert), Just(Update), Just(Delete)]
}

proptest! {
    /// A feed without faults, told as differences of a list that the test keeps: the book is that list.
    #[test]
    fn a_faultless_feed_gives_the_same_book(
        steps in prop::collection::vec((any::<bool>(), operation(), 0_usize..12, 0_i64..3), 1..200),
    ) {
        let mut book = Book::default();
        let mut lists: [Vec<i64>; 2] = [vec![], vec![]];
        for (buy, operation, place, up) in steps {
            // Prices as distance from 100, growing with the row on both sides.
            let (side, list) = if buy { (Side::Buy, &mut lists[0]) } else { (Side::Sell, &mut lists[1]) };
            let place = match operation {
                Insert => place.min(list.len()),
                _ if list.is_empty() => continue,
                _ => place.min(list.len() - 1),
            };
            let before = if place > 0 { list[place - 1] } else { 1 };
            let after = if operation == Update { list.get(place + 1) } else { list.get(place) };
            let distance = after.map_or(before + up, |after| (before + up).min(*after));
            match operation {
                Insert if list.len() < MAX_ROWS => list.insert(place, distance),
                Insert => continue,
                Update => list[place] = distance,
                Delete => { list.remove(place); }
            }
            let price = if buy { 100 - distance } else { 100 + distance };
            book.apply(&edit(side, operation, place as u8, price, 10));
            prop_assert_eq!(cents(book.bids()), lists[0].iter().map(|d| 100 - d).collect::<Vec<_>>());
            prop_assert_eq!(cents(book.asks()), lists[1].iter().map(|d| 100 + d).collect::<Vec<_>>());
            let whole = !lists[0].is_empty() && !lists[1].is_empty();
            prop_assert_eq!(book.state(), if whole { BookState::Valid } else { BookState::Rebuilding });
        }
    }

    /// Whatever comes, rows stay bounded and in order, and a valid book is not crossed.
    #[test]
    fn any_edits_leave_rows_in_order(
        steps in prop::collection::vec((any::<bool>(), operation(), any::<u8>().prop_map(|p| p % 24), -1_i64..9, 0_u64..4), 1..300),
    ) {
        let mut book = Book::default();
        for (buy, operation, place, price, size) in steps {
            let side = if buy { Side::Buy } else { Side::Sell };
            let state = book.apply(&edit(side, operation, place, price, size));
            prop_assert!(book.bids().len() <= MAX_ROWS && book.asks().len() <= MAX_ROWS);
            prop_assert!(book.bids().windows(2).all(|w| w[0].level.price >= w[1].level.price));
            prop_assert!(book.asks().windows(2).all(|w| w[0].level.price <= w[1].level.price));
            match book.best() {
                Some((bid, ask)) => prop_assert!(state == BookState::Valid && bid.price < ask.price),
                None => prop_assert!(state != BookState::Valid),
            }
        }
    }

    /// After any mess a reset feed that tells its rows from the touch is believed again.
    #[test]
    fn a_reset_mends_any_mess(
        steps in prop::collection::vec((any::<bool>(), operation(), 0_u8..24, 1_i64..9, 1_u64..4), 1..100),
    ) {
        let mut book = Book::default();
        for (buy, operation, place, price, size) in steps {
            book.apply(&edit(if buy { Side::Buy } else { Side::Sell }, operation, place, price, size));
        }
        book.reset();
        for row in 0..10 {
            book.apply(&edit(Side::Buy, Insert, row, 99 - i64::from(row), 10));
            book.apply(&edit(Side::Sell, Insert, row, 101 + i64::from(row), 10));
        }
        prop_assert_eq!(book.state(), BookState::Valid);
        prop_assert_eq!((book.bids().len(), book.asks().len()), (10, 10));
    }
}
