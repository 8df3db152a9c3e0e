//! Prints, from tick-by-tick data and from the volume tick of a quote line.

use alphatrader_model::condition;
use alphatrader_model::market::TradeFlags;
use alphatrader_model::number::NumberError;
use alphatrader_model::{InstrumentId, Price, Quantity, Span, Symbol, Timestamp, Trade};
use ibapi::market_data::realtime::Trade as BrokerTrade;

use crate::translate::number;

/// A print of a tick-by-tick stream. Nothing for a print without a whole share.
///
/// # Errors
/// [`NumberError`] for a price finer than our unit and for a size that is none.
pub(crate) fn print(tick: &BrokerTrade, instrument: InstrumentId) -> Result<Option<Trade>, NumberError> {
    let (price, size) = (number::price(tick.price)?, number::size(tick.size)?);
    let attribute = &tick.trade_attribute;
    let flags = condition::of_ibkr(&tick.special_conditions, attribute.past_limit, attribute.unreported);
    Ok(number::level(price, size).map(|level| Trade {
        instrument,
        price: level.price,
        size: level.size,
        // The feed does not say who crossed the spread.
        aggressor: None,
        venue: venue(&tick.exchange),
        flags,
    }))
}

/// An exchange or market maker, where its name is one of ours.
pub(crate) fn venue(name: &str) -> Option<Symbol> {
    Symbol::new(name).ok()
}

/// When a print of a whole second happened: the source names the second, we know when it reached us.
/// The instant inside that second nearest to the one at which it reached us.
pub(crate) fn instant(second: i64, received: Timestamp) -> Timestamp {
    let start = Timestamp::from_seconds(second);
    let last = start + Span::SECOND - Span::from_nanos(1);
    received.clamp(start, last)
}

/// What a volume tick says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VolumeTick {
    /// When.
    pub(crate) time: Timestamp,
    /// The print; nothing when only the totals changed.
    pub(crate) print: Option<Trade>,
    /// Shares or contracts traded today, in all.
    pub(crate) total: Option<Quantity>,
    /// Volume-weighted average price of the day, to the nearest of our units.
    pub(crate) vwap: Option<Price>,
}

/// Reads a volume tick (type 48): `price;size;milliseconds;total;vwap;single`. The feed samples: a
/// print may stand for several.
///
/// # Errors
/// [`NumberError`] when it is not of that form or a number of the print is refused. Totals that are no
/// numbers are left out.
pub(crate) fn volume_tick(text: &str, instrument: InstrumentId) -> Result<VolumeTick, NumberError> {
    let mut fields = text.split(';');
    let mut next = || fields.next().ok_or(NumberError::NotDecimal);
    let (price, size, millis) = (next()?, next()?, next()?);
    let decimal = |text: &str| text.parse::<f64>().map_err(|_| NumberError::NotDecimal);
    let millis: i64 = millis.parse().map_err(|_| NumberError::NotDecimal)?;
    if !(0..=i64::MAX / 1_000_000).contains(&millis) {
        return Err(NumberError::OutOfRange);
    }
    let total = fields.next().and_then(|text| number::size(text.parse().ok()?).ok().flatten());
    let vwap =
        fields.next().and_then(|text| number::nearest_price(text.parse().ok()?)).map(|(price, _)| price);
    let level = if price.is_empty() {
        None
    } else {
        number::level(number::price(decimal(price)?)?, number::size(decimal(size)?)?)
    };
    let print = level.map(|level| Trade {
        instrument,
        price: level.price,
        size: level.size,
        aggressor: None,
        venue: None,
        flags: TradeFlags::SAMPLED,
    });
    Ok(VolumeTick {
        time: Timestamp::from_millis(millis),
        print,
        total,
        vwap: vwap.filter(|price| *price > Price::ZERO),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_volume_tick_is_read() {
        let tick = volume_tick("701.28;100;1348075471534;67854;701.46918464;true", InstrumentId(2)).unwrap();
        assert_eq!(tick.time, Timestamp::from_millis(1_348_075_471_534));
        let print = tick.print.unwrap();
        assert_eq!((print.price, print.size), (Price::from_cents(70_128), Quantity::new(100)));
        assert!(print.flags.contains(TradeFlags::SAMPLED));
        assert_eq!((tick.total, tick.vwap), (Some(Quantity::new(67_854)), Some(Price::from_raw(7_014_692))));
        let totals = volume_tick(";0;1348075476533;67854;701.46918464;false", InstrumentId(2)).unwrap();
        assert_eq!((totals.print, totals.total), (None, Some(Quantity::new(67_854))));
        let bare = volume_tick("1;2;3", InstrumentId(2)).unwrap();
        assert_eq!((bare.total, bare.vwap), (None, None));
        for text in ["", "1", "1;2", "x;1;1;", "1;x;1;", "1;1;x;", "1;1;9223372036854775807;"] {
            assert!(volume_tick(text, InstrumentId(2)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_print_lies_in_the_second_its_source_names() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let second = at("2026-11-20T14:31:02Z").seconds();
        assert_eq!(instant(second, at("2026-11-20T14:31:02.400Z")), at("2026-11-20T14:31:02.400Z"));
        assert_eq!(instant(second, at("2026-11-20T14:31:03.100Z")), at("2026-11-20T14:31:02.999999999Z"));
        assert_eq!(instant(second, at("2026-11-20T14:31:01.900Z")), at("2026-11-20T14:31:02Z"));
    }

    proptest! {
        #[test]
        fn any_volume_tick_is_read_or_refused(text in "[0-9;.xe+-]{0,40}") {
            if let Ok(tick) = volume_tick(&text, InstrumentId(0)) {
                prop_assert!(tick.print.is_none_or(|print| print.price > Price::ZERO && !print.size.is_zero()));
            }
        }
    }
}
