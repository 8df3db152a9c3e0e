//! Edits of an order book.

use alphatrader_model::{Depth, DepthOperation, InstrumentId, Price, Quantity, Side};
use ibapi::market_data::realtime::{MarketDepth, MarketDepthL2, MarketDepths};
use thiserror::Error;

use super::trade::venue;
use crate::translate::number;

/// An edit that cannot be applied. Edits go by position, so the book is worthless from there on.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("an edit of the book cannot be applied: {0}")]
pub(crate) struct DepthError(String);

/// What a depth message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// One edit.
    Row(Depth),
    /// The book starts anew.
    Reset,
}

/// Reads a depth message.
///
/// # Errors
/// [`DepthError`] for positions, operations, sides, prices and sizes that are none.
pub(crate) fn edit(message: &MarketDepths, instrument: InstrumentId) -> Result<Edit, DepthError> {
    match message {
        MarketDepths::MarketDepth(MarketDepth { position, operation, side, price, size }) => {
            row(instrument, "", (*position, *operation, *side), *price, *size).map(Edit::Row)
        }
        MarketDepths::MarketDepthL2(level) => {
            let MarketDepthL2 { position, market_maker, operation, side, price, size, .. } = level;
            row(instrument, market_maker, (*position, *operation, *side), *price, *size).map(Edit::Row)
        }
        MarketDepths::Reset => Ok(Edit::Reset),
    }
}

fn row(
    instrument: InstrumentId,
    maker: &str,
    (position, operation, side): (i32, i32, i32),
    price: f64,
    size: f64,
) -> Result<Depth, DepthError> {
    let operation = match operation {
        0 => DepthOperation::Insert,
        1 => DepthOperation::Update,
        2 => DepthOperation::Delete,
        other => return Err(DepthError(format!("operation {other}"))),
    };
    let side = match side {
        0 => Side::Sell,
        1 => Side::Buy,
        other => return Err(DepthError(format!("side {other}"))),
    };
    let position = u8::try_from(position).map_err(|_| DepthError(format!("position {position}")))?;
    let (price, size) = if operation == DepthOperation::Delete {
        (Price::ZERO, Quantity::ZERO)
    } else {
        let level = number::price(price)
            .and_then(|price| Ok(number::level(price, number::size(size)?)))
            .map_err(|error| DepthError(format!("{price} × {size}: {error}")))?
            .ok_or_else(|| DepthError(format!("{price} × {size} is no level")))?;
        (level.price, level.size)
    };
    Ok(Depth { instrument, side, position, operation, price, size, venue: venue(maker) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn smart(position: i32, operation: i32, side: i32, price: f64, size: f64) -> MarketDepths {
        let market_maker = "NSDQ".to_owned();
        MarketDepths::MarketDepthL2(MarketDepthL2 {
            position,
            market_maker,
            operation,
            side,
            price,
            size,
            smart_depth: true,
        })
    }

    #[test]
    fn rows_keep_their_place_and_venue() {
        let Ok(Edit::Row(depth)) = edit(&smart(4, 1, 1, 589.01, 300.0), InstrumentId(1)) else { panic!() };
        assert_eq!((depth.side, depth.position, depth.operation), (Side::Buy, 4, DepthOperation::Update));
        assert_eq!((depth.price, depth.size), (Price::from_cents(58_901), Quantity::new(300)));
        assert_eq!(depth.venue.map(|v| v.to_string()).as_deref(), Some("NSDQ"));
        assert_eq!(edit(&MarketDepths::Reset, InstrumentId(1)), Ok(Edit::Reset));
    }

    #[test]
    fn a_delete_needs_no_price() {
        let Ok(Edit::Row(depth)) = edit(&smart(0, 2, 0, 0.0, 0.0), InstrumentId(1)) else { panic!() };
        assert_eq!((depth.side, depth.operation), (Side::Sell, DepthOperation::Delete));
    }

    #[test]
    fn an_edit_that_cannot_be_applied_is_an_error_not_a_hole() {
        for message in [
            smart(0, 3, 0, 1.0, 1.0),
            smart(0, 0, 2, 1.0, 1.0),
            smart(-1, 0, 0, 1.0, 1.0),
            smart(256, 0, 0, 1.0, 1.0),
            smart(0, 0, 0, 1.000_01, 1.0),
            smart(0, 0, 0, -1.0, 1.0),
            smart(0, 0, 0, 1.0, 0.0),
        ] {
            assert!(edit(&message, InstrumentId(1)).is_err(), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn any_edit_is_read_or_refused(p in any::<i32>(), o in -1_i32..4, s in -1_i32..3, price in any::<f64>(), size in any::<f64>()) {
            let _ = edit(&smart(p, o, s, price, size), InstrumentId(0));
        }
    }
}
