//! 5-second bars.

use alphatrader_model::market::Bar;
use alphatrader_model::number::NumberError;
use alphatrader_model::{InstrumentId, Price, Span, Timestamp};

use crate::translate::number;

/// Length of the broker's real-time bars.
const LENGTH: Span = Span::from_nanos(5_000_000_000);

/// A bar and its end, from the second of its start, which is what the broker stamps, and its open, high,
/// low and close. Nothing for a bar in which nothing was traded.
///
/// # Errors
/// [`NumberError`] for a price that is none or finer than our unit, and for a volume that is none.
pub(crate) fn bar(
    instrument: InstrumentId,
    start: i64,
    [open, high, low, close]: [f64; 4],
    volume: f64,
) -> Result<Option<(Timestamp, Bar)>, NumberError> {
    let Some(volume) = number::size(volume)? else { return Ok(None) };
    let price = |dollars: f64| -> Result<Price, NumberError> {
        number::price(dollars)?.ok_or(NumberError::OutOfRange)
    };
    let end = Timestamp::from_seconds(start) + LENGTH;
    let bar = Bar {
        instrument,
        span: LENGTH,
        open: price(open)?,
        high: price(high)?,
        low: price(low)?,
        close: price(close)?,
        volume,
    };
    Ok(Some((end, bar)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alphatrader_model::Quantity;
    use proptest::prelude::*;

    const START: i64 = 1_700_000_000;
    const PRICES: [f64; 4] = [589.01, 589.05, 589.0, 589.02];

    #[test]
    fn a_bar_carries_its_end() {
        let (end, bar) = bar(InstrumentId(2), START, PRICES, 1_234.0).unwrap().unwrap();
        assert_eq!(end, Timestamp::from_seconds(START + 5));
        assert_eq!((bar.span.nanos(), bar.volume), (5_000_000_000, Quantity::new(1_234)));
        assert_eq!((bar.open, bar.high), (Price::from_cents(58_901), Price::from_cents(58_905)));
        assert_eq!((bar.low, bar.close), (Price::from_cents(58_900), Price::from_cents(58_902)));
    }

    #[test]
    fn a_bar_without_trades_is_none_and_one_without_prices_is_refused() {
        assert_eq!(bar(InstrumentId(2), START, PRICES, 0.0), Ok(None));
        assert!(bar(InstrumentId(2), START, [1.0, 1.0, -1.0, 1.0], 5.0).is_err());
    }

    proptest! {
        #[test]
        fn any_bar_is_read_or_refused(prices in any::<[f64; 4]>(), volume in any::<f64>()) {
            if let Ok(Some((_, bar))) = bar(InstrumentId(0), START, prices, volume) {
                prop_assert!(bar.open > Price::ZERO && bar.low > Price::ZERO && !bar.volume.is_zero());
            }
        }
    }
}
