//! Prices and sizes as feeds send them.

use alphatrader_model::market::Level;
use alphatrader_model::number::NumberError;
use alphatrader_model::{Price, Quantity};

/// A price of a quote, trade or book. Absent for what brokers send when there is none: −1 and 0.
///
/// # Errors
/// What [`Price::from_f64`] refuses: finer than 1/10 000 dollar, not finite, too large.
pub(crate) fn price(dollars: f64) -> Result<Option<Price>, NumberError> {
    let price = Price::from_f64(dollars)?;
    Ok((price > Price::ZERO).then_some(price))
}

/// A size of a quote, trade or book in whole units: a fraction of a share is left out. Absent when
/// nothing whole is left.
///
/// # Errors
/// What [`Quantity::from_f64`] refuses of the whole part: negative, not finite, too large.
pub(crate) fn size(units: f64) -> Result<Option<Quantity>, NumberError> {
    let quantity = Quantity::from_f64(units.floor())?;
    Ok((!quantity.is_zero()).then_some(quantity))
}

/// Price and size of a side, when both are there.
pub(crate) fn level(price: Option<Price>, size: Option<Quantity>) -> Option<Level> {
    Some(Level { price: price?, size: size? })
}

/// The nearest price: for executions, which must be recorded whatever their price is. The second
/// value says whether something was rounded away.
pub(crate) fn nearest_price(dollars: f64) -> Option<(Price, bool)> {
    match Price::from_f64(dollars) {
        Ok(price) => Some((price, false)),
        Err(NumberError::TooFine) => {
            let units = (dollars * Price::SCALE as f64).round();
            Some((Price::from_raw(units as i64), true))
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn brokers_markers_are_absent_not_prices() {
        assert_eq!(price(-1.0), Ok(None));
        assert_eq!(price(0.0), Ok(None));
        assert_eq!(size(0.0), Ok(None));
        assert_eq!(size(0.5), Ok(None));
        assert_eq!(size(100.7), Ok(Some(Quantity::new(100))));
        assert!(size(-1.0).is_err() && size(f64::NAN).is_err());
        assert_eq!(price(589.013_37), Err(NumberError::TooFine));
        assert_eq!(level(price(1.0).unwrap(), None), None);
    }

    #[test]
    fn an_execution_price_is_rounded_rather_than_lost() {
        assert_eq!(nearest_price(1.25), Some((Price::from_cents(125), false)));
        assert_eq!(nearest_price(1.250_05), Some((Price::from_raw(12_501), true)));
        assert_eq!(nearest_price(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn every_price_of_ours_survives_the_wire(raw in 1_i64..50_000_000_000) {
            prop_assert_eq!(price(Price::from_raw(raw).to_f64()), Ok(Some(Price::from_raw(raw))));
            prop_assert_eq!(nearest_price(Price::from_raw(raw).to_f64()), Some((Price::from_raw(raw), false)));
        }

        #[test]
        fn any_number_is_read_or_refused(dollars in any::<f64>()) {
            let _ = (price(dollars), size(dollars), nearest_price(dollars));
        }
    }
}
