//! What a record says of a book of orders.

use alphatrader_analytics::book::orders::OrderBook;
use alphatrader_model::Side;
use dbn::{FlagSet, MboMsg, UNDEF_PRICE};

/// The side of a record; nothing for `N`.
pub(crate) const fn side(letter: u8) -> Option<Side> {
    match letter {
        b'B' => Some(Side::Buy),
        b'A' => Some(Side::Sell),
        _ => None,
    }
}

/// Applies a record to a book, prices in 1e-9.
///
/// | action | |
/// | --- | --- |
/// | `A` | a new order; of a top-of-book record the only level of its side; of a price level its size |
/// | `C` | taken from an order what was cancelled; at nothing it goes |
/// | `M` | another price or size; an order that is not known is new |
/// | `R` | everything goes |
/// | `T`, `F`, `N` | nothing: what a trade takes from the book is told by the records after it |
#[inline]
pub(crate) fn apply(record: &MboMsg, book: &mut OrderBook) {
    let action = record.action as u8;
    if action == b'R' {
        return book.clear();
    }
    let Some(side) = side(record.side as u8) else { return };
    let MboMsg { order_id, price, size, flags, .. } = *record;
    if flags.is_tob() || flags.is_mbp() || price == UNDEF_PRICE {
        return apply_sum(flags, action, side, price, size, book);
    }
    match action {
        b'A' => book.add(order_id, side, price, size),
        b'C' => book.reduce(order_id, side, price, size),
        b'M' => book.modify(order_id, side, price, size),
        _ => {}
    }
}

/// A record of a level instead of an order.
#[cold]
fn apply_sum(flags: FlagSet, action: u8, side: Side, price: i64, size: u32, book: &mut OrderBook) {
    if !matches!(action, b'A' | b'C' | b'M') {
        return;
    }
    if flags.is_tob() {
        book.clear_side(side);
    }
    if price != UNDEF_PRICE && flags.raw() & (dbn::flags::TOB | dbn::flags::MBP) != 0 {
        let size = if action == b'C' { 0 } else { u64::from(size) };
        book.seed(side, price, size);
    }
}
